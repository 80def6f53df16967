"""Small worlds whose figures are drawn: `tiny` with other demand, prices, grid and lead times.

Two years, three sites, two workloads. No figure is 0 or 1, and no two of a world are equal. Compute
that no site can serve goes unmet at a price, so that every world has a plan.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from hypothesis import Phase, settings
from hypothesis import strategies as st

drawn = settings(max_examples=8, derandomize=True, database=None, phases=(Phase.explicit, Phase.generate))
"""As elsewhere, without shrinking: that takes minutes where an example takes a second."""

World = Mapping[str, Any]
"""Settings of `tiny` by key path."""
Draw = st.DrawFn

HEADROOM = "grid.headroom_scale_frac"
LAND = ("new_sites.north.land_limit_mw", "new_sites.south.land_limit_mw")
FIGURES = {
    "new_sites.north.retail_usd_per_mwh": (31.0, 72.0),
    "new_sites.south.retail_usd_per_mwh": (34.0, 81.0),
    "new_sites.coast.retail_usd_per_mwh": (45.0, 118.0),
    LAND[0]: (9.0, 46.0),
    LAND[1]: (5.0, 64.0),
    HEADROOM: (0.0012, 0.0045),  # 29 to 140 MW of new connection, for 40 to 85
    "grid.expansion_usd_per_mw": (210e3, 1700e3),
    "racks.override.gb200_nvl72.capex_usd": (1.9e6, 4.6e6),
    "demand.unmet_usd_per_h100e_hour": (3.2, 24.0),
}
"""Least and most of each figure."""
TRAINING = ((14.0, 33.0), (35.0, 63.0))  # kH100e in 2027 and 2028
CHAT = ((4.2, 8.4), (8.6, 15.0))
LEADS = (7, 18)  # months, of North alone: others take 12
_GOLDEN = (5**0.5 - 1) / 2


class Figures:
    """Draws figures of one example, no two of them equal."""

    def __init__(self, draw: Draw) -> None:
        self._draw = draw
        self._used = {0.0, 1.0}

    def between(self, low: float, high: float) -> float:
        """Draw a figure; small integers, of which Hypothesis is fond, are spread over the range."""
        share = (0.5 + self._draw(st.integers(0, 9_999)) * _GOLDEN) % 1.0
        figure, step = float(f"{low + (high - low) * share:.6g}"), (high - low) / 7_919
        while figure in self._used:
            figure = float(f"{low + (figure + step - low) % (high - low):.6g}")
        self._used.add(figure)
        return figure

    def demand(self) -> list[dict[str, Any]]:
        """Draw what is asked for; it grows, as racks that are there stay."""
        return [
            {
                "workload": workload,
                "unit": "kh100e",
                "by_year": {year: self.between(*range_) for year, range_ in zip((2027, 2028), ranges, strict=True)},
            }
            for workload, ranges in (("train_frontier", TRAINING), ("chat_interactive", CHAT))
        ]

    def world(self, lead_months: int) -> World:
        """Draw a world in which halls and connections of North take that long."""
        return {
            "demand.explicit": self.demand(),
            **{path: self.between(*range_) for path, range_ in FIGURES.items()},
            "new_sites.north.lead_time_months": lead_months,
        }

    def of_mini(self) -> list[str]:
        """Draw settings of the made-up world `mini`, with more demand and less headroom."""
        more, less = self.between(1.05, 1.7), self.between(0.1, 0.4)
        return [f"demand.scale_frac={more}", f"grid.headroom_scale_frac={less}"]

    def shares(self, count: int) -> list[float]:
        """Draw shares that add up to 1."""
        parts = [self.between(0.11, 2.3) for _ in range(count)]
        return [part / sum(parts) for part in parts]


@st.composite
def worlds(draw: Draw) -> World:
    """Draw a world."""
    return Figures(draw).world(draw(st.integers(*LEADS)))


def as_overrides(world: World) -> list[str]:
    """Return settings as after ``--set``."""
    return [
        f"{path}={yaml.safe_dump(value, default_flow_style=True, width=1000).splitlines()[0]}"
        for path, value in world.items()
    ]


def as_blocks(world: World) -> dict[str, Any]:
    """Return settings as blocks of a scenario."""
    blocks: dict[str, Any] = {}
    for path, value in world.items():
        *above, last = path.split(".")
        block = blocks
        for key in above:
            block = block.setdefault(key, {})
        block[last] = value
    return blocks


def as_futures(names: Sequence[str], worlds: Sequence[World]) -> str:
    """Return worlds as futures of a sweep file."""
    futures = {name: as_blocks(world) for name, world in zip(names, worlds, strict=True)}
    return yaml.safe_dump({"version": 1, "base": "tiny", "futures": futures}, sort_keys=False)
