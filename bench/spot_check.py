"""Solve `us-base` again with one more of some limits, beside what their shadow prices foretell.

    python bench/spot_check.py runs/us-base-<hash>

Prints the table of docs/explain.md. Shadow prices are those of the linear program with every
opening fixed as the plan has it, so the program is solved again with the same openings: first as
it is, which must cost what the run costs, then from the last basis with a limit moved by one unit,
and by a tenth of it.
"""

from __future__ import annotations

import math
import sys
from pathlib import Path

from planner.inputs.build import PreparedScenario
from planner.limits.binding import PLACES, binding
from planner.runs.reopen import reopen
from planner.studies.explain.again import RightSideStep, spot_check
from planner.studies.solve.asking import Asking

AXES = (*PLACES, "year")
UNIT = {"thousand m2": 1e-3, "thousand m3": 1e-3}  # 1 m2 and 1 m3
STEPS = (1.0, 0.1)


def main(folder: Path) -> None:
    """Try the weightiest row of each kind of limit, and demand."""
    run = reopen(folder)
    rows = binding(run.inputs, run.tables).drop_duplicates("block")
    places = [
        (
            str(row["block"]),
            {axis: str(row[axis]) for axis in AXES if str(row[axis])},
            UNIT.get(str(row["limit_unit"]), 1.0),
        )
        for _, row in rows.iterrows()
    ]
    last = run.inputs.sets.year.labels[-1]
    places.append(("demand_balance", {"workload": "train_frontier", "year": last}, 1.0))
    steps = [RightSideStep(block, labels, by * unit) for by in STEPS for block, labels, unit in places]
    ask = Asking(lambda text: print(text, file=sys.stderr))
    table = spot_check(PreparedScenario(run.scenario, run.inputs), steps, ask)
    solved_musd, run_musd = table.attrs["before_musd"], run.results.objective_musd
    print(f"run {run_musd:.6f} MUSD, its openings solved again {solved_musd:.6f} MUSD")
    if not math.isclose(solved_musd, run_musd, rel_tol=1e-9):
        sys.exit("the openings are not those of the run")
    print(table.to_string(index=False))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
