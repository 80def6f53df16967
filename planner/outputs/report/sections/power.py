"""Power and latency: forecast, days, what users get."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from planner.clock.days import MONTHS
from planner.outputs.report.charts import Series, bars, columns, lines
from planner.outputs.report.figures import NumberColumn, decimals_for, figure_table
from planner.outputs.report.markup import NOTHING, Html, element, embedded_json
from planner.outputs.report.page import section

if TYPE_CHECKING:
    from planner.outputs.labels import DisplayNames
    from planner.outputs.report.figures import Figures, ReportFigure

# --- Power by workload, zone and site -------------------------------------------------------------

_ZONES: Final = 12
_SITES: Final = 12
# --- Latency: what users get by workload, and which users a chosen site reaches -------------------

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


# --- Day charts: power at the meter over the hours of the representative days ---------------------

_SLOT: Final = re.compile(r"d(\d+)h(\d+)")
_SEASONS: Final = ("Dec to Feb", "Mar to May", "Jun to Aug", "Sep to Nov")
_MOST_DAYS: Final = 13  # the months and a peak day; a longer series is not drawn day by day
_PARTS: Final = (("it_mw", "IT"), ("mechanical_mw", "cooling"), ("electrical_loss_mw", "electrical losses"))


def days_section(figures: Figures) -> Html:
    """Show the load of all sites over the days of the last model year."""
    year = figures.last
    power = figures.run.tables["power_slot"]
    slots = power.loc[power["year"] == year, ["slot", "is_peak_day"]].drop_duplicates()
    days: dict[int, dict[str, str]] = {}
    peak = set()
    for slot, is_peak in slots.itertuples(index=False):
        match = _SLOT.fullmatch(str(slot))
        if match is None:
            return NOTHING
        days.setdefault(int(match[1]), {})[match[2]] = str(slot)
        if is_peak:
            peak.add(int(match[1]))
    if not days or len(days) > _MOST_DAYS:
        return NOTHING
    hours = sorted({hour for of_day in days.values() for hour in of_day})
    places = [f"{hour}:00" for hour in hours]
    total = figures.sums_by("power_slot", "facility_mw", "slot", year=year)
    names = _names(days, peak)
    series = [
        Series(names[day], tuple(total.get((of_day.get(hour, ""),)) for hour in hours))
        for day, of_day in sorted(days.items())
    ]
    chart = lines(f"All sites over the day, {year}, hours in UTC", "MW", places, series)
    parts = [(label, figures.sums_by("power_slot", column, "slot", year=year)) for column, label in _PARTS]
    day = max(peak or days)
    made_of = columns(
        f"What it is made of: {names[day]}, {year}",
        "MW",
        places,
        [Series(label, tuple(of.get((days[day].get(hour, ""),)) for hour in hours)) for label, of in parts],
    )
    return section("days", "Days", element("div", chart, made_of, class_="charts"))


def _names(days: dict[int, dict[str, str]], peak: set[int]) -> dict[int, str]:
    """Name the days: by season or month where there are so many of them."""
    ordinary = sorted(set(days) - peak)
    known = {len(_SEASONS): _SEASONS, len(MONTHS): MONTHS}.get(len(ordinary))
    names = {day: known[at] if known else f"Day {day + 1}" for at, day in enumerate(ordinary)}
    return names | dict.fromkeys(peak, "Peak day")


_COLUMNS: Final = (
    ("bound_ms", NumberColumn("bound, ms", decimals=0)),
    ("mean_rtt_ms", NumberColumn("mean, ms", decimals=1)),
    ("p95_rtt_ms", NumberColumn("95 % within, ms", decimals=1)),
    ("max_rtt_ms", NumberColumn("slowest, ms", decimals=1)),
    ("tail_p95_rtt_ms", NumberColumn("95 % on slow lines, ms", decimals=1)),
    ("rented_frac", NumberColumn("rented, %", per=0.01, decimals=1)),
    ("unmet_frac", NumberColumn("unmet, %", per=0.01, decimals=1)),
)
_LATENCY_MEAN: Final = [name for name, _ in _COLUMNS].index("mean_rtt_ms")
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
        cells[_LATENCY_MEAN] = element("span", _ANY_SITE)
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
