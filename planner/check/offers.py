"""Which racks and hall designs are on offer, computed a second time from the data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from planner.check.existing import admitted_racks, availability, least_topology, without_new_halls
from planner.check.frames import column_by, isin, lookup, once, sum_by, table_of
from planner.check.lead_times import committed_mw, decision_start, months_to_service

if TYPE_CHECKING:
    from collections.abc import Iterable

    from planner.base.arrays import Bools, Floats
    from planner.check.case import Case


_THAT_COST: Final = (
    "space_ratio",
    "electrical_capex_ratio",
    "mechanical_capex_ratio",
    "maintenance_ratio",
    "installed_kw_per_kw",
)
"""Figures of a topology; more of one costs more."""


def ids_of(case: Case, axis: str) -> list[str]:
    """Return the ids on an axis of the inputs."""
    return list(getattr(case.inputs.sets, axis).labels)


def numbers_of(table: pd.DataFrame, key: str, names: Iterable[str], column: str) -> Floats:
    """Return a column of a table in the order of some names."""
    return lookup(column_by(table, key, column), table_of({key: list(names)}), (key,), np.nan)


def _texts(table: pd.DataFrame, key: str, names: Iterable[str], column: str) -> Any:
    return column_by(table, key, column).reindex(list(names)).to_numpy(dtype=object)


def year_ends(case: Case) -> Floats:
    """Return the end of the last calendar year that each model year stands for."""
    return case.last_calendar_year(pd.Series(case.years)) + 1.0


# --- topologies ------------------------------------------------------------------------------


def allowed_topologies(case: Case) -> list[str]:
    """Return the topologies that new halls may have."""
    asked = case.scenario.halls.redundancy
    return [name for name in ids_of(case, "redundancy") if asked == "all" or name in asked]


@once
def topologies_built(case: Case) -> list[str]:
    """Return the topologies of new halls: those allowed, but for what another one replaces.

    One that no workload needs is replaced by one that serves the same workloads and has no more of
    anything that costs; of generators as many, where a plan counts them.
    """
    available, needed = availability(case), set(least_topology(case).values())
    of: dict[str, dict[str, float]] = {row["redundancy"]: row for row in case.data("redundancy").to_dict("records")}  # type: ignore[misc]
    counts = case.scenario.supply.standby.allow or case.scenario.carbon.embodied

    def replaces(other: str, name: str) -> bool:
        serves = all(available[other] >= available[q] or available[name] < available[q] for q in needed)
        costs = all(of[other][figure] <= of[name][figure] for figure in _THAT_COST)
        as_many = not counts or of[other]["generator_kw_per_kw"] == of[name]["generator_kw_per_kw"]
        return serves and costs and as_many

    allowed = allowed_topologies(case)
    kept = []
    for place, name in enumerate(allowed):
        beaten = any(
            replaces(other, name) and (other in needed or not replaces(name, other) or rank < place)
            for rank, other in enumerate(allowed)
            if other != name
        )
        if name in needed or not beaten:
            kept.append(name)
    return kept


# --- racks on offer -------------------------------------------------------------------------


@once
def mean_throughput(case: Case) -> Floats:
    """Compute per MW, nan where a workload does not admit a rack, (workload, rack). [kH100e/MW]"""
    racks, classes = ids_of(case, "rack"), ids_of(case, "workload")
    peak_kw = numbers_of(case.racks, "rack", racks, "peak_kw")
    used, spare = (
        numbers_of(case.workloads, "workload", classes, column) for column in ("utilisation_frac", "spare_frac")
    )
    h100e = np.stack([numbers_of(case.racks, "rack", racks, f"{case.duty[name]}_h100e") for name in classes])
    pairs = pd.MultiIndex.from_product([classes, racks], names=["workload", "rack"])
    admits = isin(pairs.to_frame(index=False), admitted_racks(case), ("workload", "rack"))
    per_mw = h100e / peak_kw * (used / (1.0 + spare))[:, None]
    return np.where(admits.reshape(per_mw.shape), per_mw, np.nan)


@once
def _fits(case: Case) -> Bools:
    """Say which cooling technologies can hold each rack, shape (rack, cooling)."""
    racks, cooling = ids_of(case, "rack"), ids_of(case, "cooling")
    pairs = pd.MultiIndex.from_product([racks, cooling], names=["rack", "cooling"])
    linked = isin(pairs.to_frame(index=False), case.data("rack_cooling"), ("rack", "cooling"))
    peak_kw = numbers_of(case.racks, "rack", racks, "peak_kw")
    most = numbers_of(case.data("cooling"), "cooling", cooling, "max_kw_per_rack")
    return np.asarray(linked.reshape(len(racks), len(cooling)) & (peak_kw[:, None] <= most))


def last_sale_years(case: Case, racks: Iterable[str]) -> Floats:
    """Return the last year in which racks are sold, infinite where that has no end."""
    last = numbers_of(case.racks, "rack", racks, "last_year")
    return np.where(np.isnan(last) | (not case.scenario.racks.end_of_sale), np.inf, last)


def vendors_bought_from(case: Case) -> list[str]:
    """Return the vendors that racks may be of, standard equipment among them."""
    asked, fleets = case.scenario.racks, case.data("operator_fleets")
    names = [str(name) for name in case.data("racks")["vendor"].unique()]
    own = fleets[fleets["buys"] & (fleets["operator"] == asked.bought_as)]["vendor"]
    bought = [
        name
        for name in names
        if (asked.vendors == "all" or name in asked.vendors) and (asked.bought_as is None or name in list(own))
    ]
    return [*bought, "general"]


@once
def racks_on_offer(case: Case) -> Floats:
    """Racks that a workload may buy, 1 or 0, (workload, rack, cooling, year)."""
    racks, cooling = ids_of(case, "rack"), ids_of(case, "cooling")
    years, ends = np.array(case.years, dtype=np.float64), year_ends(case)
    settings = case.scenario.racks
    may_buy = np.array([(settings.allow == "all" or n in settings.allow) and n not in settings.exclude for n in racks])
    may_buy &= np.isin(_texts(case.racks, "rack", racks, "vendor"), vendors_bought_from(case))
    arrives = column_by(case.data("lead_times"), "item", "lead_months")["rack_delivery"]
    first = numbers_of(case.racks, "rack", racks, "first_year")
    for_sale = may_buy[:, None] & (first[:, None] <= years)
    for_sale &= years <= last_sale_years(case, racks)[:, None]
    for_sale &= years >= decision_start(case) + float(arrives) / 12.0
    begins = numbers_of(case.data("cooling"), "cooling", cooling, "first_year")
    offered = (
        ~np.isnan(mean_throughput(case))[:, :, None, None]
        & _fits(case)[None, :, :, None]
        & for_sale[None, :, None, :]
        & (begins[:, None] < ends)[None, None]
    )
    return np.asarray(offered, dtype=np.float64)


# --- designs on offer -----------------------------------------------------------------------


def _site_figure(case: Case, column: str) -> Floats:
    return np.asarray(case.site_figures("water_stress", column), dtype=np.float64)


def may_serve(case: Case, kind: str) -> tuple[Floats, Bools]:
    """Return when what is decided first serves, (site, year), and whether it does in the year."""
    months = months_to_service(case)[kind].loc[ids_of(case, "site")].to_numpy(dtype=np.float64)
    start = (decision_start(case) + months / 12.0)[:, None]
    return np.maximum(start, np.array(case.years)), start < year_ends(case)


@once
def committed_by_site(case: Case) -> Floats:
    """Return the facility power committed at sites in model years. [MW], (site, year)"""
    table, key = committed_mw(case), ("site", "year")
    pairs = pd.MultiIndex.from_product([ids_of(case, "site"), case.years], names=list(key))
    mw = lookup(sum_by(table, key, table["mw"]), pairs.to_frame(index=False), key)
    return mw.reshape(-1, len(case.years))


@once
def _may_use(case: Case) -> Bools:
    """Say which racks a workload admits, or may have in the base year and go on using, (workload, rack)."""
    stock = {*case.data("rack_stock")[["duty", "rack"]].itertuples(index=False, name=None)}
    exists = [[(case.duty[name], rack) in stock for rack in ids_of(case, "rack")] for name in ids_of(case, "workload")]
    return np.asarray(~np.isnan(mean_throughput(case)) | np.array(exists, np.bool_))


@once
def cooling_on_offer(case: Case) -> set[tuple[str, str]]:
    """List site and cooling of what may be built or retrofitted to, for some rack of a workload."""
    cooling, asked = ids_of(case, "cooling"), case.scenario.halls.cooling
    may = np.array([asked == "all" or name in asked for name in cooling])
    may &= _fits(case)[np.asarray(_may_use(case).any(axis=0))].any(axis=0)
    wet = np.asarray(column_by(case.data("cooling"), "cooling", "needs_water").reindex(cooling), dtype=np.bool_)
    most = case.scenario.water.max_stress_score
    stressed = _site_figure(case, "stress_score") > (np.inf if most is None else most)
    offered, sites = np.argwhere(may & ~(stressed[:, None] & wet)), ids_of(case, "site")
    return {(sites[s], cooling[c]) for s, c in offered}


@once
def designs_on_offer(case: Case) -> set[tuple[str, str]]:
    """List site and hall of every design that may be built: for some workload and its racks."""
    available, least = availability(case), least_topology(case)
    uses, fits = _may_use(case), _fits(case)
    technologies = ids_of(case, "cooling")
    return {
        (site, f"{cooling}|{topology}")
        for site, cooling in cooling_on_offer(case)
        for topology in topologies_built(case)
        if any(
            available[topology] >= available[needed] and (uses[w] & fits[:, technologies.index(cooling)]).any()
            for w, needed in enumerate(least.values())
        )
    }


@once
def rack_cooling(case: Case) -> set[tuple[str, str]]:
    """List rack and cooling of what fits."""
    racks, cooling = ids_of(case, "rack"), ids_of(case, "cooling")
    return {(racks[k], cooling[c]) for k, c in np.argwhere(_fits(case))}


# --- the lists ------------------------------------------------------------------------------


def may_grow(case: Case) -> Bools:
    """Say at which sites the scenario wants new halls, shape (site, 1)."""
    return ~np.isin(ids_of(case, "site"), without_new_halls(case))[:, None]
