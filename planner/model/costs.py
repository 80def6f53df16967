"""Costs: one list. Its discounted sum is the objective, the list walked again the cost table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.base.units import H100E_PER_KH100E, HOURS_PER_YEAR, KW_PER_MW, USD_PER_MUSD
from planner.lp import Expression
from planner.lp.join import pairs
from planner.model.block import cost
from planner.model.carbon import CARBON_COSTS
from planner.model.contracts import CONTRACT_COSTS
from planner.model.heat import HEAT_COSTS, heat_connected
from planner.model.load_price import load_price
from planner.model.migration import work_migration
from planner.model.non_firm import NON_FIRM_COSTS, non_firm_added
from planner.model.payments import Asset, annuities, discount, once, yearly
from planner.model.siting import service_network
from planner.model.supply import SUPPLY_ASSETS, SUPPLY_COSTS
from planner.model.tariffs import TARIFF_COSTS

if TYPE_CHECKING:
    from planner.base.arrays import Floats
    from planner.model.variables import Model

__all__ = ["ASSETS", "COSTS", "objective_musd"]


def objective_musd(m: Model) -> Expression:
    r"""Return the net present value of all payments inside the horizon. [MUSD]

    .. math:: \min \sum_{i \in \mathrm{COSTS}} \sum_{y} \frac{C_{iy}}{(1 + r)^{y - y_0 + 1/2}}
    """
    factor = discount(m)
    lines = [item.build(m) for item in COSTS]
    total = (lines[0] * factor[lines[0].over["calendar"]]).total()
    for line in lines[1:]:
        total = total + (line * factor[line.over["calendar"]]).total()
    return total


def racks_bought(m: Model) -> Asset:
    """Racks with fabric and storage, from 1 January of the year they enter service."""
    over = m.install.over
    return Asset(
        m.install,
        m.p.racks.install_capex_musd_per_mw,
        "rack",
        m.year[over["year"]],
        m.p.racks.life_years[over["rack"]].astype(np.float64),
    )


def halls_built(m: Model) -> Asset:
    """New halls, from the month they are commissioned."""
    p = m.p
    life = np.full(m.build.over.size, p.finance.life_years["facility"])
    capex = p.halls.build_capex_musd_per_mw
    return Asset(m.build, capex, "facility", p.halls.build_start, life, p.finance.build_idc_frac)


def halls_retrofitted(m: Model) -> Asset:
    """Retrofits, from the month the work is done."""
    p = m.p
    life = np.full(m.retrofit.over.size, p.finance.life_years["retrofit"])
    capex = p.halls.retrofit_capex_musd_per_mw
    return Asset(m.retrofit, capex, "facility", p.halls.retrofit_done, life)


def sites_opened(m: Model) -> Asset:
    """Openings of new sites."""
    over = m.opened.over
    life = np.full(over.size, m.p.finance.life_years["opening"])
    return Asset(
        m.opened, m.p.sites.opening_musd[over["site"]], "facility", m.year[over["year"]], life
    )


def connections_added(m: Model) -> Asset:
    """Firm interconnection, from the month it is energised."""
    life = np.full(m.expand.over.size, m.p.finance.life_years["grid"])
    return Asset(m.expand, m.p.grid.expand_capex_musd_per_mw, "grid", m.p.grid.expand_start, life)


ASSETS = (
    racks_bought,
    halls_built,
    halls_retrofitted,
    sites_opened,
    connections_added,
    non_firm_added,
    *SUPPLY_ASSETS,
    heat_connected,
)


@cost(group="racks", upfront=True)
def rack_purchase(m: Model) -> Expression:
    """Racks with their fabric and storage, repaid over their life."""
    return annuities(m, racks_bought(m))


@cost(group="racks")
def companions(m: Model) -> Expression:
    """Storage and general-purpose computers beside the accelerators, paid by the year as used.

    They follow the classes that racks work for, stock included, so they have no purchase of
    their own; the yearly price repays one over its life.
    """
    yearly_musd = m.p.racks.companion_mw_per_mw * m.p.racks.companion_musd_per_mw_year
    return yearly(m, m.in_service_times(yearly_musd).sum_to(m.p.sites.site_year))


@cost(group="racks", upfront=True)
def rack_moves(m: Model) -> Expression:
    """Moving racks from training halls to inference halls."""
    return once(m, m.move_out, m.p.racks.move_cost_musd_per_mw)


@cost(group="racks")
def it_maintenance(m: Model) -> Expression:
    """Spares and support of the racks in use."""
    p = m.p.racks
    per_mw = p.it_maintenance_musd_per_mw_year[p.deployment["rack"]]
    return yearly(m, m.in_service_times(per_mw).sum_to(m.p.sites.site_year), escalates=True)


@cost(group="halls", upfront=True)
def hall_construction(m: Model) -> Expression:
    """Shell, power chain and cooling of new halls, repaid over their life."""
    return annuities(m, halls_built(m))


@cost(group="halls", upfront=True)
def hall_retrofit(m: Model) -> Expression:
    """Turning standing halls to another cooling, repaid over the life of the new plant."""
    return annuities(m, halls_retrofitted(m))


@cost(group="halls")
def hall_opex(m: Model) -> Expression:
    """Staff, maintenance, insurance, property tax and connectivity of halls that stand."""
    per_mw = m.p.halls.opex_musd_per_mw_year
    own = m.halls.usable_mw - m.lease.on(m.p.halls.hall, missing="zero")
    return yearly(m, (per_mw * own).sum_to(m.p.sites.site_year), escalates=True)


@cost(group="halls")
def lease_rent(m: Model) -> Expression:
    """Rent of leased halls."""
    return yearly(m, m.p.halls.lease_musd_per_mw_year * m.lease)


@cost(group="sites", upfront=True)
def site_opening(m: Model) -> Expression:
    """Permits, studies, fibre and design of a new site, repaid like its halls."""
    return annuities(m, sites_opened(m))


@cost(group="sites")
def site_fixed(m: Model) -> Expression:
    """Guards, minimum crew and point of presence of an open site, whatever its size."""
    fixed = m.p.sites.fixed_musd_per_year[m.p.sites.site_year["site"]]
    return yearly(m, fixed * m.open, escalates=True)


@cost(group="grid", upfront=True)
def interconnection(m: Model) -> Expression:
    """Substation and network upgrades for new firm connection, repaid over their life."""
    return annuities(m, connections_added(m))


@cost(group="energy")
def electricity_energy(m: Model) -> Expression:
    """Energy at the delivered price of its hour, without the demand charge."""
    price = m.p.grid.energy_usd_per_mwh / USD_PER_MUSD
    return yearly(m, (price * m.grid_mwh).sum_to(m.p.sites.site_year))


@cost(group="energy")
def electricity_demand(m: Model) -> Expression:
    """Demand charge: months times the billed peak of each period."""
    p = m.p
    site_year = p.sites.site_year.find(p.grid.billing)
    usd_per_mw_month = KW_PER_MW * p.grid.demand_charge_usd_per_kw_month[site_year]
    months = p.grid.billing_months[p.grid.billing["period"]]
    charge = (usd_per_mw_month * months / USD_PER_MUSD) * m.peak_mw
    return yearly(m, charge.sum_to(p.sites.site_year))


@cost(group="water and carbon")
def water(m: Model) -> Expression:
    """Water and sewer."""
    site_year = m.p.sites.site_year
    price = m.p.carbon.water_price_usd_per_m3[site_year["site"]] / USD_PER_MUSD
    return yearly(m, price * m.water_m3)


@cost(group="rent and unmet")
def rented_compute(m: Model) -> Expression:
    """Cloud capacity, on demand and reserved, for every year its contract runs."""
    p = m.p.rent
    begun = m.year[p.bought["year"]]
    runs = _runs(m, begun, p.term_years.astype(np.float64))
    source, calendar = np.nonzero(runs)
    price = p.price_musd_per_kh100e_year[source]
    return m.bought.map(m.paid, source, calendar, price)


@cost(group="rent and unmet")
def unmet_compute(m: Model) -> Expression:
    """Demand that is not met, at the price the scenario puts on it."""
    musd_per_kh100e = (
        m.p.demand.unmet_usd_per_h100e_hour * HOURS_PER_YEAR * H100E_PER_KH100E / USD_PER_MUSD
    )
    return yearly(m, musd_per_kh100e * m.unmet)


@cost(group="levers")
def efficiency_levers(m: Model) -> Expression:
    """What quantization, caching and the like cost for the compute they save."""
    p = m.p
    wanted, lever = pairs(p.demand.demand, p.levers.adopted, on=("workload", "year"))
    saved = p.levers.saving_frac[lever] * p.demand.demand_kh100e[wanted]
    price = p.levers.cost_musd_per_kh100e_year[lever]
    return yearly(m, m.adopted.map(p.levers.adopted, lever, lever, saved * price))


@cost(group="financing", upfront=True)
def financing_premium(m: Model) -> Expression:
    """What assets cost more as their capital, by kind and country, is dearer than the plan's."""
    finance = m.p.finance
    total = Expression.constant(m.site_calendar, 0.0)
    for bought in ASSETS:
        asset = bought(m)
        of_kind = finance.asset_rate_frac.get(asset.kind, finance.rate_frac)
        own_rate = of_kind + finance.site_rate_adder_frac[asset.decision.over["site"]]
        if np.any(own_rate != finance.rate_frac):
            total = total + annuities(m, asset, own_rate) - annuities(m, asset)
    return total


def _runs(m: Model, begun: Floats, term_years: Floats) -> np.ndarray:
    """Return whether a contract runs in each calendar year. [contract, calendar]

    A contract of a model year covers the calendar years that model year stands for, and its
    whole term where that is longer.
    """
    span_end = m.last_year[np.searchsorted(m.year, begun)]
    end = np.maximum(begun + term_years - 1, span_end)
    calendar = m.calendar_year[None, :]
    return (calendar >= begun[:, None]) & (calendar <= end[:, None])


COSTS = (
    rack_purchase,
    companions,
    rack_moves,
    it_maintenance,
    hall_construction,
    hall_retrofit,
    hall_opex,
    lease_rent,
    site_opening,
    site_fixed,
    work_migration,
    service_network,
    interconnection,
    electricity_energy,
    electricity_demand,
    load_price,
    *TARIFF_COSTS,
    *SUPPLY_COSTS,
    *NON_FIRM_COSTS,
    *CONTRACT_COSTS,
    water,
    *CARBON_COSTS,
    *HEAT_COSTS,
    rented_compute,
    unmet_compute,
    efficiency_levers,
    financing_premium,
)
