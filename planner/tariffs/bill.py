"""The exact bill of an hourly load, line by line."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import fsum
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pandas as pd

from planner.base.errors import InputError, Problem, raise_all, refuse
from planner.tariffs.clock import month_of_first_day
from planner.tariffs.rule import BillLine, Metered
from planner.tariffs.tariff import Contract, Terms, contract_problems, exit_fee_usd

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike

    from planner.base.arrays import Floats
    from planner.tariffs.clock import BillingCalendar
    from planner.tariffs.tariff import Tariff


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
