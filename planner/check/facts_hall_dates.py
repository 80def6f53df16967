"""When halls come, what retrofits keep, what is let: reckoned a second time from the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.check.facts_sites import decided, months_to_service
from planner.check.frames import at, by, listed, tally
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from planner.base.arrays import Floats
    from planner.check.case import Case


__all__ = ["RULES"]

_HALL = ("site", "hall", "year")
_RETROFIT = ("site", "hall", "to_hall", "year")
_MONEY_YEAR = 2025
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
    """Halls to let cost the least rent of their country, else of the world, up to a depth."""
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


RULES = (
    hall_dates_from_tables,
    halls_from_scenario,
    retrofits_from_tables,
    leases_from_tables,
)
