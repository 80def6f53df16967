"""Runs compared: side by side, by cost item, by cause, and in their inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.outputs.comparison.comparison import (
    cause_notes,
    cell_text,
    dollars,
    setting_differences,
    setting_text,
    split_sentences,
    table_differences,
)
from planner.outputs.labels import item_words, shortened
from planner.outputs.measures import OF_YEAR, OTHER_HORIZON, common_years, difference_columns, have_one_horizon
from planner.outputs.report.charts import waterfall
from planner.outputs.report.figures import NumberColumn, figure_table, text_table
from planner.outputs.report.markup import NOTHING, Html, element, name, section
from planner.results.four_moneys import PAID_FOR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.outputs.comparison.comparison import CostSplit, TableDifference
    from planner.outputs.report.figures import Cell, Figures, ReportFigure
    from planner.outputs.run import Run

# --- What each input is of the difference in cost of two runs -------------------------------------


def causes_section(splits: Sequence[CostSplit]) -> Html:
    """List the parts of each difference; nothing where none was split."""
    return section(
        "causes",
        "What each input is of the difference",
        *(_split(split) for split in splits if split.method is not None),
    )


def _split(split: CostSplit) -> Html:
    parts = zip(split.causes["cause"].astype(str), split.cents(), cause_notes(split), strict=True)
    rows: list[tuple[str, list[Cell]]] = [(cause, [Html(dollars(part)), note]) for cause, part, note in parts]
    rows.append(("together", [Html(dollars(sum(split.cents()))), ""]))
    table = figure_table(f"{split.difference} by cause", "cause", ("USD", ""), rows, totals=[len(rows) - 1])
    said = (element("p", sentence) for sentence in split_sentences(split))
    return element("div", element("h3", split.difference), said, table)


# --- Why one plan costs more than another: the difference by cost item, which adds up -------------


def cost_bridge(figures: Sequence[Figures], letters: Sequence[str]) -> Html:
    """Show for each further run by which items its cost differs from that of the first."""
    about = element("p", "Net present value. The differences of the items add up to the last row.")
    parts = (
        element(
            "div",
            element("h3", "From ", name(letters[0]), " to ", name(letters[number])),
            _bridge((figures[0], figures[number]), (letters[0], letters[number])),
        )
        for number in range(1, len(figures))
    )
    return section("cost-bridge", "Where the difference in cost comes from", about, *parts)


def _bridge(pair: tuple[Figures, Figures], letters: tuple[str, str]) -> Html:
    total = _difference(pair)
    headings = [(label, of[-1]) for label, of in _rows(pair, "group") if of[-1].shown_value]
    chart = waterfall(f"{letters[1]} less {letters[0]} by heading", "MUSD", [*headings, ("together", total[-1])])
    items = [(item_words(label), of) for label, of in _rows(pair, "item")]
    table = figure_table(
        "Net present value by item [MUSD]",
        "item",
        [NumberColumn(head, decimals=1) for head in (*letters, f"{letters[1]} less {letters[0]}")],
        [*items, ("Net present value", total)],
        totals=[len(items)],
    )
    return element("div", chart, table, class_="charts")


def _rows(pair: tuple[Figures, Figures], key: str) -> list[tuple[str, list[ReportFigure]]]:
    """Return both costs and their difference by item or heading, the largest difference first."""
    known = dict.fromkeys(str(label) for of in pair for (label,) in of.sums_by("costs", "npv_musd", key))
    rows = [(label, _difference(pair, **{key: label})) for label in known]
    return sorted(rows, key=lambda row: -abs(row[1][-1].shown_value))


def _difference(pair: tuple[Figures, Figures], **where: str) -> list[ReportFigure]:
    before, after = (of.sum("costs", "npv_musd", **where) for of in pair)
    return [before, after, after.above(before)]


# --- What differs in the inputs of runs: settings, and cells of tables ----------------------------

_MOST_CHARACTERS: Final = 160
_HASH: Final = 10  # digits
_CELLS: Final = 40  # of a table


def differences(runs: Sequence[Run], letters: Sequence[str]) -> Html:
    """List the settings and the input tables in which the runs are not the same."""
    tables = table_differences(runs)
    rows = [(one.name, *map(setting_text, one.values)) for one in setting_differences(runs)]
    rows += [(f"table {of.table}", *(digits[:_HASH] or "not read" for digits in of.hashes)) for of in tables]
    heading = "What differs in the inputs"
    if not rows:
        return section("differences", heading, element("p", "Nothing differs."))
    about = element("p", "For tables, the first digits of their content hash are shown.")
    listed = _table("Settings and tables that differ", ("setting or table", *letters), rows)
    return section("differences", heading, about, listed, *(_cells(of, letters) for of in tables if of.cells))


def _table(caption: str, heads: Sequence[str], rows: Sequence[tuple[str, ...]]) -> Html:
    shown = ((key, *(shortened(text, _MOST_CHARACTERS) for text in texts)) for key, *texts in rows)
    return text_table(caption, heads, shown)


def _cells(table: TableDifference, letters: Sequence[str]) -> Html:
    """List cells of a table that differ."""
    rows = [(f"{one.row}: {one.column}", *map(cell_text, one.values)) for one in table.cells[:_CELLS]]
    counted = f"{table.table}: {len(table.cells):,} cells or rows differ"
    more = f", {_CELLS} of them shown" if len(table.cells) > _CELLS else ""
    listed = _table(f"Cells of {table.table} that differ", ("row and column", *letters), rows)
    return element("details", element("summary", name(f"{counted}{more}")), listed)


# --- Results of runs side by side, with their differences to the first ----------------------------

_DIGITS: Final = 4


def side_by_side(figures: Sequence[Figures], letters: Sequence[str]) -> Html:
    """Show the cost of the plans, and their results in the last model year that all have."""
    runs = [of.run for of in figures]
    heads = [*letters, *difference_columns(runs)]
    npv = {
        "Net present value, MUSD": {},
        f"of it {PAID_FOR[True]}": {"upfront": True},
        f"of it {PAID_FOR[False]}": {"upfront": False},
    }
    cost = [(label, _row([of.sum("costs", "npv_musd", **where) for of in figures])) for label, where in npv.items()]
    caution = NOTHING if have_one_horizon(runs) else element("p", OTHER_HORIZON, class_="bad")
    parts = [caution, figure_table("Cost of the plans", "", heads, cost)]
    if years := common_years(runs):
        rows = [
            (
                f"{one.label}{f', {one.unit}' if one.unit else ''}",
                _row([of.sum("summary", one.column, year=years[-1]) for of in figures], one.per),
            )
            for one in OF_YEAR
        ]
        parts.append(figure_table(f"The plans in {years[-1]}", "", heads, rows, shows_caption=True))
    else:
        parts.append(element("p", "The runs have no model year in common.", class_="note"))
    return section("answer", "Side by side", *parts)


def _row(of: Sequence[ReportFigure], per: float = 1.0) -> list[Html]:
    """Return the numbers of the runs, then the differences of the others to the first."""
    all_of = [*of, *(one.above(of[0]) for one in of[1:])]
    return [one.html(per=per, digits=_DIGITS) for one in all_of]
