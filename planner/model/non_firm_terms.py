"""Non-firm connection and load that is shed: decisions, and the sums that others use."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from planner.clock.ramp import share_in_force
from planner.lp import Index
from planner.lp.join import pairs

if TYPE_CHECKING:
    from planner.inputs.types import Floats
    from planner.lp import Expression, Variable
    from planner.model.variables import Model

__all__ = ["NonFirmTerms", "connected_by"]


class NonFirmTerms:
    """Connection that may be switched off, and load left unserved then.

    Parameters
    ----------
    m : Model
        The program that the decisions belong to.
    """

    def __init__(self, m: Model) -> None:
        self.m = m
        self.p = m.p.non_firm
        new = m.problem.variable
        self.connect_mw: Variable = new("connect_mw", self.p.connect)
        self.discounted_mw: Variable = new("discounted_mw", self.p.billing)
        self.shed_mw: Variable = new("shed_mw", self.p.shed.slot)

    @cached_property
    def service_by_tier_mw(self) -> Expression:
        """Non-firm connection in service, mean over the year. [MW], (site, year, tier)"""
        return self._in_service(self.p.service_tier, self.p.start, self.p.turns_firm)

    @cached_property
    def service_mw(self) -> Expression:
        """Non-firm connection in service, mean over the year. [MW], (site, year)"""
        return self.service_by_tier_mw.sum_to(self.p.service)

    @cached_property
    def off_mw(self) -> Expression:
        """Non-firm connection that is off. [MW], (site, year, slot) of stress"""
        return self._shared(self.p.stress, self.p.off_frac)

    @cached_property
    def shed_room_mw(self) -> Expression:
        """Most that may be shed in the hours for it. [MW], (site, year, slot) of shedding"""
        return self._shared(self.p.shed.slot, self.p.shed.hours_frac)

    def _shared(self, over: Index, share: Floats) -> Expression:
        """Return the share of non-firm connection by tier, added up. `share` [zone, tier, slot]"""
        tier, here = pairs(self.p.service_tier, over, on=("site", "year"))
        zone = self.m.p.sets.site_zone[over["site"][here]]
        part = share[zone, self.p.service_tier["tier"][tier], over["slot"][here]]
        some = part > 0.0
        return self.service_by_tier_mw.map(over, tier[some], here[some], part[some])

    @cached_property
    def turned_firm_mw(self) -> Expression:
        """Connection that was non-firm and is firm, mean over the year. [MW], (site, year)"""
        never = np.full(self.p.connect.size, np.inf)
        return self._in_service(self.m.p.grid.firm, self.p.turns_firm, never)

    def _in_service(self, over: Index, begin: Floats, end: Floats) -> Expression:
        """Return what counts between two moments, for its share of each year."""
        common = tuple(name for name in ("site", "tier") if name in over.axis_names)
        asked, now = pairs(self.p.connect, over, on=common)
        year = over["year"][now]
        share = share_in_force(begin[asked], end[asked], self.m.year[year], self.m.span_years[year])
        counts = (share > 0.0) & (self.p.connect["year"][asked] <= year)
        return self.connect_mw.map(over, asked[counts], now[counts], share[counts])

    @cached_property
    def shed_mwh(self) -> Expression:
        """Energy not served in a year. [MWh], (site, year)"""
        hours = self.m.p.days.weight_h[self.p.shed.slot["slot"]]
        shed: Expression = hours * self.shed_mw
        return shed.sum_to(self.p.shed.site_year)

    @cached_property
    def interruptible_mw(self) -> Expression:
        """IT power of work that could wait, in the slots in which it may be lost. [MW].

        Over (site, year, slot): idle and dynamic power of that share of the racks, as the work
        falls due, and what is put off or moved between sites counted where it is done.
        """
        m, p = self.m, self.m.p
        slot, used = self.p.shed.slot, p.racks.used
        share = self.p.shed.deployment_frac[m.deployment_of_used]
        use, here = pairs(used, slot, on=("site", "year"))
        at, of = m.deployment_of_used[use], slot["slot"][here]
        shape = p.power.shape_frac[used["site"][use], p.power.deployment_shape[at], of]
        per_mw = p.racks.idle_mw_per_mw[at] + shape * p.racks.dynamic_mw_per_mw[at]
        waits = share[use] > 0.0
        due = m.used.map(slot, use[waits], here[waits], (share[use] * per_mw)[waits])
        elsewhere = m.shifted_mw + m.migration.migrated_mw
        return due + elsewhere.on(slot)


def connected_by(
    m: Model, asked: Expression, limits: Index, year: np.ndarray | None = None
) -> Expression:
    """Add up what is connected in a zone by a year.

    Parameters
    ----------
    m : Model
        The program.
    asked : Expression
        New connection over (site, year), or (site, year, tier). [MW]
    limits : Index
        (zone, year), or (zone, year, tier), where what has a tier counts up to it.
    year : array of int, optional
        Model year from which each counts instead of its own; -1: never.

    Returns
    -------
    Expression
        Over `limits`. [MW]
    """
    over = asked.over
    by_zone = Index(
        "connected by zone",
        (limits.axis("zone"), over.axis("year")),
        (m.p.sets.site_zone[over["site"]].astype(np.int32), over["year"]),
        over.size,
    )
    one, limit = pairs(by_zone, limits, on=("zone",))
    from_year = (over["year"] if year is None else year)[one]
    counts = (from_year >= 0) & (from_year <= limits["year"][limit])
    if "tier" in over.axis_names and "tier" in limits.axis_names:
        counts &= over["tier"][one] <= limits["tier"][limit]
    return asked.map(limits, one[counts], limit[counts])
