"""What sources can yield in each time slice, and what their fuel costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.clock.calendar import SEASONS, slot_means
from planner.inputs.shape_gaps import report_missing_hours
from planner.inputs.supply_figures import RENEWABLE
from planner.inputs.table_columns import any_along, codes, dense_by_ids, floats, texts
from planner.scenario import interpolated

if TYPE_CHECKING:
    import pandas as pd

    from planner.base.arrays import Bools, Floats
    from planner.inputs.case import ScopedCase
    from planner.inputs.site_series import SiteSeries
    from planner.inputs.supply_figures import SourceFigures

__all__ = ["availability", "fuel_prices", "renewable_shape"]

_HOURS: Final = tuple(range(24))
_HALF_A_YEAR: Final = 2  # seasons


def availability(case: ScopedCase, figures: SourceFigures, is_used: Bools, series: SiteSeries) -> Floats:
    """Return the share of capacity that can run in each time slice.

    Firm sources have one share for all time slices. Sun and wind follow the site's own series where
    table `site_series` has one, else the shape of its zone; zones without one take the mean of
    those that have one, six months apart south of the equator. Where the scenario gives a mean for
    the year, series and shape are scaled to it.
    Takes `is_used` (site, source). Gives (site, source, slot).
    """
    mean = np.nan_to_num(figures.operating("availability_frac"))
    share = np.repeat(mean[None, :, None], len(case.sites), axis=0)
    share = np.repeat(share, case.days.n_slots, axis=2)
    for technology in RENEWABLE:
        at = np.flatnonzero(figures.is_role(technology))
        if not at.size:
            continue
        own = series.solar_frac if technology == "solar" else series.wind_frac
        has_own = ~any_along(np.isnan(own), axis=1)
        is_shaped = any_along(is_used[:, at], axis=1) & ~has_own
        shape = renewable_shape(case, technology, is_shaped)
        if shape is None and is_shaped.any():
            case.findings.add_note(f"No zone has a shape of {technology}: it yields its mean in every hour.")
        for source in at:
            of_zone = share[:, source] if shape is None else shape
            yields = np.where(has_own[:, None], own, of_zone)
            given = figures.scenario_sources[source]
            if given is not None and "availability_frac" in given.written_values():
                yields = _scaled(case, yields, mean[source], technology)
            share[:, source] = np.minimum(yields, 1.0)
    return share


def _scaled(case: ScopedCase, yields: Floats, mean: float, technology: str) -> Floats:
    """Return yields by site and time slice whose mean over the year is as given."""
    is_dark = yields.max(axis=1) == 0.0
    for site in np.array(case.ids("sites"), dtype=object)[is_dark]:
        case.findings.add_at_table(
            "site_series",
            f"{technology} at {site} yields 0 in every hour, but its mean is {mean:g}",
            "above 0 somewhere",
            "leave availability_frac out of supply.override, or correct the series",
        )
    weight = case.days.weight_h / case.days.weight_h.sum()
    return yields * (mean / np.where(is_dark, 1.0, yields @ weight))[:, None]


def renewable_shape(case: ScopedCase, technology: str, is_used: Bools) -> Floats | None:
    """Return output over capacity of sun or wind by site and time slice.

    Takes `is_used` (site,). Gives (site, slot).
    """
    every = case.tables["renewable_shapes"]
    is_shape_row = (every["technology"] == technology).to_numpy()
    table = every[is_shape_row]
    zones = tuple(dict.fromkeys(texts(table, "zone")))
    if not zones:
        return None
    axes = {"zone": zones, "season": SEASONS, "hour_local": _HOURS}
    hourly = dense_by_ids(table, axes, "capacity_factor_frac")
    for name, of_zone in zip(zones, hourly, strict=True):
        rows = is_shape_row & (every["zone"] == name).to_numpy()
        report_missing_hours(case, "renewable_shapes", f"{technology} of {name}", rows, of_zone)
    zone = codes(case.sites["zone"], zones)
    of_site = np.where((zone >= 0)[:, None, None], hourly[zone], hourly.mean(axis=0))
    is_proxy = zone < 0
    south = is_proxy & (floats(case.sites, "lat") < 0.0)
    of_site[south] = np.roll(of_site[south], _HALF_A_YEAR, axis=1)
    if (is_proxy & is_used).any():
        names = ", ".join(np.array(case.ids("sites"), dtype=object)[is_proxy & is_used])
        case.findings.add_note(
            f"The zones of {names} have no shape of {technology}: they take the mean of {', '.join(zones)}."
        )
    offset = floats(case.sites, "utc_offset_h")
    shape = np.empty((len(case.sites), case.days.n_slots))
    for clock in np.unique(offset):
        at = offset == clock
        shape[at] = slot_means(of_site[at], float(clock), case.days)
    return shape


def fuel_prices(case: ScopedCase, figures: SourceFigures, is_used: Bools) -> Floats:
    """Return the price of each source's fuel, 0 for those without.

    Takes `is_used` (site, source). Gives (site, source, year) [USD/MMBtu].
    """
    table = case.tables["fuel_prices"]
    price = np.zeros((len(case.sites), len(figures.ids), len(case.years)))
    own = case.scenario.supply.fuel_price_usd_per_mmbtu
    for fuel in dict.fromkeys(fuel for fuel in figures.fuel if fuel):
        at = np.array([name == fuel for name in figures.fuel])
        if fuel in own:
            price[:, at] = [interpolated(own[fuel], year) for year in case.years.years]
            continue
        rows = table[table["fuel"] == fuel]
        of_sites = np.array([_path(case, rows, *place) for place in _places(case)])
        price[:, at] = of_sites[:, None, :]
        lacking = np.isnan(of_sites).any(axis=1) & is_used[:, at].any(axis=1)
        if lacking.any():
            names = ", ".join(np.array(case.ids("sites"), dtype=object)[lacking])
            case.findings.add_at_key(
                ("supply", "allow"),
                f"{fuel} is not sold at {names}: table fuel_prices has no row for their zones or countries",
                "sources whose fuel is sold there",
                "name the other sites in supply.sites, or give supply.fuel_price_usd_per_mmbtu",
            )
    return np.nan_to_num(price)


def _places(case: ScopedCase) -> list[tuple[str, str]]:
    return list(zip(texts(case.sites, "zone"), texts(case.sites, "country"), strict=True))


def _path(case: ScopedCase, rows: pd.DataFrame, zone: str, country: str) -> Floats:
    """Price of a fuel at a place by model year, NaN where it cannot be had."""
    for region in (zone, country, "world"):
        local = rows[rows["region"] == region].sort_values("year")
        if len(local):
            known = local["year"].to_numpy(dtype=np.float64)
            return np.asarray(np.interp(case.year, known, floats(local, "usd_per_mmbtu")))
    return np.full(len(case.years), np.nan)
