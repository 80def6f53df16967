"""Halls, blocks of sites, and work that moves between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.base.units import KW_PER_MW
from planner.family.table_columns import sum_at
from planner.lp.index import distinct
from planner.results.store import cleaned, listed, total_by, words

if TYPE_CHECKING:
    from planner.base.arrays import Floats
    from planner.results.solved import SolvedModel
    from planner.results.store import Cells

# --- Tables of sites and halls: names, builds, retrofits, leases, what is usable and stranded -----


def sites(s: SolvedModel) -> dict[str, Cells]:
    """Make table `sites`: names and places."""
    sets, given, over = s.p.sets, s.p.sites, s.p.halls.hall
    table = given.table.set_index("site").loc[list(sets.site.labels)]
    by_hall = sum_at((len(sets.site), len(sets.hall), s.years), over.codes, s.p.halls.existing_mw)
    change = np.diff(by_hall, axis=2)  # of existing halls after the first year, by design
    racks_mw = s.by_place(s.p.racks.fleet, s.p.racks.stock_mw)
    return {
        "site": list(sets.site.labels),
        **{name: table[name].to_numpy() for name in ("name", "country", "region", "lat", "lon")},
        "zone": words(sets.zone, sets.site_zone),
        "market": words(sets.market, sets.site_market),
        "is_existing": given.is_existing,
        "existing_halls_mw": by_hall[:, :, 0].sum(axis=1),
        "coming_halls_mw": np.maximum(change, 0.0).sum(axis=(1, 2)),
        "ending_halls_mw": np.maximum(-change, 0.0).sum(axis=(1, 2)),
        "existing_racks_mw": racks_mw[:, 0],
        "land_limit_mw": given.land_limit_mw,
        "opening_musd": np.where(given.is_existing, 0.0, given.opening_musd),
    }


def builds(s: SolvedModel) -> dict[str, Cells]:
    """Make table `builds`: hall capacity commissioned."""
    given, mw = s.p.halls, s.value(s.model.build)
    money = given.build_capex_musd_per_mw * mw
    return s.listed(given.build, mw, built_mw=mw, service_start=given.build_start, overnight_musd=money)


def retrofits(s: SolvedModel) -> dict[str, Cells]:
    """Make table `retrofits`: hall capacity turned to another design."""
    given, mw = s.p.halls, s.value(s.model.retrofit)
    gained, money = given.retrofit_capacity_frac * mw, given.retrofit_capex_musd_per_mw * mw
    return listed(given.retrofit, mw, retrofitted_mw=mw, gained_mw=gained, overnight_musd=money)


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
    over, racks, used, terms = s.p.halls.hall, s.p.racks, s.p.racks.used, s.model.halls
    hall_of_use = over.find(used)
    usable_mw, operated_mw, for_racks_mw = map(s.value, (terms.usable_mw, terms.operated_mw, terms.for_racks_mw))
    used_mw = total_by(hall_of_use, s.per_mw_in_service(racks.hall_mw_per_mw), over.size)
    floor_m2 = operated_mw * KW_PER_MW / s.p.halls.density_kw_per_m2[over["hall"]]
    used_m2 = total_by(hall_of_use, s.per_mw_in_service(racks.space_m2_per_mw), over.size)
    stranded_mw, stranded_m2 = stranded(for_racks_mw, used_mw, floor_m2, used_m2)
    return s.listed(
        over,
        (usable_mw != 0.0) | (operated_mw != 0.0),
        existing_mw=s.p.halls.existing_mw,
        leased_mw=s.value(s.model.lease.on(over, missing="zero")),
        usable_mw=usable_mw,
        operated_mw=operated_mw,
        free_mw=operated_mw - for_racks_mw,
        used_mw=used_mw,
        spare_power_mw=spare_power_mw(s),
        stranded_power_mw=stranded_mw,
        floor_m2=floor_m2,
        used_m2=used_m2,
        spare_floor_m2=cleaned(np.maximum(floor_m2 - used_m2, 0.0)),
        stranded_floor_m2=stranded_m2,
    )


def spare_power_mw(s: SolvedModel) -> Floats:
    """Return the power that racks may still take. [hall design of a site and year, MW]"""
    over, drawn_mw = s.p.halls.hall, s.per_mw_in_service(s.p.racks.hall_mw_per_mw)
    used_mw = total_by(over.find(s.p.racks.used), drawn_mw, over.size)
    return cleaned(np.maximum(s.value(s.model.halls.for_racks_mw) - used_mw, 0.0))


def stranded(for_racks_mw: Floats, used_mw: Floats, floor_m2: Floats, used_m2: Floats) -> tuple[Floats, Floats]:
    r"""Return the power and floor that stay empty when a hall is filled with the mix it has. [MW], [m2]

    .. math:: e = \min\left(\frac{H}{h}, \frac{A}{a}\right), \qquad H - e h, \qquad A - e a

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


def leads(s: SolvedModel) -> pd.DataFrame:
    """Make table `leads`: when a decision of the first day enters service, and why then."""
    return s.p.halls.lead.reset_index(drop=True)


# --- Tables of work that moves between sites ------------------------------------------------------


def migration(s: SolvedModel) -> dict[str, Cells]:
    """Make table `migration`: work that may move, where and when it is due and done."""
    p, over = s.p.migration, s.p.migration.balance
    due_mw, done_mw = _due_and_done_mw(s)
    reach, block = (words(over.axis(name), over[name][p.balance_of_work]) for name in ("reach", "slot"))
    there = (due_mw != 0.0) | (done_mw != 0.0)
    return listed(p.work, there, reach=reach, block=block, due_mw=due_mw, done_mw=done_mw)


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
    given, sets, over = s.p.sites, s.p.sets, s.p.sites.site_year
    site, year = over["site"], over["year"]
    share = s.value(s.model.open)
    first = np.full(len(sets.site), len(sets.year))
    np.minimum.at(first, site[share > 0.0], year[share > 0.0])
    rows = np.flatnonzero((year == len(sets.year) - 1) & ~given.is_existing[site] & (share > 0.0))
    at = site[rows]
    opened = s.by_place(over, s.value(s.model.opened)).sum(axis=1)
    return {
        "site": sets.site.texts[at],
        "name": given.table.set_index("site").loc[list(sets.site.labels), "name"].to_numpy()[at],
        "year": np.asarray(s.p.years.years)[first[at]],
        "open_frac": share[rows],
        "halls_mw": s.value(s.model.halls.stands_mw)[rows],
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
    given, terms = s.p.siting, s.model.siting
    used_mw, shared_mw = s.value(terms.in_block_mw), s.value(terms.shared_block_mw)
    return listed(given.block, used_mw, used_mw=used_mw, shared_mw=shared_mw, block_mw=given.block_mw)


# --- Tables of racks: what is in use, what there is, what is bought and moved ----------------------


def plan(s: SolvedModel) -> dict[str, Cells]:
    """Make table `plan`: racks in service by site, type, hall, workload and year."""
    used = s.p.racks.used
    return s.listed(
        used,
        s.in_service_mw,
        used_mw=s.used_mw,
        standby_mw=s.standby_mw,
        racks=s.in_service_mw * KW_PER_MW / s.p.racks.peak_kw[used["rack"]],
        companion_mw=s.per_mw_in_service(s.p.racks.companion_mw_per_mw),
        load_kh100e=s.load_of_use_kh100e,
    )


def fleet(s: SolvedModel) -> dict[str, Cells]:
    """Make table `fleet`: racks alive, in use, standing by and parked by pool."""
    pools, alive_mw = s.p.racks.fleet, s.value(s.model.alive)
    used_mw, standby_mw = (total_by(s.model.pool_of_used, mw, pools.size) for mw in (s.used_mw, s.standby_mw))
    parts = {"used_mw": used_mw, "standby_mw": standby_mw, "parked_mw": parked_mw(s)}
    return listed(pools, alive_mw, alive_mw=alive_mw, stock_mw=s.p.racks.stock_mw, **parts)


def parked_mw(s: SolvedModel) -> Floats:
    """Return the racks that are alive and neither in use nor standing by, but for tolerance. [pool of racks, MW]"""
    in_service_mw = total_by(s.model.pool_of_used, s.in_service_mw, s.p.racks.fleet.size)
    return cleaned(np.maximum(s.value(s.model.alive) - in_service_mw, 0.0))


def installs(s: SolvedModel) -> dict[str, Cells]:
    """Make table `installs`: racks bought."""
    racks, mw = s.p.racks, s.value(s.model.install)
    count, money = mw * KW_PER_MW / racks.peak_kw[racks.install["rack"]], racks.install_capex_musd_per_mw * mw
    return listed(racks.install, mw, installed_mw=mw, racks=count, overnight_musd=money)


def moves(s: SolvedModel) -> pd.DataFrame:
    """Make table `moves`: cohorts that leave training and enter inference."""
    parts = {"out": s.model.move_out, "in": s.model.move_in}
    moved = ((way, of.over, s.value(of)) for way, of in parts.items())
    frames = [pd.DataFrame(listed(over, mw, moved_mw=mw)).assign(direction=way) for way, over, mw in moved]
    return pd.concat(frames, ignore_index=True)
