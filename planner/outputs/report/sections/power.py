"""Power by workload, zone and site."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.outputs.report.charts import Series, bars, columns
from planner.outputs.report.markup import NOTHING, Html, element
from planner.outputs.report.page import section
from planner.outputs.report.table import NumberColumn, figure_table

if TYPE_CHECKING:
    from planner.outputs.labels import DisplayNames
    from planner.outputs.report.figures import Figures

__all__ = ["power_section"]

_ZONES: Final = 12
_SITES: Final = 12
_MEAN: Final = "facility_mean_mw"
_A_LITTLE_MW: Final = 0.05


def power_section(figures: Figures, labels: DisplayNames) -> Html:
    """Show the power forecast."""
    return section(
        "power",
        "Power",
        element(
            "div",
            _by_class(figures, labels),
            _sources(figures, labels),
            _by_zone(figures, labels),
            _by_site(figures, labels),
            class_="charts",
        ),
        _sites_table(figures, labels),
    )


def _by_class(figures: Figures, labels: DisplayNames) -> Html:
    of = figures.sums_by("power_class", _MEAN, "workload", "year")
    return columns(
        "Mean power at the meter by workload",
        "MW",
        [str(year) for year in figures.years],
        [
            Series(labels.workload(workload), tuple(of.get((workload, year)) for year in figures.years))
            for workload in dict.fromkeys(str(key[0]) for key in of)
        ],
    )


def _sources(figures: Figures, labels: DisplayNames) -> Html:
    """Show where the energy comes from, if some is made at sites; else how compute is met."""
    years = [str(year) for year in figures.years]
    if figures.has_rows("source_year"):
        of = figures.sums_by("power_by_source", "energy_mwh", "source", "year")
        series = [
            Series(labels.source(source), tuple(of.get((source, year)) for year in figures.years))
            for source in dict.fromkeys(str(key[0]) for key in of)
        ]
        title = "Energy at the meter by source, less what is charged, sold and curtailed"
        return columns(title, "GWh", years, series, per=1000.0)
    parts = (
        ("served_kh100e", "served by own sites"),
        ("rented_kh100e", "rented"),
        ("saved_kh100e", "saved by levers"),
        ("unmet_kh100e", "unmet"),
    )
    of_years = (
        (label, tuple(figures.sum("summary", column, year=year) for year in figures.years)) for column, label in parts
    )
    series = [Series(label, of) for label, of in of_years if any(one.value for one in of)]
    return columns("Compute by how demand is met", "kH100e", years, series)


def _by_zone(figures: Figures, labels: DisplayNames) -> Html:
    of = figures.sums_by("power_zone", _MEAN, "zone", year=figures.last)
    largest = sorted(of.items(), key=lambda item: -item[1].value)
    rows = [(labels.zone(str(zone)), mean) for (zone,), mean in largest[:_ZONES] if mean.value > _A_LITTLE_MW]
    title = f"Mean power at the meter by grid zone, {figures.last}"
    return bars(title, "MW", rows, note=_first_of(len(rows), len(largest), "zones"))


def _by_site(figures: Figures, labels: DisplayNames) -> Html:
    of = figures.sums_by("site_year", _MEAN, "site", year=figures.last)
    in_use = [item for item in of.items() if item[1].value > _A_LITTLE_MW]
    largest = sorted(in_use, key=lambda item: -item[1].value)[:_SITES]
    rows = [(labels.site(str(site)), mean) for (site,), mean in largest]
    title = f"Mean power at the meter by site, {figures.last}"
    return bars(title, "MW", rows, note=_first_of(len(rows), len(in_use), "sites"))


def _first_of(shown: int, of_all: int, what: str) -> str:
    return f"the {shown} largest of {of_all} {what}" if shown < of_all else ""


def _sites_table(figures: Figures, labels: DisplayNames) -> Html:
    """List every site in use in the last year."""
    year = figures.last
    wanted = (
        ("nameplate_mw", NumberColumn("racks, MW")),
        (_MEAN, NumberColumn("mean, MW")),
        ("facility_peak_mw", NumberColumn("peak, MW")),
        ("pue", NumberColumn("PUE", decimals=3)),
        ("emissions_kt", NumberColumn("CO2, kt")),
        ("water_m3", NumberColumn("water, thousand m3", per=1000.0)),
        ("cost_musd", NumberColumn("payments, MUSD a year")),
    )
    of = [figures.sums_by("site_year", column, "site", year=year) for column, _ in wanted]
    size = of[0]
    order = sorted(size, key=lambda key: -size[key].value)
    zone = figures.run.sites.set_index("site")["zone"].to_dict()
    rows = [
        (labels.site(str(key[0])), [labels.zone(str(zone[key[0]])), *(column.get(key) for column in of)])
        for key in order
        if size[key].value > _A_LITTLE_MW
    ]
    if not rows:
        return NOTHING
    table = figure_table(f"Sites in use in {year}", "site", [NumberColumn("zone"), *(one for _, one in wanted)], rows)
    return element("details", element("summary", f"All {len(rows)} sites in use in {year}"), table)
