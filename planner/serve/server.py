"""The server: one socket of this machine, the application behind it, until Ctrl-C."""

from __future__ import annotations

import errno
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import uvicorn

from planner.base.errors import InputError, Problem
from planner.serve.app import make_app
from planner.serve.guard import TOKEN_FIELD

if TYPE_CHECKING:
    from collections.abc import Callable

    from planner.serve.service import Service

HOST: Final = "127.0.0.1"
"""The only address that is listened on."""
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
        fix = "name another, or leave --port out"
        raise InputError([Problem("--port", None, None, found, "a free port", fix)]) from error
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
