"""Limits of sites that could give way: land, crews, water, connection, room for sources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.say import amount, up
from planner.base.units import M3_PER_THOUSAND_M3
from planner.scenario import Setting
from planner.studies.diagnose.relief import Change
from planner.studies.solve.giving import gap_years, given, site_key

if TYPE_CHECKING:
    from planner.base.arrays import Floats
    from planner.lp import Index
    from planner.studies.solve.question import Question

__all__ = ["connection", "crews", "of_sites", "per_thousand_m3", "sources"]


def of_sites(
    figure: str, unit: str, what: str, now: str, question: Question, over: Index, amounts: Floats
) -> Change:
    """Raise a figure of sites that holds in all years."""
    words, settings, share = [], [], 0.0
    for place, more in given(over, amounts):
        old = _NOW[now](question, place["site"])
        new = up(old + more, 6)
        words.append(f"+{amount(more)} {unit} {what} at {place['site']}")
        settings.append(Setting(site_key(question.scenario, place["site"], figure), new))
        share = max(share, more / old if old else np.inf)
    return Change(tuple(words), tuple(settings), share=share)


def _land_mw(question: Question, site: str) -> float:
    return float(question.inputs.sites.land_limit_mw[question.inputs.sets.site.code(site)])


def _crews_mw(question: Question, site: str) -> float:
    p = question.inputs.sites
    own = p.site_year["site"] == question.inputs.sets.site.code(site)
    rate = p.build_rate_mw / gap_years(question, p.site_year)
    return float(rate[own].min()) / (question.scenario.build.rate_scale_frac or 1.0)


def _water_m3(question: Question, site: str) -> float:
    p = question.inputs.carbon
    own = p.water_limit["site"] == question.inputs.sets.site.code(site)
    return float(p.water_limit_m3[own].min())


_NOW: Final = {"land": _land_mw, "crews": _crews_mw, "water": _water_m3}


def crews(question: Question, rows: Index) -> Floats:
    """Return what crews commission up to a row per MW a year of their pace, (row,)."""
    return gap_years(question, rows) * (question.scenario.build.rate_scale_frac or 1.0)


def per_thousand_m3(_: Question, rows: Index) -> Floats:
    """Return one m3 in the unit of rows of water, (row,). [thousand m3]"""
    return np.full(rows.size, 1.0 / M3_PER_THOUSAND_M3)


def connection(question: Question, over: Index, amounts: Floats) -> Change:
    """Give sites a larger firm connection from a year on."""
    p = question.inputs.grid
    words, settings, share = [], [], 0.0
    wanted = given(over, amounts)
    for site in dict.fromkeys(place["site"] for place, _ in wanted):
        more = {int(place["year"]): mw for place, mw in wanted if place["site"] == site}
        own = np.flatnonzero(p.firm.labels("site") == site)
        years = p.firm.labels("year")[own].astype(int)
        old = dict(zip(years.tolist(), p.firm_mw[own].tolist(), strict=True))
        path = {year: up(mw + more.get(year, 0.0), 6) for year, mw in old.items()}
        settings.append(Setting(site_key(question.scenario, site, "grid_firm_mw"), path))
        words += [f"+{amount(mw)} MW of firm connection at {site} in {y}" for y, mw in more.items()]
        share = max(share, *(mw / old[y] if old[y] else np.inf for y, mw in more.items()))
    return Change(tuple(words), tuple(settings), share=share)


def sources(question: Question, over: Index, amounts: Floats) -> Change:
    """Give every site room for more of some sources."""
    p = question.inputs.supply
    words, settings, share = [], [], 0.0
    for place, more in given(over, amounts):
        own = p.limited["source"] == p.source.code(place["source"])
        old = float(p.limit_mw[own].max())
        words.append(f"+{amount(more)} MW of {place['source']} at each site")
        settings.append(Setting(("supply", "max_mw", place["source"]), up(old + more, 6)))
        share = max(share, more / old if old else np.inf)
    return Change(tuple(words), tuple(settings), share=share)
