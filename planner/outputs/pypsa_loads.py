"""Loads for PyPSA: a folder of CSV files for every model year, to import into a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from planner.outputs.files import whole_file
from planner.outputs.grid_demand import PARTS, area_hours, area_slots, plan_days

if TYPE_CHECKING:
    from pathlib import Path

    from planner.outputs.run import Run

__all__ = ["write_pypsa"]

_DECIMALS: Final = 4  # of MW, 100 W


def write_pypsa(run: Run, folder: Path) -> list[Path]:
    """Write the grid's new loads as PyPSA networks of buses and loads, one for each model year.

    Every zone is a bus, placed at the middle of its sites, with a load for the firm and one for
    the flexible part; `Network.import_from_csv_folder` reads a folder, 8,760 snapshots of 1 h.

    Layout after the import and export chapter of PyPSA's documentation.
    """
    sites = run.sites.set_index("site")
    slots = area_slots(run, sites["zone"])
    zones = sorted(slots["area"].unique())
    middle = sites.groupby("zone")[["lon", "lat"]].mean().loc[zones]
    buses = pd.DataFrame({"name": zones, "carrier": "AC", "x": middle["lon"].values, "y": middle["lat"].values})
    loads = pd.DataFrame(
        [(_load(zone, part), zone, part) for zone in zones for part in PARTS], columns=["name", "bus", "carrier"]
    )
    carriers = pd.DataFrame({"name": ["AC", *PARTS]})
    written = []
    for year, hours in area_hours(slots, plan_days(run)):
        by_part = {part: of_part.set_index("utc") for part, of_part in hours.groupby("part")}
        power = pd.DataFrame({_load(zone, part): by_part[part][zone] for zone in zones for part in PARTS})
        power.index.name = "snapshot"
        snapshots = pd.DataFrame({"snapshot": power.index, "objective": 1.0})
        network = pd.DataFrame({"name": [f"{run.label} {year}"]})
        for name, frame in {
            "network": network,
            "snapshots": snapshots,
            "carriers": carriers,
            "buses": buses,
            "loads": loads,
            "loads-p_set": power.round(_DECIMALS).reset_index(),
        }.items():
            path = folder / str(year) / f"{name}.csv"
            with whole_file(path) as partial:
                frame.to_csv(partial, index=False, lineterminator="\n")
            written.append(path)
    return written


def _load(zone: str, part: str) -> str:
    return f"{zone} {part}"
