"""Which hall designs are worth building at a site: the cheapest way to house each rack family."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.units import HOURS_PER_YEAR, USD_PER_MUSD
from planner.inputs.offers import buildable_cooling
from planner.inputs.table_columns import bools, codes, floats, ints, texts
from planner.money.finance import annuity_payment

if TYPE_CHECKING:
    from planner.base.arrays import Bools, Floats
    from planner.inputs.case import ScopedCase
    from planner.inputs.climate_slots import SlotClimate
    from planner.inputs.facility import HallCost
    from planner.inputs.money import Rates
    from planner.inputs.offers import RackOffers
    from planner.inputs.quality import Quality

__all__ = ["designs_on_offer"]

_WORTH_A_CHANGE_FRAC: Final = 0.05
"""A design that exists at a site is built on unless another saves more than this share."""
_MEAN_LOAD_FRAC: Final = 0.6  # mean IT power over hall power, for comparing designs alone


def designs_on_offer(
    case: ScopedCase,
    offers: RackOffers,
    cost: HallCost,
    rates: Rates,
    quality: Quality,
    climate: SlotClimate,
    can_build: Bools,
    stands: Bools,
) -> Bools:
    """Choose the designs that may be built or retrofitted to at every site.

    For every workload, vendor and year in which halls can be commissioned, the cooling technology
    is kept in which the vendor's best rack does the work for the least yearly cost of rack,
    hall, upkeep, power and water, at the site's weather and prices; one that exists at the site
    is preferred unless the best saves more than 5 %. Where water is limited the best one that
    takes none is kept as well.

    Parameters
    ----------
    case : ScopedCase
        Sites and technologies.
    offers : RackOffers
        Racks on offer with their cost.
    cost : HallCost
        Cost of halls.
    rates : Rates
        Cost of capital.
    quality : Quality
        Topology of each workload.
    climate : SlotClimate
        Overhead and water use by site and technology.
    can_build : array of bool
        Whether halls can be commissioned at a site in a year, shape (site, year).
    stands : array of bool
        Whether halls of a design are at a site, shape (site, cooling, redundancy).

    Returns
    -------
    array of bool
        Shape (site, cooling, redundancy).
    """
    yearly = _hall_year(case, cost, rates, climate)[:, :, quality.new]  # (s, c, w)
    hall_mw = case.scenario.halls.diversity_frac + floats(case.workloads, "companion_frac")
    mw = offers.mw_per_kh100e * hall_mw[:, None]
    # Cost per mean compute of a rack in a new hall, (site, workload, rack, cooling).
    each = offers.rack_musd_per_kh100e_year[None, :, :, None] + (
        mw[None, :, :, None] * yearly.transpose(0, 2, 1)[:, :, None, :]
    )
    known = stands[:, :, quality.new].transpose(0, 2, 1)[:, :, None, :]
    each = each * np.where(known, 1.0 - _WORTH_A_CHANGE_FRAC, 1.0)
    needs_water = bools(case.cooling, "needs_water")
    allowed = buildable_cooling(case) & ~(_too_stressed(case)[:, None] & needs_water)
    limited = ~np.isnan(floats(case.sites, "water_limit_m3_per_year")) & case.scenario.water.limit
    dry = allowed & ~(limited[:, None] & needs_water)
    kept = np.zeros((len(case.sites), len(case.cooling), len(case.redundancy)), dtype=np.bool_)
    # Where nothing can be commissioned within the horizon, retrofits may still be made.
    years = can_build | (~can_build.any(axis=1, keepdims=True) & (case.year == case.year[-1]))
    for t in range(len(case.years)):
        for choice in (allowed, dry) if limited.any() else (allowed,):
            at = np.flatnonzero(years[:, t])
            _keep_best(case, kept, at, each, offers.offered[..., t], choice, quality, t)
    return kept


def _keep_best(
    case: ScopedCase,
    kept: Bools,
    at: np.ndarray,
    each: Floats,
    offered: Bools,
    choice: Bools,
    quality: Quality,
    t: int,
) -> None:
    """Mark the best technology of every workload and vendor at some sites in one year."""
    vendors = texts(case.racks, "vendor")
    vendor = codes(list(vendors), list(dict.fromkeys(vendors)))
    is_ready = ints(case.cooling, "first_year") <= case.year[t]
    price = np.where(
        offered[None] & (choice[at] & is_ready)[:, None, None, :], each[at], np.inf
    )  # (site, workload, rack, cooling)
    for v in range(vendor.max(initial=-1) + 1):
        best = price[:, :, vendor == v].min(axis=2)  # (site, workload, cooling)
        s, w = np.nonzero(np.isfinite(best.min(axis=2)))
        kept[at[s], best[s, w].argmin(axis=1), quality.new[w]] = True


def _hall_year(case: ScopedCase, cost: HallCost, rates: Rates, climate: SlotClimate) -> Floats:
    """Yearly cost of a MW of hall with its power and water, (site, cooling, redundancy). [MUSD]"""
    weight = case.days.weight_h / case.days.weight_h.sum()
    overhead, water = climate.mechanical_frac @ weight, climate.wue_l_per_kwh @ weight
    price = floats(case.sites, "retail_usd_per_mwh")[:, None]
    # 1 L/kWh is 1 m3/MWh.
    price_m3 = floats(case.sites, "water_price_usd_per_m3")[:, None]
    usd_per_it_mwh = (1.0 + overhead) * price + water * price_m3
    running = HOURS_PER_YEAR * _MEAN_LOAD_FRAC * usd_per_it_mwh / USD_PER_MUSD
    repaid = annuity_payment(cost.capex_musd_per_mw, rates.facility, rates.facility_life_years)
    return np.asarray(repaid + cost.opex_musd_per_mw_year + running[:, :, None])


def _too_stressed(case: ScopedCase) -> Bools:
    """Sites where the scenario allows no technology that evaporates water, (site,)."""
    most = case.scenario.water.max_stress_score
    return np.asarray(floats(case.sites, "stress_score") > (np.inf if most is None else most))
