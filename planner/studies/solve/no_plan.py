"""Why a solve ended without a plan, in a planner's words."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Final

from planner.base.errors import InfeasibleError, SolverError
from planner.base.number_format import unit_of_money
from planner.model import build_model
from planner.studies.solve.answers import stopped
from planner.studies.solve.asking import without_costs
from planner.studies.solve.conflict_rules import conflict_rules, in_words
from planner.studies.solve.integer_conflict import integer_conflict
from planner.studies.solve.solves import STOPPED

if TYPE_CHECKING:
    from collections.abc import Callable

    from planner.base.errors import LimitReachedError
    from planner.inputs.prepared import PreparedScenario
    from planner.lp import HighsSession, Outcome
    from planner.model import Model

__all__ = ["why_no_plan"]

_INFEASIBLE: Final = "no plan meets all constraints; these conflict"
_WITH_INTEGERS: Final = (
    "infeasible with integers (openings, phases, blocks, plants, racks); the relaxation is"
    " feasible. With integers these conflict"
)
_WHAT_NEXT: Final = "`dcplan diagnose` finds the least changes that would make a plan possible."
_CONFLICT_SECONDS: Final = 60.0
"""Most time to find out which rules conflict. [s]"""


def why_no_plan(
    name: str,
    outcome: Outcome,
    session: HighsSession,
    question: PreparedScenario,
    model: Model,
    view: tuple[int, int] | None = None,
    hold: Callable[[Model], None] | None = None,
) -> InfeasibleError | LimitReachedError | SolverError:
    """Return the error that says why there is no plan, with the constraints that conflict.

    Parameters
    ----------
    name : str
        Of what has no plan.
    outcome : Outcome
        How its solve ended.
    session : HighsSession
        Holds the program as it was solved.
    question, model
        The scenario and its program.
    view : (int, int), optional
        First and last model year in view, of a step of a plan that is decided year by year.
    hold : callable, optional
        Holds decisions of a program as they were held in `model`.
    """
    if outcome.status == "infeasible":
        is_smallest = True
        if outcome.bound_by == "search" and view is None:  # with fractions there is a plan
            trial = without_costs(build_model(question.inputs))
            if hold is not None:
                hold(trial)
            rules, is_smallest = integer_conflict(question, trial, _CONFLICT_SECONDS)
            conflict = tuple(rule.rule for rule in rules)
        else:
            conflict = tuple(session.iis(time_limit_s=_CONFLICT_SECONDS))
            rules = conflict_rules(question, model.problem, conflict)
        lines = [f"{name}: {_WITH_INTEGERS if outcome.duals_of != 'program' else _INFEASIBLE}:"]
        lines += in_words(rules)
        if not is_smallest:
            lines.append("  Time ran out before it was clear that each of them is needed.")
        if len(conflict) == 1:
            lines.append(
                "  This constraint cannot be met on its own. Usual cause: users have no site within"
                " their latency bound, and neither renting nor unmet demand is allowed."
            )
        lines.append(_WHAT_NEXT if view is None else _in_view(question, view))
        return InfeasibleError("\n".join(lines), conflict)
    if outcome.status in STOPPED:
        known = "" if view is not None else _bound(outcome.dual_bound)
        return stopped(name, outcome, "any plan was found", known)
    return SolverError(f"{name}: {outcome.status}: {outcome.message}")


def _bound(musd: float) -> str:
    """Say what no plan costs less than; nothing where that is not known."""
    if not isfinite(musd):
        return ""
    unit, factor, decimals = unit_of_money([musd])
    return f"no plan costs less than {musd * factor:,.{decimals}f} {unit}"


def _in_view(question: PreparedScenario, view: tuple[int, int]) -> str:
    """Say which step of a plan that is decided year by year has no plan, and what to do."""
    first, last = view
    seen = str(first) if first == last else f"{first} to {last}"
    held = (
        "what was decided in earlier years is held, and "
        if first > question.inputs.years.first
        else ""
    )
    return (
        f"Decided year by year: this is the step of {first}, with {seen} in view; {held}orders for"
        " years out of view are not placed. More years in view (foresight.window_years) may leave"
        " a plan, and so may unmet demand (demand.unmet: allow)."
    )
