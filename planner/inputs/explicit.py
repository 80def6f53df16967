"""Demand stated outright, in any unit of work, as mean compute."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.base.units import DAYS_PER_YEAR, H100E_PER_KH100E
from planner.fleet.compute import (
    mean_h100e_from_pf_days,
    mean_h100e_from_requests_per_day,
    mean_h100e_from_tokens_per_day,
)
from planner.inputs.table_columns import codes
from planner.scenario import interpolated

if TYPE_CHECKING:
    from planner.base.arrays import Bools, Floats
    from planner.inputs.case import ScopedCase
    from planner.inputs.racks_figures import RackFigures
    from planner.scenario.demand import ExplicitDemand

__all__ = ["explicit_kh100e"]


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
            case.findings.add_at_key(
                ("demand", "explicit", number, "demand_region"),
                f"demand region {stated.demand_region!r} is outside the scope",
                "a region in scope",
                "widen the scope, or leave this demand out",
            )
            continue
        place = workloads.index(stated.workload)
        amount = np.array([interpolated(stated.by_year, year) for year in case.years.years])
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
        case.findings.add_at_key(
            keys,
            f"table requests has no {column} for {stated.workload}",
            "a figure to convert with",
            "add it, or state the demand in another unit",
        )
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
        case.findings.add_at_key(
            keys,
            f"reference_fleet lacks a rack that serves {workload} in some model year",
            "a reference rack to convert with",
            "state the demand in kh100e",
        )
    return np.asarray(per_mw)
