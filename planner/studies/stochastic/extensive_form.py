"""All futures as one program, each of them, and their mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.errors import InfeasibleError
from planner.lp import UNIT, ArrayProblem, Axis, Columns, Expression, Index, Matrix, Outcome, ProgressEvent, RowBounds
from planner.lp.change import Arrays
from planner.results.store import cleaned
from planner.studies.solve.asking import WarmProgram, with_plan
from planner.studies.solve.conflict import conflict_rules, in_words, why_no_plan
from planner.studies.solve.solves import SolveHooks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import pandas as pd

    from planner.base.arrays import Floats, Positions
    from planner.inputs.build import PreparedScenario
    from planner.model import Model
    from planner.studies.stochastic.decisions import Received
    from planner.studies.sweep.axes import Risk

# --- The program of all futures together: each one's own, and the orders that they share ----------

_PREFIX: Final = "future_{}."


def numbered(name: str, count: int) -> Index:
    """Return a list of things numbered from 1."""
    return Index.full(name, Axis(name, tuple(str(number + 1) for number in range(count))))


class ExtensiveForm:
    r"""The extensive form: the programs of all futures side by side, as they are, with shared orders.

    .. math:: \min\ (1 - \lambda) \sum_s p_s c_s^\top x_s
        + \lambda \Bigl( \eta + \frac{1}{\tau} \sum_s p_s \xi_s \Bigr)

    .. math:: A_s x_s = b_s, \qquad E_s x_s = R_s z, \qquad \xi_s \ge c_s^\top x_s - \eta,\
        \xi_s \ge 0 \qquad \forall s

    with orders :math:`z` and :math:`R_s`, which decisions of future :math:`s` they enter.

    Source: Birge and Louveaux 2011; conditional value at risk by Rockafellar and Uryasev 2000.
    """

    def __init__(self, models: Sequence[Model], orders: pd.DataFrame, received: Sequence[Received]) -> None:
        self.problem = ArrayProblem("futures")
        self._first: list[int] = []
        self._columns = [model.problem.column_count for model in models]
        for number, model in enumerate(models, start=1):
            self._first.append(self.problem.include(model.problem, _PREFIX.format(number)))
        self.costs = [model.problem.total.moved(first) for model, first in zip(models, self._first, strict=True)]
        self._future = numbered("future", len(models))
        self._orders = self.problem.variable("orders", numbered("order", len(orders)))
        for number, (one, first) in enumerate(zip(received, self._first, strict=True), start=1):
            self._share(number, one, first)

    def _share(self, number: int, one: Received, first: int) -> None:
        over = Index.full("decision", Axis("decision", tuple(map(str, one.column))))
        row, column = np.arange(over.size, dtype=np.int32), (one.column + first).astype(np.int32)
        own = Expression(over, row, column, np.ones(over.size), np.zeros(over.size))
        more = own - self._orders.map(over, one.order, one.row)
        prefix = _PREFIX.format(number)
        self.problem.rows(f"{prefix}as_ordered", more.select(one.is_all) == 0.0)
        self.problem.rows(f"{prefix}ordered_early", more.select(~one.is_all) >= 0.0)

    def minimise_cost(self, weights: Floats, risk: Risk) -> None:
        """Ask for the least expected cost, bad futures counted as much as `risk` says."""
        expected = self._expected(weights)
        if risk.weight == 0.0:
            self.problem.minimise(expected)
            return
        threshold = self.problem.variable("value_at_risk", UNIT, lower=-np.inf)
        excess = self.problem.variable("excess", self._future)
        above = excess + threshold.on(self._future) - self._cost_of_each()
        self.problem.rows("cost_above_value_at_risk", above >= 0.0)
        tail = threshold + (excess * (weights / risk.tail)).total()
        self.problem.minimise((1.0 - risk.weight) * expected + risk.weight * tail)

    def minimise_regret(self, least: Floats) -> None:
        """Ask for the least greatest regret: cost above the least that each future could have."""
        most = self.problem.variable("greatest_regret", UNIT)
        self.problem.rows("regret", most.on(self._future) - self._cost_of_each() >= -least)
        self.problem.minimise(most + 0.0)

    def hold_regret(self, most: float, weights: Floats) -> None:
        """Ask for the least expected cost of those that keep the greatest regret at that."""
        column = self.problem.column_block("greatest_regret")
        self.problem.hold(np.arange(column.start, column.stop), np.zeros(1), np.array([most]))
        self.problem.minimise(self._expected(weights))

    def _expected(self, weights: Floats) -> Expression:
        parts = (weight * cost for weight, cost in zip(weights, self.costs, strict=True))
        return sum(parts, start=Expression.constant(UNIT, 0.0))

    def maximise_sum(self, wanted: Sequence[tuple[Positions, Floats]]) -> None:
        """Ask for the largest sum of some decisions of each future, each up to what is wanted, (decision,)."""
        places = []
        for first, (column, value) in zip(self._first, wanted, strict=True):
            places.append(first + column)
            self.problem.hold(first + column, np.zeros(len(column)), value)
        place = np.concatenate(places).astype(np.int32)
        row = np.zeros(len(place), dtype=np.int32)
        self.problem.minimise(Expression(UNIT, row, place, -np.ones(len(place)), np.zeros(1)))

    def hold(self, future: int, column: Positions, value: Floats) -> None:
        """Fix decisions of a future."""
        self.problem.hold(self._first[future] + column, value, value)

    def _cost_of_each(self) -> Expression:
        parts = (cost.map(self._future, [0], [place]) for place, cost in enumerate(self.costs))
        return sum(parts, start=Expression.constant(self._future, 0.0))

    def ordered(self, x: Floats) -> Floats:
        """Return the orders of a solution."""
        return np.asarray(x[self.problem.column_block("orders")])

    def solution_of(self, future: int, x: Floats) -> Floats:
        """Return what of a solution belongs to a future."""
        first = self._first[future]
        return np.asarray(x[first : first + self._columns[future]])


# --- One future: its program in a session, solved alone or with orders held -----------------------

SOLVED: Final = frozenset({"optimal"})
"""Status of a program without integers that was solved to its end."""
CONFLICT_SECONDS: Final = 60.0
"""Most time to find out which constraints conflict. [s]"""
BEFORE: Final = "it was solved; nothing is written"
_ORDERS_SLACK: Final = 1e-6
"""By how much orders may be missed where rounding in the solver leaves no plan. [-]"""


class FutureProgram(WarmProgram):
    """The program of a future, integers relaxed, in a session that goes on from solve to solve."""

    def __init__(
        self, name: str, question: PreparedScenario, on_progress: Callable[[ProgressEvent], None] | None
    ) -> None:
        super().__init__(question, SolveHooks(on_progress))
        self.name = name

    def alone(self) -> Outcome:
        """Solve it as if it were certain."""
        outcome = self._within(*self.bounds())
        if outcome.status == "infeasible":
            raise why_no_plan(f"future {self.name}", outcome, self.session, self.question, self.model)
        return outcome

    def with_orders(self, received: Received, ordered: Floats) -> tuple[Outcome, float] | None:
        """Solve it with the orders of another plan."""
        for slack in (0.0, _ORDERS_SLACK):
            (lower, upper), at = self.bounds(), received.column
            low, high = _bounds(received, ordered, slack)
            lower[at] = np.clip(low, lower[at], upper[at])
            upper[at] = np.clip(high, lower[at], upper[at])
            outcome = self._within(lower, upper)
            if outcome.status != "infeasible":
                return outcome, slack
        return None

    def why_not(self) -> InfeasibleError:
        """Return the error that says why the last solve, with orders held, had no plan."""
        names = self.session.iis(time_limit_s=CONFLICT_SECONDS)
        lines = in_words(conflict_rules(self.question, self.model.problem, names))
        head = f"future {self.name}: the orders leave no plan"
        text = f"{head}; these conflict with them:" if lines else head
        return InfeasibleError("\n".join([text, *lines]), tuple(names))

    def _within(self, lower: Floats, upper: Floats) -> Outcome:
        return with_plan(self.solve(lower, upper), f"future {self.name}", BEFORE, good=SOLVED | {"infeasible"})


def hold_orders(model: Model, received: Received, ordered: Floats, slack: float) -> None:
    """Hold decisions of a program to what of some orders enters them."""
    low, high = _bounds(received, ordered, slack)
    model.problem.hold(received.column, low, high)


def _bounds(received: Received, ordered: Floats, slack: float) -> tuple[Floats, Floats]:
    enters = cleaned(received.entering(ordered))
    margin = slack * np.maximum(np.abs(enters), 1.0)
    return np.maximum(enters - margin, 0.0), np.where(received.is_all, enters + margin, np.inf)


# --- The mean of all futures: a program whose numbers are the weighted means of theirs ------------


def have_a_mean(models: Sequence[Model], orders: Sequence[pd.DataFrame]) -> bool:
    """Return whether the programs have the same rows, columns and dates of orders."""
    first, own = models[0].problem, orders[0]
    others = zip(models[1:], orders[1:], strict=True)
    return all(_is_alike(first, model.problem) and own.equals(other) for model, other in others)


def mean_of(models: Sequence[Model], weights: Floats) -> Arrays:
    """Return the program whose numbers are the weighted means of those of like programs."""
    arrays = [Arrays.from_problem(model.problem) for model in models]

    def mean(parts: Iterable[Floats]) -> Floats:
        return np.asarray(sum(weight * part for weight, part in zip(weights, parts, strict=True)))

    matrix = Matrix.of_terms(
        np.concatenate([one.matrix.row_of_value() for one in arrays]),
        np.concatenate([one.matrix.column for one in arrays]),
        np.concatenate([weight * one.matrix.value for weight, one in zip(weights, arrays, strict=True)]),
        (arrays[0].matrix.rows, arrays[0].matrix.columns),
    )
    offset = float(np.dot(weights, [one.columns.offset for one in arrays]))
    cost, lower, upper = (mean(getattr(one.columns, name) for one in arrays) for name in ("cost", "lower", "upper"))
    bounds = (mean(getattr(one.rows, name) for one in arrays) for name in ("lower", "upper"))
    no_integers = np.zeros_like(arrays[0].columns.integer)
    return Arrays(Columns(cost, lower, upper, no_integers, offset), matrix, RowBounds(*bounds))


def _is_alike(one: ArrayProblem, other: ArrayProblem) -> bool:
    columns, rows = one.column_block_names, one.row_block_names
    return (
        (columns, rows) == (other.column_block_names, other.row_block_names)
        and all(one.columns_over(name).matches(other.columns_over(name)) for name in columns)
        and all(one.rows_over(name).matches(other.rows_over(name)) for name in rows)
    )
