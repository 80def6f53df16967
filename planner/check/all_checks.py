"""All checks of a plan, in the order a planner reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.base.pandas_texts import with_texts_as_objects
from planner.check import cells, duals, four_moneys, given, money, optimality, rows, second, stated_tables, unit_costs
from planner.check.case import Case
from planner.check.families import FAMILIES
from planner.check.optimality import what_is_proven
from planner.check.verdict import Verdict, judged, rules_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.check.verdict import CheckResult, Rule
    from planner.inputs.inputs import Inputs
    from planner.results.proof import Proof
    from planner.results.store import Results
    from planner.scenario.schema import Scenario


_FACTS: Final = "Figures against the data"


def _by_heading() -> dict[str, tuple[Rule, ...]]:
    """Return rules by heading: those of a family under its own, but for those that reread figures."""
    groups = {"Status and amounts": rules_of(cells, rows, stated_tables)}
    for family in FAMILIES:
        heading = getattr(family, "HEADING", _FACTS)
        for rule in rules_of(family):
            under = _FACTS if rule.rereads else heading
            groups[under] = (*groups.get(under, ()), rule)
    money_rules = rules_of(money, four_moneys, unit_costs)
    facts = (*rules_of(given), *groups.pop(_FACTS), *(rule for rule in money_rules if rule.rereads))
    return {
        **groups,
        "Money": tuple(rule for rule in money_rules if not rule.rereads),
        "Optimality": rules_of(optimality, second),
        "Shadow prices": rules_of(duals),
        _FACTS: facts,
    }


GROUPS: Final[Mapping[str, tuple[Rule, ...]]] = _by_heading()
"""Every rule, under the heading it is shown under."""

RULES: Final = tuple(rule for rules in GROUPS.values() for rule in rules)
"""Every rule, one list."""

_ASKED_AGAIN: Final = frozenset(rules_of(cells))
"""Rules whose places others ask for; those of all else are let go once they are judged."""


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
    proof: Proof,
    orders_held_before: int | None = None,
    reads_all: bool = False,
) -> Verdict:
    """Judge a finished plan: recompute what its tables claim, from the decisions and the data.

    Nothing of the model or its solver is used: racks, halls, power, money and distances are
    added up a second time by other code, time slice by time slice and year by year.
    Takes `bound_musd` [MUSD, -], `gap_frac` [MUSD, -].
    """
    reported = (objective_musd, status, bound_musd, gap_frac)
    case = Case(scenario, inputs, results, *reported, proof, orders_held_before, reads_all)
    checks = tuple(_judged(one, case) for one in RULES)
    return Verdict(checks, what_is_proven(case, checks))


def _judged(one: Rule, case: Case) -> CheckResult:
    check = judged(one, case)
    if one not in _ASKED_AGAIN:
        case.computed.pop(one, None)
    return check
