"""All checks of a plan, in the order a planner reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.base.pandas_texts import with_texts_as_objects
from planner.check import cells, duals, four_moneys, money, optimality, rows, second, stated_tables, unit_costs
from planner.check.case import Case
from planner.check.declared import merged
from planner.check.families import BY_HEADING, FAMILIES
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


_BY_HEADING: Final = {
    "Status and amounts": (cells, rows, stated_tables),
    **BY_HEADING,
    "Money": (money, four_moneys, unit_costs),
    "Optimality": (optimality, second),
    "Shadow prices": (duals,),
}
_RULES: Final = [(heading, rule) for heading, files in _BY_HEADING.items() for rule in rules_of(*files)]
GROUPS: Final[Mapping[str, tuple[Rule, ...]]] = {
    **{
        heading: rules
        for heading in _BY_HEADING
        if (rules := tuple(rule for of, rule in _RULES if of == heading and not rule.rereads))
    },
    _FACTS: tuple(rule for _, rule in _RULES if rule.rereads),
}
"""Every rule, under the heading it is shown under; those that reread figures under one of their own."""

RULES: Final = tuple(rule for rules in GROUPS.values() for rule in rules)
"""Every rule, one list."""

# The ledger of facts: each number of the inputs is in one of the two lists below. A figure is named by its path in
# `Inputs` (`rent.depth_kh100e`), a column of a table as `halls.lead.months`, an entry that holds others for all of it.
# A test finds them by reflection, makes each 5 % wrong and demands that a rule named here breaks. Index lists are no
# figures: `planner.check.decided` states again what may be decided, and where a row missing from another list would
# pass unseen, `rows_there`, `sites_in_scope` and rules that look figures up at every row find it. To add a figure: let
# the rule that rereads it say so (`rereads`), or write it into `TAKEN_AS_GIVEN` of its family with a reason.

_RULES_OF: Final = [(figure, rule.name) for rule in RULES for figure in rule.rereads]
REREAD: Final[Mapping[str, tuple[str, ...]]] = {
    figure: tuple(rule for of, rule in _RULES_OF if of == figure) for figure, _ in _RULES_OF
}
"""Rules by the figure of `Inputs` that they reread from the scenario and the data."""

TAKEN_AS_GIVEN: Final[Mapping[str, str]] = {
    **merged(FAMILIES, "TAKEN_AS_GIVEN"),
    **dict.fromkeys(
        ("noted_settings", "warnings"),
        "lines of the files that notes and warnings point at: shown, and read by no plan",
    ),
    "tables": "the data that the checker rereads; files_as_written names what changed since",
}
"""Reasons by the figure of `Inputs` that no rule rereads."""


def in_words() -> str:
    """Say how many figures the checker rereads, and how many it takes as given."""
    return (
        f"{len(REREAD)} kinds of input figures are reread from the scenario and the data;"
        f" {len(TAKEN_AS_GIVEN)} are taken as given."
    )


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
    """Judge a finished plan: recompute what its tables claim, from the decisions and the data, by code of its own.

    Nothing of the model or its solver is used. Takes `bound_musd` [MUSD], `gap_frac` [-].
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
