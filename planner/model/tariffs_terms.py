"""Bills of sites by a tariff: their decisions, and the sums that rows and costs take of them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from planner.inputs.types_tariffs import KINDS
from planner.lp.join import locate, pairs
from planner.tariffs.program import BillProgram

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from planner.lp import Expression, Index, Variable
    from planner.model.variables import Model

__all__ = ["TariffTerms"]


class TariffTerms:
    """Peaks, billing demands, tiers and contracts of the sites that a tariff bills.

    Parameters
    ----------
    m : Model
        The program that the decisions belong to.
    """

    def __init__(self, m: Model) -> None:
        self.m = m
        self.p = m.p.tariffs

        def new(
            name: str, over: Index, lower: ArrayLike = 0.0, upper: ArrayLike = np.inf
        ) -> Variable:
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
        over, signed, released = (
            self.p.bills.contracted,
            self.p.in_force_signed,
            self.p.in_force_released,
        )
        left = self.released_mw.map(over, released.place, released.target, released.amount)
        return self.signed_mw.map(over, signed.place, signed.target, signed.amount) - left
