"""The page that lays published paths of data-center power side by side."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from planner.tables.descriptor import load_package
from planner.tables.read import read_tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from planner.tables.descriptor import Package

__all__ = ["paths_page"]

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


def paths_page(*, package: Package | None = None) -> str:
    """Write the page."""
    package = package or load_package()
    table = read_tables(["demand_trajectories"], package=package)["demand_trajectories"]
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
        counts = {"ai": "AI", "all": "all", "unstated": "unstated"}[str(end["scope"])]
        yield _row(
            f"`{name}`",
            str(end["bound"]),
            counts,
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


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
