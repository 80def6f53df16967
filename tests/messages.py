"""Every text that the program can say, taken from its code."""

from __future__ import annotations

import ast
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "planner"
_FEWEST_WORDS = 3


def messages() -> str:
    """Return every text of three words or more by file, with ``{...}`` for what is filled in."""
    parts = []
    for file in sorted(PACKAGE.rglob("*.py")):
        texts = _texts(ast.parse(file.read_text(encoding="utf-8")))
        if texts:
            parts += [f"# {file.relative_to(PACKAGE).as_posix()}", *texts, ""]
    return "\n".join(parts)


def _texts(tree: ast.AST) -> list[str]:
    """Return the texts of a file in the order of the code, docstrings left out."""
    found: list[str] = []

    def visit(node: ast.AST) -> None:
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
    return [
        text.strip().replace("\n", "\\n")
        for text in found
        if len([word for word in text.split() if any(map(str.isalpha, word))]) >= _FEWEST_WORDS
    ]


def _piece(part: ast.expr) -> str:
    if isinstance(part, ast.Constant):
        return str(part.value)
    assert isinstance(part, ast.FormattedValue)
    return "{" + ast.unparse(part.value) + "}"
