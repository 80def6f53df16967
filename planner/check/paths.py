"""Figures of the scenario by year: held from one year on, or on straight lines between."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np


def path_value(path: Mapping[int, float] | float | None, year: int) -> float | None:
    """Read a path by year as steps."""
    if not isinstance(path, Mapping):
        return path
    given = sorted(known for known in path if known <= year)
    return path[given[-1]] if given else None


def between(path: Mapping[int, float] | float, year: float) -> float:
    """Read a path by year on straight lines between its years; a number holds every year."""
    if not isinstance(path, Mapping):
        return path
    known = sorted(path)
    return float(np.interp(year, known, [path[y] for y in known]))


def path_value_or_nan(path: Mapping[int, float] | float, year: int) -> float:
    """Read a path by year as steps, each held until the next; nan before the first."""
    value = path_value(path, year)
    return float("nan") if value is None else value
