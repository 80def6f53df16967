"""What it costs to serve users from a site, where the planner says so pair by pair."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.model.block import cost
from planner.model.payments import yearly

if TYPE_CHECKING:
    from planner.lp import Expression
    from planner.model.variables import Model

__all__ = ["service_network"]


@cost(group="sites")
def service_network(m: Model) -> Expression:
    """Network and the like between users and the site that serves them, from an own table."""
    p = m.p.siting
    paid = p.service_musd_per_kh100e_year * m.served.on(p.service)
    return yearly(m, paid.sum_to(m.p.sites.site_year))
