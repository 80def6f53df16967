"""The figures whose low and high move the cost of a plan most."""

from __future__ import annotations

import heapq
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.base.errors import InputError, LimitReachedError, Problem
from planner.inputs.prepared import PreparedScenario, refuse_short_view
from planner.inputs.repeated import RepeatedInputs, changed_fields
from planner.inputs.uncertain_figures import (
    UncertainFigure,
    figures_of,
    unmoved_figures,
    with_values,
)
from planner.lp.change import Arrays
from planner.model import build_model
from planner.studies.estimates.aligned import aligned, offers_more
from planner.studies.estimates.cost_lines import CostLines
from planner.studies.estimates.first_order import AtPlan
from planner.studies.estimates.words import note_of
from planner.studies.solve.at_plan import (
    duals_of,
    fixed_program,
    has_program,
    integers_fixed,
    proof_of,
)
from planner.studies.solve.failover import add_cuts, stored_cuts

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence

    from planner.base.arrays import Floats
    from planner.inputs.failover import FailoverInputs
    from planner.inputs.inputs import Inputs
    from planner.model import Model
    from planner.outputs.run import Run
    from planner.scenario import Scenario
    from planner.studies.solve.asking import Asking

__all__ = ["COLUMNS", "Again", "Estimates", "estimates"]

COLUMNS: Final = (
    "rank",
    "table",
    "item",
    "column",
    "unit",
    "kind",
    "value",
    "low",
    "high",
    "low_musd",
    "high_musd",
    "swing_musd",
    "low_resolved_musd",
    "high_resolved_musd",
    "racks_moved_mw",
    "source",
)
_MOST: Final = 10
_ENDS: Final = ("low", "high")
_NO_EFFECT_MUSD: Final = 1e-6
_BEND: Final = 1.5
"""The whole way may do so many times what a small step, scaled, says; a figure in a power does."""
_SMALL_STEP: Final = 0.001  # of the way to the low or high


@dataclass(frozen=True, eq=False)
class Estimates:
    """Which figures decide.

    Parameters
    ----------
    table : DataFrame
        `COLUMNS`, the figure that moves the cost most first; attribute ``note`` says in words what
        was not moved. Its effects are changes of the cost
        of the plan at the low and at the high end; those found by solving again are missing where
        that was not asked for, `racks_moved_mw` is how much of what is bought becomes another
        rack, at the end where that is more.
    figures : int
        How many figures have a low and a high.
    without_effect : int
        Of these, those that were moved and do nothing to the plan; some that do little are not
        looked at one by one.
    in_steps : tuple of UncertainFigure
        Figures that count in steps, as last years of sale and lead times do: what can be done when
        changes with them, of which first order says nothing. Of a column of them all are listed
        where the program depends on any.
    unmoved : int
        Figures of the same tables that have no low and high, and are not moved.
    again : Again, optional
        How much was solved again; None where that was not asked for.
    """

    table: pd.DataFrame
    figures: int
    without_effect: int
    in_steps: tuple[UncertainFigure, ...]
    unmoved: int
    again: Again | None = None


@dataclass(frozen=True)
class Again:
    """How much was solved again.

    Parameters
    ----------
    solved, ends : int
        Ends of figures that were solved again, and all that were to be.
    seconds : float
        Time that it was given. [s]
    too_slow : int
        Ends whose own solve reached the scenario's limit, and so are not among those solved.
    """

    solved: int
    ends: int
    seconds: float
    too_slow: int = 0


@dataclass(frozen=True, eq=False)
class _Moved:
    """What moving figures does to the cost, a step of the way, scaled to the whole of it.

    `by_column` is the change by column of the program, None where rows changed, too.
    """

    musd: float
    most_musd: float
    by_column: Floats | None = None

    @classmethod
    def from_columns(cls, by_column: Floats) -> _Moved:
        return cls(float(by_column.sum()), float(np.abs(by_column).sum()), by_column)


@dataclass(frozen=True, eq=False)
class _Program:
    """The program of a plan, and the same with other figures."""

    repeated: RepeatedInputs
    model: Model
    plan: AtPlan
    lines: CostLines
    cuts: FailoverInputs

    def inputs_with(
        self, values: Sequence[tuple[UncertainFigure, float]], *, other_offers: bool = False
    ) -> Inputs | None:
        """Make inputs with other values of figures; None where they make none that are valid.

        Racks and hall designs on offer are those of the plan, unless other ones are asked for.
        """
        tables = with_values(self.model.p.tables, values)
        try:
            return self.repeated.with_tables(tables, other_offers=other_offers)
        except InputError:
            return None

    def arrays_of(self, inputs: Inputs, *, without_used: bool = False) -> Arrays | None:
        """Build the program of inputs in the rows and columns of the plan.

        None where it lacks what the plan makes use of, unless it may.
        """
        plan, model = self.plan, build_model(inputs)
        if inputs.failover is self.repeated.inputs.failover:
            # What the plan must survive was added to its program while it was solved.
            add_cuts(model, self.cuts)
        problem = model.problem
        return aligned(
            self.model.problem,
            problem,
            plan.arrays,
            plan.x,
            plan.row_dual,
            without_used=without_used,
        )

    def moved(
        self, values: Sequence[tuple[UncertainFigure, float]], step: float = 1.0
    ) -> _Moved | None:
        """Return what moving figures to some values does to the cost to first order.

        They go a step of the way, and what that does is scaled to the whole of it. None where the
        values make no valid input, or take away what the plan makes use of.
        """
        inputs = self.inputs_with([(of, of.value + step * (end - of.value)) for of, end in values])
        if inputs is None:
            return None
        by_column = self.lines.change(inputs)
        if by_column is not None:
            return _Moved.from_columns(by_column / step)
        arrays = self.arrays_of(inputs)
        if arrays is None:
            return None
        effect = self.plan.effect(arrays)
        return _Moved(effect.musd / step, effect.most_musd / step)

    def counts_in_steps(self, group: Sequence[UncertainFigure]) -> bool:
        """Return whether the model is given other inputs by the ends of figures, not by less."""

        def does_anything(values: list[tuple[UncertainFigure, float]]) -> bool:
            inputs = self.inputs_with(values, other_offers=True)
            return inputs is None or bool(changed_fields(inputs, self.model.p))

        ends = ([(of, of.low) for of in group], [(of, of.high) for of in group])
        if not any(map(does_anything, ends)):
            return False
        step = [(of, of.value + _SMALL_STEP * (of.further - of.value)) for of in group]
        return group[0].is_whole or not does_anything(step)

    def only_takes_away(self, figure: UncertainFigure, end: float) -> bool:
        """Return whether a value takes away what the plan makes use of, and offers no more."""
        inputs = self.inputs_with([(figure, end)], other_offers=True)
        if inputs is None or not changed_fields(inputs, self.model.p):
            return False
        is_less = not offers_more(self.model.problem, build_model(inputs).problem)
        return is_less and self.arrays_of(inputs) is None

    def ends(self, figure: UncertainFigure, step: _Moved | None) -> tuple[float, float] | None:
        """Return what the low and the high of a figure do to the cost. [MUSD]

        What is paid is in proportion to a price: a small step of it says what the whole way does.
        """
        is_known = figure.is_price and step is not None and step.by_column is not None
        further = step if is_known else self.moved([(figure, figure.further)])
        if further is None:
            return None
        nearer = figure.low if figure.further == figure.high else figure.high
        if figure.is_price and further.by_column is not None:
            musd = further.musd * (nearer - figure.value) / (figure.further - figure.value)
        else:
            moved = self.moved([(figure, nearer)])
            if moved is None:
                return None
            musd = moved.musd
        ends = (musd, further.musd)
        return ends if nearer == figure.low else ends[::-1]


@dataclass
class _Found:
    """What a search has found so far."""

    effects: list[tuple[UncertainFigure, float, float]] = field(default_factory=list)
    in_steps: list[UncertainFigure] = field(default_factory=list)
    without_effect: int = 0


def estimates(
    run: Run,
    scenario: Scenario,
    inputs: Inputs,
    ask: Asking,
    *,
    resolve: bool = False,
    seconds: float = math.inf,
    most: int = _MOST,
) -> Estimates:
    """Find the figures whose low and high move the cost of a plan most.

    Each figure is moved to its low and its high with all others as they are. The change of cost
    is first order, from the plan and its duals; of the program only what changes is built again
    for it, and nothing is solved. Figures are first moved by groups, a small step: where a group
    does little, no figure of it does more.

    Parameters
    ----------
    run : Run
        Its program, plan and duals.
    scenario, inputs
        What it was made of.
    ask : Asking
        Called with the progress, and each solve.
    resolve : bool
        Solve again with each of the figures found at its low and its high, integers as they are;
        and with those that count in steps where they take away what the plan makes use of, to rank
        them with the others.
    seconds : float
        Most time to solve again, the plan's own program and then the figures that matter most
        first; what is not reached stays as first order has it, and the note says so. [s]
    most : int
        How many figures to find.

    Raises
    ------
    InputError
        If the run has no duals, this version builds another program from its inputs, or the plan
        was decided year by year.
    LimitReachedError
        If it was stopped.
    """
    refuse_short_view(scenario)
    proof = proof_of(run)
    repeated = RepeatedInputs(scenario, inputs.tables)
    model = build_model(repeated.inputs)
    if proof is None:
        raise InputError([_no_duals(run)])
    cuts = stored_cuts(model, proof)
    arrays = Arrays.from_problem(add_cuts(model, cuts).problem)
    if not has_program(proof, arrays):
        raise InputError([_no_duals(run)])
    plan = AtPlan(arrays, proof.column("x"), np.nan_to_num(duals_of(proof, arrays)))
    program = _Program(repeated, model, plan, CostLines(model, plan.x), cuts)
    figures = figures_of(inputs.tables)
    found = _search(program, figures, most, ask.report_stage, ask.interrupt)
    if resolve:
        table, again = _resolved(
            found, program, PreparedScenario(scenario, inputs), ask, run, most, seconds
        )
    else:
        again = None
        rows = [_row(rank, *one) for rank, one in enumerate(found.effects, start=1)]
        table = pd.DataFrame(rows, columns=list(COLUMNS))
    unmoved = unmoved_figures(inputs.tables)
    in_steps = tuple(found.in_steps)
    made = Estimates(table, len(figures), found.without_effect, in_steps, unmoved, again)
    table.attrs["note"] = note_of(made, _count(run.meta["merged"]))
    return made


def _count(settings: object) -> int:
    """Count the values in settings within settings."""
    return sum(map(_count, settings.values())) if isinstance(settings, Mapping) else 1


def _no_duals(run: Run) -> Problem:
    held_before = run.meta.get("orders_held_before")
    if held_before is not None:
        return Problem(
            str(run.folder or run.name),
            None,
            None,
            f"the plan has its orders before {held_before} from a stochastic program",
            "a plan whose orders are its own",
            "solve the future alone: dcplan solve with its settings, or dcplan sweep with its file",
        )
    return Problem(
        str(run.folder or run.name),
        None,
        None,
        "the run stores no program with duals that this version builds from its inputs",
        "a plan that was solved to its end, by this version",
        f"solve it again: dcplan solve {run.name}",
    )


def _search(
    program: _Program,
    figures: Sequence[UncertainFigure],
    most: int,
    report: Callable[[str], None],
    interrupt: threading.Event | None,
) -> _Found:
    """Find the figures with the largest effects, groups that may hold them first."""
    found, order = _Found(), count()
    queue: list[tuple[float, int, list[UncertainFigure], _Moved | None]] = []
    groups: dict[tuple[str, str], list[UncertainFigure]] = {}
    for figure in figures:
        groups.setdefault((figure.table, figure.column), []).append(figure)

    def put(group: list[UncertainFigure], moved: _Moved | None) -> None:
        # A group of which nothing is known is split before all others.
        bend = 1.0 if group[0].is_price else _BEND
        bound = np.inf if moved is None else bend * moved.most_musd
        if bound > _NO_EFFECT_MUSD:
            heapq.heappush(queue, (-bound, next(order), group, moved))

    def look(group: list[UncertainFigure]) -> _Moved | None:
        if interrupt is not None and interrupt.is_set():
            message = "stopped before it was clear which figures decide"
            raise LimitReachedError(message)
        return program.moved([(figure, figure.further) for figure in group], _SMALL_STEP)

    moving = "Moving figures to their low and high"
    for number, group in enumerate(groups.values(), start=1):
        report(f"{moving}: column {number} of {len(groups)}")
        moved = None if group[0].is_whole else look(group)
        if moved is not None and moved.most_musd > _NO_EFFECT_MUSD:
            put(group, moved)
        elif program.counts_in_steps(group):
            found.in_steps += group
        else:
            found.without_effect += len(group)
    while queue:
        bound, _, group, moved = heapq.heappop(queue)
        if len(found.effects) >= most and -bound <= _swing(found.effects[most - 1]):
            break
        if len(group) > 1:
            middle = len(group) // 2
            half = look(group[:middle])
            put(group[:middle], half)
            put(group[middle:], _rest(moved, half) or look(group[middle:]))
            continue
        (figure,) = group
        report(f"{moving}: {len(found.effects)} of those that decide found")
        ends = program.ends(figure, moved)
        if ends is None:
            found.in_steps.append(figure)
            continue
        found.effects.append((figure, *ends))
        found.effects.sort(key=lambda one: -_swing(one))
    del found.effects[most:]
    return found


def _rest(whole: _Moved | None, half: _Moved | None) -> _Moved | None:
    """Return what the other half of a group does: small steps add up."""
    if whole is None or half is None or whole.by_column is None or half.by_column is None:
        return None
    return _Moved.from_columns(whole.by_column - half.by_column)


def _swing(one: tuple[UncertainFigure, float, float]) -> float:
    _, low, high = one
    return max(abs(low), abs(high))


def _row(
    rank: int, figure: UncertainFigure, low_musd: float, high_musd: float
) -> dict[str, object]:
    return {
        "rank": rank,
        "table": figure.table,
        "item": figure.item,
        "column": figure.column,
        "unit": figure.unit,
        "kind": figure.kind,
        "value": figure.value,
        "low": figure.low,
        "high": figure.high,
        "low_musd": low_musd,
        "high_musd": high_musd,
        "swing_musd": _swing((figure, low_musd, high_musd)),
        "low_resolved_musd": np.nan,
        "high_resolved_musd": np.nan,
        "racks_moved_mw": np.nan,
        "source": figure.source,
    }


def _resolved(
    found: _Found,
    program: _Program,
    question: PreparedScenario,
    ask: Asking,
    run: Run,
    most: int,
    seconds: float,
) -> tuple[pd.DataFrame, Again]:
    """Solve again with each figure at its low and its high, from the plan and its duals."""
    began, model = time.perf_counter(), program.model

    def left_s() -> float:
        return max(0.0, began + seconds - time.perf_counter())

    fixed = fixed_program(question, model, ask, proof_of(run))
    to_solve = _ends_to_solve(found, program)
    ask.report_stage("Solving the program as it is")
    left = left_s()
    before = ask.solve_session(question, fixed.session, most_s=left)
    if before.status == "time_limit":
        ends = len(to_solve.places)
        is_own_limit = left > question.scenario.solver.time_limit_s
        none_solved = Again(0, ends, seconds, ends if is_own_limit else 0)
        return _solved_again(found, to_solve, {}, most), none_solved
    bought = _racks_bought(model, before.x)

    def solved(
        figure: UncertainFigure, end: float, *, in_steps: bool
    ) -> tuple[float, float] | None:
        """Return the change of cost [MUSD] and the racks that become others [MW].

        None where there is no plan, or none can be stated.

        Raises
        ------
        _TooSlow
            If this solve reached the scenario's limit.
        TimeoutError
            If time ran out for all.
        """
        if not left_s():
            raise TimeoutError
        inputs = program.inputs_with([(figure, end)], other_offers=in_steps)
        if inputs is None or not changed_fields(inputs, model.p):
            return None
        built = program.arrays_of(inputs, without_used=in_steps)
        if built is None:
            return None
        x = np.clip(program.plan.x, built.columns.lower, built.columns.upper)
        fixed.session.take(integers_fixed(model, built, x))
        left = left_s()
        after = ask.solve_session(question, fixed.session, most_s=left)
        if after.status == "time_limit":
            raise _TooSlow if left > question.scenario.solver.time_limit_s else TimeoutError
        if after.status != "optimal":
            return None
        moved = float(np.abs(_racks_bought(model, after.x) - bought).sum()) / 2.0
        return after.objective - before.objective, moved

    results: dict[tuple[int, str], tuple[float, float]] = {}
    done = too_slow = 0
    for at, name in to_solve.places:
        figure = to_solve.figures[at]
        so_far = f"{done} of {len(to_solve.places)} ends, {time.perf_counter() - began:.0f} s"
        of_all = f" of at most {seconds:.0f} s" if math.isfinite(seconds) else ""
        ask.report_stage(f"Solving again: {so_far}{of_all}; now the {name} of {figure.item}")
        try:
            again = solved(figure, getattr(figure, name), in_steps=at >= to_solve.ranked)
        except _TooSlow:
            too_slow += 1
            continue
        except TimeoutError:
            break
        done += 1
        if again is not None:
            results[at, name] = again
    table = _solved_again(found, to_solve, results, most)
    return table, Again(done, len(to_solve.places), seconds, too_slow)


def _solved_again(
    found: _Found,
    to_solve: _Ends,
    results: Mapping[tuple[int, str], tuple[float, float]],
    most: int,
) -> pd.DataFrame:
    """Make the table of figures whose ends were solved again, ranked by what that found."""
    rows = []
    for at, figure in enumerate(to_solve.figures):
        ends = {name: results[at, name] for name in _ENDS if (at, name) in results}
        effects = found.effects[at][1:] if at < to_solve.ranked else (np.nan, np.nan)
        row = _row(at + 1, figure, *effects)
        row |= {f"{name}_resolved_musd": musd for name, (musd, _) in ends.items()}
        row["racks_moved_mw"] = max((mw for _, mw in ends.values()), default=np.nan)
        if at >= to_solve.ranked:
            row["swing_musd"] = max((abs(musd) for musd, _ in ends.values()), default=0.0)
        rows.append(row)
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    table = table[table["swing_musd"] > _NO_EFFECT_MUSD]
    table = table.sort_values("swing_musd", ascending=False, kind="stable").head(most)
    return table.assign(rank=range(1, len(table) + 1)).reset_index(drop=True)


class _TooSlow(Exception):  # as TimeoutError, of one solve
    """A solve reached the scenario's own limit while there is time for others."""


@dataclass(frozen=True)
class _Ends:
    """Figures to solve again with, and at which of their ends.

    `figures` begins with the `ranked` ones, in the order of first order; `places` are the number
    of a figure and its end, in the order in which they are solved.
    """

    figures: tuple[UncertainFigure, ...]
    ranked: int
    places: tuple[tuple[int, str], ...]


def _ends_to_solve(found: _Found, program: _Program) -> _Ends:
    """List the ends to solve again: of those found, then of steps that only take away."""
    ranked = [figure for figure, _, _ in found.effects]
    stepped: list[UncertainFigure] = []
    places = [(at, name) for at in range(len(ranked)) for name in _ENDS]
    for figure in found.in_steps:
        less = [name for name in _ENDS if program.only_takes_away(figure, getattr(figure, name))]
        if less:
            places += [(len(ranked) + len(stepped), name) for name in less]
            stepped.append(figure)
    return _Ends((*ranked, *stepped), len(ranked), tuple(places))


def _racks_bought(model: Model, x: np.ndarray) -> np.ndarray:
    """Return what is bought of each rack in all years. [MW]"""
    rack = model.install.over["rack"]
    return np.bincount(rack, model.install.value(x), minlength=len(model.p.sets.rack))
