"""A run of a plan that was just solved, with the figures that decide."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from planner.base.errors import DcplanError
from planner.studies.estimates.estimates import estimates

if TYPE_CHECKING:
    from collections.abc import Callable

    from planner.outputs.run import Run
    from planner.runs.plan import Plan
    from planner.studies.solve.asking import Asking

__all__ = ["has_estimates", "try_estimates"]


def has_estimates(plan: Plan) -> bool:
    """Return whether figures that decide can be looked for.

    They are not where there are no shadow prices, nor where a plan was decided year by year:
    other figures would have it decide otherwise in each step.
    """
    return plan.proof.has_duals and plan.scenario.foresight.window_years is None


def try_estimates(
    plan: Plan, run: Run, ask: Asking, note: Callable[[str], None]
) -> tuple[Run, Exception | None]:
    """Return a run to be stored: with the figures that decide where they can be found.

    Parameters
    ----------
    plan : Plan
        For which `has_estimates` is true.
    run : Run
        The run of it.
    ask : Asking
        How to solve.
    note : callable
        Called with why there are no such figures, where an error raised on purpose says so.

    Returns
    -------
    Run
        With the figures, or as it was.
    Exception or None
        A bug or a lack of memory, to be raised once the run is stored.
    """
    try:
        return _with_estimates(plan, run, ask), None
    except DcplanError as error:
        note(f"no figures that decide: {error}; dcplan estimates looks for them again")
    except Exception as error:
        return run, error
    return run, None


def _with_estimates(plan: Plan, run: Run, ask: Asking) -> Run:
    """Return a run with the figures that decide, and the seconds that they took."""
    began = time.perf_counter()
    found = estimates(run, plan.scenario, plan.inputs, ask).table
    spent_s = {"estimates": round(time.perf_counter() - began, 3)}
    meta = {**run.meta, "seconds": {**run.meta["seconds"], **spent_s}}
    return replace(run, estimates=found, meta=meta)
