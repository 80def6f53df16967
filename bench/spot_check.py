"""Solve `us-base` again with one more of some limits, beside what their shadow prices foretell.

    python bench/spot_check.py runs/us-base-<hash>

Prints the table of docs/explain.md. One solve from nothing, then one from the last basis each.
"""

from __future__ import annotations

import sys
from pathlib import Path

from planner.runs.reopen import reopen
from planner.studies.asking import Asking
from planner.studies.binding import PLACES, binding
from planner.studies.question import Question
from planner.studies.steps import Step, spot_check

AXES = (*PLACES, "year")


def main(folder: Path) -> None:
    """Try the weightiest row of each kind of limit, and demand."""
    run = reopen(folder)
    rows = binding(run).drop_duplicates("block")
    steps = [
        Step(str(row["block"]), {axis: str(row[axis]) for axis in AXES if str(row[axis])}, 1.0)
        for _, row in rows.iterrows()
    ]
    last = run.inputs.sets.year.labels[-1]
    steps.append(Step("demand_balance", {"workload": "train_frontier", "year": last}, 1.0))
    ask = Asking(lambda text: print(text, file=sys.stderr))
    table = spot_check(Question(run.scenario, run.inputs), steps, ask)
    print(table.to_string(index=False))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
