"""A stored run opened to be worked with again: question, inputs and plan, from its folder alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from planner.base.errors import InputError, Problem
from planner.check import CheckResult, Verdict, check_plan
from planner.inputs import build_inputs_from
from planner.outputs.own_folder import META_FILE
from planner.outputs.run import files_changed
from planner.outputs.solver_files import scenario_of, unreadable_tables
from planner.results.proof import Proof
from planner.results.schema import CHECKS
from planner.results.store import from_parquet
from planner.runs.catalogue import find_run
from planner.runs.folder import EDITABLE, PROOF_FOLDER, TABLES_FOLDER, files_problems, load_run, naming_changed_files
from planner.runs.plan import PlanViews

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.outputs.run import Run

FILES_HEADING: Final = "Files"
"""What the rule is shown under."""
FILES_RULE: Final = "files_as_written"
"""Name of the rule."""
_CHECKS_FILE: Final = f"{TABLES_FOLDER}/{CHECKS.name}.parquet"


@dataclass(frozen=True, eq=False, repr=False)
class StoredPlan(PlanViews):
    """A plan read from its run folder: what it was made of and what it found."""

    run: Run  # as loaded; the inputs are made again from the tables that it keeps
    changed: tuple[str, ...]  # table files that are not as they were written

    def verdict(self) -> Verdict:
        """Judge the plan again by all rules; a stored table of rules that says otherwise counts as changed."""
        meta = self.run.meta
        objective, bound, gap = (
            math.nan if meta[key] is None else float(meta[key]) for key in ("objective_musd", "bound_musd", "gap_frac")
        )
        rules = check_plan(
            self.scenario,
            self.inputs,
            self.results,
            objective_musd=objective,
            status=str(meta["status"]),
            bound_musd=bound,
            gap_frac=gap,
            proof=self.proof(),
            orders_held_before=meta["orders_held_before"],
            reads_all=True,
        )
        is_told = self.changed or not rules.ok or self._is_told(rules)
        changed = self.changed if is_told else (_CHECKS_FILE,)
        return Verdict((_files_check(meta["sha256"], changed), *rules.checks), rules.proven)

    def _is_told(self, rules: Verdict) -> bool:
        """Whether the stored table of rules says what is found now; another machine adds in another order."""
        said, where = ["verified", "ok", "tested", "broken", "unit"], ["place", "tolerance"]
        stored, now = (table.set_index("name").sort_index() for table in (self.run.tables[CHECKS.name], rules.frame()))
        if not stored.index.equals(now.index):
            return False
        apart = (stored["worst"] - now["worst"]).abs()
        is_same = (stored[said] == now[said]).all(axis=1) & (apart <= now["tolerance"])
        return bool((is_same & ((apart > 0.0) | (stored[where] == now[where]).all(axis=1))).all())

    def proof(self) -> Proof:
        """Return the proof that the run stores."""
        try:
            return Proof.of_tables(self.run.proof_tables)
        except (InputError, ValueError) as error:  # gone or cut, or of another form
            problem = Problem.of(
                (self.run.folder or Path()) / PROOF_FOLDER,
                f"the proof of the plan cannot be read: {error}",
                "the program, rows, columns and matrix that dcplan solve wrote",
                "put the files back as they were, or solve the scenario again",
            )
            folder = self.run.folder or Path()
            raise InputError([*files_problems(folder, self.changed), problem]) from error


def _files_check(written: Mapping[str, str], changed: tuple[str, ...]) -> CheckResult:
    """Return the rule that no table file was changed since it was written."""
    return CheckResult(
        name=FILES_RULE,
        verified="Every file has the SHA-256 that run.json states, and run.json its own.",
        ok=not changed,
        tested=len({*written, META_FILE, *changed} - EDITABLE),
        broken=len(changed),
        worst=float(bool(changed)),
        unit="file",
        place=", ".join(changed),
        tolerance=0.0,
    )


def reopen(folder: Path) -> StoredPlan:
    """Open a run folder, reading nothing else."""
    run = load_run(folder)
    changed = files_changed(run)
    problems = list(unreadable_tables(run))
    try:
        results = from_parquet(folder / TABLES_FOLDER, tuple(run.meta["notes"]))
    except InputError as error:
        problems += error.problems
    if problems:
        raise InputError([*files_problems(folder, changed), *problems])
    scenario = scenario_of(run)
    with naming_changed_files(folder):
        inputs = build_inputs_from(scenario, run.inputs_tables)
    return StoredPlan(scenario, inputs, results, run, changed)


def load(run: str | Path, runs_dir: str | Path = "runs") -> StoredPlan:
    """Open a stored run.

    Parameters
    ----------
    run : str or Path
        A run folder; or, in `runs_dir`, its name, or the name of a scenario, whose latest run
        without changed settings is meant.
    runs_dir : str or Path
        Folder of run folders.

    Returns
    -------
    StoredPlan
        Its tables are those of `planner.Plan`.

    Raises
    ------
    InputError
        If there is none or several, or as for `reopen`.
    """
    return reopen(find_run(str(run), Path(runs_dir)))
