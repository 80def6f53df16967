"""From a solved model to the tables of the plan."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.errors import SolverError
from planner.families import named
from planner.results import (
    carbon,
    contracts,
    demand,
    failover,
    four_moneys,
    grid,
    halls,
    non_firm,
    power,
    racks,
    solved,
    supply,
    tariffs,
)
from planner.results.four_moneys import money_items, money_years
from planner.results.schema import TABLES
from planner.results.solved import SolvedModel
from planner.results.store import Results, labels, result_table
from planner.results.summary import bridge, lifetime, models_trained, orders, solution, summary
from planner.results.unit_costs import unit_costs
from planner.results.water import water_class

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from planner.family.declared import TableRows
    from planner.lp import Outcome
    from planner.model import Model
    from planner.model.failover import OutageTakeovers


def _of_family(family: str, name: str, listed: Callable[..., TableRows], s: SolvedModel) -> pd.DataFrame:
    over, is_row, columns = listed(getattr(s.model, family), s.value)
    rows = np.flatnonzero(is_row)
    return result_table(name, {**labels(over, rows), **{key: of[rows] for key, of in columns.items()}})


READERS: Final[Mapping[str, Callable[[SolvedModel], pd.DataFrame]]] = {
    "sites": halls.sites,
    "plan": racks.plan,
    "fleet": racks.fleet,
    "installs": racks.installs,
    "moves": racks.moves,
    "builds": halls.builds,
    "retrofits": halls.retrofits,
    "leases": halls.leases,
    "operated": halls.operated,
    "halls": halls.halls,
    "leads": halls.leads,
    "openings": halls.openings,
    "phases": halls.phases,
    "blocks": halls.blocks,
    "connections": grid.connections,
    "site_year": power.site_year,
    "power_slot": power.power_slot,
    "deferral": power.deferral,
    "bills": tariffs.bills,
    "bill_months": tariffs.bill_months,
    "capacity_contracts": tariffs.capacity_contracts,
    "migration": halls.migration,
    "migration_site": halls.migration_site,
    "billed_peaks": power.billed_peaks,
    "source_builds": supply.source_builds,
    "source_leaves": supply.source_leaves,
    "source_year": supply.source_year,
    "source_slot": supply.source_slot,
    "site_surplus": supply.site_surplus,
    "contracts": contracts.contracts,
    "contract_slot": contracts.contract_slot,
    "contract_use": contracts.contract_use,
    "matching": contracts.matching,
    "matching_slot": contracts.matching_slot,
    "carbon_site": carbon.carbon_site,
    "carbon_year": carbon.carbon_year,
    "water_class": water_class,
    "power_zone": grid.power_zone,
    "power_class": grid.power_class,
    "headroom": grid.headroom,
    "non_firm_connections": non_firm.non_firm_connections,
    "non_firm_year": non_firm.non_firm_year,
    "stress_slot": non_firm.stress_slot,
    "load_price": power.load_price,
    "assignment": demand.assignment,
    "demand": demand.demand,
    "no_route": demand.no_route,
    "latency": demand.latency,
    "rent": demand.rent,
    "levers": demand.levers,
    "reserve": failover.reserve,
    "failures": failover.failures,
    "takeovers": failover.takeovers,
    "resilience": failover.resilience,
    "reference": demand.reference,
    "costs": four_moneys.costs,
    "cash": four_moneys.cash,
    "unit_costs": unit_costs,
    "prices": solved.prices,
    "solution": solution,
    **{
        name: partial(_of_family, family, name, listed)
        for family, module in named()
        for name, listed in module.TABLES.items()
    },
}
"""What makes each table; the summary, orders, the moneys, the bridge and lifetime costs are
made of the others."""


def read_results(model: Model, outcome: Outcome, outages: OutageTakeovers) -> Results:
    """Read the plan out of a solved model."""
    if not outcome.has_plan:
        message = f"there is no plan to read: the solve ended {outcome.status}; {outcome.message}"
        raise SolverError(message)
    solved = SolvedModel(model, outcome, outages)
    tables = {name: read(solved) for name, read in READERS.items()}
    tables["summary"] = summary(solved, tables)
    tables["orders"] = orders(solved, tables)
    tables["money_years"] = money_years(solved, tables)
    tables["money_items"] = money_items(solved, tables)
    tables["bridge"] = bridge(solved, tables)
    tables["lifetime"] = lifetime(solved, tables)
    tables["models_trained"] = models_trained(solved, tables)
    return Results({name: tables[name] for name in TABLES}, model.p.notes)
