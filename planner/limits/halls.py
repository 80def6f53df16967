"""Halls: their power and floor, what is committed, and what can be leased."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.units import M2_PER_THOUSAND_M2
from planner.base.words import amount, round_up
from planner.limits.limit import (
    LEAD_KEYS,
    MW_ONCE,
    MW_YEAR,
    Binding,
    Limit,
    LimitPrice,
    Listed,
    SetBy,
    codes,
    lookup,
    unit_increments,
    without_new_halls,
)
from planner.limits.relaxation import ProposedChange, Relaxation
from planner.scenario import Setting

if TYPE_CHECKING:
    import pandas as pd

    from planner.base.arrays import Bools, Floats
    from planner.inputs.inputs import Inputs
    from planner.inputs.prepared import PreparedScenario
    from planner.limits.limit import Place, Tables
    from planner.lp import Index

# --- how much there is, and where it is scarce -----------------------------------------


def _hall_mw(p: Inputs, tables: Tables, rows: pd.DataFrame) -> Floats:
    del p
    halls = tables["halls"].set_index(["site", "hall", "year"])
    return lookup(halls["operated_mw"] - halls["free_mw"], rows[["site", "hall", "year"]])


def _floor(p: Inputs, tables: Tables, rows: pd.DataFrame) -> Floats:
    """Floor in the unit of the row. [thousand m2]"""
    del p
    floor = tables["halls"].set_index(["site", "hall", "year"])["floor_m2"]
    return lookup(floor, rows[["site", "hall", "year"]]) / M2_PER_THOUSAND_M2


def _no_hall_yet(p: Inputs, tables: Tables, rows: pd.DataFrame) -> Bools:
    """Halls of years in which no new one of any design can serve at the site."""
    del tables
    build = p.halls.build
    free = ~p.halls.build_is_early
    first = np.full(len(p.sets.site), len(p.sets.year))
    np.minimum.at(first, build["site"][free], build["year"][free])
    site, year = codes(p, rows, "site", "year")
    return np.asarray(year < first[site])


# --- where it is set -------------------------------------------------------------------


def _lead_time(figure: str, question: PreparedScenario, place: Place) -> str | None:
    """Say how long new halls take, where they come too late and this figure is why."""
    p = question.inputs.halls
    site, year = place["site"], place["year"]
    code, at = question.inputs.sets.site.code(site), question.inputs.sets.year.code(year)
    can_build = (p.build["site"] == code) & (p.build["year"] <= at) & ~p.build_is_early
    lead = p.lead[p.lead["site"] == site]
    if np.any(can_build) or lead.empty:
        return None
    start = float(lead["service_start"].min())
    if start < float(year):
        return None
    by = lead["by"].iloc[0]
    if LEAD_KEYS.get(by, "lead_time_months") != figure:
        return None
    return f"{lead['months'].min():.0f} months ({by}), first halls in {start:.1f}"


_COMMITTED: Final = Listed(lambda p: (p.halls.committed, p.halls.committed_mw))
_LEASE: Final = Listed.by("site", lambda p: p.halls.lease_depth_mw)


def _no_new_halls(question: PreparedScenario, place: Place) -> str | None:
    return "false" if place["site"] in without_new_halls(question.scenario) else None


def _kept_free(question: PreparedScenario, place: Place) -> str | None:
    del place
    free = question.scenario.halls.free_frac
    return f"{free:g} of the power of halls" if free else None


_FREE: Final = "halls.free_frac"
_NEW_HALLS: Final = "sites.{site}.new_halls"
_LEADS: Final = ("lead_time_months", *LEAD_KEYS.values())
_SET_BY: Final = (
    *(SetBy(f"sites.{{site}}.{key}", partial(_lead_time, key)) for key in _LEADS),
    SetBy(_NEW_HALLS, _no_new_halls),
)


# --- what relaxes it -------------------------------------------------------------------


def _more_to_lease(question: PreparedScenario, over: Index, amounts: Floats) -> ProposedChange:
    """Let as many more halls at every site as the site that is shortest needs."""
    del over
    old, more = question.scenario.lease.depth_mw_per_site, round_up(float(amounts[0]), 3)
    setting = Setting(("lease", "depth_mw_per_site"), round_up(old + more, 6))
    words = f"+{amount(more)} MW of halls available to lease at each site"
    return ProposedChange((words,), (setting,), share=more / old if old else np.inf)


LEASE: Final = Relaxation("halls to lease", "MW", (), _more_to_lease)
_DATES: Final = (
    "build.committed",
    "lead_times.delay_months",
    *(f"sites.{{site}}.{key}" for key in _LEADS),
    "decisions_start",
)
"""What brings halls earlier."""


HALLS_LIMITS: Final = (
    Limit(
        "hall_power",
        price=MW_YEAR,
        binding=Binding(
            "MW",
            _hall_mw,
            "Halls at {site} ({hall}, {limit}) are full in {year}, before new ones can be there{start}:",
            is_scarce=_no_hall_yet,
        ),
        set_by=(*_SET_BY, SetBy(_FREE, _kept_free)),
        moved_by=(*_DATES, _NEW_HALLS, _FREE),
    ),
    Limit(
        "hall_space",
        price=LimitPrice("USD/m2-year", M2_PER_THOUSAND_M2, "yearly", -1),
        binding=Binding(
            "thousand m2",
            _floor,
            "The floor of halls at {site} ({hall}, {limit}) is full in {year}, before new ones can be there{start}:",
            is_scarce=_no_hall_yet,
        ),
        set_by=_SET_BY,
        moved_by=(*_DATES, _NEW_HALLS),
    ),
    Limit(
        "lease_depth",
        price=MW_YEAR,
        binding=Binding("MW", _LEASE.amount, "At most {limit} can be leased at {site} in {year}:"),
        set_by=(SetBy("lease.depth_mw_per_site", "{} MW"),),
        relaxed_by={LEASE: unit_increments},
    ),
    Limit(
        "committed_halls",
        price=MW_ONCE,
        binding=Binding(
            "MW",
            _COMMITTED.amount,
            "Until its lead time has passed, {site} gets at most the {limit} committed by {year}{start}:",
        ),
        set_by=(
            SetBy(
                "table site_pipeline",
                _COMMITTED.now("{} MW at {site} by {year}; what is not committed waits for its lead time"),
            ),
        ),
        moved_by=_DATES,
    ),
)
