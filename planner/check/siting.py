"""Siting: what must be whole is whole, and sites are open, closed and counted as asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.check.frames import at, by, listed, tally
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from planner.base.arrays import Floats
    from planner.check.case import Case


__all__ = ["RULES"]

_SITE = ("site", "year")
_HALL = ("site", "hall", "year")
_CLASS = ("site", "workload", "year")
_TRACE_MW: Final = 1e-5  # what a solver leaves of nothing
_TRACE_FRAC: Final = 1e-6  # the same, of a site


def _not_whole(numbers: Floats) -> Floats:
    """Distance of each number from the nearest whole one."""
    return np.asarray(np.abs(numbers - np.round(numbers)))


def _open_in_the_end(case: Case) -> pd.Series[float]:
    """Share of each site that is open in the last model year."""
    sites = case.site_years
    last = sites[sites["year"] == case.years[-1]]
    return by(last, "site", "open_frac")


def _names(sites: object) -> pd.DataFrame:
    return pd.DataFrame({"site": list(sites)}, dtype=object)  # type: ignore[call-overload]


@rule(unit="share")
def whole_openings(case: Case) -> Excess:
    """Sites are open in whole or not at all, where the scenario says so."""
    sites = case.site_years
    asked = np.full(len(sites), case.scenario.siting.whole_openings)
    amount = _not_whole(sites["open_frac"].to_numpy()) * asked
    return Excess(sites[list(_SITE)], amount, np.ones(len(sites)))


@rule(unit="MW")
def halls_in_phases(case: Case) -> Excess:
    """New halls are whole phases of the size asked for at their site, committed halls apart."""
    settings = case.scenario.siting
    builds = case.plan("builds")
    late = builds[~builds["early"].to_numpy(dtype=np.bool_)].reset_index(drop=True)
    sites = list(case.inputs.sets.site.labels)
    of_all = np.nan if settings.phase_mw is None else settings.phase_mw
    size = case.own_figures("phase_mw", pd.Series(of_all, index=pd.Index(sites, name="site")))
    mw = at(size, late, ("site",), np.nan)
    in_phases = ~np.isnan(mw)
    rows = late[in_phases].reset_index(drop=True)
    built, size_mw = rows["built_mw"].to_numpy(dtype=np.float64), mw[in_phases]
    told = case.plan("phases")
    as_told = tally(told, _HALL, told["phases"] * told["phase_mw"])
    whole = Excess(rows[list(_HALL)], _not_whole(built / size_mw) * size_mw, built)
    return whole.and_also(
        Excess.differs(rows[list(_HALL)], built, at(as_told, rows, _HALL)),
        Excess.differs(
            told[list(_HALL)],
            told["phase_mw"].to_numpy(dtype=np.float64),
            at(size, told, ("site",), np.nan),
        ),
        Excess.differs(
            told[list(_HALL)],
            told["built_mw"].to_numpy(dtype=np.float64),
            at(tally(builds, _HALL, builds["built_mw"]), told, _HALL),
        ),
    )


@rule(unit="MW")
def blocks_whole(case: Case) -> Excess:
    """Where a class that needs a block has racks in use, it has its block."""
    sizes = case.scenario.siting.block_mw
    plan = case.plan("plan")
    asked = plan[plan["workload"].isin(list(sizes))]
    used = tally(asked, _CLASS, asked["used_mw"]).reset_index(name="used_mw")
    block = np.asarray(used["workload"].map(dict(sizes)), dtype=np.float64)
    mw = np.asarray(used["used_mw"], dtype=np.float64)
    short = np.where(mw > _TRACE_MW, block - mw, 0.0)
    return Excess(used[list(_CLASS)], short, block)


@rule(unit="MW")
def blocks_told(case: Case) -> Excess:
    """The table of blocks states the racks in use of each class that needs one, and its block."""
    plan, told, sizes = case.plan("plan"), case.plan("blocks"), case.scenario.siting.block_mw
    used = tally(plan, _CLASS, plan["used_mw"])
    place = told[list(_CLASS)]
    block = np.asarray(told["workload"].map(dict(sizes)), dtype=np.float64)
    return Excess.differs(place, told["used_mw"].to_numpy(), at(used, told, _CLASS)).and_also(
        Excess.differs(place, told["block_mw"].to_numpy(), block)
    )


@rule(unit="sites")
def number_of_sites(case: Case) -> Excess:
    """As many sites are open in the end as the scenario asks for, or no more than it allows."""
    settings = case.scenario.siting
    # A site that is open in part is open: shares of many would add up to few.
    count = np.array([float((_open_in_the_end(case) > _TRACE_FRAC).sum())])
    place = pd.DataFrame({"year": [case.years[-1]]})
    if settings.exactly_sites is not None:
        return Excess.differs(place, count, np.array([float(settings.exactly_sites)]))
    if settings.at_most_sites is not None:
        return Excess.above(place, count, float(settings.at_most_sites))
    return Excess.above(place.iloc[:0], count[:0], 0.0)


@rule(unit="share")
def sites_as_told(case: Case) -> Excess:
    """Sites that must be open are, and sites that must stay closed do in every year."""
    settings, sites = case.scenario.siting, case.site_years
    must = _names(settings.must_open)
    open_frac = at(_open_in_the_end(case), must, ("site",))
    closed = sites[sites["site"].isin(list(settings.must_not_open))]
    return Excess.differs(must, open_frac, np.ones(len(must))).and_also(
        Excess.above(closed[["site"]], closed["open_frac"].to_numpy(dtype=np.float64), 0.0)
    )


@rule(unit="MUSD")
def openings_table(case: Case) -> Excess:
    """The table of openings lists the new sites that are open, with what they cost."""
    sites, told = case.site_years, case.plan("openings")
    inputs = case.inputs
    labels = _names(inputs.sets.site.labels)
    is_new = ~np.asarray(inputs.sites.is_existing)
    open_frac = at(_open_in_the_end(case), labels, ("site",))
    is_listed = labels["site"].isin(list(told["site"])).to_numpy()
    missing = is_new & (open_frac > _TRACE_FRAC) & ~is_listed
    stray = is_listed & ~(is_new & (open_frac > 0.0))
    opened = case.plan("site_year")
    share = tally(opened, ("site",), opened["opened_frac"])
    price = pd.Series(np.asarray(inputs.sites.opening_musd), index=labels["site"])
    own = np.asarray(at(share, told, ("site",)) * at(price, told, ("site",), np.nan))
    last = sites[sites["year"] == case.years[-1]]
    halls = at(tally(last, ("site",), last["halls_mw"]), told, ("site",))
    first = sites[sites["open_frac"] > 0.0].groupby("site")["year"].min().astype("float64")
    began = at(first, told, ("site",), np.nan)
    place = told[["site"]]
    figures = pd.DataFrame(
        {"least": inputs.sites.minimum_mw, "fixed": inputs.sites.fixed_musd_per_year},
        index=labels["site"],
    )
    share_now = at(_open_in_the_end(case), told, ("site",), np.nan)
    least, fixed = (at(figures[name], told, ("site",), np.nan) for name in ("least", "fixed"))
    return Excess.where(labels, missing | stray).and_also(
        *(
            Excess.differs(place, np.asarray(told[name], dtype=np.float64), own)
            for name, own in (
                ("open_frac", share_now),
                ("minimum_size_mw", least),
                ("fixed_musd", fixed * share_now),
            )
        ),
        Excess.differs(place, np.asarray(told["opening_musd"], dtype=np.float64), own),
        Excess.differs(place, np.asarray(told["halls_mw"], dtype=np.float64), halls),
        Excess.differs(place, np.asarray(told["year"], dtype=np.float64), began),
    )


@rule(unit="USD")
def openings_from_tables(case: Case) -> Excess:
    """What a site costs to open and keep, and its least size, are those of its kind or its own."""
    kinds = case.data("site_archetypes").set_index("archetype")
    labels = list(case.inputs.sets.site.labels)
    archetype = case.sites.set_index("site").loc[labels, "archetype"]
    told = case.inputs.sites
    usd_per_musd = 1e6
    parts = []
    for column, values in (
        ("opening_usd", told.opening_musd * usd_per_musd),
        ("fixed_usd_per_year", told.fixed_musd_per_year * usd_per_musd),
        ("minimum_size_mw", told.minimum_mw),
    ):
        of_kind = archetype.map(kinds[column]).astype("float64").rename_axis("site")
        own = case.own_figures(column, of_kind)
        place = pd.DataFrame({"site": labels, "what": column})
        figures = np.asarray(own.loc[labels], dtype=np.float64)
        parts.append(Excess.differs(place, np.asarray(values), figures))
    return parts[0].and_also(*parts[1:])


@rule(unit="MW")
def phases_listed(case: Case) -> Excess:
    """What the plan could build in phases is what the scenario asks to come in phases."""
    siting, halls = case.inputs.siting, case.inputs.halls
    builds = listed(halls.build, early=halls.build_is_early)
    of_all = case.scenario.siting.phase_mw
    labels = list(case.inputs.sets.site.labels)
    size = case.own_figures(
        "phase_mw",
        pd.Series(np.nan if of_all is None else of_all, index=pd.Index(labels, name="site")),
    )
    wanted = np.nan_to_num(at(size, builds, ("site",), np.nan)) * ~builds["early"].to_numpy(bool)
    phases = listed(siting.phase, mw=siting.phase_mw)
    told = at(tally(phases, _HALL, phases["mw"]), builds, _HALL)
    return Excess.differs(builds[list(_HALL)], told, wanted)


RULES = (
    whole_openings,
    halls_in_phases,
    blocks_whole,
    blocks_told,
    number_of_sites,
    sites_as_told,
    openings_table,
    openings_from_tables,
    phases_listed,
)
