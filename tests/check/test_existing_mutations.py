"""A plan of stated halls and racks; with one thing wrong its check finds it out."""

from __future__ import annotations

import dataclasses

import pytest
from good_plan import MINI, solved
from spoiled_existing import EXISTING, SPOILED_EXISTING

from planner.scenario import load_scenario


@pytest.fixture(scope="module")
def good():
    return solved(EXISTING)


def test_a_good_plan_of_stated_halls_and_racks_passes_every_check(good):
    verdict = good.verdict()

    assert verdict.ok, verdict.frame().loc[~verdict.frame()["ok"]].to_string()


def test_stated_racks_are_used_as_long_as_they_live(good):
    plan = good.tables["fleet"]
    at = plan[plan["site"] == "oak"].set_index(["rack", "hall", "duty", "year"])["stock_mw"]

    # 700 racks of 42 kW of 2024, to 2028, and 7 MW of 2023, to 2027.
    assert at["air24", "air_dry|N", "training", 2027] == pytest.approx(29.4 + 7.0)
    assert at["liquid25", "plate_dry|N", "training", 2026] == pytest.approx(18.0)
    assert ("liquid25", "plate_dry|N", "training", 2025) not in at.index


def test_a_site_without_new_halls_builds_and_leases_none(good):
    sites = {site for table in ("builds", "leases") for site in good.tables[table]["site"]}

    assert "oak" in sites
    assert "elm" not in sites


def test_halls_of_the_market_that_nobody_asked_for_are_found_out():
    own = f"data.existing_halls={EXISTING.with_name('existing_halls.csv')}"
    shares = ("operator.stock_share_frac=0.2", "operator.pipeline_share_frac=0.2")
    alone, asked = solved(MINI, own), solved(MINI, own, *shares)
    unasked = dataclasses.replace(asked, scenario=alone.scenario)

    assert alone.verdict().ok
    assert asked.verdict().ok
    broken = {check.name for check in unasked.verdict().broken}
    assert {"existing_racks_from_tables", "committed_of_zones"} <= broken
    assert asked.objective_musd < alone.objective_musd - 1.0  # of the market's halls, for nothing
    elm = [plan.tables["halls"].query("site == 'elm'")["existing_mw"] for plan in (alone, asked)]
    assert elm[0].sum() == 0.0 < elm[1].sum()


@pytest.mark.parametrize(
    ("name", "spoil"), [s[1:] for s in SPOILED_EXISTING], ids=[s[0].replace(" ", "_") for s in SPOILED_EXISTING]
)
def test_a_spoiled_plan_is_found_out_by_the_check_of_that_name(good, name, spoil):
    check = spoil(good).check(name)

    assert good.check(name).ok
    assert not check.ok
    assert check.place


def test_an_excluded_site_takes_its_share_of_the_market_along():
    excluding = ("scope.countries=[US, CA]", "scope.exclude_sites=[oak]")
    plan = solved(MINI, *excluding)
    # The same sites, and no site that is left out by name.
    other = load_scenario(str(MINI), ["scope.countries=[US, CA]", "scope.sites=[elm, ash]"])

    spread = dataclasses.replace(plan, scenario=other)

    assert plan.verdict().ok
    assert spread.check("sites_in_scope").ok
    assert not spread.check("existing_racks_from_tables").ok
