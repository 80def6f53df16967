"""A small case written out as index lists and arrays, and plans for it written by hand.

Two sites, two classes, two model years (2026 stands for 2026 and 2027, 2028 for itself), two
slots a day. No figure is 0 or 1 where a formula could lose it, and no two are equal.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from planner.clock.calendar import ModelYears
from planner.clock.days import RepresentativeDays
from planner.inputs import build_inputs
from planner.inputs.axes import ANYWHERE, Sets
from planner.inputs.carbon import CarbonInputs
from planner.inputs.demand import DemandInputs, LeverInputs
from planner.inputs.grid import GridInputs
from planner.inputs.halls import HallInputs
from planner.inputs.inputs import Inputs, OrderMonths
from planner.inputs.money import FinanceInputs
from planner.inputs.power import PowerInputs
from planner.inputs.racks import RackInputs
from planner.inputs.rent import RentInputs
from planner.inputs.sites import SiteInputs
from planner.lp import Axis, Index, Outcome
from planner.scenario import load_scenario
from planner.tariffs.program import bill_lists

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.model import Model

    Numbers = Mapping[str, Mapping[tuple[str, ...], float]]

DAYS = RepresentativeDays(slot_h=12)
YEARS = ModelYears((2026, 2028))
RATE_FRAC = 0.06
BASE_YEAR = 2026

SITE = Axis("site", ("ash", "dal"))
REGION = Axis("region", ("metro", ANYWHERE))
WORKLOAD = Axis("workload", ("train", "chat"))
DUTY = Axis("duty", ("training", "inference"))
RACK = Axis("rack", ("big", "old"))
COOLING = Axis("cooling", ("air", "liquid"))
REDUNDANCY = Axis("redundancy", ("N", "2N"))
HALL = Axis("hall", ("air|2N", "liquid|N"))
YEAR = Axis("year", ("2026", "2028"))
VINTAGE = Axis("vintage", ("stock-2024", "2026", "2028"))
SLOT = Axis("slot", DAYS.names)
SHAPE = Axis("shape", ("flat", "conversation"))
WINDOW = Axis("window", ("24h",))
ZONE = Axis("zone", ("east", "west"))
MARKET = Axis("market", ("north", "south"))
TIER = Axis("tier", ("on_demand", "reserved"))
LEVER = Axis("lever", ("cache",))
VENDOR = Axis("vendor", ("maker",))
PERIOD = Axis("period", tuple(period.name for period in DAYS.billing_periods))
_ALL = (SITE, REGION, WORKLOAD, DUTY, RACK, HALL, YEAR, SLOT, ZONE, MARKET, PERIOD, YEAR.renamed("vintage"))
AXES = {axis.name: axis for axis in (*_ALL, *map(SITE.renamed, ("partner", "reach", "standby")))}
MINI = Path(__file__).parents[1] / "fixtures" / "mini" / "mini.yaml"

DEPLOYMENTS = (("old", "air|2N", "chat"), ("big", "air|2N", "chat"), ("big", "liquid|N", "train"))
POOLS = (("old", "air|2N", "inference"), ("big", "air|2N", "inference"), ("big", "liquid|N", "training"))


def listed(name: str, axes: tuple[Axis, ...], *tuples: tuple[str, ...]) -> Index:
    """Return the list of the given tuples."""
    columns = zip(*tuples, strict=True) if tuples else ((),) * len(axes)
    codes = [axis.codes(column) for axis, column in zip(axes, columns, strict=True)]
    return Index.sparse(name, axes, codes)


def everywhere(*tuples: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Return the tuples at every site and in every year."""
    return [(site, *what, year) for site in SITE.labels for what in tuples for year in YEAR.labels]


def f(*values: float) -> np.ndarray:
    return np.asarray(values, dtype=np.float64)


def sets() -> Sets:
    return Sets(
        SITE,
        REGION,
        WORKLOAD,
        DUTY,
        RACK,
        COOLING,
        REDUNDANCY,
        HALL,
        YEAR,
        VINTAGE,
        SLOT,
        SHAPE,
        WINDOW,
        ZONE,
        MARKET,
        TIER,
        LEVER,
        VENDOR,
        hall_cooling=np.array([0, 1]),
        hall_redundancy=np.array([1, 0]),
        workload_duty=np.array([0, 1]),
        hall_pool=np.array([[0, 1], [0, 1]]),
        site_zone=np.array([0, 1]),
        site_market=np.array([0, 1]),
        rack_vendor=np.array([0, 0]),
    )


def demand() -> DemandInputs:
    asked = listed(
        "demand",
        (REGION, WORKLOAD, YEAR),
        ("metro", "chat", "2026"),
        ("metro", "chat", "2028"),
        (ANYWHERE, "train", "2026"),
        (ANYWHERE, "train", "2028"),
    )
    routes = [
        ("metro", "chat", "ash"),
        ("metro", "chat", "dal"),
        (ANYWHERE, "train", "ash"),
        (ANYWHERE, "train", "dal"),
    ]
    served = [(*route, year) for route in routes for year in YEAR.labels]
    tight = listed("tight", (REGION, WORKLOAD, YEAR), ("metro", "chat", "2026"))
    return DemandInputs(
        asked,
        f(0.8, 1.4, 2.2, 3.1),
        listed("route", (REGION, WORKLOAD, SITE), *routes),
        f(13.0, 34.0, 0.0, 0.0),
        np.array([True, False, False, False]),
        listed("served", (REGION, WORKLOAD, SITE, YEAR), *served),
        listed("load", (SITE, WORKLOAD, YEAR), *everywhere(("chat",), ("train",))),
        tight,
        f(0.7),
        pd.DataFrame(
            {
                "region": ["island", "islet"],
                "workload": ["chat", "chat"],
                "nearest_site": ["dal", None],
                "nearest_rtt_ms": [72.5, np.nan],
                "bound_ms": [40.0, 45.0],
                "why": ["no own site within 40 ms", "no own site within 45 ms"],
            }
        ),
        asked,
        20.0,
        f(0.62, 0.31),
    )


def rent() -> RentInputs:
    bought = listed(
        "bought",
        (WORKLOAD, TIER, YEAR),
        ("chat", "on_demand", "2026"),
        ("chat", "on_demand", "2028"),
        ("chat", "reserved", "2026"),
    )
    rented = listed("rented", (REGION, WORKLOAD, YEAR), ("metro", "chat", "2026"), ("metro", "chat", "2028"))
    return RentInputs(
        rented,
        np.array([True, False]),
        f(1.0, 1.0),
        np.full(4, "", dtype=object),
        bought,
        f(43.8, 35.04, 26.28),
        np.array([1, 1, 3]),
        f(0.25, 0.35),
    )


def levers() -> LeverInputs:
    adopted = listed("adopted", (WORKLOAD, LEVER, YEAR), ("chat", "cache", "2028"))
    return LeverInputs(adopted, f(0.15), f(0.6), f(1.7))


def racks() -> RackInputs:
    pools = everywhere(*POOLS)
    fleet = listed("fleet", (SITE, RACK, HALL, DUTY, YEAR), *pools)
    is_stock = (fleet["site"] == 0) & (fleet["rack"] == 1)
    purchases = everywhere(*POOLS[1:])
    is_training = np.array([duty == "training" for _, _, _, duty, _ in purchases])
    cohorts = [(site, "big", "liquid|N", vintage) for site in SITE.labels for vintage in ("2026",)]
    leave = [(*cohort, "2028") for cohort in cohorts]
    enter = [(site, "big", "air|2N", "2026", "2028") for site in SITE.labels]
    none = listed("stock_only", (SITE, RACK, HALL, WORKLOAD, YEAR))
    return RackInputs(
        listed("deployment", (RACK, HALL, WORKLOAD), *DEPLOYMENTS),
        throughput_kh100e_per_mw=f(0.3, 0.55, 0.9),
        hall_mw_per_mw=f(0.95, 0.96, 0.92),
        space_m2_per_mw=f(120.0, 30.0, 25.0),
        idle_mw_per_mw=f(0.28, 0.31, 0.26),
        dynamic_mw_per_mw=f(0.33, 0.36, 0.47),
        deferrable_frac=f(0.0, 0.0, 0.4),
        companion_mw_per_mw=f(0.11, 0.12, 0.07),
        used=listed("used", (SITE, RACK, HALL, WORKLOAD, YEAR), *everywhere(*DEPLOYMENTS)),
        fleet=fleet,
        stock_mw=np.where(is_stock, 1.6, 0.0),
        stock_capex_musd_per_mw=np.where(fleet["site"] == 0, 11.9, 12.4),
        stock_only=none,
        stock_only_group=listed("stock_only_group", (SITE, RACK, HALL, DUTY, YEAR)),
        stock_only_mw=f(),
        install=listed("install", (SITE, RACK, HALL, DUTY, YEAR), *purchases),
        install_capex_musd_per_mw=np.where(is_training, 27.0, 29.0),
        lot=listed("lot", (SITE, RACK, HALL, DUTY, YEAR)),
        lot_rack_mw=f(),
        it_maintenance_musd_per_mw_year=f(0.9, 0.7),
        life_years=np.array([5, 4]),
        cohort=listed("cohort", (SITE, RACK, HALL, VINTAGE), *cohorts),
        cohort_stock_mw=f(0.0, 0.0),
        move_out=listed("move_out", (SITE, RACK, HALL, VINTAGE, YEAR), *leave),
        move_in=listed("move_in", (SITE, RACK, HALL, VINTAGE, YEAR), *enter),
        vintage_last_year=np.array([[2028, 2028], [2030, 2029], [2032, 2031]]),
        move_cost_musd_per_mw=0.45,
        companion_musd_per_mw_year=2.3,
        delivery=listed("delivery", (VENDOR, YEAR), ("maker", "2026"), ("maker", "2028")),
        delivery_limit_mw=f(7.5, 9.5),
        peak_kw=f(150.0, 40.0),
    )


def halls() -> HallInputs:
    hall = listed("hall", (SITE, HALL, YEAR), *everywhere(("air|2N",), ("liquid|N",)))
    build = listed("build", (SITE, HALL, YEAR), *everywhere(("air|2N",), ("liquid|N",)))
    is_ash_air = (hall["site"] == 0) & (hall["hall"] == 0)
    is_liquid = build["hall"] == 1
    is_first = build["year"] == 0
    committed = listed("committed", (SITE, YEAR), ("dal", "2026"))
    return HallInputs(
        hall,
        np.where(is_ash_air, 2.6, 0.0),
        np.zeros(hall.size),  # none ends before the plan does
        np.full(hall.size, 0.93),
        0.88,
        np.where(hall["hall"] == 0, 13.1, 10.2),
        f(8.0, 30.0),
        build,
        np.where(is_first, np.where(build["site"] == 0, 2026.25, 2026.5), 2028.0),
        is_first & (build["site"] == 1),
        np.where(is_liquid, 10.5, 13.5),
        6.0,
        0.8,
        listed("retrofit", (SITE, HALL, HALL.renamed("to_hall"), YEAR), ("ash", *HALL.labels, "2026")),
        f(2026.25),
        f(2027.5),
        f(0.85),
        f(3.6),
        listed("operate", (SITE, HALL, HALL.renamed("as_hall"), YEAR)),
        listed("lease", (SITE, HALL, YEAR), ("dal", "air|2N", "2028")),
        f(2.1),
        f(3.5, 4.5),
        committed,
        f(5.5),
        np.where(hall["hall"] == 0, 0.37, 0.29),
        pd.DataFrame(
            {
                "site": ["ash", "dal"],
                "hall": ["air|2N", "liquid|N"],
                "months": [27.5, 31.5],
                "by": ["transformer", "interconnection"],
                "service_start": [2028.25, 2028.625],
                "connection_months": [27.0, 31.5],
                "connection_by": ["interconnection", "transformer"],
                "non_firm_months": [14.5, np.nan],
            }
        ),
    )


def sites() -> SiteInputs:
    site_year = Index.full("site_year", SITE, YEAR)
    return SiteInputs(
        site_year,
        f(40.0, 55.0),
        f(12.0, 13.0, 14.0, 15.0),
        f(12.5, 13.5, 14.5, 15.5),
        f(12.5, 26.0, 14.5, 30.0),
        listed("market_rate", (MARKET, YEAR), ("south", "2026")),
        f(16.0),
        f(2.4, 2.8),
        np.array([True, False]),
        f(7.5, 6.5),
        f(1.3, 1.9),
        listed("capex_budget", (YEAR,), ("2026",)),
        f(400.0),
        listed("cash_budget", (YEAR,), ("2028",)),
        f(530.0),
        pd.DataFrame(
            {
                "site": ["dal", "ash"],
                "name": ["Dallas", "=Ashburn"],
                "country": ["US", "US"],
                "region": ["North America", "North America"],
                "lat": [32.8, 39.0],
                "lon": [-96.8, -77.5],
            }
        ),
    )


def power() -> PowerInputs:
    slots = len(SLOT)
    day_and_night = np.tile([1.25, 0.75], slots // 2)
    shape = np.stack([np.ones(slots), day_and_night])
    mechanical = np.stack([np.full(slots, 0.3), np.full(slots, 0.12)])
    mechanical[:, -2:] += 0.05
    wue = np.stack([np.full(slots, 1.6), np.full(slots, 0.4)])
    defer_group = listed("defer_group", (SITE, SHAPE, WINDOW, YEAR), *everywhere(("flat", "24h")))
    defer = [(*group, slot) for group in everywhere(("flat", "24h")) for slot in SLOT.labels]
    groups = everywhere(("air", "conversation"), ("liquid", "flat"))
    return PowerInputs(
        listed("cool", (SITE, COOLING, YEAR), *everywhere(("air",), ("liquid",))),
        listed("group", (SITE, COOLING, SHAPE, YEAR), *groups),
        defer_group,
        listed("defer", (SITE, SHAPE, WINDOW, YEAR, SLOT), *defer),
        np.tile(np.arange(slots) // DAYS.slots_per_day, 4),
        Index.full("slot", SITE, YEAR, SLOT),
        np.array([1, 1, 0]),
        np.array([-1, -1, 0]),
        f(0.55, 0.56, 0.85),
        np.zeros((len(SITE), slots)),
        np.stack([shape, shape]),
        np.stack([mechanical, mechanical + 0.02]),
        np.stack([mechanical[1], mechanical[1] + 0.02]),
        np.stack([wue, wue + 0.1]),
        f(0.012, 0.006),
        f(0.045, 0.035),
    )


def grid() -> GridInputs:
    slots = len(SLOT)
    price = np.tile([46.0, 74.0], slots // 2)
    firm = Index.full("firm", SITE, YEAR)
    periods = DAYS.billing_periods
    billed = [(code, slot) for code, period in enumerate(periods) for slot in period.slots]
    return GridInputs(
        np.concatenate([price, price + 2.0, price - 5.0, price - 3.0]),
        f(9.0, 9.5, 12.0, 12.5),
        Index.full("billing", SITE, YEAR, PERIOD),
        Index.sparse("billing_slot", (PERIOD, SLOT), np.array(billed).T),
        f(*(period.months for period in periods)),
        PERIOD,
        firm,
        f(6.0, 6.2, 0.0, 0.0),
        listed("expand", (SITE, YEAR), ("ash", "2028"), ("dal", "2026"), ("dal", "2028")),
        f(0.25, 0.5, 0.75),
        f(2028.75, 2026.5, 2028.25),
        f(0.34, 0.31, 0.33),
        1.15,
        0.8,
        listed("headroom", (ZONE, YEAR), ("east", "2028"), ("west", "2028")),
        f(17.0, 12.5),
        pd.DataFrame(
            {
                "zone": ["east", "east", "west", "west"],
                "year": [2026, 2028, 2026, 2028],
                "limit_mw": [20.0, 20.0, 14.0, 14.0],
                "firm_limit_mw": [20.0, 20.0, 14.0, 14.0],
                "committed_mw": [3.0, 3.0, 1.5, 1.5],
                "rate_pct": [0.5, 0.5, 0.5, 0.5],
            }
        ),
        0.5,
    )


def nothing_of(like: Any, **given: object) -> Any:
    """Return inputs of a family with the lists of those of the tests' world, all empty, but for what is given."""
    figures = {}
    for field in dataclasses.fields(like):
        value = getattr(like, field.name)
        if isinstance(value, Index):
            axes = [AXES.get(axis.name, axis) for axis in value.axes]
            value = Index.sparse(value.name, axes, ((),) * len(axes))
        elif isinstance(value, np.ndarray):
            value = value[:0]
        figures[field.name] = value
    return type(like)(**{**figures, **given})


def families_without_anything() -> dict[str, Any]:
    """Return no choice of sites, no work that moves or is covered, no supply, contract, tariff or heat."""
    mini = build_inputs(load_scenario(MINI))
    slots, none = len(SLOT), np.zeros(2, dtype=np.intp)
    shed = nothing_of(mini.non_firm.shed, hours_frac=np.zeros((len(ZONE), 1, slots)), deployment_frac=f(0.0, 0.0, 0.4))
    billed = listed("billed", (SITE, Axis("step", ("2026 d0h00",))))
    return {
        "siting": nothing_of(mini.siting, open_lower=f(1.0, 1.0, 0.0, 0.0), open_upper=f(1.0, 1.0, 1.0, 1.0)),
        "migration": nothing_of(mini.migration, deployment_frac=np.zeros(len(DEPLOYMENTS))),
        "failover": nothing_of(mini.failover, may_cover=np.zeros((len(SITE), len(SITE)), dtype=np.bool_)),
        "non_firm": nothing_of(mini.non_firm, off_frac=np.zeros((len(ZONE), 1, slots)), shed=shed),
        "load_price": nothing_of(mini.load_price),
        "balance": nothing_of(mini.balance),
        "supply": nothing_of(
            mini.supply, standby_mw_per_mw=f(0.0, 2.0), availability_frac=np.zeros((len(SITE), 0, slots))
        ),
        "contracts": nothing_of(
            mini.contracts,
            zone_pool=none,
            site_pool=none,
            profile_frac=np.zeros((0, len(ZONE), slots)),
            market_usd_per_mwh=np.full((len(ZONE), len(YEAR), slots), 41.0),
            clean_frac=np.zeros(len(SITE) * len(YEAR) * slots),
        ),
        "heat": nothing_of(mini.heat, recover_frac=f(0.4, 0.6)),
        "tariffs": nothing_of(mini.tariffs, bills=bill_lists(billed, ())),
    }


def carbon() -> CarbonInputs:
    intensity = np.tile([0.42, 0.36], len(SLOT) // 2)
    return CarbonInputs(
        np.concatenate([intensity, intensity * 0.9, intensity * 1.1, intensity * 1.05]),
        listed("cap", (YEAR,), ("2028",)),
        f(95.0),
        f(11.0, 17.0),
        f(),
        f(0.0, 0.0, 0.0, 0.0),
        np.zeros(racks().install.size),
        np.zeros(halls().build.size),
        f(0.0),
        f(),
        f(),
        f(2.2, 3.3),
        listed("water_limit", (SITE, YEAR), ("dal", "2028")),
        f(52_000.0),
        listed("water_permit", (SITE, YEAR)),
        f(),
        ("high", "low"),
    )


def finance() -> FinanceInputs:
    return FinanceInputs(
        RATE_FRAC,
        BASE_YEAR,
        2026,
        2028,
        MappingProxyType({"facility": 20.0, "retrofit": 12.0, "opening": 18.0, "grid": 30.0}),
        MappingProxyType({"rack": 0.08, "facility": RATE_FRAC, "grid": RATE_FRAC}),
        f(0.0, 0.0),  # one country, so no premium of a country
        0.04,
        24.0,
        "annuity",
        f(2.0, 1.0),
        f(1.0, 1.05),
    )


def workloads() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "workload": ["chat", "train"],
            "rtt_bound_ms": [60.0, 150.0],
            "tight_rtt_ms": [20.0, np.nan],
            "last_mile_ms": [10.0, 2.0],
        }
    )


def tables() -> dict[str, pd.DataFrame]:
    return {
        "demand_regions": pd.DataFrame(
            {
                "demand_region": ["metro"],
                "region": ["North America"],
                "country": ["US"],
                "lat": [39.0],
                "lon": [-77.3],  # 17 km from ash, 1,885 km from dal
            }
        ),
        "rtt_lines": pd.DataFrame(
            {
                "pair_class": ["us_ca", "us_ca", "europe"],
                "quantile": ["p50", "p90", "p90"],
                "intercept_ms": [7.9, 34.5, 9.5],
                "slope_ms_per_km": [0.0157, 0.014, 0.019],
            }
        ),
        "requests": pd.DataFrame(
            {
                "workload": ["chat", "train"],
                "unit": ["request", "PF-day"],
                "h100e_seconds_per_unit": [0.6, 218_400.0],
                "tokens_per_s_per_h100e": [350.0, np.nan],
            }
        ),
        "trained_models": pd.DataFrame({"model": ["gpt_3", "llama_3_1_405b"], "training_pf_days": [3640.0, 439800.0]}),
        "facility_cost": pd.DataFrame({"item": ["spend_profile_years"], "value": [2.0]}),
    }


def hand_inputs() -> Inputs:
    """Return the whole case."""
    reference = pd.DataFrame(
        {
            "workload": ["train"],
            "year": [2026],
            "facility_gw": [0.004],
            "path_mw": [3.4],
            "stated_mw": [0.0],
            "rack_gw": [0.003],
            "kh100e": [2.2],
        }
    )
    return Inputs(
        "hand",
        sets(),
        YEARS,
        DAYS,
        demand=demand(),
        rent=rent(),
        levers=levers(),
        racks=racks(),
        halls=halls(),
        sites=sites(),
        power=power(),
        grid=grid(),
        carbon=carbon(),
        finance=finance(),
        order_months=OrderMonths(2025.5, 7.0, f(17.0, 23.0), f(31.0, 37.0), f(11.0, 13.0), f()),
        reference=reference,
        workloads=workloads(),
        tables=tables(),
        **families_without_anything(),
        sha256={},
        notes=("a note",),
        noted_settings=(),
    )


def written(model: Model, plan: Numbers, duals: Numbers | None = None) -> Outcome:
    """Return an outcome with the given decisions and duals; all others are 0."""
    problem = model.problem
    x = np.zeros(len(problem.columns().cost))
    for name, numbers in plan.items():
        over = getattr(model, name).over
        for labels, number in numbers.items():
            x[problem.column_block(name).start + over.position(*labels)] = number
    row_dual = np.zeros(len(problem.row_bounds().lower))
    for name, numbers in (duals or {}).items():
        over = problem.rows_over(name)
        for labels, number in numbers.items():
            row_dual[problem.row_block(name).start + over.position(*labels)] = number
    nothing = np.empty(0)
    return Outcome(
        "optimal" if duals is not None else "time_limit",
        True,
        duals is not None,
        123.0,
        -np.inf,
        np.inf,
        x,
        nothing,
        row_dual,
        nothing,
        None,
        0.5,
        7,
        "by hand",
        "",
    )
