"""Load sites for ReEDS: megawatts by state and year, in its `*loadsitereg,t,MW` layout."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.errors import InputError, Problem
from planner.outputs.files import whole_file
from planner.outputs.grid_demand import area_slots, plan_days

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from planner.outputs.run import Run

__all__ = ["write_reeds"]

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
        raise InputError([Problem("--format", None, None, what_is, "one for reeds")])
    new_sites = run.meta["merged"]["new_sites"]
    given = run.inputs_tables["sites"].set_index("site")["state"].to_dict()
    given |= {site: of.get("state") for site, of in new_sites.items()}
    state = sites["site"].map(given)
    problems = [
        Problem(
            "--format",
            None,
            None,
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
