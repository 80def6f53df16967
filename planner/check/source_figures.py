"""Figures of own sources, looked up a second time in the tables and the scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from planner.check.facts_demand import between

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from planner.base.arrays import Bools, Floats
    from planner.check.case import Case


__all__ = [
    "capex_usd_per_kw",
    "figure",
    "figures",
    "fuel",
    "is_given",
    "limit_mw",
    "makes_its_power",
    "max_hours",
    "one_way_frac",
    "role",
    "stated",
]

_CAPEX: Final = "capex_usd_per_kw"


def _given(case: Case, source: str) -> dict[str, Any]:
    """Figures that the scenario states for a source, by key."""
    override = case.scenario.supply.override
    return dict(override[source].given()) if source in override else {}


def stated(case: Case, source: str, key: str) -> float:
    """Read a figure that the scenario alone can state, missing where it does not."""
    return float(_given(case, source).get(key) or np.nan)


def is_given(case: Case, source: str, key: str) -> bool:
    """Say whether the scenario states a figure of a source and not that there is none."""
    return _given(case, source).get(key) is not None


def _rows(case: Case, source: str) -> pd.DataFrame:
    table = case.data("onsite_sources")
    return table[table["onsite"] == source].sort_values("year")


def figure(case: Case, source: str, column: str, moment: float, key: str = "") -> float:
    """Read a figure of a source at a moment, on straight lines between the years.

    Parameters
    ----------
    case : Case
        Inputs and plan.
    source : str
        Its id.
    column : str
        Column of table `onsite_sources`.
    moment : float
        For example 2027.5.
    key : str, optional
        The scenario's key for it, by default the column's name.

    Returns
    -------
    float
        Missing where neither has one.
    """
    if is_given(case, source, key or column):
        return between(_given(case, source)[key or column], moment)
    rows = _rows(case, source)
    return float(np.interp(moment, rows["year"], rows[column].astype("float64")))


def figures(
    case: Case, source: Iterable[str], column: str, moment: Iterable[float] | None = None
) -> Floats:
    """Read a figure for a list of sources, each at its moment or in the first year of the plan."""
    names = list(source)
    moments = [float(case.years[0])] * len(names) if moment is None else list(moment)
    return np.array(
        [figure(case, name, column, at) for name, at in zip(names, moments, strict=True)],
        dtype=np.float64,
    )


def role(case: Case, source: str) -> str:
    """Role of a source in the tables."""
    return str(_rows(case, source)["role"].iloc[0])


def fuel(case: Case, source: str) -> str:
    """Fuel of a source in the tables, empty without one."""
    name = _rows(case, source)["fuel"].iloc[0]
    return name if isinstance(name, str) else ""


def capex_usd_per_kw(case: Case, source: str, moment: float) -> float:
    """Overnight cost of power; of a battery without its cells. [USD/kW]"""
    column = "power_capex_usd_per_kw" if role(case, source) == "storage" else "capex_usd"
    return figure(case, source, column, moment, _CAPEX)


def max_hours(case: Case, source: str) -> float:
    """Most hours at full output a year, inf without a limit. [h/year]"""
    own = _given(case, source)
    if "max_hours_per_year" in own and own["max_hours_per_year"] is None:
        return float("inf")
    hours = figure(case, source, "max_hours_per_year", float(case.years[0]))
    return float("inf") if np.isnan(hours) else hours


def limit_mw(case: Case, source: str) -> float:
    """Most power at one site, inf without a limit. [MW]"""
    supply = case.scenario.supply
    if supply.standby.allow and source == supply.standby.source_id:
        return float("inf")
    if source in supply.max_mw:
        return float(supply.max_mw[source])
    limit = figure(case, source, "max_site_mw", float(case.years[0]))
    return float("inf") if np.isnan(limit) else limit


def one_way_frac(case: Case, source: str, key: str) -> float:
    """Efficiency of a battery in one direction: its own, or the root of the round trip."""
    if is_given(case, source, key):
        return float(_given(case, source)[key])
    return float(np.sqrt(figure(case, source, "efficiency_frac", float(case.years[0]))))


def makes_its_power(case: Case) -> Bools:
    """Say for each site whether a source that runs at any hour may be built there."""
    supply = case.scenario.supply
    any_hour = any(
        role(case, source) == "firm" and np.isinf(max_hours(case, source))
        for source in supply.allow
    )
    sites = case.inputs.sets.site.labels
    return np.array(
        [any_hour and (supply.sites == "all" or site in supply.sites) for site in sites],
        dtype=np.bool_,
    )
