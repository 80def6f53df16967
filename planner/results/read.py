"""From a solved model to the tables of the plan."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from planner.base.errors import SolverError
from planner.families import declared
from planner.results import contracts, demand, four_moneys, halls, power, solved, summary, unit_costs
from planner.results.schema import TABLES
from planner.results.solved import SolvedModel
from planner.results.store import Results, listed, result_table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from planner.family.declared import TableRows
    from planner.lp import Outcome
    from planner.model import Model
    from planner.model.failover import OutageTakeovers
    from planner.results.store import Cells


def _of_family(family: str, of: Callable[..., TableRows], s: SolvedModel) -> Mapping[str, Cells]:
    over, is_row, columns = of(getattr(s.model, family), s.value)
    return listed(over, is_row, **columns)


_MODULES: Final = (contracts, demand, four_moneys, halls, power, solved, unit_costs, summary)
"""Each table is made by the function of its name in one of them; that of a family by the family."""
OF_OTHERS: Final = ("summary", "orders", "money_years", "money_items", "bridge", "lifetime", "models_trained")
"""Tables that are made of the others, in the order in which they are."""
READERS: Final[Mapping[str, Callable[[SolvedModel], Mapping[str, Cells] | pd.DataFrame]]] = {
    **{name: getattr(of, name) for of in _MODULES for name in TABLES if name not in OF_OTHERS and hasattr(of, name)},
    **{name: partial(_of_family, family, of) for family, tables in declared("TABLES") for name, of in tables.items()},
}
"""What makes each of the others."""


def read_results(model: Model, outcome: Outcome, outages: OutageTakeovers) -> Results:
    """Read the plan out of a solved model."""
    if not outcome.has_plan:
        raise SolverError(f"there is no plan to read: the solve ended {outcome.status}; {outcome.message}")
    plan = SolvedModel(model, outcome, outages)
    tables = {name: result_table(name, read(plan)) for name, read in READERS.items()}
    for name in OF_OTHERS:
        module = four_moneys if name.startswith("money") else summary
        tables[name] = result_table(name, getattr(module, name)(plan, tables))
    return Results({name: tables[name] for name in TABLES}, model.p.notes)
