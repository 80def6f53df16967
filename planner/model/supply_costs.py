"""What power made or stored at the sites costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.base.units import USD_PER_MUSD
from planner.model.block import cost
from planner.model.payments import Asset, annuities, once, yearly

if TYPE_CHECKING:
    from planner.lp import Expression
    from planner.model.variables import Model

__all__ = ["SUPPLY_ASSETS", "SUPPLY_COSTS"]


def sources_built(m: Model) -> Asset:
    """Own sources and the power of batteries, from the month they enter service.

    The tables' overnight costs hold what is paid for capital while they are built.
    """
    p = m.p.supply
    capex = p.build_capex_musd_per_mw
    return Asset(m.supply.source_mw, capex, "supply", p.build_start, p.build_life_years)


def stores_built(m: Model) -> Asset:
    """Energy of batteries, from the month they enter service."""
    p = m.p.supply
    capex, life = p.build_store_capex_musd_per_mwh, p.build_store_life_years
    return Asset(m.supply.store_mwh, capex, "supply", p.build_store_start, life)


def sources_sold(m: Model) -> Asset:
    """Bridge power that leaves: its worth is taken off the payments that are left."""
    p = m.p.supply
    worth, life = -p.redeploy_worth_musd_per_mw, p.redeploy_life_left_years
    return Asset(m.supply.redeploy_mw, worth, "supply", p.redeploy_start, life)


SUPPLY_ASSETS = (sources_built, stores_built, sources_sold)


@cost(group="own power", upfront=True)
def source_purchase(m: Model) -> Expression:
    """Own sources and the power of batteries, repaid over their life."""
    return annuities(m, sources_built(m))


@cost(group="own power", upfront=True)
def battery_cells(m: Model) -> Expression:
    """Energy of batteries, repaid over their calendar life."""
    return annuities(m, stores_built(m))


@cost(group="own power", upfront=True)
def bridge_worth(m: Model) -> Expression:
    """Worth of bridge power that leaves, spread over the payments that are left; below 0."""
    return annuities(m, sources_sold(m))


@cost(group="own power")
def bridge_removal(m: Model) -> Expression:
    """Taking down bridge power and hauling it away."""
    per_mw = m.p.supply.redeploy_cost_musd_per_mw
    return once(m, per_mw * m.supply.redeploy_mw, 1.0)


@cost(group="own power")
def source_upkeep(m: Model) -> Expression:
    """Upkeep of own sources and batteries, fixed and by output."""
    p = m.p.supply
    of_power = p.fixed_musd_per_mw_year * m.supply.capacity_mw
    of_energy = p.fixed_musd_per_mwh_year * m.supply.energy_mwh
    by_output = (p.variable_usd_per_mwh / USD_PER_MUSD) * m.supply.output_mwh
    site_year = m.p.sites.site_year
    every = of_power.sum_to(site_year) + of_energy.sum_to(site_year) + by_output.sum_to(site_year)
    return yearly(m, every, escalates=True)


@cost(group="own power")
def fuel(m: Model) -> Expression:
    """Fuel of own sources at the price of its year."""
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


SUPPLY_COSTS = (
    source_purchase,
    battery_cells,
    bridge_worth,
    bridge_removal,
    source_upkeep,
    fuel,
    battery_replacement,
    export_revenue,
)
