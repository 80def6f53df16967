"""How much compute each class wants in each region and year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.base.units import H100E_PER_KH100E, MW_PER_GW
from planner.fleet.reference import Cohorts, reference_fleet_compute
from planner.inputs.case import DUTIES
from planner.inputs.explicit import explicit_kh100e
from planner.inputs.frames import by_ids, codes, floats, ints
from planner.inputs.trajectory import ai_facility_gw
from planner.scenario import interpolated

if TYPE_CHECKING:
    from planner.inputs.case import Case
    from planner.inputs.rack_figures import RackFigures
    from planner.inputs.types import Floats

__all__ = ["Wanted", "wanted_compute", "workload_share"]

_ROUNDING = 1e-6


@dataclass(frozen=True)
class Wanted:
    """Compute wanted, and the fleet it is reckoned from.

    Parameters
    ----------
    kh100e
        Mean compute, shape (region, workload, year). [kH100e]
    facility_gw
        The path for AI, whole market, shape (year,). [GW]
    share
        Share of power by class, shape (workload, year).
    rack_mw
        Nameplate racks of the path for this operator, shape (workload, year). [MW]
    reference
        The reference fleet as a table for the report.
    """

    kh100e: Floats
    facility_gw: Floats
    share: Floats
    rack_mw: Floats
    reference: pd.DataFrame


def wanted_compute(case: Case, figures: RackFigures) -> Wanted:
    """Turn the path of facility power, or demand stated outright, into compute.

    Parameters
    ----------
    case : Case
        Scenario and scope.
    figures : RackFigures
        Throughput of racks.

    Returns
    -------
    Wanted
    """
    demand = case.scenario.demand
    gw = ai_facility_gw(case)
    share = workload_share(case)
    operator = case.scenario.operator.demand_share_frac
    rack_mw = gw * MW_PER_GW * operator / demand.facility_mw_per_rack_mw * share
    case.findings.stop_if_wrong()
    fleet_kh100e = _fleet_kh100e(case, figures, rack_mw)
    case.findings.stop_if_wrong()
    weight = floats(case.regions, demand.region_weight)
    weight = weight / weight.sum()
    by_region = weight[:, None, None] * fleet_kh100e
    stated, is_stated = explicit_kh100e(case, figures, weight)
    scale = np.array([interpolated(demand.scale_frac, year) for year in case.years.years])
    kh100e = np.where(is_stated[None, :, None], stated, by_region) * scale
    w, t = np.indices(rack_mw.shape)
    reference = pd.DataFrame(
        {
            "workload": np.array(case.ids("workloads"), dtype=object)[w.ravel()],
            "year": np.array(case.years.labels, dtype=object)[t.ravel()],
            "facility_gw": (gw * share).ravel(),
            "rack_gw": (rack_mw / MW_PER_GW).ravel(),
            "kh100e": fleet_kh100e.ravel(),
        }
    )
    return Wanted(kh100e, gw, share, rack_mw, reference)


def workload_share(case: Case) -> Floats:
    """Return the share of power of every class in scope, shape (workload, year)."""
    own = case.scenario.demand.workload_share_frac or {}
    table = case.tables["workload_share"]
    every = tuple(dict.fromkeys(case.tables["workloads"]["workload"]))
    share = by_ids(table, {"workload": every, "year": case.years.years}, "share_of_power_frac")
    for workload, path in own.items():
        share[every.index(workload)] = [interpolated(path, year) for year in case.years.years]
    missing = np.isnan(share).any(axis=1)
    for workload in np.array(every, dtype=object)[missing]:
        case.findings.at_table(
            "workload_share",
            f"{workload} has no share for every one of {list(case.years.years)}",
            "a row for each model year",
            "add rows, or give demand.workload_share_frac",
        )
    total = share.sum(axis=0)
    for year, sum_ in zip(case.years.years, total, strict=True):
        if abs(sum_ - 1.0) > _ROUNDING:
            case.findings.at_key(
                ("demand", "workload_share_frac"),
                f"the shares of all classes sum to {sum_:.6g} in {year}",
                "1",
                "give the shares of every class that changes",
            )
    return share[codes(case.ids("workloads"), every)]


def _fleet_kh100e(case: Case, figures: RackFigures, rack_mw: Floats) -> Floats:
    """Return the compute of the reference fleet, shape (workload, year). [kH100e]"""
    stock = case.tables["rack_stock"]
    rack = codes(stock["rack"], case.ids("racks"))
    vintage = ints(stock, "vintage_year")
    life = figures.life_years[rack]
    serves = (vintage <= case.years.first) & (vintage + life - 1 >= case.last_year[0])
    of_duty = codes(stock["duty"], DUTIES)[None, :] == case.duty[:, None]
    share = np.where(of_duty & serves, floats(stock, "share_frac")[None, :], 0.0)
    total = share.sum(axis=1, keepdims=True)
    if np.any(total <= 0.0):
        case.findings.at_table(
            "rack_stock",
            f"no rack of some duty still serves in {case.years.first}",
            "vintages that do",
            "start earlier, or give racks of later vintages",
        )
        return np.full(rack_mw.shape, np.nan)
    h100e = np.nan_to_num(figures.kh100e_per_mw[:, case.duty].T[:, rack]) * H100E_PER_KH100E
    reference = _reference_racks(case)
    case.findings.stop_if_wrong()
    new = figures.kh100e_per_mw[reference, case.duty[:, None]] * H100E_PER_KH100E
    for w, t in np.argwhere(np.isnan(new)):
        case.findings.at_table(
            "reference_fleet",
            f"{case.ids('racks')[reference[w, t]]} has no throughput for the duty of"
            f" {case.ids('workloads')[w]}",
            "a rack that can do its work",
            "name another rack, or give this one a throughput under racks.override",
        )
    if np.isnan(new).any():
        return np.full(rack_mw.shape, np.nan)
    fleet = reference_fleet_compute(
        rack_mw,
        case.years,
        share / total,
        Cohorts(vintage, np.broadcast_to(life, share.shape), h100e),
        Cohorts(case.year, figures.life_years[reference], new),
        figures.net_utilisation,
    )
    return fleet.compute_h100e / H100E_PER_KH100E


def _reference_racks(case: Case) -> np.ndarray:
    """Return the rack that the reference fleet buys, shape (workload, year)."""
    table = case.tables["reference_fleet"]
    table = table.assign(code=codes(table["rack"], case.ids("racks")).astype(np.float64))
    axes = {"workload": case.ids("workloads"), "vintage_year": case.years.years}
    rack = by_ids(table, axes, "code", fill=-1.0).astype(np.intp)
    for w, t in np.argwhere(rack < 0):
        case.findings.at_table(
            "reference_fleet",
            f"{case.ids('workloads')[w]} has no rack for {case.years.years[t]}",
            "a row for each class and model year",
            "add it",
        )
    return rack
