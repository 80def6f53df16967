"""On-site generation: how much a site can take, how long it runs, integer plants."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.words import amount, round_up
from planner.limits.limit import (
    Binding,
    Decision,
    Limit,
    LimitPrice,
    SetBy,
    amount_by_list,
    relaxed_rows,
    unit_increments,
)
from planner.limits.relaxation import ProposedChange, Relaxation
from planner.scenario import Setting

if TYPE_CHECKING:
    from planner.base.arrays import Floats
    from planner.inputs.prepared import PreparedScenario
    from planner.limits.limit import Place
    from planner.lp import Index


def _limit_mw(question: PreparedScenario, place: Place) -> float:
    p = question.inputs.supply
    return float(p.limit_mw[p.limited.position(place["site"], place["source"], place["year"])])


def _room(question: PreparedScenario, place: Place) -> str:
    return f"{amount(_limit_mw(question, place))} MW at {place['site']}"


def _room_mw(question: PreparedScenario, place: Place) -> str:
    return f"{amount(_limit_mw(question, place))} MW"


def _plant_mw(question: PreparedScenario, place: Place) -> str:
    p = question.inputs.supply
    mw = p.plant_least_mw[p.plant.position(place["site"], place["source"], place["year"])]
    return f"{amount(float(mw))} MW"


def _run_hours(question: PreparedScenario, place: Place) -> str:
    p = question.inputs.supply
    row = p.run_hours.position(place["site"], place["source"], place["year"])
    return f"{amount(float(p.run_hours_h[row]))} h of full output a year"


def _more_sources(question: PreparedScenario, over: Index, amounts: Floats) -> ProposedChange:
    """Give every site room for more of some sources."""
    p = question.inputs.supply
    words, settings, share = [], [], 0.0
    for place, more in relaxed_rows(over, amounts):
        own = p.limited["source"] == p.source.code(place["source"])
        old = float(p.limit_mw[own].max())
        words.append(f"+{amount(more)} MW of {place['source']} at each site")
        settings.append(Setting(("supply", "max_mw", place["source"]), round_up(old + more, 6)))
        share = max(share, more / old if old else np.inf)
    return ProposedChange(tuple(words), tuple(settings), share=share)


SOURCES: Final = Relaxation("room for sources", "MW", ("source",), _more_sources)
_WHOLE_SOURCES: Final = "supply.whole_sources"
_RUN_HOURS: Final = "supply.override.{source}.max_hours_per_year"
_PLANTS: Final = (
    SetBy(_WHOLE_SOURCES, "true"),
    SetBy("supply.override.{source}.min_size_mw", _plant_mw),
    SetBy("supply.max_mw.{source}", _room_mw),
)


LIMITS: Final = (
    Limit(
        "source_limit",
        price=LimitPrice("USD/MW-year", 1.0, "yearly", -1),
        binding=Binding(
            "MW",
            amount_by_list(lambda p: (p.supply.limited, p.supply.limit_mw)),
            "At most {limit} of {source} is allowed at {site} in {year}:",
        ),
        set_by=(SetBy("supply.max_mw.{source}", _room),),
        relaxed_by={SOURCES: unit_increments},
    ),
    Limit(
        "whole_plants",
        set_by=_PLANTS,
        moved_by=(_WHOLE_SOURCES,),
        decision=Decision("has_plant", "integer", "On-site plants are built whole or not at all."),
    ),
    Limit("plant_least", set_by=_PLANTS, moved_by=(_WHOLE_SOURCES,)),
    Limit("plant_or_none", set_by=_PLANTS, moved_by=(_WHOLE_SOURCES,)),
    Limit("run_hours", set_by=(SetBy(_RUN_HOURS, _run_hours),), moved_by=(_RUN_HOURS,)),
)
