"""Which limits are relaxed, by how much, and where their settings are written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.number_format import round_up

if TYPE_CHECKING:
    from planner.base.arrays import Floats
    from planner.inputs.prepared import PreparedScenario
    from planner.lp import Index
    from planner.scenario import Scenario

__all__ = ["LEAD_KEYS", "gap_years", "lead_key", "relaxed_rows", "site_key", "unit_increments", "without_new_halls"]


def site_key(scenario: Scenario, site: str, figure: str) -> tuple[str, str, str]:
    """Return the way to a figure of a site, shipped or one's own."""
    return ("new_sites" if site in scenario.new_sites else "sites", site, figure)


LEAD_KEYS: Final = {"given for the halls": "hall_lead_months", "given for the connection": "connection_lead_months"}
"""Settings of a site's leads, by what table `leads` says that halls wait for."""


def lead_key(scenario: Scenario, site: str, by: str) -> tuple[str, str, str]:
    """Return the key path of the lead that the halls of a site wait for."""
    return site_key(scenario, site, LEAD_KEYS.get(by, "lead_time_months"))


def without_new_halls(scenario: Scenario) -> tuple[str, ...]:
    """Return the sites at which a scenario lets no halls be built or leased."""
    given = {**scenario.sites, **scenario.new_sites}
    return tuple(site for site, own in given.items() if not own.new_halls)


def gap_years(question: PreparedScenario, rows: Index) -> Floats:
    """Return the years since the model year before, for each row. [year]"""
    years = np.asarray(question.inputs.years.years, dtype=np.float64)
    return np.diff(years, prepend=years[0] - 1.0)[rows["year"]]


def unit_increments(_: PreparedScenario, rows: Index) -> Floats:
    """Return one for each row: limits that are relaxed in their own unit."""
    return np.ones(rows.size)


def relaxed_rows(over: Index, amounts: Floats) -> list[tuple[dict[str, str], float]]:
    """List the labels of the rows that are relaxed, with amounts rounded up."""
    at = np.flatnonzero(amounts > 1e-7)  # the solver's tolerance
    return [(dict(zip(over.axis_names, over.tuples(int(i)), strict=True)), round_up(float(amounts[i]), 3)) for i in at]
