"""What the stored duals prove of a plan, by weak duality from nothing but the arrays of its program."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.check.frames import once, table_of
from planner.check.verdict import Excess, rule, rules_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    import pandas as pd
    from numpy.typing import NDArray

    from planner.base.arrays import Bools, Floats
    from planner.check.case import Case
    from planner.check.verdict import CheckResult
    from planner.results.proof import Proof

    _Bounds = tuple[Floats, Floats]
    _Terms = tuple[NDArray[np.integer[Any]], NDArray[np.integer[Any]], Floats]


# --- The arrays of a program, and what duals prove of it --------------------------------------------

_MOST_ROUNDS: Final = 30  # bounds that follow from bounds; 4 rounds are enough for us-base
_AT_ONCE: Final = 4_000_000
"""Non-zeros that are worked on at once: a program over all hours of a year has 60 million."""
_NOISE: Final = 1e-12  # of the greatest dual


@dataclass(frozen=True, eq=False)
class Bound:
    """What duals prove."""

    musd: float  # no solution within the bounds costs less, and none that costs less than the cutoff
    # ``cost - A.T @ dual`` of every column, duals of rows without the bound they price left out. [MUSD per unit]
    reduced_cost: Floats
    # columns whose reduced cost points to a side on which neither a bound nor the rows hold them; they are counted at
    # the value given, and `musd` is exact but for them
    is_open: Bools


@dataclass(frozen=True, eq=False)
class StoredProgram:
    """Arrays of a program: minimise ``offset + cost @ x`` within the bounds of rows and columns."""

    proof: Proof  # as stored

    @cached_property
    def terms(self) -> _Terms:
        """Row, column and value of every non-zero, row by row."""
        matrix = self.proof.matrix
        row, column, value = (matrix[name].to_numpy() for name in ("row", "column", "value"))
        if (row[1:] < row[:-1]).any():
            order = np.argsort(row, kind="stable")
            row, column, value = row[order], column[order], value[order]
        return row, column, value

    def _parts(self) -> Iterator[_Terms]:
        """Yield the non-zeros in parts of whole rows, so that what is made of them stays small."""
        row, column, value = self.terms
        begin = 0
        while begin < len(row):
            last = row[min(begin + _AT_ONCE, len(row)) - 1]
            end = int(np.searchsorted(row, last, side="right"))
            part = slice(begin, end)
            yield row[part].astype(np.intp), column[part].astype(np.intp), value[part]
            begin = end

    def rows_of(self, x: Floats) -> tuple[Floats, Floats]:
        """Return the value of every row at a solution, and the sum of the sizes of its terms."""
        total, size = np.zeros((2, len(self.proof.row("lower"))))
        for row, column, value in self._parts():
            parts = value * x[column]
            np.add.at(total, row, parts)
            np.add.at(size, row, np.abs(parts))
        return total, size

    def column_prices(self, dual: Floats) -> tuple[Floats, Floats]:
        """Return the price of the rows of every column, and the sum of the sizes of its terms."""
        total, size = np.zeros((2, len(self.proof.column("cost"))))
        for row, column, value in self._parts():
            parts = value * dual[row]
            np.add.at(total, column, parts)
            np.add.at(size, column, np.abs(parts))
        return total, size

    def total_musd(self, x: Floats) -> float:
        """Return the cost of a solution. [MUSD]"""
        return self.proof.offset_musd + float(self.proof.column("cost") @ x)

    def bound(self, dual: Floats, lower: Floats, upper: Floats, x: Floats, cutoff: float) -> Bound:
        """Return what duals prove within bounds of the columns. Takes `cutoff` [MUSD].

        For any duals y and d = c - A'y, every solution costs offset + y'Ax + d'x, which is no less
        than y at the bounds of the rows plus d at the bounds of the columns. Where a column has
        no such bound, one that follows from the rows and the cutoff is taken.

        A dual of 1e-12 that is none but for rounding costs much where such a bound is a million,
        so the bound is also computed without duals of that size, and the higher is taken.
        """
        clean = np.where(np.abs(dual) > _NOISE * np.abs(dual).max(initial=0.0), dual, 0.0)
        implied = cache(lambda: self.implied(lower, upper, cutoff))
        bounds = (self._bound(any_dual, (lower, upper), implied, x) for any_dual in (dual, clean))
        return max(bounds, key=lambda bound: bound.musd)

    def _bound(self, dual: Floats, given: _Bounds, implied: Callable[[], _Bounds], x: Floats) -> Bound:
        side = side_of(dual, self.proof.row("lower"), self.proof.row("upper"))
        usable = np.where(np.isfinite(side), dual, 0.0)
        reduced = self.proof.column("cost") - self.column_prices(usable)[0]
        at = side_of(reduced, *given)
        if not np.isfinite(at).all():
            at = side_of(reduced, *implied())
        is_open = ~np.isfinite(at)
        at = np.where(is_open, x, at)
        total = self.proof.offset_musd + usable @ finite_or_zero(side) + reduced @ at
        return Bound(float(total), reduced, is_open)

    def implied(self, lower: Floats, upper: Floats, cutoff: float) -> tuple[Floats, Floats]:
        """Return bounds for columns that have none, as far as rows, bounds and cutoff give them.

        Every row is read as "at most": of its terms all but one are taken at their least, and the
        rest is what that one may be. Bounds that are found give others, round after round.
        """
        lower, upper = lower.copy(), upper.copy()
        for _ in range(_MOST_ROUNDS):
            above, below = np.full_like(upper, np.inf), np.full_like(lower, -np.inf)
            for row, column, value, limit in self._at_most(cutoff):
                least = value * np.where(value > 0.0, lower[column], upper[column])
                is_free = ~np.isfinite(least)
                known = np.where(is_free, 0.0, least)
                free_others = np.bincount(row, is_free, len(limit))[row] - is_free
                rest = (limit - np.bincount(row, known, len(limit)))[row] + known
                bound = np.where(free_others > 0, np.nan, rest) / value
                np.fmin.at(above, column[value > 0.0], bound[value > 0.0])
                np.fmax.at(below, column[value < 0.0], bound[value < 0.0])
            is_new_upper = np.isinf(upper) & np.isfinite(above)
            is_new_lower = np.isinf(lower) & np.isfinite(below)
            if not (is_new_upper.any() or is_new_lower.any()):
                break
            upper, lower = (np.where(is_new_upper, above, upper), np.where(is_new_lower, below, lower))
        return lower, upper

    def _at_most(self, cutoff: float) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp], Floats, Floats]]:
        """Yield all rows, and the cost below the cutoff, as rows with an upper bound only."""
        for row, column, value in self._parts():
            first, end = row[0], row[-1] + 1
            for sign, limits in ((1.0, self.proof.row("upper")), (-1.0, -self.proof.row("lower"))):
                limit = limits[first:end]
                here = np.isfinite(limit)[row - first]
                yield row[here] - first, column[here], sign * value[here], limit
        cost = self.proof.column("cost")
        costly = np.flatnonzero(cost)
        yield np.zeros(len(costly), dtype=np.intp), costly, cost[costly], np.array([cutoff - self.proof.offset_musd])


def side_of(price: Floats, lower: Floats, upper: Floats) -> Floats:
    """Return the bound that a price points to: lower if positive, upper if negative, 0 if none."""
    return np.where(price > 0.0, lower, np.where(price < 0.0, upper, 0.0))


def finite_or_zero(numbers: Floats) -> Floats:
    """Return the numbers with 0 in place of infinities."""
    return np.where(np.isfinite(numbers), numbers, 0.0)


# --- Rules of the proof ------------------------------------------------------------------------------

_SOLVED: Final = ("optimal", "within_gap")
_NUMBERS: Final = ("lower", "upper", "dual", "bound_dual", "cost", "x", "integer")


def _reports_bound(case: Case) -> bool:
    """Whether a bound has to be proven: of what is called solved, or where there are duals."""
    stored = case.proof.has_bound_duals if _has_bound_of_its_own(case) else case.proof.has_duals
    return case.status in _SOLVED or (stored and np.isfinite(case.bound_musd))


@rule(unit="labels")
def program_labels_apart(case: Case) -> Iterator[Excess]:
    """Rows and columns of the stored program have labels of their own, of the axes of a family."""
    yield _unlabelled(case.proof.rows)
    yield _unlabelled(case.proof.columns)


def _unlabelled(frame: pd.DataFrame) -> Excess:
    """Count rows or columns of a family that lack a label of it, or have those of another one."""
    labels = _labels(frame[frame["family"].notna()]).reset_index(drop=True)
    is_broken = labels.duplicated(keep=False).to_numpy()
    family = labels["family"].astype("category").cat.codes.to_numpy()
    for name in labels.columns.drop("family"):
        has = labels[name].notna().to_numpy()
        is_broken = is_broken | (~has & (np.bincount(family, has)[family] > 0.0))
    return Excess.count_broken(labels, is_broken)


@rule(unit="row units")
def program_rows_kept(case: Case) -> Excess:
    """The stored solution keeps every row of the stored program."""
    program, x = case.program, case.program.proof.column("x")
    value, size = program.rows_of(x)
    passed = np.maximum(program.proof.row("lower") - value, value - program.proof.row("upper"))
    return Excess(_labels(program.proof.rows), np.maximum(passed, -1.0), size)


@rule(unit="units")
def program_bounds_kept(case: Case) -> Excess:
    """The stored solution keeps the bounds of every column."""
    proof = case.program.proof
    x, lower, upper = (proof.column(name) for name in ("x", "lower", "upper"))
    passed = np.maximum(np.maximum(lower - x, x - upper), -1.0)
    return Excess(_labels(proof.columns), passed, np.abs(x))


@rule(unit="units")
def program_integers_whole(case: Case) -> Excess:
    """Every integer column of the stored solution is an integer."""
    proof = case.program.proof
    x = proof.column("x")[proof.is_integer]
    labels = _labels(proof.columns[proof.is_integer])
    return Excess(labels, np.abs(x - np.round(x)), np.ones(len(x)))


@rule(unit="MUSD")
def program_objective(case: Case) -> Excess:
    """The stored solution costs what the solver reports, priced by the stored program."""
    total = case.program.total_musd(case.program.proof.column("x"))
    return _differs("objective", total, case.objective_musd)


@rule(unit="MUSD/unit", where=lambda case: case.proof.has_duals or case.status == "optimal")
def dual_signs(case: Case) -> Excess:
    """An optimum has a dual of every row, with the sign of a bound that the row has."""
    program = case.program
    dual = program.proof.row("dual")
    has_side = np.isfinite(side_of(dual, program.proof.row("lower"), program.proof.row("upper")))
    wrong = np.where(has_side & ~np.isnan(dual), 0.0, np.abs(dual))
    return Excess(_labels(program.proof.rows), wrong, np.abs(dual))


@rule(unit="MUSD/unit", where=lambda case: case.proof.has_duals)
def dual_feasible(case: Case) -> Excess:
    """Reduced costs, computed from the duals, point to bounds that the columns have."""
    program = case.program
    worth, size = program.column_prices(program.proof.row("dual"))
    reduced = program.proof.column("cost") - worth
    has_side = np.isfinite(side_of(reduced, *_held(program.proof)))
    wrong = np.where(has_side & ~np.isnan(reduced), 0.0, np.abs(reduced))
    return Excess(_labels(program.proof.columns), wrong, size)


@rule(unit="MUSD", where=lambda case: case.proof.has_duals)
def strong_duality(case: Case) -> Excess:
    """The lower bound that the duals prove equals the objective.

    Integers keep their values. Columns without a bound are held by bounds that follow from the
    rows, and from costing no more than the plan. Both are apart by the sum of dual times slack, none
    of which is negative where rows and signs are kept: so no row or column off its bounds has a price.
    """
    return _differs("dual objective", _bound_musd(case, "dual", bool(case.proof.is_integer.any())), case.objective_musd)


@rule(unit="MUSD", where=_reports_bound)
def bound_proven(case: Case) -> Excess:
    """The reported bound follows from stored duals; what a search adds is the solver's word.

    Without integers it is the objective of the duals. Where rounds ended at a gap, it is at most
    that of the duals behind it. With integers it is that of the duals of the relaxation, or, where
    branch and bound raised it, no less than that: its tree is not stored.
    """
    proven = proven_bound_musd(case)
    if case.proof.bound_by == "search" and case.proof.is_integer.any():
        place = table_of({"bound": ["bound of branch and bound"]})
        return Excess.above(place, [proven], case.bound_musd)
    if _ended_at_gap(case):
        place = table_of({"bound": ["bound of a solve in pieces"]})
        return Excess.above(place, [case.bound_musd], proven)
    return _differs("bound", proven, case.bound_musd)


@rule(unit="MUSD")
def bound_below_objective(case: Case) -> Excess:
    """No bound is above the cost of the plan, and a plan that is called solved has one."""
    none = np.nan if case.status in _SOLVED else -np.inf
    bound = case.bound_musd if np.isfinite(case.bound_musd) else none
    return Excess.above({"bound": ["reported"]}, [bound], case.objective_musd)


@rule(unit="-")
def gap_of_bound(case: Case) -> Excess:
    """The gap is the distance from bound to objective, as a share of the objective."""
    reported = case.gap_frac if np.isfinite(case.gap_frac) else np.inf
    return _differs("gap", reported, relative_gap(case.objective_musd, case.bound_musd))


def relative_gap(objective_musd: float, bound_musd: float) -> float:
    """Return the distance from bound to objective as a share of it; inf without a bound."""
    distance = objective_musd - bound_musd
    if distance == 0.0:
        return 0.0
    known = np.isfinite(distance) and objective_musd != 0.0
    return float(distance / abs(objective_musd)) if known else np.inf


def proven_bound_musd(case: Case) -> float:
    """Return what the stored duals prove that no plan costs less than; nan where they do not."""
    return _bound_musd(case, "bound_dual" if _has_bound_of_its_own(case) else "dual", False)


@once
def _bound_musd(case: Case, dual: str, holds_integers: bool) -> float:
    program, proof = case.program, case.proof
    bounds = _held(proof) if holds_integers else (proof.column("lower"), proof.column("upper"))
    return program.bound(proof.row(dual), *bounds, proof.column("x"), case.objective_musd).musd


def _ended_at_gap(case: Case) -> bool:
    """Whether a program without integers was solved to a gap: only its bound has duals."""
    return case.status == "within_gap" and not bool(case.proof.is_integer.any())


def _has_bound_of_its_own(case: Case) -> bool:
    """Whether the bound has other duals than the plan: of a relaxation, or of the last round."""
    return bool(case.proof.is_integer.any()) or _ended_at_gap(case)


def _held(proof: Proof) -> tuple[Floats, Floats]:
    """Return the bounds of the columns with every integer fixed where it is."""
    whole, x = proof.is_integer, np.round(proof.column("x"))
    return (np.where(whole, x, proof.column("lower")), np.where(whole, x, proof.column("upper")))


def _labels(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[[name for name in frame.columns if name not in _NUMBERS]]


def _differs(what: str, left: float, right: float) -> Excess:
    return Excess.differs({"of": [what]}, [left], [right])


def what_is_proven(case: Case, checks: Sequence[CheckResult]) -> str:
    """Say what is proven of a plan."""
    names = {one.name for one in rules_of(sys.modules[__name__])}
    broken = [check.name for check in checks if check.name in names and not check.ok]
    if broken:
        return f"Nothing is proven of the optimum: {', '.join(broken)} broken."
    integers, view = case.proof.is_integer.any(), _left_out(checks) + _view(case)
    proven = proven_bound_musd(case)
    if not case.proof.has_duals and not np.isfinite(proven):
        return f"Feasible, not proven optimal: the solver stopped ({case.status}) without duals."
    if _ended_at_gap(case):
        return (
            f"Proven without the solver: by the duals behind the bound no plan of the stored linear"
            f" program costs less than {proven:,.6g} MUSD,"
            f" {relative_gap(case.objective_musd, proven):.2g} of the cost below this plan.{view}"
        )
    if not integers:
        return (
            f"Optimal, proven without the solver: by the duals of the stored linear program no plan"
            f" of it costs less than {proven:,.6g} MUSD.{view}"
        )
    words = (
        f"Proven without the solver: by the relaxation's duals no plan of the stored program costs"
        f" less than {proven:,.6g} MUSD, {relative_gap(case.objective_musd, proven):.2%} below this"
        f" plan"
    )
    words += "; with its integers fixed it is optimal." if case.proof.has_duals else "."
    if case.proof.bound_by == "search":
        words += (
            f" The higher bound of {case.bound_musd:,.6g} MUSD is the solver's word: the tree of"
            f" its branch and bound is not stored."
        )
    return words + view


def _left_out(checks: Sequence[CheckResult]) -> str:
    """Say that the program has all that it must, where its lists computed again are the same."""
    if not any(check.ok for check in checks if check.name == "columns_as_stated"):
        return ""
    return " It has a column for every decision that the scenario allows: none was left out."


def _view(case: Case) -> str:
    """Say among which plans that is, where orders were held or few years in view."""
    if case.orders_held_before is not None:
        return f" That is of plans with these orders: those placed before {case.orders_held_before} were held."
    window = case.scenario.foresight.window_years
    if window is None or window >= len(case.inputs.years):
        return ""
    seen = "one model year" if window == 1 else f"{window} model years"
    return f" That is of plans that decide the same in earlier steps: it was decided year by year, with {seen} in view."
