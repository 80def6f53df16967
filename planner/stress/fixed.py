"""What a stress study holds fixed: the plan, and events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.base.errors import InputError
from planner.base.units import HOURS_PER_DAY, HOURS_PER_YEAR, USD_PER_MUSD
from planner.clock.profiles import calendar_days
from planner.family.table_columns import any_along, floats, sum_by_ids, texts
from planner.inputs.power import PowerPrices
from planner.inputs.scope import make_case, replaced
from planner.inputs.site_series import CURVE, site_series
from planner.place.climate import mechanical_overhead_frac
from planner.stress.weather import StressSettings, price_spread, weather_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from planner.base.arrays import Bools, Floats
    from planner.inputs.case import ScopedCase
    from planner.scenario import Scenario

# --- A plan that is fixed: what every site has and does, as arrays by year, site and slot ---------

_SEASON_OF_MONTH = np.arange(1, 13) % 12 // 3
_DAY_H = int(HOURS_PER_DAY)


class FixedPlan:
    """What every site has and does, as the plan runs it; arrays by slot, (year, site, slot), are of its own days."""

    def __init__(self, case: ScopedCase, tables: Mapping[str, pd.DataFrame], drawing: Collection[str]) -> None:
        """Lay out the sites that are `drawing` power."""
        every = case.ids("sites")
        at = np.array([s for s, site in enumerate(every) if site in drawing], dtype=np.intp)
        self.days, self.years = case.days, tuple(case.years.years)
        self.day_shares = calendar_days(case.days)  # (365, day) what each calendar day is made of
        self.sites = tuple(every[s] for s in at)
        self.zones = tuple(texts(case.sites, "zone")[s] for s in at)  # [site]
        self.lat, self.lon = (floats(case.sites, name)[at] for name in ("lat", "lon"))
        read = _Reader(case, tables, self.sites)
        # power by slot [MW]
        self.it_mw = read.by_slot("power_slot", "it_mw")
        self.loss_mw = read.by_slot("power_slot", "electrical_loss_mw")
        self.other_mw = read.by_slot("power_slot", "other_load_mw")  # of a site, other than its racks
        # by the whole site, on the plan's weather
        self.used_mw = read.by_slot("power_slot", "facility_mw") + self.other_mw
        grid_mw, shed_mw = read.by_slot("power_slot", "grid_mw"), read.by_slot("stress_slot", "shed_mw")
        # of on-site sources and batteries, less what they take; without standby
        self.own_mw = self.used_mw - grid_mw - shed_mw - read.by_slot("source_slot", "output_mw", role="standby")
        # connection that the grid may take back, what of it is there
        whole_mw, off_mw = read.by_year("non_firm_year", "non_firm_mw"), read.by_slot("stress_slot", "off_mw")
        self.non_firm_mw: Floats = whole_mw[:, :, None] - off_mw
        self.spare_source_mw = _spare_mw(case, read)  # of firm sources beyond their output
        self.level_mwh = read.by_slot("source_slot", "level_mwh")  # in batteries
        # IT power of deferrable work, (window, year, site, slot), and within which it is done, from the day's start in
        # UTC, [window]
        self.waits_mw, self.window_h = _waits(read)
        series = site_series(case)
        prices = PowerPrices(case, series)
        self.energy_usd_per_mwh = prices.energy_usd_per_mwh[at].transpose(1, 0, 2)
        self.wholesale_usd_per_mwh = prices.wholesale_usd_per_mwh[at].transpose(1, 0, 2)
        # by year and site
        self.firm_mw, self.load_kh100e = (read.by_year("site_year", name) for name in ("firm_mw", "load_kh100e"))
        self.battery_mw = read.by_year("source_year", "capacity_mw", role="storage")
        running_usd = USD_PER_MUSD * read.by_year("source_year", "running_musd", role="firm")
        output_mwh = read.by_year("source_year", "output_mwh", role="firm")
        # of one more MWh of firm sources: their mean, 0 where there are none
        self.source_usd_per_mwh: Floats = _over(running_usd, output_mwh)
        self.generator_mw = _generators_mw(case, read)  # standby generators of the halls
        self.cooling_share = _cooling_share(case, read)  # (year, site, cooling) of IT power
        # weather of the driver of each technology, dry or wet bulb, and curves of mechanical_overhead_frac, [cooling]
        self.dry, self.wet = (weather_of(case, bulb, at) for bulb in ("dry", "wet"))
        self.is_wet = np.array(texts(case.cooling, "driver")) == "wet"
        self.curves = tuple(floats(case.cooling, name) for name in CURVE)
        # of the logarithm, (site, season, local hour); own prices are an hour's already: nothing is drawn around them
        has_own_prices = ~any_along(np.isnan(series.wholesale_frac), axis=1)
        self.price_spread: Floats = np.where(has_own_prices[:, None, None], 0.0, price_spread(case))[at]
        # sites whose temperatures table site_series gives
        self.own_weather = tuple(every[s] for s in at if not np.isnan(series.dry_bulb_c[s]).any())

    def overhead_frac(self, year: int, dry_c: Floats, wet_c: Floats) -> Floats:
        """Return cooling power per IT power at temperatures, (..., site, hour)."""
        total = np.zeros(dry_c.shape)
        for cooling in np.flatnonzero(self.cooling_share[year].any(axis=0)):
            temp_c = wet_c if self.is_wet[cooling] else dry_c
            curve = (figure[cooling] for figure in self.curves)
            share = self.cooling_share[year, :, cooling][:, None]
            total += share * mechanical_overhead_frac(temp_c, *curve)
        return total

    def hours(self, of_slot: Floats, first_day: int, days: int) -> Floats:
        """Unfold something by slot into the hours of calendar days, (..., hour)."""
        by_day = of_slot.reshape(*of_slot.shape[:-1], self.days.n_days, self.days.slots_per_day)
        slots = np.einsum("cd,...ds->...cs", self.day_shares[first_day : first_day + days], by_day)
        return np.asarray(np.repeat(slots, self.days.slot_h, axis=-1).reshape(*of_slot.shape[:-1], days * _DAY_H))

    def spread_of_hours(self, first_day: int, days: int) -> Floats:
        """Return the spread of the logarithm of prices, (site, hour)."""
        season = _SEASON_OF_MONTH[self.dry.month_of_hours(first_day, days)]
        local = self.dry.local_hours(first_day, days)
        return np.asarray(self.price_spread[np.arange(len(self.sites))[:, None], season[None, :], local])


def fixed_plan(scenario: Scenario, inputs: Mapping[str, pd.DataFrame], tables: Mapping[str, pd.DataFrame]) -> FixedPlan:
    """Lay out what a plan has and does."""
    case, drawing = make_case(scenario, inputs), set(tables["power_slot"]["site"])
    if not drawing:
        raise InputError.at("RUN", f"no site of {scenario.name} draws power in any year", "a plan with sites in use")
    plan = FixedPlan(case, tables, drawing)
    case.findings.stop_if_wrong()
    return plan


class _Reader:
    """Result tables as arrays by year and site."""

    def __init__(self, case: ScopedCase, tables: Mapping[str, pd.DataFrame], sites: tuple[str, ...]) -> None:
        self.tables = tables
        self.places = {"year": tuple(case.years.years), "site": sites}
        self.slots = {**self.places, "slot": case.days.names}

    def by_slot(self, table: str, column: str, *, role: str | None = None) -> Floats:
        """Add up a column, (year, site, slot)."""
        frame = self.tables[table]
        if role is not None:
            key = ["site", "source", "year"]
            frame = frame.merge(self.tables["source_year"][[*key, "role"]], on=key)
            frame = frame[frame["role"] == role]
        return sum_by_ids(frame, self.slots, column)

    def by_year(self, table: str, column: str, *, role: str | None = None) -> Floats:
        """Add up a column, (year, site)."""
        frame = self.tables[table]
        return sum_by_ids(frame if role is None else frame[frame["role"] == role], self.places, column)


def _spare_mw(case: ScopedCase, read: _Reader) -> Floats:
    """What firm sources could put out beyond what they do, but for limited hours, (year, site, slot)."""
    roles = read.tables["source_year"][["site", "source", "year", "role", "capacity_mw"]]
    slot = read.tables["source_slot"].merge(roles, on=["site", "source", "year"])
    table = case.tables["onsite_sources"].drop_duplicates("onsite")
    figures = replaced(table, "onsite", case.scenario.supply.override).set_index("onsite")
    runs_frac = slot["source"].map(figures["availability_frac"]).astype(np.float64).fillna(1.0)
    spare = slot.assign(spare_mw=runs_frac * slot["capacity_mw"] - slot["output_mw"])
    is_free = slot["source"].map(figures["max_hours_per_year"]).astype(np.float64).isna()
    spare = spare[(spare["role"] == "firm") & is_free]
    return np.maximum(sum_by_ids(spare, read.slots, "spare_mw"), 0.0)


def _waits(read: _Reader) -> tuple[Floats, tuple[int, ...]]:
    """Deferrable work as the plan does it, by the window within which it is done."""
    table = read.tables["deferral"]
    windows = sorted(set(table["window"]), key=_window_h)
    done = sum_by_ids(table, {"window": windows, **read.slots}, "done_mw")
    return done, tuple(map(_window_h, windows))


def _window_h(label: str) -> int:
    return int(label.removesuffix("h"))


def _over(part: Floats, whole: Floats) -> Floats:
    """Return a ratio, 0 where the whole is nothing."""
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0.0)


def _generators_mw(case: ScopedCase, read: _Reader) -> Floats:
    """Standby generators of usable halls, (year, site)."""
    halls = read.tables["halls"]
    ratio = dict(zip(texts(case.redundancy, "redundancy"), floats(case.redundancy, "generator_kw_per_kw"), strict=True))
    own_ratio = case.scenario.supply.standby.mw_per_hall_mw
    per_mw = halls["redundancy"].map(ratio).astype(np.float64)
    own_halls_mw = halls["usable_mw"] - halls["leased_mw"]
    mw = per_mw * halls["usable_mw"]
    if case.scenario.supply.standby.allow and own_ratio is not None:
        mw = own_ratio * own_halls_mw
    return sum_by_ids(halls.assign(generator_mw=mw), read.places, "generator_mw")


def _cooling_share(case: ScopedCase, read: _Reader) -> Floats:
    """Share of each cooling technology in a site's IT power, by nameplate in use."""
    plan = read.tables["plan"]
    by_cooling = {**read.places, "cooling": case.ids("cooling")}
    total = sum_by_ids(plan.assign(mw=plan["used_mw"] + plan["companion_mw"]), by_cooling, "mw")
    return _over(total, total.sum(axis=2, keepdims=True))


# --- What befalls the sites: outages of the grid, an emergency of it, a heat wave -----------------


@dataclass(frozen=True)
class StressEvent:
    """A heat wave at every site, or an emergency of the grid at all of them."""

    first_hour: int  # when, in hours of the year
    hours: int
    size: float  # by how much it is hotter, or the share of connections that the grid takes back. [K], [-]

    def of_hours(self, first_hour: int, hours: int) -> Floats:
        """Return its size in some hours of the year, 0 before and after it, shape (hour,)."""
        since = np.arange(first_hour, first_hour + hours) - self.first_hour
        return np.where((since >= 0) & (since < self.hours), self.size, 0.0)


NO_EVENT = StressEvent(0, 0, 0.0)


class Outages:
    """Outages of the grid at each site, drawn hour by hour, independent of each other.

    They begin as a Poisson process; how long they last is log-normal, rounded up to hours.
    """

    def __init__(self, shape: tuple[int, int], settings: StressSettings, rng: np.random.Generator) -> None:
        self._left_h = np.zeros(shape, dtype=np.int64)
        self._settings = settings
        self._rng = rng

    def next_hours(self, hours: int) -> Bools:
        """Draw whether the grid is out, (draw, site, hour)."""
        shape = self._left_h.shape
        begins = self._rng.random((hours, *shape)) < self._settings.outages_per_year / HOURS_PER_YEAR
        result = np.zeros((*shape, hours), dtype=np.bool_)
        for hour in range(hours):
            fresh = np.flatnonzero(begins[hour])
            if fresh.size:
                lasts = outage_h(fresh.size, self._settings, self._rng)
                self._left_h.ravel()[fresh] = np.maximum(self._left_h.ravel()[fresh], lasts)
            result[:, :, hour] = self._left_h > 0
            self._left_h = np.maximum(self._left_h - 1, 0)
        return result


def outage_h(count: int, settings: StressSettings, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw how many hours outages last, those begun counted. Gives (count,) [h]."""
    spread = np.sqrt(2.0 * np.log(settings.outage_mean_h / settings.outage_median_h))
    lasts = settings.outage_median_h * np.exp(spread * rng.standard_normal(count))
    return np.asarray(np.ceil(lasts), dtype=np.int64)
