"""Money: the objective, what is bought up front, its budget, the premium of costly capital."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.families import HEADINGS
from planner.family.block import Asset, Cost, constraint, cost
from planner.family.payments import by_calendar, capital_payments, cash_per_unit, discount
from planner.lp import UNIT, Expression
from planner.lp.index import locate
from planner.model import racks
from planner.model.families import FAMILIES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from planner.lp import Comparison
    from planner.model.variables import Model

_GROUPS: Final = tuple(HEADINGS)

_OF_FAMILIES: tuple[Cost, ...] = tuple(
    sorted(
        (item for family in FAMILIES for item in getattr(family, "COSTS", ())),
        key=lambda item: _GROUPS.index(item.group),
    )
)

ASSETS: tuple[Asset, ...] = tuple(item for item in _OF_FAMILIES if isinstance(item, Asset))
"""All that is bought up front."""
PENALTIES: Final = ("unmet_compute", "shed_load_worth")
"""Costs that put a price on work not done, which nobody is paid."""


def objective_musd(m: Model) -> Expression:
    r"""Return the net present value of all payments inside the horizon. [MUSD]

    .. math:: \min \sum_{i \in \mathrm{COSTS}} \sum_{y} \frac{C_{iy}}{(1 + r)^{y - y_0 + 1/2}}
    """
    return _npv_musd(m, ALL_COSTS)


def penalty_musd(m: Model) -> Expression:
    """Return the part of the objective that prices work not done. [MUSD]"""
    return _npv_musd(m, [item for item in ALL_COSTS if item.name in PENALTIES])


def _npv_musd(m: Model, items: Iterable[Cost]) -> Expression:
    factor = discount(m)
    total = Expression.constant(UNIT, 0.0)
    for item in items:
        line = item.build(m)
        total = (total + (line * factor[line.over["calendar"]]).total()).merged()
    return total


def capex_musd(m: Model) -> Expression:
    """Return the overnight cost of what enters service in a model year. [MUSD], (site, year)"""
    site_year = m.p.sites.site_year
    total = Expression.constant(site_year, 0.0)
    for item in ASSETS:
        if item.in_budget:
            bought = item.bought(m)
            total = total + (bought.overnight_musd * bought.decision).sum_to(site_year)
    return total


@constraint(over="year", unit="MUSD", dual_unit="MUSD/MUSD")
def capex_budget(m: Model) -> Comparison:
    r"""What enters service in a year costs no more, overnight, than the board allows.

    .. math:: \sum_s K_{st} \le \bar{K}_t \qquad \forall t

    The dual is what one more dollar of budget saves.
    """
    budget = m.p.sites.capex_budget
    return capex_musd(m).sum_to(budget, where="present") <= m.p.sites.capex_budget_musd


@constraint(over="year", unit="MUSD", dual_unit="MUSD/MUSD")
def cash_budget(m: Model) -> Comparison:
    r"""What is spent on assets in the calendar years since the model year before is budgeted.

    .. math:: \sum_{t-1 < y \le t}\, \sum_{s, i} \sigma_{iy}\, K_{si} \le \bar{C}_t
        \qquad \forall t

    :math:`\sigma_{iy}` is the share of the overnight cost of purchase :math:`i` that is paid in
    calendar year :math:`y`: halls, connections and on-site technologies are paid evenly over the
    months before service, all else when it starts to serve. What bridge power is worth when it
    leaves is received; moves of racks are paid. The dual is what one more dollar of budget saves.
    """
    budget = m.p.sites.cash_budget
    of_calendar = locate(budget, np.searchsorted(m.year, m.calendar_year))
    is_counted = of_calendar >= 0
    spent = racks.rack_moves.build(m)
    for item in ASSETS:
        bought = item.bought(m)
        musd = cash_per_unit(m, bought, paid_while_built=item.paid_while_built)
        spent = spent + by_calendar(m, bought.decision, musd * is_counted)
    row = of_calendar[spent.over["calendar"]]
    counted = np.flatnonzero(row >= 0)
    return spent.map(budget, counted, row[counted]) <= m.p.sites.cash_budget_musd


CONSTRAINTS = (capex_budget, cash_budget)


@cost(group="financing", upfront=True)
def financing_premium(m: Model) -> Expression:
    """What assets cost more as their capital, by kind and country, costs more than the plan's."""
    finance = m.p.finance
    total = Expression.constant(m.site_calendar, 0.0)
    for item in ASSETS:
        bought = item.bought(m)
        of_kind = finance.asset_rate_frac.get(item.kind, finance.rate_frac)
        own_rate = of_kind + finance.site_rate_adder_frac[bought.decision.over["site"]]
        if np.any(own_rate != finance.rate_frac):
            total = total + capital_payments(m, bought, own_rate) - capital_payments(m, bought)
    return total


COSTS = (financing_premium,)
ALL_COSTS: tuple[Cost, ...] = (*_OF_FAMILIES, *COSTS)
"""Every cost, in the order in which a planner reads them."""
