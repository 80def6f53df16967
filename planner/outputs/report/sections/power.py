"""Power and latency: forecast, days, what users get."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from planner.clock.days import MONTHS
from planner.outputs.report.charts import Series, bars, columns, lines, series_by
from planner.outputs.report.figures import NumberColumn, decimals_for, figure_table
from planner.outputs.report.markup import NOTHING, Html, element, embedded_json, section

if TYPE_CHECKING:
    from collections.abc import Callable

    from planner.outputs.report.figures import Cell, Figures

# --- Power by workload, zone and site -------------------------------------------------------------

_MOST: Final = 12
_MEAN: Final = "facility_mean_mw"
_A_LITTLE_MW: Final = 0.05
_SITE: Final = {
    "nameplate_mw": NumberColumn("racks, MW"),
    _MEAN: NumberColumn("mean, MW"),
    "facility_peak_mw": NumberColumn("peak, MW"),
    "pue": NumberColumn("PUE", decimals=3),
    "emissions_kt": NumberColumn("CO2, kt"),
    "water_m3": NumberColumn("water, thousand m3", per=1000.0),
    "cost_musd": NumberColumn("payments, MUSD a year"),
}


def power_section(figures: Figures) -> Html:
    """Show the power forecast."""
    years, names = [str(year) for year in figures.years], figures.labels
    by_workload = series_by(figures, "power_class", _MEAN, "workload", figures.years, names.workload)
    charts = (
        columns("Mean power at the meter by workload", "MW", years, by_workload),
        _sources(figures),
        _largest(figures, "power_zone", "zone", names.zone, "grid zone"),
        _largest(figures, "site_year", "site", names.site, "site"),
    )
    return section("power", "Power", element("div", *charts, class_="charts"), _sites_table(figures))


def _sources(figures: Figures) -> Html:
    """Show where the energy comes from, if some is made at sites; else how compute is met."""
    years = [str(year) for year in figures.years]
    if figures.has_rows("source_year"):
        title = "Energy at the meter by source, less what is charged, sold and curtailed"
        of = series_by(figures, "power_by_source", "energy_mwh", "source", figures.years, figures.labels.source)
        return columns(title, "GWh", years, of, per=1000.0)
    ways = {"served": "served by own sites", "rented": "rented", "saved": "saved by levers", "unmet": "unmet"}
    series = [
        Series(label, tuple(figures.sum("summary", f"{way}_kh100e", year=year) for year in figures.years))
        for way, label in ways.items()
    ]
    series = [one for one in series if any(of is not None and of.value for of in one.figures)]
    return columns("Compute by how demand is met", "kH100e", years, series)


def _largest(figures: Figures, table: str, key: str, words: Callable[[str], str], what: str) -> Html:
    """Draw the power of the largest places in the last year."""
    of = figures.sums_by(table, _MEAN, key, year=figures.last)
    in_use = sorted((item for item in of.items() if item[1].value > _A_LITTLE_MW), key=lambda item: -item[1].value)
    rows = [(words(str(place)), mean) for (place,), mean in in_use[:_MOST]]
    note = f"the {len(rows)} largest of {len(in_use)} {key}s" if len(rows) < len(in_use) else ""
    return bars(f"Mean power at the meter by {what}, {figures.last}", "MW", rows, note=note)


def _sites_table(figures: Figures) -> Html:
    """List every site in use in the last year."""
    year, size = figures.last, figures.sums_by("site_year", "nameplate_mw", "site", year=figures.last)
    zone = figures.run.sites.set_index("site")["zone"].to_dict()
    rows: list[tuple[str, list[Cell]]] = [
        (
            figures.labels.site(str(site)),
            [figures.labels.zone(str(zone[site])), *figures.cells("site_year", _SITE, year=year, site=site)],
        )
        for (site,), mw in sorted(size.items(), key=lambda item: -item[1].value)
        if mw.value > _A_LITTLE_MW
    ]
    table = figure_table(f"Sites in use in {year}", "site", ("zone", *_SITE.values()), rows)
    return element("details", element("summary", f"All {len(rows)} sites in use in {year}"), table) if rows else NOTHING


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


# --- Latency: what users get by workload, and which users a chosen site reaches -------------------

_LATENCY: Final = {
    "bound_ms": NumberColumn("bound, ms", decimals=0),
    "mean_rtt_ms": NumberColumn("mean, ms", decimals=1),
    "p95_rtt_ms": NumberColumn("95 % within, ms", decimals=1),
    "max_rtt_ms": NumberColumn("slowest, ms", decimals=1),
    "tail_p95_rtt_ms": NumberColumn("95 % on slow lines, ms", decimals=1),
    "rented_frac": NumberColumn("rented, %", per=0.01, decimals=1),
    "unmet_frac": NumberColumn("unmet, %", per=0.01, decimals=1),
}
_ROWS: Final = 15  # of a site


def latency_section(figures: Figures) -> Html:
    """Show round trips of the last model year, and the reach of each site."""
    year, table = figures.last, figures.run.tables["latency"]
    rows = []
    for row in table[table["year"] == year].to_dict("records"):
        workload = str(row["workload"])
        cells: list[Cell] = [*figures.cells("latency", _LATENCY, workload=workload, year=year)]
        if row["mean_rtt_ms"] != row["mean_rtt_ms"] and row["served_kh100e"] > 0.0:
            cells[list(_LATENCY).index("mean_rtt_ms")] = element("span", "any site will do")
        rows.append((figures.labels.workload(workload), cells))
    caption = f"Round trips that users get, {year}"
    served = figure_table(caption, "workload", _LATENCY.values(), rows, shows_caption=True)
    return section("latency", "Latency", served, _reach(figures, year))


def _reach(figures: Figures, year: int) -> Html:
    """Let the reader choose a site, and list the users it serves; the script shows them."""
    table = figures.run.tables["assignment"]
    timed = table[(table["year"] == year) & table["rtt_ms"].notna() & (table["served_kh100e"] > 0)]
    if timed.empty:
        return NOTHING
    timed, labels = timed.sort_values("served_kh100e", ascending=False), figures.labels
    size = timed.groupby("site", sort=False)["served_kh100e"].sum().sort_values(ascending=False)
    reach: dict[str, Any] = {}
    for site in size.index:
        of_site = timed[timed["site"] == site]
        shown = of_site.head(_ROWS)
        decimals = decimals_for(shown["served_kh100e"].to_list())
        rows = []
        for row in shown.itertuples(index=False):
            region, workload = str(row.region), str(row.workload)
            served, rtt = f"{row.served_kh100e:,.{decimals}f}", f"{row.rtt_ms:,.1f}"
            rows.append([labels.region(region), labels.workload(workload), served, rtt, region, workload])
        reach[str(site)] = {"rows": rows, "of": len(of_site)}
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
