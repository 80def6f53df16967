"""`dcplan data`: tables, their figures and days; and `dcplan schema`."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from planner.base.errors import InputError, Problem, raise_all
from planner.cli.options import FOLDER, OVERRIDES, option, print_json
from planner.cli.tables import print_table

if TYPE_CHECKING:
    import pandas as pd

    from planner.studies.days import ChosenDays


@click.command("schema")
@option(
    "--of kind", "Of which files; those of dcplan stochastic are files of sweeps.", ["scenario", "sweep"], "scenario"
)
def schema_command(kind: str) -> None:
    """Print the JSON Schema of scenario files, for completion and checks in editors.

    Write it next to the scenarios (dcplan schema > scenario.schema.json) and begin a scenario
    with: # yaml-language-server: $schema=scenario.schema.json
    """
    if kind == "sweep":
        from planner.studies.sweep.file import sweep_schema

        click.echo(sweep_schema(), nl=False)
        return
    from planner.scenario import json_schema

    click.echo(json_schema(), nl=False)


# --- `dcplan data days`: choose the days that represent a year, with weights, from its hours ------

_NONE = "none"


@click.command("days")
@click.argument("scenario")
@option("--count=N", "Days in all, kept ones too.", int, required=True)
@option(
    "--keep=NAME*",
    "Extreme day to keep: hottest, 'most expensive', 'highest load', 'least sun and wind', or none;"
    " may be repeated. Left out: all that the year has figures for.",
)
@option("--seed", "Of weather and prices that are drawn; left out: 1.", int)
@OVERRIDES
@option("-o --output folder", "Folder for the two tables; nothing in it is overwritten.", FOLDER, "days")
@option("--json as_json", "Print the days as JSON.")
@click.pass_context
def days_command(
    ctx: click.Context, /, scenario: str, keep: tuple[str, ...], folder: str, *, count: int, as_json: bool, **asked: Any
) -> None:
    """Choose N days that represent the year of SCENARIO, and write them as tables for it.

    A chronological scenario of 365 days gives its hours; for any other, weather and prices of a
    year are drawn from the shipped statistics, as for `dcplan stress`. Extreme days are kept by
    name; all others are grouped by likeness, and a real day of the year represents each group,
    with as many days as the group has. Where tariffs bill a site, each month has a day. Prints the
    lines that make a scenario use them.

    Example: dcplan data days us-base --count 13 -o days
    """
    from pathlib import Path

    from planner.cli.progress import Progress
    from planner.inputs import TABLES
    from planner.inputs.scope import make_case
    from planner.inputs.tariffs import use_of_sites
    from planner.outputs.files import try_folder, writing_into
    from planner.outputs.study_files import write_days
    from planner.scenario import load_scenario
    from planner.stress import settings_from, year_of_hours
    from planner.studies.days import choose_days
    from planner.tables import read_tables

    if _NONE in keep and len(keep) > 1:
        what_is, fix = "none is combined with names", "leave one of them out"
        raise InputError([Problem.of("--keep", what_is, "none alone, or names", fix)])
    with Progress.from_context(ctx, patient=True) as progress:
        progress.stage("read")
        question = load_scenario(scenario, asked["overrides"])
        try_folder(Path(folder), "--output")
        defaults = read_tables(["stress_settings"])["stress_settings"]
        settings = settings_from(defaults, {"seed": asked["seed"] or None})
        case = make_case(question, read_tables(TABLES, question.data_files))
        year = year_of_hours(case, settings)
        progress.stage("Choosing days")
        drawn = f", weather and prices drawn with seed {settings.seed}" if year.is_drawn else ""
        chosen = choose_days(
            year,
            count,
            None if not keep else () if keep == (_NONE,) else keep,
            source=f"dcplan data days {question.name} --count {count}{drawn}",
            every_month=bool(use_of_sites(case)),
        )
    with writing_into(Path(folder)):
        files = write_days(chosen.days, chosen.hours, Path(folder))
    if as_json:
        click.echo(chosen.days.to_json(orient="records", indent=2))
        return
    _print_days(chosen)
    click.echo("\ndata:")
    for table, file in files.items():
        click.echo(f"  {table}: {(Path(Path(folder).name) / file.name).as_posix()}")
    click.echo("time: {chronological: true, days_repeat: true}")


def _print_days(chosen: ChosenDays) -> None:
    """Print each day with its date, and what it represents; of a whole year, the peak day alone."""
    import pandas as pd

    from planner.base.units import DAYS_PER_YEAR

    # No leap day: that of 2025 is a year as the model counts them.
    days = chosen.days
    if len(days) == DAYS_PER_YEAR:
        click.echo(f"All {len(days)} days of the year, each for itself; the peak day among them:\n")
        days = days[days["is_peak_day"]]
    dates = pd.Timestamp("2024-12-31") + pd.to_timedelta(days["year_day"], unit="D")

    def kept(row: Any) -> str:
        return "; ".join(filter(None, (row["kept_as"], "the peak day" if row["is_peak_day"] else "")))

    columns = (
        ("day", "{day}"),
        ("date", "{date.day} {date:%B}"),
        ("represents", "{weight_days:.0f} days"),
        ("kept as", kept),
    )
    print_table(days.assign(date=dates), columns, left={"date", "kept as"})


# --- `dcplan data`: the tables that ship, with units, sources and licences, and copies of them ----


@click.group()
def data() -> None:
    """Show and copy the tables that ship: units, sources, licences."""


@data.command("list")
@option("--json as_json", "Print JSON for other programs.")
def list_command(*, as_json: bool) -> None:
    """List all tables."""
    from planner.tables.catalog import list_tables

    tables = list_tables()
    if as_json:
        print_json(tables.to_dict("records"))
    else:
        _print_table(tables[["table", "title", "rows", "licences", "vintage"]])


@data.command("show")
@click.argument("table")
@option("--json as_json", "Print all rows and columns as JSON.")
@option("--rows", "Rows to print below the columns.", click.IntRange(min=0), 5)
def show_command(table: str, *, as_json: bool, rows: int) -> None:
    """Show what TABLE holds: meaning, columns, sources, licences, first rows."""
    from planner.tables import load_package, read_table
    from planner.tables.catalog import describe_table

    schema = load_package()[table]
    columns = describe_table(table)
    frame = read_table(table)
    if as_json:
        print_json(
            {
                "table": schema.name,
                "title": schema.title,
                "description": schema.description,
                "vintage": schema.vintage,
                "sources": list(schema.sources),
                "licences": [licence.title for licence in schema.licences],
                "primary_key": list(schema.primary_key),
                "columns": columns.to_dict("records"),
                "rows": json.loads(frame.to_json(orient="records", double_precision=15)),
            }
        )
        return
    click.echo(f"{schema.name}: {schema.title}\n{schema.description}\n")
    _print_table(columns[["column", "unit", "bounds", "meaning"]])
    click.echo(f"\nSources: {'; '.join(schema.sources)}")
    click.echo(f"Licences: {'; '.join(licence.title for licence in schema.licences)}")
    click.echo(f"Vintage: {schema.vintage}. Rows: {len(frame):,}.")
    for number, row in enumerate(frame.head(rows).to_dict("records"), start=1):
        click.echo(f"\nrow {number}")
        for name, value in row.items():
            click.echo(f"  {name}: {'' if value != value else value}")  # noqa: PLR0124  NaN is blank


@data.command("ids")
@click.argument("table")
@click.argument("word", required=False)
@option("--json as_json", "Print the ids alone, as a JSON list.")
def ids_command(table: str, word: str | None, *, as_json: bool) -> None:
    """List the ids of TABLE, to be written into a scenario; with WORD, those that have it.

    WORD is looked for in ids, names and countries, in small or capital letters.

    Example: dcplan data ids sites columbus
    """
    from planner.tables.catalog import list_ids

    ids = list_ids(table, word or "")
    if as_json:
        print_json(ids.iloc[:, 0].tolist())
    elif ids.empty and (not word or list_ids(table).empty):
        click.echo(f"{table} ships without rows; use ids of your own.", err=True)
    elif ids.empty:
        click.echo(f"No id of {table} has {word!r} in it.", err=True)
    else:
        _print_table(ids)


@data.command("copy")
@click.argument("tables", metavar="TABLE...", nargs=-1, required=True)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
def copy_command(tables: tuple[str, ...], folder: Path) -> None:
    """Copy each TABLE into DIR, to be edited there.

    Prints the lines that make a scenario next to DIR read the copies. Nothing is overwritten: if
    one of the files is there already, none is copied.
    """
    from planner.base.errors import InputError, Problem
    from planner.outputs.files import move_all, staging, writing_into
    from planner.tables import load_package

    package, problems = load_package(), list[Problem]()
    copies = dict[str, tuple[Path, Path]]()
    for table in dict.fromkeys(tables):
        try:
            copies[table] = (package.path(table), folder / package[table].path)
        except InputError as error:
            problems += error.problems
    if folder.exists() and not folder.is_dir():
        problems.append(Problem.of(str(folder), "it is a file", "a folder", "choose another name"))
    problems += [
        Problem.of(str(own), "the file is there already", "a new one", "move it away")
        for _, own in copies.values()
        if os.path.lexists(own)
    ]
    raise_all(problems)
    with writing_into(folder, "name another folder"), staging(folder) as staged:
        for shipped, own in copies.values():
            (staged / own.name).write_bytes(shipped.read_bytes())
        move_all((staged / own.name, own) for _, own in copies.values())
    click.echo("data:")
    for table, (_, own) in copies.items():
        click.echo(f"  {table}: {(Path(folder.name) / own.name).as_posix()}")


data.add_command(days_command)


def _print_table(frame: pd.DataFrame) -> None:
    from rich.table import Table
    from rich.text import Text

    from planner.base.console import TableConsole

    grid = Table(box=None, pad_edge=False)
    for position, name in enumerate(frame):
        justify: Literal["right", "left"] = "right" if frame[name].dtype.kind in "if" else "left"
        # Names are copied and typed, so they stay in one piece.
        grid.add_column(str(name), justify=justify, overflow="fold", no_wrap=position == 0)
    for row in frame.itertuples(index=False):
        grid.add_row(*(Text(str(value)) for value in row))
    TableConsole().print(grid)


data_command = data
