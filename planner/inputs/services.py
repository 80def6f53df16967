"""Kinds of grid connection: where non-firm may be had, and what it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from planner.base.arrays import Bools
    from planner.inputs.case import ScopedCase

__all__ = ["check_service", "may_have_non_firm", "service_figure"]


def may_have_non_firm(case: ScopedCase) -> Bools:
    """Return the sites at which non-firm connection may be had, shape (site,)."""
    settings = case.scenario.grid.non_firm
    named = [settings.sites == "all" or site in settings.sites for site in case.ids("sites")]
    return np.array(named, dtype=np.bool_) & settings.allow


def check_service(case: ScopedCase) -> None:
    """Report a service that no table knows, or that is firm from the start."""
    settings = case.scenario.grid.non_firm
    if not settings.allow:
        return
    table = case.tables["connection_services"]
    known = table[table["max_curtailed_hours_per_year"] > 0.0]["service"]
    if settings.service not in set(known):
        case.findings.add_at_key(
            ("grid", "non_firm", "service"),
            f"service {settings.service!r} is not one that may be curtailed",
            f"one of {', '.join(known)}",
            "see table connection_services",
        )


def service_figure(case: ScopedCase, column: str) -> float:
    """Return a figure of the non-firm service that the scenario chooses; NaN for one unknown."""
    table = case.tables["connection_services"]
    row = table[table["service"] == case.scenario.grid.non_firm.service]
    return float(row[column].iloc[0]) if len(row) else np.nan
