"""Small pieces of what solves a plan with whole numbers and says why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest

from planner.base.errors import LimitReachedError
from planner.inputs import build_inputs
from planner.lp import HighsSession, Index
from planner.lp.index import Axis
from planner.model import build_model
from planner.model.siting import ONLY_FOR_THE_BOUND
from planner.scenario import load_scenario
from planner.studies.solve import conflict
from planner.studies.solve.rounding import _racks
from planner.studies.solve.whole_numbers import _Finder, find_plan

TIME_IS_UP = "mini: the time limit (solver.time_limit_s) was reached before any plan was found"
MORE_TIME = "allow more time, or try another method (solver.method)"


def test_racks_fixed_without_the_last_basis_are_the_same_plan(monkeypatch) -> None:
    asked = ["racks.whole=true", "siting.whole_openings=true", "solver.gap_frac=0.05"]
    scenario = load_scenario("tiny", asked)
    found = {}
    for many in (10_000, 0):
        monkeypatch.setattr("planner.studies.solve.solves._MANY", many)
        monkeypatch.setattr("planner.studies.solve.solves._MANY_PER_ROW", 0.0)
        model = build_model(build_inputs(scenario))
        found[many] = find_plan(model, HighsSession(model.problem), scenario.solver)

    assert "rounded and fixed (warm dual" in found[10_000].method_used
    assert "rounded and fixed (ipx" in found[0].method_used
    assert found[0].objective == pytest.approx(found[10_000].objective, rel=1e-9)


@pytest.mark.parametrize("names", [("land_limit(ash,2027)",), ("land_limit(ash,2027)", "supply")])
def test_a_rule_that_cannot_be_met_alone_is_reported_with_its_usual_cause(names: tuple[str, ...], monkeypatch) -> None:
    monkeypatch.setattr(conflict, "conflict_rules", lambda *_: [])
    monkeypatch.setattr(conflict, "in_words", lambda rules: ["  land_limit: ..."])
    outcome = SimpleNamespace(status="infeasible", bound_by="program", duals_of="program")
    session = SimpleNamespace(iis=lambda time_limit_s: names)
    model = SimpleNamespace(problem=None)

    error = conflict.why_no_plan("mini", outcome, session, SimpleNamespace(), model)

    assert error.conflict == names
    assert ("This constraint cannot be met on its own" in str(error)) == (len(names) == 1)


@pytest.mark.parametrize(
    ("status", "bound_musd", "view", "said"),
    [
        *[("time_limit", bound, None, f"{TIME_IS_UP}; {MORE_TIME}") for bound in (-np.inf, -7_310.5, 0.0)],
        ("time_limit", 41_234.56, None, f"{TIME_IS_UP}; no plan costs less than 41.235 BUSD; {MORE_TIME}"),
        ("time_limit", 41_234.56, (2027, 2028), f"{TIME_IS_UP}; {MORE_TIME}"),
        ("interrupted", 876.5, None, "mini: interrupted before any plan was found; no plan costs less than 876.5 MUSD"),
    ],
)
def test_a_stop_before_any_plan_is_said_with_its_bound_and_what_to_do(
    status: str, bound_musd: float, view: tuple[int, int] | None, said: str
) -> None:
    outcome = SimpleNamespace(status=status, dual_bound=bound_musd)
    nothing = SimpleNamespace()

    error = conflict.why_no_plan("mini", outcome, nothing, nothing, nothing, view)

    assert isinstance(error, LimitReachedError)
    assert str(error) == said


@dataclass(frozen=True)
class Found:
    """What a solve found."""

    x: tuple[float, ...]
    status: str
    has_duals: bool
    row_dual: np.ndarray
    reduced_cost: np.ndarray
    basis: str
    method_used: str = "simplex"


class Freeing:
    """Solves that note what is asked of them; the last, without rows for the bound, is told."""

    def __init__(self, freed: Found, rows: tuple[str, ...]) -> None:
        self.freed, self.rows = freed, rows
        self.asked: list[object] = []

    def whole_of(self, x):
        return np.array(x)

    def has_bound_rows(self):
        return ONLY_FOR_THE_BOUND in self.rows

    def fixed(self, whole, *, strictly=False):
        self.asked.append((whole.tolist(), strictly))
        return self.freed

    def free_bound_rows(self):
        self.asked.append(ONLY_FOR_THE_BOUND)


def found(status: str = "optimal", *, dual: float = 7.0, has_duals: bool = True) -> Found:
    cost = np.array([dual + 1.5, dual + 2.5])
    return Found((3.0, 4.0), status, has_duals, np.array([dual, -dual]), cost, f"basis {dual}")


def freed(best: Found, after: Found, *, is_last: bool, rows=(ONLY_FOR_THE_BOUND,)):
    finder = object.__new__(_Finder)
    finder._solves, finder._how = Freeing(after, rows), []
    finder._last = best if is_last else None
    return finder._freed(best), finder._solves.asked


@pytest.mark.parametrize(("site", "is_kept"), [(1.0, True), (0.7, False)])
def test_a_plan_with_fixed_integers_that_a_limit_cut_short_is_kept_where_it_is_whole(
    site: float, is_kept: bool
) -> None:
    cut_short = SimpleNamespace(
        status="time_limit", has_plan=True, x=np.array([site, 4.5]), objective=620.0, method_used="", seconds=3.5
    )
    finder = object.__new__(_Finder)
    integer = np.array([True, False])
    finder._model = SimpleNamespace(problem=SimpleNamespace(columns=lambda: SimpleNamespace(integer=integer)))
    finder._solves = SimpleNamespace(fixed=lambda whole, **_: cut_short, has_cuts=False, bound=600.0)
    finder._best = finder._stopped = finder._last = None
    finder._how, finder._tried = [], []

    finder._fix(np.array([1.0]), "rounded and fixed")

    assert (finder._best is cut_short) == is_kept
    assert finder._stopped == "time_limit"


def lots_of(deliverable_mw: float) -> SimpleNamespace:
    """Five lots of racks of 0.2 MW at three sites, in two years, from one vendor."""
    site, rack, hall, duty, year, vendor = (
        Axis(name, labels)
        for name, labels in (
            ("site", ("ash", "dal", "elm")),
            ("rack", ("big",)),
            ("hall", ("dry",)),
            ("duty", ("training",)),
            ("year", ("2027", "2028")),
            ("vendor", ("maker",)),
        )
    )
    lot = Index.sparse(
        "lot", (site, rack, hall, duty, year), ([0, 1, 2, 0, 1], [0] * 5, [0] * 5, [0] * 5, [0, 0, 0, 1, 1])
    )
    racks = SimpleNamespace(
        lot=lot,
        lot_rack_mw=np.full(5, 0.2),
        delivery=Index.sparse("delivery", (vendor, year), ([0], [0])),
        delivery_limit_mw=np.array([deliverable_mw]),
    )
    return SimpleNamespace(
        p=SimpleNamespace(racks=racks, sets=SimpleNamespace(rack_vendor=np.array([0]))),
        install=SimpleNamespace(on=lambda over: SimpleNamespace(value=lambda x: x)),
    )


def test_racks_are_rounded_so_that_their_sum_over_the_sites_stays() -> None:
    racks = np.array([7.4, 0.3, 4.45, 0.6, 2.55])

    none = np.zeros(5, dtype=np.bool_)

    # 12.15 racks in 2027 are twelve: one more where the fraction is largest, at Elm. 3.15 in 2028
    # are three: at Ash, so that its lot is a rack.
    assert _racks(lots_of(99.0), racks * 0.2, none).tolist() == [7.0, 0.0, 5.0, 1.0, 2.0]


def test_racks_that_a_vendor_cannot_deliver_are_not_rounded_up() -> None:
    racks = np.array([7.4, 0.3, 4.45, 0.6, 2.55])

    none = np.zeros(5, dtype=np.bool_)

    # 2.3 MW are eleven racks and a half: of twelve one goes, where the fraction is smallest.
    assert _racks(lots_of(2.3), racks * 0.2, none).tolist() == [6.0, 0.0, 5.0, 1.0, 2.0]
