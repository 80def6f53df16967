"""Small pieces of what solves a plan with whole numbers and says why there is none."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from planner.studies.explain import entry
from planner.studies.solve import clash
from planner.studies.solve.dive import _goes_up
from planner.studies.solve.solves import Solves


def test_an_integer_is_set_to_the_nearer_side_and_half_way_up() -> None:
    assert _goes_up(np.array([3.75, 2.5, 2.49, 7.02])).tolist() == [True, True, False, False]


class Fixing(Solves):
    """Solves whose outcomes are told beforehand; the second integer of the first is not met."""

    def __init__(self, status: str) -> None:
        columns = SimpleNamespace(
            lower=np.array([1.0, 2.0, 3.0]),
            upper=np.array([7.0, 8.0, 9.0]),
            integer=np.array([True, False, True]),
        )
        self._model = SimpleNamespace(problem=SimpleNamespace(columns=lambda: columns))
        self.status = status
        self.asked: list[tuple[list[float], list[float], bool]] = []

    def within(self, lower, upper, *, method="auto", reserve_s=0.0, strictly=False):
        self.asked.append((lower.tolist(), upper.tolist(), strictly))
        return SimpleNamespace(status=self.status)

    def _is_exact(self, outcome, whole):
        return False


@pytest.mark.parametrize(
    ("status", "strictly"), [("optimal", [False, True]), ("time_limit", [False])]
)
def test_fixed_integers_that_are_met_by_tolerance_alone_are_solved_again_strictly(
    status: str, strictly: list[bool]
) -> None:
    solves = Fixing(status)

    outcome = solves.fixed(np.array([4.0, 5.0]))

    assert outcome.status == status
    assert solves.asked == [([4.0, 2.0, 5.0], [4.0, 8.0, 5.0], how) for how in strictly]


def test_the_mildest_value_that_helps_may_be_the_last_that_is_tried(monkeypatch) -> None:
    def solved(inputs: float, *_: object) -> SimpleNamespace:
        mw = 31.0 if inputs <= 2.0 else 17.0
        outcome = SimpleNamespace(status="optimal")
        return SimpleNamespace(outcome=outcome, site_mw=lambda site: mw)

    asked = SimpleNamespace(
        changed=lambda settings: SimpleNamespace(inputs=settings[0].value), scenario=None
    )
    base = SimpleNamespace(site_mw=lambda site: 17.0)
    monkeypatch.setattr(entry, "build_model", lambda inputs: inputs)
    monkeypatch.setattr(entry, "_solve", lambda changed, model, ask: solved(model))
    monkeypatch.setattr(entry, "_line", lambda *line: ("found", *line[:4]))
    monkeypatch.setattr(entry, "_not_found", lambda *line: ("not found", *line[:4]))
    tried = (entry._halved, "lead time", "months", 9.0)
    words = (("sites", "ash", "lead_time_months"), asked, "ash", base, None)

    def halved(values: list[float]) -> tuple[object, ...]:
        return tried[0](*tried[1:], values, *words)

    assert halved([8.0, 5.0, 2.0]) == ("found", "lead time", "months", 9.0, 2.0)
    assert halved([8.0, 2.0, 1.0]) == ("found", "lead time", "months", 9.0, 2.0)
    assert halved([8.0, 5.0, 3.0]) == ("not found", "lead time", "months", 9.0, 3.0)


def test_rules_with_settings_come_first_and_what_links_them_last(monkeypatch) -> None:
    link, limit, *_ = clash._RULES
    site_year = SimpleNamespace(axis_names=("site", "year"))
    problem = SimpleNamespace(rows_over=lambda block: site_year)
    monkeypatch.setattr(clash, "keys_of", lambda _, rule, places: (limit,) * (rule == limit))
    names = [f"{link}(ash,2027)", f"{limit}(bay,2028)", f"{limit}(elm,2029)"]

    first, last = clash.clash_rules(SimpleNamespace(), problem, names)

    assert (first.rule, first.says, first.keys) == (limit, clash._RULES[limit], (limit,))
    assert first.places == ({"site": "bay", "year": "2028"}, {"site": "elm", "year": "2029"})
    assert (last.rule, last.keys) == (link, ())
    assert clash.in_words([first, last])[-1] == f"  and what links them: {link}"
