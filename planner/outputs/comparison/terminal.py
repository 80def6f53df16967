"""Runs compared on a screen of a terminal: cost, inputs that differ, plan, sites, items."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import pandas as pd
from rich.console import Group
from rich.table import Column, Table
from rich.text import Text

from planner.base.console import printable
from planner.base.words import amount, signed
from planner.outputs.comparison.comparison import cause_notes, cost_sentences, dollars, split_sentences
from planner.outputs.labels import item_words
from planner.outputs.measures import OF_YEAR, common_years, difference_columns
from planner.outputs.terminal import bare_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.outputs.comparison.comparison import CostSplit, RunComparison

_WIDEST: Final = 34
_SMALL: Final = 5e-4  # of the largest figure of its kind


def comparison_summary(comparison: RunComparison, *, every: bool = False) -> Group:
    """Lay out a comparison for a terminal."""
    most = sys.maxsize if every else 12
    parts: list[Text | Table] = [_heads(comparison)]
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
        check = "checked" if run.meta["check"]["ok"] else "CHECK FAILED"
        said = f"run {run.meta['run']}, {run.meta['status']}, {check}"
        table.add_row(Text(letter, style="bold"), Text(printable(run.label)), Text(said, style="dim"))
    return table


def _inputs(comparison: RunComparison, most: int) -> list[Text | Table]:
    """List settings and cells that differ, below each what every run has and where it is written."""
    head = Text("\nInputs that differ", style="bold")
    if not comparison.differences:
        return [head, Text("Nothing differs.")]
    lines = []
    for one in comparison.differences[:most]:
        shown = [_short(text) for text in one.texts]
        widest = max(map(len, shown))
        lines.append(printable(one.name))
        lines += [
            f"  {letter}  {value:{widest}}  {place or ''}".rstrip()
            for letter, value, place in zip(comparison.letters, shown, one.places, strict=True)
        ]
    return [head, Text("\n".join(lines)), *_left(len(comparison.differences), most)]


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
    """Show the cost of items, those that are not shown in one row, so that rows add up to the last one."""
    results = comparison.results
    every = results[results["by"] == "item"]
    items = _largest(every, comparison, most)
    shown, others = items.head(most), every.drop(items.head(most).index)
    numbers = [*comparison.letters, *difference_columns(comparison.runs)]
    count = f"{len(others)} other items" if len(others) > 1 else "1 other item"
    rest = others[numbers].sum().to_frame().T.assign(label=count)
    total = results[(results["by"] == "plan") & (results["measure"] == "Net present value")].assign(label="together")
    parts = [shown.assign(label=shown["label"].map(item_words)), *([rest] if len(others) else []), total]
    table = _figures(comparison, "cost by item", pd.concat(parts))
    return [Text("\nCost, net present value [MUSD]", style="bold"), table, *_left(len(items), most)]


def _by_year(comparison: RunComparison) -> list[Text | Table]:
    years = common_years(comparison.runs)
    if not years:
        return [Text("\nThe runs have no model year in common.")]
    results = comparison.results
    rows = results[(results["by"] == "year") & (results["year"] == years[-1])].set_index("measure")
    rows = rows.loc[[one.label for one in OF_YEAR]].reset_index()
    rows = rows.assign(label=rows["measure"] + (", " + rows["unit"]).where(rows["unit"] != "", ""))
    return [Text(f"\nThe plans in {years[-1]}", style="bold"), _figures(comparison, "", rows)]


def _by_place(comparison: RunComparison, by: str, most: int) -> list[Text | Table]:
    years, results = common_years(comparison.runs), comparison.results
    is_place = (results["by"] == by) & (results["measure"] == "Racks in use")
    rows = _largest(results[is_place & results["year"].isin(years[-1:])], comparison, most)
    if rows.empty:
        return []
    head = Text(f"\nRacks in use by {by} in {years[-1]} [MW]", style="bold")
    return [head, _figures(comparison, by, rows.head(most)), *_left(len(rows), most)]


def _largest(rows: pd.DataFrame, comparison: RunComparison, most: int) -> pd.DataFrame:
    """Return the rows that differ, the largest difference first, small ones where all are asked."""
    differences = rows[difference_columns(comparison.runs)].abs().max(axis=1)
    least = 0.0 if most == sys.maxsize else _SMALL * float(rows[list(comparison.letters)].abs().max().max())
    return rows.loc[differences[differences > least].sort_values(ascending=False, kind="stable").index]


def _figures(comparison: RunComparison, head: str, rows: pd.DataFrame) -> Table:
    names = difference_columns(comparison.runs)
    table = _table(head, (*comparison.letters, *names))
    for row in rows.to_dict("records"):
        figures = [_number(row[letter]) for letter in comparison.letters]
        differences = [_number(row[name], is_difference=True) for name in names]
        table.add_row(Text(printable(str(row["label"]))), *figures, *differences)
    return table


def _table(head: str, heads: Sequence[str]) -> Table:
    return bare_table(Column(head, overflow="fold"), *(Column(one, justify="right", overflow="fold") for one in heads))


def _number(value: float, *, is_difference: bool = False) -> str:
    if value != value:  # noqa: PLR0124 - a year that a run does not have
        return "-"
    return signed(value) if is_difference else amount(value, 5)


def _left(count: int, most: int) -> list[Text]:
    return [Text(f"and {count - most} more; --all shows them")] if count > most else []


def _short(text: str) -> str:
    shown = printable(text)
    return shown if len(shown) <= _WIDEST else f"{shown[: _WIDEST - 3]}..."
