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
from planner.studies.explain import again
from planner.studies.solve import conflict
from planner.studies.solve.rounding import _goes_up, _phases, _racks
from planner.studies.solve.solves import Solves
from planner.studies.solve.whole_numbers import _Finder, find_plan

TIME_IS_UP = "mini: the time limit (solver.time_limit_s) was reached before any plan was found"
MORE_TIME = "allow more time, or try another method (solver.method)"


def test_an_integer_is_set_to_the_nearer_side_and_half_way_up() -> None:
    assert _goes_up(np.array([3.75, 2.5, 2.49, 7.02])).tolist() == [True, True, False, False]


class Fixing(Solves):
    """Solves whose outcomes are told beforehand; the second integer of the first is not met."""

    def __init__(self, status: str) -> None:
        columns = SimpleNamespace(
            lower=np.array([1.0, 2.0, 3.0]), upper=np.array([7.0, 8.0, 9.0]), integer=np.array([True, False, True])
        )
        self._model = SimpleNamespace(problem=SimpleNamespace(columns=lambda: columns))
        self._last_x = None
        self.status = status
        self.asked: list[tuple[list[float], list[float], bool]] = []

    def solve_within(self, lower, upper, *, method="auto", reserve_s=0.0, strictly=False, start=None):
        assert method == "auto"  # there was no solution before
        self.asked.append((lower.tolist(), upper.tolist(), strictly))
        return SimpleNamespace(status=self.status)

    def _is_exact(self, outcome, whole):
        return False


@pytest.mark.parametrize(("status", "strictly"), [("optimal", [False, True]), ("time_limit", [False])])
def test_fixed_integers_that_are_met_by_tolerance_alone_are_solved_again_strictly(
    status: str, strictly: list[bool]
) -> None:
    solves = Fixing(status)

    outcome = solves.fixed(np.array([4.0, 5.0]))

    assert outcome.status == status
    assert solves.asked == [([4.0, 2.0, 5.0], [4.0, 8.0, 5.0], how) for how in strictly]


@pytest.mark.parametrize(
    ("asked", "has_pieces", "moved", "rows", "is_afresh"),
    [
        ("auto", False, 251, 25_000, True),
        ("auto", False, 250, 25_000, False),  # a hundredth of the rows
        ("auto", False, 201, 30, True),
        ("auto", False, 200, 30, False),  # so few are taken one after the other
        ("auto", True, 300, 30, False),
        ("simplex", False, 300, 30, False),
    ],
)
def test_integers_fixed_far_from_where_they_were_are_solved_without_the_last_basis(
    asked: str, has_pieces: bool, moved: int, rows: int, is_afresh: bool
) -> None:
    problem = SimpleNamespace(numConstraints=lambda: rows)
    session, solver = SimpleNamespace(has_pieces=has_pieces), SimpleNamespace(method=asked)
    solves = Solves(SimpleNamespace(problem=problem), session, solver, None, None, None)
    fixed = np.full(400, 3.0)

    assert not solves._begins_afresh(fixed, fixed)  # nothing was solved before

    solves._last_x = fixed + 5e-7  # as near as a solution meets its bounds
    solves._last_x[:moved] += np.where(np.arange(moved) % 2 == 0, 0.2, -0.2)
    assert solves._begins_afresh(fixed, fixed) == is_afresh


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


def test_the_mildest_value_that_helps_may_be_the_last_that_is_tried(monkeypatch) -> None:
    def solved(inputs: float, *_: object) -> SimpleNamespace:
        mw = 31.0 if inputs <= 2.0 else 17.0
        outcome = SimpleNamespace(status="optimal")
        return SimpleNamespace(outcome=outcome, site_mw=lambda site: mw)

    asked = SimpleNamespace(changed=lambda settings: SimpleNamespace(inputs=settings[0].value), scenario=None)
    base = SimpleNamespace(site_mw=lambda site: 17.0)
    monkeypatch.setattr(again, "build_model", lambda inputs: inputs)
    monkeypatch.setattr(again, "_solve", lambda changed, model, ask: solved(model))
    monkeypatch.setattr(again, "_line", lambda *line: ("found", *line[:4]))
    monkeypatch.setattr(again, "_not_found", lambda *line: ("not found", *line[:4]))
    tried = (again._halved, "lead time", "months", 9.0)
    words = (("sites", "ash", "lead_time_months"), asked, "ash", base, None)

    def halved(values: list[float]) -> tuple[object, ...]:
        return tried[0](*tried[1:], values, *words)

    assert halved([8.0, 5.0, 2.0]) == ("found", "lead time", "months", 9.0, 2.0)
    assert halved([8.0, 2.0, 1.0]) == ("found", "lead time", "months", 9.0, 2.0)
    assert halved([8.0, 5.0, 3.0]) == ("not found", "lead time", "months", 9.0, 3.0)


def test_rules_with_settings_come_first_and_what_links_them_last(monkeypatch) -> None:
    link, limit, *_ = conflict._RULES
    site_year = SimpleNamespace(axis_names=("site", "year"))
    problem = SimpleNamespace(rows_over=lambda block: site_year)
    monkeypatch.setattr(conflict, "keys_of", lambda _, rule, places: (limit,) * (rule == limit))
    names = [f"{link}(ash,2027)", f"{limit}(bay,2028)", f"{limit}(elm,2029)"]

    first, last = conflict.conflict_rules(SimpleNamespace(), problem, names)

    assert (first.rule, first.says, first.keys) == (limit, conflict._RULES[limit], (limit,))
    assert first.places == ({"site": "bay", "year": "2028"}, {"site": "elm", "year": "2029"})
    assert (last.rule, last.keys) == (link, ())
    assert conflict.in_words([first, last])[-1] == f"  and what links them: {link}"


def test_a_limit_is_set_where_it_says_and_a_link_nowhere(monkeypatch) -> None:
    of_land = SimpleNamespace(line=lambda question, place: f"land of {place['site']}")
    unsaid = SimpleNamespace(line=lambda question, place: None)
    monkeypatch.setattr(conflict, "BY_NAME", {"land": SimpleNamespace(set_by=(of_land, unsaid))})
    places = [{"site": "ash"}, {"site": "bay"}, {"site": "ash"}]

    assert conflict.keys_of(None, "land", places) == ("land of ash", "land of bay")
    assert conflict.keys_of(None, "link", places) == ()


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
        ("time_limit", -np.inf, None, f"{TIME_IS_UP}; {MORE_TIME}"),
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

    def has_rows(self, start):
        return start in self.rows

    def fixed(self, whole, *, strictly=False):
        self.asked.append((whole.tolist(), strictly))
        return self.freed

    def free_rows(self, start):
        self.asked.append(start)


def found(status: str = "optimal", *, dual: float = 7.0, has_duals: bool = True) -> Found:
    cost = np.array([dual + 1.5, dual + 2.5])
    return Found((3.0, 4.0), status, has_duals, np.array([dual, -dual]), cost, f"basis {dual}")


def freed(best: Found, after: Found, *, is_last: bool, rows=(ONLY_FOR_THE_BOUND,)):
    finder = object.__new__(_Finder)
    finder._solves, finder._how = Freeing(after, rows), []
    finder._last = best if is_last else None
    return finder._freed(best), finder._solves.asked


def test_duals_are_those_without_the_rows_that_only_tighten_the_bound() -> None:
    best, after = found(dual=7.0), found(dual=5.0)

    for is_last in (True, False):
        reported, asked = freed(best, after, is_last=is_last)

        # Fixed once more first, where another solve came between.
        before = [] if is_last else [([3.0, 4.0], False)]
        assert asked == [*before, ONLY_FOR_THE_BOUND, ([3.0, 4.0], True)]
        assert (reported.x, reported.status, reported.has_duals) == ((3.0, 4.0), "optimal", True)
        assert reported.row_dual.tolist() == [5.0, -5.0]
        assert reported.reduced_cost.tolist() == [6.5, 7.5]
        assert reported.basis == "basis 5.0"


def test_a_plan_without_duals_or_without_such_rows_is_left_as_it_is() -> None:
    without, best = found(has_duals=False), found()

    assert freed(without, found(dual=5.0), is_last=True) == (without, [])
    assert freed(best, found(dual=5.0), is_last=True, rows=()) == (best, [])


def test_a_solve_without_those_rows_that_is_stopped_leaves_no_duals() -> None:
    reported, _ = freed(found(), found("time_limit", dual=np.nan, has_duals=False), is_last=True)

    assert (reported.x, reported.status, reported.has_duals) == ((3.0, 4.0), "time_limit", False)
    assert np.isnan(reported.row_dual).all()
    assert np.isnan(reported.reduced_cost).all()


@pytest.mark.parametrize(("site", "is_kept"), [(1.0, True), (0.7, False)])
def test_a_plan_with_fixed_integers_that_a_limit_cut_short_is_kept_where_it_is_whole(
    site: float, is_kept: bool
) -> None:
    cut_short = SimpleNamespace(
        status="time_limit", has_plan=True, x=np.array([site, 4.5]), objective=620.0, method_used=""
    )
    finder = object.__new__(_Finder)
    integer = np.array([True, False])
    finder._model = SimpleNamespace(problem=SimpleNamespace(columns=lambda: SimpleNamespace(integer=integer)))
    finder._solves = SimpleNamespace(fixed=lambda whole, reserve_s, **_: cut_short, has_cuts=False, bound=600.0)
    finder._best = finder._stopped = finder._last = None
    finder._how, finder._tried = [], []

    finder._fix(np.array([1.0]), "rounded and fixed")

    assert (finder._best is cut_short) == is_kept
    assert finder._stopped == "time_limit"


def test_phases_of_two_designs_are_rounded_up_year_by_year_within_land() -> None:
    site, year, hall = (Axis("site", ("ash",)), Axis("year", ("2026", "2027", "2028")), ("dry", "wet"))
    phase = Index.full("phase", site, year, Axis("hall", hall))
    # In shares of phases of 5 MW: by 2028 2.3 of dry halls and 1.2 of wet ones.
    asked = np.array([0.8, 0.0, 0.9, 0.7, 0.6, 0.5])
    by_year_mw = 5.0 * asked.reshape(3, 2).sum(axis=1).cumsum()
    siting = SimpleNamespace(phase=phase, phase_mw=np.full(6, 5.0))
    sites = SimpleNamespace(
        site_year=Index.full("site_year", site, year), build_rate_mw=np.full(3, 20.0), land_limit_mw=np.array([19.0])
    )
    model = SimpleNamespace(
        p=SimpleNamespace(siting=siting, sites=sites),
        siting=SimpleNamespace(phases=SimpleNamespace(value=lambda x: x)),
        halls=SimpleNamespace(stands_mw=SimpleNamespace(value=lambda x: by_year_mw)),
    )

    begun = _phases(model, asked, np.full(3, 1.0))

    # 0.8 is one of dry. 1.7 and 0.7 by 2027 are three in all: dry lacks 0.7, then wet 0.7 too.
    # 2.3 and 1.2 by 2028 are four, but land of 19 MW holds three whole ones.
    assert begun.reshape(3, 2).tolist() == [[1.0, 0.0], [1.0, 1.0], [0.0, 0.0]]


class Links:
    """Three links between users and sites, and what is served of them beyond the openings."""

    size = 3

    def __init__(self) -> None:
        self.added: list[list[bool]] = []

    def select(self, rows, name):
        self.added.append(rows.tolist())
        return name


@pytest.mark.parametrize("status", ["optimal", "time_limit"])
def test_rows_are_added_where_service_is_beyond_openings_until_none_is(status: str) -> None:
    links = Links()
    siting = SimpleNamespace(
        beyond_what_is_open=lambda _: SimpleNamespace(value=np.array),
        demand_of=lambda _: np.array([20.0, 30.0, 40.0]),
        served_only_if_open=lambda broken: broken,
    )
    names: list[str] = []
    finder = object.__new__(_Finder)
    finder._model = SimpleNamespace(
        problem=SimpleNamespace(rows=lambda name, rows: names.append(name)),
        p=SimpleNamespace(siting=SimpleNamespace(linkable=links)),
        siting=siting,
    )
    before, after, last = (
        SimpleNamespace(x=beyond, objective=musd, dual_bound=musd, status=of)
        for beyond, musd, of in (
            ([2.0, 0.0, 0.0], 500.0, "optimal"),
            ([0.0, 0.0, 3.0], 560.0, status),
            ([0.0, 0.0, 0.0], 590.0, "optimal"),
        )
    )
    answers = iter([after, last])
    finder._solves = SimpleNamespace(
        rows_added=lambda: None, relaxed=lambda method, reserve_s: next(answers), bound=500.0
    )
    finder._reserve_s = lambda: 2.5
    finder._stopped, finder._how = None, []

    relaxed = finder._strengthened(before)

    if status == "optimal":
        assert (relaxed, finder._solves.bound, finder._stopped) == (last, 590.0, None)
        assert links.added == [[True, False, False], [False, False, True]]
        assert finder._how == ["tightened (2 rows)"]
    else:  # what was stopped is neither a bound nor a plan
        assert (relaxed, finder._solves.bound, finder._stopped) == (before, 500.0, "time_limit")
        assert links.added == [[True, False, False]]


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
