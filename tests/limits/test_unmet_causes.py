"""Which limits work is unmet for, by tables written out by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from planner.limits.unmet_causes import unmet_causes

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
# Met in the years with unmet demand: 100 * (12 + 3) + 80 * 18 = 2,940 MUSD.
VALUE = 2940.0


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
            ("carbon_cap", 2030, -40.0, 90.0),  # of a year after the last with unmet demand
        )
    )

    assert found["block"].tolist() == ["zone_headroom", "capex_budget"]
    assert found["share_frac"].tolist() == pytest.approx([1500.0 / VALUE, 1100.0 / VALUE])
    assert found["year"].tolist() == [2028, 2029]


def test_a_limit_of_nothing_counts_where_nothing_is_served() -> None:
    bound = limits(("carbon_cap", 2029, -900.0, 0.0), ("carbon_cap", 2028, -1.0, 70.0))
    served = SUMMARY.assign(served_kh100e=[10.0, 12.0, 0.0, 50.0])

    assert causes(bound).empty  # 70 of 2,940
    found = causes(bound, served)
    assert found[["year", "share_frac"]].to_numpy().tolist() == [[2029, 1.0]]


def test_nothing_is_named_where_nothing_is_unmet_or_nothing_binds() -> None:
    bound = limits(("carbon_cap", 2028, -40.0, 90.0))

    assert len(causes(bound)) == 1
    assert causes(bound, SUMMARY.assign(unmet_kh100e=0.01)).empty
    assert causes(bound.head(0)).empty
