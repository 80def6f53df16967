"""Orders that come late in one of the futures, and halls that are under construction anyway."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from planner.studies.stochastic.decisions import orders_of, transferred
from planner.studies.stochastic.stochastic import programs
from planner.studies.stochastic.study import StochasticPrograms
from planner.studies.sweep.futures import read_sweep

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from planner.studies.stochastic.decisions import Held
    from planner.studies.stochastic.extensive_form import FutureProgram

    Read = Callable[[str], StochasticPrograms]

# Connections take 24 months: what is ordered in 2026 serves from 2028 on, the model year of 2027
# and 2028, in which Prairie builds 2 x 10 MW. Late, it comes in 2029, a year of 10 MW.
LATE = """version: 1
base: tiny
set:
  years: [2026, 2028, 2029, 2031]
  scope: {sites: [north, coast, prairie]}
  lead_times: {permit_months: 5, construction_months: 9, switchgear_months: 7,
    transformer_months: 11, interconnection_months: 24}
  new_sites:
    prairie: {name: Prairie, country: US, lat: 46.9, lon: -96.8, like: us-tx-dallas,
      retail_usd_per_mwh: 13, land_limit_mw: 70, build_rate_mw_per_year: 10, minimum_size_mw: 17}
  demand:
    unmet: allow
    unmet_usd_per_h100e_hour: 20
    explicit:
      - {workload: train_frontier, unit: kh100e, by_year: {2026: 2, 2028: 63, 2029: 71, 2031: 93}}
      - {workload: chat_interactive, unit: kh100e, by_year: {2026: 3, 2028: 4, 2029: 5, 2031: 7}}
futures:
  in time:
  late: {lead_times: {interconnection_delay_months: 12}}
uncertainty: {known_from: 2028, weights: {in time: 0.7, late: 0.3}, central: in time}
"""
# Connections take 30 months, or 42. At Mount Pleasant halls are committed for 2026 and 2027, at
# Richland for 2028, in each case more than crews build.
COMMITTED = """version: 1
base: tiny
set:
  years: [2026, 2027, 2028, 2029, 2030]
  scope: {sites: [north, coast, us-wi-mtpleasant, us-la-richland]}
  operator: {pipeline_share_frac: 0.1, site_limit_share_frac: 0.1}
  siting: {whole_openings: true}
  lead_times: {interconnection_months: 30}
  demand:
    explicit:
      - {workload: train_frontier, unit: kh100e,
         by_year: {2026: 24, 2027: 33, 2028: 35, 2029: 39, 2030: 47}}
      - {workload: chat_interactive, unit: kh100e,
         by_year: {2026: 7, 2027: 8, 2028: 9, 2029: 11, 2030: 13}}
futures:
  in time:
  late: {lead_times: {interconnection_delay_months: 12}}
uncertainty: {known_from: 2027, weights: {in time: 0.7, late: 0.3}, central: in time}
"""


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def made(text: str) -> StochasticPrograms:
        path = tmp_path / "late.yaml"
        path.write_text(text, encoding="utf-8")
        sweep = read_sweep(path)
        assert sweep.file.uncertainty is not None
        return StochasticPrograms("late", programs(sweep), sweep.file.uncertainty)

    return made


def built_mw(future: FutureProgram, x: np.ndarray, site: str) -> dict[int, float]:
    problem = future.model.problem
    over, place = problem.columns_over("build"), problem.column_block("build")
    mw = pd.Series(x[place]).groupby([over.labels("site"), over.labels("year").astype(int)]).sum()
    return {year: round(float(mw[of, year]), 3) for of, year in mw.index if of == site}


def test_what_is_ordered_for_two_years_can_come_late_in_one(read: Read) -> None:
    futures = read(LATE)
    (in_time, late), (received, of_late) = futures.futures, futures.received
    alone = in_time.alone()
    assert built_mw(in_time, alone.x, "prairie")[2028] == pytest.approx(20)

    found = late.with_orders(of_late, received.placed(alone.x))

    assert found is not None
    assert built_mw(late, found[0].x, "prairie")[2029] == pytest.approx(20)


def enters(futures: StochasticPrograms, kind: str, site: str) -> list[tuple[float, list[int]]]:
    """List the orders of one design of a site: the date, and the year it enters in each future."""
    orders = futures.orders.reset_index(names="order")
    orders = orders[(orders["kind"] == kind) & (orders["site"] == site)]
    orders = orders[orders["item"] == orders["item"].iat[0]]
    listed = []
    for row in orders.itertuples():
        years = []
        for future, received in zip(futures.futures, futures.received, strict=True):
            own = orders_of(future.question.scenario, future.model).set_index("column")["year"]
            columns = received.column[received.row[received.order == row.order]]
            years += [int(year) for year in own[columns]]
        listed.append((round(row.order_by, 3), years))
    return listed


def test_halls_under_construction_come_in_the_same_year_of_every_future(read: Read) -> None:
    early = read(COMMITTED)
    later = read(COMMITTED.replace("known_from: 2027", "known_from: 2029"))

    # Richland's of 2028, more than its crews build, may be left alone until they enter service.
    # What is ordered for 2029 if connections are late would be there in 2028 if they are not.
    # What is ordered by May 2026, 32 months before January 2029, comes 42 months later if they
    # are: in November 2029, and so in 2030.
    assert enters(early, "halls", "us-la-richland") == [
        (2026.0, [2028, 2029]),
        (2026.333, [2029, 2030]),
        (2026.5, [2030, 2030]),
    ]
    committed, ordered = enters(later, "halls", "us-la-richland")[:2]
    assert (committed[0], set(committed[1])) == (2026.0, {2028})  # in one of them ordered ones come in it too
    assert ordered == (2026.0, [2028, 2029])
    assert (2026.0, [2028, 2028]) in enters(later, "site opening", "us-la-richland")


def held_open(futures: StochasticPrograms, site: str, since: int) -> list[dict[int, float]]:
    """Return what each future is asked for of a plan of the first that opens a site in a year."""
    first, problems = futures.futures[0], [one.model.problem for one in futures.futures]
    over = problems[0].columns_over("open")
    whole = np.zeros(problems[0].column_count)
    is_open = (over.labels("site") == site) & (over.labels("year").astype(int) >= since)
    whole[problems[0].column_block("open")] = is_open
    found = []
    for future, own in zip(futures.futures, futures.received, strict=True):
        held = transferred(first.model, futures.received[0], whole, future.model, own)
        found.append(_of_site(future, held, site))
    return found


def _of_site(future: FutureProgram, held: Held, site: str) -> dict[int, float]:
    over = future.model.problem.columns_over("open")
    at = held.column - future.model.problem.column_block("open").start
    rows = zip(over.labels("site")[at], over.labels("year")[at], held.value, strict=True)
    return {int(year): float(value) for one, year, value in rows if one == site}


def test_a_site_that_opens_with_committed_halls_stays_open(read: Read) -> None:
    futures = read(COMMITTED)

    # That of 2026 is shared, as those halls serve before 2027, and so is what is ordered in 2026
    # for 2029 and 2030. Those of 2027, or of 2028 at Richland, open it without an order.
    assert held_open(futures, "us-wi-mtpleasant", 2026) == [
        {2026: 1.0, 2028: 1.0, 2029: 1.0},
        {2026: 1.0, 2029: 1.0, 2030: 1.0},
    ]
    assert held_open(futures, "us-wi-mtpleasant", 2027) == [
        {2026: 0.0, 2028: 1.0, 2029: 1.0},
        {2026: 0.0, 2029: 1.0, 2030: 1.0},
    ]
    assert held_open(futures, "us-la-richland", 2028) == [{2029: 1.0}, {2029: 1.0, 2030: 1.0}]


def test_a_site_that_does_not_open_stays_closed(read: Read) -> None:
    assert held_open(read(COMMITTED), "us-la-richland", 9999) == [{2029: 0.0}, {2029: 0.0, 2030: 0.0}]


def test_no_opening_is_left_out_where_more_is_committed_than_crews_build(read: Read) -> None:
    futures = read(COMMITTED)
    (in_time, _), (received, _) = futures.futures, futures.received

    _, plans, left_out = futures.runs(received.placed(in_time.alone().x))

    assert left_out == ()
    assert all(plan.verdict.ok for plan in plans.values())
