"""A tariff as a list of rules, its contract, rows of the table, and the exact bill of an hourly load."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import fsum
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pandas as pd

from planner.base.errors import InputError, Problem, raise_all, refuse
from planner.tariffs.clock import MONTHS_A_YEAR, month_of_first_day
from planner.tariffs.demand import DemandCharge
from planner.tariffs.energy import flat_energy
from planner.tariffs.rule import BillLine, Metered

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable, Mapping

    from numpy.typing import ArrayLike

    from planner.base.arrays import Floats
    from planner.tariffs.clock import BillingCalendar
    from planner.tariffs.rule import TariffRule

# --- A tariff: a list of rules, how prices rise, and what a contract must be ----------------------


@dataclass(frozen=True)
class Escalation:
    """All prices rise once a year, on 1 January."""

    frac_per_year: float  # rise a year, above -1; real, in a plan in real money
    base_year: int  # year whose prices the tariff states

    def __post_init__(self) -> None:
        refuse("tariff", (not self.frac_per_year > -1.0, f"the escalation is {self.frac_per_year} a year", "above -1"))

    def factor(self, year: int) -> float:
        """Prices of a year over those of the base year."""
        return float((1.0 + self.frac_per_year) ** (year - self.base_year))


@dataclass(frozen=True)
class Tariff:
    """A list of charges that are billed together."""

    name: str  # name of the tariff
    rules: tuple[TariffRule, ...]  # its charges, each with a name of its own
    terms: Terms | None = None  # what the utility asks of a contract, None where none is signed
    escalation: Escalation | None = None  # how prices rise from year to year, None to keep them

    def __post_init__(self) -> None:
        names = [rule.name for rule in self.rules]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            what_is = f"{self.name!r} has several rules called {', '.join(twice)}"
            raise InputError.at("tariff", what_is, "a name for each", "rename all but one")

    @property
    def takes(self) -> tuple[DemandCharge, ...]:
        """Charges with a minimum take of the contracted capacity."""
        demand = (rule for rule in self.rules if isinstance(rule, DemandCharge))
        return tuple(rule for rule in demand if rule.min_take_frac > 0.0)

    @property
    def needs_contract(self) -> bool:
        """Whether a bill depends on a contract."""
        return self.terms is not None or bool(self.takes)

    def price_factor(self, year: int) -> float:
        """Prices of a year over those stated."""
        return 1.0 if self.escalation is None else self.escalation.factor(year)


# --- Contracts for large loads: capacity reserved for years, a ramp up to it, and the way out -----


@dataclass(frozen=True)
class Terms:
    """What the utility asks of a contract; the minimum take itself is in the demand charges."""

    load_min_mw: float = 0.0  # smallest contract the tariff is open to. [MW]
    ramp_years_max: float | None = None  # longest ramp, None where the tariff names none. [yr]
    term_years: float = 0.0  # years from the start within which leaving or shrinking has a fee; 0 for none. [yr]
    exit_fee_months: int = 0  # fee in months of minimum bills, never more months than the term has left. [month]
    reduction_frac: float = 0.0  # share of the capacity that may be given up without a fee

    def __post_init__(self) -> None:
        names, share = ("load_min_mw", "ramp_years_max", "term_years", "exit_fee_months"), self.reduction_frac
        numbers = {name: getattr(self, name) or 0.0 for name in names}
        refuse(
            "tariff",
            *((not number >= 0.0, f"{name} is {number}", "at least 0") for name, number in numbers.items()),
            (not 0.0 <= share <= 1.0, f"reduction_frac is {share}", "0 to 1"),
        )


@dataclass(frozen=True)
class CapacityCut:
    """The day on which a contract shrinks."""

    start: datetime.date  # first day of the first month with less
    mw: float = 0.0  # capacity that is left; 0 to leave. [MW]


@dataclass(frozen=True)
class Contract:
    """What the customer signs."""

    mw: float  # contracted capacity after the ramp. [MW]
    start: datetime.date  # first day of the first month
    # share of the capacity in force in each of the first contract years; then all of it
    ramp_frac: tuple[float, ...] = ()
    cut: CapacityCut | None = None  # capacity given up later, None to keep it all

    def __post_init__(self) -> None:
        first_month, is_shares = self._first_month, all(0.0 < share <= 1.0 for share in self.ramp_frac)
        rules = [
            (not self.mw > 0.0, f"mw is {self.mw}", "above 0"),
            (not is_shares, f"ramp_frac is {self.ramp_frac}", "shares above 0, at most 1"),
        ]
        if (cut := self.cut) is not None:
            must_be = f"at least 0 and less than the contract's {self.mw} MW"
            rules.append((not 0.0 <= cut.mw < self.mw, f"the cut leaves {cut.mw} MW", must_be))
            is_early = month_of_first_day(cut.start, "cut") <= first_month
            rules.append((is_early, f"the cut starts on {cut.start}", f"after the contract's start, {self.start}"))
        refuse("contract", *rules)

    def in_force_mw(self, month: pd.Period) -> float:
        """Capacity in force in a month, in MW: 0 before the start and after leaving."""
        if month < self._first_month:
            return 0.0
        is_cut = self.cut is not None and month >= pd.Period(self.cut.start, "M")
        return self.ramp_share_frac(month) * (self.cut.mw if self.cut and is_cut else self.mw)

    def ramp_share_frac(self, month: pd.Period) -> float:
        """Share of the contracted capacity that the ramp has reached in a month."""
        contract_year = (month - self._first_month).n // MONTHS_A_YEAR
        return self.ramp_frac[contract_year] if contract_year < len(self.ramp_frac) else 1.0

    def months_left(self, terms: Terms, month: pd.Period) -> int:
        """Count the months of the term from a month on, at least 0."""
        return max(0, round(MONTHS_A_YEAR * terms.term_years) - (month - self._first_month).n)

    @property
    def _first_month(self) -> pd.Period:
        return month_of_first_day(self.start, "start of the contract")


def contract_problems(contract: Contract, terms: Terms) -> list[Problem]:
    """List what a contract has that the tariff does not allow."""
    problems = []
    if contract.mw < terms.load_min_mw:
        must_be = f"at least {terms.load_min_mw} MW, from which on the tariff applies"
        problems.append(Problem.of("contract", f"mw is {contract.mw}", must_be))
    ramp_years, longest = len(contract.ramp_frac), terms.ramp_years_max
    if longest is not None and ramp_years > longest:
        must_be = f"at most {longest:g} years, the longest ramp of the tariff"
        problems.append(Problem.of("contract", f"the ramp takes {ramp_years} years", must_be))
    return problems


def exit_fee_usd(contract: Contract, cut: CapacityCut, terms: Terms, rules: Iterable[TariffRule]) -> tuple[int, float]:
    r"""Months whose minimum bills a cut before the term ends costs, and the fee. [USD]

    It pays the minimum bills of the next months, or of those left of the term if they are
    fewer, on the capacity given up beyond the share that is free:

    .. math:: \sum_{m = 1}^{\min(n, \text{left})} \max(0, \; C_m((1 - f) K_m) - C_m(K'_m))

    with the minimum bill :math:`C_m` of a month, contracted capacity :math:`K` before and
    :math:`K'` after the cut, and the free share `f`. Independent of the load.
    """
    month = month_of_first_day(cut.start, "cut")
    n = min(terms.exit_fee_months, contract.months_left(terms, month))
    kept_free_mw = (1.0 - terms.reduction_frac) * contract.mw
    fee_usd = 0.0
    for later in (month + passed for passed in range(n)):
        share = contract.ramp_share_frac(later)
        before_usd, after_usd = (
            sum(rule.minimum_usd(later, share * mw) for rule in rules if isinstance(rule, DemandCharge))
            for mw in (kept_free_mw, cut.mw)
        )
        fee_usd += max(0.0, before_usd - after_usd)
    return n, fee_usd


# --- Tariffs from rows of the table `tariffs` -----------------------------------------------------


def tariff_from_row(row: Mapping[str, Any], *, terms: Mapping[str, Any] | None = None) -> Tariff:
    """Make a tariff of a row of table `tariffs`.

    A row of layer `rate` has prices, a row of layer `terms` what a large load must sign; the
    minimum take applies to the demand charge, and that of the terms goes before that of the
    rate. Where `bundle` is `delivery`, or a row has no energy charge, the energy itself is to be
    bought elsewhere.

    >>> from planner.tables import read_table
    >>> rows = read_table("tariffs").set_index("tariff", drop=False)
    >>> tariff = tariff_from_row(
    ...     rows.loc["us-va-dominion-energy"].to_dict(),
    ...     terms=rows.loc["us-va-dominion-energy-virginia-gs-5"].to_dict(),
    ... )
    >>> [rule.name for rule in tariff.rules]
    ['demand', 'energy']
    >>> tariff.rules[0].min_take_frac, tariff.terms.term_years
    (0.85, 14.0)
    """
    fix = "pass a rate, and the row of terms as `terms`"
    raise_all(
        [
            Problem.of("tariffs", f"row {one['tariff']!r} is of layer {one['layer']!r}", f"of layer {layer!r}", fix)
            for one, layer in ((row, "rate"), (terms, "terms"))
            if one is not None and one["layer"] != layer
        ]
    )
    asked = row if terms is None else {**row, **_given(terms)}
    rules: list[TariffRule] = []
    demand_usd = _number(row, "demand_charge_usd_per_kw_month")
    if demand_usd is not None:
        take = _number(asked, "min_take_frac") or 0.0
        rules.append(DemandCharge("demand", demand_usd, min_take_frac=take))
    energy_usd = _number(row, "energy_charge_usd_per_mwh")
    if energy_usd is not None:
        rules.append(flat_energy("energy", energy_usd))
    name = row["tariff"] if terms is None else f"{row['tariff']} + {terms['tariff']}"
    return Tariff(name, tuple(rules), None if terms is None else _terms(asked))


def _terms(row: Mapping[str, Any]) -> Terms:
    return Terms(
        load_min_mw=_number(row, "load_min_mw") or 0.0,
        ramp_years_max=_number(row, "ramp_years_max"),
        term_years=_number(row, "term_years") or 0.0,
        exit_fee_months=round(_number(row, "exit_fee_months") or 0.0),
        reduction_frac=_number(row, "reduction_frac") or 0.0,
    )


def _given(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if not _is_blank(value)}


def _number(row: Mapping[str, Any], column: str) -> float | None:
    value = row.get(column)
    return None if _is_blank(value) else float(value)  # type: ignore[arg-type]


def _is_blank(value: object) -> bool:
    return value is None or value != value  # noqa: PLR0124  NaN is a blank cell


# --- The exact bill of an hourly load, line by line -----------------------------------------------

_Key = TypeVar("_Key")


@dataclass(frozen=True)
class Bill:
    """Lines of a bill, by rule and month."""

    tariff: str  # name of the tariff
    lines: tuple[BillLine, ...]  # all lines, by month, then in the order of the rules

    @property
    def total_usd(self) -> float:
        """Sum of all lines, in USD."""
        return fsum(line.usd for line in self.lines)

    @property
    def usd_by_rule(self) -> dict[str, float]:
        """Sum of the lines of each rule, in USD."""
        return _sums((line.rule, line.usd) for line in self.lines)

    @property
    def usd_by_month(self) -> dict[pd.Period, float]:
        """Sum of the lines of each month, in USD."""
        return _sums((line.month, line.usd) for line in self.lines)

    def to_frame(self) -> pd.DataFrame:
        """Give the lines as a table."""
        rows = [
            (str(line.month), line.rule, line.item, line.basis, line.quantity, line.unit, line.usd_per_unit, line.usd)
            for line in self.lines
        ]
        columns = ["month", "rule", "item", "basis", "quantity", "unit", "usd_per_unit", "usd"]
        return pd.DataFrame(rows, columns=columns)


def bill(load_mw: ArrayLike, tariff: Tariff, calendar: BillingCalendar, *, contract: Contract | None = None) -> Bill:
    """Bill an hourly load, to the hour and without rounding. Takes `load_mw` (hour,) [MW]. Gives [USD].

    >>> from planner.tariffs import DemandCharge, Tariff, BillingCalendar, flat_energy
    >>> tariff = Tariff("plain", (flat_energy("energy", 60.0), DemandCharge("demand", 11.5)))
    >>> year = bill(20.0, tariff, BillingCalendar.of_years(2028))  # a leap year
    >>> year.usd_by_rule["energy"] == 20.0 * 60.0 * 8784
    True
    >>> year.usd_by_rule["demand"] == 20_000 * 11.5 * 12
    True
    """
    load = _checked_load(load_mw, calendar)
    terms = tariff.terms or Terms()
    if contract is None:
        what_is = f"{tariff.name!r} has terms or a minimum take, and no contract is given"
        refuse("contract", (tariff.needs_contract, what_is, "a Contract"))
        return bill_metered(Metered(load, calendar, np.zeros(len(calendar.months))), tariff)
    contracted_mw = np.array([contract.in_force_mw(month) for month in calendar.months])
    raise_all([*contract_problems(contract, terms), *_flow_without_contract(load, calendar, contracted_mw)])
    fees = []
    if (cut := contract.cut) is not None:
        months, usd = exit_fee_usd(contract, cut, terms, tariff.rules)
        month, item = month_of_first_day(cut.start, "cut"), f"minimum bills on {contract.mw - cut.mw:g} MW given up"
        if usd and month in calendar.months:
            fees.append(BillLine(month, "exit fee", item, "contract", float(months), "month", usd / months))
    return bill_metered(Metered(load, calendar, contracted_mw), tariff, fees)


def bill_metered(metered: Metered, tariff: Tariff, fees: Iterable[BillLine] = ()) -> Bill:
    """Bill what was metered, as `bill` does, whoever metered it."""
    lines = [*(line for rule in tariff.rules for line in rule.lines(metered)), *fees]
    raised = (replace(line, usd_per_unit=line.usd_per_unit * tariff.price_factor(line.month.year)) for line in lines)
    return Bill(tariff.name, tuple(sorted(raised, key=lambda line: line.month)))


def _sums(parts: Iterable[tuple[_Key, float]]) -> dict[_Key, float]:
    gathered: dict[_Key, list[float]] = {}
    for key, usd in parts:
        gathered.setdefault(key, []).append(usd)
    return {key: fsum(usd) for key, usd in gathered.items()}


def _checked_load(load_mw: ArrayLike, calendar: BillingCalendar) -> Floats:
    load = np.asarray(load_mw, dtype=float)
    if load.ndim == 0:
        load = np.full(calendar.n_hours, float(load))
    must_be = f"({calendar.n_hours},), an hour each from {calendar.start} to {calendar.end}"
    refuse("load", (load.shape != (calendar.n_hours,), f"load_mw has shape {load.shape}", must_be))
    wrong = np.flatnonzero(~(np.isfinite(load) & (load >= 0.0)))
    if len(wrong):
        (moment,) = calendar.moments([int(wrong[0])])
        what_is = f"load_mw is {load[wrong[0]]} at {moment.isoformat()}"
        fix = f"{len(wrong)} hours are so" if len(wrong) > 1 else ""
        raise InputError.at("load", what_is, "at least 0", fix)
    return load


def _flow_without_contract(load: Floats, calendar: BillingCalendar, contracted_mw: Floats) -> list[Problem]:
    peaks_mw = np.maximum.reduceat(load, calendar.month_starts)
    flows = np.flatnonzero((peaks_mw > 0.0) & (contracted_mw == 0.0))
    reached = [f"load_mw reaches {peaks_mw[position]:g} in {calendar.months[position]}" for position in flows]
    return [Problem.of("load", what_is, "0 in months without contracted capacity") for what_is in reached]
