"""Ids that no table has, and settings that are right each on its own but not together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations, count
from typing import TYPE_CHECKING, Final, get_origin

from planner.base.errors import MOST_PROBLEMS
from planner.base.words import closest
from planner.clock.days import is_time_zone
from planner.family.references import IdOf, NewIdOf
from planner.money.finance import ONE_MORE_PRICE, RISING, broken_rules
from planner.scenario.keys import KEYS, block_at, field_at, kinds, marks
from planner.scenario.messages import Finding, problem_at
from planner.scenario.sites import Scope
from planner.scenario.tariffs import TariffDemand, TariffEnergy
from planner.scenario.tree import EACH, matching
from planner.tables.places import COUNTRIES

if TYPE_CHECKING:
    import pandas as pd

    from planner.base.errors import Problem
    from planner.scenario.demand import PriceShock
    from planner.scenario.schema import Scenario
    from planner.scenario.supply import ExistingPpa
    from planner.scenario.tariffs import OwnTariff, TariffPeriod
    from planner.scenario.tree import Keys, Node, Place


def contradictions(scenario: Scenario) -> list[Problem]:
    """Find settings of a scenario that conflict."""
    rules = (
        *(_start, _paths_that_begin_late, _load_factor_without_twh, _training_runs, _what_ends_first),
        *(_both_in_and_out, _classes, _openings, _signed_ppas, wrong_tariffs),
    )
    return [problem_at(scenario.tree, *found) for rule in rules for found in rule(scenario)]


def _start(scenario: Scenario) -> Iterator[Finding]:
    if scenario.decisions_start.year > scenario.years[-1]:
        found = f"decisions_start is {scenario.decisions_start}, after the last model year"
        yield Finding(("decisions_start",), found, f"in {scenario.years[-1]} or before", "move the start, or add years")


def _paths_that_begin_late(scenario: Scenario) -> Iterator[Finding]:
    first_year = scenario.years[0]
    for keys, path in _full_paths(scenario):
        if isinstance(path, Mapping) and min(path) > first_year:
            found = f"{keys[-1]} begins in {min(path)}, after the first model year"
            yield Finding(keys, found, f"given for {first_year} or before", f"add {first_year} to it")


def _full_paths(scenario: Scenario) -> Iterator[tuple[Keys, object]]:
    """Paths by year without a meaning before their first year."""
    demand = scenario.demand
    for key in ("facility_gw", "ai_share_frac", "scale_frac"):
        yield ("demand", key), getattr(demand, key)
    for key in ("workload_scale_frac", "workload_share_frac"):
        yield from ((("demand", key, workload), path) for workload, path in (getattr(demand, key) or {}).items())
    for position, explicit in enumerate(demand.explicit):
        yield ("demand", "explicit", position, "by_year"), explicit.by_year
    for name, offer in scenario.contracts.ppa.items():
        yield ("contracts", "ppa", name, "price_usd_per_mwh"), offer.price_usd_per_mwh
    yield ("energy", "price_scale_frac"), scenario.energy.price_scale_frac
    yield ("rent", "price_usd_per_h100e_hour"), scenario.rent.price_usd_per_h100e_hour


def _load_factor_without_twh(scenario: Scenario) -> Iterator[Finding]:
    demand = scenario.demand
    if demand.load_factor_frac is not None and demand.facility_gw is not None:
        found = "load_factor_frac is given, and facility_gw is nameplate power already"
        must_be, fix = "given with a trajectory stated in TWh", "drop load_factor_frac"
        yield Finding(("demand", "load_factor_frac"), found, must_be, fix)


def _training_runs(scenario: Scenario) -> Iterator[Finding]:
    for position, explicit in enumerate(scenario.demand.explicit):
        is_run = explicit.unit == "training_run_pf_days"
        if is_run and explicit.days is None:
            found = "unit is training_run_pf_days, and days is missing"
            must_be, fix = "given with days, the length of the run", "add days, or count pf_days_per_year"
            yield Finding(("demand", "explicit", position, "unit"), found, must_be, fix)
        if not is_run and explicit.days is not None:
            found, must_be = f"days is given, and the unit is {explicit.unit}", "given for training_run_pf_days alone"
            yield Finding(("demand", "explicit", position, "days"), found, must_be, "remove days")


def _what_ends_first(scenario: Scenario) -> Iterator[Finding]:
    spans: dict[Keys, PriceShock | ExistingPpa] = {
        ("energy", "shocks", n): one for n, one in enumerate(scenario.energy.shocks)
    }
    spans |= {("contracts", "existing", name): one for name, one in scenario.contracts.existing.items()}
    for keys, one in spans.items():
        if one.last_year < one.first_year:
            found, must_be = f"last_year is {one.last_year}, before first_year", f"{one.first_year} or later"
            yield Finding((*keys, "last_year"), found, must_be, "exchange the two")


def _both_in_and_out(scenario: Scenario) -> Iterator[Finding]:
    scope, racks, siting = scenario.scope, scenario.racks, scenario.siting
    pairs: tuple[tuple[str, str, str, object, tuple[str, ...]], ...] = (
        ("scope", "sites", "exclude_sites", scope.sites, scope.exclude_sites),
        ("scope", "demand_regions", "exclude_demand_regions", scope.demand_regions, scope.exclude_demand_regions),
        ("racks", "allow", "exclude", racks.allow, racks.exclude),
        ("siting", "must_open", "must_not_open", siting.must_open, siting.must_not_open),
    )
    for block, listed, excluded, taken, left_out in pairs:
        for position, id_ in enumerate(left_out):
            if isinstance(taken, tuple) and id_ in taken:
                found = f"{id_!r} is in {block}.{listed} and in {block}.{excluded}"
                yield Finding((block, excluded, position), found, "in one of them", "remove it from the other")


def _classes(scenario: Scenario) -> Iterator[Finding]:
    for workload, figures in scenario.workloads.items():
        use, peak = figures.utilisation_frac, figures.peak_over_mean_frac
        if use is not None and peak is not None and use * peak > 1:
            found = f"utilisation_frac x peak_over_mean_frac of {workload} is {use * peak:g}"
            must_be, fix = "at most 1", "racks cannot work above their full work: lower one of the two"
            yield Finding(("workloads", workload, "peak_over_mean_frac"), found, must_be, fix)
        tight, bound = figures.tight_rtt_ms, figures.rtt_bound_ms
        if tight is not None and bound is not None and tight > bound:
            found = f"tight_rtt_ms of {workload} is {tight:g}, above its rtt_bound_ms"
            must_be, fix = f"at most {bound:g} [ms]", "tighten it, or set it to null for no tight bound"
            yield Finding(("workloads", workload, "tight_rtt_ms"), found, must_be, fix)


def _signed_ppas(scenario: Scenario) -> Iterator[Finding]:
    for name in filter(scenario.contracts.ppa.__contains__, scenario.contracts.existing):
        found, keys = f"{name} is in contracts.existing and in contracts.ppa", ("contracts", "existing", name)
        yield Finding(keys, found, "one name for each agreement", "rename one of the two")


def _openings(scenario: Scenario) -> Iterator[Finding]:
    siting = scenario.siting
    if siting.exactly_sites is not None and siting.at_most_sites is not None:
        found = "exactly_sites and at_most_sites are both given"
        yield Finding(("siting", "at_most_sites"), found, "one of them", "remove one of the two")
    for key, number in (("exactly_sites", siting.exactly_sites), ("at_most_sites", siting.at_most_sites)):
        if number is not None and not siting.whole_openings:
            yield Finding(
                ("siting", key),
                f"{key} is {number}, and siting.whole_openings is false",
                "given with siting.whole_openings: true, as fractional sites cannot count",
                f"set siting.whole_openings: true, or remove {key}",
            )
    most = siting.exactly_sites or siting.at_most_sites
    if most is not None and len(siting.must_open) > most:
        found = f"{len(siting.must_open)} sites must open, and at most {most} may be open"
        must_be, fix = f"at most {most} sites", "let more sites open, or shorten the list"
        yield Finding(("siting", "must_open"), found, must_be, fix)


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
        blocks = list(_blocks(path, tariff))
        for at, block in blocks:
            yield from _tiers(at, block)
        for at, block in blocks:
            if not isinstance(block, TariffEnergy):
                yield from _hours(at, block)
        for position, charge in enumerate(tariff.energy):
            yield from _overlaps((*path, "energy", position), charge.periods)


def _use(scenario: Scenario, position: int) -> Iterator[Finding]:
    use = scenario.energy.tariffs[position]
    at = ("energy", "tariffs", position)
    if use.tariff in scenario.energy.own_tariffs and use.terms is not None:
        must_be, fix = "terms of a tariff of the table", f"write them under energy.own_tariffs.{use.tariff}.terms"
        yield Finding((*at, "terms"), f"{use.tariff!r} is an own tariff, and terms is {use.terms!r}", must_be, fix)
    if use.from_year is not None and use.from_year not in scenario.years:
        found, must_be = f"from_year is {use.from_year}", f"a model year: {', '.join(map(str, scenario.years))}"
        yield Finding((*at, "from_year"), found, must_be, "take one of these, or leave it out for the first")
    if use.zones and use.sites is not None:
        yield Finding((*at, "zones"), "both sites and zones are given", "one of them", "write an entry for each")


def _time_zone(at: Keys, name: str | None) -> Iterator[Finding]:
    if name is not None and not is_time_zone(name):
        found, must_be = f"time_zone is {name!r}", "an IANA name such as America/New_York"
        yield Finding(at, found, must_be, "write such a name, or leave it out for the standard time of the site")


def _charges(path: Keys, tariff: OwnTariff) -> Iterator[Finding]:
    if not any(getattr(tariff, kind) for kind in _CHARGES):
        must_be, fix = f"given with one at least of {', '.join(_CHARGES)}", "write a charge, or remove the tariff"
        yield Finding(path, f"the own tariff {path[-1]!r} has no charge", must_be, fix)
    for position, standing in enumerate(tariff.standing):
        if not standing.model_fields_set & {"usd_per_month", "usd_per_day"}:
            found = f"the standing charge {standing.name!r} has no price"
            must_be, fix = "given with usd_per_month or usd_per_day", "write its price, or remove the charge"
            yield Finding((*path, "standing", position), found, must_be, fix)
    known: dict[tuple[bool, str], str] = {}
    for kind in _CHARGES:
        for position, charge in enumerate(getattr(tariff, kind)):
            entry = f"{kind}[{position}]"
            other = known.setdefault((kind in _BY_YEAR, charge.name), entry)
            if other != entry:
                found = f"{entry} of the own tariff {path[-1]!r} is called {charge.name!r} as {other} is"
                must_be, fix = "called by a name of its own", "give it a `name:` for the bill"
                yield Finding((*path, kind, position, "name"), found, must_be, fix)


def _blocks(path: Keys, tariff: OwnTariff) -> Iterator[tuple[Keys, TariffEnergy | TariffPeriod | TariffDemand]]:
    """Blocks whose price may come in tiers, by their key path; all but energy charges have hours."""
    for position, charge in enumerate(tariff.energy):
        at = (*path, "energy", position)
        yield at, charge
        yield from (((*at, "periods", number), period) for number, period in enumerate(charge.periods))
    yield from (((*path, "demand", position), demand) for position, demand in enumerate(tariff.demand))


def _tiers(at: Keys, block: TariffEnergy | TariffPeriod | TariffDemand) -> Iterator[Finding]:
    is_power = isinstance(block, TariffDemand)
    price, limit = ("usd_per_kw_month", "tier_limits_kw") if is_power else ("usd_per_mwh", "tier_limits_mwh")
    prices, limits = getattr(block, price), getattr(block, limit)
    prices = prices if isinstance(prices, tuple) else (prices,)
    broken, count = broken_rules(prices, limits), len(prices)
    if ONE_MORE_PRICE in broken:
        found = f"{price} has {_count(count, 'price')}, and {limit} has {_count(len(limits), 'limit')}"
        must_be, fix = ONE_MORE_PRICE, f"write in {limit} where each tier but the last ends, or write one price"
        yield Finding((*at, limit) if limits else (*at, price), found, must_be, fix)
    if RISING in broken:
        found = f"{limit} is [{', '.join(f'{end:g}' for end in limits)}]"
        yield Finding((*at, limit), found, RISING, "put the limits in order, and their prices with them")


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"


def _hours(at: Keys, window: TariffPeriod | TariffDemand) -> Iterator[Finding]:
    first, until = window.from_hour, window.to_hour
    if (until - first) % _DAY_H == 0 and (first, until) != (0, _DAY_H):
        found = f"from_hour is {first} and to_hour is {until}, the same time of the day"
        must_be, fix = "two times of the day", "for the whole day leave both out, or write 0 and 24"
        yield Finding((*at, "to_hour" if "to_hour" in window.model_fields_set else "from_hour"), found, must_be, fix)


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


# --- Ids that a scenario names, each to be in the tables ------------------------------------------

_COUNTRY_OF_NEW: Final = "new_sites.*.country"
FEW: Final = 12
"""So many ids can be listed in a message."""
ID_KEYS: Final[Mapping[str, IdOf]] = {keys: mark for keys, mark in marks() if isinstance(mark, IdOf)}
"""Key paths whose values, or keys, are ids of a table."""
NEW_ID_KEYS: Final[Mapping[str, NewIdOf]] = {keys: mark for keys, mark in marks() if isinstance(mark, NewIdOf)}
"""Key paths whose values, or keys, add to the ids of a table."""
ID_TABLES: Final = tuple(dict.fromkeys(table for mark in ID_KEYS.values() for table in (mark.table, *mark.also_in)))
"""Tables that `unknown_ids` needs."""


def unknown_ids(tree: Node, tables: Mapping[str, pd.DataFrame]) -> tuple[Problem, ...]:
    """Find ids that no table knows, and sites and regions of countries that are not in scope.

    The tree need not be right in every other way.
    """
    return (
        *_named_nowhere(tree, tables),
        *_new_but_known(tree, tables),
        *_no_countries(tree, tables),
        *_outside_scope(tree, tables),
    )


def _named_nowhere(tree: Node, tables: Mapping[str, pd.DataFrame]) -> Iterator[Problem]:
    found = count()
    known: dict[IdOf, list[str]] = {}
    for keys, mark in ID_KEYS.items():
        for id_, place in written_at(tree, keys):
            if mark not in known:
                known[mark] = _known(mark, tree, tables)
            if id_ not in known[mark]:
                # The search for near ids takes long, and no more than these are listed.
                is_listed = next(found) <= MOST_PROBLEMS
                yield _unknown(id_, place, mark, known[mark], _own_file(tree, mark.table), is_listed=is_listed)


def _known(mark: IdOf, tree: Node, tables: Mapping[str, pd.DataFrame]) -> list[str]:
    ids = _column(tables, mark.table, mark.column)
    for keys, new in NEW_ID_KEYS.items():
        if mark.may_be_new and (new.table, new.column) == (mark.table, mark.column):
            ids += [id_ for id_, _ in written_at(tree, keys)]
    ids += [id_ for table in mark.also_in for id_ in _column(tables, table, mark.column)]
    return list(dict.fromkeys(ids))


def _own_file(tree: Node, table: str) -> str:
    """Return the file of a table that is the user's own as it is written; empty if it ships."""
    files = tree.entries_at("data")
    return str(files[table].value) if table in files else ""


def _unknown(id_: str, place: Place, mark: IdOf, known: list[str], own: str, *, is_listed: bool) -> Problem:
    meant = closest(id_, known) if is_listed else None
    if meant:
        fix = f"did you mean {meant!r}?"
    elif len(known) <= FEW:
        fix = f"known are {', '.join(known)}"
    else:
        fix = f"`dcplan data ids {mark.table}` lists them"
    if own and not meant:
        fix += f", or add it to {own}"
    return place.problem(f"unknown {mark.noun} {id_!r}", f"an id of table {mark.table}", fix)


def _new_but_known(tree: Node, tables: Mapping[str, pd.DataFrame]) -> Iterator[Problem]:
    for keys, mark in NEW_ID_KEYS.items():
        known = _column(tables, mark.table, mark.column) if mark.taken else []
        for id_, place in written_at(tree, keys):
            if id_ in known:
                found = f"the {mark.taken} {id_!r} is in table {mark.table}"
                yield place.problem(found, "an id of its own", mark.fix)


def _no_countries(tree: Node, tables: Mapping[str, pd.DataFrame]) -> Iterator[Problem]:
    for code, place in written_at(tree, _COUNTRY_OF_NEW):
        if code not in COUNTRIES:
            known = ", ".join(sorted(set(_column(tables, "sites", "country"))))
            fix = f"sites of the data are in {known}"
            yield place.problem(f"{code} is no country", "a country's two letters of ISO 3166-1, such as US", fix)


def _outside_scope(tree: Node, tables: Mapping[str, pd.DataFrame]) -> Iterator[Problem]:
    scope = tree.entries_at("scope")
    if "countries" in scope and not isinstance(scope["countries"].value, tuple):
        return  # all of them
    countries = [id_ for id_, _ in written_at(tree, "scope.countries.*")] or list(Scope().countries)
    for key, table, column in (("sites", "sites", "site"), ("demand_regions", "demand_regions", "demand_region")):
        country = _countries(tree, tables, table, column)
        for id_, place in written_at(tree, f"scope.{key}.*"):
            # A site in no country at all is named where its country is written.
            is_known = id_ in country and country[id_] in COUNTRIES
            if is_known and country[id_] not in countries:
                found = f"{id_!r} is in {country[id_]}, and scope.countries is {countries}"
                fix = f"add {country[id_]} to scope.countries, or leave {id_!r} out"
                yield place.problem(found, "in a country of the scope", fix)


def _countries(tree: Node, tables: Mapping[str, pd.DataFrame], table: str, column: str) -> dict[str, str]:
    """Country of each row of a table, and of the scenario's own sites where it is about sites."""
    country = dict(zip(_column(tables, table, column), _column(tables, table, "country"), strict=True))
    if table == "sites":
        for id_, node in tree.entries_at("new_sites").items():
            country.update((id_, written) for written, _ in written_at(node, "country"))
    return country


def _column(tables: Mapping[str, pd.DataFrame], table: str, column: str) -> list[str]:
    return [str(label) for label in tables[table][column].tolist()]


def written_at(tree: Node, keys: str) -> Iterator[tuple[str, Place]]:
    """Return ids that are written at a key path, with their places."""
    *steps, last = keys.split(".")
    for _, node in matching(tree, steps if last == KEYS else [*steps, last]):
        if last == KEYS:
            yield from ((key, below.key_place or below.place) for key, below in node.children.items())
        elif isinstance(node.value, str):
            yield node.value, node.place


def has_own_entries(keys: Keys) -> bool:
    """Return whether blocks by an id that is of no table are at a key path."""
    block = block_at(keys[:-1]) if keys else None
    field = field_at(keys)
    if block is None or field is None or keys[-1] not in block.model_fields:
        return False
    mappings = [kind for kind in kinds(field.annotation) if get_origin(kind) is Mapping]
    is_of_table = ".".join((*map(str, keys), KEYS)) in ID_KEYS
    return bool(mappings) and not is_of_table and block_at((*keys, EACH)) is not None
