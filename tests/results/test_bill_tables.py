"""Bills of a plan with one price each: quantity, price and sum of every line."""

from __future__ import annotations

import pytest

import planner
from planner.runs.plan import Plan

OWN = "{plain: {energy: [{usd_per_mwh: 41}], demand: [{usd_per_kw_month: 9}]}}"
PRICES = {"energy": 41.0, "demand": 9.0}


@pytest.fixture(scope="module")
def plan() -> Plan:
    return planner.solve(
        "tiny", [f"energy.own_tariffs={OWN}", "energy.tariffs=[{tariff: plain}]", "energy.escalation_real_frac=0"]
    )


@pytest.mark.parametrize("kind", PRICES)
def test_a_line_is_its_quantity_at_its_price(plan: Plan, kind: str) -> None:
    bills = plan.tables["bills"].query("kind == @kind")

    assert plan.verdict.ok
    assert set(bills["site"]) == {"south", "coast"}  # with one price everywhere, north is idle
    assert bills["charged_usd"].to_numpy() == pytest.approx(PRICES[kind] * bills["quantity"])
    assert bills["exact_usd"].to_numpy() == pytest.approx(bills["charged_usd"].to_numpy())
    assert (bills["charged_above_exact_usd"] == 0.0).all()


def test_billed_energy_and_demand_are_those_of_the_site(plan: Plan) -> None:
    site = plan.site_year.set_index(["site", "year"]).sort_index()
    bills = plan.tables["bills"].set_index(["site", "calendar_year", "kind"])["quantity"]
    months = plan.tables["bill_months"].query("item == 'billing demand'").copy()
    months["year"] = months["month"].str[:4].astype(int)

    for (name, year), row in site[site["energy_mwh"] > 0.0].iterrows():
        # A leap year is billed for its 29 February.
        of_year = row["energy_mwh"] * (8784 if year == 2028 else 8760) / 8760
        assert bills[(name, year, "energy")] == pytest.approx(of_year)
        # A flat load: twelve times the same peak, in kW.
        assert bills[(name, year, "demand")] == pytest.approx(12_000 * row["facility_peak_mw"], rel=1e-6)
        of_site = months.query("site == @name and year == @year")
        assert of_site["usd"].sum() == pytest.approx(9.0 * bills[(name, year, "demand")])
