"""What a stochastic program found: orders, costs by future, what it is worth to know; its files."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from planner.outputs.files import whole_file
from planner.outputs.folder_kinds import RUNS_FOLDER, STOCHASTIC, STOCHASTIC_FILE
from planner.outputs.own_folder import require_own_folder
from planner.outputs.records import records
from planner.outputs.staging import staging
from planner.outputs.user_files import put_files
from planner.runs.folder import write_run
from planner.runs.study_folder import folder_of_file
from planner.studies.sweep.file import find_sweep

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from planner.outputs.user_files import Kept
    from planner.runs.plan import Plan

__all__ = ["TABLES", "Stochastic", "folder_of", "write_stochastic"]

TABLES: Final = (
    *("decided", "costs", "plans", "worth", "futures", "results", "orders", "no_regret"),
)
"""Tables of the folder, each a file."""


@dataclass(frozen=True, eq=False)
class Stochastic:
    """What is ordered before the futures are known, what follows in each, and what that is worth.

    Parameters
    ----------
    name, label, question : str
        Name of the file, its title, and the question that it answers; empty where it has none.
    file : mapping of str to object
        Where it is, its hash, and whether it ships.
    scenario : str
        Name of the base scenario.
    known_from : int
        Year from which on it is known which future comes.
    cvar_weight : float
        How much bad futures count; 0 for the expected cost.
    cvar_tail : float or None
        Share of all likelihood that is the worst futures; None where no CVaR is asked for.
    is_relaxed : bool
        Whether the futures have integers, which costs, regrets and worths leave out.
    left_out : DataFrame
        kind, site, item of what was rounded to an order that is not feasible in every future, and
        so is not ordered; without rows where there is none.
    sizes : mapping of str to int
        rows, columns and nonzeros of the program of all futures.
    decided : DataFrame
        A row per order: kind, site, item, order_by [year], committed (the year in which halls
        that are under way come in; missing of others), unit; ``ordered`` in the checked plans,
        ``least`` and ``most`` that any future alone would order at that date, and
        ``minimax_regret``, what the plan of least greatest regret orders.
    costs : DataFrame
        A row per plan and future: plan, future, weight, cost_musd, regret_musd, and what of each is
        the penalty of unmet demand: penalty_musd, regret_penalty_musd; missing where the orders of
        the plan leave no plan in the future.
    plans : DataFrame
        A row per plan: expected_musd, penalty_musd (of that), cvar_musd (where a CVaR is asked
        for), objective_musd, greatest_regret_musd. The plans are ``stochastic``, ``mean`` or
        ``central``, ``minimax_regret``, and ``alone: FUTURE``.
    worth : DataFrame
        measure, value_musd, penalty_musd (of that): wait_and_see, stochastic, single_future, evpi,
        vss, and plans: the objective at the cost of the checked plans, with integers where futures
        have them.
    futures : DataFrame
        A row per future: weight, cost alone and with the orders, regret, what of each is penalty,
        and of the plan with integers its status, cost, penalty, gap, verdict and run.
    results, orders, no_regret : DataFrame
        As of a sweep: key figures and orders of the checked plans; what every future orders by a
        year, each as if it were certain.
    runs : mapping of str to Plan
        The checked plan of each future.
    """

    name: str
    label: str
    question: str
    file: Mapping[str, Any]
    scenario: str
    known_from: int
    cvar_weight: float
    cvar_tail: float | None
    is_relaxed: bool
    left_out: pd.DataFrame
    sizes: Mapping[str, int]
    decided: pd.DataFrame
    costs: pd.DataFrame
    plans: pd.DataFrame
    worth: pd.DataFrame
    futures: pd.DataFrame
    results: pd.DataFrame
    orders: pd.DataFrame
    no_regret: pd.DataFrame
    runs: Mapping[str, Plan]

    def to_dict(self) -> dict[str, Any]:
        """Return it in types of JSON, without the runs."""
        keys = (
            *("name", "label", "question", "file", "scenario", "known_from"),
            *("cvar_weight", "cvar_tail", "is_relaxed", "sizes"),
        )
        tables = ("decided", "left_out", "costs", "plans", "worth", "futures", "no_regret")
        return {
            **{key: getattr(self, key) for key in keys},
            **{name: records(getattr(self, name)) for name in tables},
        }


def folder_of(path: str | Path, out: str | Path | None = None) -> Path:
    """Return the folder of a stochastic program: the one named, or one that its file has alone.

    Parameters
    ----------
    path : str or Path
        The file of the futures, or the name of a shipped one.
    out : str or Path, optional
        The folder, where it is named.

    Raises
    ------
    InputError
        If no shipped file has the name.
    """
    if out is not None:
        return Path(out)
    return folder_of_file(find_sweep(path), Path("stochastic"), STOCHASTIC_FILE)


def write_stochastic(found: Stochastic, folder: Path) -> tuple[Stochastic, list[Path], list[Kept]]:
    """Write runs, tables and JSON into a folder: each run whole, and the tables after all runs.

    Parameters
    ----------
    found : Stochastic
        As found.
    folder : Path
        Made where it is missing.

    Returns
    -------
    Stochastic, list of Path, list of Kept
        With the names of the run folders in `futures`; the files, and what of the planner's own
        files was kept.

    Raises
    ------
    InputError
        If the folder is that of something else, or of another file.
    OSError
        If it cannot be written.
    """
    require_own_folder(folder, STOCHASTIC, Path(found.file["file"]))
    names = {name: write_run(plan, folder / RUNS_FOLDER).name for name, plan in found.runs.items()}
    futures = found.futures.assign(run=found.futures["future"].map(names))
    found = replace(found, futures=futures)
    with staging(folder) as staged:
        files = []
        for name in TABLES:
            files.append(staged / f"{name}.parquet")
            getattr(found, name).to_parquet(files[-1], index=False, compression="zstd")
        files.append(staged / STOCHASTIC_FILE)
        text = json.dumps(found.to_dict(), indent=2, ensure_ascii=False, allow_nan=False)
        with whole_file(files[-1]) as partial:
            partial.write_bytes(f"{text}\n".encode(errors="backslashreplace"))
        written, kept = put_files(staged, files, folder)
    return found, written, kept
