"""What halls can be used, and what stands: sums of what is built, turned over and leased."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from planner.clock.ramp import usable_share
from planner.lp import Expression, Index
from planner.lp.join import pairs

if TYPE_CHECKING:
    from planner.model.variables import Model

__all__ = ["HallTerms"]


class HallTerms:
    """Critical IT power of halls, by design and by site.

    Parameters
    ----------
    m : Model
        The program whose halls these are.
    """

    def __init__(self, m: Model) -> None:
        self.m = m
        self.p = m.p.halls

    @cached_property
    def usable_mw(self) -> Expression:
        """Critical IT power usable in a hall design, mean over the year. [MW], (site, hall, year)

        New halls ramp over their first months in service; a retrofit leaves its old design
        when work begins and counts in the new one from when it is done, however many years
        that takes.
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
        usable = m.build.map(p.hall, built[later], hall[later], share[later]) + p.existing_mw

        work, hall = pairs(p.retrofit, p.hall, on=("site", "hall"))
        gone = usable_share(
            p.retrofit_start[work], year[hall], ramp_months=0.0, span_years=span_years[hall]
        )
        begun = gone > 0.0
        usable = usable - m.retrofit.map(p.hall, work[begun], hall[begun], gone[begun])

        arrived = Index(
            "retrofit by new design",
            (p.retrofit.axis("site"), p.hall.axis("hall"), p.retrofit.axis("year")),
            (p.retrofit["site"], p.retrofit["to_hall"], p.retrofit["year"]),
            p.retrofit.size,
        )
        work, hall = pairs(arrived, p.hall, on=("site", "hall"))
        in_service = usable_share(
            p.retrofit_done[work], year[hall], ramp_months=0.0, span_years=span_years[hall]
        )
        done = in_service > 0.0
        gained = (p.retrofit_capacity_frac[work] * in_service)[done]
        usable = usable + m.retrofit.map(p.hall, work[done], hall[done], gained)
        return usable + m.lease.on(p.hall, missing="zero")

    @cached_property
    def stands_mw(self) -> Expression:
        """Critical IT power that stands at a site, ramped or not, own halls only. [MW]"""
        m, p, site_year = self.m, self.p, self.m.p.sites.site_year
        built, now = pairs(p.build, site_year, on=("site",))
        stands = site_year["year"][now] >= p.build["year"][built]
        total = m.build.map(site_year, built[stands], now[stands])
        total = total + Expression.constant(p.hall, p.existing_mw).sum_to(site_year)
        work, now = pairs(p.retrofit, site_year, on=("site",))
        begun = site_year["year"][now] >= p.retrofit["year"][work]
        lost = (1.0 - p.retrofit_capacity_frac)[work]
        return total - m.retrofit.map(site_year, work[begun], now[begun], lost[begun])
