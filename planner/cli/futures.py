"""What commands that solve futures have in common: how far they are, and where they are solved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from planner.studies.sweep import SweepProgress

__all__ = ["refuse_jobs_of_a_cluster", "so_far"]


def refuse_jobs_of_a_cluster(jobs: int | None, scheduler: str | None) -> None:
    """Refuse a number of processes for futures that a cluster solves."""
    if jobs is not None and scheduler is not None:
        message = "--jobs and --scheduler cannot be combined: a cluster has workers of its own"
        raise click.UsageError(message)


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
