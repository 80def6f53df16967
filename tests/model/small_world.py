"""A made-up world to build programs of, and how to ask a program what it allows.

A constraint bites when the plan may go just up to its limit, not just beyond it, and may go
beyond once the constraint is left out of the program: `assert_bites` shows all three.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from planner.inputs import TABLES, Inputs, build_inputs_from
from planner.inputs.grid import BalanceInputs
from planner.lp import Expression, HighsSession, Outcome, Variable
from planner.lp.expression import Comparison
from planner.lp.index import distinct
from planner.model import ALL_COSTS, FAMILIES, Model
from planner.model.money import objective_musd
from planner.scenario import load_scenario
from planner.tables import read_tables

MINI = Path(__file__).parent.parent / "fixtures" / "mini" / "mini.yaml"

Wish = Callable[[Model], Iterable[Comparison]]
"""What a plan is asked to do, as rows of its own."""


@dataclass(frozen=True)
class Solved:
    """A model and what the solver said of it."""

    model: Model
    outcome: Outcome

    @property
    def cost_musd(self) -> float:
        assert self.outcome.status == "optimal", self.outcome.message
        return self.outcome.objective

    def value(self, expression: Expression) -> np.ndarray:
        return expression.value(self.outcome.x)

    def at(self, expression: Expression, *labels: str) -> float:
        return float(self.value(expression)[expression.over.position(*labels)])

    def sum(self, expression: Expression, **labels: str) -> float:
        """Total of an expression where its labels are these."""
        return float(self.value(expression)[where(expression, **labels)].sum())

    def dual(self, block: str) -> np.ndarray:
        return self.outcome.row_dual[self.model.problem.row_block(block)]

    def payments(self, item: str) -> dict[tuple[str, ...], float]:
        """Payments for one item of cost, by site (where it has one) and calendar year. [MUSD]"""
        line = next(cost for cost in ALL_COSTS if cost.name == item).build(self.model)
        return {line.over.tuples(i): float(musd) for i, musd in enumerate(self.value(line))}


@cache
def tables() -> Mapping[str, pd.DataFrame]:
    return read_tables(TABLES, load_scenario(MINI).data_files)


@cache
def inputs_of(*settings: str) -> Inputs:
    """Inputs of the made-up world with settings as after ``--set``."""
    return inputs_with(*settings)


def inputs_with(*settings: str, **changed: pd.DataFrame) -> Inputs:
    """Return such inputs, with tables changed by name."""
    return build_inputs_from(load_scenario(MINI, settings), {**tables(), **changed})


def changed(inputs: Inputs, room: str, **arrays: Any) -> Inputs:
    """Return inputs with some arrays of one room in place of the old."""
    return inputs.changed(**{room: getattr(inputs, room).changed(**arrays)})


def paid_to_draw(inputs: Inputs, *slot: str, usd_per_mwh: float = -35.5) -> Inputs:
    """Return inputs with a negative price of energy in one slot of a site that balances."""
    price = inputs.grid.energy_usd_per_mwh.copy()
    price[inputs.power.slot.position(*slot)] = usd_per_mwh
    site_year = inputs.sites.site_year
    answers = inputs.balance.site_year.find(site_year) >= 0
    balance = BalanceInputs(inputs.sets, site_year, answers, price)
    renewable = distinct(inputs.supply.renewable, "site", "year")
    curtail = balance.exact.select(renewable.find(balance.exact) >= 0, "curtail")
    inputs = changed(inputs, "grid", energy_usd_per_mwh=price)
    return changed(inputs, "supply", curtail=curtail).changed(balance=balance)


def model_of(inputs: Inputs, wish: Wish | None = None, *, without: Iterable[str] = ()) -> Model:
    """Build a program, less some blocks of rows, plus rows that ask for something."""
    left_out = set(without)
    model = Model(inputs)
    for block in (block for family in FAMILIES for block in family.CONSTRAINTS):
        if block.name in left_out:
            continue
        comparison = block.build(model)
        if comparison.over.size:
            model.problem.rows(block.name, comparison)
    for number, asked in enumerate(wish(model) if wish else ()):
        model.problem.rows(f"asked_{number}", asked)
    model.problem.minimise(objective_musd(model))
    return model


def solve(inputs: Inputs, wish: Wish | None = None, *, without: Iterable[str] = ()) -> Solved:
    """Solve a program, whatever comes of it."""
    model = model_of(inputs, wish, without=without)
    return Solved(model, HighsSession(model.problem).solve())


def is_possible(inputs: Inputs, wish: Wish, *, without: Iterable[str] = ()) -> bool:
    """Return whether some plan does what is asked."""
    status = solve(inputs, wish, without=without).outcome.status
    assert status in {"optimal", "infeasible"}
    return status == "optimal"


def assert_bites(block: str, inputs: Inputs, inside: Wish, outside: Wish) -> None:
    """Check that a block of rows, and no other, parts what is just possible from what is not."""
    assert is_possible(inputs, inside), f"just inside {block} should be possible"
    assert not is_possible(inputs, outside), f"just outside {block} should not be possible"
    assert is_possible(inputs, outside, without=[block]), f"more than {block} is in the way"


def where(expression: Expression, **labels: str) -> np.ndarray:
    """Return which tuples of an expression have these labels."""
    over = expression.over
    found = np.ones(over.size, dtype=np.bool_)
    for axis, label in labels.items():
        found &= over[axis] == over.axis(axis).code(label)
    return found


def at(expression: Expression, *labels: str) -> Expression:
    """Return one entry of an expression."""
    return expression.select([expression.over.position(*labels)]).total()


def part(expression: Expression, **labels: str) -> Expression:
    """Return the total of an expression where its labels are these."""
    return expression.select(where(expression, **labels)).total()


def only(variable: Variable, values: Mapping[tuple[str, ...], float]) -> Comparison:
    """Ask that a decision has these values, and 0 in every other place."""
    wanted = np.zeros(variable.over.size)
    for labels, value in values.items():
        wanted[variable.over.position(*labels)] = value
    return variable == wanted


@cache
def long_inputs_of(*settings: str, last_year: int = 2030) -> Inputs:
    """Inputs of the same world year by year from 2025, its tables going on as they end."""
    years = list(range(2025, last_year + 1))
    longer = {
        name: _going_on(tables()[name], column, years)
        for name, column in (
            ("carbon_intensity", "year"),
            ("deliveries", "year"),
            ("reference_fleet", "vintage_year"),
            ("rent_depth", "year"),
        )
    }
    return inputs_with(
        f"years={years}",
        "decisions_start=2024-03-01",  # racks decided on then are there in 2025
        "demand.facility_gw={2025: 1.25, 2030: 3.6}",
        "demand.workload_share_frac={train: {2025: 0.62}, chat: {2025: 0.38}}",
        *settings,
        **longer,
    )


def _going_on(table: pd.DataFrame, column: str, years: Iterable[int]) -> pd.DataFrame:
    """Return a table whose last year's rows come again in every later year."""
    last = table[column].max()
    later = [table[table[column] == last].assign(**{column: y}) for y in years if y > last]
    return pd.concat([table, *later], ignore_index=True)
