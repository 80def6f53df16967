"""Where, when and how to house AI racks, and how to power them.

>>> import planner
>>> plan = planner.solve("tiny")
>>> plan.outcome.status
'optimal'
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from planner.operate import days_error, dispatch, stress_test
    from planner.runs.plan import Plan
    from planner.runs.reopen import load
    from planner.scenario import Scenario, load_scenario
    from planner.share import export, report
    from planner.studies.alternatives import alternatives
    from planner.studies.compare import compare
    from planner.studies.diagnose import diagnose
    from planner.studies.frontier import frontier
    from planner.studies.myopic import myopic
    from planner.studies.sensitivity import sensitivity
    from planner.studies.solve import solve
    from planner.studies.stochastic import stochastic
    from planner.studies.sweep import sweep

__all__ = [
    "Plan",
    "Scenario",
    "alternatives",
    "compare",
    "days_error",
    "diagnose",
    "dispatch",
    "export",
    "frontier",
    "load",
    "load_scenario",
    "myopic",
    "report",
    "sensitivity",
    "solve",
    "stochastic",
    "stress_test",
    "sweep",
]

# Looked up when first asked for, so that `import planner` and `dcplan --help` stay quick.
_HOME = {
    "Plan": "runs.plan",
    "Scenario": "scenario",
    "days_error": "operate",
    "dispatch": "operate",
    "export": "share",
    "load": "runs.reopen",
    "load_scenario": "scenario",
    "report": "share",
    "stress_test": "operate",
}
"""Modules of what is not in the module of studies of its own name."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f"planner.{_HOME.get(name, f'studies.{name}')}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
