"""The application: its pages behind the guard."""

from __future__ import annotations

import errno
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from planner.base.errors import DcplanError
from planner.runs.folder import reason_of
from planner.serve.api import runs as about
from planner.serve.guard import HEADERS, Guard
from planner.serve.pages import catalogue, downloads, form, solves, sweeps
from planner.serve.project import is_api
from planner.serve.service import message_page

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request
    from starlette.responses import Response

    from planner.serve.service import Service


def make_app(service: Service, port: int) -> FastAPI:
    """Make the application."""
    # Its own pages of documentation ask a server elsewhere for their scripts.
    app = FastAPI(title="dcplan", docs_url=None, redoc_url=None, openapi_url=None, lifespan=_lifespan)
    app.state.service = service
    for part in (catalogue, downloads, form, solves, sweeps):
        app.include_router(part.router)
    for interface in about.PARTS:
        app.include_router(interface)
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
