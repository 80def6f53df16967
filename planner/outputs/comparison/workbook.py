"""A comparison as a file: workbook, page, picture, JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from planner.outputs.canvas import LAYOUT, Live, new_workbook
from planner.outputs.comparison.comparison import cost_sentences, setting_text, split_sentences
from planner.outputs.measures import common_years, difference_columns
from planner.outputs.own_folder import write_json
from planner.outputs.plots import Drawing
from planner.outputs.report import comparison_html, write_page
from planner.outputs.report.charts import waterfall
from planner.outputs.report.figures import Figures, ReportFigure
from planner.outputs.report.map import difference_picture
from planner.outputs.xlsx.book import HEAD_ROW, Book, number, text, write_table
from planner.tables.descriptor import Field

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import pandas as pd

    from planner.outputs.comparison.comparison import RunComparison
    from planner.outputs.report.charts import Picture
    from planner.outputs.report.markup import Html


_SHEETS: Final[Mapping[str, Any]] = LAYOUT["comparison"]
"""What each sheet is about, and its columns but those of single runs."""
_PRINTS: Final = {"Cover": 1, "Causes": 0}
"""Sheets that print, and on how many pages each at most: a meeting asks for the causes."""


def write_comparison_workbook(comparison: RunComparison, path: Path) -> None:
    """Write a comparison as a workbook."""
    sheets = [(name, of["about"]) for name, of in _SHEETS.items() if name != "Causes" or comparison.splits]
    with new_workbook(path) as workbook:
        workbook.set_properties({"title": _title(comparison)})
        book = Book(comparison.runs[0], workbook, _PRINTS)
        for name in ("Cover", *(name for name, _ in sheets)):
            workbook.add_worksheet(name)
        _write_cover(book, comparison, sheets)
        _write_results(book, comparison)
        if comparison.splits:
            _write_causes(book, comparison)
        _write_inputs(book, comparison)


def _title(comparison: RunComparison) -> str:
    return f"Comparison of {', '.join(run.label for run in comparison.runs)}"


def _write_cover(book: Book, comparison: RunComparison, sheets: list[tuple[str, str]]) -> None:
    sheet = book.sheet("Cover", "", widths=(24, 30, 16, 16, 40))
    book.text(sheet, 0, 0, _title(comparison), "title")
    book.line(sheet, 2, ("run", "title", "status", "check", "folder"), "head")
    for row, (letter, run) in enumerate(zip(comparison.letters, comparison.runs, strict=True), start=3):
        verdict, light = ("checked", "good") if run.meta["check"]["ok"] else ("CHECK FAILED", "bad")
        cells = (f"{letter}: {run.label}", run.title, str(run.meta["status"]), verdict, str(run.meta["run"]))
        book.line(sheet, row, cells, styles={0: "wrap", 1: "wrap", 3: light})
    row = 4 + len(comparison.runs)
    said = [*cost_sentences(comparison), *comparison.notes]
    for sentence in [*said, *(one for split in comparison.splits for one in split_sentences(split))]:
        row = book.paragraph(sheet, row, sentence, 5, 125)
    book.text(sheet, row + 1, 0, "Contents", "head")
    for at, (name, about) in enumerate(sheets, start=row + 2):
        sheet.write_url(at, 0, f"internal:'{name}'!A1", book.style("link"), name)
        book.text(sheet, at, 1, about)


def _write_results(book: Book, comparison: RunComparison) -> None:
    names, frame = difference_columns(comparison.runs), comparison.results
    runs = zip(comparison.letters, comparison.runs, strict=True)
    columns = [
        *_columns("Compare"),
        *(number(letter, "see unit", f"Of {run.label}", missing=True) for letter, run in runs),
        *(number(name, "see unit", "The difference", missing=True) for name in names),
    ]
    sheet = book.sheet("Compare", _SHEETS["Compare"]["about"])
    write_table(book, sheet, "Compare", _as_text(frame, columns), columns)
    for sign, colour in ((">", "#1f5896"), ("<", "#b3372f")):
        for at in range(len(columns) - len(names), len(columns)):
            book.mark(sheet, (HEAD_ROW + 1, at, HEAD_ROW + len(frame), at), sign, 0, "plain", font_color=colour)


def _write_causes(book: Book, comparison: RunComparison) -> None:
    """Write the parts of each difference, and their sum as a formula."""
    sheet = book.sheet("Causes", _SHEETS["Causes"]["about"])
    book.widen(sheet, (0, 18))  # [characters]: a sum in USD is longer than its parts, and bold
    row = HEAD_ROW
    columns = _columns("Causes")
    for at, split in enumerate(comparison.splits):
        for sentence in split_sentences(split):
            book.text(sheet, row - 1, 0, sentence, "about")
            row += 1
        row += 1
        if split.method is None:
            continue
        frame = split.causes.assign(usd=[cents / 100.0 for cents in split.cents()])
        name = f"Causes{at + 1}"
        row = write_table(book, sheet, name, _as_text(frame, columns), columns, head_row=row)
        sums = (Live(f"SUM({name}[usd])", sum(split.cents()) / 100.0), Live(f"SUM({name}[musd])", split.musd))
        book.line(sheet, row, ("together", *sums), "total", ("", "#,##0", "#,##0.0"))
        row += 4


def _write_inputs(book: Book, comparison: RunComparison) -> None:
    runs = zip(comparison.letters, comparison.runs, strict=True)
    columns = [
        *_columns("Inputs"),
        *(text(letter, f"In {run.label}") for letter, run in runs),
        *(text(f"{letter} is written in", "File and line; empty for a default") for letter in comparison.letters),
    ]
    sheet = book.sheet("Inputs", _SHEETS["Inputs"]["about"])
    write_table(book, sheet, "Inputs", _as_text(comparison.inputs, columns), columns)


def _columns(sheet: str) -> list[Field]:
    return [Field(**column) for column in _SHEETS[sheet]["columns"]]


def _as_text(frame: pd.DataFrame, columns: Sequence[Field]) -> pd.DataFrame:
    """Write what columns of labels hold as text."""
    texts = [column.name for column in columns if column.dtype == "str"]
    return frame.assign(**{name: frame[name].map(_text).astype("str") for name in texts})


def _text(value: Any) -> str:
    return "" if value is None or value != value else setting_text(value)  # noqa: PLR0124


def comparison_svg(comparison: RunComparison) -> str:
    """Draw where each further plan has more racks than the first, and the causes if there are any."""
    first, *others = (Figures(run) for run in comparison.runs)
    letter, letters = comparison.letters[0], comparison.letters[1:]
    years = common_years(comparison.runs)
    panels: list[Picture | Html] = [
        difference_picture((first, other), (letter, one), years[-1])
        for one, other in zip(letters, others, strict=True)
        if years
    ]
    for split in comparison.splits:
        if split.method is not None:
            parts = [*zip(split.causes["cause"].astype(str), split.causes["musd"], strict=True)]
            rows = [
                (cause, ReportFigure.plain(float(musd), is_difference=True))
                for cause, musd in [*parts, ("together", split.musd)]
            ]
            panels.append(waterfall(f"{split.difference} by cause", "MUSD", rows))
    named = "; ".join(f"{one}: {run.label}" for one, run in zip(comparison.letters, comparison.runs, strict=True))
    return Drawing(_title(comparison), named, panels, "no difference").svg()


WRITERS: Final[Mapping[str, Callable[[RunComparison, Path], object]]] = {
    ".xlsx": write_comparison_workbook,
    ".html": lambda of, path: write_page(comparison_html(of.runs, of.splits), path),
    ".svg": lambda of, path: path.write_text(comparison_svg(of), encoding="utf-8"),
    ".json": lambda of, path: write_json(of.to_dict(), path),
}
"""What writes a comparison, by the ending of the file."""
