"""Bills in a linear program: rules as lists, and their variables and rows."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import inf
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

import numpy as np

from planner.lp import Axis, Comparison, Expression, Index
from planner.lp.index import distinct, locate
from planner.tariffs.reading import Amounts, BillLists, PriceTerms
from planner.tariffs.rule import THOUSAND, Form

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import ArrayLike

    from planner.base.arrays import Floats, Positions
    from planner.lp import ArrayProblem, Variable
    from planner.tariffs.reading import Account
    from planner.tariffs.rule import BillLineKey, Span, Stair

# --- From the forms of tariffs to the index lists and prices of all their customers ---------------


def bill_lists(load: Index, accounts: Sequence[Account], *, span: Span = "month") -> BillLists:
    """Make the lists of the bills of many customers. Takes `load` (customer, step)."""
    steps = len(load.axes[-1])
    for account in accounts:
        if account.reading.n_steps != steps:
            message = f"the reading of {account.tariff.name!r} has {account.reading.n_steps} steps, the load {steps}"
            raise ValueError(message)
    builder = _Builder(load)
    for account in accounts:
        form = Form(account.tariff.price_factor, account.reading, span)
        for rule in account.tariff.rules:
            rule.program(form)
        builder.add(form, np.asarray(account.customers, dtype=np.intp))
    return builder.lists()


class _Axes:
    """Axes whose labels are gathered as they come."""

    def __init__(self) -> None:
        self._codes: dict[str, dict[str, int]] = {}

    def codes(self, axis: str, labels: Iterable[str]) -> list[int]:
        known = self._codes.setdefault(axis, {})
        return [known.setdefault(label, len(known)) for label in labels]

    def axis(self, name: str) -> Axis:
        return Axis(name, tuple(self._codes.get(name, ())))


class _List:
    """A list over customers and further axes, gathered part by part."""

    def __init__(self, axes: _Axes, *names: str) -> None:
        self._axes = axes
        self._names = names
        self._customers: list[Positions] = []
        self._codes: list[Positions] = []
        self._size = 0

    def add(self, customers: Positions, *labels: Sequence[str]) -> Positions:
        """Add every customer with every item, named by its labels; return their positions.

        Positions are of shape (customer, item).
        """
        codes = np.array(
            [self._axes.codes(*of_axis) for of_axis in zip(self._names, labels, strict=True)], dtype=np.intp
        )
        items = codes.shape[1]
        self._customers.append(np.repeat(customers, items))
        self._codes.append(np.tile(codes, len(customers)))
        first, self._size = self._size, self._size + len(customers) * items
        return np.arange(first, self._size).reshape(len(customers), items)

    def index(self, name: str, customer: Index) -> Index:
        at = np.concatenate([np.empty(0, dtype=np.intp), *self._customers])
        codes = np.concatenate([np.empty((len(self._names), 0), np.intp), *self._codes], axis=1)
        return Index.sparse(
            name,
            (*customer.axes, *(self._axes.axis(axis) for axis in self._names)),
            (*(of_axis[at] for of_axis in customer.codes), *codes),
        )


class _Rows:
    """A table of numbers, gathered part by part."""

    def __init__(self, columns: int) -> None:
        self._parts: list[list[Floats]] = [[np.empty(0)] * columns]

    def add(self, *columns: ArrayLike) -> None:
        """Add columns that broadcast together; rows whose first number is below 0 have no place."""
        flat = [np.ravel(column) for column in np.broadcast_arrays(*columns)]
        self._parts.append([column[flat[0] >= 0] for column in flat])

    def columns(self) -> list[Floats]:
        return [np.concatenate(column) for column in zip(*self._parts, strict=True)]


_LISTS: Final = {
    "peak": ("peak",),
    "billed": ("billed",),
    "floor": ("billed", "peak"),
    "take": ("billed", "span"),
    "connected": ("calendar",),
    "stair": ("stair",),
    "tier": ("stair", "tier"),
    "line": ("charge", "calendar"),
}
"""Lists of `BillLists` over customers, with their further axes."""
_COLUMNS: Final = ("past_mw", "floor_share_frac", "take_share_frac", "tier_width")
"""Numbers of `BillLists`, one for each entry of a list."""


class _Builder:
    """Gathers the lists account by account."""

    def __init__(self, load: Index) -> None:
        self._load = load
        self._customer = distinct(load, *load.axis_names[:-1], name="customer")
        self._axes = _Axes()
        self._lists = {name: _List(self._axes, *axes) for name, axes in _LISTS.items()}
        self._columns = {name: _Rows(1) for name in _COLUMNS}
        self._peak_step = _Rows(3)  # customer, code of the peak, step
        self._stairs: list[Stair] = []
        self._stair_line: list[Positions] = []
        self._names: dict[str, tuple[str, str, str]] = {}
        self._prices = {kind: _Rows(4) for kind in ("load", "peak", "billed", "tier", "connected")}
        self._stair_of = {kind: _Rows(3) for kind in ("load", "billed")}

    def add(self, form: Form, customers: Positions) -> None:
        """Add an account."""
        self._axes.codes("calendar", [str(year) for year in form.years])
        self._axes.codes("span", [form.contracted(month) for month in form.months])
        calendar = [str(line.year) for line in form.lines]
        line = self._lists["line"].add(customers, [self._charge(line) for line in form.lines], calendar)
        billed = self._add_demands(form, customers)
        places = {
            "load": self._load_places(customers),
            "peak": self._add_peaks(form, customers),
            "billed": billed,
            "connected": self._lists["connected"].add(customers, [str(year) for year in form.years]),
        }
        for charge in form.charges:
            place = places[charge.of][:, charge.places]
            self._prices[charge.of].add(place, line[:, charge.lines], charge.usd, charge.units)
        self._add_stairs(form, customers, places, line)

    def _charge(self, line: BillLineKey) -> str:
        label = f"{line.rule}: {line.item} [{line.unit}]"
        self._names[label] = (line.rule, line.item, line.unit)
        return label

    def _load_places(self, customers: Positions) -> Positions:
        """Position of each customer's load in each step, -1 where it has none."""
        steps = len(self._load.axes[-1])
        codes = (np.repeat(codes[customers], steps) for codes in self._customer.codes)
        step = np.tile(np.arange(steps), len(customers))
        return locate(self._load, *codes, step).reshape(len(customers), steps)

    def _add_peaks(self, form: Form, customers: Positions) -> Positions:
        labels = [peak.label for peak in form.peaks]
        has_load = self._load_places(customers) >= 0
        for code, peak in zip(self._axes.codes("peak", labels), form.peaks, strict=True):
            customer = np.where(has_load[:, peak.steps], customers[:, None], -1)
            self._peak_step.add(customer, code, peak.steps)
        return self._lists["peak"].add(customers, labels)

    def _add_demands(self, form: Form, customers: Positions) -> Positions:
        every = np.zeros((len(customers), 1))
        floors = [(item, *share) for item in form.billed for share in item.shares_frac]
        peaks = [form.peaks[peak].label for _, peak, _ in floors]
        self._lists["floor"].add(customers, [item.label for item, _, _ in floors], peaks)
        self._columns["floor_share_frac"].add(every + [share for _, _, share in floors])
        takes = [item for item in form.billed if item.take_frac > 0.0]
        self._lists["take"].add(customers, [item.label for item in takes], [item.contracted for item in takes])
        self._columns["take_share_frac"].add(every + [item.take_frac for item in takes])
        self._columns["past_mw"].add(every + [item.past_mw for item in form.billed])
        return self._lists["billed"].add(customers, [item.label for item in form.billed])

    def _add_stairs(self, form: Form, customers: Positions, places: dict[str, Positions], line: Positions) -> None:
        stair_place = self._lists["stair"].add(customers, [stair.label for stair in form.stairs])
        self._stairs += form.stairs * len(customers)
        self._stair_line.append(line[:, [stair.line for stair in form.stairs]].ravel())
        every = np.zeros((len(customers), 1))
        tiers: list[tuple[str, str, float, float, float, int]] = []  # label, number, width, usd, units, line
        for number, stair in enumerate(form.stairs):
            self._stair_of[stair.of].add(places[stair.of][:, stair.places], stair_place[:, [number]], stair.thousands)
            fixed_usd, rising = stair.tiers.convex_bound()
            paid = stair.usd_factor * stair.times
            # Due whatever is drawn, but by nobody who is not connected.
            year = form.years.index(form.lines[stair.line].year)
            place = places["connected"][:, [year]]
            if fixed_usd > 0.0:
                self._prices["connected"].add(place, line[:, [stair.line]], paid * fixed_usd, 0.0)
            for tier, (low, high) in enumerate(pairwise((0.0, *rising.limits, inf))):
                usd = paid * rising.prices[tier] * THOUSAND
                width, units = (high - low) / THOUSAND, stair.times * THOUSAND
                tiers.append((stair.label, str(tier + 1), width, usd, units, stair.line))
        labels, numbers, widths, prices, quantities, lines = zip(*tiers, strict=True) if tiers else [()] * 6
        tier_place = self._lists["tier"].add(customers, labels, numbers)
        self._columns["tier_width"].add(every + widths)
        self._prices["tier"].add(tier_place, line[:, lines], prices, quantities)

    def lists(self) -> BillLists:
        """Return the lists of all accounts."""
        customer = self._customer
        lists: dict[str, Any] = {name: of.index(name, customer) for name, of in self._lists.items()}
        columns: dict[str, Any] = {name: rows.columns()[0] for name, rows in self._columns.items()}
        return BillLists(
            customer=customer,
            load=self._load,
            **lists,
            **columns,
            peak_step=self._peak_steps(),
            contracted=distinct(lists["take"], *customer.axis_names, "span", name="contracted"),
            stairs=tuple(self._stairs),
            stair_line=np.concatenate([np.empty(0, dtype=np.intp), *self._stair_line]),
            stair_of={kind: _amounts(rows) for kind, rows in self._stair_of.items()},
            line_names=tuple(self._names[label] for label in lists["line"].axis("charge").labels),
            prices={kind: _prices(rows) for kind, rows in self._prices.items()},
        )

    def _peak_steps(self) -> Index:
        customer, peak, step = (column.astype(np.intp) for column in self._peak_step.columns())
        axes = (*self._customer.axes, self._axes.axis("peak"), self._load.axes[-1])
        codes = (codes[customer] for codes in self._customer.codes)
        return Index.sparse("peak_step", axes, (*codes, peak, step))


def _prices(rows: _Rows) -> PriceTerms:
    place, line, usd, units = rows.columns()
    return PriceTerms(place.astype(np.intp), line.astype(np.intp), usd, units)


def _amounts(rows: _Rows) -> Amounts:
    place, target, amount = rows.columns()
    return Amounts(place.astype(np.intp), target.astype(np.intp), amount)


# --- Bills in a linear program: columns, rows and cost of all rules of all customers --------------


class NewVariable(Protocol):
    """What makes columns: `ArrayProblem.variable`."""

    def __call__(self, name: str, over: Index, lower: ArrayLike = 0.0, upper: ArrayLike = np.inf) -> Variable:
        """Add one column per tuple of a list."""


class BillProgram:
    """Columns of the bills, and the rows and costs that they are in."""

    def __init__(self, lists: BillLists, new: NewVariable) -> None:
        self.lists = lists
        self.metered_mw = new("metered_mw", lists.peak)
        self.billed_mw = new("billed_mw", lists.billed, lower=lists.past_mw)
        self.tier_units = new("tier_units", lists.tier, upper=lists.tier_width)

    def metered_peak(self, load_mw: Expression) -> Comparison:
        r"""A peak is no less than the load in any of its steps.

        .. math:: P_t \le M_k \qquad \forall k, t \in k
        """
        over = self.lists.peak_step
        return load_mw.on(over) <= self.metered_mw.on(over)

    def billing_demand(self) -> Comparison:
        r"""A billing demand is no less than its share of each peak it sees.

        .. math:: \rho_{bk}\, M_k \le B_b \qquad \forall b, k
        """
        over = self.lists.floor
        return self.lists.floor_share_frac * self.metered_mw.on(over) <= self.billed_mw.on(over)

    def minimum_take(self, contracted_mw: Expression) -> Comparison:
        r"""A billing demand is no less than its share of the contracted capacity.

        .. math:: \mu_b\, K_{y(b)} \le B_b \qquad \forall b
        """
        over = self.lists.take
        return self.lists.take_share_frac * contracted_mw.on(over) <= self.billed_mw.on(over)

    def tier_fill(self, load_mw: Expression) -> Comparison:
        r"""What is paid in tiers fills them.

        .. math:: \sum_i u_{qi} = \sum_t \Delta_{qt} P_t + B_{b(q)} \qquad \forall q
        """
        return self.tier_units.sum_to(self.lists.stair) == self.thousands(load_mw)

    def thousands(self, load_mw: Expression) -> Expression:
        """What is paid in tiers, over (customer, stair). [GWh or MW]"""
        total = Expression.constant(self.lists.stair, 0.0)
        for kind, source in (("load", load_mw), ("billed", self.billed_mw)):
            rows = self.lists.stair_of[kind]
            total = total + source.map(self.lists.stair, rows.place, rows.target, rows.amount)
        return total

    def usd(self, load_mw: Expression, connected: Expression) -> Expression:
        """Money of every line of the bills, over (customer, charge, calendar year). [USD]"""
        return self._of_lines("usd", load_mw, connected)

    def units(self, load_mw: Expression, connected: Expression) -> Expression:
        """Quantity of every line of the bills, in the units of `lists.line_names`."""
        return self._of_lines("units", load_mw, connected)

    def _of_lines(self, what: Literal["usd", "units"], load_mw: Expression, connected: Expression) -> Expression:
        of = {"load": load_mw, "peak": self.metered_mw, "billed": self.billed_mw}
        of |= {"tier": self.tier_units, "connected": connected}
        total = Expression.constant(self.lists.line, 0.0)
        for kind, source in of.items():
            price = self.lists.prices[kind]
            total = total + source.map(self.lists.line, price.place, price.line, getattr(price, what))
        return total

    def overcharge_usd(self, load_mw: Expression, x: ArrayLike) -> Floats:
        """How far the program's charge for declining tiers is above the tariff's, at a plan.

        Of customers that are connected all the time.
        Gives [USD].
        """
        lists = self.lists
        bent = [i for i, stair in enumerate(lists.stairs) if not stair.tiers.curvature.is_convex]
        found = np.zeros(lists.line.size)
        units = THOUSAND * self.thousands(load_mw).value(x)
        for number in bent:
            stair = lists.stairs[number]
            fixed_usd, rising = stair.tiers.convex_bound()
            bound_usd = fixed_usd + rising.cost_usd(units[number])
            above = np.maximum(bound_usd - stair.tiers.cost_usd(units[number]), 0.0)  # rounding
            # Past the last fall the two are equal but for rounding.
            found[lists.stair_line[number]] += stair.usd_factor * stair.times * max(above, 0.0)
        return found


@dataclass(frozen=True, eq=False)
class ProgramBills:
    """Bills that are part of a program."""

    program: BillProgram  # columns, rows and prices
    usd: Expression  # money by line, over (customer, charge, calendar year). [USD]
    units: Expression  # quantities by line

    @property
    def customer_usd(self) -> Expression:
        """Whole bill of every customer. [USD]"""
        return self.usd.sum_to(self.program.lists.customer)


def add_bills(
    problem: ArrayProblem,
    load_mw: Expression,
    accounts: Sequence[Account],
    *,
    contracted_mw: Expression | None = None,
    connected: Expression | None = None,
    span: Span = "month",
    prefix: str = "bill_",
) -> ProgramBills:
    """Add the bills of a load to a program; their cost is still to be minimised.

    A battery of 5 MW would save 5 MW of a demand charge in each month:

    >>> from planner.lp import ArrayProblem, Axis, Expression, Index
    >>> from planner.tariffs import Account, BillingCalendar, DemandCharge, Tariff, hourly
    >>> reading = hourly(BillingCalendar.of_years(2027))
    >>> hours = Axis("hour", tuple(str(hour) for hour in range(reading.n_steps)))
    >>> load = Expression.constant(Index.full("load", Axis("site", ("a",)), hours), 30.0)
    >>> problem = ArrayProblem("battery")
    >>> tariff = Tariff("plain", (DemandCharge("demand", 11.5),))
    >>> billing = add_bills(problem, load - 5.0, [Account([0], tariff, reading)])
    >>> problem.minimise(billing.customer_usd.total())
    >>> _ = problem.solve()
    >>> round(billing.customer_usd.value(problem.values())[0]) == 12 * 25_000 * 11.5
    True
    """
    lists = bill_lists(load_mw.over, accounts, span=span)
    if contracted_mw is None:
        if lists.take.size:
            message = "a tariff has a minimum take: give contracted_mw"
            raise ValueError(message)
        contracted_mw = Expression.constant(lists.contracted, 0.0)
    if connected is None:
        connected = Expression.constant(lists.customer, 1.0)

    def new(name: str, over: Index, lower: ArrayLike = 0.0, upper: ArrayLike = np.inf) -> Variable:
        return problem.variable(prefix + name, over, lower, upper)

    program = BillProgram(lists, new)
    rows = {
        "metered_peak": program.metered_peak(load_mw),
        "billing_demand": program.billing_demand(),
        "minimum_take": program.minimum_take(contracted_mw),
        "tier_fill": program.tier_fill(load_mw),
    }
    for name, comparison in rows.items():
        if comparison.over.size:
            problem.rows(prefix + name, comparison)
    is_connected = connected.on(lists.connected)
    return ProgramBills(program, program.usd(load_mw, is_connected), program.units(load_mw, is_connected))
