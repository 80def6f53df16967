"""What the source says of each key of a block: the string below it."""

from __future__ import annotations

import ast
import inspect
import sys
from functools import lru_cache
from itertools import pairwise
from typing import Any

__all__ = ["key_descriptions"]


def key_descriptions(block: type) -> dict[str, str]:
    """Return the strings below the names in the body of a class, constants among them.

    Parameters
    ----------
    block : type
        Its module may be at the beginning of its import.

    Returns
    -------
    dict of str to str
        By name; empty where the source is not there, as in a frozen program, or has no such class,
        as where it was made by a call or within an `if`.

    Examples
    --------
    >>> from planner.scenario.heat import Heat
    >>> key_descriptions(Heat)["sell"]
    'Whether heat may be sold, in countries that table `heat_reuse` has a row for.'
    >>> key_descriptions(type("Made", (), {}))
    {}
    """
    node: Any = _parsed(block.__module__)
    for name in block.__qualname__.replace(".<locals>", "").split("."):
        node = next((one for one in node.body if getattr(one, "name", None) == name), None)
        if node is None:
            return {}
    return {
        key.target.id: inspect.cleandoc(below.value.value)
        for key, below in pairwise(node.body)
        if isinstance(key, ast.AnnAssign)
        and isinstance(key.target, ast.Name)
        and isinstance(below, ast.Expr)
        and isinstance(below.value, ast.Constant)
        and isinstance(below.value.value, str)
    }


@lru_cache(maxsize=1)  # classes of a module come one after the other
def _parsed(module: str) -> ast.Module:
    try:
        source = inspect.getsource(sys.modules[module])
    except (KeyError, OSError, TypeError):  # no module, no file of its source, no file at all
        source = ""
    return ast.parse(source)
