"""How much the code says, by room: what `make size` prints and tests/test_size.py holds to budgets.

A line says something if it has code other than an import, `__all__` or lone brackets, so that line length, blank
lines and trailing commas do not move the figure.
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections import Counter, defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[1]
KINDS = ("files", "says", "imports", "docstrings", "lines")
_BRACKETS = frozenset("()[]{},:")
_QUIET = frozenset(
    getattr(tokenize, name) for name in ("NL", "NEWLINE", "INDENT", "DEDENT", "ENDMARKER", "COMMENT", "ENCODING")
)


def size_of(text: str) -> Counter[str]:
    """Count the lines of a file by kind."""
    docstrings, imports = set[int](), set[int]()
    for node in ast.walk(ast.parse(text)):
        lines = range(getattr(node, "lineno", 0), (getattr(node, "end_lineno", 0) or 0) + 1)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            docstrings.update(lines)
        elif (
            isinstance(node, ast.Import | ast.ImportFrom)
            or (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
            or (isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__")
        ):
            imports.update(lines)
    words = defaultdict[int, set[str]](set)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in _QUIET:
            for line in range(token.start[0], token.end[0] + 1):
                words[line].add(token.string)
    says = {line for line, found in words.items() if found - _BRACKETS} - docstrings - imports
    figures = (1, len(says), len(imports), len(docstrings), text.count("\n"))
    return Counter(dict(zip(KINDS, figures, strict=True)))


def sizes(folder: str) -> dict[str, Counter[str]]:
    """Count each room of a folder; files at its top are a room of its own name."""
    found = defaultdict[str, Counter[str]](Counter)
    for path in sorted((ROOT / folder).rglob("*.py")):
        parts = path.relative_to(ROOT).parts
        found["/".join(parts[:2]) if len(parts) > 2 else parts[0]].update(size_of(path.read_text(encoding="utf-8")))
    return dict(found)


def total(rooms: dict[str, Counter[str]]) -> Counter[str]:
    """Add up rooms."""
    return sum(rooms.values(), Counter[str]())


def main() -> None:
    """Print every room of planner/, the largest first, then planner/ and tests/ as a whole."""
    rooms = sizes("planner")
    print(f"{'':24}" + "".join(f"{kind:>12}" for kind in KINDS))
    whole = {"planner": total(rooms), "tests": total(sizes("tests"))}
    for name, count in [*sorted(rooms.items(), key=lambda room: -room[1]["says"]), *whole.items()]:
        print(f"{name:24}" + "".join(f"{count[kind]:>12,}" for kind in KINDS))


if __name__ == "__main__":
    main()
