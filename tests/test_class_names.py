"""A class has a name of its own: a reader who meets it knows which of the rooms it is of."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "planner"


def test_no_two_rooms_have_public_classes_of_one_name() -> None:
    places = defaultdict(list)
    for file in sorted(PACKAGE.rglob("*.py")):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(file.relative_to(PACKAGE).parts[0])

    assert len(places) > 300
    assert {name: set(rooms) for name, rooms in places.items() if len(rooms) > 1} == {}
