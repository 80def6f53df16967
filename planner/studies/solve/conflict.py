"""Why a solve ended without a plan: rules that conflict, in a planner's words."""

from __future__ import annotations

import csv
import re
import time
from dataclasses import dataclass, replace
from math import inf
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from planner.base.errors import InfeasibleError, LimitReachedError, SolverError
from planner.base.words import and_more, some, unit_of_money
from planner.limits import BY_NAME, LIMITS
from planner.lp.change import Arrays
from planner.model import FAMILIES, build_model
from planner.model.siting import ONLY_FOR_THE_BOUND
from planner.studies.solve.asking import Asking, session_of, stopped, without_costs
from planner.studies.solve.solves import STOPPED, upper_of_plan

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Sequence

    from planner.base.arrays import Bools, Positions
    from planner.inputs.build import PreparedScenario
    from planner.limits.limit import Place
    from planner.lp import HighsSession, Index, Outcome
    from planner.lp.problem import ArrayProblem
    from planner.model import Model

# --- Rules that conflict, in a planner's words ----------------------------------------------------

_SHOWN_PLACES: Final = 6
_NUMBER: Final = re.compile(r"_\d+$")


@dataclass(frozen=True)
class ConflictRule:
    """One family of rows that takes part in a conflict."""

    rule: str  # its name in the model
    says: str  # what it asks for
    places: tuple[dict[str, str], ...]  # where it conflicts, by labels such as site and year
    # settings and tables that its limits come from, with their values and where they are written; empty for rules that
    # only link decisions
    keys: tuple[str, ...]


def conflict_rules(question: PreparedScenario, problem: ArrayProblem, names: Sequence[str]) -> tuple[ConflictRule, ...]:
    """Group the rows of a conflict by rule; those with settings of their own come first."""
    places: dict[str, list[dict[str, str]]] = {}
    for name in names:
        block, labels = _parts(name)
        if " " in block:  # a bound of a decision
            rule = _DECISIONS.get(block, ("", ""))[0]
            # That no more of a site opens than all of it is no rule of the scenario.
            is_asked = rule != "must_not_open" or labels[0] in question.scenario.siting.must_not_open
            if rule and is_asked:
                places.setdefault(block, []).append({"site": labels[0], "year": labels[1]})
            continue
        axes = problem.rows_over(block).axis_names
        places.setdefault(_family(block), []).append(dict(zip(axes, labels, strict=True)))
    return _rules(question, ((*rule_of(block), where) for block, where in places.items()))


def _rules(
    question: PreparedScenario, found: Iterable[tuple[str, str, Sequence[dict[str, str]]]]
) -> tuple[ConflictRule, ...]:
    """Return rules by their names, what they ask for and places; those with settings of their own come first."""
    rules = [ConflictRule(name, says, tuple(at), keys_of(question, name, at)) for name, says, at in found]
    return tuple(sorted(rules, key=lambda rule: not rule.keys))


def in_words(rules: Sequence[ConflictRule]) -> list[str]:
    """Say which rules conflict, where, and which settings their limits come from."""
    lines = []
    for rule in rules:
        if rule.keys:
            places = [" ".join(place.values()) for place in rule.places]
            lines.append(f"  {rule.rule}: {rule.says}")
            lines.append(f"      at {some(places, _SHOWN_PLACES)}")
            lines += [f"      {key}" for key in rule.keys[:_SHOWN_PLACES]]
            if more := and_more(len(rule.keys), _SHOWN_PLACES):
                lines.append(f"     {more}")
    links = [rule.rule for rule in rules if not rule.keys]
    if links:
        lines.append(f"  and what links them: {', '.join(links)}")
    return lines


_RULES: Final = {block.name: block.doc.strip().splitlines()[0] for family in FAMILIES for block in family.CONSTRAINTS}
_DECISIONS: Final = {
    f"{of.asks} of {of.column}": (limit.name, of.says) for limit in LIMITS if (of := limit.decision) is not None
}
"""What a scenario asks of decisions, by how their bounds are named."""


def keys_of(question: PreparedScenario, rule: str, places: Sequence[Place]) -> tuple[str, ...]:
    """Say where the limits of a rule are set, what they are, and in which line."""
    set_by = BY_NAME[rule].set_by if rule in BY_NAME else ()
    lines = (of.line(question, place) for place in places for of in set_by)
    return tuple(dict.fromkeys(line for line in lines if line is not None))


def rule_of(block: str) -> tuple[str, str]:
    """Return the name of a rule and what it asks for, by its block of rows or its bound."""
    family = _family(block)
    return _DECISIONS[block] if block in _DECISIONS else (family, _RULES[family])


def _family(block: str) -> str:
    """Return the family of a block of rows; those added while solving end in a number.

    >>> _family("served_only_if_open_3"), _family("land_limit")
    ('served_only_if_open', 'land_limit')
    """
    return block if block in _RULES else _NUMBER.sub("", block)


def _parts(name: str) -> tuple[str, list[str]]:
    r"""Split a row's name into block and labels, in which a comma is written ``\,``.

    >>> _parts(r"land_limit(a\,b,2027)")
    ('land_limit', ['a,b', '2027'])
    """
    block, opens, rest = name.partition("(")
    return block, next(csv.reader([rest[:-1]], quoting=csv.QUOTE_NONE, escapechar="\\")) if opens else []


# --- Which rules conflict where only integers leave no plan: by leaving out one after the other ---

_SHARE_OF_TIME: Final = 0.1  # that one question may take


@dataclass(frozen=True, eq=False)
class _Part:
    """Rows of a block, or columns that are whole or bounded by hand, which are left out at once."""

    name: str
    says: str
    over: Index
    entries: Positions
    moves: Literal["rows", "integer", "lower", "upper"]
    at: Positions  # rows or columns, one for each entry

    def places(self) -> tuple[dict[str, str], ...]:
        names = self.over.axis_names
        return tuple(dict(zip(names, self.over.tuples(int(at)), strict=True)) for at in self.entries)

    def left_out_of(self, arrays: Arrays) -> Arrays:
        if self.moves == "rows":
            lower, upper = arrays.rows.lower.copy(), arrays.rows.upper.copy()
            lower[self.at], upper[self.at] = -np.inf, np.inf
            return arrays.with_rows(lower, upper)
        moved = getattr(arrays.columns, self.moves).copy()
        moved[self.at] = {"integer": False, "lower": 0.0, "upper": 1.0}[self.moves]
        return arrays.with_columns(**{self.moves: moved})


def integer_conflict(
    question: PreparedScenario, model: Model, seconds: float, interrupt: threading.Event | None = None
) -> tuple[tuple[ConflictRule, ...], bool]:
    """Find rules that leave no plan in integers, without any of which there would be one. Takes `seconds` [s].

    No proof of a search can be split into rules, so each rule is left out in turn and a plan in integers looked for:
    where there is still none, it stays out. What is left then is gone through once more, year by year.
    """
    trial = _Trial(question, model, seconds, interrupt)
    # Limits first, links last: so limits that other links would bring in are left out.
    parts = sorted(_parts_left_out(question, model), key=lambda of: not keys_of(question, of.name, of.places()[:1]))
    needed = [part for part in parts if not trial.can_do_without(part)]
    needed = [year for part in needed for year in _by_year(part) if not trial.can_do_without(year)]
    together: dict[str, tuple[str, list[dict[str, str]]]] = {}
    for part in needed:
        together.setdefault(part.name, (part.says, []))[1].extend(part.places())
    return _rules(question, ((name, *of) for name, of in together.items())), trial.is_sure


class _Trial:
    """A program of which parts are left out, to see whether it has a plan then."""

    def __init__(
        self, question: PreparedScenario, model: Model, seconds: float, interrupt: threading.Event | None
    ) -> None:
        self._question, self._ask = question, Asking(lambda _: None, interrupt)
        self._until_s, self._most_s = time.perf_counter() + seconds, seconds * _SHARE_OF_TIME
        self._session: HighsSession = session_of(question, model)
        arrays = Arrays.from_problem(model.problem)
        self._arrays = arrays.with_rows(arrays.rows.lower, upper_of_plan(model.problem))
        self.is_sure = True

    def can_do_without(self, part: _Part) -> bool:
        """Leave out a part for good, unless there is a plan without it."""
        fewer = part.left_out_of(self._arrays)
        left_s = self._until_s - time.perf_counter()
        status = "time_limit"
        if left_s > 0.0:
            self._session.take(fewer)
            most_s = min(left_s, self._most_s)
            status = self._ask.solve_session(self._question, self._session, most_s=most_s).status
        if status == "infeasible":
            self._arrays = fewer
            return True
        self.is_sure &= status == "optimal"
        return False


def _parts_left_out(question: PreparedScenario, model: Model) -> list[_Part]:
    """List every block of rows, what must be whole, and openings that are forced or forbidden."""
    problem, siting = model.problem, question.inputs.siting
    integer = problem.columns().integer
    parts = []
    for name in problem.row_block_names:
        if not name.startswith(ONLY_FOR_THE_BOUND):
            block, over = problem.row_block(name), problem.rows_over(name)
            rows = np.arange(block.start, block.stop)
            parts.append(_Part(*rule_of(name), over, np.arange(over.size), "rows", rows))
    for limit in LIMITS:
        of = limit.decision
        if of is None or of.asks != "integer":
            continue
        block = problem.column_block(of.column)
        columns = np.arange(block.start, block.stop)
        if columns.size and integer[columns].all():
            over = problem.columns_over(of.column)
            parts.append(_Part(limit.name, of.says, over, np.arange(over.size), "integer", columns))
    over, first = question.inputs.sites.site_year, problem.column_block("open").start
    is_new = ~question.inputs.sites.is_existing[over["site"]]
    asked: dict[Literal["lower", "upper"], Bools] = {
        "lower": is_new & (siting.open_lower > 0.0),
        "upper": siting.open_upper <= 0.0,
    }
    for bound, is_asked in asked.items():
        which = np.flatnonzero(is_asked)
        if which.size:
            parts.append(_Part(*rule_of(f"{bound} bound of open"), over, which, bound, which + first))
    return parts


def _by_year(part: _Part) -> list[_Part]:
    """Split a part by model year, where it has any."""
    if "year" not in part.over.axis_names:
        return [part]
    year = part.over["year"][part.entries]
    return [replace(part, entries=part.entries[year == one], at=part.at[year == one]) for one in np.unique(year)]


# --- Why a solve ended without a plan, in a planner's words ---------------------------------------

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
        head, these = f"{name}: {_INFEASIBLE}", "; these conflict:"
        if outcome.duals_of != "program":
            head, these = f"{name}: {_WITH_INTEGERS}", ". With integers these conflict:"
        lines = [f"{head}{these}", *in_words(rules)]
        if not rules:
            is_late = time.perf_counter() - began >= _CONFLICT_SECONDS
            why = (
                f" in {_CONFLICT_SECONDS:.0f} s." if is_late else ": the solver ended without a proof that names them."
            )
            lines = [f"{head}. Which of them conflict was not found{why}"]
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
    """Say what no plan costs less than; nothing where that is not known, or below 0."""
    if not 0.0 < musd < inf:
        return ""
    unit, factor, decimals = unit_of_money([musd])
    return f"no plan costs less than {musd * factor:,.{decimals}f} {unit}"


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
