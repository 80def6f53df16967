"""A run taken back to its program: MPS and LP files, and what binds."""

from __future__ import annotations

import json
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from planner.base.errors import InputError, Problem, raise_all
from planner.inputs import TABLES, inputs_without_notes
from planner.limits import BY_NAME
from planner.limits.binding import ONE_MORE, PLACES, binding, limit_parts
from planner.outputs.files import sha256_of
from planner.outputs.run import once_a_run
from planner.scenario import load_scenario
from planner.scenario.schema import OWN_FILES
from planner.tables import load_package

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from planner.inputs.inputs import Inputs
    from planner.limits.limit import Tables
    from planner.model import Model
    from planner.outputs.labels import DisplayNames
    from planner.outputs.run import Run
    from planner.scenario import Scenario


_LONGEST_NAME: Final = 255  # signs of a name in a CPLEX LP file


def write_mps(run: Run, path: Path) -> list[Path]:
    """Write the linear program, built again, as a free MPS file; names are PuLP's, odd signs in them ``_xHH``."""
    model_of(run).problem.to_pulp().writeMPS(str(path))
    return [path]


def write_lp(run: Run, path: Path) -> list[Path]:
    """Write the linear program as a CPLEX LP file, which people can read."""
    from pulp import PulpError

    problem = model_of(run).problem.to_pulp()
    try:
        problem.checkLengthVars(_LONGEST_NAME)  # the writer does, and leaves its file open
    except PulpError as error:
        what_is, must_be = "some names of columns are longer than the format allows", f"at most {_LONGEST_NAME} signs"
        raise InputError.at(path.name, what_is, must_be, "take mps, or shorter ids of sites") from error
    problem.writeLP(str(path), max_length=_LONGEST_NAME)
    return [path]


def model_of(run: Run) -> Model:
    """Build the linear program of a run again, from the scenario and the tables it keeps."""
    from planner.model import build_model  # reading a stored plan needs none

    return build_model(inputs_of(run))


def inputs_of(run: Run) -> Inputs:
    """Return what the program of a run was made of: of a stored one, made again."""
    if run.inputs is not None:
        return run.inputs
    problems = list(unreadable_tables(run))
    raise_all(problems)
    return inputs_without_notes(scenario_of(run), run.inputs_tables)


def unreadable_tables(run: Run) -> Iterator[Problem]:
    """Find the input tables that a run lacks, that are no Parquet files, lack columns or have a key twice."""
    schemas = load_package().tables
    for name in TABLES:
        try:
            table, key = run.inputs_tables[name], list(schemas[name].primary_key)
            lacking = sorted(set(schemas[name].columns) - set(table))
            found = f"the table has no {' and no '.join(lacking)}" if lacking else ""
            if not lacking and key and table.duplicated(key).any():
                found = f"the table has two rows of one {', '.join(key)}"
        except InputError as error:
            yield from error.problems
            continue
        except KeyError:
            found = f"the table can not be read: the run has no {name!r}"
        if found:
            must_be = "a table with the columns that this version of dcplan reads, and each key once"
            yield Problem.of(f"inputs/{name}.parquet", found, must_be, "solve the scenario again")


def scenario_of(run: Run) -> Scenario:
    """Read the merged scenario of a run again."""
    merged = run.meta["merged"]
    named = {f"{block}.{key}": (merged.get(block) or {}).get(key) for block, key in OWN_FILES}
    raise_all([one for key, file in named.items() if isinstance(file, str) for one in _changed(run, key, Path(file))])
    return scenario_of_merged(run, merged)


def scenario_of_merged(run: Run, merged: Mapping[str, Any]) -> Scenario:
    """Read a merged scenario, that of a run or one made of it."""
    with tempfile.TemporaryDirectory() as folder:
        # JSON is YAML too, so the merged scenario is read by the same strict rules as any file.
        path = Path(folder) / "merged.yaml"
        text = json.dumps({**merged, "data": {}}, ensure_ascii=False)
        path.write_text(text, encoding="utf-8")
        scenario = load_scenario(path)
        return scenario.written_in(run.name, scenario.source_files, scenario.tree)


def _changed(run: Run, setting: str, path: Path) -> Iterator[Problem]:
    """Find out whether a file that a setting names is not the one that was solved with."""
    known = run.meta["data"].get(setting, {}).get("sha256", "")
    if not path.is_file():
        yield Problem.of(path, f"the file of {setting} is gone", "there", "put it back")
    elif sha256_of(path) != known:
        what_is, must_be = f"the file of {setting} has changed since the run", f"the one with SHA-256 {known[:12]}..."
        yield Problem.of(path, what_is, must_be, "put it back, or solve again")


# --- What binds in a plan, in sentences with the names that people use ----------------------------


_NAMED: Final = ("site", "zone", "workload", "vendor")
"""Places with names that people use; of these the first three are names of a user's."""


@once_a_run
def binding_of_run(run: Run) -> pd.DataFrame | InputError:
    """Return the limits that bind, or why this version can not read the inputs of the run."""
    prices = run.tables["prices"]
    known = {name for name, limit in BY_NAME.items() if limit.binding is not None}
    if not set(prices["block"]) & known:
        return pd.DataFrame(columns=["block", *PLACES, "year"])
    try:
        inputs = inputs_of(run)
    except InputError as error:
        return error
    return binding(inputs, run.tables)


def weightiest(table: pd.DataFrame, most: int, most_of_a_kind: int) -> pd.DataFrame:
    """Return the limits by which a plan loses most, each in the year in which it binds hardest."""
    once = table.drop_duplicates(["block", *PLACES])
    return once[once.groupby("block").cumcount() < most_of_a_kind].head(most)


def sentence(row: pd.Series, tables: Tables, labels: DisplayNames) -> list[tuple[str, bool]]:
    """Say what binds."""
    parts = limit_parts(row, tables, partial(_known, labels))
    return [(part, place in _NAMED[:3]) for part, place in parts]


def sentence_text(row: pd.Series, tables: Tables, labels: DisplayNames) -> str:
    """Say what binds, as one text without what its end would lead to."""
    return "".join(text for text, _ in sentence(row, tables, labels)).rstrip(".: ")


def _known(labels: DisplayNames, place: str, label: str) -> str:
    return str(getattr(labels, place)(label)) if place in _NAMED else label


def few_that_bind(run: Run, found: pd.DataFrame | InputError, most: int, most_of_a_kind: int) -> pd.DataFrame | str:
    """Return the limits by which a plan loses most, or why there are none to show."""
    if not bool(run.tables["solution"]["has_duals"].iloc[0]):
        return "The solve ended without shadow prices, so nothing is said of limits."
    if isinstance(found, InputError):
        return f"The limits that bind are left out, as the inputs of the run cannot be read: {found.problems[0]}"
    few = weightiest(found, most, most_of_a_kind)
    return "No limit binds that spending more could not lift." if few.empty else few


def what_one_more_does(row: pd.Series) -> str:
    """Say what the shadow price of a limit is of: of what is asked for it is a cost, else it is saved."""
    price = BY_NAME[str(row["block"])].price
    is_asked = price is not None and price.sign == 1
    return "one more MWh costs" if is_asked else f"{ONE_MORE[str(row['limit_unit'])]} saves"


def fullest_zones(run: Run, most: int) -> pd.DataFrame:
    """Return the headroom in the last year of zones of which some is taken, the fullest first."""
    headroom = run.tables["headroom"]
    of_year = headroom[headroom["year"] == run.years[-1]]
    in_use = of_year[of_year["limit_mw"] - of_year["spare_mw"] > 1.0]
    left = (in_use["spare_mw"] / in_use["limit_mw"].where(in_use["limit_mw"] > 0.0)).fillna(0.0)
    return in_use.assign(left=left).sort_values("left", kind="stable").head(most)
