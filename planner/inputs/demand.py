"""Demand to be served: of a path of the tables, or stated outright in any unit of work; and levers that lower it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.base.arrays import Record
from planner.base.units import DAYS_PER_YEAR, H100E_PER_KH100E, HOURS_PER_YEAR, MW_PER_GW, MWH_PER_TWH, USD_PER_MUSD
from planner.family.table_columns import any_along, codes, dense_by_ids, floats, ints, mask_at, texts
from planner.fleet.compute import (
    Cohorts,
    mean_h100e_from_pf_days,
    mean_h100e_from_requests_per_day,
    mean_h100e_from_tokens_per_day,
    reference_fleet_compute,
)
from planner.inputs.axes import ANYWHERE
from planner.inputs.case import DUTIES
from planner.inputs.routes import stays_in
from planner.lp import Index

if TYPE_CHECKING:
    from planner.base.arrays import Bools, Floats
    from planner.inputs.axes import Sets
    from planner.inputs.case import ScopedCase
    from planner.inputs.racks import RackFigures, RackSpace
    from planner.inputs.routes import Reach
    from planner.scenario.demand import ExplicitDemand
    from planner.scenario.tree import Keys


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
    return (_of_years(case, path, "electricity_twh") * MWH_PER_TWH / HOURS_PER_YEAR) / own / MW_PER_GW


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
        place, amount = workloads.index(stated.workload), case.interpolated(stated.by_year)
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
        return mean_h100e_from_pf_days(amount, days) * days / DAYS_PER_YEAR / H100E_PER_KH100E
    is_request = stated.unit == "requests_per_day"
    column = "h100e_seconds_per_unit" if is_request else "tokens_per_s_per_h100e"
    table = case.tables["requests"]
    figure = table.loc[table["workload"] == stated.workload, column]
    if figure.empty or not (figure > 0.0).all():
        what_is = f"table requests has no {column} for {stated.workload}"
        case.findings.add(
            keys, what_is, "a figure above 0 to convert with", "add it, or state the demand in another unit"
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
        what_is = f"reference_fleet lacks a rack that serves {workload} in some model year"
        case.findings.add(keys, what_is, "a reference rack to convert with", "state the demand in kh100e")
    return np.asarray(per_mw)


_ROUNDING = 1e-6
_FRONTIER = "train_frontier"
"""Workload whose runs make the models of table `trained_models`."""


class Wanted:
    """Compute wanted, of the path of facility power or stated outright, and the fleet it is computed from."""

    def __init__(self, case: ScopedCase, figures: RackFigures) -> None:
        demand, operator = case.scenario.demand, case.scenario.operator.demand_share_frac
        gw, share = ai_facility_gw(case), workload_share(case)
        # nameplate racks of the path for this operator, shape (workload, year). [MW]
        self.rack_mw: Floats = gw * MW_PER_GW * operator / demand.facility_mw_per_rack_mw * share
        case.findings.stop_if_wrong()
        fleet_kh100e = _fleet_kh100e(case, figures, self.rack_mw)
        case.findings.stop_if_wrong()
        weight = floats(case.regions, demand.region_weight)
        weight = weight / weight.sum()
        stated, is_stated, stated_mw = explicit_kh100e(case, figures, weight)
        if not is_stated.all():
            note_reading(case)
        by_region = weight[:, None, None] * fleet_kh100e
        # mean compute, shape (region, workload, year). [kH100e]
        self.kh100e: Floats = np.where(is_stated[None, :, None], stated, by_region) * _scale(case)
        w, t = (codes_.ravel() for codes_ in np.indices(self.rack_mw.shape))
        labels = {
            "workload": np.array(case.ids("workloads"), dtype=object)[w],
            "year": np.array(case.years.labels, dtype=object)[t],
        }
        of_fleet = {
            "facility_gw": gw * share,
            "path_mw": np.where(is_stated[:, None], 0.0, gw * MW_PER_GW * operator * share),
            "stated_mw": stated_mw * _scale(case),
            "rack_gw": self.rack_mw / MW_PER_GW,
            "kh100e": fleet_kh100e,
        }
        # the reference fleet as a table for the report
        self.reference = pd.DataFrame({**labels, **{name: of.ravel() for name, of in of_fleet.items()}})


def _scale(case: ScopedCase) -> Floats:
    """Return the factor on the demand of every workload, shape (workload, year)."""
    demand = case.scenario.demand
    own = (demand.workload_scale_frac.get(name, 1.0) for name in case.ids("workloads"))
    return np.array([case.interpolated(demand.scale_frac) * case.interpolated(of_class) for of_class in own])


def workload_share(case: ScopedCase) -> Floats:
    """Return the share of power of every workload in scope, shape (workload, year)."""
    own = case.scenario.demand.workload_share_frac or {}
    table = case.tables["workload_share"]
    every = tuple(dict.fromkeys(case.tables["workloads"]["workload"]))
    share = dense_by_ids(table, {"workload": every, "year": case.years.years}, "share_of_power_frac")
    for workload, path in own.items():
        share[every.index(workload)] = case.interpolated(path)
    fix = "add rows, or give demand.workload_share_frac"
    for workload in np.array(every, dtype=object)[np.isnan(share).any(axis=1)]:
        what_is = f"{workload} lacks a share in some of {list(case.years.years)}"
        case.findings.add("workload_share", what_is, "a row for each model year", fix)
    fix = "give the shares of every workload that changes"
    for year, sum_ in zip(case.years.years, share.sum(axis=0), strict=True):
        if abs(sum_ - 1.0) > _ROUNDING:
            what_is = f"the shares of all workloads sum to {sum_:.6g} in {year}"
            case.findings.add(("demand", "workload_share_frac"), what_is, "1", fix)
    return share[codes(case.ids("workloads"), every)]


def _fleet_kh100e(case: ScopedCase, figures: RackFigures, rack_mw: Floats) -> Floats:
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
        what_is = f"one use has no racks left in {case.years.first}"
        case.findings.add("rack_stock", what_is, "vintages that do", "start earlier, or give racks of later vintages")
        return np.full(rack_mw.shape, np.nan)
    h100e = np.nan_to_num(figures.kh100e_per_mw[:, case.duty].T[:, rack]) * H100E_PER_KH100E
    reference = _reference_racks(case)
    case.findings.stop_if_wrong()
    new = figures.kh100e_per_mw[reference, case.duty[:, None]] * H100E_PER_KH100E
    for w, t in np.argwhere(np.isnan(new)):
        what_is = f"{case.ids('racks')[reference[w, t]]} has no throughput for {case.ids('workloads')[w]}"
        fix = "name another rack, or give this one a throughput under racks.override"
        case.findings.add("reference_fleet", what_is, "a rack that can do its work", fix)
    if np.isnan(new).any():
        return np.full(rack_mw.shape, np.nan)
    fleet = reference_fleet_compute(
        rack_mw,
        case.years,
        share / total,
        Cohorts(vintage, np.broadcast_to(life, share.shape), h100e),
        Cohorts(case.year, figures.life_years[reference], new),
        figures.net_utilisation,
        case.ids("workloads"),
    )
    return fleet.compute_h100e / H100E_PER_KH100E


def _reference_racks(case: ScopedCase) -> np.ndarray:
    table = case.tables["reference_fleet"]
    table = table.assign(code=codes(table["rack"], case.ids("racks")).astype(np.float64))
    axes = {"workload": case.ids("workloads"), "vintage_year": case.years.years}
    rack = dense_by_ids(table, axes, "code", fill=-1.0).astype(np.intp)
    for w, t in np.argwhere(rack < 0):
        what_is = f"{case.ids('workloads')[w]} has no rack for {case.years.years[t]}"
        case.findings.add("reference_fleet", what_is, "a row for each workload and model year", "add it")
    return rack


class DemandInputs(Record):
    """Who wants compute, and which sites can serve them in time."""

    def __init__(self, case: ScopedCase, sets: Sets, wanted: Wanted, reach: Reach, racks: RackSpace) -> None:
        kh100e, is_route = with_anywhere(wanted.kh100e, reach)
        placed = np.nonzero(kh100e > 0.0)
        # (region, workload, year)
        self.demand = demand = Index.sparse("demand", (sets.region, sets.workload, sets.year), placed)
        self.demand_kh100e: Floats = kh100e[placed]  # [demand], above 0
        r, w, s = at = np.nonzero(is_route & any_along(kh100e > 0.0, axis=2)[:, :, None])
        # (region, workload, site), within bound and residency
        self.route: Index = Index.sparse("route", (sets.region, sets.workload, sets.site), at)
        is_anywhere = np.array(sets.region.labels, dtype=object)[r] == ANYWHERE
        inside = np.where(is_anywhere, 0, r)
        self.route_rtt_ms: Floats = np.where(is_anywhere, 0.0, reach.rtt_ms[inside, w, s])  # [route]
        # within the tight bound, [route]
        self.route_is_tight: Bools = np.where(is_anywhere, False, reach.is_tight[inside, w, s])
        serves = _serves(case, racks)  # (site, workload, year)
        is_served = is_route[:, :, :, None] & (kh100e > 0.0)[:, :, None, :] & serves.transpose(1, 0, 2)
        axes = (sets.region, sets.workload, sets.site, sets.year)
        # routes in years in which the site can serve
        self.served: Index = Index.sparse("served", axes, np.nonzero(is_served))
        # (site, workload, year)
        self.load: Index = Index.sparse("load", (sets.site, sets.workload, sets.year), np.nonzero(serves))
        share = floats(case.workloads, "tight_share_frac")[demand["workload"]]
        self.tight: Index = demand.select(~np.isnan(share), "tight")  # (region, workload, year) with a percentile rule
        self.tight_share_frac: Floats = share[~np.isnan(share)]  # [tight]
        # region, workload, nearest_site, nearest_rtt_ms, bound_ms, demand_frac, why: reported
        self.no_route = _no_route(case, wanted, reach)
        _note_no_route(case, self.no_route)
        settings = case.scenario.demand
        # as demand where unmet is allowed, else empty
        self.unmet: Index = demand.select(np.full(demand.size, settings.unmet == "allow"), "unmet")
        self.unmet_usd_per_h100e_hour: float = settings.unmet_usd_per_h100e_hour
        # Compute of a frontier run over that of the base year's: larger or smaller runs, not more or fewer. [year]
        self.run_scale_frac = case.interpolated(settings.workload_scale_frac.get(_FRONTIER, 1.0))


def with_anywhere(kh100e: Floats, reach: Reach) -> tuple[Floats, Bools]:
    """Gather users that every site can serve in one region after all others.

    Takes `kh100e` (region, workload, year) [kH100e].
    """
    lump = reach.is_lumped[:, :, None]
    if not lump.any():
        return kh100e, reach.is_route
    total = np.where(lump, kh100e, 0.0).sum(axis=0, keepdims=True)
    everywhere = np.broadcast_to(lump.any(axis=0), (1, *reach.is_route.shape[1:]))
    return (np.concatenate([np.where(lump, 0.0, kh100e), total]), np.concatenate([reach.is_route & ~lump, everywhere]))


def _serves(case: ScopedCase, racks: RackSpace) -> Bools:
    """Whether a workload can have racks in use, (site, workload, year)."""
    s, d, t = np.nonzero(racks.used)
    return mask_at((racks.used.shape[0], len(case.workloads), len(case.years)), (s, racks.workload[d], t))


def _no_route(case: ScopedCase, wanted: Wanted, reach: Reach) -> pd.DataFrame:
    """List users with a demand that no site reaches, with the nearest site."""
    r, w = np.nonzero(~reach.is_route.any(axis=2) & (wanted.kh100e > 0.0).any(axis=2))
    nearest = reach.rtt_ms[r, w].argmin(axis=1) if r.size else np.zeros(0, np.intp)
    nearest_ms, bound_ms = reach.rtt_ms[r, w, nearest], floats(case.workloads, "rtt_bound_ms")[w]
    why = [
        f"no own site{'' if ms > bound else stays_in(case, int(at), int(of))} within {bound:g} ms"
        for at, of, ms, bound in zip(r, w, nearest_ms, bound_ms, strict=True)
    ]
    of_class = wanted.kh100e.sum(axis=(0, 2))
    return pd.DataFrame(
        {
            "region": np.array(case.ids("regions"), dtype=object)[r],
            "workload": np.array(case.ids("workloads"), dtype=object)[w],
            "nearest_site": np.array(case.ids("sites"), dtype=object)[nearest],
            "nearest_rtt_ms": nearest_ms,
            "bound_ms": bound_ms,
            "demand_frac": wanted.kh100e.sum(axis=2)[r, w] / np.where(of_class > 0, of_class, 1)[w],
            "why": np.array(why, dtype=object),
        }
    )


def _note_no_route(case: ScopedCase, no_route: pd.DataFrame) -> None:
    for workload, rows in no_route.groupby("workload", sort=False):
        case.findings.add_note(
            f"{workload}: no site reaches {len(rows)} of {len(case.regions)} regions in time or within its residency"
            f" rule, {rows['demand_frac'].sum():.1%} of its demand ({', '.join(rows['region'])}).",
            _where_bound(case, str(workload)),
        )


def _where_bound(case: ScopedCase, workload: str) -> Keys | None:
    """Return where a scenario says what users a workload may be served from; None for nowhere."""
    own = case.scenario.workloads.get(workload)
    given = set() if own is None else own.model_fields_set
    key = next((key for key in ("residency", "rtt_bound_ms") if key in given), None)
    return None if key is None else ("workloads", workload, key)


class LeverInputs(Record):
    r"""Efficiency levers on offer: pay to need less compute.

    Savings multiply: what one lever has saved the next one cannot. The program adds them up, so
    those of a workload are scaled to give together, fully adopted, what their product gives:

    .. math:: \sigma_j \cdot \frac{1 - \prod_i (1 - \sigma_i)}{\sum_i \sigma_i}
    """

    def __init__(self, case: ScopedCase, sets: Sets) -> None:
        allowed = case.scenario.levers.allow
        table = case.tables["levers"]
        if allowed != "all":
            table = table[table["lever"].isin(list(allowed))]
        table = table[table["workload"].isin(list(sets.workload.labels))]
        lever = codes(table["lever"], sets.lever.labels)
        workload = codes(table["workload"], sets.workload.labels)
        saving = floats(table, "saving_frac")
        left, summed = np.ones(len(sets.workload)), np.zeros(len(sets.workload))
        np.multiply.at(left, workload, 1.0 - saving)
        np.add.at(summed, workload, saving)
        together = saving * ((1.0 - left)[workload] / summed[workload])
        since = case.year + 1.0 - ints(table, "first_year")[:, None]
        ramp = np.clip(since / floats(table, "ramp_years")[:, None], 0.0, 1.0)
        adoption = floats(table, "max_adoption_frac")[:, None] * ramp
        row, year = np.nonzero(adoption > 0.0)
        axes = (sets.workload, sets.lever, sets.year)
        # (workload, lever, year)
        self.adopted: Index = Index.sparse("adopted", axes, (workload[row], lever[row], year))
        self.saving_frac: Floats = together[row]  # [adopted] at full adoption
        self.max_adoption_frac: Floats = adoption[row, year]  # [adopted], ramp
        usd_per_hour = floats(table, "cost_usd_per_h100e_hour_saved")[row]
        # per kH100e saved, a year, [adopted]
        self.cost_musd_per_kh100e_year: Floats = usd_per_hour * HOURS_PER_YEAR * H100E_PER_KH100E / USD_PER_MUSD
