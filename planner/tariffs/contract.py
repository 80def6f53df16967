"""Contracts for large loads: capacity reserved for years, a ramp up to it, and the way out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from planner.base.errors import InputError, Problem
from planner.tariffs.demand import DemandCharge
from planner.tariffs.months import MONTHS_A_YEAR, Month, month_of_first_day
from planner.tariffs.rule import BillLine

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable

    from planner.tariffs.rule import TariffRule


@dataclass(frozen=True)
class Terms:
    """What the utility asks of a contract; the minimum take itself is in the demand charges."""

    load_min_mw: float = 0.0  # smallest contract the tariff is open to. [MW]
    ramp_years_max: float | None = None  # longest ramp, None where the tariff names none. [yr]
    term_years: float = 0.0  # years from the start within which leaving or shrinking has a fee; 0 for none. [yr]
    exit_fee_months: int = 0  # fee in months of minimum bills, never more months than the term has left. [month]
    reduction_frac: float = 0.0  # share of the capacity that may be given up without a fee

    def __post_init__(self) -> None:
        numbers = {
            "load_min_mw": self.load_min_mw,
            "ramp_years_max": self.ramp_years_max or 0.0,
            "term_years": self.term_years,
            "exit_fee_months": self.exit_fee_months,
        }
        problems = [
            Problem("tariff", None, None, f"{name} is {number}", "at least 0")
            for name, number in numbers.items()
            if not number >= 0.0
        ]
        if not 0.0 <= self.reduction_frac <= 1.0:
            what_is = f"reduction_frac is {self.reduction_frac}"
            problems.append(Problem("tariff", None, None, what_is, "0 to 1"))
        if problems:
            raise InputError(problems)


@dataclass(frozen=True)
class CapacityCut:
    """The day on which a contract shrinks."""

    start: datetime.date  # first day of the first month with less
    mw: float = 0.0  # capacity that is left; 0 to leave. [MW]


@dataclass(frozen=True)
class Contract:
    """What the customer signs.

    >>> import datetime
    >>> contract = Contract(200.0, datetime.date(2027, 7, 1), ramp_frac=(0.5, 0.75))
    >>> [contract.in_force_mw(Month(year, 7)) for year in (2026, 2027, 2028, 2029)]
    [0.0, 100.0, 150.0, 200.0]
    """

    mw: float  # contracted capacity after the ramp. [MW]
    start: datetime.date  # first day of the first month
    # share of the capacity in force in each of the first contract years; then all of it
    ramp_frac: tuple[float, ...] = ()
    cut: CapacityCut | None = None  # capacity given up later, None to keep it all

    def __post_init__(self) -> None:
        first_month = self._first_month
        problems = []
        if not self.mw > 0.0:
            problems.append(Problem("contract", None, None, f"mw is {self.mw}", "above 0"))
        if not all(0.0 < share <= 1.0 for share in self.ramp_frac):
            what_is = f"ramp_frac is {self.ramp_frac}"
            problems.append(Problem("contract", None, None, what_is, "shares above 0, at most 1"))
        if self.cut is not None:
            if not 0.0 <= self.cut.mw < self.mw:
                what_is = f"the cut leaves {self.cut.mw} MW"
                must_be = f"at least 0 and less than the contract's {self.mw} MW"
                problems.append(Problem("contract", None, None, what_is, must_be))
            if first_month.until(month_of_first_day(self.cut.start, "cut")) < 1:
                what_is = f"the cut starts on {self.cut.start}"
                must_be = f"after the contract's start, {self.start}"
                problems.append(Problem("contract", None, None, what_is, must_be))
        if problems:
            raise InputError(problems)

    def in_force_mw(self, month: Month) -> float:
        """Capacity in force in a month, in MW: 0 before the start and after leaving."""
        if self._first_month.until(month) < 0:
            return 0.0
        is_cut = self.cut is not None and month >= (self.cut.start.year, self.cut.start.month)
        return self.ramp_share_frac(month) * (self.cut.mw if self.cut and is_cut else self.mw)

    def ramp_share_frac(self, month: Month) -> float:
        """Share of the contracted capacity that the ramp has reached in a month."""
        contract_year = self._first_month.until(month) // MONTHS_A_YEAR
        return self.ramp_frac[contract_year] if contract_year < len(self.ramp_frac) else 1.0

    def months_left(self, terms: Terms, month: Month) -> int:
        """Count the months of the term from a month on, at least 0."""
        return max(0, round(MONTHS_A_YEAR * terms.term_years) - self._first_month.until(month))

    @property
    def _first_month(self) -> Month:
        return month_of_first_day(self.start, "start of the contract")


def contract_problems(contract: Contract, terms: Terms) -> list[Problem]:
    """List what a contract has that the tariff does not allow."""
    problems = []
    if contract.mw < terms.load_min_mw:
        must_be = f"at least {terms.load_min_mw} MW, from which on the tariff applies"
        problems.append(Problem("contract", None, None, f"mw is {contract.mw}", must_be))
    ramp_years = len(contract.ramp_frac)
    if terms.ramp_years_max is not None and ramp_years > terms.ramp_years_max:
        must_be = f"at most {terms.ramp_years_max:g} years, the longest ramp of the tariff"
        what_is = f"the ramp takes {ramp_years} years"
        problems.append(Problem("contract", None, None, what_is, must_be))
    return problems


def exit_fee_line(contract: Contract, terms: Terms, rules: Iterable[TariffRule]) -> BillLine | None:
    r"""Fee for leaving or shrinking before the term ends.

    It pays the minimum bills of the next months, or of those left of the term if they are
    fewer, on the capacity given up beyond the share that is free:

    .. math:: \sum_{m = 1}^{\min(n, \text{left})} \max(0, \; C_m((1 - f) K_m) - C_m(K'_m))

    with the minimum bill :math:`C_m` of a month, contracted capacity :math:`K` before and
    :math:`K'` after the cut, and the free share `f`. Independent of the load.
    """
    if contract.cut is None:
        return None
    month = month_of_first_day(contract.cut.start, "cut")
    n = min(terms.exit_fee_months, contract.months_left(terms, month))
    kept_free_mw = (1.0 - terms.reduction_frac) * contract.mw
    fee_usd = 0.0
    for later in (month.later(passed) for passed in range(n)):
        share = contract.ramp_share_frac(later)
        before_usd, after_usd = (
            sum(rule.minimum_usd(later, share * mw) for rule in rules if isinstance(rule, DemandCharge))
            for mw in (kept_free_mw, contract.cut.mw)
        )
        fee_usd += max(0.0, before_usd - after_usd)
    if fee_usd == 0.0:
        return None
    item = f"minimum bills on {contract.mw - contract.cut.mw:g} MW given up"
    return BillLine(month, "exit fee", item, "contract", float(n), "month", fee_usd / n)
