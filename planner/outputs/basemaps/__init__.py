"""Outlines of land and borders for maps, small enough to ship.

`us.json` is made from the package us-atlas (United States Census Bureau, public domain),
`world.json` from world-atlas (Natural Earth, public domain); both packages are under the ISC
licence. `bench/outlines.py` makes the files.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

__all__ = ["Basemap", "load_basemap"]

Line = list[tuple[float, float]]


@dataclass(frozen=True)
class Basemap:
    """Outlines in WGS 84, longitude first."""

    land: list[list[Line]]  # polygons: each an outer ring and, after it, holes
    borders: list[Line]  # borders inside the land


@cache
def load_basemap(name: Literal["us", "world"]) -> Basemap:
    """Read outlines that ship with the package.

    >>> len(load_basemap("us").borders) > 40
    True
    """
    text = (files(__name__) / f"{name}.json").read_text(encoding="utf-8")
    content = json.loads(text)
    return Basemap(content["land"], content["borders"])
