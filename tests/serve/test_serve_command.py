"""`dcplan serve` as a program: it says where it is, answers, and ends."""

from __future__ import annotations

import importlib.util
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner

from planner.cli.group import main


def test_it_prints_its_address_answers_and_ends_with_ctrl_c(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from planner.cli import start; start()", "serve"]
    with subprocess.Popen([*command, str(tmp_path), "--port", "0"], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        address = server.stdout.readline().strip()
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        with opener.open(address, timeout=60) as answer:
            page = answer.read().decode()
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(address.partition("?")[0], timeout=60)
        server.send_signal(signal.SIGINT)
        code = server.wait(60)

    assert address.startswith("http://127.0.0.1:")
    assert "There is no run yet" in page
    assert code == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("missing", "words"),
    [(("fastapi",), "fastapi is not installed"), (("fastapi", "uvicorn"), "fastapi and uvicorn are not installed")],
)
def test_without_the_extra_it_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, missing: tuple[str, ...], words: str
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name in missing else found(name))

    result = CliRunner().invoke(main, ["serve", str(tmp_path)])

    assert result.exit_code == 2
    assert result.stderr == (
        f"dcplan serve: {words}; must be installed; install the extra: pip install 'dcplan[serve]'\n"
    )


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["serve", str(tmp_path / "none")])

    assert result.exit_code == 2
    assert "there is no such folder" in result.stderr
    assert list(tmp_path.iterdir()) == []
