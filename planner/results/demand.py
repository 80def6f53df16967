"""Tables of demand: what is served, rented, unmet, and why."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.units import H100E_PER_KH100E, HOURS_PER_YEAR, USD_PER_MUSD
from planner.inputs.axes import ANYWHERE
from planner.inputs.failover import reaches_two
from planner.lp.index import distinct, locate, pairs
from planner.model.demand import saved_kh100e
from planner.place.geo import geodesic_km, pair_class, rtt_ms
from planner.results.store import cleaned, labels, largest_by, listed, placed, ratio, total_by, words

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from planner.base.arrays import Floats, Positions
    from planner.lp import Expression
    from planner.results.solved import SolvedModel
    from planner.results.store import Cells

# --- Tables of service: who is served from where, and what is rented, saved or unmet --------------


def served_rtt_ms(s: SolvedModel) -> Floats:
    """Return the round trip of each service, nan for placeless workloads. [served]"""
    served = s.p.demand.served
    rtt = s.p.demand.route_rtt_ms[s.p.demand.route.find(served)]
    return np.where(served.labels("region") == ANYWHERE, np.nan, rtt)


def assignment(s: SolvedModel) -> dict[str, Cells]:
    """Make table `assignment`: which site serves which users."""
    served = s.p.demand.served
    kh100e = s.value(s.model.served)
    is_tight = s.p.demand.route_is_tight[s.p.demand.route.find(served)]
    return listed(served, kh100e, served_kh100e=kh100e, rtt_ms=served_rtt_ms(s), within_tight=is_tight)


def demand(s: SolvedModel) -> dict[str, Cells]:
    """Make table `demand`: how the compute asked for is met."""
    over, m = s.p.demand.demand, s.model
    served_kh100e, rtt_ms = s.value(m.served), served_rtt_ms(s)
    place = over.find(s.p.demand.served)
    return listed(
        over,
        demand_kh100e=s.p.demand.demand_kh100e,
        served_kh100e=total_by(place, served_kh100e, over.size),
        rented_kh100e=s.value(m.rented.sum_to(over)),
        saved_kh100e=s.value(saved_kh100e(m)),
        unmet_kh100e=s.value(m.unmet.sum_to(over)),
        mean_rtt_ms=_mean_ms(place, served_kh100e, rtt_ms, over.size),
        why_not_own=_why_not_own(s),
        why_not_rented=s.p.rent.barred,
    )


_NO_RACKS: Final = (
    "own sites in reach have no racks for it by then: none on offer, or table leads says what each waits for"
)


def _why_not_own(s: SolvedModel) -> np.ndarray:
    """Say why no own site may serve a demand; "" where one may. [demand]"""
    over, served = s.p.demand.demand, s.p.demand.served
    lonely = s.p.demand.no_route
    of_users = dict(zip(zip(lonely["region"], lonely["workload"], strict=True), lonely["why"], strict=True))
    no_site = [of_users.get(users, "") for users in zip(over.labels("region"), over.labels("workload"), strict=True)]
    must_survive = distinct(s.p.failover.reserve, "workload", "year").find(over) >= 0
    has_two = np.ones(over.size, dtype=np.bool_)
    if must_survive.any():
        axes = ("region", "workload", "year", "site")
        reaches = np.zeros([len(served.axis(name)) for name in axes])
        reaches[tuple(served[name] for name in axes)] = 1.0
        twice = reaches_two(reaches, s.p.failover.may_cover)
        has_two = twice[over["region"], over["workload"], over["year"]]
    why = {
        _NO_RACKS: distinct(served, *over.axis_names).find(over) < 0,
        "no two own sites that may cover for each other": must_survive & ~has_two,
    }
    found = np.select([*why.values()], [*why], "").astype(object)
    return np.where(np.array(no_site, dtype=object) != "", no_site, found)


def no_route(s: SolvedModel) -> pd.DataFrame:
    """Make table `no_route`: users that no site reaches in time."""
    given = s.p.demand.no_route
    return given.assign(nearest_site=given["nearest_site"].fillna(""))


def rent(s: SolvedModel) -> dict[str, Cells]:
    """Make table `rent`: cloud capacity rented."""
    given, kh100e = s.p.rent, s.value(s.model.bought)
    price = given.price_musd_per_kh100e_year * (USD_PER_MUSD / H100E_PER_KH100E / HOURS_PER_YEAR)
    term = given.term_years.astype(np.float64)
    return listed(given.bought, kh100e, bought_kh100e=kh100e, term_years=term, usd_per_h100e_hour=price)


def levers(s: SolvedModel) -> dict[str, Cells]:
    """Make table `levers`: efficiency levers used."""
    over, given = s.p.levers.adopted, s.p.levers
    wanted, lever = pairs(s.p.demand.demand, over, on=("workload", "year"))
    asked = total_by(lever, s.p.demand.demand_kh100e[wanted], over.size)
    adopted = s.value(s.model.adopted)
    saved = given.saving_frac * adopted * asked
    return listed(
        over, adopted, adopted_frac=adopted, saved_kh100e=saved, cost_musd=given.cost_musd_per_kh100e_year * saved
    )


def reference(s: SolvedModel) -> pd.DataFrame:
    """Make table `reference`: the fleet that turns a trajectory in GW into compute."""
    return s.p.reference.reset_index(drop=True)


# --- Round trips on a bad day: on the line of the slowest tenth, never shorter than on other days ---


def tail_rtt_ms(s: SolvedModel) -> Floats:
    """Return the round trip of each service on the tail line of its pair of places, no less than on other days. [ms]"""
    sets, served = s.p.sets, s.p.demand.served
    placed = [label for label in sets.region.labels if label != ANYWHERE]
    users = s.p.tables["demand_regions"].set_index("demand_region").loc[placed]
    sites = s.p.sites.table.set_index("site").loc[list(sets.site.labels)]
    haul = np.full((len(sets.region), len(sets.site)), np.nan)
    haul[sets.region.codes(placed)] = _haul_ms(s, users, sites)
    workloads = s.p.workloads.set_index("workload").loc[list(sets.workload.labels)]
    last_mile = workloads["last_mile_ms"].to_numpy(dtype=np.float64)
    on_line_ms = haul[served["region"], served["site"]] + last_mile[served["workload"]]
    return np.asarray(np.maximum(on_line_ms, served_rtt_ms(s)))


def _haul_ms(s: SolvedModel, users: pd.DataFrame, sites: pd.DataFrame) -> Floats:
    """Return round trips without access, shape (user, site)."""
    lines, shape = s.p.tables["rtt_lines"], (len(users), len(sites))
    user_ends, site_ends = ([*zip(of["region"], of["country"], strict=True)] for of in (users, sites))
    kinds = [pair_class(*user, *site) for user, site in product(user_ends, site_ends)]
    tail = lines[lines["quantile"] == "p90"].set_index("pair_class").reindex(kinds)
    intercept, slope = (tail[name].to_numpy(np.float64).reshape(shape) for name in ("intercept_ms", "slope_ms_per_km"))
    of_users, of_sites = ([of[name].to_numpy() for name in ("lat", "lon")] for of in (users, sites))
    return rtt_ms(geodesic_km(*(of[:, None] for of in of_users), *of_sites), intercept, slope)


# --- Table of the round trips that users get ------------------------------------------------------

_LARGEST = 1.0


def latency(s: SolvedModel) -> dict[str, Cells]:
    """Make table `latency`: round trips by workload and year, and what is not served at home."""
    m, given = s.model, s.p.demand
    over = distinct(given.demand, "workload", "year")
    workloads = s.p.workloads.set_index("workload").loc[list(over.labels("workload"))]

    def add(expression: Expression) -> Floats:
        return s.value(expression.sum_to(over))

    served_kh100e = s.value(m.served)
    place = over.find(given.served)
    rtt_ms = served_rtt_ms(s)
    timed = np.flatnonzero(~np.isnan(rtt_ms) & (served_kh100e > 0.0))
    at, weight = place[timed], served_kh100e[timed]
    timed_kh100e = total_by(at, weight, over.size)

    def quantile(of_served_ms: Floats, share: float) -> Floats:
        return weighted_quantile(of_served_ms[timed], weight, at, over.size, share)

    is_tight = given.route_is_tight[given.route.find(given.served)][timed]
    within_tight = ratio(total_by(at[is_tight], weight[is_tight], over.size), timed_kh100e)
    tight_share = placed(over, given.tight, given.tight_share_frac, np.nan)
    demand_kh100e = total_by(over.find(given.demand), given.demand_kh100e, over.size)
    return {
        **labels(over),
        "bound_ms": workloads["rtt_bound_ms"].to_numpy(dtype=np.float64),
        "tight_ms": workloads["tight_rtt_ms"].to_numpy(dtype=np.float64),
        "tight_share_frac": tight_share,
        "demand_kh100e": demand_kh100e,
        "served_kh100e": total_by(place, served_kh100e, over.size),
        "mean_rtt_ms": ratio(total_by(at, weight * rtt_ms[timed], over.size), timed_kh100e),
        "p50_rtt_ms": quantile(rtt_ms, 0.5),
        "p95_rtt_ms": quantile(rtt_ms, 0.95),
        "max_rtt_ms": quantile(rtt_ms, _LARGEST),
        "tail_p95_rtt_ms": quantile(tail_rtt_ms(s), 0.95),
        "within_tight_frac": np.where(np.isnan(tight_share), np.nan, within_tight),
        "rented_frac": ratio(add(m.rented), demand_kh100e),
        "saved_frac": ratio(add(saved_kh100e(m)), demand_kh100e),
        "unmet_frac": ratio(add(m.unmet), demand_kh100e),
    }


def weighted_quantile(values: Floats, weights: Floats, group: Positions, groups: int, share: float) -> Floats:
    """Return, for each group, the least value that a share of its weight does not exceed.

    >>> rtt_ms, kh100e = np.array([30.0, 12.0, 25.0]), np.array([2.0, 6.0, 4.0])
    >>> weighted_quantile(rtt_ms, kh100e, np.array([0, 0, 0]), 1, 0.8).tolist()
    [25.0]
    """
    found = np.full(groups, np.nan)
    for one in np.unique(group):
        mine = group == one
        # A hair less, so that rounding does not step over the entry that holds the share.
        wanted = share * (1.0 - 1e-12)
        found[one] = np.quantile(values[mine], wanted, weights=weights[mine], method="inverted_cdf")
    return found


# --- Tables of what the outage of a site would mean -----------------------------------------------


def reserve(s: SolvedModel) -> dict[str, Cells]:
    """Make table `reserve`: what each site can take over from another."""
    over, standby = s.p.failover.reserve, s.p.failover.standby
    racks, m, mw = s.p.racks, s.model, s.value(s.model.failover.standby_mw)
    place, deployment = over.find(standby), racks.deployment.find(standby)
    standby_mw = total_by(place, mw, over.size)
    return listed(
        over,
        standby_mw,
        load_kh100e=s.value(m.load.on(over)),
        reserve_kh100e=s.value(m.failover.reserve),
        standby_mw=standby_mw,
        idle_mw=total_by(place, racks.idle_mw_per_mw[deployment] * mw, over.size),
        called_mw=_called_mw(s),
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


def failures(s: SolvedModel) -> dict[str, Cells]:
    """Make table `failures`: what becomes of the work of each site, were it lost."""
    found = s.outages
    over = distinct(found.service, "site", "workload", "year", name="failures")
    place = over.find(found.service)
    of_arc, taken_kh100e = place[found.of_service], cleaned(found.taken_kh100e)
    takers = np.flatnonzero(taken_kh100e)
    pairs_of = np.unique(np.stack([of_arc[takers], found.reserve[takers]], axis=1), axis=0)  # a failure and a reserve
    before, after = _rtt_ms(s)
    return listed(
        over,
        load_kh100e=total_by(place, found.kh100e, over.size),
        taken_kh100e=total_by(of_arc, taken_kh100e, over.size),
        unserved_kh100e=cleaned(total_by(place, found.unserved_kh100e, over.size)),
        standby_sites=np.bincount(pairs_of[:, 0], minlength=over.size),
        mean_rtt_ms=_mean_ms(place, found.kh100e, before, over.size),
        failover_rtt_ms=_mean_ms(of_arc, taken_kh100e, after, over.size),
    )


def _mean_ms(place: NDArray[np.intp], kh100e: Floats, rtt_ms: Floats, size: int) -> Floats:
    """Return mean round trips, over the users whose place makes a difference."""
    timed = np.where(np.isnan(rtt_ms), 0.0, kh100e)
    return ratio(total_by(place, timed * np.nan_to_num(rtt_ms), size), total_by(place, timed, size))


def takeovers(s: SolvedModel) -> dict[str, Cells]:
    """Make table `takeovers`: who takes over how much of whose work."""
    found, over = s.outages, s.p.failover.reserve
    rows = np.flatnonzero(cleaned(found.taken_kh100e))
    return {
        **labels(found.service, found.of_service[rows]),
        "standby": words(s.p.sets.site, over["site"][found.reserve[rows]]),
        "taken_kh100e": found.taken_kh100e[rows],
        "rtt_ms": _rtt_ms(s)[1][rows],
    }


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


def resilience(s: SolvedModel) -> dict[str, Cells]:
    """Make table `resilience`: how much reserve workloads need, and what it is worth."""
    p, m, found = s.p.failover, s.model, s.outages
    over = distinct(p.reserve, "workload", "year", name="resilience")
    of_load, of_reserve = over.find(s.p.demand.load), over.find(p.reserve)
    mine = np.flatnonzero(of_load >= 0)
    load_kh100e = s.value(m.load)[mine]
    load = total_by(of_load[mine], load_kh100e, over.size)
    reserve_kh100e, value = s.value(m.failover.reserve), s.dual("reserve_capacity")
    total = total_by(of_reserve, reserve_kh100e, over.size)
    failure = distinct(found.service, "site", "workload", "year")
    unserved = cleaned(total_by(failure.find(found.service), found.unserved_kh100e, failure.size))
    by_class = np.full(over.size, np.nan)
    if value is not None:  # every reserve times its shadow price, in money of its year
        worth_musd = cleaned(-value * reserve_kh100e / s.year_weight[p.reserve["year"]])
        by_class = total_by(of_reserve, worth_musd, over.size)
    return listed(
        over,
        load_kh100e=load,
        largest_load_kh100e=largest_by(of_load[mine], load_kh100e, over.size),
        reserve_kh100e=total,
        reserve_frac=ratio(total, load),
        standby_mw=total_by(over.find(p.standby), s.value(m.failover.standby_mw), over.size),
        unserved_kh100e=largest_by(over.find(failure), unserved, over.size),
        value_musd=by_class,
        value_usd_per_h100e_hour=ratio(by_class * USD_PER_MUSD, load * H100E_PER_KH100E * HOURS_PER_YEAR),
    )
