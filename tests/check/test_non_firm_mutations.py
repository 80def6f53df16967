"""A good plan with non-firm connection passes; with one thing wrong it is found out."""

from __future__ import annotations

import pytest
from good_plan import solved
from spoiled import costlier
from spoiled_non_firm import ASSUMED, BILLS, NON_FIRM, SPOILED

SETTINGS = (
    "grid.non_firm.service=nonfirm",
    "grid.non_firm.sites=[elm]",
    "grid.non_firm.shed.allow=false",
    "grid.non_firm.usd_per_mw=71000",
    "grid.non_firm.lead_months=9.5",
    "grid.curtailment_rate_pct=5",
    "grid.non_firm.curtail=last_in",
    "grid.expansion_usd_per_mw=310000",
    "time.season_days=12",
    "time.slot_h=3",
    "years=[2025,2027]",
    "energy.load_price.scale_frac=0.4",
    "time.chronological=true",
    "supply.allow=[cells, genset, panel]",
    "workloads.train.moves_between_sites=true",
    "finance.asset_wacc_nominal_frac={grid: 0.12}",
)


@pytest.fixture(scope="module")
def good():
    return solved(NON_FIRM)


@pytest.fixture(scope="module")
def judged(good):
    return good.verdict()


def test_a_good_plan_with_non_firm_power_passes_every_check(good, judged):
    assert judged.ok, judged.frame().loc[~judged.frame()["ok"]].to_string()
    headroom, stress = good.tables["headroom"], good.tables["stress_slot"]
    assert headroom["binds"].any()
    assert headroom["new_firm_mw"].max() > 1.0
    assert stress["shed_mw"].max() > 1.0
    assert stress["own_mw"].max() > 1.0
    assert stress["worth_usd_per_mwh"].max() > 1000.0
    assert good.tables["summary"]["lost_kh100e"].max() > 0.01


@pytest.mark.parametrize("change", SETTINGS)
def test_a_good_plan_with_non_firm_power_passes_whatever_the_settings(change):
    verdict = solved(NON_FIRM, change).verdict()

    assert verdict.ok, verdict.frame().loc[~verdict.frame()["ok"]].to_string()


@pytest.mark.parametrize(("name", "spoil"), [s[1:] for s in SPOILED], ids=[s[0].replace(" ", "_") for s in SPOILED])
def test_a_spoiled_plan_is_found_out_by_the_check_of_that_name(good, judged, name, spoil):
    check = spoil(good).check(name)

    assert judged[name].ok
    assert not check.ok
    assert check.worst > check.tolerance
    assert check.place


@pytest.mark.parametrize(("name", "spoil"), [(a[0], a[2]) for a in ASSUMED], ids=[f"{a[0]}-{a[1]}" for a in ASSUMED])
def test_a_wrong_figure_is_found_out_from_the_tables(good, judged, name, spoil):
    assert judged[name].ok
    assert not spoil(good).check(name).ok


@pytest.mark.parametrize("item", BILLS)
def test_a_wrong_cost_line_is_found_out(good, judged, item):
    check = costlier(item, good).check("costs_paid")

    assert judged["costs_paid"].ok
    assert not check.ok


def test_what_capital_of_the_grid_costs_more_is_checked_too():
    costlier_capital = solved(NON_FIRM, "finance.asset_wacc_nominal_frac={grid: 0.12}")

    check = costlier("financing_premium", costlier_capital).check("costs_paid")

    assert not check.ok
