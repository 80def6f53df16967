"""Racks: figures of each type, topologies good enough for a workload, deliveries, index lists and coefficients."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.base.arrays import Record
from planner.base.units import KW_PER_MW, MW_PER_GW, USD_PER_MUSD
from planner.family.table_columns import any_along, bools, codes, dense_by_ids, floats, ints, mask_at, named_in, texts
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


class Quality:
    """Which topologies are available enough for every workload."""

    def __init__(self, case: ScopedCase) -> None:
        names, available = case.ids("redundancy"), floats(case.redundancy, "availability_pct")
        self.least = codes(case.workloads["redundancy_min"], names)  # least that a workload may have, (workload,)
        # redundancy that base-year racks of a workload are in, shape (workload,)
        self.placed = codes(case.workloads["placed_redundancy"], names)
        self.replaces: Bools = available[:, None] >= available  # as available as the other, (redundancy, redundancy)
        self.suffices = self.replaces.T[self.least]  # good enough for the workload, shape (workload, redundancy)
        self.allowed = named_in(case.scenario.halls.redundancy, names)  # new halls may have it, shape (redundancy,)
        for w in np.flatnonzero(~(self.suffices & self.allowed).any(axis=1)):
            case.findings.add_note(
                f"No topology of halls.redundancy is good enough for {case.ids('workloads')[w]}, which needs"
                f" {case.workloads['redundancy_min'].iloc[w]}: only existing halls, leased ones and rent serve it. Add"
                " a topology, or lower redundancy_min.",
                ("halls", "redundancy"),
            )


class RackFigures:
    """What a MW of each rack type is, costs and does."""

    def __init__(self, case: ScopedCase) -> None:
        racks, ids = case.racks, case.ids("racks")
        self.peak_kw = peak_kw = floats(racks, "peak_kw")  # as in table `racks`, shape (rack,)
        # Throughput at full work, shape (rack, duty); NaN where a rack cannot do the use. An H100e per kW is a kH100e
        # per MW.
        self.kh100e_per_mw = np.stack([floats(racks, f"{duty}_h100e") / peak_kw for duty in DUTIES], axis=1)
        self.net_utilisation = net_utilisation(case)  # mean utilisation less spare capacity, shape (workload,)
        # mean compute per MW, shape (workload, rack); NaN where the use is not for the rack. [kH100e/MW]
        self.throughput: Floats = self.kh100e_per_mw[:, case.duty].T * self.net_utilisation[:, None]
        at = codes(case.admitted["workload"], case.ids("workloads")), codes(case.admitted["rack"], ids)
        # whether a workload may buy a rack, shape (workload, rack)
        self.admits: Bools = mask_at(self.throughput.shape, at) & ~np.isnan(self.throughput)
        self.fits = _fits(case, peak_kw)  # whether a rack may be in a hall of a cooling, shape (rack, cooling)
        # overnight price with network and storage, in the year the money is of, shape (rack,); factor on it, (year,)
        capex_usd = floats(racks, "capex_usd") * (1.0 + floats(racks, "fabric_adder_frac"))
        self.capex_musd_per_mw = capex_usd * KW_PER_MW / USD_PER_MUSD / peak_kw
        self.capex_trend = trend_factor(case.finance_of("rack_price_real_trend", "world"), case.year)
        # floor, power at full work over nameplate, idle over busy power, shape (rack,)
        self.space_m2_per_mw = floats(racks, "space_m2") * KW_PER_MW / peak_kw
        self.busy_frac, self.idle_frac = floats(racks, "busy_frac"), floats(racks, "idle_frac")
        self.first_year, self.life_years = ints(racks, "first_year"), ints(racks, "life_years")
        self.may_buy = bools(racks, "may_buy")
        last = floats(racks, "last_year")
        # last year in which a rack is bought, shape (rack,); infinite for one sold without an end
        self.last_sale_year = np.where(~np.isnan(last) & case.scenario.racks.end_of_sale, last, np.inf)


def net_utilisation(case: ScopedCase) -> Floats:
    """Return the mean utilisation of racks in use, spare ones included. [workload]"""
    return np.asarray(floats(case.workloads, "utilisation_frac") / (1.0 + floats(case.workloads, "spare_frac")))


def _fits(case: ScopedCase, peak_kw: Floats) -> Bools:
    link = case.tables["rack_cooling"]
    link = link[link["rack"].isin(list(case.ids("racks")))]
    at = codes(link["rack"], case.ids("racks")), codes(link["cooling"], texts(case.cooling, "cooling"))
    fits = mask_at((len(case.racks), len(case.cooling)), at)
    return fits & (peak_kw[:, None] <= floats(case.cooling, "max_kw_per_rack"))


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


class RackSpace:
    """Deployments, pools and what can be done with them.

    A workload may have racks that it admits, bought, existing or moved from training where they
    are old enough, in every hall whose cooling they fit and that is operated at the topology that
    it needs, as every better hall may be. Racks of a use may change halls of their cooling at a
    site, so their pool is named by the least topology that its workloads need.
    """

    def __init__(
        self, case: ScopedCase, figures: RackFigures, halls: HallSpace, stock: Stock, racks: Bools, quality: Quality
    ) -> None:
        """Take `racks` (workload, rack, cooling, year)."""
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
        self.workload, self.rack, self.hall = workload, rack, hall  # codes of every deployment, shape (deployment,)
        keys, first, self.pool = np.unique(
            _pool_key(halls, rack, hall, case.duty[workload]), return_index=True, return_inverse=True
        )
        self.pool_rack, self.pool_duty = rack[first], case.duty[workload[first]]  # codes of every pool, shape (pool,)
        self.pool_hall = halls.pool_hall[self.pool_duty, hall[first]]

        def of_pools(of_deployment: Bools) -> Bools:
            """Whether it is so of any deployment, (site, pool, t)."""
            result = np.zeros((keys.size, *of_deployment.shape[::2]), dtype=np.bool_)
            np.logical_or.at(result, self.pool, of_deployment.transpose(1, 0, 2))
            return result.transpose(1, 0, 2)

        stands = halls.stands[:, hall, :]  # (s, deployment, t)
        buys = for_sale[workload, rack, hall]  # (deployment, t)
        self.install = of_pools(stands & buys)  # racks can be bought, shape (site, pool, year)

        # base-year racks by the year they were bought, shape (site, pool, stock vintage), and alive, by year. [MW]
        by_pool = np.zeros((keys.size, len(case.sites), stock.vintage.size))
        np.add.at(by_pool, np.searchsorted(keys, stock_pool), stock.share.T[:, :, None] * stock.mw[:, None, :])
        own = stock.stated
        is_known = np.isin(own_pool, keys)  # others are of a use that no workload has
        of_own = np.searchsorted(keys, own_pool[is_known])
        at = np.ix_(of_own, np.arange(len(case.sites)), np.searchsorted(stock.vintage, own.vintage))
        np.add.at(by_pool, at, own.mw.transpose(1, 0, 2)[is_known])
        self.stock_vintage_mw = by_pool.transpose(1, 0, 2)
        life_years = figures.life_years[self.pool_rack]
        stock_alive = alive_frac(stock.vintage[None, :], life_years[:, None], case.years)  # (pool, stock vintage, t)
        self.stock_mw: Floats = np.einsum("spv,pvt->spt", self.stock_vintage_mw, stock_alive)

        # calendar year of every vintage, those of the stock, then the model years, and last year in service, shape
        # (vintage,) and (vintage, rack)
        self.vintage = np.concatenate([stock.vintage, case.year])
        self.last_year = self.vintage[:, None] + figures.life_years[None, :] - 1
        there = np.concatenate([self.stock_vintage_mw > 0.0, self.install], axis=2)  # (s, p, v)
        last_of_pool = self.last_year[:, self.pool_rack].T[:, :, None]
        alive = (self.vintage[:, None] <= case.year) & (last_of_pool >= case.last_year)  # (p, v, t)
        takes = is_moved[workload, rack, hall][:, None]  # (deployment, 1)
        # racks can leave training and enter inference, shape (site, pool, vintage, year)
        self.move_out, self.move_in = self._moves(case, there, alive, of_pools(stands & takes))

        bought = any_along(self.install[..., None] & alive[None, :, -len(case.years) :], axis=2)
        moved = any_along(np.logical_or.accumulate(self.move_in, axis=3) & alive, axis=2)
        is_used = bought[:, self.pool] & any_along(buys, axis=1)[:, None]
        is_used |= (self.stock_mw > 0.0)[:, self.pool] & from_stock[workload, rack, hall][:, None]
        # racks can be in use, shape (site, deployment, year)
        self.used: Bools = (is_used | (moved[:, self.pool] & takes)) & stands
        # the workload would not buy such racks for such a hall, shape (deployment,)
        self.of_stock: Bools = ~(figures.admits[workload, rack] & is_own[workload, hall])

    def _moves(self, case: ScopedCase, there: Bools, alive: Bools, enters: Bools) -> tuple[Bools, Bools]:
        """Where racks can leave training and enter inference, (site, pool, vintage, year)."""
        is_training, rack = self.pool_duty == DUTIES.index("training"), self.pool_rack
        # Racks are handed on when they come of age or at the next occasion, not at any later time.
        comes = np.searchsorted(case.year, self.vintage[:, None] + case.scenario.cascade.min_age_years)
        now = np.arange(len(case.years))
        leaves = (there & is_training[:, None])[..., None] & (alive & ((now >= comes) & (now <= comes + 1)))
        arrives = enters[:, :, None, :] & _any_by(rack, leaves)[:, rack]
        return leaves & _any_by(rack, arrives)[:, rack], arrives

    def uses(self, name: str, sets: Sets, which: Bools) -> tuple[Index, tuple[Codes, ...]]:
        """List uses of racks under a mask (site, deployment, year); also give the pool of each with site and year."""
        s, d, t = np.nonzero(which)
        axes = (sets.site, sets.rack, sets.hall, sets.workload, sets.year)
        at = (s, self.rack[d], self.hall[d], self.workload[d], t)
        return Index.sparse(name, axes, at), (s, self.pool[d], t)

    def pools(self, name: str, sets: Sets, at: tuple[Codes, ...]) -> Index:
        """List pools by site, pool and year."""
        s, p, t = at
        axes = (sets.site, sets.rack, sets.hall, sets.duty, sets.year)
        return Index.sparse(name, axes, (s, self.pool_rack[p], self.pool_hall[p], self.pool_duty[p], t))

    def cohorts(self, name: str, axes: tuple[Axis, ...], at: tuple[Codes, ...]) -> Index:
        """List cohorts of racks by site, pool and vintage, and the year in which they move where it is given."""
        s, p, *when = at
        return Index.sparse(name, axes, (s, self.pool_rack[p], self.pool_hall[p], *when))


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


def _any_by(group: Codes, mask: Bools) -> Bools:
    """Return whether any entry of a group on the second axis is true, (first, group, ...)."""
    result = np.zeros((mask.shape[0], int(group.max(initial=0)) + 1, *mask.shape[2:]), np.bool_)
    for code in np.unique(group):
        result[:, code] = mask[:, group == code].any(axis=1)
    return result


class RackInputs(Record):
    """Rack types, deployments, cohorts."""

    def __init__(self, case: ScopedCase, sets: Sets, figures: RackFigures, racks: RackSpace, rates: Rates) -> None:
        site, rack, hall, year = sets.site, sets.rack, sets.hall, sets.year
        at = racks.rack, racks.hall, racks.workload
        self.deployment: Index = Index.sparse("deployment", (rack, hall, sets.workload), at)  # (rack, hall, workload)
        self._find_coefficients(case, figures, racks)
        self.used, of_used = racks.uses("used", sets, racks.used)  # (site, rack, hall, workload, year)
        fs, fp, ft = of_fleet = np.nonzero(mask_at(racks.stock_mw.shape, of_used) | racks.install)
        # (site, rack, hall, duty, year): pools used or bought for
        self.fleet: Index = racks.pools("fleet", sets, of_fleet)
        self.stock_mw: Floats = racks.stock_mw[fs, fp, ft]  # [fleet], alive stock that starts in this pool
        capex, tax = figures.capex_musd_per_mw, 1.0 + case.finance_by_site("sales_tax")
        # what such racks cost, for costs in full, [fleet]
        self.stock_capex_musd_per_mw: Floats = capex[racks.pool_rack[fp]] * tax[fs]
        self._find_stock_only(sets, racks)
        bs, bp, bt = of_install = np.nonzero(racks.install)
        self.install: Index = racks.pools("install", sets, of_install)  # (site, rack, hall, duty, year)
        # overnight incl. fabric and storage, [install]
        self.install_capex_musd_per_mw: Floats = capex[racks.pool_rack[bp]] * tax[bs] * figures.capex_trend[bt]
        is_whole = np.full(self.install.size, case.scenario.racks.whole)
        self.lot: Index = self.install.select(is_whole, "lot")  # (site, rack, hall, duty, year): purchases in integers
        self.peak_kw = figures.peak_kw  # [rack]
        # nameplate of one rack, [lot]
        self.lot_rack_mw: Floats = figures.peak_kw[racks.pool_rack[bp]][is_whole] / KW_PER_MW
        upkeep = case.item("facility_cost", "it_maintenance", "1/year of IT capex")
        # per MW in use, [rack]
        self.it_maintenance_musd_per_mw_year: Floats = (upkeep + case.finance_of("insurance", "world")) * capex
        self.life_years = figures.life_years  # [rack]
        self._find_cohorts(sets, racks)
        moves = (site, rack, hall, sets.vintage, year)  # leaving training, and entering inference
        self.move_out: Index = racks.cohorts("move_out", moves, np.nonzero(racks.move_out))
        self.move_in: Index = racks.cohorts("move_in", moves, np.nonzero(racks.move_in))
        self.vintage_last_year = racks.last_year  # [vintage, rack] last calendar year in service
        self.move_cost_musd_per_mw: float = case.scenario.cascade.cost_usd_per_kw * KW_PER_MW / USD_PER_MUSD
        companion_capex = case.item("facility_cost", "companion_capex", "USD/kW IT") * KW_PER_MW / USD_PER_MUSD
        companion_life = case.item("facility_cost", "companion_life", "years")
        # yearly payment for companions, per MW of them
        self.companion_musd_per_mw_year = float(
            annuity_payment(companion_capex, rates.of_asset["rack"], companion_life)
        )
        limit = delivery_limit_mw(case)
        limited = np.nonzero(np.isfinite(limit))
        self.delivery: Index = Index.sparse("delivery", (sets.vendor, year), limited)  # (vendor, year) with a limit
        self.delivery_limit_mw: Floats = limit[limited]  # [delivery]

    def _find_coefficients(self, case: ScopedCase, figures: RackFigures, racks: RackSpace) -> None:
        """Find what a MW of racks in use does and takes, all [deployment]."""
        k, w = racks.rack, racks.workload
        busy, idle = figures.busy_frac[k], figures.idle_frac[k]
        self.throughput_kh100e_per_mw: Floats = figures.throughput[w, k]  # mean: throughput x utilisation / spare
        self.companion_mw_per_mw: Floats = floats(case.workloads, "companion_frac")[w]
        self.hall_mw_per_mw: Floats = case.scenario.halls.diversity_frac + self.companion_mw_per_mw
        self.space_m2_per_mw: Floats = figures.space_m2_per_mw[k]
        # IT power whatever the load, companions included; mean IT power that follows the load; the share of it that
        # may wait. Spare racks idle.
        companion_load = case.item("facility_cost", "companion_load", "kW/kW")
        self.idle_mw_per_mw: Floats = busy * idle + self.companion_mw_per_mw * companion_load
        self.dynamic_mw_per_mw: Floats = busy * (1.0 - idle) * figures.net_utilisation[w]
        self.deferrable_frac: Floats = floats(case.workloads, "deferrable_frac")[w]

    def _find_stock_only(self, sets: Sets, racks: RackSpace) -> None:
        """Find uses of racks that a workload would not buy, where pools hold other racks than stock too."""
        grows = any_along(racks.install, 2) | any_along(racks.move_in, (2, 3))  # (site, pool)
        is_such = (racks.used & racks.of_stock[:, None]) & grows[:, racks.pool][:, :, None]
        self.stock_only, of_uses = racks.uses("stock_only", sets, is_such)  # (site, rack, hall, workload, year)
        at = np.nonzero(mask_at(racks.stock_mw.shape, of_uses))
        self.stock_only_group: Index = racks.pools("stock_only_group", sets, at)  # (site, rack, hall, duty, year)
        self.stock_only_mw: Floats = racks.stock_mw[at]  # [stock_only_group], their common limit

    def _find_cohorts(self, sets: Sets, racks: RackSpace) -> None:
        """Find training racks that may move, and how many of them exist in the base year."""
        s, p, v = at = np.nonzero(racks.move_out.any(axis=3))
        axes = (sets.site, sets.rack, sets.hall, sets.vintage)
        self.cohort: Index = racks.cohorts("cohort", axes, at)  # (site, rack, hall, vintage)
        n_stock = racks.stock_vintage_mw.shape[2]
        # stock in it; 0 for cohorts of new racks, [cohort]
        self.cohort_stock_mw = np.where(v < n_stock, racks.stock_vintage_mw[s, p, np.minimum(v, n_stock - 1)], 0.0)
