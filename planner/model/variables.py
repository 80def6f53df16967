"""The decisions of the plan, and the sums of them that more than one family of rows uses."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.units import T_PER_KT
from planner.families import named
from planner.lp import ArrayProblem, Axis, Expression, Index
from planner.lp.index import cross, distinct, locate, pairs
from planner.model.carbon import CarbonTerms
from planner.model.contracts import ContractTerms
from planner.model.failover import FailoverTerms
from planner.model.halls import HallTerms
from planner.model.migration import MigrationTerms
from planner.model.non_firm import NonFirmTerms
from planner.model.siting import SitingTerms
from planner.model.supply import SupplyTerms
from planner.model.tariffs import TariffTerms

if TYPE_CHECKING:
    from planner.base.arrays import Floats
    from planner.inputs.inputs import Inputs
    from planner.lp import Variable

_FAMILIES: Final = ("planner.model", "planner.families")


class Model:
    """The linear program of one scenario: inputs, decisions, shared sums.

    Racks and halls are in MW of nameplate, compute in kH100e, money in MUSD of the price year.
    """

    def __init__(self, inputs: Inputs, until: int | None = None, problem: ArrayProblem | None = None) -> None:
        self.p = inputs
        self.until = inputs.finance.last_year if until is None else until
        self.problem: ArrayProblem = ArrayProblem(inputs.name) if problem is None else problem
        p = inputs
        new = self.problem.variable
        # compute [kH100e]
        self.served: Variable = new("served", p.demand.served)
        self.load: Variable = new("load", p.demand.load)
        self.rented: Variable = new("rented", p.rent.rented)
        self.bought: Variable = new("bought", p.rent.bought)
        self.unmet: Variable = new("unmet", p.demand.unmet)
        self.adopted: Variable = new("adopted", p.levers.adopted, upper=p.levers.max_adoption_frac)
        # racks [MW of nameplate]
        self.used: Variable = new("used", p.racks.used)
        self.install: Variable = new("install", p.racks.install)
        self.lot_racks: Variable = new("lot_racks", p.racks.lot, integer=True)  # number of racks
        self.move_out: Variable = new("move_out", p.racks.move_out)
        self.move_in: Variable = new("move_in", p.racks.move_in)
        # halls [MW of critical IT]
        self.build: Variable = new("build", p.halls.build)
        self.retrofit: Variable = new("retrofit", p.halls.retrofit)
        self.lease: Variable = new("lease", p.halls.lease)
        self.operate: Variable = new("operate", p.halls.operate)  # [MW]
        # sites [share of a site that is open; 0 or 1 where openings are whole]
        self.open: Variable = new(
            "open", p.sites.site_year, p.siting.open_lower, p.siting.open_upper, integer=p.siting.whole_openings
        )
        self.opened: Variable = new("opened", p.sites.site_year)
        # power [MW]
        self.idle_mw: Variable = new("idle_mw", p.power.cool)
        self.dynamic_mw: Variable = new("dynamic_mw", p.power.group)
        self.deferrable_mw: Variable = new("deferrable_mw", p.power.defer_group)
        self.busy_mw: Variable = new("busy_mw", p.power.defer_group)
        self.full_mw: Variable = new("full_mw", p.power.defer_group)
        self.defer_mw: Variable = new("defer_mw", p.power.defer)
        self.loss_base_mw: Variable = new("loss_base_mw", p.sites.site_year)
        self.loss_dynamic_mw: Variable = new("loss_dynamic_mw", self.shape_group)
        self.peak_mw: Variable = new("peak_mw", p.grid.billing)
        self.migration = MigrationTerms(self)
        # grid [MW]
        self.expand: Variable = new("expand", p.grid.expand)
        self.import_mw: Variable = new("import_mw", p.balance.slot)
        self.block_mw: Variable = new("block_mw", p.load_price.block, upper=p.load_price.width_mw)
        # families with sums of their own
        self.halls = HallTerms(self)
        self.failover = FailoverTerms(self)
        self.supply = SupplyTerms(self)
        self.non_firm = NonFirmTerms(self)
        self.contracts = ContractTerms(self)
        self.tariffs = TariffTerms(self)
        self.siting = SitingTerms(self)
        self.carbon = CarbonTerms(self)
        for name, family in named():
            setattr(self, name, family.TERMS(self, getattr(p, name)))

    def forget_sums(self) -> None:
        """Let go of all sums of decisions, which take as much memory as the rows; each is made again when asked for."""
        for terms in (self, *vars(self).values()):
            kind = type(terms)
            if kind.__module__.startswith(_FAMILIES):
                for name in [name for name, of in vars(terms).items() if type(of) is Expression]:
                    if isinstance(getattr(kind, name, None), cached_property):
                        del vars(terms)[name]

    # --- clocks -------------------------------------------------------------------------

    @cached_property
    def year(self) -> Floats:
        """First calendar year of every model year. [year]"""
        return np.asarray(self.p.years.years, dtype=np.float64)

    @cached_property
    def last_year(self) -> Floats:
        """Last calendar year that every model year stands for. [year]"""
        return np.asarray(self.p.years.last_calendar_years, dtype=np.float64)

    @cached_property
    def span_years(self) -> Floats:
        """Calendar years that every model year stands for. [year]"""
        return np.asarray(self.p.years.spans, dtype=np.float64)

    @cached_property
    def calendar(self) -> Axis:
        """Every calendar year of the horizon: payments are made and discounted in these."""
        first, last = self.p.finance.first_year, self.p.finance.last_year
        return Axis("calendar", tuple(str(year) for year in range(first, last + 1)))

    @cached_property
    def calendar_year(self) -> Floats:
        """The calendar years as numbers. [year]"""
        return np.arange(self.p.finance.first_year, self.p.finance.last_year + 1, dtype=np.float64)

    @cached_property
    def model_year_of(self) -> np.ndarray:
        """For each calendar year of the horizon, the model year that represents it."""
        return np.searchsorted(self.year, self.calendar_year, side="right") - 1

    @cached_property
    def site_calendar(self) -> Index:
        """Every site with every calendar year: the list payments are added up over."""
        return Index.full("site_calendar", self.p.sets.site, self.calendar)

    @cached_property
    def paid(self) -> Index:
        """The calendar years as a list: payments that belong to no site."""
        return Index.full("paid", self.calendar)

    # --- racks --------------------------------------------------------------------------

    @cached_property
    def deployment_of_used(self) -> np.ndarray:
        """For each use of racks, its deployment."""
        return self.p.racks.deployment.find(self.p.racks.used)

    @cached_property
    def pool_of_used(self) -> np.ndarray:
        """For each use of racks, its pool in the fleet: of its duty, in halls of its cooling."""
        used, sets = self.p.racks.used, self.p.sets
        duty = sets.workload_duty[used["workload"]]
        hall = sets.hall_pool[duty, used["hall"]]
        return locate(self.p.racks.fleet, used["site"], used["rack"], hall, duty, used["year"])

    def used_times(self, per_mw: Floats) -> Expression:
        """Racks in use times a coefficient of their deployment."""
        times: Expression = self.used * per_mw[self.deployment_of_used]
        return times

    def in_service_times(self, per_mw: Floats) -> Expression:
        """Racks in service, at work or standing by, times a coefficient of their deployment."""
        times: Expression = self.failover.in_service_mw * per_mw[self.deployment_of_used]
        return times

    @cached_property
    def alive(self) -> Expression:
        """Racks of each pool that may be in service: stock, installs and moves still alive. [MW]"""
        p = self.p.racks
        fleet, training = p.fleet, self.p.sets.duty.code("training")
        year, last = self.year, self.last_year

        bought, pool = pairs(p.install, fleet, on=("site", "rack", "hall", "duty"))
        start = year[p.install["year"][bought]]
        end = start + p.life_years[p.install["rack"][bought]] - 1
        now = fleet["year"][pool]
        is_alive = (year[now] >= start) & (last[now] <= end)
        alive = self.install.map(fleet, bought[is_alive], pool[is_alive]) + p.stock_mw

        for moved, sign, into_training in ((self.move_out, -1.0, True), (self.move_in, 1.0, False)):
            move, pool = pairs(moved.over, fleet, on=("site", "rack", "hall"))
            now = fleet["year"][pool]
            wears_out = p.vintage_last_year[moved.over["vintage"][move], moved.over["rack"][move]]
            counts = (
                ((fleet["duty"][pool] == training) == into_training)
                & (year[now] >= year[moved.over["year"][move]])
                & (last[now] <= wears_out)
            )
            alive = alive + sign * moved.map(fleet, move[counts], pool[counts])
        return alive

    @cached_property
    def nameplate_mw(self) -> Expression:
        """Nameplate of racks in service and their companions. [MW], (site, year)"""
        companions = 1.0 + self.p.racks.companion_mw_per_mw
        return self.in_service_times(companions).sum_to(self.p.sites.site_year)

    # --- power --------------------------------------------------------------------------

    @cached_property
    def shape_group(self) -> Index:
        """Loads of one hourly shape at a site: electrical losses follow these."""
        return distinct(self.p.power.group, "site", "shape", "year", name="shape_group")

    @cached_property
    def cool_of_used(self) -> np.ndarray:
        """For each use of racks, the load of its cooling at its site and year."""
        used, cooling = self.p.racks.used, self.p.sets.hall_cooling
        return locate(self.p.power.cool, used["site"], cooling[used["hall"]], used["year"])

    @cached_property
    def cool_slot(self) -> Index:
        """(site, cooling, year, slot)."""
        return cross(self.p.power.cool, self.p.sets.slot, name="cool_slot")

    @cached_property
    def it_mw(self) -> Expression:
        """IT power by cooling, as it falls due or moves between sites, not deferred. [MW], over `cool_slot`"""
        p = self.p.power
        group_slot = cross(p.group, self.p.sets.slot)
        shape = p.shape_frac[group_slot["site"], group_slot["shape"], group_slot["slot"]]
        follows = (shape * self.dynamic_mw.on(group_slot)).sum_to(self.cool_slot)
        migrating = self.migration.done_by_cooling(self.cool_slot)
        return self.idle_mw.on(self.cool_slot) + follows + migrating

    @cached_property
    def shifted_mw(self) -> Expression:
        """IT power done in a time slice less what fell due in it. [MW], (site, year, slot)"""
        p = self.p.power
        shape = p.shape_frac[p.defer["site"], p.defer["shape"], p.defer["slot"]]
        return (self.defer_mw - shape * self.deferrable_mw.on(p.defer)).sum_to(p.slot)

    @cached_property
    def facility_mw(self) -> Expression:
        """Power at the meter in every time slice: IT, cooling and electrical losses. [MW]"""
        p = self.p.power
        at = self.cool_slot
        mechanical = p.mechanical_frac[at["site"], at["cooling"], at["slot"]]
        cooled = ((1.0 + mechanical) * self.it_mw).sum_to(p.slot)
        shape_slot = cross(self.shape_group, self.p.sets.slot)
        shape = p.shape_frac[shape_slot["site"], shape_slot["shape"], shape_slot["slot"]]
        losses = (shape * self.loss_dynamic_mw.on(shape_slot)).sum_to(p.slot)
        deferred = (1.0 + p.defer_mechanical_frac[p.slot["site"], p.slot["slot"]]) * self.shifted_mw
        losses = losses + self.migration.losses_mw + self.loss_base_mw.on(p.slot)
        return cooled + deferred + losses

    @cached_property
    def site_mw(self) -> Expression:
        """Power that a site uses: racks with all they need, and other load. [MW], (site, year, slot)"""
        slot, other = self.p.power.slot, self.p.power.other_load_mw
        return self.facility_mw + other[slot["site"], slot["slot"]]

    @cached_property
    def slot_hours(self) -> Floats:
        """Hours of the modelled year that each (site, year, slot) stands for. [h]"""
        return self.p.days.weight_h[self.p.power.slot["slot"]]

    @cached_property
    def supply_mw(self) -> Expression:
        """Power that comes in where it is balanced. [MW], (site, year, slot) of the balance"""
        shed_mw = self.non_firm.shed_mw.on(self.p.balance.slot, missing="zero")
        return self.import_mw + self.supply.supply_mw + shed_mw

    @cached_property
    def use_mw(self) -> Expression:
        """Power that goes out where it is balanced. [MW], (site, year, slot) of the balance"""
        return self.site_mw.on(self.p.balance.slot) + self.supply.use_mw

    @cached_property
    def grid_mw(self) -> Expression:
        """Power drawn from the grid: use of a site, its import where power is balanced. [MW], (site, year, slot)"""
        slot, balanced = self.p.power.slot, self.p.balance.slot
        as_used = np.flatnonzero(balanced.find(slot) < 0)
        is_all = as_used.size == slot.size  # then its terms are shared, and not copied
        used = self.site_mw if is_all else self.site_mw.map(slot, as_used, as_used)
        return used + self.import_mw.on(slot, missing="zero")

    @cached_property
    def grid_mwh(self) -> Expression:
        """Energy drawn from the grid in each time slice of a year. [MWh], (site, year, slot)"""
        return self.slot_hours * self.grid_mw

    @cached_property
    def emissions_kt(self) -> Expression:
        """Location-based emissions of energy drawn and fuel burnt in a year. [kt], (site, year)"""
        slots = (self.p.carbon.location_t_per_mwh / T_PER_KT) * self.grid_mwh
        return slots.sum_to(self.p.sites.site_year) + self.supply.emissions_kt

    @cached_property
    def water_m3(self) -> Expression:
        """Water evaporated by cooling in a year. [m3], (site, year)"""
        at, p = self.cool_slot, self.p.power
        # 1 l/kWh is 1 m3/MWh
        wue_m3_per_mwh = p.wue_l_per_kwh[at["site"], at["cooling"], at["slot"]]
        hours = self.p.days.weight_h[at["slot"]]
        return ((wue_m3_per_mwh * hours) * self.it_mw).sum_to(self.p.sites.site_year)

    # --- grid ---------------------------------------------------------------------------

    @cached_property
    def firm_mw(self) -> Expression:
        """Firm interconnection of a site in a year. [MW], (site, year)"""
        p = self.p.grid
        asked, firm = pairs(p.expand, p.firm, on=("site",))
        year_of_firm, year_asked = p.firm["year"][firm], p.expand["year"][asked]
        share = np.where(year_of_firm > year_asked, 1.0, p.expand_first_year_frac[asked])
        later = year_of_firm >= year_asked
        own = self.expand.map(p.firm, asked[later], firm[later], share[later]) + p.firm_mw
        leased = p.lease_firm_mw_per_mw * self.lease
        return own + leased.sum_to(p.firm) + self.non_firm.turned_firm_mw

    # --- money --------------------------------------------------------------------------
