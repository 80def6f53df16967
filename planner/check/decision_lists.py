"""What a plan may decide of halls and racks, computed a second time from the data.

Which halls may be built, retrofitted, operated and leased, and which racks may be bought, used and
moved: from the tables and the scenario. `planner.check.decided` compares them with the program.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.check.existing import availability, fill_frac, halls_apart, in_pools, least_topology
from planner.check.frames import column_by, crossed, isin, lookup, once
from planner.check.lead_times import decision_start
from planner.check.offers import (
    committed_by_site,
    cooling_on_offer,
    designs_on_offer,
    ids_of,
    may_grow,
    may_serve,
    mean_throughput,
    numbers_of,
    rack_cooling,
    racks_on_offer,
    year_ends,
)
from planner.check.stock import existing_halls, existing_racks, lasting_halls
from planner.check.table import table_of

if TYPE_CHECKING:
    from planner.check.case import Case

_DEPLOYMENT: Final = ["rack", "hall", "workload"]
_PLACE: Final = ("site", "hall", "year")
_AGED: Final = ["site", "rack", "vintage", "dies", "is_stock"]


@once
def leasable(case: Case) -> pd.DataFrame:
    """List site, hall and year of every hall that is available to lease."""
    if not case.scenario.lease.allow:
        return table_of({"site": [], "hall": [], "year": np.zeros(0, np.int64)})
    table = case.data("leases")
    country = column_by(case.sites, "site", "country")[ids_of(case, "site")]
    region = country.where(country.isin(list(table["region"])), "world")
    sites = table_of({"site": region.index, "region": region.to_numpy()})
    sites = sites[may_grow(case)[:, 0]]
    rows = sites.merge(table[["region", "cooling", "redundancy"]], on="region").drop_duplicates()
    rows = rows.assign(hall=rows["cooling"] + "|" + rows["redundancy"])
    begins = rows["cooling"].map(column_by(case.data("cooling"), "cooling", "first_year"))
    rows = crossed(rows.assign(begins=begins), table_of({"year": case.years}))
    there = rows["begins"].to_numpy() <= case.last_calendar_year(rows["year"])
    return rows.loc[there, ["site", "hall", "year"]].reset_index(drop=True)


@once
def buildable(case: Case) -> pd.DataFrame:
    """List site, hall, year and stage of every hall that may be built."""
    begins = numbers_of(case.data("cooling"), "cooling", ids_of(case, "cooling"), "first_year")
    years, ends = np.array(case.years, dtype=np.float64), year_ends(case)
    may = may_serve(case, "hall")[1]
    committed = (committed_by_site(case) > 0.0)[:, None] & (begins[:, None] <= years)
    ordered = (may & may_grow(case))[:, None] & (begins[:, None] < ends)
    stage, s, c, t = np.nonzero([ordered, committed])
    names = {axis: np.array(ids_of(case, axis), object) for axis in ("site", "cooling")}
    places = table_of({"site": names["site"][s], "cooling": names["cooling"][c], "year": np.array(case.years)[t]})
    places = places.assign(stage=np.array(["ordered", "committed"], object)[stage])
    designs = designs_on_offer(case)
    designs = designs.assign(cooling=halls_apart(designs["hall"])[0])
    found: pd.DataFrame = places.merge(designs, on=["site", "cooling"])[["site", "hall", "year", "stage"]]
    return found


@once
def retrofittable(case: Case) -> pd.DataFrame:
    """List site, hall, to_hall and year of every retrofit that may be begun."""
    key, settings = ["site", "hall", "to_hall", "year"], case.scenario.retrofit
    if not settings.allow:
        return table_of({"site": [], "hall": [], "to_hall": [], "year": np.zeros(0, np.int64)})
    medium = case.data("cooling")[["cooling", "medium", "first_year"]]
    # Halls that end before the plan does cannot become others that would go on.
    lasting = lasting_halls(case)
    before = lasting.loc[lasting["mw"] > 0.0, ["site", "hall", "year"]].drop_duplicates()
    cooling, redundancy = halls_apart(before["hall"])
    rows = before.assign(from_cooling=cooling, redundancy=redundancy)
    rows = rows.merge(cooling_on_offer(case).rename(columns={"cooling": "to_cooling"}), on="site")
    rows = rows.assign(to_hall=rows["to_cooling"] + "|" + rows["redundancy"])
    for prefix in ("from_", "to_"):
        rows = rows.merge(medium.add_prefix(prefix), on=f"{prefix}cooling", how="left")
    table = case.data("retrofit")[["from_medium", "to_medium", "duration_months"]]
    rows = rows.merge(table, on=["from_medium", "to_medium"])
    stated = settings.duration_months
    months = rows["duration_months"].astype("float64") if stated is None else stated
    done = np.maximum(rows["year"].astype("float64"), decision_start(case)) + months / 12.0
    end = case.last_calendar_year(rows["year"])
    serves = (done < year_ends(case)[-1]) & (end >= case.scenario.decisions_start.year)
    is_known = rows["to_first_year"].to_numpy() <= end
    found: pd.DataFrame = rows.loc[serves & is_known, key].reset_index(drop=True)
    return found


def _existing(case: Case) -> pd.DataFrame:
    """List the halls that exist in a year."""
    halls = existing_halls(case)
    return halls[halls["mw"] > 0.0]


@once
def may_be_there(case: Case) -> pd.DataFrame:
    """List site, hall and year where some hall of the design can be."""
    key = list(_PLACE)
    years = table_of({"year": case.years})
    there = _existing(case)
    to_new = retrofittable(case).drop(columns="hall").rename(columns={"to_hall": "hall"})
    begun = pd.concat([buildable(case), to_new[key]]).groupby(key[:2])["year"].min()
    later = crossed(begun.rename("begun").reset_index(), years)
    later = later[later["year"] >= later["begun"]]
    return pd.concat([there[key], leasable(case), later[key]]).drop_duplicates(ignore_index=True)


@once
def operable(case: Case) -> pd.DataFrame:
    """List site, hall, as_hall, fill and year of halls that may be operated as less available ones."""
    there, available = may_be_there(case), availability(case)
    cooling, redundancy = halls_apart(there["hall"])
    needed = table_of({"topology": list(dict.fromkeys(least_topology(case).values()))})
    rows = crossed(there.assign(cooling=cooling, redundancy=redundancy), needed)
    enough = rows["redundancy"].map(available) >= rows["topology"].map(available)
    rows = rows[(enough & (rows["redundancy"] != rows["topology"])).to_numpy(np.bool_)]
    rows = rows.assign(as_hall=rows["cooling"] + "|" + rows["topology"])
    is_fuller = isin(rows, _existing(case), _PLACE) & (
        fill_frac(case, rows) > 1.0 - case.scenario.halls.free_frac + 1e-9
    )
    return pd.concat([rows.assign(fill="new"), rows[is_fuller].assign(fill="existing")], ignore_index=True)[
        ["site", "hall", "as_hall", "fill", "year"]
    ]


@once
def _in_play(case: Case) -> pd.DataFrame:
    """List site, hall and year where a hall of the design, or operated as such, can be."""
    key = ["site", "hall", "year"]
    others = operable(case).drop(columns="hall").rename(columns={"as_hall": "hall"})
    return pd.concat([may_be_there(case), others[key]]).drop_duplicates(ignore_index=True)


@once
def _classes(case: Case) -> pd.DataFrame:
    """List workload, rack, hall and duty: racks that it admits, and halls as it needs them."""
    admits = ~np.isnan(mean_throughput(case))
    w, k = np.nonzero(admits)
    pairs = table_of(
        {"workload": np.array(ids_of(case, "workload"), object)[w], "rack": np.array(ids_of(case, "rack"), object)[k]}
    )
    pairs = pairs.assign(duty=pairs["workload"].map(case.duty), topology=pairs["workload"].map(least_topology(case)))
    halls = table_of({"cooling": ids_of(case, "cooling")})
    rows = crossed(pairs, halls)
    return rows.assign(hall=rows["cooling"] + "|" + rows["topology"])


@once
def _cooling_in_play(case: Case) -> list[str]:
    """Return the cooling of halls that are on offer or there at some site."""
    existing = existing_halls(case)
    halls = pd.concat([part["hall"] for part in (designs_on_offer(case), leasable(case), existing)])
    to_retrofit = case.scenario.retrofit.allow and (existing["mw"] > 0.0).any()
    offered: list[str] = list(cooling_on_offer(case)["cooling"]) if to_retrofit else []
    return list(dict.fromkeys([*halls_apart(halls)[0], *offered]))


@once
def _purchases(case: Case) -> pd.DataFrame:
    """List rack, hall, workload, duty and year of every purchase for a hall as it is operated."""
    w, k, c, t = np.nonzero(racks_on_offer(case))
    names = {axis: np.array(ids_of(case, axis), object) for axis in ("workload", "rack", "cooling")}
    frame = table_of(
        {
            "workload": names["workload"][w],
            "rack": names["rack"][k],
            "cooling": names["cooling"][c],
            "year": np.array(case.years)[t],
        }
    )
    rows = frame.merge(_classes(case), on=["workload", "rack", "cooling"])
    there = rows["cooling"].isin(_cooling_in_play(case))
    found: pd.DataFrame = rows.loc[there, [*_DEPLOYMENT, "duty", "year"]]
    return found


@once
def installable(case: Case) -> pd.DataFrame:
    """List site, rack, hall, use and year of every purchase that may be made."""
    bought = _purchases(case).merge(_in_play(case), on=["hall", "year"])
    pools = in_pools(case, bought[["site", "rack", "hall", "duty", "year"]])
    return pools.drop_duplicates(ignore_index=True)


@once
def _from_stock(case: Case) -> pd.DataFrame:
    """List rack, hall and workload of existing racks that a workload may use.

    All of its use that it admits, and those that it is assumed to have had: where their halls are
    no longer good enough for it, as they were.
    """
    racks, available = existing_racks(case), availability(case)
    cooling, redundancy = halls_apart(racks["hall"])
    racks = racks.assign(cooling=cooling, redundancy=redundancy)
    key = ["rack", "cooling", "duty"]
    shared = racks[key].drop_duplicates().merge(_classes(case), on=key)
    own = racks.loc[racks["workload"] != "", ["rack", "cooling", "redundancy", "workload"]]
    own = own.drop_duplicates().assign(least=lambda of: of["workload"].map(least_topology(case)))
    good = own["redundancy"].map(available).astype("float64") >= own["least"].map(available).astype("float64")
    as_used = own["least"].where(good, own["redundancy"])
    own = own.assign(hall=own["cooling"] + "|" + as_used)
    rows = pd.concat([shared[_DEPLOYMENT], own[_DEPLOYMENT]])
    return rows.drop_duplicates(ignore_index=True)


@once
def _handed_on(case: Case) -> pd.DataFrame:
    """List rack, hall and workload of racks that inference may take over from training."""
    takes = _classes(case)
    takes = takes[(takes["duty"] == "inference") & case.scenario.cascade.allow]
    fits = isin(takes, rack_cooling(case), ("rack", "cooling"))
    there = takes["cooling"].isin(_cooling_in_play(case)).to_numpy(dtype=np.bool_)
    return takes.loc[fits & there, _DEPLOYMENT]


@once
def _cohorts(case: Case) -> pd.DataFrame:
    """List racks of one age: site, rack, hall, use, vintage, dies, is_stock, year alive in."""
    key = ["site", "rack", "hall", "duty", "vintage", "dies"]
    stock = existing_racks(case)
    stock = in_pools(case, stock.loc[stock["mw"] > 0.0, key]).drop_duplicates()
    bought = installable(case).rename(columns={"year": "vintage"})
    life = lookup(column_by(case.racks, "rack", "life_years"), bought, ("rack",), np.nan)
    bought = bought.assign(dies=bought["vintage"] + life, is_stock=False)
    both = pd.concat([stock.assign(is_stock=True), bought[[*key, "is_stock"]]], ignore_index=True)
    rows = crossed(both, table_of({"year": case.years}))
    dies = rows["dies"].to_numpy(dtype=np.float64)
    is_alive = (rows["vintage"] <= rows["year"]) & (case.last_calendar_year(rows["year"]) < dies)
    return rows[is_alive].reset_index(drop=True)


def _in_pools_of(case: Case, deployments: pd.DataFrame) -> pd.DataFrame:
    """List deployments with the use and the hall that name their pool: pool_hall."""
    rows = deployments.drop_duplicates()
    rows = rows.assign(duty=rows["workload"].map(case.duty))
    return rows.assign(pool_hall=in_pools(case, rows)["hall"])


@once
def _moves_out(case: Case) -> pd.DataFrame:
    """List racks of one age that may leave training: in the year they come of age, or the next."""
    cohorts, years = _cohorts(case), np.array(case.years)
    training = cohorts[cohorts["duty"] == "training"]
    of_age = training["vintage"].to_numpy(dtype=np.int64) + case.scenario.cascade.min_age_years
    waits = np.searchsorted(years, training["year"]) - np.searchsorted(years, of_age)
    leaves: pd.DataFrame = training[(waits == 0) | (waits == 1)]
    return leaves


@once
def _moves_in(case: Case) -> pd.DataFrame:
    """List site, rack, vintage, dies, is_stock, year and pool_hall of racks inference may take."""
    halls = _in_pools_of(case, _handed_on(case))[["rack", "hall", "pool_hall"]].drop_duplicates()
    leaves = _moves_out(case)[[*_AGED, "year"]].drop_duplicates()
    arrives: pd.DataFrame = leaves.merge(halls, on="rack")
    arrives = arrives.merge(_in_play(case), on=["site", "hall", "year"])
    return arrives.drop(columns="hall").drop_duplicates(ignore_index=True)


def _arrivals(case: Case) -> pd.DataFrame:
    """List site, rack, hall and year in which racks that inference took over can be in use."""
    arrives = _moves_in(case)
    since = arrives.groupby([*_AGED, "pool_hall"])["year"].min()
    later = crossed(since.rename("since").reset_index(), table_of({"year": case.years}))
    ends = case.last_calendar_year(later["year"])
    stays = (later["year"] >= later["since"]) & (ends < later["dies"].to_numpy(dtype=np.float64))
    return later.loc[stays, ["site", "rack", "pool_hall", "year"]].drop_duplicates()


def usable(case: Case) -> pd.DataFrame:
    """List site, rack, hall, workload and year of every use of racks."""
    cohorts, key = _cohorts(case), ["site", "rack", "hall", "workload", "year"]
    moved = _in_pools_of(case, _handed_on(case))
    parts = [_arrivals(case).merge(moved, on=["rack", "pool_hall"])]
    for is_stock, classes in ((True, _from_stock(case)), (False, _purchases(case)[_DEPLOYMENT])):
        there = cohorts[cohorts["is_stock"].to_numpy(bool) == is_stock]
        places = there[["site", "rack", "hall", "duty", "year"]].drop_duplicates()
        places = places.rename(columns={"hall": "pool_hall"})
        own = _in_pools_of(case, classes)
        parts.append(places.merge(own, on=["rack", "pool_hall", "duty"]))
    rows = pd.concat([part[key] for part in parts]).drop_duplicates()
    return rows.merge(_in_play(case), on=["site", "hall", "year"])


def _with_labels(rows: pd.DataFrame) -> pd.DataFrame:
    """Write vintages as the plan does: those of the base year are called stock."""
    vintage = rows["vintage"].astype("str")
    return rows.assign(vintage=vintage.mask(rows["is_stock"].astype(bool), "stock-" + vintage))


def moves_out(case: Case) -> pd.DataFrame:
    """List racks that may leave training: when they come of age, or a year later, if inference takes them."""
    leaves, taken = _moves_out(case), _moves_in(case)
    return _with_labels(leaves[isin(leaves, taken, ("site", "rack", "vintage", "is_stock", "year"))])


def moves_in(case: Case) -> pd.DataFrame:
    """List racks that may enter inference, in every hall that may house them, as they leave training."""
    return _with_labels(_moves_in(case).rename(columns={"pool_hall": "hall"}))
