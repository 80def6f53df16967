"""Small siting problems against every choice tried by hand, and laws that hold for any."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from siting import units_of, write_scenario

import planner
from planner.base.errors import InputError

USERS, SITES = [f"u{i}" for i in range(9)], [f"s{j}" for j in range(6)]
RNG = np.random.default_rng(20260707)
DEMAND = pd.Series(RNG.uniform(11.0, 47.0, len(USERS)), index=USERS)
PLACE = {name: RNG.uniform(0.0, 90.0, 2) for name in (*USERS, *SITES)}
COST = pd.DataFrame({site: {user: np.hypot(*(PLACE[user] - PLACE[site])) for user in USERS} for site in SITES})
FIXED = pd.Series(RNG.uniform(900.0, 2900.0, len(SITES)), index=SITES)


def sites(capacity: float, fixed: pd.Series | float) -> pd.DataFrame:
    return pd.DataFrame({"capacity": capacity, "fixed_cost": fixed}, index=SITES)


def cheapest(count: int) -> float:
    """Cost of serving every user from the nearest of the best so many sites."""
    weighted = COST.mul(DEMAND, axis=0)
    return min(float(weighted[list(chosen)].min(axis=1).sum()) for chosen in combinations(SITES, count))


@pytest.fixture(scope="module")
def medians(tmp_path_factory: pytest.TempPathFactory) -> dict[int, planner.Plan]:
    plans = {}
    for count in (1, 3):
        folder = tmp_path_factory.mktemp(f"p{count}")
        path = write_scenario(folder, sites(DEMAND.sum(), 0.0), DEMAND, COST, {"at_most_sites": count})
        plans[count] = planner.solve(path)
    return plans


@pytest.mark.parametrize("count", [1, 3])
def test_the_best_sites_are_those_of_all_choices_tried(medians: dict[int, planner.Plan], count: int) -> None:
    plan = medians[count]

    assert plan.outcome.status == "optimal"
    assert plan.verdict.ok, plan.verdict.broken
    assert units_of(plan.outcome.objective) == pytest.approx(cheapest(count), rel=1e-6)


def test_more_sites_never_cost_more(medians: dict[int, planner.Plan]) -> None:
    assert medians[3].outcome.objective < medians[1].outcome.objective


def test_all_that_is_paid_is_paid_for_serving_users(medians: dict[int, planner.Plan]) -> None:
    paid = medians[3].costs.groupby("item")["npv_musd"].sum()

    assert paid["service_network"] == pytest.approx(medians[3].outcome.objective, rel=1e-9)


def test_rows_added_where_the_bound_breaks_them_give_the_bound_of_all(tmp_path: Path) -> None:
    found = {}
    for rows in ("lazy", "all", "none"):
        folder = tmp_path / rows
        folder.mkdir()
        path = write_scenario(folder, sites(300.0, FIXED), DEMAND, COST, {"open_rows": rows})
        enough = ["solver={whole_numbers: round, gap_frac: 1}"]
        found[rows] = planner.solve(path), planner.solve(path, enough).outcome.dual_bound

    cost = [plan.outcome.objective for plan, _ in found.values()]
    assert cost == pytest.approx([cost[0]] * 3, rel=1e-6)
    # Rounded to a plan that is near enough, nothing is searched for and no row is added.
    assert found["lazy"][1] == pytest.approx(found["none"][1], rel=1e-9)
    assert found["all"][1] > found["none"][1] * (1 + 1e-3)
    assert "tightened" in found["lazy"][0].outcome.method_used
    assert found["none"][0].sizes["rows"] < found["lazy"][0].sizes["rows"]
    assert found["lazy"][0].sizes["rows"] < found["all"][0].sizes["rows"]


@pytest.fixture(scope="module")
def third_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # Two sites of 30 MW for 60.05 MW, and a third with land for 100,000 and far from all users.
    users = pd.Series([14.1, 15.2, 16.3, 14.45], index=["a", "b", "c", "d"]) * 1000.0
    places = pd.DataFrame({"capacity": [3e4, 3e4, 1e8], "fixed_cost": [100.0, 110.0, 5000.0]}, index=["p", "q", "r"])
    cost = pd.DataFrame({"p": 4.0, "q": 5.0, "r": 35.0}, index=users.index)
    return write_scenario(tmp_path_factory.mktemp("third"), places, users, cost, {"open_rows": "none"})


@pytest.mark.parametrize("how", ["round", "search"])
def test_five_ten_millionths_of_a_large_site_are_not_taken_for_none(third_site: Path, how: str) -> None:
    plan = planner.solve(third_site, [f"solver.whole_numbers={how}"])

    # 0.05 MW are 5e-7 of the third site, which a search takes for 0; it opens in whole all the
    # same: 30 MW at 4, 30 at 5, 0.05 at 35, and all three fixed costs.
    assert plan.tables["site_year"]["open_frac"].tolist() == [1.0, 1.0, 1.0]
    by_hand = 3e4 * 4.0 + 3e4 * 5.0 + 50.0 * 35.0 + 5210.0
    assert units_of(plan.outcome.objective) == pytest.approx(by_hand, rel=1e-9)
    assert plan.verdict.ok, plan.verdict.broken


def test_whole_sites_never_cost_less_than_shares_of_them(tmp_path: Path) -> None:
    path = write_scenario(tmp_path, sites(DEMAND.sum() / 2, FIXED), DEMAND, COST, {})

    whole, in_part = planner.solve(path), planner.solve(path, ["siting.whole_openings=false"])

    assert whole.outcome.objective > in_part.outcome.objective


def test_a_wrong_table_of_costs_is_refused_with_its_rows(tmp_path: Path) -> None:
    path = write_scenario(tmp_path, sites(DEMAND.sum(), FIXED), DEMAND, COST, {})
    table = tmp_path / "service_cost.csv"
    text = table.read_text().replace("u3,s2,", "u3,s9,", 1).replace("u4,s1,", "u9,s1,", 1)
    table.write_text(text, encoding="utf-8")

    with pytest.raises(InputError) as refused:
        planner.solve(path)

    reported = str(refused.value)
    assert "to is 's9'" in reported
    assert "from is 'u9'" in reported
    assert "service_cost.csv" in reported
