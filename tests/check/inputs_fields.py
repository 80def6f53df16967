"""Every figure of the inputs, found by reflection, and ways to make one of them wrong."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Mapping

import numpy as np
import pandas as pd

from planner.base.arrays import Record
from planner.lp import Index
from planner.lp.index import Axis

SHARE = 0.05
_POSITIONS = ("Positions", "NDArray[np.intp]", "Sequence[int]")


@dataclasses.dataclass(frozen=True)
class Figure:
    """One array or number of the inputs, with the way to it from the top."""

    name: str
    path: tuple[object, ...]
    values: np.ndarray
    is_position: bool

    def spoilable(self):
        """Return the places whose value can be made wrong: all but nothing and infinity."""
        flat = self.values.ravel()
        if self.values.dtype.kind == "f":
            return np.flatnonzero(np.isfinite(flat) & (flat != 0.0))
        return np.flatnonzero(np.full(flat.shape, not self.is_position or np.unique(flat).size > 1))


def figures(inputs):
    """List the figures of the inputs; those of equal parts of a mapping or tuple share a name.

    Parameters
    ----------
    inputs : Inputs
        Or a part of it.

    Returns
    -------
    list of Figure
        Index lists, axes, labels and whatever holds no number are left out.
    """
    return list(_of_record(inputs, "", ()))


def _types(value):
    """Return the names and types of the fields of a dataclass, or of the figures that a family's inputs set."""
    if dataclasses.is_dataclass(value):
        return {field.name: str(field.type) for field in dataclasses.fields(value)}
    said = dict(re.findall(r"self\.(\w+): ([^=]+) =", inspect.getsource(type(value))))
    return {name: said.get(name, "") for name in vars(value)}


def _of_record(value, name, path):
    for field, kind in _types(value).items():
        full = f"{name}.{field}" if name else field
        yield from _of(getattr(value, field), full, (*path, field), kind.startswith(_POSITIONS))


def _of(value, name, path, is_position):
    if isinstance(value, Index | Axis | str):
        return
    if dataclasses.is_dataclass(value) or isinstance(value, Record):
        yield from _of_record(value, name, path)
        return
    if isinstance(value, pd.DataFrame):
        numbers = value.select_dtypes(["number", "bool"])
        for column in numbers:
            yield Figure(f"{name}.{column}", (*path, column), numbers[column].to_numpy(), False)
        return
    values, parts = _numbers(value), {}
    if values is not None:
        yield Figure(name, path, values, is_position)
    elif isinstance(value, Mapping):
        parts = value
    elif isinstance(value, tuple | list):
        parts = dict(enumerate(value))
    for key, one in parts.items():
        yield from _of(one, name, (*path, key), is_position)


def _numbers(value):
    """Return the numbers that a value is made of, None if it is not made of numbers alone."""
    of_mapping = isinstance(value, Mapping)
    if isinstance(value, np.ndarray):
        return value if value.dtype.kind in "fiub" else None
    if isinstance(value, int | float | np.number):
        return np.asarray(value)
    listed = list(value.values()) if of_mapping else value
    if not isinstance(listed, list | tuple) or not listed:
        return None
    return np.asarray(listed) if all(isinstance(one, int | float) for one in listed) else None


def with_values(inputs, figure, values):
    """Return the inputs with other values of one figure."""
    return _replaced(inputs, figure.path, np.asarray(values).reshape(figure.values.shape))


def _replaced(value, path, new):
    if not path:
        return _like(value, new)
    step, *rest = path
    if isinstance(value, pd.DataFrame):
        return value.assign(**{step: new})
    if isinstance(value, Mapping):
        return {**value, step: _replaced(value[step], rest, new)}
    if isinstance(value, tuple | list):
        changed = [_replaced(one, rest, new) if at == step else one for at, one in enumerate(value)]
        return type(value)(changed)
    other = {step: _replaced(getattr(value, step), rest, new)}
    return dataclasses.replace(value, **other) if dataclasses.is_dataclass(value) else value.changed(**other)


def _like(value, new):
    if isinstance(value, Mapping):
        return dict(zip(value, new.tolist(), strict=True))
    if isinstance(value, tuple | list):
        return type(value)(new.tolist())
    return new if isinstance(value, np.ndarray) else new.item()


def wrong(figure, places, share=SHARE):
    """Return the values of a figure, wrong in some places.

    Numbers are off by a share, counts by one, what is true is false and the other way round, and
    positions point at another of the places that the list has.
    """
    flat = figure.values.ravel().copy()
    if flat.dtype.kind == "f":
        flat[places] *= 1.0 + share
    elif flat.dtype.kind == "b":
        flat[places] = ~flat[places]
    elif figure.is_position:
        known = np.unique(flat)
        flat[places] = known[(np.searchsorted(known, flat[places]) + 1) % known.size]
    else:
        flat[places] += 1
    return flat
