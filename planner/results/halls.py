"""Halls, blocks of sites, and work that moves between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.base.units import KW_PER_MW
from planner.lp.index import distinct
from planner.results.store import cleaned, labels, listed, total_by, words

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.base.arrays import Floats
    from planner.lp import Index, Variable
    from planner.results.solved import SolvedModel
    from planner.results.store import Cells

# --- Tables of sites and halls: names, builds, retrofits, leases, what is usable and stranded -----


def sites(s: SolvedModel) -> dict[str, Cells]:
    """Make table `sites`: names and places."""
    sets, given = s.p.sets, s.p.sites
    table = given.table.set_index("site").loc[list(sets.site.labels)]
    halls_mw = _by_site_year(s, s.p.halls.hall, s.p.halls.existing_mw)
    come_mw, end_mw = _changes_mw(s)
    racks_mw = _by_site_year(s, s.p.racks.fleet, s.p.racks.stock_mw)
    place = {name: table[name].to_numpy() for name in ("name", "country", "region", "lat", "lon")}
    return {
        "site": list(sets.site.labels),
        **place,
        "zone": words(sets.zone, sets.site_zone),
        "market": words(sets.market, sets.site_market),
        "is_existing": given.is_existing,
        "existing_halls_mw": halls_mw[:, 0],
        "coming_halls_mw": come_mw,
        "ending_halls_mw": end_mw,
        "existing_racks_mw": racks_mw[:, 0],
        "land_limit_mw": given.land_limit_mw,
        "opening_musd": np.where(given.is_existing, 0.0, given.opening_musd),
    }


def _changes_mw(s: SolvedModel) -> tuple[Floats, Floats]:
    """Existing halls that begin and end after the first year, by design, shape (site,). [MW]"""
    sets, over = s.p.sets, s.p.halls.hall
    mw = np.zeros((len(sets.site), len(sets.hall), len(sets.year)))
    mw[over.codes] = s.p.halls.existing_mw
    change = np.diff(mw, axis=2)
    return np.maximum(change, 0.0).sum(axis=(1, 2)), np.maximum(-change, 0.0).sum(axis=(1, 2))


def _by_site_year(s: SolvedModel, over: Index, mw: Floats) -> Floats:
    """Sum power by site and year, shape (site, year). [MW]"""
    total = np.zeros((len(s.p.sets.site), len(s.p.sets.year)))
    np.add.at(total, (over["site"], over["year"]), mw)
    return total


def builds(s: SolvedModel) -> dict[str, Cells]:
    """Make table `builds`: hall capacity commissioned."""
    over, given = s.p.halls.build, s.p.halls
    mw = s.value(s.model.build)
    rows = np.flatnonzero(mw)
    return {
        **labels(over, rows),
        **_design(s, over["hall"][rows]),
        "built_mw": mw[rows],
        "service_start": given.build_start[rows],
        "overnight_musd": (given.build_capex_musd_per_mw * mw)[rows],
    }


def retrofits(s: SolvedModel) -> dict[str, Cells]:
    """Make table `retrofits`: hall capacity turned to another design."""
    over, given = s.p.halls.retrofit, s.p.halls
    mw = s.value(s.model.retrofit)
    rows = np.flatnonzero(mw)
    return {
        **labels(over, rows),
        "retrofitted_mw": mw[rows],
        "gained_mw": (given.retrofit_capacity_frac * mw)[rows],
        "overnight_musd": (given.retrofit_capex_musd_per_mw * mw)[rows],
    }


def leases(s: SolvedModel) -> dict[str, Cells]:
    """Make table `leases`: hall capacity leased."""
    mw = s.value(s.model.lease)
    return listed(s.p.halls.lease, mw, leased_mw=mw, rent_musd=s.p.halls.lease_musd_per_mw_year * mw)


def operated(s: SolvedModel) -> dict[str, Cells]:
    """Make table `operated`: halls operated as others of a less available topology."""
    mw = s.value(s.model.operate)
    return listed(s.p.halls.operate, mw, operated_mw=mw)


def halls(s: SolvedModel) -> dict[str, Cells]:
    """Make table `halls`: power and floor that is usable, taken, spare and stranded."""
    over, racks, used = s.p.halls.hall, s.p.racks, s.p.racks.used
    hall_of_use = over.find(used)
    usable_mw = s.value(s.model.halls.usable_mw)
    operated_mw = s.value(s.model.halls.operated_mw)
    used_mw = total_by(hall_of_use, s.per_mw_in_service(racks.hall_mw_per_mw), over.size)
    floor_m2 = operated_mw * KW_PER_MW / s.p.halls.density_kw_per_m2[over["hall"]]
    used_m2 = total_by(hall_of_use, s.per_mw_in_service(racks.space_m2_per_mw), over.size)
    rows = np.flatnonzero((usable_mw != 0.0) | (operated_mw != 0.0))
    for_racks_mw, spare_mw = s.value(s.model.halls.for_racks_mw), spare_power_mw(s)
    stranded_mw, stranded_m2 = stranded(for_racks_mw, used_mw, floor_m2, used_m2)
    return {
        **labels(over, rows),
        **_design(s, over["hall"][rows]),
        "existing_mw": s.p.halls.existing_mw[rows],
        "leased_mw": s.value(s.model.lease.on(over, missing="zero"))[rows],
        "usable_mw": usable_mw[rows],
        "operated_mw": operated_mw[rows],
        "free_mw": (operated_mw - for_racks_mw)[rows],
        "used_mw": used_mw[rows],
        "spare_power_mw": spare_mw[rows],
        "stranded_power_mw": stranded_mw[rows],
        "floor_m2": floor_m2[rows],
        "used_m2": used_m2[rows],
        "spare_floor_m2": cleaned(np.maximum(floor_m2 - used_m2, 0.0))[rows],
        "stranded_floor_m2": stranded_m2[rows],
    }


def spare_power_mw(s: SolvedModel) -> Floats:
    """Return the power that racks may still take. [hall design of a site and year, MW]"""
    over, drawn_mw = s.p.halls.hall, s.per_mw_in_service(s.p.racks.hall_mw_per_mw)
    used_mw = total_by(over.find(s.p.racks.used), drawn_mw, over.size)
    return cleaned(np.maximum(s.value(s.model.halls.for_racks_mw) - used_mw, 0.0))


def stranded(for_racks_mw: Floats, used_mw: Floats, floor_m2: Floats, used_m2: Floats) -> tuple[Floats, Floats]:
    r"""Return the power and floor that stay empty when a hall is filled with the mix it has.

    .. math:: e = \min\left(\frac{H}{h}, \frac{A}{a}\right), \qquad H - e h, \qquad A - e a
    Takes `floor_m2` [m2], `used_m2` [m2]. Gives [MW].

    Racks take half of the power on four fifths of the floor, so a quarter more fits:

    >>> power, floor = stranded(*(np.array([x]) for x in (12.0, 6.0, 500.0, 400.0)))
    >>> power.tolist(), floor.tolist()
    ([4.5], [0.0])
    """
    is_used = (used_mw > 0.0) & (used_m2 > 0.0)
    by_power = for_racks_mw / np.where(is_used, used_mw, 1.0)
    by_floor = floor_m2 / np.where(is_used, used_m2, 1.0)
    fill = np.minimum(by_power, by_floor)
    return (
        np.where(is_used & (by_floor < by_power), for_racks_mw - fill * used_mw, 0.0),
        np.where(is_used & (by_power < by_floor), floor_m2 - fill * used_m2, 0.0),
    )


def leads(s: SolvedModel) -> dict[str, Cells]:
    """Make table `leads`: when a decision of the first day enters service, and why then."""
    lead = s.p.halls.lead
    return {str(name): lead[name].to_numpy() for name in lead}


def _design(s: SolvedModel, hall: NDArray[np.integer]) -> dict[str, Cells]:
    sets = s.p.sets
    return {
        "cooling": words(sets.cooling, sets.hall_cooling[hall]),
        "redundancy": words(sets.redundancy, sets.hall_redundancy[hall]),
    }


# --- Tables of work that moves between sites ------------------------------------------------------


def migration(s: SolvedModel) -> dict[str, Cells]:
    """Make table `migration`: work that may move, where and when it is due and done."""
    p = s.p.migration
    due_mw, done_mw = _due_and_done_mw(s)
    rows = np.flatnonzero((due_mw != 0.0) | (done_mw != 0.0))
    block = p.balance_of_work[rows]
    return {
        **labels(p.work, rows),
        "reach": words(p.balance.axis("reach"), p.balance["reach"][block]),
        "block": words(p.balance.axis("slot"), p.balance["slot"][block]),
        "due_mw": due_mw[rows],
        "done_mw": done_mw[rows],
    }


def migration_site(s: SolvedModel) -> dict[str, Cells]:
    """Make table `migration_site`: how much work of a workload a site takes and gives in a year."""
    p = s.p.migration
    due_mw, done_mw = _due_and_done_mw(s)
    hours = s.weight_h[p.work["slot"]]
    over = distinct(p.work, "site", "workload", "year")
    place = over.find(p.work)
    # Between halls of a site, and within a block, work is deferred rather than moved.
    moved_mwh = total_by(p.site_block_of_work, (done_mw - due_mw) * hours, p.site_block.size)
    of_block = over.find(p.site_block)
    arrived, left = (cleaned(total_by(of_block, np.maximum(sign * moved_mwh, 0.0), over.size)) for sign in (1.0, -1.0))
    due, done = (total_by(place, mw * hours, over.size) for mw in (due_mw, done_mw))
    return listed(over, (due != 0.0) | (done != 0.0), due_mwh=due, done_mwh=done, arrived_mwh=arrived, left_mwh=left)


def _due_and_done_mw(s: SolvedModel) -> tuple[Floats, Floats]:
    """IT power of the work, as it falls due and as it is done. [work]"""
    terms = s.model.migration
    return s.value(terms.due_mw), s.value(terms.done_mw)


# --- Tables of what is whole: sites opened, phases of halls, blocks of a workload -----------------


def openings(s: SolvedModel) -> dict[str, Cells]:
    """Make table `openings`: new sites that are open at the end, and what opening costs."""
    given, sets = s.p.sites, s.p.sets
    site, year = given.site_year["site"], given.site_year["year"]
    share, halls_mw = s.value(s.model.open), s.value(s.model.halls.stands_mw)
    is_last = (year == len(sets.year) - 1) & ~given.is_existing[site] & (share > 0.0)
    rows = np.flatnonzero(is_last)
    at = site[rows]
    first = np.full(len(sets.site), len(sets.year))
    np.minimum.at(first, site[share > 0.0], year[share > 0.0])
    calendar = np.asarray(s.p.years.years)
    name = given.table.set_index("site").loc[list(sets.site.labels), "name"].to_numpy()
    opened = np.zeros(len(sets.site))
    np.add.at(opened, site, s.value(s.model.opened))
    return {
        "site": sets.site.texts[at],
        "name": name[at],
        "year": calendar[first[at]],
        "open_frac": share[rows],
        "halls_mw": halls_mw[rows],
        "minimum_size_mw": given.minimum_mw[at],
        "opening_musd": (given.opening_musd * opened)[at],
        "fixed_musd": given.fixed_musd_per_year[at] * share[rows],
    }


def phases(s: SolvedModel) -> dict[str, Cells]:
    """Make table `phases`: new halls that come in phases."""
    given = s.p.siting
    count = np.round(s.value(s.model.siting.phases)).astype(np.int64)
    built_mw = s.value(s.model.build.on(given.phase))
    return listed(given.phase, count, phases=count, phase_mw=given.phase_mw, built_mw=built_mw)


def blocks(s: SolvedModel) -> dict[str, Cells]:
    """Make table `blocks`: racks of workloads that need a block."""
    given = s.p.siting
    used_mw = s.value(s.model.siting.in_block_mw)
    rows = np.flatnonzero(used_mw)
    return {
        **labels(given.block, rows),
        "used_mw": used_mw[rows],
        "shared_mw": s.value(s.model.siting.shared_block_mw)[rows],
        "block_mw": given.block_mw[rows],
    }


# --- Tables of racks: what is in use, what there is, what is bought and moved ----------------------


def plan(s: SolvedModel) -> dict[str, Cells]:
    """Make table `plan`: racks in service by site, type, hall, workload and year."""
    used, sets = s.p.racks.used, s.p.sets
    rows = np.flatnonzero(s.in_service_mw)
    hall, workload = used["hall"][rows], used["workload"][rows]
    return {
        **labels(used, rows),
        "cooling": words(sets.cooling, sets.hall_cooling[hall]),
        "redundancy": words(sets.redundancy, sets.hall_redundancy[hall]),
        "duty": words(sets.duty, sets.workload_duty[workload]),
        "used_mw": s.used_mw[rows],
        "standby_mw": s.standby_mw[rows],
        "racks": s.in_service_mw[rows] * KW_PER_MW / s.p.racks.peak_kw[used["rack"][rows]],
        "companion_mw": s.per_mw_in_service(s.p.racks.companion_mw_per_mw)[rows],
        "load_kh100e": s.load_of_use_kh100e[rows],
    }


def fleet(s: SolvedModel) -> dict[str, Cells]:
    """Make table `fleet`: racks alive, in use, standing by and parked by pool."""
    pools, pool = s.p.racks.fleet, s.model.pool_of_used
    alive_mw = s.value(s.model.alive)
    used_mw = total_by(pool, s.used_mw, pools.size)
    standby_mw = total_by(pool, s.standby_mw, pools.size)
    rows = np.flatnonzero(alive_mw)
    return {
        **labels(pools, rows),
        "alive_mw": alive_mw[rows],
        "stock_mw": s.p.racks.stock_mw[rows],
        "used_mw": used_mw[rows],
        "standby_mw": standby_mw[rows],
        "parked_mw": parked_mw(s)[rows],
    }


def parked_mw(s: SolvedModel) -> Floats:
    """Return the racks that are alive and neither in use nor standing by. [pool of racks, MW]

    The solver's tolerance may use a trace more than there is; nothing is parked then.
    """
    in_service_mw = total_by(s.model.pool_of_used, s.in_service_mw, s.p.racks.fleet.size)
    return cleaned(np.maximum(s.value(s.model.alive) - in_service_mw, 0.0))


def installs(s: SolvedModel) -> dict[str, Cells]:
    """Make table `installs`: racks bought."""
    over, racks = s.p.racks.install, s.p.racks
    mw = s.value(s.model.install)
    rows = np.flatnonzero(mw)
    return {
        **labels(over, rows),
        "installed_mw": mw[rows],
        "racks": mw[rows] * KW_PER_MW / racks.peak_kw[over["rack"][rows]],
        "overnight_musd": (racks.install_capex_musd_per_mw * mw)[rows],
    }


def moves(s: SolvedModel) -> dict[str, Cells]:
    """Make table `moves`: cohorts that leave training and enter inference."""
    leaving, entering = _moved(s, s.model.move_out), _moved(s, s.model.move_in)
    direction = np.repeat(["out", "in"], [len(leaving["year"]), len(entering["year"])])
    both: dict[str, Cells] = {
        name: np.concatenate((np.asarray(leaving[name]), np.asarray(entering[name]))) for name in leaving
    }
    return {**both, "direction": direction}


def _moved(s: SolvedModel, decision: Variable) -> dict[str, NDArray[np.generic]]:
    mw = s.value(decision)
    rows = np.flatnonzero(mw)
    columns = {name: np.asarray(cells) for name, cells in labels(decision.over, rows).items()}
    return {**columns, "moved_mw": mw[rows]}
