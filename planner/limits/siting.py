"""Siting: which and how many sites open, integer openings and phases, blocks of a workload."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.base.words import amount
from planner.limits.limit import Decision, Limit, Listed, SetBy

if TYPE_CHECKING:
    from planner.inputs.prepared import PreparedScenario
    from planner.limits.limit import Place


def _kept_closed(question: PreparedScenario, place: Place) -> str | None:
    site = place["site"]
    return site if site in question.scenario.siting.must_not_open else None


def _kept_open(question: PreparedScenario, place: Place) -> str | None:
    site = place["site"]
    return site if site in question.scenario.siting.must_open else None


_PHASE: Final = Listed(lambda p: (p.siting.phase, p.siting.phase_mw))
_BLOCK: Final = Listed(lambda p: (p.siting.block, p.siting.block_mw))


def _phase_of_all(question: PreparedScenario, place: Place) -> str | None:
    mw = _PHASE.at(question, place)
    return f"{amount(mw)} MW" if mw == question.scenario.siting.phase_mw else None


def _phase_of_site(question: PreparedScenario, place: Place) -> str | None:
    mw = _PHASE.at(question, place)
    return None if mw == question.scenario.siting.phase_mw else f"{amount(mw)} MW"


def _own_block(question: PreparedScenario, place: Place) -> str | None:
    is_own = place["workload"] in question.scenario.siting.block_mw
    return f"{amount(_BLOCK.at(question, place))} MW" if is_own else None


def _block_of_table(question: PreparedScenario, place: Place) -> str | None:
    is_own = place["workload"] in question.scenario.siting.block_mw
    return None if is_own else f"true, {amount(_BLOCK.at(question, place))} MW of {place['workload']}"


_PHASES: Final = (SetBy("siting.phase_mw", _phase_of_all), SetBy("sites.{site}.phase_mw", _phase_of_site))
_BLOCK_KEY: Final = "siting.block_mw.{workload}"
_TABLE_BLOCKS: Final = "siting.table_blocks"
_BLOCKS: Final = (SetBy(_BLOCK_KEY, _own_block), SetBy(_TABLE_BLOCKS, _block_of_table))


SITING_LIMITS: Final = (
    Limit(
        "must_not_open",
        set_by=(SetBy("siting.must_not_open", _kept_closed),),
        moved_by=("siting.must_not_open",),
        decision=Decision("open", "upper bound", "A site that must not open stays closed."),
    ),
    Limit(
        "must_open",
        set_by=(SetBy("siting.must_open", _kept_open),),
        moved_by=("siting.must_open",),
        decision=Decision("open", "lower bound", "An existing or required site is open."),
    ),
    Limit("most_sites", set_by=(SetBy("siting.at_most_sites", "{}"),), moved_by=("siting.at_most_sites",)),
    Limit("exact_sites", set_by=(SetBy("siting.exactly_sites", "{}"),), moved_by=("siting.exactly_sites",)),
    Limit(
        "whole_openings",
        set_by=(SetBy("siting.whole_openings", "true"),),
        moved_by=("siting.whole_openings",),
        decision=Decision("open", "integer", "A site opens fully or not at all."),
    ),
    Limit("opening_pace", moved_by=("siting.whole_openings",)),
    Limit("served_only_if_open", set_by=(SetBy("siting.whole_openings", "true"),), moved_by=("siting.whole_openings",)),
    Limit(
        "whole_phases",
        set_by=_PHASES,
        moved_by=("siting.phase_mw",),
        decision=Decision("phases", "integer", "The number of phases is an integer."),
    ),
    Limit("hall_phases", set_by=_PHASES, moved_by=("siting.phase_mw",)),
    Limit(
        "whole_blocks",
        set_by=_BLOCKS,
        moved_by=(_BLOCK_KEY, _TABLE_BLOCKS),
        decision=Decision("holds", "integer", "A site has a full block of a workload, or none."),
    ),
    Limit("block_least", set_by=_BLOCKS, moved_by=(_BLOCK_KEY, _TABLE_BLOCKS)),
    Limit("block_or_none", set_by=_BLOCKS, moved_by=(_BLOCK_KEY, _TABLE_BLOCKS)),
)
