"""What non-firm connection costs, what it saves on the bill, and what lost work is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.base.units import KW_PER_MW, USD_PER_MUSD
from planner.model.block import cost
from planner.model.payments import Asset, annuities, yearly

if TYPE_CHECKING:
    from planner.lp import Expression
    from planner.model.variables import Model

__all__ = ["NON_FIRM_COSTS", "non_firm_added"]


def non_firm_added(m: Model) -> Asset:
    """Non-firm connection, from the month it is energised."""
    p = m.p.non_firm
    life = np.full(p.connect.size, m.p.finance.life_years["grid"])
    return Asset(m.non_firm.connect_mw, p.capex_musd_per_mw, "grid", p.start, life)


@cost(group="grid", upfront=True)
def non_firm_connection(m: Model) -> Expression:
    """Substation and share of network upgrades for non-firm connection, repaid over their life."""
    return annuities(m, non_firm_added(m))


@cost(group="energy")
def non_firm_discount(m: Model) -> Expression:
    """Discount on the demand charge of what non-firm connection carries; below 0."""
    p, grid = m.p.non_firm, m.p.grid
    months = grid.billing_months[p.billing["period"]]
    per_mw = p.discount_usd_per_kw_month * KW_PER_MW * months / USD_PER_MUSD
    return yearly(m, (-per_mw * m.non_firm.discounted_mw).sum_to(m.p.sites.site_year))


@cost(group="rent and unmet")
def shed_load_worth(m: Model) -> Expression:
    """Load left unserved in stress slots, at the worth of the work that is lost."""
    lost = (m.p.non_firm.shed.usd_per_mwh / USD_PER_MUSD) * m.non_firm.shed_mwh
    return yearly(m, lost.sum_to(m.p.sites.site_year))


NON_FIRM_COSTS = (non_firm_connection, non_firm_discount, shed_load_worth)
