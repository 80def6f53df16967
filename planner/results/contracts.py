"""Tables of power under contract, of what of the energy used is clean, and of bills."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.base.units import HOURS_PER_YEAR, T_PER_KT, USD_PER_MUSD
from planner.family.payments import capital_payments_per_unit
from planner.family.table_columns import sum_at
from planner.inputs.tariffs import KINDS
from planner.lp import Index
from planner.lp.index import cross, locate, pairs
from planner.model.money import ASSETS
from planner.results.store import cleaned, listed, mean_of, placed, ratio, total_by, words
from planner.tariffs import bill_metered

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.base.arrays import Floats
    from planner.lp import Expression
    from planner.results.solved import SolvedModel
    from planner.results.store import Cells

# --- Tables of power under contract, and of what of the energy used is clean ----------------------


def contracts(s: SolvedModel) -> dict[str, Cells]:
    """Make table `contracts`: agreements signed and in force."""
    p, terms, over = s.p.contracts, s.model.contracts, s.p.contracts.force
    signed, mw = s.value(terms.signed_mw.on(over, missing="zero")), s.value(terms.contract_mw)
    energy, strike, market = mw * terms.mwh_per_mw, s.value(terms.strike_usd), mw * terms.market_usd_per_mw
    flat = p.market_usd_per_mwh[over["zone"], over["year"]] @ s.weight_h / HOURS_PER_YEAR
    kind = np.where(p.is_physical, "physical", "financial").astype(object)
    return listed(
        over,
        (signed != 0.0) | (mw != 0.0),
        kind=kind[over["contract"]],
        technology=np.array(p.technology, dtype=object)[over["contract"]],
        signed_mw=signed,
        in_force_mw=mw,
        energy_mwh=energy,
        strike_musd=strike / USD_PER_MUSD,
        market_musd=market / USD_PER_MUSD,
        strike_usd_per_mwh=ratio(strike, energy),
        value_factor_frac=ratio(ratio(market, energy), flat),
    )


def contract_slot(s: SolvedModel) -> dict[str, Cells]:
    """Make table `contract_slot`: what agreements deliver time slice by time slice."""
    terms, at = s.model.contracts, s.model.contracts.output
    price = s.p.contracts.market_usd_per_mwh[at["zone"], at["year"], at["slot"]]
    output_mw, hours = s.value(terms.output_mw), s.weight_h[at["slot"]]
    return listed(at, s.value(terms.contract_mw.on(at)), hours=hours, output_mw=output_mw, market_usd_per_mwh=price)


def contract_use(s: SolvedModel) -> dict[str, Cells]:
    """Make table `contract_use`: power under contract that sites take and claim."""
    p, slot = s.p.contracts, s.p.power.slot
    taken = s.value(s.model.contracts.take_mw.on(slot, missing="zero"))
    claimed, price = claimed_mw(s).ravel(), placed(slot, p.take, p.take_usd_per_mwh)
    return listed(
        slot, (taken != 0.0) | (claimed != 0.0), taken_mw=taken, wholesale_usd_per_mwh=price, claimed_mw=claimed
    )


def matching(s: SolvedModel) -> dict[str, Cells]:
    """Make table `matching`: the clean share of the energy used in a year."""
    p, pools = s.p.contracts, _pools(s)
    mwh = {name: values @ s.weight_h for name, values in _by_pool(s, pools).items()}
    clean, used = mwh["own_clean"] + mwh["claimed"] + mwh["grid_clean"], mwh["used"]
    target = placed(pools, p.target, p.target_frac, np.nan)
    without = mwh["own_clean"] + _sum(s, pools, _share(s) * s.grid_mw) @ s.weight_h
    gains = ((1.0 - _share(s)) * _best_claims(s, is_hourly=one) for one in (False, True))
    annual, hourly = (ratio(without + _sum(s, pools, gain) @ s.weight_h, used) for gain in gains)
    shares = {"clean_frac": ratio(clean, used), "annual_frac": annual, "hourly_frac": hourly}
    energy = {f"{name}_mwh": values for name, values in mwh.items()}
    return listed(pools, target_frac=target, clean_mwh=clean, **energy, **shares)


def matching_slot(s: SolvedModel) -> dict[str, Cells]:
    """Make table `matching_slot`: what is clean time slice by time slice."""
    pools = _pools(s)
    over = cross(pools, s.p.sets.slot, name="matching_slot")
    power = {f"{name}_mw": values.ravel() for name, values in _by_pool(s, pools).items()}
    return listed(over, hours=s.weight_h[over["slot"]], **power)


def claimed_mw(s: SolvedModel) -> Floats:
    """Return power under contract that counts as clean, shape (site_year, slot). [MW]

    As the plan claims it where that counts; elsewhere the dirtiest power is claimed first, as contracts deliver.
    """
    p, slot = s.p.contracts, s.p.power.slot
    claimed = s.by_slot(s.value(s.model.contracts.claim_mw.on(slot, missing="zero")))
    decided = placed(slot, p.claim, 1.0)
    return np.where(s.by_slot(decided) > 0.0, claimed, _best_claims(s, is_hourly=p.is_hourly))


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
    return sum_at((pools.size, of_sites.shape[1]), (place,), of_sites)


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
        # In every time slice by itself, or over all of them together.
        shape, most = (len(here), -1), delivered[pool]
        if not is_hourly:
            shape, most = (-1, 1), delivered[pool].sum()
        given = _allocate_to_dirtiest(drawn[here].reshape(shape), share[here].reshape(shape), most)
        claimed[here] = given.reshape(len(here), -1)
    return np.asarray(claimed / s.weight_h)


def _allocate_to_dirtiest(drawn: Floats, share: Floats, amount: Floats) -> Floats:
    """Give an amount to what is drawn, that with the smallest clean share first, column by column."""
    order = np.argsort(share, axis=0, kind="stable")
    wanted = np.maximum(np.take_along_axis(drawn, order, axis=0), 0.0)
    before = np.cumsum(wanted, axis=0) - wanted
    given = np.zeros(drawn.shape)
    np.put_along_axis(given, order, np.clip(amount - before, 0.0, wanted), axis=0)
    return given


# --- Tables of power made or stored at the sites --------------------------------------------------


def source_builds(s: SolvedModel) -> dict[str, Cells]:
    """Make table `source_builds`: on-site sources that enter service."""
    p, m = s.p.supply, s.model.supply
    mw, mwh = s.value(m.source_mw), s.value(m.store_mwh.on(p.build, missing="zero"))
    cells = s.value((p.build_store_capex_musd_per_mwh * m.store_mwh).on(p.build, missing="zero"))
    return listed(
        p.build,
        (mw != 0.0) | (mwh != 0.0),
        role=_roles(s, p.build),
        built_mw=mw,
        built_mwh=mwh,
        service_start=p.build_start,
        life_years=p.build_life_years,
        min_size_mw=p.build_smallest_mw,
        overnight_musd=p.build_capex_musd_per_mw * mw + cells,
    )


def source_leaves(s: SolvedModel) -> dict[str, Cells]:
    """Make table `source_leaves`: bridge power that leaves."""
    p, mw = s.p.supply, s.value(s.model.supply.redeploy_mw)
    worth, removal = p.redeploy_worth_musd_per_mw * mw, p.redeploy_cost_musd_per_mw * mw
    return listed(p.redeploy, mw, left_mw=mw, worth_musd=worth, removal_musd=removal)


def source_year(s: SolvedModel) -> dict[str, Cells]:
    """Make table `source_year`: a source in a year, in one line."""
    p, m, over, hours = s.p.supply, s.model.supply, s.p.supply.capacity, s.weight_h

    def known(expression: Expression) -> Floats:
        return s.value(expression.on(over, missing="zero"))

    capacity, energy, worn = s.value(m.capacity_mw), known(m.energy_mwh), known(m.worn_mwh)
    output = _by_slot(s, *_output(s)) @ hours
    capital, running = _capital_musd(s), _running_musd(s)
    return listed(
        over,
        (capacity != 0.0) | (energy != 0.0) | (worn != 0.0),  # within a gap cells may wear that nobody has
        role=_roles(s, over),
        capacity_mw=capacity,
        energy_mwh=energy,
        output_mwh=output,
        charged_mwh=_by_slot(s, m.charge_mw.over, s.value(m.charge_mw)) @ hours,
        worn_mwh=worn,
        capacity_factor_frac=ratio(output, capacity * HOURS_PER_YEAR),
        fuel_mmbtu=known(p.fuel_mmbtu_per_mwh * m.output_mwh),
        emissions_kt=known(p.co2_t_per_mwh / T_PER_KT * m.output_mwh),
        capital_musd=capital,
        running_musd=running,
        usd_per_mwh=ratio((capital + running) * USD_PER_MUSD, output),
    )


def source_slot(s: SolvedModel) -> dict[str, Cells]:
    """Make table `source_slot`: what each source does, time slice by time slice."""
    m, capacity = s.model.supply, s.value(s.model.supply.capacity_mw)
    over = cross(s.p.supply.capacity, s.p.sets.slot, name="source_slot")
    energy = s.value(m.energy_mwh.on(s.p.supply.capacity, missing="zero"))
    there = np.repeat((capacity != 0.0) | (energy != 0.0), len(s.p.sets.slot))
    parts = {"charge_mw": m.charge_mw, "level_mwh": m.level_mwh}
    others = {name: _by_slot(s, of.over, s.value(of)).ravel() for name, of in parts.items()}
    return listed(over, there, output_mw=_by_slot(s, *_output(s)).ravel(), **others)


def site_surplus(s: SolvedModel) -> dict[str, Cells]:
    """Make table `site_surplus`: own power sold or curtailed."""
    m, p, slot = s.model, s.p.supply, s.p.balance.slot
    export = s.value(m.supply.export_mw.on(slot, missing="zero"))
    surplus = s.value(m.supply_mw - m.use_mw + m.supply.curtail_mw.on(slot, missing="zero"))
    price = total_by(slot.find(p.export), p.export_usd_per_mwh, slot.size)
    there = (export != 0.0) | (cleaned(surplus) > 0.0)
    surplus_mw = np.maximum(surplus, 0.0)
    return listed(slot, there, export_mw=export, export_usd_per_mwh=price, surplus_mw=surplus_mw)


def _roles(s: SolvedModel, over: Index) -> NDArray[np.object_]:
    return np.array(s.p.supply.role, dtype=object)[over["source"]]


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
    capacity, shape = s.p.supply.capacity, (len(s.p.sets.site), len(s.p.supply.source), len(s.model.calendar))
    paid = np.zeros(shape)
    for item in (item for item in ASSETS if item.kind == "supply"):
        bought = item.bought(s.model)
        over, musd = bought.decision.over, capital_payments_per_unit(s.model, bought)
        paid += sum_at(shape, (over["site"], over["source"]), musd * s.value(bought.decision)[:, None])
    yearly = mean_of(paid, s.model_year_of, s.years)
    return np.asarray(yearly[capacity["site"], capacity["source"], capacity["year"]])


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


# --- Tables of bills by a tariff: what the plan pays, and the exact bill of its load next to it ---

_TIER: Final = re.compile(r", tier \d+$")
_LINE: Final = ["site", "calendar_year", "rule", "item", "unit"]
_CENT: Final = 0.01  # [USD]; less is rounding of sums


def bills(s: SolvedModel) -> pd.DataFrame:
    """Make table `bills`: what the plan pays and what the rules ask, line by line."""
    charged = _charged(s)
    exact = s.exact_bills
    # A program has one line for all tiers and all system peak hours.
    item = exact["item"].str.replace(_TIER, "", regex=True)
    item = item.mask(item.str.endswith("system peak hours"), "system peak hours")
    unit = exact["unit"].replace({"kW": "kW-month"}).where(item == "billing demand", exact["unit"])
    by_line = exact.assign(item=item, unit=unit, calendar_year=exact["month"].str[:4].astype("int64"))
    asked = by_line.groupby(_LINE, sort=False)["usd"].sum().rename("exact_usd").reset_index()
    table = charged.merge(asked, on=_LINE, how="left")
    table["exact_usd"] = table["exact_usd"].fillna(0.0)
    over = table["charged_usd"] - table["exact_usd"]
    table["charged_above_exact_usd"] = over.where(over.abs() > _CENT, 0.0)
    paid = (table["charged_usd"].abs() > _CENT) | (table["exact_usd"].abs() > _CENT)
    rows = pd.concat([table[paid], _exit_fees(s)], ignore_index=True)
    order = ["site", "calendar_year"]
    return rows.sort_values(order, kind="stable", ignore_index=True)


def bill_months(s: SolvedModel) -> pd.DataFrame:
    """Make table `bill_months`: the exact bill, month by month."""
    exact = s.exact_bills
    return exact[exact["usd"].abs() > _CENT].reset_index(drop=True)


def capacity_contracts(s: SolvedModel) -> dict[str, Cells]:
    """Make table `capacity_contracts`: what was signed for, given up and is left."""
    p, terms = s.p.tariffs, s.model.tariffs
    signed, now = pairs(p.signed, p.contract, on=("site",))
    later = p.contract["year"][now] >= p.signed["vintage"][signed]
    signed, now = signed[later], now[later]
    site, vintage, year = (p.signed["site"][signed], p.signed["vintage"][signed], p.contract["year"][now])
    signed_mw = s.value(terms.signed_mw)[signed]

    def value_at(values: Floats, place: NDArray[np.intp]) -> Floats:
        return np.where(place >= 0, np.append(values, 0.0)[place], 0.0)

    released_mw = value_at(s.value(terms.released_mw), locate(p.released, site, vintage, year))
    of_fee = locate(p.fee, site, vintage, year)
    fee_mw, price = value_at(s.value(terms.fee_mw), of_fee), value_at(p.fee_musd_per_mw, of_fee)
    gone_mw = pd.Series(released_mw).groupby([site, vintage]).cumsum().to_numpy()
    rows = np.flatnonzero(signed_mw)
    years = np.array([int(label) for label in s.p.sets.year.labels], dtype=np.int64)
    return {
        "site": words(s.p.sets.site, site[rows]),
        "signed_year": years[vintage[rows]],
        "year": years[year[rows]],
        "signed_mw": signed_mw[rows],
        "released_mw": released_mw[rows],
        "kept_mw": np.maximum(signed_mw - gone_mw, 0.0)[rows],
        "fee_mw": fee_mw[rows],
        "fee_musd": (price * fee_mw)[rows],
    }


def _charged(s: SolvedModel) -> pd.DataFrame:
    """Lines of the bills as the program has them."""
    p, terms = s.p.tariffs, s.model.tariffs
    line = p.bills.line
    names = pd.DataFrame(list(p.bills.line_names), columns=["rule", "item", "unit"], dtype=object)
    tariff = np.full(p.bills.customer.size, "", dtype=object)
    for account in p.accounts:
        tariff[list(account.customers)] = account.tariff.name
    return (
        names.iloc[line["charge"]]
        .reset_index(drop=True)
        .assign(
            site=line.labels("site"),
            calendar_year=line.labels("calendar").astype(np.int64),
            tariff=tariff[p.bills.customer.find(line)],
            kind=np.array(KINDS, dtype=object)[p.line_kind],
            quantity=s.value(terms.units),
            charged_usd=s.value(terms.usd),
        )
    )


def _exit_fees(s: SolvedModel) -> pd.DataFrame:
    table = pd.DataFrame(capacity_contracts(s))
    table = table[table["fee_musd"] > 0.0]
    fees = table.groupby(["site", "year"], as_index=False)[["fee_mw", "fee_musd"]].sum()
    usd = fees["fee_musd"] * USD_PER_MUSD
    tariff = {str(row.site): str(row.tariff) for row in _charged(s).itertuples()}
    words_of = {"rule": "exit fee", "item": "capacity given up", "unit": "MW", "kind": "exit_fee"}
    amounts = {"charged_usd": usd, "exact_usd": usd, "charged_above_exact_usd": 0.0 * usd}
    named = fees.rename(columns={"year": "calendar_year", "fee_mw": "quantity"}).drop(columns="fee_musd")
    return named.assign(tariff=named["site"].map(tariff), **words_of, **amounts)


# --- Exact bills of the load that a plan chose, month by month ------------------------------------


def exact_lines(s: SolvedModel) -> pd.DataFrame:
    """Make the lines of the exact bills of all sites; standing charges count by the share of the site that is open."""
    p, terms = s.p.tariffs, s.model.tariffs
    customer, load = p.bills.customer, p.bills.load
    load_mw = np.zeros((customer.size, len(load.axes[-1])))
    load_mw[customer.find(load), load["step"]] = s.value(terms.load_mw)
    contracted = _by_site_and_year(p.bills.contracted, s.value(terms.contracted_mw))
    connected = _by_site_and_year(p.bills.connected, s.value(terms.connected))
    names = customer.labels("site")
    rows: list[tuple[object, ...]] = []
    for account in p.accounts:
        months = account.reading.calendar.months
        for at in account.customers:
            site = str(names[at])
            in_force = [contracted.get((site, str(month.year)), 0.0) for month in months]
            for line in bill_metered(account.reading.metered(load_mw[at], in_force), account.tariff).lines:
                share = connected.get((site, str(line.month.year)), 0.0) if line.basis == "calendar" else 1.0
                billed = replace(line, quantity=share * line.quantity)
                rows.append((site, str(billed.month), *(getattr(billed, name) for name in _OF_BILL)))
    return pd.DataFrame(rows, columns=["site", "month", *_OF_BILL])


_OF_BILL: Final = ("rule", "item", "unit", "basis", "quantity", "usd_per_unit", "usd")


def _by_site_and_year(over: Index, values: np.ndarray) -> dict[tuple[str, str], float]:
    site, year = (over.labels(axis.name) for axis in over.axes)
    return dict(zip(zip(site, year, strict=True), values.tolist(), strict=True))
