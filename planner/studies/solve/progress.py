"""What is said of a solve while it runs, on a terminal and on a page."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Final

from planner.base.say import duration
from planner.base.units import MUSD_PER_BUSD

if TYPE_CHECKING:
    from collections.abc import Callable

    from planner.lp import ProgressEvent

__all__ = ["STAGES", "Pace", "SolverWords"]

STAGES: Final = {
    "read": "Reading scenario and data",
    "build": "Building the linear program",
    "decide": "Deciding year by year",
    "solve": "Solving",
    "results": "Making tables",
    "check": "Checking the plan",
    "estimates": "Finding which figures decide",
    "write": "Writing the run folder",
}
"""What is said of each stage of a solve."""

_FEWEST: Final = 2  # solves that say how long the others take: the first takes longer than those

_PHASES: Final = {"simplex": "simplex", "ipm": "interior point", "mip": "branch and bound"}


class Pace:
    """Says how far a study is that solves several times.

    Parameters
    ----------
    clock : callable
        Seconds since some moment.
    """
    if event.phase == "rounds":
        return _round_words(event)
    text = str(event.phase)
    if event.iterations:  # interior point does not say before it is done
        text += f" iteration {event.iterations}"
    if event.objective == event.objective:  # not nan
        text += f", cost {event.objective / MUSD_PER_BUSD:,.2f} BUSD"
    return text


def _round_words(event: ProgressEvent) -> str:
    """Say how far a decomposition is: its best plan, if there is one, and its bound."""
    text = f"round {event.iterations}"
    if event.objective == event.objective:  # not nan
        text += f", cost {event.objective / MUSD_PER_BUSD:,.2f} BUSD"
    if isfinite(event.dual_bound):
        text += f", bound {event.dual_bound / MUSD_PER_BUSD:,.2f}"
    return text + (f", gap {event.gap:.1e}" if isfinite(event.gap) else "")
