"""What relaxes limits, and the change of a scenario that brings it about."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from planner.base.words import amount, round_up
from planner.limits.limit import relaxed_rows, site_key
from planner.scenario import Setting

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from planner.base.arrays import Floats
    from planner.inputs.prepared import Cell, PreparedScenario
    from planner.lp import Index

    Factor = Callable[[PreparedScenario, Index], Floats]
    Change = Callable[[PreparedScenario, Index, Floats], "ProposedChange"]


@dataclass(frozen=True)
class ProposedChange:
    """Settings and figures that bring a relaxation about, and what it is in words."""

    words: tuple[str, ...]  # each a change in its natural unit and where it is made
    settings: tuple[Setting, ...]  # keys of the scenario and their new values
    cells: tuple[Cell, ...] = ()  # figures of data tables that no key of a scenario reaches
    share: float = np.inf  # greatest change as a share of what there was; infinite where there was nothing


@dataclass(frozen=True, eq=False)
class Relaxation:
    """A way to relax limits, in one unit."""

    name: str  # what is relaxed, in words
    unit: str  # unit of its amounts: those of one relaxation are added up, never those of two
    axes: tuple[str, ...]  # what a setting of it can be distinguished by, such as site or year
    # from question, places and amounts to the change of the scenario that gives so much
    change: Change
    most: float = np.inf  # most of it anywhere


def raised(
    what: str,
    of: Callable[[PreparedScenario, Mapping[str, str]], tuple[tuple[str, ...], float]],
    question: PreparedScenario,
    over: Index,
    amounts: Floats,
) -> ProposedChange:
    """Raise figures that hold in all years, of which `of` gives the key path at a place and what it is now.

    In `what` stand the amount, `{}`, and labels of the place.
    """
    words, settings, share = [], [], 0.0
    for place, more in relaxed_rows(over, amounts):
        keys, old = of(question, place)
        words.append(f"+{what.format(amount(more), **place)}")
        settings.append(Setting(keys, round_up(old + more, 6)))
        share = max(share, more / old if old else np.inf)
    return ProposedChange(tuple(words), tuple(settings), share=share)


def raised_at_sites(figure: str, what: str, now: Callable[[PreparedScenario, str], float]) -> Change:
    """Raise a figure of sites that holds in all years."""
    return partial(
        raised, f"{{}} {what} at {{site}}", lambda q, at: (site_key(q.scenario, at["site"], figure), now(q, at["site"]))
    )


def more_by_year(
    keys: tuple[str, str],
    what: str,
    now: Callable[[PreparedScenario], tuple[Index, Floats]],
    question: PreparedScenario,
    over: Index,
    amounts: Floats,
) -> ProposedChange:
    """Raise a path by year in the years that need it; other years keep what they have."""
    limited, limit = now(question)
    more = {int(place["year"]): by for place, by in relaxed_rows(over, amounts)}
    old = dict(zip(limited.labels("year").astype(int).tolist(), limit.tolist(), strict=True))
    path = {year: round_up(value + more.get(year, 0.0), 6) for year, value in old.items()}
    words = tuple(f"+{amount(by)} {what} in {year}" for year, by in more.items())
    share = max((by / old[year] if old[year] else np.inf for year, by in more.items()), default=0)
    return ProposedChange(words, (Setting(keys, path),), share=share)


def scaled(
    keys: tuple[str, str], what: str, question: PreparedScenario, over: Index, amounts: Floats
) -> ProposedChange:
    """Raise a factor on all limits of a kind."""
    del over
    old = float(getattr(getattr(question.scenario, keys[0]), keys[1]))
    more = round_up(float(amounts[0]), 3)
    words = f"+{amount(100 * more)} % of {what}"
    return ProposedChange((words,), (Setting(keys, round_up(old * (1.0 + more), 6)),), share=more)
