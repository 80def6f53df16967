"""Compute from elsewhere: which sites cover for which when one fails, and what clouds rent out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.arrays import Record
from planner.base.units import H100E_PER_KH100E, HOURS_PER_YEAR, USD_PER_MUSD
from planner.base.words import percent, some
from planner.family.table_columns import codes, dense_by_ids, floats, mask_at, sum_at, texts
from planner.inputs.axes import ANYWHERE
from planner.inputs.case import DUTIES
from planner.lp import Axis, Index
from planner.lp.index import cross, distinct, locate, pairs
from planner.place.geo import geodesic_km

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.base.arrays import Bools, Floats, Positions
    from planner.inputs.axes import Sets
    from planner.inputs.case import ScopedCase
    from planner.inputs.demand import DemandInputs, Wanted
    from planner.inputs.racks import RackFigures, RackInputs
    from planner.inputs.routes import Reach


class FailoverInputs(Record):
    """Standby racks, and what they must be able to take over.

    All lists are empty where no workload asks for failover. Of the lists of the two forms,
    `neighbour` and `pair`, one at most has tuples. Cuts are added between solves.
    """

    def __init__(self, case: ScopedCase, sets: Sets, racks: RackInputs, demand: DemandInputs) -> None:
        use, load, served, asks = racks.used, demand.load, demand.served, needs_failover(case, sets)
        by_neighbours = case.scenario.failover.form == "neighbours"
        # (site, rack, hall, workload, year): uses of racks that may stand by
        self.standby: Index = use.select(asks[use["workload"], use["year"]], "standby")
        # (site, workload, year)
        self.reserve: Index = distinct(self.standby, "site", "workload", "year", name="reserve")
        slots = cross(distinct(self.reserve, "site", "year"), sets.slot, "failover_power")
        # (site, year, slot): slots of the peak day where racks may stand by
        self.power: Index = slots.select(np.asarray(case.days.is_peak, dtype=np.bool_)[slots["slot"]])
        # [failed site, site]: whether the second may stand in for the first
        self.may_cover = may_cover_for(case)
        _note_alone(case, demand, asks, self.may_cover)
        # (site, workload, year): loads that neighbours cover together
        self.neighbour: Index = load.select(asks[load["workload"], load["year"]] & by_neighbours, "neighbour")
        covers = self.may_cover & _is_neighbour(case, demand)
        row, cover = pairs(self.neighbour, self.reserve, on=("workload", "year"))
        sites = self.neighbour["site"][row], self.reserve["site"][cover]
        stands_in = covers[self.neighbour["workload"][row], *sites]
        # every load with the reserves of its neighbours: [neighbour of a load] -> neighbour, reserve
        self.neighbour_row: Positions = row[stands_in]
        self.neighbour_reserve: Positions = cover[stands_in]
        # (region, workload, site, year): services that have a standby of their own
        is_covered = asks[served["workload"], served["year"]] & (not by_neighbours)
        self.covered: Index = served.select(is_covered, "covered")
        # (region, workload, site, standby, year) and (workload, site, standby, year)
        self.pair: Index = _pairs(case, sets, demand, self.covered, self.reserve, self.may_cover)
        self.taken: Index = distinct(self.pair, "workload", "site", "standby", "year", name="taken")
        # (site, workload, year, cut): failures that a plan did not survive
        axes = (sets.site, sets.workload, sets.year, Axis("cut", ("1",)))
        self.cut: Index = Index.sparse("cut", axes, [[], [], [], []])
        # [service in a cut] -> cut, served; [reserve in a cut] -> cut, reserve
        self.cut_served_row: Positions = np.zeros(0, dtype=np.intp)
        self.cut_served: Positions = self.cut_served_row
        self.cut_reserve_row: Positions = self.cut_served_row
        self.cut_reserve: Positions = self.cut_served_row


def needs_failover(case: ScopedCase, sets: Sets) -> Bools:
    """Return for which workloads and years the outage of a site must be survived."""
    given = case.scenario.workloads
    asks = np.array([name in given and given[name].failover is True for name in sets.workload.labels])
    first = case.scenario.failover.from_year or case.years.first
    return np.asarray(asks[:, None] & (np.asarray(case.years.years) >= first))


def _note_alone(case: ScopedCase, demand: DemandInputs, asks: Bools, may_cover: Bools) -> None:
    """Note users whom a site reaches, but no two that may stand in for each other."""
    wanted, reaches = demand.demand, _reaches(demand)
    has_two = reaches_two(reaches, may_cover)
    is_alone = reaches.any(axis=2) & ~has_two
    in_question = asks[wanted["workload"], wanted["year"]]
    labels = wanted.axis("region").labels
    for code in np.unique(wanted["workload"][in_question]):
        own = in_question & (wanted["workload"] == code)
        alone = own & is_alone[wanted["region"], code]
        if not alone.any():
            continue
        regions = [labels[at] for at in np.unique(wanted["region"][alone])]
        named = ["users anywhere" if name == ANYWHERE else name for name in regions]
        count = len(np.unique(wanted["region"][own]))
        share = demand.demand_kh100e[alone].sum() / demand.demand_kh100e[own].sum()
        workload = wanted.axis("workload").labels[code]
        case.findings.add_note(
            f"{workload}: failover is set, but no two sites that may cover for each other reach {len(named)} of {count}"
            f" regions, {share:.1%} of its demand ({', '.join(named)}), so own sites serve none of that. Leave failover"
            f" out for {workload}, allow more sites, or raise rtt_bound_ms.",
            ("workloads", workload, "failover"),
        )


def _reaches(demand: DemandInputs) -> Floats:
    """Return 1 where a site reaches the users of a workload, else 0, shape (region, workload, site)."""
    return mask_at([len(axis) for axis in demand.route.axes], demand.route.codes).astype(np.float64)


def reaches_two(reaches: Floats, may_cover: Bools) -> Bools:
    """Say who reaches two sites that may cover for each other; sites are the last axis."""
    return np.asarray(((reaches @ may_cover) * reaches > 0.0).any(axis=-1))


def may_cover_for(case: ScopedCase) -> Bools:
    """Return which sites may stand in for which, shape (failed site, site)."""
    settings, sites = case.scenario.failover, case.ids("sites")
    lat, lon = floats(case.sites, "lat"), floats(case.sites, "lon")
    near_km = geodesic_km(lat[:, None], lon[:, None], lat, lon)
    barred = np.eye(len(sites), dtype=np.bool_) | (near_km < settings.barred_within_km)
    for together in (*settings.barred_pairs, *settings.barred_groups.values()):
        at = [sites.index(site) for site in together if site in sites]  # others are out of scope
        barred[np.ix_(at, at)] = True
    return ~barred


def _is_neighbour(case: ScopedCase, demand: DemandInputs) -> Bools:
    """Return which sites reach enough of another's users, shape (workload, failed site, site)."""
    users = _common_users(demand)
    least = case.scenario.failover.neighbour_users_frac * np.einsum("wss->ws", users)[:, :, None] * (1.0 - 1e-9)
    return np.asarray((users > 0.0) & (users >= least))


def _common_users(demand: DemandInputs) -> np.ndarray:
    """Compute wanted by users whom both sites reach, shape (workload, site, site). [kH100e]"""
    reaches = _reaches(demand)
    wanted = np.zeros(reaches.shape[:2])
    np.add.at(wanted, (demand.demand["region"], demand.demand["workload"]), demand.demand_kh100e)
    return np.asarray(np.einsum("rw,rws,rwf->wsf", wanted, reaches, reaches, optimize=True))


def _pairs(
    case: ScopedCase, sets: Sets, demand: DemandInputs, covered: Index, reserve: Index, may_cover: Bools
) -> Index:
    """Pair every service with the standbys nearest to its users."""
    route, standby = demand.route, sets.site.renamed("standby")
    other = Index("standby route", (*route.axes[:2], standby), route.codes, route.size)
    service, one = pairs(covered, other, on=("region", "workload"))
    workload, failed, year = (covered[name][service] for name in ("workload", "site", "year"))
    fits = may_cover[failed, other["standby"][one]]
    fits &= locate(reserve, other["standby"][one], workload, year) >= 0
    service, one = service[fits], one[fits]
    # The nearest first, by service; users who may be anywhere have no nearest and take all.
    order = np.lexsort((other["standby"][one], demand.route_rtt_ms[one], service))
    service, one = service[order], one[order]
    rank = np.arange(len(one)) - np.searchsorted(service, service)
    most = case.scenario.failover.nearest_standbys
    if most != "all":
        near = (rank < most) | (np.array(sets.region.labels, dtype=object)[covered["region"][service]] == ANYWHERE)
        service, one = service[near], one[near]
    region, workload, failed, year = (covered[name][service] for name in ("region", "workload", "site", "year"))
    axes = (sets.region, sets.workload, sets.site, standby, sets.year)
    return Index.sparse("pair", axes, (region, workload, failed, other["standby"][one], year))


def has_failover(case: ScopedCase) -> bool:
    """Return whether a workload in scope asks for failover."""
    asks = [id_ for id_, own in case.scenario.workloads.items() if own.failover]
    return bool(set(asks) & set(case.ids("workloads")))


# --- Compute rented from clouds: price, term, depth, and where it may be used ---------------------

_OFFER: Final = "h100_hyper_od"
"""The on-demand offer that prices follow: one accelerator is about one H100e."""
_RESERVED_TERM_YEARS: Final = 3
_NAMED: Final = 8


class RentInputs(Record):
    """Compute rented from a cloud."""

    def __init__(
        self, case: ScopedCase, sets: Sets, demand: DemandInputs, wanted: Wanted, reach: Reach, figures: RackFigures
    ) -> None:
        is_tight, places, barred = _clouds(case, sets, demand, reach)
        _note_barred(case, demand, barred)
        self.barred: NDArray[np.object_] = barred  # [demand], why no cloud may serve it; "" where one may
        rents = np.flatnonzero(barred == "")
        # (region, workload, year) where clouds are admitted, near and available enough
        self.rented: Index = demand.demand.select(rents, "rented")
        self.rented_is_tight: Bools = is_tight[rents]  # [rented]
        spread = np.where(places > 1, places / np.maximum(places - 1, 1), 1.0)
        self.rented_capacity_frac: Floats = spread[
            rents
        ]  # [rented], under contract for what is in use; above 1 when spread
        of_tier = cross(distinct(self.rented, "workload", "year"), sets.tier)
        w, t, tier = of_tier.codes
        is_reserved = np.array([label == "reserved" for label in sets.tier.labels])[tier]
        # (workload, tier, year): capacity rented from year on
        self.bought: Index = Index.sparse("bought", (sets.workload, sets.tier, sets.year), (w, tier, t))
        # per mean kH100e served, a year, [bought]
        self.price_musd_per_kh100e_year: Floats = _price(case, figures, w, t, is_reserved)
        term = np.where(is_reserved, _RESERVED_TERM_YEARS, 1)
        self.term_years: NDArray[np.int64] = term.astype(np.int64)  # [bought]: 1 on demand
        # mean kH100e the market has for this operator; inf = no limit, [year]
        self.depth_kh100e: Floats = _depth_kh100e(case, wanted)


def _price(case: ScopedCase, figures: RackFigures, w: np.ndarray, t: np.ndarray, is_reserved: Bools) -> Floats:
    """Price of mean compute in use for a year. [MUSD/kH100e]

    On-demand capacity is bought by the hour and still idles in part; reserved capacity idles as
    the operator's own racks of the workload do.
    """
    idle_adder = 1.0 + case.item("rent_terms", "egress_storage_adder", "fraction of GPU bill")
    saving = np.where(is_reserved, case.item("rent_terms", "reserved_saving_3y", "-"), 0.0)
    on_demand = case.item("rent_terms", "realised_utilisation_on_demand", "-")
    in_use = np.where(is_reserved, figures.net_utilisation[w], on_demand)
    per_hour = _listed_usd_per_h100e_hour(case)[case.duty[w], t] * (1.0 - saving) * idle_adder / in_use
    return np.asarray(per_hour * HOURS_PER_YEAR * H100E_PER_KH100E / USD_PER_MUSD)


def _listed_usd_per_h100e_hour(case: ScopedCase) -> Floats:
    """On-demand list price of an H100e, (duty, year). [USD/h]"""
    settings = case.scenario.rent
    own = settings.trend_frac
    trend = case.item("rent_terms", "price_real_trend", "1/year") if own is None else own
    if settings.price_usd_per_h100e_hour is not None:
        return np.array([case.by_year(settings.price_usd_per_h100e_hour)] * len(DUTIES))
    table = case.tables["cloud_rent"]
    offer = table[table["offer"] == _OFFER]
    if offer.empty:
        case.findings.add("cloud_rent", f"no offer {_OFFER}, which sets rent prices", "", "add its row")
        return np.full((len(DUTIES), len(case.years)), np.nan)
    usd = floats(offer, "usd_per_gpu_hour")[0]
    h100e = np.array([floats(offer, f"{duty}_h100e_per_gpu")[0] for duty in DUTIES])
    return np.asarray((usd / h100e)[:, None] * (1.0 + trend) ** (case.year - int(offer["year"].iloc[0])))


def _depth_kh100e(case: ScopedCase, wanted: Wanted) -> Floats:
    """Mean compute that clouds have for this operator, (year,). [kH100e]

    The market's power does either use; demand weighs how much of each it is.
    """
    table = case.tables["rent_depth"]
    depth = np.stack([dense_by_ids(table, {"year": case.years.years}, f"depth_{duty}_kh100e") for duty in DUTIES])
    for year in case.year[np.isnan(depth).any(axis=0)]:
        case.findings.add("rent_depth", f"there is no row for {year}", "a row for each model year", "add it")
    of_duty = sum_at(depth.shape, (case.duty,), wanted.kh100e.sum(axis=0))
    total = of_duty.sum(axis=0)
    share = of_duty / np.where(total > 0.0, total, 1.0)
    in_use = case.item("rent_terms", "realised_utilisation_on_demand", "-")
    mine = case.scenario.operator.rent_share_frac * case.scenario.rent.depth_scale_frac
    taken = (share / depth).sum(axis=0)
    return np.where(taken > 0.0, mine * in_use / np.where(taken > 0.0, taken, 1.0), 0.0)


def _clouds(
    case: ScopedCase, sets: Sets, demand: DemandInputs, reach: Reach
) -> tuple[Bools, NDArray[np.intp], NDArray[np.object_]]:
    """Find what clouds there are for each demand, (demand,).

    Where one place is not available enough, or its outage must be survived, work is spread over two
    or three that may cover for each other, so that any one may fail; it is within the tight bound
    where two of them are.
    """
    over, settings = demand.demand, case.scenario.rent
    # The region of lumped users has clouds in as many places as each of them.
    lumped = np.where(reach.is_lumped, reach.clouds, 0).max(axis=0, initial=0)
    there = np.where(over.labels("region") == ANYWHERE, -1, over["region"]), over["workload"]
    count = np.concatenate([reach.clouds, lumped[None]])[there]
    tight = np.concatenate([reach.tight_clouds, np.zeros_like(lumped[None])])[there]

    available = floats(case.redundancy, "availability_pct")
    least = available[codes(texts(case.workloads, "redundancy_min"), case.ids("redundancy"))][over["workload"]]
    stated = (
        ("availability_one_place", settings.availability_pct),
        ("availability_several_places", settings.spread_availability_pct),
    )
    one, several = (case.item("rent_terms", item, "%") if own is None else own for item, own in stated)
    spreads = needs_failover(case, sets)[over["workload"], over["year"]] | (least > one)
    barred = np.full(over.size, "", dtype=object)
    bounds = zip(texts(case.workloads, "residency"), floats(case.workloads, "rtt_bound_ms"), strict=True)
    no_cloud = np.array([_no_cloud(rule, np.inf if settings.placeless else bound) for rule, bound in bounds], object)
    why = (
        (spreads & (count == 1), "needs clouds in two places, and one is admitted"),
        (count == 0, no_cloud[over["workload"]]),
        (least > np.where(spreads, several, one), "needs more than the availability of clouds"),
        (np.full(over.size, not settings.allow), "rent.allow is false"),
    )
    for applies, words in why:
        barred = np.where(applies, words, barred)
    return tight > spreads, np.where(spreads, count, 1), barred


def _no_cloud(residency: str, bound_ms: float) -> str:
    within = "" if np.isinf(bound_ms) else f" within {bound_ms:g} ms"
    return f"no cloud{within}" + ("" if residency == "none" else f" that residency {residency} admits")


def _note_barred(case: ScopedCase, demand: DemandInputs, barred: NDArray[np.object_]) -> None:
    if not case.scenario.rent.allow:
        return
    over = demand.demand
    region, workload = over.labels("region"), over.labels("workload")
    for why in dict.fromkeys(barred[barred != ""]):
        parts = []
        for name in dict.fromkeys(workload[barred == why]):
            mine = workload == name
            kh100e = demand.demand_kh100e[mine]
            share = kh100e[barred[mine] == why].sum() / kh100e.sum()
            regions = dict.fromkeys(region[mine & (barred == why)])
            who = f"{len(regions)} of {len(set(region[mine]))} regions"
            parts.append(f"{name} in {who}, {percent(share)} of its demand ({some(list(regions), _NAMED)})")
        case.findings.add_note(f"May not be rented, {why}: {'; '.join(parts)}.", ("rent",))
