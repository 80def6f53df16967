"""A good plan with bills by tariffs passes; with one thing wrong it is found out."""

from __future__ import annotations

import dataclasses
from functools import partial
from pathlib import Path

import pytest
from good_plan import solved
from spoiled import cells, dearer, largest, limit, times

from planner.check.tariffs import TARIFF_BILLS
from planner.scenario import load_scenario

BILLED = Path(__file__).parent / "tariffs.yaml"
SETTINGS = (
    "finance.end_of_horizon=perpetuity",
    "time.season_days=12",
    "time.slot_h=2",
    "energy.own_tariffs.large.time_zone=Asia/Kolkata",
    "energy.own_tariffs.large.escalation_real_frac=-0.01",
    "energy.tariffs=[{tariff: us-va-dominion-energy, terms: us-large-load-default}]",
    "energy.tariffs=[{tariff: us-median-delivery, terms: us-in-indiana-michigan-power-tariff-ip-large-load, from_year: 2027}]",  # noqa: E501
    "energy.tariffs=[{tariff: large, sites: [elm]}, {tariff: wires, zones: [east]}]",
)


def setting(keys, value, plan):
    """Judge the plan against another scenario than it was made for."""
    scenario = load_scenario(str(BILLED), [f"{keys}={value}"])
    return dataclasses.replace(plan, scenario=scenario)


def own(key, value):
    return partial(setting, f"energy.own_tariffs.large.{key}", value)


def charge(kind, place, **keys):
    """Judge by a tariff of which one charge has other figures."""

    def judged(plan):
        block = plan.scenario.energy.own_tariffs["large"]
        charges = list(getattr(block, kind))
        charges[place] = charges[place].model_copy(update=keys)
        block = block.model_copy(update={kind: tuple(charges)})
        tariffs = {**plan.scenario.energy.own_tariffs, "large": block}
        energy = plan.scenario.energy.model_copy(update={"own_tariffs": tariffs})
        scenario = plan.scenario.model_copy(update={"energy": energy})
        return dataclasses.replace(plan, scenario=scenario)

    return judged


def drawn_without_a_contract(plan):
    table = plan.tables["capacity_contracts"]
    less = {name: lambda old: 0.9 * old for name in ("signed_mw", "released_mw", "kept_mw")}
    return plan.told(capacity_contracts=cells(table, slice(None), **less))


def fee_paid_a_year_early(plan):
    table = plan.tables["capacity_contracts"]
    (last,) = largest(table, "fee_mw")
    fee_mw = table["fee_mw"].iloc[last]
    early = cells(cells(table, [last], fee_mw=0.0), [last - 1], fee_mw=fee_mw)
    return plan.told(capacity_contracts=early)


SPOILED = (
    ("a line is told cheaper", "bills_told", partial(times, "bills", "charged_usd", 0.99)),
    ("the exact bill is told cheaper", "bills_told", partial(times, "bills", "exact_usd", 0.99)),
    ("a month is told dearer", "bills_told", partial(times, "bill_months", "usd", 1.02)),
    ("less is signed for", "capacity_under_contract", drawn_without_a_contract),
    (
        "more is kept than is left",
        "capacity_under_contract",
        partial(times, "capacity_contracts", "kept_mw", 1.1),
    ),
    ("a fee is forgotten", "exit_fees", partial(times, "capacity_contracts", "fee_mw", 0.9)),
    ("a fee is told lower", "exit_fees", partial(times, "capacity_contracts", "fee_musd", 0.9)),
    ("a fee is paid too early", "exit_fees", fee_paid_a_year_early),
    ("less may go free", "exit_fees", own("terms.reduction_frac", 0.05)),
    ("the term is longer", "exit_fees", own("terms.exit_fee_months", 6)),
    ("prices rise faster", "cost_tariff_energy", own("escalation_real_frac", 0.03)),
    ("the clock has no summer time", "cost_tariff_energy", own("time_zone", "Etc/GMT+6")),
    ("energy is dearer", "cost_tariff_energy", charge("energy", 0, usd_per_mwh=(44.0, 49.0))),
    ("a tier is wider", "cost_tariff_energy", charge("energy", 0, tier_limits_mwh=(9100.0,))),
    ("peaks are dearer", "cost_tariff_demand", charge("demand", 0, usd_per_kw_month=9.6)),
    ("less must be taken", "cost_tariff_demand", charge("demand", 0, min_take_frac=0.8)),
    ("no ratchet holds", "cost_tariff_demand", charge("demand", 1, ratchet=None)),
    (
        "capacity is dearer",
        "cost_tariff_capacity",
        charge("capacity", 0, usd_per_mw_day=275.0),
    ),
    ("the system peaks later", "cost_tariff_capacity", charge("capacity", 0, hours=(21,))),
    ("the meter is dearer", "cost_tariff_standing", charge("standing", 0, usd_per_month=950.0)),
    (
        "a ramp is slower",
        "cost_tariff_demand",
        partial(
            setting,
            "energy.tariffs",
            "[{tariff: large, zones: [east], ramp_frac: [0.6, 0.95]},"
            " {tariff: wires, sites: [elm], from_year: 2026}]",
        ),
    ),
    (
        "the wires are billed later",
        "delivered_prices",
        partial(
            setting,
            "energy.tariffs",
            "[{tariff: large, zones: [east], ramp_frac: [0.6, 0.8]},"
            " {tariff: wires, sites: [elm], from_year: 2027}]",
        ),
    ),
    (
        "power is told dearer",
        "delivered_prices",
        partial(limit, "grid", "energy_usd_per_mwh", 1.01),
    ),
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
    assert set(good.tables["bill_months"]["basis"]) == {
        "metered",
        "ratchet",
        "minimum take",
        "calendar",
    }
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
    assert with_sun.check("market_prices").ok
    check = with_sun.told(contract_use=spared).check("market_prices")
    assert check.worst == pytest.approx(31.0)
    assert "oak" in str(check.place)


@pytest.mark.parametrize("change", SETTINGS)
def test_a_good_plan_with_tariffs_passes_whatever_the_settings(change):
    verdict = solved(BILLED, change).verdict()

    assert verdict.ok, verdict.frame().loc[~verdict.frame()["ok"]].to_string()


def test_what_a_declining_tier_overstates_is_told_beside_the_exact_bill():
    key = "energy.own_tariffs.wires.demand"
    falling = "[{usd_per_kw_month: [9, 4], tier_limits_kw: [900000]}]"
    plan = solved(BILLED, f"{key}={falling}")

    bills = plan.tables["bills"]
    over = bills[(bills["site"] == "elm") & (bills["rule"] == "demand")]
    assert plan.verdict().ok
    # Of 900 MW at 5 USD more than the last tier, the exact bill asks it for the demand alone.
    kw_months = over["quantity"].to_numpy()
    rise = over["exact_usd"].to_numpy() / (9.0 * kw_months)
    assert over["overstated_usd"].to_numpy() == pytest.approx(
        rise * 5.0 * (12 * 900_000 - kw_months)
    )
    assert (bills.loc[bills["rule"] != "demand", "overstated_usd"] == 0.0).all()


@pytest.mark.parametrize(
    ("name", "spoil"), [s[1:] for s in SPOILED], ids=[s[0].replace(" ", "_") for s in SPOILED]
)
def test_a_spoiled_plan_is_found_out_by_the_check_of_that_name(good, judged, name, spoil):
    check = spoil(good).check(name)

    assert judged[name].ok
    assert not check.ok
    assert check.place


@pytest.mark.parametrize("item", TARIFF_BILLS)
def test_a_wrong_cost_line_is_found_out_by_its_own_check(good, judged, item):
    assert judged[f"cost_{item}"].ok
    assert not dearer(item, good).check(f"cost_{item}").ok
