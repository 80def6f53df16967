"""What it costs to move work between sites."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.base.units import USD_PER_MUSD
from planner.model.block import cost
from planner.model.payments import yearly

if TYPE_CHECKING:
    from planner.lp import Expression
    from planner.model.variables import Model

__all__ = ["work_migration"]


@cost(group="sites")
def work_migration(m: Model) -> Expression:
    """Carrying the data of work done at another site than its own, and starting it again."""
    p, days = m.p.migration, m.p.days
    days_of_year = days.day_days[days.day[p.arrival["slot"]]]
    per_mwh = days_of_year * p.move_usd_per_mwh / USD_PER_MUSD
    return yearly(m, (per_mwh * m.migration.arrived_mwh).sum_to(m.p.sites.site_year))
