"""What a `run.json` may hold, value by value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from planner.runs.meta import wrong_keys

if TYPE_CHECKING:
    from planner.runs import Run

RIGHT = [
    *(("title", value) for value in ("Erding", None)),
    *(("gap_frac", value) for value in (3, 2.5, None)),
    *(("sha256", {name: "5e8f"}) for name in ("tables/plan.parquet", "plan.xlsx")),
    *(("from_shipped", {"scenario": name, "differs": {}}) for name in ("tiny", None)),
    ("from_shipped", None),
    ("orders_held_before", 2030),
    ("merged", {"any": ["thing", 3]}),
]
WRONG = [
    *(("title", value) for value in ("half \ud83d", "\udc00", 7)),
    *(("gap_frac", value) for value in (True, "3", float("nan"), float("inf"), 10**400)),
    *(("sha256", {name: "5e8f"}) for name in ("/etc/hosts", "../run.json", "tables/../../run.json", "a\\b", "a\0b")),
    *(("from_shipped", value) for value in ({"scenario": "tiny"}, {"differs": {}}, {"scenario": 7, "differs": {}})),
    *(("from_shipped", {"scenario": "tiny", "differs": value}) for value in ({"years": None}, ["years"])),
    ("from_shipped", "tiny"),
    *(("created", value) for value in ("2026-01-31T12:00:00", "yesterday", 3)),
    ("versions", {"python": "3.11"}),
    ("check", {"ok": "yes", "rules": 3, "broken": []}),
    ("seconds", {"solve": "long"}),
    ("orders_held_before", "2030"),
]


@pytest.mark.parametrize(("key", "value"), RIGHT)
def test_what_a_run_may_say(run: Run, key: str, value: Any) -> None:
    assert wrong_keys({**run.meta, "sha256": {}, key: value}) == {}


@pytest.mark.parametrize(("key", "value"), WRONG)
def test_what_no_run_says_is_shown_with_its_key(run: Run, key: str, value: Any) -> None:
    ((found, (what_is, must_be)),) = wrong_keys({**run.meta, "sha256": {}, key: value}).items()

    assert found == key
    assert what_is.startswith(f"{key} is ")
    assert must_be
