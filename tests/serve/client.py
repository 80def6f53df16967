"""A server in a thread, and a client that sends exactly what a test gives it."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from planner.serve.project import Project
from planner.serve.server import HOST, listen, server_for
from planner.serve.service import Service

FORM = "application/x-www-form-urlencoded"


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass
class Client:
    """Speaks to a server; with its keys unless told otherwise."""

    service: Service
    port: int
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def cookie(self) -> str:
        return f"dcplan-{self.port}={self.service.keys.cookie}"

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str | None] | None = None
    ) -> Answer:
        wanted = {"Cookie": self.cookie, **self.extra, **(headers or {})}
        connection = http.client.HTTPConnection(HOST, self.port, timeout=300)
        host = wanted.pop("Host", f"{HOST}:{self.port}")
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        if host is not None:
            connection.putheader("Host", host)
        if body is not None and "Transfer-Encoding" not in wanted:
            wanted.setdefault("Content-Length", str(len(body)))
        for name, value in wanted.items():
            if value is not None:
                connection.putheader(name, value)
        connection.endheaders()
        try:
            if body is not None:
                connection.send(body)
        except OSError:  # the server has answered without reading it all
            pass
        try:
            answer = connection.getresponse()
            try:
                content = answer.read()
            except http.client.IncompleteRead as cut:  # closed while a body was on its way
                content = cut.partial
            return Answer(answer.status, answer.headers, content)
        finally:
            connection.close()

    def get(self, path: str, **headers: str | None) -> Answer:
        return self.ask("GET", path, headers=dict(headers))

    def post(self, path: str, fields: dict[str, str] | None = None, **headers: str | None) -> Answer:
        """Send a form as our pages do."""
        content = urlencode({"token": self.service.keys.form, **(fields or {})}).encode()
        return self.ask("POST", path, content, {"Content-Type": FORM, **headers})


@contextmanager
def serving(folder: Path) -> Iterator[Client]:
    """Serve a folder on a free port."""
    service = Service(Project(folder.resolve()))
    listening = listen(0)
    port = listening.getsockname()[1]
    server = server_for(service, port)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield Client(service, port)
    finally:
        server.should_exit = True
        thread.join(30)
        listening.close()
