"""Reading back a report: its elements, its data, and every number with what it is said to be."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

VOID = {"meta", "input", "br", "col"}


@dataclass
class Element:
    """An element with its attributes and its text."""

    tag: str
    attributes: dict[str, str]
    text: str = ""


@dataclass
class Page(HTMLParser):
    """All elements of a page, in order."""

    elements: list[Element] = field(default_factory=list)
    open: list[Element] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        made = Element(tag, {name: value or "" for name, value in attrs})
        self.elements.append(made)
        if tag not in VOID:
            self.open.append(made)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        for one in self.open:
            one.text += data

    @property
    def numbers(self) -> list[Element]:
        return [one for one in self.elements if "n" in one.attributes.get("class", "").split()]


def read_page(html: str) -> Page:
    """Read a page; every element of it is closed."""
    page = Page()
    page.feed(html)
    page.close()
    assert page.open == []
    return page


Tables: TypeAlias = "Mapping[str, pd.DataFrame]"


def expected(one: Element, runs: Sequence[Tables]) -> float:
    """Compute the number of an element from the tables of its run."""

    def of(kind: str) -> float:
        table, column, where = (one.attributes.get(f"data-{kind}-{name}", "") for name in ("table", "column", "where"))
        return total(runs[int(one.attributes.get(f"data-{kind}-run", "0"))], table, column, where)

    own = one.attributes
    tables = runs[int(own.get("data-run", "0"))]
    value = total(tables, own["data-table"], own["data-column"], own.get("data-where", ""))
    if "data-over-table" in one.attributes:
        value = value / of("over") if of("over") else math.nan
    if "data-less-table" in one.attributes:
        value -= of("less")
    return value / float(own.get("data-per", "1"))


def total(tables: Tables, table: str, column: str, where: str) -> float:
    """Add up a column, or several, over the rows that are selected."""
    frame = tables[table]
    for part in filter(None, where.split(";")):
        key, label = part.split("=", 1)
        frame = frame[frame[key].astype(str) == unquote(label)]
    parts = column.split("+")
    return sum(float(frame[one].sum(min_count=1)) for one in parts) if len(frame) else 0.0


def is_shown(shown: str, value: float, digits: str | None) -> bool:
    """Whether a text is a number, rounded to its places or to so many digits."""
    if not math.isfinite(value):
        return shown == "–"
    plain = shown.replace(",", "")
    if digits is None:
        places = len(plain.partition(".")[2])
        return abs(float(plain) - value) <= 0.5000001 * 10.0**-places
    return math.isclose(float(plain), float(f"{value:.{digits}g}"), rel_tol=1e-9, abs_tol=1e-7)
