"""Racks and halls of the base year, laid out again: where, in what, for which workload."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.check.demand import rack_path_mw, stock_over_demand, stock_shares
from planner.check.existing import (
    in_pools,
    in_service,
    market_share_frac,
    rack_cooling,
    stated_halls,
    stated_racks,
    stated_sites,
)
from planner.check.frames import column_by, crossed, found_by, isin, keyed, lookup, once, sum_by, table_of, to_frame
from planner.check.verdict import Excess, figures, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planner.base.arrays import Floats
    from planner.check.case import Case
    from planner.check.frames import Labelled


_POOL = ("site", "rack", "hall", "duty", "year")
_COHORT = ("site", "rack", "hall", "vintage")
_HALL = ("site", "hall", "year")
_TRACE_MW = 1e-9
_NOTHING_FRAC = 1e-9  # what two cuts of one whole have in common is no less
_DUTIES = ("training", "inference")


@once
def base_year_facility_mw(case: Case) -> pd.Series[float]:
    """Return the facility power of the base year at every site of the plan, stated or assumed. Gives [MW]."""
    halls = stated_halls(case)
    first = halls[halls["year"] == case.years[0]]
    stated = first.groupby("site")["mw"].sum() * case.scenario.demand.facility_mw_per_rack_mw
    return assumed_facility_mw(case).add(stated, fill_value=0.0)


@once
def assumed_facility_mw(case: Case) -> pd.Series[float]:
    """Return the facility power whose racks are a mix of the tables, by site of the plan. [MW]"""
    of_market = market_facility_mw(case).loc[list(case.inputs.sets.site.labels)]
    if not market_share_frac(case, case.scenario.operator.stock_share_frac):
        of_market = of_market * 0.0
    assumed = case.own_figures("existing_mw", of_market)
    return assumed.where(~assumed.index.isin(stated_sites(case)), 0.0)


@once
def market_facility_mw(case: Case) -> pd.Series[float]:
    """Return the operator's share of what the market has, at sites left out by name as well. Gives [MW]."""
    stock = case.site_figures("site_stock", "existing_facility_mw")
    stock[stock.index.isin(list(case.scenario.new_sites))] = 0.0  # nothing exists there yet
    out = case.excluded
    table = column_by(case.data("site_stock"), "site", "existing_facility_mw").astype("float64")
    stock = pd.concat([stock, table[table.index.isin(out)].reindex(out, fill_value=0.0)])
    count = case.scenario.operator.stock_sites
    stock = stock if count is None else stock.nlargest(count).reindex(stock.index, fill_value=0.0)
    share_frac = stock / stock.sum() if stock.any() else stock
    per_rack = case.scenario.demand.facility_mw_per_rack_mw
    return share_frac * _class_mw(case).sum() * per_rack


@once
def racks_alive(case: Case) -> pd.DataFrame:
    """Racks of the base year in the model years that they serve through to the end."""
    return in_service(case, existing_racks(case), "vintage", "dies")


def _uses(case: Case, index: Labelled) -> pd.DataFrame:
    """Uses of racks by pool."""
    uses = to_frame(index)
    return in_pools(case, uses.assign(duty=uses["workload"].map(case.duty)))


@rule(unit="MW", rereads="racks.cohort_stock_mw racks.stock_mw racks.stock_only_mw")
def existing_racks_from_tables(case: Case) -> Iterator[Excess]:
    """Existing racks have site, hall and remaining life from shares, sites and lives.

    So do their cohorts that may move, and the workloads that may use but not buy them. Racks that
    no workload can use, since no hall of their cooling can be at the site, are in no pool.
    """
    p, alive = case.inputs.racks, in_pools(case, racks_alive(case))
    reported = to_frame(p.fleet, mw=p.stock_mw)
    expected = sum_by(alive, _POOL, alive["mw"])
    due = alive[(alive["mw"] > _TRACE_MW).to_numpy() & isin(alive, _uses(case, p.used), _POOL)]
    due = due[list(_POOL)].drop_duplicates()
    racks = in_pools(case, existing_racks(case))
    racks = racks[racks["duty"] == "training"]
    racks = racks.assign(vintage="stock-" + racks["vintage"].astype("str"))
    cohorts = to_frame(p.cohort, mw=p.cohort_stock_mw)
    groups = to_frame(p.stock_only_group, mw=p.stock_only_mw)
    yield Excess.differs(keyed(reported, _POOL), reported["mw"], lookup(expected, reported, _POOL))
    yield Excess.count_broken(due, ~isin(due, reported, _POOL))
    yield Excess.differs(
        cohorts[list(_COHORT)], cohorts["mw"], lookup(sum_by(racks, _COHORT, racks["mw"]), cohorts, _COHORT)
    )
    yield Excess.differs(keyed(groups, _POOL), groups["mw"], lookup(expected, groups, _POOL))
    yield from Excess.same_places(groups, _uses(case, p.stock_only), _POOL)


@figures("halls.hall", "halls.existing_mw", "halls.ending_mw", unit="MW")
def existing_halls_from_tables(case: Case, rows: pd.DataFrame) -> tuple[Floats, Floats, pd.DataFrame]:
    """Existing halls are as stated; others hold existing racks and their companions.

    Of these there are no more and no less, and as many as stated end before the plan does.
    """
    expected, lasting = existing_halls(case), lasting_halls(case)
    mw = found_by(expected, _HALL, "mw", rows, 0.0)
    return mw, mw - found_by(lasting, _HALL, "mw", rows, 0.0), expected[expected["mw"] > _TRACE_MW]


@once
def existing_racks(case: Case) -> pd.DataFrame:
    """List the racks of the base year.

    Racks of a use, the largest first, serve its workloads, those with the largest reference racks
    first, each as much compute as it has power. A workload's racks stand in halls of the topology
    that the tables ask for it, and of as few cooling technologies as hold all. Campuses hold
    training first, other sites the rest. Racks that the planner states come last, of no workload.
    """
    cooling = _cooling(case)
    pools = pd.concat([_pools(case, duty) for duty in _DUTIES], ignore_index=True)
    placed = column_by(case.data("workloads"), "workload", "redundancy_min")
    topology = pools["workload"].map(placed)
    pools = pools.assign(hall=pools["rack"].map(cooling) + "|" + topology)
    racks = pools.merge(_site_shares(case), on="duty")
    columns = ["site", "rack", "hall", "duty", "workload", "vintage", "dies"]
    assumed = racks[columns].assign(mw=racks["mw"] * racks["site_share"])
    stated = stated_racks(case).assign(workload="")
    return pd.concat([assumed, stated[[*columns, "mw"]]], ignore_index=True) if len(stated) else assumed


@once
def existing_halls(case: Case) -> pd.DataFrame:
    """List halls that exist: stated, and those that hold the racks of the market, with the share that is kept free."""
    return _by_design([_assumed_halls(case), stated_halls(case)])


@once
def lasting_halls(case: Case) -> pd.DataFrame:
    """List the halls that exist and serve to the end of the plan, hall by hall."""
    stated = stated_halls(case)
    return _by_design([_assumed_halls(case), stated[stated["ends"].to_numpy(np.float64) > case.calendar[-1]]])


def _by_design(halls: list[pd.DataFrame]) -> pd.DataFrame:
    both = pd.concat([part[[*_HALL, "mw"]] for part in halls], ignore_index=True)
    return both.groupby(list(_HALL), as_index=False)[["mw"]].sum()


@once
def _assumed_halls(case: Case) -> pd.DataFrame:
    """List the halls that hold the racks of the market: site, hall, year, mw."""
    racks = existing_racks(case)
    racks = racks[racks["workload"] != ""]
    companion = racks["workload"].map(column_by(case.workloads, "workload", "companion_frac"))
    mw = racks["mw"] * (case.scenario.halls.diversity_frac + companion.astype("float64"))
    racks = racks.assign(mw=mw / (1.0 - case.scenario.halls.free_frac))
    assumed = racks.groupby(["site", "hall"], as_index=False)[["mw"]].sum()
    return crossed(assumed, table_of({"year": case.years}))


@once
def _class_mw(case: Case) -> pd.Series[float]:
    """Nameplate racks of each workload at the operator's share of the stock. [MW]"""
    scale = stock_over_demand(case)
    classes = case.inputs.sets.workload.labels
    mw = [rack_path_mw(case, name, case.years[0]) * scale for name in classes]
    return pd.Series(mw, index=list(classes), dtype="float64")


def _pools(case: Case, duty: str) -> pd.DataFrame:
    """List racks of one use by workload and vintage: rack, workload, use, vintage, dies, mw."""
    columns = ["rack", "workload", "duty", "vintage", "dies", "mw"]
    by_class = _class_mw(case)
    by_class = by_class[(by_class.index.map(case.duty) == duty) & (by_class > 0.0)]
    if by_class.empty:
        return pd.DataFrame(columns=columns)
    table = case.by("racks", "rack")
    stock = stock_shares(case, duty).reset_index(drop=True)
    h100e = table[f"{duty}_h100e"].astype("float64")
    racks = [name for name in table.index if name in set(stock["rack"])]
    per_mw = (h100e / table["peak_kw"])[racks]
    compute = stock.groupby("rack")["share"].sum()[racks] * per_mw

    fleet = case.data("reference_fleet")
    fleet = fleet[(fleet["vintage_year"] <= case.years[0]) & fleet["rack"].isin(list(table.index))]
    size = fleet["rack"].map(h100e).groupby(fleet["workload"]).mean()[list(by_class.index)]
    racks = list(h100e[racks].sort_values(ascending=False, kind="stable").index)
    classes = list(size.sort_values(ascending=False, kind="stable").index)

    rows = []
    rack_end, class_end = ((of / of.sum()).cumsum().to_numpy() for of in (compute[racks], by_class[classes]))
    rack_begin, class_begin = (np.append(0.0, end[:-1]) for end in (rack_end, class_end))
    common = np.minimum.outer(rack_end, class_end) - np.maximum.outer(rack_begin, class_begin)
    for at, of in np.argwhere(common > _NOTHING_FRAC):
        vintages, rack = stock[stock["rack"] == racks[at]], racks[at]
        mw = common[at, of] * by_class.sum() * compute.sum() / per_mw[rack]
        part = mw * vintages["share"] / vintages["share"].sum()
        years = zip(vintages["vintage_year"], vintages["dies"], part, strict=True)
        rows += [(rack, classes[of], duty, int(year), int(dies), share) for year, dies, share in years]
    return pd.DataFrame(rows, columns=columns)


def _site_shares(case: Case) -> pd.DataFrame:
    """List the share of each use's racks that stands at each site: site, use, site_share."""
    by_class = _class_mw(case)
    of_duty = by_class.groupby(by_class.index.map(case.duty)).sum().reindex(list(_DUTIES), fill_value=0.0)
    per_rack = case.scenario.demand.facility_mw_per_rack_mw
    by_table = market_facility_mw(case) / per_rack
    mw = assumed_facility_mw(case) / per_rack
    kind = case.by("sites", "site").loc[list(by_table.index), "archetype"]
    is_campus = (kind == "campus").to_numpy()
    campus_mw, other_mw = float(by_table[is_campus].sum()), float(by_table[~is_campus].sum())
    on_campus = min(of_duty["training"], campus_mw)
    there = on_campus / campus_mw if campus_mw > 0.0 else float(of_duty["training"] > 0.0)
    elsewhere = (of_duty["training"] - on_campus) / other_mw if other_mw > 0.0 else float(of_duty["inference"] <= 0.0)
    trains = np.where(is_campus[: len(mw)], there, elsewhere)
    parts = [
        table_of({"site": mw.index, "duty": duty, "site_share": mw.to_numpy() * share / (of_duty[duty] or np.inf)})
        for duty, share in (("training", trains), ("inference", 1.0 - trains))
    ]
    shares: pd.DataFrame = pd.concat(parts, ignore_index=True)
    return shares[shares["site_share"] > 0.0]


def _cooling(case: Case) -> dict[str, str]:
    """Cooling of each rack of the base year: as few technologies as hold all, air where no loop is needed."""
    table = case.data("cooling")
    there = table[table["first_year"] <= case.years[0]].set_index("cooling")
    racks = case.by("racks", "rack")
    mw = pd.concat([stock_shares(case, duty) for duty in _DUTIES]).groupby("rack")["share"].sum()
    stands: dict[str, str] = {}
    for is_any in (False, True):
        may = {
            (rack, cooling)
            for rack, cooling in rack_cooling(case)
            if mw.get(rack, 0.0) > 0.0 and cooling in there.index
            if is_any or (there["medium"][cooling] == "air" and racks["liquid_heat_frac"][rack] == 0.0)
        }
        while waiting := {(rack, cooling) for rack, cooling in may if rack not in stands}:
            held = {name: sum(mw[rack] for rack in mw.index if (rack, name) in waiting) for name in there.index}
            best = max(there.index, key=held.__getitem__)
            stands |= {rack: best for rack, cooling in waiting if cooling == best}
    return stands
