"""Demand as mean compute: of a path of the tables, or stated outright in any unit of work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.base.units import DAYS_PER_YEAR, H100E_PER_KH100E, HOURS_PER_YEAR, MW_PER_GW, MWH_PER_TWH
from planner.family.table_columns import codes, texts
from planner.fleet.compute import (
    mean_h100e_from_pf_days,
    mean_h100e_from_requests_per_day,
    mean_h100e_from_tokens_per_day,
)

if TYPE_CHECKING:
    from planner.base.arrays import Bools, Floats
    from planner.inputs.case import ScopedCase
    from planner.inputs.racks_figures import RackFigures
    from planner.scenario.demand import ExplicitDemand


def ai_facility_gw(case: ScopedCase) -> Floats:
    r"""Return nameplate facility power of AI, whole market, in every model year.

    .. math:: G_t = a_t \cdot \frac{E_t}{8760\, \ell} \quad\text{or}\quad a_t \cdot N_t

    with the AI share a, the energy E and load factor \(\ell\) of a path stated in TWh, and the
    nameplate N of one stated in GW.
    Gives (year,) [GW].
    """
    demand = case.scenario.demand
    share = demand.ai_share_frac
    if demand.facility_gw is not None:
        return case.interpolated(demand.facility_gw) * case.interpolated(1.0 if share is None else share)
    path = _path(case)
    gw = _nameplate_gw(case, path)
    if share is not None:
        return gw * case.interpolated(share)
    of_path = _of_years(case, path, "ai_share_frac")
    if np.any(of_path < 1.0):
        case.findings.add_note(
            f"Trajectory {demand.trajectory} counts all data centers; AI is {of_path[0]:.0%} in {case.years.first} and"
            f" {of_path[-1]:.0%} in {case.years.years[-1]} (demand.ai_share_frac).",
            ("demand", "trajectory"),
        )
    return gw * of_path


def note_reading(case: ScopedCase) -> None:
    """Note how a path that states no scope is read, where the scenario reads it no other way."""
    demand, table = case.scenario.demand, case.tables["demand_trajectories"]
    if demand.facility_gw is None and demand.ai_share_frac is None:
        path = table[table["trajectory"] == demand.trajectory]
        for reading in path["reading"].dropna().unique():
            case.findings.add_note(str(reading))


def _path(case: ScopedCase) -> pd.DataFrame:
    """Return the rows of the trajectory, one per calendar year."""
    demand, table = case.scenario.demand, case.tables["demand_trajectories"]
    path = table[table["trajectory"] == demand.trajectory].set_index("year").sort_index()
    is_followed = not {*case.ids("workloads")} <= {stated.workload for stated in demand.explicit}
    if not is_followed and len(path):
        path = _held(case, path)
    for year in case.year[~np.isin(case.year, path.index)]:
        what_is, fix = f"{demand.trajectory} has no figure for {year}", "give demand.facility_gw, or change the years"
        case.findings.add(("demand", "trajectory"), what_is, f"{path.index.min()} to {path.index.max()}", fix)
    regions = case.tables["demand_regions"]
    if not is_followed:
        return path
    for column in ("country", "region"):
        for place in {*texts(path, "region")} & {*texts(regions, column)}:
            if {*texts(case.regions, column)} != {place}:
                case.findings.add_note(
                    f"Trajectory {demand.trajectory} is a path of {place}, but the scope is not"
                    f" {place}: give demand.facility_gw or another trajectory.",
                    ("demand", "trajectory"),
                )
    return path


def _held(case: ScopedCase, path: pd.DataFrame) -> pd.DataFrame:
    """Hold a path that no workload follows at its last figure in the model years after it."""
    after = case.year[case.year > path.index.max()]
    if not after.size:
        return path
    case.findings.add_note(
        f"Trajectory {case.scenario.demand.trajectory} ends in {path.index.max()} and is held in"
        f" {', '.join(map(str, after))}: no workload follows it, since the demand of each is"
        " stated under demand.explicit, and only the reference fleet of the report rests on it."
    )
    return path.reindex(path.index.append(pd.Index(after)), method="ffill")


def _nameplate_gw(case: ScopedCase, path: pd.DataFrame) -> Floats:
    own = case.scenario.demand.load_factor_frac
    if own is None:
        return _of_years(case, path, "facility_gw")
    if path["electricity_twh"].isna().any():
        what_is = f"{case.scenario.demand.trajectory} is stated in GW and needs no load factor"
        fix = "remove it, or choose a trajectory with electricity_twh"
        case.findings.add(("demand", "load_factor_frac"), what_is, "left out, or used with a path stated in TWh", fix)
    mean_mw = _of_years(case, path, "electricity_twh") * MWH_PER_TWH / HOURS_PER_YEAR
    return mean_mw / own / MW_PER_GW


def _of_years(case: ScopedCase, path: pd.DataFrame, column: str) -> Floats:
    """Return a column in the model years, NaN where the path has no row."""
    return np.asarray(path[column].reindex(case.year), dtype=np.float64)


def explicit_kh100e(case: ScopedCase, figures: RackFigures, weight: Floats) -> tuple[Floats, Bools, Floats]:
    """Return the demand that a scenario states, and which workloads it is stated for.

    Takes `weight` (region,). Gives demand (region, workload, year) [kH100e], which workloads it is of
    (workload,), and power (workload, year) [MW].
    """
    regions, workloads = case.ids("regions"), case.ids("workloads")
    kh100e = np.zeros((len(regions), len(workloads), len(case.years)))
    is_stated = np.zeros(len(workloads), dtype=np.bool_)
    rack_mw = np.zeros((len(workloads), len(case.years)))
    in_other_units = np.zeros(len(workloads), dtype=np.bool_)
    for number, stated in enumerate(case.scenario.demand.explicit):
        if stated.workload not in workloads:
            continue  # a class outside the scope
        if stated.demand_region is not None and stated.demand_region not in regions:
            what_is = f"demand region {stated.demand_region!r} is outside the scope"
            fix = "widen the scope, or leave this demand out"
            case.findings.add(("demand", "explicit", number, "demand_region"), what_is, "a region in scope", fix)
            continue
        place = workloads.index(stated.workload)
        amount = case.interpolated(stated.by_year)
        by_year = _kh100e(case, figures, stated, amount, ("demand", "explicit", number, "unit"))
        where = weight if stated.demand_region is None else np.eye(len(regions))[regions.index(stated.demand_region)]
        kh100e[:, place] += where[:, None] * by_year
        is_stated[place] = True
        rack_mw[place] += amount
        in_other_units[place] |= stated.unit != "mw_rack"
    rack_mw[in_other_units] = 0.0
    return kh100e, is_stated, rack_mw


def _kh100e(
    case: ScopedCase, figures: RackFigures, stated: ExplicitDemand, amount: Floats, keys: tuple[str | int, ...]
) -> Floats:
    """Turn an amount by year into mean compute. [kH100e]"""
    if stated.unit == "kh100e":
        return amount
    if stated.unit == "mw_rack":
        return amount * _reference_throughput(case, figures, stated.workload, keys)
    if stated.unit == "pf_days_per_year":
        return mean_h100e_from_pf_days(amount, DAYS_PER_YEAR) / H100E_PER_KH100E
    if stated.unit == "training_run_pf_days":
        days = float(stated.days or DAYS_PER_YEAR)
        running = mean_h100e_from_pf_days(amount, days)
        return running * days / DAYS_PER_YEAR / H100E_PER_KH100E
    is_request = stated.unit == "requests_per_day"
    column = "h100e_seconds_per_unit" if is_request else "tokens_per_s_per_h100e"
    table = case.tables["requests"]
    figure = table.loc[table["workload"] == stated.workload, column]
    if figure.empty or figure.isna().any():
        what_is = f"table requests has no {column} for {stated.workload}"
        case.findings.add(keys, what_is, "a figure to convert with", "add it, or state the demand in another unit")
        return np.full(amount.shape, np.nan)
    convert = mean_h100e_from_requests_per_day if is_request else mean_h100e_from_tokens_per_day
    return convert(amount, float(figure.iloc[0])) / H100E_PER_KH100E


def _reference_throughput(case: ScopedCase, figures: RackFigures, workload: str, keys: tuple[str | int, ...]) -> Floats:
    """Mean compute per MW of the reference rack of every model year. [kH100e/MW]"""
    table = case.tables["reference_fleet"]
    of_class = table[table["workload"] == workload].set_index("vintage_year")["rack"]
    rack = codes([of_class.get(year, "") for year in case.years.years], case.ids("racks"))
    per_mw = figures.throughput[case.ids("workloads").index(workload), rack]
    if np.any(rack < 0) or np.isnan(per_mw).any():
        what_is = f"reference_fleet lacks a rack that serves {workload} in some model year"
        case.findings.add(keys, what_is, "a reference rack to convert with", "state the demand in kh100e")
    return np.asarray(per_mw)
