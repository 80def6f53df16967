"""Work that waits, hour by hour, at two sites with windows of 4 and 24 hours."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from planner.stress.simulate import _IN_TIME, Deferral, SimulatedYear

WAITS_MW = np.array([[3.0, 5.0], [7.0, 2.0]])  # (window, site)


def work():
    """Racks of the busiest slot: 6 and 9 MW for the short window, 8 and 4 MW for the long one."""
    busiest = np.array([[6.0, 9.0], [8.0, 4.0]])
    slots = np.stack([WAITS_MW, busiest], axis=-1)[:, None]  # (window, year, site, slot)
    plan = SimpleNamespace(window_h=(4, 24), waits_mw=slots, sites=("ash", "bay"))
    return Deferral(plan, 0, SimulatedYear(1, 2))


def test_the_longest_window_yields_first_and_no_more_than_is_at_work():
    one = work()

    assert one.put_off(np.array([[9.0, 6.0]]), WAITS_MW).tolist() == [[9.0, 6.0]]

    # 7 and 2 MW of the day's window, then 2 and 4 MW of the four hours'.
    assert one._piles_mwh[1, _IN_TIME].tolist() == [[7.0, 2.0]]
    assert one._piles_mwh[0, _IN_TIME].tolist() == [[2.0, 4.0]]
    assert one.found.put_off_h.tolist() == [[1.0, 1.0]]


def test_what_waits_catches_up_within_room_and_racks():
    one = work()
    one.put_off(np.array([[9.0, 6.0]]), WAITS_MW)

    caught = one.catch_up(np.array([[2.5, 50.0]]), WAITS_MW)

    # Ash has room for 2.5 MW. Bay has racks for 9 - 5 and 4 - 2 MW, and 4 + 2 MWh wait.
    assert caught.tolist() == [[2.5, 6.0]]
    assert one._piles_mwh[0, _IN_TIME].tolist() == [[0.0, 0.0]]
    assert one._piles_mwh[1, _IN_TIME] == pytest.approx(np.array([[6.5, 0.0]]))
    assert one.found.late_mwh.tolist() == [[0.0, 0.0]]


def test_a_window_that_ends_makes_work_late_and_the_next_one_gives_it_up():
    one = work()
    one.put_off(np.array([[9.0, 6.0]]), WAITS_MW)

    assert one.end_windows(3).tolist() == [[0.0, 0.0]]
    assert one.end_windows(4).tolist() == [[0.0, 0.0]]
    late = one.catch_up(np.array([[0.5, 0.0]]), WAITS_MW)
    assert late.tolist() == [[0.5, 0.0]]
    assert one.found.late_mwh.tolist() == [[0.5, 0.0]]
    # Of 2 and 4 MWh of the short window, half a MWh is done; the day's window is open.
    assert one.end_windows(8).tolist() == [[1.5, 4.0]]
    assert one.end_year().tolist() == [[7.0, 2.0]]
    assert one.found.given_up_mwh.tolist() == [[8.5, 6.0]]
    assert one.end_year().tolist() == [[0.0, 0.0]]
