"""Cells of result tables that are forms of the stored solution: those of zones, pools and contracts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from planner.check.contracts import pool_of_zones
from planner.check.frames import once, quotient
from planner.check.grid import existing_mw, priced
from planner.check.payments import discounts, yearly_weight
from planner.check.priced import strikes_musd
from planner.check.stated import grid_mw, site_mw
from planner.check.stated_supply import (
    delivered_mw,
    expanded_mw,
    is_burnt,
    made_mw,
    of_pool,
    of_zone,
    profile_frac,
    surplus_mw,
    turned_mw,
    zones,
)
from planner.check.stating import EVERY, NOTHING, LinearForm, stated_table, total

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planner.base.arrays import Floats
    from planner.check.case import Case
    from planner.check.stating import Cells, Here


_NOTHING_SPARE_MW: Final = 1e-5  # a solver keeps its limits to less


@once
def _claims(case: Case) -> dict[tuple[str, str, str], float]:
    table = case.plan("contract_use")
    keys = zip(table["site"], table["year"].astype("str"), table["slot"], strict=True)
    return dict(zip(keys, table["claimed_mw"], strict=True))


def claimed_mw(s: Here) -> Floats:
    """Power under contract that counts as clean at a site in every time slice, as the plan reports it. [MW]"""
    claims = _claims(s.case)
    return np.array([claims.get((s.site, s.year, slot), 0.0) for slot in s.stored.slot_labels])


def _zones_given(h: Here) -> Iterator[Here]:
    table = h.case.inputs.grid.headroom_by_zone
    return (h.at(zone=zone, year=str(year)) for zone, year in zip(table["zone"], table["year"], strict=True))


@once
def _given_of_zones(case: Case) -> dict[tuple[str, str], dict[str, float]]:
    rows = case.inputs.grid.headroom_by_zone.to_dict("records")
    return {(row["zone"], str(row["year"])): row for row in rows}  # type: ignore[misc]


@stated_table(_zones_given, "rate_pct")
def headroom(h: Here) -> Cells:
    given, value = _given_of_zones(h.case)[h.zone, h.year], h.stored.value
    limit, firm_limit, committed = (given[f"{name}_mw"] for name in ("limit", "firm_limit", "committed"))
    firm = value(expanded_mw(h) + turned_mw(h))
    every = value(
        expanded_mw(h) + total(c.x("connect_mw") for c in of_zone(h, "connect_mw", free="year") if c.start <= h.start)
    )
    spare, paid = max(limit - committed - every, 0.0), float(discounts(h.case).sum())
    firm_spare = min(max(firm_limit - committed - firm, 0.0), spare)
    # Where one limit holds for all connection and for firm connection alone, both have its value.
    of_firm, of_all = (h.dual(name) for name in ("zone_headroom", "all_headroom"))
    of_all += of_firm * (limit == firm_limit)
    of_firm = of_all if limit == firm_limit else of_firm
    return {
        "value_npv_usd_per_mw": of_all,
        "value_usd_per_mw_year": of_all / paid,
        "firm_value_npv_usd_per_mw": of_firm,
        "firm_value_usd_per_mw_year": of_firm / paid,
        "rate_pct": h.case.scenario.grid.curtailment_rate_pct,
        "limit_mw": limit,
        "firm_limit_mw": firm_limit,
        "committed_mw": committed,
        "new_firm_mw": firm,
        "new_non_firm_mw": every - firm,
        "spare_mw": spare,
        "firm_spare_mw": firm_spare,
        "binds": spare < _NOTHING_SPARE_MW,
        "firm_binds": firm_spare < _NOTHING_SPARE_MW,
    }


def _loaded(h: Here) -> Iterator[Here]:
    """Zones with a site, where new load pays more."""
    at = {(zones(h.case)[s.site], s.year) for s in h.each("sites.site_year")}
    return (h.at(zone=zone, year=year) for zone, year in at if h.case.scenario.energy.load_price.allow)


@stated_table(_loaded, "new_mwh")
def load_price(h: Here) -> Cells:
    s, scale = h.at(slot=EVERY), h.case.scenario.energy.load_price.scale_frac
    drawn = h.stored.value(total(grid_mw(site) for site in of_zone(s, "sites.site_year")))
    new = np.maximum(drawn - existing_mw(h.case)[h.zone], 0.0)
    new = np.where(new < NOTHING, 0.0, new)
    usd_per_h, last = priced(h.case, h.zone, new)
    mwh, usd = float(np.sum(new * s.hours)), float(np.sum(usd_per_h * s.hours)) * scale
    return {
        "new_mwh": mwh,
        "new_peak_mw": float(new.max()),
        "musd": usd / 1e6,
        "mean_adder_usd_per_mwh": float(np.nan_to_num(quotient(usd, mwh))),
        "last_adder_usd_per_mwh": float(last.max()) * scale,
    }


@stated_table(lambda h: (h.at(year=str(year)) for year in h.case.years), "cap_kt")
def carbon_year(h: Here) -> Cells:
    cap_kt = h.listed("carbon.cap_kt", "carbon.cap")
    usd_per_t = h.dual("carbon_cap") / 1e3 if np.isfinite(cap_kt) else np.nan
    return {
        "cap_kt": cap_kt,
        "price_usd_per_t": h.given("carbon.price_usd_per_t", "year"),
        "cap_value_npv_usd_per_t": usd_per_t,
        "cap_value_usd_per_t": usd_per_t / yearly_weight(h.case)[h.model_year],
    }


def _vintages(h: Here) -> Iterator[Here]:
    """Capacity signed for, in every model year from signing on."""
    for signed in h.each("tariffs.signed"):
        now = signed.at(signed_year=signed.vintage)
        yield from (c for c in now.each("tariffs.contract") if float(c.vintage) <= c.start)


@stated_table(_vintages, "signed_mw")
def capacity_contracts(c: Here) -> Cells:
    gone = c.total("bill_released_mw", lambda r: float(r.start <= c.start), free="year")
    return {
        "signed_mw": c.x("bill_signed_mw"),
        "released_mw": c.x("bill_released_mw"),
        "kept_mw": c.x("bill_signed_mw") - gone,
        "fee_mw": c.x("bill_fee_mw"),
        "fee_musd": c.x("bill_fee_mw") * c.listed("tariffs.fee_musd_per_mw", "tariffs.fee", 0.0),
    }


@stated_table("contracts.force")
def contracts(c: Here) -> Cells:
    s, value = c.at(slot=EVERY), c.stored.value
    delivered = c.over_slots(lambda s: s.x("contract_mw") * profile_frac(s))
    price = s.given("contracts.market_usd_per_mwh", "zone", "year", "slot")
    earned = float(np.sum(value(s.x("contract_mw")) * profile_frac(s) * price * s.hours))
    mwh, paid = value(delivered), value(strikes_musd(c))
    mean = float(np.sum(price * s.hours) / np.sum(s.hours))
    return {
        "signed_mw": c.x("signed_mw"),
        "in_force_mw": c.x("contract_mw"),
        "energy_mwh": delivered,
        "strike_musd": paid,
        "market_musd": earned / 1e6,
        "strike_usd_per_mwh": float(quotient(paid * 1e6, mwh)),
        "value_factor_frac": float(quotient(quotient(earned, mwh), mean)),
    }


@stated_table("contracts.force", by_slot=True)
def contract_slot(c: Here) -> Cells:
    return {
        "hours": c.hours,
        "output_mw": c.x("contract_mw") * profile_frac(c),
        "market_usd_per_mwh": c.given("contracts.market_usd_per_mwh", "zone", "year", "slot"),
    }


@stated_table("sites.site_year", "taken_mw", by_slot=True, where=lambda h: h.case.scenario.contracts.agreements)
def contract_use(s: Here) -> Cells:
    price = s.listed("contracts.take_usd_per_mwh", "contracts.take", 0.0)
    claimed: Any = s.x("claim_mw") if s.has("claim_mw") else claimed_mw(s)  # elsewhere claims cost and save nothing
    return {"taken_mw": s.x("take_mw"), "claimed_mw": claimed, "wholesale_usd_per_mwh": price}


def _pools(h: Here) -> Iterator[Here]:
    """Pools and years in which an agreement may be in force, or with a target."""
    of_zone = pool_of_zones(h.case)
    at = {(of_zone[c.zone], c.year) for c in h.each("contracts.force")}
    at |= {(t.pool, t.year) for t in h.each("contracts.target")}
    return (h.at(pool=pool, year=year) for pool, year in at)


def _by_pool(h: Here) -> dict[str, Any]:
    """Power of a pool in every time slice; what is clean is not burnt, and not sold or left over. [MW]"""
    value, none = h.stored.value, np.zeros(len(h.stored.slot_labels))
    power = dict.fromkeys(("used", "grid", "own_clean", "claimed", "grid_clean"), none)
    for s in of_pool(h.at(slot=EVERY)):
        made = total(made_mw(c) - c.x("charge_mw") for c in s.each("supply.capacity") if not is_burnt(c))
        left = surplus_mw(s) if s.has("balance.site_year") else LinearForm()
        grid, claimed = value(grid_mw(s)), claimed_mw(s)
        of_site = {
            "used": value(site_mw(s)),
            "grid": grid,
            "own_clean": value(made - s.x("export_mw") - left),
            "claimed": claimed,
            "grid_clean": s.listed("contracts.clean_frac", "power.slot") * (grid - claimed),
        }
        power = {name: mw + of_site[name] for name, mw in power.items()}
    return {**power, "delivered": value(delivered_mw(h.at(slot=EVERY)))}


@stated_table(_pools, "hours", by_slot=True)
def matching_slot(h: Here) -> Cells:
    return {"hours": h.hours, **{f"{name}_mw": mw for name, mw in _by_pool(h).items()}}


@stated_table(_pools, "used_mwh")
def matching(h: Here) -> Cells:
    hours = h.stored.hours[EVERY]
    mwh = {name: float(np.sum(mw * hours)) for name, mw in _by_pool(h).items()}
    clean = mwh["own_clean"] + mwh["claimed"] + mwh["grid_clean"]
    best = {f"{name}_frac": quotient(mwh["own_clean"] + of, mwh["used"]) for name, of in _best_clean_mwh(h).items()}
    return {
        "target_frac": h.listed("contracts.target_frac", "contracts.target"),
        "clean_mwh": clean,
        "clean_frac": float(quotient(clean, mwh["used"])),
        **{name: float(of) for name, of in best.items()},
        **{f"{name}_mwh": of for name, of in mwh.items()},
    }


def _best_clean_mwh(h: Here) -> dict[str, float]:
    """Clean energy where contracts count by the year, or each time slice, the least clean first. [MWh]"""
    sites = [s.at(slot=EVERY) for s in of_pool(h)]
    hours, value = h.stored.hours[EVERY], h.stored.value
    dirty = 1.0 - np.array([s.listed("contracts.clean_frac", "power.slot") for s in sites])
    drawn = np.array([value(grid_mw(s)) * hours for s in sites])
    order = np.argsort(-dirty, axis=0, kind="stable")
    delivered = value(delivered_mw(h.at(slot=EVERY))) * hours

    def gain(dirty: Floats, mwh: Floats, most: Floats) -> float:
        claimed = np.minimum(np.cumsum(np.maximum(mwh, 0.0), axis=0), most)
        return float(np.sum(dirty * np.diff(claimed, axis=0, prepend=0.0)))

    of_grid, ranked = float(np.sum((1.0 - dirty) * drawn)), np.argsort(-dirty.ravel(), kind="stable")
    dirtiest, of_dirtiest = (np.take_along_axis(of, order, axis=0) for of in (dirty, drawn))
    return {
        "annual": of_grid + gain(dirty.ravel()[ranked], drawn.ravel()[ranked], delivered.sum()),
        "hourly": of_grid + gain(dirtiest, of_dirtiest, delivered),
    }
