"""Compute rented from clouds: price, term, depth, and where it may be used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.arrays import Record
from planner.base.units import H100E_PER_KH100E, HOURS_PER_YEAR, USD_PER_MUSD
from planner.base.words import percent, some
from planner.family.table_columns import codes, dense_by_ids, floats, sum_at, texts
from planner.inputs.axes import ANYWHERE
from planner.inputs.case import DUTIES
from planner.inputs.failover import needs_failover
from planner.lp import Index
from planner.lp.index import cross, distinct

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.base.arrays import Bools, Floats
    from planner.inputs.axes import Sets
    from planner.inputs.case import ScopedCase
    from planner.inputs.demand import DemandInputs, Wanted
    from planner.inputs.racks import RackFigures
    from planner.inputs.routes import Reach

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
    """Say of a workload that no cloud may serve it, by which of its rules."""
    within = "" if np.isinf(bound_ms) else f" within {bound_ms:g} ms"
    return f"no cloud{within}" + ("" if residency == "none" else f" that residency {residency} admits")


def _note_barred(case: ScopedCase, demand: DemandInputs, barred: NDArray[np.object_]) -> None:
    """Note who may not rent, and why."""
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
