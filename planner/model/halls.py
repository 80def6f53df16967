"""Halls: power and floor space for racks, new, standing, retrofitted or leased."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from planner.base.units import M2_PER_THOUSAND_M2
from planner.clock.profiles import usable_share
from planner.family.block import Constraint, Cost, asset, constraint, cost, defined_in
from planner.family.payments import Purchase, yearly
from planner.lp import Expression, Index
from planner.lp.index import locate, pairs

if TYPE_CHECKING:
    from planner.base.arrays import Floats
    from planner.lp import Comparison
    from planner.model.variables import Model


class HallTerms:
    """Critical IT power of halls, by design and by site."""

    def __init__(self, m: Model) -> None:
        self.m = m
        self.p = m.p.halls

    @cached_property
    def usable_mw(self) -> Expression:
        """Critical IT power usable in a hall design, mean over the year. [MW], (site, hall, year)

        New halls ramp over their first months in service; a retrofit leaves its old design when work begins and counts
        in the new one from when it is done.
        """
        m, p = self.m, self.p
        year = m.year[p.hall["year"]]
        span_years = m.span_years[p.hall["year"]]

        built, hall = pairs(p.build, p.hall, on=("site", "hall"))
        share = usable_share(
            p.build_start[built],
            year[hall],
            ramp_months=p.ramp_months,
            ramp_mean_frac=p.ramp_mean_frac,
            span_years=span_years[hall],
        )
        later = p.hall["year"][hall] >= p.build["year"][built]
        own = m.build.map(p.hall, built[later], hall[later], share[later]) + p.existing_mw
        return own - self.turned_mw + self.done_mw + m.lease.on(p.hall, missing="zero")

    def _retrofitted_mw(self, design: str, since: Floats, frac: Floats) -> Expression:
        """Share of retrofits of a design, the old ("hall") or the new one, from a moment on. (site, hall, year)"""
        m, hall, work = self.m, self.p.hall, self.p.retrofit
        axes = work.axis("site"), hall.axis("hall"), work.axis("year")
        of_design = Index("retrofit by design", axes, (work["site"], work[design], work["year"]), work.size)
        row, at = pairs(of_design, hall, on=("site", "hall"))
        now = hall["year"][at]
        share = frac[row] * usable_share(since[row], m.year[now], ramp_months=0.0, span_years=m.span_years[now])
        counts = share > 0.0
        return m.retrofit.map(hall, row[counts], at[counts], share[counts])

    @cached_property
    def done_mw(self) -> Expression:
        """Critical IT power of a design that retrofits have brought. [MW], (site, hall, year)"""
        return self._retrofitted_mw("to_hall", self.p.retrofit_done, self.p.retrofit_capacity_frac)

    @cached_property
    def at_work_mw(self) -> Expression:
        """Critical IT power that retrofits are at work on. [MW], (site, hall, year)

        It holds no racks, and costs and loses what it will in service: longer work gains nothing.
        """
        begun = self._retrofitted_mw("to_hall", self.p.retrofit_start, self.p.retrofit_capacity_frac)
        return begun - self.done_mw

    @cached_property
    def turned_mw(self) -> Expression:
        """Critical IT power of a design whose retrofit has begun. [MW], (site, hall, year)"""
        return self._retrofitted_mw("hall", self.p.retrofit_start, np.ones(self.p.retrofit.size))

    @cached_property
    def stays_mw(self) -> Expression:
        """Critical IT power of existing halls that is not retrofitted. [MW], (site, hall, year)"""
        return self.p.existing_mw - self.turned_mw

    @cached_property
    def operated_mw(self) -> Expression:
        """Critical IT power operated as a design, its own or a better one. [MW], (site, hall, year)

        Operated as one of a less available topology, a hall loses what such a hall loses. Power and floor that racks
        take are no less than none, so no more of a design is given than there is of it.
        """
        return self.usable_mw + self._operated(np.ones(self.p.operate.size))

    def _operated(self, per_mw: Floats) -> Expression:
        """Halls of other designs operated as one, less its own as others. (site, hall, year)"""
        p, every = self.p, np.arange(self.p.operate.size)
        site, year = p.operate["site"], p.operate["year"]
        takes = locate(p.hall, site, p.operate["as_hall"], year)
        gives = locate(p.hall, site, p.operate["hall"], year)
        into = self.m.operate.map(p.hall, every, takes, per_mw)
        return into - self.m.operate.map(p.hall, every, gives, per_mw)

    @cached_property
    def for_racks_mw(self) -> Expression:
        """Operated power that racks and companions may take: existing halls may be fuller. [MW], (site, hall, year)"""
        p = self.p
        own = p.new_fill_frac * self.usable_mw + (p.fill_frac - p.new_fill_frac) * self.stays_mw
        gives = locate(p.hall, p.operate["site"], p.operate["hall"], p.operate["year"])
        return own + self._operated(np.where(p.is_as_existing, p.fill_frac[gives], p.new_fill_frac))

    @cached_property
    def stands_mw(self) -> Expression:
        """Critical IT power that exists at a site, ramped or not, own halls only. [MW]"""
        m, p, site_year = self.m, self.p, self.m.p.sites.site_year
        built, now = pairs(p.build, site_year, on=("site",))
        stands = site_year["year"][now] >= p.build["year"][built]
        total = m.build.map(site_year, built[stands], now[stands])
        total = total + Expression.constant(p.hall, p.existing_mw).sum_to(site_year)
        work, now = pairs(p.retrofit, site_year, on=("site",))
        begun = site_year["year"][now] >= p.retrofit["year"][work]
        lost = (1.0 - p.retrofit_capacity_frac)[work]
        return total - m.retrofit.map(site_year, work[begun], now[begun], lost[begun])


@constraint(over="site, hall, year", unit="MW")
def hall_power(m: Model) -> Comparison:
    r"""Racks and their companions draw no more than the hall can feed, less what is kept free.

    .. math:: \sum_{k,w} (\delta + \kappa_w)\, (n_{sklwt} + z_{sklwt}) \le \phi H_{slt}
        + (\phi_{sl} - \phi)\, (H^0_{slt} - r_{slt})
        + \sum_{m,f} (\phi_{smf}\, o_{smlft} - \phi_{slf}\, o_{slmft}) \qquad \forall s, l, t

    :math:`1 - \phi` is the share of power that no rack may take, and :math:`\phi_{sl}` is the
    larger share that stated racks take of stated halls :math:`H^0` already, as far as these are not
    retrofitted; :math:`o_{slmft}` is the power of halls of design l that are operated as m, as full
    (f) as new halls may be or as existing ones of their design are. A 2N
    hall has twice the power chain behind the same MW: it multiplies equipment, cost and part-load
    loss, never the load. The dual is the value of one more MW that racks may take of this design.
    """
    p = m.p
    drawn = m.in_service_times(p.racks.hall_mw_per_mw).sum_to(p.halls.hall)
    return drawn <= m.halls.for_racks_mw


@constraint(over="site, hall, year", unit="thousand m2")
def hall_space(m: Model) -> Comparison:
    r"""Racks use no more floor than the hall has.

    .. math:: \sum_{k,w} \alpha_{k}\, (n_{sklwt} + z_{sklwt}) \le
        \bigl(H_{slt} + \sum_{m,f} (o_{smlft} - o_{slmft})\bigr) / \Delta_l \qquad \forall s, l, t

    Dense racks strand floor, sparse racks strand power; the stranded part is in the tables.
    """
    p = m.p
    floor = m.in_service_times(p.racks.space_m2_per_mw / M2_PER_THOUSAND_M2).sum_to(p.halls.hall)
    # MW over kW/m2 is thousand m2
    return floor <= m.halls.operated_mw / p.halls.density_kw_per_m2[p.halls.hall["hall"]]


@constraint(over="site, hall, fill, year", unit="MW", links="stock")
def operated_by_fill(m: Model) -> Comparison:
    r"""Only existing halls are operated as full as existing ones are, and only others as new ones.

    .. math:: \sum_m o_{slmft} \le \begin{cases} H^0_{slt} - r_{slt} & f = \text{existing} \\
        H_{slt} - (H^0_{slt} - r_{slt}) & f = \text{new} \end{cases} \qquad \forall s, l, f, t

    Where existing halls are fuller than new ones may be.
    """
    p, halls = m.p.halls, m.halls
    is_new = (p.operated_by_fill.labels("fill") == "new").astype(np.float64)
    usable, stays = halls.usable_mw.on(p.operated_by_fill), halls.stays_mw.on(p.operated_by_fill)
    room: Expression = is_new * usable + (1.0 - 2.0 * is_new) * stays
    return m.operate.sum_to(p.operated_by_fill, where="present") <= room


@constraint(over="site, hall, year", unit="MW", links="stock")
def retrofit_source(m: Model) -> Comparison:
    r"""A retrofit takes halls that exist and that do not end before the plan does.

    .. math:: \sum_{v \le t} \sum_{l'} f_{sll'v} \le E_{slt} - \bar{E}_{slt} \qquad \forall s, l, t

    Existing halls, :math:`E`, that end, :math:`\bar{E}`, would go on as halls of another design. New halls
    are built as what they are to be. Work that begins within the year takes its halls for the whole of it here.
    """
    p = m.p.halls
    source, hall = pairs(p.retrofit, p.hall, on=("site", "hall"))
    begun = p.hall["year"][hall] >= p.retrofit["year"][source]
    may_shrink = np.unique(hall[begun])
    taken = m.retrofit.map(p.hall, source[begun], hall[begun])
    return taken.select(may_shrink) <= (p.existing_mw - p.ending_mw)[may_shrink]


@constraint(over="site, year", unit="MW")
def committed_halls(m: Model) -> Comparison:
    r"""Halls that enter service as committed are no more than is committed by then.

    .. math:: \sum_l \sum_{v \le t} b^{\mathrm{committed}}_{slv} \le \bar{C}_{st} \qquad \forall s, t
    """
    p = m.p.halls
    built, now = pairs(p.build, p.committed, on=("site",))
    counts = p.is_committed[built] & (p.committed["year"][now] >= p.build["year"][built])
    return m.build.map(p.committed, built[counts], now[counts]) <= p.committed_mw


@constraint(over="site, year", unit="MW")
def lease_depth(m: Model) -> Comparison:
    r"""A market has only so much available to lease.

    .. math:: \sum_l r_{slt} \le \bar{R}_s \qquad \forall s, t
    """
    p, site_year = m.p, m.p.sites.site_year
    to_let = np.unique(site_year.find(p.halls.lease))
    leased = m.lease.sum_to(site_year).select(to_let)
    return leased <= p.halls.lease_depth_mw[leased.over["site"]]


@asset(kind="facility", group="halls", paid_while_built=True)
def hall_construction(m: Model) -> Purchase:
    """Shell, power chain and cooling of new halls, repaid over their life."""
    p = m.p
    life = np.full(m.build.over.size, p.finance.life_years["facility"])
    capex = p.halls.build_capex_musd_per_mw
    return Purchase(m.build, capex, p.halls.build_start, life, p.finance.build_idc_frac)


@asset(kind="facility", group="halls")
def hall_retrofit(m: Model) -> Purchase:
    """Turning existing halls to another cooling, repaid over the life of the new plant, from when work begins."""
    p = m.p
    life = np.full(m.retrofit.over.size, p.finance.life_years["retrofit"])
    return Purchase(m.retrofit, p.halls.retrofit_capex_musd_per_mw, p.halls.retrofit_start, life)


@cost(group="halls")
def hall_opex(m: Model) -> Expression:
    """Staff, maintenance, insurance, property tax and connectivity of own halls, during a retrofit too."""
    per_mw = m.p.halls.opex_musd_per_mw_year
    own = m.halls.usable_mw + m.halls.at_work_mw - m.lease.on(m.p.halls.hall, missing="zero")
    return yearly(m, (per_mw * own).sum_to(m.p.sites.site_year), escalates=True)


@cost(group="halls")
def lease_rent(m: Model) -> Expression:
    """Rent of leased halls."""
    return yearly(m, m.p.halls.lease_musd_per_mw_year * m.lease)


CONSTRAINTS, COSTS = defined_in(globals(), Constraint), defined_in(globals(), Cost)
