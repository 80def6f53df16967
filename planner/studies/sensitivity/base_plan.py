"""The plan that a study of sensitivity begins with, and what its duals say of the figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from planner.base.errors import InfeasibleError, LimitReachedError, SolverError
from planner.outputs.files import whole_file
from planner.outputs.folder_kinds import RUNS_FOLDER
from planner.results.ended import PLANNED
from planner.runs.reopen import reopen
from planner.studies.estimates import estimates
from planner.studies.sensitivity.factors import first_order_of
from planner.studies.solve.asking import Asking
from planner.studies.sweep.answers import answer_in, forget
from planner.studies.sweep.solve_sweep import solve_sweep

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from planner.outputs.run import Run
    from planner.runs.reopen import StoredPlan
    from planner.studies.sweep.futures import Sweep
    from planner.studies.sweep.solve_sweep import SweepProgress

__all__ = ["base_plan", "first_order", "is_base_stored", "without_plan"]

_FIRST_ORDER_FILE: Final = "first_order.parquet"


def base_plan(base: Sweep, folder: Path, on_progress: Callable[[SweepProgress], None] | None) -> StoredPlan:
    """Return the plan of the scenario as it is, solved unless it is stored."""
    (question,) = base.questions
    stored = answer_in(folder, question)
    if stored is not None and stored.run and not (folder / RUNS_FOLDER / stored.run).is_dir():
        forget(question, folder)  # the answer without the plan that duals are read from
        stored = None
    if stored is None:
        row = solve_sweep(base, folder, 1, on_progress).futures.iloc[0]
        status, message, run = (str(row[name]) for name in ("status", "message", "run"))
    else:
        status, message, run = stored.status, stored.message, stored.run
    if status not in PLANNED:
        text = f"the scenario itself has no plan ({status}): {message}"
        raise without_plan(status)(text)
    return reopen(folder / RUNS_FOLDER / run)


def is_base_stored(base: Sweep, folder: Path) -> bool:
    """Return whether an earlier study has stored the plan of the scenario, and its duals' say."""
    (question,) = base.questions
    is_answered = answer_in(folder, question) is not None
    return is_answered and (folder / _FIRST_ORDER_FILE).is_file()


def without_plan(*status: str) -> type[InfeasibleError | LimitReachedError | SolverError]:
    """Return the type of error to raise for futures without a plan, by the status of each."""
    if set(status) & {"error", "killed"}:
        return SolverError
    return InfeasibleError if set(status) <= {"infeasible", "wrong_input"} else LimitReachedError


def first_order(base: Sweep, plan: StoredPlan, folder: Path, most: int, report: Callable[[str], None]) -> pd.DataFrame:
    """Return what the duals say of each figure, from the folder where the same was asked before."""
    path = folder / _FIRST_ORDER_FILE
    # A low or a high of the data changes what is asked, and not the plan.
    (question,) = base.questions
    stored = _stored_first_order(path, question.file_name, plan.run, most)
    if stored is not None:
        return stored
    ask = Asking(report)
    found = first_order_of(estimates(plan.run, plan.scenario, plan.inputs, ask, most=most))
    found.attrs |= {"most": most, "question": question.file_name, "plan": plan.run.meta["seal"]}
    with whole_file(path) as partial:
        found.to_parquet(partial, index=False, compression="zstd")
    return found


def _stored_first_order(path: Path, asked: str, run: Run, most: int) -> pd.DataFrame | None:
    try:
        stored = pd.read_parquet(path)
    except (OSError, ValueError):  # not there, or damaged
        return None
    is_asked = stored.attrs.get("question") == asked and stored.attrs.get("plan") == run.meta["seal"]
    is_enough = int(stored.attrs.get("most", 0)) >= most
    return stored if is_asked and is_enough else None
