"""Why a solve ended without a plan, in a planner's words."""

from __future__ import annotations

import time
from math import isfinite
from typing import TYPE_CHECKING, Final

from planner.base.errors import InfeasibleError, SolverError
from planner.base.words import some, unit_of_money
from planner.model import build_model
from planner.studies.solve.asking import stopped, without_costs
from planner.studies.solve.conflict_rules import conflict_rules, in_words
from planner.studies.solve.integer_conflict import integer_conflict
from planner.studies.solve.solves import STOPPED

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from planner.base.errors import LimitReachedError
    from planner.inputs.prepared import PreparedScenario
    from planner.lp import HighsSession, Outcome
    from planner.model import Model
    from planner.studies.solve.conflict_rules import ConflictRule

_INFEASIBLE: Final = "no plan meets all constraints"
_WITH_INTEGERS: Final = "infeasible with integers (openings, phases, blocks, plants, racks); the relaxation is feasible"
_WHAT_NEXT: Final = "`dcplan diagnose` finds the least changes that would make a plan possible."
_SHOWN_YEARS: Final = 3
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
    """Return the error that says why there is no plan, with the constraints that conflict."""
    if outcome.status == "infeasible":
        is_smallest, began = True, time.perf_counter()
        if outcome.bound_by == "search" and view is None:  # with fractions there is a plan
            trial = without_costs(build_model(question.inputs))
            if hold is not None:
                hold(trial)
            rules, is_smallest = integer_conflict(question, trial, _CONFLICT_SECONDS)
            conflict = tuple(rule.rule for rule in rules)
        else:
            conflict = tuple(session.iis(time_limit_s=_CONFLICT_SECONDS))
            rules = conflict_rules(question, model.problem, conflict)
        is_with_integers = outcome.duals_of != "program"
        said = f"{name}: {_WITH_INTEGERS if is_with_integers else _INFEASIBLE}"
        if not rules:
            lines = [f"{said}. {_not_found(time.perf_counter() - began)}"]
        elif is_with_integers:
            lines = [f"{said}. With integers these conflict:", *in_words(rules)]
        else:
            lines = [f"{said}; these conflict:", *in_words(rules)]
        if rules and not is_smallest:
            lines.append("  Time ran out before it was clear that each of them is needed.")
        if len(conflict) == 1:
            lines.append(
                "  This constraint cannot be met on its own. Usual cause: users have no site within"
                " their latency bound, and neither renting nor unmet demand is allowed."
            )
        lines.append(_WHAT_NEXT if view is None else _in_view(question, view, rules))
        return InfeasibleError("\n".join(lines), conflict)
    if outcome.status in STOPPED:
        return stopped(name, outcome, "any plan was found", "" if view is not None else _bound(outcome.dual_bound))
    return SolverError(f"{name}: {outcome.status}: {outcome.message}")


def _bound(musd: float) -> str:
    """Say what no plan costs less than; nothing where that is not known."""
    if not isfinite(musd):
        return ""
    unit, factor, decimals = unit_of_money([musd])
    return f"no plan costs less than {musd * factor:,.{decimals}f} {unit}"


def _not_found(seconds: float) -> str:
    """Say why it is not known which constraints conflict, after so much time. [s]"""
    if seconds >= _CONFLICT_SECONDS:
        return f"Which of them conflict was not found in {_CONFLICT_SECONDS:.0f} s."
    return "Which of them conflict was not found: the solver ended without a proof that names them."


def _in_view(question: PreparedScenario, view: tuple[int, int], rules: Sequence[ConflictRule]) -> str:
    """Say which step of a plan that is decided year by year has no plan, and what to do."""
    first, last = view
    seen = str(first) if first == last else f"{first} to {last}"
    held = "what was decided in earlier years is held, and " if first > question.inputs.years.first else ""
    # Openings, and limits that no forecast is needed for, hold in later years as well.
    years = {int(place["year"]) for rule in rules for place in rule.places if "year" in place}
    later = sorted(str(year) for year in years if year > last)
    are, their = ("is", "its") if len(later) == 1 else ("are", "their")
    of_later = f" {some(later, _SHOWN_YEARS)} {are} out of view, but {their} limits hold now." if later else ""
    is_allowed = question.scenario.demand.unmet == "allow"
    unmet = "" if is_allowed else ", and so may unmet demand (demand.unmet: allow)"
    return (
        f"Decided year by year: this is the step of {first}, with {seen} in view; {held}orders for"
        f" years out of view are not placed.{of_later} More years in view (foresight.window_years)"
        f" may leave a plan{unmet}."
    )
