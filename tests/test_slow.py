"""What `make test` leaves out is there: a name that was changed would be run, or left out, unseen."""

from __future__ import annotations

from pathlib import Path

import pytest

TESTS = Path(__file__).parent
LINES = (TESTS / "slow.txt").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("line", [line for line in LINES if not line.startswith("#")])
def test_a_line_names_tests_that_there_are(line: str) -> None:
    file, kind, *names = line.split()
    text = (TESTS / file).read_text(encoding="utf-8")

    assert kind in {"slow", "quick", "walked"}
    assert names or kind == "slow"
    assert [name for name in names if f"\ndef {name}" not in text] == []
