"""What studies answer with, and their files: days, stress, alternatives, frontier, sensitivity."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from planner.base.errors import Problem, raise_all
from planner.base.words import amount, signed, some
from planner.outputs.answer import Answer
from planner.outputs.files import move_all, staging
from planner.outputs.own_folder import ALTERNATIVES, ESTIMATES, FRONTIER, SENSITIVITY, STRESS
from planner.results.cost_difference import LEAST_PENALTY_MUSD
from planner.results.store import read_stored

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from planner.base.arrays import Floats
    from planner.outputs.plots import Drawing
    from planner.outputs.run import Run


STUDIES: Final[Mapping[str, Any]] = json.loads((Path(__file__).parent / "studies.json").read_text(encoding="utf-8"))
"""Columns of tables of studies, and what methods of a study of sensitivity mean."""
RANGES: Final[Sequence[str]] = STUDIES["columns"]["ranges"]
PLANS: Final[Sequence[str]] = STUDIES["columns"]["plans"]


@dataclass(frozen=True, eq=False, repr=False)
class Alternatives(Answer):
    """Plans that cost little more than the least, and how far they can differ."""

    kind = ALTERNATIVES
    fields = ("scenario", "cost_musd", "bound_musd", "year", "notes")
    saved = ("ranges", "plans", "sites")

    scenario: str  # its name
    cost_musd: float  # cost of the plan that the others are compared with, and of no plan less. [MUSD]
    bound_musd: float
    year: int  # the last model year, of which all MW are
    # `RANGES`: for each slack and place the MW in the plan, the least and the most of any plan within the slack, and
    # whether a place has racks in ``all`` of them, ``some`` or ``none``
    ranges: pd.DataFrame
    # `PLANS`: each plan that was found, with its cost, what of the extra cost is the penalty of unmet demand, and how
    # much it moves; every one of them is checked
    plans: pd.DataFrame
    sites: pd.DataFrame  # MW of racks by site (rows) in each plan (columns by their number, 0 for the plan itself)
    has_integers: bool  # whether the scenario has integers: then ranges are those of the program without them
    not_found: int  # how often no plan was found within the slack

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know."""
        said = [
            f"Racks in use in {self.year}, with companions. Slack is above the cost of the plan,"
            f" {self.cost_musd:,.2f} MUSD net present value."
        ]
        if self.has_integers:
            said.append(
                "Least and most are of the program without integrality: no plan within the slack"
                " is outside them, and not every end of them is a plan."
            )
        gap_musd = self.cost_musd - self.bound_musd
        slack_frac = float(self.ranges["slack_frac"].min()) if len(self.ranges) else np.inf
        if gap_musd > slack_frac * abs(self.cost_musd):
            said.append(
                f"The gap of the plan, {gap_musd:,.2f} MUSD, is more than the smallest slack: plans"
                " within that slack differ in cost by less than the plan may miss the least."
            )
        penalty = self.plans["extra_penalty_musd"]
        if (penalty.abs() >= LEAST_PENALTY_MUSD).any():
            said.append(
                f"Of what plans cost more, {signed(penalty.min())} to {signed(penalty.max())} MUSD"
                " are the penalty of unmet demand: as much is unmet, in other years."
            )
        if self.not_found:
            said.append(f"In {self.not_found} directions no plan was found within the slack.")
        return tuple(said)

    @property
    def exit_code(self) -> int:
        """1 where a plan breaks a rule of the check."""
        return 0 if self.plans["is_checked"].all() else 1


def write_days(days: pd.DataFrame, hours: pd.DataFrame, folder: Path) -> dict[str, Path]:
    """Write two tables into a folder, both or none."""
    files = {"series_days": folder / "series_days.csv", "site_series": folder / "site_series.csv"}
    there = filter(os.path.lexists, files.values())
    raise_all([Problem.of(str(file), "the file is there already", "a new one", "move it away") for file in there])
    with staging(folder) as staged:
        for file, frame in zip(files.values(), (days, hours), strict=True):
            frame.to_csv(staged / file.name, index=False, lineterminator="\n")
        move_all((staged / file.name, file) for file in files.values())
    return files


def stress_tables(run: Run) -> dict[str, pd.DataFrame]:
    """Return the stress study in the folder of a run."""
    stored = sorted((run.folder / STRESS.name).glob("stress_*.parquet")) if run.folder else []
    return {path.stem: read_stored(path, None) for path in stored}


def read_estimates(run: Run) -> pd.DataFrame | None:
    """Read which figures of the data decide; None where it was not asked."""
    path = run.folder / ESTIMATES.name / "estimates.parquet" if run.folder else None
    return pd.read_parquet(path) if path is not None and path.is_file() else None


def worst_years(frame: pd.DataFrame) -> pd.DataFrame:
    """Return of each case and model year the draw with least served, else most overload, else most generation."""
    in_order = frame.sort_values(["unserved_mwh", "overload_mwh", "generator_mwh"], ascending=False, kind="stable")
    return in_order.drop_duplicates(["case", "year"]).sort_index()


COLUMNS: Final[Sequence[str]] = STUDIES["columns"]["frontier"]


@dataclass(frozen=True, eq=False, repr=False)
class Frontier(Answer):
    """Least cost for each level of a measure."""

    kind = FRONTIER
    fields = ("scenario", "against", "label", "unit", "price_unit", "is_relaxed", "notes")
    saved = ("frontier=table",)
    listed = ("points=table",)

    scenario: str  # name of the scenario; name, label and unit of the measure; unit of column `price`
    against: str
    label: str
    unit: str
    price_unit: str
    # `COLUMNS`, from the plan of least cost on: the measure, the cost, how much it is above the least, what of both is
    # the penalty of unmet demand, the slope of cost over the measure, which is its dual, what one unit less costs (both
    # missing where no plan has less), and whether the point is the knee; then the other measures, by name
    table: pd.DataFrame
    is_relaxed: bool  # whether the program has integers, which are left out
    held: tuple[str, ...]  # what is held at its level in the plan of least cost

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know."""
        said = ["Cost is net present value; what it is traded against is not discounted."]
        if self.is_relaxed:
            said.append("Integers are left out: no plan lies below this frontier, and plans lie a little above it.")
        if self.table["price"].isna().iloc[-1]:
            said.append("The last point has no price: no plan has less, whatever it costs.")
        first, last = (float(self.table["rented"].iloc[at]) for at in (0, -1)) if "rented" in self.table else (0.0, 0.0)
        if self.against in {"carbon", "water"} and last > first + 1e-4 * max(first, 1.0):
            said.append(
                "What is emitted or evaporated for rented compute is not counted, and the last"
                f" point rents {amount(last)} kH100e-years, the first {amount(first)}."
            )
        said += [f"{name} is held at its level in the plan of least cost." for name in self.held]
        return tuple(said)

    def plot(self) -> Drawing:
        """Draw cost and price over the measure."""
        from planner.outputs.plots import plot_frontier

        return plot_frontier(self)


# --- Which inputs decide: the table of a study of sensitivity, and its files ----------------------

COST: Final = "objective_musd"
BOUND: Final = "bound_musd"
"""The cost of a plan, which chooses the figures, and that of the program without integrality."""

FACTOR: Final[Sequence[str]] = STUDIES["columns"]["factor"]  # columns that say which factor a row is of
INDICES: Final[Mapping[str, Sequence[str]]] = STUDIES["indices"]  # columns of what a method says of a factor
BY: Final[Mapping[str, str]] = STUDIES["ranked_by"]  # column that ranks the factors, by method
RANKS: Final[Sequence[str]] = STUDIES["columns"]["ranks"]
"""Columns of how stable its rank is, and of its first-order rank."""


def is_constant(outputs: Floats) -> bool:
    """Return whether outputs differ by no more than numerical noise; nan are left out.

    >>> is_constant(np.array([4.0, 4.0 + 1e-9, np.nan])), is_constant(np.array([4.0, 4.01]))
    (True, False)
    >>> is_constant(np.array([0.0, 1e-9, 0.0])), is_constant(np.array([0.0, 1e-3, 0.0]))
    (True, False)
    """
    known = outputs[~np.isnan(outputs)]
    if not known.size:
        return True
    scale = max(float(np.abs(known).max()), 1.0)
    return bool(np.ptp(known) <= 1e-7 * scale)


@dataclass(frozen=True, eq=False, repr=False)
class Sensitivity(Answer):
    """Which inputs decide."""

    kind = SENSITIVITY
    fields = (
        *("scenario", "method", "of", "unit", "size", "seed", "base", "gap_musd"),
        *("blocks", "dropped", "broken", "unmoved", "notes"),
    )
    listed = ("factors=table", "left_out")

    scenario: str  # name of the scenario, how it was asked, of what and in which unit
    method: str
    of: str
    unit: str
    size: int  # of the design; 0 for the tornado, which draws nothing
    seed: int
    table: pd.DataFrame  # `FACTOR`, the `INDICES` of the method and `RANKS`, the factor that decides most first
    left_out: pd.DataFrame  # figures with a low and a high that were not moved, and why
    # every point of the design with its future, output, and penalty of unmet demand in the cost of its plan [MUSD];
    # columns of the factors' names
    points: pd.DataFrame
    base: float  # the output with every figure at its value
    # the largest gap of a plan behind it, within which costs are not told apart; 0 where the output has none
    gap_musd: float
    blocks: int  # trajectories or base samples, and those of them that were left out since a point of them has no plan
    dropped: int
    broken: int  # plans that break a rule of the check
    unmoved: int  # figures of the same tables that have no low and high
    file: Path | None = None  # the file of the scenario

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know."""
        return tuple(_notes(self))

    @property
    def is_moved(self) -> bool:
        """Whether the output differs between any two of the points and the plan as it is."""
        return not is_constant(np.append(self.points["output"].to_numpy(np.float64), self.base))

    @property
    def unstable(self) -> tuple[str, ...]:
        """Factors whose 95 % interval has the index of another, so that more points may change their ranks."""
        if self.method == "tornado" or not self.is_moved:
            return ()
        name = BY[self.method]
        index, half = (self.table[one].to_numpy(np.float64) for one in (name, f"{name}_conf"))
        apart = np.abs(index[:, None] - index[None, :])
        reaches = apart < np.maximum(half[:, None], half[None, :])
        np.fill_diagonal(reaches, val=False)
        return tuple(self.table.loc[reaches.any(axis=1), "factor"])

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Its factors, figures that were left out, and points of the design."""
        parts = {"": self.table, "_left_out": self.left_out, "_points": self.points}
        return {f"{self.stem}{name}": table for name, table in parts.items()}

    @property
    def exit_code(self) -> int:
        """1 where a plan breaks a rule of the check."""
        return 1 if self.broken else 0

    @property
    def stem(self) -> str:
        """What its files are called, without their endings."""
        return self.method if self.of == COST else f"{self.method}-{self.of}"

    def plot(self) -> Drawing:
        """Draw what each factor does."""
        from planner.outputs.plots import plot_sensitivity

        return plot_sensitivity(self)


def _notes(found: Sensitivity) -> list[str]:
    table = found.table
    steps = int((table["figures"] > 1).sum())
    said = [STUDIES["means"][found.method].format(of=found.of, unit=found.unit)]
    if not found.is_moved:
        unit = "" if found.unit == "-" else f" {found.unit}"
        said.append(f"None of these factors moves {found.of}: it is {amount(found.base)}{unit} in every plan.")
    elif found.method == "sobol":
        alone = float(table["s1"].sum())
        said.append(
            f"First-order indices add up to {alone:.2f}: the rest of the variance is of factors"
            " that act together, or noise of the sample."
        )
    if found.unstable:
        said.append(_unstable(found))
    chosen = f"Moved are the figures that do most to first order ({len(table) - steps})"
    if steps:
        chosen += f" and whole columns that count in steps, which first order misses ({steps})"
    if found.of not in {COST, BOUND}:
        chosen += (
            f". They are chosen by what they do to the cost of the plan, not to {found.of}:"
            " `--figures` takes more of them, and a sweep varies any that its file names as an"
            " axis (table, column, row)"
        )
    said.append(
        f"{chosen}. {len(found.left_out):,} figures with a low and a high were left out (table"
        f" left_out says why). {found.unmoved:,} of the same tables have none and were not moved,"
        " nor were settings of the scenario."
    )
    penalty = found.points["penalty_musd"].to_numpy(np.float64)
    if found.of == COST and (penalty >= LEAST_PENALTY_MUSD).any():
        least, most = amount(float(np.nanmin(penalty)), 4), amount(float(np.nanmax(penalty)), 4)
        said.append(
            f"Of the cost of a plan {least} to {most} MUSD are the penalty of unmet demand"
            " (demand.unmet_usd_per_h100e_hour), which differences between plans include."
        )
    if found.gap_musd > 0.0:
        said.append(
            f"Plans are within {amount(found.gap_musd)} MUSD of the least cost: smaller"
            " differences are noise. `--of bound_musd` ranks by the linear program, without it."
        )
    if found.dropped:
        what, _ = STUDIES["points"][found.method]
        said.append(
            f"{found.dropped} of {found.blocks + found.dropped} {what} were left out: a point of"
            " each has no plan (column status of table futures). Results are for the others."
        )
    if found.method == "tornado" and (table["without_plan"] != "").any():
        ends = table[table["without_plan"] != ""]
        named = ", ".join(f"{row.factor} at its {row.without_plan}" for row in ends.itertuples())
        said.append(f"No plan is feasible with {named}: ranked before all others.")
    if found.broken:
        said.append(f"{found.broken} plans break a rule of the check (column broken of futures).")
    return said


def _unstable(found: Sensitivity) -> str:
    """Say which ranks are of no use yet, and what makes them so."""
    what, option = STUDIES["points"][found.method]
    count = len(found.unstable)
    ranks = "All ranks" if count == len(found.table) else f"{count} of {len(found.table)} ranks"
    return (
        f"{ranks} are unstable ({some(found.unstable, 3)}): the 95 % confidence interval of"
        f" {BY[found.method]} reaches the value of another factor. More {what} ({option}, now"
        f" {found.size}) narrow it."
    )
