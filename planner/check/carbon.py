"""Emissions by place and by market, of making what is bought; caps on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.check.frames import at, by, crossed, listed, quotient, tally
from planner.check.once import once
from planner.check.payments import discounts
from planner.check.verdict import Excess, columns_told, rule

if TYPE_CHECKING:
    from planner.base.arrays import Floats
    from planner.check.case import Case


__all__ = ["RULES", "counted_kt", "emissions_kt", "fuel_kt"]

_SITE = ("site", "year")
_SLOT = ("site", "year", "slot")
_T_PER_KT = 1000.0
_USD_PER_MUSD = 1e6


@once
def _intensity(case: Case) -> Floats:
    """Carbon intensity of the grid, shape (site_year, slot). [t/MWh]"""
    power = case.power
    by_slot = listed(case.inputs.power.slot).assign(t=case.inputs.carbon.location_t_per_mwh)
    frame = crossed(power.site_year, power.slot[["slot"]])
    rate = at(by_slot.set_index(list(_SLOT))["t"], frame, _SLOT, np.nan)
    return rate.reshape(power.facility_mw.shape)


@once
def fuel_kt(case: Case) -> Floats:
    """Emissions of fuel burnt at sites, by site-year of `case.power`. [kt]"""
    own, p = case.sources, case.inputs.supply
    key = ("site", "source", "year")
    burnt = at(listed(p.dispatch, t=p.co2_t_per_mwh).set_index(list(key))["t"], own.rows, key)
    return np.asarray(own.of_sites(own.output_mw * burnt[:, None]) @ case.power.hours / _T_PER_KT)


@once
def emissions_kt(case: Case) -> Floats:
    """Location-based emissions and those of own fuel by site-year of `case.power`. [kt]"""
    of_grid = (case.power.grid_mwh * _intensity(case)).sum(axis=1) / _T_PER_KT
    return np.asarray(of_grid + fuel_kt(case))


def _claimed_mwh(case: Case) -> Floats:
    """Energy under contract that counts as clean, shape (site_year, slot). [MWh]"""
    power = case.power
    frame = crossed(power.site_year, power.slot[["slot"]])
    claimed = case.plan("contract_use").set_index(list(_SLOT))["claimed_mw"]
    return np.asarray(at(claimed, frame, _SLOT).reshape(power.facility_mw.shape) * power.hours)


def _market_kt(case: Case) -> Floats:
    """Market-based emissions by site-year. [kt]"""
    taken_off = (_claimed_mwh(case) * _intensity(case)).sum(axis=1) / _T_PER_KT
    return np.asarray(emissions_kt(case) - taken_off)


def _embodied_kt(case: Case) -> Floats:
    """Emissions of making what enters service, a year, by site-year. [kt]"""
    power = case.power
    if not case.scenario.carbon.embodied:
        return np.zeros(len(power.site_year))
    table = case.data("embodied_carbon")
    of = {asset: by(rows, "item", "embodied_tco2e") for asset, rows in table.groupby("asset")}
    racks, builds, retrofits = (case.plan(name) for name in ("installs", "builds", "retrofits"))
    hall, topology = of["hall"], case.data("redundancy").set_index("redundancy")
    kind = topology.loc[list(builds["hall"].str.split("|").str[1])]
    per_mw = (
        hall["shell"] * kind["space_ratio"]
        + hall["electrical"] * kind["installed_kw_per_kw"]
        + hall["mechanical"] * kind["mechanical_capex_ratio"]
        + hall["generators"] * kind["generator_kw_per_kw"]
    )
    sources = case.plan("source_builds")
    amount = np.where(sources["role"] == "storage", sources["built_mwh"], sources["built_mw"])
    parts = (
        (racks, racks["racks"].to_numpy() * of["rack"].reindex(racks["rack"]).to_numpy()),
        (builds, builds["built_mw"].to_numpy() * per_mw.to_numpy()),
        (retrofits, retrofits["retrofitted_mw"].to_numpy() * float(hall["retrofit"])),
        (sources, amount * of["onsite"].reindex(sources["source"]).to_numpy()),
    )
    rows = pd.concat(
        [frame[list(_SITE)].assign(t=np.asarray(t, dtype=np.float64)) for frame, t in parts],
        ignore_index=True,
    )
    years = power.site_year["year"]
    span = case.last_calendar_year(years) - years.to_numpy(dtype=np.float64) + 1.0
    made = at(tally(rows, _SITE, rows["t"]), power.site_year, _SITE)
    return np.asarray(made / span / _T_PER_KT)


def counted_kt(case: Case) -> Floats:
    """Emissions that cap and price count, by site-year. [kt]"""
    is_market = case.scenario.carbon.accounting == "market"
    of_power = _market_kt(case) if is_market else emissions_kt(case)
    return np.asarray(of_power + _embodied_kt(case))


@rule(unit="kt")
def emissions(case: Case) -> Excess:
    """Emissions follow from power drawn, the grid's intensity in its slot, and fuel burnt."""
    own, table = emissions_kt(case), case.plan("site_year")
    by_site = pd.Series(own, index=pd.MultiIndex.from_frame(case.power.site_year))
    return Excess.differs(
        table[list(_SITE)], table["emissions_kt"].to_numpy(), at(by_site, table, _SITE, np.nan)
    )


@rule(unit="kt")
def carbon_tables(case: Case) -> Excess:
    """Emissions by place, by market, of fuel and of making are told site by site and in all."""
    sites, years, site_year = (
        case.plan("carbon_site"),
        case.plan("carbon_year"),
        case.power.site_year,
    )
    parts = []
    for name, own in (
        ("location_kt", emissions_kt(case)),
        ("fuel_kt", fuel_kt(case)),
        ("market_kt", _market_kt(case)),
        ("embodied_kt", _embodied_kt(case)),
        ("counted_kt", counted_kt(case)),
        ("claimed_mwh", _claimed_mwh(case).sum(axis=1)),
    ):
        by_site, by_year = (tally(site_year, key, own) for key in (_SITE, ("year",)))
        told, total = sites[name].to_numpy(), years[name].to_numpy()
        parts += [
            Excess.differs(sites[list(_SITE)], told, at(by_site, sites, _SITE, np.nan)),
            Excess.differs(years[["year"]], total, at(by_year, years, ("year",))),
        ]
    return parts[0].and_also(*parts[1:])


@rule(unit="MUSD/year")
def carbon_charges_told(case: Case) -> Excess:
    """What sites pay for emissions, and the intensity of what they draw, follows from the rest."""
    table, site_year, power = case.plan("carbon_site"), case.power.site_year, case.power
    price = pd.Series(case.inputs.carbon.price_usd_per_t, index=list(case.years))
    scheme = listed(case.inputs.sites.site_year, usd=case.inputs.carbon.fuel_price_usd_per_t)
    usd = counted_kt(case) * at(price, site_year, ("year",), np.nan)
    usd = usd + fuel_kt(case) * at(scheme.set_index(list(_SITE))["usd"], site_year, _SITE, np.nan)
    drawn = at(tally(site_year, _SITE, power.grid_mwh.sum(axis=1)), table, _SITE)
    of_grid_t = (table["location_kt"] - table["fuel_kt"]) * _T_PER_KT
    own = {
        "charge_musd": at(tally(site_year, _SITE, usd * _T_PER_KT / _USD_PER_MUSD), table, _SITE),
        "grid_t_per_mwh": quotient(of_grid_t, drawn),
    }
    return columns_told(table, _SITE, own)


@rule(unit="kt or USD/t", floor=10.0)
def carbon_limits_told(case: Case) -> Excess:
    """Cap and price of carbon are the scenario's, and a cap is worth its shadow price."""
    table, prices, carbon = case.plan("carbon_year"), case.plan("prices"), case.inputs.carbon
    worth = discounts(case)
    yearly = worth.groupby(worth.index.map(lambda t: max(y for y in case.years if y <= t))).sum()
    caps = listed(carbon.cap, cap_kt=carbon.cap_kt).set_index("year")["cap_kt"]
    of_cap = prices[prices["block"] == "carbon_cap"]
    usd = at(tally(of_cap, ("year",), of_cap["raw_dual"]), table, ("year",))
    usd = -usd * _USD_PER_MUSD / _T_PER_KT
    cap_kt = at(caps, table, ("year",), np.nan)
    has_price = ~np.isnan(cap_kt) & bool(case.plan("solution")["has_duals"].all())
    usd = np.where(has_price, usd, np.nan)
    own = {
        "cap_kt": cap_kt,
        "price_usd_per_t": np.asarray(carbon.price_usd_per_t, dtype=np.float64)[
            [case.years.index(year) for year in table["year"]]
        ],
        "cap_value_npv_usd_per_t": usd,
        "cap_value_usd_per_t": usd / at(yearly, table, ("year",), np.nan),
    }
    return columns_told(table, ("year",), own)


@rule(unit="kt")
def carbon_cap(case: Case) -> Excess:
    """Emissions of a year stay within its cap, counted as the scenario says."""
    carbon = case.inputs.carbon
    caps = listed(carbon.cap, cap_kt=carbon.cap_kt)
    total = tally(case.power.site_year, ("year",), counted_kt(case))
    return Excess.above(caps[["year"]], at(total, caps, ("year",)), caps["cap_kt"].to_numpy())


@rule(unit="USD/t")
def scheme_prices(case: Case) -> Excess:
    """Fuel pays the carbon price of its state, else its country, where the scenario asks."""
    site_year = listed(case.inputs.sites.site_year)
    told = case.inputs.carbon.fuel_price_usd_per_t
    if not case.scenario.carbon.fuel_schemes:
        return Excess.differs(site_year, told, np.zeros(len(site_year)))
    schemes, prices = case.data("carbon_schemes"), case.data("carbon_prices").sort_values("year")
    state = by(case.sites, "site", "state").fillna("")
    country = by(case.sites, "site", "country")
    known = dict(zip(schemes["place"], schemes["scheme"], strict=True))
    own = np.zeros(len(site_year))
    for row, (site, year) in enumerate(zip(site_year["site"], site_year["year"], strict=True)):
        here = known.get(f"{country[site]}-{state[site]}", known.get(country[site]))
        path = prices[prices["scheme"] == here]
        if len(path):
            own[row] = np.interp(year, path["year"], path["price_usd_per_tco2"])
    return Excess.differs(site_year, told, own)


RULES = (
    emissions,
    carbon_tables,
    carbon_charges_told,
    carbon_limits_told,
    carbon_cap,
    scheme_prices,
)
