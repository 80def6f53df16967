"""All checks of a plan, in the order a planner reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.base.pandas_texts import with_texts_as_objects
from planner.check import (
    cells,
    duals,
    four_moneys,
    lifetime,
    money,
    optimality,
    proof_tables,
    rows,
    unit_costs,
)
from planner.check.case import Case
from planner.check.checked_inputs import CheckedInputs
from planner.check.families import FAMILIES
from planner.check.optimality import what_is_proven
from planner.check.verdict import Verdict, judged

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.check.verdict import CheckResult, Rule
    from planner.inputs.inputs import Inputs
    from planner.results.program_tables import Proof
    from planner.results.types import Results
    from planner.scenario.schema import Scenario

__all__ = ["ACROSS", "GROUPS", "RULES", "check_inputs", "check_plan"]

ACROSS: Final = (
    cells,
    rows,
    proof_tables,
    money,
    four_moneys,
    unit_costs,
    lifetime,
    optimality,
    duals,
)
"""Files with rules that are about all families; they declare as a family does."""


def _by_heading() -> dict[str, tuple[Rule, ...]]:
    groups: dict[str, tuple[Rule, ...]] = {
        "Status and amounts": (*cells.RULES, *rows.RULES, *proof_tables.RULES)
    }
    for family in FAMILIES:
        if rules := getattr(family, "RULES", ()):
            groups[family.HEADING] = (*groups.get(family.HEADING, ()), *rules)
    facts = [rule for of in (*FAMILIES, money) for rule in getattr(of, "FACTS", ())]
    return {
        **groups,
        "Money": (*money.RULES, *four_moneys.RULES, *unit_costs.RULES, *lifetime.RULES),
        "Optimality": optimality.RULES,
        "Shadow prices": (*duals.RULES, *proof_tables.PRICE_RULES),
        "Figures against the data": tuple(facts),
    }


GROUPS: Final[Mapping[str, tuple[Rule, ...]]] = _by_heading()
"""Every rule, under the heading it is shown under."""

RULES: Final = tuple(rule for rules in GROUPS.values() for rule in rules)
"""Every rule, one list."""

_ASKED_AGAIN: Final = frozenset({*cells.RULES, *(price.rule for price in duals.PRICES.values())})
"""Rules whose places others ask for; those of all else are let go once they are judged."""


@with_texts_as_objects
def check_inputs(scenario: Scenario, inputs: Inputs) -> CheckedInputs:
    """Judge inputs by the rules that read no plan, where several plans are made from them.

    Parameters
    ----------
    scenario : Scenario
        The question.
    inputs : Inputs
        What the plans are made from.

    Returns
    -------
    CheckedInputs
        For `check_plan`: more than half of the time that the check of a plan takes.
    """
    return CheckedInputs(scenario, inputs, RULES)


@with_texts_as_objects
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
    orders_held_before: int | None = None,
    checked: CheckedInputs | None = None,
) -> Verdict:
    """Judge a finished plan: recompute what its tables claim, from the decisions and the data.

    Nothing of the model or its solver is used: racks, halls, power, money and distances are
    added up a second time by other code, time slice by time slice and year by year.

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
    orders_held_before : int, optional
        Year before which orders were given, not chosen: what is proven is of plans with them.
    checked : CheckedInputs, optional
        The same scenario and inputs, as `check_inputs` has judged them for an earlier plan.

    Returns
    -------
    Verdict
        One check per rule; `Verdict.ok` when all hold.

    Raises
    ------
    ValueError
        If `checked` is of others: their verdicts would be lent to this plan.
    """
    case = Case(
        scenario,
        inputs,
        results,
        objective_musd,
        status,
        bound_musd,
        gap_frac,
        proof,
        orders_held_before,
    )
    known: Mapping[Rule, CheckResult] = {}
    if checked is not None:
        if not checked.is_of(scenario, inputs):
            message = "checked is of other inputs, or of another scenario, than this plan"
            raise ValueError(message)
        known = checked.lend(case)
    checks = tuple(known[one] if one in known else _judged(one, case) for one in RULES)
    return Verdict(checks, what_is_proven(case, checks))


def _judged(one: Rule, case: Case) -> CheckResult:
    check = judged(one, case)
    if one not in _ASKED_AGAIN:
        case.computed.pop(one, None)
    return check
