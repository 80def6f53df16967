"""Runs compared: side by side, by cost item, by cause, and in their inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.outputs.comparison.comparison import cause_notes, cell_text, dollars, split_sentences
from planner.outputs.comparison.differences import setting_differences, setting_text, table_differences
from planner.outputs.labels import item_words, shortened
from planner.outputs.measures import OF_YEAR, OTHER_HORIZON, common_years, difference_columns, have_one_horizon
from planner.outputs.report.charts import waterfall
from planner.outputs.report.figures import NumberColumn, figure_table
from planner.outputs.report.markup import NOTHING, Html, element, name
from planner.outputs.report.page import section
from planner.results.four_moneys import PAID_FOR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.outputs.comparison.comparison import CostSplit
    from planner.outputs.comparison.differences import TableDifference
    from planner.outputs.report.figures import Figures, ReportFigure
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
    rows = [
        (str(cause), dollars(part), note)
        for cause, part, note in zip(split.causes["cause"], split.cents(), cause_notes(split), strict=True)
    ]
    rows.append(("together", dollars(sum(split.cents())), ""))
    body = (
        element(
            "tr",
            element("th", element("bdi", cause), scope="row"),
            element("td", part, class_="num"),
            element("td", note),
            class_="total" if cause == "together" else None,
        )
        for cause, part, note in rows
    )
    heads = ("cause", "USD", "")
    table = element(
        "table",
        element("caption", f"{split.difference} by cause", class_="heard"),
        element("thead", element("tr", (element("th", one, scope="col") for one in heads))),
        element("tbody", body),
    )
    said = (element("p", sentence) for sentence in split_sentences(split))
    return element("div", element("h3", split.difference), said, element("div", table, class_="scroll"))


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
    settings = [(one.name, [setting_text(value) for value in one.values]) for one in setting_differences(runs)]
    tables = table_differences(runs)
    rows = [*settings, *((f"table {one.table}", _hashes(one)) for one in tables)]
    heading = "What differs in the inputs"
    if not rows:
        return section("differences", heading, element("p", "Nothing differs."))
    about = element("p", "For tables, the first digits of their content hash are shown.")
    listed = _table("Settings and tables that differ", ("setting or table", *letters), rows)
    return section("differences", heading, about, listed, *(_cells(of, letters) for of in tables))


def _table(caption: str, heads: Sequence[str], rows: Sequence[tuple[str, Sequence[str]]]) -> Html:
    body = (
        element(
            "tr",
            element("th", element("bdi", key), scope="row"),
            (element("td", element("bdi", shortened(text, _MOST_CHARACTERS))) for text in texts),
        )
        for key, texts in rows
    )
    table = element(
        "table",
        element("caption", caption, class_="heard"),
        element("thead", element("tr", (element("th", name(one), scope="col") for one in heads))),
        element("tbody", body),
        class_="text",
    )
    return element("div", table, class_="scroll")


def _cells(table: TableDifference, letters: Sequence[str]) -> Html:
    """List cells of a table that differ."""
    if not table.cells:
        return NOTHING
    rows = [(f"{one.row}: {one.column}", [cell_text(value) for value in one.values]) for one in table.cells[:_CELLS]]
    counted = f"{table.table}: {len(table.cells):,} cells or rows differ"
    more = f", {_CELLS} of them shown" if len(table.cells) > _CELLS else ""
    listed = _table(f"Cells of {table.table} that differ", ("row and column", *letters), rows)
    return element("details", element("summary", name(f"{counted}{more}")), listed)


def _hashes(table: TableDifference) -> list[str]:
    return [digits[:_HASH] or "not read" for digits in table.hashes]


# --- Results of runs side by side, with their differences to the first ----------------------------

_DIGITS: Final = 4


def side_by_side(figures: Sequence[Figures], letters: Sequence[str]) -> Html:
    """Show the cost of the plans, and their results in the last model year that all have."""
    heads = [*letters, *difference_columns([of.run for of in figures])]
    columns = [NumberColumn(head) for head in heads]
    npv: tuple[tuple[str, dict[str, bool]], ...] = (
        ("Net present value, MUSD", {}),
        (f"of it {PAID_FOR[True]}", {"upfront": True}),
        (f"of it {PAID_FOR[False]}", {"upfront": False}),
    )
    cost = [(label, _row([of.sum("costs", "npv_musd", **where) for of in figures])) for label, where in npv]
    parts = [_caution(figures), figure_table("Cost of the plans", "", columns, cost)]
    years = common_years([of.run for of in figures])
    if not years:
        parts.append(element("p", "The runs have no model year in common.", class_="note"))
        return section("answer", "Side by side", *parts)
    rows = [
        (
            f"{one.label}{f', {one.unit}' if one.unit else ''}",
            _row([of.sum("summary", one.column, year=years[-1]) for of in figures], one.per),
        )
        for one in OF_YEAR
    ]
    caption = f"The plans in {years[-1]}"
    table = figure_table(caption, "", columns, rows, shows_caption=True)
    return section("answer", "Side by side", *parts, table)


def _row(of: Sequence[ReportFigure], per: float = 1.0) -> list[Html]:
    """Return the numbers of the runs, then the differences of the others to the first."""
    all_of = [*of, *(one.above(of[0]) for one in of[1:])]
    return [one.html(per=per, digits=_DIGITS) for one in all_of]


def _caution(figures: Sequence[Figures]) -> Html:
    """Warn where costs are of other horizons or rates."""
    if have_one_horizon([of.run for of in figures]):
        return NOTHING
    return element("p", OTHER_HORIZON, class_="bad")
