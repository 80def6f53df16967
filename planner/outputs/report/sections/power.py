"""Power, days, latency, what binds, what decides, and what a stress study found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.clock.days import MONTHS
from planner.limits.binding import PLACES
from planner.outputs.labels import MARK, cannot_hold, cost_of, decider_words, figure_names, first_order_words
from planner.outputs.report.charts import Series, bars, columns, lines, series_by
from planner.outputs.report.figures import COLUMNS, NumberColumn, ReportFigure, about, figure_table, left_out
from planner.outputs.report.markup import NOTHING, Html, element, joined, name, section
from planner.outputs.solver_files import binding_of_run, few_that_bind, fullest_zones, sentence, what_one_more_does
from planner.outputs.study_files import worst_years

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import pandas as pd

    from planner.outputs.report.figures import Cell, Figures, Label


_MEAN: Final = "facility_mean_mw"
_A_LITTLE_MW: Final = 0.05
_SITE: Final = COLUMNS["sites"]


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
    rows = [(words(str(place)), mean) for (place,), mean in in_use[:12]]
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

_SEASONS: Final = ("Dec to Feb", "Mar to May", "Jun to Aug", "Sep to Nov")
_PARTS: Final = (("it_mw", "IT"), ("mechanical_mw", "cooling"), ("electrical_loss_mw", "electrical losses"))


def days_section(figures: Figures) -> Html:
    """Show the load of all sites over the days of the last model year."""
    year = figures.last
    power = figures.run.tables["power_slot"]
    slots = power.loc[power["year"] == year, ["slot", "is_peak_day"]].drop_duplicates()
    slots[["day", "hour"]] = slots["slot"].astype(str).str.extract(r"^d(\d+)h(\d+)$")
    if slots["hour"].isna().any() or not 0 < slots["day"].nunique() <= 13:  # a longer series is not drawn day by day
        return NOTHING
    days = slots.astype({"day": int}).pivot(index="day", columns="hour", values="slot")
    peak = set(slots.loc[slots["is_peak_day"], "day"].astype(int))
    places, names = [f"{hour}:00" for hour in days], names_of_days(days.index, peak)

    def over(day: int, label: str, column: str) -> Series:
        """Return a figure over the hours of a day."""
        of = figures.sums_by("power_slot", column, "slot", year=year)
        return Series(label, tuple(of.get((str(slot),)) for slot in days.loc[day]))

    series = [over(day, names[day], "facility_mw") for day in days.index]
    chart = lines(f"All sites over the day, {year}, hours in UTC", "MW", places, series)
    day = max(peak or days.index)
    parts = [over(day, label, column) for column, label in _PARTS]
    made_of = columns(f"What it is made of: {names[day]}, {year}", "MW", places, parts)
    return section("days", "Days", element("div", chart, made_of, class_="charts"))


def names_of_days(days: Iterable[int], peak: set[int]) -> dict[int, str]:
    """Name the days: by season or month where there are so many of them."""
    ordinary = sorted(set(days) - peak)
    known = {len(_SEASONS): _SEASONS, len(MONTHS): MONTHS}.get(len(ordinary))
    names = {day: known[at] if known else f"Day {day + 1}" for at, day in enumerate(ordinary)}
    return names | dict.fromkeys(peak, "Peak day")


# --- Latency: what users get by workload, and which users a chosen site reaches -------------------

_LATENCY: Final = COLUMNS["latency"]
_MOST_USERS: Final = 15


def latency_section(figures: Figures) -> Html:
    """Show round trips of the last model year, and whom each site serves."""
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
    """List the users that each site serves, folded away below its name."""
    table, labels, parts = figures.run.tables["assignment"], figures.labels, []
    timed = table[(table["year"] == year) & table["rtt_ms"].notna() & (table["served_kh100e"] > 0)]
    timed = timed.sort_values("served_kh100e", ascending=False)
    size = timed.groupby("site", sort=False)["served_kh100e"].sum().sort_values(ascending=False)
    heads = ("workload", "served, kH100e", NumberColumn("round trip, ms", decimals=1))
    for site in map(str, size.index):
        of_site = timed.loc[timed["site"] == site, ["region", "workload"]]
        rows: list[tuple[str, list[Cell]]] = []
        for of in of_site.head(_MOST_USERS).to_dict("records"):
            region, workload = str(of["region"]), str(of["workload"])
            where: dict[str, Label] = {"region": region, "workload": workload, "site": site, "year": year}
            cells = figures.cells("assignment", ("served_kh100e", "rtt_ms"), **where)
            rows.append((labels.region(region), [labels.workload(workload), *cells]))
        served = figure_table(f"Users of {labels.site(site)}", "users in", heads, rows)
        more = left_out(len(of_site) - _MOST_USERS, "assignment")
        parts.append(element("details", element("summary", name(labels.site(site))), served, more, data_site=site))
    return element("div", element("h3", f"Whom a site serves, {year}"), parts, id="reach") if parts else NOTHING


_HEADROOM: Final = COLUMNS["headroom"]


def limits_section(figures: Figures) -> Html:
    """Show the limits that bind, the weightiest first, and the headroom of grid zones."""
    parts = (_binding(figures), _headroom(figures), _compute(figures))
    return section("limits", "Binding limits and shadow prices", *parts)


def _binding(figures: Figures) -> Html:
    run, found = figures.run, binding_of_run(figures.run)
    few = few_that_bind(run, found, most=14, most_of_a_kind=4)
    if isinstance(few, str):
        return element("p", few, class_="bad" if isinstance(found, Exception) else None)
    rows = []
    for _, row in few.iterrows():
        said = [name(text) if is_name else text for text, is_name in sentence(row, run.tables, figures.labels)]
        rows.append(element("li", said, _worth(row), "."))
    return joined([about("limits"), element("ol", rows, class_="binding")])


def _worth(row: pd.Series) -> Html:
    where = {place: str(row[place]) for place in ("block", *PLACES) if row[place]}
    figure = ReportFigure(float(row["value"]), "prices", "value", {**where, "year": int(row["year"])})
    unit, before = str(row["unit"]), f" {what_one_more_does(row)} "
    if abs(figure.value) >= 1e5 and unit.startswith("USD"):
        return joined([before, figure.html(per=1e6), f" M{unit}"])
    return joined([before, figure.html(), f" {unit}"])


def _headroom(figures: Figures) -> Html:
    """Show what is left of the headroom of zones in use, the fullest first."""
    year, zones = figures.last, list(dict.fromkeys(fullest_zones(figures.run, most=12)["zone"].astype(str)))
    rows = [(figures.labels.zone(zone), figures.cells("headroom", _HEADROOM, year=year, zone=zone)) for zone in zones]
    caption = f"Headroom of the grid zones of which some is taken, {year}, the fullest first"
    return figure_table(caption, "zone", _HEADROOM.values(), rows, shows_caption=True)


def _compute(figures: Figures) -> Html:
    """Show what one more unit of demand costs at the most expensive region of each workload."""
    prices, year = figures.run.tables["prices"], figures.last
    asked = prices[(prices["block"] == "demand_balance") & (prices["year"] == year)]
    rows: list[tuple[str, list[Cell]]] = []
    for at in asked.groupby("workload", sort=False)["value"].idxmax() if len(asked) else ():
        region, workload, value = (asked.loc[at, column] for column in ("region", "workload", "value"))
        where: dict[str, Label] = {"region": str(region), "workload": str(workload), "year": year}
        figure = ReportFigure(float(value), "prices", "value", {**where, "block": "demand_balance"})
        rows.append((figures.labels.workload(str(workload)), [figure, figures.labels.region(str(region))]))
    caption = f"What one more unit of demand costs where it costs most, {year}"
    return figure_table(caption, "workload", ("USD/H100e-hour", "users in"), rows, shows_caption=True)


_KINDS: Final = {"seed": "of the brief", "own": "your own"}
_COLUMNS: Final = ("value", "low", "high")


def decides_section(figures: Figures) -> Html:
    """Show the figures that decide, where `dcplan estimates` was asked; else how to ask."""
    heading, run = "What decides", str(figures.run.meta["run"])
    if not figures.has_rows("estimates"):
        asked, again = (element("code", name(f"dcplan {command} {run}")) for command in ("estimates", "report"))
        text = ["Which figures of the data decide the cost was not asked yet: ", asked, ", then ", again, "."]
        return section("decides", heading, element("p", *text))
    table = figures.run.tables["estimates"]
    names, cost_musd = figure_names(figures.run.inputs_tables), cost_of(figures.run)
    rows: list[tuple[str, list[Cell]]] = []
    for row in table.to_dict("records"):
        rank, kind = int(row["rank"]), str(row["kind"])
        values = [of.html(digits=4) for of in figures.cells("estimates", _COLUMNS, rank=rank)]
        effects: list[Cell] = [
            # A mark is at a saving that first order makes larger than the cost.
            element("span", of.html(decimals=0), MARK) if cannot_hold(of.shown_value, cost_musd) else of
            for of in figures.cells("estimates", ("low_musd", "high_musd"), rank=rank)
        ]
        rows.append((decider_words(row, names), [_KINDS.get(kind, kind), str(row["unit"]), *values, *effects]))
    ends = [NumberColumn(f"cost at its {end}, MUSD", decimals=0) for end in ("low", "high")]
    note = element("p", str(table.attrs.get("note", "")))
    shown = figure_table("Figures that decide", "figure", ("kind", "unit", *_COLUMNS, *ends), rows)
    above = about("decides", first_order_words(table, figures.run, MARK))
    return section("decides", heading, above, shown, note)


# --- Risks: what a stress study, where one is stored next to the run, found out about the plan ----

_SITES: Final = 8
_WORST: Final = COLUMNS["stress_year"]
_LIMITS_SITE: Final = COLUMNS["stress_site"]


def risks_section(figures: Figures) -> Html:
    """Show the worst drawn years, the sites that lose most, and what losing a site means."""
    if not figures.has_rows("stress_year"):
        return NOTHING
    tables, labels = figures.run.tables, figures.labels

    def cells(table: str, columns: Iterable[str], row: pd.Series, *keys: str) -> list[ReportFigure]:
        where = {key: str(row[key]) if key in {"case", "site"} else int(row[key]) for key in keys}
        return figures.cells(table, columns, **where)

    years = [
        (f"{row['case']}, {row['year']}", cells("stress_year", _WORST, row, "case", "year", "draw"))
        for _, row in worst_years(tables["stress_year"]).iterrows()
    ]
    worst = tables["stress_site"].sort_values("unserved_most_mwh", ascending=False).drop_duplicates("site")
    worst = worst[worst["unserved_most_mwh"] >= 0.5].head(_SITES)
    sites = [
        (
            f"{labels.site(str(row['site']))}, {row['case']}, {row['year']}",
            cells("stress_site", _LIMITS_SITE, row, "case", "site", "year"),
        )
        for _, row in worst.iterrows()
    ]
    return section(
        "risks",
        "Risks",
        about("risks"),
        figure_table("Worst drawn year", "case", _WORST.values(), years, shows_caption=True),
        figure_table("Sites with most energy not served", "site", _LIMITS_SITE.values(), sites, shows_caption=True),
        _losses(figures),
    )


def _losses(figures: Figures) -> Html:
    """Show the sites whose loss leaves most work undone in the last year."""
    last = figures.run.tables["stress_loss"]["year"].max()
    load, undone = (
        figures.sums_by("stress_loss", column, "site", year=int(last)) for column in ("load_kh100e", "unserved_kh100e")
    )
    worst = sorted(undone, key=lambda key: -undone[key].value)[:_SITES]
    cells = ((key, load[key], undone[key]) for key in worst if undone[key].value > 0.0)
    rows = [(figures.labels.site(str(key[0])), [of, lost, lost.share_of(of)]) for key, of, lost in cells]
    heads = ("its work, kH100e", "not taken over, kH100e", NumberColumn("share, %", per=0.01, decimals=0))
    return figure_table(f"If a site is lost in {last}", "site that is lost", heads, rows, shows_caption=True)
