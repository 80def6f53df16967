"""Power that does not go with the sites it is for: sources, signed PPAs, tariffs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import numpy as np

from planner.base.errors import Problem
from planner.base.units import HOURS_PER_DAY, HOURS_PER_YEAR, KW_PER_MW, MONTHS_PER_YEAR
from planner.inputs.places import own_key
from planner.inputs.table_columns import floats, texts
from planner.inputs.tariffs_uses import use_of_sites
from planner.plausible.agreements import FACTOR_OF
from planner.plausible.ranges import RANGES, as_text, ranges_of
from planner.scenario import path_value
from planner.tables.places import TablePlaces

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planner.base.arrays import Floats
    from planner.inputs.case import ScopedCase
    from planner.scenario.tariffs import OwnTariff, TariffEnergy, TariffPeriod
    from planner.scenario.tree import Keys

__all__ = ["bills_in_cents", "clocks_elsewhere", "signed_beyond_use", "sources_beyond_sites"]

_SOURCE_OVER_SITE: Final = 10.0
"""Power of a source over the largest of a site's land, connection, halls and other load."""
_SIGNED_OVER_USE: Final = 5.0
"""Mean power of signed PPAs over what all sites use: a company buys for its growth too."""
_HOURS_APART: Final = 3.0
"""Clocks of one country are so far apart at most, but for distant islands."""
_TERM: Final = ("first_year", "last_year")
_WEEK_FRAC: Final = {"all": 1.0, "workdays": 5.0 / 7.0, "weekend": 2.0 / 7.0}
_CENTS_USD_PER_MWH: Final = 10.0
"""Energy below it is in cents a kWh, or its bill is made of other charges: of tariffs that bill
energy the least in table `tariffs` is above 20."""
_HALF: Final = 0.5  # of the price of the tables


def sources_beyond_sites(case: ScopedCase, existing_mw: Floats) -> Iterator[Problem]:
    """Find sources of power that are many times what their site can use. Takes `existing_mw` (site, year) [MW]."""
    scenario = case.scenario
    room_mw = np.maximum(existing_mw.max(axis=1), floats(case.sites, "land_limit_mw"))
    room_mw = np.maximum(room_mw, floats(case.sites, "other_load_mw"))
    for at, site in enumerate(case.ids("sites")):
        key = own_key(scenario, site, "existing_source_mw")
        if key is None:
            continue
        given = (scenario.sites if key[0] == "sites" else scenario.new_sites)[site]
        path = given.grid_firm_mw
        held = () if path is None else (path_value(path, year) for year in case.years.years)
        site_mw = max([float(room_mw[at]), *(mw for mw in held if mw is not None)])
        for source, mw in (given.existing_source_mw or {}).items():
            if mw > _SOURCE_OVER_SITE * site_mw:
                what_is = (
                    f"existing_source_mw of {site} has {as_text(mw)} MW of {source}, and land,"
                    f" connection, halls and other load there are {as_text(site_mw)} MW at most"
                )
                fix = "check that all are in MW: kW divided by 1,000 are MW"
                yield _problem(case, (*key, source), what_is, fix)


def signed_beyond_use(case: ScopedCase, existing_mw: Floats, least_mw: Floats) -> Iterator[Problem]:
    """Find power under signed PPAs that is many times what all sites use.

    Takes `existing_mw` (site, year) [MW], `least_mw` (year,) [MW].
    """
    least_factor = {
        one.quantity: one.low for one in ranges_of(case.tables[RANGES], TablePlaces(case.scenario.data_files))
    }
    zones = set(texts(case.sites, "zone"))
    signed = {name: one for name, one in case.scenario.contracts.existing.items() if one.zone in zones}
    if not signed:
        return
    mean_mw = np.array(
        [
            one.mw * (one.capacity_factor_frac or least_factor.get(f"{FACTOR_OF}{one.technology}", 1.0))
            for one in signed.values()
        ]
    )
    first, last = (np.array([getattr(one, key) for one in signed.values()]) for key in _TERM)
    delivers = (first[:, None] <= case.last_year) & (last[:, None] >= case.year)
    use_mw = np.maximum(existing_mw.sum(axis=0), least_mw) + floats(case.sites, "other_load_mw").sum()
    by_year_mw = (mean_mw[:, None] * delivers).sum(axis=0)
    at = int((by_year_mw - _SIGNED_OVER_USE * use_mw).argmax())
    if by_year_mw[at] > _SIGNED_OVER_USE * use_mw[at]:
        name = list(signed)[int((mean_mw * delivers[:, at]).argmax())]
        what_is = (
            f"signed PPAs make at least {as_text(by_year_mw[at])} MW on average in {case.year[at]},"
            f" {as_text(signed[name].mw)} MW of capacity in {name}, and all sites use some {as_text(use_mw[at])} MW"
        )
        fix = "check that it is in MW: kW divided by 1,000 are MW"
        yield _problem(case, ("contracts", "existing", name, "mw"), what_is, fix)


def clocks_elsewhere(case: ScopedCase) -> Iterator[Problem]:
    """Find tariffs of a planner's own whose clock is hours from that of a site they bill."""
    own = case.scenario.energy.own_tariffs
    offset_h = floats(case.sites, "utc_offset_h")
    found: dict[str, Problem] = {}
    for site, use in sorted(use_of_sites(case).items()):
        name = use.tariff
        zone = own[name].time_zone if name in own else None
        if zone is None or name in found:
            continue
        clock_h = _standard_time_h(zone, case.years.first)
        apart_h = abs((clock_h - offset_h[site] + HOURS_PER_DAY / 2) % HOURS_PER_DAY - HOURS_PER_DAY / 2)
        if apart_h > _HOURS_APART:
            what_is = (
                f"time_zone of the own tariff {name} is {zone}, {clock_h:+g} h from UTC, and it"
                f" bills {case.ids('sites')[site]}, {offset_h[site]:+g} h from UTC"
            )
            keys = ("energy", "own_tariffs", name, "time_zone")
            fix = "name the zone of the site, or leave it out for the standard time of the site"
            found[name] = _problem(case, keys, what_is, fix)
    yield from found.values()


def bills_in_cents(case: ScopedCase) -> Iterator[Problem]:
    """Find tariffs of a planner's own whose energy is in cents: a flat load pays next to nothing."""
    retail = floats(case.sites, "retail_usd_per_mwh")
    found: dict[str, Problem] = {}
    for site, use in sorted(use_of_sites(case).items()):
        own = case.scenario.energy.own_tariffs.get(use.tariff)
        if own is None or use.tariff in found or not own.energy or own.bundle != "bundled":
            continue
        energy = sum(_flat_energy_usd_per_mwh(charge) for charge in own.energy)
        bill = energy + _flat_power_usd_per_mwh(own)
        if 0.0 < energy < _CENTS_USD_PER_MWH and bill < _HALF * retail[site]:
            what_is = (
                f"energy of the own tariff {use.tariff} costs {as_text(energy)} USD/MWh, so that a"
                f" flat load pays {as_text(round(bill, 1))} USD/MWh in all, and the price of the"
                f" tables at {case.ids('sites')[site]} is {as_text(round(retail[site], 1))}"
            )
            keys = ("energy", "own_tariffs", use.tariff, "energy", 0, "usd_per_mwh")
            fix = "cents a kWh times 10 are USD/MWh; bundle: delivery where energy is bought apart"
            found[use.tariff] = _problem(case, keys, what_is, fix)
    yield from found.values()


def _flat_energy_usd_per_mwh(charge: TariffEnergy) -> float:
    """Return what a MWh of a flat load costs by an energy charge, its tiers as one."""
    frac = [_time_frac(period) for period in charge.periods]
    prices = [np.mean(charge.usd_per_mwh), *(np.mean(one.usd_per_mwh) for one in charge.periods)]
    return float(np.dot([1.0 - sum(frac), *frac], prices))


def _flat_power_usd_per_mwh(own: OwnTariff) -> float:
    """Return what a MWh of a flat load costs by the charges on its power."""
    by_year = sum(KW_PER_MW * float(np.mean(one.usd_per_kw_month)) * len(one.months) for one in own.demand)
    by_year += sum(KW_PER_MW * one.usd_per_kw for one in own.coincident_peak)
    by_day = sum(one.usd_per_mw_day for one in own.capacity)
    return by_year / HOURS_PER_YEAR + by_day / HOURS_PER_DAY


def _time_frac(period: TariffPeriod) -> float:
    """Return the share of a year's hours that are in a period."""
    hours = (period.to_hour - period.from_hour - 1) % HOURS_PER_DAY + 1
    return hours / HOURS_PER_DAY * _WEEK_FRAC[period.weekdays] * len(period.months) / MONTHS_PER_YEAR


def _standard_time_h(zone: str, year: int) -> float:
    """Return how far the clock of a zone is from UTC, without summer time. [h]"""
    moment = datetime(year, 1, 1, tzinfo=UTC).astimezone(ZoneInfo(zone))
    since_utc = moment.utcoffset() or timedelta()
    return (since_utc - (moment.dst() or timedelta())) / timedelta(hours=1)


def _problem(case: ScopedCase, keys: Keys, what_is: str, fix: str) -> Problem:
    file, line, column = case.scenario.place_of(keys)
    return Problem(file, line, column, what_is, "", fix)
