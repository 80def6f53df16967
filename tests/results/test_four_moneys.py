"""The four moneys agree with the tables to the cent, and lead to each other."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from planner.results.four_moneys import Moneys, moneys

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


def test_each_money_has_its_rule_in_words(case):
    own = moneys(case.results.tables)
    names = [name for name, _, _ in own.lines]

    assert names[0] == "Net present value"
    assert names[1] == f"Cash to {case.inputs.finance.last_year}"
    assert all(len(rule) > 20 for _, _, rule in own.lines)
    assert f"{own.npv_musd / 1e3:,.2f} BUSD" in str(own)


# Of a purchase of 90 MUSD for six years at no interest, with two years left after 2028: 60 are
# paid by instalments, 30 are left. At the end of 2028 its book value is 30 too.
WORDS = {
    "annuity": (
        "payments to 2028 at 5.00% real; assets by their instalments",
        "instalments and contracts that run on; not in the net present value",
        "are left to pay after it",
        "repaid inside the horizon",
        "paid after the horizon",
    ),
    "truncated_salvage": (
        "payments to 2028 at 5.00% real; assets at their cost less the book value at the end",
        "book value of assets, credited to the plan; contracts that run on",
        "are book value, which is credited to the plan, and contracts that run on after it",
        "charged inside the horizon, less book value",
        "book value at the end, and contracts that run on",
    ),
    "perpetuity": (
        "payments to 2028, those of the last year for ever, at 5.00% real; assets by their instalments",
        "instalments and contracts that run on; NPV repeats the last year for ever",
        "are left to pay after it if nothing is replaced",
        "repaid inside the horizon",
        "paid after the horizon",
    ),
}


def paid_off(end: str) -> Moneys:
    """Return the moneys of that purchase with 7 MUSD of running cost, of one year, discounted."""
    after = 85.0 if end == "perpetuity" else 0.0
    years = {
        "npv_musd": 62.0 + after,
        "cash_musd": 97.0,
        "asset_cash_musd": 90.0,
        "repaid_musd": 60.0,
        "running_musd": 7.0,
        "unmet_musd": 3.0,
        "payments_musd": 70.0,
        "npv_after_musd": after,
    }
    items = {
        "kind": "asset",
        "overnight_musd": 90.0,
        "before_musd": 0.0,
        "building_interest_musd": 0.0,
        "interest_musd": 0.0,
        "paid_musd": 60.0,
        "after_musd": 30.0,
    }
    solution = {"last_year": 2028, "discount_rate_frac": 0.05, "end_of_horizon": end}
    return moneys(
        {
            "money_years": pd.DataFrame([years]),
            "money_items": pd.DataFrame([items]),
            "solution": pd.DataFrame([solution]),
        }
    )


@pytest.mark.parametrize("end", WORDS)
def test_words_follow_what_the_end_of_the_horizon_means(end):
    own = paid_off(end)
    (to_after, _, to_npv) = (dict(terms) for _, terms in own.reconciled)
    npv_rule, after_rule, left, repaid, left_of = WORDS[end]

    assert own.lines[0][2] == npv_rule
    assert own.lines[3][2] == after_rule
    assert own.left_in_words == left
    assert to_after[repaid] == -60.0
    assert to_after[left_of] == 30.0
    assert to_npv[f"{repaid}, instead"] == 60.0
    # Discounting never adds to what is paid; what goes on for ever is a term of its own.
    assert to_npv["discounting to the base year"] == pytest.approx(62.0 - 70.0)
    assert to_npv.get("the last year again, for ever") == (85.0 if end == "perpetuity" else None)
