"""A good plan with bills by tariffs passes; with one thing wrong it is found out."""

from __future__ import annotations

import pytest
from good_plan import solved
from spoiled import costlier
from spoiled_tariffs import BILLED, SPOILED_TARIFFS

from planner.check.tariffs import LINES

SETTINGS = (
    "finance.end_of_horizon=perpetuity",
    "time.season_days=12",
    "time.slot_h=2",
    "energy.own_tariffs.large.time_zone=Asia/Kolkata",
    "energy.own_tariffs.large.escalation_real_frac=-0.01",
    "energy.own_tariffs.wires={standing: [{usd_per_month: 900}]}",
    "energy.tariffs=[{tariff: us-va-dominion-energy, terms: us-large-load-default}]",
    "energy.tariffs=[{tariff: us-median-delivery, terms: us-in-indiana-michigan-power-tariff-ip-large-load, from_year: 2027}]",  # noqa: E501
    "energy.tariffs=[{tariff: large, sites: [elm]}, {tariff: wires, zones: [east]}]",
)


@pytest.fixture(scope="module")
def good():
    return solved(BILLED)


@pytest.fixture(scope="module")
def judged(good):
    return good.verdict()


def test_a_good_plan_with_tariffs_passes_every_check(good, judged):
    assert judged.ok, judged.frame().loc[~judged.frame()["ok"]].to_string()
    bills = good.tables["bills"]
    assert set(bills["kind"]) == {"energy", "demand", "capacity", "standing", "exit_fee"}
    assert set(good.tables["bill_months"]["basis"]) == {"metered", "ratchet", "minimum take", "calendar"}
    assert bills["charged_usd"].to_numpy() == pytest.approx(bills["exact_usd"].to_numpy())


def test_the_cost_table_adds_up_to_the_objective_and_to_the_bills(good):
    costs, bills = good.tables["costs"], good.tables["bills"]

    assert costs["npv_musd"].sum() == pytest.approx(good.objective_musd, rel=1e-9)
    for kind, usd in bills.groupby("kind")["charged_usd"].sum().items():
        paid = costs.loc[costs["item"] == f"tariff_{kind}", "musd"].sum()
        assert paid == pytest.approx(usd / 1e6)


@pytest.fixture(scope="module")
def with_sun():
    """Sun under contract at both sites, of which oak has a bundled tariff and elm one of wires."""
    sun = "{technology: solar, kind: physical, lead_months: 3, price_usd_per_mwh: 9, max_mw: 70}"
    return solved(BILLED, f"contracts.ppa.sun={sun}", "contracts.matching.target_frac=0.5")


def test_sun_under_contract_spares_no_wholesale_price_where_a_bundled_tariff_bills(with_sun):
    verdict = with_sun.verdict()

    assert verdict.ok, verdict.frame().loc[~verdict.frame()["ok"]].to_string()
    contracts = with_sun.inputs.contracts
    is_oak = contracts.take.labels("site") == "oak"
    assert is_oak.any()
    assert (contracts.take_usd_per_mwh[is_oak] == 0.0).all()
    assert contracts.take_usd_per_mwh[~is_oak].min() > 5.0
    use, costs = with_sun.tables["contract_use"], with_sun.tables["costs"]
    assert use.loc[use["site"] == "elm", "taken_mw"].max() > 10.0
    spared = costs[costs["item"] == "contract_power_taken"].groupby("site")["musd"].sum()
    assert spared["elm"] < -0.5
    assert spared.get("oak", 0.0) == 0.0


def test_a_wholesale_price_that_a_bundled_tariff_does_not_ask_is_found_out(with_sun):
    use = with_sun.tables["contract_use"]
    at_oak = use["site"] == "oak"
    spared = use.assign(
        taken_mw=use["taken_mw"].mask(at_oak, 3.0),
        wholesale_usd_per_mwh=use["wholesale_usd_per_mwh"].mask(at_oak, 31.0),
    )

    assert at_oak.any()
    assert with_sun.check("tables_as_stated").ok
    check = with_sun.reported(contract_use=spared).check("tables_as_stated")
    assert check.worst == pytest.approx(1.0)
    assert "oak" in str(check.place)


@pytest.mark.parametrize("change", SETTINGS)
def test_a_good_plan_with_tariffs_passes_whatever_the_settings(change):
    verdict = solved(BILLED, change).verdict()

    assert verdict.ok, verdict.frame().loc[~verdict.frame()["ok"]].to_string()


def test_what_a_declining_tier_is_charged_is_reported_beside_the_exact_bill():
    key = "energy.own_tariffs.wires.demand"
    falling = "[{usd_per_kw_month: [9, 4], tier_limits_kw: [900000]}]"
    plan = solved(BILLED, f"{key}={falling}")

    bills = plan.tables["bills"]
    over = bills[(bills["site"] == "elm") & (bills["rule"] == "demand")]
    assert plan.verdict().ok
    # Of 900 MW at 5 USD more than the last tier, the exact bill asks it for the demand alone.
    kw_months = over["quantity"].to_numpy()
    rise = over["exact_usd"].to_numpy() / (9.0 * kw_months)
    assert over["charged_above_exact_usd"].to_numpy() == pytest.approx(rise * 5.0 * (12 * 900_000 - kw_months))
    assert (bills.loc[bills["rule"] != "demand", "charged_above_exact_usd"] == 0.0).all()


@pytest.mark.parametrize(
    ("name", "spoil"), [s[1:] for s in SPOILED_TARIFFS], ids=[s[0].replace(" ", "_") for s in SPOILED_TARIFFS]
)
def test_a_spoiled_plan_is_found_out_by_the_check_of_that_name(good, judged, name, spoil):
    check = spoil(good).check(name)

    assert judged[name].ok
    assert not check.ok
    assert check.place


@pytest.mark.parametrize("item", LINES)
def test_a_wrong_cost_line_is_found_out(good, judged, item):
    assert judged["costs_paid"].ok
    assert not costlier(item, good).check("costs_paid").ok
