"""``run.json``: question, versions, data, verdict of solver and checker; sealed when written, read as it was."""

from __future__ import annotations

import hashlib
import json
import math
import platform
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

from planner.base.errors import InputError, Problem
from planner.base.paths import DATA_DIR, SCENARIOS_DIR
from planner.outputs.own_folder import META_FILE
from planner.outputs.run import Run
from planner.outputs.solver_files import binding_of_run
from planner.results.schema import CHECKS
from planner.runs.names import folder_name
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

SEAL: Final = "seal"
"""Last key, the SHA-256 of all else that ``run.json`` says, by which an edit of it is known."""
_END: Final = b"\n}\n"

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
    """Read ``run.json`` of a run folder; one that was edited, as its seal says, is refused."""
    path = folder / META_FILE
    fix = "give a folder that dcplan solve has written; dcplan runs list names them"
    try:
        if not path.is_file():
            found = "not a run folder"
            raise InputError.at(folder, found, f"one with {META_FILE}", fix)
        raw = path.read_bytes()
        meta = json.loads(raw)
    except (OSError, ValueError, RecursionError) as error:
        found = f"cannot be read: {error}"
        raise InputError.at(path, found, "JSON", fix) from error
    known = meta.get("format") if isinstance(meta, dict) else None
    if known != FORMAT:
        found = f"format is {known!r}: the run is of another version of dcplan"
        raise InputError.at(path, found, str(FORMAT), "solve the scenario again with this version")
    if not _is_sealed(raw):
        again = "put it back as it was, or solve the scenario again"
        raise InputError.at(path, "it was changed since it was written", "as dcplan wrote it", again)
    return dict(meta)


def sealed(meta: Mapping[str, Any]) -> dict[str, Any]:
    """Return what ``run.json`` says, with its seal at the end; a seal in it is replaced."""
    content = {key: value for key, value in meta.items() if key != SEAL}
    return {**content, SEAL: hashlib.sha256(meta_bytes(content)).hexdigest()}


def meta_bytes(meta: Mapping[str, Any]) -> bytes:
    """Return ``run.json`` as bytes."""
    text = json.dumps(meta, indent=2, ensure_ascii=False, allow_nan=False)
    return f"{text}\n".encode("utf-8", errors="backslashreplace")


def _is_sealed(raw: bytes) -> bool:
    """Return whether the seal is that of all before it."""
    content, _, seal = raw.rpartition(f',\n  "{SEAL}": '.encode())
    return seal == f'"{hashlib.sha256(content + _END).hexdigest()}"'.encode() + _END


# --- a plan that was just solved ---------------------------------------------------------------


def run_of(plan: Plan) -> Run:
    """Make a run of a plan that was just solved."""
    typed = plan.verdict.frame()[list(CHECKS.columns)].astype({c.name: c.dtype for c in CHECKS.fields})
    tables = {**plan.tables, CHECKS.name: typed}
    run = Run({}, tables, dict(plan.inputs.tables), proof_tables=plan.proof.tables, inputs=plan.inputs)
    return run.having(meta=describe(plan, binding_of_run(run)))
