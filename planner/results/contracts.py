"""Tables of power under contract, and of what of the energy used is clean."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.base.units import HOURS_PER_YEAR, USD_PER_MUSD
from planner.lp import Index
from planner.lp.index import cross, locate
from planner.results.store import labels, ratio, result_table

if TYPE_CHECKING:
    import pandas as pd

    from planner.base.arrays import Floats
    from planner.results.solved import SolvedModel


def contracts(s: SolvedModel) -> pd.DataFrame:
    """Make table `contracts`: agreements signed and in force."""
    p, terms = s.p.contracts, s.model.contracts
    over = p.force
    signed = s.value(terms.signed_mw.on(over, missing="zero"))
    mw = s.value(terms.contract_mw)
    energy, strike = mw * terms.mwh_per_mw, s.value(terms.strike_usd)
    market = mw * terms.market_usd_per_mw
    flat = p.market_usd_per_mwh[over["zone"], over["year"]] @ s.weight_h / HOURS_PER_YEAR
    rows = np.flatnonzero((signed != 0.0) | (mw != 0.0))
    kind = np.where(p.is_physical, "physical", "financial").astype(object)
    return result_table(
        "contracts",
        {
            **labels(over, rows),
            "kind": kind[over["contract"][rows]],
            "technology": np.array(p.technology, dtype=object)[over["contract"][rows]],
            "signed_mw": signed[rows],
            "in_force_mw": mw[rows],
            "energy_mwh": energy[rows],
            "strike_musd": strike[rows] / USD_PER_MUSD,
            "market_musd": market[rows] / USD_PER_MUSD,
            "strike_usd_per_mwh": ratio(strike, energy)[rows],
            "value_factor_frac": ratio(ratio(market, energy), flat)[rows],
        },
    )


def contract_slot(s: SolvedModel) -> pd.DataFrame:
    """Make table `contract_slot`: what agreements deliver time slice by time slice."""
    p, terms, at = s.p.contracts, s.model.contracts, s.model.contracts.output
    in_force = s.value(terms.contract_mw.on(at)) != 0.0
    rows = np.flatnonzero(in_force)
    return result_table(
        "contract_slot",
        {
            **labels(at, rows),
            "hours": s.weight_h[at["slot"][rows]],
            "output_mw": s.value(terms.output_mw)[rows],
            "market_usd_per_mwh": p.market_usd_per_mwh[at["zone"], at["year"], at["slot"]][rows],
        },
    )


def contract_use(s: SolvedModel) -> pd.DataFrame:
    """Make table `contract_use`: power under contract that sites take and claim."""
    p, slot = s.p.contracts, s.p.power.slot
    taken = s.value(s.model.contracts.take_mw.on(slot, missing="zero"))
    claimed = claimed_mw(s).ravel()
    price = np.zeros(slot.size)
    price[slot.find(p.take)] = p.take_usd_per_mwh
    rows = np.flatnonzero((taken != 0.0) | (claimed != 0.0))
    return result_table(
        "contract_use",
        {
            **labels(slot, rows),
            "taken_mw": taken[rows],
            "wholesale_usd_per_mwh": price[rows],
            "claimed_mw": claimed[rows],
        },
    )


def matching(s: SolvedModel) -> pd.DataFrame:
    """Make table `matching`: the clean share of the energy used in a year."""
    p, pools = s.p.contracts, _pools(s)
    mwh = {name: values @ s.weight_h for name, values in _by_pool(s, pools).items()}
    clean = mwh["own_clean"] + mwh["claimed"] + mwh["grid_clean"]
    target = np.full(pools.size, np.nan)
    target[pools.find(p.target)] = p.target_frac
    used = mwh["used"]
    without = mwh["own_clean"] + _sum(s, pools, _share(s) * s.grid_mw) @ s.weight_h
    return result_table(
        "matching",
        {
            **labels(pools),
            "target_frac": target,
            **{f"{name}_mwh": values for name, values in mwh.items()},
            "clean_mwh": clean,
            "clean_frac": ratio(clean, used),
            **{
                f"{name}_frac": ratio(without + _gain_mwh(s, pools, is_hourly=is_hourly), used)
                for name, is_hourly in (("annual", False), ("hourly", True))
            },
        },
    )


def matching_slot(s: SolvedModel) -> pd.DataFrame:
    """Make table `matching_slot`: what is clean time slice by time slice."""
    pools = _pools(s)
    over = cross(pools, s.p.sets.slot, name="matching_slot")
    power = {f"{name}_mw": values.ravel() for name, values in _by_pool(s, pools).items()}
    return result_table("matching_slot", {**labels(over), "hours": s.weight_h[over["slot"]], **power})


def claimed_mw(s: SolvedModel) -> Floats:
    """Return power under contract that counts as clean, shape (site_year, slot). [MW].

    As the plan claims it where that counts for something; elsewhere the dirtiest power is claimed
    first, as far as contracts deliver.
    """
    p, slot = s.p.contracts, s.p.power.slot
    claimed = s.by_slot(s.value(s.model.contracts.claim_mw.on(slot, missing="zero")))
    decided = np.zeros(slot.size)
    decided[slot.find(p.claim)] = 1.0
    best = _best_claims(s, is_hourly=p.is_hourly)
    return np.where(s.by_slot(decided) > 0.0, claimed, best)


# --- by pool ----------------------------------------------------------------------------


def _pools(s: SolvedModel) -> Index:
    """Pools and years with a target, or in which an agreement may be in force."""
    p = s.p.contracts
    there = np.zeros((len(p.pool), s.years), dtype=np.bool_)
    there[p.zone_pool[p.force["zone"]], p.force["year"]] = True
    there[p.target["pool"], p.target["year"]] = True
    return Index.sparse("pools", (p.pool, s.p.sets.year), np.nonzero(there))


def _sum(s: SolvedModel, pools: Index, of_sites: Floats) -> Floats:
    """Add up power of sites, shape (site_year, slot), to shape (pool_year, slot)."""
    site_year, p = s.p.sites.site_year, s.p.contracts
    place = locate(pools, p.site_pool[site_year["site"]], site_year["year"])
    total = np.zeros((pools.size, of_sites.shape[1]))
    np.add.at(total, place[place >= 0], of_sites[place >= 0])
    return total


def _delivered(s: SolvedModel, pools: Index) -> Floats:
    """Power of contracts, shape (pool_year, slot). [MW]"""
    slots = cross(pools, s.p.sets.slot)
    return s.value(s.model.contracts.of_pool_mw(slots)).reshape(pools.size, len(s.p.sets.slot))


def _by_pool(s: SolvedModel, pools: Index) -> dict[str, Floats]:
    """Return power by pool, year and time slice: what is used, drawn, delivered and clean. [MW]"""
    claimed = claimed_mw(s)
    return {
        "used": _sum(s, pools, s.site_mw),
        "grid": _sum(s, pools, s.grid_mw),
        "own_clean": _sum(s, pools, _own_clean(s)),
        "delivered": _delivered(s, pools),
        "claimed": _sum(s, pools, claimed),
        "grid_clean": _sum(s, pools, _share(s) * (s.grid_mw - claimed)),
    }


def _share(s: SolvedModel) -> Floats:
    """Clean share of the grid, shape (site_year, slot)."""
    return s.by_slot(s.p.contracts.clean_frac)


def _own_clean(s: SolvedModel) -> Floats:
    """Own clean power used, less what is sold and stored, shape (site_year, slot). [MW]"""
    supply, slot = s.model.supply, s.p.power.slot
    sold = supply.export_mw.on(s.p.balance.slot, missing="zero")
    own = supply.clean_used_mw + supply.stored_mw - sold
    return s.by_slot(s.value(own.on(slot, missing="zero")))


# --- most that can be claimed -----------------------------------------------------------


def _best_claims(s: SolvedModel, *, is_hourly: bool) -> Floats:
    """Return claims that make most power clean, shape (site_year, slot). [MW]"""
    site_year, p = s.p.sites.site_year, s.p.contracts
    pools = _pools(s)
    delivered = _delivered(s, pools) * s.weight_h
    place = locate(pools, p.site_pool[site_year["site"]], site_year["year"])
    drawn, share = s.grid_mw * s.weight_h, _share(s)
    claimed = np.zeros(drawn.shape)
    for pool in range(pools.size):
        here = np.flatnonzero(place == pool)
        if is_hourly:
            for slot in range(drawn.shape[1]):
                at = np.ix_(here, np.array([slot]))
                claimed[at] = _allocate_to_dirtiest(drawn[at], share[at], delivered[pool, slot])
        else:
            claimed[here] = _allocate_to_dirtiest(drawn[here], share[here], delivered[pool].sum())
    return np.asarray(claimed / s.weight_h)


def _allocate_to_dirtiest(drawn: Floats, share: Floats, amount: float) -> Floats:
    """Give an amount to what is drawn, that with the smallest clean share first."""
    order = np.argsort(share, axis=None, kind="stable")
    wanted = np.maximum(drawn.ravel()[order], 0.0)
    before = np.cumsum(wanted) - wanted
    given = np.zeros(drawn.size)
    given[order] = np.clip(amount - before, 0.0, wanted)
    return given.reshape(drawn.shape)


def _gain_mwh(s: SolvedModel, pools: Index, *, is_hourly: bool) -> Floats:
    """Clean energy that contracts can add to the grid's share, shape (pool_year,). [MWh]"""
    gain = (1.0 - _share(s)) * _best_claims(s, is_hourly=is_hourly)
    return np.asarray(_sum(s, pools, gain) @ s.weight_h)
