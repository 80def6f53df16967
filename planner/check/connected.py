"""Non-firm connection of a plan, and what is shed at it, added up again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.check.frames import at, crossed, tally
from planner.check.standing import ages, since

if TYPE_CHECKING:
    import pandas as pd

    from planner.base.arrays import Floats
    from planner.check.case import Case


__all__ = ["connected", "non_firm_mw", "shed_mw", "turned_firm_mw"]

_NOW = ("site", "year_now")
_SITE = ("site", "year")


def connected(case: Case) -> pd.DataFrame:
    """Read what is connected without being firm; what never turns firm does so in infinity.

    Parameters
    ----------
    case : Case
        Inputs and plan.

    Returns
    -------
    DataFrame
        The columns of table `non_firm_connections`.
    """
    table = case.plan("non_firm_connections")
    return table.assign(turns_firm=table["turns_firm"].fillna(np.inf))


def non_firm_mw(case: Case, places: pd.DataFrame, rate_pct: float | None = None) -> Floats:
    """Return the non-firm connection in service at sites in years, mean over the year. [MW]

    Parameters
    ----------
    case : Case
        Inputs and plan.
    places : DataFrame
        site and year of each row.
    rate_pct : float, optional
        Curtailment rate of what counts; by default all.
    """
    begun, ended = (
        _in_service(case, places, moment, rate_pct) for moment in ("service_start", "turns_firm")
    )
    return begun - ended


def turned_firm_mw(case: Case, places: pd.DataFrame) -> Floats:
    """Return what was non-firm and is firm at sites in years, mean over the year. [MW]

    Parameters
    ----------
    case : Case
        Inputs and plan.
    places : DataFrame
        site and year of each row.
    """
    return _in_service(case, places, "turns_firm")


def _in_service(
    case: Case, places: pd.DataFrame, moment: str, rate_pct: float | None = None
) -> Floats:
    years = places[list(_SITE)].drop_duplicates()
    added = connected(case)
    if rate_pct is not None:
        added = added[added["rate_pct"] == rate_pct]
    added = since(added.assign(service_start=added[moment]), years, ("site",))
    begin, end = ages(case, added[np.isfinite(added["service_start"])])
    added = added[np.isfinite(added["service_start"])]
    share = np.clip(end / (end - begin), 0.0, 1.0)
    return at(tally(added, _NOW, added["added_mw"] * share), places, _SITE)


def shed_mw(case: Case) -> Floats:
    """Return the power not served, shape (site_year, slot). [MW]

    Parameters
    ----------
    case : Case
        Inputs and plan.
    """
    table, key = case.plan("stress_slot"), ("site", "year", "slot")
    frame = crossed(case.power.site_year, case.power.slot[["slot"]])
    lost = tally(table, key, table["shed_mw"])
    return at(lost, frame, key).reshape(case.power.facility_mw.shape)
