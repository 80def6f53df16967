"""All checks of a plan, in the order a planner reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.base.pandas_texts import with_texts_as_objects
from planner.check import cells, duals, four_moneys, lifetime, money, optimality, proof_tables, rows, second, unit_costs
from planner.check.case import Case
from planner.check.checked_inputs import CheckedInputs
from planner.check.families import FAMILIES
from planner.check.optimality import what_is_proven
from planner.check.verdict import Verdict, judged

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.check.verdict import CheckResult, Rule
    from planner.inputs.inputs import Inputs
    from planner.results.proof import Proof
    from planner.results.store import Results
    from planner.scenario.schema import Scenario

ACROSS: Final = (cells, rows, proof_tables, money, four_moneys, unit_costs, lifetime, optimality, duals)
"""Files with rules that are about all families; they declare as a family does."""


def _by_heading() -> dict[str, tuple[Rule, ...]]:
    groups: dict[str, tuple[Rule, ...]] = {"Status and amounts": (*cells.RULES, *rows.RULES, *proof_tables.RULES)}
    for family in FAMILIES:
        if rules := getattr(family, "RULES", ()):
            groups[family.HEADING] = (*groups.get(family.HEADING, ()), *rules)
    facts = [rule for of in (*FAMILIES, money) for rule in getattr(of, "FACTS", ())]
    return {
        **groups,
        "Money": (*money.RULES, *four_moneys.RULES, *unit_costs.RULES, *lifetime.RULES),
        "Optimality": (*optimality.RULES, *second.RULES),
        "Shadow prices": (*duals.RULES, *proof_tables.PRICE_RULES),
        "Figures against the data": tuple(facts),
    }


GROUPS: Final[Mapping[str, tuple[Rule, ...]]] = _by_heading()
"""Every rule, under the heading it is shown under."""

RULES: Final = tuple(rule for rules in GROUPS.values() for rule in rules)
"""Every rule, one list."""

_ASKED_AGAIN: Final = frozenset(cells.RULES)
"""Rules whose places others ask for; those of all else are let go once they are judged."""


@with_texts_as_objects
def check_inputs(scenario: Scenario, inputs: Inputs) -> CheckedInputs:
    """Judge inputs by the rules that read no plan, where several plans are made from them."""
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
    reads_all: bool = False,
) -> Verdict:
    """Judge a finished plan: recompute what its tables claim, from the decisions and the data.

    Nothing of the model or its solver is used: racks, halls, power, money and distances are
    added up a second time by other code, time slice by time slice and year by year.
    Takes `bound_musd` [MUSD, -], `gap_frac` [MUSD, -].
    """
    reported = (objective_musd, status, bound_musd, gap_frac)
    case = Case(scenario, inputs, results, *reported, proof, orders_held_before, reads_all)
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
