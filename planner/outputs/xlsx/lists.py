"""Sheets for looking things up: figures, sites, sources, grid, latency, resilience and others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from planner.outputs.canvas import cell
from planner.outputs.xlsx.book import HEAD_ROW, YES, number, text, whole, with_site_names, write_table
from planner.results.schema import RUN_TABLES
from planner.tables import load_package

if TYPE_CHECKING:
    from planner.outputs.run import Run
    from planner.outputs.xlsx.book import Book
    from planner.tables.descriptor import Field

# --- Sheets for looking things up: figures, sites, grid, latency, sources -------------------------

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


_ORDERS: Final = (
    text("order_by", "Last month to order, as year-month; committed where it is under way"),
    text("kind", "What is ordered"),
    text("site_name", "Name of the site"),
    *(field for field in RUN_TABLES["orders"].fields if field.name not in {"kind", "order_by", "serves_from"}),
    text("serves_from", "Month in which it serves, as year-month"),
)


def write_orders(book: Book) -> None:
    """Write sheet Orders: what to order, the first first."""
    orders = with_site_names(book, book.run.tables["orders"])
    months = {name: [_month(year) for year in orders[name]] for name in ("order_by", "serves_from")}
    about = "What to order, where, for how much, serving from when; the first to be placed first."
    write_table(book, book.sheet("Orders", about), "Orders", _shaped(orders.assign(**months), _ORDERS), _ORDERS)


def _month(year: float) -> str:
    """Write a moment as a month that sorts; what has none is committed already."""
    months = round(year * 12.0) if year == year else 0  # noqa: PLR0124  nan
    return f"{months // 12}-{months % 12 + 1:02d}" if months else "committed"


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


# --- Sheet Grid: headroom and what binds, non-firm connection, stress time slices, shadow prices ---

_MORE: Final = (
    ("non_firm_year", "NonFirm", "Non-firm connection"),
    ("stress_slot", "StressSlots", "Stress hours: what is curtailed, and how load is met"),
    ("load_price", "LoadPrice", "Price that rises with new load"),
)
MOST_LISTED: Final = 100_000
"""Rows of a list up to which it is on the sheet: a plan of all hours may have millions."""


def write_grid(book: Book) -> None:
    """Write sheet Grid: headroom by zone and year, then what the scenario has next to it."""
    run = book.run
    sheet = book.sheet("Grid", RUN_TABLES["headroom"].description)
    columns = RUN_TABLES["headroom"].fields
    end = write_table(book, sheet, "Headroom", run.tables["headroom"], columns)
    tight = {"type": "cell", "criteria": "==", "value": f'"{YES}"', "format": book.style("bad")}
    for at, column in enumerate(columns):
        if column.name in {"binds", "firm_binds"}:
            sheet.conditional_format(HEAD_ROW + 1, at, end - 1, at, tight)

    def block(top: int, table: str, name: str, title: str, frame: pd.DataFrame) -> int:
        book.text(sheet, top + 1, 0, title, "section")
        book.text(sheet, top + 2, 0, RUN_TABLES[table].description, "about")
        if len(frame) > MOST_LISTED:
            book.text(sheet, top + 4, 0, _too_long(table, len(frame)), "bad")
            return top + 5
        kept = [column for column in RUN_TABLES[table].fields if column.name in frame]
        return write_table(book, sheet, name, frame, kept, head_row=top + 4)

    for table, name, title in _MORE:
        if len(run.tables[table]):
            end = block(end, table, name, title, run.tables[table])
    prices = run.tables["prices"]
    # Prices of demand and of single time slices are many; they are in the table files.
    of_limits = prices[(prices["region"] == "") & (prices["period"] == "") & (prices["slot"] == "")]
    unused = [name for name in prices.columns if len(of_limits) and (of_limits[name] == "").all()]
    reported = of_limits.drop(columns=unused)
    block(end, "prices", "ShadowPrices", "Shadow prices of limits", reported)


def _too_long(table: str, rows: int) -> str:
    """Say that a list is not on the sheet, and where it is."""
    return (
        f"Not listed here: {rows:,} rows, more than {MOST_LISTED:,}. All are in"
        f" tables/{table}.parquet of the run folder; dcplan export writes them as CSV."
    )


# --- Sheet Lifetime: training against inference by year, and what training known models costs -----

# --- Sheet Openings: new sites by year, phases of halls, blocks of a workload ---------------------

# --- Sheet Resilience: reserve by workload, what the outage of each site means, and who takes over ---

# --- Sheet Sources: of every table of the data, how many figures are published and how many not ---

_ABOUT: Final = (
    "What training and inference cost by model year, existing racks and halls at their instalments "
    "and rent included, and what the final training run of known AI models would cost on the racks "
    "of a year. "
    "As solved."
)
_LISTS: Final = (
    ("Training against inference", "Lifetime", "lifetime"),
    ("Final training runs of known AI models", "ModelsTrained", "models_trained"),
)


def write_lifetime(book: Book) -> None:
    """Write sheet Lifetime: both tables, one below the other."""
    sheet = book.sheet("Lifetime", _ABOUT)
    end = HEAD_ROW - 2
    for at, (title, name, table) in enumerate(_LISTS):
        if at:
            book.text(sheet, end + 1, 0, title, "section")
        head_row = HEAD_ROW if not at else end + 3
        frame, fields = book.run.tables[table], RUN_TABLES[table].fields
        end = write_table(book, sheet, name, frame, fields, head_row=head_row, lay_out=not at)


_OPENINGS_ABOUT: Final = (
    "New sites open at the end (integers where the scenario says so), their cost, and phases and "
    "blocks. As solved: it does not follow edited assumptions."
)
_OPENING_LISTS: Final = (
    ("Openings", "", "openings"),
    ("Phases", "Phases of new halls", "phases"),
    ("Blocks", "Racks in blocks", "blocks"),
)


def has_openings(run: Run) -> bool:
    """Return whether a run opens sites, or builds in phases or blocks."""
    return any(len(run.tables[table]) > 0 for _, _, table in _OPENING_LISTS)


def write_openings(book: Book) -> None:
    """Write sheet Openings: lists one below the other, those that are empty left out."""
    sheet = book.sheet("Openings", _OPENINGS_ABOUT)
    row = HEAD_ROW
    for name, title, table in _OPENING_LISTS:
        frame = book.run.tables[table]
        if table != "openings" and frame.empty:
            continue
        if title:
            book.text(sheet, row, 0, title, "section")
            row += 2
        columns = RUN_TABLES[table].fields
        row = write_table(book, sheet, name, frame, columns, head_row=row) + 1


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
_RESILIENCE_ABOUT: Final = (
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
    sheet = book.sheet("Resilience", _RESILIENCE_ABOUT)
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


_HEAD: Final = 4
_KINDS: Final = ("published", "derived", "estimate", "seed", "own")
_SOURCES_ABOUT: Final = (
    "Rows of every table that was read, by how sure they are: published, derived from what is, an "
    "estimate, a seed of the brief, or your own. Sheet 'Source list' names every source."
)


def write_sources(book: Book) -> None:
    """Write sheet Sources."""
    frame = _counts(book.run)
    sheet = book.sheet("Sources", _SOURCES_ABOUT, widths=(26, 74, *[11] * (len(_KINDS) + 1), 14))
    sheet.freeze_panes(_HEAD + 1, 1)
    sheet.repeat_rows(_HEAD)
    for column, head in enumerate(("table", "what it holds", *_KINDS, "rows", "file read")):
        is_number = 2 <= column < 3 + len(_KINDS)
        book.text(sheet, _HEAD, column, head, "head_right" if is_number else "head")
    package = load_package()
    row = _HEAD
    for table, counts in frame.iterrows():
        row += 1
        schema = package.tables.get(str(table))
        book.text(sheet, row, 0, str(table))
        book.text(sheet, row, 1, schema.title if schema else "", "unit_left")
        for column, kind in enumerate(_KINDS, start=2):
            book.number(sheet, row, column, float(counts[kind]), "#,##0;;")
        total = f"=SUM({cell(row, 2)}:{cell(row, 1 + len(_KINDS))})"
        book.formula(sheet, row, 2 + len(_KINDS), total, float(counts.sum()), "#,##0")
        entry = book.run.meta["data"].get(str(table), {})
        shipped = {True: "shipped", False: "your own"}.get(entry.get("shipped"), "")
        book.text(sheet, row, 3 + len(_KINDS), shipped, "unit_left")
    book.text(sheet, row + 1, 0, "All tables", "total")
    for column in (1, 3 + len(_KINDS)):
        book.text(sheet, row + 1, column, "", "total")
    for column, kind in enumerate((*_KINDS, ""), start=2):
        value = float(frame[kind].sum() if kind else frame.to_numpy().sum())
        span = f"{cell(_HEAD + 1, column)}:{cell(max(row, _HEAD + 1), column)}"
        book.formula(sheet, row + 1, column, f"=SUM({span})", value, "#,##0", "total")


def _counts(run: Run) -> pd.DataFrame:
    """Return rows by table and kind, of the tables that say where their figures are from."""
    counts = {
        name: frame["kind"].value_counts()
        for name, frame in run.inputs_tables.items()
        if {"source", "kind"} <= set(frame.columns)
    }
    frame = pd.DataFrame(counts).T.reindex(columns=list(_KINDS)).fillna(0.0)
    return frame.sort_index()
