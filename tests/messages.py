"""Every text that the program can say, taken from its code."""

from __future__ import annotations

import ast
import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "planner"
_FEWEST_WORDS = 3
_SHOWN = PACKAGE / "outputs" / "writers.py"
"""The file whose docstrings are the labels of downloads."""
_MARKUP = ("<", "CREATE")


def messages() -> str:
    """Return every text of three words or more by file, with ``{...}`` for what is filled in.

    Docstrings are among them where they are shown: those of the checker's rules, and of writers.
    Markup and lists of columns are no text.
    """
    parts = []
    for file in sorted([*PACKAGE.rglob("*.py"), *PACKAGE.glob("[or]*/**/[!u]*s.json")]):  # JSON reads as Python
        tree = ast.parse(file.read_text(encoding="utf-8"))
        texts = [text for text in _texts(tree, is_shown=file == _SHOWN) if _is_text(text)]
        if texts:
            lines = [text.replace("\n", "\\n") for text in texts]
            parts += [f"# {file.relative_to(PACKAGE).as_posix()}", *lines, ""]
    return "\n".join(parts)


def _texts(tree: ast.AST, *, is_shown: bool) -> list[str]:
    """Return the texts of a file in the order of the code, docstrings only where shown."""
    found: list[str] = []

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.FunctionDef) and (is_shown or _is_rule(node)):
            found.append(ast.get_docstring(node) or "")
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            return
        if isinstance(node, ast.JoinedStr):
            found.append("".join(map(_piece, node.values)))
            return
        if isinstance(node, ast.Constant):
            if isinstance(node.value, str):
                found.append(node.value)
            return
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(tree)
    return [text.strip() for text in found]


def _is_rule(function: ast.FunctionDef) -> bool:
    """Say whether it is decorated as a rule, whose docstring `dcplan check` prints."""
    calls = [of.func if isinstance(of, ast.Call) else of for of in function.decorator_list]
    return any(isinstance(of, ast.Name) and of.id == "rule" for of in calls)


def _is_text(text: str) -> bool:
    words = [word for word in text.split() if any(map(str.isalpha, word))]
    if len(words) < _FEWEST_WORDS or text.startswith(_MARKUP):
        return False
    return not {word.strip(",") for word in words} <= _names()


@cache
def _names() -> frozenset[str]:
    """Return the names of all tables and columns of the dictionaries, but `by`, also a word."""

    def every(value: object) -> Iterator[str]:
        if isinstance(value, dict):
            if isinstance(value.get("name"), str):
                yield value["name"]
            value = list(value.values())
        if isinstance(value, list):
            for one in value:
                yield from every(one)

    files = sorted((ROOT / "data").glob("*.json"))
    described = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    return frozenset(name for one in described for name in every(one)) - {"by"}


def _piece(part: ast.expr) -> str:
    if isinstance(part, ast.Constant):
        return str(part.value)
    assert isinstance(part, ast.FormattedValue)
    return "{" + ast.unparse(part.value) + "}"
