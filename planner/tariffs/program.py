"""Bills in a linear program: rules as lists, and their variables and rows."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import inf
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

import numpy as np

from planner.base.arrays import Record
from planner.lp import Axis, Comparison, Expression, Index
from planner.lp.index import distinct, locate
from planner.tariffs.clock import Amounts, PriceTerms
from planner.tariffs.rule import THOUSAND, Form

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import ArrayLike

    from planner.base.arrays import Floats, Positions
    from planner.lp import ArrayProblem, Variable
    from planner.tariffs.clock import Account
    from planner.tariffs.rule import BillLineKey, Span, Stair

# --- From the forms of tariffs to the index lists and prices of all their customers ---------------


class BillLists(Record):
    """Index lists and coefficients of the bills of many customers, who are one or more axes, such as `site`."""

    def __init__(self, load: Index, accounts: Sequence[Account], *, span: Span = "month") -> None:
        """Take `load` (customer, step)."""
        self.load = load  # (customer, step): the power that is billed
        self.customer: Index = distinct(load, *load.axis_names[:-1], name="customer")  # (customer)
        forms = _Forms(self.customer, accounts, span, len(load.axes[-1]))
        peak = forms.axis("peak", lambda form: [one.label for one in form.peaks])
        billed = forms.axis("billed", lambda form: [one.label for one in form.billed])
        span_axis = forms.axis("span", lambda form: map(form.contracted, form.months))
        year = forms.axis("calendar", lambda form: map(str, form.years))
        at: dict[str, list[Positions]] = {}  # positions in a list, by account
        # (customer, peak): the highest load of some steps. [MW]
        self.peak, at["peak"] = forms.items("peak", [peak], lambda form: [(one.label,) for one in form.peaks])
        # (customer, billing demand). [MW]
        self.billed, at["billed"] = forms.items("billed", [billed], lambda form: [(one.label,) for one in form.billed])
        # (customer, billing demand, peak), and the share of the peak, of each
        self.floor, _ = forms.items(
            "floor",
            [billed, peak],
            lambda form: [(one.label, form.peaks[at].label) for one in form.billed for at, _ in one.shares_frac],
        )
        self.floor_share_frac = forms.figures(
            lambda form: [share for one in form.billed for _, share in one.shares_frac]
        )
        # (customer, billing demand, span) with a minimum take, and the share of the contracted capacity, of each
        self.take, _ = forms.items(
            "take",
            [billed, span_axis],
            lambda form: [(one.label, one.contracted) for one in form.billed if one.take_frac > 0.0],
        )
        self.take_share_frac = forms.figures(lambda form: [one.take_frac for one in form.billed if one.take_frac > 0.0])
        # (customer, span): capacity in force. [MW]
        self.contracted: Index = distinct(self.take, *self.customer.axis_names, "span", name="contracted")
        # (customer, calendar year)
        self.connected, at["connected"] = forms.items(
            "connected", [year], lambda form: [(str(of),) for of in form.years]
        )
        names = {_charge(line): line[:3] for form, _ in forms.accounts for line in form.lines}
        # rule, item and unit of each charge, by its code on the axis of `line`
        self.line_names: tuple[tuple[str, str, str], ...] = tuple(names.values())
        # (customer, charge, calendar year): lines of the bill
        self.line, at["line"] = forms.items(
            "line",
            [Axis("charge", tuple(names)), year],
            lambda form: [(_charge(line), str(line.year)) for line in form.lines],
        )
        stair = forms.axis("stair", lambda form: [one.label for one in form.stairs])
        tier = forms.axis("tier", lambda form: [one.number for one in _tiers(form)])
        # (customer, stair): a quantity that is paid in tiers
        self.stair, at["stair"] = forms.items("stair", [stair], lambda form: [(one.label,) for one in form.stairs])
        # (customer, stair, tier), and the most in each. [thousand units]
        self.tier, at["tier"] = forms.items(
            "tier", [stair, tier], lambda form: [(one.stair.label, one.number) for one in _tiers(form)]
        )
        self.tier_width = forms.figures(lambda form: [one.width for one in _tiers(form)])
        at["load"] = [self._load_places(customers) for _, customers in forms.accounts]
        self._find_peak_steps(forms, at["load"])
        self._find_prices(forms, at)

    def _load_places(self, customers: Positions) -> Positions:
        """Position of each customer's load in each step, -1 where it has none."""
        steps = len(self.load.axes[-1])
        codes = (np.repeat(codes[customers], steps) for codes in self.customer.codes)
        step = np.tile(np.arange(steps), len(customers))
        return locate(self.load, *codes, step).reshape(len(customers), steps)

    def _find_peak_steps(self, forms: _Forms, load_at: Sequence[Positions]) -> None:
        """Find the steps of each peak in which a customer has a load."""
        found, axis = _Rows(3), self.peak.axis("peak")
        for (form, customers), places in zip(forms.accounts, load_at, strict=True):
            for peak in form.peaks:
                has_load = places[:, peak.steps] >= 0
                found.add(np.where(has_load, customers[:, None], -1), axis.code(peak.label), peak.steps)
        customer, peaks, step = (column.astype(np.intp) for column in found.columns())
        codes = (codes[customer] for codes in self.customer.codes)
        axes = (*self.customer.axes, axis, self.load.axes[-1])
        self.peak_step: Index = Index.sparse("peak_step", axes, (*codes, peaks, step))  # (customer, peak, step)

    def _find_prices(self, forms: _Forms, at: Mapping[str, Sequence[Positions]]) -> None:
        """Find what is paid on which line, and what is paid in tiers."""
        prices = {kind: _Rows(4) for kind in ("load", "peak", "billed", "tier", "connected")}
        stair_of = {kind: _Rows(3) for kind in ("load", "billed")}
        for number, (form, _) in enumerate(forms.accounts):
            places = {kind: of[number] for kind, of in at.items()}
            line = places["line"]
            for charge in form.charges:
                place = places[charge.of][:, charge.places]
                prices[charge.of].add(place, line[:, charge.lines], charge.usd, charge.units)
            for row, stair in enumerate(form.stairs):
                stair_place = places["stair"][:, [row]]
                stair_of[stair.of].add(places[stair.of][:, stair.places], stair_place, stair.thousands)
                fixed_usd, _ = stair.tiers.convex_bound()
                if fixed_usd > 0.0:
                    # Due whatever is drawn, but by nobody who is not connected.
                    place = places["connected"][:, [form.years.index(form.lines[stair.line].year)]]
                    usd = stair.usd_factor * stair.times * fixed_usd
                    prices["connected"].add(place, line[:, [stair.line]], usd, 0.0)
            tiers = _tiers(form)
            of_line = line[:, [tier.stair.line for tier in tiers]]
            prices["tier"].add(places["tier"], of_line, [tier.usd for tier in tiers], [tier.units for tier in tiers])
        # thousands of units that a MW of `load` and of `billed` adds
        self.stair_of = {kind: _amounts(rows) for kind, rows in stair_of.items()}
        self.prices = {kind: _prices(rows) for kind, rows in prices.items()}  # by kind of source


class _Forms:
    """The forms of all accounts, and lists and figures over their customers."""

    def __init__(self, customer: Index, accounts: Sequence[Account], span: Span, steps: int) -> None:
        self._customer = customer
        self.accounts: list[tuple[Form, Positions]] = []
        for account in accounts:
            if account.reading.n_steps != steps:
                message = (
                    f"the reading of {account.tariff.name!r} has {account.reading.n_steps} steps, the load {steps}"
                )
                raise ValueError(message)
            form = Form(account.tariff.price_factor, account.reading, span)
            for rule in account.tariff.rules:
                rule.program(form)
            self.accounts.append((form, np.asarray(account.customers, dtype=np.intp)))

    def axis(self, name: str, labels: Callable[[Form], Iterable[str]]) -> Axis:
        return Axis(name, tuple(dict.fromkeys(label for form, _ in self.accounts for label in labels(form))))

    def items(
        self, name: str, axes: Sequence[Axis], labels: Callable[[Form], Sequence[tuple[str, ...]]]
    ) -> tuple[Index, list[Positions]]:
        """List every customer with every item of its form; give their positions by account too, (customer, item)."""
        parts, places, size = [np.empty((1 + len(axes), 0), dtype=np.intp)], [], 0
        for form, customers in self.accounts:
            named = labels(form)
            codes = [axis.codes(label[place] for label in named) for place, axis in enumerate(axes)]
            shape = len(customers), len(named)
            parts.append(np.stack([np.repeat(customers, shape[1]), *(np.tile(of, shape[0]) for of in codes)]))
            places.append(np.arange(size, size + shape[0] * shape[1]).reshape(shape))
            size += places[-1].size
        at, *of_items = np.concatenate(parts, axis=1)
        of_customers = (codes[at] for codes in self._customer.codes)
        return Index.sparse(name, (*self._customer.axes, *axes), (*of_customers, *of_items)), places

    def figures(self, of: Callable[[Form], Sequence[float]]) -> Floats:
        """Return one figure per item of such a list."""
        return np.concatenate([np.empty(0), *(np.tile(of(form), len(customers)) for form, customers in self.accounts)])


class _Tier(NamedTuple):
    """A tier of a stair as the program has it: prices rise from each to the next."""

    stair: Stair
    number: str
    width: float  # most in it. [thousand units]
    usd: float  # money and quantity of a thousand units
    units: float


def _tiers(form: Form) -> list[_Tier]:
    tiers = []
    for stair in form.stairs:
        _, rising = stair.tiers.convex_bound()
        for place, (low, high) in enumerate(pairwise((0.0, *rising.limits, inf))):
            usd, units = stair.usd_factor * stair.times * rising.prices[place] * THOUSAND, stair.times * THOUSAND
            tiers.append(_Tier(stair, str(place + 1), (high - low) / THOUSAND, usd, units))
    return tiers


def _charge(line: BillLineKey) -> str:
    return f"{line.rule}: {line.item} [{line.unit}]"


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
        self.billed_mw = new("billed_mw", lists.billed)
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

    >>> from planner.lp import ArrayProblem, Axis, Expression, HighsSession, Index
    >>> from planner.tariffs import Account, BillingCalendar, DemandCharge, Tariff, hourly
    >>> reading = hourly(BillingCalendar.of_years(2027))
    >>> hours = Axis("hour", tuple(str(hour) for hour in range(reading.n_steps)))
    >>> load = Expression.constant(Index.full("load", Axis("site", ("a",)), hours), 30.0)
    >>> problem = ArrayProblem("battery")
    >>> tariff = Tariff("plain", (DemandCharge("demand", 11.5),))
    >>> billing = add_bills(problem, load - 5.0, [Account([0], tariff, reading)])
    >>> problem.minimise(billing.customer_usd.total())
    >>> plan = HighsSession(problem).solve().x
    >>> round(billing.customer_usd.value(plan)[0]) == 12 * 25_000 * 11.5
    True
    """
    lists = BillLists(load_mw.over, accounts, span=span)
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
