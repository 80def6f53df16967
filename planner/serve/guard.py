"""Every request passes here first: who may ask, how much, and what a browser may do with it.

A page of another site can make a browser send requests to 127.0.0.1, and a name that it owns can
point there. So the name that was asked for must be that of this machine, every request must carry
the cookie that the printed address gave, and one that changes anything must carry the token that
only our own pages hold. A program that asks the interface below ``/api`` may send the key of the
printed address in its place, in a header that no page of another site can set.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse

from planner.serve.project import is_api

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES: Final = 1_000_000
"""Of the body of a request."""
TOKEN_FIELD: Final = "token"
"""Field of a form, and of the printed address, that holds a token."""
TOKEN_HEADER: Final = "x-dcplan-token"
"""Header that may hold the token of a form in its place."""
_MOST_FIELDS: Final = 20_000
_TOKEN_BYTES: Final = 32
_ASKING: Final = frozenset({"GET", "HEAD"})
_NO_KEY: Final = "open the address that dcplan serve has printed: it holds the key to its pages"
_NO_KEY_OF_PROGRAM: Final = (
    "send the header Authorization: Bearer KEY, with the key of the address that dcplan serve has printed"
)
_OURS: Final = frozenset({"same-origin", "none"})
"""What a browser says of where a request comes from if it is one of our pages, or the user."""


@dataclass(frozen=True)
class Keys:
    """What a request must know: random, and forgotten when the server ends."""

    # in the address that is printed; it gives the cookie, and is what programs send
    address: str = field(default_factory=lambda: secrets.token_urlsafe(_TOKEN_BYTES))
    cookie: str = field(default_factory=lambda: secrets.token_urlsafe(_TOKEN_BYTES))  # needed for every request
    # in every form of our pages; needed for every request that changes anything
    form: str = field(default_factory=lambda: secrets.token_urlsafe(_TOKEN_BYTES))


def content_policy(*, scripts: str = "'self'", styles: str = "'self'") -> str:
    """Return the policy of a page: nothing from elsewhere, nothing inline that is not named."""
    return (
        f"default-src 'none'; script-src {scripts}; style-src {styles}; img-src 'self' data:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


HEADERS: Final = {
    "content-security-policy": content_policy(),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # Not no-referrer: a browser then sends forms with the origin "null".
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
"""Of every answer."""


class Guard:
    """ASGI middleware that refuses what is not ours."""

    def __init__(self, app: ASGIApp, *, port: int, keys: Keys) -> None:
        self._app = app
        self._keys = keys
        self._hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
        self._cookie = f"dcplan-{port}"  # a cookie of one port is sent to all others too

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        answer = self._refusal(scope)
        if answer is None and scope["method"] not in _ASKING:
            body = await _body(receive)
            answer = self._refusal_of(scope, body)
            receive = _replayed(body or b"", receive)
        if isinstance(answer, _Refused):
            answer = answer.response(is_json=is_api(scope["path"]))
        await (answer or self._app)(scope, receive, _with_headers(send))

    def _refusal(self, scope: Scope) -> Response | _Refused | None:
        """Return the answer to a request that is not let in, or None."""
        headers = Headers(scope=scope)
        if headers.getlist("host") not in [[host] for host in self._hosts]:
            return _Refused(421, "this server answers to 127.0.0.1 and localhost alone")
        if scope["method"] not in _ASKING | {"POST"}:
            return _Refused(405, "pages are read by GET and changed by POST")
        if scope["method"] in _ASKING and scope["path"] == "/":
            given = parse_qs(scope["query_string"].decode("latin-1")).get(TOKEN_FIELD)
            if given is not None:
                return self._welcome(given)
        cookie = cookie_parser(headers.get("cookie", "")).get(self._cookie, "")
        if not (_same(cookie, self._keys.cookie) or self._is_program(scope)):
            return _Refused(403, _NO_KEY_OF_PROGRAM if is_api(scope["path"]) else _NO_KEY)
        length = headers.get("content-length", "0")
        if not length.isascii() or not length.isdigit() or int(length) > MOST_BYTES:
            return _too_large()
        return None

    def _is_program(self, scope: Scope) -> bool:
        """Tell whether a request to the interface for programs has the key of the address."""
        kind, _, key = Headers(scope=scope).get("authorization", "").partition(" ")
        is_ours = kind.lower() == "bearer" and _same(key, self._keys.address)
        return is_ours and is_api(scope["path"])

    def _welcome(self, given: list[str]) -> Response | _Refused:
        """Give the cookie to who opens the printed address, which is left at once."""
        if len(given) != 1 or not _same(given[0], self._keys.address):
            return _Refused(
                403,
                "the key in this address is not that of the server that runs now; open the address that it has printed",
            )
        answer = RedirectResponse("/", status_code=303)
        answer.set_cookie(self._cookie, self._keys.cookie, httponly=True, samesite="strict", path="/")
        return answer

    def _refusal_of(self, scope: Scope, body: bytes | None) -> _Refused | None:
        """Return the answer to a request to change something that is not let in, or None."""
        if body is None:
            return _too_large()
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        is_foreign = origin is not None and origin != f"http://{headers['host']}"
        if is_foreign or headers.get("sec-fetch-site", "none") not in _OURS:
            return _Refused(403, "the form is on a page of another site")
        if self._is_program(scope):
            return None
        token = headers.get(TOKEN_HEADER, "")
        if not token:
            try:
                fields = parse_qs(body.decode("latin-1"), max_num_fields=_MOST_FIELDS)
            except ValueError:
                return _Refused(400, f"the form has more than {_MOST_FIELDS:,} fields")
            token = "".join(fields.get(TOKEN_FIELD, []))
        if not _same(token, self._keys.form):
            return _Refused(
                403,
                "the page was not made by the server that runs now, which may have been restarted;"
                " go back, load the page again and repeat the request",
            )
        return None


def _same(given: str, key: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), key.encode())


@dataclass(frozen=True)
class _Refused:
    """Why a request is not let in."""

    status: int  # of the answer
    reason: str  # what is wrong
    closes: bool = False  # whether the connection ends, as the rest of the request is not read

    def response(self, *, is_json: bool) -> Response:
        """Return the answer, for a program or for a reader."""
        if is_json:
            answer: Response = JSONResponse({"error": self.reason}, self.status)
        else:
            answer = PlainTextResponse(f"{self.status}: {self.reason}\n", self.status)
        if self.closes:
            answer.headers["connection"] = "close"
        return answer


def _too_large() -> _Refused:
    return _Refused(413, f"a request may have {MOST_BYTES:,} bytes at most", closes=True)


async def _body(receive: Receive) -> bytes | None:
    """Return the body of a request; None where it is too large or its sender is gone."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        part = message.get("body", b"")
        size += len(part)
        if size > MOST_BYTES:
            return None
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Hand a body that was read to the application, then what comes after it."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay


def _with_headers(send: Send) -> Send:
    """Add what every answer says; what an answer says itself stays."""

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            own = {name.lower() for name, _ in message["headers"]}
            more = ((name.encode(), value.encode()) for name, value in HEADERS.items())
            added = [pair for pair in more if pair[0] not in own]
            message = {**message, "headers": [*message["headers"], *added]}
        await send(message)

    return send_with_headers
