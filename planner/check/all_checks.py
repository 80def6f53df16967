"""All checks of a plan, in the order a planner reads them."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final, NoReturn

from planner.base.pandas_texts import with_texts_as_objects
from planner.check import cells, duals, four_moneys, money, optimality, rows, second, stated_tables, unit_costs
from planner.check.case import Case
from planner.check.families import FAMILIES
from planner.check.optimality import what_is_proven
from planner.check.verdict import Verdict, judged, rules_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

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
    facts = (*groups.pop(_FACTS), *(rule for rule in money_rules if rule.rereads))
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


# --- What rules find of inputs alone --------------------------------------------------------------

_OF_PLAN: Final = frozenset({field.name for field in fields(Case)} - {"scenario", "inputs"})


class _PlanReadError(Exception):
    """A rule, or what it needs, reads the plan."""


class _WithoutPlan(Case):
    """A case that can be asked for scenario, inputs and data alone."""

    def __init__(self, scenario: Scenario, inputs: Inputs) -> None:
        vars(self).update(scenario=scenario, inputs=inputs)

    def __getattribute__(self, name: str) -> Any:
        return _refuse() if name in _OF_PLAN else super().__getattribute__(name)


def _refuse() -> NoReturn:
    raise _PlanReadError


class CheckedInputs:
    """Inputs as judged by those rules that read no plan, with what others need of them too."""

    def __init__(self, scenario: Scenario, inputs: Inputs, rules: Iterable[Rule]) -> None:
        self.scenario, self.inputs = scenario, inputs
        case = _WithoutPlan(scenario, inputs)
        self.checks: dict[Rule, CheckResult] = {}
        for one in rules:
            try:
                self.checks[one] = judged(one, case)
            except _PlanReadError:
                continue
            finally:
                case.computed.pop(one, None)
        self._computed, self._data = case.computed, case._data
        kept = ("computed", "_data", "_plans", *(field.name for field in fields(Case)))
        self._parts = {name: part for name, part in vars(case).items() if name not in kept}

    def is_of(self, scenario: Scenario, inputs: Inputs) -> bool:
        """Return whether these inputs were judged, for this question."""
        return self.inputs is inputs and self.scenario is scenario

    def lend(self, case: Case) -> Mapping[Rule, CheckResult]:
        """Give a case of these inputs what is known of them, and return what was judged."""
        vars(case).update(self._parts, computed={**self._computed}, _data={**self._data})
        return self.checks
