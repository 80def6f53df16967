"""Agreements that are signed already: what they cost, how long, and that the check finds out."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from good_plan import MINI, RICH, solved

from planner.results.four_moneys import moneys

FARM = (
    "contracts.existing.farm={{technology: geothermal, kind: {kind}, zone: east, mw: {mw},"
    " first_year: 2019, last_year: {last}, price_usd_per_mwh: {usd}}}"
)
FLAT = (MINI, "years=[2025, 2026, 2027]", "energy.use_flat_price=true")
HOURS = 8760


def farm(kind="financial", mw=13, last=2026, usd=31):
    return FARM.format(kind=kind, mw=mw, last=last, usd=usd)


@cache
def plan_of(*settings):
    return solved(*FLAT, *settings)


@pytest.fixture(scope="module")
def rich():
    return solved(
        RICH,
        farm(mw=41, usd=43),
        "contracts.existing.gale={technology: wind, kind: physical, zone: west, mw: 17,"
        " first_year: 2026, last_year: 2034, price_usd_per_mwh: 21, capacity_factor_frac: 0.36}",
    )


def test_what_is_signed_is_in_force_to_its_end_and_paid_at_its_price(rich):
    assert rich.verdict().ok
    table = rich.tables["contracts"].set_index(["contract", "year"])

    assert table.loc["farm", "in_force_mw"].to_dict() == {2025: 41, 2026: 41}
    assert table.loc["gale", "in_force_mw"].to_dict() == {2026: 17, 2027: 17}
    assert table.loc[["farm", "gale"], "signed_mw"].eq(0).all()
    paid = table.loc[["farm", "gale"], "strike_musd"]
    assert paid["farm"].tolist() == pytest.approx([41 * HOURS * 43 / 1e6] * 2)
    assert paid["gale"].tolist() == pytest.approx([17 * 0.36 * HOURS * 21 / 1e6] * 2)


@pytest.mark.parametrize("kind", ["financial", "physical"])
def test_a_signed_ppa_costs_what_its_price_is_above_or_below_the_market(kind):
    plain = plan_of()
    dear, cheap = (plan_of(farm(kind, usd=usd)) for usd in (190, 3))

    assert cheap.objective_musd < plain.objective_musd < dear.objective_musd
    # The plan is the same: 13 MW in two years at 187 USD/MWh more, as the years are worth.
    costs = [p.tables["costs"].query("item == 'contract_strike'") for p in (cheap, dear)]
    paid = [c.groupby("calendar_year")["musd"].sum() for c in costs]
    assert (paid[1] - paid[0]).tolist() == pytest.approx([13 * HOURS * 187 / 1e6] * 2)


@pytest.mark.parametrize("kind", ["financial", "physical"])
def test_a_cheap_ppa_that_is_larger_or_ends_later_never_costs_more(kind):
    costs = [
        plan_of(farm(kind, **more)).objective_musd
        for more in ({"mw": 7, "usd": 11}, {"mw": 13, "usd": 11}, {"usd": 11, "last": 2027})
    ]

    assert costs == sorted(costs, reverse=True)
    assert costs[0] > costs[-1]


def test_a_signed_ppa_counts_toward_the_clean_target():
    target = ("contracts.matching.target_frac={2025: 0.5}", "contracts.area=operator")
    offer = "contracts.ppa.hydro={technology: geothermal, price_usd_per_mwh: 170, lead_months: 0}"
    signed = plan_of(*target, offer, farm(mw=13, last=2027))
    without = plan_of(*target, offer)

    def bought(plan):
        table = plan.tables["contracts"].query("contract == 'hydro'")
        return table.groupby("year")["in_force_mw"].sum()

    # Every MWh of 13 MW that never rest is claimed, and no longer needs to be bought.
    assert bought(without).min() > 13
    assert (bought(without) - bought(signed)).min() > 13 - 1e-6


def test_what_is_left_of_a_signed_ppa_is_paid_after_the_horizon():
    items = plan_of(farm(last=2031)).tables["money_items"].set_index("item")

    # 2028 to 2031.
    after = items.loc["contract_strike", "after_musd"]
    assert after == pytest.approx(4 * 13 * HOURS * 31 / 1e6)
    assert moneys(plan_of(farm(last=2031)).tables).npv_musd == pytest.approx(plan_of(farm(last=2031)).objective_musd)


def _without_farm(plan):
    table = plan.tables["contracts"]
    return plan.reported(contracts=table[table["contract"] != "farm"].reset_index(drop=True))


def _changed(column, value):
    def spoil(plan):
        table = plan.tables["contracts"]
        is_farm = table["contract"] == "farm"
        return plan.reported(contracts=table.assign(**{column: np.where(is_farm, value, table[column])}))

    return spoil


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        ("tables_as_stated", _without_farm),
        ("tables_as_stated", _changed("in_force_mw", 37.0)),
        ("tables_as_stated", _changed("signed_mw", 41.0)),
        ("tables_as_stated", _changed("zone", "west")),
        ("tables_as_stated", _changed("strike_usd_per_mwh", 47.0)),
    ],
)
def test_a_spoiled_plan_is_found_out_by_the_check_of_that_name(rich, name, spoil):
    assert rich.check(name).ok
    assert not spoil(rich).check(name).ok


def test_a_zone_has_the_country_of_its_hubs_whatever_site_is_in_scope():
    fir = "new_sites.fir={name: Fir, country: CA, lat: 49.3, lon: -101.4, like: elm, zone: west}"
    plan = solved(
        MINI, fir, "scope={countries: [US, CA], sites: [fir]}", "contracts.ppa.sun={technology: solar, max_mw: 30}"
    )

    assert plan.inputs.contracts.sign.size > 0
    assert plan.verdict().ok, plan.verdict().broken
