"""Racks: alive, counted and parked; their figures, read again from scenario and data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.check.declared import DualPrice
from planner.check.demand import base_year_stock_mw
from planner.check.existing import in_pools, stated_racks, with_enough_memory
from planner.check.frames import cell, column_by, isin, lookup, once, sum_by, to_frame
from planner.check.payments import instalment
from planner.check.stock import assumed_facility_mw
from planner.check.table import table_of
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from planner.base.arrays import Floats
    from planner.check.case import Case


_POOL = ("site", "rack", "hall", "duty", "year")


@rule(unit="MW", rereads="racks.lot_rack_mw")
def lots_from_scenario(case: Case) -> Excess:
    """Purchases come in racks where the scenario asks for integers, else in any amount."""
    p = case.inputs.racks
    lots, installs = to_frame(p.lot, mw=p.lot_rack_mw), to_frame(p.install)
    peak_kw = column_by(case.racks, "rack", "peak_kw").astype("float64")
    due = installs[np.full(len(installs), case.scenario.racks.whole)]
    return Excess.differs(
        lots[list(_POOL)], lots["mw"].to_numpy(), lookup(peak_kw, lots, ("rack",), np.nan) / 1000.0
    ).and_also(
        Excess.count_broken(due[list(_POOL)], ~isin(due, lots, _POOL)),
        Excess.count_broken(lots[list(_POOL)], ~isin(lots, due, _POOL)),
    )


# --- paid as it is used ---------------------------------------------------------------------


HEADING: Final = "Racks"
DECISIONS: Final[Mapping[str, tuple[str, str]]] = {
    "used": ("plan", "used_mw"),
    "install": ("installs", "installed_mw"),
    "move_out": ("moves", "moved_mw"),
    "move_in": ("moves", "moved_mw"),
}
PRICES: Final[Mapping[str, DualPrice]] = {"deliveries": DualPrice("USD/MW", paid="once")}

# --- Figures of racks and their deployments -------------------------------------------------------

_DEPLOYMENT = ("rack", "hall", "workload")
_KW_PER_MW = 1000.0
_USD_PER_MUSD = 1e6
_MW_PER_GW = 1000.0
_MONEY_YEAR = 2025
_ROUNDING_MW = 1e-6


def companion_load(case: Case) -> float:
    """Return the mean power of storage and general servers over their nameplate."""
    return cell(case.data("facility_cost"), "item", "companion_load", "value")


@rule(
    unit="MW/MW or m2/MW",
    rereads="racks.deferrable_frac racks.dynamic_mw_per_mw racks.idle_mw_per_mw racks.space_m2_per_mw",
)
def rack_power_from_tables(case: Case) -> Excess:
    """Racks in use take floor, idle power and power that follows the load as the tables say.

    Power at full work and its idle share are the rack's, utilisation less spares the workload's;
    companions draw a fixed share of their nameplate day and night.
    """
    p = case.inputs.racks
    frame = to_frame(p.deployment)
    racks, classes = case.racks.set_index("rack"), case.workloads.set_index("workload")

    def of_rack(column: str) -> Floats:
        return lookup(racks[column].astype("float64"), frame, ("rack",), np.nan)

    def of_class(column: str) -> Floats:
        return lookup(classes[column].astype("float64"), frame, ("workload",), np.nan)

    idle_kw = of_rack("busy_frac") * of_rack("idle_frac")
    moved = of_rack("busy_frac") - idle_kw
    used = of_class("utilisation_frac") / (1.0 + of_class("spare_frac"))
    expected = {
        "space_m2_per_mw": of_rack("space_m2") / (of_rack("peak_kw") / _KW_PER_MW),
        "idle_mw_per_mw": idle_kw + companion_load(case) * of_class("companion_frac"),
        "dynamic_mw_per_mw": moved * used,
        "deferrable_frac": of_class("deferrable_frac"),
    }
    place = frame[list(_DEPLOYMENT)]
    parts = [
        Excess.differs(place.assign(what=name), np.asarray(getattr(p, name)), right) for name, right in expected.items()
    ]
    return parts[0].and_also(*parts[1:])


@rule(
    unit="kW or years or MUSD/MW-year", rereads="racks.it_maintenance_musd_per_mw_year racks.life_years racks.peak_kw"
)
def rack_types_from_tables(case: Case) -> Excess:
    """Nameplate, life and upkeep of rack types are those of the tables and the scenario."""
    p = case.inputs.racks
    labels = list(case.inputs.sets.rack.labels)
    racks = case.racks.set_index("rack").loc[labels]
    items = column_by(case.data("facility_cost"), "item", "value").astype("float64")
    price = racks["capex_usd"] * (1.0 + racks["fabric_adder_frac"]) / racks["peak_kw"]
    share = items["it_maintenance"] + case.finance_of("insurance", "world")
    expected = {
        "peak_kw": racks["peak_kw"],
        "life_years": racks["life_years"],
        "it_maintenance_musd_per_mw_year": share * price * _KW_PER_MW / _USD_PER_MUSD,
    }
    parts = [
        Excess.differs(
            table_of({"rack": labels, "what": name}),
            np.asarray(getattr(p, name), dtype=np.float64),
            right.to_numpy(dtype=np.float64),
        )
        for name, right in expected.items()
    ]
    return parts[0].and_also(*parts[1:])


@rule(unit="years", rereads="racks.vintage_last_year")
def vintages_from_tables(case: Case) -> Excess:
    """Racks of a vintage serve through their life, the year of purchase included."""
    sets = case.inputs.sets
    vintage = pd.Series(sets.vintage.labels).str.removeprefix("stock-").astype("int64")
    life = column_by(case.racks, "rack", "life_years").astype("int64")
    expected = np.add.outer(vintage.to_numpy(), life.loc[list(sets.rack.labels)].to_numpy()) - 1
    place = pd.MultiIndex.from_product([sets.vintage.labels, sets.rack.labels], names=["vintage", "rack"]).to_frame(
        index=False
    )
    reported = case.inputs.racks.vintage_last_year
    return Excess.differs(place, reported.ravel().astype("float64"), expected.ravel().astype("float64"))


@rule(unit="MUSD/MW", rereads="racks.companion_musd_per_mw_year racks.move_cost_musd_per_mw")
def companion_and_move_price(case: Case) -> Excess:
    """Companions are repaid over their life at the racks' rate; moves cost the scenario's price."""
    p = case.inputs.racks
    items = column_by(case.data("facility_cost"), "item", "value").astype("float64")
    rate = case.inputs.finance.asset_rate_frac["rack"]
    yearly = instalment(rate, np.array([items["companion_life"]]))[0]
    expected = np.array([items["companion_capex"] * yearly, case.scenario.cascade.cost_usd_per_kw])
    reported = np.array([p.companion_musd_per_mw_year, p.move_cost_musd_per_mw])
    place = table_of({"what": ["companions", "moves"]})
    return Excess.differs(place, reported, expected * _KW_PER_MW / _USD_PER_MUSD)


def _described(case: Case, frame: pd.DataFrame) -> pd.DataFrame:
    """Lay rack, workload and hall figures of the data beside uses of racks."""
    racks = case.racks[
        ["rack", "peak_kw", "busy_frac", "idle_frac", "training_h100e", "inference_h100e", "space_m2", "vendor"]
    ]
    classes = case.workloads[["workload", "duty", "utilisation_frac", "spare_frac", "companion_frac", "redundancy_min"]]
    return (
        frame.merge(racks, on="rack", how="left")
        .merge(classes, on="workload", how="left")
        .merge(case.halls, on="hall", how="left")
    )


@rule(unit="kH100e/MW", rereads="racks.throughput_kh100e_per_mw")
def throughput_from_tables(case: Case) -> Excess:
    """Compute per MW is rack throughput over nameplate, times utilisation, net of spares."""
    frame = _described(case, to_frame(case.inputs.racks.deployment))
    h100e = np.where(frame["duty"] == "training", frame["training_h100e"], frame["inference_h100e"])
    expected = h100e / frame["peak_kw"] * frame["utilisation_frac"] / (1.0 + frame["spare_frac"])
    reported = case.inputs.racks.throughput_kh100e_per_mw
    return Excess.differs(frame[list(_DEPLOYMENT)], reported, expected.to_numpy())


@rule(unit="MW/MW", rereads="racks.companion_mw_per_mw racks.hall_mw_per_mw")
def hall_need_from_tables(case: Case) -> Excess:
    """Hall power per MW of racks is the diversity of their peaks plus their companions."""
    racks = case.inputs.racks
    frame = _described(case, to_frame(racks.deployment))
    place = frame[list(_DEPLOYMENT)]
    companion = frame["companion_frac"].to_numpy()
    return Excess.differs(place, racks.hall_mw_per_mw, case.scenario.halls.diversity_frac + companion).and_also(
        Excess.differs(place, racks.companion_mw_per_mw, companion)
    )


@rule(unit="MW/MW")
def it_power_within_nameplate(case: Case) -> Excess:
    """Mean IT power of racks is at least idle and at most busy power; so is its hourly peak."""
    inputs = case.inputs
    frame = _described(case, case.deployments.drop(columns="utilisation_frac"))
    busy = frame["busy_frac"] + frame["companion_frac"]
    mean = frame["idle_mw_per_mw"] + frame["dynamic_mw_per_mw"]
    tallest = pd.Series(inputs.power.shape_frac.max(axis=(0, 2)), index=list(inputs.sets.shape.labels))
    peak = frame["idle_mw_per_mw"] + frame["dynamic_mw_per_mw"] * lookup(tallest, frame, ("shape",))
    place = frame[list(_DEPLOYMENT)]
    return Excess.above(place, mean.to_numpy(), busy.to_numpy()).and_also(
        Excess.above(place, peak.to_numpy(), busy.to_numpy())
    )


@rule(unit="MW")
def racks_admitted(case: Case) -> Excess:
    """Racks not admitted by the data for a workload, cooling or topology are existing ones."""
    uses, racks = case.uses, case.inputs.racks
    pool = ("site", "rack", "hall", "duty", "year")
    strangers = in_pools(case, uses[~_may_run(case, uses)])
    used = sum_by(strangers, pool, strangers["in_service_mw"])
    pools = to_frame(racks.fleet, stock_mw=racks.stock_mw)
    place = strangers[list(pool)].drop_duplicates().reset_index(drop=True)
    standing = lookup(sum_by(pools, pool, pools["stock_mw"]), place, pool)
    return Excess.above(place, lookup(used, place, pool), standing)


@once
def admitted_racks(case: Case) -> pd.DataFrame:
    """List workload and rack of every pair that the tables, or the scenario, admit."""
    pairs = case.data("workload_racks")[["workload", "rack"]]
    stated = {name: override.racks for name, override in case.scenario.workloads.items() if override.racks is not None}
    replaced = [table_of({"workload": name, "rack": list(ids)}) for name, ids in stated.items()]
    pairs = pd.concat([pairs[~pairs["workload"].isin(list(stated))], *replaced], ignore_index=True)
    return with_enough_memory(case, pairs)


def _may_run(case: Case, frame: pd.DataFrame) -> NDArray[np.bool_]:
    """Return where workload, rack, cooling and redundancy fit together by data and scenario."""
    known = _described(case, frame[list(_DEPLOYMENT)])
    pairs = admitted_racks(case)
    cooling = column_by(case.data("cooling"), "cooling", "max_kw_per_rack")
    availability = column_by(case.data("redundancy"), "redundancy", "availability_pct")
    least = availability.rename_axis("redundancy_min")
    return np.asarray(
        isin(known, pairs, ("workload", "rack"))
        & isin(known, case.data("rack_cooling"), ("rack", "cooling"))
        & (known["peak_kw"].to_numpy() <= lookup(cooling, known, ("cooling",)))
        & (lookup(availability, known, ("redundancy",)) >= lookup(least, known, ("redundancy_min",), np.inf) - 1e-9)
    )


@rule(unit="MW", rereads="racks.delivery_limit_mw")
def deliveries_from_tables(case: Case) -> Excess:
    """Vendors deliver the operator's share of every year since the model year before."""
    limits = to_frame(case.inputs.racks.delivery, reported_mw=case.inputs.racks.delivery_limit_mw)
    share = case.scenario.operator.deliveries_share_frac * case.scenario.deliveries.scale_frac
    table = case.data("deliveries")
    into = [min((t for t in case.years if t >= year), default=0) for year in table["year"]]
    counts = table["year"] >= case.years[0]  # the first model year has its own deliveries alone
    table = table.assign(year=into)[counts]
    delivered = sum_by(table, ("vendor", "year"), table["limit_gw_it"] * _MW_PER_GW * share)
    expected = lookup(delivered, limits, ("vendor", "year"), np.nan)
    return Excess.differs(limits[["vendor", "year"]], limits["reported_mw"].to_numpy(), expected)


@rule(unit="MW")
def stock_from_tables(case: Case) -> Excess:
    """Existing racks are the operator's share of existing capacity, by site and type.

    Where a scenario gives the halls of a site, its uses follow from those, so that only the
    mix of types within a use can be checked.
    """
    racks, first = case.inputs.racks, case.years[0]
    frame = to_frame(racks.fleet, stock_mw=racks.stock_mw)
    now = _less_stated(case, frame[frame["year"] == first])
    mix = base_year_stock_mw(case)
    total_mw = float(mix["stock_mw"].sum())
    per_rack = case.scenario.demand.facility_mw_per_rack_mw
    facility_mw = assumed_facility_mw(case)
    sites = table_of({"site": facility_mw.index.to_numpy()})
    by_site = Excess.differs(
        sites,
        lookup(sum_by(now, ("site",), now["stock_mw"]), sites, ("site",)),
        np.asarray(facility_mw / per_rack, dtype=np.float64),
    )
    reported = lookup(sum_by(now, ("duty", "rack"), now["stock_mw"]), mix, ("duty", "rack"))
    expected = mix["stock_mw"].to_numpy(dtype=np.float64)
    if abs(facility_mw.sum() - total_mw * per_rack) > _ROUNDING_MW:
        of_duty = (sum_by(mix, ("duty",), reported) / sum_by(mix, ("duty",), expected)).fillna(0.0)
        expected = expected * lookup(of_duty, mix, ("duty",))
    return by_site.and_also(Excess.differs(mix[["duty", "rack"]], reported, expected))


def _less_stated(case: Case, pools: pd.DataFrame) -> pd.DataFrame:
    """Take the racks that the planner states from pools of the first year."""
    first = pd.Series([case.years[0]])
    racks = stated_racks(case)
    now = (racks["vintage"] <= first[0]) & (racks["dies"] > case.last_calendar_year(first)[0])
    pool = ("site", "rack", "hall", "duty")
    stated = sum_by(in_pools(case, racks[now]), pool, racks["mw"][now])
    return pools.assign(stock_mw=pools["stock_mw"] - lookup(stated, pools, pool))


@rule(unit="MUSD/MW", rereads="racks.install_capex_musd_per_mw racks.stock_capex_musd_per_mw")
def rack_price_from_tables(case: Case) -> Excess:
    """A MW of racks costs its list price with fabric, sales tax and the real trend of prices.

    Existing racks have the list price without the trend.
    """
    reported = to_frame(case.inputs.racks.install, price=case.inputs.racks.install_capex_musd_per_mw)
    racks = case.racks.set_index("rack")
    list_price = racks["capex_usd"] * (1.0 + racks["fabric_adder_frac"]) / racks["peak_kw"]
    tax = case.finance_of_sites("sales_tax")
    trend = 1.0 + case.finance_of("rack_price_real_trend", "world")
    expected = (
        lookup(list_price, reported, ("rack",), np.nan)
        * (_KW_PER_MW / _USD_PER_MUSD)
        * (1.0 + lookup(tax, reported, ("site",), np.nan))
        * trend ** np.clip(reported["year"].to_numpy() - _MONEY_YEAR, 0, None)
    )
    key = ["site", "rack", "hall", "duty", "year"]
    pools = to_frame(case.inputs.racks.fleet, price=case.inputs.racks.stock_capex_musd_per_mw)
    of_stock = (
        lookup(list_price, pools, ("rack",), np.nan)
        * (_KW_PER_MW / _USD_PER_MUSD)
        * (1.0 + lookup(tax, pools, ("site",), np.nan))
    )
    return Excess.differs(reported[key], reported["price"].to_numpy(), expected).and_also(
        Excess.differs(pools[key], pools["price"].to_numpy(), of_stock)
    )
