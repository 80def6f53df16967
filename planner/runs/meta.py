"""What ``run.json`` says: question, versions, data, verdict of solver and checker."""

from __future__ import annotations

import math
import platform
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

from planner.base.paths import DATA_DIR, SCENARIOS_DIR
from planner.runs.names import folder_name
from planner.runs.notes import assumed_of, notes_of
from planner.runs.settings import differences, merged, own_files, written
from planner.runs.shipped import from_shipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from planner.base.errors import Problem
    from planner.inputs.inputs import Inputs
    from planner.runs.plan import Plan
    from planner.scenario import Scenario

__all__ = ["FIRST_FORMAT_WITH_PROOF", "FORMAT", "READABLE_FORMATS", "describe", "versions_used"]

FORMAT: Final = 3
"""Version of the run folder's layout: 2 has the SHA-256 of every table file, 3 the proof."""

FIRST_FORMAT_WITH_PROOF: Final = 3

READABLE_FORMATS: Final = (2, 3)
"""Versions that this one opens; what an older one lacks is missing."""

_PACKAGES: Final = ("dcplan", "highspy", "pulp", "numpy", "pandas", "pyproj")


def describe(plan: Plan) -> dict[str, Any]:
    """Say of a plan what ``run.json`` holds."""
    scenario, outcome = plan.scenario, plan.outcome
    versions = versions_used()
    data = dict(sorted(_data(scenario, plan.inputs)))
    content = {
        "settings": scenario.model_dump(mode="json", exclude={"extends", "data"}),
        "data": {table: entry["sha256"] for table, entry in data.items()},
        "dcplan": versions["dcplan"],
    }
    broken = [check.name for check in plan.verdict.broken]
    return {
        "format": FORMAT,
        "run": folder_name(scenario.name, content),
        "scenario": scenario.name,
        "title": scenario.title,
        "question": scenario.question,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "status": outcome.status,
        "objective_musd": _finite(outcome.objective),
        "bound_musd": _finite(outcome.dual_bound),
        "gap_frac": _finite(outcome.gap),
        "orders_held_before": plan.orders_held_before,
        "duals_of": outcome.duals_of if outcome.has_duals else None,
        "check": {
            "ok": plan.verdict.ok,
            "rules": len(plan.verdict.checks),
            "broken": broken,
            "proven": plan.verdict.proven,
        },
        "notes": [*assumed_of(plan), *_in_words(plan.inputs.warnings), *notes_of(plan), *plan.inputs.notes],
        "method": outcome.method_used,
        "iterations": outcome.iterations,
        "message": outcome.message,
        "seconds": {stage: round(spent, 3) for stage, spent in plan.seconds.items()},
        "sizes": dict(plan.sizes),
        "versions": versions,
        "data": data,
        "scenario_files": [
            {"file": _shown(path), "sha256": sha256}
            for path, sha256 in zip(scenario.source_files, scenario.source_sha256, strict=False)
        ],
        "differs": differences(scenario),
        "from_shipped": from_shipped(scenario, plan.inputs.sha256, plan.inputs.moved),
        "written": written(scenario),
        "merged": merged(scenario),
    }


def _in_words(warnings: Iterable[Problem]) -> Iterator[str]:
    """Write warnings as notes: with the names of their files alone, which move with a project."""
    for warning in warnings:
        yield f"Warning: {replace(warning, file=PurePath(warning.file).name)}."


def _finite(number: float) -> float | None:
    return float(number) if math.isfinite(number) else None


def versions_used() -> dict[str, str]:
    """Return the versions of Python, of dcplan and of what makes an answer, by name."""
    known = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            known[package] = version(package)
        except PackageNotFoundError:  # run from a checkout that is not installed
            known[package] = "not installed"
    return known


def _data(scenario: Scenario, inputs: Inputs) -> Iterator[tuple[str, dict[str, Any]]]:
    """Name the file of every table, with the hash of what was read; shipped ones without folder."""
    own = {table: path.resolve() for table, path in scenario.data_files.items()}
    own |= {".".join(keys): path for keys, path in own_files(scenario)}
    for table in sorted({*inputs.tables, *own}):
        path = own.get(table, DATA_DIR / f"{table}.csv")
        if path in inputs.sha256:
            shown = str(path) if table in own else path.name
            sha256 = inputs.sha256[path]
            yield table, {"file": shown, "shipped": table not in own, "sha256": sha256}


def _shown(path: Path) -> str:
    """Return the full path of a scenario file; the name alone of one that ships."""
    full = path.resolve()
    return full.name if full.parent == SCENARIOS_DIR else str(full)
