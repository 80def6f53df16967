"""Which racks and which hall designs can win: the rest is not offered for new builds.

Pruning concerns new racks and new halls alone; what stands is never taken away.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.finance import annuity_payment
from planner.inputs.frames import bools, floats, ints, texts
from planner.units import HOURS_PER_YEAR, USD_PER_MUSD

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.inputs.case import Case
    from planner.inputs.climate_slots import SlotClimate
    from planner.inputs.facility import HallCost
    from planner.inputs.money import Rates
    from planner.inputs.rack_figures import RackFigures
    from planner.inputs.types import Bools, Floats

__all__ = ["Quality", "designs_on_offer", "quality_of_classes", "racks_on_offer"]

_MEAN_LOAD_FRAC: Final = 0.6  # IT energy over hall capacity, for comparing designs only


@dataclass(frozen=True)
class Quality:
    """Topologies by class.

    Parameters
    ----------
    new
        Topology of new halls for each class, -1 where none on offer is good enough,
        shape (workload,).
    placed
        Topology in which the base-year racks of each class stand, shape (workload,).
    suffices
        Whether a topology is good enough for a class, shape (workload, redundancy).
    """

    new: NDArray[np.intp]
    placed: NDArray[np.intp]
    suffices: Bools


def quality_of_classes(case: Case, cost: HallCost) -> Quality:
    """Choose, for every class, the cheapest topology that is available enough.

    Parameters
    ----------
    case : Case
        Classes, topologies, and those that the scenario lets be built.
    cost : HallCost
        Cost of halls; that of the first site and cooling ranks the topologies.

    Returns
    -------
    Quality
    """
    names = texts(case.redundancy, "redundancy")
    available = floats(case.redundancy, "availability_pct")
    price = cost.capex_musd_per_mw[0, 0]

    def least(column: str, allowed: Bools) -> tuple[NDArray[np.intp], Bools]:
        wanted = np.array([names.index(name) for name in texts(case.workloads, column)], np.intp)
        enough = available[None, :] >= available[wanted][:, None]
        ranked = np.where(enough & allowed, price, np.inf)
        best = ranked.argmin(axis=1)
        return np.where(np.isfinite(ranked.min(axis=1)), best, -1), enough

    asked = case.scenario.halls.redundancy
    allowed = np.array([asked == "all" or name in asked for name in names])
    new, suffices = least("redundancy_min", allowed)
    placed, _ = least("placed_redundancy", np.ones(len(names), dtype=np.bool_))
    for w in np.flatnonzero(new < 0):
        case.findings.at_key(
            ("halls", "redundancy"),
            f"no topology of halls.redundancy is good enough for {case.ids('workloads')[w]},"
            f" which needs {case.workloads['redundancy_min'].iloc[w]}",
            "one at least as available",
            "add a topology, or lower redundancy_min",
        )
    return Quality(new, placed, suffices)


def racks_on_offer(
    case: Case, figures: RackFigures, cost: HallCost, rates: Rates, quality: Quality
) -> Bools:
    r"""Tell which racks a class may buy in a year for a hall of a cooling technology.

    A rack k drops out where the same vendor delivers another, k', that year which does the
    same work with no more power and

    - may stand in the same hall, for no more money and floor per unit of compute; or
    - costs less per unit of compute with a hall of its own, at the dearest site and power
      price, than k costs without any hall (only where halls can be retrofitted, since new
      ones come late).

    Vendors are kept apart because each has its own limit of deliveries.

    Parameters
    ----------
    case : Case
        Racks, classes, years.
    figures : RackFigures
        Throughput and prices.
    cost : HallCost
        Cost of halls.
    rates : Rates
        Cost of capital.
    quality : Quality
        Topology of each class.

    Returns
    -------
    array of bool
        Shape (workload, rack, cooling, year).
    """
    vendor = np.array(texts(case.racks, "vendor"), dtype=object)
    same_vendor = vendor[:, None] == vendor[None, :]
    per_kh100e = 1.0 / np.where(figures.admits, figures.throughput, np.nan)  # MW, (w, k)
    rack_year = annuity_payment(figures.capex_musd_per_mw, rates.rack, figures.life_years) + (
        case.item("facility_cost", "it_maintenance") * figures.capex_musd_per_mw
    )
    own = per_kh100e * rack_year
    with_hall = own + per_kh100e * _dearest_hall_year(case, figures, cost, rates, quality)
    floor = per_kh100e * figures.space_m2_per_mw
    cooling_year = ints(case.cooling, "first_year")
    asked = case.scenario.halls.cooling
    buildable = np.array([asked == "all" or name in asked for name in case.ids("cooling")])
    for_sale = figures.may_buy[:, None] & (figures.first_year[:, None] <= case.year)  # (k, t)
    offered = (
        figures.admits[:, :, None, None]
        & figures.fits[None, :, :, None]
        & for_sale[None, :, None, :]
        & (cooling_year[:, None] <= case.last_year)[None, None]
    )
    if not (case.scenario.retrofit.allow and len(case.tables["retrofit"])):
        return offered & ~_beaten_in_place(offered, own, per_kh100e, floor, same_vendor)
    # k' must have a hall that can be built: some cooling on offer by that year.
    housed = ((figures.fits & buildable)[:, :, None] & (cooling_year[:, None] <= case.year)).any(
        axis=1
    )
    with np.errstate(invalid="ignore"):
        beats = (
            same_vendor[None]
            & (with_hall[:, None, :] < own[:, :, None])
            & (per_kh100e[:, None, :] <= per_kh100e[:, :, None])
        )
    beaten = np.einsum("wkj,jt->wkt", beats, for_sale & housed) > 0
    offered &= ~beaten[:, :, None, :]
    return offered & ~_beaten_in_place(offered, own, per_kh100e, floor, same_vendor)


def _beaten_in_place(
    offered: Bools, own: Floats, per_kh100e: Floats, floor: Floats, same_vendor: Bools
) -> Bools:
    """Tell which racks another one beats in every respect in the same hall, (w, k, c, t)."""
    rank = np.arange(own.shape[1])
    with np.errstate(invalid="ignore"):
        no_worse = (
            (own[:, None, :] <= own[:, :, None])
            & (per_kh100e[:, None, :] <= per_kh100e[:, :, None])
            & (floor[:, None, :] <= floor[:, :, None])
        )
    ties = no_worse & no_worse.transpose(0, 2, 1)
    wins = no_worse & same_vendor & (~ties | (rank[None, None, :] < rank[None, :, None]))
    return np.asarray(np.einsum("wkj,wjct->wkct", wins, offered) > 0)


def _dearest_hall_year(
    case: Case, figures: RackFigures, cost: HallCost, rates: Rates, quality: Quality
) -> Floats:
    """Yearly cost of hall and energy per MW of rack where they are dearest, (workload, rack)."""
    hall = annuity_payment(cost.capex_musd_per_mw, rates.facility, rates.facility_life_years)
    per_mw = (hall + cost.opex_musd_per_mw_year).max(axis=(0, 1))  # (redundancy,)
    energy = HOURS_PER_YEAR * floats(case.sites, "retail_usd_per_mwh").max() / USD_PER_MUSD
    hall_mw = case.scenario.halls.diversity_frac + floats(case.workloads, "companion_frac")
    return np.asarray((hall_mw * (per_mw[quality.new] + energy))[:, None])


def designs_on_offer(
    case: Case,
    figures: RackFigures,
    racks: Bools,
    cost: HallCost,
    rates: Rates,
    quality: Quality,
    climate: SlotClimate,
) -> Bools:
    """Tell which designs may be built new at every site.

    A cooling technology drops out at a site and topology where another one takes every rack
    that the first is wanted for and costs less a year in plant, upkeep, power and water, at
    the site's weather and prices. It may not take more water where water is limited, nor more
    energy where emissions are capped.

    Parameters
    ----------
    case : Case
        Sites and technologies.
    figures : RackFigures
        Which racks fit which technology.
    racks : array of bool
        Racks on offer, shape (workload, rack, cooling, year).
    cost : HallCost
        Cost of halls.
    rates : Rates
        Cost of capital.
    quality : Quality
        Topology of each class.
    climate : SlotClimate
        Overhead and water use by site and technology.

    Returns
    -------
    array of bool
        Shape (site, cooling, redundancy).
    """
    n_quality = len(case.redundancy)
    wanted = np.zeros((n_quality, *racks.shape[1:3]), dtype=np.bool_)  # (q, k, c)
    np.logical_or.at(wanted, quality.new, racks.any(axis=3))
    asked = case.scenario.halls.cooling
    buildable = np.array([asked == "all" or name in asked for name in case.ids("cooling")])
    offered = (wanted.any(axis=1).T & buildable[:, None])[None] & _dry_enough(case)[:, :, None]

    weight = case.days.weight_h / case.days.weight_h.sum()
    overhead, water = climate.mechanical_frac @ weight, climate.wue_l_per_kwh @ weight
    hours = HOURS_PER_YEAR * _MEAN_LOAD_FRAC
    price = floats(case.sites, "retail_usd_per_mwh")[:, None]
    price_m3 = floats(case.sites, "water_price_usd_per_m3")[:, None]
    running = hours * (overhead * price + water * price_m3) / USD_PER_MUSD
    plant = annuity_payment(cost.capex_musd_per_mw, rates.facility, rates.facility_life_years)
    yearly = plant + cost.opex_musd_per_mw_year + running[:, :, None]

    no_more = np.ones((len(case.sites), len(case.cooling), len(case.cooling)), dtype=np.bool_)
    if case.scenario.carbon.cap_kt is not None:
        no_more &= overhead[:, None, :] <= overhead[:, :, None]
    is_limited = ~np.isnan(floats(case.sites, "water_limit_m3_per_year"))
    limited = case.scenario.water.limit & is_limited
    no_more &= ~limited[:, None, None] | (water[:, None, :] <= water[:, :, None])
    takes_all = ~(np.einsum("qkc,kd->qcd", wanted, ~figures.fits) > 0)
    first = np.maximum(ints(case.cooling, "first_year"), case.years.first)
    no_more &= (first[None, :] <= first[:, None])[None]
    cheaper = yearly[:, None, :, :] < yearly[:, :, None, :]  # (s, c, d, q): d beats c
    beats = cheaper & no_more[..., None] & takes_all.transpose(1, 2, 0)[None]
    beaten = (beats & offered[:, None, :, :]).any(axis=2)
    return np.asarray(offered & ~beaten)


def _dry_enough(case: Case) -> Bools:
    """Tell where a technology may be built by the rule on water stress, (site, cooling)."""
    most = case.scenario.water.max_stress_score
    stressed = floats(case.sites, "stress_score") > (np.inf if most is None else most)
    return np.asarray(~(stressed[:, None] & bools(case.cooling, "needs_water")[None, :]))
