"""All checks of a plan, in the order a planner reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.check import (
    balance,
    bill_lines,
    carbon,
    cash,
    cells,
    contracts,
    demand,
    duals,
    facts_axes,
    facts_bills,
    facts_contracts,
    facts_demand,
    facts_prices,
    facts_rack_figures,
    facts_rates,
    facts_rent,
    facts_shapes,
    facts_sites,
    facts_standing,
    facts_supply,
    facts_users,
    facts_weather,
    failover,
    follow,
    grid,
    halls,
    heat,
    latency,
    load_price,
    migration,
    money,
    non_firm,
    optimality,
    other_load,
    power,
    proof_tables,
    racks,
    rows,
    service,
    sites,
    siting,
    solved,
    stated_existing,
    storage,
    stress_told,
    sums,
    supply,
    tariffs,
    unit_costs,
    water,
)
from planner.check.case import Case
from planner.check.proven import what_is_proven
from planner.check.verdict import Verdict, judged

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.check.verdict import Rule
    from planner.inputs.inputs import Inputs
    from planner.results.program import Proof
    from planner.results.types import Results
    from planner.scenario.schema import Scenario

__all__ = ["GROUPS", "RULES", "check_plan"]

GROUPS: Final[Mapping[str, tuple[Rule, ...]]] = {
    "Status and amounts": (
        *cells.RULES,
        *solved.RULES,
        *rows.RULES,
        *proof_tables.RULES,
        *follow.RULES,
    ),
    "Demand and rent": demand.RULES,
    "Latency and residency": (*latency.RULES, *service.RULES),
    "Racks": racks.RULES,
    "Halls": (*halls.RULES, *stated_existing.RULES),
    "Sites": (*sites.RULES, *siting.RULES),
    "Power, water and carbon": (
        *power.RULES,
        *other_load.RULES,
        *carbon.RULES,
        *heat.RULES,
        *water.RULES,
        *sums.RULES,
    ),
    "Work between sites": migration.RULES,
    "Own power": (*supply.RULES, *storage.RULES),
    "Loss of a site": failover.RULES,
    "Grid": (*balance.RULES, *grid.RULES, *non_firm.RULES, *stress_told.RULES, *load_price.RULES),
    "Contracts and clean power": contracts.RULES,
    "Bills": (*tariffs.RULES, *bill_lines.RULES),
    "Money": (*money.RULES, *cash.RULES, *unit_costs.RULES),
    "Optimality": optimality.RULES,
    "Shadow prices": (*duals.RULES, *proof_tables.PRICE_RULES),
    "Figures against the data": (
        *facts_axes.RULES,
        *facts_demand.RULES,
        *facts_users.RULES,
        *facts_rent.RULES,
        *racks.FACTS,
        *facts_rack_figures.RULES,
        *facts_standing.RULES,
        *halls.FACTS,
        *halls.DATES,
        *facts_sites.RULES,
        *facts_rates.RULES,
        *siting.FACTS,
        *grid.FACTS,
        *non_firm.FACTS,
        *load_price.FACTS,
        *facts_weather.RULES,
        *facts_shapes.RULES,
        *power.FACTS,
        *migration.FACTS,
        *failover.FACTS,
        *heat.FACTS,
        *carbon.FACTS,
        *facts_prices.RULES,
        *facts_bills.RULES,
        *facts_supply.RULES,
        *facts_contracts.RULES,
        *money.FACTS,
    ),
}
"""Every rule, under the heading it is shown under."""

RULES: Final = tuple(rule for rules in GROUPS.values() for rule in rules)
"""Every rule, one list."""


def check_plan(
    scenario: Scenario,
    inputs: Inputs,
    results: Results,
    *,
    objective_musd: float,
    status: str,
    bound_musd: float,
    gap_frac: float,
    proof: Proof | None,
) -> Verdict:
    """Judge a finished plan: recompute what its tables claim, from the decisions and the data.

    Nothing of the model or its solver is used: racks, halls, power, money and distances are
    added up a second time by other code, slot by slot and year by year.

    Parameters
    ----------
    scenario : Scenario
        The question.
    inputs : Inputs
        Index lists and coefficients the plan was made from, with the data as read.
    results : Results
        The plan as tables.
    objective_musd : float
        Objective that the solver reports. [MUSD]
    status : str
        How the solver says it ended.
    bound_musd, gap_frac : float
        Bound and gap that the solver reports, not finite where it reports none. [MUSD, -]
    proof : Proof or None
        The program that was solved, with its solution and duals. Without one nothing is said of
        optimality, and shadow prices are held only against each other.

    Returns
    -------
    Verdict
        One check per rule; `Verdict.ok` when all hold.
    """
    case = Case(scenario, inputs, results, objective_musd, status, bound_musd, gap_frac, proof)
    checks = tuple(judged(one, case) for one in RULES)
    return Verdict(checks, what_is_proven(case, checks))
