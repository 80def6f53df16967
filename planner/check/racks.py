"""Racks: alive, counted and parked; their figures, read again from scenario and data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.check.declared import DualPrice
from planner.check.frames import cell, column_by, lookup, sum_by, to_frame
from planner.check.payments import instalment
from planner.check.verdict import Excess, figures, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from planner.base.arrays import Floats
    from planner.check.case import Case


@figures("racks.lot", "racks.lot_rack_mw", unit="MW")
def lots_from_scenario(case: Case, rows: pd.DataFrame) -> tuple[Floats, pd.DataFrame]:
    """Purchases come in racks where the scenario asks for integers, else in any amount."""
    peak_kw = column_by(case.racks, "rack", "peak_kw").astype("float64")
    installs = to_frame(case.inputs.racks.install)
    return lookup(peak_kw, rows, ("rack",), np.nan) / 1000.0, installs.iloc[: len(installs) * case.scenario.racks.whole]


HEADING: Final = "Racks"
PRICES: Final[Mapping[str, DualPrice]] = {"deliveries": DualPrice("USD/MW", paid="once")}

# --- Figures of racks and their deployments -------------------------------------------------------

_DEPLOYMENT = ("rack", "hall", "workload")
_KW_PER_MW = 1000.0
_USD_PER_MUSD = 1e6
_MW_PER_GW = 1000.0
_MONEY_YEAR = 2025


def companion_load(case: Case) -> float:
    """Return the mean power of storage and general servers over their nameplate."""
    return cell(case.data("facility_cost"), "item", "companion_load", "value")


@figures(
    "racks.deployment",
    *("racks.space_m2_per_mw", "racks.idle_mw_per_mw", "racks.dynamic_mw_per_mw", "racks.deferrable_frac"),
    *("racks.throughput_kh100e_per_mw", "racks.companion_mw_per_mw", "racks.hall_mw_per_mw"),
    unit="MW/MW, m2/MW or kH100e/MW",
)
def rack_power_from_tables(case: Case, rows: pd.DataFrame) -> tuple[pd.Series[float], ...]:
    """Racks in use take floor, idle power and power that follows the load as the tables say.

    Power at full work and its idle share are the rack's, utilisation less spares the workload's;
    companions draw a fixed share of their nameplate day and night. Compute is throughput over nameplate at that
    utilisation; hall power is the diversity of the racks' peaks plus their companions.
    """
    of = _described(case, rows)
    used = of["utilisation_frac"] / (1.0 + of["spare_frac"])
    idle_kw, companion = of["busy_frac"] * of["idle_frac"], of["companion_frac"]
    h100e = of["training_h100e"].where(of["duty"] == "training", of["inference_h100e"])
    return (
        of["space_m2"] / (of["peak_kw"] / _KW_PER_MW),
        idle_kw + companion_load(case) * companion,
        (of["busy_frac"] - idle_kw) * used,
        of["deferrable_frac"],
        h100e / of["peak_kw"] * used,
        companion,
        case.scenario.halls.diversity_frac + companion,
    )


@figures(
    "rack",
    *("racks.peak_kw", "racks.life_years", "racks.it_maintenance_musd_per_mw_year"),
    unit="kW or years or MUSD/MW-year",
)
def rack_types_from_tables(case: Case, rows: pd.DataFrame) -> tuple[pd.Series[float], ...]:
    """Nameplate, life and upkeep of rack types are those of the tables and the scenario."""
    racks = case.racks.set_index("rack").loc[list(rows["rack"])]
    items = column_by(case.data("facility_cost"), "item", "value").astype("float64")
    price = racks["capex_usd"] * (1.0 + racks["fabric_adder_frac"]) / racks["peak_kw"]
    share = items["it_maintenance"] + case.finance_of("insurance", "world")
    return racks["peak_kw"], racks["life_years"], share * price * _KW_PER_MW / _USD_PER_MUSD


@figures("vintage rack", "racks.vintage_last_year", unit="years")
def vintages_from_tables(case: Case, rows: pd.DataFrame) -> Floats:
    """Racks of a vintage serve through their life, the year of purchase included."""
    vintage = rows["vintage"].str.removeprefix("stock-").to_numpy(dtype=np.float64)
    life = column_by(case.racks, "rack", "life_years").astype("float64")
    return np.asarray(vintage + lookup(life, rows, ("rack",), np.nan) - 1.0)


@figures("", "racks.companion_musd_per_mw_year", "racks.move_cost_musd_per_mw", unit="MUSD/MW")
def companion_and_move_price(case: Case, _: pd.DataFrame) -> tuple[float, float]:
    """Companions are repaid over their life at the racks' rate; moves cost the scenario's price."""
    items = column_by(case.data("facility_cost"), "item", "value").astype("float64")
    rate = case.inputs.finance.asset_rate_frac["rack"]
    yearly = instalment(rate, np.array([items["companion_life"]]))[0]
    musd_per_usd_of_kw = _KW_PER_MW / _USD_PER_MUSD
    move = case.scenario.cascade.cost_usd_per_kw * musd_per_usd_of_kw
    return items["companion_capex"] * yearly * musd_per_usd_of_kw, move


def _described(case: Case, frame: pd.DataFrame) -> pd.DataFrame:
    """Lay rack, workload and hall figures of the data beside uses of racks."""
    racks = case.racks[
        ["rack", "peak_kw", "busy_frac", "idle_frac", "training_h100e", "inference_h100e", "space_m2", "vendor"]
    ]
    of_class = ("duty", "utilisation_frac", "spare_frac", "companion_frac", "deferrable_frac", "redundancy_min")
    classes = case.workloads[["workload", *of_class]]
    return (
        frame.merge(racks, on="rack", how="left")
        .merge(classes, on="workload", how="left")
        .merge(case.halls, on="hall", how="left")
    )


@rule(unit="MW/MW")
def it_power_within_nameplate(case: Case) -> Iterator[Excess]:
    """Mean IT power of racks is at least idle and at most busy power; so is its hourly peak."""
    inputs = case.inputs
    frame = _described(case, case.deployments.drop(columns="utilisation_frac"))
    busy = frame["busy_frac"] + frame["companion_frac"]
    mean = frame["idle_mw_per_mw"] + frame["dynamic_mw_per_mw"]
    tallest = pd.Series(inputs.power.shape_frac.max(axis=(0, 2)), index=list(inputs.sets.shape.labels))
    peak = frame["idle_mw_per_mw"] + frame["dynamic_mw_per_mw"] * lookup(tallest, frame, ("shape",))
    place = frame[list(_DEPLOYMENT)]
    yield Excess.above(place, mean, busy)
    yield Excess.above(place, peak, busy)


@figures("racks.delivery", "racks.delivery_limit_mw", unit="MW")
def deliveries_from_tables(case: Case, rows: pd.DataFrame) -> Floats:
    """Vendors deliver the operator's share of every year since the model year before."""
    share = case.scenario.operator.deliveries_share_frac * case.scenario.deliveries.scale_frac
    table = case.data("deliveries")
    into = [min((t for t in case.years if t >= year), default=0) for year in table["year"]]
    counts = table["year"] >= case.years[0]  # the first model year has its own deliveries alone
    table = table.assign(year=into)[counts]
    delivered = sum_by(table, ("vendor", "year"), table["limit_gw_it"] * _MW_PER_GW * share)
    return lookup(delivered, rows, ("vendor", "year"), np.nan)


def _list_musd_per_mw(case: Case, rows: pd.DataFrame) -> Floats:
    """Price of a MW of racks without the trend of prices, with fabric and sales tax. [MUSD/MW]"""
    racks = case.racks.set_index("rack")
    price = racks["capex_usd"] * (1.0 + racks["fabric_adder_frac"]) / racks["peak_kw"]
    tax = 1.0 + lookup(case.finance_of_sites("sales_tax"), rows, ("site",), np.nan)
    return np.asarray(lookup(price, rows, ("rack",), np.nan) * (_KW_PER_MW / _USD_PER_MUSD) * tax)


@figures("racks.fleet", "racks.stock_capex_musd_per_mw", unit="MUSD/MW")
def stock_price_from_tables(case: Case, rows: pd.DataFrame) -> Floats:
    """A MW of existing racks costs its list price with fabric and sales tax."""
    return _list_musd_per_mw(case, rows)


@figures("racks.install", "racks.install_capex_musd_per_mw", unit="MUSD/MW")
def rack_price_from_tables(case: Case, rows: pd.DataFrame) -> Floats:
    """A MW of new racks costs its list price with fabric, sales tax and the real trend of prices."""
    trend = 1.0 + case.finance_of("rack_price_real_trend", "world")
    return np.asarray(_list_musd_per_mw(case, rows) * trend ** np.clip(rows["year"].to_numpy() - _MONEY_YEAR, 0, None))
