"""What ships: every table with its size, units, sources and licences, as a frame and as a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from planner.tables.descriptor import load_package
from planner.tables.read import read_tables

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from planner.tables.descriptor import Field, ForeignKey, Package, TableSchema

__all__ = ["data_page", "describe_table", "list_ids", "list_tables"]

_WHICH = ("name", "country", "state")
"""Columns that say which id is which."""
KINDS = ("published", "derived", "estimate", "seed")


def list_tables(*, package: Package | None = None) -> pd.DataFrame:
    """List the tables of the package.

    >>> list_tables().set_index("table").loc["sites", "title"]
    'Candidate and existing data-center markets'
    """
    package = package or load_package()
    frames = read_tables(package.tables, package=package)
    return pd.DataFrame(
        {
            "table": schema.name,
            "title": schema.title,
            "rows": len(frames[schema.name]),
            "columns": len(schema.fields),
            "units": ", ".join(_units(schema)),
            "licences": ", ".join(licence.name for licence in schema.licences),
            "sources": "; ".join(schema.sources),
            "vintage": schema.vintage,
        }
        for schema in package.tables.values()
    )


def describe_table(name: str, *, package: Package | None = None) -> pd.DataFrame:
    """Describe the columns of a table."""
    schema = (package or load_package())[name]
    return pd.DataFrame(
        {
            "column": field.name,
            "type": field.type,
            "unit": field.unit,
            "bounds": field.bounds,
            "symbol": field.symbol,
            "required": field.required,
            "meaning": field.description,
        }
        for field in schema.fields
    )


def list_ids(name: str, word: str = "", *, package: Package | None = None) -> pd.DataFrame:
    """List the ids of a table with what says which is which."""
    schema = (package or load_package())[name]
    frame = read_tables([name], package=package)[name]
    key = schema.primary_key[0] if schema.primary_key else schema.columns[0]
    columns = [key, *(of for of in _WHICH if of in frame and of != key)]
    rows = frame[columns].drop_duplicates(key).fillna("").astype(str)
    low = word.lower()
    has_word = [any(low in cell.lower() for cell in row) for row in rows.to_numpy()]
    return rows.loc[has_word].reset_index(drop=True)


def data_page(*, package: Package | None = None) -> str:
    """Write the page `docs/data.md`: one section per table."""
    package = package or load_package()
    frames = read_tables(package.tables, package=package)
    lines = [
        "# Data",
        "",
        "The tables that ship in `data/`, written from `data/datapackage.json` by"
        " `planner.tables.catalog.data_page`. Do not edit by hand.",
        "",
        "Every figure keeps its source and an honesty flag, `kind`: *published* (as the source"
        " says), *derived* (computed from published figures), *estimate* (judgement), *seed*"
        " (from the planning brief), *own* (a figure of your own organisation; no shipped row has"
        " it). A row that mixes sources carries the flag of its weakest figure, and `basis` says"
        " which column is from where. Money is real USD of 2025 unless a column says otherwise. A"
        " blank cell is a missing value; `NA` and `NO` are strings.",
        "",
        _row("table", "meaning", "rows", *KINDS),
        _row("---", "---", *["--:"] * (1 + len(KINDS))),
    ]
    counts = {name: _kinds(frame) for name, frame in frames.items()}
    lines += [
        _row(f"[{name}](#{name})", package[name].title, len(frame), *(counts[name].get(kind, "") for kind in KINDS))
        for name, frame in frames.items()
    ]
    for name, frame in frames.items():
        lines += _section(package[name], len(frame), counts[name])
    return "\n".join(lines) + "\n"


def _lists(link: ForeignKey) -> str:
    """Return the lists of ids that a column points to, e.g. `grid_zones.zone` or default."""
    country = ("ISO 3166 alpha-2",) * link.countries
    return " or ".join((*(f"`{column}`" for column in link.columns), *country, *link.values))


def _section(schema: TableSchema, rows: int, kinds: dict[str, int]) -> list[str]:
    flags = ", ".join(f"{count:,} {kind}" for kind, count in kinds.items())
    licences = (f"[{x.title}]({x.path})" if x.path else x.title for x in schema.licences)
    links = (f"`{link.field}` to {_lists(link)}" for link in schema.foreign_keys)
    facts = {
        "Rows": f"{rows:,} ({flags})" if flags else f"{rows:,}",
        "One row per": ", ".join(f"`{name}`" for name in schema.primary_key),
        "Points to": ", ".join(links),
        "Sums to 1": ", ".join(f"`{x.field}` per {' and '.join(f'`{name}`' for name in x.per)}" for x in schema.sums),
        "Sources": "; ".join(schema.sources),
        "Licences": "; ".join(licences),
        "Vintage": schema.vintage,
    }
    return [
        "",
        f"## {schema.name}",
        "",
        f"**{schema.title}.** {schema.description}",
        "",
        *(f"- {title}: {text}" for title, text in facts.items() if text),
        "",
        _row("column", "type", "unit", "bounds", "symbol", "meaning"),
        _row(*["---"] * 6),
        *(_field_row(field, schema.ends) for field in schema.fields),
    ]


def _field_row(field: Field, ends: Collection[str]) -> str:
    blank = "" if field.required else "may be blank"
    if field.required and field.name in ends:
        blank = "may be blank in rows of kind own"
    blank += " or left out" if field.may_be_absent else ""
    bounds = "; ".join(filter(None, [blank, field.bounds]))
    symbol = f"${field.symbol}$" if field.symbol else ""
    return _row(f"`{field.name}`", field.type, field.unit, bounds, symbol, field.description)


def _row(*cells: Any) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


def _units(schema: TableSchema) -> Iterable[str]:
    return dict.fromkeys(field.unit for field in schema.fields if field.unit)


def _kinds(frame: pd.DataFrame) -> dict[str, int]:
    counts = frame["kind"].value_counts()
    return {kind: int(counts[kind]) for kind in KINDS if kind in counts}
