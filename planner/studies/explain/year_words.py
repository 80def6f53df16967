"""Sentences about one year: what changed since the model year before, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.base.number_format import amount, moment
from planner.base.words import and_more
from planner.studies.explain.explanation import Number, Statement, number
from planner.studies.explain.plain_words import about_limits, line_of_cost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from planner.studies.explain.explanation import ExplainablePlan

__all__ = ["about_year", "year_tables"]

CHANGED: Final = "What changed"
WHY: Final = "Why"

_NOISE: Final = 0.05
_SHOWN: Final = 5
_METRICS: Final = (
    ("demand_kh100e", "kH100e"),
    ("served_kh100e", "kH100e"),
    ("rented_kh100e", "kH100e"),
    ("saved_kh100e", "kH100e"),
    ("unmet_kh100e", "kH100e"),
    ("sites_in_use", "sites"),
    ("halls_mw", "MW"),
    ("nameplate_mw", "MW"),
    ("facility_peak_mw", "MW"),
    ("new_firm_mw", "MW"),
    ("emissions_kt", "kt CO2"),
    ("capex_musd", "MUSD"),
    ("cost_musd", "MUSD/year"),
)


def year_tables(solved: ExplainablePlan, year: int) -> dict[str, pd.DataFrame]:
    """Make the tables that sentences about a year rest on."""
    results = solved.results.tables
    years = list(solved.inputs.years.years)
    at = years.index(year)
    before = years[at - 1] if at else None
    summary = results["summary"].set_index("year")[[name for name, _ in _METRICS]].astype(float)
    figures = {int(y): summary.loc[y].to_dict() for y in summary.index}
    change = pd.DataFrame(
        {
            "figure": [name for name, _ in _METRICS],
            "unit": [unit for _, unit in _METRICS],
            "before": [figures[before][n] if before else np.nan for n, _ in _METRICS],
            "now": [figures[year][name] for name, _ in _METRICS],
        }
    )
    halls = results["builds"].query("year == @year")
    racks = results["installs"].query("year == @year")
    return {
        "year_change": _with_change(change),
        "year_sites": _two_years(
            results["site_year"].set_index(["site", "year"])["nameplate_mw"], "site", year, before
        ),
        "year_halls": halls.groupby("site", as_index=False)[["built_mw"]].sum(),
        "year_racks": racks.groupby("rack", as_index=False)[["installed_mw", "racks"]].sum(),
        "year_costs": _costs(solved, year, before),
        "year_ready": _ready(solved, year),
    }


def _ready(solved: ExplainablePlan, year: int) -> pd.DataFrame:
    """List sites whose first new hall can serve within a model year, with the moment."""
    leads = solved.results.tables["leads"]
    first = leads.groupby("site", as_index=False)[["service_start"]].min()
    last = int(solved.inputs.years.last_calendar_years[solved.inputs.years.years.index(year)])
    start = first["service_start"]
    return first[(start >= year) & (start < last + 1)].reset_index(drop=True)


def _with_change(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(change=table["now"] - table["before"])


def _two_years(of: pd.Series, key: str, year: int, before: int | None) -> pd.DataFrame:
    """Put the figures of two years next to each other, those with the largest change first."""
    wide = of.unstack("year").fillna(0.0)
    nothing = np.full(len(wide), np.nan)
    table = pd.DataFrame(
        {
            key: wide.index.to_numpy(),
            "before": wide[before].to_numpy() if before in wide else nothing,
            "now": wide[year].to_numpy() if year in wide else np.zeros(len(wide)),
        }
    )
    made = _with_change(table)
    return made.sort_values("change", key=np.abs, ascending=False, ignore_index=True)


def _costs(solved: ExplainablePlan, year: int, before: int | None) -> pd.DataFrame:
    """Payments of the first calendar year of each model year, by line."""
    costs = solved.results.tables["costs"]
    by = costs.groupby(["item", "calendar_year"])["musd"].sum()
    by.index = by.index.set_names(["item", "year"])
    return _two_years(by, "item", year, before)


def about_year(solved: ExplainablePlan, tables: Mapping[str, pd.DataFrame], year: int) -> Iterator[Statement]:
    """Say what changed in a year, and what it came from."""
    yield from _figures(tables, year)
    yield from _sites(tables, year)
    yield from _bought(tables)
    yield from _lines(tables)
    yield from _why(solved, tables, year)


def _cell(tables: Mapping[str, pd.DataFrame], figure: str, column: str) -> Number:
    unit = dict(_METRICS)[figure]
    return number(tables, "year_change", column, unit, figure=figure)


def _figures(tables: Mapping[str, pd.DataFrame], year: int) -> Iterator[Statement]:
    for figure, words in (
        ("demand_kh100e", "Demand"),
        ("served_kh100e", "Compute served from own sites"),
        ("rented_kh100e", "Rented compute"),
        ("unmet_kh100e", "Unmet compute"),
        ("nameplate_mw", "Load of racks in use"),
        ("facility_peak_mw", "Peak power of all sites"),
        ("cost_musd", "Cost of the year"),
    ):
        now, change, before = (_cell(tables, figure, of) for of in ("now", "change", "before"))
        if np.isnan(before.value):
            if now.value > _NOISE:
                yield Statement(CHANGED, f"{words} is {now} in {year}, the first year.", (now,))
            continue
        if abs(change.value) < max(_NOISE, 1e-3 * abs(now.value)):
            continue
        verb = "grows" if change.value > 0 else "falls"
        share = f" ({change.value / before.value:+.0%})" if before.value > _NOISE else ""
        text = f"{words} {verb} by {amount(abs(change.value))} {change.unit}{share} to {now}."
        yield Statement(CHANGED, text, (now, change, before))


def _listed(
    tables: Mapping[str, pd.DataFrame],
    cell: tuple[str, str, str],
    key: str,
    labels: pd.Series,
    words: Callable[[Number], str],
) -> tuple[str, tuple[Number, ...]]:
    """List the first of some rows in words; a cell is of a table, a column and a unit."""
    table, column, unit = cell
    parts = tuple(number(tables, table, column, unit, **{key: str(label)}) for label in labels.head(_SHOWN))
    return ", ".join(map(words, parts)), parts


def _of_site(of: Number) -> str:
    return f"{of.row['site']} {of}"


def _of_rack(of: Number) -> str:
    return f"{of.row['rack']} {of}"


def _sites(tables: Mapping[str, pd.DataFrame], year: int) -> Iterator[Statement]:
    table = tables["year_sites"].dropna(subset=["change"])
    for words, rows in (
        ("Racks in use grow most at", table[table["change"] > _NOISE]),
        ("Racks in use shrink most at", table[table["change"] < -_NOISE]),
    ):
        if len(rows):
            change = ("year_sites", "change", "MW")
            listed, parts = _listed(
                tables, change, "site", rows["site"], lambda of: f"{of.row['site']} ({of.value:+,.3g} MW)"
            )
            yield Statement(CHANGED, f"{words} {listed}.", parts)
    opened = table[(table["before"] < _NOISE) & (table["now"] > _NOISE)]
    if len(opened):
        listed, parts = _listed(tables, ("year_sites", "now", "MW"), "site", opened["site"], _of_site)
        more = and_more(len(opened), _SHOWN)
        yield Statement(CHANGED, f"In use for the first time in {year}: {listed}{more}.", parts)


def _bought(tables: Mapping[str, pd.DataFrame]) -> Iterator[Statement]:
    for table, column, key, words, of in (
        ("year_halls", "built_mw", "site", "Halls enter service at", _of_site),
        ("year_racks", "installed_mw", "rack", "Racks are bought:", _of_rack),
    ):
        rows = tables[table].sort_values(column, ascending=False)
        if len(rows):
            listed, parts = _listed(tables, (table, column, "MW"), key, rows[key], of)
            text = f"{words} {listed}{and_more(len(rows), _SHOWN)}."
            yield Statement(CHANGED, text, parts)


def _lines(tables: Mapping[str, pd.DataFrame]) -> Iterator[Statement]:
    table = tables["year_costs"].dropna(subset=["change"])
    moved = table.loc[table["change"].abs() > _NOISE, "item"]
    if len(moved):
        change = ("year_costs", "change", "MUSD")
        listed, parts = _listed(tables, change, "item", moved, lambda of: f"{line_of_cost(of)} {of.value:+,.3g} MUSD")
        yield Statement(CHANGED, f"Lines of cost that move most: {listed}.", parts)


def _why(solved: ExplainablePlan, tables: Mapping[str, pd.DataFrame], year: int) -> Iterator[Statement]:
    """Sites that can grow from this year on, and limits that bind in it."""
    table = tables["year_ready"]
    if len(table):
        start = ("year_ready", "service_start", "")
        listed, parts = _listed(
            tables, start, "site", table["site"], lambda of: f"{of.row['site']} ({moment(of.value)})"
        )
        more = and_more(len(table), _SHOWN)
        text = f"New halls can serve for the first time at {len(table)} sites: {listed}{more}."
        yield Statement(WHY, text, parts)
    if "binding" not in tables:
        return
    for one in list(about_limits(solved, tables))[:_SHOWN]:
        yield Statement(WHY, one.text, one.numbers, one.stake_musd)
