"""The objective as the sum of its lines, of which only those are made again that changed."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from planner.base.cache import recording_reads
from planner.family.payments import discount
from planner.lp import ArrayProblem
from planner.model import ALL_COSTS, FAMILIES, Model
from planner.studies.estimates.changed_fields import changed_fields, is_same

if TYPE_CHECKING:
    from planner.base.arrays import Floats
    from planner.family.block import Cost
    from planner.inputs.inputs import Inputs
    from planner.lp import Index, Variable

Fields = set[tuple[str, str]]


class _SameDecisions(ArrayProblem):
    """A program whose decisions are made once, for all models that have the same ones.

    Bounds are those of the first model: nobody asks for rows or bounds of another.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._made: dict[str, Variable] = {}

    def variable(self, name: str, over: Index, *bounds: Any, **kind: Any) -> Variable:
        """Return the decisions of that name, made when they are first asked for."""
        if name not in self._made:
            self._made[name] = super().variable(name, over, *bounds, **kind)
        made = self._made[name]
        if not is_same(over, made.over):
            raise ValueError(f"decisions {name} were made over another list than this {over.name}")
        return made


class CostLines:
    """What other figures do to the cost of a plan, where they are figures of costs alone.

    Most estimates are prices. They change no row of the program, so that with the plan as it is
    each line of the cost changes by its new payments less its old ones.
    """

    def __init__(self, model: Model, x: Floats) -> None:
        self._inputs, self._x = model.p, x
        self._decisions = _SameDecisions(model.p.name)
        read: Fields = set()
        noted = _noting_inputs(model.p, read)
        rows, of = self._model(noted), set(model.problem.row_block_names)
        for block in (block for family in FAMILIES for block in family.CONSTRAINTS):
            if block.name in of:
                block.build(rows)
        self._of_rows = set(read)
        self._of_line: dict[str, Fields] = {}
        self._paid: dict[str, Floats] = {}
        for line in ALL_COSTS:
            read.clear()
            self._paid[line.name] = self._payments(line, self._model(noted))
            self._of_line[line.name] = set(read)

    def change(self, new: Inputs) -> Floats | None:
        """Return what other inputs do to the cost; None where they change a row of the program. Gives [MUSD]."""
        changed = changed_fields(new, self._inputs)
        if any(name == "*" for _, name in changed) or changed & self._of_rows:
            return None
        total = np.zeros(len(self._x) + 1)
        lines = [line for line in ALL_COSTS if changed & self._of_line[line.name]]
        if lines:
            m = self._model(new)
            for line in lines:
                total += self._payments(line, m) - self._paid[line.name]
        return total

    def _model(self, inputs: Inputs) -> Model:
        """Return a model with the plan's decisions; figures of costs alone change no list."""
        return Model(inputs, problem=self._decisions)

    def _payments(self, line: Cost, m: Model) -> Floats:
        """Net present value of a line: that of each column, and its constant. [MUSD]"""
        payments = line.build(m)
        factor = discount(m)[payments.over["calendar"]]
        value = payments.value_of_term * factor[payments.row] * self._x[payments.column]
        of_column = np.bincount(payments.column, value, minlength=len(self._x))
        return np.append(of_column, float(payments.constants @ factor))


def _noting_inputs(inputs: Inputs, read: Fields) -> Inputs:
    """Return inputs whose families note what of them is read."""

    def of(family: str) -> Any:
        return recording_reads(getattr(inputs, family), lambda name: read.add((family, name)))

    families = [one.name for one in fields(inputs) if is_dataclass(getattr(inputs, one.name))]
    noted: dict[str, Any] = {family: of(family) for family in families}
    return replace(inputs, **noted)
