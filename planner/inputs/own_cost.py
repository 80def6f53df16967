"""What a planner says it costs to serve users from a site, pair by pair."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.units import H100E_PER_KH100E, USD_PER_MUSD
from planner.inputs.frames import codes, floats
from planner.inputs.own_pairs import read_pairs
from planner.tables.descriptor import Field

if TYPE_CHECKING:
    from planner.inputs.case import Case
    from planner.inputs.types import Floats

__all__ = ["service_cost"]

_FIELDS: Final = (
    Field("from", "string", "Demand region, by its id.", required=True),
    Field("to", "string", "Site, by its id.", required=True),
    Field(
        "usd_per_h100e_year",
        "number",
        "Cost of serving a mean H100e for a year.",
        "USD/H100e-year",
        required=True,
        minimum=0.0,
    ),
    Field("workload", "string", "Class it holds for; without the column, every class."),
)


def service_cost(case: Case) -> Floats | None:
    """Read the scenario's `siting.service_cost_table`.

    Parameters
    ----------
    case : Case
        Scenario, regions, classes and sites.

    Returns
    -------
    array of float or None
        Cost by region, class and site, shape (region, workload, site); nan where the table says
        nothing; None where there is no table or it is wrong, which is added to the findings.
        [MUSD/kH100e-year]
    """
    path = case.scenario.file_at(("siting", "service_cost_table"))
    if path is None:
        return None
    read = read_pairs(
        case,
        path,
        "service_cost_table",
        "Cost of serving users from a site",
        _FIELDS,
        ("from", "to", "workload"),
    )
    if read is None:
        return None
    table, _ = read
    user, site = codes(table["from"], case.ids("regions")), codes(table["to"], case.ids("sites"))
    musd = floats(table, "usd_per_h100e_year") * H100E_PER_KH100E / USD_PER_MUSD
    shape = (len(case.ids("regions")), len(case.ids("workloads")), len(case.ids("sites")))
    cost = np.full(shape, np.nan)
    in_scope = (user >= 0) & (site >= 0)
    if "workload" in table:
        of_class = codes(table["workload"], case.ids("workloads"))
        at = np.flatnonzero(in_scope & (of_class >= 0))
        cost[user[at], of_class[at], site[at]] = musd[at]
    else:
        at = np.flatnonzero(in_scope)
        cost[user[at], :, site[at]] = musd[at, None]
    return cost
