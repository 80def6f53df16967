"""Latency: what users get by workload, and which users a chosen site reaches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from planner.outputs.report.figures import decimals_for
from planner.outputs.report.markup import NOTHING, Html, element, embedded_json
from planner.outputs.report.page import section
from planner.outputs.report.table import NumberColumn, figure_table

if TYPE_CHECKING:
    from planner.outputs.labels import DisplayNames
    from planner.outputs.report.figures import Figures, ReportFigure

__all__ = ["latency_section"]

_COLUMNS: Final = (
    ("bound_ms", NumberColumn("bound, ms", decimals=0)),
    ("mean_rtt_ms", NumberColumn("mean, ms", decimals=1)),
    ("p95_rtt_ms", NumberColumn("95 % within, ms", decimals=1)),
    ("max_rtt_ms", NumberColumn("slowest, ms", decimals=1)),
    ("tail_p95_rtt_ms", NumberColumn("95 % on slow lines, ms", decimals=1)),
    ("rented_frac", NumberColumn("rented, %", per=0.01, decimals=1)),
    ("unmet_frac", NumberColumn("unmet, %", per=0.01, decimals=1)),
)
_MEAN: Final = [name for name, _ in _COLUMNS].index("mean_rtt_ms")
_ANY_SITE: Final = "any site will do"
_ROWS: Final = 15  # of a site


def latency_section(figures: Figures, labels: DisplayNames) -> Html:
    """Show round trips of the last model year, and the reach of each site."""
    year = figures.last
    table = figures.run.tables["latency"]
    workloads = [str(one) for one in table.loc[table["year"] == year, "workload"]]
    rows = [(labels.workload(workload), _cells(figures, workload, year)) for workload in workloads]
    heads = [column for _, column in _COLUMNS]
    caption = f"Round trips that users get, {year}"
    served = figure_table(caption, "workload", heads, rows, shows_caption=True)
    return section("latency", "Latency", served, _reach(figures, labels, year))


def _cells(figures: Figures, workload: str, year: int) -> list[ReportFigure | Html]:
    """Return the figures of a workload; where any site is near enough, no round trip is one."""
    cells: list[ReportFigure | Html] = [
        figures.sum("latency", column, workload=workload, year=year) for column, _ in _COLUMNS
    ]
    table = figures.run.tables["latency"]
    row = table[(table["workload"] == workload) & (table["year"] == year)]
    if row["mean_rtt_ms"].isna().all() and (row["served_kh100e"] > 0.0).any():
        cells[_MEAN] = element("span", _ANY_SITE)
    return cells


def _reach(figures: Figures, labels: DisplayNames, year: int) -> Html:
    """Let the reader choose a site, and list the users it serves; the script shows them."""
    table = figures.run.tables["assignment"]
    timed = table[(table["year"] == year) & table["rtt_ms"].notna() & (table["served_kh100e"] > 0)]
    if timed.empty:
        return NOTHING
    timed = timed.sort_values("served_kh100e", ascending=False)
    size = timed.groupby("site", sort=False)["served_kh100e"].sum().sort_values(ascending=False)
    reach: dict[str, Any] = {}
    for site in size.index:
        of_site = timed[timed["site"] == site]
        shown = of_site.head(_ROWS)
        decimals = decimals_for(shown["served_kh100e"].to_list())
        reach[str(site)] = {
            "rows": [
                [
                    labels.region(str(row.region)),
                    labels.workload(str(row.workload)),
                    f"{row.served_kh100e:,.{decimals}f}",
                    f"{row.rtt_ms:,.1f}",
                    str(row.region),
                    str(row.workload),
                ]
                for row in shown.itertuples(index=False)
            ],
            "of": len(of_site),
        }
    options = (element("option", labels.site(str(site)), value=site) for site in size.index)
    return element(
        "div",
        element("h3", f"Whom a site serves, {year}"),
        element(
            "p", element("label", "Site ", element("select", options, id="reach-site")), class_="controls", hidden=True
        ),
        element("div", id="reach", class_="scroll", aria_live="polite", data_year=year),
        embedded_json(reach, id="reach-data"),
    )
