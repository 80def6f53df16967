"""Whether programs solved in pieces cost what they cost whole, for every shipped scenario.

    python bench/agree.py                  # all, their first three years, one time slice a day
    python bench/agree.py us-base tiny     # these

Integers are fractions. Ends with 1 where two objectives are more than 1e-6 of each other apart, or
a solve was not in pieces.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Final

import numpy as np

from planner.inputs import build_inputs
from planner.lp import HighsSession
from planner.lp.decomposed import DecomposedSession, local_columns
from planner.model import build_model
from planner.scenario import load_scenario
from planner.studies.solve.asking import HOURLY, PLACES

SCENARIOS: Final = Path(__file__).parent.parent / "scenarios"
SETTINGS: Final = ("time.slot_h=24", "siting.whole_openings=false", "racks.whole=false")
APART_FRAC: Final = 1e-6
LIMIT_S: Final = 900.0
YEARS: Final = 3


def main() -> int:
    names = sys.argv[1:] or sorted(path.stem for path in SCENARIOS.glob("*.yaml"))
    print("| scenario | rows | pieces, rounds | whole MUSD | apart | whole cpu s | pieces cpu s |")
    print("|---|--:|---|--:|--:|--:|--:|", flush=True)
    wrong = 0
    for name in names:
        years = f"years={list(load_scenario(name).years[:YEARS])}"
        problem = build_model(build_inputs(load_scenario(name, (*SETTINGS, years)))).problem
        fractions = np.zeros(problem.column_count, dtype=np.bool_)
        sessions = (
            HighsSession(problem),
            DecomposedSession(problem, {}, local_columns(problem, HOURLY), places=PLACES),
        )
        outcomes, cpu_s = [], []
        for session in sessions:
            began = time.process_time()
            session.set_columns(integer=fractions)
            outcomes.append(session.solve(time_limit_s=LIMIT_S))
            cpu_s.append(time.process_time() - began)
        whole, pieces = outcomes
        apart = abs(pieces.objective - whole.objective) / abs(whole.objective)
        is_same = apart <= APART_FRAC and pieces.status == whole.status == "optimal"
        wrong += not (is_same and pieces.method_used.startswith("decomposed"))
        print(
            f"| {name} | {problem.row_count:,} | {pieces.method_used} |"
            f" {whole.objective:,.3f} | {apart:.1e} | {cpu_s[0]:.1f} | {cpu_s[1]:.1f} |",
            flush=True,
        )
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
