"""Sites: land, opening, minimum size, pace of building, budget."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pandas as pd

from planner.check.frames import at, by, listed, tally
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.check.case import Case

    _Kind = TypeVar("_Kind", bound=np.generic)

__all__ = ["RULES", "opened_musd"]

_SITE = ("site", "year")
_BOUGHT = (
    "installs",
    "builds",
    "retrofits",
    "connections",
    "non_firm_connections",
    "source_builds",
    "heat",
)


def _by_site(case: Case, values: NDArray[_Kind]) -> NDArray[_Kind]:
    """Take one value per site to the rows of `site_years`."""
    return values[case.inputs.sets.site.codes(case.site_years["site"])]


@rule(unit="MW")
def land_limit(case: Case) -> Excess:
    """Halls of a site fit its land, in proportion to how far the site is open."""
    sites = case.site_years
    land = _by_site(case, case.inputs.sites.land_limit_mw)
    amount = sites["halls_mw"].to_numpy() - land * sites["open_frac"].to_numpy()
    # An opening of 1e-7 is written as none, so the tolerance is a share of the land.
    return Excess(sites[list(_SITE)], amount, land)


@rule(unit="MW")
def minimum_size(case: Case) -> Excess:
    """New sites grow at their pace until they have their least size, as far as they are open.

    What opened in a year must by now have the least size, or what could be built since.
    """
    inputs, years = case.inputs.sites, list(case.years)
    sites = case.site_years.sort_values(list(_SITE)).reset_index(drop=True)
    place = sites[list(_SITE)]
    least = pd.Series(np.asarray(inputs.minimum_mw), index=list(case.inputs.sets.site.labels))
    pace = listed(inputs.site_year, mw=inputs.pace_mw).pivot(
        index="site", columns="year", values="mw"
    )
    is_new = pd.Series(~np.asarray(inputs.is_existing), index=least.index)
    by_year = sites.pivot(index="site", columns="year", values="open_frac").fillna(0.0)
    needed = pd.DataFrame(0.0, index=by_year.index, columns=years)
    for begun in years:
        if begun not in by_year:
            continue
        before = years[: years.index(begun)]
        was = by_year[before[-1]] if before and before[-1] in by_year else 0.0
        opened = (by_year[begun] - was).clip(lower=0.0)
        built = pd.Series(0.0, index=by_year.index)
        for year in years[years.index(begun) :]:
            if year in pace:
                built = built + pace[year].reindex(by_year.index).fillna(0.0)
            needed[year] += opened * np.minimum(least[by_year.index], built)
    grown = needed.rename_axis(index="site", columns="year").reset_index().melt("site")
    amount = at(tally(grown, _SITE, grown["value"]), place, _SITE) - sites["halls_mw"].to_numpy()
    size = at(least, place, ("site",))
    new = at(is_new.astype("float64"), place, ("site",)) > 0.0
    return Excess(place[new], amount[new], size[new])


@rule(unit="share")
def opening(case: Case) -> Excess:
    """Sites stay open once opened, open by no more than they are opened, and at most in full."""
    sites = case.site_years.sort_values(list(_SITE)).reset_index(drop=True)
    is_new = ~np.asarray(case.inputs.sites.is_existing)[case.inputs.sets.site.codes(sites["site"])]
    before = sites.groupby("site")["open_frac"].shift(1).fillna(0.0).to_numpy()
    now = sites["open_frac"].to_numpy()
    table = case.plan("site_year").set_index(list(_SITE))["opened_frac"]
    opened = at(table, sites, _SITE)
    place = sites[list(_SITE)]
    paid = Excess.above(place[is_new], (now - before)[is_new], opened[is_new])
    stays = Excess.above(place[is_new], before[is_new], now[is_new])
    standing = Excess.differs(place[~is_new], now[~is_new], np.ones(int((~is_new).sum())))
    idle = Excess.differs(place[~is_new], opened[~is_new], np.zeros(int((~is_new).sum())))
    return paid.and_also(stays, standing, idle, Excess.above(place, now, 1.0))


@rule(unit="MW")
def build_rate(case: Case) -> Excess:
    """A site commissions no more in a year than its crews can build."""
    builds = case.plan("builds")
    sites = case.inputs.sites
    limits = listed(sites.site_year, limit_mw=sites.build_rate_mw)
    built = tally(builds, _SITE, builds["built_mw"])
    return Excess.above(
        limits[list(_SITE)], at(built, limits, _SITE), limits["limit_mw"].to_numpy()
    )


@rule(unit="MW")
def market_rate(case: Case) -> Excess:
    """A market commissions no more in a year than its contractors can build."""
    builds, sites = case.plan("builds"), case.inputs.sites
    limits = listed(sites.market_rate, limit_mw=sites.market_rate_mw)
    market = by(sites.table, "site", "market")
    built = tally(
        builds.assign(market=builds["site"].map(market)), ("market", "year"), builds["built_mw"]
    )
    key = ("market", "year")
    return Excess.above(limits[list(key)], at(built, limits, key), limits["limit_mw"].to_numpy())


def overnight_musd(case: Case) -> pd.DataFrame:
    """List the overnight cost of everything that enters service, as the tables say. [MUSD]"""
    tables = [case.plan(name)[["site", "year", "overnight_musd"]] for name in _BOUGHT]
    return pd.concat([*tables, opened_musd(case)], ignore_index=True)


def opened_musd(case: Case) -> pd.DataFrame:
    """List what opening a site costs overnight: site, year, overnight_musd."""
    sites = case.plan("site_year")
    cost = np.asarray(case.inputs.sites.opening_musd)[case.inputs.sets.site.codes(sites["site"])]
    return sites[["site", "year"]].assign(overnight_musd=cost * sites["opened_frac"])


@rule(unit="MUSD")
def capex_budget(case: Case) -> Excess:
    """What enters service in a year costs no more, overnight, than the budget."""
    sites = case.inputs.sites
    limits = listed(sites.capex_budget, limit_musd=sites.capex_budget_musd)
    bought = overnight_musd(case)
    spent = tally(bought, ("year",), bought["overnight_musd"])
    return Excess.above(
        limits[["year"]], at(spent, limits, ("year",)), limits["limit_musd"].to_numpy()
    )


@rule(unit="MUSD")
def overnight_cost(case: Case) -> Excess:
    """Overnight costs beside all that is bought are amount times price."""
    inputs = case.inputs
    offers = (
        ("installs", inputs.racks.install, inputs.racks.install_capex_musd_per_mw, "installed_mw"),
        ("builds", inputs.halls.build, inputs.halls.build_capex_musd_per_mw, "built_mw"),
        (
            "retrofits",
            inputs.halls.retrofit,
            inputs.halls.retrofit_capex_musd_per_mw,
            "retrofitted_mw",
        ),
        ("connections", inputs.grid.expand, inputs.grid.expand_capex_musd_per_mw, "added_mw"),
    )
    parts = []
    for name, index, price, amount in offers:
        table, key = case.plan(name), list(index.axis_names)
        offer = listed(index, price=price).set_index(key)["price"]
        cost = table[amount].to_numpy() * at(offer, table, key, np.nan)
        parts.append(Excess.differs(table[key], table["overnight_musd"].to_numpy(), cost))
    sources, supply, key = case.plan("source_builds"), inputs.supply, ["site", "source", "year"]
    of_power = listed(supply.build, musd=supply.build_capex_musd_per_mw).set_index(key)["musd"]
    of_cells = listed(supply.build_store, musd=supply.build_store_capex_musd_per_mwh)
    cost = sources["built_mw"].to_numpy() * at(of_power, sources, key, np.nan)
    cost += sources["built_mwh"].to_numpy() * at(of_cells.set_index(key)["musd"], sources, key)
    parts.append(Excess.differs(sources[key], sources["overnight_musd"].to_numpy(), cost))
    site_year = case.plan("site_year")
    bought = overnight_musd(case)
    total = at(tally(bought, _SITE, bought["overnight_musd"]), site_year, _SITE)
    capex = Excess.differs(site_year[list(_SITE)], site_year["capex_musd"].to_numpy(), total)
    return capex.and_also(*parts)


RULES = (
    land_limit,
    minimum_size,
    opening,
    build_rate,
    market_rate,
    capex_budget,
    overnight_cost,
)
