"""Programs of growing size from shipped data, and what it takes to solve them.

    python bench/ladder.py                         # us-base by 6-hour slots, both methods
    python bench/ladder.py us-base:1 world:3       # hours of us-base, 3-hour slots of world
    python bench/ladder.py us-base:1:12 --methods decomposed,ipx,hipo --repeats 3
    python bench/ladder.py us-base:1:4:2x          # every place split into two
    python bench/ladder.py --methods ipx,decomposed,pulp,linopy,cbc  # and peers
    python bench/ladder.py us-base:1:365 --methods decomposed --gap 1e-3 --threads 2

A rung is a scenario, hours of a slot, days of a year and, at last, how many each demand region and
site is split into, with seeded noise. Days are those of `time.season_days` where there are 4 or 12,
else chosen from a drawn year as by `dcplan data days`; 365 are all of it. Each rung is solved by
each method in a process of its own, one after the other, all integers as fractions. Nothing is read
or built twice. Seconds are of the solve alone; memory is the peak of the process with the program.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import multiprocessing
import platform
import resource
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from peers import PEERS, solve_by_peer

from planner.inputs import TABLES, build_inputs
from planner.inputs.scope import make_case
from planner.lp.decomposed import DecomposedSession, local_columns
from planner.model import build_model
from planner.outputs.study_files import write_days
from planner.scenario import load_scenario
from planner.scenario.schema import Solver
from planner.stress import settings_from, year_of_hours
from planner.studies.days import choose_days
from planner.studies.solve.asking import HOURLY, PLACES, plan_session
from planner.tables import read_tables

if TYPE_CHECKING:
    from planner.lp import ArrayProblem
    from planner.lp.outcome import ProgressEvent

PACKAGES: Final = ("highspy", "numpy", "scipy", "pulp", "linopy")
DATA: Final = Path(__file__).parent.parent / "data"
SEED: Final = 20261128
EXTENSIVE: Final = ("MW", "MW/year", "m3/year", "millions")
"""Units of what is split; everything else is the same in all parts of a place."""
TABLES_OF_PLACES: Final = {
    "sites": "site",
    "site_limits": "site",
    "site_stock": "site",
    "site_pipeline": "site",
    "electricity_price": "site",
    "carbon_intensity": "site",
    "climate": "site",
    "climate_monthly": "site",
    "water_stress": "site",
    "demand_regions": "demand_region",
}
SHARE_NOISE: Final = 0.3
DEGREES: Final = 0.2
PRICE_NOISE: Final = 0.03


def parse(text: str) -> tuple[str, int, int | None, int]:
    """Return scenario, hours of a slot, days of a year, and parts of a place."""
    name, *rest = text.split(":")
    times = int(rest.pop()[:-1]) if rest and rest[-1].endswith("x") else 1
    hours = int(rest[0]) if rest else 6
    days = int(rest[1]) if len(rest) > 1 else None
    return name, hours, days, times


def settings_of(text: str, folder: Path) -> tuple[str, list[str]]:
    """Return the scenario of a rung and its settings; tables of split places go to a folder."""
    name, hours, days, times = parse(text)
    settings = [f"time.slot_h={hours}", "siting.whole_openings=false", "racks.whole=false"]
    if days in {4, 12}:
        settings.append(f"time.season_days={days}")
    elif days is not None:
        settings += ["time.chronological=true", "time.days_repeat=true"]
        settings += [f"data.{table}={path}" for table, path in choose(name, days, folder).items()]
    if times > 1:
        scenario = load_scenario(name)
        if scenario.operator.stock_sites is not None:
            settings.append(f"operator.stock_sites={times * scenario.operator.stock_sites}")
        settings += [f"data.{table}={path}" for table, path in split_places(times, folder).items()]
    return name, settings


def choose(name: str, count: int, folder: Path) -> dict[str, Path]:
    """Write tables of days chosen from a drawn year."""
    question = load_scenario(name)
    settings = settings_from(read_tables(["stress_settings"])["stress_settings"], {})
    year = year_of_hours(make_case(question, read_tables(TABLES, question.data_files)), settings)
    chosen = choose_days(year, count)
    return write_days(chosen.days, chosen.hours, folder)


def split_places(times: int, folder: Path) -> dict[str, Path]:
    """Write tables in which every site and demand region is several near each other."""
    rng = np.random.default_rng(SEED)
    descriptor = json.loads((DATA / "datapackage.json").read_text(encoding="utf-8"))
    resources = {resource["name"]: resource for resource in descriptor["resources"]}
    of_place: dict[str, dict[str, np.ndarray]] = {}
    for table in ("sites", "demand_regions"):
        ids = pd.read_csv(DATA / resources[table]["path"])[TABLES_OF_PLACES[table]]
        shares = 1.0 + SHARE_NOISE * rng.uniform(-1.0, 1.0, (len(ids), times))
        shares /= shares.sum(axis=1, keepdims=True)
        moved = rng.uniform(-DEGREES, DEGREES, (len(ids), times, 2))
        prices = 1.0 + PRICE_NOISE * rng.uniform(-1.0, 1.0, (len(ids), times))
        of_place[TABLES_OF_PLACES[table]] = {
            place: np.column_stack((share, move, price))
            for place, share, move, price in zip(ids, shares, moved, prices, strict=True)
        }
    written = {}
    for table, key in TABLES_OF_PLACES.items():
        resource = resources[table]
        frame = pd.read_csv(DATA / resource["path"], dtype=str, keep_default_na=False)
        numbers = np.stack([of_place[key][place] for place in frame[key]])
        units = {field["name"]: field.get("unit") for field in resource["schema"]["fields"]}
        parts = [_part(frame, key, units, numbers[:, part], part) for part in range(times)]
        written[table] = folder / f"{table}.csv"
        pd.concat(parts).to_csv(written[table], index=False)
    return written


def _part(frame: pd.DataFrame, key: str, units: dict[str, str | None], numbers: np.ndarray, part: int) -> pd.DataFrame:
    """Return a table with each place's part of that number; the first keeps the name."""
    part_of = frame.copy()
    if part:
        part_of[key] += f"-{part + 1}"
    share, north, east, price = numbers.T
    for column, unit in units.items():
        if column not in frame:
            continue
        if unit in EXTENSIVE:
            factor, shift = share, 0.0
        elif column in {"lat", "lon"}:
            factor, shift = np.ones(len(frame)), north if column == "lat" else east
        elif column.endswith("usd_per_mwh"):
            factor, shift = price, 0.0
        else:
            continue
        known = frame[column] != ""
        value = pd.to_numeric(frame[column].where(known, "0")) * factor + shift
        part_of[column] = value.round(6).astype(str).where(known, "")
    return part_of


def solve_in_process(
    problem: ArrayProblem, method: str, gap_frac: float, threads: int, limit_s: float
) -> dict[str, Any]:
    """Solve in a copy of this process, and return what it took."""
    here, there = multiprocessing.get_context("fork").Pipe()
    process = multiprocessing.get_context("fork").Process(
        target=_solve, args=(problem, method, gap_frac, threads, limit_s, there)
    )
    process.start()
    there.close()
    try:
        answer: dict[str, Any] = here.recv()
    except EOFError:
        answer = {"status": "died"}
    process.join()
    return answer


def _solve(problem: ArrayProblem, method: str, gap_frac: float, threads: int, limit_s: float, answer_to: Any) -> None:
    before, began = time.process_time(), time.perf_counter()
    if method in PEERS:
        result = solve_by_peer(problem, method, limit_s)
        children = resource.getrusage(resource.RUSAGE_CHILDREN)  # CBC is one
        before -= children.ru_utime + children.ru_stime
    else:
        solver = Solver.model_validate({"method": method})
        if method == "decomposed":
            session = DecomposedSession(problem, {}, local_columns(problem, HOURLY), gap_frac, places=PLACES)
        else:
            session = plan_session(problem, solver)
        session.set_columns(integer=np.zeros(problem.column_count, dtype=np.bool_))
        outcome = session.solve(solver.method, time_limit_s=limit_s, threads=threads, on_progress=_show)
        result = {
            "status": outcome.status,
            "objective": outcome.objective,
            "gap": outcome.gap,
            "how": outcome.method_used,
        }
    result |= {
        "cpu_s": time.process_time() - before,
        "wall_s": time.perf_counter() - began,
        "gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
    }
    answer_to.send(result)


def _show(event: ProgressEvent) -> None:
    """Print each round of a solve in pieces, which may take minutes."""
    if event.phase == "rounds":
        cpu_s, gib = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(
            f"{event.seconds:.0f} s, {cpu_s:.0f} s of processor time, {gib:.2f} GiB, round"
            f" {event.iterations}: {event.objective:.2f}, bound {event.dual_bound:.2f}",
            file=sys.stderr,
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("rungs", nargs="*", default=["us-base:6"])
    parser.add_argument("--methods", default="ipx,decomposed")
    parser.add_argument("--repeats", type=int, default=1, help="the median counts")
    parser.add_argument("--limit", type=float, default=600.0, help="wall seconds of one solve")
    parser.add_argument("--gap", type=float, default=0.0, help="where a solve in pieces may end")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="one line of JSON for each solve")
    given = parser.parse_args()
    versions = ", ".join(f"{package} {version(package)}" for package in PACKAGES)
    print(f"Python {platform.python_version()}, {versions}, {platform.machine()}\n")
    if not given.json:
        print("| rung | rows | columns | non-zeros | method | status | MUSD | gap | cpu s | wall s | GiB |")
        print("|---|--:|--:|--:|---|---|--:|--:|--:|--:|--:|")
    for rung in given.rungs:
        with tempfile.TemporaryDirectory() as folder:
            name, settings = settings_of(rung, Path(folder))
            problem = build_model(build_inputs(load_scenario(name, settings))).problem
        gc.collect()  # the model, which refers to itself
        size = problem.sizes()
        for method in given.methods.split(","):
            runs = [
                solve_in_process(problem, method, given.gap, given.threads, given.limit) for _ in range(given.repeats)
            ]
            runs.sort(key=lambda run: run.get("cpu_s", math.inf))
            middle = runs[len(runs) // 2]
            if given.json:
                print(json.dumps({"rung": rung, "method": method, **size, **middle}), flush=True)
                continue
            print(
                f"| {rung} | {size['rows']:,} | {size['columns']:,} | {size['nonzeros']:,}"
                f" | {middle.get('how', method)} | {middle['status']}"
                f" | {middle.get('objective') or math.nan:.4f}"
                f" | {middle.get('gap', math.nan):.1e} | {middle.get('cpu_s', math.nan):.1f}"
                f" | {middle.get('wall_s', math.nan):.1f} | {middle.get('gib', math.nan):.2f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
