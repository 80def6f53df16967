"""What rules find of inputs alone, once for all plans that are made from them."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final, NoReturn

from planner.check.case import Case
from planner.check.verdict import judged

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from planner.check.verdict import CheckResult, Rule
    from planner.inputs.inputs import Inputs
    from planner.scenario.schema import Scenario

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
