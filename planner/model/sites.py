"""Sites: land, opening, minimum size, pace of building; what openings and sites cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.family.block import Constraint, Cost, asset, constraint, cost, defined_in
from planner.family.payments import Purchase, yearly
from planner.lp.index import locate, pairs

if TYPE_CHECKING:
    from planner.lp import Comparison, Expression
    from planner.model.variables import Model


@constraint(over="site, year", unit="MW")
def land_limit(m: Model) -> Comparison:
    r"""Halls at a site fit its land, and need the site to be open.

    .. math:: \sum_l H_{slt} \le \bar{H}_s\, o_{st} \qquad \forall s, t

    Source: capacitated facility location.
    """
    limit = m.p.sites.land_limit_mw[m.p.sites.site_year["site"]]
    return m.halls.stands_mw <= limit * m.open


@constraint(over="site, year", unit="MW")
def minimum_size(m: Model) -> Comparison:
    r"""An open site is built at its build rate until it has an economic size, which it keeps.

    .. math:: \sum_l H_{slt} \ge \sum_{v \le t}
        \min \Bigl( \underline{H}_s,\ \sum_{u=v}^{t} \bar{b}_{su} \Bigr)\,
        (o_{sv} - o_{s,v-1})
        \qquad \forall s, t

    A campus is not commissioned in one year: what can be built since it opened counts, and where a
    delay moves halls to a year no more than what was to be built of them in time.
    Where openings are not whole this row does not bind.
    """
    p = m.p.sites
    is_new = ~p.is_existing[p.site_year["site"]]
    begun, now = pairs(p.site_year, p.site_year, on=("site",))
    later = (p.site_year["year"][now] >= p.site_year["year"][begun]) & is_new[now]
    begun, now = begun[later], now[later]
    built_by = np.cumsum(p.pace_mw)  # over all sites in turn: differences are within one
    since = built_by[now] - built_by[begun] + p.pace_mw[begun]
    full = p.minimum_mw[p.site_year["site"][begun]]
    if_later = np.maximum(since - p.pace_mw[begun], 0.0)
    least = np.minimum(full, since) - np.minimum(full, if_later)
    needed = m.open.map(p.site_year, begun, now, least)
    return (m.halls.stands_mw - needed).select(is_new) >= 0.0


@constraint(over="site, year", unit="share", links="opening")
def opening(m: Model) -> Comparison:
    r"""A site that is open this year and was not before has been opened.

    .. math:: o_{st} - o_{s,t-1} \le \hat{o}_{st} \qquad \forall s, t

    Source: facility location over time, Van Roy and Erlenkotter 1982.
    """
    site_year = m.p.sites.site_year
    before = locate(site_year, site_year["site"], site_year["year"] - 1)
    known = np.flatnonzero(before >= 0)
    opened_before = m.open.map(site_year, before[known], known)
    is_new = ~m.p.sites.is_existing[site_year["site"]]
    return (m.open - opened_before - m.opened).select(is_new) <= 0.0


@constraint(over="site, year", unit="share", links="opening")
def stays_open(m: Model) -> Comparison:
    r"""A site that has been opened stays open.

    .. math:: o_{st} \ge o_{s,t-1} \qquad \forall s, t
    """
    site_year = m.p.sites.site_year
    is_new = ~m.p.sites.is_existing[site_year["site"]]
    before = locate(site_year, site_year["site"], site_year["year"] - 1)
    at = np.flatnonzero((before >= 0) & is_new)
    now = m.open.select(at)
    return now - m.open.map(now.over, before[at], np.arange(at.size)) >= 0.0


@constraint(over="site, year", unit="MW")
def build_rate(m: Model) -> Comparison:
    r"""A site commissions no more in a year than can be built.

    .. math:: \sum_l b_{slt} \le \bar{b}_{st} \qquad \forall s, t

    :math:`\bar{b}` is what crews build in the years since the model year before, or what is
    committed for these if that is more. Where a delay of `lead_times` moves halls to this year, it
    is no less than what crews build in the years that these were planned for.
    """
    p = m.p
    at = np.unique(p.sites.site_year.find(p.halls.build))
    return m.build.sum_to(p.sites.site_year).select(at) <= p.sites.build_rate_mw[at]


@constraint(over="market, year", unit="MW")
def market_build_rate(m: Model) -> Comparison:
    r"""A market commissions no more in a year than its contractors can build.

    A year into which a delay moves halls of all sites that can build then has the years that these
    were planned for.

    .. math:: \sum_{s \in \mathrm{market}} \sum_l b_{slt} \le \bar{b}_{\mathrm{market},t}
    """
    p = m.p
    market = p.sets.site_market[p.halls.build["site"]]
    limit = locate(p.sites.market_rate, market, p.halls.build["year"])
    limited = np.flatnonzero(limit >= 0)
    built = m.build.map(p.sites.market_rate, limited, limit[limited])
    return built <= p.sites.market_rate_mw


@asset(kind="facility", group="sites")
def site_opening(m: Model) -> Purchase:
    """Permits, studies, fibre and design of a new site, repaid like its halls."""
    over = m.opened.over
    life = np.full(over.size, m.p.finance.life_years["opening"])
    return Purchase(m.opened, m.p.sites.opening_musd[over["site"]], m.year[over["year"]], life)


@cost(group="sites")
def site_fixed(m: Model) -> Expression:
    """Guards, minimum crew and point of presence of an open site, whatever its size."""
    fixed = m.p.sites.fixed_musd_per_year[m.p.sites.site_year["site"]]
    return yearly(m, fixed * m.open, escalates=True)


CONSTRAINTS, COSTS = defined_in(globals(), Constraint), defined_in(globals(), Cost)
