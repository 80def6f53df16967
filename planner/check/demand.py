"""Demand, and the ways of meeting it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.check.cells import ANYWHERE
from planner.check.days import year_rows
from planner.check.declared import DualPrice
from planner.check.frames import between, cell, column_by, isin, lookup, once, sum_by, to_frame, together, with_int_year
from planner.check.routes import lumped_users
from planner.check.verdict import Excess, columns_reported, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from planner.base.arrays import Floats
    from planner.check.case import Case
    from planner.check.declared import Table

_H100E_HOURS = 1000.0 * 8760.0  # in a kH100e-year
_DEMAND = ("region", "workload", "year")
_CLASS = ("workload", "year")


@rule(unit="kH100e")
def percent_served(case: Case) -> Iterator[Excess]:
    """Shares rented, saved and unmet by workload follow from demand."""
    table, latency = case.plan("demand"), case.plan("latency")
    asked = latency["demand_kh100e"].to_numpy()
    for how in ("rented", "saved", "unmet"):
        yield Excess.differs(
            latency[list(_CLASS)],
            lookup(sum_by(table, _CLASS, table[f"{how}_kh100e"]), latency, _CLASS),
            latency[f"{how}_frac"].to_numpy() * asked,
        )


HEADING: Final = "Demand and rent"


PRICES: Final[Mapping[str, DualPrice]] = {"demand_balance": DualPrice("USD/H100e-hour", _H100E_HOURS, must_be_met=True)}

# --- Demand by the reference fleet or as stated ---------------------------------------------------

_MW_PER_GW = 1000.0
_PER_THOUSAND = 1000.0
_DAYS_PER_YEAR = 365.0
_SECONDS_PER_DAY = 86400.0


PFLOPS_OF_H100_IN_TRAINING: Final = 0.989 * 0.40  # dense BF16 peak; runs reach 40 % of it


def _ai_path_mw(case: Case, year: int) -> float:
    """Nameplate facility power of AI in the whole market. [MW]"""
    settings = case.scenario.demand
    share = settings.ai_share_frac
    if settings.facility_gw is not None:
        nameplate_gw = between(settings.facility_gw, year)
        return nameplate_gw * _MW_PER_GW * (1.0 if share is None else between(share, year))
    table = case.data("demand_trajectories")
    path = table[table["trajectory"] == settings.trajectory].set_index("year")
    # A path that no workload follows is held after its end; the builder refuses it elsewhere.
    row = path.loc[min(year, path.index.max())]
    nameplate_mw = float(row["facility_gw"]) * _MW_PER_GW
    if settings.load_factor_frac is not None:
        nameplate_mw = float(row["electricity_twh"]) * 1e6 / 8760.0 / settings.load_factor_frac
    return nameplate_mw * (float(row["ai_share_frac"]) if share is None else between(share, year))


@once
def rack_path_mw(case: Case, workload: str, year: int) -> float:
    """Nameplate of racks that a workload has on the operator's share of the trajectory. Gives [MW]."""
    settings = case.scenario.demand
    shares = case.data("workload_share")
    rows = shares[shares["workload"] == workload]
    split = dict(zip(rows["year"].astype(int), rows["share_of_power_frac"], strict=True))
    stated = (settings.workload_share_frac or {}).get(workload)
    return (
        _ai_path_mw(case, year)
        * case.scenario.operator.demand_share_frac
        / settings.facility_mw_per_rack_mw
        * between(stated or split, year)
    )


@once
def stock_shares(case: Case, duty: str) -> pd.DataFrame:
    """List the racks of the base year that serve in the first model year."""
    life = column_by(case.racks, "rack", "life_years")
    stock = case.data("rack_stock")
    stock = stock[stock["duty"] == duty]
    dies = stock["vintage_year"].to_numpy() + lookup(life, stock, ("rack",), np.nan)
    first = pd.Series([case.years[0]])
    serves = (stock["vintage_year"] <= case.years[0]) & (dies > case.last_calendar_year(first)[0])
    share = np.where(serves, stock["share_frac"], 0.0)
    existing: pd.DataFrame = stock.assign(dies=dies, share=share / share.sum())[serves]
    return existing


def stock_over_demand(case: Case) -> float:
    """Return the operator's share of the market's racks over that of its demand."""
    operator = case.scenario.operator
    own = operator.stock_share_frac
    return 1.0 if own is None else own / operator.demand_share_frac


@once
def base_year_stock_mw(case: Case) -> pd.DataFrame:
    """List the racks existing in the first model year."""
    parts = []
    for duty in ("training", "inference"):
        classes = [w for w in case.inputs.sets.workload.labels if case.duty[w] == duty]
        path = sum(rack_path_mw(case, name, case.years[0]) for name in classes)
        total = path * stock_over_demand(case)
        existing = stock_shares(case, duty)
        parts.append(existing[["duty", "rack"]].assign(stock_mw=existing["share"] * total))
    return pd.concat(parts).groupby(["duty", "rack"], as_index=False)[["stock_mw"]].sum()


@once
def reference_kh100e(case: Case, workload: str) -> Floats:
    """Compute of the reference fleet: stock dies, the year's reference rack fills the gap. Gives [kH100e]."""
    duty = case.duty[workload]
    factor, racks = net_utilisation(case, workload), case.racks
    per_mw = dict(zip(racks["rack"], racks[f"{duty}_h100e"] / racks["peak_kw"] * factor, strict=True))
    life = dict(zip(racks["rack"], racks["life_years"].astype(float), strict=True))
    reference = case.data("reference_fleet")
    reference = reference[reference["workload"] == workload]
    bought = dict(zip(reference["vintage_year"].astype(int), reference["rack"], strict=True))
    stock = stock_shares(case, duty)
    first = rack_path_mw(case, workload, case.years[0])
    fleet = [
        (float(per_mw[rack]), float(dies), share * first)
        for rack, dies, share in zip(stock["rack"], stock["dies"], stock["share"], strict=True)
    ]
    result = []
    ends = case.last_calendar_year(pd.Series(case.years))
    for year, end in zip(case.years, ends, strict=True):
        alive = [(compute, mw) for compute, dies, mw in fleet if end < dies]
        path, existing = rack_path_mw(case, workload, year), sum(mw for _, mw in alive)
        rack, added = bought[year], max(path - existing, 0.0)
        fleet.append((float(per_mw[rack]), year + life[rack], added))
        alive.append((float(per_mw[rack]), added))
        running = min(1.0, path / existing) if existing > 0.0 else 1.0
        result.append(running * sum(compute * mw for compute, mw in alive))
    return np.array(result)


@once
def net_utilisation(case: Case, workload: str) -> float:
    """Return the mean utilisation of the racks of a workload, spare ones included."""
    spare = cell(case.workloads, "workload", workload, "spare_frac")
    return cell(case.workloads, "workload", workload, "utilisation_frac") / (1.0 + spare)


def classes_in_scope(case: Case) -> list[str]:
    """Return the workloads that the scenario is about."""
    asked = case.scenario.scope.workloads
    return [name for name in case.duty if asked == "all" or name in asked]


def stated_classes(case: Case) -> list[str]:
    """Return the workloads in scope whose demand the scenario states outright."""
    stated = [one.workload for one in case.scenario.demand.explicit]
    return [name for name in case.inputs.sets.workload.labels if name in stated]


def classes_stated_in_mw(case: Case) -> list[str]:
    """Return the workloads in scope whose demand is stated in MW of racks and in nothing else."""
    other = {one.workload for one in case.scenario.demand.explicit if one.unit != "mw_rack"}
    return [name for name in stated_classes(case) if name not in other]


def _factor(case: Case, workload: str, year: int) -> float:
    """Return the scenario's factor on the demand of a workload in a year."""
    settings = case.scenario.demand
    scale = settings.workload_scale_frac.get(workload, 1.0)
    return between(settings.scale_frac, year) * between(scale, year)


def _factors(case: Case, workload: str) -> Floats:
    return np.array([_factor(case, workload, year) for year in case.years])


@rule(unit="kH100e", rereads="demand.demand_kh100e")
def demand_from_trajectory(case: Case) -> Excess:
    """Demand of a workload is what the reference fleet on the trajectory computes, all regions."""
    stated = stated_classes(case)
    classes = [name for name in case.inputs.sets.workload.labels if name not in stated]
    expected = [_factors(case, name) * reference_kh100e(case, name) for name in classes]
    frame = pd.DataFrame([(name, year) for name in classes for year in case.years], columns=list(_CLASS))
    wanted = to_frame(case.inputs.demand.demand, kh100e=case.inputs.demand.demand_kh100e)
    reported = lookup(sum_by(wanted, _CLASS, wanted["kh100e"]), frame, _CLASS)
    return Excess.differs(frame, reported, np.asarray(expected, dtype=np.float64).ravel())


@rule(unit="kH100e", rereads="demand.demand_kh100e")
def demand_by_weight(case: Case) -> Excess:
    """Regions share the demand of a workload by their weight among the regions in scope."""
    wanted = to_frame(case.inputs.demand.demand, kh100e=case.inputs.demand.demand_kh100e)
    wanted = wanted[~wanted["workload"].isin(stated_classes(case))]
    total = wanted.groupby(list(_CLASS), as_index=False)[["kh100e"]].sum()
    expected = total.merge(region_shares(case).rename("share").reset_index(), how="cross")
    expected = expected.rename(columns={"demand_region": "region"})
    return _same_demand(case, wanted, expected.assign(kh100e=expected["kh100e"] * expected["share"]))


def _same_demand(case: Case, wanted: pd.DataFrame, expected: pd.DataFrame) -> Excess:
    """Compare demand with that of every region, latency-insensitive users gathered in one."""
    is_lumped = isin(expected, lumped_users(case), ("region", "workload"))
    expected = expected.assign(region=expected["region"].mask(is_lumped, ANYWHERE))
    by_region, reported = (sum_by(one, _DEMAND, one["kh100e"]) for one in (expected, wanted))
    place = together(_DEMAND, wanted, expected)
    return Excess.differs(place, lookup(reported, place, _DEMAND), lookup(by_region, place, _DEMAND))


def per_amount(case: Case, workload: str, unit: str, year: int) -> float:
    """Return the mean compute over the year of one unit of stated demand. [kH100e]"""
    if unit == "kh100e":
        return 1.0
    if unit == "mw_rack":
        fleet = case.data("reference_fleet")
        is_row = (fleet["workload"] == workload) & (fleet["vintage_year"] == year)
        rack = str(fleet.loc[is_row, "rack"].iloc[0])
        h100e = cell(case.racks, "rack", rack, f"{case.duty[workload]}_h100e")
        per_mw = h100e / cell(case.racks, "rack", rack, "peak_kw")
        return per_mw * net_utilisation(case, workload)
    if unit in {"pf_days_per_year", "training_run_pf_days"}:
        # A run of some days keeps more busy for less of the year: days fall out of the mean.
        return 1.0 / (_DAYS_PER_YEAR * PFLOPS_OF_H100_IN_TRAINING) / _PER_THOUSAND
    requests = case.data("requests")
    if unit == "requests_per_day":
        seconds = cell(requests, "workload", workload, "h100e_seconds_per_unit")
    else:
        seconds = 1.0 / cell(requests, "workload", workload, "tokens_per_s_per_h100e")
    return seconds / _SECONDS_PER_DAY / _PER_THOUSAND


@rule(unit="kH100e", rereads="demand.demand_kh100e")
def demand_as_stated(case: Case) -> Excess:
    """Demand that the scenario states is the amount given, in the unit it is given in."""
    wanted = to_frame(case.inputs.demand.demand, kh100e=case.inputs.demand.demand_kh100e)
    asked = wanted[wanted["workload"].isin(stated_classes(case))]
    return _same_demand(case, asked, stated_kh100e(case))


def reference_excess(case: Case, table: pd.DataFrame) -> Iterator[Excess]:
    """Hold a reference fleet against the path of facilities, its racks, and what these compute."""
    per_rack = case.scenario.demand.facility_mw_per_rack_mw
    by_class = {name: reference_kh100e(case, name) for name in table["workload"].unique()}
    pairs = list(zip(table["workload"], table["year"], strict=True))
    racks_mw = np.array([rack_path_mw(case, name, year) for name, year in pairs])
    expected = {
        "facility_gw": racks_mw / _MW_PER_GW * per_rack / case.scenario.operator.demand_share_frac,
        "path_mw": racks_mw * per_rack * ~table["workload"].isin(stated_classes(case)).to_numpy(),
        "rack_gw": racks_mw / _MW_PER_GW,
        "kh100e": np.array([by_class[name][case.years.index(year)] for name, year in pairs]),
    }
    return columns_reported(table, _CLASS, expected)


@rule(unit="GW or kH100e", rereads="reference")
def reference_fleet_reported(case: Case) -> Iterator[Excess]:
    """The reference fleet is the path of facilities, its racks, and what these compute."""
    return reference_excess(case, with_int_year(case.inputs.reference))


@once
def region_shares(case: Case) -> pd.Series[float]:
    """Return the share of each region in scope in a demand without a region, by region."""
    table = case.data("demand_regions").set_index("demand_region")
    weight = table[case.scenario.demand.region_weight].astype("float64")
    here = [name for name in case.inputs.sets.region.labels if name in weight.index]
    return weight[here] / weight[here].sum()


def stated_kh100e(case: Case) -> pd.DataFrame:
    """List the compute that the scenario states for workloads in scope."""
    share, settings = region_shares(case), case.scenario.demand
    rows: list[tuple[str, str, int, float]] = []
    for stated in settings.explicit:
        if stated.workload not in case.inputs.sets.workload.labels:
            continue
        part = share if stated.demand_region is None else pd.Series({stated.demand_region: 1.0})
        for year in case.years:
            per_unit = per_amount(case, stated.workload, stated.unit, year)
            amount = per_unit * between(stated.by_year, year)
            amount *= _factor(case, stated.workload, year)
            rows += [(str(name), stated.workload, year, amount * own) for name, own in part.items()]
    frame = pd.DataFrame(rows, columns=["region", "workload", "year", "kh100e"])
    return frame.astype({"year": "int64", "kh100e": "float64"})


def _reference_rows(case: Case) -> pd.DataFrame:
    return year_rows(case, "workload", classes_in_scope(case))


IMPLIED: Final[Mapping[str, Table]] = {"reference": _reference_rows}
