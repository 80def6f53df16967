"""What vendors can deliver."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.base.units import MW_PER_GW
from planner.inputs.frames import by_ids, texts

if TYPE_CHECKING:
    from planner.inputs.case import Case
    from planner.inputs.types import Floats

__all__ = ["delivery_limit_mw", "vendors"]


def vendors(case: Case) -> tuple[str, ...]:
    """Return the vendors of racks, in the order of the table."""
    return tuple(dict.fromkeys(texts(case.racks, "vendor")))


def delivery_limit_mw(case: Case) -> Floats:
    """Add up what vendors deliver from the model year before up to each model year.

    Parameters
    ----------
    case : Case
        Tables and the operator's share of deliveries.

    Returns
    -------
    array of float
        Nameplate, shape (vendor, year); infinite for a vendor without a row. [MW]
    """
    settings = case.scenario.deliveries
    calendar = list(range(int(case.year[0]), int(case.year[-1]) + 1))
    names = vendors(case)
    gw = by_ids(case.tables["deliveries"], {"vendor": names, "year": calendar}, "limit_gw_it")
    is_limited = np.asarray(~np.isnan(gw).all(axis=1) & settings.limit)
    for v, y in np.argwhere(np.isnan(gw) & is_limited[:, None]):
        case.findings.at_table(
            "deliveries",
            f"{names[v]} has no row for {calendar[y]}",
            "a row for each year",
            "add it, or set deliveries.limit to false",
        )
    by_year = np.zeros((len(names), len(case.years)))
    np.add.at(by_year.T, np.searchsorted(case.year, calendar), gw.T)
    share = case.scenario.operator.deliveries_share_frac * settings.scale_frac
    return np.where(is_limited[:, None], by_year * MW_PER_GW * share, np.inf)
