"""The catalogue of tables, and the pages made of it."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from planner.tables.descriptor import load_package
from planner.tables.read import read_tables

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from planner.tables.descriptor import Field, ForeignKey, TableSchema

# --- What ships: every table with its size, units, sources and licences, as a frame and as a page ---

_WHICH = ("name", "country", "state")
"""Columns that say which id is which."""
KINDS = ("published", "derived", "estimate", "seed")


def list_tables() -> pd.DataFrame:
    """List the tables of the package.

    >>> list_tables().set_index("table").loc["sites", "title"]
    'Candidate and existing data-center markets'
    """
    package = load_package()
    frames = read_tables(package.tables)
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


def describe_table(name: str) -> pd.DataFrame:
    """Describe the columns of a table."""
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
        for field in load_package()[name].fields
    )


def list_ids(name: str, word: str = "") -> pd.DataFrame:
    """List the ids of a table with what says which is which."""
    schema = load_package()[name]
    frame = read_tables([name])[name]
    key = schema.primary_key[0] if schema.primary_key else schema.columns[0]
    columns = [key, *(of for of in _WHICH if of in frame and of != key)]
    rows = frame[columns].drop_duplicates(key).fillna("").astype(str)
    low = word.lower()
    has_word = [any(low in cell.lower() for cell in row) for row in rows.to_numpy()]
    return rows.loc[has_word].reset_index(drop=True)


def data_page() -> str:
    """Write the page `docs/data.md`: one section per table."""
    package = load_package()
    frames = read_tables(package.tables)
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
    facts = {
        "Rows": f"{rows:,} ({flags})" if flags else f"{rows:,}",
        "One row per": ", ".join(f"`{name}`" for name in schema.primary_key),
        "Points to": ", ".join(f"`{link.field}` to {_lists(link)}" for link in schema.foreign_keys),
        "Sums to 1": ", ".join(f"`{x.field}` per {' and '.join(f'`{name}`' for name in x.per)}" for x in schema.sums),
        "Sources": "; ".join(schema.sources),
        "Licences": "; ".join(f"[{x.title}]({x.path})" if x.path else x.title for x in schema.licences),
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


# --- The page that lays published paths of data-center power side by side -------------------------


def _row(*cells: Any) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


def _units(schema: TableSchema) -> Iterable[str]:
    return dict.fromkeys(field.unit for field in schema.fields if field.unit)


def _kinds(frame: pd.DataFrame) -> dict[str, int]:
    counts = frame["kind"].value_counts()
    return {kind: int(counts[kind]) for kind in KINDS if kind in counts}


_HEAD: Final = """\
# Paths of demand

Generated from table `demand_trajectories` by `python -m planner.docs`. Each path is a choice of
`demand.trajectory`, as in `dcplan solve us-base --set demand.trajectory=lbnl_mid`.

Forecasts differ in what they count, and most of the difference between them is that. Three
settings bring them to one scale, **nameplate facility power of AI**, which the reference fleet
turns into compute:

{settings}

`demand.facility_gw` states a path of your own in GW. The AI shares are estimates: LBNL's
accelerated servers for paths of LBNL, the IEA and EPRI, McKinsey's own share for McKinsey. A path
without a stated scope is taken whole. Nameplate is not metered load: `us-base` draws about half of
its nameplate (see [plausibility](plausibility.md)).

Paths to 2035 grow more slowly after 2030, as every forecast does that has both years; `us-2035`
plans to their end. The 30 GW of 2025 are read as US AI by `us-base`; `us-reading-world-ai`,
`us-reading-all-centers`, `us-reading-ai-nameplate` and `us-reading-ai-in-use` take them otherwise.
"""
_SETTINGS: Final = (
    ("setting", "does", "left out"),
    ("---", "---", "---"),
    (
        "`demand.load_factor_frac`",
        "turns TWh into nameplate GW: energy / 8,760 h / load factor",
        "0.5, which LBNL found; a path stated in GW has none",
    ),
    (
        "`demand.ai_share_frac`",
        "keeps the AI part of a path that counts all data centers; a number or a path by year",
        "columns AI below",
    ),
    ("`demand.facility_mw_per_rack_mw`", "turns nameplate facility into nameplate racks", "1.15"),
)


def paths_page() -> str:
    """Write the page."""
    table = read_tables(["demand_trajectories"])["demand_trajectories"]
    table = table.assign(ai_gw=table["facility_gw"] * table["ai_share_frac"])
    first, of_path = int(table["year"].min()), table.groupby("trajectory")["year"]
    years = (first, *sorted({int(last) for last in of_path.max()}))
    parts = [_HEAD.format(settings="\n".join(_row(*line) for line in _SETTINGS)).rstrip()]
    for region in table["region"].drop_duplicates():
        parts += ["", f"## {region}", "", *_lines(table[table["region"] == region], years)]
    return "\n".join(parts) + "\n"


def _lines(paths: pd.DataFrame, years: tuple[int, ...]) -> Iterator[str]:
    measures = [f"{measure} {year}" for measure in ("GW", "AI", "AI GW") for year in years]
    spans = list(pairwise(years))
    pace = [f"a year {start}-{end}" for start, end in spans]
    yield _row("path", "bound", "counts", "published as", *measures, *pace, "source")
    yield _row(*("---",) * 4, *("--:",) * (len(measures) + len(pace)), "---")
    for name, path in paths.groupby("trajectory", sort=False):
        at = path.set_index("year")
        start, end = at.iloc[0], at.iloc[-1]
        unit = "GW"
        if at["electricity_twh"].notna().all():
            unit = f"TWh: {start['electricity_twh']:,.0f} to {end['electricity_twh']:,.0f}"
        yield _row(
            f"`{name}`",
            str(end["bound"]),
            {"ai": "AI", "all": "all", "unstated": "unstated"}[str(end["scope"])],
            unit,
            *(_figure(at["facility_gw"], year, ".1f") for year in years),
            *(_figure(at["ai_share_frac"], year, ".0%") for year in years),
            *(_figure(at["ai_gw"], year, ".1f") for year in years),
            *(_growth(at["ai_gw"], *span) for span in spans),
            str(end["source"]),
        )


def _figure(of_year: pd.Series, year: int, form: str) -> str:
    """Write the figure of a year, or nothing where the path has ended."""
    return format(of_year[year], form) if year in of_year.index else ""


def _growth(of_year: pd.Series, start: int, end: int) -> str:
    """Write the mean growth a year between two years, or nothing where the path has ended."""
    if end not in of_year.index:
        return ""
    return f"{(of_year[end] / of_year[start]) ** (1.0 / (end - start)) - 1.0:+.0%}"
