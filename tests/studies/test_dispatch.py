"""A plan operated hour by hour: by hand, by the laws of windows, and from a stored run."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from plans import plan_of

from planner.cli import main
from planner.runs import write_run
from planner.studies.dispatch import window_problems
from planner.studies.dispatch.dispatch import COLUMNS, WAYS, PeakBilling, operate
from planner.studies.dispatch.operated import Batteries, Fleet, OperatedSupply, Work

OWN_POWER = str(Path(__file__).parents[1] / "check" / "own_power.yaml")
NO_PLACES = np.zeros(0, dtype=np.intp)


def one_site(price, *, use_mw=10.0, room_mw=20.0, free_mw=0.0, usd_per_mwh=0.0):
    """One site with a battery of 4 MW and 6 MWh, 0.9 of what goes in and 0.8 of what comes out."""
    price = np.asarray(price, dtype=np.float64)[None, :]
    flat = np.ones_like(price)
    return Fleet(
        ("oak",),
        use_mw * flat,
        free_mw * flat,
        room_mw * flat,
        price,
        0.0 * flat,
        0.0 * flat,
        0.0 * flat,
        np.array([9000.0]),
        OperatedSupply(NO_PLACES, np.zeros((0, price.size)), np.zeros((0, price.size)), *np.zeros((2, 0))),
        Batteries(np.array([0]), *(np.array([figure]) for figure in (4.0, 6.0, 0.9, 0.8, usd_per_mwh)), np.zeros(1)),
    )


def usd(fleet, found):
    """What an operation costs, with what is left in batteries worth nothing. [USD]"""
    return (
        (found.grid_mw * fleet.usd_per_mwh).sum()
        - (found.sold_mw * fleet.sell_usd_per_mwh).sum()
        + found.output_mw.sum(axis=1) @ fleet.sources.usd_per_mwh
        + found.discharge_mw.sum(axis=1) @ fleet.batteries.usd_per_mwh
        + found.short_mw.sum(axis=1) @ fleet.short_usd_per_mwh
    )


def at_random(seed, hours=72):
    """Three sites, two with batteries and one with an engine, that may sell."""
    draw = np.random.default_rng(seed)
    shape = (3, hours)
    price = draw.uniform(15.0, 140.0, shape)
    engine = draw.uniform(2.0, 5.0, (1, hours))
    return Fleet(
        ("oak", "elm", "fir"),
        draw.uniform(6.0, 15.0, shape),
        draw.uniform(0.0, 7.0, shape),
        draw.uniform(5.0, 13.0, shape),
        price,
        draw.uniform(0.0, 3.0, shape),
        np.zeros(shape),
        0.7 * price,
        np.array([7000.0, 8000.0, 9500.0]),
        OperatedSupply(np.array([1]), engine, 0.5 * engine, np.array([61.0]), np.array([True])),
        Batteries(
            np.array([0, 2]),
            np.array([4.0, 2.5]),
            np.array([9.0, 13.0]),
            np.array([0.93, 0.96]),
            np.array([0.91, 0.94]),
            np.array([2.5, 0.0]),
            np.zeros(2),
        ),
    )


# --- by hand ----------------------------------------------------------------------------


def test_a_battery_buys_cheap_hours_for_expensive_ones():
    """Full is 6 MWh: 6 / 0.9 = 6.667 MWh from the grid, 6 x 0.8 = 4.8 MWh back.

    The first night costs 6.667 x 30 = 200 and saves 4.8 x 90 = 432. The second takes 4 MWh at 20
    and 2.667 at 25, 146.67 in all, and gives 4 MWh at 130 and 0.8 at 50, 560.
    """
    price = [30, 30, 90, 90, 20, 25, 130, 50]
    fleet = one_site(price)

    found = operate(fleet, 8, 0)

    without = 10.0 * sum(price)
    assert without == 4650.0
    assert usd(fleet, found) == pytest.approx(without - (432 - 200) - (560 - 146 - 2 / 3))
    assert found.charge_mw.sum() == pytest.approx(2 * 6 / 0.9)
    assert found.charge_mw[0, 4:6] == pytest.approx([4.0, 6 / 0.9 - 4.0])
    assert found.discharge_mw[0, 6:] == pytest.approx([4.0, 0.8])
    assert found.level_mwh[0, [1, 5]] == pytest.approx([6.0, 6.0])
    assert found.level_mwh[0, -1] == pytest.approx(0.0)


def test_a_battery_shaves_a_peak_that_is_billed():
    """Power of 4 MW takes the third hour's 18 MW down to 14, which the first two may draw too.

    4 MWh are 5 of the cells and 5.556 MWh of the grid: 1.556 more at 50 USD/MWh, 4 MW less at
    1,000 USD/MW.
    """
    fleet = one_site([50, 50, 50, 50], use_mw=np.array([10.0, 10.0, 18.0, 12.0]))

    plain = operate(fleet, 4, 0)
    found = operate(fleet, 4, 0, billing=PeakBilling(np.zeros(4, dtype=np.intp), np.array([1000.0])))

    assert plain.grid_mw.max() == pytest.approx(18.0)
    assert found.grid_mw.max() == pytest.approx(14.0)
    assert found.grid_mw[0, :2].sum() == pytest.approx(20.0 + 5.0 / 0.9)
    assert usd(fleet, found) - usd(fleet, plain) == pytest.approx(50 * (5.0 / 0.9 - 4.0))


def test_work_that_may_wait_is_done_where_power_costs_least():
    """4 MW of IT power falls due in each of four hours, in two blocks of two.

    A MW moved is 1.25 MW of the site at first and 1.5 later. At most 7 MW of it run at once: the
    first block does 7 MWh at 20 USD/MWh and 1 at 30, the second 1 at 90 and 7 at 40.
    """
    fleet = one_site([30, 20, 90, 40])
    work = Work(
        np.array([0]),
        np.full((1, 4), 4.0),
        np.full((1, 4), 7.0),
        np.array([[0, 0, 1, 1]]),
        np.array([[1.25, 1.25, 1.5, 1.5]]),
    )
    fleet = replace(fleet.select(np.array([0])), batteries=fleet.select(NO_PLACES).batteries, work=work)

    found = operate(fleet, 4, 0)

    assert found.done_mw[0] == pytest.approx([1.0, 7.0, 1.0, 7.0])
    saved = 1.25 * 3 * (30 - 20) + 1.5 * 3 * (90 - 40)
    assert usd(fleet, found) == pytest.approx(10.0 * (30 + 20 + 90 + 40) - saved)
    apart = operate(fleet, 4, 0, ends=np.array([2, 4]))
    assert apart.done_mw[0, 2:] == pytest.approx([1.0, 7.0])


def test_what_nothing_delivers_is_short_and_sun_that_is_too_much_is_not_used():
    fleet = one_site([40, 44, 41, 43], use_mw=11.0, room_mw=7.0, free_mw=1.5)

    found = operate(fleet, 4, 0)

    # An empty battery helps no hour: each lacks 11 - 7 - 1.5.
    assert found.short_mw == pytest.approx(np.full((1, 4), 2.5))
    sunny = one_site([40, 44, 41, 43], use_mw=5.0, free_mw=5.5)
    assert operate(sunny, 4, 0).grid_mw.max() == pytest.approx(0.0)


# --- laws -------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_windows_never_cost_less_than_all_hours_in_view(seed):
    fleet = at_random(seed)
    best = operate(fleet, fleet.hours, 0)
    least = usd(fleet, best)

    costs = {
        window: usd(fleet, operate(fleet, *window, begin_mwh=best.begin_mwh))
        for window in ((6, 0), (24, 0), (24, 12), (48, 24), (fleet.hours, 5))
    }

    assert min(costs.values()) >= least - 1e-6 * abs(least)
    assert costs[fleet.hours, 5] == pytest.approx(least, rel=1e-9)
    assert costs[6, 0] > least * (1.0 + 1e-4)


def test_every_hour_is_balanced_and_batteries_keep_their_limits():
    fleet = at_random(7)
    found = operate(fleet, 20, 8)
    free = fleet.use_mw - found.grid_mw - found.short_mw + found.sold_mw
    free[1] -= found.output_mw[0]
    free[[0, 2]] += found.charge_mw - found.discharge_mw

    assert (free <= fleet.free_mw + 1e-6).all()  # what is left of sun and wind is thrown away
    assert free.min() > -1e-6
    assert (found.charge_mw + found.discharge_mw <= fleet.batteries.mw[:, None] + 1e-6).all()
    before = np.concatenate([np.zeros((2, 1)), found.level_mwh[:, :-1]], axis=1)
    stored = fleet.batteries.charge_frac[:, None] * found.charge_mw
    taken = found.discharge_mw / fleet.batteries.discharge_frac[:, None]
    assert found.level_mwh == pytest.approx(before + stored - taken, abs=1e-6)
    assert found.grid_mw.shape == (3, 72)


@pytest.mark.parametrize(("window_h", "overlap_h", "count"), [(48, 24, 0), (0, 0, 1), (9000, -3, 2), (24, 24, 1)])
def test_windows_that_cannot_roll_are_refused(window_h, overlap_h, count):
    assert len(window_problems(window_h, overlap_h)) == count


# --- a stored run -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    return write_run(plan_of(OWN_POWER), tmp_path_factory.mktemp("runs"), workbook=False)


def dispatch(*arguments):
    return CliRunner().invoke(main, ["-q", "dispatch", *map(str, arguments)])


def test_a_plan_is_operated_three_times_on_the_same_hours(stored):
    said = dispatch(stored, "--year", 2027, "--json")

    assert said.exit_code == 0, said.output
    table = pd.DataFrame(json.loads(said.stdout)["years"]).set_index("way")
    assert list(table.index) == list(WAYS)
    above_the_least = table["cost_musd"] - table["cost_musd"].min()
    assert table["above_musd"].to_numpy() == pytest.approx(above_the_least.to_numpy(), abs=1e-9)
    assert table["above_musd"]["rules of stress"] > table["above_musd"]["rolling windows"]
    assert table["used_mwh"].to_numpy() == pytest.approx(table["used_mwh"].max(), rel=1e-12)
    assert table["taken_mwh"].min() > 1000.0
    paid = table["energy_musd"] + table["source_musd"] + table["short_musd"] - table["sold_musd"]
    assert paid.to_numpy() == pytest.approx(table["cost_musd"].to_numpy())
    written = pd.read_parquet(stored / "dispatch" / "dispatch.parquet")
    assert list(written.columns) == list(COLUMNS)
    names = {path.name for path in (stored / "dispatch").glob("[!.]*")}
    assert names == {"dispatch.csv", "dispatch.json", "dispatch.parquet"}
