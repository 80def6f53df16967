"""Power made or stored at the sites: its decisions, and the sums that others use."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from planner.base.units import T_PER_KT
from planner.clock.ramp import share_in_force
from planner.lp.join import cross, locate, pairs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.inputs.types import Floats
    from planner.lp import Expression, Index, Variable
    from planner.model.variables import Model

__all__ = ["SupplyTerms"]


class SupplyTerms:
    """Own sources of the sites.

    Sums over slots are over (site, year, slot) of the balance: elsewhere nothing of this is.

    Parameters
    ----------
    m : Model
        The program that the decisions belong to.
    """

    def __init__(self, m: Model) -> None:
        self.m = m
        self.p = m.p.supply
        p, new = self.p, m.problem.variable
        # what stands [MW; of batteries also MWh]
        self.source_mw: Variable = new("source_mw", p.build)
        self.store_mwh: Variable = new("store_mwh", p.build_store)
        # whether a plant is built [1 or 0]
        self.has_plant: Variable = new(
            "has_plant", p.plant, upper=np.where(p.plant_room_mw > 0.0, 1.0, 0.0), integer=True
        )
        self.redeploy_mw: Variable = new("redeploy_mw", p.redeploy)
        self.capacity_mw: Variable = new("capacity_mw", p.capacity)
        self.energy_mwh: Variable = new("energy_mwh", p.store)
        # what it does [MW, MWh]
        self.output_mw: Variable = new("output_mw", p.output)
        self.charge_mw: Variable = new("charge_mw", p.store_slot)
        self.discharge_mw: Variable = new("discharge_mw", p.store_slot)
        self.level_mwh: Variable = new("level_mwh", p.store_slot)
        self.worn_mwh: Variable = new("worn_mwh", p.store)
        self.curtail_mw: Variable = new("curtail_mw", p.curtail)
        self.export_mw: Variable = new("export_mw", p.export)

    # --- what stands --------------------------------------------------------------------

    @cached_property
    def in_service_mw(self) -> Expression:
        """Power in service, mean over the year. [MW], (site, source, year)"""
        return self._in_service(is_mean=True) + self._of_halls

    @cached_property
    def standing_mw(self) -> Expression:
        """Own power that stands at some time of the year, in full. [MW], (site, source, year)"""
        return self._in_service(is_mean=False)

    def _in_service(self, *, is_mean: bool) -> Expression:
        """Return what stands, is built and has not left."""
        p = self.p
        built, now = pairs(p.build, p.capacity, on=("site", "source"))
        share = self._share(p.build_start, p.build_life_years, built, p.capacity["year"][now])
        share = share if is_mean else np.ceil(share)
        serves = share > 0.0
        total = self.source_mw.map(p.capacity, built[serves], now[serves], share[serves])
        total = total + p.existing_mw

        left, now = pairs(p.redeploy, p.capacity, on=("site", "source"))
        build = self.build_of_redeploy[left]
        share = self._share(p.build_start, p.build_life_years, build, p.capacity["year"][now])
        share = share if is_mean else np.ceil(share)
        gone = (share > 0.0) & (p.capacity["year"][now] >= p.redeploy["year"][left])
        return total - self.redeploy_mw.map(p.capacity, left[gone], now[gone], share[gone])

    @cached_property
    def build_of_redeploy(self) -> NDArray[np.intp]:
        """For everything that may leave, the build it was."""
        over = self.p.redeploy
        return locate(self.p.build, over["site"], over["source"], over["vintage"])

    @cached_property
    def _of_halls(self) -> Expression:
        """Stand-by generators of own halls. [MW], (site, source, year)"""
        p, halls = self.p, self.m.p.halls
        own = self.m.halls.usable_mw - self.m.lease.on(halls.hall, missing="zero")
        hall, of = pairs(halls.hall, p.standby, on=("site", "year"))
        ratio = p.standby_mw_per_mw[halls.hall["hall"][hall]]
        return own.map(p.standby, hall, of, ratio).on(p.capacity, missing="zero")

    @cached_property
    def energy_in_service_mwh(self) -> Expression:
        """Energy of batteries in service, mean over the year. [MWh], (site, source, year)"""
        p = self.p
        built, now = pairs(p.build_store, p.store, on=("site", "source"))
        year = p.store["year"][now]
        share = self._share(p.build_store_start, p.build_store_life_years, built, year)
        serves = share > 0.0
        new = self.store_mwh.map(p.store, built[serves], now[serves], share[serves])
        return new + p.existing_mwh

    def _share(
        self, start: Floats, life: Floats, build: NDArray[np.intp], year: NDArray[np.integer]
    ) -> Floats:
        """Share of model years in which builds are in service."""
        begin, end = start[build], (start + life)[build]
        return share_in_force(begin, end, self.m.year[year], self.m.span_years[year])

    # --- what it does -------------------------------------------------------------------

    @cached_property
    def _slot(self) -> Index:
        return self.m.p.balance.slot

    @cached_property
    def renewable_slot(self) -> Index:
        """(site, source, year, slot) of sun and wind."""
        return cross(self.p.renewable, self.m.p.sets.slot, name="renewable_slot")

    @cached_property
    def available_mw(self) -> Expression:
        """What sun and wind yield, used or not. [MW], (site, source, year, slot)"""
        at = self.renewable_slot
        share = self.p.availability_frac[at["site"], at["source"], at["slot"]]
        return share * self.capacity_mw.on(at)

    @cached_property
    def renewable_mw(self) -> Expression:
        """What sun and wind yield, used or not. [MW], (site, year, slot)"""
        return self.available_mw.sum_to(self._slot)

    @cached_property
    def dispatched_mw(self) -> Expression:
        """Output of dispatched sources. [MW], (site, year, slot)"""
        return self.output_mw.sum_to(self._slot)

    @cached_property
    def fossil_mw(self) -> Expression:
        """Output of sources that burn fuel. [MW], (site, year, slot)"""
        burns = self.p.burns_fuel[self.p.output["source"]]
        return self.output_mw.select(burns).sum_to(self._slot)

    @cached_property
    def stored_mw(self) -> Expression:
        """What batteries deliver less what they take. [MW], (site, year, slot)"""
        return (self.discharge_mw - self.charge_mw).sum_to(self._slot)

    @cached_property
    def supply_mw(self) -> Expression:
        """What own sources and batteries bring in, surplus included. [MW], (site, year, slot)"""
        delivered = self.discharge_mw.sum_to(self._slot)
        return self.renewable_mw + self.dispatched_mw + delivered

    @cached_property
    def use_mw(self) -> Expression:
        """What own batteries, export and curtailment take. [MW], (site, year, slot)"""
        charged = self.charge_mw.sum_to(self._slot)
        sold = self.export_mw.on(self._slot, missing="zero")
        return charged + sold + self.curtail_mw.on(self._slot, missing="zero")

    @cached_property
    def clean_used_mw(self) -> Expression:
        """Own clean power that is used, stored or sold, not thrown away. [MW], (site, year, slot)

        Surplus is thrown away without a column of its own: what is used of the clean sources is
        what is used in all, less what comes in from elsewhere.
        """
        clean = self.renewable_mw + self.dispatched_mw - self.fossil_mw
        curtailed = self.curtail_mw.on(self._slot, missing="zero")
        return self.m.use_mw - curtailed - (self.m.supply_mw - clean)

    @cached_property
    def own_clean_mw(self) -> Expression:
        """Own clean power that the site uses where power is balanced exactly. [MW].

        Over (site, year, slot): what is not curtailed, sold or stored, and what comes back from
        stores; below 0 where they are filled from the grid.
        """
        clean = self.renewable_mw + self.dispatched_mw - self.fossil_mw
        return (
            clean
            + self.stored_mw
            - self.export_mw.on(self._slot, missing="zero")
            - self.curtail_mw.on(self._slot, missing="zero")
        )

    # --- in a year ----------------------------------------------------------------------

    @cached_property
    def output_mwh(self) -> Expression:
        """Output of dispatched sources in a year. [MWh], (site, source, year)"""
        return self._year_mwh(self.output_mw).sum_to(self.p.dispatch)

    @cached_property
    def taken_mwh(self) -> Expression:
        """Energy taken out of the cells of batteries in a year. [MWh], (site, source, year)"""
        loss = self.p.discharge_efficiency_frac[self.p.store_slot["source"]]
        return self._year_mwh(self.discharge_mw / loss).sum_to(self.p.store)

    def _year_mwh(self, power_mw: Expression) -> Expression:
        return self.m.p.days.weight_h[power_mw.over["slot"]] * power_mw

    @cached_property
    def emissions_kt(self) -> Expression:
        """Emissions of fuel burnt at the site in a year. [kt], (site, year)"""
        kt = (self.p.co2_t_per_mwh / T_PER_KT) * self.output_mwh
        return kt.sum_to(self.m.p.sites.site_year)

    @cached_property
    def firm_capacity_mw(self) -> Expression:
        """Capacity that can run at any hour of the year. [MW], (site, year)"""
        always = self.p.dispatch.select(self.p.run_hours.find(self.p.dispatch) < 0)
        return self.capacity_mw.on(always).sum_to(self.m.p.sites.site_year)
