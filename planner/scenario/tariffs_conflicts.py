"""What is wrong with tariffs: tiers, hours, periods and names that conflict, and whom they bill."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from planner.money.tier_rules import ONE_MORE_PRICE, RISING, broken_rules
from planner.scenario.messages import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planner.scenario.schema import Scenario
    from planner.scenario.tariffs import OwnTariff, TariffDemand, TariffPeriod
    from planner.scenario.tree import Keys

_DAY_H: Final = 24
_CHARGES: Final = ("energy", "demand", "coincident_peak", "capacity", "standing")
_BY_YEAR: Final = ("coincident_peak", "capacity")
"""Charges that are on the bill with the year behind their name."""
_WEEK: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_WEEKDAYS: Final = {"all": _WEEK, "workdays": _WEEK[:5], "weekend": _WEEK[5:]}


def wrong_tariffs(scenario: Scenario) -> Iterator[Finding]:
    """Find what no bill can be made from, whether or not a site is billed by it."""
    for position in range(len(scenario.energy.tariffs)):
        yield from _use(scenario, position)
    for id_, tariff in scenario.energy.own_tariffs.items():
        path = ("energy", "own_tariffs", id_)
        yield from _charges(path, tariff)
        yield from _time_zone((*path, "time_zone"), tariff.time_zone)
        for at, block, price, limits in _priced(path, tariff):
            yield from _tiers(at, block, price, limits)
        for at, window in _windows(path, tariff):
            yield from _hours(at, window)
        for position, charge in enumerate(tariff.energy):
            yield from _overlaps((*path, "energy", position), charge.periods)


def _use(scenario: Scenario, position: int) -> Iterator[Finding]:
    use = scenario.energy.tariffs[position]
    at = ("energy", "tariffs", position)
    if use.tariff in scenario.energy.own_tariffs and use.terms is not None:
        yield Finding(
            (*at, "terms"),
            f"{use.tariff!r} is an own tariff, and terms is {use.terms!r}",
            "terms of a tariff of the table",
            f"write them under energy.own_tariffs.{use.tariff}.terms",
        )
    if use.from_year is not None and use.from_year not in scenario.years:
        yield Finding(
            (*at, "from_year"),
            f"from_year is {use.from_year}",
            f"a model year: {', '.join(map(str, scenario.years))}",
            "take one of these, or leave it out for the first",
        )
    if use.zones and use.sites is not None:
        yield Finding((*at, "zones"), "both sites and zones are given", "one of them", "write an entry for each")


def _time_zone(at: Keys, name: str | None) -> Iterator[Finding]:
    try:
        if name is not None:
            ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a folder of zones is none
        yield Finding(
            at,
            f"time_zone is {name!r}",
            "an IANA name such as America/New_York",
            "write such a name, or leave it out for the standard time of the site",
        )


def _charges(path: Keys, tariff: OwnTariff) -> Iterator[Finding]:
    if not any(getattr(tariff, kind) for kind in _CHARGES):
        yield Finding(
            path,
            f"the own tariff {path[-1]!r} has no charge",
            f"given with one at least of {', '.join(_CHARGES)}",
            "write a charge, or remove the tariff",
        )
    for position, standing in enumerate(tariff.standing):
        if not standing.model_fields_set & {"usd_per_month", "usd_per_day"}:
            yield Finding(
                (*path, "standing", position),
                f"the standing charge {standing.name!r} has no price",
                "given with usd_per_month or usd_per_day",
                "write its price, or remove the charge",
            )
    known: dict[tuple[bool, str], str] = {}
    for kind in _CHARGES:
        for position, charge in enumerate(getattr(tariff, kind)):
            entry = f"{kind}[{position}]"
            other = known.setdefault((kind in _BY_YEAR, charge.name), entry)
            if other != entry:
                yield Finding(
                    (*path, kind, position, "name"),
                    f"{entry} of the own tariff {path[-1]!r} is called {charge.name!r} as {other} is",
                    "called by a name of its own",
                    "give it a `name:` for the bill",
                )


def _priced(path: Keys, tariff: OwnTariff) -> Iterator[tuple[Keys, object, str, str]]:
    """Blocks whose price may come in tiers: way, block, keys of prices and of limits."""
    for position, charge in enumerate(tariff.energy):
        at = (*path, "energy", position)
        yield at, charge, "usd_per_mwh", "tier_limits_mwh"
        for number, period in enumerate(charge.periods):
            yield (*at, "periods", number), period, "usd_per_mwh", "tier_limits_mwh"
    for position, demand in enumerate(tariff.demand):
        yield (*path, "demand", position), demand, "usd_per_kw_month", "tier_limits_kw"


def _tiers(at: Keys, block: object, price: str, limit: str) -> Iterator[Finding]:
    prices, limits = getattr(block, price), getattr(block, limit)
    prices = prices if isinstance(prices, tuple) else (prices,)
    broken, count = broken_rules(prices, limits), len(prices)
    if ONE_MORE_PRICE in broken:
        yield Finding(
            (*at, limit) if limits else (*at, price),
            f"{price} has {_count(count, 'price')}, and {limit} has {_count(len(limits), 'limit')}",
            ONE_MORE_PRICE,
            f"write in {limit} where each tier but the last ends, or write one price",
        )
    if RISING in broken:
        yield Finding(
            (*at, limit),
            f"{limit} is [{', '.join(f'{end:g}' for end in limits)}]",
            RISING,
            "put the limits in order, and their prices with them",
        )


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"


def _windows(path: Keys, tariff: OwnTariff) -> Iterator[tuple[Keys, TariffPeriod | TariffDemand]]:
    for position, charge in enumerate(tariff.energy):
        for number, period in enumerate(charge.periods):
            yield (*path, "energy", position, "periods", number), period
    for position, demand in enumerate(tariff.demand):
        yield (*path, "demand", position), demand


def _hours(at: Keys, window: TariffPeriod | TariffDemand) -> Iterator[Finding]:
    first, until = window.from_hour, window.to_hour
    if (until - first) % _DAY_H == 0 and (first, until) != (0, _DAY_H):
        yield Finding(
            (*at, "to_hour" if "to_hour" in window.model_fields_set else "from_hour"),
            f"from_hour is {first} and to_hour is {until}, the same time of the day",
            "two times of the day",
            "for the whole day leave both out, or write 0 and 24",
        )


def _overlaps(at: Keys, periods: tuple[TariffPeriod, ...]) -> Iterator[Finding]:
    for (_, one), (second, other) in combinations(enumerate(periods), 2):
        months = sorted({*one.months} & {*other.months})
        days = [day for day in _WEEKDAYS[one.weekdays] if day in _WEEKDAYS[other.weekdays]]
        hours = sorted(_hours_of(one) & _hours_of(other))
        if months and days and hours:
            yield Finding(
                (*at, "periods", second),
                f"the periods {one.name!r} and {other.name!r} meet, for example in month "
                f"{months[0]} on {days[0]} from {hours[0]} h",
                "apart, as each hour has one price",
                "change months, weekdays or hours of one of them",
            )


def _hours_of(period: TariffPeriod) -> frozenset[int]:
    count = (period.to_hour - period.from_hour) % _DAY_H or _DAY_H
    return frozenset((period.from_hour + passed) % _DAY_H for passed in range(count))
