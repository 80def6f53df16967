"""Which of the numbers and lists that the model is given differ between two inputs."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.lp import Axis

if TYPE_CHECKING:
    from planner.inputs.inputs import Inputs

_NO_FIGURES: Final = ("tables", "sha256", "notes", "assumed", "noted_settings", "moved", "warnings", "reference")


def changed_fields(new: Inputs, old: Inputs) -> set[tuple[str, str]]:
    """Return the family and name of every field of the model's inputs that differs."""
    changed = set()
    for family in fields(new):
        after, before = getattr(new, family.name), getattr(old, family.name)
        if family.name in _NO_FIGURES or after is before:
            continue
        names = [field.name for field in fields(after)] if is_dataclass(after) else []
        changed |= {(family.name, name) for name in names if not is_same(getattr(after, name), getattr(before, name))}
        if not names and not is_same(after, before):
            changed.add((family.name, "*"))
    return changed


def is_same(new: object, old: object) -> bool:
    """Return whether two things that inputs are made of hold the same numbers and labels.

    Things of a type that is not looked into are the same where they are one object.
    """
    if new is old:
        return True
    match new, old:
        case np.ndarray(), np.ndarray():
            same = new.dtype == old.dtype and np.array_equal(new, old, equal_nan=new.dtype.kind == "f")
        case pd.DataFrame(), pd.DataFrame():
            same = new.equals(old)
        case Axis(), Axis():
            same = (new.name, new.labels) == (old.name, old.labels)
        case ((tuple() | list()), (tuple() | list())):
            same = len(new) == len(old) and all(map(is_same, new, old))
        case dict(), dict():
            same = list(new) == list(old) and all(is_same(new[key], old[key]) for key in new)
        case (str() | int() | float() | frozenset() | set() | np.generic(), _):
            same = type(new) is type(old) and bool(new == old)
        case _:
            same = (
                is_dataclass(new)
                and not isinstance(new, type)
                and type(new).__name__ == type(old).__name__
                and all(is_same(getattr(new, field.name), getattr(old, field.name)) for field in fields(new))
            )
    return bool(same)
