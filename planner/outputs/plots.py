"""Plots of a plan or a study as SVG files, in the charts and the style of the report."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, pairwise
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Final, Literal, get_args

import numpy as np
import pandas as pd

from planner.base.errors import InputError
from planner.base.units import MWH_PER_GWH
from planner.base.words import amount, within_sentence
from planner.clock.days import MONTHS
from planner.outputs.files import whole_file
from planner.outputs.labels import DisplayNames, shortened
from planner.outputs.report.charts import (
    Chart,
    Line,
    Picture,
    Series,
    columns,
    curve,
    curves,
    fan,
    feet_of,
    groups,
    heat_map,
    sheet_size,
)
from planner.outputs.report.figures import DECLARED, Figures, ReportFigure, TableFigures
from planner.outputs.report.map import plan_picture
from planner.outputs.report.markup import STYLE, Html, element, file_text
from planner.outputs.study_folders import QUANTILES, fans_of
from planner.results.power import sources_of_power
from planner.results.summary import bridge_words
from planner.stress.study import CASES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from planner.base.arrays import Floats
    from planner.headroom.study import Curtailment, HeadroomStudy
    from planner.outputs.run import Run
    from planner.outputs.study_files import Frontier, Sensitivity
    from planner.stress.study import StressStudy


_FONT: Final = "'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', sans-serif"
_MARGIN: Final = 20.0
_LINE: Final = 18.0
_PER_LETTER: Final = 7.3
_OF_FILES: Final = (
    "text{font-size:13px;fill:#1f2933} .title{font-size:19px;font-weight:600} .head{font-weight:600}"
    " .quiet{fill:#52606d} .ring{fill:none;stroke:#52606d}"
)


@dataclass(frozen=True)
class Drawing:
    """Pictures below a title, that a notebook shows: the same bytes for the same plan."""

    title: str
    about: str
    panels: Sequence[Html | Picture]  # those without a picture show `nothing`
    nothing: str = "nothing in any year"
    notes: Sequence[str] = ()  # lines below the pictures

    def svg(self) -> str:
        """Return it as a document of its own."""
        rows: list[list[Picture]] = [[]]
        for panel in self.panels:
            picture = panel.picture if isinstance(panel, Chart) else panel
            if not isinstance(picture, Picture):
                picture = Picture("", 520.0, 60.0, element("text", self.nothing, x=20, y=35, class_="quiet"))
            if rows[-1] and sum(one.width + _MARGIN for one in rows[-1]) + picture.width > 1120.0:  # the next row
                rows.append([])
            rows[-1].append(picture)
        width = max(sum(one.width + _MARGIN for one in row) for row in rows) + _MARGIN
        parts, top = list[Html](), 66.0  # below the title
        for row in rows:
            lefts = accumulate((one.width + _MARGIN for one in row), initial=_MARGIN)
            for picture, left in zip(row, lefts, strict=False):
                parts += _placed(picture, left, top)
            top += max(one.height + _LINE * (3 + len(_key_lines(one)) + len(_notes(one))) for one in row)
        room = width - 2.0 * _MARGIN
        said = [line for note in self.notes for line in wrap(note, int(room / _PER_LETTER))]
        parts += [_text(_MARGIN, top + _LINE * at, line, "quiet") for at, line in enumerate(said)]
        size = sheet_size(width, top + _LINE * len(said))
        head = [
            element("rect", width=size["width"], height=size["height"], fill="#fff"),
            _text(_MARGIN, 30.0, shortened(self.title, int(room / 10.6)), "title"),
            _text(_MARGIN, 50.0, shortened(self.about, int(width / _PER_LETTER)), "quiet"),
        ]
        look = {"xmlns": "http://www.w3.org/2000/svg", "role": "img", "font_family": _FONT, "font_size": 13, **size}
        return f"{element('svg', element('title', self.title), element('style', _style()), head, parts, **look)}\n"

    def _repr_svg_(self) -> str:
        """Show it in a notebook."""
        return self.svg()

    def write(self, path: str | Path) -> Path:
        """Write it to a file, as svg."""
        file = Path(path)
        if file.suffix != ".svg":
            fix = "call it .svg; a browser, Inkscape or an office program makes PNG and PDF of it"
            raise InputError.at(path, "plots are written as SVG", "a name that ends in .svg", fix)
        with whole_file(file) as partial:
            partial.write_text(self.svg(), encoding="utf-8")
        return file


def _placed(picture: Picture, left: float, top: float) -> Iterator[Html]:
    """Put a picture with its title above and its key below it."""
    yield _text(left, top + 12.0, shortened(picture.title, int(picture.width / _PER_LETTER)), "head")
    place = {"x": f"{left:.0f}", "y": f"{top + _LINE + 2.0:.0f}"}
    yield element("svg", picture.parts, **place, **sheet_size(picture.width, picture.height))
    notes = _notes(picture)
    for at, note in enumerate(notes):
        yield _text(left, top + picture.height + _LINE * (at + 2) + 8.0, note, "quiet")
    for at, line in enumerate(_key_lines(picture), start=len(notes)):
        y = top + picture.height + _LINE * (at + 2)
        for x, look, label in line:
            yield element("rect", x=left + x, y=y - 2.0, width=11, height=11, class_=look)
            yield _text(left + x + 17.0, y + 8.0, label)


def _notes(picture: Picture) -> list[str]:
    return wrap(picture.note, int(picture.width / _PER_LETTER))


def _key_lines(picture: Picture) -> list[list[tuple[float, str, str]]]:
    """Lay the key out in lines of the width of the picture."""
    found: list[list[tuple[float, str, str]]] = []
    x = 0.0
    for look, label in picture.keys:
        shown = shortened(label, 48)
        width = 30.0 + _PER_LETTER * len(shown)
        if not found or x + width > picture.width:
            found.append([])
            x = 0.0
        found[-1].append((x, look, shown))
        x += width
    return found


def _text(x: float, y: float, words: str, look: str | None = None) -> Html:
    return element("text", words, x=x, y=y, class_=look)


@cache
def _style() -> Html:
    """Return the rules of the page for drawings, in its light colours."""
    sheet = file_text(STYLE)
    colours = dict(re.findall(r"--(\w+): ([^;]+);", sheet[: sheet.index("@media")]))
    rules = "".join(re.findall(r"/\* drawings \*/\n(.*?)/\* end \*/", sheet, re.DOTALL))
    resolved = re.sub(r"var\(--(\w+)\)", lambda found: str(colours[found[1]]), rules)
    return Html(_OF_FILES + re.sub(r" background: [^;]+;|\n", "", resolved))


# --- Plots of a plan or a study for papers and slides, in the charts of the report ----------------

By = Literal["workload", "zone", "site", "source"]  # what columns of power are made of
_MOST: Final = 9  # series with a colour of their own; what is left has the tenth
_TABLES: Final[Mapping[str, str]] = {"workload": "power_class", "zone": "power_zone", "site": "site_year"}
_PERCENT: Final = 100.0
_ORDINARY: Final = CASES[0]


def write_plots(run: Run, folder: Path) -> list[Path]:
    """Write every plot of a run as a file: map-<year> for each model year, the others once."""
    of = Plots(run)
    drawings = {f"map-{year}": of.map(year) for year in run.years}
    others = ("power", "cost", "cash", "duration", "latency", "headroom")
    drawings |= {name: getattr(of, name)() for name in others}
    return [drawing.write(folder / f"{name}.svg") for name, drawing in drawings.items()]


class Plots:
    """The plots of a plan: drawings that a notebook shows and ``drawing.write(path)`` saves as SVG."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def map(self, year: int | None = None) -> Drawing:
        """Draw the sites of a model year, the last by default: area by nameplate, colour by the share of training."""
        year = _model_year(self._run, year)
        line = self._run.tables["summary"].set_index("year").loc[year]
        about = (
            f"{year}: {line['nameplate_mw']:,.0f} MW of racks at {line['sites_in_use']:.0f} sites, "
            f"{line['facility_mean_mw']:,.0f} MW mean and {line['facility_peak_mw']:,.0f} MW peak at "
            f"the meter, {line['demand_kh100e']:,.0f} thousand H100-equivalents of demand"
        )
        notes = bridge_words(self._run.tables["bridge"], year)
        return Drawing(self._run.title, about, [plan_picture(Figures(self._run), year)], notes=notes)

    def power(self, by: By = "workload") -> Drawing:
        """Draw mean power at the meter by ``workload``, ``zone``, ``site`` or ``source``. [MW]"""
        if by not in get_args(By):
            message = f"by is {by!r}; it must be one of {', '.join(get_args(By))}"
            raise ValueError(message)
        if by == "source":
            frame = sources_of_power(self._run.tables).rename(columns={"mean_mw": "facility_mean_mw"})
        else:
            frame = self._run.tables[_TABLES[by]]
        sums = frame.pivot_table(index="year", columns=by, values="facility_mean_mw", aggfunc="sum", observed=True)
        name: Callable[[str], str] = getattr(DisplayNames(self._run), by)
        # In the order of the table, as in the report: so a workload has one colour in both.
        wide = sums.fillna(0.0)[list(dict.fromkeys(frame[by]))].rename(columns=name)
        return Drawing(self._run.title, "", [_stack(f"Mean power at the meter by {by}", "MW", wide)])

    def cost(self) -> Drawing:
        """Draw payments by calendar year and group of cost items: assets as instalments, the rest as paid. [MUSD]"""
        sums = self._run.tables["costs"].groupby(["calendar_year", "group"], observed=True)["musd"].sum()
        by_year = sums.unstack(fill_value=0)
        cost = float(self._run.tables["solution"]["objective_musd"].iloc[0])
        about = f"Assets as level instalments; net present value {cost:,.0f} MUSD"
        return Drawing(self._run.title, about, [_stack("Payments by calendar year", "MUSD a year", by_year)])

    def cash(self) -> Drawing:
        """Draw cash out by calendar year, for assets and for running, and its sum. [MUSD]"""
        cash = self._run.tables["money_years"].set_index("calendar_year")
        years = [int(year) for year in cash.index]
        parts = cash[["asset_cash_musd", "running_musd"]].set_axis(["assets", "running"], axis=1)
        so_far = Line("paid so far", [*zip(years, cash["cash_musd"].cumsum(), strict=True)], 0, has_marks=True)
        panels = [
            _stack("Cash by calendar year", "MUSD a year", parts),
            curves("Paid so far", ("", "MUSD"), [so_far], feet=feet_of(years)),
        ]
        return Drawing(self._run.title, "Cash when it is paid", panels)

    def duration(self, zone: str | None = None) -> Drawing:
        """Draw power drawn from the grid, hours of each model year from the highest to the lowest. [MW]"""
        slots = self._run.tables["power_slot"]
        where = "all sites together"
        if zone is not None:
            inside = self._run.sites.loc[self._run.sites["zone"] == zone, "site"]
            if inside.empty:
                zones = ", ".join(sorted(self._run.sites["zone"].unique()))
                message = f"no site lies in zone {zone!r}; there are {zones}"
                raise ValueError(message)
            slots, where = slots[slots["site"].isin(inside)], DisplayNames(self._run).zone(zone)
        found = []
        for at, (year, of_year) in enumerate(slots.groupby("year")):
            sums = of_year.groupby("slot", observed=True).agg(mw=("grid_mw", "sum"), hours=("hours", "first"))
            sums = sums.sort_values("mw", ascending=False, kind="stable")
            ends = np.concatenate([[0.0], np.cumsum(sums["hours"])])
            found.append(Line(str(year), _steps(ends, sums["mw"].to_numpy()), at))
        chart = curves(f"Power drawn from the grid, {where}", ("hours of the year with at least as much", "MW"), found)
        return Drawing(self._run.title, "", [chart], "no site draws power in any year")

    def latency(self, year: int | None = None) -> Drawing:
        """Draw the share of own service within each round trip, of workloads that have one. [%]"""
        year = _model_year(self._run, year)
        served = self._run.tables["assignment"]
        served = served[(served["year"] == year) & served["rtt_ms"].notna()]
        bounds = self._run.tables["latency"].query("year == @year").set_index("workload")["bound_ms"]
        labels, found = DisplayNames(self._run), []
        for at, workload in enumerate(dict.fromkeys(served["workload"].astype(str))):
            rows = served[served["workload"] == workload].sort_values("rtt_ms")
            share = _PERCENT * rows["served_kh100e"].cumsum() / rows["served_kh100e"].sum()
            steps = _steps(np.concatenate([[0.0], share]), rows["rtt_ms"].to_numpy())
            points = [(0.0, 0.0), *((rtt_ms, percent) for percent, rtt_ms in steps)]
            found.append(Line(labels.workload(workload), points, at))
            bound = float(bounds[workload])
            found.append(Line("", [(bound, 0.0), (bound, _PERCENT)], at, "line dotted"))
        chart = curves(f"Service of own sites within a round trip, {year}", ("round trip, ms", "% of service"), found)
        return Drawing(self._run.title, "Dotted: the most allowed", [chart], "any site may serve every workload")

    def headroom(self, year: int | None = None) -> Drawing:
        """Draw what each zone's headroom is used for, at the rate that leaves least spare. [MW]"""
        year = _model_year(self._run, year)
        table = self._run.tables["headroom"]
        of_year = table[table["year"] == year].sort_values("spare_mw").drop_duplicates("zone")
        of_year = of_year.sort_values("limit_mw", ascending=False)
        zone, rows = DisplayNames(self._run).zone, of_year[["zone", "binds"]].itertuples(index=False)
        zones = [f"{zone(str(one))}{', full' * bool(is_full)}" for one, is_full in rows]
        series = [_series(label, of_year[column]) for column, label in DECLARED["headroom"].items()]
        chart = groups(f"Headroom of grid zones for new connections, {year}", "MW", zones, series, is_stacked=True)
        return Drawing(self._run.title, "Full: nothing is spare", [chart], "no zone has a limit")


def _steps(ends: Floats, levels: Floats) -> list[tuple[float, float]]:
    """Return the corners of a line that stays on each level from one end to the next."""
    return [*zip(np.repeat(ends, 2)[1:-1].tolist(), np.repeat(levels, 2).tolist(), strict=True)]


def plot_fan(results: pd.DataFrame, figure: str, *, title: str) -> Drawing:
    """Draw the spread of a figure over the futures of a sweep by model year."""
    fans = TableFigures({"fans": fans_of(results)})
    rows = fans.tables["fans"]
    of_figure = rows[rows["figure"] == figure]
    if of_figure.empty:
        known = ", ".join(dict.fromkeys(rows["figure"].astype(str)))
        message = f"no future has {figure!r} by year; there are {known}"
        raise ValueError(message)
    years = sorted(int(year) for year in of_figure["year"])
    of = {name: [fans.sum("fans", name, figure=figure, year=year) for year in years] for name in QUANTILES}
    chart = fan(figure, str(of_figure["unit"].iloc[0]), years, of)
    return Drawing(title, f"{of_figure['futures'].max()} futures, each year by itself", [chart])


def plot_frontier(found: Frontier) -> Drawing:
    """Draw cost over the measure, the knee marked, and next to it what one unit less costs."""
    table, tips = found.table, []
    for row in table.to_dict("records"):
        price = f"one unit less costs {amount(row['price'])} {found.price_unit}"
        price = "no plan has less" if math.isnan(row["price"]) else price
        tips.append(f"{amount(row['measure'], 4)} {found.unit}: {amount(row['cost_musd'], 5)} MUSD, {price}")
    # A number of more digits has no room beside the axis.
    is_large = float(table["price"].max()) >= 1e5
    price_unit = f"thousand {found.price_unit}" if is_large else found.price_unit
    shown = table.assign(at=range(len(table)), price=table["price"] / (1e3 if is_large else 1.0))
    figures = TableFigures({"frontier": shown})
    panels = []
    for title, unit, column in (("Cost", "MUSD", "cost_musd"), ("What one unit less costs", price_unit, "price")):
        known = np.flatnonzero(table[column].notna()).tolist()
        measure, value = ([figures.sum("frontier", name, at=at) for at in known] for name in ("measure", column))
        points = [*zip(measure, value, table["is_knee"].iloc[known].astype(bool), strict=True)]
        panels.append(curve(title, (f"{found.label} [{found.unit}]", unit), points, [tips[at] for at in known]))
    return Drawing(f"Cost against {within_sentence(found.label)}", found.scenario, panels, "one plan only")


def plot_sensitivity(found: Sensitivity) -> Drawing:
    """Draw what each factor does, with confidence where the method has one, and the ranks that it may have."""
    about, unit, bars = DECLARED["methods"][found.method]
    table = found.table
    pairs = zip(table["rank_low"], table["rank_high"], strict=True)
    ranks = ("#" + "-".join(map(str, dict.fromkeys(pair))) for pair in pairs)
    names = [f"{rank} {factor}" for factor, rank in zip(table["factor"], ranks, strict=True)]
    errors = [table[f"{name}_conf"].tolist() if f"{name}_conf" in table else None for name in bars]
    series = [_series(label, table[name].fillna(0.0)) for name, label in bars.items()]
    what = f"Change of {found.of}" if found.method != "sobol" else f"Share of the variance of {found.of}"
    chart = groups(what, unit or found.unit, names, series, errors=errors)
    return Drawing(f"Which inputs decide: {found.scenario}", f"{about}; #: ranks", [chart], "nothing moves it")


def plot_stress(study: StressStudy, name: str) -> Drawing:
    """Draw what is not served, how energy cost spreads, and outages that standby power carries."""
    settings, tables = study.settings, study.tables
    exceeded = [
        Line(str(case), [*zip(_PERCENT * of["exceeded_frac"], of["unserved_mwh"], strict=True)], at)
        for at, (case, of) in enumerate(tables["stress_exceedance"].groupby("case"))
    ]
    ordinary = tables["stress_year"].query("case == @_ORDINARY").groupby("year")["energy_cost_musd"]
    spread = {
        name: [ReportFigure.plain(float(musd)) for musd in ordinary.quantile(at)] for name, at in QUANTILES.items()
    }
    standby = tables["stress_standby"]
    of_site = standby[standby["year"] == standby["year"].max()].groupby("outage_h")["carried_frac"]
    carried = [
        Line(label, [*(_PERCENT * getattr(of_site, which)()).items()], at)
        for at, (label, which) in enumerate((("best site", "max"), ("median", "median"), ("worst site", "min")))
    ]
    panels = [
        curves("Energy not served in a year, over all years", ("% of years with as much or more", "MWh"), exceeded),
        fan("Cost of energy: spread of ordinary years", "MUSD", [int(str(year)) for year in ordinary.groups], spread),
        curves("Outages that standby power carries", ("length of the outage, h", "% of outages"), carried),
    ]
    drawn = f"{settings.draws} drawn years of weather, prices and outages for each model year, seed {settings.seed}"
    return Drawing(f"{name} under stress", f"{drawn}; the plan is fixed", panels)


def plot_headroom_study(study: HeadroomStudy, name: str) -> Drawing:
    """Draw the duration curves of a study of headroom, the hours at the top of them, and when load is curtailed."""
    first, last = study.demand_mw.index[[0, -1]]
    total, hours = study.total, pd.DatetimeIndex(study.curtailed_mw.index)
    mean_mw = study.curtailed_mw.groupby([hours.month, hours.hour]).mean() / (study.load_mw or 1.0)
    share = mean_mw.unstack(fill_value=0).reindex(index=range(1, 13), columns=range(24), fill_value=0.0)
    zone = str(hours.tz) if hours.tz is not None else "as in the table"
    when = heat_map(
        "When: share of the load that is curtailed",
        MONTHS,
        [f"{hour}:00" for hour in share.columns],
        share.to_numpy().tolist(),
        f"by month and hour of the day, {share.to_numpy().max():.1%} at most; hours by their start, {zone}",
    )
    about = (
        f"{name}, {first:%b %Y} to {last:%b %Y}: {total.hours_per_year:,.0f} h and "
        f"{total.energy_mwh_per_year / MWH_PER_GWH:,.1f} GWh a year curtailed, in "
        f"{total.events_per_year:,.0f} events of {total.mean_event_h:.1f} h on average, "
        f"{total.longest_event_h} h at most"
    )
    title = f"Headroom at {study.rate_frac * _PERCENT:g} % curtailment: {study.load_mw:,.0f} MW"
    return Drawing(title, about, [*(chart for season in study.seasons for chart in _durations(study, season)), when])


def _durations(study: HeadroomStudy, season: Curtailment) -> Iterator[Html]:
    """Draw demand of a season from its highest hour to its lowest with the load on top, and its highest hours."""
    inside = np.isin(pd.DatetimeIndex(study.demand_mw.index).month, season.months)
    demand_mw = np.sort(study.demand_mw.to_numpy(np.float64)[inside])[::-1]
    threshold_mw = season.threshold_mw or 0.0

    def chart(title: str, until_h: float, floor_mw: float, note: str) -> Html:
        count = min(len(demand_mw), round(until_h * study.years))
        ranks = np.unique(np.linspace(0, count - 1, min(count, 400)).round().astype(int))
        hours, alone_mw = np.linspace(0.0, until_h, len(ranks)), demand_mw[ranks]
        with_load_mw = alone_mw + study.load_mw
        # Where demand alone is above the threshold, the load is curtailed and no more than it.
        served_mw = np.clip(threshold_mw, alone_mw, with_load_mw)

        def line(label: str, mw: Floats, colour: int, look: str = "line") -> Line:
            return Line(label, [*zip(hours.tolist(), mw.tolist(), strict=True)], colour, look)

        alone, served = line("demand", alone_mw, 4), line("new load served", served_mw, 0)
        most = line(f"with {study.load_mw:,.0f} MW more", with_load_mw, 0)
        held = line("threshold", np.full(len(ranks), threshold_mw), 9, "line dashed")
        areas = [(served, alone), (line("new load curtailed", with_load_mw, 1), served)]
        return curves(title, ("h a year", "MW"), [alone, most, held], areas=areas, floor=floor_mw, note=note)

    hours_a_year = len(demand_mw) / study.years
    top_h = min(hours_a_year, max(24.0, 1.5 * season.hours_per_year))
    heading = f"{season.name.capitalize()}, {_month_range(season.months)}"
    held = f"held to {threshold_mw:,.0f} MW, the highest demand of the season's peak months"
    yield chart(heading, hours_a_year, 0.0, held)
    curtailed = (
        f"curtailed: {season.hours_per_year:,.0f} h, {season.energy_mwh_per_year / MWH_PER_GWH:,.1f} GWh a year; at"
        f" least half of the load stays on in {_PERCENT * season.half_served_frac:.0f} % of them"
    )
    low_mw = float(demand_mw[round(top_h * study.years) - 1])
    yield chart(f"Enlarged: its {top_h:,.0f} highest hours a year", top_h, low_mw, curtailed)


def _month_range(months: tuple[int, ...]) -> str:
    names = [MONTHS[month - 1] for month in months]
    follows = len(months) > 1 and all((b - a) % 12 == 1 for a, b in pairwise(months))
    return f"{names[0]} to {names[-1]}" if follows else ", ".join(names)


def _model_year(run: Run, year: int | None) -> int:
    """Return a model year of a run, the last where none is asked for."""
    if year is not None and year not in run.years:
        message = f"{year} is not a model year of the run; there are {run.years}"
        raise ValueError(message)
    return run.years[-1] if year is None else year


def _series(label: str, values: pd.Series) -> Series:
    return Series(label, tuple(ReportFigure.plain(float(value)) for value in values))


def _stack(title: str, unit: str, by_year: pd.DataFrame) -> Html:
    """Stack the largest series, each in a colour of its own, and the others together; those of zeros are left out."""
    shown = by_year.loc[:, (by_year != 0.0).any()]
    if len(shown.columns) > _MOST + 1:
        order = shown.abs().sum().nlargest(_MOST).index
        rest = shown.drop(columns=list(order)).sum(axis=1)
        kept = shown[[name for name in shown.columns if name in order]]
        shown = kept.assign(**{f"all {len(shown.columns) - _MOST} others": rest})
    return columns(title, unit, [*map(str, shown.index)], [_series(str(name), shown[name]) for name in shown])
