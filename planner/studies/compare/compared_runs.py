"""Runs compared, with the difference in cost split by cause where that is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, get_args

from planner.base.errors import InputError, Problem
from planner.outputs.comparison.comparison import RunComparison
from planner.outputs.comparison.measures import MOST_RUNS
from planner.outputs.run import Run
from planner.runs.find import find_run
from planner.runs.folder import load_run
from planner.runs.plan import PlanViews
from planner.studies.compare.groups import By
from planner.studies.compare.split import HowToSplit, split_by_cause
from planner.studies.solve.asking import Asking

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from planner.outputs.comparison.causes import CostsOf

__all__ = ["compare", "with_splits"]


def compare(
    *runs: str | Path | PlanViews | Run,
    causes: bool = False,
    paired: bool = False,
    same_openings: bool = False,
    how: HowToSplit = "auto",
    by: By = "auto",
    runs_dir: str | Path = "runs",
    on_stage: Callable[[str], None] | None = None,
    interrupt: threading.Event | None = None,
) -> RunComparison:
    """Compare runs with the first of them.

    Parameters
    ----------
    *runs : str, Path, Plan or Run
        Two or more: a run folder, the name of a run, the name of a scenario, whose latest run
        without changed settings is meant, or a plan.
    causes : bool
        Solve again to split the difference in cost by the inputs that differ.
    paired : bool
        Compare programs without integrality, so that no rounding counts.
    same_openings : bool
        Compare plans with the integers of the first run.
    how, by
        As for `split_by_cause`.
    runs_dir : str or Path
        Folder of run folders.
    on_stage : callable, optional
        Called with the progress.
    interrupt : threading.Event, optional
        Set it to stop.

    Returns
    -------
    RunComparison
        With `inputs`, `results`, `certainty`, `splits` and `notes`.

    Raises
    ------
    InputError
        If a run is not found or cannot be read, there is not more than one, `paired` and
        `same_openings` are both set, or `how` or `by` is none that there is, or given without
        `causes`.
    InfeasibleError
        If a run has no plan, or none with the openings of the first.
    LimitReachedError
        If it was stopped.

    Examples
    --------
    >>> import planner
    >>> before = planner.solve("tiny")
    >>> after = planner.solve("tiny", ["new_sites.north.land_limit_mw=27"])
    >>> compare(before, after).inputs[["key", "A", "B"]].to_numpy().tolist()
    [['new_sites.north.land_limit_mw', 30.0, 27.0]]
    """
    if paired and same_openings:
        what_is = "paired and same_openings are both True"
        raise InputError([Problem("compare", None, None, what_is, "one of them at most", "")])
    for name, value, known in (("how", how, get_args(HowToSplit)), ("by", by, get_args(By))):
        if value not in known:
            must_be = f"one of {', '.join(known)}"
            raise InputError([Problem("compare", None, None, f"{name} is {value!r}", must_be, "")])
        if value not in {"auto", "none"} and not causes:
            what_is = f"{name} is {value!r} and causes is False"
            must_be = "given with causes=True alone"
            raise InputError([Problem("compare", None, None, what_is, must_be, "leave it out")])
    found = tuple(_run(run, Path(runs_dir)) for run in runs)
    if not 1 < len(found) <= MOST_RUNS:
        given = "1 run is" if len(found) == 1 else f"{len(found)} runs are"
        what_is = f"{given} given"
        raise InputError([Problem("compare", None, None, what_is, f"2 to {MOST_RUNS}", "")])
    comparison = RunComparison(found)
    if not (causes or paired or same_openings):
        return comparison
    ask = Asking(on_stage or (lambda _: None), interrupt)
    costs_of: CostsOf = "bounds" if paired else "openings" if same_openings else "plans"
    return with_splits(comparison, ask, costs_of=costs_of, how=how if causes else "none", by=by)


def with_splits(
    comparison: RunComparison, ask: Asking, *, costs_of: CostsOf = "plans", how: HowToSplit = "auto", by: By = "auto"
) -> RunComparison:
    """Split the difference in cost of each further run and the first."""
    runs = comparison.runs
    splits = tuple(split_by_cause(runs, at, ask, costs_of=costs_of, how=how, by=by) for at in range(1, len(runs)))
    return RunComparison(runs, splits)


def _run(run: str | Path | PlanViews | Run, runs_dir: Path) -> Run:
    if isinstance(run, Run):
        return run
    if isinstance(run, PlanViews):
        return run.run
    return load_run(find_run(str(run), runs_dir))
