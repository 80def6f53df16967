"""Small pieces of charges, on figures made up for them."""

from __future__ import annotations

import datetime
from types import SimpleNamespace

import numpy as np
import pytest

from planner.tariffs.clock import Month, When
from planner.tariffs.demand import DemandCharge
from planner.tariffs.energy import CapacityCharge

MAY, JUNE = Month(2027, 5), Month(2027, 6)


def test_a_month_is_billed_for_its_own_peak_whole_and_for_its_share_of_those_it_looks_on() -> None:
    ratchet = SimpleNamespace(share_frac=0.7, sees=lambda position, calendar: ([0, 1, 2], 3.5))
    charge = DemandCharge("wires", 6.0, ratchet=ratchet, min_take_frac=0.4)
    form = SimpleNamespace(
        months=(Month(2027, 4), MAY, JUNE),
        reading=SimpleNamespace(calendar=None),
        contracted=lambda month: f"contract of {month}",
    )

    # The peak of May has number 8, that of June 9; April has none.
    billed = charge._billed(form, 1, {1: 8, 2: 9})

    assert billed.label == "wires 2027-05"
    assert billed.shares_frac == ((8, 1.0), (9, 0.7))
    assert (billed.past_mw, billed.take_frac) == (3.5, 0.4)
    assert billed.contracted == "contract of 2027-05"


def test_without_a_load_the_least_take_of_the_contract_is_paid_in_months_that_are_billed() -> None:
    charge = DemandCharge("wires", 6.0, when=When(months=(6, 7)), min_take_frac=0.4)

    # 0.4 of 5 MW are 2,000 kW, at 6 USD each.
    assert charge.minimum_usd(JUNE, 5.0) == 12_000.0
    assert charge.minimum_usd(MAY, 5.0) == 0.0


def test_a_share_of_the_capacity_is_paid_by_the_day_at_the_price_of_its_time() -> None:
    charged: list[tuple[list[int], str, list[float], list[float]]] = []

    def charge(kind: str, steps, line: str, usd, units) -> None:
        assert kind == "load"
        charged.append((steps.tolist(), line, usd.tolist(), units.tolist()))

    calendar = SimpleNamespace(
        start=datetime.date(2027, 4, 1), end=datetime.date(2027, 7, 1), days_of_month=[30, 31, 30]
    )
    share = np.array([0.0, 0.6, 0.4])  # of the hours in which the system peaks, by step
    form = SimpleNamespace(
        months=(Month(2027, 4), MAY, JUNE),
        reading=SimpleNamespace(calendar=calendar, system_peak=lambda hours, place: share),
        line=lambda name, item, unit, month: f"{name} {month}",
        factor=lambda month: 1.25 if month == JUNE else 1.5,
        charge=charge,
    )
    hour = datetime.datetime(2026, 7, 20, 17, tzinfo=datetime.UTC)

    CapacityCharge("capacity", 40.0, (hour,), start=datetime.date(2027, 5, 1)).program(form)

    # May: 31 days of 0.6 and 0.4 MW, at 40 USD times 1.5. June: 30 days at 40 USD times 1.25.
    may, june = charged
    assert may[:2] == ([1, 2], "capacity 2027-05")
    assert may[2] == pytest.approx([1116.0, 744.0])
    assert may[3] == pytest.approx([18.6, 12.4])
    assert june[:2] == ([1, 2], "capacity 2027-06")
    assert june[2] == pytest.approx([900.0, 600.0])
