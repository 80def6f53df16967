"""Sheet Resilience: reserve by workload, what the outage of each site means, and who takes over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.outputs.xlsx.columns import number, text
from planner.outputs.xlsx.table import HEAD_ROW, write_table
from planner.results.schema import RUN_TABLES

if TYPE_CHECKING:
    import pandas as pd

    from planner.outputs.run import Run
    from planner.outputs.xlsx.book import Book

__all__ = ["is_resilient", "write_resilience"]

_OF: Final = RUN_TABLES["takeovers"].field
_LOST: Final = ("site", "standby", "workload", "year")
_TAKEOVERS: Final = (
    _OF("site"),
    text("site_name", "Its name"),
    _OF("standby"),
    text("standby_name", "Its name"),
    _OF("workload"),
    _OF("year"),
    number("taken_kh100e", "kH100e", "Compute it takes over, of all regions"),
)
_ABOUT: Final = (
    "One site fails at a time; reserves are shared between outages. Below: each reserve, outage "
    "and failover. As solved: it does not follow edited assumptions."
)


def is_resilient(run: Run) -> bool:
    """Return whether a run has workloads that must survive the outage of a site."""
    return len(run.tables["resilience"]) > 0


def write_resilience(book: Book) -> None:
    """Write sheet Resilience: four lists, one below the other."""
    tables = book.run.tables
    names = book.run.sites.set_index("site")["name"]

    def named(frame: pd.DataFrame, column: str, name: str) -> pd.DataFrame:
        return frame.assign(**{name: frame[column].map(names).astype("str")})

    takeovers = tables["takeovers"].groupby(list(_LOST), as_index=False)[["taken_kh100e"]].sum()
    takeovers = named(named(takeovers, "site", "site_name"), "standby", "standby_name")
    sheet = book.sheet("Resilience", _ABOUT)
    row = HEAD_ROW
    for name, title, frame, columns in (
        ("Resilience", "", tables["resilience"], RUN_TABLES["resilience"].fields),
        ("Reserves", "Reserves", tables["reserve"], RUN_TABLES["reserve"].fields),
        ("Losses", "Losses", tables["failures"], RUN_TABLES["failures"].fields),
        ("Takeovers", "Who takes over", takeovers, _TAKEOVERS),
    ):
        if title:
            book.text(sheet, row, 0, title, "section")
            row += 2
        end = write_table(book, sheet, name, frame, columns, head_row=row)
        if name == "Losses":
            unserved = [column.name for column in columns].index("unserved_kh100e")
            left = {"type": "cell", "criteria": ">", "value": 0, "format": book.style("bad")}
            sheet.conditional_format(row + 1, unserved, end - 1, unserved, left)
        row = end + 1
