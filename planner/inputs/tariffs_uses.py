"""Which site is billed by which tariff, and what that leaves of the prices of the tables."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.errors import InputError
from planner.base.units import MONTHS_PER_YEAR
from planner.base.words import amount, some
from planner.clock.days import MONTHS
from planner.family.table_columns import floats, texts
from planner.inputs.tariffs_rules import BillingClock, bills_energy, rules_of, table_row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planner.inputs.case import ScopedCase
    from planner.inputs.power_prices import PowerPrices
    from planner.scenario.tariffs import TariffUse
    from planner.scenario.tree import Keys
    from planner.tariffs import Tariff

_OFF_THE_HOUR: Final = {
    4.5: "Asia/Kabul",
    5.5: "Asia/Kolkata",
    5.75: "Asia/Kathmandu",
    6.5: "Asia/Yangon",
    9.5: "Australia/Darwin",
}
"""Zones without summer time, by their hours before UTC, that Etc/GMT does not have."""
_NAMED, _ZONE, _ALL = range(3)
"""How an entry means a site: what names it more closely goes first."""
_ONE_OF_TWO: Final = {
    _NAMED: "take the site out of one of the two",
    _ZONE: "take the zone out of one, or bill the site by an entry of its own with `sites:`",
    _ALL: "say in one of the two for which `sites:` or `zones:` it is",
}
"""How to fix two entries that mean a site alike."""
_FEW: Final = 3
"""So many sites are named in a message."""


@dataclass(frozen=True)
class Customer:
    """A site that is billed by a tariff."""

    site: int  # its place among the sites
    first: int  # place of the model year from which on it is billed so
    tariff: Tariff  # rules and prices
    clock: BillingClock  # hours of its bills
    ramp_frac: tuple[float, ...]  # share of signed capacity in force in each of its first years
    is_bundled: bool  # whether the tariff bills the energy itself


def find_customers(case: ScopedCase) -> tuple[Customer, ...]:
    """Find the sites that the scenario bills by a tariff."""
    known = len(case.findings.problems)
    uses = case.scenario.energy.tariffs
    for position, use in enumerate(uses):
        _check(case, position, use)
    chosen = _by_site(case, uses)
    untold = [MONTHS[month] for month in np.flatnonzero(~case.days.days_by_month.any(axis=0))]
    if chosen and untold:
        what_is = f"tariffs bill every month, but the series has no day in {', '.join(untold)}"
        fix = "add one, or use representative days"
        case.findings.add(("energy", "tariffs"), what_is, "covered by a day of the series", fix)
    if len(case.findings.problems) > known:
        return ()
    rise_frac = _rise_frac(case)
    made: dict[tuple[int, float, str], Tariff] = {}
    customers = []
    for site, position in sorted(chosen.items()):
        use = uses[position]
        first = 0 if use.from_year is None else case.years.years.index(use.from_year)
        clock = _clock(case, position, use, site, first)
        if clock is None:
            continue
        key = (position, float(rise_frac[site]), clock.time_zone)
        if key not in made:
            tariff = _made(case, position, use, float(rise_frac[site]), clock)
            if tariff is None:
                return ()
            made[key] = tariff
        bundled = bills_energy(case, use.tariff)
        customers.append(Customer(site, first, made[key], clock, use.ramp_frac, bundled))
    for position, tariff in {position: tariff for (position, *_), tariff in made.items()}.items():
        _note_terms(case, position, uses[position], tariff)
    return tuple(customers)


def _check(case: ScopedCase, position: int, use: TariffUse) -> None:
    at = ("energy", "tariffs", position)
    own = case.scenario.energy.own_tariffs
    wanted = [("terms", use.terms, "terms")]
    if use.tariff not in own:
        wanted.append(("tariff", use.tariff, "rate"))
    for key, id_, layer in wanted:
        row = None if id_ is None else table_row(case, id_)
        if id_ is not None and row is None:
            case.findings.add(
                (*at, key), f"unknown tariff {id_!r}", "an id of table tariffs", "`dcplan data ids tariffs` lists them"
            )
        elif row is not None and row["layer"] != layer:
            what_is = f"{key} is {id_!r}, of layer {row['layer']!r}"
            fix = "`dcplan data ids tariffs` lists them"
            case.findings.add((*at, key), what_is, f"of layer {layer!r}", fix)


def billed_sites(case: ScopedCase) -> frozenset[int]:
    """Return the positions of the sites that a tariff bills from the first model year on."""
    first = case.years.first
    return frozenset(site for site, use in use_of_sites(case).items() if use.from_year in (None, first))


def use_of_sites(case: ScopedCase) -> dict[int, TariffUse]:
    """Return the entry of `energy.tariffs` that bills each site, by the site's position."""
    found: dict[int, tuple[int, TariffUse]] = {}
    for use in case.scenario.energy.tariffs:
        rank, sites = _billed_by(case, use)
        for site in sites:
            if site not in found or rank < found[site][0]:
                found[site] = rank, use
    return {site: use for site, (_, use) in found.items()}


def _billed_by(case: ScopedCase, use: TariffUse) -> tuple[int, list[int]]:
    """Sites in scope that an entry bills, and its rank: the lower goes before the higher."""
    zones, ids = texts(case.sites, "zone"), case.ids("sites")
    rank = _NAMED if isinstance(use.sites, tuple) else _ZONE if use.zones else _ALL
    return rank, [
        site
        for site, id_ in enumerate(ids)
        if rank == _ALL
        or (rank == _ZONE and zones[site] in use.zones)
        or (isinstance(use.sites, tuple) and id_ in use.sites)
    ]


def _by_site(case: ScopedCase, uses: tuple[TariffUse, ...]) -> dict[int, int]:
    """Entry that bills each site: the one that names it, else its zone, else all."""
    ids = case.ids("sites")
    chosen: dict[int, tuple[int, int]] = {}  # site: rank, entry
    twice: dict[tuple[int, int, int], list[str]] = {}  # entry, entry, rank: sites
    for position, use in enumerate(uses):
        rank, sites = _billed_by(case, use)
        if not sites:
            text = f"The tariff {use.tariff} bills no site in scope."
            case.findings.add_note(text, ("energy", "tariffs", position))
        for site in sites:
            other = chosen.get(site)
            if other is not None and other[0] == rank:
                twice.setdefault((other[1], position, rank), []).append(ids[site])
            if other is None or rank < other[0]:
                chosen[site] = (rank, position)
    for (first, second, rank), names in twice.items():
        what_is = f"energy.tariffs[{first}] and energy.tariffs[{second}] both bill {some(names, _FEW)}"
        must_be, fix = "one tariff for each site", _ONE_OF_TWO[rank]
        case.findings.add(("energy", "tariffs", second, "zones" if rank == _ZONE else "sites"), what_is, must_be, fix)
    return {site: position for site, (_, position) in chosen.items()}


def _rise_frac(case: ScopedCase) -> np.ndarray:
    own = case.scenario.energy.escalation_real_frac
    if own is not None:
        return np.full(len(case.sites), own)
    return case.finance_by_site("electricity_real_escalation")


def _clock(case: ScopedCase, position: int, use: TariffUse, site: int, first: int) -> BillingClock | None:
    own = case.scenario.energy.own_tariffs.get(use.tariff)
    zone = None if own is None else own.time_zone
    if zone is None:
        offset_h = float(floats(case.sites, "utc_offset_h")[site])
        # Signs of Etc/GMT are turned: Etc/GMT+5 is five hours behind UTC.
        zone = _OFF_THE_HOUR.get(offset_h, f"Etc/GMT{-offset_h:+.0f}")
        if offset_h not in _OFF_THE_HOUR and offset_h % 1.0:
            what_is = f"{case.ids('sites')[site]} is {offset_h:+g} h from UTC"
            fix = "give the tariff a time_zone"
            must_be = "in a zone that the planner knows by its hours"
            case.findings.add(("energy", "tariffs", position, "tariff"), what_is, must_be, fix)
            return None
    peak_day = int(np.flatnonzero(case.days.is_peak_day)[0])
    years = case.years.years
    return BillingClock(zone, years[first], int(case.last_year[-1]), case.days.day_months[peak_day][0])


def _made(case: ScopedCase, position: int, use: TariffUse, rise_frac: float, clock: BillingClock) -> Tariff | None:
    try:
        tariff = rules_of(case, use, rise_frac, clock)
    except InputError as error:
        for problem in error.problems:
            case.findings.add(("energy", "own_tariffs", use.tariff), problem.what_is, problem.must_be, problem.fix)
        return None
    at = ("energy", "tariffs", position)
    for what_is, must_be, fix in _problems_of_terms(use, tariff):
        case.findings.add(at, what_is, must_be, fix)
    return tariff


def _note_terms(case: ScopedCase, position: int, use: TariffUse, tariff: Tariff) -> None:
    """Say what of a contract the plan does not hold anybody to."""
    terms, own = tariff.terms, case.scenario.energy.own_tariffs.get(use.tariff)
    at: Keys = ("energy", "own_tariffs", use.tariff, "terms")
    if own is None:
        at = ("energy", "tariffs", position, "tariff" if use.terms is None else "terms")
    elif own.terms is None:
        at = at[:-1]
    if terms is not None and terms.load_min_mw > 0.0:
        case.findings.add_note(
            f"The tariff {tariff.name} is for contracts of at least"
            f" {amount(terms.load_min_mw)} MW; the plan does not enforce it.",
            at,
        )
    if not tariff.takes or (terms is not None and terms.term_years and terms.exit_fee_months):
        return
    fix = "Table tariffs has none for it; a tariff of energy.own_tariffs may have one."
    if own is not None:
        given = own.terms
        if given and "exit_fee_months" in given.model_fields_set and not given.exit_fee_months:
            return  # 0 is said outright
        fix = "Give terms.term_years and terms.exit_fee_months; exit_fee_months: 0 confirms it."
        if given and given.term_years:
            months = round(MONTHS_PER_YEAR * given.term_years)
            fix = (
                f"Give terms.exit_fee_months, {months} to pay for all that is left of the"
                f" {given.term_years:g} years; 0 confirms it."
            )
    case.findings.add_note(
        f"The tariff {tariff.name} has a minimum take and no exit fee: capacity under contract may be given up in any"
        f" year for 0 USD, so that what was signed binds no later year. {fix}",
        at,
    )


def _problems_of_terms(use: TariffUse, tariff: Tariff) -> Iterator[tuple[str, str, str]]:
    terms = tariff.terms
    longest = None if terms is None else terms.ramp_years_max
    if longest is not None and len(use.ramp_frac) > longest:
        what_is = f"the ramp of {tariff.name!r} takes {len(use.ramp_frac)} years"
        yield what_is, f"at most {longest:g}, the longest of the tariff", "shorten ramp_frac"
    if terms is None or not terms.term_years or not terms.exit_fee_months:
        return
    for rule in tariff.takes:
        if not isinstance(rule.usd_per_kw_month, float):
            what_is = f"{rule.name!r} of {tariff.name!r} has tiers, a minimum take and an exit fee"
            yield what_is, "one price, so that the fee is proportional", "drop one of the three"


def prices_net_of_tariffs(case: ScopedCase, prices: PowerPrices, customers: tuple[Customer, ...]) -> PowerPrices:
    """Take out of the prices what a tariff bills."""
    energy = prices.energy_usd_per_mwh.copy()
    demand = prices.demand_charge_usd_per_kw_month.copy()
    part = prices.wholesale_part_usd_per_mwh.copy()
    for customer in customers:
        billed = (customer.site, slice(customer.first, None))
        market = prices.wholesale_usd_per_mwh[billed]
        part[billed] = 0.0 * market if customer.is_bundled else market
        energy[billed] = part[billed]
        demand[billed] = 0.0
    return replace(
        prices, energy_usd_per_mwh=energy, demand_charge_usd_per_kw_month=demand, wholesale_part_usd_per_mwh=part
    )
