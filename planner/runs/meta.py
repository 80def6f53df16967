"""``run.json``: question, versions, data, verdict of solver and checker; written, and read if whole."""

from __future__ import annotations

import math
import platform
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import PurePath, PurePosixPath
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import AfterValidator, Field

from planner.base.errors import InputError, Problem
from planner.base.paths import DATA_DIR, SCENARIOS_DIR
from planner.outputs.own_folder import META_FILE
from planner.outputs.run import Run
from planner.outputs.solver_files import binding_of_run
from planner.results.schema import CHECKS
from planner.runs.names import Part, Text, folder_name, plain_name, read_json, wrong_in
from planner.runs.notes import assumed_of, assumed_words, notes_of
from planner.runs.settings import differences, from_shipped, merged, own_files, written

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    import pandas as pd

    from planner.inputs.inputs import Inputs
    from planner.runs.plan import Plan
    from planner.scenario import Scenario

FORMAT: Final = 3
"""Version of the run folder's layout, the only one that is read."""

_PACKAGES: Final = ("dcplan", "highspy", "pulp", "numpy", "pandas", "pyproj")


def describe(plan: Plan, bound: pd.DataFrame | InputError) -> dict[str, Any]:
    """Say of a plan what ``run.json`` holds, with the limits that bind in it."""
    scenario, outcome = plan.scenario, plan.outcome
    assumed, warnings = assumed_of(plan), _in_words(plan.inputs.warnings)
    return {
        "format": FORMAT,
        "run": run_name(scenario, plan.inputs),
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
            "broken": [check.name for check in plan.verdict.broken],
            "proven": plan.verdict.proven,
        },
        "assumed": assumed,
        "notes": [*map(assumed_words, assumed), *warnings, *notes_of(plan, bound), *plan.inputs.notes],
        "method": outcome.method_used,
        "iterations": outcome.iterations,
        "message": outcome.message,
        "seconds": {stage: round(spent, 3) for stage, spent in plan.seconds.items()},
        "sizes": dict(plan.sizes),
        "versions": versions_used(),
        "data": dict(sorted(_data(scenario, plan.inputs))),
        "scenario_files": [
            {"file": _shown(path), "sha256": sha256}
            for path, sha256 in zip(scenario.source_files, scenario.source_sha256, strict=False)
        ],
        "differs": differences(scenario),
        "from_shipped": from_shipped(scenario, plan.inputs.sha256, plan.inputs.moved),
        "written": written(scenario),
        "merged": merged(scenario),
    }


def run_name(scenario: Scenario, inputs: Inputs) -> str:
    """Return the name of the run of a question with its data, solved or not."""
    content = {
        "settings": scenario.model_dump(mode="json", exclude={"extends", "data"}),
        "data": {table: entry["sha256"] for table, entry in _data(scenario, inputs)},
        "dcplan": versions_used()["dcplan"],
    }
    return folder_name(scenario.name, content)


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
            yield table, {"file": shown, "shipped": table not in own, "sha256": inputs.sha256[path]}


def _shown(path: Path) -> str:
    """Return the full path of a scenario file; the name alone of one that ships."""
    full = path.resolve()
    return full.name if full.parent == SCENARIOS_DIR else str(full)


# --- reading -----------------------------------------------------------------------------------


def read_meta(folder: Path) -> dict[str, Any]:
    """Read ``run.json`` of a run folder."""
    path = folder / META_FILE
    fix = "give a folder that dcplan solve has written; dcplan runs list names them"
    try:
        if not path.is_file():
            found = "not a run folder"
            raise InputError.at(folder, found, f"one with {META_FILE}", fix)
        meta = read_json(path)
    except (OSError, ValueError, RecursionError) as error:
        found = f"cannot be read: {error}"
        raise InputError.at(path, found, "JSON", fix) from error
    again = "solve the scenario again with this version"
    known = meta.get("format") if isinstance(meta, dict) else None
    if known != FORMAT:
        found = f"format is {known!r}: the run is of another version of dcplan"
        raise InputError.at(path, found, str(FORMAT), again)
    problems = [
        Problem.of(path, found, expected, "put it back as it was, or solve again")
        for found, expected in wrong_keys(meta).values()
    ]
    if problems:
        raise InputError(problems)
    plain_name(meta["run"], str(path))
    return dict(meta)


def _inside(name: str) -> str:
    """Return the name of a file inside a folder; any other one is an error."""
    path = PurePosixPath(name)
    if "\0" in name or "\\" in name or path.is_absolute() or ".." in path.parts:
        msg = "names of files inside the folder"
        raise ValueError(msg)
    return name


def _time(text: str) -> str:
    if datetime.fromisoformat(text).tzinfo is None:
        msg = "a time with its zone, such as 2026-01-31T12:00:00+00:00"
        raise ValueError(msg)
    return text


class _Check(Part):
    ok: bool
    rules: int
    broken: list[Text]


class _DataFile(Part):
    file: Text
    shipped: bool
    sha256: Text


class _Start(Part):
    scenario: Text | None
    differs: dict[Text, Text]


class _Versions(Part):
    __pydantic_extra__: dict[Text, Text]
    dcplan: Text


class _Meta(Part):
    """What readers of a run count on; what has a default is not in runs of an earlier version."""

    sha256: dict[Annotated[Text, AfterValidator(_inside)], Text]
    run: Text
    scenario: Text
    title: Text | None
    question: Text | None
    created: Annotated[Text, AfterValidator(_time)]
    status: Text
    objective_musd: float | None
    bound_musd: float | None
    gap_frac: float | None
    orders_held_before: int | None = None
    check: _Check
    notes: list[Text]
    seconds: dict[Text, float]
    versions: _Versions
    data: dict[Text, _DataFile]
    differs: dict[Text, Text] = Field(default_factory=dict)
    from_shipped: _Start | None = None
    written: dict[Text, Text]
    merged: dict[Text, Any]


def wrong_keys(meta: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Return what is wrong with each key of ``run.json``, and what must be there."""
    return wrong_in(meta, _Meta)


# --- a plan that was just solved ---------------------------------------------------------------


def run_of(plan: Plan) -> Run:
    """Make a run of a plan that was just solved."""
    typed = plan.verdict.frame()[list(CHECKS.columns)].astype({c.name: c.dtype for c in CHECKS.fields})
    tables = {**plan.tables, CHECKS.name: typed}
    run = Run({}, tables, dict(plan.inputs.tables), proof_tables=plan.proof.tables, inputs=plan.inputs)
    return run.having(meta=describe(plan, binding_of_run(run)))
