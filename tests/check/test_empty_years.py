"""A year in which nothing can stand, and a plan in which nothing ever does, keep every rule."""

from __future__ import annotations

import pytest
from good_plan import MINI, RICH, solved

NOTHING_STANDS = ("sites.oak.existing_mw=0", "sites.elm.existing_mw=0")
ENERGY = (
    "carbon={cap_kt: {2028: 30}, price_usd_per_t: 60, accounting: market, embodied: true}",
    "contracts={ppa: {sun: {technology: solar, lead_months: 12}}, matching: {target_frac: 0.4}}",
    "supply={allow: [pv_utility, bess_4h], export: {allow: true}}",
    "water={stress_prices: true, stress_limits: true}",
    "heat.sell=true",
    "grid={firm_headroom_frac: 0.5, non_firm: {allow: true}}",
    "energy={load_price: {allow: true}, tariffs: [{tariff: us-median-delivery}]}",
)


def late(months, *changes):
    """Plan the three sites of `tiny`, none of which serves before so many months have passed."""
    leads = (f"new_sites.{name}.lead_time_months={months}" for name in ("north", "south", "coast"))
    return solved("tiny", *leads, *changes)


@pytest.mark.parametrize("world", ["rich", "own_power"])
def test_a_first_year_in_which_nothing_can_be_done_keeps_every_rule(world):
    leads = (f"sites.{site}.lead_time_months=18" for site in ("oak", "elm"))
    plan = solved(RICH.with_name(f"{world}.yaml"), *NOTHING_STANDS, *leads)

    assert set(plan.tables["plan"]["year"]) == {2026, 2027}
    assert plan.verdict().ok, plan.verdict().broken


@pytest.mark.parametrize("changes", [(), ENERGY], ids=["tiny", "energy"])
def test_a_year_without_any_site_keeps_every_rule(changes):
    plan = late(30, *changes)

    assert set(plan.tables["plan"]["year"]) == {2028}
    assert set(plan.inputs.sites.site_year.frame()["year"]) == {"2028"}
    assert plan.verdict().ok, plan.verdict().broken


@pytest.mark.parametrize("changes", [(), ENERGY], ids=["tiny", "energy"])
def test_a_plan_without_any_site_keeps_every_rule(changes):
    plan = late(90, *changes)

    assert plan.tables["plan"].empty
    assert plan.verdict().ok, plan.verdict().broken
    carbon = plan.tables["carbon_year"].set_index("year")
    assert carbon["location_kt"].to_dict() == {2027: 0.0, 2028: 0.0}


def test_a_duty_without_racks_keeps_every_rule_where_halls_are_the_scenarios_own():
    verdict = solved(MINI, "scope.workloads=[chat]", "sites.elm.existing_mw=47").verdict()

    assert verdict.ok, verdict.broken
