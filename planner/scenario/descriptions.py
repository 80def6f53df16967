"""What the source says of each key of a block: the string below it."""

from __future__ import annotations

import ast
import inspect
import sys
from functools import cache
from itertools import pairwise

__all__ = ["key_descriptions"]


@cache
def key_descriptions(module: str) -> dict[str, dict[str, str]]:
    """Return the strings below the keys of every block of a module, its constants among them.

    Parameters
    ----------
    module : str
        Full name; it may be at the beginning of its import.

    Returns
    -------
    dict
        By name of the class and key.
    """
    source = ast.parse(inspect.getsource(sys.modules[module]))
    return {
        block.name: {
            key.target.id: inspect.cleandoc(below.value.value)
            for key, below in pairwise(block.body)
            if isinstance(key, ast.AnnAssign)
            and isinstance(key.target, ast.Name)
            and isinstance(below, ast.Expr)
            and isinstance(below.value, ast.Constant)
            and isinstance(below.value.value, str)
        }
        for block in source.body
        if isinstance(block, ast.ClassDef)
    }
