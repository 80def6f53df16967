"""Which inputs decide: the futures of a study of sensitivity, solved as a sweep solves its own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from planner.base.errors import (
    InfeasibleError,
    InputError,
    LimitReachedError,
    Problem,
    SolverError,
)
from planner.base.words import closest
from planner.inputs import TABLES
from planner.inputs.figures import unmoved_figures
from planner.outputs.files import whole_file
from planner.outputs.of_plan import is_of_plan, marked
from planner.outputs.sensitivity import FACTOR, INDICES, RANKS, Sensitivity
from planner.results.schema import TABLES as RESULTS
from planner.runs.names import fingerprint, slug
from planner.runs.reopen import reopen
from planner.scenario import read_draft
from planner.scenario.tree import Node, Place
from planner.studies.estimates import estimates
from planner.studies.sensitivity.design import METHODS, Design, rows_per_block, shares_of
from planner.studies.sensitivity.factors import factors_of, first_order_of, left_out_of
from planner.studies.sensitivity.indices import (
    BY,
    indices_of,
    intervals_ranked,
    ranked,
    ranks_of,
)
from planner.studies.solve.asking import Asking
from planner.studies.sweep.answers import PLANNED, answer_in, forget
from planner.studies.sweep.axes import Axis
from planner.studies.sweep.file import MOST_FUTURES, SweepFile
from planner.studies.sweep.futures import sweep_of
from planner.studies.sweep.points import Future
from planner.studies.sweep.run import RUNS_FOLDER, solve_sweep
from planner.tables import right_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from planner.base.arrays import Floats
    from planner.outputs.run import Run
    from planner.runs.reopen import StoredPlan
    from planner.scenario import Draft
    from planner.studies.sensitivity.design import Method
    from planner.studies.sensitivity.factors import Factor
    from planner.studies.sweep.futures import Sweep
    from planner.studies.sweep.run import Progress, SweepResult

__all__ = ["folder_of", "sensitivity"]

_SIZES: Final[Mapping[str, int]] = {"tornado": 0, "morris": 10, "sobol": 64}
"""Trajectories or base samples where none are asked for."""
_SEED: Final = 1
_SIZE_OF: Final[Mapping[str, str]] = {"morris": "trajectories", "sobol": "samples"}
_USUAL: Final[Mapping[str, str]] = {
    "trajectories": "10 to 50 are usual",
    "samples": "64 to 1,024 are usual",
}
_FIGURES: Final = 10
_NO_STEPS: Final = "counts in steps, of which first order says nothing; steps moves it"
_BASE: Final = "base"
_COST: Final = "objective_musd"
_BOUND: Final = "bound_musd"
_FIRST_ORDER_FILE: Final = "first_order.parquet"
_MOST_SEED: Final = 2**32 - 1
_MOST_FIGURES: Final = 100
_OUTPUTS: Final[Mapping[str, str]] = {
    _COST: "MUSD",
    _BOUND: "MUSD",
    **{one.name: one.unit for one in RESULTS["summary"].fields if one.name != "year"},
}
"""What can be asked of, with its unit: the cost, its bound, and the summary of the last year."""


def sensitivity(
    scenario: str | Path,
    method: Method = "tornado",
    out: str | Path | None = None,
    *,
    figures: int = _FIGURES,
    trajectories: int | None = None,
    samples: int | None = None,
    seed: int = _SEED,
    of: str = _COST,
    steps: bool = True,
    overrides: Sequence[str] = (),
    jobs: int | None = None,
    scheduler: str | None = None,
    on_stage: Callable[[str], None] | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    on_warning: Callable[[Problem], None] | None = None,
) -> Sensitivity:
    """Find which inputs decide: figures of the data moved between their own low and high.

    The plan of the scenario is solved first. Its duals say at first order what each figure does,
    and so which are worth many solves. Those are moved and solved again as the futures of a sweep
    are: answers are stored as they come, so that a study that is ended in any way goes on from
    there, as does one with more trajectories or samples.

    Parameters
    ----------
    scenario : str or Path
        A file, or the name of a shipped scenario.
    method : {"tornado", "morris", "sobol"}
        One figure at a time at its low and high; Morris's trajectories, which tell figures that
        act alone from those that act together; Sobol's shares of the variance. The last two need
        the extra ``sensitivity``.
    out : str or Path, optional
        Folder of the study; left out: ``sensitivity/`` and the name of the scenario.
    figures : int
        How many of the figures that do most at first order are moved.
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
    overrides : sequence of str
        Settings as after ``--set``.
    jobs, scheduler
        As for `planner.sweep`.
    on_stage : callable, optional
        Is told what is being done between solves.
    on_progress : callable, optional
        Is given a `planner.studies.sweep.Progress` when a future is done.
    on_warning : callable, optional
        Is told of each figure of the scenario that is allowed but implausible.

    Returns
    -------
    Sensitivity
        Its table, what was left out, and its points.

    Raises
    ------
    InputError
        With every problem of what is asked, of the scenario and of its data.
    InfeasibleError, LimitReachedError, SolverError
        If the scenario has no plan, or too few points have one.
    OSError
        If the folder cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> found = sensitivity("tiny", out=tempfile.mkdtemp(), figures=2, jobs=1)
    >>> found.table["item"].tolist(), found.table["rank"].tolist()
    (['it_maintenance', 'gb200_nvl72'], [1, 2])
    """
    sizes = {"trajectories": trajectories, "samples": samples}
    problems = [*_wrong_wishes(method, figures, seed, of), *_wrong_sizes(method, sizes)]
    try:
        draft = read_draft(scenario, overrides)
        base = _base_sweep(draft)
    except InputError as error:
        raise InputError([*problems, *error.problems]) from error
    if problems:
        raise InputError(problems)
    if on_warning is not None:
        for warning in base.warnings:
            on_warning(warning)
    folder = folder_of(draft.name, out)
    design = Design(method, _size(method, sizes), seed)
    report = on_stage or (lambda _: None)
    plan = _base_plan(base, folder, on_progress)
    first_order = _first_order(plan, folder, figures, report)
    tables = right_tables(TABLES, draft.data_files)
    every = factors_of(first_order, tables, figures)
    without = [(one, _NO_STEPS) for one in every if one.is_in_steps and not steps]
    without += _not_valid(draft, [one for one in every if one.is_in_steps and steps])
    out_of_it = [one for one, _ in without]
    factors = [one for one in every if one not in out_of_it]
    if not factors:
        raise InputError([_nothing_moves(draft)])
    points = _points_of(design, factors)
    sweep = _sweep_of(draft, factors, points)
    solved = solve_sweep(sweep, folder, jobs, on_progress, scheduler=scheduler)
    study = _Study(design, of, factors, points, solved)
    left_out = left_out_of(factors, tables, without)
    return study.found(draft.name, left_out, unmoved_figures(tables))


def folder_of(scenario: str | Path, out: str | Path | None = None) -> Path:
    """Return the folder of a study: the one named, or one of the name of its scenario."""
    return Path(out) if out is not None else Path("sensitivity") / slug(Path(scenario).stem)


def _problem(what_is: str, must_be: str, fix: str) -> Problem:
    return Problem("sensitivity", None, None, what_is, must_be, fix)


def _wrong_wishes(method: str, figures: int, seed: int, of: str) -> list[Problem]:
    """Return what is wrong with what is asked, but for the sizes."""
    problems = []
    if method not in METHODS:
        meant = closest(method, METHODS)
        fix = f"did you mean {meant!r}?" if meant else "take another one"
        problems.append(_problem(f"method is {method!r}", ", ".join(METHODS), fix))
    elif method != "tornado" and find_spec("SALib") is None:
        fix = "install it: pip install 'dcplan[sensitivity]'"
        what_is = f"SALib is not installed, which method {method} needs"
        problems.append(_problem(what_is, "SALib 1.6 or newer", fix))
    if not 1 <= figures <= _MOST_FIGURES:
        must_be = f"an integer from 1 to {_MOST_FIGURES}"
        problems.append(_problem(f"figures is {figures}", must_be, "10 to 20 are usual"))
    if not 0 <= seed <= _MOST_SEED:
        must_be = f"an integer from 0 to {_MOST_SEED:,}"
        problems.append(_problem(f"seed is {seed}", must_be, "take another one"))
    if of not in _OUTPUTS:
        meant = closest(of, list(_OUTPUTS))
        fix = f"did you mean {meant!r}?" if meant else "docs/results.md lists the columns"
        must_be = f"{_COST}, {_BOUND} or a column of table summary"
        problems.append(_problem(f"of is {of!r}", must_be, fix))
    return problems


def _wrong_sizes(method: str, sizes: Mapping[str, int | None]) -> list[Problem]:
    """Return sizes that are of another method, and those that the method cannot have."""
    problems = []
    for name, size in sizes.items():
        if size is None or method not in METHODS:
            continue
        if _SIZE_OF.get(method) != name:
            of = next(of for of, its in _SIZE_OF.items() if its == name)
            what_is = f"{name} is {size}, and method is {method}"
            fix = f"leave it out, or take method {of}"
            problems.append(_problem(what_is, f"given with method {of} alone", fix))
        elif not 2 <= size <= MOST_FUTURES or (method == "sobol" and size & (size - 1)):
            is_power = method == "sobol"
            most = 1 << (MOST_FUTURES.bit_length() - 1) if is_power else MOST_FUTURES
            must_be = f"{'a power of 2' if is_power else 'an integer'} from 2 to {most:,}"
            problems.append(_problem(f"{name} is {size}", must_be, _USUAL[name]))
    return problems


def _size(method: str, sizes: Mapping[str, int | None]) -> int:
    size = sizes.get(_SIZE_OF.get(method, ""))
    return _SIZES[method] if size is None else size


def _not_valid(draft: Draft, factors: Sequence[Factor]) -> list[tuple[Factor, str]]:
    """Return factors whose low or high makes no valid input of the scenario, and why.

    Of those that first order ranks the ends were tried there.
    """
    found = []
    for one in factors:
        try:
            sweep_of(_file(draft, _axes([one]), (Future(_BASE),)), {})
        except InputError as error:
            found.append((one, f"its low or high makes no valid input: {error.problems[0]}"))
    return found


def _axes(factors: Sequence[Factor]) -> tuple[Axis, ...]:
    """Return the factors as axes of a sweep, whose ends are tried before any solve."""
    node = Node({}, Place("sensitivity"))
    return tuple(Axis(one.name, node, (one.at(0.0), one.at(1.0))) for one in factors)


def _nothing_moves(draft: Draft) -> Problem:
    return Problem(
        draft.name,
        None,
        None,
        "no figure with a low and a high moves the cost of its plan",
        "at least one",
        "ask of another scenario, or give figures of a table of your own a low and a high",
    )


def _file(draft: Draft, axes: tuple[Axis, ...], futures: tuple[Future, ...]) -> SweepFile:
    """Return the futures of a study as those of a sweep; the whole run of the base is kept."""
    name = draft.name
    content = {
        "sources": draft.source_sha256,
        "tree": repr(draft.tree),
        "futures": sorted(future.name for future in futures),
    }
    source = draft.source_files[0] if draft.source_files else Path(name)
    return SweepFile(
        path=source,
        sha256=fingerprint(content),
        title=f"Sensitivity of {name}",
        question="Which inputs decide?",
        draft=draft,
        axes=axes,
        sample=None,
        futures=futures,
        listed={},
        runs=frozenset({_BASE}),
        problems=(),
    )


def _base_sweep(draft: Draft) -> Sweep:
    sweep = sweep_of(_file(draft, (), (Future(_BASE),)), {})
    # Asked again with all others, which begin where it ended, it is not solved twice.
    return replace(sweep, questions=tuple(replace(one, leads=True) for one in sweep.questions))


def _base_plan(
    base: Sweep, folder: Path, on_progress: Callable[[Progress], None] | None
) -> StoredPlan:
    """Return the plan of the scenario as it is, solved unless it is stored.

    Raises
    ------
    InfeasibleError, LimitReachedError, SolverError
        If there is none.
    """
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
        raise _without_plan(status)(text)
    return reopen(folder / RUNS_FOLDER / run)


def _without_plan(*status: str) -> type[InfeasibleError | LimitReachedError | SolverError]:
    if set(status) & {"error", "killed"}:
        return SolverError
    return InfeasibleError if set(status) <= {"infeasible", "wrong_input"} else LimitReachedError


def _first_order(
    plan: StoredPlan, folder: Path, most: int, report: Callable[[str], None]
) -> pd.DataFrame:
    """Return what the duals say of each figure, from the folder where they were asked before."""
    path = folder / _FIRST_ORDER_FILE
    stored = _stored_first_order(path, plan.run, most)
    if stored is not None:
        return stored
    ask = Asking(report)
    found = first_order_of(estimates(plan.run, plan.scenario, plan.inputs, ask, most=most))
    found = marked(found, plan.run.tables)
    found.attrs["most"] = most
    with whole_file(path) as partial:
        found.to_parquet(partial, index=False, compression="zstd")
    return found


def _stored_first_order(path: Path, run: Run, most: int) -> pd.DataFrame | None:
    try:
        stored = pd.read_parquet(path)
    except (OSError, ValueError):  # not there, or damaged
        return None
    is_enough = int(stored.attrs.get("most", 0)) >= most
    return stored if is_enough and is_of_plan(stored, run.tables) else None


def _points_of(design: Design, factors: Sequence[Factor]) -> pd.DataFrame:
    """Return every point of a design: its block, its future, and the share of each factor.

    In the tornado a factor that is not moved has no share: it is at its value.
    """
    names = [one.name for one in factors]
    if design.method == "tornado":
        shares = np.full((2 * len(factors), len(factors)), np.nan)
        rows = np.arange(len(factors))
        shares[2 * rows, rows], shares[2 * rows + 1, rows] = 0.0, 1.0
        futures = [f"{name}={end}" for name in names for end in ("low", "high")]
        block = rows.repeat(2)
    else:
        shares = shares_of(design, len(factors))
        block = np.arange(len(shares)) // rows_per_block(design.method, len(factors))
        futures = [_name_of(names, row) for row in shares.tolist()]
    points = pd.DataFrame({"block": block, "future": futures})
    return pd.concat([points, pd.DataFrame(shares, columns=names)], axis=1)


def _name_of(names: Sequence[str], shares: Sequence[float]) -> str:
    """Name a point by what it is, so that it is solved once in whichever study it comes up."""
    return f"point-{fingerprint({'factors': list(names), 'shares': list(shares)})}"


def _sweep_of(draft: Draft, factors: Sequence[Factor], points: pd.DataFrame) -> Sweep:
    """Return the futures of all points, each once, and the base, where the others begin."""
    once = points.drop_duplicates("future")
    if len(once) >= MOST_FUTURES:
        what_is = f"the design has {len(once):,} points"
        fix = "take fewer figures, trajectories or samples"
        raise InputError([_problem(what_is, f"fewer than {MOST_FUTURES:,}", fix)])
    shares = once[[one.name for one in factors]].to_numpy(np.float64)
    futures = [
        Future(
            name,
            {
                one.name: one.at_value() if np.isnan(share) else one.at(share)
                for one, share in zip(factors, row, strict=True)
            },
        )
        for name, row in zip(once["future"], shares.tolist(), strict=True)
    ]
    file = _file(draft, _axes(factors), (Future(_BASE), *futures))
    return sweep_of(file, dict.fromkeys((one.name for one in futures), _BASE))


@dataclass(frozen=True, eq=False)
class _Study:
    """What was asked, and what came of every future."""

    design: Design
    of: str
    factors: Sequence[Factor]
    points: pd.DataFrame
    solved: SweepResult

    def found(self, scenario: str, left_out: pd.DataFrame, unmoved: int) -> Sensitivity:
        """Make the table of the study, and say what it is of."""
        futures = self.solved.futures.set_index("future")
        output = self._outputs()
        points = self.points.assign(output=output.reindex(self.points["future"]).to_numpy())
        method, blocks, dropped = self.design.method, 0, 0
        if method == "tornado":
            columns = self._tornado(futures, output)
        else:
            columns, blocks, dropped = self._of_blocks(points, futures)
        gaps = (futures["objective_musd"] - futures["bound_musd"]).dropna()
        return Sensitivity(
            scenario,
            method,
            self.of,
            _OUTPUTS[self.of],
            self.design.size,
            self.design.seed if method != "tornado" else 0,
            self._table(columns),
            left_out,
            points,
            float(output[_BASE]),
            float(gaps.max()) if self.of == _COST and gaps.max() > 0.0 else 0.0,
            blocks,
            dropped,
            int((futures["broken"] != "").sum()),
            unmoved,
        )

    def _outputs(self) -> pd.Series[float]:
        """Return the output of each future with a plan, nan of the others."""
        futures = self.solved.futures
        if self.of in {_COST, _BOUND}:
            values = futures.set_index("future")[self.of]
        else:
            rows = self.solved.results
            rows = rows[(rows["figure"] == self.of) & rows["year"].notna()]
            values = rows.sort_values("year").groupby("future")["value"].last()
        planned = futures.loc[futures["status"].isin(sorted(PLANNED)), "future"]
        return values.reindex(planned).reindex(futures["future"]).astype(float)

    def _tornado(self, futures: pd.DataFrame, output: pd.Series[float]) -> dict[str, Any]:
        low, high = (
            np.array([output[f"{one.name}={end}"] for one in self.factors]) - output[_BASE]
            for end in ("low", "high")
        )
        gap = np.zeros(len(futures))
        if self.of == _COST:
            gap = (futures["objective_musd"] - futures["bound_musd"]).clip(lower=0.0).to_numpy()
        gap_of = dict(zip(futures.index, np.nan_to_num(gap), strict=True))
        ends: dict[str, tuple[Floats, Floats]] = {}
        for end, change in (("low", low), ("high", high)):
            own = np.array([gap_of[f"{one.name}={end}"] for one in self.factors])
            # The least cost of a plan is between its bound and its own cost.
            least, most = change - own, change + gap_of[_BASE]
            nearest = np.where(least * most <= 0.0, 0.0, np.minimum(np.abs(least), np.abs(most)))
            ends[end] = nearest, np.maximum(np.abs(least), np.abs(most))
        swing = np.fmax(np.abs(low), np.abs(high))
        least, most = (np.fmax(ends["low"][at], ends["high"][at]) for at in (0, 1))
        without = [
            " and ".join(
                end for end, change in (("low", low), ("high", high)) if np.isnan(change[at])
            )
            for at in range(len(self.factors))
        ]
        # Where an end has no plan the factor decides whether there is one at all.
        decides = np.array([bool(ends) for ends in without])
        key, lower, upper = (
            np.where(decides, np.inf, np.nan_to_num(one)) for one in (swing, least, most)
        )
        first, last = intervals_ranked(lower, upper)
        return {
            "rank": ranked(key),
            "at_low": low,
            "at_high": high,
            "swing": swing,
            "swing_least": least,
            "swing_most": most,
            "without_plan": without,
            "rank_low": first,
            "rank_high": last,
            "same_rank_frac": np.nan,
            "rank_of_half": pd.NA,
        }

    def _of_blocks(
        self, points: pd.DataFrame, futures: pd.DataFrame
    ) -> tuple[dict[str, Any], int, int]:
        rows = rows_per_block(self.design.method, len(self.factors))
        shares = points[[one.name for one in self.factors]].to_numpy(np.float64)
        y = points["output"].to_numpy(np.float64)
        whole = ~np.isnan(y.reshape(-1, rows)).any(axis=1)
        if whole.sum() < 2:
            status = futures.loc[~futures["status"].isin(sorted(PLANNED)), "status"]
            counts = ", ".join(f"{count} {name}" for name, count in status.value_counts().items())
            message = (
                f"{int(whole.sum())} of {len(whole)} trajectories or base samples have a plan at"
                f" each of their points, and 2 are needed ({counts}; table futures in"
                f" {self.solved.folder} says why)"
            )
            raise _without_plan(*status)(message)
        kept = whole.repeat(rows)
        indices = indices_of(self.design, shares[kept], y[kept])
        ranks = ranks_of(self.design, shares[kept], y[kept])
        columns = {
            **indices,
            "rank": ranked(indices[BY[self.design.method]]),
            "rank_low": ranks.low,
            "rank_high": ranks.high,
            "same_rank_frac": ranks.same,
            "rank_of_half": ranks.half,
        }
        return columns, int(whole.sum()), int((~whole).sum())

    def _table(self, columns: Mapping[str, Any]) -> pd.DataFrame:
        rows = [_of_factor(one) for one in self.factors]
        table = pd.DataFrame(rows).assign(**columns)
        known = table["first_order_musd"].notna()
        order = table["first_order_musd"].rank(ascending=False, method="first")
        table["first_order_rank"] = order.where(known).astype("Int64")
        table = table.astype({"rank_of_half": "Int64"})
        names = [*FACTOR, *INDICES[self.design.method], *RANKS]
        return table[names].sort_values("rank").reset_index(drop=True)


def _of_factor(factor: Factor) -> dict[str, Any]:
    first = factor.figures[0]
    is_one = len(factor.figures) == 1
    return {
        "factor": factor.name,
        "table": first.table,
        "column": first.column,
        "item": first.item if is_one else f"all {len(factor.figures)}",
        "figures": len(factor.figures),
        "unit": first.unit,
        "value": first.value if is_one else np.nan,
        "low": first.low if is_one else np.nan,
        "high": first.high if is_one else np.nan,
        "kind": first.kind if is_one else "",
        "source": first.source if is_one else "",
        "first_order_musd": factor.first_order_musd,
    }
