"""Rooms import in one direction; the checker shares no code with the model."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "planner"

# For each room, the rooms it may import; all may import those of pure functions.
PURE = {"base": set(), "clock": {"base"}, "money": {"base"}, "place": {"base", "clock"}, "fleet": {"base", "clock"}}
MAY_IMPORT = {
    **PURE,
    "lp": set(),
    "tables": set(),
    "family": {"lp", "tables"},
    "families": {"family", "lp"},
    "scenario": {"families", "family", "tables"},
    "plausible": {"families", "family", "scenario", "tables"},
    "tariffs": {"lp"},
    "headroom": {"tables"},
    "inputs": {"families", "family", "scenario", "tables", "lp", "tariffs", "plausible"},
    "limits": {"families", "family", "inputs", "lp", "scenario", "tables"},
    "model": {"families", "family", "inputs", "lp", "tariffs"},
    "results": {"families", "family", "limits", "model", "inputs", "lp", "tables", "tariffs"},
    "check": {"families", "family", "inputs", "results", "scenario", "tables"},
    "stress": {"families", "family", "check", "inputs", "results", "scenario", "tables"},
    "outputs": {
        "families",
        "family",
        "headroom",
        "stress",
        "results",
        "scenario",
        "tables",
        "inputs",
        "model",
        "limits",
        "plausible",
    },
    "runs": {"families", "family", "lp", "outputs", "results", "scenario", "check", "inputs", "limits"},
    "studies": {
        "families",
        "family",
        "runs",
        "check",
        "inputs",
        "limits",
        "lp",
        "model",
        "outputs",
        "results",
        "scenario",
        "stress",
        "tables",
    },
    "serve": {
        "families",
        "family",
        "inputs",
        "lp",
        "outputs",
        "plausible",
        "results",
        "runs",
        "scenario",
        "studies",
        "tables",
    },
}


# Rooms whose types they name: a family says what it is made of, and imports none of it.
MAY_NAME = {"family": {"inputs", "model"}, "families": {"inputs", "model"}}
UPWARD = {"runs/plan.py: studies"}
"""`PlanViews.explain` hands the plan to the room above when it is called."""


def imported_rooms(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    parts = [name.split(".") for name in names if name.split(".")[0] == "planner"]
    return {part[1] for part in parts if len(part) > 1}


def rooms() -> list[str]:
    return sorted(path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists())


def test_every_room_is_listed() -> None:
    assert set(rooms()) - {"cli"} == set(MAY_IMPORT) & set(rooms())


def test_contributing_lists_every_room() -> None:
    text = (PACKAGE.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")

    assert sorted(re.findall(r"^\| `planner/(\w+)/` \|", text, re.MULTILINE)) == rooms()


def test_no_room_is_below_itself() -> None:
    TopologicalSorter(MAY_IMPORT).prepare()  # raises where rooms import each other in a circle


@pytest.mark.parametrize("room", [room for room in rooms() if room != "cli"])
def test_a_room_imports_only_rooms_below_it(room: str) -> None:
    allowed = MAY_IMPORT[room] | MAY_NAME.get(room, set()) | {room}
    if room not in PURE:
        allowed |= PURE.keys()

    strangers = {
        f"{file.relative_to(PACKAGE)}: {name}"
        for file in (PACKAGE / room).rglob("*.py")
        for name in imported_rooms(file) - allowed
    }

    assert strangers <= UPWARD


def test_solving_needs_neither_explain_nor_diagnose_nor_they_each_other() -> None:
    studies = PACKAGE / "studies"
    may_import = {"cluster": {"cluster"}, "solve": {"cluster", "solve"}}
    may_import["explain"] = {"solve", "explain"}
    may_import["estimates"] = {"solve", "estimates"}
    may_import["diagnose"] = {"solve", "diagnose"}
    may_import["compare"] = {"solve", "compare"}
    may_import["sweep"] = {"cluster", "solve", "sweep"}
    may_import["stochastic"] = {"solve", "sweep", "stochastic"}
    may_import["frontier"] = {"solve", "frontier"}
    may_import["myopic"] = {"solve", "myopic"}
    may_import["dispatch"] = {"dispatch"}
    may_import["alternatives"] = {"solve", "alternatives"}
    # What first order ranks is solved again as the futures of a sweep are.
    may_import["sensitivity"] = {"cluster", "solve", "estimates", "sweep", "sensitivity"}

    strangers = {
        f"{file.name}: {other}"
        for study, others in may_import.items()
        for file in (*(studies / study).glob("*.py"), *studies.glob(f"{study}.py"))
        for other in may_import.keys() - others
        if f"planner.studies.{other}" in file.read_text(encoding="utf-8")
    }

    assert not strangers


def test_a_stored_plan_is_checked_without_model_solver_or_writers_in_reach() -> None:
    needed = {"planner.check", "planner.runs.reopen"}
    not_needed = {"planner.model", "highspy", "pulp", "xlsxwriter", "planner.outputs.report"}
    code = "import sys; print(*sys.modules)"

    done = subprocess.run(
        [sys.executable, "-c", f"import {', '.join(sorted(needed))}; {code}"],
        check=True,
        capture_output=True,
        text=True,
    )

    imported = set(done.stdout.split())
    assert needed <= imported
    assert not not_needed & imported


def test_nothing_below_the_command_line_prints_or_exits() -> None:
    callers = {
        str(file.relative_to(PACKAGE))
        for file in PACKAGE.rglob("*.py")
        if "cli" not in file.parts
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", getattr(node.func, "attr", "")) in {"print", "exit", "_exit"}
    }

    assert callers <= {"outputs/terminal.py"}  # rich's Console.print, handed in by a command


def test_only_studies_solve() -> None:
    def names(node: ast.AST) -> set[str]:
        if isinstance(node, ast.ImportFrom | ast.Import):
            source = {getattr(node, "module", None) or ""}
            return source | {alias.name.rsplit(".", 1)[-1] for alias in node.names}
        return {getattr(node, "id", getattr(node, "attr", ""))}

    solvers = {
        file.relative_to(PACKAGE).parts[0]
        for file in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if names(node) & {"HighsSession", "highspy"}
    }

    assert solvers == {"lp", "studies"}


@cache
def circles(package: Path) -> list[list[str]]:
    """Return the circles of imports, those for types included, longest first."""
    files = {
        ".".join(("planner", *file.relative_to(package).with_suffix("").parts)).removesuffix(".__init__"): file
        for file in package.rglob("*.py")
    }
    needs = {
        name: {
            full if (full := f"{node.module}.{alias.name}") in files else node.module
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("planner")
            for alias in node.names
        }
        for name, file in files.items()
    }

    def reach(start: str) -> set[str]:
        seen: set[str] = set()
        waiting = [start]
        while waiting:
            new = needs.get(waiting.pop(), set()) - seen
            seen |= new
            waiting += new
        return seen

    reached = {name: reach(name) for name in needs}
    found = {
        frozenset({name, *(other for other in reached[name] if name in reached.get(other, ()))})
        for name in needs
        if name in reached[name]
    }
    return sorted((sorted(circle) for circle in found), key=len, reverse=True)


# A family's sums are made of the model, and the model holds them by their types; a plan offers its
# explanation, notes and plots, which read the plan.
CIRCLES_WITH_REASON = ("planner.model.variables", "planner.runs.plan")


def test_no_circle_of_imports_is_longer_than_five_files() -> None:
    long = [circle for circle in circles(PACKAGE) if len(circle) > 5]

    assert [circle for circle in long if not set(circle) & set(CIRCLES_WITH_REASON)] == []
    assert len(long) == len(CIRCLES_WITH_REASON)


def test_no_commands_import_each_other_in_functions_either() -> None:
    named = [name for circle in circles(PACKAGE) for name in circle]

    assert [name for name in named if name.startswith("planner.cli")] == []
