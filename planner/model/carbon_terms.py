"""Emissions that cap and price count: by place or by market, and of making what is bought."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from planner.base.units import T_PER_KT

if TYPE_CHECKING:
    from planner.inputs.types import Floats
    from planner.lp import Expression
    from planner.model.variables import Model

__all__ = ["CarbonTerms"]


class CarbonTerms:
    """Sums of emissions.

    Parameters
    ----------
    m : Model
        The program.
    """

    def __init__(self, m: Model) -> None:
        self.m = m
        self.p = m.p.carbon

    @cached_property
    def claimed_kt(self) -> Expression:
        """What power under contract takes off emissions of power drawn. [kt], (site, year)"""
        claim = self.m.contracts.claim_mw
        hours = self.m.p.days.weight_h[claim.over["slot"]]
        return self._to_sites(claim, hours * self.p.claim_t_per_mwh)

    @cached_property
    def embodied_kt(self) -> Expression:
        """Emissions of making what enters service, per year it stands for. [kt], (site, year)"""
        m, p = self.m, self.p
        parts = (
            (m.install, p.install_t_per_mw),
            (m.build, p.build_t_per_mw),
            (m.retrofit, p.retrofit_t_per_mw),
            (m.supply.source_mw, p.source_t_per_mw),
            (m.supply.store_mwh, p.store_t_per_mwh),
        )
        total = self._to_sites(*parts[0])
        for decision, per_unit in parts[1:]:
            total = total + self._to_sites(decision, per_unit)
        return total / m.span_years[m.p.sites.site_year["year"]]

    @cached_property
    def counted_kt(self) -> Expression:
        """Emissions that cap and price count. [kt], (site, year)"""
        return self.m.emissions_kt - self.claimed_kt + self.embodied_kt

    def _to_sites(self, decision: Expression, t_per_unit: Floats) -> Expression:
        """Add up a decision times tonnes to sites and years, without terms that are 0. [kt]"""
        site_year = self.m.p.sites.site_year
        at = np.flatnonzero(t_per_unit)
        place = site_year.find(decision.over)[at]
        return decision.map(site_year, at, place, t_per_unit[at] / T_PER_KT)
