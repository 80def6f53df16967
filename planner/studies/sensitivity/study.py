"""Which inputs decide: the futures of a study of sensitivity, solved as a sweep solves its own."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from planner.base.errors import InputError, Problem, raise_all
from planner.base.paths import SCENARIOS_DIR
from planner.inputs import TABLES
from planner.inputs.build import unmoved_figures
from planner.outputs.own_folder import SENSITIVITY, SWEEP_FILE, wrong_folder
from planner.outputs.study_files import COST, Sensitivity
from planner.runs.names import folder_of_file
from planner.scenario import Changes, read_draft
from planner.scenario.chain import is_path
from planner.studies.sensitivity.design import (
    FIGURES,
    SEED,
    Design,
    Method,
    size_of,
    words_of,
    wrong_sizes,
    wrong_wishes,
)
from planner.studies.sensitivity.futures import (
    SolvedFutures,
    base_plan,
    base_sweep,
    factors_of,
    first_order,
    left_out_of,
    not_valid,
    points_of,
    sweep_of_points,
)
from planner.studies.solve.asking import hear_warnings
from planner.studies.sweep.answers import answer_in
from planner.studies.sweep.one import wrong_address
from planner.studies.sweep.solve_sweep import SweepProgress, solve_sweep
from planner.tables import right_tables

if TYPE_CHECKING:
    from collections.abc import Callable


_NO_STEPS: Final = "counts in steps, of which first order says nothing; steps moves it"


def sensitivity(
    scenario: str | Path,
    overrides: Changes = (),
    *,
    method: Method = "tornado",
    out: str | Path | None = None,
    figures: int = FIGURES,
    trajectories: int | None = None,
    samples: int | None = None,
    seed: int = SEED,
    of: str = COST,
    steps: bool = True,
    jobs: int | None = None,
    scheduler: str | None = None,
    on_stage: Callable[[str], None] | None = None,
    on_progress: Callable[[SweepProgress], None] | None = None,
    on_warning: Callable[[Problem], None] | None = None,
    on_design: Callable[[str], None] | None = None,
) -> Sensitivity:
    """Find which inputs decide: figures of the data moved between their own low and high.

    The plan of the scenario is solved first. Its duals say to first order what each figure does,
    and so which are worth many solves. Those are moved and solved again as the futures of a sweep
    are: answers are stored as they come, so that a study that is ended in any way goes on from
    there, as does one with more trajectories or samples.

    Parameters
    ----------
    scenario : str or Path
        A file, or the name of a shipped scenario.
    overrides, on_warning
        As for `planner.solve`.
    method : {"tornado", "morris", "sobol"}
        One figure at a time at its low and high; Morris's trajectories, which tell figures that
        act alone from those that act together; Sobol's shares of the variance. The last two need
        the extra ``sensitivity``.
    out : str or Path, optional
        Folder of the study; left out: one in ``sensitivity/`` of the name of the scenario, which
        no other file has.
    figures : int
        How many of the figures that do most to first order are moved.
    trajectories : int, optional
        Of Morris, at least 2; 10 where left out.
    samples : int, optional
        Base samples of Sobol, a power of 2; 64 where left out.
    seed : int
        Of the points that are drawn.
    of : str
        What is asked of: ``objective_musd``, ``bound_musd`` (of the program without integrality),
        or a column of table summary, in its last year.
    steps : bool
        Move columns that count in steps too, each as one factor.
    jobs, scheduler, on_stage, on_progress
        As for `planner.sweep`; the last is given a `SweepProgress` when a future is done.
    on_design : callable, optional
        Called, before they are solved, with how many futures there are, about how long they take
        one after the other, and how to have fewer.

    Returns
    -------
    Sensitivity
        Its table, what was left out, and its points.

    Raises
    ------
    InputError
        With every problem of what is asked, of the scenario and of its data; if the folder is
        that of another study.
    InfeasibleError, LimitReachedError, SolverError
        If the scenario has no plan, or too few points have one.
    OSError
        If the folder cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> found = sensitivity("tiny", out=tempfile.mkdtemp(), figures=1, jobs=1)
    >>> found.table["item"].tolist(), found.table["rank"].tolist()
    (['it_maintenance'], [1])
    """
    sizes = {"trajectories": trajectories, "samples": samples}
    problems = [*wrong_wishes(method, figures, seed, of), *wrong_sizes(method, sizes)]
    folder = folder_of(scenario, out)
    problems += wrong_address(scheduler)
    problems += wrong_folder(folder, SENSITIVITY, _file_of(scenario))
    try:
        draft = read_draft(scenario, overrides)
        base = base_sweep(draft)
    except InputError as error:
        raise InputError([*problems, *error.problems]) from error
    raise_all(problems)
    hear_warnings(base.warnings, on_warning)
    design = Design(method, size_of(method, sizes), seed)
    report = on_stage or (lambda _: None)
    ranked = first_order(base, base_plan(base, folder, on_progress), folder, figures, report)
    tables = right_tables(TABLES, draft.data_files)
    every = factors_of(ranked, tables, figures)
    in_steps = [one for one in every if one.is_in_steps]
    without = not_valid(draft, in_steps) if steps else [(one, _NO_STEPS) for one in in_steps]
    factors = [one for one in every if one not in dict(without)]
    if not factors:
        what_is = "no figure with a low and a high moves the cost of its plan"
        fix = "ask of another scenario, or give figures of a table of your own a low and a high"
        raise InputError.at(draft.name, what_is, "at least one", fix)
    points = points_of(design, factors)
    sweep = sweep_of_points(draft, factors, points)
    if on_design is not None:
        answer = answer_in(folder, base.questions[0])
        seconds = math.nan if answer is None else answer.seconds
        on_design(words_of(design, len(factors), points["future"].nunique(), seconds))
    answers = solve_sweep(sweep, folder, jobs, on_progress, scheduler=scheduler, on_stage=report)
    solved = SolvedFutures(design, of, factors, points, answers)
    left_out = left_out_of(factors, tables, without)
    return replace(solved.to_sensitivity(draft.name, left_out, unmoved_figures(tables)), file=_file_of(scenario))


def folder_of(scenario: str | Path, out: str | Path | None = None) -> Path:
    """Return the folder of a study: the one named, or one that its scenario's file has alone."""
    if out is not None:
        return Path(out)
    return folder_of_file(_file_of(scenario), Path("sensitivity"), SWEEP_FILE)


def _file_of(scenario: str | Path) -> Path:
    """Return the file of a scenario, there or not."""
    is_file = isinstance(scenario, Path) or is_path(scenario)
    return Path(scenario) if is_file else SCENARIOS_DIR / f"{scenario}.yaml"
