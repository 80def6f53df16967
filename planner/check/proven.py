"""One sentence on what the stored duals prove of a plan, and what is left to the solver's word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.check.optimality import RULES, proven_bound_musd, relative_gap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.check.case import Case
    from planner.check.verdict import Check

__all__ = ["what_is_proven"]

_NOTHING_STORED: Final = (
    "No proof is stored with this run, which an older version wrote: whether the plan is optimal,"
    " and its shadow prices, are the solver's word. Solve again to have them proven."
)


def what_is_proven(case: Case, checks: Sequence[Check]) -> str:
    """Say what is proven of a plan.

    Parameters
    ----------
    case : Case
        Inputs and plan.
    checks : sequence of Check
        Outcome of the rules.

    Returns
    -------
    str
        A sentence or two.
    """
    if case.proof is None:
        return _NOTHING_STORED
    names = {rule.name for rule in RULES}
    broken = [check.name for check in checks if check.name in names and not check.ok]
    if broken:
        return f"Nothing is proven of the optimum: {', '.join(broken)} broken."
    integers = case.proof.is_integer.any()
    proven = proven_bound_musd(case)
    if not case.proof.has_duals and not np.isfinite(proven):
        return f"Feasible, not proven optimal: the solver stopped ({case.status}) without duals."
    if not integers:
        return (
            f"Optimal, proven without the solver: by the stored duals no plan costs less than"
            f" {proven:,.6g} MUSD."
        )
    words = (
        f"Proven without the solver: by the relaxation's duals no plan costs less than"
        f" {proven:,.6g} MUSD, {relative_gap(case.objective_musd, proven):.2%} below this plan"
    )
    words += "; with its integers fixed it is optimal." if case.proof.has_duals else "."
    if case.proof.bound_by == "search":
        words += (
            f" The higher bound of {case.bound_musd:,.6g} MUSD is the solver's word: the tree of"
            f" its branch and bound is not stored."
        )
    return words
