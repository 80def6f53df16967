"""`dcplan data`: tables, their figures and days; `dcplan schema`; and `dcplan headroom`, from hourly demand."""

from __future__ import annotations

import json
import math
import os
from calendar import month_name
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from planner.base.errors import InputError, Problem, raise_all
from planner.base.units import HOURS_PER_YEAR, MWH_PER_GWH
from planner.cli.options import FOLDER, OVERRIDES, option, print_cells, print_json, print_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from planner.headroom import Curtailment, HeadroomStudy
    from planner.studies.days import ChosenDays


@click.command("schema")
@option(
    "--of kind", "Of which files; those of dcplan stochastic are files of sweeps.", ["scenario", "sweep"], "scenario"
)
def schema_command(kind: str) -> None:
    """Print the JSON Schema of scenario files, for completion and checks in editors.

    Write it next to the scenarios (dcplan schema > scenario.schema.json) and begin a scenario
    with: # yaml-language-server: $schema=scenario.schema.json
    """
    if kind == "sweep":
        from planner.studies.sweep.file import sweep_schema

        click.echo(sweep_schema(), nl=False)
        return
    from planner.scenario import json_schema

    click.echo(json_schema(), nl=False)


_NONE = "none"


@click.command("days")
@click.argument("scenario")
@option("--count=N", "Days in all, kept ones too.", int, required=True)
@option(
    "--keep=NAME*",
    "Extreme day to keep: hottest, 'most expensive', 'highest load', 'least sun and wind', or none;"
    " may be repeated. Left out: all that the year has figures for.",
)
@option("--seed", "Of weather and prices that are drawn; left out: 1.", int)
@OVERRIDES
@option("-o --output folder", "Folder for the two tables; nothing in it is overwritten.", FOLDER, "days")
@option("--json as_json", "Print the days as JSON.")
def days_command(scenario: str, keep: tuple[str, ...], folder: str, *, count: int, as_json: bool, **asked: Any) -> None:
    """Choose N days that represent the year of SCENARIO, and write them as tables for it.

    A chronological scenario of 365 days gives its hours; for any other, weather and prices of a
    year are drawn from the shipped statistics, as for `dcplan stress`. Extreme days are kept by
    name; all others are grouped by likeness, and a real day of the year represents each group,
    with as many days as the group has. Where tariffs bill a site, each month has a day. Prints the
    lines that make a scenario use them.

    Example: dcplan data days us-base --count 13 -o days
    """
    from pathlib import Path

    from planner.cli.progress import Progress
    from planner.inputs import TABLES
    from planner.inputs.scope import make_case
    from planner.inputs.tariffs import use_of_sites
    from planner.outputs.files import try_folder, writing_into
    from planner.outputs.study_files import write_days
    from planner.scenario import load_scenario
    from planner.stress import settings_from, year_of_hours
    from planner.studies.days import choose_days
    from planner.tables import read_tables

    if _NONE in keep and len(keep) > 1:
        raise InputError.at("--keep", "none is combined with names", "none alone, or names", "leave one of them out")
    with Progress.of_command() as progress:
        progress.stage("read")
        question = load_scenario(scenario, asked["overrides"])
        try_folder(Path(folder), "--output")
        defaults = read_tables(["stress_settings"])["stress_settings"]
        settings = settings_from(defaults, {"seed": asked["seed"] or None})
        case = make_case(question, read_tables(TABLES, question.data_files))
        year = year_of_hours(case, settings)
        progress.stage("Choosing days")
        drawn = f", weather and prices drawn with seed {settings.seed}" if year.is_drawn else ""
        chosen = choose_days(
            year,
            count,
            None if not keep else () if keep == (_NONE,) else keep,
            source=f"dcplan data days {question.name} --count {count}{drawn}",
            every_month=bool(use_of_sites(case)),
        )
    with writing_into(Path(folder)):
        files = write_days(chosen.days, chosen.hours, Path(folder))
    if as_json:
        click.echo(chosen.days.to_json(orient="records", indent=2))
        return
    _print_days(chosen)
    click.echo("\ndata:")
    for table, file in files.items():
        click.echo(f"  {table}: {(Path(Path(folder).name) / file.name).as_posix()}")
    click.echo("time: {chronological: true, days_repeat: true}")


def _print_days(chosen: ChosenDays) -> None:
    """Print each day with its date, and what it represents; of a whole year, the peak day alone."""
    import pandas as pd

    from planner.base.units import DAYS_PER_YEAR

    # No leap day: that of 2025 is a year as the model counts them.
    days = chosen.days
    if len(days) == DAYS_PER_YEAR:
        click.echo(f"All {len(days)} days of the year, each for itself; the peak day among them:\n")
        days = days[days["is_peak_day"]]
    dates = pd.Timestamp("2024-12-31") + pd.to_timedelta(days["year_day"], unit="D")

    def kept(row: Any) -> str:
        return "; ".join(filter(None, (row["kept_as"], "the peak day" if row["is_peak_day"] else "")))

    columns = (
        ("day", "{day}"),
        ("date", "{date.day} {date:%B}"),
        ("represents", "{weight_days:.0f} days"),
        ("kept as", kept),
    )
    print_table(days.assign(date=dates), columns, left={"date", "kept as"})


# --- `dcplan data`: the tables that ship, with units, sources and licences, and copies of them ----


@click.group()
def data() -> None:
    """Show and copy the tables that ship: units, sources, licences."""


@data.command("list")
@option("--json as_json", "Print JSON for other programs.")
def list_command(*, as_json: bool) -> None:
    """List all tables."""
    from planner.tables.catalog import list_tables

    tables = list_tables()
    if as_json:
        print_json(tables.to_dict("records"))
    else:
        _print_table(tables[["table", "title", "rows", "licences", "vintage"]])


@data.command("show")
@click.argument("table")
@option("--json as_json", "Print all rows and columns as JSON.")
@option("--rows", "Rows to print below the columns.", click.IntRange(min=0), 5)
def show_command(table: str, *, as_json: bool, rows: int) -> None:
    """Show what TABLE holds: meaning, columns, sources, licences, first rows."""
    from planner.tables import load_package, read_table
    from planner.tables.catalog import describe_table

    schema = load_package()[table]
    columns = describe_table(table)
    frame = read_table(table)
    if as_json:
        said = {name: getattr(schema, name) for name in ("title", "description", "vintage", "sources")}
        said |= {"licences": [licence.title for licence in schema.licences], "primary_key": schema.primary_key}
        said |= {"columns": columns.to_dict("records")}
        print_json(
            {"table": schema.name, **said, "rows": json.loads(frame.to_json(orient="records", double_precision=15))}
        )
        return
    click.echo(f"{schema.name}: {schema.title}\n{schema.description}\n")
    _print_table(columns[["column", "unit", "bounds", "meaning"]])
    click.echo(f"\nSources: {'; '.join(schema.sources)}")
    click.echo(f"Licences: {'; '.join(licence.title for licence in schema.licences)}")
    click.echo(f"Vintage: {schema.vintage}. Rows: {len(frame):,}.")
    for number, row in enumerate(frame.head(rows).to_dict("records"), start=1):
        click.echo(f"\nrow {number}")
        for name, value in row.items():
            click.echo(f"  {name}: {'' if value != value else value}")  # noqa: PLR0124  NaN is blank


@data.command("ids")
@click.argument("table")
@click.argument("word", required=False)
@option("--json as_json", "Print the ids alone, as a JSON list.")
def ids_command(table: str, word: str | None, *, as_json: bool) -> None:
    """List the ids of TABLE, to be written into a scenario; with WORD, those that have it.

    WORD is looked for in ids, names and countries, in small or capital letters.

    Example: dcplan data ids sites columbus
    """
    from planner.tables.catalog import list_ids

    ids = list_ids(table, word or "")
    if as_json:
        print_json(ids.iloc[:, 0].tolist())
    elif ids.empty and (not word or list_ids(table).empty):
        click.echo(f"{table} ships without rows; use ids of your own.", err=True)
    elif ids.empty:
        click.echo(f"No id of {table} has {word!r} in it.", err=True)
    else:
        _print_table(ids)


@data.command("copy")
@click.argument("tables", metavar="TABLE...", nargs=-1, required=True)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
def copy_command(tables: tuple[str, ...], folder: Path) -> None:
    """Copy each TABLE into DIR, to be edited there.

    Prints the lines that make a scenario next to DIR read the copies. Nothing is overwritten: if
    one of the files is there already, none is copied.
    """
    from planner.outputs.files import move_all, staging, writing_into
    from planner.tables import load_package

    package, problems = load_package(), list[Problem]()
    copies = dict[str, tuple[Path, Path]]()
    for table in dict.fromkeys(tables):
        try:
            copies[table] = (package.path(table), folder / package[table].path)
        except InputError as error:
            problems += error.problems
    if folder.exists() and not folder.is_dir():
        problems.append(Problem.of(str(folder), "it is a file", "a folder", "choose another name"))
    problems += [
        Problem.of(str(own), "the file is there already", "a new one", "move it away")
        for _, own in copies.values()
        if os.path.lexists(own)
    ]
    raise_all(problems)
    with writing_into(folder, "name another folder"), staging(folder) as staged:
        for shipped, own in copies.values():
            (staged / own.name).write_bytes(shipped.read_bytes())
        move_all((staged / own.name, own) for _, own in copies.values())
    click.echo("data:")
    for table, (_, own) in copies.items():
        click.echo(f"  {table}: {(Path(folder.name) / own.name).as_posix()}")


data.add_command(days_command)


def _print_table(frame: pd.DataFrame) -> None:
    heads = list(map(str, frame))
    # Names are copied and typed, so they stay in one piece.
    left, own = [name for name in heads if frame[name].dtype.kind not in "if"], {heads[0]: {"no_wrap": True}}
    rows = (map(str, row) for row in frame.itertuples(index=False))
    print_cells(heads, map(list, rows), left=left, own=own, overflow="fold")


data_command = data


# --- `dcplan headroom`: the constant load that a grid can take, if some of it may be curtailed ----

_MONTHS = tuple(str(month) for month in range(1, 13))


def _rates_frac(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[float, ...]:
    """Read percentages: a bare 0.5 could be a half or half a percent."""
    rates = []
    for value in values:
        number, percent, rest = value.strip().partition("%")
        try:
            rate_frac = float(Decimal(number) / 100)
        except InvalidOperation:
            rate_frac = float("nan")
        if rest or not percent or not 0.0 < rate_frac < 1.0:
            message = f"{value!r} must be above 0% and below 100%, with its sign, such as 0.5%"
            raise click.BadParameter(message, ctx, param)
        rates.append(rate_frac)
    return tuple(rates)


def _months(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[int, ...] | None:
    """Read months of a season, such as 6-9 or 12,1-2; a range may pass the end of the year."""
    if value is None:
        return None
    from planner.headroom import SUMMER_AND_WINTER

    months: list[int] = []
    for part in value.split(","):
        first, dash, last = (text.strip() for text in part.partition("-"))
        ends = (first, last if dash else first)
        if not all(end in _MONTHS for end in ends):
            raise click.BadParameter(f"{value!r} must be months from 1 to 12, such as 6-9 or 12,1-2", ctx, param)
        start, stop = (int(end) for end in ends)
        months += [(start - 1 + n) % 12 + 1 for n in range((stop - start) % 12 + 1)]
    for season in SUMMER_AND_WINTER:
        wrong = [month for month in months if month in season.months]
        if wrong and not (param.name or "").startswith(season.name):
            *before, end = map(str, wrong)
            which = f"months {', '.join(before)} and {end} are" if before else f"month {end} is"
            raise click.BadParameter(f"{which} in {season.name}", ctx, param)
    return tuple(dict.fromkeys(months))


@click.command("headroom")
@click.argument("demand", type=click.Path(path_type=Path), metavar="DEMAND.CSV")
@option(
    "--rate=RATE* rates",
    "Share of the new load's energy that may be curtailed, such as 0.5%; may be repeated.",
    str,
    ("0.5%",),
    callback=_rates_frac,
)
@option("--time-column=NAME", "Column of the time at which hours start.")
@option("--demand-column=NAME", "Column of the demand in MW.")
@option(
    "--time-zone=ZONE",
    "Time zone of months and hours, such as America/New_York; times without an offset are then in UTC.",
)
@option(
    "--summer-months=MONTHS",
    "Months whose highest demand is the threshold of summer, such as 6-9.  [default: 6-8]",
    callback=_months,
)
@option("--winter-months=MONTHS", "The same of winter, such as 11-3.  [default: 12-2]", callback=_months)
@option("--json as_json", "Print JSON for other programs.")
@option(
    "-o --output=PLOT.SVG",
    "Draw the load duration and the curtailed hours, at the first rate.",
    click.Path(path_type=Path, dir_okay=False),
)
def headroom_command(
    demand: Path, rates: tuple[float, ...], output: Path | None, *, as_json: bool, **more: Any
) -> None:
    """Find the largest constant load that a zone can take at a curtailment rate.

    DEMAND.CSV (or .xlsx, .parquet) has a row for every hour of at least one year: the time at
    which it starts, and the demand in MW. In summer (April to October) the zone is taken to
    carry the highest demand of June to August of any year, in winter that of December to
    February (Norris et al. 2025); new load is curtailed above that. Where demand peaks in other
    months, as in September in California, give them. Hours above 4 times the median are warned of.
    """
    from planner.cli.options import print_written
    from planner.cli.progress import Progress
    from planner.headroom import headroom_study, read_hourly_demand, seasons_with
    from planner.outputs.files import try_file, writing_into
    from planner.outputs.plots import plot_headroom_study

    if output is not None:
        if output.suffix.lower() != ".svg":
            fix = f"write {output.with_suffix('.svg').name!r}"
            raise InputError.at("--output", f"the plot is {output}", "an .svg file", fix)
        try_file(output, "--output")
    warnings: list[Problem] = []
    seasons = seasons_with(more.pop("summer_months"), more.pop("winter_months"))
    hourly_demand = read_hourly_demand(demand, **more, on_warning=warnings.append)
    with Progress.of_command() as progress:
        for warning in warnings:
            progress.warn(warning)
        studies = []
        for rate_frac in rates:
            progress.stage(f"Finding the headroom at {rate_frac:.2%} curtailment")
            studies.append(headroom_study(hourly_demand, rate_frac, seasons=seasons))
    if as_json:
        print_json([_headroom_of(study) for study in studies])
    else:
        _print_studies(studies)
    if output is not None:
        with writing_into(output):
            plot_headroom_study(studies[0], demand.name).write(output)
        print_written(output, as_json=as_json)


def _headroom_of(study: HeadroomStudy) -> dict[str, object]:
    from dataclasses import asdict

    said = {"rate_frac": study.rate_frac, "headroom_mw": study.load_mw, "years": study.years}
    return {**said, "total": asdict(study.total), "seasons": [asdict(season) for season in study.seasons]}


def _print_studies(studies: Sequence[HeadroomStudy]) -> None:
    first, last = studies[0].demand_mw.index[[0, -1]]
    click.echo(f"{len(studies[0].demand_mw):,} hours from {first} to {last}")
    for study in studies:
        click.echo(f"\nAt {100 * study.rate_frac:g} % curtailment the headroom is {study.load_mw:,.1f} MW:\n")
        print_table((study.total, *study.seasons), _COLUMNS, left={"curtailed in"}, no_wrap=True)
        if not study.load_mw:
            click.echo("\n" + _why_none(study))
    for season in studies[0].seasons:
        if peak := _peak_outside(studies[0].demand_mw, season):
            click.echo("\n" + peak)


def _peak_outside(demand_mw: pd.Series[float], season: Curtailment) -> str:
    """Say where a season's highest demand is not in the months that set its threshold."""
    import pandas as pd

    month = pd.DatetimeIndex(demand_mw.index).month
    order = list(season.months)
    by_month = demand_mw.groupby(month).max().reindex(order).to_numpy()
    highest_mw, highest = float(by_month.max()), order[int(by_month.argmax())]
    if highest_mw <= (season.threshold_mw or 0.0):
        return ""
    places = sorted(order.index(m) for m in (*(season.peak_months or ()), highest))
    option = f"--{season.name}-months {order[places[0]]}-{order[places[-1]]}"
    return (
        f"The highest demand of {season.name}, {highest_mw:,.0f} MW, is in {month_name[highest]}, "
        f"outside the\nmonths that set its threshold; {option} includes it."
    )


def _why_none(study: HeadroomStudy) -> str:
    allowed_h = study.rate_frac * HOURS_PER_YEAR
    full_h = study.total.full_hours_per_year
    above_pct = math.ceil(1e4 * full_h / HOURS_PER_YEAR) / 100
    hours = ", ".join(f"{s.full_hours_per_year:,.1f} in {s.name}" for s in study.seasons)
    return (
        "No load fits: demand alone reaches the threshold, and all of a new load is off, in\n"
        f"{full_h:,.1f} hours a year ({hours}); the rate allows\n"
        f"{allowed_h:,.1f}. Above {above_pct:.2f} % some load fits."
    )


_COLUMNS: Final = (
    ("curtailed in", lambda part: f"{part.name}"),
    ("above\nMW", lambda part: "" if part.threshold_mw is None else f"{part.threshold_mw:,.0f}"),
    ("hours\na year", lambda part: f"{part.hours_per_year:,.1f}"),
    ("GWh\na year", lambda part: f"{part.energy_mwh_per_year / MWH_PER_GWH:,.1f}"),
    ("events\na year", lambda part: f"{part.events_per_year:,.1f}"),
    ("longest\nh", lambda part: f"{part.longest_event_h:,}"),
    ("largest\nGWh", lambda part: f"{part.largest_event_mwh / MWH_PER_GWH:,.1f}"),
    ("half or more\nstays on in", lambda part: f"{100 * part.half_served_frac:.0f} %" if part.hours_per_year else "-"),
)
