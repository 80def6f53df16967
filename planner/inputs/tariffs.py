"""Tariffs: their rules, which site is billed by which, what that leaves of the prices, and lists of the bills."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import numpy as np

from planner.base.arrays import Record
from planner.base.units import MONTHS_PER_YEAR, USD_PER_MUSD
from planner.base.words import amount, some
from planner.clock.days import MONTHS
from planner.family.table_columns import floats, texts
from planner.inputs.case import BASE_YEAR_OF_MONEY
from planner.lp import Axis, Index
from planner.lp.index import distinct, locate
from planner.tariffs import (
    ALWAYS,
    WEEKEND,
    WORKDAYS,
    Account,
    BillingCalendar,
    CapacityCharge,
    CapacityCut,
    CoincidentPeakCharge,
    Contract,
    DemandCharge,
    EnergyCharge,
    EnergyPeriod,
    Escalation,
    OtherHours,
    RollingRatchet,
    StandingCharge,
    Tariff,
    Terms,
    Tiers,
    When,
    YearRatchet,
    clock_hours,
    representative,
    tariff_from_row,
)
from planner.tariffs.clock import Amounts
from planner.tariffs.program import BillLists
from planner.tariffs.tariff import exit_fee_usd

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from planner.base.arrays import Floats, Positions
    from planner.inputs.axes import Sets
    from planner.inputs.case import ScopedCase
    from planner.inputs.grid import GridInputs
    from planner.inputs.power import PowerPrices
    from planner.scenario.tariffs import OwnTariff, TariffDemand, TariffEnergy, TariffPeriod, TariffUse
    from planner.scenario.tree import Keys
    from planner.tariffs import Reading, TariffRule


_WEEKDAYS: Final = {"all": ALWAYS.weekdays, "workdays": WORKDAYS, "weekend": WEEKEND}
_MIDDLE_OF_MONTH: Final = 15
_DELIVERY: Final = "delivery"


@dataclass(frozen=True)
class BillingClock:
    """The hours of a customer's bills."""

    time_zone: datetime.tzinfo
    first_year: int  # calendar years that are billed
    last_year: int
    peak_month: int  # month in which the system peaks, 1 to 12

    def peaks(self, year: int, hours: tuple[int, ...]) -> tuple[datetime.datetime, ...]:
        """Return moments in which the system peaks in a year; any day represents the peak day."""
        day = datetime.datetime(year, self.peak_month, _MIDDLE_OF_MONTH, tzinfo=self.time_zone)
        return tuple(day.replace(hour=hour) for hour in hours)


def table_row(case: ScopedCase, tariff: str) -> Mapping[str, Any] | None:
    """Return the row of table `tariffs` with an id, None where there is none."""
    table = case.tables["tariffs"]
    rows = table[table["tariff"] == tariff]
    return None if rows.empty else {str(k): v for k, v in rows.iloc[0].to_dict().items()}


def bills_energy(case: ScopedCase, tariff: str) -> bool:
    """Return whether a tariff bills the energy itself, or its delivery alone."""
    own = case.scenario.energy.own_tariffs.get(tariff)
    if own is not None:
        return own.bundle != _DELIVERY and bool(own.energy)
    row = table_row(case, tariff)
    price = None if row is None else row["energy_charge_usd_per_mwh"]
    # A blank cell is not equal to itself.
    return row is not None and row["bundle"] != _DELIVERY and price == price  # noqa: PLR0124


def rules_of(case: ScopedCase, use: TariffUse, rise_frac: float, clock: BillingClock) -> Tariff:
    """Make the tariff of a customer. Takes `rise_frac` [1/year]."""
    own = case.scenario.energy.own_tariffs.get(use.tariff)
    terms = None if use.terms is None else table_row(case, use.terms)
    if own is None:
        tariff = tariff_from_row(table_row(case, use.tariff) or {}, terms=terms)
    else:
        tariff = Tariff(use.tariff, tuple(_rules(own, clock)), _terms(own))
        rise_frac = rise_frac if own.escalation_real_frac is None else own.escalation_real_frac
    return replace(tariff, escalation=Escalation(rise_frac, BASE_YEAR_OF_MONEY))


def _rules(own: OwnTariff, clock: BillingClock) -> Iterator[TariffRule]:
    yield from (_energy(charge) for charge in own.energy)
    yield from (_demand(charge) for charge in own.demand)
    # What one year's peak sets is billed in that year: a rule of its own for each.
    for year in range(clock.first_year, clock.last_year + 1):
        begin, end = datetime.date(year, 1, 1), datetime.date(year + 1, 1, 1)
        for peak in own.coincident_peak:
            moments = clock.peaks(year, peak.hours)
            yield CoincidentPeakCharge(f"{peak.name} {year}", peak.usd_per_kw, moments)
        for charge in own.capacity:
            moments = clock.peaks(year, charge.hours)
            yield CapacityCharge(f"{charge.name} {year}", charge.usd_per_mw_day, moments, begin, end)
    for standing in own.standing:
        yield StandingCharge(standing.name, standing.usd_per_month, standing.usd_per_day)


def _energy(charge: TariffEnergy) -> EnergyCharge:
    whens = tuple(_when(period) for period in charge.periods)
    periods = tuple(
        EnergyPeriod(period.name, _price(period.usd_per_mwh, period.tier_limits_mwh), when)
        for period, when in zip(charge.periods, whens, strict=True)
    )
    price = _price(charge.usd_per_mwh, charge.tier_limits_mwh)
    if not whens:
        return EnergyCharge(charge.name, (EnergyPeriod("all hours", price),))
    rest = OtherHours(whens)
    others = (EnergyPeriod("other hours", price, rest),) if rest.grid().any() else ()
    return EnergyCharge(charge.name, (*periods, *others))


def _demand(charge: TariffDemand) -> DemandCharge:
    seen, ratchet = charge.ratchet, None
    if seen is not None:
        back = seen.look_back_months
        of_year = YearRatchet(seen.share_frac, seen.months)
        ratchet = of_year if back is None else RollingRatchet(seen.share_frac, back, seen.months)
    price = _price(charge.usd_per_kw_month, charge.tier_limits_kw)
    return DemandCharge(charge.name, price, _when(charge), ratchet, charge.min_take_frac)


def _when(block: TariffPeriod | TariffDemand) -> When:
    return When(block.months, _WEEKDAYS[block.weekdays], clock_hours(block.from_hour, block.to_hour))


def _price(price: float | tuple[float, ...], limits: tuple[float, ...]) -> float | Tiers:
    prices = price if isinstance(price, tuple) else (price,)
    return prices[0] if len(prices) == 1 and not limits else Tiers(prices, limits)


def _terms(own: OwnTariff) -> Terms | None:
    return None if own.terms is None else Terms(**own.terms.model_dump())


def _fee_usd_per_mw(customer: Customer, signed: int, left: int) -> float:
    """Minimum bills of the months that a fee counts, per MW given up. [USD/MW]"""
    tariff = customer.tariff
    if tariff.terms is None:
        return 0.0
    contract = Contract(1.0, datetime.date(signed, 1, 1), customer.ramp_frac)
    cut = CapacityCut(datetime.date(left, 1, 1))
    _, usd = exit_fee_usd(contract, cut, replace(tariff.terms, reduction_frac=0.0), tariff.rules)
    return usd * tariff.price_factor(left)


def _ramp(ramp_frac: tuple[float, ...], contract_year: int) -> float:
    return ramp_frac[contract_year] if contract_year < len(ramp_frac) else 1.0


def _in_force(case: ScopedCase, over: Index, bills: BillLists, of_site: Mapping[int, Customer]) -> Amounts:
    """Share of what was signed, or given up since, that each calendar year has in force."""
    contracted = bills.contracted
    of_span = contracted.labels("span").astype(np.int64)
    model_year = np.searchsorted(case.year, of_span, side="right") - 1
    since = over["year"] if "year" in over.axis_names else over["vintage"]
    source, target = np.nonzero((over["site"][:, None] == contracted["site"]) & (since[:, None] <= model_year))
    passed = of_span[target] - case.year[over["vintage"][source]]
    customers = [of_site[int(site)] for site in over["site"][source]]
    share = [_ramp(one.ramp_frac, int(years)) for one, years in zip(customers, passed, strict=True)]
    return Amounts(source, target, np.array(share, dtype=np.float64))


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
    _check_entries(case)
    chosen = _entry_of_sites(case)
    untold = [MONTHS[month] for month in np.flatnonzero(~case.days.days_by_month.any(axis=0))]
    if chosen and untold:
        what_is = f"tariffs bill every month, but the series has no day in {', '.join(untold)}"
        fix = "add one, or use representative days"
        case.findings.add(("energy", "tariffs"), what_is, "covered by a day of the series", fix)
    if len(case.findings.problems) > known:
        return ()
    rise_frac = _rise_frac(case)
    made: dict[tuple[int, float, datetime.tzinfo], Tariff] = {}
    customers = []
    for site, position in sorted(chosen.items()):
        use = uses[position]
        first = 0 if use.from_year is None else case.years.years.index(use.from_year)
        clock = _clock(case, use, site, first)
        key = (position, float(rise_frac[site]), clock.time_zone)
        if key not in made:
            made[key] = rules_of(case, use, float(rise_frac[site]), clock)
            for said in _problems_of_terms(use, made[key]):
                case.findings.add(("energy", "tariffs", position), *said)
        customers.append(Customer(site, first, made[key], clock, use.ramp_frac, bills_energy(case, use.tariff)))
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
        if row is not None and row["layer"] != layer:
            what_is, fix = f"{key} is {id_!r}, of layer {row['layer']!r}", "`dcplan data ids tariffs` lists them"
            case.findings.add((*at, key), what_is, f"of layer {layer!r}", fix)


def billed_sites(case: ScopedCase) -> frozenset[int]:
    """Return the positions of the sites that a tariff bills from the first model year on."""
    first = case.years.first
    return frozenset(site for site, use in use_of_sites(case).items() if use.from_year in (None, first))


def use_of_sites(case: ScopedCase) -> dict[int, TariffUse]:
    """Return the entry of `energy.tariffs` that bills each site, by the site's position."""
    uses = case.scenario.energy.tariffs
    return {site: uses[position] for site, position in _entry_of_sites(case).items()}


def _entry_of_sites(case: ScopedCase) -> dict[int, int]:
    """Position of the entry that bills each site: the one that names it, else its zone, else all."""
    billed = [(*billed_by(case, use), position) for position, use in enumerate(case.scenario.energy.tariffs)]
    found: dict[int, int] = {}
    for _, sites, position in sorted(billed, key=lambda one: one[0]):  # what counts most comes first
        found = dict.fromkeys(sites, position) | found
    return found


def billed_by(case: ScopedCase, use: TariffUse) -> tuple[int, list[int]]:
    """Return the rank of an entry, the lower going before the higher, and the sites in scope that it bills."""
    zones, ids = texts(case.sites, "zone"), case.ids("sites")
    rank = _NAMED if isinstance(use.sites, tuple) else _ZONE if use.zones else _ALL
    return rank, [
        site
        for site, id_ in enumerate(ids)
        if rank == _ALL
        or (rank == _ZONE and zones[site] in use.zones)
        or (isinstance(use.sites, tuple) and id_ in use.sites)
    ]


def _check_entries(case: ScopedCase) -> None:
    billed = [billed_by(case, use) for use in case.scenario.energy.tariffs]
    for position, (_, sites) in enumerate(billed):
        if not sites:
            text = f"The tariff {case.scenario.energy.tariffs[position].tariff} bills no site in scope."
            case.findings.add_note(text, ("energy", "tariffs", position))
    for (first, (rank, sites)), (second, (other, others)) in combinations(enumerate(billed), 2):
        names = [case.ids("sites")[site] for site in sites if site in others]
        if rank == other and names:
            what_is = f"energy.tariffs[{first}] and energy.tariffs[{second}] both bill {some(names, _FEW)}"
            at = ("energy", "tariffs", second, "zones" if rank == _ZONE else "sites")
            case.findings.add(at, what_is, "one tariff for each site", _ONE_OF_TWO[rank])


def _rise_frac(case: ScopedCase) -> np.ndarray:
    own = case.scenario.energy.escalation_real_frac
    if own is not None:
        return np.full(len(case.sites), own)
    return case.finance_by_site("electricity_real_escalation")


def _clock(case: ScopedCase, use: TariffUse, site: int, first: int) -> BillingClock:
    own = case.scenario.energy.own_tariffs.get(use.tariff)
    standard = datetime.timezone(datetime.timedelta(hours=float(floats(case.sites, "utc_offset_h")[site])))
    zone = standard if own is None or own.time_zone is None else ZoneInfo(own.time_zone)
    peak_day = int(np.flatnonzero(case.days.is_peak_day)[0])
    years = case.years.years
    return BillingClock(zone, years[first], int(case.last_year[-1]), case.days.day_months[peak_day][0])


def _note_terms(case: ScopedCase, position: int, use: TariffUse, tariff: Tariff) -> None:
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
    return prices.changed(
        energy_usd_per_mwh=energy, demand_charge_usd_per_kw_month=demand, wholesale_part_usd_per_mwh=part
    )


KINDS = ("energy", "demand", "capacity", "standing")
"""Kinds of charges, as the cost list has them; a ratchet and a minimum take are in demand."""


_KIND_OF_UNIT = {
    "MWh": "energy",
    "kW-month": "demand",
    "kW": "capacity",
    "MW-day": "capacity",
    "month": "standing",
    "day": "standing",
}


class TariffInputs(Record):
    """Every list is empty where the scenario bills no site by a tariff.

    A step of a bill is a time slice of a model year; its customers are sites. Capacity is signed
    and given up on 1 January of a model year.
    """

    def __init__(
        self, case: ScopedCase, sets: Sets, customers: Sequence[Customer], grid: GridInputs, slot: Index
    ) -> None:
        """Take `slot` (site, year, slot)."""
        first = np.full(len(sets.site), len(sets.year))
        first[[customer.site for customer in customers]] = [customer.first for customer in customers]
        # [bills.load] -> slot of PowerInputs
        self.load_place: Positions = np.flatnonzero(slot["year"] >= first[slot["site"]])
        site, year, of_day = (codes[self.load_place] for codes in slot.codes)
        steps = Axis("step", tuple(f"{y} {s}" for y in sets.year.labels for s in sets.slot.labels))
        load = Index.sparse("billed", (sets.site, steps), (site, year.astype(np.intp) * len(sets.slot) + of_day))
        self.accounts = _accounts(case, customers, load)  # who is billed how: for reports
        self.bills = BillLists(load, self.accounts, span="year")  # lists and prices of all bills
        self.connected_place: Positions = _connected(case, self.bills, grid.firm)  # [bills.connected] -> site_year
        kind = [KINDS.index(_KIND_OF_UNIT[unit]) for _, _, unit in self.bills.line_names]
        self.line_kind: Positions = np.array(kind, dtype=np.intp)[self.bills.line["charge"]]  # [bills.line] -> KINDS
        self._find_contracts(case, sets, {customer.site: customer for customer in customers}, grid)

    def _find_contracts(self, case: ScopedCase, sets: Sets, of_site: Mapping[int, Customer], grid: GridInputs) -> None:
        """Find the contracts of customers whose tariff has a minimum take."""
        takes = np.unique(self.bills.contracted["site"])
        begin = np.full(len(sets.site), len(sets.year))
        begin[takes] = [of_site[int(site)].first for site in takes]
        # (site, year) with capacity under contract, and that by period
        self.contract: Index = grid.firm.select(grid.firm["year"] >= begin[grid.firm["site"]], "contract")
        self.covered: Index = grid.billing.select(self.contract.find(grid.billing) >= 0, "covered")
        site, year = self.contract.codes
        axes = (sets.site, sets.year.renamed("vintage"))
        self.signed: Index = Index.sparse("signed", axes, (site, year))  # (site, vintage)
        then, now = np.nonzero((site[:, None] == site) & (year[:, None] < year))
        # (site, vintage, year): given up after it was signed, and those of them with a fee
        self.released: Index = Index.sparse("released", (*axes, sets.year), (site[then], year[then], year[now]))
        s, v, t = self.released.codes
        given_up = zip(s.tolist(), case.year[v].tolist(), case.year[t].tolist(), strict=True)
        fee_usd = np.array([_fee_usd_per_mw(of_site[at], *years) for at, *years in given_up], dtype=np.float64)
        self.fee: Index = self.released.select(fee_usd > 0.0, "fee")
        self.fee_musd_per_mw: Floats = fee_usd[fee_usd > 0.0] / USD_PER_MUSD  # [fee]
        terms = [of_site[int(at)].tariff.terms for at in distinct(self.fee, "site", "vintage")["site"]]
        free_frac = [0.0 if one is None else one.reduction_frac for one in terms]
        self.free_frac = np.array(free_frac, dtype=np.float64)  # share that may go without one, [site, vintage of fee]
        # signed or released -> bills.contracted: share that is in force
        self.in_force_signed = _in_force(case, self.signed, self.bills, of_site)
        self.in_force_released = _in_force(case, self.released, self.bills, of_site)


def _accounts(case: ScopedCase, customers: Sequence[Customer], load: Index) -> tuple[Account, ...]:
    """Customers with the same tariff, clock and first year together."""
    rank = np.unique(load["site"])
    readings: dict[tuple[datetime.tzinfo, int], Reading] = {}
    groups: dict[tuple[int, datetime.tzinfo, int], list[Customer]] = {}
    for customer in customers:
        if customer.site in rank:  # others never come into the plan
            clock = customer.clock
            groups.setdefault((id(customer.tariff), clock.time_zone, customer.first), []).append(customer)
    accounts = []
    for (_, zone, first), members in groups.items():
        if (zone, first) not in readings:
            clock = members[0].clock
            calendar = BillingCalendar.of_years(clock.first_year, clock.last_year, time_zone=clock.time_zone)
            readings[zone, first] = representative(calendar, calendar.utc_start_h, case.days, case.years.years)
        at = np.searchsorted(rank, [member.site for member in members]).tolist()
        accounts.append(Account(at, members[0].tariff, readings[zone, first]))
    return tuple(accounts)


def _connected(case: ScopedCase, bills: BillLists, site_year: Index) -> Positions:
    """Site and model year of every customer and calendar year; -1 where it is not in the plan."""
    calendar = bills.connected.labels("calendar").astype(np.int64)
    return locate(site_year, bills.connected["site"], np.searchsorted(case.year, calendar, side="right") - 1)
