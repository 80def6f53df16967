"""Who begins where another one ended, and what every future orders: both without a solve."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from planner.inputs import build_inputs
from planner.outputs.labels import first_decided
from planner.scenario import load_scenario
from planner.studies.sweep.answers import OF_ORDER, no_regret
from planner.studies.sweep.axes import Future, Point
from planner.studies.sweep.futures import FutureTask, Queue, leaders
from planner.studies.sweep.one import lead_months, orders_in

PRICE = [Point(41), Point(46)]
LAND = [Point(20), Point(25), Point(30)]
GRID = [Future(f"{price.label} {land.label}", {"price": price, "land": land}) for price in PRICE for land in LAND]


def question(name: str, begins_at: str = "") -> FutureTask:
    return FutureTask(Future(name), name, "", None, begins_at=begins_at)


def test_the_first_of_a_group_leads_those_that_differ_in_the_last_axis() -> None:
    assert leaders(GRID, is_sampled=False) == {"41 25": "41 20", "41 30": "41 20", "46 25": "46 20", "46 30": "46 20"}
    assert set(leaders(GRID, is_sampled=True).values()) == {"41 20"}


def test_futures_of_the_list_begin_at_its_first() -> None:
    listed = [Future(name) for name in ("usual", "gas", "high")]
    assert leaders([*GRID[:1], *listed], is_sampled=False) == {"gas": "usual", "high": "usual"}


def test_those_that_others_wait_for_are_solved_first() -> None:
    chain = [replace(question("second", "first"), leads=True), question("third", "second")]
    queue = Queue([question("alone"), *chain, replace(question("first"), leads=True)], {})

    order = []
    while (task := queue.next()) is not None:
        order.append(task[0].name)
        queue.done(task[0], None)

    assert order == ["first", "second", "alone", "third"]


def test_a_future_waits_for_the_one_that_it_begins_at() -> None:
    queue = Queue([question("late", "first"), question("first"), question("other", "gone")], {})

    begun = [queue.next(), queue.next()]
    assert [(task[0].name, task[1]) for task in begun if task] == [("first", None), ("other", None)]
    assert queue.next() is None
    assert queue
    queue.put_back(question("first"))
    assert queue.next() is not None
    queue.done(question("first"), b"basis")
    task = queue.next()
    assert task is not None
    assert (task[0].name, task[1]) == ("late", b"basis")
    assert not queue


def test_no_regret_is_the_least_of_all_futures_year_by_year() -> None:
    orders = pd.DataFrame(
        [
            ("low", "halls", "oak", "air|N", 2027, 12.0, 18.0),
            ("low", "halls", "oak", "air|N", 2029, 5.0, 18.0),
            ("low", "racks", "oak", "gb300", 2027, 9.0, None),
            ("low", "racks", "elm", "gb300", 2027, 4.0, None),
            ("high", "halls", "oak", "dlc|2N", 2027, 10.0, 30.0),
            ("high", "halls", "oak", "air|N", 2028, 22.0, 18.0),
            ("high", "halls", "elm", "air|N", 2028, 8.0, 24.0),
            ("high", "racks", "elm", "gb300", 2028, 21.0, None),
            ("no plan", "halls", "oak", "air|N", 2027, 2.0, 18.0),
        ],
        columns=["future", *OF_ORDER[:-1]],
    ).assign(is_committed=False)

    found = no_regret(orders, {"low": 2024.0, "high": 2024.0}).set_index(["kind", "site", "item", "year"])

    assert found["least_mw"].to_dict() == {
        ("halls", "elm", "", 2028): 0.0,
        ("halls", "elm", "", 2029): 0.0,
        ("halls", "oak", "", 2027): 10.0,  # 12 and 10
        ("halls", "oak", "", 2028): 12.0,  # 12 and 10 + 22
        ("halls", "oak", "", 2029): 17.0,  # 12 + 5 and 32
        ("racks", "", "gb300", 2027): 0.0,  # 9 + 4 and none
        ("racks", "", "gb300", 2028): 13.0,
        ("racks", "", "gb300", 2029): 13.0,
    }
    assert found["most_mw"].loc[("halls", "oak", "")].tolist() == [12.0, 32.0, 32.0]
    assert found["futures"].loc[("halls", "elm", "")].tolist() == [1, 1]
    # The longest lead of what serves from 2027 on is 30 months.
    assert found["order_by"].loc[("halls", "oak", "", 2027)] == 2024.5
    # Where decisions start later it is ordered on their first day, and comes later in 2027.
    late = no_regret(orders, {"low": 2025.0, "high": 2025.25}).set_index(["site", "year"])
    assert late["order_by"].loc[("oak", 2027)] == 2025.25
    assert late["order_by"].loc[("elm", 2028)] == 2026.0


def test_the_longest_lead_time_of_any_future_up_to_a_year_says_when_to_decide() -> None:
    orders = pd.DataFrame(
        [
            ("on time", "halls", "oak", "air|N", 2028, 30.0, 12.0, False),
            ("late", "halls", "oak", "air|N", 2027, 32.0, 18.0, False),
            ("on time", "halls", "oak", "air|N", 2030, 5.0, 13.0, False),
        ],
        columns=["future", *OF_ORDER],
    )

    found = no_regret(orders, {"on time": 2026.0, "late": 2026.25}).set_index("year")

    assert found["least_mw"].to_dict() == {2027: 0.0, 2028: 30.0, 2030: 32.0}
    assert found["order_by"].to_dict() == {2027: 2026.25, 2028: 2026.5, 2030: 2028.5}

    racks = orders.assign(kind="racks", lead_months=np.nan)
    assert no_regret(racks, {"on time": 2026.0, "late": 2026.25})["order_by"].isna().all()


def test_connections_and_own_power_are_decided_as_long_before_as_they_wait() -> None:
    scenario = load_scenario(
        Path(__file__).parents[2] / "check" / "own_power.yaml",
        ["sites.elm.lead_time_months=18", "supply.override.engine.lead_months=9"],
    )
    months = lead_months(build_inputs(scenario))
    assert months["connection", "elm"] == 18.0
    assert months["connection", "oak"] > 18.0
    assert months["on-site power", "engine"] == 9.0
    tables = {
        name: pd.DataFrame(rows, columns=["site", item, "year", amount])
        for name, item, amount, rows in (
            ("builds", "hall", "built_mw", [("elm", "air|N", 2029, 5.0)]),
            ("connections", "zone", "added_mw", [("elm", "west", 2028, 20.0)]),
            ("installs", "rack", "installed_mw", [("elm", "gb300", 2028, 3.0)]),
            ("source_builds", "source", "built_mw", [("elm", "engine", 2027, 7.0)]),
        )
    }
    tables["builds"]["stage"] = "ordered"
    tables["leads"] = pd.DataFrame([("elm", "air|N", 27.0)], columns=["site", "hall", "months"])
    orders = pd.DataFrame(list(orders_in(tables, months)), columns=list(OF_ORDER)).assign(future="any")

    table = no_regret(orders, {"any": 2025.0})

    by_kind = table.drop_duplicates("kind").set_index("kind")["order_by"]
    dates = {"connection": 2026.5, "halls": 2026.75, "on-site power": 2026.25}
    assert by_kind.dropna().to_dict() == dates
    assert np.isnan(by_kind["racks"])
    assert first_decided(table[table["kind"] == "connection"], "least_mw") == "July 2026"


def test_a_future_that_orders_nothing_leaves_nothing_without_regret() -> None:
    orders = pd.DataFrame(
        [("low", "halls", "oak", "air|N", 2027, 12.0, 18.0)], columns=["future", *OF_ORDER[:-1]]
    ).assign(is_committed=False)

    assert no_regret(orders, dict.fromkeys(["low", "idle"], 2025.0))["least_mw"].tolist() == [0.0]
    assert no_regret(orders, {}).empty
