"""How far the futures of a study are, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planner.studies.sweep import SweepProgress

__all__ = ["so_far"]


def so_far(progress: SweepProgress) -> str:
    """Say how many futures are answered, how long the rest takes, and which one was last."""
    from planner.base.number_format import duration

    text = f"{progress.done} of {progress.total} futures"
    if progress.failed:
        text += f", {progress.failed} failed"
    if progress.stored and not progress.last:
        text += f", {progress.stored} stored before"
    if progress.done < progress.total and progress.left_s == progress.left_s:  # not nan
        text += f", about {duration(progress.left_s)} left"
    return f"{text}: {progress.last} {progress.status}" if progress.last else text
