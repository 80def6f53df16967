"""The form that a tariff takes in a linear program: peaks, billing demands, tiers, prices.

Each rule writes itself into the form of its tariff on one reading of a calendar; `lists` makes
the form of all customers at once of these.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import ArrayLike

    from planner.base.arrays import Floats, Integers
    from planner.tariffs.clock import When
    from planner.tariffs.months import Month
    from planner.tariffs.reading import Reading
    from planner.tariffs.tiers import Tiers


THOUSAND = 1000.0
"""Tiers are counted in thousands of what is billed, GWh and MW, so that columns are of one size."""

Source: TypeAlias = Literal["load", "peak", "billed", "connected"]
"""What a price is paid on: power in a step [MW], a metered or billed peak [MW], or the share of a
customer that is connected in a year [-]."""
Span: TypeAlias = Literal["month", "year"]
"""For how long contracted capacity stays as it is."""


class BillLineKey(NamedTuple):
    """A line of the bill of a year: rule, part of it, and unit of its quantity."""

    rule: str
    item: str
    unit: str
    year: int


@dataclass(frozen=True, eq=False)
class Peak:
    """The highest load of some steps."""

    label: str  # name, such as `demand 2028-02`
    steps: Integers  # positions of the steps


@dataclass(frozen=True)
class Billed:
    """A billing demand: the largest of shares of peaks, of contracted capacity and of a past."""

    label: str  # name, such as `demand 2028-02`
    shares_frac: tuple[tuple[int, float], ...]  # least share of each peak, by its number
    past_mw: float  # share of peaks before the calendar begins. [MW]
    take_frac: float  # least share of the contracted capacity
    contracted: str  # label of the month or year whose contracted capacity it is


@dataclass(frozen=True, eq=False)
class Stair:
    """A quantity that is paid in tiers."""

    label: str  # name, such as `energy 2028-02 summer peak`
    tiers: Tiers  # prices and limits, in units and USD per unit, as the tariff has them
    line: int  # number of the line of the bill
    usd_factor: float  # what prices are multiplied with: escalation. [-]
    times: float  # months that are billed for this quantity. [month]
    of: Literal["load", "billed"]  # what is counted: `load` or `billed`
    places: Integers  # steps or the billing demand, and thousands of units that one MW of each adds
    thousands: Floats


@dataclass(frozen=True, eq=False)
class Charge:
    """Prices on one kind of source."""

    of: Source  # the kind
    places: Integers  # steps, peaks, billing demands or years, by position
    lines: Integers  # lines of the bill that they go to
    usd: Floats  # money and quantity that one MW (or one customer) in each place adds
    units: Floats


class Form:
    """What one tariff, on one reading of a calendar, adds to a linear program."""

    def __init__(self, price_factor: Callable[[int], float], reading: Reading, span: Span = "month") -> None:
        self._price_factor = price_factor
        self.reading = reading
        self.months = reading.calendar.months
        self.years = sorted({month.year for month in self.months})
        self.peaks: list[Peak] = []
        self.billed: list[Billed] = []
        self.stairs: list[Stair] = []
        self.charges: list[Charge] = []
        self.lines: list[BillLineKey] = []
        self._span: Span = span
        self._peak_of: dict[bytes, int] = {}
        self._line_of: dict[BillLineKey, int] = {}

    def factor(self, month: Month) -> float:
        """Prices of a month over those stated."""
        return self._price_factor(month.year)

    def contracted(self, month: Month) -> str:
        """Label of the span in which a month's contracted capacity is in force."""
        return str(month) if self._span == "month" else str(month.year)

    def line(self, rule: str, item: str, unit: str, month: Month) -> int:
        """Return the number of a line in the bill of a month's year, new or known."""
        line = BillLineKey(rule, item, unit, month.year)
        if line not in self._line_of:
            self._line_of[line] = len(self.lines)
            self.lines.append(line)
        return self._line_of[line]

    def charge(self, of: Source, places: ArrayLike, lines: ArrayLike, usd: ArrayLike, units: ArrayLike) -> None:
        """Put a price on sources of one kind; see `Charge`."""
        at = np.atleast_1d(np.asarray(places, dtype=np.int64))
        self.charges.append(
            Charge(
                of,
                at,
                np.broadcast_to(np.asarray(lines, dtype=np.int64), at.shape),
                np.broadcast_to(np.asarray(usd, dtype=np.float64), at.shape),
                np.broadcast_to(np.asarray(units, dtype=np.float64), at.shape),
            )
        )

    def peak(self, label: str, steps: Integers) -> int:
        """Return the number of the peak over some steps, new or known."""
        key = steps.tobytes()
        if key not in self._peak_of:
            self._peak_of[key] = len(self.peaks)
            self.peaks.append(Peak(label, steps))
        return self._peak_of[key]

    def peaks_by_month(self, rule: str, when: When) -> Mapping[int, int]:
        """Return the peak of each month, by position, in which a period has hours."""
        month, step, _ = self.reading.hours(when)
        first = np.searchsorted(month, np.arange(len(self.months) + 1))
        return {
            position: self.peak(f"{rule} {self.months[position]}", step[first[position] : first[position + 1]])
            for position in range(len(self.months))
            if first[position + 1] > first[position]
        }

    def demand(self, billed: Billed) -> int:
        """Add a billing demand and return its number."""
        self.billed.append(billed)
        return len(self.billed) - 1

    def stair(self, stair: Stair) -> None:
        """Add a quantity that is paid in tiers."""
        self.stairs.append(stair)
