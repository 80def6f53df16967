"""Makes a slip in a plan of three sites and says where it is told: also a script to look at them.

``python tests/plausible/attempts.py`` prints what `dcplan validate` says to each.
"""

from __future__ import annotations

import csv
import os
import tempfile
from pathlib import Path
from typing import Any

import click
import yaml

from planner.base.paths import DATA_DIR
from planner.inputs.build import Validation, validated
from planner.scenario import read_draft
from planner.scenario.schema import seen_at
from planner.scenario.tree import nearest

HERE = Path(__file__).parent
SITES = ["us-va-ashburn", "us-oh-columbus", "us-tx-dallas"]
PLAN: dict[str, Any] = {
    "version": 1,
    "extends": "us-base",
    "scope": {"countries": ["US"], "sites": SITES},
    "years": [2025, 2027, 2030],
    "operator": {"demand_share_frac": 0.02, "stock_sites": None},
}
_ROUND_TRIPS = "rtt"  # named by a setting, not under data:
Place = tuple[str, int | None, int | None]


def read(name: str) -> list[dict[str, Any]]:
    """Return the attempts of a file."""
    entries: list[dict[str, Any]] = yaml.safe_load((HERE / name).read_text(encoding="utf-8"))
    return entries


def validate(attempt: dict[str, Any], folder: Path) -> tuple[Validation, set[Place]]:
    """Write the plan with one attempt into a folder, and validate it there.

    Returns
    -------
    Validation
        What is said.
    set of tuple
        File, line and column of the cell that must be named.
    """
    plan = _merged(PLAN, attempt.get("add", {}))
    if "new_sites" in plan and plan["scope"]["sites"] == SITES:
        plan = _merged(plan, {"scope": {"sites": [*SITES, *plan["new_sites"]]}})
    expected: set[Place] = set()
    if "table" in attempt:
        plan["data"] = {attempt["table"]: f"{attempt['table']}.csv"}
        expected.add(_write_table(attempt, folder))
    for table, text in attempt.get("csv", {}).items():
        (folder / f"{table}.csv").write_text(text, encoding="utf-8")
        if table != _ROUND_TRIPS:
            plan["data"] = {**plan.get("data", {}), table: f"{table}.csv"}
    if isinstance(attempt.get("cell"), list):
        cells = attempt["cell"] if isinstance(attempt["cell"][0], list) else [attempt["cell"]]
        expected |= {(file, line, column) for file, line, column in cells}
    path = folder / "plan.yaml"
    path.write_text(yaml.safe_dump(plan, sort_keys=False), encoding="utf-8")
    os.chdir(folder)
    if "at" in attempt:
        tree = read_draft("plan.yaml").tree
        for keys in (attempt["at"], *attempt.get("also", ())):
            steps = (int(key) if key.isdigit() and len(key) == 1 else key for key in keys.split("."))
            place = seen_at(nearest(tree, tuple(steps)))
            expected.add((place.file, place.line, place.column))
    return validated("plan.yaml", ()), expected


def _merged(base: dict[str, Any], add: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in add.items():
        both = isinstance(value, dict) and isinstance(base.get(key), dict)
        merged[key] = _merged(base[key], value) if both else value
    return merged


def _write_table(attempt: dict[str, Any], folder: Path) -> Place:
    """Copy a table with one cell changed; return the place of the cell."""
    name = f"{attempt['table']}.csv"
    with (DATA_DIR / name).open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    found = [
        number
        for number, row in enumerate(rows)
        if row[0] == attempt["row"] and ("year" not in attempt or row[header.index("year")] == str(attempt["year"]))
    ]
    number, column = found[-1 if attempt.get("last") else 0], header.index(attempt["column"])
    rows[number][column] = str(attempt["cell"])
    with (folder / name).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])
    quoted = (f'"{cell}"' if set(cell) & set(',"') else cell for cell in rows[number][:column])
    before = ",".join(quoted)
    return name, number + 2, len(before) + 2 if column else 1


if __name__ == "__main__":
    for name in ("slips.yaml", "unusual.yaml"):
        for attempt in read(name):
            with tempfile.TemporaryDirectory() as folder:
                found, expected = validate(attempt, Path(folder))
            said = [*found.problems, *found.warnings]
            places = {(one.file, one.line, one.column) for one in said}
            mark = "OK" if places == expected else "!!"
            click.echo(f"{mark} {attempt.get('slip') or attempt['input']}")
            for one in said:
                click.echo(f"      {one}")
            if places != expected:
                click.echo(f"      expected {expected}")
