"""What the plan assumes of racks, reckoned a second time from the data and the scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.check.base_year import standing_facility_mw
from planner.check.facts_demand import base_year_stock_mw
from planner.check.frames import at, by, has, listed, tally
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.check.case import Case


__all__ = ["RULES"]

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
    now = frame[frame["year"] == first]
    mix = base_year_stock_mw(case)
    total_mw = float(mix["stock_mw"].sum())
    per_rack = case.scenario.demand.facility_mw_per_rack_mw
    facility_mw = standing_facility_mw(case)
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


RULES = (
    throughput_from_tables,
    hall_need_from_tables,
    it_power_within_nameplate,
    racks_admitted,
    deliveries_from_tables,
    stock_from_tables,
    rack_price_from_tables,
)
