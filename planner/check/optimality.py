"""What the stored duals prove of a plan, and in which words that is reported."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.check.dual_bound import StoredProgram, side_of
from planner.check.frames import once, table_of
from planner.check.verdict import Excess, rule, rules_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

    from planner.base.arrays import Floats
    from planner.check.case import Case
    from planner.check.dual_bound import Bound
    from planner.check.verdict import CheckResult
    from planner.results.proof import Proof


_SOLVED: Final = ("optimal", "within_gap")
_NUMBERS: Final = ("lower", "upper", "dual", "bound_dual", "cost", "x", "integer")


def _must_have_duals(case: Case) -> bool:
    return case.proof.has_duals or case.status == "optimal"


def _has_duals(case: Case) -> bool:
    return case.proof.has_duals


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
    passed = np.maximum(program.row_lower - value, value - program.row_upper)
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


@rule(unit="MUSD/unit", where=_must_have_duals)
def dual_signs(case: Case) -> Excess:
    """An optimum has a dual of every row, with the sign of a bound that the row has."""
    program = case.program
    dual = program.proof.row("dual")
    has_side = np.isfinite(side_of(dual, program.row_lower, program.row_upper))
    wrong = np.where(has_side & ~np.isnan(dual), 0.0, np.abs(dual))
    return Excess(_labels(program.proof.rows), wrong, np.abs(dual))


@rule(unit="MUSD/unit", where=_has_duals)
def dual_feasible(case: Case) -> Excess:
    """Reduced costs, computed from the duals, point to bounds that the columns have."""
    program = case.program
    worth, size = program.column_prices(program.proof.row("dual"))
    reduced = program.cost - worth
    has_side = np.isfinite(side_of(reduced, *_held(program.proof)))
    wrong = np.where(has_side & ~np.isnan(reduced), 0.0, np.abs(reduced))
    return Excess(_labels(program.proof.columns), wrong, size)


@rule(unit="MUSD", where=_has_duals)
def strong_duality(case: Case) -> Excess:
    """The lower bound that the duals prove equals the objective.

    Integers keep their values. Columns without a bound are held by bounds that follow from the
    rows, and from costing no more than the plan. Both are apart by the sum of dual times slack, none
    of which is negative where rows and signs are kept: so no row or column off its bounds has a price.
    """
    program = case.program
    bound = _bound(case, program, program.proof.row("dual"), *_held(program.proof))
    return _differs("dual objective", bound.musd, case.objective_musd)


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
    place = table_of({"bound": ["reported", "solution"]})
    table = case.plan("solution")
    bounds = np.array([case.bound_musd, float(table["dual_bound_musd"].sum(skipna=False))])
    none = np.nan if case.status in _SOLVED else -np.inf
    bounds = np.where(np.isfinite(bounds), bounds, none)
    return Excess.above(place, bounds, case.objective_musd)


@rule(unit="-")
def gap_of_bound(case: Case) -> Excess:
    """The gap is the distance from bound to objective, as a share of the objective."""
    table = case.plan("solution")
    gap = relative_gap(case.objective_musd, case.bound_musd)
    reported = np.array([case.gap_frac, float(table["gap_frac"].sum(skipna=False))])
    reported = np.where(np.isfinite(reported), reported, np.inf)
    place = table_of({"gap": ["reported", "solution"]})
    return Excess.differs(place, reported, np.full(2, gap))


def relative_gap(objective_musd: float, bound_musd: float) -> float:
    """Return the distance from bound to objective as a share of it; inf without a bound."""
    distance = objective_musd - bound_musd
    if distance == 0.0:
        return 0.0
    known = np.isfinite(distance) and objective_musd != 0.0
    return float(distance / abs(objective_musd)) if known else np.inf


@once
def proven_bound_musd(case: Case) -> float:
    """Return what the stored duals prove that no plan costs less than; nan where they do not."""
    program, proof = case.program, case.proof
    name = "bound_dual" if _has_bound_of_its_own(case) else "dual"
    lower, upper = proof.column("lower"), proof.column("upper")
    return _bound(case, program, proof.row(name), lower, upper).musd


def _bound(case: Case, program: StoredProgram, dual: Floats, lower: Floats, upper: Floats) -> Bound:
    return program.bound(dual, lower, upper, program.proof.column("x"), case.objective_musd)


def _ended_at_gap(case: Case) -> bool:
    """Whether a program without integers was solved to a gap: only its bound has duals."""
    return case.status == "within_gap" and not _has_integers(case)


def _has_bound_of_its_own(case: Case) -> bool:
    """Whether the bound has other duals than the plan: of a relaxation, or of the last round."""
    return _has_integers(case) or _ended_at_gap(case)


def _has_integers(case: Case) -> bool:
    return bool(case.proof.is_integer.any())


def _held(proof: Proof) -> tuple[Floats, Floats]:
    """Return the bounds of the columns with every integer fixed where it is."""
    whole, x = proof.is_integer, np.round(proof.column("x"))
    return (np.where(whole, x, proof.column("lower")), np.where(whole, x, proof.column("upper")))


def _labels(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[[name for name in frame.columns if name not in _NUMBERS]]


def _differs(what: str, left: float, right: float) -> Excess:
    return Excess.differs(table_of({"of": [what]}), [left], [right])


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
    return (
        f" That is of plans that decide the same in earlier steps: it was decided year by year,"
        f" with {_seen(window)} in view."
    )


def _seen(years: int) -> str:
    return "one model year" if years == 1 else f"{years} model years"
