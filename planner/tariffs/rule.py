"""A rule of a tariff, the rows of its rising tiers, and its form in a program."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import inf, isfinite
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, TypeAlias

import numpy as np

from planner.base.errors import Problem, raise_all
from planner.money.finance import ONE_MORE_PRICE, RISING, broken_rules

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd
    from numpy.typing import ArrayLike

    from planner.base.arrays import Floats, Integers
    from planner.tariffs.clock import BillingCalendar, OtherHours, Reading, When

# --- Prices by tier: the next unit costs what its tier costs --------------------------------------


@dataclass(frozen=True)
class Tiers:
    r"""Price of each further unit, by how many came before it in the month.

    .. math:: C(q) = \sum_i p_i \cdot \max(0, \min(q, l_i) - l_{i-1}), \quad l_0 = 0, l_n = \infty

    `C` is linear with one price, convex where prices rise from tier to tier, and not convex
    where one falls.
    """

    prices: tuple[float, ...]  # price in each tier, one more than there are limits. [USD/unit]
    limits: tuple[float, ...] = ()  # upper limits of all tiers but the last, rising, above 0. [unit]

    def __post_init__(self) -> None:
        reported = {
            ONE_MORE_PRICE: (
                f"tiers have {len(self.prices)} prices and {len(self.limits)} limits",
                "give the limit of every tier but the last",
            ),
            RISING: (f"limits of tiers are {_listed(self.limits)}", "put them in order"),
        }
        broken = [(rule, *reported[rule]) for rule in broken_rules(self.prices, self.limits)]
        problems = [Problem.of("tariff", what_is, rule, fix) for rule, what_is, fix in broken]
        if not all(isfinite(number) for number in (*self.prices, *self.limits)):
            what_is = f"tiers have prices {_listed(self.prices)} and limits {_listed(self.limits)}"
            problems.append(Problem.of("tariff", what_is, "finite numbers"))
        raise_all(problems)

    def blocks(self, quantity: float) -> tuple[tuple[float, float], ...]:
        """Split a quantity into tiers: units and price of each, up to the last that is used."""
        edges = (0.0, *self.limits, inf)
        return tuple(
            (min(quantity, high) - low, price)
            for (low, high), price in zip(pairwise(edges), self.prices, strict=True)
            if quantity > low or low == 0.0
        )

    def convex_bound(self) -> tuple[float, Tiers]:
        r"""Bound the cost from above by a fixed sum and tiers whose prices rise.

        .. math:: C(q) \le F + \sum_i r_i u_i, \quad r_i = \min_{j \ge i} p_j,
                  \quad F = \sum_{i < n} (p_i - r_i)(l_i - l_{i-1})

        With prices that rise the sum is 0 and the bound is the cost itself. Where prices fall,
        it is the tangent at the last tier: exact for every quantity past the last fall, too
        high by at most the sum below it, never too low.
        Gives the fixed sum [USD] and rising tiers.
        """
        rising = tuple(min(self.prices[place:]) for place in range(len(self.prices)))
        widths = [high - low for low, high in pairwise((0.0, *self.limits))]
        excess = sum(
            (price - least) * width for price, least, width in zip(self.prices[:-1], rising, widths, strict=False)
        )
        return excess, Tiers(rising, self.limits)

    def cost_usd(self, quantity: float) -> float:
        """Cost of a quantity, in USD."""
        return sum(units * price for units, price in self.blocks(quantity))


def as_tiers(price: float | Tiers) -> Tiers:
    """Write one price for all units as a single tier."""
    return price if isinstance(price, Tiers) else Tiers((float(price),))


def _listed(numbers: tuple[float, ...]) -> str:
    return f"[{', '.join(f'{number:g}' for number in numbers)}]"


# --- What every rule of a tariff is: from a metered load to lines of a bill -----------------------


@dataclass(frozen=True)
class BillLine:
    """One line of a bill: so many units at a price."""

    month: pd.Period  # month in which it is billed
    rule: str  # name of the rule, and the part of it: a period, a tier
    item: str
    basis: str  # what set the quantity: `metered`, `ratchet`, `minimum take`, `contract`, `calendar`
    quantity: float  # units billed, and the unit: MWh, kW, MW-day, month, day
    unit: str
    usd_per_unit: float  # price. [USD/unit]

    @property
    def usd(self) -> float:
        """Money of the line, in USD."""
        return self.quantity * self.usd_per_unit


@dataclass(frozen=True)
class HoursOfDays:
    """Hours that several representative days represent, and the mean of these."""

    highest_mw: Floats  # highest power of the days that tell each hour, shape (hour,). [MW]
    peak_day_mean_mw: Floats  # mean and highest power of the days on which the whole system peaks. [MW]
    peak_day_highest_mw: Floats


@dataclass(frozen=True)
class Metered:
    """A load on its calendar, and the contract it is billed under."""

    load_mw: Floats  # mean power drawn from the grid in each hour, shape (hour,). [MW]
    calendar: BillingCalendar  # the hours
    contracted_mw: Floats  # contracted capacity in force in each month, shape (month,); 0 without contract. [MW]
    # further readings of hours that represent several days; by default all are `load_mw`
    of_days: HoursOfDays | None = None

    @property
    def read(self) -> HoursOfDays:
        """The further readings: of hours that are metered one by one each is the load itself."""
        return self.of_days or HoursOfDays(self.load_mw, self.load_mw, self.load_mw)

    def energy_mwh(self, when: When | OtherHours) -> Floats:
        """Energy of each month inside a period, shape (month,), in MWh."""
        inside = np.where(when.mask(self.calendar), self.load_mw, 0.0)
        return np.add.reduceat(inside, self.calendar.month_starts)

    def peak_mw(self, when: When) -> Floats:
        """Highest load of each month inside a period, shape (month,), in MW; 0 if no hour is."""
        inside = np.where(when.mask(self.calendar), self.read.highest_mw, 0.0)
        return np.maximum.reduceat(inside, self.calendar.month_starts)


class TariffRule(Protocol):
    """One charge of a tariff."""

    @property
    def name(self) -> str:
        """Name on the bill, one of its own within the tariff."""

    def lines(self, metered: Metered) -> list[BillLine]:
        """Give the lines of the bill, before escalation."""

    def program(self, form: Form) -> None:
        """Write itself into the linear program's form of the bill, escalation included."""


# --- The form that a tariff takes in a linear program: peaks, billing demands, tiers, prices ------

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

    def factor(self, month: pd.Period) -> float:
        """Prices of a month over those stated."""
        return self._price_factor(month.year)

    def contracted(self, month: pd.Period) -> str:
        """Label of the span in which a month's contracted capacity is in force."""
        return str(month) if self._span == "month" else str(month.year)

    def line(self, rule: str, item: str, unit: str, month: pd.Period) -> int:
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
