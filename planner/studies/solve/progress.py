"""What is said of a solve while it runs, on a terminal and on a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.base.units import MUSD_PER_BUSD

if TYPE_CHECKING:
    from planner.lp import ProgressEvent

__all__ = ["STAGES", "solver_words"]

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


def solver_words(event: ProgressEvent) -> str:
    """Say how far the solver is.

    Parameters
    ----------
    event : ProgressEvent
        As the solver reports it.
    """
    text = str(event.phase)
    if event.iterations:  # interior point does not say before it is done
        text += f" iteration {event.iterations}"
    if event.objective == event.objective:  # not nan
        text += f", cost {event.objective / MUSD_PER_BUSD:,.2f} BUSD"
    return text
