"""Which limits work is unmet for, by tables written out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import planner
from planner.limits import BY_NAME
from planner.limits.binding import binding, unmet_causes

# In 2027 all is met, in 2028 and 2029 some is not; in 2030 all is met again.
SUMMARY = pd.DataFrame(
    {
        "year": [2027, 2028, 2029, 2030],
        "demand_kh100e": [10.0, 20.0, 40.0, 50.0],
        "served_kh100e": [10.0, 12.0, 18.0, 50.0],
        "unmet_kh100e": [0.0, 5.0, 22.0, 0.0],
    }
)
DEMAND = SUMMARY.assign(region="south", workload="chat", rented_kh100e=[0.0, 3.0, 0.0, 0.0])
PRICES = pd.DataFrame(
    {
        "block": "demand_balance",
        "region": "south",
        "workload": "chat",
        "year": [2027, 2028, 2029, 2030],
        "raw_dual": [2.0, 100.0, 80.0, 3.0],
    }
)


def limits(*rows: tuple[str, int, float, float]) -> pd.DataFrame:
    """Make a table `binding` of block, year, dual and limit."""
    table = pd.DataFrame(rows, columns=["block", "year", "raw_dual", "limit"])
    weight = 0.01 * table["raw_dual"].abs() * table["limit"]
    order = weight.sort_values(ascending=False, kind="stable").index
    return table.assign(one_percent_musd=weight).loc[order].reset_index(drop=True)


def causes(table: pd.DataFrame, summary: pd.DataFrame = SUMMARY) -> pd.DataFrame:
    return unmet_causes(table, {"summary": summary, "demand": DEMAND, "prices": PRICES})


def test_limits_are_named_by_what_they_take_of_the_value_of_met_compute() -> None:
    found = causes(
        limits(
            ("capex_budget", 2027, -3.0, 200.0),
            ("capex_budget", 2029, -2.0, 250.0),  # the year with most unmet, though it weighs less
            ("clean_target", 2029, 4.0, 11.0),  # 44 of 2,940 is little
            ("rent_depth", 2028, -70.0, 3.0),  # 210 is 7 %, too little as well
            ("zone_headroom", 2028, -5.0, 300.0),
            ("carbon_cap", 2027, -40.0, 90.0),  # by the year, of one in which all is met
            ("carbon_cap", 2030, -40.0, 90.0),  # of a year after the last with unmet demand
        )
    )

    assert found["block"].tolist() == ["zone_headroom", "capex_budget"]
    # The budget of 2027 limits what is met in 2027 too, 2 * 10 MUSD.
    assert found["share_frac"].tolist() == pytest.approx([1500.0 / 2960.0, 1100.0 / 2960.0])
    assert found["year"].tolist() == [2028, 2029]


def test_a_budget_too_small_to_take_much_is_named_where_what_it_pays_for_is_worth_more_than_twice_its_price() -> None:
    found = causes(limits(("rent_depth", 2029, -40.0, 30.0), ("cash_budget", 2029, -7.0, 2.0)))

    assert found["block"].tolist() == ["cash_budget", "rent_depth"]
    assert found["share_frac"].isna().tolist() == [True, False]
    assert causes(limits(("cash_budget", 2029, -0.7, 2.0))).empty


def test_nothing_is_named_where_nothing_is_unmet_or_nothing_binds() -> None:
    bound = limits(("carbon_cap", 2028, -40.0, 90.0))

    assert len(causes(bound)) == 1
    assert causes(bound, SUMMARY.assign(unmet_kh100e=0.01)).empty
    assert causes(bound.head(0)).empty


_PPA = "ppa: {wind: {technology: wind, lead_months: 3, max_mw: 2}}"
_BUDGET = "build.capex_budget_musd={2027: 400}"


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        (
            (f"contracts={{{_PPA}, matching: {{target_frac: {{2027: 0.5, 2028: 0.5}}}}}}",),
            ["clean_target", "contract_limit"],
        ),
        (
            (_BUDGET, f"contracts={{{_PPA}, matching: {{target_frac: {{2028: 0.6}}}}}}"),
            ["clean_target", "capex_budget", "contract_limit"],
        ),
        (
            ("rent={allow: true, depth_scale_frac: 0.0015}", "carbon.cap_kt={2027: 60, 2028: 20}"),
            ["rent_depth", "carbon_cap"],
        ),
        ((_BUDGET, "carbon.cap_kt=20"), ["carbon_cap", "capex_budget"]),
        (("deliveries={limit: true, scale_frac: 0.002}", "carbon.cap_kt={2028: 50}"), ["carbon_cap", "deliveries"]),
    ],
)
def test_shares_of_a_plan_add_up_to_at_most_one(changes: tuple[str, ...], named: list[str]) -> None:
    plan = planner.solve("tiny", list(changes))
    bound = binding(plan.inputs, plan.tables)
    found = unmet_causes(bound, plan.tables)

    assert found["block"].tolist() == named
    assert 0.1 < found["share_frac"].sum() <= 1.0
    rows = plan.proof.rows.assign(side=lambda rows: rows["lower"].where(rows["dual"] > 0.0))
    rows["side"] = rows["side"].fillna(rows["upper"])
    for limit in bound.itertuples():
        of = rows[(rows["family"] == limit.block) & np.isclose(rows["dual"], limit.raw_dual)]
        about = BY_NAME[limit.block].binding
        assert about is not None
        expected = 0.0 if about.is_of_decisions else limit.limit
        assert of["side"].tolist() == pytest.approx([expected])
