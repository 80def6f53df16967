"""The server: one socket of this machine, the pages behind the guard, until Ctrl-C."""

from __future__ import annotations

import errno
import socket
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

import uvicorn
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from planner.base.errors import DcplanError, InputError
from planner.runs.folder import reason_of
from planner.serve import api, form_pages, pages
from planner.serve.guard import HEADERS, TOKEN_FIELD, Guard
from planner.serve.project import is_api
from planner.serve.service import message_page

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from planner.serve.service import Service


def make_app(service: Service, port: int) -> FastAPI:
    """Make the application."""
    # Its own pages of documentation ask a server elsewhere for their scripts.
    app = FastAPI(title="dcplan", docs_url=None, redoc_url=None, openapi_url=None, lifespan=_lifespan)
    app.state.service = service
    for part in (pages, form_pages, api):
        app.include_router(part.router)
    app.add_exception_handler(HTTPException, _no_page)
    app.add_exception_handler(RequestValidationError, _wrong_address)
    app.add_exception_handler(DcplanError, _problem)
    app.add_exception_handler(OSError, _not_done)
    app.add_exception_handler(Exception, _bug)
    app.add_middleware(Guard, port=port, keys=service.keys)
    return app


_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
_NOT_ALLOWED: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_NO_OBJECT: Final = "send Content-Type: application/json and an object, such as {}"


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Leave no worker behind when the server ends."""
    yield
    app.state.service.jobs.close()


def _answer(request: Request, status: int, title: str, text: str, error: str, **more: Any) -> Response:
    """Return a page for a reader, or an error in JSON for a program."""
    if is_api(request.scope["path"]):
        return JSONResponse({"error": error, **more}, status)
    return message_page(title, text, status)


def _no_page(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status, said = error.status_code, str(error.detail)
    if isinstance(error.__cause__, RecursionError):  # of the reader of JSON
        status, said = 422, "the body is nested too deeply"
    if status == 404:
        text = "There is no such page. It may be of a run that was replaced or removed."
        return _answer(request, status, "Not found", text, "there is nothing of that name")
    return _answer(request, status, f"Error {status}", said, said)


def _wrong_address(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    wrong = [{"at": ".".join(map(str, one["loc"])), "text": one["msg"]} for one in error.errors()]
    is_object = not any(one["type"] == "json_invalid" or one["loc"] == ("body",) for one in error.errors())
    said = "the request is not as asked for" if is_object else _NO_OBJECT
    text = "The address lacks something, or says too much."
    return _answer(request, 422, "Wrong address", text, said, problems=wrong)


def _problem(request: Request, error: Exception) -> Response:
    """Show an error raised on purpose, as the command line does."""
    return _answer(request, 422, "This cannot be shown", str(error), str(error))


def _not_done(request: Request, error: Exception) -> Response:
    """Say that the disk is full, or files may not be read or written; all else is a bug."""
    assert isinstance(error, OSError)
    is_full = error.errno in _NO_ROOM
    if not is_full and error.errno not in _NOT_ALLOWED:
        raise error
    text = f"files cannot be read or written: {reason_of(error)}"
    if is_full:
        text += "; make room, and repeat the request"
    return _answer(request, 507 if is_full else 500, "This could not be done", f"{text[0].upper()}{text[1:]}.", text)


def _bug(request: Request, _: Exception) -> Response:
    """Answer where the program is wrong; the terminal shows where, and the guard sees no answer."""
    text = "bug in dcplan; the terminal of dcplan serve shows where"
    answer = _answer(request, 500, "Error 500", f"A {text}.", f"a {text}")
    for name, value in HEADERS.items():
        answer.headers.setdefault(name, value)
    return answer


HOST: Final = "127.0.0.1"  # the only address that is listened on
USUAL_PORT: Final = 8321
_KEEP_ALIVE_S: Final = 5
_LAST_ANSWERS_S: Final = 3


def listen(port: int | None) -> socket.socket:
    """Take a port of this machine."""
    taken = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        # Ports of connections that have just ended may be taken again.
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((HOST, USUAL_PORT if port is None else port))
        taken.listen()
    except OSError as error:
        taken.close()
        if port is None and error.errno == errno.EADDRINUSE:
            return listen(0)
        found = f"port {port or USUAL_PORT} cannot be used: {error.strerror}"
        raise InputError.at("--port", found, "a free port", "name another, or leave --port out") from error
    return taken


def server_for(service: Service, port: int) -> uvicorn.Server:
    """Return a server, not yet running."""
    settings = uvicorn.Config(
        make_app(service, port),
        http="h11",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_LAST_ANSWERS_S,
    )
    return uvicorn.Server(settings)


def serve(service: Service, listening: socket.socket, on_ready: Callable[[str], None]) -> None:
    """Answer requests until Ctrl-C."""
    port = listening.getsockname()[1]
    server = server_for(service, port)
    on_ready(f"http://{HOST}:{port}/?{TOKEN_FIELD}={service.keys.address}")
    with suppress(KeyboardInterrupt):  # the way to end it
        server.run(sockets=[listening])
