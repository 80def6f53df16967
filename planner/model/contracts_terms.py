"""Power under contract: its decisions, and the sums that rows and costs take of them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from planner.clock.ramp import share_in_force
from planner.lp.join import cross, locate, pairs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.inputs.types import Floats
    from planner.lp import Expression, Index, Variable
    from planner.model.variables import Model

__all__ = ["ContractTerms"]


class ContractTerms:
    """Agreements signed, what they deliver, what of it is used and what counts as clean.

    Parameters
    ----------
    m : Model
        The program that the decisions belong to.
    """

    def __init__(self, m: Model) -> None:
        self.m = m
        self.p = m.p.contracts
        p, new = self.p, m.problem.variable
        self.signed_mw: Variable = new("signed_mw", p.sign)
        self.contract_mw: Variable = new("contract_mw", p.force)
        self.take_mw: Variable = new("take_mw", p.take)
        self.claim_mw: Variable = new("claim_mw", p.claim)

    # --- what is in force ---------------------------------------------------------------

    @cached_property
    def _in_force(self) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
        """For every agreement signed and year in which it delivers, the share of the year."""
        p = self.p
        signed, now = pairs(p.sign, p.force, on=("contract", "zone"))
        year = p.force["year"][now]
        share = share_in_force(
            p.sign_start[signed], p.sign_end[signed], self.m.year[year], self.m.span_years[year]
        )
        runs = share > 0.0
        return signed[runs], now[runs], share[runs]

    @cached_property
    def in_force_mw(self) -> Expression:
        """Capacity in force, mean over the year. [MW], (contract, zone, year)"""
        signed, now, share = self._in_force
        return self.signed_mw.map(self.p.force, signed, now, share)

    @cached_property
    def mwh_per_mw(self) -> Floats:
        """Energy that a MW delivers in a year. [MWh/MW], shape (force,)"""
        over = self.p.force
        profile = self.p.profile_frac[over["contract"], over["zone"]]
        return np.asarray(profile @ self.m.p.days.weight_h)

    @cached_property
    def strike_usd(self) -> Expression:
        """What is paid for all that is delivered in a year. [USD], (contract, zone, year)"""
        signed, now, share = self._in_force
        price = self.p.strike_usd_per_mwh[signed] * self.mwh_per_mw[now]
        return self.signed_mw.map(self.p.force, signed, now, share * price)

    @cached_property
    def market_usd_per_mw(self) -> Floats:
        """What the market pays for a year's output of a MW. [USD/MW], shape (force,)"""
        over = self.p.force
        profile = self.p.profile_frac[over["contract"], over["zone"]]
        price = self.p.market_usd_per_mwh[over["zone"], over["year"]]
        return np.asarray((profile * price) @ self.m.p.days.weight_h)

    # --- what it delivers ---------------------------------------------------------------

    @cached_property
    def output(self) -> Index:
        """(contract, zone, year, slot) of what may be in force."""
        return cross(self.p.force, self.m.p.sets.slot, name="contract_slot")

    @cached_property
    def output_mw(self) -> Expression:
        """What agreements deliver. [MW], (contract, zone, year, slot)"""
        at = self.output
        profile = self.p.profile_frac[at["contract"], at["zone"], at["slot"]]
        return profile * self.contract_mw.on(at)

    @cached_property
    def delivered_mw(self) -> Expression:
        """What physical agreements deliver. [MW], (zone, year, slot)"""
        physical = self.p.is_physical[self.output["contract"]]
        return self.output_mw.select(physical).sum_to(self.p.delivery)

    def of_pool_mw(self, pools: Index) -> Expression:
        """Return what agreements of the pools deliver. [MW], (pool, year, slot)"""
        at, p = self.output, self.p
        place = locate(pools, p.zone_pool[at["zone"]], at["year"], at["slot"])
        known = np.flatnonzero(place >= 0)
        return self.output_mw.map(pools, known, place[known])

    def by_pool(self, of_slots: Expression, pools: Index) -> Expression:
        """Add up what is over (site, year, slot) to pools: (pool, year) or (pool, year, slot)."""
        at = of_slots.over
        rest = [np.asarray(at[name]) for name in pools.axis_names[1:]]
        place = locate(pools, np.asarray(self.p.site_pool[at["site"]]), *rest)
        known = np.flatnonzero(place >= 0)
        return of_slots.map(pools, known, place[known])

    # --- what is clean ------------------------------------------------------------------

    @cached_property
    def use_mw(self) -> Expression:
        """Power that sites use of their own sources and the grid. [MW], over the slots that count.

        By the balance, which is exact here, this is `site_mw` in fewer terms.
        """
        return (self.m.supply_mw - self.m.supply.use_mw).on(self.p.count)

    @cached_property
    def clean_mw(self) -> Expression:
        """Clean power used. [MW], (site, year, slot) of those that count.

        Own clean power that is not curtailed, sold or stored, what comes back from stores, what
        is claimed of contracts, and the grid's clean share of the rest of what is drawn.
        """
        p, supply, over = self.p, self.m.supply, self.p.count
        share = p.clean_frac[self.m.p.power.slot.find(over)]
        claimed = self.claim_mw.on(over, missing="zero")
        own = supply.own_clean_mw.on(over)
        return own + claimed + share * (self.m.import_mw.on(over) - claimed)
