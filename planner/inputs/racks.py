"""Racks: figures of each type, topologies good enough for a workload, deliveries, index lists and coefficients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.base.units import KW_PER_MW, MW_PER_GW, USD_PER_MUSD
from planner.family.table_columns import any_along, codes, dense_by_ids, floats, ints, mask_at, named_in, texts
from planner.fleet.compute import alive_frac
from planner.inputs.case import DUTIES, trend_factor
from planner.lp import Index
from planner.money.finance import annuity_payment

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.base.arrays import Bools, Floats
    from planner.inputs.axes import Sets
    from planner.inputs.case import ScopedCase
    from planner.inputs.halls import HallSpace
    from planner.inputs.money import Rates
    from planner.inputs.stock import Stock
    from planner.lp import Axis

    Codes = NDArray[np.intp]


@dataclass(frozen=True)
class Quality:
    """Topologies by workload."""

    least: NDArray[np.intp]  # [workload] -> the least redundancy that it may have
    placed: NDArray[np.intp]  # [workload] -> redundancy that its base-year racks are in
    replaces: Bools  # (redundancy, redundancy): as available as the other, or more
    suffices: Bools  # (workload, redundancy): good enough for the workload
    allowed: Bools  # [redundancy]: new halls may have it


def quality_of_classes(case: ScopedCase) -> Quality:
    """Return which topologies are available enough for every workload."""
    names = case.ids("redundancy")
    available = floats(case.redundancy, "availability_pct")
    least = codes(case.workloads["redundancy_min"], names)
    replaces = available[:, None] >= available
    suffices = replaces.T[least]
    allowed = named_in(case.scenario.halls.redundancy, names)
    for w in np.flatnonzero(~(suffices & allowed).any(axis=1)):
        what_is = (
            f"no topology of halls.redundancy is good enough for {case.ids('workloads')[w]},"
            f" which needs {case.workloads['redundancy_min'].iloc[w]}"
        )
        case.findings.add(
            ("halls", "redundancy"), what_is, "one at least as available", "add a topology, or lower redundancy_min"
        )
    return Quality(least, codes(case.workloads["placed_redundancy"], names), replaces, suffices, allowed)


@dataclass(frozen=True)
class RackFigures:
    """What a MW of each rack type is, costs and does."""

    kh100e_per_mw: Floats  # throughput at full work, shape (rack, duty); NaN where a rack cannot do the use
    net_utilisation: Floats  # mean utilisation less spare capacity, shape (workload,)
    # mean compute per MW, shape (workload, rack); NaN where the use is not for the rack. [kH100e/MW]
    throughput: Floats
    admits: Bools  # whether a workload may buy a rack, shape (workload, rack)
    fits: Bools  # whether a rack may be in a hall of a cooling technology, shape (rack, cooling)
    capex_musd_per_mw: Floats  # overnight price with network and storage, in the year the money is of, shape (rack,)
    capex_trend: Floats  # factor on prices, shape (year,)
    space_m2_per_mw: Floats  # floor, power at full work over nameplate, idle over busy power, shape (rack,)
    busy_frac: Floats
    idle_frac: Floats
    peak_kw: Floats  # as in table `racks`, shape (rack,)
    first_year: NDArray[np.int64]
    life_years: NDArray[np.int64]
    may_buy: Bools
    last_sale_year: Floats  # last year in which a rack is bought, shape (rack,); infinite for one sold without an end


def rack_figures(case: ScopedCase) -> RackFigures:
    """Return the figures of every rack type that computes."""
    racks, ids = case.racks, case.ids("racks")
    peak_kw = floats(racks, "peak_kw")
    # An H100e per kW is a kH100e per MW.
    kh100e_per_mw = np.stack([floats(racks, f"{duty}_h100e") / peak_kw for duty in DUTIES], axis=1)
    net = net_utilisation(case)
    throughput = kh100e_per_mw[:, case.duty].T * net[:, None]
    workload, rack = codes(case.admitted["workload"], case.ids("workloads")), codes(case.admitted["rack"], ids)
    admits = mask_at(throughput.shape, (workload, rack))
    capex_usd = floats(racks, "capex_usd") * (1.0 + floats(racks, "fabric_adder_frac"))
    return RackFigures(
        kh100e_per_mw=kh100e_per_mw,
        net_utilisation=net,
        throughput=throughput,
        admits=admits & ~np.isnan(throughput),
        fits=_fits(case, peak_kw),
        capex_musd_per_mw=capex_usd * KW_PER_MW / USD_PER_MUSD / peak_kw,
        capex_trend=trend_factor(case.finance_of("rack_price_real_trend", "world"), case.year),
        space_m2_per_mw=floats(racks, "space_m2") * KW_PER_MW / peak_kw,
        busy_frac=floats(racks, "busy_frac"),
        idle_frac=floats(racks, "idle_frac"),
        peak_kw=peak_kw,
        first_year=ints(racks, "first_year"),
        life_years=ints(racks, "life_years"),
        may_buy=racks["may_buy"].to_numpy(dtype=np.bool_),
        last_sale_year=_last_sale_year(case),
    )


def net_utilisation(case: ScopedCase) -> Floats:
    """Return the mean utilisation of racks in use, spare ones included. [workload]"""
    return np.asarray(floats(case.workloads, "utilisation_frac") / (1.0 + floats(case.workloads, "spare_frac")))


def _last_sale_year(case: ScopedCase) -> Floats:
    last = floats(case.racks, "last_year")
    has_end = ~np.isnan(last) & case.scenario.racks.end_of_sale
    return np.where(has_end, last, np.inf)


def _fits(case: ScopedCase, peak_kw: Floats) -> Bools:
    link = case.tables["rack_cooling"]
    link = link[link["rack"].isin(list(case.ids("racks")))]
    at = codes(link["rack"], case.ids("racks")), codes(link["cooling"], texts(case.cooling, "cooling"))
    fits = mask_at((len(case.racks), len(case.cooling)), at)
    return fits & (peak_kw[:, None] <= floats(case.cooling, "max_kw_per_rack"))


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
        what_is = f"{names[v]} has no row for {calendar[y]}"
        case.findings.add("deliveries", what_is, "a row for each year", "add it, or set deliveries.limit to false")
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
    in_pool = mask_at(racks.stock_mw.shape, (s, racks.pool[d], t)) | racks.install
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
    gs, gp, gt = np.nonzero(mask_at(racks.stock_mw.shape, (s, racks.pool[d], t)))
    return uses, _of_pools("stock_only_group", sets, racks, gs, gp, gt), racks.stock_mw[gs, gp, gt]


@dataclass(frozen=True)
class RackSpace:
    """Deployments, pools and what can be done with them."""

    rack: Codes  # codes of every deployment, shape (deployment,)
    hall: Codes
    workload: Codes
    pool: Codes  # pool of every deployment, shape (deployment,)
    pool_rack: Codes  # codes of every pool, shape (pool,)
    pool_hall: Codes
    pool_duty: Codes
    of_stock: Bools  # the workload would not buy such racks for such a hall, shape (deployment,)
    used: Bools  # racks can be in use, shape (site, deployment, year)
    stock_mw: Floats  # base-year racks alive, shape (site, pool, year). [MW]
    stock_vintage_mw: Floats  # base-year racks by the year they were bought, shape (site, pool, stock vintage). [MW]
    install: Bools  # racks can be bought, shape (site, pool, year)
    # racks can leave training, shape (site, pool, vintage, year); vintages are those of the stock, then the model years
    move_out: Bools
    move_in: Bools  # racks can enter inference, same shape
    vintage: NDArray[np.int64]  # calendar year of every vintage, shape (vintage,)
    last_year: NDArray[np.int64]  # last calendar year in service, shape (vintage, rack)


def rack_space(
    case: ScopedCase, figures: RackFigures, halls: HallSpace, stock: Stock, racks: Bools, quality: Quality
) -> RackSpace:
    """Find what can be done with racks.

    A workload may have racks that it admits, bought, existing or moved from training where they
    are old enough, in every hall whose cooling they fit and that is operated at the topology that
    it needs, as every better hall may be. Racks of a use may change halls of their cooling at a
    site, so their pool is named by the least topology that its workloads need.
    Takes `racks` (workload, rack, cooling, year).
    """
    is_own = halls.redundancy == quality.least[:, None]  # (w, l)
    for_sale = racks[:, :, halls.cooling] & is_own[:, None, :, None]  # (w, k, l, t)
    stock_pool, own_pool = (
        _pool_key(halls, of.rack, halls.design(of.cooling, of.redundancy), of.duty) for of in (stock, stock.stated)
    )
    keys_there = np.unique(np.concatenate([stock_pool, own_pool]))
    from_stock = _from_stock(case, figures, halls, stock, quality, keys_there)  # (w, k, l)
    is_moved = figures.admits[:, :, None] & figures.fits[:, halls.cooling] & is_own[:, None]
    is_moved &= (case.duty == DUTIES.index("inference"))[:, None, None] & case.scenario.cascade.allow
    workload, rack, hall = np.nonzero(for_sale.any(axis=3) | from_stock | is_moved)
    keys, first, pool = np.unique(
        _pool_key(halls, rack, hall, case.duty[workload]), return_index=True, return_inverse=True
    )
    pool_rack, pool_duty = rack[first], case.duty[workload[first]]
    pool_hall = halls.pool_hall[pool_duty, hall[first]]

    def of_pools(of_deployment: Bools) -> Bools:
        """Whether it is so of any deployment, (site, pool, t)."""
        result = np.zeros((keys.size, *of_deployment.shape[::2]), dtype=np.bool_)
        np.logical_or.at(result, pool, of_deployment.transpose(1, 0, 2))
        return result.transpose(1, 0, 2)

    stands = halls.stands[:, hall, :]  # (s, deployment, t)
    buys = for_sale[workload, rack, hall]  # (deployment, t)
    install = of_pools(stands & buys)

    by_pool = np.zeros((keys.size, len(case.sites), stock.vintage.size))
    np.add.at(by_pool, np.searchsorted(keys, stock_pool), stock.share.T[:, :, None] * stock.mw[:, None, :])
    own = stock.stated
    is_known = np.isin(own_pool, keys)  # others are of a use that no workload has
    at = np.ix_(
        np.searchsorted(keys, own_pool[is_known]),
        np.arange(len(case.sites)),
        np.searchsorted(stock.vintage, own.vintage),
    )
    np.add.at(by_pool, at, own.mw.transpose(1, 0, 2)[is_known])
    stock_vintage_mw = by_pool.transpose(1, 0, 2)
    stock_alive = alive_frac(
        stock.vintage[None, :], figures.life_years[pool_rack][:, None], case.years
    )  # (pool, stock vintage, t)
    stock_mw = np.einsum("spv,pvt->spt", stock_vintage_mw, stock_alive)

    vintage = np.concatenate([stock.vintage, case.year])
    last_year = vintage[:, None] + figures.life_years[None, :] - 1
    there = np.concatenate([stock_vintage_mw > 0.0, install], axis=2)  # (s, p, v)
    alive = (vintage[:, None] <= case.year) & (last_year[:, pool_rack].T[:, :, None] >= case.last_year)  # (p, v, t)
    takes = is_moved[workload, rack, hall][:, None]  # (deployment, 1)
    move_out, move_in = _moves(case, there, alive, vintage, pool_rack, pool_duty, of_pools(stands & takes))

    bought = any_along(install[..., None] & alive[None, :, -len(case.years) :], axis=2)
    moved = any_along(np.logical_or.accumulate(move_in, axis=3) & alive, axis=2)
    used = (
        (bought[:, pool] & any_along(buys, axis=1)[:, None])
        | ((stock_mw > 0.0)[:, pool] & from_stock[workload, rack, hall][:, None])
        | (moved[:, pool] & takes)
    ) & stands
    return RackSpace(
        rack=rack,
        hall=hall,
        workload=workload,
        pool=pool,
        pool_rack=pool_rack,
        pool_hall=pool_hall,
        pool_duty=pool_duty,
        of_stock=~(figures.admits[workload, rack] & is_own[workload, hall]),
        used=used,
        stock_mw=stock_mw,
        stock_vintage_mw=stock_vintage_mw,
        install=install,
        move_out=move_out,
        move_in=move_in,
        vintage=vintage,
        last_year=last_year,
    )


def _pool_key(halls: HallSpace, rack: Codes, hall: Codes, duty: Codes) -> Codes:
    """Number pools of (rack, hall design, duty) in the order of their codes."""
    return (rack * halls.cooling.size + halls.pool_hall[duty, hall]) * len(DUTIES) + duty


def _from_stock(
    case: ScopedCase, figures: RackFigures, halls: HallSpace, stock: Stock, quality: Quality, keys_there: Codes
) -> Bools:
    """Existing racks that a workload may use, (workload, rack, design).

    Those of its use that it admits, in halls operated at the topology that it needs. Those that it
    is assumed to have had in the base year it may go on using, admitted or not, and in the halls
    that they were in where it needs better ones now.
    """
    workload, rack, hall = np.nonzero(
        figures.admits[:, :, None] & (halls.redundancy == quality.least[:, None])[:, None]
    )
    is_there = np.isin(_pool_key(halls, rack, hall, case.duty[workload]), keys_there)
    shape = len(case.workloads), figures.life_years.size, halls.cooling.size
    may = mask_at(shape, (workload[is_there], rack[is_there], hall[is_there]))
    w = stock.workload
    is_good = quality.suffices[w, stock.redundancy]
    topology = np.where(is_good, quality.least[w], stock.redundancy)
    may[w, stock.rack, halls.design(stock.cooling, topology)] = True
    return may


def _moves(
    case: ScopedCase,
    there: Bools,
    alive: Bools,
    vintage: NDArray[np.int64],
    pool_rack: Codes,
    pool_duty: Codes,
    enters: Bools,
) -> tuple[Bools, Bools]:
    """Where racks can leave training and enter inference, (site, pool, vintage, year)."""
    is_training = pool_duty == DUTIES.index("training")
    # Racks are handed on when they come of age or at the next occasion, not at any later time.
    comes = np.maximum(np.searchsorted(case.year, vintage[:, None] + case.scenario.cascade.min_age_years), 0)
    now = np.arange(len(case.years))
    leaves = (there & is_training[:, None])[..., None] & (alive & ((now >= comes) & (now <= comes + 1)))
    arrives = enters[:, :, None, :] & _any_by(pool_rack, leaves)[:, pool_rack]
    return leaves & _any_by(pool_rack, arrives)[:, pool_rack], arrives


def _any_by(group: Codes, mask: Bools) -> Bools:
    """Return whether any entry of a group on the second axis is true, (first, group, ...)."""
    result = np.zeros((mask.shape[0], int(group.max(initial=0)) + 1, *mask.shape[2:]), np.bool_)
    for code in np.unique(group):
        result[:, code] = mask[:, group == code].any(axis=1)
    return result
