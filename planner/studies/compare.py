"""What parts two plans: runs, groups of cost, and what explains the difference."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from itertools import combinations
from math import factorial, isclose
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

import numpy as np

from planner.base.errors import InfeasibleError, InputError, Problem, raise_all
from planner.inputs import TABLES, inputs_without_notes
from planner.inputs.build import PreparedScenario, refuse_short_view
from planner.lp.change import Arrays
from planner.model import Model, build_model
from planner.model.money import penalty_musd
from planner.outputs.comparison.comparison import (
    ABSENT,
    CostsOf,
    CostSplit,
    InputDifference,
    Method,
    RunComparison,
    causes_frame,
    setting_differences,
    tables_together,
)
from planner.outputs.measures import MOST_RUNS, letters_of
from planner.outputs.run import Run
from planner.outputs.solver_files import scenario_of, scenario_of_merged, unreadable_tables
from planner.results.cost_difference import CostDifference, PlanCost
from planner.results.ended import PLANNED
from planner.runs.catalogue import find_run
from planner.runs.folder import load_run
from planner.runs.plan import PlanViews
from planner.studies.solve.asking import Asking, Pace, begins_with_program, session_of, stored_program, with_plan
from planner.studies.solve.solves import FailureCuts, Solves
from planner.studies.solve.whole_numbers import find_plan

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Sequence

    from planner.lp import HighsSession, Outcome
    from planner.results.proof import Proof

# --- Inputs of two runs in groups ------------------------------------------------------------------

By = Literal["auto", "key", "block"]
"""How settings are put into groups: one by one, by their block, or by what is few enough."""
_MOST_BY_KEY: Final = 8  # groups


@dataclass(frozen=True, eq=False)
class InputGroup:
    """Inputs that are changed together."""

    name: str  # what it is called
    settings: tuple[InputDifference, ...] = ()  # settings of it
    tables: tuple[str, ...] = ()  # tables of it

    @property
    def inputs(self) -> str:
        """All of its inputs in words."""
        return ", ".join([*(one.name for one in self.settings), *(f"table {name}" for name in self.tables)])


def groups_of(first: Run, other: Run, by: By = "auto") -> list[InputGroup]:
    """Put the inputs in which two runs differ into groups."""
    settings = setting_differences([first, other])
    tables = [InputGroup(f"table {of[0]}", (), of) for of in tables_together(first, other)]
    by_key = [*_by_key(settings), *tables]
    if by == "key" or (by == "auto" and len(by_key) <= _MOST_BY_KEY):
        return by_key
    return [*(InputGroup(name, of) for name, of in _by_block(settings).items()), *tables]


def _by_key(settings: Sequence[InputDifference]) -> list[InputGroup]:
    follow = _by_block(one for one in settings if not any(one.places))
    groups = []
    for one in (one for one in settings if any(one.places)):
        with_it = follow.pop(one.keys[0], ())
        groups.append(InputGroup(f"{one.name} and what follows" if with_it else one.name, (one, *with_it)))
    return [*groups, *(InputGroup(block, of) for block, of in follow.items())]


def _by_block(settings: Iterable[InputDifference]) -> dict[str, tuple[InputDifference, ...]]:
    blocks: dict[str, tuple[InputDifference, ...]] = {}
    for one in settings:
        blocks[one.keys[0]] = (*blocks.get(one.keys[0], ()), one)
    return blocks


def _put(merged: dict[str, Any], keys: tuple[str, ...], value: Any) -> None:
    """Write a value at a key path; take the key out where there is none."""
    block = merged
    for key in keys[:-1]:
        block = block[key]
    if value is ABSENT:
        block.pop(keys[-1], None)
    else:
        block[keys[-1]] = copy.deepcopy(value)


# --- What each mixture of the inputs of two runs costs, each solved once --------------------------

_SAME: float = 1e-9  # relative


class Costs:
    """Costs of mixtures of the inputs of two runs, by which groups are those of the other run."""

    def __init__(self, runs: tuple[Run, Run], groups: Sequence[InputGroup], costs_of: CostsOf, ask: Asking) -> None:
        raise_all([problem for run in runs for problem in unreadable_tables(run)])
        for run in runs:
            # Finds out that files it needs are gone or have changed.
            refuse_short_view(scenario_of(run))
        self._runs, self._groups, self._costs_of, self._ask = runs, groups, costs_of, ask
        self._tables = [{name: run.inputs_tables[name] for name in TABLES} for run in runs]
        self._found: dict[frozenset[int], PlanCost | None] = {}
        self._expected, self._pace = 0, Pace()
        self._sessions: dict[float, HighsSession] = {}
        self._openings: dict[tuple[str, ...], float] | None = None
        self.solves = 0

    def question(self, chosen: Iterable[int]) -> PreparedScenario:
        """Return the first run's question with some groups of inputs as the other run has them."""
        groups = [self._groups[at] for at in sorted(chosen)]
        merged = copy.deepcopy(dict(self._runs[0].meta["merged"]))
        for one in (one for group in groups for one in group.settings):
            _put(merged, one.keys, one.values[1])
        tables = self._tables[0] | {name: self._tables[1][name] for group in groups for name in group.tables}
        scenario = scenario_of_merged(self._runs[0], merged)
        return PreparedScenario(scenario, inputs_without_notes(scenario, tables))

    def cost_of(self, chosen: frozenset[int]) -> PlanCost | None:
        """Return what a mixture costs; None where it makes no scenario, or has no plan."""
        if chosen not in self._found:
            how_far = self._pace.describe(self.solves, self._expected)
            self._ask.report_stage(f"Solving with some inputs changed: {how_far}")
            self._found[chosen] = self._solve(chosen)
        return self._found[chosen]

    def expect(self, every: int) -> None:
        """Say how many programs there are in all."""
        self._expected = max(every - len(self._found), 0) + self.solves

    def take_stored(self, run: Run, chosen: frozenset[int]) -> None:
        """Take the cost that a run stores for one that needs no solve."""
        self._stored(run, chosen)
        self._found[chosen] = PlanCost.from_stored(run.meta, run.tables["costs"])

    def _stored(self, run: Run, chosen: frozenset[int]) -> tuple[Model, Proof]:
        """Return what a run stores of the program that this version builds, cuts aside; refuse another one."""
        if run.meta["objective_musd"] is None:
            raise InfeasibleError(f"{run.label}: there is no plan to compare")
        model, proof = build_model(self.question(chosen).inputs), stored_program(run)
        arrays = Arrays.from_problem(model.problem)
        # The constant moves no plan, but what it costs.
        is_same = proof is not None and isclose(proof.offset_musd, arrays.columns.offset, rel_tol=_SAME)
        if proof is None or not is_same or not begins_with_program(proof, arrays):
            what_is, must_be = "it stores another program than this version builds", "the same, to split a difference"
            raise InputError.at(run.label, what_is, must_be, f"solve it again: dcplan solve {run.name} --again")
        return model, proof

    def _solve(self, chosen: frozenset[int]) -> PlanCost | None:
        try:
            question = self.question(chosen)
        except InputError:
            return None
        self.solves += 1
        model = build_model(question.inputs)
        outcome = self._outcome(question, model)
        name, good = question.scenario.name, PLANNED | {"infeasible"}
        with_plan(outcome, name, "the difference was split", good=good)
        if not outcome.has_plan:
            return None
        cost = bound = outcome.objective
        if self._costs_of == "plans":
            bound = min(outcome.dual_bound, cost)
        return PlanCost(cost, bound, float(penalty_musd(model).value(outcome.x)[0]))

    def _outcome(self, question: PreparedScenario, model: Model) -> Outcome:
        scenario = question.scenario
        # It holds the program, and the last basis where there is one.
        session = self._sessions.get(scenario.solver.tolerance) or session_of(question, model)
        session.update(model.problem)
        self._sessions[scenario.solver.tolerance] = session
        cuts = FailureCuts.where_asked(scenario, model)
        if self._costs_of == "plans":
            return find_plan(model, session, scenario.solver, cuts=cuts, hooks=self._ask.hooks)
        solves = Solves(model, session, scenario.solver, cuts, self._ask.hooks)
        columns = model.problem.columns()
        lower, upper = columns.lower.copy(), columns.upper.copy()
        if self._costs_of == "openings" and columns.integer.any():
            known = self._integers()  # one that the plan does not know is 0
            lower[columns.integer] = upper[columns.integer] = [known.get(label, 0.0) for label in _labels(model)]
        return solves.solve_within(lower, upper)

    def _integers(self) -> dict[tuple[str, ...], float]:
        """Return the integers of the first run's plan by their labels."""
        if self._openings is None:
            model, proof = self._stored(self._runs[0], frozenset())
            whole = np.round(proof.column("x")[model.problem.columns().integer]).tolist()
            self._openings = dict(zip(_labels(model), whole, strict=True))
        return self._openings


def _labels(model: Model) -> list[tuple[str, ...]]:
    """Return the labels of all integers of a program."""
    problem, is_integer = model.problem, model.problem.columns().integer
    return [
        (name, *problem.columns_over(name).tuples(int(at)))
        for name in problem.column_block_names
        for at in np.flatnonzero(is_integer[problem.column_block(name)])
    ]


# --- The difference of two costs shared between groups of inputs, so that the parts add up to it ---
#
# With v(S) the cost of the first run with the groups S of the other, a Shapley value is
#
#     sum over S without i of |S|! (n - |S| - 1)! / n! (v(S and i) - v(S)),
#
# which takes 2^n costs and does not depend on an order. Ordered substitution takes n + 1: each group
# has what it adds when it is changed after those before it.

HowToSplit = Literal["auto", "shapley", "ordered", "none"]
_MOST_OF_SHAPLEY: Final = 3  # groups, with six further costs
_NO_SHAPLEY: Final = (
    "Some of the inputs make no scenario, or have no plan, without others, so that there"
    " are no Shapley values; they are changed in order."
)
_Row = tuple[str, str, CostDifference]


def split_by_cause(
    runs: Sequence[Run], at: int, ask: Asking, *, costs_of: CostsOf = "plans", how: HowToSplit = "auto", by: By = "auto"
) -> CostSplit:
    """Split the difference in cost of a run and the first by the inputs that differ."""
    first, other = runs[0], runs[at]
    groups = groups_of(first, other, by)
    costs = Costs((first, other), groups, costs_of, ask)
    ends = _ends(costs, (first, other), frozenset(range(len(groups))), costs_of)
    rows: list[_Row] | None = []
    notes: list[str] = []
    method: Method | None = None
    if how != "none" and not groups:
        rows, method = [("rounding", "none differs", ends[1].less(ends[0]))], "rounding"
    elif how == "shapley" or (how == "auto" and len(groups) <= _MOST_OF_SHAPLEY):
        costs.expect(2 ** len(groups))
        rows, method = _shapley(costs.cost_of, groups), "shapley"
        notes = [] if rows is not None else [_NO_SHAPLEY]
    elif how != "none":
        costs.expect(len(groups) + 1)
        rows = None
    if rows is None:
        rows, method = _ordered(costs.cost_of, groups, ends), "ordered"
    letters = letters_of(runs)
    found = (ends[0].cost_musd, ends[1].cost_musd, causes_frame(rows), costs.solves, tuple(notes))
    return CostSplit(f"{letters[at]} less {letters[0]}", costs_of, method, *found)


def _ends(costs: Costs, runs: tuple[Run, Run], every: frozenset[int], costs_of: CostsOf) -> tuple[PlanCost, PlanCost]:
    """Return the costs of both runs: those that they store, or of what is compared instead of plans."""
    found = []
    for run, chosen in zip(runs, (frozenset[int](), every), strict=True):
        if costs_of == "plans":
            costs.take_stored(run, chosen)
        value = costs.cost_of(chosen)
        if value is None:
            which = "with the openings of the first run" if costs_of == "openings" else "to compare"
            raise InfeasibleError(f"{run.label}: there is no plan {which}")
        found.append(value)
    return found[0], found[1]


def _shapley(cost: Callable[[frozenset[int]], PlanCost | None], groups: Sequence[InputGroup]) -> list[_Row] | None:
    """Return the Shapley value of each group; None where a mixture has no cost."""
    count = len(groups)
    terms: list[list[tuple[float, CostDifference]]] = [[] for _ in groups]
    for size in range(count):
        share = factorial(size) * factorial(count - size - 1) / factorial(count)
        for chosen in combinations(range(count), size):
            before = cost(frozenset(chosen))
            for at in set(range(count)) - set(chosen):
                after = cost(frozenset((*chosen, at)))
                if before is None or after is None:
                    return None
                terms[at].append((share, after.less(before)))
    both = zip(groups, terms, strict=True)
    return [(group.name, group.inputs, CostDifference.weighted_sum(of)) for group, of in both]


def _ordered(
    cost: Callable[[frozenset[int]], PlanCost | None], groups: Sequence[InputGroup], ends: tuple[PlanCost, PlanCost]
) -> list[_Row]:
    """Return what each group adds after those before it; what has no cost goes with the next."""
    rows: list[_Row] = []
    before, waiting = ends[0], []
    for at, group in enumerate(groups):
        waiting.append(group)
        after = ends[1] if at == len(groups) - 1 else cost(frozenset(range(at + 1)))
        if after is None:
            continue
        names, inputs = " with ".join(one.name for one in waiting), ", ".join(one.inputs for one in waiting)
        rows.append((names, inputs, after.less(before)))
        before, waiting = after, []
    return rows


# --- Runs compared, with the difference in cost split by cause where that is asked for ------------


def compare(
    *runs: str | Path | PlanViews | Run,
    causes: bool = False,
    paired: bool = False,
    same_openings: bool = False,
    how: HowToSplit = "auto",
    by: By = "auto",
    runs_dir: str | Path = "runs",
    on_stage: Callable[[str], None] | None = None,
    interrupt: threading.Event | None = None,
) -> RunComparison:
    """Compare runs with the first of them.

    Parameters
    ----------
    *runs : str, Path, Plan or Run
        Two or more: a run folder, the name of a run, the name of a scenario, whose latest run
        without changed settings is meant, or a plan.
    causes : bool
        Solve again to split the difference in cost by the inputs that differ.
    paired : bool
        Compare programs without integrality, so that no rounding counts.
    same_openings : bool
        Compare plans with the integers of the first run.
    how, by
        As for `split_by_cause`.
    runs_dir : str or Path
        Folder of run folders.
    on_stage, interrupt
        As for `planner.solve`.

    Returns
    -------
    RunComparison
        With `inputs`, `results`, `certainty`, `splits` and `notes`.

    Raises
    ------
    InputError
        If a run is not found or cannot be read, there is not more than one, `paired` and
        `same_openings` are both set, or `how` or `by` is none that there is, or given without
        `causes`.
    InfeasibleError
        If a run has no plan, or none with the openings of the first.
    LimitReachedError
        If it was stopped.

    Examples
    --------
    >>> import planner
    >>> before = planner.solve("tiny")
    >>> after = planner.solve("tiny", ["new_sites.north.land_limit_mw=27"])
    >>> compare(before, after).inputs[["key", "A", "B"]].to_numpy().tolist()
    [['new_sites.north.land_limit_mw', 30.0, 27.0]]
    """
    given, causes_alone = "1 run is" if len(runs) == 1 else f"{len(runs)} runs are", "given with --causes alone"
    splits, groups = get_args(HowToSplit), get_args(By)
    problems = [
        Problem.of(option, what_is, must_be, fix)
        for is_wrong, option, what_is, must_be, fix in (
            (paired and same_openings, "--paired", "it is given with --same-openings", "without it", "leave out one"),
            (how not in splits, "--split", f"it is {how!r}", f"one of {', '.join(splits)}", ""),
            (by not in groups, "--by", f"it is {by!r}", f"one of {', '.join(groups)}", ""),
            (how in splits[1:3] and not causes, "--split", f"it is {how!r}", causes_alone, "add it"),
            (by in groups[1:] and not causes, "--by", f"it is {by!r}", causes_alone, "add it"),
            (not 1 < len(runs) <= MOST_RUNS, "RUN", f"{given} given", f"2 to {MOST_RUNS}", ""),
        )
        if is_wrong
    ]
    raise_all(problems)
    found = tuple(_run(run, Path(runs_dir)) for run in runs)
    if not (causes or paired or same_openings):
        return RunComparison(found)
    ask = Asking(on_stage or (lambda _: None), interrupt)
    costs_of: CostsOf = "bounds" if paired else "openings" if same_openings else "plans"
    split: dict[str, Any] = {"costs_of": costs_of, "how": how if causes else "none", "by": by}
    return RunComparison(found, tuple(split_by_cause(found, at, ask, **split) for at in range(1, len(found))))


def _run(run: str | Path | PlanViews | Run, runs_dir: Path) -> Run:
    if isinstance(run, Run):
        return run
    if isinstance(run, PlanViews):
        return run.run
    return load_run(find_run(str(run), runs_dir))
