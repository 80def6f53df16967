"""Why a scenario has no plan, and the least that would have to change for one."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from planner.base.errors import InfeasibleError
from planner.base.words import amount
from planner.inputs.axes import ANYWHERE
from planner.inputs.build import PreparedScenario
from planner.limits import BY_NAME, RELAXATIONS
from planner.lp import UNIT, Expression, Index, Variable
from planner.lp.index import distinct
from planner.model import FAMILIES, Model, build_model
from planner.outputs.answer import Answer
from planner.outputs.own_folder import FolderKind
from planner.scenario import Changes, Scenario, load_scenario
from planner.studies.diagnose.searches import Shortage, least, searches, shortages
from planner.studies.solve.asking import Asking, relaxed_session, session_of, without_costs
from planner.studies.solve.conflict import ConflictRule, conflict_rules, integer_conflict

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from planner.base.arrays import Floats
    from planner.limits.limit import Factor, ProposedChange, Relaxation
    from planner.lp.expression import Comparison

# --- The program of a scenario in which limits may be relaxed -------------------------------------


def rows_of(relaxation: Relaxation) -> Mapping[str, Factor]:
    """Return the blocks of rows that a relaxation eases, in the order of the model. Gives (row,)."""
    return {
        block.name: BY_NAME[block.name].relaxed_by[relaxation]
        for family in FAMILIES
        for block in family.CONSTRAINTS
        if block.name in BY_NAME and relaxation in BY_NAME[block.name].relaxed_by
    }


def relaxed(
    question: PreparedScenario, relaxations: Sequence[Relaxation], weights: Mapping[str, float]
) -> tuple[Model, Mapping[str, Variable]]:
    """Build the program of a scenario in which limits may be relaxed, weighted, and the columns of each relaxation."""
    model = Model(question.inputs)
    given: dict[str, Variable] = {}

    def eased(rows: Comparison, relaxation: Relaxation, factors: Mapping[str, Factor], block: str) -> Comparison:
        """Relax the rows of a block, on the side that they limit.

        The first block of the model says where there is relaxation; one without axes is wherever any block has rows.
        """
        if relaxation.name not in given:
            if relaxation.axes and block != next(iter(factors)):
                return rows
            over = distinct(rows.over, *relaxation.axes) if relaxation.axes else UNIT
            most = relaxation.most if relaxation.name in weights else 0.0
            name = "relief_" + relaxation.name.replace(" ", "_")
            given[relaxation.name] = model.problem.variable(name, over, upper=most)
        more = given[relaxation.name].on(rows.over, missing="zero") * factors[block](question, rows.over)
        is_most = np.isfinite(rows.upper) & ~np.isfinite(rows.lower)
        return replace(rows, expression=rows.expression + more * np.where(is_most, -1.0, 1.0))

    factors_of = {relaxation: rows_of(relaxation) for relaxation in relaxations}
    for block in (block for family in FAMILIES for block in family.CONSTRAINTS):
        rows = block.build(model)
        if not rows.over.size:
            continue
        for relaxation, factors in factors_of.items():
            if block.name in factors:
                rows = eased(rows, relaxation, factors, block.name)
        model.problem.rows(block.name, rows)
    parts = ((given[name] * weight).total() for name, weight in weights.items() if name in given)
    model.problem.minimise(sum(parts, start=Expression.constant(UNIT, 0.0)))
    return model, given


# --- Why a scenario has no plan, and the least that would have to change for one ------------------

_CONFLICT_SECONDS: Final = 120.0
_MARGINS: Final = (1.0, 1.02, 1.25, 2.0)
"""Factors on a relaxation until it is enough: settings also move other rows."""
_GIVEN_UP: Final = 0.999
"""Share of a demand from which less of it is giving up."""


@dataclass(frozen=True)
class Remedy:
    """A change that makes a plan possible: it has been made, and a plan found."""

    name: str  # what is relaxed
    unit: str  # unit in which it was made as small as possible
    total: float  # by how much, in all
    change: ProposedChange  # words, settings, figures of tables
    rules: tuple[str, ...]  # rules of the model whose limits it moves, as a conflict names them
    note: str = ""  # what the change would be used for, where that is a size of its own


@dataclass(frozen=True, repr=False)
class Diagnosis(Answer):
    """Why there is no plan, and what would make one possible."""

    kind = FolderKind("diagnosis", "diagnosis")
    fields = ("scenario",)

    scenario: str  # name of the scenario
    feasible: bool  # whether there is a plan; the rest is empty then
    # whether there is a plan with shares of openings, phases, blocks and plants, but none with whole ones
    only_in_shares: bool = False
    shortages: tuple[Shortage, ...] = ()  # users whom nothing can serve, found before a solve
    conflict: tuple[ConflictRule, ...] = ()  # a set of rules that conflict, none of which can be left out of it
    # each is enough alone, those that touch the conflict first, small ones before large ones
    remedies: tuple[Remedy, ...] = ()
    together: tuple[Remedy, ...] = ()  # where no limit but the demand is enough alone: limits that are enough together
    is_smallest: bool = True  # false where, with integers, time ran out before that was clear of every rule

    @property
    def exit_code(self) -> int:
        """3 where there is no plan, as `dcplan solve` ends."""
        return 0 if self.feasible else InfeasibleError.exit_code

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """A row per change that makes a plan possible, and per rule of the conflict."""
        remedies = [(one.name, one.unit, one.total, "; ".join(one.change.words)) for one in self.remedies]
        return {
            "remedies": pd.DataFrame(remedies, columns=["name", "unit", "total", "change"]),
            "conflict": pd.DataFrame({"rule": [one.rule for one in self.conflict]}),
        }

    def to_dict(self) -> dict[str, Any]:
        """Return it in types of JSON, which has no infinity; settings become text."""
        found: dict[str, Any] = json.loads(json.dumps(asdict(self), default=str), parse_constant=lambda _: None)
        return found


def diagnose(
    scenario: str | Path | Scenario,
    overrides: Changes = (),
    *,
    quick: bool = False,
    on_stage: Callable[[str], None] | None = None,
    interrupt: threading.Event | None = None,
) -> Diagnosis:
    """Find out why a scenario has no plan, and the least change that would give it one.

    Parameters
    ----------
    scenario, overrides, on_stage, interrupt
        As for `planner.solve`.
    quick : bool
        Leave out what has to be tried value by value: lead times, latency bounds, and rules
        that are on or off.

    Returns
    -------
    Diagnosis
        Every remedy has been applied to the scenario, and a plan found.

    Raises
    ------
    InputError
        If scenario or data cannot be used.
    LimitReachedError
        If the time limit of the scenario was reached before it was clear whether there is a plan.

    Examples
    --------
    >>> diagnose("tiny").feasible
    True
    """
    ask = Asking(on_stage or (lambda _: None), interrupt)
    ask.report_stage("read")
    scenario = load_scenario(scenario, overrides)
    question = PreparedScenario.from_scenario(scenario)
    ask.report_stage("look whether there is a plan")
    model = without_costs(build_model(question.inputs))
    session = relaxed_session(question, model)
    whole = ask.has_plan(question, session)
    if whole and (not model.problem.has_integers or ask.has_whole_plan(question, model)):
        return Diagnosis(scenario.name, feasible=True)
    ask.report_stage("find the constraints that conflict")
    short = shortages(question)
    if whole:
        conflict, is_smallest = integer_conflict(question, model, _CONFLICT_SECONDS, interrupt)
    else:
        names = session.iis(time_limit_s=_CONFLICT_SECONDS)
        conflict, is_smallest = conflict_rules(question, model.problem, names), True
    remedies = [*_relax_each(question, ask, whole=whole)]
    is_one_enough = any(remedy.name != "demand" for remedy in remedies)
    if not quick:
        remedies += _try_settings(question, conflict, ask)
    in_conflict = {rule.rule for rule in conflict}
    remedies.sort(key=lambda one: (in_conflict.isdisjoint(one.rules), one.name == "demand", one.change.share))
    ask.report_stage("find changes that are enough together")
    together = () if is_one_enough or whole else _relax_together(question, ask)
    return Diagnosis(scenario.name, False, whole, short, conflict, tuple(remedies), together, is_smallest)


def _relax_each(question: PreparedScenario, ask: Asking, *, whole: bool) -> Iterator[Remedy]:
    """Relax limits, one kind after the other, and keep what is enough."""
    for relaxation in RELAXATIONS:
        ask.report_stage(f"relax: {relaxation.name}")
        found = _least(question, relaxation, ask, whole=whole)
        if found is None:
            continue
        over, amounts = found
        if np.isfinite(relaxation.most) and amounts.max(initial=0.0) > _GIVEN_UP * relaxation.most:
            continue
        for margin in _MARGINS:
            change = relaxation.change(question, over, np.minimum(amounts * margin, relaxation.most))
            if ask.is_enough(question, change.settings, change.cells):
                yield _remedy(relaxation, amounts, change)
                break


def _remedy(relaxation: Relaxation, amounts: Floats, change: ProposedChange) -> Remedy:
    return Remedy(relaxation.name, relaxation.unit, float(amounts.sum()), change, tuple(rows_of(relaxation)))


def _least(
    question: PreparedScenario, relaxation: Relaxation, ask: Asking, *, whole: bool
) -> tuple[Index, Floats] | None:
    """Return how far a kind of limit must be relaxed, None where it is not enough; `whole`: with integers."""
    model, given = relaxed(question, (relaxation,), {relaxation.name: 1.0})
    if relaxation.name not in given:
        return None
    hand_over = session_of if whole else relaxed_session
    outcome = ask.solve_session(question, hand_over(question, model))
    amount_of = given[relaxation.name]
    return (amount_of.over, amount_of.value(outcome.x)) if outcome.status == "optimal" else None


def _relax_together(question: PreparedScenario, ask: Asking) -> tuple[Remedy, ...]:
    """Relax all limits at once, each unit counted by how much a year needs of it."""
    limits = [relaxation for relaxation in RELAXATIONS if relaxation.name != "demand"]
    weights = {relaxation.name: 1.0 / _size(question, relaxation) for relaxation in limits}
    model, given = relaxed(question, limits, weights)
    outcome = ask.solve(question, model)
    if outcome.status != "optimal":
        return ()
    for margin in _MARGINS:
        parts = []
        for relaxation in (one for one in limits if one.name in given):
            amounts = np.minimum(given[relaxation.name].value(outcome.x) * margin, relaxation.most)
            if amounts.max(initial=0.0) > 1e-6:
                change = relaxation.change(question, given[relaxation.name].over, amounts)
                parts.append(_remedy(relaxation, amounts, change))
        settings = tuple(s for part in parts for s in part.change.settings)
        cells = tuple(c for part in parts for c in part.change.cells)
        if ask.is_enough(question, settings, cells):
            return tuple(parts)
    return ()


def _size(question: PreparedScenario, relaxation: Relaxation) -> float:
    """Return about as much of a unit as the demand of a year needs, so that units compare.

    A kH100e takes about a MW of racks, bought for 40 MUSD, that emits some 3 kt and evaporates 10,000 m3 a year.
    """
    p = question.inputs
    mw = max(float(p.demand.demand_kh100e.sum()) / len(p.sets.year), 1.0)
    per_mw = {"MW": 1.0, "MW/year": 1.0, "MUSD/year": 40.0, "kt CO2": 3.0, "m3": 1e4}
    return mw * per_mw[relaxation.unit] if relaxation.unit in per_mw else 1.0


def _try_settings(question: PreparedScenario, conflict: Sequence[ConflictRule], ask: Asking) -> Iterator[Remedy]:
    """Try settings that no row can tell, value by value."""
    places = [place for rule in conflict for place in rule.places]
    of_users = [place for place in places if place.get("region", ANYWHERE) != ANYWHERE]
    bounded = {place["workload"] for place in of_users if "workload" in place}
    sites = dict.fromkeys(place["site"] for place in places if "site" in place)
    for search in searches(question, sorted(bounded), tuple(sites)):
        ask.report_stage(f"try: {search.name}")
        found = least(search, lambda change: ask.is_enough(question, change.settings, change.cells))
        if found is not None:
            step, change = found
            yield Remedy(search.name, search.unit, step, change, search.rules, _used_for(question, change, ask))


def _used_for(question: PreparedScenario, change: ProposedChange, ask: Asking) -> str:
    """Say how much stays unmet or is rented, at the least, where that becomes possible."""
    way_out = {("demand", "unmet"): "unmet", ("rent", "allow"): "rented"}
    names = [way_out[one.keys] for one in change.settings if one.keys in way_out]
    if not names:
        return ""
    changed = question.changed(change.settings)
    model = build_model(changed.inputs)
    column = model.unmet if names[0] == "unmet" else model.rented
    model.problem.minimise(column.total())
    outcome = ask.solve(changed, model)
    if outcome.status != "optimal":
        return ""
    by_year = distinct(column.over, "year")
    kh100e = column.sum_to(by_year).value(outcome.x)
    used = np.flatnonzero(kh100e > 1e-6).tolist()
    parts = [f"{amount(float(kh100e[i]))} kH100e in {by_year.tuples(i)[0]}" for i in used]
    word = "stays unmet" if names[0] == "unmet" else "is rented"
    return f"at least {', '.join(parts)} {word}" if parts else ""
