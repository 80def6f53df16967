"""Who is let in: the name of this machine, the key, and forms of our own pages alone."""

from __future__ import annotations

import errno
import json
import os
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NoReturn

import pytest
from client import FORM, Client
from test_jobs import wait

from planner.base.errors import InputError
from planner.serve.draft import name_of
from planner.serve.guard import HEADERS, MOST_BYTES, content_policy
from planner.serve.server import HOST, listen


def test_the_printed_address_gives_the_cookie_and_leaves_the_address(client: Client) -> None:
    key = client.service.keys.address

    answer = client.get(f"/?token={key}", Cookie=None)

    assert (answer.status, answer.headers["Location"]) == (303, "/")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith(f"{client.cookie}; ")
    assert {"HttpOnly", "SameSite=strict", "Path=/"} == set(cookie.split("; ")[1:])
    assert key not in str(answer.headers)


@pytest.mark.parametrize("given", ["", "wrong", "%FF", "a&token=b"])
def test_a_wrong_key_in_the_address_gives_nothing(client: Client, given: str) -> None:
    answer = client.get(f"/?token={given}", Cookie=None)

    assert answer.status == 403
    assert "Set-Cookie" not in answer.headers


def test_a_key_with_another_next_to_it_gives_nothing(client: Client) -> None:
    answer = client.get(f"/?token={client.service.keys.address}&token=x", Cookie=None)

    assert answer.status == 403


@pytest.mark.parametrize("path", ["/", "/runs/x", "/static/serve.js", "/compare?run=a&run=b"])
@pytest.mark.parametrize("cookie", [None, "", "dcplan-1=x", "other=y"])
def test_nothing_is_shown_without_the_cookie(client: Client, path: str, cookie: str | None) -> None:
    answer = client.get(path, Cookie=cookie)

    assert answer.status == 403
    assert "printed" in answer.text


def test_the_keys_do_not_stand_for_each_other(client: Client) -> None:
    keys = client.service.keys
    wrong = f"dcplan-{client.port}={keys.address}"

    assert len({keys.address, keys.cookie, keys.form}) == 3
    assert client.get("/", Cookie=wrong).status == 403
    assert client.post("/", {"token": keys.cookie}).status == 403


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "[::1]:{port}", "", None]
)
def test_a_name_that_is_not_ours_is_refused_even_with_the_cookie(client: Client, host: str | None) -> None:
    named = None if host is None else host.format(port=client.port)

    answer = client.get("/", Host=named)

    assert answer.status in {400, 421}  # without any, HTTP itself refuses it
    assert client.service.keys.form not in answer.text


def test_localhost_is_ours_too(client: Client) -> None:
    assert client.get("/", Host=f"localhost:{client.port}").status == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_are_refused(client: Client, method: str) -> None:
    assert client.ask(method, "/").status == 405


def test_a_form_without_its_token_is_refused(client: Client) -> None:
    without = client.ask("POST", "/solve", b"scenario=tiny", {"Content-Type": FORM})
    wrong = client.post("/solve", {"token": "wrong"})

    assert (without.status, wrong.status) == (403, 403)
    for refused in (without, wrong):  # whether the server was started again or not
        assert "not made by the server that runs now" in refused.text
        assert "load the page again" in refused.text


def test_the_token_may_be_in_a_header_instead(client: Client) -> None:
    token = {"X-Dcplan-Token": client.service.keys.form}

    assert client.ask("POST", "/nothing-here", b"{}", token).status == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_form_of_another_site_is_refused_even_with_all_keys(client: Client, headers: dict[str, str]) -> None:
    assert client.post("/solve", {"scenario": "tiny"}, **headers).status == 403


def test_a_large_body_is_refused_before_it_is_read(client: Client) -> None:
    answer = client.ask("POST", "/solve", bytes(10_000_000), {"Content-Type": FORM})

    assert answer.status == 413
    assert client.get("/").status == 200


def test_a_body_of_unknown_length_is_refused_too(client: Client) -> None:
    chunk = b"%x\r\n%b\r\n" % (MOST_BYTES, bytes(MOST_BYTES))
    headers = {"Transfer-Encoding": "chunked"}

    answer = client.ask("POST", "/solve", 3 * chunk + b"0\r\n\r\n", headers)

    assert answer.status == 411
    assert client.get("/").status == 200


def test_a_body_of_a_million_fields_is_refused(client: Client) -> None:
    answer = client.ask("POST", "/solve", b"a&" * 400_000, {"Content-Type": FORM})

    assert answer.status in {400, 403}


@pytest.mark.parametrize("length", ["-5", "1e3", "\xb2"])
def test_a_length_that_is_no_number_is_refused(client: Client, length: str) -> None:
    answer = client.ask("POST", "/solve", b"", {"Content-Length": length})

    assert answer.status in {400, 413}


@pytest.mark.parametrize(
    "path",
    [
        "/runs/..",
        "/runs/../../etc/passwd",
        "/runs/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "/runs/..%5c..%5cx",
        "/runs/%00",
        "/static/../server.py",
        "/static/%2e%2e%2fserver.py",
        "/static//etc/passwd",
        "/compare?run=../x&run=/etc",
        "/docs",
        "/openapi.json",
    ],
)
def test_no_path_leads_out_of_the_folder(client: Client, path: str) -> None:
    answer = client.get(path)

    assert answer.status == 404
    assert "root:" not in answer.text


def test_a_link_among_the_runs_is_not_followed(client: Client, folder: Path, run: str) -> None:
    (folder / "runs" / "linked").symlink_to(folder / "runs" / run)

    assert client.get("/runs/linked").status == 404


@pytest.mark.parametrize("path", ["/", "/nothing-here", "/static/serve.css"])
def test_every_answer_says_what_a_browser_may_do(client: Client, path: str) -> None:
    headers = client.get(path).headers

    assert headers["Content-Security-Policy"] == content_policy()
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cache-Control"] == "no-store"
    assert "Server" not in headers


def test_a_refusal_says_so_too(client: Client) -> None:
    headers = client.get("/", Cookie=None).headers

    assert headers["Content-Security-Policy"] == content_policy()
    assert headers["Content-Type"].startswith("text/plain")


def test_a_thousand_requests_are_answered(client: Client) -> None:
    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(lambda _: client.get("/static/serve.css").status, range(1_000)))

    assert statuses == [200] * 1_000


def test_only_this_machine_is_listened_to() -> None:
    with listen(0) as listening:
        address = listening.getsockname()

    assert address[0] == HOST == "127.0.0.1"


def test_a_port_that_is_taken_is_named() -> None:
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        port = other.getsockname()[1]

        with pytest.raises(InputError, match=rf"--port: port {port} cannot be used"):
            listen(port)


def test_a_socket_of_another_kind_is_not_opened(client: Client) -> None:
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    upgrade["Sec-WebSocket-Key"] = "AAAAAAAAAAAAAAAAAAAAAA=="

    assert client.get("/", **upgrade, Cookie=None).status == 403
    assert client.get("/", **upgrade).status == 200


@pytest.mark.parametrize(("number", "status"), [(errno.ENOSPC, 507), (errno.EACCES, 500)])
def test_files_that_cannot_be_written_are_said_to_be_so(
    client: Client,
    run: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    number: int,
    status: int,
) -> None:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise OSError(number, os.strerror(number), "somewhere")

    monkeypatch.setattr("planner.serve.pages.staging", refuse)
    monkeypatch.setattr(Path, "write_text", refuse)
    name = name_of(("demand", "scale_frac"))
    key = {"Authorization": f"Bearer {client.service.keys.address}"}
    body = json.dumps({"name": "x", "settings": {"demand": {"scale_frac": 2}}}).encode()

    pages = (
        client.get(f"/runs/{run}/export/csv"),
        client.post("/scenarios/tiny", {"name": "x", name: "2", "do": "save"}),
    )
    answer = client.ask("POST", "/api/scenarios/tiny", body, {**key, "Content-Type": "application/json"})

    for one in (*pages, answer):
        assert one.status == status, one.text
        assert os.strerror(number) in one.text
        assert one.headers["content-security-policy"] == content_policy()
    assert "files cannot be read or written" in json.loads(answer.body)["error"]
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize("path", ["/", "/api/runs"])
@pytest.mark.parametrize(
    "error", [BrokenPipeError(errno.EPIPE, "a worker"), TimeoutError(), FileNotFoundError("mine"), ZeroDivisionError()]
)
def test_any_other_error_is_a_bug_that_the_terminal_shows(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception, path: str
) -> None:
    def fail(_: object) -> NoReturn:
        raise error

    monkeypatch.setattr("planner.serve.project.Project.runs", fail)

    answer = client.ask("GET", path)

    assert answer.status == 500
    assert "bug in dcplan" in answer.text
    wait(lambda: any(of.exc_info and of.exc_info[1] is error for of in caplog.records))
    for name, value in HEADERS.items():
        assert answer.headers[name] == value
