"""Tables of what the outage of a site would mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.base.units import H100E_PER_KH100E, HOURS_PER_YEAR, USD_PER_MUSD
from planner.inputs.axes import ANYWHERE
from planner.lp.index import distinct, locate
from planner.results.store import cleaned, labels, ratio, result_table, total_by, words

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from planner.base.arrays import Floats
    from planner.results.solved import SolvedModel


def reserve(s: SolvedModel) -> pd.DataFrame:
    """Make table `reserve`: what each site can take over from another."""
    over, standby = s.p.failover.reserve, s.p.failover.standby
    racks, m = s.p.racks, s.model
    mw = s.value(m.failover.standby_mw)
    place, deployment = over.find(standby), racks.deployment.find(standby)
    standby_mw = total_by(place, mw, over.size)
    rows = np.flatnonzero(standby_mw)
    return result_table(
        "reserve",
        {
            **labels(over, rows),
            "load_kh100e": s.value(m.load.on(over))[rows],
            "reserve_kh100e": s.value(m.failover.reserve)[rows],
            "standby_mw": standby_mw[rows],
            "idle_mw": total_by(place, racks.idle_mw_per_mw[deployment] * mw, over.size)[rows],
            "called_mw": _called_mw(s)[rows],
        },
    )


def _called_mw(s: SolvedModel) -> Floats:
    """Return the power each reserve would add in the worst time slice of the peak day. [reserve]"""
    over, terms = s.p.failover.standby, s.model.failover
    peak = np.unique(s.p.failover.power["slot"])
    every = np.arange(over.size)
    reserve, size = s.p.failover.reserve.find(over), s.p.failover.reserve.size
    mw = s.value(terms.standby_mw)
    worst = np.zeros(size)
    for slot in peak:
        per_mw = terms.called_mw_per_mw(every, np.full(over.size, slot))
        worst = np.maximum(worst, total_by(reserve, per_mw * mw, size))
    return worst


def failures(s: SolvedModel) -> pd.DataFrame:
    """Make table `failures`: what becomes of the work of each site, were it lost."""
    found = s.outages
    over = distinct(found.service, "site", "workload", "year", name="failures")
    place = over.find(found.service)
    of_arc = place[found.of_service]
    load = total_by(place, found.kh100e, over.size)
    taken_kh100e = cleaned(found.taken_kh100e)
    taken = total_by(of_arc, taken_kh100e, over.size)
    takers = _rows_of_takers(s)
    pairs = np.unique(np.stack([of_arc[takers], found.reserve[takers]], axis=1), axis=0)  # of a failure and a reserve
    before, after = _rtt_ms(s)
    return result_table(
        "failures",
        {
            **labels(over),
            "load_kh100e": load,
            "taken_kh100e": taken,
            "unserved_kh100e": cleaned(total_by(place, found.unserved_kh100e, over.size)),
            "standby_sites": np.bincount(pairs[:, 0], minlength=over.size),
            "mean_rtt_ms": _mean_ms(place, found.kh100e, before, over.size),
            "failover_rtt_ms": _mean_ms(of_arc, taken_kh100e, after, over.size),
        },
    )


def _mean_ms(place: NDArray[np.intp], kh100e: Floats, rtt_ms: Floats, size: int) -> Floats:
    """Return mean round trips, over the users whose place makes a difference."""
    timed = np.where(np.isnan(rtt_ms), 0.0, kh100e)
    return ratio(total_by(place, timed * np.nan_to_num(rtt_ms), size), total_by(place, timed, size))


def takeovers(s: SolvedModel) -> pd.DataFrame:
    """Make table `takeovers`: who takes over how much of whose work."""
    found, over = s.outages, s.p.failover.reserve
    rows = _rows_of_takers(s)
    lost = labels(found.service, found.of_service[rows])
    return result_table(
        "takeovers",
        {
            **lost,
            "standby": words(s.p.sets.site, over["site"][found.reserve[rows]]),
            "taken_kh100e": found.taken_kh100e[rows],
            "rtt_ms": _rtt_ms(s)[1][rows],
        },
    )


def _rows_of_takers(s: SolvedModel) -> NDArray[np.intp]:
    return np.flatnonzero(cleaned(s.outages.taken_kh100e))


def _rtt_ms(s: SolvedModel) -> tuple[Floats, Floats]:
    """Return round trips of services, and of what takes them over; nan for placeless workloads."""
    found, demand = s.outages, s.p.demand
    service = found.service
    placeless = service.labels("region") == ANYWHERE
    before = np.where(placeless, np.nan, demand.route_rtt_ms[demand.route.find(service)])
    at = found.of_service
    by = locate(
        demand.route, service["region"][at], service["workload"][at], s.p.failover.reserve["site"][found.reserve]
    )
    return before, np.where(placeless[at], np.nan, demand.route_rtt_ms[by])


def resilience(s: SolvedModel) -> pd.DataFrame:
    """Make table `resilience`: how much reserve workloads need, and what it is worth."""
    p, m, found = s.p.failover, s.model, s.outages
    over = distinct(p.reserve, "workload", "year", name="resilience")
    loads = s.p.demand.load
    of_load = over.find(loads)
    mine = np.flatnonzero(of_load >= 0)
    load_kh100e = s.value(m.load)[mine]
    load = total_by(of_load[mine], load_kh100e, over.size)
    largest = np.zeros(over.size)
    np.maximum.at(largest, of_load[mine], load_kh100e)
    reserve_kh100e = s.value(m.failover.reserve)
    total = total_by(over.find(p.reserve), reserve_kh100e, over.size)
    standby = total_by(over.find(p.standby), s.value(m.failover.standby_mw), over.size)
    failure = distinct(found.service, "site", "workload", "year")
    unserved = cleaned(total_by(failure.find(found.service), found.unserved_kh100e, failure.size))
    worst = np.zeros(over.size)
    np.maximum.at(worst, over.find(failure), unserved)
    value = _value_musd(s, reserve_kh100e)
    by_class = np.full(over.size, np.nan)
    if value is not None:
        by_class = total_by(over.find(p.reserve), value, over.size)
    hours = load * H100E_PER_KH100E * HOURS_PER_YEAR
    return result_table(
        "resilience",
        {
            **labels(over),
            "load_kh100e": load,
            "largest_load_kh100e": largest,
            "reserve_kh100e": total,
            "reserve_frac": ratio(total, load),
            "standby_mw": standby,
            "unserved_kh100e": worst,
            "value_musd": by_class,
            "value_usd_per_h100e_hour": ratio(by_class * USD_PER_MUSD, hours),
        },
    )


def _value_musd(s: SolvedModel, reserve_kh100e: Floats) -> Floats | None:
    """Return every reserve times its shadow price, in money of its year. [MUSD/year], [reserve]"""
    dual = s.dual("reserve_capacity")
    if dual is None:
        return None
    return cleaned(-dual * reserve_kh100e / s.year_weight[s.p.failover.reserve["year"]])
