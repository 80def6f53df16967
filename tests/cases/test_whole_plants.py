"""Own sources in whole plants, on a site that must make its power itself: costs by hand."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from dispatch_folder import DispatchCase, Source, write_folder
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from planner import Plan, solve
from planner.base.errors import InfeasibleError, InputError
from planner.base.units import HOURS_PER_YEAR
from planner.inputs import build_inputs
from planner.lp import HighsSession
from planner.model import build_model
from planner.scenario import load_scenario
from planner.studies.diagnose import diagnose

WHOLE = "supply.whole_sources=true"
SEARCH = "solver={whole_numbers: search, gap_frac: 0}"
ROUND = "solver={whole_numbers: round, gap_frac: 0.2}"  # so near to the bound is enough
ROOM = "supply.max_mw={steady: 200, ready: 200}"
# Ten MW day and night: a plant that is dear to build and cheap to run, or one the other way round.
SOURCES = (Source("steady", "firm", 50_000.0, 20.0), Source("ready", "firm", 10_000.0, 60.0))
LOAD_MW = 10.0


def smallest(**mw: float) -> str:
    sizes = ", ".join(f"{source}: {{min_size_mw: {size}}}" for source, size in mw.items())
    return f"supply.override={{{sizes}}}"


@pytest.fixture(scope="module")
def flat(tmp_path_factory: pytest.TempPathFactory) -> Path:
    case = DispatchCase(24, [1], [365.0], [LOAD_MW], SOURCES)
    return write_folder(case, tmp_path_factory.mktemp("flat"))


def built_mw(plan: Plan) -> dict[str, float]:
    built = plan.tables["source_builds"]
    return dict(zip(built["source"], built["built_mw"], strict=True))


def cost_usd(plan: Plan) -> float:
    assert plan.verdict.ok, plan.verdict.broken
    return plan.outcome.objective * 1e6


def test_any_part_of_a_plant_is_built_unless_plants_are_asked_for(flat: Path) -> None:
    plan = solve(flat, [ROOM, smallest(steady=15.0)])

    # 10 MW at 50,000 USD a year, and 87,600 MWh at 20 USD.
    assert built_mw(plan) == pytest.approx({"steady": 10.0})
    assert cost_usd(plan) == pytest.approx(500_000.0 + 1_752_000.0)


@pytest.mark.parametrize("how", [ROUND, SEARCH])
def test_a_plant_worth_its_size_is_built_in_whole(flat: Path, how: str) -> None:
    plan = solve(flat, [ROOM, WHOLE, smallest(steady=15.0), how])

    # 15 MW are paid for to use 10: 750,000 and 1,752,000 USD, less than 5,356,000 of the other.
    assert built_mw(plan) == pytest.approx({"steady": 15.0})
    assert cost_usd(plan) == pytest.approx(2_502_000.0)
    assert plan.tables["source_builds"]["min_size_mw"].tolist() == [15.0]
    # The linear program builds a part of a plant: its bound is the cost without a smallest one.
    bound_usd = 2_252_000.0 if how != SEARCH else 2_502_000.0
    assert plan.outcome.dual_bound * 1e6 == pytest.approx(bound_usd)


@pytest.mark.parametrize("whole", [(), (WHOLE,), (WHOLE, SEARCH)])
def test_room_for_one_more_mw_has_its_price_beside_whole_plants(flat: Path, whole: tuple[str, ...]) -> None:
    plan = solve(flat, ["supply.max_mw={steady: 8, ready: 200}", smallest(steady=5.0), *whole])

    assert built_mw(plan) == pytest.approx({"steady": 8.0, "ready": 2.0})
    # One more MW of the first costs 50,000 - 10,000 USD a year more, and runs 40 USD/MWh cheaper.
    prices = plan.tables["prices"].set_index("block")["value"]
    assert prices["source_limit"] == pytest.approx(8760 * 40.0 - 40_000.0)


@pytest.mark.parametrize("how", [ROUND, SEARCH])
def test_a_plant_too_large_for_the_site_is_not_built(flat: Path, how: str) -> None:
    plan = solve(flat, [ROOM, WHOLE, smallest(steady=80.0), how])

    # 80 MW would cost 4,000,000 and 1,752,000 USD; the other 100,000 and 5,256,000.
    assert built_mw(plan) == pytest.approx({"ready": 10.0})
    assert cost_usd(plan) == pytest.approx(5_356_000.0)


def test_what_stands_takes_room_and_is_no_plant(flat: Path) -> None:
    standing = "new_sites.island.existing_source_mw={steady: 4}"

    plan = solve(flat, [ROOM, WHOLE, smallest(steady=15.0, ready=3.0), standing])

    # Six MW more are wanted: 750,000 USD for 15 of the first kind with 1,752,000 to run, or
    # 60,000 and 4 MW x 8,760 h x 20 + 6 MW x 8,760 h x 60 = 3,854,400 for six of the other.
    assert built_mw(plan) == pytest.approx({"steady": 15.0})
    assert cost_usd(plan) == pytest.approx(2_502_000.0)
    with pytest.raises(InfeasibleError, match="no plan"):
        solve(flat, ["supply.max_mw={steady: 18, ready: 5}", WHOLE, smallest(steady=15.0), standing])


def test_a_plant_without_room_is_noted_and_not_built(flat: Path) -> None:
    plan = solve(flat, ["supply.max_mw={steady: 12, ready: 200}", WHOLE, smallest(steady=15.0)])

    assert built_mw(plan) == pytest.approx({"ready": 10.0})
    reported = "No room for the smallest plant, so that none is built: steady at island (15 MW)."
    assert reported in plan.inputs.notes


def test_a_source_without_a_most_at_a_site_is_refused(flat: Path) -> None:
    with pytest.raises(InputError, match=r"steady is built as integer plants.*supply.max_mw.steady"):
        solve(flat, [WHOLE, smallest(steady=15.0)])


def test_a_diagnosis_tries_plants_of_any_size(flat: Path) -> None:
    only = ["supply.allow=[steady]", "supply.max_mw={steady: 12}", WHOLE, smallest(steady=15.0)]

    found = diagnose(flat, only)

    assert not found.feasible
    assert [one.change.words for one in found.remedies if one.name == "build on-site technologies of any size"]


def test_a_diagnosis_tries_more_room_for_whole_plants(flat: Path) -> None:
    only = ["supply.allow=[steady]", "supply.max_mw={steady: 8}", WHOLE, smallest(steady=5.0)]

    found = diagnose(flat, only)

    words = [one.change.words for one in found.remedies if one.name == "room for sources"]
    assert len(words) == 1
    assert words[0] == ("+2 MW of steady at each site",)


def test_a_plant_that_has_worn_out_makes_room_for_the_next(tmp_path: Path) -> None:
    case = DispatchCase(24, [1], [365.0], [LOAD_MW], SOURCES[:1])
    file = write_folder(case, tmp_path)
    short = "supply.override={steady: {min_size_mw: 8, life_years: 2}}"
    years = ["years=[2025, 2026, 2027, 2028]", "supply.max_mw={steady: 15}"]

    plan = solve(file, [*years, WHOLE, short])

    # Ten MW from 2025 on and, since they last two years, again from 2027 on.
    built = plan.tables["source_builds"]
    assert dict(zip(built["year"], built["built_mw"], strict=True)) == pytest.approx({2025: 10.0, 2027: 10.0})
    assert "searched" not in plan.outcome.method_used


# --- laws -------------------------------------------------------------------------------


def unchecked_usd(file: Path, *asked: str) -> float:
    """Solve a program to its optimum, plants as integers where it has any. [USD]"""
    model = build_model(build_inputs(load_scenario(file, asked)))
    outcome = HighsSession(model.problem, {"mip_rel_gap": 0.0}).solve()
    assert outcome.status == "optimal"
    return outcome.objective * 1e6


def least_usd(load_mw: Sequence[float], least_mw: Sequence[float]) -> float:
    """Try every choice of plants by a small linear program of its own. [USD/year]"""
    hours = HOURS_PER_YEAR / len(load_mw)
    slots, count = len(load_mw), len(SOURCES)
    capital = [source.usd_per_mw_year for source in SOURCES]
    running = [hours * source.usd_per_mwh for source in SOURCES for _ in range(slots)]
    serve = np.hstack([np.zeros((slots, count)), np.tile(-np.eye(slots), count)])
    within = np.hstack([np.kron(-np.eye(count), np.ones((slots, 1))), np.eye(count * slots)])
    found = []
    for chosen in product((False, True), repeat=count):
        sizes = [(mw, 200.0) if is_in else (0.0, 0.0) for is_in, mw in zip(chosen, least_mw, strict=True)]
        result = linprog(
            [*capital, *running],
            A_ub=np.vstack([serve, within]),
            b_ub=[*(-mw for mw in load_mw), *np.zeros(count * slots)],
            bounds=[*sizes, *[(0.0, None)] * (count * slots)],
        )
        if result.status == 0:
            found.append(result.fun)
    return min(found)


@settings(max_examples=8, derandomize=True)
@given(
    load_mw=st.lists(st.floats(2.0, 60.0), min_size=3, max_size=3),
    least_mw=st.tuples(st.floats(1.0, 90.0), st.floats(1.0, 90.0)),
    larger=st.floats(1.0, 2.0),
)
def test_a_smallest_plant_costs_what_the_best_choice_of_plants_costs_and_a_larger_one_no_less(
    tmp_path_factory: pytest.TempPathFactory, load_mw: list[float], least_mw: tuple[float, float], larger: float
) -> None:
    case = DispatchCase(8, [1], [365.0], load_mw, SOURCES)
    file = write_folder(case, tmp_path_factory.mktemp("law"))

    steady, ready = least_mw

    whole = cost_usd(solve(file, [ROOM, WHOLE, SEARCH, smallest(steady=steady, ready=ready)]))
    in_shares = unchecked_usd(file, ROOM)
    in_larger = unchecked_usd(file, ROOM, WHOLE, smallest(steady=steady * larger, ready=ready))

    assert whole == pytest.approx(least_usd(load_mw, least_mw), rel=1e-6)
    assert in_shares <= whole * (1 + 1e-7)
    assert whole <= in_larger * (1 + 1e-6)
