"""Each room says no more than its budget: raising one is a decision with its reason in docs/decisions.md."""

from __future__ import annotations

import importlib.util
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

BUDGETS = {
    "planner/check": 7_500,
    "planner/studies": 6_770,
    "planner/inputs": 5_975,
    "planner/outputs": 5_860,
    "planner/lp": 2_620,
    "planner/scenario": 2_255,
    "planner/results": 2_220,
    "planner/cli": 2_065,
    "planner/model": 1_675,
    "planner/serve": 1_515,
    "planner/tariffs": 1_045,
    "planner/runs": 1_140,
    "planner/tables": 1_000,
    "planner/stress": 815,
    "planner/limits": 900,
    "planner/plausible": 425,
    "planner/family": 420,
    "planner": 365,
    "planner/base": 280,
    "planner/headroom": 290,
    "planner/clock": 280,
    "planner/place": 175,
    "planner/families": 180,
    "planner/money": 70,
    "planner/fleet": 65,
}
"""Lines that say something, by room, as `make size` prints them."""
WHOLE = {"planner": {"files": 328, "says": 45_900, "docstrings": 9_350, "lines": 77_900}, "tests": {"says": 27_590}}


def size() -> ModuleType:
    """Return the script behind `make size`."""
    spec = importlib.util.spec_from_file_location("size", Path(__file__).parents[1] / "bench" / "size.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def counted() -> dict[str, dict[str, Counter[str]]]:
    return {folder: size().sizes(folder) for folder in WHOLE}


@pytest.fixture
def rooms(counted: dict[str, dict[str, Counter[str]]]) -> dict[str, Counter[str]]:
    return counted["planner"]


def test_every_room_has_a_budget(rooms: dict[str, Counter[str]]) -> None:
    assert set(rooms) == set(BUDGETS)


@pytest.mark.parametrize("room", BUDGETS)
def test_a_room_says_no_more_than_its_budget(rooms: dict[str, Counter[str]], room: str) -> None:
    assert rooms[room]["says"] <= BUDGETS[room], f"{room}: say less, or raise its budget with a reason"


@pytest.mark.parametrize(("folder", "kind"), [(folder, kind) for folder in WHOLE for kind in WHOLE[folder]])
def test_the_whole_keeps_its_budget(counted: dict[str, dict[str, Counter[str]]], folder: str, kind: str) -> None:
    assert size().total(counted[folder])[kind] <= WHOLE[folder][kind]


def test_a_line_says_something_however_it_is_laid_out() -> None:
    short = 'import os\n__all__ = [\'a\']\n\n\ndef a(b, c):\n    """Add."""\n    return b + c  # why\n'
    long = "import os\n\ndef a(\n    b, c\n):\n    return b + c\n"

    counted = size().size_of(short)

    assert counted == {"files": 1, "says": 2, "imports": 2, "docstrings": 1, "lines": 7}
    assert size().size_of(long)["says"] == 3  # the names of a signature stand on a line of their own
