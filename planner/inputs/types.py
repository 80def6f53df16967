"""What the model is built from: index lists and coefficient arrays, frozen, complete, checked.

Every array is aligned with the index list named in its comment. Units are in the names;
inside the program racks and halls are counted in MW of nameplate, compute in kH100e
(thousand H100-equivalents, mean over the year), money in MUSD of 2025, so that coefficients
stay close to one. Quantities per model year are means over that year.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from planner.inputs.arrays import Bools, Floats

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from planner.base.errors import Problem
    from planner.clock.calendar import Days, ModelYears
    from planner.inputs.types_balance import BalanceInputs
    from planner.inputs.types_contracts import ContractInputs
    from planner.inputs.types_failover import FailoverInputs
    from planner.inputs.types_heat import HeatInputs
    from planner.inputs.types_load_price import LoadPriceInputs
    from planner.inputs.types_migration import MigrationInputs
    from planner.inputs.types_non_firm import NonFirmInputs
    from planner.inputs.types_siting import SitingInputs
    from planner.inputs.types_supply import SupplyInputs
    from planner.inputs.types_tariffs import TariffInputs
    from planner.lp.axis import Axis
    from planner.lp.index import Index


__all__ = [
    "ANYWHERE",
    "Bools",
    "CarbonInputs",
    "DemandInputs",
    "FinanceInputs",
    "Floats",
    "GridInputs",
    "HallInputs",
    "Inputs",
    "LeverInputs",
    "PowerInputs",
    "RackInputs",
    "RentInputs",
    "Sets",
    "SiteInputs",
]

ANYWHERE = "(anywhere)"
"""Label of the one placeless demand region: users of a class whose bound covers the whole map."""


@dataclass(frozen=True)
class Sets:
    """The axes; every index list of the program is made of these."""

    site: Axis
    region: Axis  # demand regions, and ANYWHERE last when a class is placeless
    workload: Axis
    duty: Axis  # training, inference
    rack: Axis
    cooling: Axis
    redundancy: Axis
    hall: Axis  # designs "cooling|redundancy"
    year: Axis  # "2025", ...
    vintage: Axis  # rack cohorts: "stock-2022", ..., then the model years
    slot: Axis  # "d0h00", ...
    shape: Axis  # hourly shapes of load: flat, conversation, coding
    window: Axis  # deferral windows "8h", "24h"
    zone: Axis
    market: Axis
    tier: Axis  # rent: on_demand, reserved
    lever: Axis
    vendor: Axis
    hall_cooling: NDArray[np.intp]  # [hall] -> cooling
    hall_redundancy: NDArray[np.intp]  # [hall] -> redundancy
    workload_duty: NDArray[np.intp]  # [workload] -> duty
    site_zone: NDArray[np.intp]  # [site] -> zone
    site_market: NDArray[np.intp]  # [site] -> market
    rack_vendor: NDArray[np.intp]  # [rack] -> vendor


@dataclass(frozen=True)
class DemandInputs:
    """Who wants compute, and which sites can serve them in time."""

    demand: Index  # (region, workload, year)
    demand_kh100e: Floats  # [demand], above 0
    route: Index  # (region, workload, site), within bound and residency
    route_rtt_ms: Floats  # [route]; 0 for ANYWHERE
    route_is_tight: Bools  # [route], within the tight bound
    served: Index  # (region, workload, site, year): routes in years in which the site can serve
    load: Index  # (site, workload, year)
    tight: Index  # (region, workload, year) with a percentile rule
    tight_share_frac: Floats  # [tight]
    no_route: pd.DataFrame  # region, workload, nearest_site, nearest_rtt_ms, bound_ms: reported
    unmet: Index  # = demand when unmet is allowed, else empty
    unmet_usd_per_h100e_hour: float


@dataclass(frozen=True)
class RentInputs:
    """Compute rented from a cloud."""

    rented: Index  # (region, workload, year) where a cloud is within the bound
    rented_is_tight: Bools  # [rented]
    bought: Index  # (workload, tier, year): capacity rented from year on
    price_musd_per_kh100e_year: Floats  # [bought], per mean kH100e served, a year
    term_years: NDArray[np.int64]  # [bought]: 1 on demand
    depth_kh100e: Floats  # [year], mean kH100e the market has for this operator; inf = no limit


@dataclass(frozen=True)
class LeverInputs:
    """Efficiency levers: pay to need less compute."""

    adopted: Index  # (workload, lever, year)
    saving_frac: Floats  # [adopted] at full adoption
    max_adoption_frac: Floats  # [adopted], ramp
    cost_musd_per_kh100e_year: Floats  # [adopted], per kH100e saved, a year


@dataclass(frozen=True)
class RackInputs:
    """Rack types, deployments, cohorts."""

    deployment: Index  # (rack, hall, workload)
    throughput_kh100e_per_mw: Floats  # [deployment], mean: throughput x utilisation / spare
    hall_mw_per_mw: Floats  # [deployment]: diversity + companions
    space_m2_per_mw: Floats  # [deployment]
    idle_mw_per_mw: Floats  # [deployment]: IT power whatever the load, companions included
    dynamic_mw_per_mw: Floats  # [deployment]: mean IT power that follows the load
    deferrable_frac: Floats  # [deployment] of the dynamic power
    companion_mw_per_mw: Floats  # [deployment]
    used: Index  # (site, rack, hall, workload, year)
    fleet: Index  # (site, rack, hall, duty, year)
    stock_mw: Floats  # [fleet], alive stock that starts in this pool
    stock_only: (
        Index  # (site, rack, hall, workload, year): uses of racks the class does not admit new
    )
    stock_only_group: Index  # (site, rack, hall, year): their common limit
    stock_only_mw: Floats  # [stock_only_group]
    install: Index  # (site, rack, hall, duty, year)
    install_capex_musd_per_mw: Floats  # [install], overnight incl. fabric and storage
    it_maintenance_musd_per_mw_year: Floats  # [rack], per MW in use
    life_years: NDArray[np.int64]  # [rack]
    cohort: Index  # (site, rack, hall, vintage): training cohorts that may move
    cohort_stock_mw: Floats  # [cohort], stock in it; 0 for cohorts of new racks
    move_out: Index  # (site, rack, hall, vintage, year) leaving training duty
    move_in: Index  # (site, rack, hall, vintage, year) entering inference duty
    vintage_last_year: NDArray[np.int64]  # [vintage x rack] last calendar year in service, 2-d
    move_cost_musd_per_mw: float
    companion_musd_per_mw_year: float  # yearly payment for companions, per MW of them
    delivery: Index  # (vendor, year) with a limit
    delivery_limit_mw: Floats  # [delivery]
    peak_kw: Floats  # [rack]


@dataclass(frozen=True)
class HallInputs:
    """Halls: what stands, what can be built, retrofitted or leased, and when."""

    hall: Index  # (site, hall, year)
    existing_mw: Floats  # [hall]
    density_kw_per_m2: Floats  # [design]
    build: Index  # (site, hall, year)
    build_start: Floats  # [build] service start, e.g. 2028.5
    build_is_early: Bools  # [build]: before the lead has passed, allowed by commitment only
    build_capex_musd_per_mw: Floats  # [build], overnight
    ramp_months: float
    ramp_mean_frac: float
    retrofit: Index  # (site, hall, to_hall, year): from a design to another
    retrofit_start: Floats  # [retrofit] work begins: the old design leaves, e.g. 2027.0
    retrofit_done: Floats  # [retrofit] service start of the new design, e.g. 2027.75
    retrofit_capacity_frac: Floats  # [retrofit]
    retrofit_capex_musd_per_mw: Floats  # [retrofit]
    lease: Index  # (site, hall, year)
    lease_musd_per_mw_year: Floats  # [lease]
    lease_depth_mw: Floats  # [site]
    committed: Index  # (site, year) early builds are limited by commitments
    committed_mw: Floats  # [committed], cumulative MW of critical IT
    opex_musd_per_mw_year: Floats  # [hall]: maintenance, staff, tax, insurance, connectivity
    lead: pd.DataFrame  # site, hall, months, by, service_start: the critical path, reported


@dataclass(frozen=True)
class SiteInputs:
    """Sites: land, pace, opening."""

    site_year: Index  # (site, year) in which the site can do something
    land_limit_mw: Floats  # [site]
    build_rate_mw: Floats  # [site_year]
    pace_mw: Floats  # [site_year]: what a new site can commission, leads and commitments counted
    reach_mw: Floats  # [site_year]: most that a new site can have by then, land apart
    market_rate: Index  # (market, year) with a limit
    market_rate_mw: Floats  # [market_rate]
    minimum_mw: Floats  # [site]
    is_existing: Bools  # [site]
    opening_musd: Floats  # [site]
    fixed_musd_per_year: Floats  # [site]
    capex_budget: Index  # (year,) with a budget
    capex_budget_musd: Floats  # [capex_budget]
    table: pd.DataFrame  # one row per site: name, country, lat, lon, zone, market, ... for outputs


@dataclass(frozen=True)
class PowerInputs:
    """From racks to the meter, slot by slot."""

    cool: Index  # (site, cooling, year)
    group: Index  # (site, cooling, shape, year)
    defer_group: Index  # (site, shape, window, year); work that may wait but not move
    defer: Index  # (site, shape, window, year, slot)
    defer_block: NDArray[np.int64]  # [defer]: block of the window the slot belongs to, per day
    slot: Index  # (site, year, slot) = site_year x slot
    deployment_shape: NDArray[np.intp]  # [deployment] -> shape
    deployment_window: NDArray[np.intp]  # [deployment] -> window, -1 when not in a defer_group
    deployment_utilisation_frac: Floats  # [deployment], net of spare racks
    other_load_mw: Floats  # [site, slot], at the meter, beside the racks
    shape_frac: Floats  # [site, shape, slot], mean 1 over the modelled year
    mechanical_frac: Floats  # [site, cooling, slot]
    defer_mechanical_frac: Floats  # [site, slot], of what deferral moves
    wue_l_per_kwh: Floats  # [site, cooling, slot]
    loss_fixed_frac: Floats  # [hall design], of hall MW (k0 x installed)
    loss_variable_frac: Floats  # [hall design], of IT load


@dataclass(frozen=True)
class GridInputs:
    """Prices, tariffs, interconnection, headroom."""

    energy_usd_per_mwh: Floats  # [slot of PowerInputs.slot], wholesale + adder
    demand_charge_usd_per_kw_month: Floats  # [site_year]
    billing: Index  # (site, year, period)
    billing_slot: Index  # (period, slot), whose maximum is billed
    billing_months: Floats  # [period]
    period: Axis
    firm: Index  # (site, year)
    firm_mw: Floats  # [firm], existing and committed
    expand: Index  # (site, year)
    expand_first_year_frac: Floats  # [expand]
    expand_start: Floats  # [expand] service start
    expand_capex_musd_per_mw: Floats  # [expand]
    lease_firm_mw_per_mw: float
    contract_min_nameplate_frac: float
    headroom: Index  # (zone, year) for firm alone, dominated years dropped
    headroom_mw: Floats  # [headroom], for new firm beyond commitments
    headroom_all: pd.DataFrame  # zone, year, limit_mw, firm_limit_mw, committed_mw, rate_pct
    curtailment_rate_pct: float


@dataclass(frozen=True)
class CarbonInputs:
    """Emissions and water."""

    location_t_per_mwh: Floats  # [slot of PowerInputs.slot]
    cap: Index  # (year,) with a cap
    cap_kt: Floats
    price_usd_per_t: Floats  # [year]
    claim_t_per_mwh: Floats  # [claim of ContractInputs], taken off what cap and price count
    fuel_price_usd_per_t: Floats  # [site_year], of the scheme of its state or country
    # of making what enters service, per MW or MWh; 0 where it does not count
    install_t_per_mw: Floats  # [install]
    build_t_per_mw: Floats  # [build of HallInputs]
    retrofit_t_per_mw: Floats  # [retrofit]
    source_t_per_mw: Floats  # [build of SupplyInputs]
    store_t_per_mwh: Floats  # [build_store]
    water_price_usd_per_m3: Floats  # [site]
    water_limit: Index  # (site, year) with a limit
    water_limit_m3: Floats
    water_permit: Index  # (site, year) with a limit per MW of critical IT
    water_permit_m3_per_mw: Floats  # [water_permit]
    stress_class: tuple[str, ...]  # [site]


@dataclass(frozen=True)
class FinanceInputs:
    """Rates, lives and horizon: what turns costs into payments by calendar year."""

    rate_frac: float  # real
    base_year: int
    first_year: int
    last_year: int
    life_years: Mapping[str, float]  # facility, retrofit, opening, grid
    asset_rate_frac: Mapping[str, float]  # real WACC per asset class (rack, facility, grid)
    site_rate_adder_frac: Floats  # [site], real, on the rate of every asset: country risk
    build_idc_frac: float
    end_of_horizon: str  # annuity, truncated_salvage, perpetuity
    year_weight: Floats  # [year]: sum of mid-year discount factors of the years it stands for
    opex_escalation: Floats  # [year], real, 1 in the base year of money


@dataclass(frozen=True)
class Inputs:
    """Everything the model knows. Made once by `planner.inputs.build_inputs`."""

    name: str
    sets: Sets
    years: ModelYears
    days: Days
    demand: DemandInputs
    rent: RentInputs
    levers: LeverInputs
    racks: RackInputs
    halls: HallInputs
    sites: SiteInputs
    siting: SitingInputs
    power: PowerInputs
    migration: MigrationInputs
    failover: FailoverInputs
    grid: GridInputs
    non_firm: NonFirmInputs
    load_price: LoadPriceInputs
    balance: BalanceInputs
    supply: SupplyInputs
    contracts: ContractInputs
    heat: HeatInputs
    tariffs: TariffInputs
    carbon: CarbonInputs
    finance: FinanceInputs
    reference: pd.DataFrame  # workload, year, facility_gw, rack_gw, kh100e: the trajectory's fleet
    workloads: pd.DataFrame  # one row per class in scope, the scenario's figures in place
    tables: Mapping[str, pd.DataFrame]  # the data as read, for reports and the checker
    sha256: Mapping[Path, str]  # of the bytes of each file that was read, by its full path
    notes: tuple[str, ...]  # what a planner must know: smeared sites, regions without a route, ...
    noted_settings: tuple[Problem, ...]  # settings that notes are about, with their places
