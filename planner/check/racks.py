"""Racks: bought, delivered, alive, moved, and used only where they may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.check.base_year import assumed_facility_mw
from planner.check.facts_demand import base_year_stock_mw
from planner.check.frames import at, by, has, listed, tally
from planner.check.standing import since
from planner.check.stated_existing import stated_racks
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.base.arrays import Floats
    from planner.check.case import Case

__all__ = ["FACTS", "RULES", "alive_mw"]


_POOL = ("site", "rack", "hall", "duty", "year")
_PLACE = ("site", "rack", "hall", "year")
_COHORT = ("site", "rack", "hall", "vintage")
_USE = ("site", "rack", "hall", "workload", "year")


@rule(unit="uses")
def racks_where_allowed(case: Case) -> Excess:
    """Racks are used, bought and moved only in halls and for classes that admit them."""
    plan, install, moves = case.plan("plan"), case.plan("installs"), case.plan("moves")
    racks = case.inputs.racks
    outward = moves[moves["direction"] == "out"]
    inward = moves[moves["direction"] == "in"]
    move_key = (*_COHORT, "year")
    return Excess.where(plan[list(_USE)], ~has(plan, listed(racks.used), _USE)).and_also(
        Excess.where(install[list(_POOL)], ~has(install, listed(racks.install), _POOL)),
        Excess.where(outward[list(move_key)], ~has(outward, listed(racks.move_out), move_key)),
        Excess.where(inward[list(move_key)], ~has(inward, listed(racks.move_in), move_key)),
    )


@rule(unit="years")
def racks_not_before_their_time(case: Case) -> Excess:
    """No rack type is bought before its first year on the market."""
    install = case.plan("installs")
    first = by(case.racks, "rack", "first_year")
    early = at(first, install, ("rack",), np.nan) - install["year"].to_numpy()
    place = install[list(_POOL)]
    return Excess(place, early.astype(np.float64), np.ones(len(place)))


@rule(unit="MW")
def racks_alive(case: Case) -> Excess:
    """Racks in service are stock, purchases or arrivals within their life, less departures."""
    plan, pools = case.uses, alive_mw(case)
    alive = pools["alive_mw"].to_numpy()
    used = tally(plan, _POOL, plan["in_service_mw"])
    place = pools[list(_POOL)]
    stray = Excess.where(plan[list(_POOL)], ~has(plan, pools, _POOL))
    return Excess.above(place, at(used, pools, _POOL), alive).and_also(
        Excess.above(place, -alive, 0.0), stray
    )


def alive_mw(case: Case) -> pd.DataFrame:
    """List the pools of racks with what of them is alive.

    Parameters
    ----------
    case : Case
        Inputs and plan.

    Returns
    -------
    DataFrame
        site, rack, hall, duty, year, stock_mw, alive_mw.
    """
    racks = case.inputs.racks
    pools = listed(racks.fleet, stock_mw=racks.stock_mw)
    bought = at(_bought_and_alive(case, pools), pools, _POOL)
    return pools.assign(
        alive_mw=pools["stock_mw"].to_numpy() + bought + _moved_and_alive(case, pools)
    )


def _bought_and_alive(case: Case, pools: pd.DataFrame) -> pd.Series[float]:
    """Purchases still alive at the end of what a year stands for. [MW]"""
    install = case.plan("installs")
    life = by(case.racks, "rack", "life_years")
    dies = install["year"] + at(life, install, ("rack",))  # first year no longer in service
    paired = since(install.assign(dies=dies), pools, ("site", "rack", "hall", "duty"))
    paired = paired[case.last_calendar_year(paired["year_now"]) < paired["dies"]]
    return tally(paired, ("site", "rack", "hall", "duty", "year_now"), paired["installed_mw"])


def _moved_and_alive(case: Case, pools: pd.DataFrame) -> Floats:
    """Arrivals less departures still alive, by pool. [MW]"""
    moves = case.plan("moves")
    life = by(case.racks, "rack", "life_years")
    dies = _vintage_year(moves) + at(life, moves, ("rack",))
    inward = moves["direction"] == "in"
    signed = moves.assign(
        dies=dies,
        duty=np.where(inward, "inference", "training"),
        signed_mw=np.where(inward, moves["moved_mw"], -moves["moved_mw"]),
    )
    paired = since(signed, pools, ("site", "rack", "hall", "duty"))
    paired = paired[case.last_calendar_year(paired["year_now"]) < paired["dies"]]
    net = tally(paired, ("site", "rack", "hall", "duty", "year_now"), paired["signed_mw"])
    return at(net, pools, _POOL)


@rule(unit="MW")
def stock_only_use(case: Case) -> Excess:
    """Classes that do not admit a rack type use no more of it than the stock."""
    plan, racks = case.uses, case.inputs.racks
    listed_uses = listed(racks.stock_only)
    uses = plan[has(plan, listed_uses, _USE)]
    groups = listed(racks.stock_only_group, stock_mw=racks.stock_only_mw)
    used = tally(uses, _PLACE, uses["in_service_mw"])
    return Excess.above(
        groups[list(_PLACE)], at(used, groups, _PLACE), groups["stock_mw"].to_numpy()
    )


@rule(unit="MW")
def cascade_cohorts(case: Case) -> Excess:
    """No more of a cohort leaves training than was bought of it or stood in the base year."""
    moves, install, racks = case.plan("moves"), case.plan("installs"), case.inputs.racks
    out = moves[moves["direction"] == "out"]
    left = tally(out, _COHORT, out["moved_mw"])
    training = install[install["duty"] == "training"]
    training = training.assign(vintage=training["year"].astype("str"))
    bought = tally(training, _COHORT, training["installed_mw"])
    cohorts = listed(racks.cohort, stock_mw=racks.cohort_stock_mw)
    size = cohorts["stock_mw"].to_numpy() + at(bought, cohorts, _COHORT)
    stray = Excess.where(out[list(_COHORT)], ~has(out, cohorts, _COHORT))
    return Excess.above(cohorts[list(_COHORT)], at(left, cohorts, _COHORT), size).and_also(stray)


@rule(unit="MW")
def cascade_balance(case: Case) -> Excess:
    """What leaves the training halls of a site enters its inference halls in the same year."""
    moves = case.plan("moves")
    key = ("site", "rack", "vintage", "year")
    signed = np.where(moves["direction"] == "in", moves["moved_mw"], -moves["moved_mw"])
    net = tally(moves, key, signed)
    size = tally(moves, key, moves["moved_mw"].to_numpy() / 2.0)
    place = moves[list(key)].drop_duplicates().reset_index(drop=True)
    return Excess(place, np.abs(at(net, place, key)), at(size, place, key))


@rule(unit="years")
def cascade_age(case: Case) -> Excess:
    """Racks move only once old enough and before their life ends."""
    moves = case.plan("moves")
    age = moves["year"].to_numpy() - _vintage_year(moves)
    life = at(by(case.racks, "rack", "life_years"), moves, ("rack",), np.nan)
    place = moves[[*_COHORT, "year"]]
    young = Excess.above(place, case.scenario.cascade.min_age_years - age, 0.0)
    return young.and_also(Excess.above(place, age + 1.0 - life, 0.0))


@rule(unit="MW")
def deliveries(case: Case) -> Excess:
    """Racks bought of a vendor in a model year stay within its deliveries."""
    install, racks = case.plan("installs"), case.inputs.racks
    vendor = by(case.racks, "rack", "vendor")
    bought = tally(
        install.assign(vendor=install["rack"].map(vendor)),
        ("vendor", "year"),
        install["installed_mw"],
    )
    limits = listed(racks.delivery, limit_mw=racks.delivery_limit_mw)
    key = ("vendor", "year")
    return Excess.above(limits[list(key)], at(bought, limits, key), limits["limit_mw"].to_numpy())


@rule(unit="racks")
def rack_counts(case: Case) -> Excess:
    """Racks counted are nameplate over the nameplate of one rack."""
    peak_kw = by(case.racks, "rack", "peak_kw")
    parts = [
        Excess.differs(
            table[["site", "rack", "hall", "year"]],
            table["racks"].to_numpy() * at(peak_kw, table, ("rack",), np.nan) / 1000.0,
            table[column].to_numpy(),
        )
        for table, column in (
            (case.uses.assign(racks=case.plan("plan")["racks"]), "in_service_mw"),
            (case.plan("installs"), "installed_mw"),
        )
    ]
    return parts[0].and_also(*parts[1:])


@rule(unit="MW")
def companions_told(case: Case) -> Excess:
    """Beside each use of racks stand the companions that its deployment asks for."""
    uses = case.uses
    own = uses["in_service_mw"] * uses["companion_mw_per_mw"]
    told = case.plan("plan")["companion_mw"].to_numpy()
    return Excess.differs(uses[list(_USE)], told, own.to_numpy())


@rule(unit="MW")
def fleet_table(case: Case) -> Excess:
    """Each pool of racks holds what is alive: in use, standing by, and the rest is parked."""
    fleet = case.plan("fleet")
    plan, pools = case.plan("plan"), alive_mw(case).set_index(list(_POOL))
    used, standby = (tally(plan, _POOL, plan[name]) for name in ("used_mw", "standby_mw"))
    place = fleet[list(_POOL)]
    return Excess.differs(place, fleet["used_mw"].to_numpy(), at(used, fleet, _POOL)).and_also(
        Excess.differs(place, fleet["standby_mw"].to_numpy(), at(standby, fleet, _POOL)),
        Excess.differs(
            place,
            (fleet["used_mw"] + fleet["standby_mw"] + fleet["parked_mw"]).to_numpy(),
            fleet["alive_mw"].to_numpy(),
        ),
        *(
            Excess.differs(place, fleet[name].to_numpy(), at(pools[name], fleet, _POOL, np.nan))
            for name in ("alive_mw", "stock_mw")
        ),
    )


def _vintage_year(moves: pd.DataFrame) -> Floats:
    """Return the year in which a cohort entered service; labels are stock-2022 or 2027."""
    return np.asarray(moves["vintage"].str.removeprefix("stock-"), dtype=np.float64)


RULES = (
    racks_where_allowed,
    racks_not_before_their_time,
    racks_alive,
    stock_only_use,
    cascade_cohorts,
    cascade_balance,
    cascade_age,
    deliveries,
    rack_counts,
    companions_told,
    fleet_table,
)


_DEPLOYMENT = ("rack", "hall", "workload")
_KW_PER_MW = 1000.0
_MW_PER_GW = 1000.0
_USD_PER_MUSD = 1e6
_MONEY_YEAR = 2025
_ROUNDING_MW = 1e-6


def _described(case: Case, frame: pd.DataFrame) -> pd.DataFrame:
    """Lay rack, class and hall figures of the data beside uses of racks."""
    racks = case.racks[
        [
            "rack",
            "peak_kw",
            "busy_frac",
            "idle_frac",
            "training_h100e",
            "inference_h100e",
            "space_m2",
            "vendor",
        ]
    ]
    classes = case.workloads[
        [
            "workload",
            "duty",
            "utilisation_frac",
            "spare_frac",
            "companion_frac",
            "redundancy_min",
        ]
    ]
    return (
        frame.merge(racks, on="rack", how="left")
        .merge(classes, on="workload", how="left")
        .merge(case.halls, on="hall", how="left")
    )


@rule(unit="kH100e/MW")
def throughput_from_tables(case: Case) -> Excess:
    """Compute per MW is rack throughput over nameplate, times utilisation, net of spares."""
    frame = _described(case, listed(case.inputs.racks.deployment))
    h100e = np.where(frame["duty"] == "training", frame["training_h100e"], frame["inference_h100e"])
    own = h100e / frame["peak_kw"] * frame["utilisation_frac"] / (1.0 + frame["spare_frac"])
    told = case.inputs.racks.throughput_kh100e_per_mw
    return Excess.differs(frame[list(_DEPLOYMENT)], told, own.to_numpy())


@rule(unit="MW/MW")
def hall_need_from_tables(case: Case) -> Excess:
    """Hall power per MW of racks is the diversity of their peaks plus their companions."""
    racks = case.inputs.racks
    frame = _described(case, listed(racks.deployment))
    place = frame[list(_DEPLOYMENT)]
    companion = frame["companion_frac"].to_numpy()
    return Excess.differs(
        place, racks.hall_mw_per_mw, case.scenario.halls.diversity_frac + companion
    ).and_also(Excess.differs(place, racks.companion_mw_per_mw, companion))


@rule(unit="MW/MW")
def it_power_within_nameplate(case: Case) -> Excess:
    """Mean IT power of racks is at least idle and at most busy power; so is its hourly peak."""
    inputs = case.inputs
    frame = _described(case, case.deployments.drop(columns="utilisation_frac"))
    busy = frame["busy_frac"] + frame["companion_frac"]
    mean = frame["idle_mw_per_mw"] + frame["dynamic_mw_per_mw"]
    tallest = pd.Series(
        inputs.power.shape_frac.max(axis=(0, 2)), index=list(inputs.sets.shape.labels)
    )
    peak = frame["idle_mw_per_mw"] + frame["dynamic_mw_per_mw"] * at(tallest, frame, ("shape",))
    place = frame[list(_DEPLOYMENT)]
    return Excess.above(place, mean.to_numpy(), busy.to_numpy()).and_also(
        Excess.above(place, peak.to_numpy(), busy.to_numpy())
    )


@rule(unit="MW")
def racks_admitted(case: Case) -> Excess:
    """Racks that the data do not admit for a class, cooling or topology come from the stock."""
    uses, racks = case.uses, case.inputs.racks
    pool = ("site", "rack", "hall", "duty", "year")
    strangers = uses[~_is_admitted(case, uses)]
    used = tally(strangers, pool, strangers["in_service_mw"])
    pools = listed(racks.fleet, stock_mw=racks.stock_mw)
    place = strangers[list(pool)].drop_duplicates().reset_index(drop=True)
    standing = at(tally(pools, pool, pools["stock_mw"]), place, pool)
    return Excess.above(place, at(used, place, pool), standing)


def _is_admitted(case: Case, frame: pd.DataFrame) -> NDArray[np.bool_]:
    known = _described(case, frame[list(_DEPLOYMENT)])
    pairs = case.data("workload_racks")[["workload", "rack"]]
    own = {
        name: override.racks
        for name, override in case.scenario.workloads.items()
        if override.racks is not None
    }
    replaced = [pd.DataFrame({"workload": name, "rack": list(ids)}) for name, ids in own.items()]
    pairs = pd.concat([pairs[~pairs["workload"].isin(list(own))], *replaced], ignore_index=True)
    cooling = by(case.data("cooling"), "cooling", "max_kw_per_rack")
    availability = by(case.data("redundancy"), "redundancy", "availability_pct")
    least = availability.rename_axis("redundancy_min")
    return np.asarray(
        has(known, pairs, ("workload", "rack"))
        & has(known, case.data("rack_cooling"), ("rack", "cooling"))
        & (known["peak_kw"].to_numpy() <= at(cooling, known, ("cooling",)))
        & (
            at(availability, known, ("redundancy",))
            >= at(least, known, ("redundancy_min",), np.inf) - 1e-9
        )
    )


@rule(unit="MW")
def deliveries_from_tables(case: Case) -> Excess:
    """Vendors deliver the operator's share of every year since the model year before."""
    limits = listed(case.inputs.racks.delivery, told_mw=case.inputs.racks.delivery_limit_mw)
    share = case.scenario.operator.deliveries_share_frac * case.scenario.deliveries.scale_frac
    table = case.data("deliveries")
    into = [min((t for t in case.years if t >= year), default=0) for year in table["year"]]
    counts = table["year"] >= case.years[0]  # the first model year has its own deliveries alone
    table = table.assign(year=into)[counts]
    delivered = tally(table, ("vendor", "year"), table["limit_gw_it"] * _MW_PER_GW * share)
    own = at(delivered, limits, ("vendor", "year"), np.nan)
    return Excess.differs(limits[["vendor", "year"]], limits["told_mw"].to_numpy(), own)


@rule(unit="MW")
def stock_from_tables(case: Case) -> Excess:
    """Racks of the base year are the operator's share of what stands, site by site and by type.

    Where a scenario gives the halls of a site, its duties follow from those, so that only the
    mix of types within a duty can be told.
    """
    racks, first = case.inputs.racks, case.years[0]
    frame = listed(racks.fleet, stock_mw=racks.stock_mw)
    now = _less_stated(case, frame[frame["year"] == first])
    mix = base_year_stock_mw(case)
    total_mw = float(mix["stock_mw"].sum())
    per_rack = case.scenario.demand.facility_mw_per_rack_mw
    facility_mw = assumed_facility_mw(case)
    sites = pd.DataFrame({"site": facility_mw.index.to_numpy()})
    by_site = Excess.differs(
        sites,
        at(tally(now, ("site",), now["stock_mw"]), sites, ("site",)),
        np.asarray(facility_mw / per_rack, dtype=np.float64),
    )
    told = at(tally(now, ("duty", "rack"), now["stock_mw"]), mix, ("duty", "rack"))
    own = mix["stock_mw"].to_numpy(dtype=np.float64)
    if abs(facility_mw.sum() - total_mw * per_rack) > _ROUNDING_MW:
        of_duty = (tally(mix, ("duty",), told) / tally(mix, ("duty",), own)).fillna(0.0)
        own = own * at(of_duty, mix, ("duty",))
    return by_site.and_also(Excess.differs(mix[["duty", "rack"]], told, own))


def _less_stated(case: Case, pools: pd.DataFrame) -> pd.DataFrame:
    """Take the racks that the planner states from pools of the first year."""
    first = pd.Series([case.years[0]])
    racks = stated_racks(case)
    now = (racks["vintage"] <= first[0]) & (racks["dies"] > case.last_calendar_year(first)[0])
    pool = ("site", "rack", "hall", "duty")
    stated = tally(racks[now], pool, racks["mw"][now])
    return pools.assign(stock_mw=pools["stock_mw"] - at(stated, pools, pool))


@rule(unit="MUSD/MW")
def rack_price_from_tables(case: Case) -> Excess:
    """A MW of racks costs its list price with fabric, sales tax and the real trend of prices."""
    told = listed(case.inputs.racks.install, price=case.inputs.racks.install_capex_musd_per_mw)
    racks = case.racks.set_index("rack")
    list_price = racks["capex_usd"] * (1.0 + racks["fabric_adder_frac"]) / racks["peak_kw"]
    tax = case.finance_of_sites("sales_tax")
    trend = 1.0 + case.finance_of("rack_price_real_trend", "world")
    own = (
        at(list_price, told, ("rack",), np.nan)
        * (_KW_PER_MW / _USD_PER_MUSD)
        * (1.0 + at(tax, told, ("site",), np.nan))
        * trend ** np.clip(told["year"].to_numpy() - _MONEY_YEAR, 0, None)
    )
    key = ["site", "rack", "hall", "duty", "year"]
    return Excess.differs(told[key], told["price"].to_numpy(), own)


FACTS = (
    throughput_from_tables,
    hall_need_from_tables,
    it_power_within_nameplate,
    racks_admitted,
    deliveries_from_tables,
    stock_from_tables,
    rack_price_from_tables,
)
