"""On-site generation: how much a site can take, how long it runs, integer plants."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from planner.limits.limit import MW_YEAR, Binding, Decision, Limit, Listed, SetBy, unit_increments
from planner.limits.relaxation import Relaxation, raised

if TYPE_CHECKING:
    from planner.inputs.prepared import PreparedScenario
    from planner.limits.limit import Place


_ROOM: Final = Listed(lambda p: (p.supply.limited, p.supply.limit_mw))
_PLANT: Final = Listed(lambda p: (p.supply.plant, p.supply.plant_least_mw))
_HOURS: Final = Listed(lambda p: (p.supply.run_hours, p.supply.run_hours_h))


def _most(question: PreparedScenario, place: Place) -> tuple[tuple[str, ...], float]:
    p, source = question.inputs.supply, place["source"]
    own = p.limited["source"] == p.source.code(source)
    return ("supply", "max_mw", source), float(p.limit_mw[own].max())


SOURCES: Final = Relaxation(
    "room for sources", "MW", ("source",), partial(raised, "{} MW of {source} at each site", _most)
)
_WHOLE_SOURCES: Final = "supply.whole_sources"
_RUN_HOURS: Final = "supply.override.{source}.max_hours_per_year"
_PLANTS: Final = (
    SetBy(_WHOLE_SOURCES, "true"),
    SetBy("supply.override.{source}.min_size_mw", _PLANT.now("{} MW")),
    SetBy("supply.max_mw.{source}", _ROOM.now("{} MW")),
)


SUPPLY_LIMITS: Final = (
    Limit(
        "source_limit",
        price=MW_YEAR,
        binding=Binding("MW", _ROOM.amount, "At most {limit} of {source} is allowed at {site} in {year}:"),
        set_by=(SetBy("supply.max_mw.{source}", _ROOM.now("{} MW at {site}")),),
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
    Limit("run_hours", set_by=(SetBy(_RUN_HOURS, _HOURS.now("{} h of full output a year")),), moved_by=(_RUN_HOURS,)),
)
