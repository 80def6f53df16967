"""The figures with the largest effects, found by groups that are split."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.errors import LimitReachedError
from planner.studies.estimates.plan_program import SMALL_STEP, Moved, PlanProgram
from planner.studies.estimates.table import NO_EFFECT_MUSD, swing_musd

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence

    from planner.inputs.uncertain_figures import UncertainFigure

_BEND: Final = 1.5
"""The whole way may do so many times what a small step, scaled, says; a figure in a power does."""


@dataclass
class FoundFigures:
    """What was found so far: effects of figures at their low and high [MUSD], and others."""

    effects: list[tuple[UncertainFigure, float, float]] = field(default_factory=list)
    in_steps: list[UncertainFigure] = field(default_factory=list)
    without_effect: int = 0


def deciding_figures(
    program: PlanProgram,
    figures: Sequence[UncertainFigure],
    most: int,
    report: Callable[[str], None],
    interrupt: threading.Event | None,
) -> FoundFigures:
    """Find the figures with the largest effects, groups that may hold them first."""
    found, order = FoundFigures(), count()
    queue: list[tuple[float, int, list[UncertainFigure], Moved | None]] = []
    groups: dict[tuple[str, str], list[UncertainFigure]] = {}
    for figure in figures:
        groups.setdefault((figure.table, figure.column), []).append(figure)

    def put(group: list[UncertainFigure], moved: Moved | None) -> None:
        # A group of which nothing is known is split before all others.
        bend = 1.0 if group[0].is_price else _BEND
        bound = np.inf if moved is None else bend * moved.most_musd
        if bound > NO_EFFECT_MUSD:
            heapq.heappush(queue, (-bound, next(order), group, moved))

    def look(group: list[UncertainFigure]) -> Moved | None:
        if interrupt is not None and interrupt.is_set():
            raise LimitReachedError("stopped before it was clear which figures decide")
        return program.moved([(figure, figure.further) for figure in group], SMALL_STEP)

    moving = "Moving figures to their low and high"
    for number, group in enumerate(groups.values(), start=1):
        report(f"{moving}: column {number} of {len(groups)}")
        moved = None if group[0].is_whole else look(group)
        if moved is not None and moved.most_musd > NO_EFFECT_MUSD:
            put(group, moved)
        elif program.counts_in_steps(group):
            found.in_steps += group
        else:
            found.without_effect += len(group)
    while queue:
        bound, _, group, moved = heapq.heappop(queue)
        if len(found.effects) >= most and -bound <= swing_musd(*found.effects[most - 1][1:]):
            break
        if len(group) > 1:
            middle = len(group) // 2
            half = look(group[:middle])
            put(group[:middle], half)
            put(group[middle:], rest_of(moved, half) or look(group[middle:]))
            continue
        (figure,) = group
        report(f"{moving}: {len(found.effects)} of those that decide found")
        ends = program.ends(figure, moved)
        if ends is None:
            found.in_steps.append(figure)
            continue
        found.effects.append((figure, *ends))
        found.effects.sort(key=lambda one: -swing_musd(*one[1:]))
    del found.effects[most:]
    return found


def rest_of(whole: Moved | None, half: Moved | None) -> Moved | None:
    """Return what the other half of a group does: small steps add up."""
    if whole is None or half is None or whole.by_column is None or half.by_column is None:
        return None
    return Moved.from_columns(whole.by_column - half.by_column)
