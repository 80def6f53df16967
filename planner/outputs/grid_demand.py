"""What a plan asks of the grid, for grid planners, PyPSA and ReEDS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from planner.base.errors import InputError, Problem, raise_all
from planner.clock.profiles import hour_names, hourly
from planner.inputs.days import days_of
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

PARTS: Final = ("firm", "flexible")  # the two parts of demand, in the order of columns
# --- Loads for PyPSA: a folder of CSV files for every model year, to import into a network --------

_DECIMALS: Final = 4  # of MW in text files, 100 W
_MW: Final = [f"{part}_mw" for part in PARTS]


def write_grid(run: Run, folder: Path) -> list[Path]:
    """Write the demand of every grid zone: a table by year, and every hour of every year."""
    if run.tables["power_slot"].empty:
        must_be = "a run whose sites draw power, for the format grid"
        raise InputError.at("--format", "no site of this run draws power in any year", must_be, "export another run")
    days = plan_days(run)
    slots = area_slots(run, run.sites.set_index("site")["zone"])
    written = [_csv(_by_year(slots, days), folder / "zone_year.csv")]
    every = []
    for year, hours in area_hours(slots, days):
        long = hours.stack(0, future_stack=True).rename_axis(["utc", "zone"]).swaplevel().sort_index()
        table = long.set_axis(_MW, axis=1).reset_index()
        table.insert(1, "year", year)
        file = folder / f"zone_hour_{year}.csv"
        written.append(_csv(table.round(dict.fromkeys(_MW, _DECIMALS)), file, date_format="%Y-%m-%dT%H:%MZ"))
        every.append(table)
    path = folder / "zone_hour.parquet"
    pd.concat(every, ignore_index=True).to_parquet(path, index=False, compression="zstd")
    return [*written, path]


def _csv(frame: pd.DataFrame, path: Path, **more: Any) -> Path:
    frame.to_csv(path, index=False, lineterminator="\n", **more)
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
    flexible_mw = np.minimum(power["done_mw"].fillna(0.0).to_numpy() * per_it, power["grid_mw"])
    firm_mw = power["grid_mw"] - flexible_mw
    parts = power.assign(area=power["site"].map(area_of_site), firm_mw=firm_mw, flexible_mw=flexible_mw)
    return parts.groupby(["area", "year", "slot"], as_index=False, sort=False)[_MW].sum()


def area_hours(slots: pd.DataFrame, days: Days) -> Iterator[tuple[int, pd.DataFrame]]:
    """Give the hours of one model year after the other, with a column for each area and part."""
    columns = pd.MultiIndex.from_product([sorted(slots["area"].unique()), PARTS])
    for year, of_year in slots.groupby("year"):
        table = of_year.rename(columns=dict(zip(_MW, PARTS, strict=True))).pivot(
            index="slot", columns="area", values=[*PARTS]
        )
        by_slot = table.swaplevel(axis=1).reindex(index=list(days.names), columns=columns).fillna(0.0)
        utc = pd.Index(hour_names(int(str(year))), name="utc")
        yield int(str(year)), pd.DataFrame(hourly(days, by_slot.to_numpy().T).T, utc, columns)


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

    Every zone is a bus at the middle of its sites, with a load for the firm and one for the flexible part, over 8,760
    snapshots of 1 h. Layout after the import and export chapter of PyPSA's documentation.
    """
    sites = run.sites.set_index("site")
    slots = area_slots(run, sites["zone"])
    zones = sorted(slots["area"].unique())
    middle = sites.groupby("zone")[["lon", "lat"]].mean().loc[zones]
    buses = pd.DataFrame({"name": zones, "carrier": "AC", "x": middle["lon"].values, "y": middle["lat"].values})
    loads = pd.DataFrame(
        [(f"{zone} {part}", zone, part) for zone in zones for part in PARTS], columns=["name", "bus", "carrier"]
    )
    written = []
    for year, hours in area_hours(slots, plan_days(run)):
        (folder / str(year)).mkdir(exist_ok=True)
        power = hours.set_axis(loads["name"], axis=1).rename_axis(index="snapshot", columns=None)
        for name, frame in {
            "network": pd.DataFrame({"name": [f"{run.label} {year}"]}),
            "snapshots": pd.DataFrame({"snapshot": power.index, "objective": 1.0}),
            "carriers": pd.DataFrame({"name": ["AC", *PARTS]}),
            "buses": buses,
            "loads": loads,
            "loads-p_set": power.round(_DECIMALS).reset_index(),
        }.items():
            written.append(_csv(frame, folder / str(year) / f"{name}.csv"))
    return written


# --- Load sites for ReEDS: megawatts by state and year, in its `*loadsitereg,t,MW` layout ---------

_COUNTRY: Final = "US"  # all that ReEDS knows states of


def write_reeds(run: Run, folder: Path) -> list[Path]:
    """Write what the states of the US are asked for, for ReEDS' ``inputs/load``.

    MW is the coincident peak of the state's sites at the grid, in every calendar year for which a model year stands;
    comments say the capacity factor, and what is left out. Layout after ``loadsite_*.csv`` of ReEDS-2.0.
    """
    slots, days = area_slots(run, _state_of_site(run)), plan_days(run)
    table = _by_year(slots, days)
    energy_mwh = table[["firm_mwh", "flexible_mwh"]].to_numpy().sum()
    load_factor = energy_mwh / sum(days.weight_h) / table["peak_mw"].sum()
    spans = dict(zip(run.years, zip(run.years, [*run.years[1:], run.years[-1] + 1], strict=True), strict=True))
    is_abroad = (run.sites["country"] != _COUNTRY) & run.sites["site"].isin(set(run.tables["power_slot"]["site"]))
    abroad = ", ".join(map(_one_line, run.sites.loc[is_abroad, "site"]))
    lines = [
        f"# Data centers of {_one_line(run.title)}: coincident peak by state.",
        f"# Mean over peak of all states and years: {load_factor:.4f} (GSw_LoadSiteCF).",
        *([f"# Left out, as ReEDS has no states there: {abroad}."] if abroad else []),
        "*loadsitereg,t,MW",
    ]
    lines += [
        f"{area},{calendar},{mw:.3f}"
        for area, year, mw in table[["zone", "year", "peak_mw"]].itertuples(index=False)
        for calendar in range(*spans[year])
    ]
    path = folder / "loadsite_st_dcplan.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return [path]


def _state_of_site(run: Run) -> pd.Series:
    """Return the state of every site of the country; others are left out."""
    drawing = set(run.tables["power_slot"]["site"])
    sites = run.sites[(run.sites["country"] == _COUNTRY) & run.sites["site"].isin(drawing)]
    if sites.empty:
        raise InputError.at("--format", "no site that draws power is in the United States", "one for reeds")
    new_sites = run.meta["merged"]["new_sites"]
    given = run.inputs_tables["sites"].set_index("site")["state"].to_dict()
    given |= {site: of.get("state") for site, of in new_sites.items()}
    state = sites["site"].map(given)
    fixes = {site: f"give new_sites.{site}.state, as in state: VA, and solve again" for site in new_sites}
    problems = []
    for site in sites["site"][state.isna() | (state == "")]:
        fix = fixes.get(site, "give it in column state of a table `sites` of your own")
        problems.append(Problem.of("--format", f"site {site!r} has no state", "one for reeds", fix))
    raise_all(problems)
    return state.set_axis(sites["site"])


def _one_line(text: str) -> str:
    return " ".join(text.split())
