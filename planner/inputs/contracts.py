"""Index lists and coefficients of power under contract and of clean targets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.base.units import MONTHS_PER_YEAR
from planner.clock.calendar import float_year
from planner.inputs.contract_offers import delivery_profiles, strikes
from planner.inputs.frames import any_along, by_ids, texts
from planner.inputs.types_contracts import ContractInputs
from planner.lp import Axis, Index
from planner.lp.join import cross
from planner.scenario import held

if TYPE_CHECKING:
    from planner.inputs.case import Case
    from planner.inputs.prices import Prices
    from planner.inputs.types import Bools, Floats, Sets

__all__ = ["contract_inputs", "grid_clean_frac"]


def contract_inputs(
    case: Case, sets: Sets, prices: Prices, intensity_shape: Floats, site_year: Index
) -> ContractInputs:
    """Make the lists of power under contract and of what must be clean.

    Parameters
    ----------
    case : Case
        Sites and settings.
    sets : Sets
        Axes.
    prices : Prices
        What the market pays, and what of it sites pay.
    intensity_shape : array of float
        Carbon intensity over its mean, shape (site, slot).
    site_year : Index
        Sites and years in the plan.

    Returns
    -------
    ContractInputs
        Every list is empty where nothing is on offer and no target is set.
    """
    settings = case.scenario.contracts
    offers = tuple(settings.ppa.values())
    contract = Axis("contract", tuple(settings.ppa))
    first_site = np.array([np.argmax(sets.site_zone == z) for z in range(len(sets.zone))])
    pool, site_pool = _pools(case, sets)
    zone_pool = site_pool[first_site]

    strike = strikes(case, sets, first_site)
    is_offered = np.asarray(~np.isnan(strike[:, :, 0]), dtype=np.bool_)
    profile = delivery_profiles(case, sets, first_site, is_offered)
    lead_years = np.array([offer.lead_months for offer in offers]) / MONTHS_PER_YEAR
    first = float_year(case.scenario.decisions_start) + lead_years
    has_sites = np.zeros((len(sets.zone), len(sets.year)), dtype=np.bool_)
    has_sites[sets.site_zone[site_year["site"]], site_year["year"]] = True
    in_time = (first[:, None] < case.last_year + 1.0)[:, None, :]
    max_mw = np.array([offer.max_mw for offer in offers])
    may_sign = ~np.isnan(strike) & in_time & has_sites & (max_mw > 0.0)[:, None, None]
    axes = (contract, sets.zone, sets.year)
    sign = Index.sparse("sign", axes, np.nonzero(may_sign))
    start = np.maximum(first[sign["contract"]], case.year[sign["year"]])
    term = np.array([offer.term_years for offer in offers], dtype=np.float64)
    may_run = np.logical_or.accumulate(may_sign, axis=2)
    force = Index.sparse("force", axes, np.nonzero(may_run))
    is_physical = np.array([offer.kind == "physical" for offer in offers], dtype=np.bool_)

    years = len(sets.year)
    market = _market(sets, prices, site_year)
    runs_physical = any_along(may_run[is_physical], axis=0)
    delivery = cross(
        Index.sparse("delivery", (sets.zone, sets.year), np.nonzero(runs_physical)),
        sets.slot,
        "delivery",
    )
    s, t = site_year["site"], site_year["year"]
    take = _slots(sets, site_year, runs_physical[sets.site_zone[s], t], "take")
    goal = [settings.matching.target_frac] * years
    target = np.array(
        [
            0.0 if g is None else held(g, y) or 0.0
            for g, y in zip(goal, case.years.years, strict=True)
        ]
    )
    counts = np.zeros((len(pool), years), dtype=np.bool_)
    np.logical_or.at(counts, zone_pool, any_along(may_run, axis=0))
    counts &= (target > 0.0) | (case.scenario.carbon.accounting == "market")
    has_pool = np.zeros((len(pool), years), dtype=np.bool_)
    has_pool[site_pool[s], t] = True
    pools = Index.sparse("pool_year", (pool, sets.year), np.nonzero(counts & has_pool))
    goals = Index.sparse("target", (pool, sets.year), np.nonzero(has_pool & (target > 0.0)))
    is_hourly = settings.matching.mode == "hourly"
    nowhere = np.zeros(0, dtype=np.intp)
    is_asked = bool(offers) or bool((target > 0.0).any())
    clean = grid_clean_frac(case, sets, intensity_shape) if is_asked else None
    return ContractInputs(
        contract=contract,
        pool=pool,
        is_physical=is_physical,
        technology=tuple(offer.technology for offer in offers),
        zone_pool=zone_pool,
        site_pool=site_pool,
        sign=sign,
        sign_start=start,
        sign_end=start + term[sign["contract"]],
        strike_usd_per_mwh=strike[sign.codes],
        force=force,
        limit_mw=max_mw[force["contract"]],
        profile_frac=profile,
        market_usd_per_mwh=market,
        delivery=delivery,
        take=take,
        take_usd_per_mwh=prices.wholesale_part_usd_per_mwh[take.codes],
        count=_slots(
            sets, site_year, (has_pool & (counts | (target > 0.0)))[site_pool[s], t], "count"
        ),
        claim=_slots(sets, site_year, (counts & has_pool)[site_pool[s], t], "claim"),
        claim_slot=cross(pools if is_hourly else pools.select(nowhere), sets.slot, "claim_slot"),
        claim_year=pools.select(nowhere) if is_hourly else pools,
        target=goals,
        target_frac=target[goals["year"]],
        clean_frac=np.zeros(site_year.size * len(sets.slot))
        if clean is None
        else clean[s, t].ravel(),
        is_hourly=is_hourly,
    )


def _market(sets: Sets, prices: Prices, site_year: Index) -> Floats:
    """Mean of the wholesale prices of a zone's sites in the plan, (zone, year, slot)."""
    in_plan = np.zeros((len(sets.site), len(sets.year)))
    in_plan[site_year["site"], site_year["year"]] = 1.0
    belongs = (sets.site_zone == np.arange(len(sets.zone))[:, None]).astype(np.float64)
    total = np.einsum("zs,st,sth->zth", belongs, in_plan, prices.wholesale_usd_per_mwh)
    return np.asarray(total / np.maximum(belongs @ in_plan, 1.0)[:, :, None])


def _slots(sets: Sets, site_year: Index, which: Bools, name: str) -> Index:
    """Return the slots of some sites and years."""
    return cross(site_year.select(np.flatnonzero(which), name), sets.slot, name)


def _pools(case: Case, sets: Sets) -> tuple[Axis, np.ndarray]:
    """Return the pools within which contracts count, and that of every site."""
    area = case.scenario.contracts.area
    if area == "zone":
        return sets.zone.renamed("pool"), sets.site_zone.astype(np.intp)
    if area == "operator":
        return Axis("pool", ("operator",)), np.zeros(len(sets.site), dtype=np.intp)
    country = texts(case.sites, "country")
    pool = Axis("pool", tuple(dict.fromkeys(country)))
    return pool, np.asarray(pool.codes(country), dtype=np.intp)


def grid_clean_frac(case: Case, sets: Sets, intensity_shape: Floats) -> Floats:
    r"""Return the clean share of the grid at every site, year and slot.

    .. math:: \phi_{sth} = 1 - \min((1 - \Phi_{zt})\, k_{sh},\ 1)

    with the mean share of zone and year and the shape of carbon intensity: the fossil rest
    follows what is emitted.

    Parameters
    ----------
    case : Case
        Years and table `clean_share`; straight lines between its years, held beyond them.
    sets : Sets
        Axes.
    intensity_shape : array of float
        Carbon intensity over its mean, shape (site, slot).

    Returns
    -------
    array of float
        Shape (site, year, slot).
    """
    table = case.tables["clean_share"]
    known = sorted({int(year) for year in table["year"]})
    share = by_ids(table, {"zone": sets.zone.labels, "year": known}, "clean_frac")
    for z in np.flatnonzero(np.isnan(share).any(axis=1)):
        case.findings.at_table(
            "clean_share",
            f"zone {sets.zone.labels[z]} lacks a year",
            f"rows for {', '.join(map(str, known))}",
            "add them",
        )
    mean = np.asarray([np.interp(case.year, known, row) for row in share])[sets.site_zone]
    return 1.0 - np.minimum((1.0 - mean)[:, :, None] * intensity_shape[:, None, :], 1.0)
