"""From a decision to payments by calendar year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.lp.index import locate
from planner.money.finance import (
    annuity_payment,
    discount_factor,
    perpetuity_tail,
    spending_shares,
    yearly_payment_shares,
)

if TYPE_CHECKING:
    from planner.base.arrays import Floats
    from planner.lp import Expression
    from planner.model.variables import Model


def discount(m: Model) -> Floats:
    """Discount factor of a payment in each calendar year, mid-year. [calendar]

    With a perpetuity the last year represents itself and all later ones: an asset in service for half of it is paid
    and used for half of each of them. Years after the last one that counts have no factor.
    """
    p = m.p.finance
    factor = discount_factor(p.rate_frac, m.calendar_year, p.base_year)
    if p.end_of_horizon == "perpetuity":
        tail = perpetuity_tail(p.rate_frac, m.until, p.base_year)
        factor = factor + tail * (m.calendar_year == m.until)
    return np.where(m.calendar_year <= m.until, factor, 0.0)


@dataclass(frozen=True)
class Purchase:
    """Purchase of an asset: how much, at what cost, from when and for how long."""

    decision: Expression  # what is purchased, over a list with a site. [MW, or share of a site]
    overnight_musd: Floats  # overnight cost of one unit, for each tuple
    start: Floats  # start of service of each tuple, for example 2028.5. [year]
    life_years: Floats  # economic life of each tuple. [yr]
    idc_frac: float = 0.0  # interest during construction as a share of the overnight cost


def capital_payments(m: Model, purchase: Purchase, rate_frac: Floats | None = None) -> Expression:
    """Repay what is bought from its first month in service, by the rule of the end of horizon. Gives [MUSD]."""
    return by_calendar(m, purchase.decision, capital_payments_per_unit(m, purchase, rate_frac))


def capital_payments_per_unit(m: Model, purchase: Purchase, rate_frac: Floats | None = None) -> Floats:
    """Return the payments for one unit of what is bought, by the same rule. (tuple, calendar) [MUSD per unit]"""
    p = m.p.finance
    cost = purchase.overnight_musd * (1.0 + purchase.idc_frac)
    rate = p.rate_frac if rate_frac is None else rate_frac
    payment = annuity_payment(cost, rate, purchase.life_years)
    if p.end_of_horizon == "truncated_salvage":
        # An own cost of capital counts by what it adds to the yearly payment.
        worth = payment / annuity_payment(1.0, p.rate_frac, purchase.life_years)
        return np.asarray(worth[:, None] * _paid_and_salvaged(m, purchase.start, purchase.life_years))
    shares = yearly_payment_shares(purchase.life_years, purchase.start, p.first_year, p.last_year)
    return np.asarray(payment[:, None] * shares)


def cash_per_unit(m: Model, purchase: Purchase, *, paid_while_built: bool) -> Floats:
    """Return the cash for one unit of what is bought in each calendar year. Gives (tuple, calendar) [MUSD per unit]."""
    p = m.p.finance
    months = p.spend_months if paid_while_built else 0.0
    shares = spending_shares(purchase.start, months, p.first_year, p.last_year)
    return np.asarray(purchase.overnight_musd[:, None] * shares)


def once(m: Model, decision: Expression, musd_per_unit: float) -> Expression:
    """Pay in the calendar year a decision is taken. Returns payments over (site, calendar)."""
    year = m.year[decision.over["year"]]
    amount = musd_per_unit * (year[:, None] == m.calendar_year[None, :])
    return by_calendar(m, decision, amount)


def yearly(m: Model, paid: Expression, *, escalates: bool = False) -> Expression:
    """Pay every calendar year that a model year stands for. Takes `paid` [MUSD]."""
    over = paid.over
    factor = m.p.finance.opex_escalation[over["year"]] if escalates else np.ones(over.size)
    is_represented = over["year"][:, None] == m.model_year_of[None, :]
    return by_calendar(m, paid, factor[:, None] * is_represented)


def by_calendar(m: Model, decision: Expression, amount: Floats) -> Expression:
    """Return a decision times an amount per calendar year. `amount` is [tuple, calendar]."""
    source, calendar = np.nonzero(amount)
    factor = amount[source, calendar]
    if "site" in decision.over.axis_names:
        target = locate(m.site_calendar, decision.over["site"][source], calendar)
        return decision.map(m.site_calendar, source, target, factor)
    return decision.map(m.paid, source, calendar, factor)


def _paid_and_salvaged(m: Model, start: Floats, life: Floats) -> Floats:
    """Pay the cost at the start, get the book value back at the end, both moved to mid-year. [tuple, calendar]"""
    p = m.p.finance
    end = m.until + 1.0
    growth = 1.0 + p.rate_frac
    calendar = m.calendar_year[None, :]
    paid = (np.floor(start)[:, None] == calendar) * growth ** (calendar + 0.5 - start[:, None])
    book_frac = np.clip(1.0 - (end - start) / life, 0.0, 1.0) * (start < end)
    is_last = calendar == m.until
    salvaged = is_last * book_frac[:, None] * growth**-0.5
    return np.asarray(paid - salvaged)
