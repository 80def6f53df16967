"""Racks and halls: decisions on them, and their figures read again: prices, dates, retrofits, leases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.check.declared import DualPrice, Given, figure_of, setting
from planner.check.existing import fill_frac
from planner.check.frames import cell, column_by, crossed, lookup, sum_by, table_of, to_frame
from planner.check.lead_times import decision_start, months_to_service
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


@figures("rack", "racks.it_maintenance_musd_per_mw_year", unit="MUSD/MW-year")
def rack_upkeep_from_tables(case: Case, rows: pd.DataFrame) -> pd.Series[float]:
    """Upkeep of rack types is a share of their price, and insured."""
    racks = case.by("racks", "rack").loc[list(rows["rack"])]
    items = column_by(case.data("facility_cost"), "item", "value").astype("float64")
    price = racks["capex_usd"] * (1.0 + racks["fabric_adder_frac"]) / racks["peak_kw"]
    share = items["it_maintenance"] + case.finance_of("insurance", "world")
    upkeep: pd.Series[float] = share * price * _KW_PER_MW / _USD_PER_MUSD
    return upkeep


@figures("", "racks.companion_musd_per_mw_year", unit="MUSD/MW")
def companion_price_from_tables(case: Case, _: pd.DataFrame) -> float:
    """Companions are repaid over their life at the racks' rate."""
    items = column_by(case.data("facility_cost"), "item", "value").astype("float64")
    rate = case.inputs.finance.asset_rate_frac["rack"]
    yearly = instalment(rate, np.array([items["companion_life"]]))[0]
    return float(items["companion_capex"] * yearly * _KW_PER_MW / _USD_PER_MUSD)


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
def deliveries_from_tables(case: Case, rows: pd.DataFrame) -> tuple[Floats, pd.DataFrame]:
    """Vendors deliver the operator's share of every year since the model year before."""
    share = case.scenario.operator.deliveries_share_frac * case.scenario.deliveries.scale_frac
    table = case.data("deliveries")
    into = [min((t for t in case.years if t >= year), default=0) for year in table["year"]]
    counts = table["year"] >= case.years[0]  # the first model year has its own deliveries alone
    table = table.assign(year=into)[counts]
    delivered = sum_by(table, ("vendor", "year"), table["limit_gw_it"] * _MW_PER_GW * share)
    limited = case.racks.loc[case.racks["vendor"].isin(table["vendor"]) & case.scenario.deliveries.limit, ["vendor"]]
    due = crossed(limited.drop_duplicates(), table_of({"year": case.years}))
    return lookup(delivered, rows, ("vendor", "year"), np.nan), due


def _list_musd_per_mw(case: Case, rows: pd.DataFrame) -> Floats:
    """Price of a MW of racks without the trend of prices, with fabric and sales tax. [MUSD/MW]"""
    racks = case.by("racks", "rack")
    price = racks["capex_usd"] * (1.0 + racks["fabric_adder_frac"]) / racks["peak_kw"]
    tax = 1.0 + lookup(case.finance_of_sites("sales_tax"), rows, ("site",), np.nan)
    return np.asarray(lookup(price, rows, ("rack",), np.nan) * (_KW_PER_MW / _USD_PER_MUSD) * tax)


@figures("racks.install", "racks.install_capex_musd_per_mw", unit="MUSD/MW")
def rack_price_from_tables(case: Case, rows: pd.DataFrame) -> Floats:
    """A MW of new racks costs its list price with fabric, sales tax and the real trend of prices."""
    trend = 1.0 + case.finance_of("rack_price_real_trend", "world")
    return np.asarray(_list_musd_per_mw(case, rows) * trend ** np.clip(rows["year"].to_numpy() - _MONEY_YEAR, 0, None))


# --- Figures of halls -----------------------------------------------------------------------------

_M2_PER_ACRE = 4046.856
_MUSD_PER_USD_OF_KW = 1e-3


def _parts(case: Case, frame: pd.DataFrame) -> dict[str, Floats]:
    """Add up what a MW of halls costs, in its parts, for the site and design of every row. Gives [MUSD/MW]."""
    items = column_by(case.data("facility_cost"), "item", "value").astype("float64")
    sites, topology = case.by("sites", "site"), case.by("redundancy", "redundancy")
    technology, market = case.by("cooling", "cooling"), case.by("facility_market", "market")
    known = frame.merge(case.halls[["hall", "cooling", "redundancy"]], on="hall", how="left")
    known = known.assign(market=known["site"].map(sites["market"]), archetype=known["site"].map(sites["archetype"]))

    def of(table: pd.DataFrame, key: str, column: str) -> Floats:
        return lookup(table[column], known, (key,), np.nan)

    is_edge = (known["archetype"] == "edge").to_numpy()
    local = of(market, "market", "index") * np.where(is_edge, items["edge_site_multiplier"], 1.0)
    on_top = local * (1.0 + items["soft_costs"] + items["contingency"])
    shell = items["shell_core"] * of(topology, "redundancy", "space_ratio")
    fit_out = ["site_development", "white_space_fitout", "back_of_house_office"]
    electrical = items["electrical_N"] * of(topology, "redundancy", "electrical_capex_ratio")
    cooling = of(technology, "cooling", "capex_usd_per_kw") * _KW_PER_MW / _USD_PER_MUSD
    mechanical = cooling * of(topology, "redundancy", "mechanical_capex_ratio")
    acres = items["site_area"] * case.scenario.demand.facility_mw_per_rack_mw
    land = of(market, "market", "land_usd_per_m2") * _M2_PER_ACRE * acres / _USD_PER_MUSD
    upkeep = local * (items["maintenance"] * electrical + of(technology, "cooling", "opex_frac") * mechanical)
    staff = np.where(is_edge, items["staff_fte_small"], items["staff_fte_large"])
    return {
        "taxed": on_top * (shell + float(items[fit_out].sum())) + land,
        "plant": on_top * (electrical + mechanical),
        "upkeep": upkeep * of(topology, "redundancy", "maintenance_ratio"),
        "staff": staff * items["staff_cost"] / _USD_PER_MUSD,
        "network": np.full(len(known), items["connectivity"] * _KW_PER_MW / _USD_PER_MUSD),
    }


@figures("halls.build", "halls.build_capex_musd_per_mw", unit="MUSD/MW")
def hall_price_from_tables(case: Case, rows: pd.DataFrame) -> Floats:
    """A MW of hall costs land, building and plant of its market, cooling and topology."""
    parts, growth = _parts(case, rows), 1.0 + case.finance_of("construction_real_escalation", "world")
    later = np.clip(case.inputs.halls.build_start - _MONEY_YEAR, 0.0, None)
    return np.asarray((parts["taxed"] + parts["plant"]) * growth**later)


@figures("halls.hall", "halls.existing_capex_musd_per_mw", "halls.opex_musd_per_mw_year", unit="MUSD/MW")
def hall_upkeep_from_tables(case: Case, rows: pd.DataFrame) -> tuple[Floats, Floats]:
    """Halls that stand cost what new ones do, and upkeep, property tax, insurance, staff and network every year."""
    parts = _parts(case, rows)
    tax, insurance = (
        lookup(case.finance_of_sites(item), rows, ("site",), np.nan) for item in ("property_tax", "insurance")
    )
    capex = parts["taxed"] + parts["plant"]
    tax = tax * float(case.scenario.finance.property_tax)
    upkeep = parts["upkeep"] + parts["staff"] + parts["network"]
    return capex, upkeep + insurance * capex + tax * parts["taxed"]


@figures("halls.build", "halls.build_start", unit="years")
def hall_dates_from_tables(case: Case, rows: pd.DataFrame) -> Floats:
    """New halls serve after their lead time, committed ones from the middle of their years."""
    months = lookup(months_to_service(case)["hall"], rows, ("site",), np.nan)
    year = rows["year"].to_numpy(dtype=np.float64)
    middle = (year + case.last_calendar_year(rows["year"]) + 1.0) / 2.0
    due = np.maximum(decision_start(case) + months / 12.0, year)
    return np.where(rows["stage"] == "committed", middle, due)


@figures(
    "halls.retrofit",
    *(
        "halls.retrofit_start",
        "halls.retrofit_done",
        "halls.retrofit_capacity_frac",
        "halls.retrofit_capex_musd_per_mw",
    ),
    unit="- or MUSD/MW or years",
)
def retrofits_from_tables(case: Case, rows: pd.DataFrame) -> tuple[Floats, ...]:
    """Retrofits keep, cost and last what the table or the scenario says, at the site's prices."""
    stated = case.scenario.retrofit
    medium = column_by(case.data("cooling"), "cooling", "medium")
    before, after = (rows[hall].str.split("|").str[0].map(medium) for hall in ("hall", "to_hall"))
    rows = rows.assign(from_medium=before, to_medium=after)
    table = case.by("retrofit", "from_medium", "to_medium")
    kind = ("from_medium", "to_medium")

    def figure(column: str, given: float | None = None) -> Floats:
        if given is not None:
            return np.full(len(rows), given)
        return lookup(table[column].astype("float64"), rows, kind, np.nan)

    begin = np.maximum(rows["year"].to_numpy(dtype=np.float64), decision_start(case))
    growth = 1.0 + case.finance_of("construction_real_escalation", "world")
    market = rows["site"].map(column_by(case.sites, "site", "market"))
    index = column_by(case.data("facility_market"), "market", "index")
    local = market.map(index).to_numpy(dtype=np.float64)
    price = figure("cost_usd_per_kw", stated.cost_usd_per_kw) * _MUSD_PER_USD_OF_KW
    capex = price * local * growth ** np.clip(begin - _MONEY_YEAR, 0.0, None)
    done = begin + figure("duration_months", stated.duration_months) / 12.0
    return begin, done, figure("capacity_frac"), capex


@figures("halls.lease", "halls.lease_musd_per_mw_year", unit="MUSD/MW-year")
def leases_from_tables(case: Case, rows: pd.DataFrame) -> Floats:
    """Leased halls cost the lowest rent of their country, else of the world."""
    settings, table = case.scenario.lease, case.data("leases")
    if settings.usd_per_kw_month is not None:
        table = table.assign(usd_per_kw_month=settings.usd_per_kw_month)
    table = table.assign(hall=table["cooling"] + "|" + table["redundancy"])
    least = table.groupby(["region", "hall"])["usd_per_kw_month"].min().astype("float64")
    country = rows["site"].map(column_by(case.sites, "site", "country"))
    region = country.where(country.isin(list(table["region"])), "world")
    rent = lookup(least, rows.assign(region=region), ("region", "hall"), np.nan)
    return rent * 12.0 * _MUSD_PER_USD_OF_KW


PRICES: Final[Mapping[str, DualPrice]] = {
    "deliveries": DualPrice("USD/MW", paid="once"),
    "hall_power": DualPrice("USD/MW-year"),
    "hall_space": DualPrice("USD/m2-year", 1000.0),
    "lease_depth": DualPrice("USD/MW-year"),
    "committed_halls": DualPrice("USD/MW", paid="once"),
}
GIVEN: Final[Mapping[str, Given]] = {
    "racks.peak_kw": figure_of("rack", "racks", "rack", "peak_kw"),
    # Racks of a vintage serve through their life, the year of purchase included.
    "racks.vintage_last_year": (
        "vintage rack",
        lambda case, rows: (
            rows["vintage"].str.removeprefix("stock-").astype("float64")
            + lookup(column_by(case.racks, "rack", "life_years"), rows, ("rack",), np.nan)
            - 1.0
        ),
    ),
    "racks.life_years": figure_of("rack", "racks", "rack", "life_years"),
    "racks.move_cost_musd_per_mw": setting("cascade.cost_usd_per_kw", times=_KW_PER_MW / _USD_PER_MUSD),
    "racks.stock_capex_musd_per_mw": ("racks.fleet", _list_musd_per_mw),
    "halls.ramp_months": setting("halls.ramp_months"),
    "halls.ramp_mean_frac": setting("halls.ramp_mean_frac"),
    "halls.lease_depth_mw": setting("lease.depth_mw_per_site", over="site"),
    "halls.new_fill_frac": ("", lambda case, _: 1.0 - case.scenario.halls.free_frac),
    "halls.fill_frac": ("halls.hall", fill_frac),
    "halls.density_kw_per_m2": figure_of("hall", "cooling", "cooling", "design_density_kw_per_m2"),
}
