"""Own sources: where and when they may be, what they put out, what is sold, what leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.check import source_figures as of
from planner.check.frames import at, crossed, has, listed, tally
from planner.check.source_bills import capital_musd, running_musd
from planner.check.sources import leaves
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from planner.check.case import Case


__all__ = ["RULES"]

_SITE = ("site", "year")
_SLOT = ("site", "year", "slot")
_SOURCE = ("site", "source", "year")
_VINTAGE = ("site", "source", "vintage")
_HOURS_PER_YEAR = 8760.0
_TRACE_MW = 1e-5  # what a solver leaves of nothing


def _slots(case: Case, frame: pd.DataFrame) -> pd.DataFrame:
    """Write every slot beside every row of a table, in the order of arrays by row and slot."""
    return crossed(frame, case.slots[["slot"]])


@rule(unit="sources")
def sources_where_allowed(case: Case) -> Excess:
    """Sources are built where the scenario allows them, none before its lead has passed."""
    supply, p = case.scenario.supply, case.inputs.supply
    builds = case.plan("source_builds")
    allowed = builds["source"].isin(list(supply.allow)).to_numpy()
    if supply.sites != "all":
        allowed = allowed & builds["site"].isin(list(supply.sites)).to_numpy()
    offers = listed(p.build, start=p.build_start, life=p.build_life_years)
    offers = offers.set_index(list(_SOURCE))
    place = builds[list(_SOURCE)]
    wrong = Excess.where(place, ~allowed | ~has(builds, offers.reset_index(), _SOURCE))
    dates = [
        Excess.differs(place, builds[told].to_numpy(), at(offers[own], builds, _SOURCE, np.nan))
        for told, own in (("service_start", "start"), ("life_years", "life"))
    ]
    slots = case.plan("source_slot")[list(_SOURCE)].drop_duplicates().reset_index(drop=True)
    alien = Excess.where(slots, ~has(slots, case.sources.rows, _SOURCE))
    return wrong.and_also(*dates, alien)


@rule(unit="MW or MWh")
def source_capacity(case: Case) -> Excess:
    """What is in service stood, was built and has not left or worn out, or stands with halls."""
    table, rows = case.plan("source_year"), case.sources.rows
    place = table[list(_SOURCE)]
    own = rows.set_index(list(_SOURCE))
    parts = [
        Excess.differs(place, table[told].to_numpy(), at(own[name], table, _SOURCE, np.nan))
        for told, name in (("capacity_mw", "mw"), ("energy_mwh", "mwh"))
    ]
    silent = rows[~has(rows, table, _SOURCE)]
    left_out = Excess.above(silent[list(_SOURCE)], silent["mw"].to_numpy(), 0.0)
    less = Excess.above(rows[list(_SOURCE)], -rows["mw"].to_numpy(), 0.0)
    return left_out.and_also(less, *parts)


@rule(unit="MW")
def source_limit(case: Case) -> Excess:
    """A site holds no more of a source than it has room for, at any time of the year."""
    p, rows = case.inputs.supply, case.sources.rows
    limits = listed(p.limited, limit_mw=p.limit_mw)
    stands = rows.set_index(list(_SOURCE))["standing_mw"]
    return Excess.above(
        limits[list(_SOURCE)],
        at(stands, limits, _SOURCE, np.nan),
        limits["limit_mw"].to_numpy(),
    )


@rule(unit="MW")
def smallest_plants(case: Case) -> Excess:
    """Smallest plants are those of the tables, and with whole sources nothing less is built."""
    builds = case.plan("source_builds")
    place = builds[list(_SOURCE)]
    least_mw = of.figures(case, builds["source"], "min_size_mw", builds["service_start"])
    built_mw = builds["built_mw"].to_numpy(dtype=np.float64)
    asked_mw = least_mw * case.scenario.supply.whole_sources
    is_built = built_mw > _TRACE_MW
    return Excess.above(place[is_built], asked_mw[is_built], built_mw[is_built]).and_also(
        Excess.differs(place, builds["min_size_mw"].to_numpy(dtype=np.float64), least_mw)
    )


@rule(unit="MW")
def source_output(case: Case) -> Excess:
    """Engines put out no more than is available; sun and wind give what the weather yields."""
    own, p, sets = case.sources, case.inputs.supply, case.inputs.sets
    rows = own.rows
    share = p.availability_frac[sets.site.codes(rows["site"]), p.source.codes(rows["source"])]
    most = rows["mw"].to_numpy()[:, None] * share
    place = _slots(case, rows[list(_SOURCE)])
    runs = np.repeat(own.is_role("firm", "standby"), share.shape[1])
    yields = np.repeat(own.is_role("solar", "wind"), share.shape[1])
    told = own.output_mw.ravel()
    made = Excess.above(place[runs], told[runs], most.ravel()[runs])
    weather = Excess.differs(place[yields], told[yields], own.yield_mw.ravel()[yields])
    return made.and_also(weather, Excess.above(place, -told, 0.0))


@rule(unit="MWh")
def run_hours(case: Case) -> Excess:
    """Stand-by units make no more in a year than in the hours of their permit at full output."""
    own, p = case.sources, case.inputs.supply
    limits = listed(p.run_hours, hours=p.run_hours_h)
    made = tally(own.rows, _SOURCE, own.output_mw @ case.hours)
    capacity = own.rows.set_index(list(_SOURCE))["mw"]
    most = limits["hours"].to_numpy() * at(capacity, limits, _SOURCE, np.nan)
    return Excess.above(limits[list(_SOURCE)], at(made, limits, _SOURCE, np.nan), most)


@rule(unit="MW")
def export_made_here(case: Case) -> Excess:
    """Power is sold where allowed, at most what is made at the site and its connection carries."""
    table = case.plan("site_surplus")
    frame = _slots(case, case.site_year)
    sold = table["export_mw"].to_numpy()
    place = table[list(_SLOT)]
    made = pd.Series(case.sources.made_mw.ravel(), index=pd.MultiIndex.from_frame(frame))
    sites = case.site_years.set_index(list(_SITE))["firm_mw"]
    p = case.inputs.supply
    price = listed(p.export, usd=p.export_usd_per_mwh).set_index(list(_SLOT))["usd"]
    sells = sold > 0.0
    return Excess.above(place, sold, at(made, table, _SLOT)).and_also(
        Excess.above(place, sold, at(sites, table, _SITE)),
        Excess.above(place, -sold, 0.0),
        Excess.where(place, sells & np.full(len(table), not case.scenario.supply.export.allow)),
        Excess.differs(
            place[sells],
            table["export_usd_per_mwh"].to_numpy()[sells],
            at(price, table[sells], _SLOT, np.nan),
        ),
    )


@rule(unit="MW")
def bridge_power(case: Case) -> Excess:
    """What leaves may leave, was built before, has life left, and is told at its worth."""
    table, p = leaves(case), case.inputs.supply
    place = table[[*_VINTAGE, "year"]]
    may = table["source"].isin(list(case.scenario.supply.bridge.sources)).to_numpy()
    age = table["year"].to_numpy(dtype=np.float64) - table["service_start"].to_numpy()
    # A comparison with what was never built is false.
    alive = (age > 0.0) & (age < table["life_years"].to_numpy())
    later = table["year"].to_numpy() > table["vintage"].to_numpy()
    builds = case.plan("source_builds").rename(columns={"year": "vintage"})
    gone = tally(table, _VINTAGE, table["left_mw"])
    whole = Excess.above(
        builds[list(_VINTAGE)], at(gone, builds, _VINTAGE), builds["built_mw"].to_numpy()
    )
    offers = listed(
        p.redeploy, worth=p.redeploy_worth_musd_per_mw, removal=p.redeploy_cost_musd_per_mw
    )
    key = [*_VINTAGE, "year"]
    offers = offers.assign(vintage=offers["vintage"].astype("int64")).set_index(key)
    money = [
        Excess.differs(
            place,
            table[f"{name}_musd"].to_numpy(),
            table["left_mw"].to_numpy() * at(offers[name], table, key, np.nan),
        )
        for name in ("worth", "removal")
    ]
    return Excess.where(place, ~(may & alive & later)).and_also(whole, *money)


@rule(unit="MW")
def surplus_told(case: Case) -> Excess:
    """Power thrown away is what comes in less what is used, stored and sold."""
    power, own, table = case.power, case.sources, case.plan("site_surplus")
    sold = case.exported_mw
    surplus = power.grid_mw + own.of_sites(own.output_mw - own.charge_mw) - power.site_mw - sold
    frame = _slots(case, power.site_year)
    by_slot = pd.Series(surplus.ravel(), index=pd.MultiIndex.from_frame(frame))
    told = Excess.differs(
        table[list(_SLOT)], table["surplus_mw"].to_numpy(), at(by_slot, table, _SLOT, np.nan)
    )
    balanced = frame[has(frame, listed(case.inputs.balance.site_year), _SITE)]
    silent = balanced[~has(balanced, table, _SLOT)]
    return told.and_also(Excess.above(silent[list(_SLOT)], at(by_slot, silent, _SLOT, np.nan), 0.0))


@rule(unit="MWh, MMBtu or MUSD", floor=10.0)
def sources_of_a_year(case: Case) -> Excess:
    """Energy, fuel, emissions and cost of a source in a year follow from its slots and vintages."""
    own, table, p = case.sources, case.plan("source_year"), case.inputs.supply
    hours = case.hours
    place = table[list(_SOURCE)]
    output = at(tally(own.rows, _SOURCE, own.output_mw @ hours), table, _SOURCE, np.nan)
    charged = at(tally(own.rows, _SOURCE, own.charge_mw @ hours), table, _SOURCE, np.nan)
    rates = listed(p.dispatch, fuel=p.fuel_mmbtu_per_mwh, kt=p.co2_t_per_mwh / 1000.0)
    rates = rates.set_index(list(_SOURCE))
    factor = np.where(
        table["capacity_mw"] > 0.0,
        output / (table["capacity_mw"] * _HOURS_PER_YEAR).replace(0.0, np.nan),
        np.nan,
    )
    capital, running = (at(make(case), table, _SOURCE) for make in (capital_musd, running_musd))
    pairs = (
        ("output_mwh", output),
        ("charged_mwh", charged),
        ("fuel_mmbtu", output * at(rates["fuel"], table, _SOURCE)),
        ("emissions_kt", output * at(rates["kt"], table, _SOURCE)),
        ("capacity_factor_frac", factor),
        ("capital_musd", capital),
        ("running_musd", running),
        ("usd_per_mwh", (capital + running) * 1e6 / np.where(output > 0.0, output, np.nan)),
    )
    parts = []
    for name, computed in pairs:
        told = table[name].to_numpy(dtype=np.float64)
        both = np.isnan(told) & np.isnan(computed)
        parts.append(Excess.differs(place[~both], told[~both], computed[~both]))
    return parts[0].and_also(*parts[1:])


RULES = (
    sources_where_allowed,
    source_capacity,
    source_limit,
    smallest_plants,
    source_output,
    run_hours,
    export_made_here,
    bridge_power,
    surplus_told,
    sources_of_a_year,
)
