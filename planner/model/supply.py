"""On-site generation: limits, output, run hours, export, bridge power that leaves."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from planner.base.units import T_PER_KT, USD_PER_MUSD
from planner.clock.profiles import share_in_force
from planner.family.block import Constraint, Cost, asset, constraint, cost, defined_in
from planner.family.payments import Purchase, once, yearly
from planner.lp.index import cross, locate, pairs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.base.arrays import Floats
    from planner.lp import Comparison, Expression, Index, Variable
    from planner.model.variables import Model


class SupplyTerms:
    """On-site generators and batteries; sums over time slices are over (site, year, slot) of the balance."""

    def __init__(self, m: Model) -> None:
        self.m = m
        self.p = m.p.supply
        p, new = self.p, m.problem.variable
        # what exists [MW; of batteries also MWh]
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

    # --- what exists --------------------------------------------------------------------

    @cached_property
    def in_service_mw(self) -> Expression:
        """Power in service, mean over the year. [MW], (site, source, year)"""
        return self._in_service(is_mean=True) + self._of_halls

    @cached_property
    def standing_mw(self) -> Expression:
        """Own power that exists at some time of the year, in full. [MW], (site, source, year)"""
        return self._in_service(is_mean=False)

    def _in_service(self, *, is_mean: bool) -> Expression:
        """Return what exists, is built and has not left."""
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
        """Standby generators of own halls. [MW], (site, source, year)"""
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

    def _share(self, start: Floats, life: Floats, build: NDArray[np.intp], year: NDArray[np.integer]) -> Floats:
        """Share of model years in which builds are in service."""
        begin, end = start[build], (start + life)[build]
        return share_in_force(begin, end, self.m.year[year], self.m.span_years[year])

    # --- what it does -------------------------------------------------------------------

    @cached_property
    def _slot(self) -> Index:
        return self.m.p.balance.slot

    @cached_property
    def renewable_slot(self) -> Index:
        """(site, source, year, slot) of sun and wind without a cost of output."""
        return cross(self.p.renewable, self.m.p.sets.slot, name="renewable_slot")

    @cached_property
    def available_mw(self) -> Expression:
        """What sun and wind yield for nothing, used or not. [MW], (site, source, year, slot)"""
        at = self.renewable_slot
        share = self.p.availability_frac[at["site"], at["source"], at["slot"]]
        return share * self.capacity_mw.on(at)

    @cached_property
    def renewable_mw(self) -> Expression:
        """What sun and wind yield for nothing, used or not. [MW], (site, year, slot)"""
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
        """What on-site sources and batteries supply, with surplus. [MW], (site, year, slot)"""
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
        """Own clean power that is used, stored or sold, not curtailed. [MW], (site, year, slot)

        Surplus is curtailed without a column: what is used of clean sources is all use less what comes from elsewhere.
        """
        clean = self.renewable_mw + self.dispatched_mw - self.fossil_mw
        curtailed = self.curtail_mw.on(self._slot, missing="zero")
        return self.m.use_mw - curtailed - (self.m.supply_mw - clean)

    @cached_property
    def own_clean_mw(self) -> Expression:
        """Own clean power that the site uses where power is balanced exactly; filling stores takes off. [MW]"""
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
    def paid_mwh(self) -> Expression:
        """Energy with a cost of its own in a year: of stores, delivered. [MWh], (capacity,)"""
        delivered = self._year_mwh(self.discharge_mw).sum_to(self.p.store)
        made = self.output_mwh.on(self.p.capacity, missing="zero")
        return made + delivered.on(self.p.capacity, missing="zero")

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
        p = self.p
        needs_weather = np.isin(p.role, ("solar", "wind"))[p.dispatch["source"]]
        always = p.dispatch.select(~needs_weather & (p.run_hours.find(p.dispatch) < 0))
        return self.capacity_mw.on(always).sum_to(self.m.p.sites.site_year)


@constraint(over="site, source, year", unit="MW", links="sum")
def source_capacity(m: Model) -> Comparison:
    r"""What is in service in a year is what existed or was built, and has not left or worn out.

    .. math:: \kappa_{sgt} = \kappa^0_{sg} + \sum_v \alpha_{gvt}
        \Bigl( k_{sgv} - \sum_{u \le t} x_{sgvu} \Bigr) \qquad \forall s, g, t

    :math:`\alpha` is the share of the year in which a vintage is in service: from its start to
    the end of its life; :math:`x` is what has left. Standby generators stand with the halls:
    :math:`\kappa_{sgt} = \sum_l \rho_l H_{slt}`, without a cost of their own.

    Source: generation expansion as in PyPSA.
    """
    return m.supply.capacity_mw == m.supply.in_service_mw


@constraint(over="site, source, year", unit="MW")
def source_limit(m: Model) -> Comparison:
    r"""A site has room for so much of a source.

    .. math:: K_{sgt} \le \bar{K}_{g} \qquad \forall s, g, t

    The dual is what room for one more MW is worth.
    """
    p = m.p.supply
    return m.supply.standing_mw.on(p.limited) <= p.limit_mw


@constraint(over="site, source, year", unit="MW")
def plant_least(m: Model) -> Comparison:
    r"""What is built of a source at a site in a year is its smallest plant or more.

    .. math:: k_{sgv} \ge \underline{k}_{g}\, y_{sgv}, \quad y_{sgv} \in \{0, 1\}
        \qquad \forall s, g, v

    Source: semi-continuous variables, Beale and Tomlin 1970.
    """
    p = m.p.supply
    return m.supply.source_mw.on(p.plant) >= p.plant_least_mw * m.supply.has_plant


@constraint(over="site, source, year", unit="MW")
def plant_or_none(m: Model) -> Comparison:
    r"""Without a plant nothing is built of its source.

    .. math:: k_{sgv} \le 2\, (\bar{K}_{g} - \kappa^0_{sg})\, y_{sgv} \qquad \forall s, g, v

    Twice the room: with a plant it is `source_limit` alone that binds, and has the price of room.

    Source: semi-continuous variables, Beale and Tomlin 1970.
    """
    p = m.p.supply
    return m.supply.source_mw.on(p.plant) <= 2.0 * p.plant_room_mw * m.supply.has_plant


@constraint(over="site, source, year, time slice", unit="MW", links="stock")
def output_limit(m: Model) -> Comparison:
    r"""A source puts out no more than its available capacity.

    .. math:: o_{sgth} \le a_g\, \kappa_{sgt} \qquad \forall s, g, t, h

    Sun and wind whose output costs nothing have no output of their own: they give
    :math:`a_{gsh}\, \kappa_{sgt}` to the balance, and what is not used is curtailed. With a
    variable cost or emissions they make what is used, up to :math:`a_{gsh}\, \kappa_{sgt}`.

    Source: generation expansion as in PyPSA.
    """
    p, over = m.p.supply, m.p.supply.output
    share = p.availability_frac[over["site"], over["source"], over["slot"]]
    return m.supply.output_mw <= share * m.supply.capacity_mw.on(over)


@constraint(over="site, source, year", unit="MWh")
def run_hours(m: Model) -> Comparison:
    r"""Standby units make no more in a year than in the hours of their permit at full output.

    .. math:: \sum_h w_h\, o_{sgth} \le \bar{n}_g\, \kappa_{sgt} \qquad \forall s, g, t

    Source: hours of emergency engines, 40 CFR 60.4211.
    """
    p = m.p.supply
    made_mwh = m.supply.output_mwh.on(p.run_hours)
    return made_mwh <= p.run_hours_h * m.supply.capacity_mw.on(p.run_hours)


@constraint(over="site, year, time slice", unit="MW", links="stock")
def curtailment_limit(m: Model) -> Comparison:
    r"""Where a price is negative, no more is curtailed than sun and wind yield.

    .. math:: z_{sth} \le \sum_{g \in \mathrm{RE}} a_{gsh}\, \kappa_{sgt} \qquad \forall s, t, h
    """
    return m.supply.curtail_mw <= m.supply.renewable_mw.on(m.p.supply.curtail)


@constraint(over="site, year, time slice", unit="MW", links="stock")
def export_source(m: Model) -> Comparison:
    r"""What is sold is made at the site: power from the grid is not sold back to it.

    .. math:: e_{sth} \le \sum_{g \in \mathrm{RE}} a_{gsh}\, \kappa_{sgt}
        + \sum_g o_{sgth} \qquad \forall s, t, h
    """
    made_mw = m.supply.renewable_mw + m.supply.dispatched_mw
    return m.supply.export_mw <= made_mw.on(m.p.supply.export)


@constraint(over="site, year, time slice", unit="MW", links="optional")
def export_connection(m: Model) -> Comparison:
    r"""Power sold passes the connection.

    .. math:: e_{sth} \le G_{st} \qquad \forall s, t, h
    """
    return m.supply.export_mw <= m.firm_mw.on(m.p.supply.export)


@constraint(over="site, source, vintage", unit="MW", links="stock")
def redeployment_limit(m: Model) -> Comparison:
    r"""No more of a vintage leaves than was built.

    .. math:: \sum_{t > v} x_{sgvt} \le k_{sgv} \qquad \forall s, g, v
    """
    p = m.p.supply
    built = locate(p.build, p.bridge["site"], p.bridge["source"], p.bridge["vintage"])
    existing_mw = m.supply.source_mw.map(p.bridge, built, np.arange(p.bridge.size))
    return m.supply.redeploy_mw.sum_to(p.bridge) <= existing_mw


@asset(kind="supply", group="own power", paid_while_built=True)
def source_purchase(m: Model) -> Purchase:
    """On-site sources and the power of batteries, repaid over their life."""
    p = m.p.supply
    # The tables' overnight costs hold what is paid for capital while they are built.
    capex = p.build_capex_musd_per_mw
    return Purchase(m.supply.source_mw, capex, p.build_start, p.build_life_years)


@asset(kind="supply", group="own power", paid_while_built=True)
def battery_cells(m: Model) -> Purchase:
    """Energy of batteries, repaid over their calendar life."""
    p = m.p.supply
    capex, life = p.build_store_capex_musd_per_mwh, p.build_store_life_years
    return Purchase(m.supply.store_mwh, capex, p.build_store_start, life)


@asset(kind="supply", group="own power", in_budget=False)
def bridge_worth(m: Model) -> Purchase:
    """Worth of bridge power that leaves, spread over the payments that are left; below 0."""
    p = m.p.supply
    worth, life = -p.redeploy_worth_musd_per_mw, p.redeploy_life_left_years
    return Purchase(m.supply.redeploy_mw, worth, p.redeploy_start, life)


@cost(group="own power")
def bridge_removal(m: Model) -> Expression:
    """Taking down bridge power and hauling it away."""
    per_mw = m.p.supply.redeploy_cost_musd_per_mw
    return once(m, per_mw * m.supply.redeploy_mw, 1.0)


@cost(group="own power")
def source_upkeep(m: Model) -> Expression:
    """Upkeep of on-site sources and batteries, fixed and by output; of batteries, by discharge."""
    p = m.p.supply
    of_power = p.fixed_musd_per_mw_year * m.supply.capacity_mw
    of_energy = p.fixed_musd_per_mwh_year * m.supply.energy_mwh
    by_output = (p.variable_usd_per_mwh / USD_PER_MUSD) * m.supply.paid_mwh
    site_year = m.p.sites.site_year
    every = of_power.sum_to(site_year) + of_energy.sum_to(site_year) + by_output.sum_to(site_year)
    return yearly(m, every, escalates=True)


@cost(group="own power")
def fuel(m: Model) -> Expression:
    """Fuel of on-site sources at the price of its year."""
    musd_per_mwh = m.p.supply.fuel_usd_per_mwh / USD_PER_MUSD
    return yearly(m, (musd_per_mwh * m.supply.output_mwh).sum_to(m.p.sites.site_year))


@cost(group="own power")
def battery_replacement(m: Model) -> Expression:
    """Cells worn out by use before their calendar life ends."""
    worn = m.p.supply.wear_musd_per_mwh * m.supply.worn_mwh
    return yearly(m, worn.sum_to(m.p.sites.site_year))


@cost(group="own power")
def export_revenue(m: Model) -> Expression:
    """Power sold to the grid; below 0."""
    p = m.p.supply
    hours = m.p.days.weight_h[p.export["slot"]]
    sold = (hours * p.export_usd_per_mwh / USD_PER_MUSD) * m.supply.export_mw
    return yearly(m, -sold.sum_to(m.p.sites.site_year))


CONSTRAINTS, COSTS = defined_in(globals(), Constraint), defined_in(globals(), Cost)
