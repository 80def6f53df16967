"""Integers of orders: the same in all futures by the date of the order, as far as all can."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from planner.studies.stochastic.decisions import Held, Thing, feasible_in_all, transferred
from planner.studies.stochastic.stochastic import programs, stochastic
from planner.studies.stochastic.study import StochasticPrograms
from planner.studies.sweep.futures import read_sweep

# What is ordered in 2027 for South comes in 2028, or in 2030, the model year of 2029 and 2030: then
# two years of building are to be had at once, and with one year's orders it is short of its least
# size.
FUTURES = """version: 1
base: tiny
set:
  years: [2027, 2028, 2030]
  siting: {whole_openings: true}
  new_sites:
    north: {land_limit_mw: 20}
    south: {build_rate_mw_per_year: 10, minimum_size_mw: 17}
  demand:
    explicit:
      - {workload: train_frontier, unit: kh100e, by_year: {2027: 24, 2028: 33, 2030: 47}}
      - {workload: chat_interactive, unit: kh100e, by_year: {2027: 8, 2028: 12, 2030: 13}}
futures:
  in time:
  late: {new_sites: {south: {lead_time_months: 36}}}
uncertainty: {known_from: 2028, weights: {in time: 0.7, late: 0.3}, central: in time}
"""


@pytest.fixture
def futures(tmp_path: Path) -> StochasticPrograms:
    path = tmp_path / "ways.yaml"
    path.write_text(FUTURES, encoding="utf-8")
    sweep = read_sweep(path)
    assert sweep.file.uncertainty is not None
    made = programs(sweep)
    return StochasticPrograms("ways", made, sweep.file.uncertainty, lambda _: None, None)


def openings(futures: StochasticPrograms, first_year: dict[str, int]) -> list[Held]:
    """What each future has of a plan of the first one that opens sites from some years on."""
    (in_time, _), received = futures.futures, futures.received
    over = in_time.model.problem.columns_over("open")
    whole = np.zeros(in_time.model.problem.column_count)
    sites, years = over.labels("site"), over.labels("year").astype(np.intp)
    since = np.array([first_year.get(site, 9999) for site in sites])
    whole[in_time.model.problem.column_block("open")] = years >= since
    return [
        transferred(in_time.model, received[0], whole, future.model, own)
        for future, own in zip(futures.futures, received, strict=True)
    ]


def by_site_and_year(futures: StochasticPrograms, number: int, held: Held) -> dict[str, float]:
    problem = futures.futures[number].model.problem
    over, first = problem.columns_over("open"), problem.column_block("open").start
    names = [f"{over.labels('site')[column - first]} {over.labels('year')[column - first]}" for column in held.column]
    return dict(zip(names, held.value.tolist(), strict=True))


def test_an_opening_comes_by_the_date_of_its_order(futures: StochasticPrograms) -> None:
    in_time, late = openings(futures, {"north": 2027, "coast": 2028, "south": 2028})

    assert by_site_and_year(futures, 0, in_time) == {
        **{"north 2027": 1.0, "north 2028": 1.0, "coast 2027": 0.0, "coast 2028": 1.0},
        **{"south 2027": 0.0, "south 2028": 1.0},
    }
    assert by_site_and_year(futures, 1, late) == {
        **{"north 2027": 1.0, "north 2028": 1.0, "coast 2027": 0.0, "coast 2028": 1.0},
        **{"south 2028": 0.0, "south 2030": 1.0},
    }
    assert set(late.thing) == {("site opening", site, "") for site in ("north", "coast", "south")}


@pytest.mark.parametrize(("south", "left_out"), [(2028, (("site opening", "south", ""),)), (9999, ())])
def test_what_not_all_futures_can_have_is_left_out_of_all(
    futures: StochasticPrograms, south: int, left_out: tuple[Thing, ...]
) -> None:
    wanted = openings(futures, {"north": 2027, "coast": 2027, "south": south})

    ordered, held, without = futures.with_integers_of_all(wanted)

    assert without == left_out
    for number, one in enumerate(held):
        found = by_site_and_year(futures, number, one)
        assert {name: value for name, value in found.items() if "south" not in name} == {
            **{"north 2027": 1.0, "north 2028": 1.0, "coast 2027": 1.0, "coast 2028": 1.0}
        }
        assert not any(value for name, value in found.items() if "south" in name)
    table = futures.orders
    is_opening = (table["kind"] == "site opening").to_numpy()
    placed = table[is_opening & (ordered > 0.5)]
    assert set(zip(placed["site"], placed["order_by"], strict=True)) == {("north", 2026.0), ("coast", 2026.0)}


def test_a_thing_is_left_out_where_any_of_its_decisions_falls_short() -> None:
    a, b, c = (("halls", site, "dlc_dry|N") for site in "abc")
    least = np.array([0.0, 0.5, 2.0, 0.0])
    one = Held(np.array([4, 7, 9, 11]), np.array([2.0, 1.0, 3.0, 5.0]), least, (a, b, a, c))
    other = Held(np.array([3, 8]), np.array([1.0, 4.0]), least[2:], (b, a))

    fewer, left_out = feasible_in_all([one, other], [np.array([2.0, 1, 3, 4.2]), one.value[1:3]])

    assert left_out == (a, c)
    assert [held.value.tolist() for held in fewer] == [[0.0, 1.0, 2.0, 0.0], [1.0, 0.0]]


@pytest.mark.parametrize("late", ["", "{new_sites: {south: {lead_time_months: 36}}}"])
def test_where_nothing_is_ordered_before_each_future_has_its_own_integers(tmp_path: Path, late: str) -> None:
    text = FUTURES.replace("years: [2027, 2028, 2030]", "years: [2029, 2030]")
    text = text.replace("2027: 24, 2028: 33", "2029: 33").replace("2027: 8, 2028: 12", "2029: 12")
    text = text.replace("known_from: 2028", "known_from: 2027")
    path = tmp_path / "ways.yaml"
    path.write_text(text.replace("{new_sites: {south: {lead_time_months: 36}}}", late), "utf-8")

    found = stochastic(path)

    assert not len(found.decided)
    assert found.futures["checked"].all()
    assert not len(found.left_out)
