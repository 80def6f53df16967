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

from starlette.exceptions import HTTPException
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse

from planner.serve.project import is_api

if TYPE_CHECKING:
    from starlette.middleware.base import RequestResponseEndpoint
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp

MOST_BYTES: Final = 1_000_000  # of the body of a request
TOKEN_FIELD: Final = "token"  # field of a form, and of the printed address, that holds a token
TOKEN_HEADER: Final = "x-dcplan-token"  # header that may hold the token of a form in its place
_MOST_FIELDS: Final = 20_000
_TOKEN_BYTES: Final = 32
_ASKING: Final = frozenset({"GET", "HEAD"})
_UNREAD: Final = frozenset({411, 413})  # answers after which a connection ends, as the rest of the request is not read
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


class Guard(BaseHTTPMiddleware):
    """Middleware that refuses what is not ours."""

    def __init__(self, app: ASGIApp, *, port: int, keys: Keys) -> None:
        super().__init__(app)
        self._keys = keys
        self._hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
        self._cookie = f"dcplan-{port}"  # a cookie of one port is sent to all others too

    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        """Pass a request on, or refuse it; add what every answer says, where it says nothing else itself."""
        try:
            answer = self._let_in(request)
            if request.method not in _ASKING:
                self._let_change(request, await request.body())
        except (HTTPException, ClientDisconnect) as error:
            status, reason = (error.status_code, error.detail) if isinstance(error, HTTPException) else (400, "cut off")
            answer = PlainTextResponse(f"{status}: {reason}\n", status)
            if is_api(request.scope["path"]):
                answer = JSONResponse({"error": reason}, status)
            if status in _UNREAD:
                answer.headers["connection"] = "close"
        answer = answer or await call_next(request)
        for name, value in HEADERS.items():
            answer.headers.setdefault(name, value)
        return answer

    def _let_in(self, request: Request) -> Response | None:
        """Refuse a request, or return the answer to who opens the printed address."""
        if request.headers.getlist("host") not in [[host] for host in self._hosts]:
            raise HTTPException(421, "this server answers to 127.0.0.1 and localhost alone")
        if request.method not in _ASKING | {"POST"}:
            raise HTTPException(405, "pages are read by GET and changed by POST")
        path = request.scope["path"]
        if request.method in _ASKING and path == "/" and TOKEN_FIELD in request.query_params:
            return self._welcome(request.query_params.getlist(TOKEN_FIELD))
        if not (_same(request.cookies.get(self._cookie, ""), self._keys.cookie) or self._is_program(request)):
            raise HTTPException(403, _NO_KEY_OF_PROGRAM if is_api(path) else _NO_KEY)
        if "transfer-encoding" in request.headers:
            raise HTTPException(411, "send the length of the request")
        length = request.headers.get("content-length", "0")
        if not length.isascii() or not length.isdigit() or int(length) > MOST_BYTES:
            raise HTTPException(413, f"a request may have {MOST_BYTES:,} bytes at most")
        return None

    def _is_program(self, request: Request) -> bool:
        """Tell whether a request to the interface for programs has the key of the address."""
        kind, _, key = request.headers.get("authorization", "").partition(" ")
        return kind.lower() == "bearer" and _same(key, self._keys.address) and is_api(request.scope["path"])

    def _welcome(self, given: list[str]) -> Response:
        """Give the cookie to who opens the printed address, which is left at once."""
        if len(given) != 1 or not _same(given[0], self._keys.address):
            reason = "the key in this address is not that of the server that runs now; open the address it has printed"
            raise HTTPException(403, reason)
        answer = RedirectResponse("/", status_code=303)
        answer.set_cookie(self._cookie, self._keys.cookie, httponly=True, samesite="strict", path="/")
        return answer

    def _let_change(self, request: Request, body: bytes) -> None:
        """Refuse a request to change something that no page of ours and no program with the key has sent."""
        headers = request.headers
        is_foreign = headers.get("origin", own := f"http://{headers['host']}") != own
        if is_foreign or headers.get("sec-fetch-site", "none") not in _OURS:
            raise HTTPException(403, "the form is on a page of another site")
        if self._is_program(request):
            return
        token = headers.get(TOKEN_HEADER, "")
        if not token:
            try:
                fields = parse_qs(body.decode("latin-1"), max_num_fields=_MOST_FIELDS)
            except ValueError as error:
                raise HTTPException(400, f"the form has more than {_MOST_FIELDS:,} fields") from error
            token = "".join(fields.get(TOKEN_FIELD, []))
        if not _same(token, self._keys.form):
            reason = (
                "the page was not made by the server that runs now, which may have been restarted;"
                " go back, load the page again and repeat the request"
            )
            raise HTTPException(403, reason)


def _same(given: str, key: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), key.encode())
