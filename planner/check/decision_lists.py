"""What a plan may decide of halls and racks, computed a second time from the data.

Index lists of the inputs say which halls may be built, retrofitted and leased, and which racks may
be bought and used. What cannot win is left out of them, so each list is computed again here, from
the tables and the scenario: a row that is missing, or one too many, breaks a rule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from planner.check.existing import stated_halls
from planner.check.frames import column_by, crossed, isin, lookup, to_frame
from planner.check.lead_times import decision_start
from planner.check.offers import (
    cheapest_topology,
    committed_by_site,
    designs_on_offer,
    enough_redundancy,
    ids_of,
    may_grow,
    may_serve,
    mean_throughput,
    numbers_of,
    racks_on_offer,
    year_ends,
)
from planner.check.once import once
from planner.check.racks_figures import admitted_racks
from planner.check.stock import existing_halls, existing_racks, lasting_halls
from planner.check.table import table_of
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from planner.base.arrays import Bools
    from planner.check.case import Case
    from planner.check.frames import Labelled

__all__ = ["FACTS"]

_ROUNDING: Final = 1e-12


@once
def _leasable(case: Case) -> pd.DataFrame:
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
def _buildable(case: Case) -> pd.DataFrame:
    """List site, hall and year of every hall that may be built."""
    begins = numbers_of(case.data("cooling"), "cooling", ids_of(case, "cooling"), "first_year")
    years, ends = np.array(case.years, dtype=np.float64), year_ends(case)
    service, may = may_serve(case, "hall")
    is_late = ~may_serve(case, "hall_by_grid")[1] & (service > (years + ends) / 2.0)
    is_early = (~may | is_late) & (committed_by_site(case) > 0.0)
    early = is_early[:, None] & (begins[:, None] <= years)
    late = (may & may_grow(case))[:, None] & (begins[:, None] < ends) & ~early
    may_build = (early | late)[:, :, None] & (designs_on_offer(case) > 0.0)[..., None]
    s, c, q, t = np.nonzero(may_build)
    return _hall_rows(case, s, c, q).assign(year=np.array(case.years)[t])


def _hall_rows(case: Case, site: Any, cooling: Any, redundancy: Any) -> pd.DataFrame:
    sites, halls = (
        np.array(ids_of(case, "site"), object),
        np.array(ids_of(case, "cooling"), object),
    )
    topologies = np.array(ids_of(case, "redundancy"), object)
    return table_of({"site": sites[site], "hall": halls[cooling] + "|" + topologies[redundancy]})


def _parts(hall: pd.Series[str]) -> tuple[pd.Series[str], pd.Series[str]]:
    """Return cooling and topology of designs, which are named by both."""
    parts = hall.astype("str").str.split("|")
    return parts.str[0], parts.str[1]


@once
def _retrofittable(case: Case) -> pd.DataFrame:
    """List site, hall, to_hall and year of every retrofit that may be begun."""
    key, settings = ["site", "hall", "to_hall", "year"], case.scenario.retrofit
    if not settings.allow:
        return table_of({"site": [], "hall": [], "to_hall": [], "year": np.zeros(0, np.int64)})
    medium = case.data("cooling")[["cooling", "medium", "first_year"]]
    # Halls that end before the plan does cannot become others that would go on.
    lasting = lasting_halls(case)
    before = lasting.loc[lasting["mw"] > 0.0, ["site", "hall", "year"]].drop_duplicates()
    s, c, q = np.nonzero(designs_on_offer(case))
    after = _hall_rows(case, s, c, q).rename(columns={"hall": "to_hall"})
    rows = before.merge(after, on="site")
    for name, prefix in (("hall", "from_"), ("to_hall", "to_")):
        cooling, redundancy = _parts(rows[name])
        rows = rows.assign(**{f"{prefix}cooling": cooling, f"{prefix}redundancy": redundancy})
        rows = rows.merge(medium.add_prefix(prefix), on=f"{prefix}cooling", how="left")
    rows = rows[rows["from_redundancy"] == rows["to_redundancy"]]
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


@once
def _in_play(case: Case) -> pd.DataFrame:
    """List site, hall and year where some hall of the design can be."""
    key = ["site", "hall", "year"]
    years = table_of({"year": case.years})
    there = existing_halls(case)
    there = there[there["mw"] > 0.0]
    to_new = _retrofittable(case).drop(columns="hall").rename(columns={"to_hall": "hall"})
    begun = pd.concat([_buildable(case), to_new[key]]).groupby(key[:2])["year"].min()
    later = crossed(begun.rename("begun").reset_index(), years)
    later = later[later["year"] >= later["begun"]]
    return pd.concat([there[key], _leasable(case), later[key]]).drop_duplicates(ignore_index=True)


def _designs(case: Case) -> pd.DataFrame:
    """List every design that is on offer, available to lease or there at some site: hall."""
    s, c, q = np.nonzero(designs_on_offer(case))
    parts = [_hall_rows(case, s, c, q), _leasable(case), existing_halls(case)]
    return pd.concat([part[["hall"]] for part in parts]).drop_duplicates(ignore_index=True)


@once
def _purchases(case: Case) -> pd.DataFrame:
    """List rack, hall, workload and year of every purchase for a design of some site."""
    w, k, c, t = np.nonzero(racks_on_offer(case))
    halls = _designs(case)
    cooling, redundancy = _parts(halls["hall"])
    halls = halls.assign(cooling=cooling, redundancy=redundancy)
    names = {axis: np.array(ids_of(case, axis), object) for axis in ("workload", "rack", "cooling")}
    frame = table_of(
        {
            "workload": names["workload"][w],
            "rack": names["rack"][k],
            "cooling": names["cooling"][c],
            "year": np.array(case.years)[t],
        }
    ).merge(halls, on="cooling")
    of_class, topology = _class_and_topology(case, frame)
    is_own = cheapest_topology(case, of_stock=False)[of_class] == topology
    there = [*_leasable(case)["hall"], *stated_halls(case)["hall"]]
    is_there = frame["hall"].isin(there).to_numpy()
    allowed = is_own | (is_there & enough_redundancy(case)[of_class, topology])
    columns = ["rack", "hall", "workload", "year"]
    found: pd.DataFrame = frame.loc[allowed, columns].reset_index(drop=True)
    return found


@once
def _installable(case: Case) -> pd.DataFrame:
    """List site, rack, hall, use and year of every purchase that may be made."""
    bought = _purchases(case)
    bought = bought.assign(duty=bought["workload"].map(case.duty))
    pools = bought[["rack", "hall", "duty", "year"]].drop_duplicates()
    return pools.merge(_in_play(case), on=["hall", "year"])


@once
def _from_stock(case: Case) -> pd.DataFrame:
    """List rack, hall and workload of existing racks that a workload may use.

    Racks that the planner states, which are of no workload, serve every workload of their use.
    """
    every = existing_racks(case)
    racks, stated = every[every["workload"] != ""], every[every["workload"] == ""]
    own = racks[["rack", "hall", "workload"]].drop_duplicates()
    places = racks[["rack", "hall"]].drop_duplicates()
    pairs = places.merge(admitted_racks(case)[["workload", "rack"]], on="rack")
    pairs = pairs[pairs["workload"].isin(ids_of(case, "workload"))]
    pairs = pairs[_is_computing(case, pairs)]
    of_class, topology = _class_and_topology(case, pairs)
    placed = cheapest_topology(case, of_stock=True)[of_class] == topology
    good = placed & enough_redundancy(case)[of_class, topology]
    classes = admitted_racks(case)[["workload", "rack"]]
    classes = classes[classes["workload"].isin(ids_of(case, "workload"))]
    classes = classes[_is_computing(case, classes)]
    classes = classes.assign(duty=classes["workload"].map(case.duty))
    others = stated[["rack", "hall", "duty"]].drop_duplicates().merge(classes, on=["rack", "duty"])
    others = others[enough_redundancy(case)[_class_and_topology(case, others)]]
    columns = list(own.columns)
    may_use: pd.DataFrame = pd.concat([own, pairs.loc[good, columns], others[columns]])
    return may_use.drop_duplicates(ignore_index=True)


def _class_and_topology(case: Case, pairs: pd.DataFrame) -> tuple[Any, Any]:
    """Return the positions of the workload and of the hall's topology of every row."""
    classes, topologies = (
        pd.Index(ids_of(case, "workload")),
        pd.Index(ids_of(case, "redundancy")),
    )
    return (
        classes.get_indexer(pd.Index(pairs["workload"])),
        topologies.get_indexer(pd.Index(_parts(pairs["hall"])[1])),
    )


def _is_computing(case: Case, pairs: pd.DataFrame) -> Bools:
    """Say which pairs of rack and workload have any throughput."""
    racks, classes = ids_of(case, "rack"), ids_of(case, "workload")
    k = pairs["rack"].map({name: i for i, name in enumerate(racks)})
    w = pairs["workload"].map({name: i for i, name in enumerate(classes)})
    return np.asarray(~np.isnan(mean_throughput(case)[w, k]))


@once
def _handed_on(case: Case) -> pd.DataFrame:
    """List rack, hall and workload of racks that inference may take over from training."""
    columns = ["rack", "hall", "workload"]
    source = pd.concat([_from_stock(case), _purchases(case)[columns]])
    source = source[source["workload"].map(case.duty) == "training"]
    if source.empty or not case.scenario.cascade.allow:
        return pd.DataFrame(columns=columns, dtype="str")
    source = source.assign(cooling=_parts(source["hall"])[0])
    halls = table_of({"hall": ids_of(case, "hall")})
    cooling, redundancy = _parts(halls["hall"])
    halls = halls.assign(cooling=cooling, redundancy=redundancy)
    takes = source[["rack", "cooling"]].drop_duplicates().merge(halls, on="cooling")
    takes = takes.merge(admitted_racks(case)[["workload", "rack"]], on="rack")
    takes = takes[takes["workload"].isin(ids_of(case, "workload"))]
    takes = takes[(takes["workload"].map(case.duty) == "inference") & _is_computing(case, takes)]
    names = dict(
        zip(ids_of(case, "workload"), cheapest_topology(case, of_stock=False), strict=True)
    )
    of_class = takes["workload"].map(names)
    numbers = {name: i for i, name in enumerate(ids_of(case, "redundancy"))}
    takes = takes[of_class == takes["redundancy"].map(numbers)]
    demand = to_frame(case.inputs.demand.demand, kh100e=case.inputs.demand.demand_kh100e)
    last = demand[demand["year"] == case.years[-1]]
    takes = takes.assign(want=takes["workload"].map(last.groupby("workload")["kh100e"].sum()))
    wanted = takes.groupby(["rack", "hall"])["want"].transform("sum")
    by_hall = takes.assign(wanted=wanted)
    most = by_hall.groupby(["rack", "cooling"])["wanted"].transform("max")
    best = (wanted > 0.0) & (wanted >= most * (1.0 - _ROUNDING))
    return takes.loc[best, columns].drop_duplicates(ignore_index=True)


def _deployable(case: Case) -> pd.DataFrame:
    """List rack, hall and workload of every deployment."""
    columns = ["rack", "hall", "workload"]
    parts = [_purchases(case)[columns], _from_stock(case), _handed_on(case)]
    return pd.concat(parts).drop_duplicates(ignore_index=True)


@once
def _cohorts(case: Case) -> pd.DataFrame:
    """List racks of one age: site, rack, hall, use, vintage, dies, is_stock, year alive in."""
    key = ["site", "rack", "hall", "duty", "vintage", "dies"]
    stock = existing_racks(case)
    stock = stock.loc[stock["mw"] > 0.0, key].drop_duplicates().assign(is_stock=True)
    bought = _installable(case).rename(columns={"year": "vintage"})
    life = lookup(column_by(case.racks, "rack", "life_years"), bought, ("rack",), np.nan)
    bought = bought.assign(dies=bought["vintage"] + life, is_stock=False)
    both = pd.concat([stock, bought[[*key, "is_stock"]]], ignore_index=True)
    rows = crossed(both, table_of({"year": case.years}))
    dies = rows["dies"].to_numpy(dtype=np.float64)
    is_alive = (rows["vintage"] <= rows["year"]) & (case.last_calendar_year(rows["year"]) < dies)
    return rows[is_alive].reset_index(drop=True)


def _arrivals(case: Case) -> pd.DataFrame:
    """List site, rack, hall and year in which racks that inference took over can be in use.

    Racks are handed on in the model year in which they come of age, or in the next.
    """
    cohorts, years = _cohorts(case), np.array(case.years)
    training = cohorts[cohorts["duty"] == "training"]
    of_age = training["vintage"].to_numpy(dtype=np.int64) + case.scenario.cascade.min_age_years
    waits = np.searchsorted(years, training["year"]) - np.searchsorted(years, of_age)
    leaves = training[(waits == 0) | (waits == 1)]
    halls = _handed_on(case)[["rack", "hall"]].drop_duplicates()
    key = ["site", "rack", "vintage", "dies"]
    arrives = leaves[[*key, "year"]].drop_duplicates().merge(halls, on="rack")
    arrives = arrives.merge(_in_play(case), on=["site", "hall", "year"])
    since = arrives.groupby([*key, "hall"], as_index=False)["year"].min()
    later = crossed(since.rename(columns={"year": "since"}), table_of({"year": case.years}))
    ends = case.last_calendar_year(later["year"])
    stays = (later["year"] >= later["since"]) & (ends < later["dies"].to_numpy(dtype=np.float64))
    return later.loc[stays, ["site", "rack", "hall", "year"]].drop_duplicates()


def _usable(case: Case) -> pd.DataFrame:
    """List site, rack, hall, workload and year of every use of racks."""
    cohorts, key = _cohorts(case), ["site", "rack", "hall", "workload", "year"]
    columns = ["rack", "hall", "workload"]
    parts = [_arrivals(case).merge(_handed_on(case), on=columns[:2])]
    for is_stock, classes in ((True, _from_stock(case)), (False, _purchases(case)[columns])):
        own = classes.drop_duplicates().assign(duty=lambda of: of["workload"].map(case.duty))
        there = cohorts[cohorts["is_stock"].to_numpy(bool) == is_stock]
        places = there[["site", "rack", "hall", "duty", "year"]].drop_duplicates()
        parts.append(places.merge(own, on=["rack", "hall", "duty"]))
    rows = pd.concat([part[key] for part in parts]).drop_duplicates()
    return rows.merge(_in_play(case), on=["site", "hall", "year"])


def _same_rows(reported: Labelled, expected: pd.DataFrame) -> Excess:
    """Name the rows that one of two lists lacks."""
    key = list(reported.axis_names)
    listed_rows = to_frame(reported)[key]
    expected = expected[key].reset_index(drop=True)
    return Excess.count_broken(
        expected.assign(list="missing"), ~isin(expected, listed_rows, key)
    ).and_also(
        Excess.count_broken(
            listed_rows.assign(list="one too many"), ~isin(listed_rows, expected, key)
        )
    )


@rule(unit="rows")
def leasable_halls_from_tables(case: Case) -> Excess:
    """Halls are available to lease where the table has a rent of their country, or of the world."""
    return _same_rows(case.inputs.halls.lease, _leasable(case))


@rule(unit="rows")
def buildable_halls_from_tables(case: Case) -> Excess:
    """Halls may be built of each design that is the cheapest for a vendor's best racks."""
    return _same_rows(case.inputs.halls.build, _buildable(case))


@rule(unit="rows")
def possible_retrofits_from_tables(case: Case) -> Excess:
    """Existing halls may become any design on offer that the table of retrofits leads to."""
    return _same_rows(case.inputs.halls.retrofit, _retrofittable(case))


@rule(unit="rows")
def deployments_listed(case: Case) -> Excess:
    """Racks may serve a workload that may buy them, has them at the start, or gets them moved."""
    return _same_rows(case.inputs.racks.deployment, _deployable(case))


@rule(unit="rows")
def purchases_listed(case: Case) -> Excess:
    """Racks may be bought that no others dominate, for every hall that is possible in the year."""
    return _same_rows(case.inputs.racks.install, _installable(case))


@rule(unit="rows")
def uses_listed(case: Case) -> Excess:
    """Racks may be used where and as long as they can be there: bought, existing or moved."""
    return _same_rows(case.inputs.racks.used, _usable(case))


FACTS = (
    leasable_halls_from_tables,
    buildable_halls_from_tables,
    possible_retrofits_from_tables,
    deployments_listed,
    purchases_listed,
    uses_listed,
)
