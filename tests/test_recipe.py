"""The recipe for a whole family in CONTRIBUTING.md lists the files that a real one touches."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from planner.families import heat

ROOT = Path(__file__).parent.parent
FAMILY = "heat"
MOST_FILES = 3
CALLED = {FAMILY, *(block.name for block in heat.CONSTRAINTS)}


def listed() -> list[str]:
    """Return the files of the recipe, with a real family in the place of the made-up one."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = text.split("## A whole family", 1)[1].split("\n## ", 1)[0]
    rows = [line for line in section.splitlines() if line.startswith("| `planner/")]
    return [re.findall(r"`(planner/\S+)`", row)[0].replace("<family>", FAMILY) for row in rows]


def names(node: ast.AST) -> set[str]:
    """Return what a piece of code calls by name: modules, attributes, arguments, tables."""
    if isinstance(node, ast.ImportFrom):
        return {*(node.module or "").split("."), *(alias.name for alias in node.names)}
    if isinstance(node, ast.Attribute):
        return {node.attr}
    if isinstance(node, ast.keyword):
        return {node.arg or ""}
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return {node.target.id}
    return {node.value} if isinstance(node, ast.Constant) and isinstance(node.value, str) else set()


def test_the_recipe_for_a_family_lists_every_file_that_a_real_one_touches() -> None:
    touched = {
        str(file.relative_to(ROOT))
        for file in (ROOT / "planner").rglob("*.py")
        if file.parent.name != "stress"  # where heat is a wave of it
        and any(CALLED & names(node) for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
    }
    own = {f"planner/{room}/{FAMILY}.py" for room in ("families", "check")}

    assert {*listed()} == touched | own
    assert len(listed()) <= MOST_FILES
    assert len(listed()) == len({*listed()})


def test_the_recipe_says_where_a_family_with_limits_is_listed_besides() -> None:
    trees = {file.name: ast.parse(file.read_text(encoding="utf-8")) for file in (ROOT / "planner/limits").glob("*.py")}
    listed = {name for node in ast.walk(trees.pop("__init__.py")) for name in names(node)}
    of_families = {name for tree in trees.values() for node in tree.body for name in names(node) if "_LIMITS" in name}
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")

    assert len(of_families) > 5
    assert of_families <= listed
    assert "`planner/limits/__init__.py`" in text.split("## A whole family", 1)[1]
