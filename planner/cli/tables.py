"""Tables on a terminal: a column is its head and what it says of a row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    import pandas as pd

    Row = Any  # a mapping, or what the functions of the columns read
    Column = tuple[str, str | Callable[[Row], str]]
    """A head, and a cell: a format such as `{cost_musd:,.2f}`, or a function of the row."""


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
    import click

    from planner.base.console import wrapped

    click.echo(wrapped(text, mark))


def print_notes(notes: Iterable[str]) -> None:
    """Print what a reader must know, each note behind a dash."""
    for note in notes:
        say(note, "- ")
