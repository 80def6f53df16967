"""The program of a plan with other figures: what they do to its cost, to first order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.errors import InputError
from planner.inputs.build import inputs_without_notes
from planner.inputs.uncertain_figures import UncertainFigure, with_values
from planner.model import build_model
from planner.studies.estimates.aligned import aligned, offers_more
from planner.studies.estimates.changed_fields import changed_fields, is_same
from planner.studies.solve.failover import add_cuts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.base.arrays import Floats
    from planner.inputs.failover import FailoverInputs
    from planner.inputs.halls import Offers
    from planner.inputs.inputs import Inputs
    from planner.lp.change import Arrays
    from planner.model import Model
    from planner.scenario import Scenario
    from planner.studies.estimates.cost_lines import CostLines
    from planner.studies.estimates.first_order import AtPlan

SMALL_STEP: Final = 0.001
"""Part of the way to the low or high of a figure that is a small step."""


@dataclass(frozen=True, eq=False)
class Moved:
    """What moving figures does to the cost, a step of the way, scaled to the whole of it.

    `by_column` is the change by column of the program, None where rows changed, too.
    """

    musd: float
    most_musd: float
    by_column: Floats | None = None

    @classmethod
    def from_columns(cls, by_column: Floats) -> Moved:
        """Add up the changes of all columns of the program."""
        return cls(float(by_column.sum()), float(np.abs(by_column).sum()), by_column)


@dataclass(frozen=True, eq=False)
class PlanProgram:
    """The program of a plan, and the same with other figures."""

    scenario: Scenario
    offers: Offers  # racks and hall designs that the plan has on offer
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
            return inputs_without_notes(self.scenario, tables, None if other_offers else self.offers)
        except InputError:
            return None

    def arrays_of(self, inputs: Inputs, *, without_used: bool = False) -> Arrays | None:
        """Build the program of inputs in the rows and columns of the plan.

        None where it lacks what the plan makes use of, unless it may.
        """
        plan, model = self.plan, build_model(inputs)
        if is_same(inputs.failover, self.model.p.failover):
            # What the plan must survive was added to its program while it was solved.
            add_cuts(model, self.cuts)
        problem = model.problem
        return aligned(self.model.problem, problem, plan.arrays, plan.x, plan.row_dual, without_used=without_used)

    def moved(self, values: Sequence[tuple[UncertainFigure, float]], step: float = 1.0) -> Moved | None:
        """Return what moving figures to some values does to the cost to first order.

        They go a step of the way, and what that does is scaled to the whole of it. None where the
        values make no valid input, or take away what the plan makes use of.
        """
        inputs = self.inputs_with([(of, of.value + step * (end - of.value)) for of, end in values])
        if inputs is None:
            return None
        by_column = self.lines.change(inputs)
        if by_column is not None:
            return Moved.from_columns(by_column / step)
        arrays = self.arrays_of(inputs)
        if arrays is None:
            return None
        effect = self.plan.effect(arrays)
        return Moved(effect.musd / step, effect.most_musd / step)

    def counts_in_steps(self, group: Sequence[UncertainFigure]) -> bool:
        """Return whether the model is given other inputs by the ends of figures, not by less."""

        def does_anything(values: list[tuple[UncertainFigure, float]]) -> bool:
            inputs = self.inputs_with(values, other_offers=True)
            return inputs is None or bool(changed_fields(inputs, self.model.p))

        ends = ([(of, of.low) for of in group], [(of, of.high) for of in group])
        if not any(map(does_anything, ends)):
            return False
        step = [(of, of.value + SMALL_STEP * (of.further - of.value)) for of in group]
        return group[0].is_whole or not does_anything(step)

    def only_takes_away(self, figure: UncertainFigure, end: float) -> bool:
        """Return whether a value takes away what the plan makes use of, and offers no more."""
        inputs = self.inputs_with([(figure, end)], other_offers=True)
        if inputs is None or not changed_fields(inputs, self.model.p):
            return False
        is_less = not offers_more(self.model.problem, build_model(inputs).problem)
        return is_less and self.arrays_of(inputs) is None

    def ends(self, figure: UncertainFigure, step: Moved | None) -> tuple[float, float] | None:
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
