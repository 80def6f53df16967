"""Runs compared on a screen of a terminal: cost, inputs that differ, plan, sites, items."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pandas as pd
from rich.console import Group
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from planner.base.console import broken, printable
from planner.base.words import amount, signed
from planner.outputs.comparison.comparison import cause_notes, cell_text, cost_sentences, dollars, split_sentences
from planner.outputs.comparison.differences import setting_text
from planner.outputs.labels import item_words
from planner.outputs.measures import OF_YEAR, common_years, difference_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from rich.console import Console, ConsoleOptions, RenderResult

    from planner.outputs.comparison.comparison import CostSplit, RunComparison

_MOST_ROWS: Final = 12
_WIDEST: Final = 34
_ENDLESS: Final = 1_000_000  # columns
_SMALL: Final = 5e-4  # of the largest figure of its kind


def comparison_summary(comparison: RunComparison, *, every: bool = False) -> Group:
    """Lay out a comparison for a terminal."""
    most = sys.maxsize if every else _MOST_ROWS
    parts: list[Text | Table | _InputTable] = [_heads(comparison)]
    parts += [Text(sentence) for sentence in cost_sentences(comparison)]
    parts += [Text(note, style="yellow") for note in comparison.notes]
    parts += _inputs(comparison, most)
    parts += [part for split in comparison.splits for part in _causes(split)]
    parts += _by_item(comparison, most)
    parts += _by_year(comparison)
    parts += _by_place(comparison, "site", most)
    parts += _by_place(comparison, "zone", most)
    return Group(*parts)


def _heads(comparison: RunComparison) -> Text | Table:
    table = Table.grid(padding=(0, 2))
    for letter, run in zip(comparison.letters, comparison.runs, strict=True):
        meta = run.meta
        check = "checked" if meta["check"]["ok"] else "CHECK FAILED"
        table.add_row(
            Text(letter, style="bold"),
            Text(printable(run.label)),
            Text(f"run {meta['run']}, {meta['status']}, {check}", style="dim"),
        )
    return table


def _inputs(comparison: RunComparison, most: int) -> list[Text | _InputTable]:
    """List settings and cells that differ, with where they are written."""
    rows = [(one.name, [setting_text(value) for value in one.values], one.places) for one in comparison.settings]
    for table in comparison.tables:
        rows += [
            (f"{table.table}: {one.row}: {one.column}", [cell_text(value) for value in one.values], one.places)
            for one in table.cells
        ]
        if not table.cells:
            rows.append((f"file {table.table}", [one[:10] for one in table.hashes], table.files))
    head = Text("\nInputs that differ", style="bold")
    if not rows:
        return [head, Text("Nothing differs.")]
    shown = [
        _InputRow(printable(name), [_short(one) for one in values], places) for name, values, places in rows[:most]
    ]
    return [head, _InputTable(comparison.letters, shown), *_left(len(rows), most)]


@dataclass(frozen=True)
class _InputRow:
    """A setting or cell that differs: what each run has, and where it is written."""

    name: str
    values: Sequence[str]
    places: Sequence[str | None]


@dataclass(frozen=True)
class _InputTable:
    """A table of what differs; a list where it has no room, as keys and files must stay whole."""

    letters: Sequence[str]
    rows: Sequence[_InputRow]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Lay it out for the width there is."""
        table = Table(box=None, pad_edge=False, header_style="bold")
        for one in ("setting or cell", *self.letters):
            table.add_column(one, no_wrap=True)
        table.add_column("written in")
        for row in self.rows:
            where = dict.fromkeys(place for place in row.places if place)
            table.add_row(*map(Text, (row.name, *row.values, "; ".join(where))))
        least = Measurement.get(console, options.update(width=_ENDLESS), table).minimum
        if least <= options.max_width:
            yield table
        else:
            yield Text("\n".join(self._lines(options.max_width)))

    def _lines(self, width: int) -> Iterator[str]:
        """Write a line for each name, and below it one for each run."""
        for row in self.rows:
            yield from broken(row.name, width)
            widest = max(map(len, row.values))
            for letter, value, place in zip(self.letters, row.values, row.places, strict=True):
                line = f"{letter}  {value:{widest}}  {place or ''}".rstrip()
                yield from (f"  {part}" for part in broken(line, width - 2))


def _causes(split: CostSplit) -> list[Text | Table]:
    """Show the difference in cost by cause, adding up to the cent."""
    head = Text(f"\nWhere the difference comes from, {split.difference}", style="bold")
    said = [Text(sentence) for sentence in split_sentences(split)]
    if split.method is None:
        return [head, *said]
    table, notes = _table("cause", ("USD",)), cause_notes(split)
    if any(notes):
        table.add_column("", overflow="fold")
    cents = split.cents()
    for cause, part, note in zip(split.causes["cause"], cents, notes, strict=True):
        table.add_row(Text(printable(str(cause))), dollars(part), *([note] if any(notes) else []))
    table.add_row(*(Text(one, style="bold") for one in ("together", dollars(sum(cents)))))
    return [head, *said, table]


def _by_item(comparison: RunComparison, most: int) -> list[Text | Table]:
    results = comparison.results
    rows = results[(results["by"] == "item") | (results["by"] == "plan")]
    is_total = (rows["by"] == "plan") & (rows["measure"] == "Net present value")
    items = _largest(rows[rows["by"] == "item"], comparison, most)
    shown = items[:most]
    others = rows[(rows["by"] == "item") & ~rows.index.isin([row.name for row in shown])]
    rest = _sum_of(others, comparison)
    table = _figures(comparison, "cost by item", [*shown, *rest, *_rows(rows[is_total])], _item)
    head = Text("\nCost, net present value [MUSD]", style="bold")
    return [head, table, *_left(len(items), most)]


def _sum_of(others: pd.DataFrame, comparison: RunComparison) -> list[pd.Series]:
    """Return one row of all items that are not shown, so that rows add up to the last one."""
    if others.empty:
        return []
    numbers = [*comparison.letters, *difference_columns(comparison.runs)]
    count = f"{len(others)} other items" if len(others) > 1 else "1 other item"
    return [pd.Series({**others[numbers].sum().to_dict(), "label": count})]


def _by_year(comparison: RunComparison) -> list[Text | Table]:
    years = common_years(comparison.runs)
    if not years:
        return [Text("\nThe runs have no model year in common.")]
    results = comparison.results
    rows = results[(results["by"] == "year") & (results["year"] == years[-1])]
    order = {measure.label: at for at, measure in enumerate(OF_YEAR)}
    rows = rows.sort_values("measure", key=lambda names: names.map(order))

    def label(row: pd.Series) -> str:
        return f"{row['measure']}{', ' if row['unit'] else ''}{row['unit']}"

    head = Text(f"\nThe plans in {years[-1]}", style="bold")
    return [head, _figures(comparison, "", _rows(rows), label)]


def _by_place(comparison: RunComparison, by: str, most: int) -> list[Text | Table]:
    years = common_years(comparison.runs)
    results = comparison.results
    is_place = (results["by"] == by) & (results["measure"] == "Racks in use")
    rows = _largest(results[is_place & results["year"].isin(years[-1:])], comparison, most)
    if not rows:
        return []
    head = Text(f"\nRacks in use by {by} in {years[-1]} [MW]", style="bold")
    table = _figures(comparison, by, rows[:most], lambda row: str(row["label"]))
    return [head, table, *_left(len(rows), most)]


def _largest(rows: pd.DataFrame, comparison: RunComparison, most: int) -> list[pd.Series]:
    """Return the rows that differ, the largest difference first, small ones where all are asked."""
    differences = rows[difference_columns(comparison.runs)].abs().max(axis=1)
    is_all = most == sys.maxsize
    least = 0.0 if is_all else _SMALL * float(rows[list(comparison.letters)].abs().max().max())
    order = differences[differences > least].sort_values(ascending=False, kind="stable").index
    return _rows(rows.loc[order])


def _rows(frame: pd.DataFrame) -> list[pd.Series]:
    return [row for _, row in frame.iterrows()]


def _figures(
    comparison: RunComparison, head: str, rows: Iterable[pd.Series], label: Callable[[pd.Series], str]
) -> Table:
    names = difference_columns(comparison.runs)
    table = _table(head, (*comparison.letters, *names))
    for row in rows:
        table.add_row(
            Text(printable(label(row))),
            *(_number(row[letter]) for letter in comparison.letters),
            *(_number(row[name], is_difference=True) for name in names),
        )
    return table


def _table(head: str, heads: Sequence[str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(head, overflow="fold")
    for one in heads:
        table.add_column(one, justify="right", overflow="fold")
    return table


def _number(value: float, *, is_difference: bool = False) -> str:
    if value != value:  # noqa: PLR0124 - a year that a run does not have
        return "-"
    return signed(value) if is_difference else amount(value, 5)


def _item(row: pd.Series) -> str:
    return item_words(str(row["label"])) or "together"


def _left(count: int, most: int) -> list[Text]:
    return [Text(f"and {count - most} more; --all shows them")] if count > most else []


def _short(text: str) -> str:
    shown = printable(text)
    return shown if len(shown) <= _WIDEST else f"{shown[: _WIDEST - 3]}..."
