"""Sheets Contracts, Carbon and water, and Bills: what is bought, emitted and billed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.base.units import MWH_PER_TWH, USD_PER_MUSD
from planner.families import FAMILIES
from planner.outputs.canvas import cell
from planner.outputs.xlsx.book import FIRST_YEAR, SITE_NAME, Row, with_site_names, write_heads, write_row, write_table
from planner.results.schema import RUN_TABLES

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from xlsxwriter.worksheet import Worksheet

    from planner.outputs.run import Run
    from planner.outputs.xlsx.book import At, Book

# --- Sheet Bills: what tariffs ask of each site, and the capacity that is under contract ----------

# --- Sheets Contracts, and Carbon and water: what is bought, what is clean, what is emitted -------

_TOP: Final = 4
_CHART_ROWS: Final = 16
_CONTRACTS: Final = "Contracts"
_CARBON: Final = "Carbon and water"
_ABOUT_CONTRACTS: Final = (
    "PPAs, and the sources of the clean energy used. As solved: it does not follow edited assumptions."
)
_ABOUT_CARBON: Final = (
    "Emissions, location-based and market-based, where PPAs count; water by basin "
    "stress class. As solved: it does not follow edited assumptions."
)
_ORIGINS: Final = (
    ("Own clean power", "own_clean_mwh"),
    ("Contracts", "claimed_mwh"),
    ("Grid's clean share of the rest", "grid_clean_mwh"),
)
_SHARES: Final = (
    ("Clean share", "clean_frac"),
    ("Clean share, annual matching", "annual_frac"),
    ("Clean share, hourly matching", "hourly_frac"),
)
_EMISSIONS: Final = (
    ("Location-based", "location_kt", "kt CO2"),
    ("Market-based", "market_kt", "kt CO2"),
    ("Of fuel burnt at sites", "fuel_kt", "kt CO2"),
    ("Embodied", "embodied_kt", "kt CO2e"),
    ("Under cap or price", "counted_kt", "kt"),
)


def has_contracts(run: Run) -> bool:
    """Return whether a run has anything under contract or a clean target."""
    return len(run.tables["matching"]) > 0


def write_contracts(book: Book) -> None:
    """Write sheet Contracts: where energy comes from by year, agreements, pools."""
    run = book.run
    sheet = book.sheet(_CONTRACTS, _ABOUT_CONTRACTS, widths=(44, *[19] * 12))
    head = _TOP + _CHART_ROWS
    write_heads(book, sheet, head, ("Where contracts count", ""), run.years)
    rows = _energy_rows(run)
    for row, what in enumerate(rows, start=head + 1):
        write_row(book, sheet, head, row, what)
    _chart(book, sheet, _CONTRACTS, head, len(_ORIGINS) + 1, "Sources of the energy used", "TWh")
    below = _list(book, sheet, head + len(rows) + 2, "Agreements", "contracts", "Agreements")
    _list(book, sheet, below, "Where they count", "matching", "Matching")
    sheet.fit_to_pages(2, 0)
    sheet.repeat_columns(0)
    sheet.freeze_panes(3, 1)


def _energy_rows(run: Run) -> list[Row]:
    """Energy by origin, what is not clean, the total, and clean shares, by year."""
    pools = run.tables["matching"]
    by_year = pools.groupby("year").sum(numeric_only=True).reindex(run.years).fillna(0.0)
    twh = by_year / MWH_PER_TWH

    def energy(label: str, formula: Callable[[At], str], values: pd.Series, style: str) -> Row:
        return Row(label, "TWh", formula, values.tolist(), "#,##0.00", style)

    rows = [energy(label, _twh_of(column), twh[column], "plain") for label, column in _ORIGINS]
    rest = twh["used_mwh"] - twh["clean_mwh"]
    rows.append(
        energy("Not clean", lambda at: f"({_in_year(at, 'used_mwh')}-{_in_year(at, 'clean_mwh')})/1E6", rest, "plain")
    )
    rows.append(energy("Energy used", _twh_of("used_mwh"), twh["used_mwh"], "total"))
    for label, column in _SHARES:
        clean = (pools[column] * pools["used_mwh"]).groupby(pools["year"]).sum()
        used = by_year["used_mwh"]
        share = (clean.reindex(run.years) / used.where(used > 0.0)).fillna(0.0)
        rows.append(Row(label, "", _share_of(column), share.tolist(), "0.0%"))
    return rows


def _in_year(at: At, column: str) -> str:
    """Return the sum of a column of the pools in the year of a formula."""
    return f"SUMIFS(Matching[{column}],Matching[year],{at.year})"


def _twh_of(column: str) -> Callable[[At], str]:
    """Return the formula of a column of the pools by year, in TWh."""
    return lambda at: f"{_in_year(at, column)}/1E6"


def _share_of(column: str) -> Callable[[At], str]:
    """Return the mean of a share over the energy used in the year of a formula."""

    def formula(at: At) -> str:
        in_year = f"(Matching[year]={at.year})"
        clean = f"SUMPRODUCT({in_year}*Matching[{column}]*Matching[used_mwh])"
        return f"IFERROR({clean}/{_in_year(at, 'used_mwh')},0)"

    return formula


def write_carbon(book: Book) -> None:
    """Write sheet Carbon and water: emissions by year, water by workload, what families list here, sites."""
    run = book.run
    sheet = book.sheet(_CARBON, _ABOUT_CARBON, widths=(32, *[19] * 9))
    head = _TOP + _CHART_ROWS
    years = run.tables["carbon_year"].set_index("year").reindex(run.years)
    write_heads(book, sheet, head, ("Emissions", ""), run.years)
    for row, (label, column, unit) in enumerate(_EMISSIONS, start=head + 1):

        def formula(at: At, column: str = column) -> str:
            return f"SUMIFS(CarbonYears[{column}],CarbonYears[year],{at.year})"

        write_row(book, sheet, head, row, Row(label, unit, formula, years[column].tolist()))
    _chart(book, sheet, _CARBON, head, 2, "Emissions of power", "kt CO2", stacked=False)
    below = head + len(_EMISSIONS) + 2
    below = _list(book, sheet, below, "Emissions by year", "carbon_year", "CarbonYears")
    below = _list(book, sheet, below, "Water by stress of the basin", "water_class", "WaterClasses")
    for of in (of for family in FAMILIES for of in family.SHEETS if of.sheet == _CARBON and len(run.tables[of.table])):
        below = _list(book, sheet, below, of.title, of.table, of.name)
    _list(book, sheet, below, "Emissions by site", "carbon_site", "CarbonSites")
    sheet.freeze_panes(3, 1)


def _list(book: Book, sheet: Worksheet, row: int, title: str, table: str, name: str) -> int:
    """Write a result table below a title; return the row to go on from."""
    book.text(sheet, row, 0, title, "section")
    columns, frame = RUN_TABLES[table].fields, book.run.tables[table]
    end = write_table(book, sheet, name, frame, columns, head_row=row + 2, lay_out=False)
    return end + 1


def _chart(
    book: Book, sheet: Worksheet, name: str, head: int, count: int, title: str, unit: str, *, stacked: bool = True
) -> None:
    """Draw the first rows of a block by year."""
    chart = book.chart("column", title, unit, stacked=stacked)
    years = (head, FIRST_YEAR, FIRST_YEAR + len(book.run.years) - 1)
    for place in range(count):
        book.series(chart, name, (head + 1 + place, 0), years, head + 1 + place, place)
    chart.set_size({"width": 700, "height": 310})
    sheet.insert_chart(_TOP - 1, 0, chart, {"object_position": 3})


_NAME: Final = "Bills"
_TABLE: Final = "BillLines"
_MUSD: Final = "#,##0.000;-#,##0.000;;@"
_KINDS: Final = ("energy", "demand", "capacity", "standing", "exit_fee")
_ABOUT: Final = (
    "Bills of the sites that a tariff bills, in real USD of the price year, undiscounted. As "
    "solved: they do not follow edited assumptions. Where the prices of tiers decline the plan may "
    "pay more or less than the exact bill; the last line says by how much."
)
_LISTS: Final = (
    ("Contracted capacity", "CapacityContracts", "capacity_contracts"),
    ("Lines of the bills", _TABLE, "bills"),
)


def write_bills(book: Book) -> None:
    """Write sheet Bills: kinds of charges by year, every line, and the contracts."""
    bills = book.run.tables["bills"]
    years = sorted(int(year) for year in bills["calendar_year"].unique()) or book.run.years
    about = _ABOUT if len(bills) else f"{_ABOUT} No tariff bills a site of this scenario."
    sheet = book.sheet(_NAME, about, widths=(26, 24, 14, 24, 24, 24, *[15] * max(len(years), 6)))
    sheet.freeze_panes(3, 1)
    end = _write_kinds(book, sheet, bills, years)
    end += 1
    for title, name, table in _LISTS:
        book.text(sheet, end + 1, 0, title, "section")
        first, *others = RUN_TABLES[table].fields
        frame, shown = with_site_names(book, book.run.tables[table]), [first, SITE_NAME, *others]
        end = write_table(book, sheet, name, frame, shown, head_row=end + 3, lay_out=False)


def _write_kinds(book: Book, sheet: Worksheet, bills: pd.DataFrame, years: list[int]) -> int:
    """Write MUSD by kind and calendar year, and what is above the exact bill."""
    write_heads(book, sheet, _TOP, ("What is paid", "unit"), years)
    wide = bills.pivot_table(index="kind", columns="calendar_year", values="charged_usd", aggfunc="sum")
    wide = (wide.reindex(index=list(_KINDS), columns=years).fillna(0.0)) / USD_PER_MUSD
    over = bills.groupby("calendar_year")["charged_above_exact_usd"].sum().reindex(years).fillna(0.0)
    last = _TOP + len(_KINDS)
    labels = [*_KINDS, "Total", "above the exact bill"]
    for row, label in enumerate(labels, start=_TOP + 1):
        style = "total" if label == "Total" else "plain"
        book.text(sheet, row, 0, label, style)
        book.text(sheet, row, 1, "MUSD", "total" if label == "Total" else "unit_left")
    for at, year in enumerate(years, start=FIRST_YEAR):
        in_year = f"({_TABLE}[calendar_year]={cell(_TOP, at, fixed_row=True)})"
        for row, kind in enumerate(_KINDS, start=_TOP + 1):
            of_kind = f"EXACT({_TABLE}[kind],{cell(row, 0, fixed_column=True)})*{in_year}"
            formula = f"=SUMPRODUCT({of_kind},{_TABLE}[charged_usd])/10^6"
            book.formula(sheet, row, at, formula, float(wide[year][kind]), _MUSD)
        total = f"=SUM({cell(_TOP + 1, at)}:{cell(last, at)})"
        book.formula(sheet, last + 1, at, total, float(wide[year].sum()), _MUSD, "total")
        formula = f"=SUMPRODUCT({in_year}*{_TABLE}[charged_above_exact_usd])/10^6"
        book.formula(sheet, last + 2, at, formula, float(over[year]) / USD_PER_MUSD, _MUSD)
    return last + 2
