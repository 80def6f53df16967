"""Figures of the sources in play: those of the tables, the scenario's own in place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from planner.base.units import KW_PER_MW, MONTHS_PER_YEAR, USD_PER_MUSD
from planner.clock.days import SEASONS, float_year
from planner.clock.profiles import slot_means
from planner.family.table_columns import any_along, codes, dense_by_ids, floats, named_in, texts
from planner.inputs.days import report_missing_hours

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from planner.base.arrays import Bools, Floats
    from planner.inputs.case import ScopedCase
    from planner.inputs.site_series import SiteSeries
    from planner.scenario.supply import SourceOverride

RENEWABLE: Final = ("solar", "wind")
DISPATCHED: Final = ("firm", "standby")
_BUILDABLE: Final = (*RENEWABLE, *DISPATCHED, "storage")
_NOT_BURNT: Final = ("", "uranium")
_NEEDED: Final = {
    "solar": ("availability_frac",),
    "wind": ("availability_frac",),
    "firm": ("availability_frac",),
    "standby": ("availability_frac",),
    "storage": ("efficiency_frac", "cycle_life_cycles", "power_capex_usd_per_kw", "energy_capex_usd_per_kwh"),
}


@dataclass(frozen=True)
class SourceFigures:
    """The sources in play, one entry each."""

    case: ScopedCase  # scenario and table `onsite_sources`
    ids: tuple[str, ...]  # sources in play

    @cached_property
    def rows(self) -> tuple[pd.DataFrame, ...]:
        """Rows of the table by source, in order of their years."""
        table = self.case.tables["onsite_sources"]
        return tuple(table[table["onsite"] == id_].sort_values("year") for id_ in self.ids)

    @cached_property
    def scenario_sources(self) -> tuple[SourceOverride | None, ...]:
        """What the scenario says of each source."""
        override = self.case.scenario.supply.override
        return tuple(override.get(id_) for id_ in self.ids)

    @cached_property
    def role(self) -> tuple[str, ...]:
        """solar, wind, firm, standby or storage."""
        return tuple(str(rows["role"].iloc[0]) for rows in self.rows)

    @cached_property
    def fuel(self) -> tuple[str, ...]:
        """Fuel of each source, empty without one."""
        return tuple(texts(rows, "fuel")[0] for rows in self.rows)

    def is_role(self, *roles: str) -> Bools:
        """Return whether each source has one of these roles."""
        return np.array([role in roles for role in self.role], dtype=np.bool_)

    @cached_property
    def is_dispatched(self) -> Bools:
        """Whether the output is a decision: sun and wind yield for nothing unless it costs."""
        is_paid = (self.operating("variable_usd_per_mwh") > 0.0) | (self.operating("co2_t_per_mwh") > 0.0)
        return self.is_role(*DISPATCHED) | (self.is_role(*RENEWABLE) & is_paid)

    @cached_property
    def burns_fuel(self) -> Bools:
        """Whether a source burns something, fossil or biogenic."""
        return np.array([fuel not in _NOT_BURNT for fuel in self.fuel], dtype=np.bool_)

    def interpolate(self, column: str, moment: ArrayLike, place: ArrayLike, key: str = "") -> Floats:
        """Return a figure of sources at moments, on straight lines between the table's years."""
        moments, places = np.broadcast_arrays(np.asarray(moment, np.float64), np.asarray(place))
        result = np.full(moments.shape, np.nan)
        for source in np.unique(places):
            rows, own = self.rows[source], self._own(source, key or column)
            at = places == source
            if isinstance(own, Mapping):
                years, values = list(own), list(own.values())
            elif own is not None:
                years, values = [self.case.years.first], [own]
            else:
                years = list(rows["year"].astype(np.int64))
                values = list(rows[column].astype(np.float64))
            result[at] = np.interp(moments[at], years, values)
        return result

    def operating(self, column: str) -> Floats:
        """Return a figure of operation by source, that of the plan's first year."""
        return self.interpolate(column, float(self.case.years.first), np.arange(len(self.ids)))

    def _own(self, source: int, key: str) -> Any:
        own = self.scenario_sources[source]
        return None if own is None else own.written_values().get(key)

    def capex_musd_per_mw(self, moment: ArrayLike, place: ArrayLike) -> Floats:
        """Return the overnight cost of power at moments; of a battery without its energy."""
        of_power = self.interpolate("power_capex_usd_per_kw", moment, place, "capex_usd_per_kw")
        of_all = self.interpolate("capex_usd", moment, place, "capex_usd_per_kw")
        usd_per_kw = np.where(self.is_role("storage")[np.asarray(place)], of_power, of_all)
        return np.asarray(usd_per_kw * KW_PER_MW / USD_PER_MUSD)

    def capex_musd_per_mwh(self, moment: ArrayLike, place: ArrayLike) -> Floats:
        """Return the overnight cost of a battery's energy at moments; NaN elsewhere."""
        return self.interpolate("energy_capex_usd_per_kwh", moment, place) * KW_PER_MW / USD_PER_MUSD

    @cached_property
    def start(self) -> Floats:
        """First moment in service of what is decided on the first day. [year]"""
        return float_year(self.case.scenario.decisions_start) + self.operating("lead_months") / MONTHS_PER_YEAR

    def one_way(self, key: str) -> Floats:
        """Return the efficiency of charging or discharging a battery; 0 where no battery."""
        known, root = self.given(key), np.sqrt(self.operating("efficiency_frac"))
        return np.where(self.is_role("storage"), np.where(np.isnan(known), root, known), 0.0)

    def given(self, key: str) -> Floats:
        """Return a figure that the scenario gives, NaN where it gives none."""
        given = (self._own(source, key) for source in range(len(self.ids)))
        return np.array([np.nan if value is None else value for value in given])

    @cached_property
    def is_of_halls(self) -> Bools:
        """Whether a source is the standby generators that halls have."""
        standby = self.case.scenario.supply.standby
        return named_in([standby.source_id], self.ids) & standby.allow

    @cached_property
    def max_hours(self) -> Floats:
        """Most hours at full output a year, inf without a limit."""
        hours = self.operating("max_hours_per_year")
        given = [{} if own is None else own.written_values() for own in self.scenario_sources]
        is_lifted = np.array([one.get("max_hours_per_year", 0.0) is None for one in given], np.bool_)
        return np.where(np.isnan(hours) | is_lifted, np.inf, hours)

    @cached_property
    def limit_mw(self) -> Floats:
        """Most power at one site, inf without a limit."""
        own = self.case.scenario.supply.max_mw
        table = self.operating("max_site_mw")
        given = np.array([own.get(id_, np.nan) for id_ in self.ids])
        limit = np.where(np.isnan(given), table, given)
        return np.where(np.isnan(limit) | self.is_of_halls, np.inf, limit)


def sources_in_play(case: ScopedCase) -> tuple[str, ...]:
    """Return the sources that may be built, stand somewhere, or are the standby generators."""
    supply, sites = case.scenario.supply, {*case.ids("sites")}
    given = (*case.scenario.new_sites.items(), *case.scenario.sites.items())
    existing = (figures.existing_source_mw or {} for site, figures in given if site in sites)
    standing = [source for of_site in existing for source, mw in of_site.items() if mw > 0.0]
    standby = [supply.standby.source_id] if supply.standby.allow else []
    if not {*standby} <= {*case.tables["onsite_sources"]["onsite"]}:
        what_is, fix = f"table onsite_sources has no {supply.standby.source_id}", "name the generators that halls have"
        case.findings.add(("supply", "standby", "source"), what_is, "an id of table onsite_sources", fix)
        standby = []
    return tuple(dict.fromkeys((*supply.allow, *standing, *standby)))


def source_figures(case: ScopedCase) -> SourceFigures:
    """Return the sources in play with their figures; what is wrong with them is a problem."""
    figures = SourceFigures(case, sources_in_play(case))
    _check_figures(case, figures)
    _check_standby(case, figures)
    _check_bridge(case, figures)
    return figures


def _check_figures(case: ScopedCase, figures: SourceFigures) -> None:
    """Refuse what is no source on its own, and figures that are missing."""
    for id_, rows, role, fuel in zip(figures.ids, figures.rows, figures.role, figures.fuel, strict=True):
        if role not in _BUILDABLE:
            what_is = f"{id_} is part of a battery, not a source"
            fix = "allow a battery, whose power and energy are sized apart"
            case.findings.add(("supply", "allow"), what_is, f"a source with role {', '.join(_BUILDABLE)}", fix)
            continue
        needed = _NEEDED[role] + (("heat_rate_mmbtu_per_mwh",) if fuel else ())
        blank = [column for column in needed if rows[column].isna().any()]
        if blank:
            what_is = f"{id_} has no {', '.join(blank)}"
            case.findings.add("onsite_sources", what_is, f"given for every source with role {role}", "add it")


def _check_standby(case: ScopedCase, figures: SourceFigures) -> None:
    standby = case.scenario.supply.standby
    if not standby.allow or standby.source_id not in figures.ids:
        return
    role = figures.role[figures.ids.index(standby.source_id)]
    if role != "standby":
        what_is, fix = f"{standby.source_id} has role {role}", "name the generators that halls have"
        case.findings.add(("supply", "standby", "source"), what_is, "a source with role standby", fix)
    if standby.source_id in case.scenario.supply.allow:
        what_is = f"{standby.source_id} is in supply.allow as well"
        fix = "remove it from supply.allow, or do not allow supply.standby"
        case.findings.add(("supply", "standby", "source"), what_is, "either what halls have or what may be built", fix)


def _check_bridge(case: ScopedCase, figures: SourceFigures) -> None:
    bridge = case.scenario.supply.bridge
    standing = {source for _, _, own in case.scenario.own_sites() for source in own.existing_source_mw or {}}
    has_worth = {*case.tables["bridge_power"]["onsite"]}
    if bridge.residual_frac is not None and bridge.redeploy_usd_per_kw is not None:
        has_worth |= {*bridge.sources}
    cold = {id_ for id_, burns in zip(figures.ids, figures.burns_fuel, strict=True) if not burns}
    must_be = "a source that may be built, burns fuel and has a worth when it leaves"
    for position, id_ in enumerate(bridge.sources):
        stays = bridge.until_grid and id_ in standing
        wrong = {
            "is not in supply.allow": id_ not in case.scenario.supply.allow,
            "does not burn fuel": id_ in cold,
            "does not have a row in table bridge_power, or both figures in supply.bridge": id_ not in has_worth,
            "cannot leave in full as supply.bridge.until_grid asks: some already exists": stays,
        }
        place = ("supply", "bridge", "sources", position)
        for what in (what for what, is_so in wrong.items() if is_so):
            case.findings.add(place, f"{id_} {what}", must_be, "change the list of sources")


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
    share = np.tile(mean[:, None], (len(case.sites), 1, case.days.n_slots))
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
    for site in case.named("sites", is_dark):
        what_is = f"{technology} at {site} yields 0 in every hour, but its mean is {mean:g}"
        fix = "leave availability_frac out of supply.override, or correct the series"
        case.findings.add("site_series", what_is, "above 0 somewhere", fix)
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
        names = ", ".join(case.named("sites", is_proxy & is_used))
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
    for fuel in dict.fromkeys(filter(None, figures.fuel)):
        at = np.array([name == fuel for name in figures.fuel])
        if fuel in own:
            price[:, at] = case.interpolated(own[fuel])
            continue
        rows = table[table["fuel"] == fuel]
        places = zip(texts(case.sites, "zone"), texts(case.sites, "country"), strict=True)
        of_sites = np.array([_path(case, rows, *place) for place in places])
        price[:, at] = of_sites[:, None, :]
        lacking = np.isnan(of_sites).any(axis=1) & is_used[:, at].any(axis=1)
        if lacking.any():
            names = ", ".join(case.named("sites", lacking))
            what_is = f"{fuel} is not sold at {names}: table fuel_prices has no row for their zones or countries"
            fix = "name the other sites in supply.sites, or give supply.fuel_price_usd_per_mmbtu"
            case.findings.add(("supply", "allow"), what_is, "sources whose fuel is sold there", fix)
    return np.nan_to_num(price)


def _path(case: ScopedCase, rows: pd.DataFrame, zone: str, country: str) -> Floats:
    """Price of a fuel at a place by model year, NaN where it cannot be had."""
    for region in (zone, country, "world"):
        local = rows[rows["region"] == region]
        if len(local):
            return case.on_line(local, "usd_per_mmbtu")
    return np.full(len(case.years), np.nan)
