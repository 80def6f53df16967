"""Demand, routes to who is served, and how near: figures read again, and what the plan reports of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.check.cells import ANYWHERE
from planner.check.days import year_rows
from planner.check.declared import DualPrice, Given, Table, setting
from planner.check.failover import asks, mean_by
from planner.check.frames import (
    between,
    cell,
    column_by,
    crossed,
    found_by,
    isin,
    keyed,
    lookup,
    once,
    sum_by,
    to_frame,
    with_int_year,
)
from planner.check.routes import lumped_users, may_not_cover, reach_of_users, used_routes
from planner.check.verdict import Excess, columns_reported, figures, rule, sums_reported

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from planner.base.arrays import Floats
    from planner.check.case import Case

_ROUTE = ("region", "workload", "site")
_CLASS = ("workload", "year")
_USERS = ("region", "workload")
_DEMAND = ("region", "workload", "year")
_HAIR: Final = 1e-9  # of a share, by which a percentile may fall to the next entry
_ROUNDING: Final = 1.0 + 1e-9
_H100E_HOURS: Final = 1000.0 * 8760.0  # in a kH100e-year


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
    serves = (stock["vintage_year"] <= case.years[0]) & (dies > case.last_years[case.years[0]])
    share = np.where(serves, stock["share_frac"], 0.0)
    existing: pd.DataFrame = stock.assign(dies=dies, share=share / share.sum())[serves]
    return existing


def stock_over_demand(case: Case) -> float:
    """Return the operator's share of the market's racks over that of its demand."""
    operator = case.scenario.operator
    own = operator.stock_share_frac
    return 1.0 if own is None else own / operator.demand_share_frac


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
    for year, end in case.last_years.items():
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


@rule(unit="kH100e", rereads="demand.demand_kh100e")
def demand_as_asked(case: Case) -> Excess:
    """Demand is as stated, in its unit, or what the reference fleet on the trajectory computes, shared by regions.

    Regions in scope share it by their weight; latency-insensitive users are gathered in one region.
    """
    stated, wanted = stated_classes(case), to_frame(case.inputs.demand.demand, kh100e=case.inputs.demand.demand_kh100e)
    fleet = [
        (str(region), name, year, kh100e * _factor(case, name, year) * share)
        for name in case.inputs.sets.workload.labels
        if name not in stated
        for year, kh100e in zip(case.years, reference_kh100e(case, name).tolist(), strict=True)
        for region, share in region_shares(case).items()
    ]
    expected = stated_kh100e(case)
    expected = pd.concat([expected, pd.DataFrame(fleet, columns=expected.columns)], ignore_index=True)
    is_lumped = isin(expected, lumped_users(case), ("region", "workload"))
    expected = expected.assign(region=expected["region"].mask(is_lumped, ANYWHERE))
    return Excess.of(sums_reported(_DEMAND, wanted, expected, {"kh100e": "kh100e"}))


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


@rule(unit="GW or kH100e", rereads="reference")
def reference_from_tables(case: Case) -> Iterator[Excess]:
    """The reference fleet is the path of facilities, its racks, and what these compute."""
    table, due = with_int_year(case.inputs.reference), year_rows(case, "workload", classes_in_scope(case))
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
    yield Excess.count_broken(due, ~isin(due, table, _CLASS))
    yield from columns_reported(table, _CLASS, expected)


@once
def region_shares(case: Case) -> pd.Series[float]:
    """Return the share of each region in scope in a demand without a region, by region."""
    table = case.by("demand_regions", "demand_region")
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


# --- Routes ---------------------------------------------------------------------------------------


@rule(unit="-", rereads="workloads")
def classes_from_tables(case: Case) -> Iterator[Excess]:
    """Figures of workloads are those of table `workloads`, or else of the scenario."""
    reported = case.inputs.workloads
    expected = case.by("workloads", "workload").loc[list(reported["workload"])]
    numbers = [str(column) for column in reported.select_dtypes(["number"])]
    return columns_reported(reported, ["workload"], {name: expected[name].astype("float64") for name in numbers})


@figures("demand.tight", "demand.tight_share_frac", unit="-")
def tight_shares_from_tables(case: Case, rows: pd.DataFrame) -> tuple[Floats, pd.DataFrame]:
    """Shares of users within the tighter bound are the workloads'."""
    share = column_by(case.workloads, "workload", "tight_share_frac").astype("float64")
    everyone = to_frame(case.inputs.demand.demand)
    due = everyone[~np.isnan(lookup(share, everyone, ("workload",), np.nan))]
    return lookup(share, rows, ("workload",), np.nan), due


@rule(unit="ms", floor=1000.0, rereads="demand.route_is_tight demand.route_rtt_ms")
def routes_from_tables(case: Case) -> Iterator[Excess]:
    """Routes are all that lie within bound and residency, each with its round trip."""
    wanted = case.inputs.demand
    reported = to_frame(wanted.route, rtt=wanted.route_rtt_ms, tight=wanted.route_is_tight)
    placed = reported[reported["region"] != ANYWHERE].reset_index(drop=True)
    lumped = reported[reported["region"] == ANYWHERE]
    everywhere = reach_of_users(case)
    users = to_frame(wanted.demand)[list(_USERS)].drop_duplicates()
    due = everywhere[everywhere["in_time"] & isin(everywhere, users, _USERS)]
    is_tight, rtt_ms = (found_by(everywhere, _ROUTE, name, placed) for name in ("is_tight", "rtt_ms"))
    is_near = placed["tight"].to_numpy(dtype=np.float64) != is_tight
    yield Excess.differs(keyed(placed, _ROUTE), placed["rtt"], rtt_ms)
    yield from Excess.same_places(placed, due, _ROUTE)
    yield Excess.count_broken(keyed(placed, _ROUTE), is_near)
    # Wherever lumped users are, a distance says nothing, and no tighter bound holds.
    yield Excess.count_broken(keyed(lumped, _ROUTE), (lumped["rtt"] != 0.0).to_numpy() | lumped["tight"])


@rule(unit="- or ms", rereads="demand.no_route")
def no_route_from_tables(case: Case) -> Iterator[Excess]:
    """Users that no site reaches in time are listed, with nearest site and share of the workload; nobody else is."""
    table, demand, everywhere = case.inputs.demand.no_route, case.inputs.demand, reach_of_users(case)
    wanted = to_frame(demand.demand, kh100e=demand.demand_kh100e)
    users = wanted.loc[wanted["region"] != ANYWHERE, list(_USERS)].drop_duplicates()
    lonely = users[~isin(users, everywhere[everywhere["in_time"]], _USERS)]
    at_site = table.rename(columns={"nearest_site": "site"})
    of_site = found_by(everywhere, _ROUTE, "rtt_ms", at_site)
    nearest = lookup(everywhere.groupby(list(_USERS))["rtt_ms"].min(), table, _USERS, np.nan)
    asked, of_class = (
        lookup(sum_by(wanted, key, wanted["kh100e"]), table, key, np.nan) for key in (_USERS, ("workload",))
    )
    bound = column_by(case.workloads, "workload", "rtt_bound_ms").astype("float64")
    expected = {
        "nearest_rtt_ms": nearest,
        "bound_ms": lookup(bound, table, ("workload",), np.nan),
        "demand_frac": asked / of_class,
    }
    yield from Excess.same_places(table, lonely, _USERS)
    yield Excess.differs(keyed(table, _USERS), of_site, nearest)
    yield from columns_reported(table, _USERS, expected)


# --- What the plan reports ------------------------------------------------------------------------


@rule(unit="ms", floor=1000.0)
def round_trips_reported(case: Case) -> Iterator[Excess]:
    """Round trips are those of coordinates, lines and pairs; a demand has the mean of the sites that serve it."""
    table, demand = case.plan("assignment"), case.plan("demand")
    routes = used_routes(case)
    # Users anywhere are in no place, so that nothing is reported of them.
    expected = {
        "rtt_ms": found_by(routes, _ROUTE, "rtt_ms", table),
        "within_tight": found_by(routes, _ROUTE, "is_tight", table, 0.0),
    }
    yield from columns_reported(table, (*_ROUTE, "year"), expected)
    mean_ms = mean_by(_timed(case), _DEMAND, "served_kh100e", "own_ms", demand)
    yield Excess.reported(keyed(demand, _DEMAND), demand["mean_rtt_ms"], mean_ms)


@once
def _timed(case: Case) -> pd.DataFrame:
    """List the assignments of users whose place makes a difference, with their round trips."""
    table, routes = case.plan("assignment"), used_routes(case).rename(columns={"rtt_ms": "own_ms"})
    placed = table[(table["region"] != ANYWHERE) & (table["served_kh100e"] > 0.0)]
    return placed.merge(routes[[*_ROUTE, "own_ms", "tail_ms", "is_tight"]], on=list(_ROUTE))


def _percentile(served: pd.DataFrame, column: str, share: float) -> pd.Series[float]:
    """Least round trip, by workload and year, within which a share of the service is."""
    rows = served.sort_values(column, kind="stable")
    groups = rows.groupby(list(_CLASS), sort=False)["served_kh100e"]
    # Rows are in the order of their round trips: the first that is reached has the least.
    reached = rows[groups.cumsum() >= share * groups.transform("sum")]
    return reached.drop_duplicates(list(_CLASS)).set_index(list(_CLASS))[column]


@rule(unit="ms", floor=1000.0)
def percentiles_reported(case: Case) -> Iterator[Excess]:
    """Median, 95th percentile, and that on bad days, follow from assignments by workload."""
    served, table = _timed(case), case.plan("latency")
    for name, column, share in (
        ("p50_rtt_ms", "own_ms", 0.5),
        ("p95_rtt_ms", "own_ms", 0.95),
        ("tail_p95_rtt_ms", "tail_ms", 0.95),
    ):
        ends = (_percentile(served, column, share * (1.0 + hair)) for hair in (-_HAIR, _HAIR))
        low, high = (lookup(least, table, _CLASS, np.nan) for least in ends)
        reported = table[name].to_numpy()
        # Where nobody is served from a place there is nothing to clip to.
        expected = np.where(np.isnan(low) | np.isnan(reported), low, np.clip(reported, low, high))
        yield Excess.reported(keyed(table, _CLASS), reported, expected, name)


@rule(unit="-", floor=1000.0)
def service_of_classes(case: Case) -> Iterator[Excess]:
    """Bounds of workloads are the scenario's; how near they are served follows by workload."""
    table, served = case.plan("latency"), _timed(case)
    classes = case.by("workloads", "workload")
    bound, tight, share = (
        lookup(classes[name].astype("float64"), table, ("workload",), np.nan)
        for name in ("rtt_bound_ms", "tight_rtt_ms", "tight_share_frac")
    )
    mean_ms, near = (mean_by(served, _CLASS, "served_kh100e", name, table) for name in ("own_ms", "is_tight"))
    expected = {
        "bound_ms": bound,
        "tight_ms": tight,
        "tight_share_frac": share,
        "mean_rtt_ms": mean_ms,
        "max_rtt_ms": lookup(served.groupby(list(_CLASS))["own_ms"].max(), table, _CLASS, np.nan),
        "within_tight_frac": np.where(np.isnan(share), np.nan, near),
    }
    return columns_reported(table, _CLASS, expected)


@rule(unit="kH100e")
def percent_served(case: Case) -> Iterator[Excess]:
    """Shares rented, saved and unmet by workload follow from demand."""
    demand, table = case.plan("demand"), case.plan("latency")
    for how in ("rented", "saved", "unmet"):
        kh100e = lookup(sum_by(demand, _CLASS, demand[f"{how}_kh100e"]), table, _CLASS)
        yield Excess.differs(keyed(table, _CLASS), table[f"{how}_frac"] * table["demand_kh100e"], kh100e, f"{how}_frac")


@rule(unit="users")
def why_not_reported(case: Case) -> Excess:
    """Who may not be served by own sites or not by clouds is reported with the reason."""
    table, p = case.plan("demand"), case.inputs
    keys = [tuple(row) for row in table[list(_DEMAND)].itertuples(index=False)]
    served = to_frame(p.demand.served)
    sites = served.groupby(list(_DEMAND))["site"].agg(frozenset).to_dict()
    routes = set(to_frame(p.demand.route)[list(_USERS)].itertuples(index=False, name=None))
    nearest = reach_of_users(case).groupby(list(_USERS))["rtt_ms"].min()
    bound = column_by(case.workloads, "workload", "rtt_bound_ms").astype("float64")
    bound_ms = lookup(bound, table, ("workload",))
    is_far = lookup(nearest, table, _USERS) > _ROUNDING * bound_ms
    rule_of = column_by(case.workloads, "workload", "residency")
    of_region = case.by("demand_regions", "demand_region")
    pairs = served[["site"]].drop_duplicates()
    pairs = crossed(pairs, pairs.rename(columns={"site": "standby"}))
    pairs = pairs[~may_not_cover(case, pairs)]
    covers = pairs.groupby("site")["standby"].agg(frozenset).to_dict()
    expected = []
    for key, far, ms, asked in zip(keys, is_far, bound_ms, asks(case, table), strict=True):
        there = sites.get(key, frozenset())
        if key[:2] not in routes:
            rule = rule_of[key[1]]
            words = {"national": "in {country}", "regional": "in region {region}", "local": "within 200 km"}.get(rule)
            stays = "" if far or words is None else words.format_map(of_region.loc[key[0]])
            expected.append(f"no own site {stays}{f' (residency: {rule}) ' if stays else ''}within {ms:g} ms")
        elif not there:
            expected.append(
                "own sites in reach have no racks for it by then: none on offer, or table leads says what each "
                "waits for"
            )
        elif asked and not any(covers.get(one, frozenset()) & there for one in there):
            expected.append("no two own sites that may cover for each other")
        else:
            expected.append("")
    barred = to_frame(p.demand.demand, why=p.rent.barred).set_index(list(_DEMAND))["why"]
    odd = table["why_not_own"].astype(object).to_numpy() != np.array(expected, dtype=object)
    odd |= table["why_not_rented"].astype(object).to_numpy() != barred.reindex(keys).to_numpy()
    return Excess.count_broken(keyed(table, _DEMAND), odd)


def _latency_rows(case: Case) -> pd.DataFrame:
    return case.plan("demand")[["workload", "year"]].drop_duplicates()


IMPLIED: Final[Mapping[str, Table]] = {"latency": _latency_rows}
PRICES: Final[Mapping[str, DualPrice]] = {
    "demand_balance": DualPrice("USD/H100e-hour", _H100E_HOURS),
    "tight_latency_share": DualPrice("USD/H100e-hour", _H100E_HOURS),
}
GIVEN: Final[Mapping[str, Given]] = {"demand.unmet_usd_per_h100e_hour": setting("demand.unmet_usd_per_h100e_hour")}
