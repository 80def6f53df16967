"""Halls: power and floor, lead times, commitments, retrofits, leases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.check.facts_sites import decided, months_to_service
from planner.check.frames import at, by, has, listed, quotient, tally
from planner.check.standing import since
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from planner.base.arrays import Floats
    from planner.check.case import Case

__all__ = ["DATES", "FACTS", "RULES", "hall_parts"]


_HALL = ("site", "hall", "year")
_SITE = ("site", "year")
_KW_PER_MW = 1000.0
_MONTH_YEARS = 1.0 / 12.0


@rule(unit="MW")
def hall_power(case: Case) -> Excess:
    """Racks and companions draw no more than the halls of their design can feed."""
    uses, halls = case.uses, case.hall_years
    drawn = tally(uses, _HALL, uses["in_service_mw"] * uses["hall_mw_per_mw"])
    place = halls[list(_HALL)]
    return Excess.above(place, at(drawn, halls, _HALL), halls["usable_mw"].to_numpy())


@rule(unit="m2")
def hall_space(case: Case) -> Excess:
    """Racks stand on no more floor than the halls of their design have."""
    uses = case.uses
    halls = case.hall_years.merge(case.halls, on="hall", how="left")
    taken = tally(uses, _HALL, uses["in_service_mw"] * uses["space_m2_per_mw"])
    floor = halls["usable_mw"] * _KW_PER_MW / halls["density_kw_per_m2"]
    return Excess.above(halls[list(_HALL)], at(taken, halls, _HALL), floor.to_numpy())


@rule(unit="MW")
def halls_table(case: Case) -> Excess:
    """Usable, used, spare and stranded power and floor add up from builds, ramp and racks.

    Stranded is what stays empty when a hall is filled with the mix of racks it has.
    """
    table, uses = case.plan("halls"), case.uses
    halls = case.hall_years.merge(case.halls, on="hall", how="left")
    place = table[list(_HALL)]
    usable, leased, existing = (
        halls.set_index(list(_HALL))[name] for name in ("usable_mw", "leased_mw", "existing_mw")
    )
    floor = tally(halls, _HALL, halls["usable_mw"] * _KW_PER_MW / halls["density_kw_per_m2"])
    drawn = tally(uses, _HALL, uses["in_service_mw"] * uses["hall_mw_per_mw"])
    taken = tally(uses, _HALL, uses["in_service_mw"] * uses["space_m2_per_mw"])
    pairs = [
        (table["usable_mw"], at(usable, table, _HALL, np.nan)),
        (table["used_mw"], at(drawn, table, _HALL)),
        (table["used_mw"] + table["spare_power_mw"], at(usable, table, _HALL, np.nan)),
        # Floor counts in MW of the density it is built for, so that one tolerance serves all.
        (table["floor_m2"] / _KW_PER_MW, at(floor, table, _HALL, np.nan) / _KW_PER_MW),
        (table["used_m2"] / _KW_PER_MW, at(taken, table, _HALL) / _KW_PER_MW),
        (table["leased_mw"], at(leased, table, _HALL, np.nan)),
        (table["existing_mw"], at(existing, table, _HALL, np.nan)),
    ]
    power_mw, floor_m2 = at(usable, table, _HALL, np.nan), at(floor, table, _HALL, np.nan)
    used_mw, used_m2 = at(drawn, table, _HALL), at(taken, table, _HALL)
    is_used = (used_mw > 0.0) & (used_m2 > 0.0)
    fill = np.fmin(quotient(power_mw, used_mw), quotient(floor_m2, used_m2))
    fill = np.where(is_used, fill, 0.0)
    no_power, no_floor = power_mw - fill * used_mw, floor_m2 - fill * used_m2
    pairs += [
        (table["spare_floor_m2"] / _KW_PER_MW, np.maximum(floor_m2 - used_m2, 0.0) / _KW_PER_MW),
        (table["stranded_power_mw"], np.where(is_used, no_power, 0.0)),
        (table["stranded_floor_m2"] / _KW_PER_MW, np.where(is_used, no_floor, 0.0) / _KW_PER_MW),
    ]
    parts = [Excess.differs(place, left.to_numpy(), right) for left, right in pairs]
    return parts[0].and_also(*parts[1:])


@rule(unit="halls")
def halls_where_allowed(case: Case) -> Excess:
    """Halls are built, retrofitted, leased and committed only where and when that is on offer."""
    halls = case.inputs.halls
    early = case.plan("builds")
    early = early[early["early"]]
    uncommitted = ~has(early, listed(halls.committed), _SITE)
    work_key = ("site", "hall", "to_hall", "year")
    parts = [
        Excess.where(table[list(key)], ~has(table, listed(index), key))
        for table, index, key in (
            (case.plan("builds"), halls.build, _HALL),
            (case.plan("retrofits"), halls.retrofit, work_key),
            (case.plan("leases"), halls.lease, _HALL),
        )
    ]
    return Excess.where(early[list(_HALL)], uncommitted).and_also(*parts)


@rule(unit="years")
def hall_lead(case: Case) -> Excess:
    """No hall is in service before its lead has passed, unless it is committed."""
    builds, lead = case.plan("builds"), case.inputs.halls.lead
    earliest = lead.set_index(["site", "hall"])["service_start"]
    start = builds["service_start"].to_numpy()
    missing = np.where(builds["early"], 0.0, np.inf)
    due = np.where(builds["early"], 0.0, at(earliest, builds, ("site", "hall"), 0.0))
    place = builds[list(_HALL)]
    known = has(builds, lead, ("site", "hall")) | builds["early"].to_numpy()
    too_early = Excess.above(place, np.where(known, due, missing), start)
    year = builds["year"].to_numpy(dtype=np.float64)
    span_end = case.last_calendar_year(builds["year"]) + 1.0
    outside = Excess.above(place, year, start).and_also(
        Excess.above(place, start, span_end - _MONTH_YEARS / 31.0)
    )
    return too_early.and_also(outside)


@rule(unit="MW")
def committed_halls(case: Case) -> Excess:
    """Halls in service before their lead has passed add up to no more than is committed."""
    builds, halls = case.plan("builds"), case.inputs.halls
    limits = listed(halls.committed, committed_mw=halls.committed_mw)
    early = builds[builds["early"]]
    paired = since(early, limits, ("site",))
    built = tally(paired, ("site", "year_now"), paired["built_mw"])
    return Excess.above(
        limits[list(_SITE)], at(built, limits, _SITE), limits["committed_mw"].to_numpy()
    )


@rule(unit="MW")
def retrofit_source(case: Case) -> Excess:
    """Retrofits take halls that stand: nothing usable falls below zero; gains keep the factor."""
    halls, work = case.hall_years, case.plan("retrofits")
    offered = case.inputs.halls
    key = ("site", "hall", "to_hall", "year")
    factor = listed(offered.retrofit, frac=offered.retrofit_capacity_frac)
    gained = work["retrofitted_mw"] * at(factor.set_index(list(key))["frac"], work, key, np.nan)
    return Excess.above(halls[list(_HALL)], -halls["own_mw"].to_numpy(), 0.0).and_also(
        Excess.differs(work[list(key)], work["gained_mw"].to_numpy(), gained.to_numpy())
    )


@rule(unit="MW")
def lease_depth(case: Case) -> Excess:
    """Halls leased at a site stay within what its market has available."""
    leases, halls = case.plan("leases"), case.inputs.halls
    leased = tally(leases, _SITE, leases["leased_mw"])
    place = leases[list(_SITE)].drop_duplicates().reset_index(drop=True)
    codes = case.inputs.sets.site.codes(place["site"])
    return Excess.above(place, at(leased, place, _SITE), halls.lease_depth_mw[codes])


@rule(unit="MUSD/year")
def lease_rents_told(case: Case) -> Excess:
    """The rent beside each lease is what it is offered for."""
    leases, halls = case.plan("leases"), case.inputs.halls
    price = listed(halls.lease, musd=halls.lease_musd_per_mw_year).set_index(list(_HALL))["musd"]
    own = leases["leased_mw"].to_numpy() * at(price, leases, _HALL, np.nan)
    return Excess.differs(leases[list(_HALL)], leases["rent_musd"].to_numpy(), own)


RULES = (
    hall_power,
    hall_space,
    halls_table,
    halls_where_allowed,
    hall_lead,
    committed_halls,
    retrofit_source,
    lease_depth,
    lease_rents_told,
)


_MONEY_YEAR = 2025
_M2_PER_ACRE = 4046.856
_USD_PER_MUSD = 1e6


def hall_parts(case: Case, designs: pd.DataFrame) -> dict[str, Floats]:
    """Add up what a MW of halls costs, in its parts.

    Parameters
    ----------
    case : Case
        Inputs and plan.
    designs : DataFrame
        site, cooling and redundancy of each row.

    Returns
    -------
    dict of str to array of float
        taxed, plant: overnight, taxed as property or not [MUSD/MW]; upkeep, staff, network: a year
        [MUSD/MW-year]; one number per row.
    """
    items = by(case.data("facility_cost"), "item", "value").astype("float64")
    sites = case.sites.set_index("site")
    topology = case.data("redundancy").set_index("redundancy")
    technology = case.data("cooling").set_index("cooling")
    market = case.data("facility_market").set_index("market")
    known = designs
    known = known.assign(
        market=known["site"].map(sites["market"]), archetype=known["site"].map(sites["archetype"])
    )

    def of(table: pd.DataFrame, key: str, column: str) -> Floats:
        return at(table[column], known, (key,), np.nan)

    is_edge = (known["archetype"] == "edge").to_numpy()
    local = of(market, "market", "index") * np.where(is_edge, items["edge_site_multiplier"], 1.0)
    on_top = local * (1.0 + items["soft_costs"] + items["contingency"])
    shell = items["shell_core"] * of(topology, "redundancy", "space_ratio")
    fit_out = ["site_development", "white_space_fitout", "back_of_house_office"]
    electrical = items["electrical_N"] * of(topology, "redundancy", "electrical_capex_ratio")
    cooling = of(technology, "cooling", "capex_usd_per_kw") * _KW_PER_MW / _USD_PER_MUSD
    mechanical = cooling * of(topology, "redundancy", "mechanical_capex_ratio")
    acres = items["site_area"] * case.scenario.demand.facility_mw_per_rack_mw
    land = of(market, "market", "land_usd_per_m2") * _M2_PER_ACRE * acres / _USD_PER_MUSD
    upkeep = local * (
        items["maintenance"] * electrical + of(technology, "cooling", "opex_frac") * mechanical
    )
    staff = np.where(is_edge, items["staff_fte_small"], items["staff_fte_large"])
    return {
        "taxed": on_top * (shell + float(items[fit_out].sum())) + land,
        "plant": on_top * (electrical + mechanical),
        "upkeep": upkeep * of(topology, "redundancy", "maintenance_ratio"),
        "staff": staff * items["staff_cost"] / _USD_PER_MUSD,
        "network": np.full(len(known), items["connectivity"] * _KW_PER_MW / _USD_PER_MUSD),
    }


def _parts(case: Case, frame: pd.DataFrame) -> dict[str, Floats]:
    """Cost of a MW of halls for the site and design of every row."""
    designs = frame.merge(case.halls[["hall", "cooling", "redundancy"]], on="hall", how="left")
    return hall_parts(case, designs)


@rule(unit="MUSD/MW")
def hall_price_from_tables(case: Case) -> Excess:
    """A MW of new hall costs land, building and plant of its market, cooling and topology."""
    halls = case.inputs.halls
    frame = listed(halls.build, price=halls.build_capex_musd_per_mw, start=halls.build_start)
    parts = _parts(case, frame)
    growth = 1.0 + case.finance_of("construction_real_escalation", "world")
    later = np.clip(frame["start"].to_numpy() - _MONEY_YEAR, 0.0, None)
    own = (parts["taxed"] + parts["plant"]) * growth**later
    return Excess.differs(frame[["site", "hall", "year"]], frame["price"].to_numpy(), own)


@rule(unit="MUSD/MW-year")
def hall_upkeep_from_tables(case: Case) -> Excess:
    """A MW of hall costs upkeep, property tax, insurance, staff and network every year."""
    halls = case.inputs.halls
    frame = listed(halls.hall, price=halls.opex_musd_per_mw_year)
    parts = _parts(case, frame)
    tax, insurance = (
        at(case.finance_of_sites(item), frame, ("site",), np.nan)
        for item in ("property_tax", "insurance")
    )
    own = (
        parts["upkeep"]
        + parts["staff"]
        + parts["network"]
        + insurance * (parts["taxed"] + parts["plant"])
        + tax * parts["taxed"] * float(case.scenario.finance.property_tax)
    )
    return Excess.differs(frame[["site", "hall", "year"]], frame["price"].to_numpy(), own)


FACTS = (hall_price_from_tables, hall_upkeep_from_tables)


_RETROFIT = ("site", "hall", "to_hall", "year")
_MUSD_PER_USD_OF_KW = 1e-3


@rule(unit="years")
def hall_dates_from_tables(case: Case) -> Excess:
    """New halls serve once their lead has passed, committed ones in the middle of their years.

    What is committed comes before its lead, and keeps its date where power of its own, or
    non-firm connection, brings the lead into the year but after that date.
    """
    halls = case.inputs.halls
    told = listed(halls.build, start=halls.build_start, early=halls.build_is_early)
    months, first = months_to_service(case), decided(case)

    def serves(kind: str) -> Floats:
        return first + at(months[kind], told, ("site",), np.nan) / 12.0

    year = told["year"].to_numpy(dtype=np.float64)
    end = case.last_calendar_year(told["year"]) + 1.0
    due, middle = np.maximum(serves("hall"), year), (year + end) / 2.0
    committed = listed(halls.committed, mw=halls.committed_mw)
    is_committed = at(tally(committed, ("site", "year"), committed["mw"]), told, ("site", "year"))
    waits = (serves("hall") >= end) | ((serves("hall_by_grid") >= end) & (due > middle))
    early = waits & (is_committed > 0.0)
    place = told[list(_HALL)]
    return Excess.differs(place, told["start"].to_numpy(), np.where(early, middle, due)).and_also(
        Excess.where(place, told["early"].to_numpy(dtype=np.bool_) != early),
        Excess.where(place, (due >= end) & ~early),
    )


@rule(unit="-")
def halls_from_scenario(case: Case) -> Excess:
    """Halls fill as the scenario says, and hold what their cooling allows per square metre."""
    halls, settings = case.inputs.halls, case.scenario
    design = case.halls.assign(told=halls.density_kw_per_m2)
    cooling = by(case.data("cooling"), "cooling", "design_density_kw_per_m2")
    own = at(cooling.astype("float64"), design, ("cooling",), np.nan)
    told = np.array([halls.ramp_months, halls.ramp_mean_frac])
    asked = np.array([settings.halls.ramp_months, settings.halls.ramp_mean_frac])
    place = pd.DataFrame({"hall": ["months to fill", "mean while filling"]})
    return Excess.differs(place, told, asked).and_also(
        Excess.differs(design[["hall"]], design["told"].to_numpy(), own)
    )


def _medium(case: Case, hall: pd.Series[str]) -> pd.Series[str]:
    """Medium that cools a design."""
    medium = by(case.data("cooling"), "cooling", "medium")
    return hall.str.split("|").str[0].map(medium)


@rule(unit="- or MUSD/MW or years")
def retrofits_from_tables(case: Case) -> Excess:
    """Retrofits keep, cost and last what the table or the scenario says, at the site's prices."""
    halls, own = case.inputs.halls, case.scenario.retrofit
    told = listed(
        halls.retrofit,
        start=halls.retrofit_start,
        done=halls.retrofit_done,
        capacity=halls.retrofit_capacity_frac,
        capex=halls.retrofit_capex_musd_per_mw,
    )
    rows = told.assign(
        from_medium=_medium(case, told["hall"]), to_medium=_medium(case, told["to_hall"])
    )
    table = case.data("retrofit").set_index(["from_medium", "to_medium"])
    kind = ("from_medium", "to_medium")

    def figure(column: str, given: float | None = None) -> Floats:
        if given is not None:
            return np.full(len(rows), given)
        return at(table[column].astype("float64"), rows, kind, np.nan)

    begin = np.maximum(rows["year"].to_numpy(dtype=np.float64), decided(case))
    growth = 1.0 + case.finance_of("construction_real_escalation", "world")
    market = rows["site"].map(by(case.sites, "site", "market"))
    index = by(case.data("facility_market"), "market", "index")
    local = market.map(index).to_numpy(dtype=np.float64)
    price = figure("cost_usd_per_kw", own.cost_usd_per_kw) * _MUSD_PER_USD_OF_KW
    right = {
        "start": begin,
        "done": begin + figure("duration_months", own.duration_months) / 12.0,
        "capacity": figure("capacity_frac"),
        "capex": price * local * growth ** np.clip(begin - _MONEY_YEAR, 0.0, None),
    }
    place = told[list(_RETROFIT)]
    parts = [
        Excess.differs(place.assign(what=name), told[name].to_numpy(), values)
        for name, values in right.items()
    ]
    return parts[0].and_also(*parts[1:])


@rule(unit="MUSD/MW-year or MW")
def leases_from_tables(case: Case) -> Excess:
    """Leased halls cost the least rent of their country, else of the world, up to a depth."""
    halls, settings = case.inputs.halls, case.scenario.lease
    told = listed(halls.lease, rent=halls.lease_musd_per_mw_year)
    table = case.data("leases")
    if settings.usd_per_kw_month is not None:
        table = table.assign(usd_per_kw_month=settings.usd_per_kw_month)
    table = table.assign(hall=table["cooling"] + "|" + table["redundancy"])
    least = table.groupby(["region", "hall"])["usd_per_kw_month"].min().astype("float64")
    country = told["site"].map(by(case.sites, "site", "country"))
    region = country.where(country.isin(list(table["region"])), "world")
    rent = at(least, told.assign(region=region), ("region", "hall"), np.nan)
    sites = pd.DataFrame({"site": list(case.inputs.sets.site.labels)})
    depth = np.full(len(sites), settings.depth_mw_per_site, dtype=np.float64)
    return Excess.differs(
        told[list(_HALL)], told["rent"].to_numpy(), rent * 12.0 * _MUSD_PER_USD_OF_KW
    ).and_also(Excess.differs(sites, np.asarray(halls.lease_depth_mw), depth))


DATES = (
    hall_dates_from_tables,
    halls_from_scenario,
    retrofits_from_tables,
    leases_from_tables,
)
