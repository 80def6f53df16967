"""Tables of the grid: connections, headroom, and the forecast by zone and class."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.lp.join import distinct, locate
from planner.results.frame import labels, made, ratio, total_by, words
from planner.units import HOURS_PER_YEAR, USD_PER_MUSD

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from planner.results.solved import Solved

    Floats = NDArray[np.float64]

__all__ = ["connections", "headroom", "power_class", "power_zone"]

_BINDS_WITHIN_MW = 1e-5  # [MW], wider than the solver's tolerance, narrower than any plan


def connections(s: Solved) -> pd.DataFrame:
    """Make table `connections`: firm connections energised."""
    over, grid, sets = s.p.grid.expand, s.p.grid, s.p.sets
    mw = s.value(s.model.expand)
    rows = np.flatnonzero(mw)
    return made(
        "connections",
        {
            **labels(over, rows),
            "zone": words(sets.zone, sets.site_zone[over["site"][rows]]),
            "added_mw": mw[rows],
            "service_start": grid.expand_start[rows],
            "overnight_musd": (grid.expand_capex_musd_per_mw * mw)[rows],
        },
    )


def headroom(s: Solved) -> pd.DataFrame:
    """Make table `headroom`: what zones can take, what the plan takes, what more is worth."""
    given, sets = s.p.grid.headroom_all, s.p.sets
    zone = sets.zone.codes(given["zone"])
    year = sets.year.codes(given["year"].astype(str))
    limit_mw = given["limit_mw"].to_numpy(dtype=np.float64)
    committed_mw = given["committed_mw"].to_numpy(dtype=np.float64)
    new_mw = _by_zone_year(s, s.new_firm_mw)[zone, year]
    spare_mw = np.maximum(limit_mw - committed_mw - new_mw, 0.0)
    worth = _worth_usd_per_mw(s, locate(s.p.grid.headroom, zone, year))
    return made(
        "headroom",
        {
            "zone": words(sets.zone, zone),
            "year": given["year"].to_numpy(dtype=np.int64),
            "rate_pct": given["rate_pct"].to_numpy(dtype=np.float64),
            "limit_mw": limit_mw,
            "committed_mw": committed_mw,
            "new_firm_mw": new_mw,
            "spare_mw": spare_mw,
            "binds": spare_mw < _BINDS_WITHIN_MW,
            "value_npv_usd_per_mw": worth,
            "value_usd_per_mw_year": worth / s.discount_factor.sum(),
        },
    )


def _worth_usd_per_mw(s: Solved, row: NDArray[np.intp]) -> Floats:
    """Return what one more MW in rows of the headroom saves; 0 where a year has no row."""
    dual = s.dual("zone_headroom")
    if dual is None:
        return np.full(row.size, np.nan if not s.outcome.has_duals else 0.0)
    return np.where(row >= 0, -dual[row] * USD_PER_MUSD, 0.0)


def power_zone(s: Solved) -> pd.DataFrame:
    """Make table `power_zone`: the power forecast of each grid zone."""
    sets, m = s.p.sets, s.model
    zones, years, slots = len(sets.zone), s.years, len(sets.slot)
    site_year = s.p.sites.site_year
    place = _zone_of_site_year(s) * years + site_year["year"]
    by_slot = np.zeros((zones * years, slots))
    np.add.at(by_slot, place, s.facility_mw)
    present = np.unique(place)

    def add(of_site_year: Floats) -> Floats:
        return total_by(place, of_site_year, zones * years)[present]

    it_mean, facility_mean = add(s.it_mean_mw), add(s.facility_mean_mw)
    return made(
        "power_zone",
        {
            "zone": words(sets.zone, present // years),
            "year": np.asarray([int(label) for label in sets.year.labels])[present % years],
            "sites_in_use": add(s.has_load.astype(np.float64)).astype(np.int64),
            "nameplate_mw": add(s.by_site_year(s.nameplate_of_use_mw)),
            "it_mean_mw": it_mean,
            "facility_mean_mw": facility_mean,
            "coincident_peak_mw": by_slot[present].max(axis=1, initial=0.0),
            "sum_of_site_peaks_mw": add(s.facility_peak_mw),
            "energy_mwh": facility_mean * HOURS_PER_YEAR,
            "pue": ratio(facility_mean, it_mean),
            "emissions_kt": add(s.value(m.emissions_kt)),
            "water_m3": add(s.value(m.water_m3)),
            "firm_mw": add(s.value(m.firm_mw.on(site_year, missing="zero"))),
            "new_firm_mw": add(s.new_firm_mw),
        },
    )


def power_class(s: Solved) -> pd.DataFrame:
    """Make table `power_class`: the power forecast of each workload class."""
    used, sets = s.p.racks.used, s.p.sets
    over = distinct(used, "workload", "year")
    place = over.find(used)
    pue = ratio(s.facility_mean_mw, s.by_site_year(s.it_mean_of_use_mw))[s.site_year_of_use]
    facility = np.where(s.it_mean_of_use_mw > 0.0, pue * s.it_mean_of_use_mw, 0.0)
    facility_mean = total_by(place, facility, over.size)
    return made(
        "power_class",
        {
            **labels(over),
            "duty": words(sets.duty, sets.workload_duty[over["workload"]]),
            "nameplate_mw": total_by(place, s.nameplate_of_use_mw, over.size),
            "it_mean_mw": total_by(place, s.it_mean_of_use_mw, over.size),
            "facility_mean_mw": facility_mean,
            "energy_mwh": facility_mean * HOURS_PER_YEAR,
        },
    )


def _zone_of_site_year(s: Solved) -> NDArray[np.intp]:
    return np.asarray(s.p.sets.site_zone[s.p.sites.site_year["site"]], dtype=np.intp)


def _by_zone_year(s: Solved, of_site_year: Floats) -> Floats:
    """Add up over the sites of each zone, shape (zone, year)."""
    zones, years = len(s.p.sets.zone), s.years
    place = _zone_of_site_year(s) * years + s.p.sites.site_year["year"]
    return total_by(place, of_site_year, zones * years).reshape(zones, years)
