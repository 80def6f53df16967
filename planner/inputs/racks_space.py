"""Which racks can be used for which workload in which halls, sites and years.

Dense masks over (site, deployment or pool, year) are made once; index lists are their true
entries. A deployment is (rack, hall design, class). A pool is (rack, cooling, duty), by the name of
one design of that cooling.
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
    place = np.searchsorted(keys, stock_pool)
    np.add.at(by_pool, place, stock.share.T[:, :, None] * stock.mw[:, None, :])
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
    may = np.zeros((len(case.workloads), figures.life_years.size, halls.cooling.size), np.bool_)
    is_there = np.isin(_pool_key(halls, rack, hall, case.duty[workload]), keys_there)
    may[workload[is_there], rack[is_there], hall[is_there]] = True
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
