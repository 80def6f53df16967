"""A series of days with weights of their own, which follow one another or repeat themselves."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.errors import InputError, Problem
from planner.base.units import DAYS_PER_YEAR
from planner.clock.days import DAYS_PER_MONTH, MONTHS, BillingPeriod, Days, frozen

if TYPE_CHECKING:
    from planner.base.arrays import Bools, Floats, Integers


__all__ = ["SeriesDays"]

_ROUNDING: Final = 1e-6  # of the year, for weights that are written with few digits


@dataclass(frozen=True)
class SeriesDays(Days):
    """Days of a table: in the order in which they pass, or each repeating itself.

    Two days in January that represent 100 days each, and one in July for the other 165:

    >>> days = SeriesDays(months=(1, 1, 7), days=(100.0, 100.0, 165.0), peaks=(2,), slot_h=12)
    >>> days.names
    ('d0h00', 'd0h12', 'd1h00', 'd1h12', 'd2h00', 'd2h12')
    >>> days.next_slot.tolist()
    [1, 2, 3, 4, 5, 0]
    >>> float(days.weight_h.sum())
    8760.0
    >>> SeriesDays((1, 7), (181.0, 184.0), (1,), slot_h=12, repeat=True).next_slot.tolist()
    [1, 0, 3, 2]
    """

    months: tuple[int, ...]  # month of each day, 1 to 12
    days: tuple[float, ...]  # days of the year that each day stands for; they sum to 365. [day]
    # positions of the days on which the whole system peaks; weather of the peak day sizes cooling and connections on
    # them
    peaks: tuple[int, ...]
    slot_h: int = 3  # length of a slot; divides 24. [h]
    repeat: bool = False  # whether a day is followed by itself, as one that was chosen to represent others is

    def __post_init__(self) -> None:
        count = len(self.months)
        rules = (
            (
                len(self.days) == count > 0,
                f"there are {count} months and {len(self.days)} days",
                "one of each for every day of the series",
            ),
            (
                all(month in range(1, len(MONTHS) + 1) for month in self.months),
                f"months are {sorted(set(self.months))}",
                "1 to 12",
            ),
            (all(days > 0.0 for days in self.days), "a day represents no time", "above 0 [day]"),
            (
                abs(sum(self.days) / DAYS_PER_YEAR - 1.0) <= _ROUNDING,
                f"the days cover {sum(self.days):.6f} days",
                "365 in all, the 8,760 hours of the modelled year",
            ),
            (
                bool(self.peaks) and set(self.peaks) <= set(range(count)),
                f"peak days are {list(self.peaks)}",
                f"at least one of 0 to {count - 1}",
            ),
        )
        problems = [Problem("series", None, None, what_is, must_be) for holds, what_is, must_be in rules if not holds]
        problems += self.problems_of_slots()
        if problems:
            raise InputError(problems)

    @cached_property
    def days_by_month(self) -> Floats:
        """Days of each month that each day stands for, shape (day, month)."""
        days = np.zeros((len(self.months), len(MONTHS)))
        days[np.arange(len(self.months)), np.array(self.months) - 1] = self.days
        return frozen(days)

    @cached_property
    def is_peak_day(self) -> Bools:
        """Whether each day is one on which the whole system peaks, shape (day,)."""
        return frozen(np.isin(np.arange(self.n_days), self.peaks))

    @cached_property
    def next_slot(self) -> Integers:
        """Slot that follows each slot, shape (slot,): the series or each day repeats itself."""
        per_cycle = self.slots_per_day if self.repeat else self.n_slots
        in_cycles = np.arange(self.n_slots).reshape(-1, per_cycle)
        return frozen(np.roll(in_cycles, -1, axis=1).ravel())

    @cached_property
    def billing_periods(self) -> tuple[BillingPeriod, ...]:
        """Periods that share one billed maximum; their months sum to 12.

        Every month with a day of the series is a period. Months without one are billed with
        those that have, in proportion to the days for which these stand beyond their own.
        """
        stands_for = self.days_by_month.sum(axis=0)
        there = np.flatnonzero(stands_for)
        beyond = np.maximum(stands_for[there] - np.array(DAYS_PER_MONTH)[there], 0.0)
        absent = len(MONTHS) - len(there)
        also = absent * beyond / beyond.sum() if absent else np.zeros(len(there))
        month_of_slot = np.array(self.months)[self.day] - 1
        return tuple(
            BillingPeriod(
                MONTHS[month], 1.0 + float(more), tuple(int(slot) for slot in np.flatnonzero(month_of_slot == month))
            )
            for month, more in zip(there, also, strict=True)
        )
