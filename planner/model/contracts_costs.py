"""What power under contract costs, and what it brings in or spares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.base.units import USD_PER_MUSD
from planner.model.block import cost
from planner.model.payments import yearly

if TYPE_CHECKING:
    from planner.lp import Expression
    from planner.model.variables import Model

__all__ = ["CONTRACT_COSTS"]


@cost(group="contracts")
def contract_strike(m: Model) -> Expression:
    """All that agreements deliver, at their strike."""
    return yearly(m, m.contracts.strike_usd / USD_PER_MUSD)


@cost(group="contracts")
def contract_market_value(m: Model) -> Expression:
    """What the market pays for the output of financial agreements; below 0."""
    p, terms = m.p.contracts, m.contracts
    financial = ~p.is_physical[p.force["contract"]]
    value = (financial * terms.market_usd_per_mw / USD_PER_MUSD) * terms.contract_mw
    return yearly(m, -value)


@cost(group="contracts")
def contract_power_taken(m: Model) -> Expression:
    """Wholesale price that sites do not pay for power of physical agreements; mostly below 0."""
    p, take = m.p.contracts, m.p.contracts.take
    musd = m.p.days.weight_h[take["slot"]] * p.take_usd_per_mwh / USD_PER_MUSD
    return yearly(m, -(musd * m.contracts.take_mw).sum_to(m.p.sites.site_year))


CONTRACT_COSTS = (contract_strike, contract_market_value, contract_power_taken)
