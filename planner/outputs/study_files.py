"""Files of studies next to a run, of days, operation, stress and alternatives."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.base.errors import InputError, Problem
from planner.base.words import amount, signed
from planner.outputs.answer import Answer
from planner.outputs.folder_kinds import ALTERNATIVES, ESTIMATES, FRONTIER, STRESS
from planner.outputs.staging import staging
from planner.results.cost_difference import LEAST_PENALTY_MUSD
from planner.results.store import read_stored

if TYPE_CHECKING:
    from pathlib import Path

    from planner.outputs.plots import Drawing
    from planner.outputs.run import Run

# --- Near-optimal plans: their tables and files ---------------------------------------------------

RANGES: Final = ("slack_frac", "by", "place", "plan_mw", "least_mw", "most_mw", "in_plans")
PLANS: Final = (
    "plan",
    "slack_frac",
    "kind",
    "by",
    "place",
    "cost_musd",
    "extra_frac",
    "extra_penalty_musd",
    "moved_mw",
    "is_checked",
)


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


# --- Files of days chosen from a year: tables `series_days` and `site_series` for a scenario ------


def write_days(days: pd.DataFrame, hours: pd.DataFrame, folder: Path) -> dict[str, Path]:
    """Write two tables into a folder, both or none."""
    files = {"series_days": folder / "series_days.csv", "site_series": folder / "site_series.csv"}
    problems = [
        Problem.of(str(file), "the file is there already", "a new one", "move it away")
        for file in files.values()
        if os.path.lexists(file)
    ]
    if problems:
        raise InputError(problems)
    with staging(folder) as partial:
        for (name, file), frame in zip(files.items(), (days, hours), strict=True):
            frame.to_csv(partial / f"{name}.csv", index=False, lineterminator="\n")
            (partial / f"{name}.csv").replace(file)
    return files


# --- Studies in the folder of a run ---------------------------------------------------------------


def stress_tables(run: Run) -> dict[str, pd.DataFrame]:
    """Return the stress study in the folder of a run."""
    stored = sorted((run.folder / STRESS.name).glob("stress_*.parquet")) if run.folder else []
    return {path.stem: read_stored(path, None)[0] for path in stored}


def read_estimates(run: Run) -> pd.DataFrame | None:
    """Read which figures of the data decide; None where it was not asked."""
    path = run.folder / ESTIMATES.name / "estimates.parquet" if run.folder else None
    return pd.read_parquet(path) if path is not None and path.is_file() else None


def worst_years(frame: pd.DataFrame) -> pd.DataFrame:
    """Return for each case and model year of a stress study the draw in which least is served.

    Where all draws are served alike it is the one with most overload, then with most generation.
    """
    in_order = frame.sort_values(["unserved_mwh", "overload_mwh", "generator_mwh"], ascending=False, kind="stable")
    return in_order.drop_duplicates(["case", "year"]).sort_index()


# --- A frontier of cost against a measure ---------------------------------------------------------


COLUMNS: Final = (
    "point",
    "measure",
    "cost_musd",
    "extra_musd",
    "extra_frac",
    "penalty_musd",
    "extra_penalty_musd",
    "slope_musd_per_unit",
    "price",
    "is_knee",
)
_NOT_OF_RENT: Final = ("carbon", "water")
"""Measures that rented compute adds nothing to."""
_NOISE_FRAC: Final = 1e-4


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
        if self.against in _NOT_OF_RENT and self._rents_more:
            first, last = (amount(self.table["rented"].iloc[at]) for at in (0, -1))
            said.append(
                "What is emitted or evaporated for rented compute is not counted, and the last"
                f" point rents {last} kH100e-years, the first {first}."
            )
        said += [f"{name} is held at its level in the plan of least cost." for name in self.held]
        return tuple(said)

    @property
    def _rents_more(self) -> bool:
        rented = self.table["rented"]
        return bool(rented.iloc[-1] > rented.iloc[0] + _NOISE_FRAC * max(rented.iloc[0], 1.0))

    def plot(self) -> Drawing:
        """Draw cost and price over the measure."""
        from planner.outputs.plots import plot_frontier

        return plot_frontier(self)
