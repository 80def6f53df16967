"""What stands in the base year, held against what the plan was made from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.check.frames import at, crossed, has, listed, tally
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from planner.check.case import Case

__all__ = ["RULES"]

_POOL = ("site", "rack", "hall", "duty", "year")
_PLACE = ("site", "rack", "hall", "year")
_COHORT = ("site", "rack", "hall", "vintage")
_HALL = ("site", "hall", "year")
_TRACE_MW = 1e-9


def _alive(case: Case) -> pd.DataFrame:
    """Racks of the base year in the model years that they serve through to the end."""
    rows = crossed(case.standing_racks, pd.DataFrame({"year": case.years}))
    is_alive = case.last_calendar_year(rows["year"]) < rows["dies"].to_numpy(dtype=np.float64)
    return rows[is_alive & (rows["vintage"] <= rows["year"])]


@rule(unit="MW")
def standing_racks_from_tables(case: Case) -> Excess:
    """Racks of the base year stand where, in what and as long as shares, sites and lives say.

    So do the cohorts of them that may move, and what classes may use that could not buy them.
    """
    p, alive = case.inputs.racks, _alive(case)
    told = listed(p.fleet, mw=p.stock_mw)
    own = tally(alive, _POOL, alive["mw"])
    due = alive[alive["mw"] > _TRACE_MW][list(_POOL)].drop_duplicates()

    racks = case.standing_racks
    racks = racks[racks["duty"] == "training"]
    racks = racks.assign(vintage="stock-" + racks["vintage"].astype("str"))
    cohorts = listed(p.cohort, mw=p.cohort_stock_mw)

    uses = listed(p.stock_only)
    uses = uses.assign(duty=uses["workload"].map(case.duty))[list(_POOL)].drop_duplicates()
    of_pools = tally(uses, _PLACE, at(own, uses, _POOL))
    groups = listed(p.stock_only_group, mw=p.stock_only_mw)
    return Excess.differs(told[list(_POOL)], told["mw"].to_numpy(), at(own, told, _POOL)).and_also(
        Excess.where(due, ~has(due, told, _POOL)),
        Excess.differs(
            cohorts[list(_COHORT)],
            cohorts["mw"].to_numpy(),
            at(tally(racks, _COHORT, racks["mw"]), cohorts, _COHORT),
        ),
        Excess.differs(groups[list(_PLACE)], groups["mw"].to_numpy(), at(of_pools, groups, _PLACE)),
    )


@rule(unit="MW")
def standing_halls_from_tables(case: Case) -> Excess:
    """Halls exist as they are stated; others hold the racks of the base year and their companions.

    Of these there are no more and no less.
    """
    halls, own = case.inputs.halls, case.standing_halls
    told = listed(halls.hall, mw=halls.existing_mw)
    by_hall = own.set_index(list(_HALL))["mw"]
    due = own[own["mw"] > _TRACE_MW]
    return Excess.differs(
        told[list(_HALL)], told["mw"].to_numpy(), at(by_hall, told, _HALL)
    ).and_also(Excess.where(due[list(_HALL)], ~has(due, told, _HALL)))


RULES = (standing_racks_from_tables, standing_halls_from_tables)
