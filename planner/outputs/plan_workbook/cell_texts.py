"""Values of a scenario as one cell holds them; `planner.scenario.workbook_values` reads them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from planner.scenario.yaml12 import scalar

__all__ = ["in_cell"]

_PLAIN: Final = re.compile(r"[^\W_][\w./+-]*(?: [\w./+-]+)*")
"""Words that need no quotes in a list of YAML."""


def in_cell(value: Any) -> bool | float | str:
    """Return what a cell holds.

    >>> in_cell(["us-va-ashburn", "NO"]), in_cell({2027: 30, 2028: 45.5}), in_cell(None)
    ('us-va-ashburn, NO', '2027: 30, 2028: 45.5', 'null')
    >>> in_cell(["a, b", "true"]), in_cell([]), in_cell("=1+1"), in_cell([["a", "b"]])
    ('"a, b", "true"', '[]', '=1+1', '[[a, b]]')
    """
    if isinstance(value, list | tuple | Mapping):
        text = _flow(value)
        # What begins with the bracket of an entry would be read as the whole list.
        has_outer = not value or (isinstance(value, list | tuple) and text[1:2] == "[")
        return text if has_outer else text[1:-1]
    return "null" if value is None else value


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_flow(str(k))}: {_flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, str):
        is_year = value.isdigit() and len(value) == len("2030")
        is_plain = bool(_PLAIN.fullmatch(value)) and isinstance(scalar(value), str)
        return value if is_plain or is_year else json.dumps(value, ensure_ascii=False)
    return "null" if value is None else json.dumps(value)
