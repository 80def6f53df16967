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
        By name.
    """
    node: Any = _parsed(block.__module__)
    for name in block.__qualname__.replace(".<locals>", "").split("."):
        node = next(inner for inner in node.body if getattr(inner, "name", None) == name)
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
    return ast.parse(inspect.getsource(sys.modules[module]))
