"""The four moneys agree with the tables to the cent, and lead to each other."""

from __future__ import annotations

import numpy as np
import pytest

from planner.results.moneys import moneys

CENT = {"rel": 0.0, "abs": 1e-8}  # a cent in MUSD


def test_the_net_present_value_is_the_objective(case):
    assert moneys(case.results.tables).npv_musd == pytest.approx(case.outcome.objective, rel=1e-9)


def test_cash_is_assets_as_built_and_what_is_paid_as_it_is_used(case):
    costs, cash = case.results.costs, case.results.cash
    is_price = costs["item"].isin(["unmet_compute", "shed_load_worth"])
    running = costs.loc[~costs["upfront"] & ~is_price, "musd"].sum()

    own = moneys(case.results.tables)

    assert own.cash_musd == pytest.approx(cash["cash_musd"].sum() + running, **CENT)
    by_year = cash.groupby("calendar_year")["cash_musd"].sum()
    of_years = own.years.set_index("calendar_year")["asset_cash_musd"]
    assert of_years[by_year.index].tolist() == pytest.approx(by_year.tolist(), **CENT)


def test_overnight_capex_is_that_of_all_that_enters_service(case):
    own = moneys(case.results.tables)

    entered = case.results.cash["overnight_musd"].sum()
    assert own.overnight_musd == pytest.approx(entered, **CENT)
    assert own.years["overnight_musd"].sum() == pytest.approx(entered, **CENT)


def test_what_is_paid_in_and_after_the_horizon_is_all_that_is_ever_paid(case):
    items = case.results.money_items
    assets = items[items["kind"] == "asset"]

    cost = assets[["overnight_musd", "building_interest_musd", "interest_musd"]].sum(axis=1)
    np.testing.assert_allclose(cost, assets["life_payments_musd"], rtol=0.0, atol=1e-8)
    both = items["paid_musd"] + items["after_musd"]
    np.testing.assert_allclose(both, items["life_payments_musd"], rtol=0.0, atol=1e-8)
    upfront = case.results.costs.query("upfront")["musd"].sum()
    assert assets["paid_musd"].sum() == pytest.approx(upfront, **CENT)


def test_sums_lead_from_one_money_to_another(case):
    for title, terms in moneys(case.results.tables).reconciled:
        *parts, (_, last) = terms
        assert sum(amount for _, amount in parts) == pytest.approx(last, abs=1e-7), title


def test_racks_left_at_the_end_are_paid_off_after_it(case):
    # Racks bought at the start of the year v for n years are repaid in n equal instalments, of
    # which those from the year after the last one on are left.
    finance, bought = case.inputs.finance, case.results.installs
    life = dict(zip(case.inputs.sets.rack.labels, case.inputs.racks.life_years, strict=True))
    rate = finance.asset_rate_frac["rack"] + finance.site_rate_adder_frac
    rate = dict(zip(case.inputs.sets.site.labels, rate, strict=True))
    after = 0.0
    for row in bought.itertuples():
        r, n = rate[row.site], int(life[row.rack])
        worth = sum((1 + r) ** -(k + 0.5) for k in range(n))
        left = max(0, row.year + n - finance.last_year - 1)
        after += row.overnight_musd / worth * left

    item = case.results.money_items.set_index("item").loc["rack_purchase"]
    assert after > 1.0
    assert item["after_musd"] == pytest.approx(after, rel=1e-9)


def test_each_money_has_its_rule_in_words(case):
    own = moneys(case.results.tables)
    names = [name for name, _, _ in own.lines]

    assert names[0] == "Net present value"
    assert names[1] == f"Cash to {case.inputs.finance.last_year}"
    assert all(len(rule) > 20 for _, _, rule in own.lines)
    assert f"{own.npv_musd / 1e3:,.2f} BUSD" in str(own)
