"""Processor time of a future of a sweep, beside that of `dcplan solve` for the same scenario.

Run from the root of the repository: ``python bench/sweep.py [FUTURES_OF_EACH_PATH]``. The sample is
`us-base` with integers relaxed, on three demand paths by the four headroom rates: both axes of
`us-grid-demand`. Each future is solved by the sweep, in this process, and by the command, one after
the other, so that both are measured under the same load. The objectives must agree to 1e-6.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from planner.studies.sweep.futures import read_sweep
from planner.studies.sweep.one import answer_to
from planner.studies.sweep.order import Queue

PATHS = ("brief_30_to_90", "lbnl_low", "us_ai_nameplate_high")
RATES = (0.25, 0.5, 1, 5)
SAMPLE = """version: 1
base: us-base
set: {{siting: {{whole_openings: false}}}}
axes:
  path: {{key: demand.trajectory, values: [{paths}]}}
  headroom: {{key: grid.curtailment_rate_pct, values: [{rates}]}}
"""


def cold(settings: list[str], folder: str) -> tuple[float, float]:
    """Return the objective and the processor time of the command. [MUSD, s]"""
    program = str(Path(sys.executable).with_name("dcplan"))
    given = [word for setting in settings for word in ("--set", setting)]
    command = [program, "-q", "solve", "us-base", "-o", folder, "--json", *given]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        answer = json.loads(process.stdout.read())
        _, _, used = os.wait4(process.pid, 0)
        process.returncode = 0
    return answer["objective_musd"], used.ru_utime + used.ru_stime


def main() -> None:
    rates = RATES[: int(sys.argv[1])] if len(sys.argv) > 1 else RATES
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sample.yaml"
        text = SAMPLE.format(paths=", ".join(PATHS), rates=", ".join(map(str, rates)))
        path.write_text(text, encoding="utf-8")
        sweep = read_sweep(path)
        queue = Queue(sweep.questions, {})
        print("| future | method | sweep s | solve s | share |")
        print("|---|---|--:|--:|--:|")
        spent = []
        while (task := queue.next()) is not None:
            question, start = task
            tables = sweep.tables[question.tables_key]
            answer, ended = answer_to(question, tables, Path(folder), start)
            queue.done(question, ended)
            labels = question.future.labels
            settings = [
                "siting.whole_openings=false",
                f"demand.trajectory={labels['path']}",
                f"grid.curtailment_rate_pct={labels['headroom']}",
            ]
            objective, cold_s = cold(settings, folder)
            assert answer.objective_musd is not None, answer.message
            assert not answer.broken
            if abs(answer.objective_musd - objective) > 1e-6 * abs(objective):
                message = f"{question.name}: {answer.objective_musd}, afresh {objective}"
                raise AssertionError(message)
            spent.append((answer.cpu_s, cold_s))
            print(
                f"| {question.name} | {answer.method} | {answer.cpu_s:.1f} | {cold_s:.1f} "
                f"| {answer.cpu_s / cold_s:.2f} |",
                flush=True,
            )
        of_sweep, of_solve = (sum(column) for column in zip(*spent, strict=True))
        print(f"| {len(spent)} | | {of_sweep:.0f} | {of_solve:.0f} | {of_sweep / of_solve:.2f} |")


if __name__ == "__main__":
    main()
