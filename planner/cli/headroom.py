"""`dcplan headroom`: the constant load that a grid can take, if some of it may be curtailed."""

from __future__ import annotations

import math
from calendar import month_name
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from planner.base.units import HOURS_PER_YEAR, MWH_PER_GWH
from planner.cli.options import option, print_json
from planner.cli.tables import print_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from planner.base.errors import Problem
    from planner.headroom import Curtailment, HeadroomStudy

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
@click.pass_context
def headroom_command(
    ctx: click.Context, /, demand: Path, rates: tuple[float, ...], output: Path | None, *, as_json: bool, **more: Any
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
    from planner.outputs.files import whole_file, writing_into
    from planner.outputs.plots import plot_headroom_study

    if output is not None:
        _check_output(output)
    warnings: list[Problem] = []
    seasons = seasons_with(more.pop("summer_months"), more.pop("winter_months"))
    hourly_demand = read_hourly_demand(demand, **more, on_warning=warnings.append)
    with Progress.from_context(ctx, patient=True) as progress:
        for warning in warnings:
            progress.warn(warning)
        studies = []
        for rate_frac in rates:
            progress.stage(f"Finding the headroom at {rate_frac:.2%} curtailment")
            studies.append(headroom_study(hourly_demand, rate_frac, seasons=seasons))
    if as_json:
        print_json([_for_programs(study) for study in studies])
    else:
        _print_studies(studies)
    if output is not None:
        with writing_into(output), whole_file(output) as partial:
            partial.write_text(plot_headroom_study(studies[0], demand.name).svg(), encoding="utf-8")
        print_written(output, as_json=as_json)


def _check_output(output: Path) -> None:
    from planner.base.errors import Problem, raise_all
    from planner.outputs.files import try_file

    problems = []
    if output.suffix.lower() != ".svg":
        fix = f"write {output.with_suffix('.svg').name!r}"
        problems.append(Problem.of("--output", f"the plot is {output}", "an .svg file", fix))
    if not output.parent.is_dir():
        what_is = f"there is no folder {output.parent}"
        problems.append(Problem.of("--output", what_is, "a folder", "make it first"))
    raise_all(problems)
    try_file(output, "--output")


def _for_programs(study: HeadroomStudy) -> dict[str, object]:
    from dataclasses import asdict

    return {
        "rate_frac": study.rate_frac,
        "headroom_mw": study.load_mw,
        "years": study.years,
        "total": asdict(study.total),
        "seasons": [asdict(season) for season in study.seasons],
    }


def _print_studies(studies: Sequence[HeadroomStudy]) -> None:
    first, last = studies[0].demand_mw.index[[0, -1]]
    click.echo(f"{len(studies[0].demand_mw):,} hours from {first} to {last}")
    for study in studies:
        rate = f"{100 * study.rate_frac:g} %"
        click.echo(f"\nAt {rate} curtailment the headroom is {study.load_mw:,.1f} MW:\n")
        _print_table(study)
        if not study.load_mw:
            click.echo("\n" + _why_none(study))
    for season in studies[0].seasons:
        peak = _peak_outside(studies[0].demand_mw, season)
        if peak:
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


def _print_table(study: HeadroomStudy) -> None:
    columns = (
        ("curtailed in", lambda part: part.name),
        ("above\nMW", lambda part: "" if part.threshold_mw is None else f"{part.threshold_mw:,.0f}"),
        ("hours\na year", lambda part: f"{part.hours_per_year:,.1f}"),
        ("GWh\na year", lambda part: f"{part.energy_mwh_per_year / MWH_PER_GWH:,.1f}"),
        ("events\na year", lambda part: f"{part.events_per_year:,.1f}"),
        ("longest\nh", lambda part: f"{part.longest_event_h:,}"),
        ("largest\nGWh", lambda part: f"{part.largest_event_mwh / MWH_PER_GWH:,.1f}"),
        (
            "half or more\nstays on in",
            lambda part: f"{100 * part.half_served_frac:.0f} %" if part.hours_per_year else "-",
        ),
    )
    print_table((study.total, *study.seasons), columns, left={"curtailed in"}, no_wrap=True)
