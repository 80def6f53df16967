"""What a plan asks of the grid, for grid planners, PyPSA and ReEDS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from planner.base.errors import InputError, Problem
from planner.clock.profiles import hour_names, hourly
from planner.inputs.days import days_of
from planner.outputs.files import whole_file
from planner.outputs.solver_files import scenario_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from planner.clock.days import Days
    from planner.outputs.run import Run

# --- What a plan asks of the grid, hour by hour, as grid planners want it: firm and flexible MW ---
#
# Power is what sites draw from the grid. Of it, *flexible* is that of deferrable work or be
# done at another site, with the cooling and losses of its time slice; the rest is *firm*. Both are as
# the plan runs them: work that waits is in the hour in which it is done.

PARTS: Final = ("firm", "flexible")
"""The two parts of demand, in the order of columns."""
# --- Loads for PyPSA: a folder of CSV files for every model year, to import into a network --------

_DECIMALS: Final = 4  # of MW in text files, 100 W


def write_grid(run: Run, folder: Path) -> list[Path]:
    """Write the demand of every grid zone: a table by year, and every hour of every year."""
    if run.tables["power_slot"].empty:
        what_is, fix = "no site of this run draws power in any year", "export another run"
        must_be = "a run whose sites draw power, for the format grid"
        raise InputError([Problem.of("--format", what_is, must_be, fix)])
    days = plan_days(run)
    slots = area_slots(run, run.sites.set_index("site")["zone"])
    years = folder / "zone_year.csv"
    written = [_csv(_by_year(slots, days), years)]
    hours = []
    for year, frame in area_hours(slots, days):
        long = frame.melt(["utc", "part"], var_name="zone", value_name="mw")
        wide = long.pivot(index=["zone", "utc"], columns="part", values="mw").reset_index()
        named = {part: f"{part}_mw" for part in PARTS}
        table = wide.rename(columns=named)[["zone", "utc", *named.values()]]
        table.insert(1, "year", year)
        rounded = table.round(dict.fromkeys(named.values(), _DECIMALS))
        written.append(_csv(rounded, folder / f"zone_hour_{year}.csv", date_format="%Y-%m-%dT%H:%MZ"))
        hours.append(table)
    path = folder / "zone_hour.parquet"
    with whole_file(path) as partial:
        pd.concat(hours, ignore_index=True).to_parquet(partial, index=False, compression="zstd")
    return [*written, path]


def _csv(frame: pd.DataFrame, path: Path, **more: Any) -> Path:
    with whole_file(path) as partial:
        frame.to_csv(partial, index=False, lineterminator="\n", **more)
    return path


def plan_days(run: Run) -> Days:
    """Return the days by which the scenario of a run tells a year."""
    return days_of(scenario_of(run), run.inputs_tables)


def area_slots(run: Run, area_of_site: pd.Series) -> pd.DataFrame:
    """Return what areas draw from the grid in every time slice."""
    key = ["site", "year", "slot"]
    power = run.tables["power_slot"][[*key, "it_mw", "facility_mw", "grid_mw"]]
    work = [run.tables[name][[*key, "done_mw"]] for name in ("deferral", "migration")]
    done = pd.concat(work, ignore_index=True).groupby(key, as_index=False)["done_mw"].sum()
    power = power.merge(done, on=key, how="left", validate="one_to_one")
    it_mw = power["it_mw"].to_numpy()
    per_it = power["facility_mw"].to_numpy() / np.where(it_mw > 0.0, it_mw, np.inf)
    may_move_mw = power["done_mw"].fillna(0.0).to_numpy() * per_it
    flexible_mw = np.minimum(may_move_mw, power["grid_mw"])
    parts = power.assign(
        area=power["site"].map(area_of_site), firm_mw=power["grid_mw"] - flexible_mw, flexible_mw=flexible_mw
    )
    names = [f"{part}_mw" for part in PARTS]
    return parts.groupby(["area", "year", "slot"], as_index=False, sort=False)[names].sum()


def area_hours(slots: pd.DataFrame, days: Days) -> Iterator[tuple[int, pd.DataFrame]]:
    """Give the hours of one model year after the other."""
    areas = sorted(slots["area"].unique())
    for year in sorted(int(year) for year in slots["year"].unique()):
        of_year = slots[slots["year"] == year]
        frames = []
        for part in PARTS:
            table = of_year.pivot(index="area", columns="slot", values=f"{part}_mw")
            by_slot = table.reindex(index=areas, columns=list(days.names)).fillna(0.0)
            hours = pd.DataFrame(hourly(days, by_slot.to_numpy()).T, columns=areas)
            hours.insert(0, "part", part)
            hours.insert(0, "utc", hour_names(year))
            frames.append(hours)
        yield year, pd.concat(frames, ignore_index=True)


def _by_year(slots: pd.DataFrame, days: Days) -> pd.DataFrame:
    """Return energy and coincident peak of every zone and year."""
    hours = slots["slot"].map(dict(zip(days.names, days.weight_h, strict=True)))
    total_mw = slots["firm_mw"] + slots["flexible_mw"]
    parts = slots.assign(
        firm_mwh=slots["firm_mw"] * hours, flexible_mwh=slots["flexible_mw"] * hours, total_mw=total_mw
    )
    by = parts.groupby(["area", "year"])
    table = by[["firm_mwh", "flexible_mwh"]].sum()
    table["peak_mw"] = by["total_mw"].max()
    at_peak = parts.loc[by["total_mw"].idxmax()].set_index(["area", "year"])
    table["flexible_at_peak_mw"] = at_peak["flexible_mw"]
    return table.round(_DECIMALS).reset_index().rename(columns={"area": "zone"})


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
        for name, frame in {
            "network": pd.DataFrame({"name": [f"{run.label} {year}"]}),
            "snapshots": snapshots,
            "carriers": carriers,
            "buses": buses,
            "loads": loads,
            "loads-p_set": power.round(_DECIMALS).reset_index(),
        }.items():
            written.append(_csv(frame, folder / str(year) / f"{name}.csv"))
    return written


def _load(zone: str, part: str) -> str:
    return f"{zone} {part}"


# --- Load sites for ReEDS: megawatts by state and year, in its `*loadsitereg,t,MW` layout ---------

_COUNTRY: Final = "US"  # all that ReEDS knows states of
_FILE: Final = "loadsite_st_dcplan.csv"


def write_reeds(run: Run, folder: Path) -> list[Path]:
    """Write what the states of the US are asked for, for ReEDS' ``inputs/load``.

    MW is the coincident peak of the state's sites at the grid, firm and flexible alike, in every
    calendar year for which a model year stands; lines that begin with ``#`` say the capacity
    factor that goes with it, and what is left out.

    Layout after the files ``loadsite_*.csv`` of ReEDS-2.0.
    """
    state = _state_of_site(run)
    slots = area_slots(run, state)
    hours = plan_days(run)
    weight_h = slots["slot"].map(dict(zip(hours.names, hours.weight_h, strict=True)))
    total_mw = slots["firm_mw"] + slots["flexible_mw"]
    by = slots.assign(mw=total_mw, mwh=total_mw * weight_h).groupby(["area", "year"])
    peak_mw, mwh = by["mw"].max(), by["mwh"].sum()
    mean_mw = mwh / hours.weight_h.sum()
    load_factor = mean_mw.sum() / peak_mw.sum()
    lines = [
        f"# Data centers of {_one_line(run.title)}: coincident peak by state.",
        f"# Mean over peak of all states and years: {load_factor:.4f} (GSw_LoadSiteCF).",
        *_left_out(run),
        "*loadsitereg,t,MW",
    ]
    span = _calendar_years(run)
    lines += [
        f"{area},{calendar},{mw:.3f}"
        for area, year, mw in peak_mw.reset_index().itertuples(index=False)
        for calendar in span[year]
    ]
    path = folder / _FILE
    with whole_file(path) as partial:
        partial.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return [path]


def _state_of_site(run: Run) -> pd.Series:
    """Return the state of every site of the country; others are left out."""
    drawing = set(run.tables["power_slot"]["site"])
    sites = run.sites[(run.sites["country"] == _COUNTRY) & run.sites["site"].isin(drawing)]
    if sites.empty:
        what_is = "no site that draws power is in the United States"
        raise InputError([Problem.of("--format", what_is, "one for reeds")])
    new_sites = run.meta["merged"]["new_sites"]
    given = run.inputs_tables["sites"].set_index("site")["state"].to_dict()
    given |= {site: of.get("state") for site, of in new_sites.items()}
    state = sites["site"].map(given)
    problems = [
        Problem.of(
            "--format",
            f"site {site!r} has no state",
            "one for reeds",
            f"give new_sites.{site}.state, as in state: VA, and solve again"
            if site in new_sites
            else "give it in column state of a table `sites` of your own",
        )
        for site in sites["site"][state.isna() | (state == "")]
    ]
    if problems:
        raise InputError(problems)
    return state.set_axis(sites["site"])


def _left_out(run: Run) -> list[str]:
    abroad = run.sites[run.sites["country"] != _COUNTRY]
    drawing = abroad["site"].isin(set(run.tables["power_slot"]["site"]))
    ids = ", ".join(_one_line(site) for site in abroad["site"][drawing])
    return [f"# Left out, as ReEDS has no states there: {ids}."] if ids else []


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _calendar_years(run: Run) -> dict[int, range]:
    """Return the calendar years for which each model year stands."""
    years = run.years
    ends = [*years[1:], int(np.max(years)) + 1]
    return {year: range(year, end) for year, end in zip(years, ends, strict=True)}
