"""Tables of power under contract, and of what of the energy used is clean."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.base.units import HOURS_PER_YEAR, T_PER_KT, USD_PER_MUSD
from planner.family.payments import capital_payments_per_unit
from planner.lp import Index
from planner.lp.index import cross, locate
from planner.model.money import ASSETS
from planner.results.store import cleaned, labels, listed, mean_of, ratio

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.base.arrays import Floats
    from planner.results.solved import SolvedModel
    from planner.results.store import Cells


def contracts(s: SolvedModel) -> dict[str, Cells]:
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
    return {
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
    }


def contract_slot(s: SolvedModel) -> dict[str, Cells]:
    """Make table `contract_slot`: what agreements deliver time slice by time slice."""
    p, terms, at = s.p.contracts, s.model.contracts, s.model.contracts.output
    in_force = s.value(terms.contract_mw.on(at)) != 0.0
    rows = np.flatnonzero(in_force)
    return {
        **labels(at, rows),
        "hours": s.weight_h[at["slot"][rows]],
        "output_mw": s.value(terms.output_mw)[rows],
        "market_usd_per_mwh": p.market_usd_per_mwh[at["zone"], at["year"], at["slot"]][rows],
    }


def contract_use(s: SolvedModel) -> dict[str, Cells]:
    """Make table `contract_use`: power under contract that sites take and claim."""
    p, slot = s.p.contracts, s.p.power.slot
    taken = s.value(s.model.contracts.take_mw.on(slot, missing="zero"))
    claimed = claimed_mw(s).ravel()
    price = np.zeros(slot.size)
    price[slot.find(p.take)] = p.take_usd_per_mwh
    return listed(
        slot, (taken != 0.0) | (claimed != 0.0), taken_mw=taken, wholesale_usd_per_mwh=price, claimed_mw=claimed
    )


def matching(s: SolvedModel) -> dict[str, Cells]:
    """Make table `matching`: the clean share of the energy used in a year."""
    p, pools = s.p.contracts, _pools(s)
    mwh = {name: values @ s.weight_h for name, values in _by_pool(s, pools).items()}
    clean = mwh["own_clean"] + mwh["claimed"] + mwh["grid_clean"]
    target = np.full(pools.size, np.nan)
    target[pools.find(p.target)] = p.target_frac
    used = mwh["used"]
    without = mwh["own_clean"] + _sum(s, pools, _share(s) * s.grid_mw) @ s.weight_h
    return {
        **labels(pools),
        "target_frac": target,
        **{f"{name}_mwh": values for name, values in mwh.items()},
        "clean_mwh": clean,
        "clean_frac": ratio(clean, used),
        **{
            f"{name}_frac": ratio(without + _gain_mwh(s, pools, is_hourly=is_hourly), used)
            for name, is_hourly in (("annual", False), ("hourly", True))
        },
    }


def matching_slot(s: SolvedModel) -> dict[str, Cells]:
    """Make table `matching_slot`: what is clean time slice by time slice."""
    pools = _pools(s)
    over = cross(pools, s.p.sets.slot, name="matching_slot")
    power = {f"{name}_mw": values.ravel() for name, values in _by_pool(s, pools).items()}
    return {**labels(over), "hours": s.weight_h[over["slot"]], **power}


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


# --- Tables of power made or stored at the sites --------------------------------------------------


def source_builds(s: SolvedModel) -> dict[str, Cells]:
    """Make table `source_builds`: on-site sources that enter service."""
    p, m = s.p.supply, s.model.supply
    mw = s.value(m.source_mw)
    mwh = s.value(m.store_mwh.on(p.build, missing="zero"))
    cells = s.value((p.build_store_capex_musd_per_mwh * m.store_mwh).on(p.build, missing="zero"))
    rows = np.flatnonzero((mw != 0.0) | (mwh != 0.0))
    return {
        **labels(p.build, rows),
        "role": _roles(s, p.build, rows),
        "built_mw": mw[rows],
        "built_mwh": mwh[rows],
        "service_start": p.build_start[rows],
        "life_years": p.build_life_years[rows],
        "min_size_mw": p.build_smallest_mw[rows],
        "overnight_musd": (p.build_capex_musd_per_mw * mw + cells)[rows],
    }


def source_leaves(s: SolvedModel) -> dict[str, Cells]:
    """Make table `source_leaves`: bridge power that leaves."""
    p = s.p.supply
    mw = s.value(s.model.supply.redeploy_mw)
    rows = np.flatnonzero(mw)
    return {
        **labels(p.redeploy, rows),
        "left_mw": mw[rows],
        "worth_musd": (p.redeploy_worth_musd_per_mw * mw)[rows],
        "removal_musd": (p.redeploy_cost_musd_per_mw * mw)[rows],
    }


def source_year(s: SolvedModel) -> dict[str, Cells]:
    """Make table `source_year`: a source in a year, in one line."""
    p, m, over = s.p.supply, s.model.supply, s.p.supply.capacity
    capacity = s.value(m.capacity_mw)
    energy = s.value(m.energy_mwh.on(over, missing="zero"))
    hours = s.weight_h
    output = _by_slot(s, *_output(s)) @ hours
    charged = _by_slot(s, m.charge_mw.over, s.value(m.charge_mw)) @ hours
    worn = s.value(m.worn_mwh.on(over, missing="zero"))
    burnt = {
        name: s.value((rate * m.output_mwh).on(over, missing="zero"))
        for name, rate in (("fuel_mmbtu", p.fuel_mmbtu_per_mwh), ("emissions_kt", p.co2_t_per_mwh / T_PER_KT))
    }
    capital, running = _capital_musd(s), _running_musd(s)
    rows = np.flatnonzero((capacity != 0.0) | (energy != 0.0))
    return {
        **labels(over, rows),
        "role": _roles(s, over, rows),
        "capacity_mw": capacity[rows],
        "energy_mwh": energy[rows],
        "output_mwh": output[rows],
        "charged_mwh": charged[rows],
        "worn_mwh": worn[rows],
        "capacity_factor_frac": ratio(output, capacity * HOURS_PER_YEAR)[rows],
        **{name: values[rows] for name, values in burnt.items()},
        "capital_musd": capital[rows],
        "running_musd": running[rows],
        "usd_per_mwh": ratio((capital + running) * USD_PER_MUSD, output)[rows],
    }


def source_slot(s: SolvedModel) -> dict[str, Cells]:
    """Make table `source_slot`: what each source does, time slice by time slice."""
    m, capacity = s.model.supply, s.value(s.model.supply.capacity_mw)
    over = cross(s.p.supply.capacity, s.p.sets.slot, name="source_slot")
    energy = s.value(m.energy_mwh.on(s.p.supply.capacity, missing="zero"))
    there = (capacity != 0.0) | (energy != 0.0)
    rows = np.flatnonzero(np.repeat(there, len(s.p.sets.slot)))
    return {
        **labels(over, rows),
        "output_mw": _by_slot(s, *_output(s)).ravel()[rows],
        **{
            name: _by_slot(s, of.over, s.value(of)).ravel()[rows]
            for name, of in (("charge_mw", m.charge_mw), ("level_mwh", m.level_mwh))
        },
    }


def site_surplus(s: SolvedModel) -> dict[str, Cells]:
    """Make table `site_surplus`: own power sold or curtailed."""
    m, p, slot = s.model, s.p.supply, s.p.balance.slot
    export = s.value(m.supply.export_mw.on(slot, missing="zero"))
    curtailed = m.supply.curtail_mw.on(slot, missing="zero")
    surplus = s.value(m.supply_mw - m.use_mw + curtailed)
    price = np.zeros(slot.size)
    price[slot.find(p.export)] = p.export_usd_per_mwh
    rows = np.flatnonzero((export != 0.0) | (cleaned(surplus) > 0.0))
    return {
        **labels(slot, rows),
        "export_mw": export[rows],
        "export_usd_per_mwh": price[rows],
        "surplus_mw": np.maximum(surplus, 0.0)[rows],
    }


def _roles(s: SolvedModel, over: Index, rows: NDArray[np.intp]) -> Cells:
    return np.array(s.p.supply.role, dtype=object)[over["source"][rows]]


def _output(s: SolvedModel) -> tuple[Index, Floats]:
    """Power put out by dispatched sources, sun and wind, and batteries, with its list."""
    m = s.model.supply
    over = cross(s.p.supply.capacity, s.p.sets.slot, name="source_slot")
    total = np.zeros(over.size)
    for part in (m.output_mw, m.available_mw, m.discharge_mw):
        total[over.find(part.over)] = s.value(part)
    return over, total


def _by_slot(s: SolvedModel, over: Index, values: Floats) -> Floats:
    """Return values over (site, source, year, slot) as a table, shape (capacity, slot)."""
    capacity, slots = s.p.supply.capacity, len(s.p.sets.slot)
    table = np.zeros((capacity.size, slots))
    table[capacity.find(over), over["slot"]] = values
    return table


def _capital_musd(s: SolvedModel) -> Floats:
    """Return the mean yearly repayments of every source, shape (capacity,)."""
    capacity, sources = s.p.supply.capacity, len(s.p.supply.source)
    paid = np.zeros((len(s.p.sets.site) * sources, len(s.model.calendar)))
    for item in (item for item in ASSETS if item.kind == "supply"):
        bought = item.bought(s.model)
        over = bought.decision.over
        musd = capital_payments_per_unit(s.model, bought) * s.value(bought.decision)[:, None]
        np.add.at(paid, over["site"] * sources + over["source"], musd)
    yearly = mean_of(paid, s.model_year_of, s.years)
    return np.asarray(yearly[capacity["site"] * sources + capacity["source"], capacity["year"]])


def _running_musd(s: SolvedModel) -> Floats:
    """Return yearly upkeep, fuel and worn cells of every source, shape (capacity,)."""
    p, m = s.p.supply, s.model.supply
    fixed = p.fixed_musd_per_mw_year * m.capacity_mw
    of_energy = p.fixed_musd_per_mwh_year * m.energy_mwh
    by_output = (p.variable_usd_per_mwh / USD_PER_MUSD) * m.paid_mwh
    upkeep = s.value(fixed + of_energy.on(p.capacity, missing="zero") + by_output)
    fuel = (p.fuel_usd_per_mwh / USD_PER_MUSD) * m.output_mwh
    worn = p.wear_musd_per_mwh * m.worn_mwh
    other = fuel.on(p.capacity, missing="zero") + worn.on(p.capacity, missing="zero")
    return np.asarray(upkeep * s.p.finance.opex_escalation[p.capacity["year"]] + s.value(other))
