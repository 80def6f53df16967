"""What a stochastic program found: orders, costs by future, what it is worth to know; its files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from planner.outputs.answer import Answer
from planner.outputs.folder_kinds import RUNS_FOLDER, STOCHASTIC, STOCHASTIC_FILE
from planner.outputs.own_folder import require_own_folder
from planner.results.ended import worst_exit_code
from planner.runs.folder import write_run
from planner.runs.names import folder_of_file
from planner.studies.sweep.file import find_sweep

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from planner.runs.plan import Plan

TABLES: Final = (*("decided", "costs", "plans", "worth", "futures", "results", "orders", "no_regret"),)
"""Tables of the folder, each a file."""


@dataclass(frozen=True, eq=False, repr=False)
class Stochastic(Answer):
    """What is ordered before the futures are known, what follows in each, and what that is worth."""

    kind = STOCHASTIC
    fields = (
        *("name", "label", "question", "file", "scenario", "known_from"),
        *("cvar_weight", "cvar_tail", "is_relaxed", "sizes"),
    )
    saved = TABLES
    listed = ("decided", "left_out", "costs", "plans", "worth", "futures", "no_regret")

    name: str  # name of the file, its title, and the question that it answers; empty where it has none
    label: str
    question: str
    file: Mapping[str, Any]  # where it is, its hash, and whether it ships
    scenario: str  # name of the base scenario
    known_from: int  # year from which on it is known which future comes
    cvar_weight: float  # how much bad futures count; 0 for the expected cost
    cvar_tail: float | None  # share of all likelihood that is the worst futures; None where no CVaR is asked for
    is_relaxed: bool  # whether the futures have integers, which costs, regrets and worths leave out
    # kind, site, item of what was rounded to an order that is not feasible in every future, and so is not ordered;
    # without rows where there is none
    left_out: pd.DataFrame
    sizes: Mapping[str, int]  # rows, columns and nonzeros of the program of all futures
    # a row per order: kind, site, item, order_by [year], committed (the year in which halls that are under way come in;
    # missing of others), unit; ``ordered`` in the checked plans, ``least`` and ``most`` that any future alone would
    # order at that date, and ``minimax_regret``, what the plan of least greatest regret orders
    decided: pd.DataFrame
    # a row per plan and future: plan, future, weight, cost_musd, regret_musd, and what of each is the penalty of unmet
    # demand: penalty_musd, regret_penalty_musd; missing where the orders of the plan leave no plan in the future
    costs: pd.DataFrame
    # a row per plan: expected_musd, penalty_musd (of that), cvar_musd (where a CVaR is asked for), objective_musd,
    # greatest_regret_musd
    plans: pd.DataFrame
    # measure, value_musd, penalty_musd (of that): wait_and_see, stochastic, single_future, evpi, vss, and plans: the
    # objective at the cost of the checked plans, with integers where futures have them
    worth: pd.DataFrame
    # a row per future: weight, cost alone and with the orders, regret, what of each is penalty, and of the plan with
    # integers its status, cost, penalty, gap, verdict and run
    futures: pd.DataFrame
    # as of a sweep: key figures and orders of the checked plans; what every future orders by a year, each as if it were
    # certain
    results: pd.DataFrame
    orders: pd.DataFrame
    no_regret: pd.DataFrame
    runs: Mapping[str, Plan]  # the checked plan of each future

    @property
    def exit_code(self) -> int:
        """That of the worst of its plans."""
        return worst_exit_code(plan.exit_code for plan in self.runs.values())

    def save(self, folder: str | Path) -> Path:
        """Write each run whole, then the tables that name them; return the folder."""
        home = Path(folder)
        require_own_folder(home, STOCHASTIC, Path(self.file["file"]))
        names = {name: write_run(plan, home / RUNS_FOLDER).name for name, plan in self.runs.items()}
        return Answer.save(replace(self, futures=self.futures.assign(run=self.futures["future"].map(names))), home)


def folder_of(path: str | Path, out: str | Path | None = None) -> Path:
    """Return the folder of a stochastic program: the one named, or one that its file has alone."""
    if out is not None:
        return Path(out)
    return folder_of_file(find_sweep(path), Path("stochastic"), STOCHASTIC_FILE)
