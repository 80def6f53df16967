"""Tariffs: what a bill is made of where a site has one, and the capacity that it signed for."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from planner.base.units import USD_PER_MUSD
from planner.family.block import Constraint, Cost, constraint, cost, defined_in
from planner.family.payments import once
from planner.inputs.tariffs import KINDS
from planner.lp.index import distinct, locate, pairs
from planner.tariffs.program import BillProgram

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from planner.lp import Comparison, Expression, Index, Variable
    from planner.model.variables import Model


class TariffTerms:
    """Peaks, billing demands, tiers and contracts of the sites that a tariff bills."""

    def __init__(self, m: Model) -> None:
        self.m = m
        self.p = m.p.tariffs

        def new(name: str, over: Index, lower: ArrayLike = 0.0, upper: ArrayLike = np.inf) -> Variable:
            return m.problem.variable(f"bill_{name}", over, lower, upper)

        # billed_mw [MW], tier_units [GWh, or MW] of each rule and month
        self.program = BillProgram(self.p.bills, new)
        # capacity under contract [MW]
        self.signed_mw: Variable = m.problem.variable("bill_signed_mw", self.p.signed)
        self.released_mw: Variable = m.problem.variable("bill_released_mw", self.p.released)
        self.fee_mw: Variable = m.problem.variable("bill_fee_mw", self.p.fee)

    @cached_property
    def load_mw(self) -> Expression:
        """Power drawn from the grid where it is billed. [MW], (site, step)"""
        over = self.p.bills.load
        return self.m.grid_mw.map(over, self.p.load_place, np.arange(over.size))

    @cached_property
    def connected(self) -> Expression:
        """Share of a site that is open, in every calendar year that is billed. [-]"""
        over, place = self.p.bills.connected, self.p.connected_place
        there = np.flatnonzero(place >= 0)
        return self.m.open.map(over, place[there], there)

    @cached_property
    def usd(self) -> Expression:
        """Money of every line of the bills. [USD], (site, charge, calendar)"""
        return self.program.usd(self.load_mw, self.connected)

    @cached_property
    def units(self) -> Expression:
        """Quantity of every line of the bills, in the unit of the line."""
        return self.program.units(self.load_mw, self.connected)

    def usd_of(self, kind: str) -> Expression:
        """Money of the lines of a kind of charges. [USD], (site, calendar)"""
        line = self.p.bills.line
        rows = np.flatnonzero(self.p.line_kind == KINDS.index(kind))
        calendar = self.m.calendar.codes(line.labels("calendar")[rows])
        place = locate(self.m.site_calendar, line["site"][rows], calendar)
        return self.usd.map(self.m.site_calendar, rows, place)

    @cached_property
    def kept_mw(self) -> Expression:
        """Capacity under contract: signed and not given up. [MW], (site, year)"""
        over = self.p.contract
        signed, now = pairs(self.p.signed, over, on=("site",))
        since = over["year"][now] >= self.p.signed["vintage"][signed]
        released, after = pairs(self.p.released, over, on=("site",))
        gone = over["year"][after] >= self.p.released["year"][released]
        return self.signed_mw.map(over, signed[since], now[since]) - self.released_mw.map(
            over, released[gone], after[gone]
        )

    @cached_property
    def contracted_mw(self) -> Expression:
        """Capacity in force as far as the ramp has come. [MW], (site, span)"""
        over, signed, released = (self.p.bills.contracted, self.p.in_force_signed, self.p.in_force_released)
        left = self.released_mw.map(over, released.place, released.target, released.amount)
        return self.signed_mw.map(over, signed.place, signed.target, signed.amount) - left


@constraint(over="site, peak, step", unit="MW", links="cause")
def tariff_peak(m: Model) -> Comparison:
    r"""A metered peak is no less than the draw in any time slice that represents one of its hours.

    .. math:: i_{sth} \le M_{sk} \qquad \forall s, k, (t, h) \in k

    A peak `k` is the highest hour of a rule's months, weekdays and clock hours; months that are
    represented by the same time slices have one. A maximum has no weight.

    Source: tariff form as in REopt.
    """
    return m.tariffs.program.metered_peak(m.tariffs.load_mw)


@constraint(over="site, billing demand, peak", unit="MW", links="cause")
def tariff_billing(m: Model) -> Comparison:
    r"""A billing demand is no less than its share of each peak that it sees.

    .. math:: \rho_{bk}\, M_{sk} \le B_{sb} \qquad \forall s, b, k

    The share is 1 for the peak of its own month, and that of the ratchet for the months which
    the ratchet looks back on, also those of years before. The dual, divided by the discount
    factor of its years, is what one more MW of that peak adds to the bill.

    Source: ratchet as in REopt.
    """
    return m.tariffs.program.billing_demand()


@constraint(over="site, billing demand, year", unit="MW", links="cause")
def tariff_take(m: Model) -> Comparison:
    r"""A billing demand is no less than its share of the contracted capacity in force.

    .. math:: \mu_b\, K_{sy(b)} \le B_{sb} \qquad \forall s, b, \qquad
        K_{sy} = \sum_{v} r_{s,y-v} \Bigl(\kappa_{sv} - \sum_{u \le y} \lambda_{svu}\Bigr)

    with the ramp :math:`r`, capacity signed :math:`\kappa` and given up :math:`\lambda`.

    Source: large-load tariffs, such as AEP Ohio's Schedule DCT.
    """
    return m.tariffs.program.minimum_take(m.tariffs.contracted_mw)


@constraint(over="site, stair", unit="GWh or MW", links="cause")
def tariff_tiers(m: Model) -> Comparison:
    r"""What is paid in tiers fills them.

    .. math:: \sum_i u_{sqi} = \sum_{t,h} \Delta_{qth}\, i_{sth} + B_{sb(q)} \qquad \forall s, q

    Prices that rise from tier to tier fill the cheap ones first. Where they fall, the rows hold
    the tangent at the last tier, which is never below the tariff.

    Source: dcplan, `planner.tariffs.Tiers.convex_bound`.
    """
    return m.tariffs.program.tier_fill(m.tariffs.load_mw)


@constraint(over="site, year, billing period", unit="MW", links="stock")
def tariff_contract(m: Model) -> Comparison:
    r"""Power is drawn up to the capacity under contract.

    .. math:: P_{stm} \le \sum_{v \le t} \kappa_{sv} - \sum_{v} \sum_{u \le t} \lambda_{svu}
        \qquad \forall s, t, m

    Only where a tariff has a minimum take: elsewhere nothing depends on what is signed.
    """
    covered = m.p.tariffs.covered
    return m.peak_mw.on(covered) <= m.tariffs.kept_mw.on(covered)


@constraint(over="site, vintage", unit="MW", links="stock")
def tariff_release(m: Model) -> Comparison:
    r"""No more is given up than was signed.

    .. math:: \sum_u \lambda_{svu} \le \kappa_{sv} \qquad \forall s, v
    """
    over = distinct(m.p.tariffs.released, "site", "vintage", name="released_of")
    return m.tariffs.released_mw.sum_to(over) <= m.tariffs.signed_mw.on(over)


@constraint(over="site, vintage", unit="MW", links="optional")
def tariff_exit(m: Model) -> Comparison:
    r"""While the term runs, a share of what was signed may go without a fee, and no more.

    .. math:: \sum_u \bigl(\lambda_{svu} - \phi_{svu}\bigr) \le f\, \kappa_{sv}
        \qquad \forall s, v

    with the capacity :math:`\phi` that a fee is paid for.

    Source: large-load tariffs, such as Dominion's GS-5.
    """
    over = distinct(m.p.tariffs.fee, "site", "vintage", name="fee_of")
    without_fee = m.tariffs.released_mw.on(m.p.tariffs.fee) - m.tariffs.fee_mw
    return without_fee.sum_to(over) <= m.p.tariffs.free_frac * m.tariffs.signed_mw.on(over)


@constraint(over="site, vintage, year", unit="MW", links="cause")
def tariff_fee(m: Model) -> Comparison:
    r"""A fee is paid when capacity is given up, not before.

    .. math:: \phi_{svt} \le \lambda_{svt} \qquad \forall s, v, t

    With a ramp an early year's minimum bills are lower than those of a later one.
    """
    return m.tariffs.fee_mw <= m.tariffs.released_mw.on(m.p.tariffs.fee)


@cost(group="energy")
def tariff_energy(m: Model) -> Expression:
    """Energy that a tariff bills, on the calendar of each year."""
    return m.tariffs.usd_of("energy") / USD_PER_MUSD


@cost(group="energy")
def tariff_demand(m: Model) -> Expression:
    """Demand that a tariff bills, ratchets and minimum takes included."""
    return m.tariffs.usd_of("demand") / USD_PER_MUSD


@cost(group="energy")
def tariff_capacity(m: Model) -> Expression:
    """Power in the system's peak hours that a tariff bills."""
    return m.tariffs.usd_of("capacity") / USD_PER_MUSD


@cost(group="energy")
def tariff_standing(m: Model) -> Expression:
    """Standing charges of a tariff while a site is open."""
    return m.tariffs.usd_of("standing") / USD_PER_MUSD


@cost(group="energy")
def tariff_exit_fee(m: Model) -> Expression:
    """Fees for capacity given up before the term of its contract ends."""
    return once(m, m.p.tariffs.fee_musd_per_mw * m.tariffs.fee_mw, 1.0)


CONSTRAINTS, COSTS = defined_in(globals(), Constraint), defined_in(globals(), Cost)
