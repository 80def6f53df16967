"""Orders are matched between futures by the date at which they are placed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from planner.base.errors import SolverError
from planner.inputs import build_inputs
from planner.inputs.inputs import OrderDates
from planner.model import build_model
from planner.scenario import load_scenario
from planner.studies.solve.checked_plan import latest_orders
from planner.studies.stochastic.decisions import match_orders, orders_of
from planner.studies.stochastic.stochastic import above_least

WORLDS = Path(__file__).parents[2] / "check"
NONE = np.nan
OF_OTHERS = {"phases", "has_plant"}
"""Integers that follow from what is ordered in MW."""


def listed(*rows: tuple[int, float, float, float], early: float = NONE) -> pd.DataFrame:
    """Make the halls of a site: column, start of service, lead time, year if committed.

    In year `early` nothing else can come.
    """
    table = pd.DataFrame(rows, columns=["column", "start", "lead", "committed"])
    table.insert(0, "unit", "MW")
    table.insert(0, "item", "air|N")
    table.insert(0, "site", "oak")
    table.insert(0, "kind", "halls")
    order_by = table["start"] - table["lead"]
    is_committed = table["committed"].notna()
    is_early = table["committed"] == early
    return table.assign(order_by=order_by.where(~is_committed, 2026.0), is_early=is_early)


# A lead time of 24 months: what is ordered in 2026 serves from 2028 on, in 2027 from 2029 on.
ON_TIME = listed((5, 2028.0, 2.0, NONE), (6, 2029.0, 2.0, NONE), (7, 2030.0, 2.0, NONE))
# Of 36 months: in 2026 from 2029 on.
LATE = listed((15, 2029.0, 3.0, NONE), (16, 2030.0, 3.0, NONE))


def entering(received, amounts: list[float]) -> dict[int, float]:
    """Return what enters each decision, by its column."""
    values = received.entering(np.array(amounts)).tolist()
    return dict(zip(received.column.tolist(), values, strict=True))


def test_only_what_must_be_ordered_before_is_shared() -> None:
    orders, (one, other) = match_orders([ON_TIME, ON_TIME], 2027.0)

    assert orders["order_by"].tolist() == [2026.0]
    assert entering(one, [3.5]) == entering(other, [3.5]) == {5: 3.5}
    assert one.is_all.tolist() == [True]
    assert one.placed(np.arange(20.0)).tolist() == [5.0]


def test_an_order_comes_in_later_where_the_lead_time_is_longer() -> None:
    orders, (on_time, late) = match_orders([ON_TIME, LATE], 2028.0)

    assert orders["order_by"].tolist() == [2026.0, 2027.0]
    assert entering(on_time, [3.5, 8.0]) == {5: 3.5, 6: 8.0}
    assert entering(late, [3.5, 8.0]) == {15: 3.5, 16: 8.0}
    assert late.placed(np.arange(20.0)).tolist() == [15.0, 16.0]


def test_an_order_that_comes_after_the_last_year_enters_nothing() -> None:
    last = listed((15, 2030.0, 4.0, NONE))  # ordered in 2026
    orders, (_, very_late) = match_orders([ON_TIME, last], 2028.0)

    assert orders["order_by"].tolist() == [2026.0, 2027.0]
    assert entering(very_late, [3.5, 8.0]) == {15: 3.5}


def test_an_early_order_waits_for_a_year_that_later_ones_may_enter_too() -> None:
    half = listed((15, 2028.5, 2.5, NONE), (16, 2029.0, 2.5, NONE), (17, 2030.0, 2.5, NONE))
    orders, (on_time, delayed) = match_orders([ON_TIME, half], 2027.0)

    # In `half`, the hall of 2029 is ordered in the middle of 2026. Where the lead time is shorter
    # it could serve from the middle of 2028 on; halls begin on 1 January, and it waits for 2029.
    assert orders["order_by"].tolist() == [2026.0, 2026.5]
    assert entering(on_time, [3.5, 8.0]) == {5: 3.5, 6: 8.0}
    assert on_time.is_all.tolist() == [True, False]  # more of 2029 may be ordered in 2027
    assert entering(delayed, [3.5, 8.0]) == {15: 3.5, 16: 8.0}
    assert delayed.is_all.tolist() == [True, True]
    assert on_time.placed(np.arange(20.0)).tolist() == [5.0, 0.0]


def test_what_serves_from_january_on_is_ordered_its_lead_time_before() -> None:
    scenario = load_scenario(WORLDS / "own_power.yaml")
    model = build_model(build_inputs(scenario))

    table = orders_of(scenario, model).query("start == 2027.0").set_index(["kind", "site", "item"])

    # An engine takes 4 months: on 1 September 2026, when 8 of 12 are over. The contract with the
    # sun takes 7: on 1 June, when 5 are. Wind is there at once, on 1 January 2027.
    assert table.loc[("on-site power", "oak", "engine"), "order_by"] == pytest.approx(2026 + 8 / 12)
    assert table.loc[("PPA", "", "sun|west"), "order_by"] == pytest.approx(2026 + 5 / 12)
    assert table.loc[("PPA", "", "breeze|east"), "order_by"] == pytest.approx(2027.0)


def test_every_decision_with_a_lead_time_is_an_order_at_its_last_moment() -> None:
    ordered_of: set[str] = set()
    for world in ("rich", "own_power", "non_firm"):
        scenario = load_scenario(WORLDS / f"{world}.yaml")
        model = build_model(build_inputs(scenario))
        latest = latest_orders(model, OrderDates(scenario, model.p))
        ordered = orders_of(scenario, model).set_index("column")
        for block, moments in latest.items():
            if block in OF_OTHERS:
                continue
            place = model.problem.column_block(block)
            own = ordered.loc[list(range(place.start, place.stop))]
            later = own["committed"].isna().to_numpy()  # what is under way has no date of its own
            dates = own["order_by"][later].tolist()
            assert dates == pytest.approx(moments[later].tolist(), abs=1e-5)
            ordered_of |= {block} if dates else set()

    assert ordered_of == latest.keys() - OF_OTHERS


def test_a_regret_is_not_less_than_nothing_by_noise() -> None:
    costs, least = np.array([637.2 - 3e-10, 641.0, np.inf]), np.array([637.2, 637.5, 638.0])

    assert above_least(costs, least, ["low", "planned", "high"]).tolist() == [0.0, 3.5, np.inf]
    none = above_least(np.array([np.inf]), np.array([np.inf]), ["neither has a plan"])
    assert np.isnan(none).all()


def test_a_cost_below_the_least_by_more_than_noise_is_an_error() -> None:
    least = np.array([637.2, 637.2])
    costs = least * (1.0 - np.array([0.9e-4, 1.1e-4]))

    with pytest.raises(SolverError) as error:
        above_least(costs, least, ["future low", "future high"])

    said = str(error.value)
    assert said.startswith("future high: the cost is 637.1299 MUSD")
    assert "it cannot be below 637.2000 MUSD; so a solve ended off its optimum" in said
