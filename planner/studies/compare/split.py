"""The difference of two costs shared between groups of inputs, so that the parts add up to it.

With v(S) the cost of the first run with the groups S of the other, a Shapley value is

    sum over S without i of |S|! (n - |S| - 1)! / n! (v(S and i) - v(S)),

which takes 2^n costs and does not depend on an order. Ordered substitution takes n + 1: each group
has what it adds when it is changed after those before it.
"""

from __future__ import annotations

from itertools import combinations
from math import factorial
from typing import TYPE_CHECKING, Final, Literal

from planner.base.errors import InfeasibleError
from planner.outputs.comparison.causes import CostSplit, Method, causes_frame
from planner.outputs.comparison.measures import letters_of
from planner.results.cost_difference import CostDifference
from planner.studies.compare.costs import Costs
from planner.studies.compare.groups import Mixture, groups_of
from planner.studies.solve.progress import Pace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from planner.outputs.comparison.causes import CostsOf
    from planner.outputs.run import Run
    from planner.results.cost_difference import PlanCost
    from planner.studies.compare.groups import By, InputGroup
    from planner.studies.solve.asking import Asking

__all__ = ["HowToSplit", "split_by_cause"]

HowToSplit = Literal["auto", "shapley", "ordered", "none"]

_MOST_OF_SHAPLEY: Final = 3  # groups, with six further costs
_OTHER_VERSION: Final = "version of dcplan"
_ROUNDING: Final = "rounding"
_Row = tuple[str, str, CostDifference]


def split_by_cause(
    runs: Sequence[Run], at: int, ask: Asking, *, costs_of: CostsOf = "plans", how: HowToSplit = "auto", by: By = "auto"
) -> CostSplit:
    """Split the difference in cost of a run and the first by the inputs that differ."""
    first, other = runs[0], runs[at]
    letters = letters_of(runs)
    groups = groups_of(first, other, by)
    costs = Costs(Mixture(first, other, groups), (first, other), costs_of, ask)
    counted = _Counted(costs, ask, len(groups))
    every = frozenset(range(len(groups)))
    ends, version = _ends(costs, counted, (first, other), every, costs_of)
    rows: list[_Row] = []
    notes: list[str] = []
    method: Method | None = None
    if how != "none" and not groups:
        rows, method = [(_ROUNDING, "none differs", ends[1].less(ends[0]))], "rounding"
    elif how != "none":
        method = _method(how, len(groups))
        counted.expect(method)
        rows, method, notes = _parts(counted, groups, ends, method)
    if version is not None:
        rows.append(version)
    start, end = ends
    if version is not None:
        stored = [costs.stored(run) for run in (first, other)]
        start, end = (one or two for one, two in zip(stored, ends, strict=True))
    return CostSplit(
        f"{letters[at]} less {letters[0]}",
        costs_of,
        method,
        start.cost_musd,
        end.cost_musd,
        causes_frame(rows),
        costs.solves,
        tuple(notes),
    )


class _Counted:
    """Costs, with a word on how far it is before each solve."""

    def __init__(self, costs: Costs, ask: Asking, groups: int) -> None:
        self._costs, self._ask, self._groups = costs, ask, groups
        self._known: dict[frozenset[int], PlanCost | None] = {}
        self._expected, self._pace = 0, Pace()

    def expect(self, method: Method) -> None:
        """Say how many further programs are to be solved."""
        every = 2**self._groups if method == "shapley" else self._groups + 1
        self._expected = max(every - len(self._known), 0) + self._costs.solves

    def know(self, chosen: frozenset[int], value: PlanCost) -> None:
        """Take a cost that needs no solve."""
        self._known[chosen] = value

    def cost_of(self, chosen: frozenset[int]) -> PlanCost | None:
        """Return the cost of a mixture."""
        if chosen not in self._known:
            how_far = self._pace.describe(self._costs.solves, self._expected)
            self._ask.report_stage(f"Solving with some inputs changed: {how_far}")
            self._known[chosen] = self._costs.cost_of(chosen)
        return self._known[chosen]


def _ends(
    costs: Costs, counted: _Counted, runs: tuple[Run, Run], every: frozenset[int], costs_of: CostsOf
) -> tuple[tuple[PlanCost, PlanCost], _Row | None]:
    """Return the costs of both runs by this version, and what another version makes of them."""
    found, moved = [], []
    for run, chosen in zip(runs, (frozenset[int](), every), strict=True):
        stored = costs.stored(run)
        if costs_of == "plans" and stored is not None and costs.is_program_of(run, chosen):
            counted.know(chosen, stored)
        value = counted.cost_of(chosen)
        if value is None:
            message = f"{run.label}: there is no plan to compare"
            if costs_of == "openings":
                message = f"{run.label}: there is no plan with the openings of the first run"
            raise InfeasibleError(message)
        found.append(value)
        if costs_of == "plans" and stored is not None and value is not stored:
            is_first = run is runs[0]
            moved.append((1.0, value.less(stored) if is_first else stored.less(value)))
    version: _Row | None = None
    if moved:
        whole = CostDifference.weighted_sum(moved)
        version = (_OTHER_VERSION, "the program that it builds", whole)
    return (found[0], found[1]), version


def _method(how: HowToSplit, groups: int) -> Method:
    if how == "auto":
        return "shapley" if groups <= _MOST_OF_SHAPLEY else "ordered"
    return "shapley" if how == "shapley" else "ordered"


def _parts(
    costs: _Counted, groups: Sequence[InputGroup], ends: tuple[PlanCost, PlanCost], method: Method
) -> tuple[list[_Row], Method, list[str]]:
    if method == "shapley":
        rows = _shapley(costs.cost_of, groups)
        if rows is not None:
            return rows, "shapley", []
        note = (
            "Some of the inputs make no scenario, or have no plan, without others, so that there"
            " are no Shapley values; they are changed in order."
        )
        return _ordered(costs.cost_of, groups, ends), "ordered", [note]
    return _ordered(costs.cost_of, groups, ends), "ordered", []


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
    return [
        (group.name, group.inputs, CostDifference.weighted_sum(of)) for group, of in zip(groups, terms, strict=True)
    ]


def _ordered(
    cost: Callable[[frozenset[int]], PlanCost | None], groups: Sequence[InputGroup], ends: tuple[PlanCost, PlanCost]
) -> list[_Row]:
    """Return what each group adds after those before it; what has no cost goes with the next."""
    rows: list[_Row] = []
    before, waiting = ends[0], []
    for at, group in enumerate(groups):
        waiting.append(group)
        is_last = at == len(groups) - 1
        after = ends[1] if is_last else cost(frozenset(range(at + 1)))
        if after is None:
            continue
        rows.append(
            (" with ".join(one.name for one in waiting), ", ".join(one.inputs for one in waiting), after.less(before))
        )
        before, waiting = after, []
    return rows
