"""The tables of a plan held against its proof: decisions, shadow prices, how the solve ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from planner.check.declared import merged
from planner.check.duals import PRICE_KEY, PRICES, hours_of_slot, yearly_weight
from planner.check.families import FAMILIES
from planner.check.frames import isin, lookup, once, sum_by, together
from planner.check.keys import CodedLabels
from planner.check.table import table_of
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from planner.base.arrays import Floats
    from planner.check.case import Case


_NOISE: Final = 1e-7  # what tables write as 0
_DUAL_NOISE: Final = 1e-9  # [MUSD per unit], duals below have no row in table `prices`
_USD_PER_MUSD: Final = 1e6
_T_PER_KT: Final = 1000.0
_ARRAYS: Final = ("family", "lower", "upper", "dual", "bound_dual", "cost", "integer", "x")
_DECISIONS: Final[Mapping[str, tuple[str, str]]] = merged(FAMILIES, "DECISIONS")
"""For each family of decisions the table and the column that hold it."""

_DIRECTION: Final = {"move_out": "out", "move_in": "in"}
_SHARE_A_COLUMN: Final = ("import_mw", "output_mw", "discharge_mw")
"""Decisions whose column also holds what is no decision at other places."""


@rule(unit="units")
def decisions_as_solved(case: Case) -> Excess:
    """The decisions in the tables are those of the stored solution."""
    nothing = Excess(table_of({"decision": []}), np.zeros(0), np.zeros(0))
    if case.proof is None:
        return nothing
    columns = case.proof.columns
    parts = []
    for block in columns["family"].cat.categories:
        if block in _DECISIONS:
            table, column = _DECISIONS[block]
            parts.append(_decided(case, block, table, column))
    return nothing.and_also(*parts)


def _decided(case: Case, block: str, table: str, column: str) -> Excess:
    """Hold one family of decisions against its column of a table, sum by sum of shared labels."""
    assert case.proof is not None
    solved = _labelled(case, "columns", block, "x", _NOISE)
    reported = case.plan(table)
    if block in _DIRECTION:
        reported = reported[reported["direction"] == _DIRECTION[block]]
    if block in _SHARE_A_COLUMN:
        own = _labelled(case, "columns", block, "x", -1.0)
        reported = reported[isin(reported, own, list(own.columns.drop("x")))]
    keys = [name for name in solved.columns if name != "x" and name in reported.columns]
    if not keys:  # the program has no such decision
        nothing = table_of({"table": f"{table}.{column}", "row": np.arange(len(reported))})
        return Excess.differs(nothing, reported[column].to_numpy(dtype=np.float64), np.zeros(len(reported)))
    place = together(keys, solved, reported)
    left = lookup(sum_by(reported, keys, reported[column]), place, keys)
    left = np.where(isin(place, reported[reported[column].isna()], keys), np.nan, left)
    right = lookup(sum_by(solved, keys, solved["x"]), place, keys)
    place.insert(0, "table", f"{table}.{column}")
    return Excess.differs(place, left, right)


@rule(unit="MUSD")
def solution_table(case: Case) -> Excess:
    """Table `solution` states the solver's result, the program and the money it is in."""
    table, finance = case.plan("solution"), case.inputs.finance
    if len(table) != 1:
        return Excess.count_broken(table_of({"rows": [len(table)]}), np.array([True]))
    row = table.iloc[0]
    numbers = {
        "discount_rate_frac": finance.rate_frac,
        "base_year": float(case.years[0]),
        "first_year": float(case.calendar[0]),
        "last_year": float(case.calendar[-1]),
    }
    if case.has_report:
        numbers |= {"dual_bound_musd": case.bound_musd, "gap_frac": case.gap_frac}
    texts = {"scenario": case.scenario.name, "end_of_horizon": case.scenario.finance.end_of_horizon}
    if case.proof is not None:
        integers, has_duals = int(case.proof.is_integer.sum()), case.proof.has_duals
        numbers |= {"whole_numbers": float(integers), "has_duals": float(has_duals)}
        of = "fixed_program" if integers else "program"
        texts["duals_of"] = of if has_duals else ""
    left, right = (
        np.array([number if np.isfinite(number) else np.inf for number in side])  # unknown
        for side in ([float(row[name]) for name in numbers], list(numbers.values()))
    )
    wrong = np.array([str(row[name]) != text for name, text in texts.items()])
    return Excess.differs(table_of({"column": list(numbers)}), left, right).and_also(
        Excess.count_broken(table_of({"column": list(texts)}), wrong)
    )


@rule(unit="MUSD", floor=1e-3)
def prices_as_solved(case: Case) -> Excess:
    """Table `prices` has a row, with number and unit, for every dual of a limit that is not 0."""
    if case.proof is None:
        return Excess(table_of({"block": []}), np.zeros(0), np.zeros(0))
    reported, keys, solved = case.plan("prices"), list(PRICE_KEY), _duals(case)
    place = together(keys, solved, reported)
    left = lookup(sum_by(reported, keys, reported["raw_dual"]), place, keys, np.nan)
    left = np.where(isin(place, reported[reported["raw_dual"].isna()], keys), np.nan, left)
    right = lookup(sum_by(solved, keys, solved["dual"]), place, keys, np.nan)
    units = reported["block"].map({block: price.unit for block, price in PRICES.items()})
    is_wrong = (units != reported["unit"]).to_numpy(dtype=np.bool_)
    return Excess.differs(place, left, right).and_also(Excess.count_broken(reported[keys], is_wrong))


@once
def _duals(case: Case) -> pd.DataFrame:
    """Every dual of a limit that is not 0, by the keys of table `prices`. [MUSD per unit]"""
    assert case.proof is not None
    keys = list(PRICE_KEY)
    parts = [
        _labelled(case, "rows", block, "dual", _DUAL_NOISE).assign(block=block)
        for block in case.proof.rows["family"].cat.categories
        if block in PRICES and case.proof.has_duals
    ]
    empty = pd.DataFrame(columns=[*keys, "dual"]).astype({"dual": "float64", "year": "int64"})
    solved = pd.concat([empty, *parts], ignore_index=True)
    solved = solved.fillna({name: "" for name in keys if name != "year"})[[*keys, "dual"]]
    return solved.astype({"year": "int64"})


@rule(unit="USD")
def worths_as_solved(case: Case) -> Excess:
    """Values of a ton, a stress hour and reserves follow from the duals."""
    if case.proof is None:
        return Excess(table_of({"table": []}), np.zeros(0), np.zeros(0))
    parts = []
    for table, worths in (
        ("carbon_year", _carbon_worths(case)),
        ("stress_slot", _stress_worths(case)),
        ("resilience", _reserve_worths(case)),
    ):
        reported = case.plan(table)
        for column, expected in worths.items():
            left = reported[column].to_numpy(dtype=np.float64)
            is_unknown = np.isnan(left) & np.isnan(expected)  # missing is right there alone
            left, right = (np.where(is_unknown, 0.0, side) for side in (left, expected))
            place = table_of({"table": f"{table}.{column}", "row": np.arange(len(reported))})
            parts.append(Excess.differs(place, left, right))
    return parts[0].and_also(*parts[1:])


def _carbon_worths(case: Case) -> dict[str, Floats]:
    table = case.plan("carbon_year")
    worth = _usd(case, "carbon_cap", ("year",), table) / _T_PER_KT
    worth = np.where(table["cap_kt"].isna(), np.nan, worth)
    yearly = lookup(yearly_weight(case), table, ("year",), np.nan)
    return {"cap_value_npv_usd_per_t": worth, "cap_value_usd_per_t": worth / yearly}


def _stress_worths(case: Case) -> dict[str, Floats]:
    table = case.plan("stress_slot")
    worth = _usd(case, "non_firm_power", ("site", "year", "slot"), table)
    hours = lookup(hours_of_slot(case), table, ("slot",), np.nan)
    yearly = lookup(yearly_weight(case), table, ("year",), np.nan)
    return {"worth_usd_per_mwh": worth / (hours * yearly)}


def _reserve_worths(case: Case) -> dict[str, Floats]:
    table, keys = case.plan("resilience"), ("site", "workload", "year")
    reserves = case.plan("reserve")
    worth = _usd(case, "reserve_capacity", keys, reserves) / _USD_PER_MUSD
    worth = worth * reserves["reserve_kh100e"] / lookup(yearly_weight(case), reserves, ("year",))
    by_class = lookup(sum_by(reserves, keys[1:], worth), table, keys[1:])
    assert case.proof is not None
    if not case.proof.has_duals:
        by_class = np.full(len(table), np.nan)
    hours = table["load_kh100e"].to_numpy() * 1000.0 * 8760.0
    per_hour = np.where(hours > 0.0, by_class * _USD_PER_MUSD / np.where(hours > 0, hours, 1), np.nan)
    return {"value_musd": by_class, "value_usd_per_h100e_hour": per_hour}


def _usd(case: Case, block: str, keys: tuple[str, ...], table: pd.DataFrame) -> Floats:
    """Return what one more unit of a limit saves, row by row; nan without duals. [USD]"""
    assert case.proof is not None
    if not case.proof.has_duals:
        return np.full(len(table), np.nan)
    rows = _labelled(case, "rows", block, "dual", 0.0)
    if not len(rows):
        return np.zeros(len(table))
    return lookup(sum_by(rows, keys, -_USD_PER_MUSD * rows["dual"]), table, keys)


def _labelled(case: Case, of: str, block: str, number: str, noise: float) -> pd.DataFrame:
    """Return the labels of a block's rows or columns with a number, where it is not nothing."""
    labels = _coded_labels(case, of)
    here = labels["family"].places_of(block)
    numbers = _of_program(case, of)[number].to_numpy(dtype=np.float64)[here]
    reported = ~(np.abs(numbers) <= noise)
    made: dict[str, NDArray[Any]] = {}
    for name, label in labels.items():
        codes = label.codes[here]
        if name != "family" and (codes >= 0).any():
            texts = label.kinds[codes[reported]]
            made[name] = texts.astype(np.int64) if name == "year" else texts
    return table_of(made | {number: numbers[reported]}, index=pd.RangeIndex(int(reported.sum())))


@once
def _coded_labels(case: Case, of: str) -> Mapping[str, CodedLabels]:
    """Return the labels of all rows or columns of the program, by name."""
    frame = _of_program(case, of)
    coded_labels = {}
    for name in frame.columns:
        if name == "family" or name not in _ARRAYS:
            labels = frame[name].astype("category").cat
            kinds = [*(str(label) for label in labels.categories), np.nan]
            coded_labels[name] = CodedLabels(labels.codes.to_numpy(), np.array(kinds, dtype=object))
    return coded_labels


def _of_program(case: Case, of: str) -> pd.DataFrame:
    assert case.proof is not None
    frame: pd.DataFrame = getattr(case.proof, of)
    return frame


RULES = (decisions_as_solved, solution_table)
PRICE_RULES = (prices_as_solved, worths_as_solved)
COLUMNS: Final[Mapping[str, Mapping[str, str]]] = {
    "stress_slot": {"worths_as_solved": "worth_usd_per_mwh"},
    "prices": {
        "rows": "prices_as_solved",
        "prices_as_solved": (
            "block unit site region workload zone market vendor hall year period "
            "contract pool source slot tier value raw_dual"
        ),
    },
    "solution": {
        "rows": "solution_table",
        "solution_table": (
            "scenario status objective_musd dual_bound_musd gap_frac has_duals "
            "duals_of whole_numbers discount_rate_frac base_year first_year last_year "
            "end_of_horizon"
        ),
    },
}
