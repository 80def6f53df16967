"""Options that commands share, what they say of files, and tables on a terminal."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from planner.base.words import some

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    import pandas as pd

    from planner.outputs.run import Run

    Row = Any  # a mapping, or what the functions of the columns read
    Column = tuple[str, str | Callable[[Row], str]]
    """A head, and a cell: a format such as `{cost_musd:,.2f}`, or a function of the row."""


FILE: Final = click.Path(dir_okay=False)
FOLDER: Final = click.Path(file_okay=False)


def option(names: str, words: str, takes: Any = None, default: Any = None, **how: Any) -> Callable[[Any], Any]:
    """Make an option of its names, what it does, what it takes and its default.

    `--window=YEARS* windows` calls what it takes YEARS, may be repeated, and is named windows in Python; a list
    has what can be chosen; what takes nothing is a flag.
    """
    names, several, dest = names.partition("*")
    named = [name.partition("=") for name in (names + dest).split()]
    metavar = next((shown for _, _, shown in named if shown), None)
    if takes is None and metavar is None:
        how["is_flag"] = True
    elif takes is not bool:
        how["type"] = click.Choice(takes) if isinstance(takes, list) else takes or str
    if default is not None:
        how = {"default": default, "show_default": True, **how}
    if several:
        how["multiple"] = True
    return click.option(*(name for name, _, _ in named), help=words or None, metavar=metavar, **how)


OVERRIDES: Final = option(
    "--set=KEY=VALUE* overrides", "Change a setting, such as operator.demand_share_frac=0.2; may be repeated."
)
RUNS_DIR: Final = option("--runs runs_dir", "Folder of the runs; RUN is looked for there by name.", FOLDER, "runs")
INTO_RUNS_DIR: Final = option(
    "--runs -o --output runs_dir", "Folder of the runs, into which the run is written.", FOLDER, "runs"
)
STRICT: Final = option("--strict", "Treat warnings, such as an implausible figure, as errors.")
SOME_YEARS: Final = option("--year* years", "A model year; left out: all.", int)
LOST_LOAD: Final = option(
    "--lost-load-usd-per-mwh=USD", "Price of energy that is short at sites without racks; left out: 10,000.", float
)
OWN_HOURS: Final = option(
    "--hours=FILE", "Own weather and wholesale prices, as `dcplan data show own_hours` describes them.", FILE
)


ALL_ROWS: Final = option("--all every", "Every row.")
NO_WORKBOOK: Final = option("--no-workbook", "Leave out plan.xlsx and report.html.")
SEED: Final = option("--seed", "Of weather and prices; left out: 1.", int)
JOBS: Final = option(
    "--jobs",
    "Futures at once, each in a process of its own; left out: one for each processor.",
    click.IntRange(1, 1024),
)
SCHEDULER: Final = option(
    "--scheduler=ADDRESS", "Dask cluster that solves them instead, such as tcp://10.0.0.5:8786; extra dask."
)


class Percentages(click.ParamType[Any]):
    """A percentage, or several with commas between them, as shares; finite, unlike those of a range of click."""

    name = "percents"

    def __init__(self, what: str, most: float = math.inf, *, several: bool = False) -> None:
        self._what, self._most, self._several = what, most, several

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read the text after the option."""
        try:
            found = [float(part) for part in (value.split(",") if self._several else [value])]
        except ValueError:
            found = []
        if not found or not all(0.0 < one <= self._most and math.isfinite(one) for one in found):
            self.fail(f"{value!r} is not {self._what}", param, ctx)
        return tuple(one / 100.0 for one in found) if self._several else found[0] / 100.0


def into_folder(text: str) -> Callable[[Any], Any]:
    """Make the option for the folder that a study writes its files into."""
    return option("-o --output folder", text, click.Path(file_okay=False, path_type=Path))


# --- What is said of files that a command writes, and what becomes of an error while it does ------


def is_quiet(context: click.Context) -> bool:
    """Return whether a command says nothing but its result: option ``-q`` of the program."""
    return bool(context.obj and context.obj.get("quiet"))


def note(text: str) -> None:
    """Say on stderr what is neither a result nor an error: not at all with ``-q``."""
    if not is_quiet(click.get_current_context()):
        click.echo(text, err=True)


def print_written(*paths: Path, as_json: bool) -> None:
    """Say where files were written, at the end of a result."""
    from planner.outputs.terminal import print_paths, written_lines

    if paths:
        named = dict.fromkeys(paths)
        if as_json:
            note(written_lines(named))
        else:
            click.echo()
            print_paths(named)


def print_files(paths: Sequence[Path], *, as_json: bool) -> None:
    """Print files that are the result, each on a line."""
    if as_json:
        print_json([str(path) for path in paths])
    elif paths:
        click.echo("\n".join(map(str, paths)))


def print_json(content: Any) -> None:
    """Print a result for programs."""
    import json

    click.echo(json.dumps(content, indent=2, ensure_ascii=False))


_NAMED: Final = 3  # files


def warn_of_changes(run: Run) -> None:
    """Warn of table files changed since the run was written, also with ``-q``: the result is not of what was stored."""
    from planner.outputs.run import files_changed

    if changed := files_changed(run):
        click.echo(
            f"{run.folder}: changed since it was written: {some(changed, _NAMED)}; what follows is"
            f" of the files as they are now (`dcplan check {run.folder}` judges them)",
            err=True,
        )


# --- Tables on a terminal: a column is its head and what it says of a row -------------------------


def print_table(rows: pd.DataFrame | Iterable[Row], columns: Iterable[Column], **how: Any) -> None:
    """Print rows in columns; `how` is of `print_cells`."""
    columns = list(columns)
    lines: Any = rows if not hasattr(rows, "to_dict") else rows.to_dict("records")
    cells = ([cell.format_map(row) if isinstance(cell, str) else cell(row) for _, cell in columns] for row in lines)
    print_cells([head for head, _ in columns], cells, **how)


def print_cells(
    heads: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    left: Collection[str] = (),
    own: Mapping[str, dict[str, Any]] | None = None,
    style: Callable[[Sequence[Any]], str] = lambda _: "",
    **every: Any,
) -> None:
    """Print cells below their heads, numbers to the right.

    `left` names columns of text; `own` has what is of one column alone, in the words of rich, and `every` of all.
    """
    from rich.table import Table
    from rich.text import Text

    from planner.base.console import TableConsole

    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in heads:
        how = {"justify": "left" if head in left else "right", **every, **(own or {}).get(head, {})}
        table.add_column(Text(head), **how)
    for row in rows:
        table.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in row), style=style(row))
    TableConsole().print(table)


def say(text: str, mark: str = "") -> None:
    """Print a sentence in lines of the screen."""
    from planner.base.console import wrapped

    click.echo(wrapped(text, mark))


def print_notes(notes: Iterable[str]) -> None:
    """Print what a reader must know, each note behind a dash."""
    for note in notes:
        say(note, "- ")
