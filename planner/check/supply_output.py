"""Output of on-site power and what batteries hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from planner.check.frames import between, isin, keyed, to_frame
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from planner.base.arrays import Bools, Floats
    from planner.check.case import Case

# --- On-site generators and batteries: their figures, and what of them is in service --------------

RENEWABLE = ("solar", "wind")
_SOURCE = ("site", "source", "year")
_CAPEX: Final = "capex_usd_per_kw"


def stated(case: Case, source: str, key: str) -> Any:
    """Return a figure that the scenario states for a source; None where it does not, or says that there is none."""
    override = case.scenario.supply.override
    return override[source].written_values().get(key) if source in override else None


def _rows(case: Case, source: str) -> pd.DataFrame:
    table = case.data("onsite_sources")
    return table[table["onsite"] == source].sort_values("year")


def figure(case: Case, source: str, column: str, moment: float, key: str = "") -> float:
    """Read a figure of a source at a moment, on straight lines between the years."""
    given = stated(case, source, key or column)
    if given is not None:
        return between(given, moment)
    rows = _rows(case, source)
    return float(np.interp(moment, rows["year"], rows[column].astype("float64")))


def figures(case: Case, source: Iterable[str], column: str, moment: Iterable[float] | None = None) -> Floats:
    """Read a figure for a list of sources, each at its moment or in the first year of the plan."""
    names = list(source)
    moments = [float(case.years[0])] * len(names) if moment is None else list(moment)
    return np.array([figure(case, name, column, at) for name, at in zip(names, moments, strict=True)], dtype=np.float64)


def is_paid_by_output(case: Case, source: Iterable[str]) -> Bools:
    """Say of a list of sources whether output has a variable cost or emissions."""
    names = list(source)
    paid = [figures(case, names, key) > 0.0 for key in ("variable_usd_per_mwh", "co2_t_per_mwh")]
    return np.asarray(paid[0] | paid[1], dtype=np.bool_)


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
    override = case.scenario.supply.override
    if source in override and override[source].written_values().get("max_hours_per_year", 0.0) is None:
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
    given = stated(case, source, key)
    return float(np.sqrt(figure(case, source, "efficiency_frac", case.years[0])) if given is None else given)


def makes_its_power(case: Case) -> Bools:
    """Say for each site whether a source that runs at any hour may be built there."""
    supply = case.scenario.supply
    any_hour = any(role(case, source) == "firm" and np.isinf(max_hours(case, source)) for source in supply.allow)
    sites = case.inputs.sets.site.labels
    return np.array([any_hour and (supply.sites == "all" or site in supply.sites) for site in sites], dtype=np.bool_)


_SLOT = ("site", "year", "slot")


@rule(unit="MW")
def battery_one_way(case: Case) -> Excess:
    """Where a price is negative no battery charges and discharges at once to waste power."""
    stores = to_frame(case.inputs.supply.store)
    slots = case.plan("source_slot")
    price = to_frame(case.inputs.power.slot, usd=case.inputs.grid.energy_usd_per_mwh)
    price = price[price["usd"] < 0.0]
    paid = slots[isin(slots, price, _SLOT) & isin(slots, stores, _SOURCE)]
    both = np.minimum(paid["charge_mw"].to_numpy(), paid["output_mw"].to_numpy())
    return Excess.above(keyed(paid, (*_SOURCE, "slot")), both, 0.0)
