"""Sheets for looking things up: figures, sites, grid, latency, sources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from planner.outputs.xlsx.columns import number, text, whole
from planner.outputs.xlsx.table import write_table
from planner.results.schema import RUN_TABLES

if TYPE_CHECKING:
    from planner.outputs.run import Run
    from planner.outputs.xlsx.book import Book
    from planner.tables.descriptor import Field

__all__ = ["write_figures", "write_latency", "write_site_list", "write_source_list"]

_FIGURES: Final = (
    text("table", "Table of the data"),
    text("item", "Name of the figure"),
    text("where", "Region it applies to, empty: everywhere"),
    number("value", "see unit", "Value", missing=True),
    text("unit", "Unit of the value"),
    number("low", "see unit", "Low end", missing=True),
    number("high", "see unit", "High end", missing=True),
    text("kind", "published, derived, estimate, seed or own"),
    text("source", "Where it is from"),
)
_SITE_MORE: Final = (
    text("first_year", "First model year with racks in use, empty where never"),
    number("nameplate_mw", "MW", "Nameplate in use in the last model year"),
    number("training_frac", "-", "Share of training in the racks in use then", missing=True),
    number("facility_peak_mw", "MW", "Peak at the meter in the last model year"),
    number("new_firm_mw", "MW", "Firm connection added by the plan until then"),
    number("capex_musd", "MUSD", "Overnight cost of all that enters service"),
    number("lead_months", "month", "Shortest lead of the hall designs there", missing=True),
)
_SOURCES: Final = (
    text("table", "Table of the data"),
    text("source", "Where its figures are from"),
    text("year", "Year of the source"),
    text("kind", "published, derived, estimate, seed or own"),
    whole("rows", "rows", "Rows from this source"),
    text("sha256", "Start of the hash of the file that was read"),
)


def write_figures(book: Book) -> None:
    """Write sheet Figures: every table of single figures, one figure a row."""
    parts = [
        frame.assign(table=name, where=frame.get("region", ""))
        for name, frame in book.run.inputs_tables.items()
        if {"item", "value", "unit", "source"} <= set(frame.columns)
    ]
    frame = _shaped(pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(), _FIGURES)
    about = "Single figures of the data as read. Where the scenario has its own, it is used."
    write_table(book, book.sheet("Figures", about), "Figures", frame, _FIGURES)


def write_site_list(book: Book) -> None:
    """Write sheet Site list."""
    columns = (*RUN_TABLES["sites"].fields, *_SITE_MORE)
    frame = _shaped(_sites(book.run), columns)
    about = "Sites in scope, the largest of the last model year first."
    write_table(book, book.sheet("Site list", about), "Sites", frame, columns)


def write_latency(book: Book) -> None:
    """Write sheet Latency: round trips by workload and year, and regions that no site can serve."""
    sheet = book.sheet("Latency", RUN_TABLES["latency"].description)
    tables = book.run.tables
    end = write_table(book, sheet, "Latency", tables["latency"], RUN_TABLES["latency"].fields)
    book.text(sheet, end + 1, 0, "Regions without a route", "section")
    book.text(sheet, end + 2, 0, RUN_TABLES["no_route"].description, "about")
    columns = RUN_TABLES["no_route"].fields
    write_table(book, sheet, "NoRoute", tables["no_route"], columns, head_row=end + 4)


def write_source_list(book: Book) -> None:
    """Write sheet Source list: one row per table, source and honesty flag."""
    run = book.run
    known: dict[str, list[object]] = {"table": [], "source": [], "year": [], "kind": []}
    for name, frame in run.inputs_tables.items():
        if {"source", "kind"} <= set(frame.columns):
            none = [""] * len(frame)
            known["table"] += [name] * len(frame)
            known["source"] += frame["source"].tolist()
            known["year"] += frame["source_year"].astype("str").tolist() if "source_year" in frame else none
            known["kind"] += frame["kind"].tolist()
    groups = pd.DataFrame(known).groupby(list(known), sort=False, dropna=False)
    frame = groups.size().rename("rows").reset_index()
    hashes = {table: entry["sha256"][:16] for table, entry in run.meta["data"].items()}
    shaped = _shaped(frame.assign(sha256=frame["table"].map(hashes)), _SOURCES)
    about = "Every input keeps its source and whether it is published, derived, an estimate, seed or your own."
    write_table(book, book.sheet("Source list", about), "Sources", shaped, _SOURCES)


def _sites(run: Run) -> pd.DataFrame:
    """Return one row per site with what the plan does there."""
    site_year, plan, leads = (run.tables[name] for name in ("site_year", "plan", "leads"))
    last = site_year[site_year["year"] == run.years[-1]].set_index("site")
    used = plan[plan["year"] == run.years[-1]]
    training = used[used["duty"] == "training"].groupby("site")["used_mw"].sum()
    first_year = plan.groupby("site")["year"].min().astype("str")
    total = used.groupby("site")["used_mw"].sum()
    frame = run.sites.set_index("site").assign(
        first_year=first_year,
        nameplate_mw=last["nameplate_mw"],
        facility_peak_mw=last["facility_peak_mw"],
        new_firm_mw=last["new_firm_mw"],
        training_frac=training.reindex(total.index, fill_value=0.0) / total,
        capex_musd=site_year.groupby("site")["capex_musd"].sum(),
        lead_months=leads.groupby("site")["months"].min(),
    )
    ordered = frame.sort_values("nameplate_mw", ascending=False, kind="stable").reset_index()
    megawatts = ["nameplate_mw", "facility_peak_mw", "new_firm_mw", "capex_musd"]
    return ordered.fillna(dict.fromkeys(megawatts, 0.0))


def _shaped(frame: pd.DataFrame, columns: tuple[Field, ...]) -> pd.DataFrame:
    """Return the named columns in their types; labels that are missing are empty."""
    shaped = frame.reindex(columns=[column.name for column in columns])
    for column in columns:
        if column.dtype == "str":
            shaped[column.name] = shaped[column.name].astype("object").fillna("").astype("str")
        else:
            shaped[column.name] = shaped[column.name].astype(column.dtype)
    return shaped
