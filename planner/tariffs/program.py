r"""Bills in a linear program: columns, rows and cost of all rules of all customers.

A program that minimises cost brings every peak down to the highest load it represents and fills
tiers from the cheapest, so that its cost is the exact bill of the load it chooses. Declining
tiers are the exception: see `Tiers.convex_bound`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from planner.lp import Comparison, Expression
from planner.tariffs.form import THOUSAND
from planner.tariffs.listing import bill_lists

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from planner.base.arrays import Floats
    from planner.lp import ArrayProblem, Index, Variable
    from planner.tariffs.form import Span
    from planner.tariffs.lists import Account, BillLists


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
        of = self.lists.stair_of
        sources = {"load": load_mw, "billed": self.billed_mw}
        total = Expression.constant(self.lists.stair, 0.0)
        for kind, source in sources.items():
            rows = of[kind]
            total = total + source.map(self.lists.stair, rows.place, rows.target, rows.amount)
        return total

    def usd(self, load_mw: Expression, connected: Expression) -> Expression:
        """Money of every line of the bills, over (customer, charge, calendar year). [USD]"""
        prices, line = self.lists.prices, self.lists.line
        total = Expression.constant(line, 0.0)
        for kind, source in self._sources(load_mw, connected).items():
            price = prices[kind]
            total = total + source.map(line, price.place, price.line, price.usd)
        return total

    def units(self, load_mw: Expression, connected: Expression) -> Expression:
        """Quantity of every line of the bills, in the units of `lists.line_names`."""
        prices, line = self.lists.prices, self.lists.line
        total = Expression.constant(line, 0.0)
        for kind, source in self._sources(load_mw, connected).items():
            price = prices[kind]
            total = total + source.map(line, price.place, price.line, price.units)
        return total

    def _sources(self, load_mw: Expression, connected: Expression) -> dict[str, Expression]:
        return {
            "load": load_mw,
            "peak": self.metered_mw,
            "billed": self.billed_mw,
            "tier": self.tier_units,
            "connected": connected,
        }

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
