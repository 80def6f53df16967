"""Openings, phases, blocks and paid service, reckoned a second time from scenario and data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.check.frames import at, has, listed
from planner.check.own_costs import service_usd
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from planner.check.case import Case

__all__ = ["RULES"]

_SITE = ("site", "year")
_CLASS = ("site", "workload", "year")
_SERVICE = ("region", "workload", "site", "year")
_ROUNDING = 1e-9
_MUSD_PER_USD_OF_H100E = 1e-3  # a million dollars, a thousand H100e


@rule(unit="-")
def openings_from_scenario(case: Case) -> Excess:
    """Sites are open, closed, whole and counted as the scenario asks; what exists is open."""
    p, asked = case.inputs.siting, case.scenario.siting
    sites = case.site_year
    stands = case.standing_halls.groupby("site")["mw"].sum()
    is_new = at(stands, sites, ("site",)) == 0.0
    must = sites["site"].isin(list(asked.must_open)) & (sites["year"] == case.years[-1])
    lower = np.where(is_new, must.to_numpy(dtype=np.float64), 1.0)
    shut = sites["site"].isin(list(asked.must_not_open)).to_numpy()
    upper = np.where(shut & (lower == 0.0), 0.0, 1.0)
    counts = pd.DataFrame({"what": ["whole", "exactly", "years", "at most", "years"]})
    told = [p.whole_openings, p.exact_sites, p.exact.size, p.most_sites, p.most.size]
    exactly, most = asked.exactly_sites or 0, asked.at_most_sites or 0
    own = [asked.whole_openings, exactly, exactly > 0, most, most > 0]
    return Excess.differs(sites, np.asarray(p.open_lower), lower).and_also(
        Excess.differs(sites, np.asarray(p.open_upper), upper),
        Excess.differs(counts, np.array(told, dtype=np.float64), np.array(own, dtype=np.float64)),
    )


@rule(unit="sites")
def existing_sites_from_tables(case: Case) -> Excess:
    """Sites with halls in the base year are there already; all others must be opened."""
    sites = pd.DataFrame({"site": list(case.inputs.sets.site.labels)})
    stands = case.standing_halls.groupby("site")["mw"].sum()
    own = at(stands, sites, ("site",)) > 0.0
    return Excess.where(sites, np.asarray(case.inputs.sites.is_existing) != own)


@rule(unit="phases")
def phases_from_tables(case: Case) -> Excess:
    """A site can have as many phases of new halls in a year as its crews and its land allow."""
    p, inputs = case.inputs.siting, case.inputs
    told = listed(p.phase, mw=p.phase_mw, most=p.most_phases)
    rate = at(case.build_paths.set_index(list(_SITE))["rate_mw"], told, _SITE, np.nan)
    land = pd.Series(inputs.sites.land_limit_mw, index=list(inputs.sets.site.labels))
    room = np.minimum(rate, at(land, told, ("site",), np.nan))
    own = np.floor(room / told["mw"].to_numpy() + _ROUNDING)
    return Excess.differs(told[["site", "hall", "year"]], told["most"].to_numpy(), own)


@rule(unit="MW")
def blocks_from_scenario(case: Case) -> Excess:
    """Classes need the blocks that the scenario asks for, and have no more than a site can hold."""
    p, inputs = case.inputs.siting, case.inputs
    told = listed(p.block, mw=p.block_mw, top=p.block_top_mw)
    sizes = dict(case.scenario.siting.block_mw)
    need = case.deployments.groupby("workload")["hall_mw_per_mw"].min()
    land = pd.Series(inputs.sites.land_limit_mw, index=list(inputs.sets.site.labels))
    lets = told["site"].isin(list(listed(inputs.halls.lease)["site"])).to_numpy(dtype=np.float64)
    halls = at(land, told, ("site",), np.nan) + lets * case.scenario.lease.depth_mw_per_site
    place = told[list(_CLASS)]
    used = listed(inputs.racks.used)
    due = used.loc[used["workload"].isin(list(sizes)), list(_CLASS)].drop_duplicates()
    return Excess.differs(
        place, told["mw"].to_numpy(), np.asarray(told["workload"].map(sizes), dtype=np.float64)
    ).and_also(
        Excess.differs(
            place, told["top"].to_numpy(), halls / at(need, told, ("workload",), np.nan)
        ),
        Excess.where(due, ~has(due, told, _CLASS)),
    )


@rule(unit="MW")
def paced_sites_from_tables(case: Case) -> Excess:
    """New sites that open in whole have no more than can be built by then, short of their land."""
    p, inputs = case.inputs.siting, case.inputs
    told, sites = listed(p.paced, mw=p.paced_mw), case.site_year
    reach = case.build_paths.set_index(list(_SITE))["reach_mw"]
    land = pd.Series(inputs.sites.land_limit_mw, index=list(inputs.sets.site.labels))
    stands = case.standing_halls.groupby("site")["mw"].sum()
    is_short = at(reach, sites, _SITE) < at(land, sites, ("site",), np.nan)
    is_new = at(stands, sites, ("site",)) == 0.0
    due = sites[is_short & is_new & case.scenario.siting.whole_openings]
    return Excess.differs(
        told[list(_SITE)], told["mw"].to_numpy(), at(reach, told, _SITE, np.nan)
    ).and_also(Excess.where(due, ~has(due, told, _SITE)))


@rule(unit="MUSD/kH100e-year")
def service_prices_from_scenario(case: Case) -> Excess:
    """Service costs what the scenario's table says of users, site and class."""
    p, served = case.inputs.siting, listed(case.inputs.demand.served)
    told = listed(p.service, musd=p.service_musd_per_kh100e_year)
    ends = ("region", "workload", "site")
    paid = service_usd(case, served[list(ends)].drop_duplicates().reset_index(drop=True))
    own = at(paid * _MUSD_PER_USD_OF_H100E, told, ends, np.nan)
    due = served[at(paid, served, ends) > 0.0]
    return Excess.differs(told[list(_SERVICE)], told["musd"].to_numpy(), own).and_also(
        Excess.where(due, ~has(due, told, _SERVICE))
    )


RULES = (
    openings_from_scenario,
    existing_sites_from_tables,
    phases_from_tables,
    blocks_from_scenario,
    paced_sites_from_tables,
    service_prices_from_scenario,
)
