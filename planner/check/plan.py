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
    facts_carbon,
    facts_contracts,
    facts_demand,
    facts_failover,
    facts_grid,
    facts_hall_dates,
    facts_halls,
    facts_heat,
    facts_load_price,
    facts_migration,
    facts_money,
    facts_non_firm,
    facts_power,
    facts_prices,
    facts_rack_figures,
    facts_racks,
    facts_rates,
    facts_rent,
    facts_shapes,
    facts_sites,
    facts_siting,
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
    "Halls": halls.RULES,
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
        *facts_racks.RULES,
        *facts_rack_figures.RULES,
        *facts_standing.RULES,
        *facts_halls.RULES,
        *facts_hall_dates.RULES,
        *facts_sites.RULES,
        *facts_rates.RULES,
        *facts_siting.RULES,
        *facts_grid.RULES,
        *facts_non_firm.RULES,
        *facts_load_price.RULES,
        *facts_weather.RULES,
        *facts_shapes.RULES,
        *facts_power.RULES,
        *facts_migration.RULES,
        *facts_failover.RULES,
        *facts_heat.RULES,
        *facts_carbon.RULES,
        *facts_prices.RULES,
        *facts_bills.RULES,
        *facts_supply.RULES,
        *facts_contracts.RULES,
        *facts_money.RULES,
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
