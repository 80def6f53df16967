"""Racks and halls of the base year, laid out a second time: where, in what, for which class."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.check.base_year import assumed_facility_mw, market_facility_mw
from planner.check.facts_demand import rack_path_mw, stock_shares
from planner.check.frames import by, crossed, has, tally
from planner.check.halls import hall_parts
from planner.check.once import once
from planner.check.stated_existing import stated_halls, stated_racks

if TYPE_CHECKING:
    from planner.check.case import Case


__all__ = ["standing_halls", "standing_racks"]

_NOTHING_FRAC = 1e-9  # what two cuts of one whole have in common is no less
_DUTIES = ("training", "inference")


def standing_racks(case: Case) -> pd.DataFrame:
    """List the racks of the base year.

    Racks of a duty, the largest first, serve its classes, those with the largest reference racks
    first, each as much compute as it has power. A class's racks stand in halls of the topology
    that the tables ask for it, and of as few cooling technologies as hold all. Campuses hold
    training first, other sites the rest. Racks that the planner states come last, of no class.

    Parameters
    ----------
    case : Case
        Inputs and plan.

    Returns
    -------
    DataFrame
        site, rack, hall, duty, workload, vintage, dies (first year no longer in service), mw.
    """
    cooling = _cooling(case)
    pools = pd.concat([_pools(case, duty) for duty in _DUTIES], ignore_index=True)
    topology = pools["workload"].map(_topologies(case))
    pools = pools.assign(hall=pools["rack"].map(cooling) + "|" + topology)
    racks = pools.merge(_site_shares(case), on="duty")
    columns = ["site", "rack", "hall", "duty", "workload", "vintage", "dies"]
    assumed = racks[columns].assign(mw=racks["mw"] * racks["site_share"])
    stated = stated_racks(case).assign(workload="")
    return (
        pd.concat([assumed, stated[[*columns, "mw"]]], ignore_index=True)
        if len(stated)
        else assumed
    )


def standing_halls(case: Case) -> pd.DataFrame:
    """List the halls that exist: those stated, and those that hold the racks of the market exactly.

    Parameters
    ----------
    case : Case
        Inputs and plan.

    Returns
    -------
    DataFrame
        site, hall, year, mw.
    """
    racks = case.standing_racks
    racks = racks[racks["workload"] != ""]
    companion = racks["workload"].map(by(case.workloads, "workload", "companion_frac"))
    mw = racks["mw"] * (case.scenario.halls.diversity_frac + companion.astype("float64"))
    assumed = tally(racks, ("site", "hall"), mw).rename("mw").reset_index()
    assumed = crossed(assumed, pd.DataFrame({"year": case.years}))
    both = pd.concat([assumed, stated_halls(case)], ignore_index=True)
    return tally(both, ("site", "hall", "year"), both["mw"]).rename("mw").reset_index()


@once
def _class_mw(case: Case) -> pd.Series[float]:
    """Nameplate racks of each class at the operator's share of the stock. [MW]"""
    share = case.scenario.operator
    scale = share.stock_share_frac / share.demand_share_frac
    classes = case.inputs.sets.workload.labels
    mw = [rack_path_mw(case, name, case.years[0]) * scale for name in classes]
    return pd.Series(mw, index=list(classes), dtype="float64")


def _pools(case: Case, duty: str) -> pd.DataFrame:
    """List racks of one duty by class and vintage: rack, workload, duty, vintage, dies, mw."""
    columns = ["rack", "workload", "duty", "vintage", "dies", "mw"]
    by_class = _class_mw(case)
    by_class = by_class[(by_class.index.map(case.duty) == duty) & (by_class > 0.0)]
    if by_class.empty:
        return pd.DataFrame(columns=columns)
    table = case.racks.set_index("rack")
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
    rack_end = (compute[racks] / compute.sum()).cumsum()
    class_end = (by_class[classes] / by_class.sum()).cumsum()
    for rack in racks:
        from_rack = rack_end[rack] - compute[rack] / compute.sum()
        for name in classes:
            from_class = class_end[name] - by_class[name] / by_class.sum()
            common = min(rack_end[rack], class_end[name]) - max(from_rack, from_class)
            if common > _NOTHING_FRAC:
                mw = common * by_class.sum() * compute.sum() / per_mw[rack]
                own = stock[stock["rack"] == rack]
                part = own["share"] / own["share"].sum()
                years = zip(own["vintage_year"], own["dies"], part, strict=True)
                rows += [(rack, name, duty, int(y), int(dies), mw * of) for y, dies, of in years]
    return pd.DataFrame(rows, columns=columns)


def _site_shares(case: Case) -> pd.DataFrame:
    """List the share of each duty's racks that stands at each site: site, duty, site_share."""
    by_class = _class_mw(case)
    of_duty = {
        duty: float(sum(mw for name, mw in by_class.items() if case.duty[str(name)] == duty))
        for duty in _DUTIES
    }
    per_rack = case.scenario.demand.facility_mw_per_rack_mw
    by_table = market_facility_mw(case) / per_rack
    mw = assumed_facility_mw(case) / per_rack
    kind = case.sites.set_index("site").loc[list(by_table.index), "archetype"]
    is_campus = (kind == "campus").to_numpy()
    campus_mw, other_mw = float(by_table[is_campus].sum()), float(by_table[~is_campus].sum())
    on_campus = min(of_duty["training"], campus_mw)
    there = on_campus / campus_mw if campus_mw > 0.0 else 1.0
    elsewhere = (of_duty["training"] - on_campus) / other_mw if other_mw > 0.0 else 0.0
    trains = np.where(is_campus[: len(mw)], there, elsewhere)
    parts = [
        pd.DataFrame(
            {
                "site": mw.index,
                "duty": duty,
                "site_share": mw.to_numpy() * share / of_duty[duty] if of_duty[duty] else 0.0,
            }
        )
        for duty, share in (("training", trains), ("inference", 1.0 - trains))
    ]
    shares = pd.concat(parts, ignore_index=True)
    return shares[shares["site_share"] > 0.0]


def _topologies(case: Case) -> dict[str, str]:
    """Topology of the base-year racks of each class: the cheapest as available as the table asks.

    What topologies cost is compared at the first site and the first cooling of the table.
    """
    table = case.data("redundancy")
    site, cooling = case.inputs.sets.site.labels[0], str(case.data("cooling")["cooling"].iloc[0])
    designs = table[["redundancy"]].assign(site=site, cooling=cooling)
    parts = hall_parts(case, designs)
    price = pd.Series(parts["taxed"] + parts["plant"], index=list(table["redundancy"]))
    available = by(table, "redundancy", "availability_pct").astype("float64")
    asked = by(case.data("workloads"), "workload", "redundancy_min")
    return {
        str(name): str(price[(available >= available[least]).to_numpy()].idxmin())
        for name, least in asked.items()
    }


def _cooling(case: Case) -> dict[str, str]:
    """Cooling that each rack of the base year stands in: as few technologies as hold them all.

    Racks without liquid loops stand in air-cooled halls where these can feed them.
    """
    table = case.data("cooling")
    there = table[table["first_year"] <= case.years[0]]
    racks = case.racks.set_index("rack")
    mw = pd.concat([stock_shares(case, duty) for duty in _DUTIES]).groupby("rack")["share"].sum()
    left = {str(rack): float(mw[rack]) for rack in racks.index if mw.get(rack, 0.0) > 0.0}
    pairs = pd.MultiIndex.from_product([list(left), list(there["cooling"])])
    frame = pairs.to_frame(index=False, name=["rack", "cooling"])
    limit = by(there, "cooling", "max_kw_per_rack")
    fits = has(frame, case.data("rack_cooling"), ("rack", "cooling")) & (
        frame["rack"].map(racks["peak_kw"]) <= frame["cooling"].map(limit)
    ).to_numpy(dtype=np.bool_)
    is_air = frame["cooling"].map(by(there, "cooling", "medium")) == "air"
    is_dry = frame["rack"].map(racks["liquid_heat_frac"]) == 0.0
    stands: dict[str, str] = {}
    for first_choice in ((is_air & is_dry).to_numpy(dtype=np.bool_), np.ones(len(frame), np.bool_)):
        may = frame[fits & first_choice]
        for _ in range(len(table)):
            waiting = may[~may["rack"].isin(list(stands))]
            if waiting.empty:
                break
            held = waiting["rack"].map(left).groupby(waiting["cooling"], sort=False).sum()
            best = max(list(there["cooling"]), key=lambda name: held.get(name, 0.0))
            stands |= dict.fromkeys(waiting.loc[waiting["cooling"] == best, "rack"], best)
    return stands
