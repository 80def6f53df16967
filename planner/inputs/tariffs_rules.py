"""From the tariffs that a scenario names or writes out to their rules."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import numpy as np

from planner.base.units import USD_PER_MUSD
from planner.inputs.case import BASE_YEAR_OF_MONEY
from planner.lp import Index
from planner.lp.index import distinct
from planner.tariffs import (
    ALWAYS,
    WEEKEND,
    WORKDAYS,
    CapacityCharge,
    CoincidentPeakCharge,
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
    tariff_from_row,
)
from planner.tariffs.clock import MONTHS_A_YEAR, Month
from planner.tariffs.reading import Amounts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from planner.base.arrays import Floats
    from planner.inputs.axes import Sets
    from planner.inputs.case import ScopedCase
    from planner.inputs.grid import GridInputs
    from planner.inputs.tariffs_uses import Customer
    from planner.scenario.tariffs import OwnTariff, TariffDemand, TariffEnergy, TariffPeriod, TariffRatchet, TariffUse
    from planner.tariffs import TariffRule
    from planner.tariffs.reading import BillLists

_WEEKDAYS: Final = {"all": ALWAYS.weekdays, "workdays": WORKDAYS, "weekend": WEEKEND}
_MIDDLE_OF_MONTH: Final = 15
_DELIVERY: Final = "delivery"


@dataclass(frozen=True)
class BillingClock:
    """The hours of a customer's bills."""

    time_zone: str  # IANA name
    first_year: int  # calendar years that are billed
    last_year: int
    peak_month: int  # month in which the system peaks, 1 to 12

    def peaks(self, year: int, hours: tuple[int, ...]) -> tuple[datetime.datetime, ...]:
        """Return moments in which the system peaks in a year; any day represents the peak day."""
        zone = ZoneInfo(self.time_zone)
        return tuple(datetime.datetime(year, self.peak_month, _MIDDLE_OF_MONTH, hour, tzinfo=zone) for hour in hours)


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
            name = f"{charge.name} {year}"
            yield CapacityCharge(name, charge.usd_per_mw_day, moments, begin, end)
    for standing in own.standing:
        yield StandingCharge(standing.name, standing.usd_per_month, standing.usd_per_day)


def _energy(charge: TariffEnergy) -> EnergyCharge:
    whens = tuple(_when(period) for period in charge.periods)
    periods = tuple(
        EnergyPeriod(period.name, _price(period.usd_per_mwh, period.tier_limits_mwh), when)
        for period, when in zip(charge.periods, whens, strict=True)
    )
    price = _price(charge.usd_per_mwh, charge.tier_limits_mwh)
    rest = OtherHours(whens)
    if not whens:
        return EnergyCharge(charge.name, (EnergyPeriod("all hours", price),))
    others = (EnergyPeriod("other hours", price, rest),) if rest.grid().any() else ()
    return EnergyCharge(charge.name, (*periods, *others))


def _demand(charge: TariffDemand) -> DemandCharge:
    return DemandCharge(
        charge.name,
        _price(charge.usd_per_kw_month, charge.tier_limits_kw),
        _when(charge),
        None if charge.ratchet is None else _ratchet(charge.ratchet),
        charge.min_take_frac,
    )


def _ratchet(ratchet: TariffRatchet) -> YearRatchet | RollingRatchet:
    if ratchet.look_back_months is None:
        return YearRatchet(ratchet.share_frac, ratchet.months)
    return RollingRatchet(ratchet.share_frac, ratchet.look_back_months, ratchet.months)


def _when(block: TariffPeriod | TariffDemand) -> When:
    hours = clock_hours(block.from_hour, block.to_hour)
    return When(block.months, _WEEKDAYS[block.weekdays], hours)


def _price(price: float | tuple[float, ...], limits: tuple[float, ...]) -> float | Tiers:
    prices = price if isinstance(price, tuple) else (price,)
    return prices[0] if len(prices) == 1 and not limits else Tiers(prices, limits)


def _terms(own: OwnTariff) -> Terms | None:
    if own.terms is None:
        return None
    given = own.terms
    return Terms(given.load_min_mw, given.ramp_years_max, given.term_years, given.exit_fee_months, given.reduction_frac)


def contract_lists(
    case: ScopedCase, sets: Sets, customers: Sequence[Customer], bills: BillLists, grid: GridInputs
) -> dict[str, Any]:
    """Make the lists of contracts, of customers whose tariff has a minimum take."""
    of_site = {customer.site: customer for customer in customers}
    takes = np.unique(bills.contracted["site"])
    begin = np.full(len(sets.site), len(sets.year))
    begin[takes] = [of_site[int(site)].first for site in takes]
    firm = grid.firm
    contract = firm.select(np.flatnonzero(firm["year"] >= begin[firm["site"]]), "contract")
    billing = grid.billing
    covered = billing.select(np.flatnonzero(contract.find(billing) >= 0), "covered")
    vintage = sets.year.renamed("vintage")
    axes = (sets.site, vintage)
    signed = Index.sparse("signed", axes, (contract["site"], contract["year"]))
    then, now = np.nonzero(
        (signed["site"][:, None] == contract["site"]) & (signed["vintage"][:, None] < contract["year"])
    )
    released = Index.sparse(
        "released", (*axes, sets.year), (signed["site"][then], signed["vintage"][then], contract["year"][now])
    )
    year = case.year
    fee_usd = np.array(
        [_fee_usd_per_mw(of_site[int(s)], int(year[v]), int(year[t])) for s, v, t in zip(*released.codes, strict=True)],
        dtype=np.float64,
    )
    with_fee = np.flatnonzero(fee_usd > 0.0)
    fee = released.select(with_fee, "fee")
    of_vintage = distinct(fee, "site", "vintage")
    free = [_terms_free(of_site[int(site)].tariff) for site in of_vintage["site"]]
    return {
        "contract": contract,
        "covered": covered,
        "signed": signed,
        "released": released,
        "fee": fee,
        "fee_musd_per_mw": fee_usd[with_fee] / USD_PER_MUSD,
        "free_frac": np.array(free, dtype=np.float64),
        "in_force_signed": _in_force(case, signed, bills, of_site),
        "in_force_released": _in_force(case, released, bills, of_site),
    }


def _terms_free(tariff: Tariff) -> float:
    return 0.0 if tariff.terms is None else tariff.terms.reduction_frac


def _fee_usd_per_mw(customer: Customer, signed: int, left: int) -> float:
    """Minimum bills of the months that a fee counts, per MW given up. [USD/MW]"""
    tariff = customer.tariff
    if tariff.terms is None:
        return 0.0
    passed = MONTHS_A_YEAR * (left - signed)
    months_left = max(0, round(MONTHS_A_YEAR * tariff.terms.term_years) - passed)
    usd = 0.0
    for month in range(min(tariff.terms.exit_fee_months, months_left)):
        in_force = _ramp(customer.ramp_frac, (passed + month) // MONTHS_A_YEAR)
        billed = Month(left, 1).later(month)
        usd += sum(rule.minimum_usd(billed, in_force) for rule in tariff.takes)
    return usd * tariff.price_factor(left)


def _ramp(ramp_frac: tuple[float, ...], contract_year: int) -> float:
    return ramp_frac[contract_year] if contract_year < len(ramp_frac) else 1.0


def _in_force(case: ScopedCase, over: Index, bills: BillLists, of_site: dict[int, Customer]) -> Amounts:
    """Share of what was signed, or given up since, that each calendar year has in force."""
    contracted = bills.contracted
    calendar = np.array([int(label) for label in contracted.axis("span").labels], dtype=np.int64)
    of_span = calendar[contracted["span"]]
    model_year = np.searchsorted(case.year, of_span, side="right") - 1
    since = over["year"] if "year" in over.axis_names else over["vintage"]
    source, target = np.nonzero((over["site"][:, None] == contracted["site"]) & (since[:, None] <= model_year))
    passed = of_span[target] - case.year[over["vintage"][source]]
    share: Floats = np.array(
        [
            _ramp(of_site[int(site)].ramp_frac, int(years))
            for site, years in zip(over["site"][source], passed, strict=True)
        ],
        dtype=np.float64,
    )
    return Amounts(source, target, share)
