"""`dcplan data`: the tables that ship, with units, sources and licences, and copies of them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from planner.cli.data_days import days_command

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["data"]


@click.group()
def data() -> None:
    """Show and copy the tables that ship: units, sources, licences."""


@data.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for other programs.")
def list_command(*, as_json: bool) -> None:
    """List all tables."""
    from planner.tables.catalog import list_tables

    tables = list_tables()
    if as_json:
        click.echo(json.dumps(tables.to_dict("records"), indent=2, ensure_ascii=False))
        return
    _print_table(tables[["table", "title", "rows", "licences", "vintage"]])


@data.command("show")
@click.argument("table")
@click.option("--json", "as_json", is_flag=True, help="Print all rows and columns as JSON.")
@click.option(
    "--rows", "rows", type=click.IntRange(min=0), default=5, show_default=True, help="Rows to print below the columns."
)
def show_command(table: str, *, as_json: bool, rows: int) -> None:
    """Show what TABLE holds: meaning, columns, sources, licences, first rows."""
    from planner.tables import load_package, read_table
    from planner.tables.catalog import describe_table

    schema = load_package()[table]
    columns = describe_table(table)
    frame = read_table(table)
    if as_json:
        content = {
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
        click.echo(json.dumps(content, indent=2, ensure_ascii=False))
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
@click.option("--json", "as_json", is_flag=True, help="Print the ids alone, as a JSON list.")
def ids_command(table: str, word: str | None, *, as_json: bool) -> None:
    """List the ids of TABLE, to be written into a scenario; with WORD, those that have it.

    WORD is looked for in ids, names and countries, in small or capital letters.

    Example: dcplan data ids sites columbus
    """
    from planner.tables.catalog import list_ids

    ids = list_ids(table, word or "")
    if as_json:
        click.echo(json.dumps(ids.iloc[:, 0].tolist(), indent=2, ensure_ascii=False))
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
    from planner.cli.output import writing_into
    from planner.outputs.files import move_all
    from planner.outputs.staging import staging
    from planner.tables import load_package

    package, problems = load_package(), list[Problem]()
    copies = dict[str, tuple[Path, Path]]()
    for table in dict.fromkeys(tables):
        try:
            copies[table] = (package.path(table), folder / package[table].path)
        except InputError as error:
            problems += error.problems
    if folder.exists() and not folder.is_dir():
        what_is = "it is a file"
        problems.append(Problem(str(folder), None, None, what_is, "a folder", "choose another name"))
    problems += [
        Problem(str(own), None, None, "the file is there already", "a new one", "move it away")
        for _, own in copies.values()
        if os.path.lexists(own)
    ]
    if problems:
        raise InputError(problems)
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
