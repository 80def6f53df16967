"""`dcplan sweep`: solve many futures of a scenario, and go on where it was stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from planner.cli.options import OVERRIDES, STRICT, into_folder

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from planner.studies.sweep import SweepProgress, SweepResult

_MOST_ROWS: Final = 24
_MOST_FAILED: Final = 5
_MOST_THINGS: Final = 12


@click.command("sweep")
@click.argument("file")
@into_folder("Folder of the sweep; left out: sweeps/ and the name of FILE, NAME-2 if another file has that.")
@click.option(
    "--jobs",
    type=click.IntRange(1, 1024),
    help="Futures at once, each in a process of its own; left out: one for each processor.",
)
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Dask cluster that solves them instead, such as tcp://10.0.0.5:8786; extra dask.",
)
@OVERRIDES
@STRICT
@click.option("--json", "as_json", is_flag=True, help="Print table futures as JSON.")
@click.pass_context
def command(
    context: click.Context,
    file: str,
    *,
    folder: Path | None,
    jobs: int | None,
    scheduler: str | None,
    overrides: tuple[str, ...],
    strict: bool,
    as_json: bool,
) -> None:
    """Solve and check every future of the sweep FILE (a file, or the name of a shipped sweep).

    FILE names a base scenario, and axes over its keys or over figures of the data: lists, ranges,
    grids, Latin hypercube and Sobol samples; or futures by name. Every mistake in it is found
    before anything is solved. A future without a plan fails alone and says why.

    Answers are stored as they come. Stopped in any way, the same command goes on from there.

    Example: dcplan sweep tiny --jobs 2
    """
    from planner.cli.interrupts import INTERRUPTED
    from planner.cli.options import print_written, refuse_jobs_of_a_cluster, so_far, writing_into
    from planner.cli.progress import Progress
    from planner.studies.sweep import run_sweep
    from planner.studies.sweep.solve_sweep import folder_of

    refuse_jobs_of_a_cluster(jobs, scheduler)
    home = folder_of(file, folder)
    latest: SweepProgress | None = None

    def tell(now: SweepProgress) -> None:
        nonlocal latest
        latest = now
        live.update(so_far(now))

    with Progress.from_context(context) as live:
        live.detail("Reading the sweep and its data")
        try:
            with writing_into(home):
                result = run_sweep(
                    file,
                    home,
                    jobs,
                    tell,
                    overrides=overrides,
                    scheduler=scheduler,
                    on_stage=live.stage,
                    on_warning=live.warn,
                    strict=strict,
                )
        except KeyboardInterrupt:
            if latest is None:
                raise
            stored = (
                f", stored in {home}; the same command goes on from there" if latest.done else "; nothing is stored"
            )
            live.print_line(f"Stopped with {latest.done} of {latest.total} futures done{stored}")
            context.exit(INTERRUPTED)
    if as_json:
        click.echo(result.futures.to_json(orient="records", indent=2))
    else:
        _print(result)
    print_written(result.folder, as_json=as_json)
    context.exit(_exit_code(result))


def _exit_code(result: SweepResult) -> int:
    """1 where a plan breaks a rule or a bug ended a future, 4 where a limit did, 3 without a plan.

    Futures that are infeasible beside others that are not are an answer.
    """
    from planner.base.errors import InfeasibleError, InputError, LimitReachedError
    from planner.results.ended import PLANNED, exit_code

    futures = result.futures
    status = set(futures["status"])
    codes = {
        exit_code(ended, broken.split(", "))
        for ended, broken in zip(futures["status"], futures["broken"], strict=True)
        if broken
    }
    if 1 in codes or status & {"error", "killed"}:
        return 1
    if status - PLANNED - {"infeasible", "wrong_input"}:
        return LimitReachedError.exit_code
    if "wrong_input" in status:
        return InputError.exit_code
    return 0 if status & PLANNED else InfeasibleError.exit_code


def _print(result: SweepResult) -> None:
    from math import nan

    from rich.table import Table
    from rich.text import Text

    from planner.base.console import TableConsole, wrapped
    from planner.base.words import amount, and_more, unit_of_money
    from planner.results.cost_difference import GAPS_RANK, LEAST_PENALTY_MUSD, PlanCost, rank_words

    console = TableConsole()
    futures = result.futures
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Future")
    table.add_column("Status", no_wrap=True)
    unit, factor, decimals = unit_of_money(futures["objective_musd"])
    figures = _unmet_and_nameplate(result)
    ends = figures["year"].unique()
    year = f"{ends[0]:.0f}" if len(ends) == 1 else "in its last year"
    penalties = [f"Penalty, {unit}"] if (futures["penalty_musd"] >= LEAST_PENALTY_MUSD).any() else []
    heads = ("Gap", "Rank", *penalties, "Unmet, %", f"Nameplate {year}, MW")
    for name in (f"Cost, {unit}", *heads):
        table.add_column(name, justify="right")
    for row in futures.head(_MOST_ROWS).to_dict("records"):
        has_plan = bool(row["objective_musd"] == row["objective_musd"])  # not nan
        unmet_frac = float(figures["unmet_frac"].get(row["future"], nan))
        nameplate_mw = float(figures["nameplate_mw"].get(row["future"], nan))
        breaks = f", breaks {row['broken']}" if row["broken"] else ""
        table.add_row(
            Text(row["future"]),
            Text(f"{row['status']}{breaks}"),
            _money(row["objective_musd"], factor, decimals),
            f"{row['gap_frac']:.2%}" if row["gap_frac"] >= 0.0 else "",
            rank_words(row["rank_low"], row["rank_high"]) if has_plan else "",
            *([_money(row["penalty_musd"], factor, decimals)] if penalties else []),
            "" if unmet_frac != unmet_frac else f"{100.0 * unmet_frac:.1f}",  # noqa: PLR0124  nan
            "" if nameplate_mw != nameplate_mw else f"{nameplate_mw:,.0f}",  # noqa: PLR0124  nan
        )
    console.print(table)
    if len(futures) > _MOST_ROWS:
        click.echo(f"and {len(futures) - _MOST_ROWS} more in table futures")
    solved = futures.dropna(subset="objective_musd").sort_values("objective_musd")
    if len(solved) > 1:
        low, *_, high = solved.to_dict("records")
        cheapest, dearest = map(PlanCost.from_row, (low, high))
        why = dearest.less(cheapest).explanation
        click.echo()
        click.echo(
            wrapped(
                f"Cost from {_money(low['objective_musd'], factor, decimals)} {unit}"
                f" ({low['future']}) to {_money(high['objective_musd'], factor, decimals)} {unit}"
                f" ({high['future']}): {amount(dearest.cost_musd - cheapest.cost_musd, 4)} MUSD"
                f"{why and f', {why}'}."
            )
        )
        if (solved["rank_low"] < solved["rank_high"]).any():
            click.echo(wrapped(GAPS_RANK))
    _print_no_regret(result)
    failed = result.failed
    for name, message in failed[["future", "message"]].head(_MOST_FAILED).itertuples(index=False):
        lines = str(message).splitlines() or [""]
        click.echo()
        click.echo(lines[0] if lines[0].startswith(f"{name}: ") else f"{name}: {lines[0]}")
        if lines[1:]:
            click.echo("\n".join(lines[1:]))
    if len(failed) > _MOST_FAILED:
        click.echo(f"{and_more(len(failed), _MOST_FAILED).strip()} in column message of futures")


def _money(musd: float, factor: float, decimals: int) -> str:
    return f"{musd * factor:,.{decimals}f}" if musd == musd else ""  # noqa: PLR0124  nan


def _print_no_regret(result: SweepResult) -> None:
    """Print what every future builds and buys, the most of it first."""
    import pandas as pd
    from rich.table import Table
    from rich.text import Text

    from planner.base.console import TableConsole, wrapped
    from planner.outputs.labels import LEAST_MW, first_decided, order_words
    from planner.results.ended import PLANNED

    found = result.no_regret
    of_all = found[found["least_mw"] >= LEAST_MW]
    if len(result.futures) < 2 or of_all.empty:
        return
    things = ["kind", "site", "item"]
    years = sorted(of_all["year"].unique())
    least = found.pivot_table(index=things, columns="year", values="least_mw", fill_value=0.0)
    decided = pd.Series({thing: first_decided(of, "least_mw") for thing, of in of_all.groupby(things)})
    least = least.loc[decided.index].sort_values(years[-1], ascending=False)
    planned = int(result.futures["status"].isin(sorted(PLANNED)).sum())
    click.echo()
    head = f"Ordered by that year in each of {planned} futures with a plan, at least (MW):"
    click.echo(wrapped(head))
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("")
    for year in years:
        table.add_column(str(year), justify="right")
    table.add_column("first decided by")
    for row in least.assign(by=decided).head(_MOST_THINGS).reset_index().to_dict("records"):
        name = order_words(*(row[part] for part in things))
        table.add_row(Text(name), *(f"{row[year]:,.1f}" for year in years), row["by"])
    TableConsole().print(table)
    if len(least) > _MOST_THINGS:
        click.echo(f"and {len(least) - _MOST_THINGS} more in table no_regret")


def _unmet_and_nameplate(result: SweepResult) -> pd.DataFrame:
    """Return by future the share of the demand of all years that is unmet, and the last year.

    A model year counts as often as the calendar years it stands for.

    Columns `unmet_frac`, `year`, and `nameplate_mw` in it.
    """
    names = ["demand_kh100e", "unmet_kh100e", "nameplate_mw"]
    rows = result.results[result.results["figure"].isin(names)].dropna(subset=["year"])
    by_year = rows.set_index(["future", "year", "figure"])["value"].unstack("figure")
    by_year = by_year.reindex(columns=names).reset_index().sort_values("year")
    of = by_year.groupby("future")
    span_years = of["year"].shift(-1).sub(by_year["year"]).fillna(1.0)
    sums = by_year[names[:2]].mul(span_years, axis=0).groupby(by_year["future"]).sum()
    last = of[["year", "nameplate_mw"]].last()
    return last.assign(unmet_frac=sums["unmet_kh100e"] / sums["demand_kh100e"])
