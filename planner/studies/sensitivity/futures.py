"""Futures of a sensitivity study: factors, their ends, the plan they begin at, and what came of them."""

from __future__ import annotations

import math
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from planner.base.errors import InfeasibleError, InputError, LimitReachedError, SolverError
from planner.base.words import some
from planner.inputs.build import UncertainFigure, figures_of
from planner.outputs.files import whole_file
from planner.outputs.own_folder import RUNS_FOLDER
from planner.outputs.study_files import BOUND, BY, COST, FACTOR, INDICES, RANKS, Sensitivity
from planner.results.cost_difference import intervals_ranked
from planner.results.ended import PLANNED
from planner.runs.names import fingerprint
from planner.runs.reopen import StoredPlan, reopen
from planner.scenario.tree import Node, Place
from planner.studies.estimates import estimates
from planner.studies.sensitivity.design import OUTPUTS, Design, indices_of, ranked, ranks_of, rows_per_block, shares_of
from planner.studies.solve.asking import Asking
from planner.studies.sweep.answers import answer_in
from planner.studies.sweep.axes import MOST_FUTURES, Future, Point, SweepAxis
from planner.studies.sweep.file import SweepFile
from planner.studies.sweep.futures import Sweep, sweep_of
from planner.studies.sweep.solve_sweep import SweepProgress, SweepResult, solve_sweep

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from planner.scenario import ScenarioDraft

# --- The futures of a study of sensitivity, as a sweep has them -----------------------------------

BASE: Final = "base"
"""Future of the scenario as it is."""


def not_valid(draft: ScenarioDraft, factors: Sequence[Factor]) -> list[tuple[Factor, str]]:
    """Return factors whose low or high makes no valid input of the scenario, and why."""
    found = []
    for one in factors:
        try:
            sweep_of(_file(draft, _axes([one]), (Future(BASE),)), {})
        except InputError as error:
            found.append((one, f"its low or high makes no valid input: {error.problems[0]}"))
    return found


def _axes(factors: Sequence[Factor]) -> tuple[SweepAxis, ...]:
    """Return the factors as axes of a sweep, whose ends are tried before any solve."""
    node = Node({}, Place("sensitivity"))
    return tuple(SweepAxis(one.name, node, (one.point_at(0.0), one.point_at(1.0))) for one in factors)


def _file(draft: ScenarioDraft, axes: tuple[SweepAxis, ...], futures: tuple[Future, ...]) -> SweepFile:
    """Return the futures of a study as those of a sweep; the whole run of the base is kept."""
    source, sha256 = (*draft.source_files, Path(draft.name))[0], (*draft.source_sha256, "")[0]
    said = (f"Sensitivity of {draft.name}", "Which inputs decide?")
    return SweepFile(source, sha256, *said, draft, axes, None, futures, {}, frozenset({BASE}), ())


def base_sweep(draft: ScenarioDraft) -> Sweep:
    """Return the future of the scenario as it is, alone."""
    sweep = sweep_of(_file(draft, (), (Future(BASE),)), {})
    # Asked again with all others, which begin where it ended, it is not solved twice.
    return replace(sweep, questions=tuple(replace(one, leads=True) for one in sweep.questions))


def points_of(design: Design, factors: Sequence[Factor]) -> pd.DataFrame:
    """Return every point of a design: block, future, and the share of each factor, none of one at its value."""
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
        # Named by what it is, a point is solved once in whichever study it comes up.
        futures = [f"point-{fingerprint({'factors': names, 'shares': row})}" for row in shares.tolist()]
    points = pd.DataFrame({"block": block, "future": futures})
    return pd.concat([points, pd.DataFrame(shares, columns=names)], axis=1)


def sweep_of_points(draft: ScenarioDraft, factors: Sequence[Factor], points: pd.DataFrame) -> Sweep:
    """Return the futures of all points, each once, and the base, where the others begin."""
    once = points.drop_duplicates("future")
    if len(once) >= MOST_FUTURES:
        what_is = f"the design has {len(once):,} points"
        fix = "take fewer figures, trajectories or samples"
        raise InputError.at("sensitivity", what_is, f"fewer than {MOST_FUTURES:,}", fix)
    shares = once[[one.name for one in factors]].to_numpy(np.float64).tolist()
    futures = [
        Future(name, {one.name: one.point_at(share) for one, share in zip(factors, row, strict=True)})
        for name, row in zip(once["future"], shares, strict=True)
    ]
    file = _file(draft, _axes(factors), (Future(BASE), *futures))
    return sweep_of(file, dict.fromkeys((one.name for one in futures), BASE))


# --- The factors of a study: which of the data's figures are moved, and which are left as they are ---

FIRST_ORDER: Final = ("table", "column", "item", "low_musd", "high_musd", "in_steps")
"""Columns of what first order says: change of cost at low and high, missing of one in steps."""
_LONGEST_NAME: Final = 60
_KEY: Final = ["table", "column", "item"]


@dataclass(frozen=True, eq=False)
class Factor:
    """Figures that move together between their low and high."""

    name: str  # table, column and rows; no two factors have the same
    figures: tuple[UncertainFigure, ...]  # one, or all of a column that counts in steps
    # what its low and high do to the cost to first order; nan where that says nothing. [MUSD]
    low_musd: float = math.nan
    high_musd: float = math.nan

    @property
    def is_in_steps(self) -> bool:
        """Whether first order says nothing of it."""
        return math.isnan(self.low_musd)

    @property
    def first_order_musd(self) -> float:
        """The larger effect to first order. [MUSD]"""
        return max(abs(self.low_musd), abs(self.high_musd))

    def point_at(self, share: float) -> Point:
        """Return the point at a share of the way from low to high, in [0, 1]; nan is what the data state."""
        is_stated = math.isnan(share)
        moved = tuple((one, one.value if is_stated else one.value_at(share)) for one in self.figures)
        return Point(moved[0][1] if len(moved) == 1 else "value" if is_stated else share, (), None, moved)


def factors_of(first_order: pd.DataFrame, tables: Mapping[str, pd.DataFrame], most: int) -> list[Factor]:
    """Choose the factors: the figures that do most to first order, and each column in steps."""
    by_key = {_key(one): one for one in figures_of(tables)}
    found: list[tuple[str, tuple[UncertainFigure, ...], float, float]] = []
    in_steps: dict[str, list[UncertainFigure]] = {}
    for row in first_order.to_dict("records"):
        figure = by_key[row["table"], row["column"], row["item"]]
        column = f"{figure.table}.{figure.column}"
        if row["in_steps"]:
            in_steps.setdefault(column, []).append(figure)
        elif len(found) < most:
            found.append((f"{column} {figure.item}", (figure,), float(row["low_musd"]), float(row["high_musd"])))
    found += [(column, tuple(of), math.nan, math.nan) for column, of in in_steps.items()]
    factors, names = [], Counter[str]()
    for text, figures, low, high in found:  # long names are shortened, and those that are alike then are numbered
        short = text if len(text) <= _LONGEST_NAME else f"{text[: _LONGEST_NAME - 3]}..."
        names[short] += 1
        factors.append(Factor(short if names[short] == 1 else f"{short} ({names[short]})", figures, low, high))
    return factors


def left_out_of(
    factors: Sequence[Factor], tables: Mapping[str, pd.DataFrame], without: Sequence[tuple[Factor, str]] = ()
) -> pd.DataFrame:
    """List the figures with a low and a high that no factor moves, and why."""
    moved = {_key(one) for factor in factors for one in factor.figures}
    why = {_key(one): reason for factor, reason in without for one in factor.figures}
    least = min((one.first_order_musd for one in factors if not one.is_in_steps), default=0.0)
    less = f"moves the cost by no more than {least:.6g} MUSD to first order, the least that is in"
    rows = [
        (*_key(one), one.unit, one.value, one.low, one.high, why.get(_key(one), less))
        for one in figures_of(tables)
        if _key(one) not in moved
    ]
    return pd.DataFrame(rows, columns=[*_KEY, "unit", "value", "low", "high", "why"])


def _key(figure: UncertainFigure) -> tuple[str, str, str]:
    return figure.table, figure.column, figure.item


# --- The plan that a study of sensitivity begins with, and what its duals say of the figures ------

FIRST_ORDER_FILE: Final = "first_order.parquet"


def base_plan(base: Sweep, folder: Path, on_progress: Callable[[SweepProgress], None] | None) -> StoredPlan:
    """Return the plan of the scenario as it is, solved unless it is stored."""
    (question,) = base.questions
    stored = answer_in(folder, question)
    found = vars(stored) if stored is not None else solve_sweep(base, folder, 1, on_progress).futures.iloc[0]
    status, message, run = (str(found[name]) for name in ("status", "message", "run"))
    if status not in PLANNED:
        raise without_plan(status)(f"the scenario itself has no plan ({status}): {message}")
    return reopen(folder / RUNS_FOLDER / run)


def without_plan(*status: str) -> type[InfeasibleError | LimitReachedError | SolverError]:
    """Return the type of error to raise for futures without a plan, by the status of each."""
    if set(status) & {"error", "killed"}:
        return SolverError
    return InfeasibleError if set(status) <= {"infeasible", "wrong_input"} else LimitReachedError


def first_order(base: Sweep, plan: StoredPlan, folder: Path, most: int, report: Callable[[str], None]) -> pd.DataFrame:
    """Return what the duals say of each figure, from the folder where the same was asked before."""
    path = folder / FIRST_ORDER_FILE
    # A low or a high of the data changes what is asked, and not the plan.
    asked = {"question": base.questions[0].file_name, "plan": plan.run.meta["created"]}
    with suppress(OSError, ValueError):  # not there, or damaged
        stored = pd.read_parquet(path)
        if stored.attrs.items() >= asked.items() and int(stored.attrs.get("most", 0)) >= most:
            return stored
    report("Looking for the figures that do most")
    of = estimates(plan.run, plan.scenario, plan.inputs, Asking(lambda _: None), most=most)
    ranked = of.table[[*_KEY, "low_musd", "high_musd"]].assign(in_steps=False)
    steps = [(*_key(one), np.nan, np.nan, True) for one in of.in_steps]
    stepped = [pd.DataFrame(steps, columns=list(FIRST_ORDER))] if steps else []
    found = pd.concat([ranked, *stepped], ignore_index=True)
    found.attrs |= {"most": most, **asked}
    with whole_file(path) as partial:
        found.to_parquet(partial, index=False, compression="zstd")
    return found


# --- What a study of sensitivity found: factors ranked by what came of their futures --------------

_NAMED: Final = 3


@dataclass(frozen=True, eq=False)
class SolvedFutures:
    """What was asked, and what came of every future of a study."""

    design: Design
    of: str
    factors: Sequence[Factor]
    points: pd.DataFrame
    solved: SweepResult

    def to_sensitivity(self, scenario: str, left_out: pd.DataFrame, unmoved: int) -> Sensitivity:
        """Make the table of the study, and say what it is of."""
        futures, output, design = self.solved.futures.set_index("future"), self._outputs(), self.design
        of = {"output": output, "penalty_musd": futures["penalty_musd"]}
        points = self.points.assign(**{name: one.reindex(self.points["future"]).array for name, one in of.items()})
        is_tornado, blocks, dropped = design.method == "tornado", 0, 0
        if is_tornado:
            columns = self._tornado(futures, output)
        else:
            columns, blocks, dropped = self._of_blocks(points, futures)
        gaps = (futures["objective_musd"] - futures["bound_musd"]).dropna()
        asked = (design.method, self.of, OUTPUTS[self.of], design.size, 0 if is_tornado else design.seed)
        gap = float(gaps.max()) if self.of == COST and gaps.max() > 0.0 else 0.0
        broken = int((futures["broken"] != "").sum())
        tables = (self._table(columns), left_out, points)
        return Sensitivity(scenario, *asked, *tables, float(output[BASE]), gap, blocks, dropped, broken, unmoved)

    def _outputs(self) -> pd.Series[float]:
        """Return the output of each future with a plan, nan of the others."""
        futures = self.solved.futures
        if self.of in {COST, BOUND}:
            values = futures.set_index("future")[self.of]
        else:
            rows = self.solved.results
            rows = rows[(rows["figure"] == self.of) & rows["year"].notna()]
            values = rows.sort_values("year").groupby("future").tail(1).set_index("future")["value"]
        planned = futures.loc[futures["status"].isin(sorted(PLANNED)), "future"]
        unstated = planned[values.reindex(planned).isna().to_numpy()].tolist()
        if unstated:
            what_is = f"of is {self.of!r}, missing in the last year of {some(unstated, _NAMED)}"
            must_be = "an output that every plan states in its last year"
            fix = "ask of another output; no future is solved again for it"
            raise InputError.at("sensitivity", what_is, must_be, fix)
        return values.reindex(planned).reindex(futures["future"]).astype(float)

    def _tornado(self, futures: pd.DataFrame, output: pd.Series[float]) -> dict[str, Any]:
        names = {end: [f"{one.name}={end}" for one in self.factors] for end in ("low", "high")}
        change = {end: output[of].to_numpy() - output[BASE] for end, of in names.items()}
        of_cost = 1.0 if self.of == COST else np.nan
        penalty = futures["penalty_musd"] * of_cost
        gap = ((futures["objective_musd"] - futures["bound_musd"]).clip(lower=0.0) * of_cost).fillna(0.0)
        ends = []
        for end, of in names.items():
            # The least cost of a plan is between its bound and its own cost.
            least, most = change[end] - gap[of].to_numpy(), change[end] + gap[BASE]
            nearest = np.where(least * most <= 0.0, 0.0, np.minimum(np.abs(least), np.abs(most)))
            ends.append((nearest, np.maximum(np.abs(least), np.abs(most))))
        swing, least, most = (np.fmax(*of) for of in (map(np.abs, change.values()), *zip(*ends, strict=True)))
        every = range(len(self.factors))
        without = [" and ".join(end for end, of in change.items() if np.isnan(of[at])) for at in every]
        # Where an end has no plan the factor decides whether there is one at all.
        decides = np.array(list(map(bool, without)))
        key, lower, upper = (np.where(decides, np.inf, np.nan_to_num(one)) for one in (swing, least, most))
        first, last = intervals_ranked(lower, upper)
        return {
            "rank": ranked(key),
            **{f"at_{end}": of for end, of in change.items()},
            **{"swing": swing, "swing_least": least, "swing_most": most, "without_plan": without},
            **{f"penalty_at_{end}": penalty[of].to_numpy() - penalty[BASE] for end, of in names.items()},
            **{"rank_low": first, "rank_high": last, "same_rank_frac": np.nan, "rank_of_half": pd.NA},
        }

    def _of_blocks(self, points: pd.DataFrame, futures: pd.DataFrame) -> tuple[dict[str, Any], int, int]:
        rows = rows_per_block(self.design.method, len(self.factors))
        shares = points[[one.name for one in self.factors]].to_numpy(np.float64)
        y = points["output"].to_numpy(np.float64)
        whole = ~np.isnan(y.reshape(-1, rows)).any(axis=1)
        if whole.sum() < 2:
            status = futures.loc[~futures["status"].isin(sorted(PLANNED)), "status"]
            counts = ", ".join(f"{count} {name}" for name, count in status.value_counts().items())
            raise without_plan(*status)(
                f"{int(whole.sum())} of {len(whole)} trajectories or base samples have a plan at"
                f" each of their points, and 2 are needed ({counts}; table futures in"
                f" {self.solved.folder} says why)"
            )
        kept = whole.repeat(rows)
        indices = indices_of(self.design, shares[kept], y[kept])
        columns = {**indices, "rank": ranked(indices[BY[self.design.method]])}
        columns |= ranks_of(self.design, shares[kept], y[kept])
        return columns, int(whole.sum()), int((~whole).sum())

    def _table(self, columns: Mapping[str, Any]) -> pd.DataFrame:
        table = pd.DataFrame([_of_factor(one) for one in self.factors]).assign(**columns)
        known = table["first_order_musd"].notna()
        order = table["first_order_musd"].rank(ascending=False, method="first")
        table["first_order_rank"] = order.where(known).astype("Int64")
        table = table.astype({"rank_of_half": "Int64"})
        return table[[*FACTOR, *INDICES[self.design.method], *RANKS]].sort_values("rank").reset_index(drop=True)


def _of_factor(factor: Factor) -> dict[str, Any]:
    first, count = factor.figures[0], len(factor.figures)
    names = ("table", "column", "unit", "item", "value", "low", "high", "kind", "source")
    own = {"factor": factor.name, **{name: getattr(first, name) for name in names}}
    if count > 1:
        own |= {"item": f"all {count}", **dict.fromkeys(("value", "low", "high"), np.nan), "kind": "", "source": ""}
    return {**own, "figures": count, "first_order_musd": factor.first_order_musd}
