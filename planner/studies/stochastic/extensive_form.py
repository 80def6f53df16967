"""The program of all futures together: each one's own, and the orders that they share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.lp import UNIT, ArrayProblem, Axis, Expression, Index

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.base.arrays import Floats, Positions
    from planner.model import Model
    from planner.studies.stochastic.decisions import Orders, Received
    from planner.studies.sweep.uncertainty import Risk

__all__ = ["ExtensiveForm"]

_PREFIX: Final = "future_{}."


class ExtensiveForm:
    r"""The extensive form: the programs of all futures side by side, with shared orders.

    .. math:: \min\ (1 - \lambda) \sum_s p_s c_s^\top x_s
        + \lambda \Bigl( \eta + \frac{1}{\tau} \sum_s p_s \xi_s \Bigr)

    .. math:: A_s x_s = b_s, \qquad E_s x_s = R_s z, \qquad \xi_s \ge c_s^\top x_s - \eta,\
        \xi_s \ge 0 \qquad \forall s

    :math:`z` are the orders, :math:`R_s` says which decisions of future :math:`s` they enter. No
    row of a future is written here a second time: its program is taken over as it is.

    Source: Birge and Louveaux 2011; conditional value at risk by Rockafellar and Uryasev 2000.
    """

    def __init__(self, models: Sequence[Model], orders: Orders, received: Sequence[Received]) -> None:
        self.problem = ArrayProblem("futures")
        self._first: list[int] = []
        self._columns = [model.problem.numVariables() for model in models]
        for number, model in enumerate(models, start=1):
            self._first.append(self.problem.include(model.problem, _PREFIX.format(number)))
        self.costs = [model.problem.total.moved(first) for model, first in zip(models, self._first, strict=True)]
        self._future = Axis("future", tuple(str(i + 1) for i in range(len(models))))
        self._orders = self.problem.variable("orders", orders.numbered)
        for number, (one, first) in enumerate(zip(received, self._first, strict=True), start=1):
            self._share(number, one, first)

    def _share(self, number: int, one: Received, first: int) -> None:
        decisions = Axis("decision", tuple(str(column) for column in one.column))
        over = Index.full("decision", decisions)
        own = Expression(
            over,
            np.arange(over.size, dtype=np.int32),
            (one.column + first).astype(np.int32),
            np.ones(over.size),
            np.zeros(over.size),
        )
        more = own - self._orders.map(over, one.order, one.row)
        prefix = _PREFIX.format(number)
        self.problem.rows(f"{prefix}as_ordered", more.select(one.is_all) == 0.0)
        self.problem.rows(f"{prefix}ordered_early", more.select(~one.is_all) >= 0.0)

    def minimise_cost(self, weights: Floats, risk: Risk) -> None:
        """Ask for the least expected cost, bad futures counted as much as `risk` says."""
        expected = sum(
            (weight * cost for weight, cost in zip(weights, self.costs, strict=True)),
            start=Expression.constant(UNIT, 0.0),
        )
        if risk.weight == 0.0:
            self.problem.minimise(expected)
            return
        over = Index.full("future", self._future)
        threshold = self.problem.variable("value_at_risk", UNIT, lower=-np.inf)
        excess = self.problem.variable("excess", over)
        above = excess + threshold.on(over) - self._cost_of_each(over)
        self.problem.rows("cost_above_value_at_risk", above >= 0.0)
        tail = threshold + (excess * (weights / risk.tail)).total()
        self.problem.minimise((1.0 - risk.weight) * expected + risk.weight * tail)

    def minimise_regret(self, least: Floats) -> None:
        """Ask for the least greatest regret: cost above the least that each future could have."""
        over = Index.full("future", self._future)
        most = self.problem.variable("greatest_regret", UNIT)
        self.problem.rows("regret", most.on(over) - self._cost_of_each(over) >= -least)
        self.problem.minimise(most + 0.0)

    def hold_regret(self, most: float, weights: Floats) -> None:
        """Ask for the least expected cost of those that keep the greatest regret at that."""
        column = self.problem.column_block("greatest_regret")
        places = np.arange(column.start, column.stop)
        self.problem.hold(places, np.zeros(1), np.array([most]))
        expected = sum(
            (weight * cost for weight, cost in zip(weights, self.costs, strict=True)),
            start=Expression.constant(UNIT, 0.0),
        )
        self.problem.minimise(expected)

    def maximise_sum(self, wanted: Sequence[tuple[Positions, Floats]]) -> None:
        """Ask for the largest sum of some decisions of each future, each up to what is wanted.

        Takes `wanted` (decision,).
        """
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

    def _cost_of_each(self, over: Index) -> Expression:
        total = Expression.constant(over, 0.0)
        for place, cost in enumerate(self.costs):
            total = total + cost.map(over, [0], [place])
        return total

    def ordered(self, x: Floats) -> Floats:
        """Return the orders of a solution."""
        return np.asarray(x[self.problem.column_block("orders")])

    def solution_of(self, future: int, x: Floats) -> Floats:
        """Return what of a solution belongs to a future."""
        first = self._first[future]
        return np.asarray(x[first : first + self._columns[future]])
