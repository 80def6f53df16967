"""Which racks can be used for which workload in which halls, sites and years.

Dense masks over (site, deployment or pool, year) are made once; index lists are their true
entries. A deployment is (rack, hall design, class), a pool is (rack, hall design, duty).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.fleet.reference import alive_frac
from planner.inputs.case import DUTIES
from planner.inputs.table_columns import any_along

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.base.arrays import Bools, Floats
    from planner.inputs.case import ScopedCase
    from planner.inputs.halls import HallSpace
    from planner.inputs.quality import Quality
    from planner.inputs.racks_figures import RackFigures
    from planner.inputs.stock import Stock

    Codes = NDArray[np.intp]

__all__ = ["RackSpace", "rack_space"]


@dataclass(frozen=True)
class RackSpace:
    """Deployments, pools and what can be done with them.

    Parameters
    ----------
    rack, hall, workload
        Codes of every deployment, shape (deployment,).
    pool
        Pool of every deployment, shape (deployment,).
    pool_rack, pool_hall, pool_duty
        Codes of every pool, shape (pool,).
    used
        Racks can be in use, shape (site, deployment, year).
    stock_mw
        Base-year racks alive, shape (site, pool, year). [MW]
    stock_vintage_mw
        Base-year racks by the year they were bought, shape (site, pool, stock vintage). [MW]
    install
        Racks can be bought, shape (site, pool, year).
    move_out
        Racks can leave training, shape (site, pool, vintage, year); vintages are those of the
        stock, then the model years.
    move_in
        Racks can enter inference, same shape.
    vintage
        Calendar year of every vintage, shape (vintage,).
    last_year
        Last calendar year in service, shape (vintage, rack).
    """

    rack: Codes
    hall: Codes
    workload: Codes
    pool: Codes
    pool_rack: Codes
    pool_hall: Codes
    pool_duty: Codes
    used: Bools
    stock_mw: Floats
    stock_vintage_mw: Floats
    install: Bools
    move_out: Bools
    move_in: Bools
    vintage: NDArray[np.int64]
    last_year: NDArray[np.int64]


def rack_space(
    case: ScopedCase,
    figures: RackFigures,
    halls: HallSpace,
    stock: Stock,
    racks: Bools,
    quality: Quality,
    wanted_kh100e: Floats,
) -> RackSpace:
    """Find what can be done with racks.

    A workload buys racks for halls of its own topology, the cheapest that is good enough, and for
    halls that are good enough where they are leased, or stated by the planner. Racks of the base
    year serve the workload they were bought for, and every workload that admits them in halls that
    are good enough for it. Training racks that are old enough may move to the inference halls of
    their site.

    Parameters
    ----------
    case : ScopedCase
        Scope and settings.
    figures : RackFigures
        Throughput and lives.
    halls : HallSpace
        Where and when halls can be.
    stock : Stock
        What exists in the base year.
    racks : array of bool
        Racks on offer, shape (workload, rack, cooling, year).
    quality : Quality
        Topology of each workload.
    wanted_kh100e : array of float
        Compute that each workload wants in the last year, shape (workload,). [kH100e]

    Returns
    -------
    RackSpace
    """
    for_sale = _for_sale(halls, stock, racks, quality)  # (w, k, l, t)
    from_stock = _from_stock(case, figures, halls, stock, quality)  # (w, k, l)
    is_moved = _movable(case, figures, halls, quality, from_stock, for_sale, wanted_kh100e)
    workload, rack, hall = np.nonzero(for_sale.any(axis=3) | from_stock | is_moved)
    pool_key = _pool_key(halls, rack, hall, case.duty[workload])
    keys, first, pool = np.unique(pool_key, return_index=True, return_inverse=True)
    pool_rack, pool_hall = rack[first], hall[first]
    pool_duty = case.duty[workload[first]]

    buys = for_sale[workload, rack, hall]  # (deployment, t)
    pool_buys = np.zeros((keys.size, len(case.years)), dtype=np.bool_)
    np.logical_or.at(pool_buys, pool, buys)
    install = halls.stands[:, pool_hall, :] & pool_buys

    design = halls.design(stock.cooling, stock.redundancy)
    place = np.searchsorted(keys, _pool_key(halls, stock.rack, design, stock.duty))
    by_pool = np.zeros((keys.size, len(case.sites), stock.vintage.size))
    np.add.at(by_pool, place, stock.share.T[:, :, None] * stock.mw[:, None, :])
    own = stock.stated
    design = halls.design(own.cooling, own.redundancy)
    place = np.searchsorted(keys, _pool_key(halls, own.rack, design, own.duty))
    at = np.ix_(place, np.arange(len(case.sites)), np.searchsorted(stock.vintage, own.vintage))
    np.add.at(by_pool, at, own.mw.transpose(1, 0, 2))
    stock_vintage_mw = by_pool.transpose(1, 0, 2)
    stock_alive = alive_frac(
        stock.vintage[None, :], figures.life_years[pool_rack][:, None], case.years
    )  # (pool, stock vintage, t)
    stock_mw = np.einsum("spv,pvt->spt", stock_vintage_mw, stock_alive)

    vintage = np.concatenate([stock.vintage, case.year])
    last_year = vintage[:, None] + figures.life_years[None, :] - 1
    there = np.concatenate([stock_vintage_mw > 0.0, install], axis=2)  # (s, p, v)
    alive = (vintage[:, None] <= case.year) & (
        last_year[:, pool_rack].T[:, :, None] >= case.last_year
    )  # (p, v, t)
    pool_takes = np.zeros(keys.size, dtype=np.bool_)
    np.logical_or.at(pool_takes, pool, is_moved[workload, rack, hall])
    enters = halls.stands[:, pool_hall, :] & pool_takes[:, None]
    move_out, move_in = _moves(case, there, alive, vintage, pool_rack, pool_duty, enters)

    bought = any_along(install[..., None] & alive[None, :, -len(case.years) :], axis=2)
    moved = any_along(np.logical_or.accumulate(move_in, axis=3) & alive, axis=2)
    is_new = any_along(buys, axis=1)
    used = (
        (bought[:, pool] & is_new[:, None])
        | ((stock_mw > 0.0)[:, pool] & from_stock[workload, rack, hall][:, None])
        | (moved[:, pool] & is_moved[workload, rack, hall][:, None])
    ) & halls.stands[:, hall, :]
    return RackSpace(
        rack=rack,
        hall=hall,
        workload=workload,
        pool=pool,
        pool_rack=pool_rack,
        pool_hall=pool_hall,
        pool_duty=pool_duty,
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
    return (rack * halls.cooling.size + hall) * len(DUTIES) + duty


def _for_sale(halls: HallSpace, stock: Stock, racks: Bools, quality: Quality) -> Bools:
    """Racks that a workload may buy for a hall, (workload, rack, design, year)."""
    is_own = halls.redundancy[None, :] == quality.new[:, None]
    stated_mw = stock.stated.hall_mw[:, halls.cooling, halls.redundancy]
    is_there = halls.lease.any(axis=(0, 2)) | (stated_mw > 0.0).any(axis=(0, 2))
    allowed = is_own | (is_there & quality.suffices[:, halls.redundancy])
    return np.asarray(racks[:, :, halls.cooling, :] & allowed[:, None, :, None])


def _from_stock(
    case: ScopedCase, figures: RackFigures, halls: HallSpace, stock: Stock, quality: Quality
) -> Bools:
    """Existing racks that a workload may use, (workload, rack, design).

    Racks that the planner states serve every workload of their use that may run on them, in halls
    that are good enough for it.
    """
    design = halls.design(stock.cooling, stock.redundancy)
    stands = np.zeros((figures.life_years.size, halls.cooling.size), dtype=np.bool_)
    stands[stock.rack, design] = True
    good = quality.suffices[:, halls.redundancy] & (
        halls.redundancy[None, :] == quality.placed[:, None]
    )
    may = figures.admits[:, :, None] & stands[None] & good[:, None, :]
    may[stock.workload, stock.rack, design] = True
    own = stock.stated
    at = own.rack, halls.design(own.cooling, own.redundancy)
    of_duty = case.duty[:, None] == own.duty
    suffices = quality.suffices[:, own.redundancy]
    w, pool = np.nonzero(of_duty & suffices & figures.admits[:, own.rack])
    may[w, at[0][pool], at[1][pool]] = True
    return np.asarray(may)


def _movable(
    case: ScopedCase,
    figures: RackFigures,
    halls: HallSpace,
    quality: Quality,
    from_stock: Bools,
    for_sale: Bools,
    want: Floats,
) -> Bools:
    """Racks that inference workloads may take over from training, (workload, rack, design).

    A rack stays with its cooling, and of the topologies in play with that cooling it goes to
    the one whose workloads want the most compute in the last year.
    """
    if not case.scenario.cascade.allow:
        return np.zeros(from_stock.shape, dtype=np.bool_)
    is_training = case.duty == DUTIES.index("training")
    in_training = (from_stock | for_sale.any(axis=3))[is_training].any(axis=0)  # (k, l)
    same_cooling = halls.cooling[:, None] == halls.cooling[None, :]
    reaches = (in_training.astype(np.float64) @ same_cooling) > 0.0
    is_own = halls.redundancy[None, :] == quality.new[:, None]
    takes = (figures.admits & ~is_training[:, None])[:, :, None] & is_own[:, None, :] & reaches
    wanted = np.einsum("wkl,w->kl", takes, want)
    most = np.where(same_cooling[None], wanted[:, None, :], 0.0).max(axis=2, initial=0.0)
    return np.asarray(takes & (wanted > 0.0) & (wanted == most))


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
    of_age = vintage[:, None] + case.scenario.cascade.min_age_years
    comes = np.maximum(np.searchsorted(case.year, of_age), 0)
    now = np.arange(len(case.years))
    old_enough = (now >= comes) & (now <= comes + 1)
    leaves = (there & is_training[:, None])[..., None] & (alive & old_enough)
    arrives = enters[:, :, None, :] & _any_by(pool_rack, leaves)[:, pool_rack]
    return leaves & _any_by(pool_rack, arrives)[:, pool_rack], arrives


def _any_by(group: Codes, mask: Bools) -> Bools:
    """Return whether any entry of a group on the second axis is true, (first, group, ...)."""
    result = np.zeros((mask.shape[0], int(group.max(initial=0)) + 1, *mask.shape[2:]), np.bool_)
    for code in np.unique(group):
        result[:, code] = mask[:, group == code].any(axis=1)
    return result
