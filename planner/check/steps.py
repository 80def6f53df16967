"""Figures of the scenario that hold from a year on until the next one given."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["held"]


def held(path: Mapping[int, float] | float | None, year: int) -> float | None:
    """Read a path by year as steps.

    Parameters
    ----------
    path : mapping of year to float, float or None
        A setting of the scenario; a plain number holds in every year.
    year : int
        Model year.

    Returns
    -------
    float or None
        None before the first year given, and where nothing is given.
    """
    if not isinstance(path, Mapping):
        return path
    given = sorted(known for known in path if known <= year)
    return path[given[-1]] if given else None
