"""Racks: what vendors can deliver, index lists and coefficients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.base.units import KW_PER_MW, MW_PER_GW, USD_PER_MUSD
from planner.inputs.table_columns import any_along, dense_by_ids, floats, texts
from planner.lp import Index
from planner.money.finance import annuity_payment

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.base.arrays import Floats
    from planner.inputs.axes import Sets
    from planner.inputs.case import ScopedCase
    from planner.inputs.money import Rates
    from planner.inputs.racks_figures import RackFigures
    from planner.inputs.racks_space import RackSpace
    from planner.lp import Axis

__all__ = ["RackInputs", "delivery_limit_mw", "rack_inputs", "vendors"]


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
    stock_capex_musd_per_mw: Floats  # [fleet], what such racks cost, for costs in full
    stock_only: Index  # (site, rack, hall, workload, year): uses of racks the class would not buy
    stock_only_group: Index  # (site, rack, hall, duty, year): their common limit
    stock_only_mw: Floats  # [stock_only_group]
    install: Index  # (site, rack, hall, duty, year)
    install_capex_musd_per_mw: Floats  # [install], overnight incl. fabric and storage
    lot: Index  # (site, rack, hall, duty, year): purchases in integers
    lot_rack_mw: Floats  # [lot], nameplate of one rack
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


def vendors(case: ScopedCase) -> tuple[str, ...]:
    """Return the vendors of racks, in the order of the table."""
    return tuple(dict.fromkeys(texts(case.racks, "vendor")))


def delivery_limit_mw(case: ScopedCase) -> Floats:
    """Add up what vendors deliver from the model year before up to each model year. Gives (vendor, year) [MW]."""
    settings = case.scenario.deliveries
    calendar = list(range(int(case.year[0]), int(case.year[-1]) + 1))
    names = vendors(case)
    gw = dense_by_ids(case.tables["deliveries"], {"vendor": names, "year": calendar}, "limit_gw_it")
    is_limited = np.asarray(~np.isnan(gw).all(axis=1) & settings.limit)
    for v, y in np.argwhere(np.isnan(gw) & is_limited[:, None]):
        case.findings.add_at_table(
            "deliveries",
            f"{names[v]} has no row for {calendar[y]}",
            "a row for each year",
            "add it, or set deliveries.limit to false",
        )
    by_year = np.zeros((len(names), len(case.years)))
    np.add.at(by_year.T, np.searchsorted(case.year, calendar), gw.T)
    share = case.scenario.operator.deliveries_share_frac * settings.scale_frac
    return np.where(is_limited[:, None], by_year * MW_PER_GW * share, np.inf)


def rack_inputs(case: ScopedCase, sets: Sets, figures: RackFigures, racks: RackSpace, rates: Rates) -> RackInputs:
    """Make the lists of racks: deployments, uses, pools, purchases and moves."""
    site, rack, hall, year = sets.site, sets.rack, sets.hall, sets.year
    deployment = Index.sparse("deployment", (rack, hall, sets.workload), (racks.rack, racks.hall, racks.workload))
    s, d, t = np.nonzero(racks.used)
    used = Index.sparse(
        "used", (site, rack, hall, sets.workload, year), (s, racks.rack[d], racks.hall[d], racks.workload[d], t)
    )
    in_pool = np.zeros(racks.stock_mw.shape, dtype=np.bool_)
    in_pool[s, racks.pool[d], t] = True
    in_pool |= racks.install
    fs, fp, ft = np.nonzero(in_pool)
    fleet = _of_pools("fleet", sets, racks, fs, fp, ft)
    bs, bp, bt = np.nonzero(racks.install)
    install = _of_pools("install", sets, racks, bs, bp, bt)
    is_whole = np.full(install.size, case.scenario.racks.whole)
    cohort, cohort_mw = _cohorts(sets, racks)
    moves = (site, rack, hall, sets.vintage, year)
    out_at, in_at = np.nonzero(racks.move_out), np.nonzero(racks.move_in)
    stock_only, group, group_mw = _stock_only(sets, racks)
    limit = delivery_limit_mw(case)
    limited = np.nonzero(np.isfinite(limit))
    tax = 1.0 + case.finance_by_site("sales_tax")
    capex = figures.capex_musd_per_mw
    upkeep = case.item("facility_cost", "it_maintenance", "1/year of IT capex") + case.finance_of("insurance", "world")
    companion_capex = case.item("facility_cost", "companion_capex", "USD/kW IT") * KW_PER_MW / USD_PER_MUSD
    companion_life = case.item("facility_cost", "companion_life", "years")
    return RackInputs(
        deployment=deployment,
        used=used,
        fleet=fleet,
        stock_mw=racks.stock_mw[fs, fp, ft],
        stock_capex_musd_per_mw=capex[racks.pool_rack[fp]] * tax[fs],
        stock_only=stock_only,
        stock_only_group=group,
        stock_only_mw=group_mw,
        install=install,
        install_capex_musd_per_mw=capex[racks.pool_rack[bp]] * tax[bs] * figures.capex_trend[bt],
        lot=install.select(is_whole, "lot"),
        lot_rack_mw=figures.peak_kw[racks.pool_rack[bp]][is_whole] / KW_PER_MW,
        it_maintenance_musd_per_mw_year=upkeep * capex,
        life_years=figures.life_years,
        cohort=cohort,
        cohort_stock_mw=cohort_mw,
        move_out=_moved("move_out", moves, racks, *out_at),
        move_in=_moved("move_in", moves, racks, *in_at),
        vintage_last_year=racks.last_year,
        move_cost_musd_per_mw=case.scenario.cascade.cost_usd_per_kw * KW_PER_MW / USD_PER_MUSD,
        companion_musd_per_mw_year=float(annuity_payment(companion_capex, rates.rack, companion_life)),
        delivery=Index.sparse("delivery", (sets.vendor, year), limited),
        delivery_limit_mw=limit[limited],
        peak_kw=figures.peak_kw,
        **_coefficients(case, figures, sets, racks),
    )


def _coefficients(case: ScopedCase, figures: RackFigures, sets: Sets, racks: RackSpace) -> dict[str, Floats]:
    """What a MW of racks in use does and takes, by deployment."""
    k, w = racks.rack, racks.workload
    companion = floats(case.workloads, "companion_frac")[w]
    companion_load = case.item("facility_cost", "companion_load", "kW/kW")
    use = figures.net_utilisation[w]  # spare racks idle
    busy = figures.busy_frac[k]
    return {
        "throughput_kh100e_per_mw": figures.throughput[w, k],
        "hall_mw_per_mw": case.scenario.halls.diversity_frac + companion,
        "space_m2_per_mw": figures.space_m2_per_mw[k],
        "idle_mw_per_mw": busy * figures.idle_frac[k] + companion * companion_load,
        "dynamic_mw_per_mw": busy * (1.0 - figures.idle_frac[k]) * use,
        "deferrable_frac": floats(case.workloads, "deferrable_frac")[w],
        "companion_mw_per_mw": companion,
    }


def _of_pools(name: str, sets: Sets, racks: RackSpace, s: np.ndarray, p: np.ndarray, t: np.ndarray) -> Index:
    axes = (sets.site, sets.rack, sets.hall, sets.duty, sets.year)
    return Index.sparse(name, axes, (s, racks.pool_rack[p], racks.pool_hall[p], racks.pool_duty[p], t))


def _moved(
    name: str, axes: tuple[Axis, ...], racks: RackSpace, s: np.ndarray, p: np.ndarray, v: np.ndarray, t: np.ndarray
) -> Index:
    return Index.sparse(name, axes, (s, racks.pool_rack[p], racks.pool_hall[p], v, t))


def _cohorts(sets: Sets, racks: RackSpace) -> tuple[Index, Floats]:
    """Training racks that may move, and how many of them exist in the base year. [MW]"""
    s, p, v = np.nonzero(racks.move_out.any(axis=3))
    cohort = Index.sparse(
        "cohort", (sets.site, sets.rack, sets.hall, sets.vintage), (s, racks.pool_rack[p], racks.pool_hall[p], v)
    )
    n_stock = racks.stock_vintage_mw.shape[2]
    is_stock = v < n_stock
    mw = np.where(is_stock, racks.stock_vintage_mw[s, p, np.minimum(v, n_stock - 1)], 0.0)
    return cohort, mw


def _stock_only(sets: Sets, racks: RackSpace) -> tuple[Index, Index, Floats]:
    """Uses of racks that a workload would not buy, where pools hold other racks than stock too."""
    grows = any_along(racks.install, 2) | any_along(racks.move_in, (2, 3))  # (site, pool)
    s, d, t = np.nonzero((racks.used & racks.of_stock[:, None]) & grows[:, racks.pool][:, :, None])
    uses = Index.sparse(
        "stock_only",
        (sets.site, sets.rack, sets.hall, sets.workload, sets.year),
        (s, racks.rack[d], racks.hall[d], racks.workload[d], t),
    )
    limited = np.zeros(racks.stock_mw.shape, dtype=np.bool_)
    limited[s, racks.pool[d], t] = True
    gs, gp, gt = np.nonzero(limited)
    return uses, _of_pools("stock_only_group", sets, racks, gs, gp, gt), racks.stock_mw[gs, gp, gt]
