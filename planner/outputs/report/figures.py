"""Numbers that people read, each with the table, rows and column that it comes from, and tables of them."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from urllib.parse import quote

from planner.base.words import amount
from planner.outputs.labels import DisplayNames
from planner.outputs.report.markup import NOTHING, Html, element, joined

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from planner.outputs.run import Run

    Label: TypeAlias = str | int | bool
    from collections.abc import Collection, Sequence

# --- Numbers that people read, each with the table, rows and column that it comes from ------------
#
# The markup of a number says so in attributes: the sum of ``data-column``, of several columns joined
# by ``+``, over the rows of ``data-table`` that ``data-where`` selects, over ``data-per``, and for a
# share over the sum of ``data-over-...``, for a difference less that of ``data-less-...``.
# On a page of several runs ``data-run`` counts them from 0. A test reads every number back.

MISSING: Final = "\N{EN DASH}"
_DIGITS: Final = 3
_PLAIN: Final = "()|,."  # of a label, not quoted


@dataclass(frozen=True)
class ReportFigure:
    """A number and where it is."""

    value: float  # sum of a column over the rows that are selected; nan where it is missing
    table: str  # a result table and its column; several are joined by ``+`` and added up
    column: str
    where: Mapping[str, Label] = field(default_factory=dict)  # what its rows have in other columns
    over: ReportFigure | None = None  # what it is a share of
    less: ReportFigure | None = None  # what is taken off it
    run: int | None = None  # number of its run on a page of several

    @classmethod
    def plain(cls, value: float, *, is_difference: bool = False) -> ReportFigure:
        """Return a number of no table, as for a picture; a difference is shown with its sign."""
        return cls(value, "", "", less=cls(0.0, "", "") if is_difference else None)

    @property
    def shown_value(self) -> float:
        """The number, the share or the difference."""
        if self.less is not None:
            difference = self.value - self.less.value
            # What is left of two numbers that are the same is noise.
            return difference if abs(difference) > 1e-9 * abs(self.value) else 0.0
        if self.over is None:
            return self.value
        return self.value / self.over.value if self.over.value else math.nan

    def share_of(self, whole: ReportFigure) -> ReportFigure:
        """Return it as a share of another one."""
        return replace(self, over=whole)

    def above(self, other: ReportFigure) -> ReportFigure:
        """Return by how much it is above another one."""
        return replace(self, less=other)

    def html(self, *, per: float = 1.0, digits: int = _DIGITS, decimals: int | None = None) -> Html:
        """Write the number for people."""
        attributes = self.attributes(per=per, digits=None if decimals is not None else digits)
        return element("span", self.text(per=per, digits=digits, decimals=decimals), **attributes)

    def text(self, *, per: float = 1.0, digits: int = _DIGITS, decimals: int | None = None) -> str:
        """Return the number as `html` shows it, without markup."""
        value = self.shown_value / per
        if not math.isfinite(value):
            return MISSING
        fixed = f"{round(value, decimals or 0) + 0.0:,.{decimals or 0}f}"  # never -0
        shown = amount(value, digits) if decimals is None else fixed
        is_more = self.less is not None and float(shown.replace(",", "")) > 0.0
        return f"+{shown}" if is_more else shown

    def attributes(self, *, per: float = 1.0, digits: int | None = None) -> dict[str, Any]:
        """Return the attributes that say where the number is."""
        if not self.table:
            return {"class_": "n"}
        found: dict[str, Any] = {
            "class_": "n",
            "data_table": self.table,
            "data_column": self.column,
            "data_where": where_text(self.where) or None,
            "data_run": self.run,
            "data_per": None if per == 1.0 else f"{per:g}",
            "data_digits": digits,
        }
        for kind, other in (("over", self.over), ("less", self.less)):
            if other is not None:
                of = {"table": other.table, "column": other.column, "where": where_text(other.where), "run": other.run}
                found |= {f"data_{kind}_{name}": value for name, value in of.items()}
        return found


def filled(text: str, *parts: str) -> Html:
    r"""Put numbers and names into a sentence at its ``{}``; a unit stays on the line of its number.

    >>> filled("{} draws {} MW", "<b>", Html("<span>7</span>"))
    '&lt;b&gt; draws <span>7</span>\xa0MW'
    """
    first, *others = text.split("{}")
    pieces: list[str] = [first]
    for part, then in zip(parts, others, strict=True):
        is_unit = then.startswith(" ") and then[1:2] in "%BMTk" and isinstance(part, Html)
        pieces += [part, f"\N{NO-BREAK SPACE}{then[1:]}" if is_unit else then]
    return joined(pieces)


def sentences(said: Iterable[str], look: str = "sentences") -> Html:
    """List sentences."""
    return element("ul", (element("li", of) for of in said), class_=look)


def where_text(where: Mapping[str, Label]) -> str:
    """Write a selection of rows as an attribute holds it: ``site=a;year=2030``, quoted as in URLs.

    >>> where_text({"site": "=1+1; x", "year": 2030})
    'site=%3D1%2B1%3B%20x;year=2030'
    """
    return ";".join(f"{key}={quote(str(label), safe=_PLAIN)}" for key, label in where.items())


def decimals_for(values: Iterable[float], digits: int = _DIGITS) -> int:
    """Return with how many places numbers of one table are shown: the largest with `digits`.

    >>> decimals_for([0.5, 12345.0]), decimals_for([0.5, 2.34]), decimals_for([])
    (0, 2, 0)
    """
    largest = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
    if largest == 0.0:
        return 0
    return max(0, digits - 1 - math.floor(math.log10(largest)))


class TableFigures:
    """The numbers of tables."""

    def __init__(self, tables: Mapping[str, pd.DataFrame], number: int | None = None) -> None:
        self.tables = tables
        self.number = number
        self._made: dict[tuple[str, tuple[str, ...]], dict[str, dict[Any, float]]] = {}

    def cells(self, table: str, columns: Iterable[str], **where: Label) -> list[ReportFigure]:
        """Return the sums of some columns over the rows that have these labels: a row of a `figure_table`."""
        return [self.sum(table, column, **where) for column in columns]

    def has_rows(self, table: str) -> bool:
        """Whether a table has rows."""
        return table in self.tables and len(self.tables[table]) > 0

    def sum(self, table: str, column: str, **where: Label) -> ReportFigure:
        """Return the sum of a column, or of several, over the rows that have these labels."""
        parts = column.split("+")
        if not where:
            value = sum(float(self.tables[table][one].sum(min_count=1)) for one in parts)
        else:
            key = tuple(where.values())
            # A sum of nothing but missing values is missing; of no rows, 0.
            value = sum(self._sums(table, one, tuple(where)).get(key, 0.0) for one in parts)
        return ReportFigure(value, table, column, where, run=self.number)

    def _sums(self, table: str, column: str, keys: tuple[str, ...]) -> dict[Any, float]:
        """Return the sums of a column by labels; those of all columns are made at once."""
        if (table, keys) not in self._made:
            frame = self.tables[table]
            numbers = frame.select_dtypes("number").columns.difference(list(keys))
            sums = frame.groupby(list(keys), sort=False, observed=True)[list(numbers)].sum(min_count=1)
            labels = [label if isinstance(label, tuple) else (label,) for label in sums.index]
            self._made[table, keys] = {str(one): dict(zip(labels, sums[one].tolist(), strict=True)) for one in sums}
        return self._made[table, keys][column]

    def sums_by(self, table: str, column: str, *keys: str, **where: Label) -> dict[tuple[Label, ...], ReportFigure]:
        """Return the sums of a column by the labels of some columns, in the order of the table."""
        found = {}
        for labels, value in self._sums(table, column, (*where, *keys)).items():
            if labels[: len(where)] == tuple(where.values()):
                at = tuple(map(_plain, labels[len(where) :]))
                of = dict(zip(keys, at, strict=True))
                found[at] = ReportFigure(value, table, column, {**where, **of}, run=self.number)
        return found


class Figures(TableFigures):
    """The numbers of a run."""

    def __init__(self, run: Run, number: int | None = None) -> None:
        super().__init__(run.tables, number)
        self.run, self.labels = run, DisplayNames(run)
        self.years, self.last = run.years, run.years[-1]


def _plain(label: Any) -> Label:
    """Return a label as Python's own type."""
    plain: Label = label.item() if hasattr(label, "item") else label
    return plain


# --- Tables of figures ----------------------------------------------------------------------------


@dataclass(frozen=True)
class NumberColumn:
    """A column of numbers."""

    head: str  # what is above it, with its unit where the table has several
    per: float = 1.0  # what numbers are divided by: 0.01 shows shares in percent
    decimals: int | None = None  # places behind the point; by default as many as show its largest number well


DECLARED: Final = json.loads((Path(__file__).parent / "tables.json").read_text(encoding="utf-8"))
COLUMNS: Final[Mapping[str, Mapping[str, NumberColumn]]] = {
    table: {name: NumberColumn(**column) for name, column in columns.items()}
    for table, columns in DECLARED["columns"].items()
}
"""Columns of tables that have the same in every report."""


def about(section: str, more: str = "", *, look: str | None = None) -> Html:
    """Return what is said above a section."""
    return element("p", f"{DECLARED['about'][section]} {more}".rstrip(), class_=look)


Cell: TypeAlias = ReportFigure | str | None


def figure_table(
    caption: str,
    row_head: str,
    columns: Iterable[NumberColumn | str],
    rows: Sequence[tuple[str, Sequence[Cell]]],
    *,
    one_unit: bool = False,
    totals: Collection[int] = (),
    shows_caption: bool = False,
) -> Html:
    """Make a table."""
    if not rows:
        return NOTHING
    heads = [NumberColumn(one) if isinstance(one, str) else one for one in columns]
    decimals = _decimals(heads, rows, one_unit)
    texts = {at for at, of in enumerate(rows[0][1]) if isinstance(of, str) and not isinstance(of, Html)}
    body = []
    for at, (label, figures) in enumerate(rows):
        cells = map(_cell, figures, heads, decimals)
        row = element("th", element("bdi", label), scope="row")
        body.append(element("tr", row, cells, class_="total" if at in totals else None))
    return _table(
        element("caption", caption, class_=None if shows_caption else "heard"),
        element("th", row_head, scope="col") if row_head else element("td"),
        (element("th", one.head, scope="col", class_=None if at in texts else "num") for at, one in enumerate(heads)),
        body,
    )


def text_table(caption: str, heads: Iterable[str], rows: Iterable[Sequence[str]]) -> Html:
    """Make a table of texts, the first of each row being its head."""
    body = []
    for first, *of in rows:
        cells = (element("td", element("bdi", one)) for one in of)
        body.append(element("tr", element("th", element("bdi", first), scope="row"), cells))
    shown = (element("th", element("bdi", head), scope="col") for head in heads)
    return _table(element("caption", caption, class_="heard"), NOTHING, shown, body, class_="text")


def _table(caption: Html, first: Html, heads: Iterable[Html], body: Iterable[Html], **look: str) -> Html:
    head = element("thead", element("tr", first, heads))
    return element("div", element("table", caption, head, element("tbody", body), **look), class_="scroll")


def left_out(count: int, table: str) -> Html:
    """Say how many rows are in a table alone."""
    return element("p", f"and {count} more in table {table}", class_="note") if count > 0 else NOTHING


def _decimals(columns: Sequence[NumberColumn], rows: Sequence[tuple[str, Sequence[Cell]]], one_unit: bool) -> list[int]:
    of_columns = [
        [one.shown_value / column.per for _, of in rows if isinstance(one := of[at], ReportFigure)]
        for at, column in enumerate(columns)
    ]
    if one_unit:
        of_columns = [[value for values in of_columns for value in values]] * len(columns)
    pairs = zip(columns, of_columns, strict=True)
    return [decimals_for(values) if one.decimals is None else one.decimals for one, values in pairs]


def _cell(figure: Cell, column: NumberColumn, decimals: int) -> Html:
    if figure is None:
        return element("td", MISSING, class_="num none")
    if isinstance(figure, Html):
        return element("td", figure, class_="num")
    if isinstance(figure, str):
        return element("td", element("bdi", figure))
    attributes = figure.attributes(per=column.per) | {"class_": "num n"}
    return element("td", figure.text(per=column.per, decimals=decimals), **attributes)
