"""Rows that a plan's other tables and its scenario imply: each is there, and once."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.check.frames import at, by, crossed, has, listed
from planner.check.grid import own_peaks
from planner.check.racks import alive_mw
from planner.check.verdict import Excess, rule
from planner.check.water import stress_classes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from planner.check.case import Case

__all__ = ["IMPLIED", "RULES"]

_SITE = ("site", "year")
_TRACE: Final = 1e-6  # tables leave out what is less than 1e-7


def _years(case: Case) -> pd.DataFrame:
    return pd.DataFrame({"year": list(case.years)})


def _times_years(case: Case, name: str, labels: list[str]) -> pd.DataFrame:
    return pd.DataFrame(list(product(labels, case.years)), columns=[name, "year"])


def _classes(case: Case) -> list[str]:
    asked = case.scenario.scope.workloads
    return [name for name in case.duty if asked == "all" or name in asked]


def _sites(case: Case) -> pd.DataFrame:
    return case.scope[["site"]]


def _fleet(case: Case) -> pd.DataFrame:
    pools = alive_mw(case)
    return pools.loc[pools["alive_mw"] > _TRACE, ["site", "rack", "hall", "duty", "year"]]


def _halls(case: Case) -> pd.DataFrame:
    halls = case.hall_years
    return halls.loc[halls["usable_mw"] > _TRACE, ["site", "hall", "year"]]


def _leads(case: Case) -> pd.DataFrame:
    return case.inputs.halls.lead[["site", "hall"]]


def _billed_peaks(case: Case) -> pd.DataFrame:
    own, rate = own_peaks(case), case.inputs.grid.demand_charge_usd_per_kw_month
    rates = listed(case.inputs.sites.site_year, rate=rate).set_index(list(_SITE))["rate"]
    is_billed = at(rates, own, _SITE) > 0.0
    return own.loc[is_billed & (own["peak_mw"] > _TRACE), [*_SITE, "period"]]


def _power_zone(case: Case) -> pd.DataFrame:
    sites = case.power.site_year
    zone = sites["site"].map(by(case.scope, "site", "zone"))
    return sites.assign(zone=zone)[["zone", "year"]].drop_duplicates()


def _headroom(case: Case) -> pd.DataFrame:
    told = set(case.data("zone_headroom")["zone"])
    zones = [zone for zone in dict.fromkeys(case.scope["zone"]) if zone in told]
    return _times_years(case, "zone", zones)


def _source_year(case: Case) -> pd.DataFrame:
    sources = case.sources.rows
    return sources.loc[sources["mw"] > _TRACE, ["site", "source", "year"]]


def _source_slot(case: Case) -> pd.DataFrame:
    return _source_year(case).merge(case.power.slot[["slot"]], how="cross")


def _blocks(case: Case) -> pd.DataFrame:
    used = case.plan("plan")
    of_block = used[used["workload"].isin(list(case.scenario.siting.block_mw))]
    in_use = of_block["used_mw"] > _TRACE
    return of_block.loc[in_use, ["site", "workload", "year"]].drop_duplicates()


def _contract_slot(case: Case) -> pd.DataFrame:
    contracts = case.plan("contracts")
    in_force = contracts.loc[contracts["in_force_mw"] > _TRACE, ["contract", "zone", "year"]]
    return crossed(in_force, case.power.slot[["slot"]])


def _migration_site(case: Case) -> pd.DataFrame:
    work = case.plan("migration")
    is_work = (work["due_mw"] > _TRACE) | (work["done_mw"] > _TRACE)
    return work.loc[is_work, ["site", "workload", "year"]].drop_duplicates()


def _non_firm_year(case: Case) -> pd.DataFrame:
    sites = case.site_years
    return sites.loc[sites["non_firm_mw"] > _TRACE, list(_SITE)]


def _matching_slot(case: Case) -> pd.DataFrame:
    pools = case.plan("matching")[["pool", "year"]]
    return crossed(pools, case.power.slot[["slot"]])


def _resilience(case: Case) -> pd.DataFrame:
    reserves = listed(case.inputs.failover.reserve)
    return reserves[["workload", "year"]].drop_duplicates()


def _carbon_site(case: Case) -> pd.DataFrame:
    sites = case.plan("site_year")
    return sites.loc[sites["emissions_kt"] > _TRACE, list(_SITE)]


def _water_class(case: Case) -> pd.DataFrame:
    sites = case.plan("site_year")
    in_use = sites[sites["facility_peak_mw"] > _TRACE]
    stress = stress_classes(case, in_use["site"])
    return in_use.assign(stress_class=stress)[["stress_class", "year"]].drop_duplicates()


def _latency(case: Case) -> pd.DataFrame:
    return case.plan("demand")[["workload", "year"]].drop_duplicates()


def _reference(case: Case) -> pd.DataFrame:
    return _times_years(case, "workload", _classes(case))


def _unit_costs(case: Case) -> pd.DataFrame:
    classes, duties = _classes(case), ["training", "inference"]
    return _times_years(case, "scope", [*classes, *duties, "total"])


IMPLIED: Final[Mapping[str, Callable[[Case], pd.DataFrame]]] = {
    "sites": _sites,
    "fleet": _fleet,
    "halls": _halls,
    "leads": _leads,
    "blocks": _blocks,
    "billed_peaks": _billed_peaks,
    "power_zone": _power_zone,
    "headroom": _headroom,
    "source_year": _source_year,
    "source_slot": _source_slot,
    "contract_slot": _contract_slot,
    "matching_slot": _matching_slot,
    "migration_site": _migration_site,
    "non_firm_year": _non_firm_year,
    "carbon_site": _carbon_site,
    "carbon_year": _years,
    "water_class": _water_class,
    "latency": _latency,
    "reference": _reference,
    "resilience": _resilience,
    "unit_costs": _unit_costs,
    "summary": _years,
}
"""For each table the rows that must be there, by the columns that name a row.

Tables that are not here lose no row unseen either: rules of their own sum them, recompute
`no_route` from round trips, and `prices` from the stored duals.
"""


@rule(unit="rows")
def rows_there(case: Case) -> Excess:
    """Tables have every row that follows from the plan's other tables and the scenario, once."""
    parts = []
    for name, implied in IMPLIED.items():
        rows, told = implied(case), case.plan(name)
        key = list(rows.columns)
        missing = ~has(rows, told, key)
        twice = told.duplicated(key).to_numpy(dtype=np.bool_)
        for frame, is_wrong in ((rows, missing), (told[key], twice)):
            rows_told = np.full(len(frame), "", dtype=object)  # none where the row is right
            if is_wrong.any():
                wrong = frame[is_wrong].astype("str").itertuples(index=False, name=None)
                rows_told[is_wrong] = [", ".join(of) for of in wrong]
            place = pd.DataFrame({"table": name, "row": rows_told})
            parts.append(Excess.where(place, is_wrong))
    return parts[0].and_also(*parts[1:])


RULES = (rows_there,)
