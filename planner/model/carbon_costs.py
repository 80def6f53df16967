"""What emissions cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.base.units import T_PER_KT, USD_PER_MUSD
from planner.model.block import cost
from planner.model.payments import yearly

if TYPE_CHECKING:
    from planner.lp import Expression
    from planner.model.variables import Model

__all__ = ["CARBON_COSTS"]


@cost(group="water and carbon")
def carbon_price(m: Model) -> Expression:
    """Emissions at the carbon price of the year, by the method the scenario asks for."""
    site_year = m.p.sites.site_year
    musd_per_kt = m.p.carbon.price_usd_per_t[site_year["year"]] * T_PER_KT / USD_PER_MUSD
    return yearly(m, musd_per_kt * m.carbon.counted_kt)


@cost(group="water and carbon")
def carbon_schemes(m: Model) -> Expression:
    """Fuel burnt at sites, at the carbon price of its state or country."""
    musd_per_kt = m.p.carbon.fuel_price_usd_per_t * T_PER_KT / USD_PER_MUSD
    return yearly(m, musd_per_kt * m.supply.emissions_kt)


CARBON_COSTS = (carbon_price, carbon_schemes)
