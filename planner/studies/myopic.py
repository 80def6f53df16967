"""The value of foresight: what a plan that is decided year by year costs more."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import pandas as pd

from planner.base.errors import InfeasibleError, InputError, LimitReachedError, Problem, raise_all
from planner.base.pandas_texts import with_texts_as_objects
from planner.inputs import build_inputs
from planner.outputs.answer import Answer
from planner.outputs.own_folder import RUNS
from planner.results.cost_difference import PlanCost
from planner.results.ended import worst_exit_code
from planner.runs.folder import write_run
from planner.scenario import Changes, Scenario, Setting, load_scenario, with_settings
from planner.studies.solve.checked_plan import StageTimes, plan_of
from planner.studies.solve.solves import SolveHooks

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Sequence

    from planner.lp import ProgressEvent
    from planner.runs.plan import Plan

Decides = Literal["orders", "service"]
COLUMNS: Final = (
    *("window_years", "status", "cost_musd", "foresight_musd", "foresight_frac", "penalty_musd"),
    *("foresight_penalty_musd", "is_within_gaps", "unmet_kh100e", "unmet_year"),
)
_INFEASIBLE: Final = "infeasible"
_STOPPED: Final = "stopped"
_NOT_SOLVED: Final = "not_solved"
_NOTHING_KH100E: Final = 1e-6


@dataclass(frozen=True, eq=False, repr=False)
class Myopic(Answer):
    """Plans by how far they look."""

    kind = RUNS
    fields = ("scenario", "decides", "notes")

    scenario: str  # name of the scenario
    decides: Decides  # what is decided for good in a year
    # `COLUMNS`: first the plan with all years in view, then one row per window. Model years in view whenever a year is
    # decided; how the solve ended: infeasible where a step had no plan, stopped where a limit or an interrupt left
    # none, not_solved where an interrupt came before it; cost of the plan over the whole horizon; value of foresight,
    # which is cost less that of the plan with all years in view, and the same as a share of that plan's cost; part of
    # the cost that is the penalty of unmet demand, and part of the value of foresight that is; whether the gaps of both
    # plans could explain that value; unmet compute in its worst year, and that year, 0 where none is unmet
    table: pd.DataFrame
    plans: tuple[Plan | None, ...]  # the plan of each row; None where a step had none
    why: tuple[str, ...]  # for each row why there is no plan; empty where there is one

    @property
    def is_stopped(self) -> bool:
        """Whether a limit or an interrupt left a window without its plan."""
        return bool(self.table["status"].isin([_STOPPED, _NOT_SOLVED]).any())

    @property
    def is_infeasible(self) -> bool:
        """Whether windows shorter than the horizon were asked for, and none of them has a plan."""
        is_short = self.table["window_years"] < self.table["window_years"].iloc[0]
        return set(self.table["status"][is_short]) == {_INFEASIBLE}

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know of the windows: those that are longer than the horizon."""
        every, *windows = self.table["window_years"].tolist()
        return tuple(
            f"A window of {window} years sees all {every} years of the plan, as a window of {every}"
            " would: nothing is decided without the years after it in view."
            for window in windows
            if window > every
        )

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """A row per window, with why it has no plan, and the run of one that it has."""
        runs = [plan.run.meta["run"] if plan else None for plan in self.plans]
        why = [why or None for why in self.why]
        return {"windows": self.table.assign(why=pd.Series(why, dtype=object), run=pd.Series(runs, dtype=object))}

    @property
    def exit_code(self) -> int:
        """That of the worst plan; 4 where it was stopped, 3 where no window has a plan."""
        codes = [plan.exit_code for plan in self.plans if plan is not None]
        codes += [LimitReachedError.exit_code] if self.is_stopped else []
        codes += [InfeasibleError.exit_code] if self.is_infeasible and not self.is_stopped else []
        return worst_exit_code(codes)

    def write(self, runs_dir: str | Path, *, workbook: bool = True, log: Iterable[str] = ()) -> list[Path]:
        """Write each plan as a run into a folder of runs; return the folders."""
        plans = {id(plan): plan for plan in self.plans if plan is not None}.values()
        return [write_run(plan, Path(runs_dir), workbook=workbook, log=log) for plan in plans]

    def save(self, folder: str | Path) -> Path:
        """Write each plan as a run into a folder of runs; return that folder."""
        self.write(folder)
        return Path(folder)


@with_texts_as_objects
def myopic(
    scenario: str | Path | Scenario,
    overrides: Changes = (),
    *,
    windows: Sequence[int] = (1,),
    decides: Decides = "orders",
    on_stage: Callable[[str], None] | None = None,
    on_progress: Callable[[ProgressEvent], None] | None = None,
    interrupt: threading.Event | None = None,
) -> Myopic:
    """Decide a scenario year by year, and compare the cost with that of perfect foresight.

    Parameters
    ----------
    windows : sequence of int
        Model years in view whenever a year is decided; one plan for each. One that sees all years
        is not solved again, and one as long as the horizon is the plan with all years in view.
    decides : {"orders", "service"}
        Whether orders that cannot wait are decided in a year, or what enters service in it.
    scenario, overrides, on_stage, on_progress, interrupt
        As for `planner.solve`.

    Returns
    -------
    Myopic
        Every plan is checked, and of the program of the whole horizon. Without integers none costs
        less than the one with all years in view, which is the program without what is held;
        rounded integers may. Where it was stopped, what was solved before.

    Raises
    ------
    InputError
        If the scenario cannot be used, or a window is not; with every problem.
    InfeasibleError
        If there is no plan even with all years in view.
    LimitReachedError, SolverError
        If a limit or an interrupt came before there was a plan with all years in view, or the
        solver failed.

    Examples
    --------
    >>> found = myopic("tiny", windows=[1, 2])
    >>> found.table["foresight_musd"].round(1).tolist()
    [0.0, 2932.9]
    """
    problems = [Problem.of("--window", f"it is {window}", "1 or more model years") for window in windows if window < 1]
    problems += [] if windows else [Problem.of("--window", "no window is given", "one or more")]
    try:
        scenario = load_scenario(scenario, overrides)
        inputs = build_inputs(scenario)
    except InputError as error:
        raise InputError([*problems, *error.problems]) from error
    raise_all(problems)
    report = on_stage or (lambda _: None)
    rows: list[tuple[int, Plan | None, str, str]] = []  # years in view, the plan or none, how that ended, and why
    every = len(inputs.years)
    for window in (None, *(window for window in dict.fromkeys(windows) if window != every)):
        seen = every if window is None else window
        if rows and seen >= every:  # all years are in view: that plan is there
            rows.append((seen, *rows[0][1:]))
            continue
        if rows and interrupt is not None and interrupt.is_set():
            rows.append((seen, None, _NOT_SOLVED, "stopped before it was begun"))
            continue
        words = "all years" if window is None else f"{seen} of {every} years"
        report(f"Solving with {words} in view")
        asked = _with_view(scenario, window, decides)
        try:
            plan = plan_of(asked, inputs, StageTimes(), hooks=SolveHooks(on_progress, interrupt))
            rows.append((seen, plan, plan.outcome.status, ""))
        except (InfeasibleError, LimitReachedError) as error:
            if window is None:
                raise
            status = _INFEASIBLE if isinstance(error, InfeasibleError) else _STOPPED
            rows.append((seen, None, status, str(error)))
    seen_years, plans, statuses, why = zip(*rows, strict=True)
    return Myopic(scenario.name, decides, _table(seen_years, plans, statuses), plans, why)


def _with_view(scenario: Scenario, window: int | None, decides: Decides) -> Scenario:
    """Return the scenario with so many years in view, all where it is None."""
    if window is None and scenario.foresight.window_years is None:
        return scenario
    settings = {"window_years": window, **({} if window is None else {"decides": decides})}
    return with_settings(scenario, [Setting(("foresight", key), value) for key, value in settings.items()])


def _table(seen_years: Sequence[int], plans: Sequence[Plan | None], statuses: Sequence[str]) -> pd.DataFrame:
    lines: list[tuple[object, ...]] = []
    least = plans[0]
    assert least is not None
    base = PlanCost.from_stored(least.run.meta, least.costs)
    for seen, plan, status in zip(seen_years, plans, statuses, strict=True):
        if plan is None:
            lines.append((seen, status, *[np.nan] * 5, False, np.nan, 0))
            continue
        cost = PlanCost.from_stored(plan.run.meta, plan.costs)
        more = cost.less(base)
        unmet = plan.summary["unmet_kh100e"].to_numpy(dtype=np.float64)
        most = float(unmet.max())
        year = int(plan.summary["year"].to_numpy(dtype=np.int64)[unmet.argmax()]) if most > _NOTHING_KH100E else 0
        share = more.musd / abs(base.cost_musd) if base.cost_musd else np.nan
        of = (share, cost.penalty_musd, more.penalty_musd, plan is not least and more.is_within_gaps, most, year)
        lines.append((seen, status, cost.cost_musd, more.musd, *of))
    return pd.DataFrame(lines, columns=list(COLUMNS))
