"""`dcplan sweep`: solve many futures of a scenario, and go on where it was stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from planner.cli.options import JOBS, OVERRIDES, SCHEDULER, STRICT, into_folder
from planner.cli.study import FILE, study_command
from planner.cli.tables import print_cells, print_table, say
from planner.outputs.folder_kinds import SWEEP

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from planner.cli.progress import Progress
    from planner.studies.sweep import SweepResult

_MOST_ROWS: Final = 24
_MOST_FAILED: Final = 5
_MOST_THINGS: Final = 12


def _print(result: SweepResult) -> None:
    from planner.base.words import amount, and_more, unit_of_money
    from planner.results.cost_difference import GAPS_RANK, LEAST_PENALTY_MUSD, PlanCost, rank_words

    futures = result.futures
    unit, factor, decimals = unit_of_money(futures["objective_musd"])

    def money(musd: float) -> str:
        return f"{musd * factor:,.{decimals}f}" if musd == musd else ""  # noqa: PLR0124  nan

    figures = _unmet_and_nameplate(result)
    ends = figures["year"].unique()
    year = f"{ends[0]:.0f}" if len(ends) == 1 else "in its last year"
    has_penalty = (futures["penalty_musd"] >= LEAST_PENALTY_MUSD).any()
    rows = futures.head(_MOST_ROWS).merge(figures.drop(columns="year").astype("float64"), on="future", how="left")
    print_table(
        rows,
        (
            ("Future", "{future}"),
            ("Status", lambda row: f"{row['status']}{', breaks ' + row['broken'] if row['broken'] else ''}"),
            (f"Cost, {unit}", lambda row: money(row["objective_musd"])),
            ("Gap", lambda row: f"{row['gap_frac']:.2%}" if row["gap_frac"] >= 0.0 else ""),
            ("Rank", lambda row: rank_words(row["rank_low"], row["rank_high"]) if money(row["objective_musd"]) else ""),
            *([(f"Penalty, {unit}", lambda row: money(row["penalty_musd"]))] if has_penalty else []),
            ("Unmet, %", _known("unmet_frac", "{:.1%}")),
            (f"Nameplate {year}, MW", _known("nameplate_mw", "{:,.0f}")),
        ),
        left={"Future", "Status"},
    )
    if len(futures) > _MOST_ROWS:
        click.echo(f"and {len(futures) - _MOST_ROWS} more in table futures")
    solved = futures.dropna(subset="objective_musd").sort_values("objective_musd")
    if len(solved) > 1:
        low, *_, high = solved.to_dict("records")
        cheapest, dearest = map(PlanCost.from_row, (low, high))
        why = dearest.less(cheapest).explanation
        click.echo()
        say(
            f"Cost from {money(low['objective_musd'])} {unit} ({low['future']}) to"
            f" {money(high['objective_musd'])} {unit} ({high['future']}):"
            f" {amount(dearest.cost_musd - cheapest.cost_musd, 4)} MUSD{why and f', {why}'}."
        )
        if (solved["rank_low"] < solved["rank_high"]).any():
            say(GAPS_RANK)
    _print_no_regret(result)
    failed = result.failed
    for name, message in failed[["future", "message"]].head(_MOST_FAILED).itertuples(index=False):
        lines = str(message).splitlines() or [""]
        lines[0] = lines[0] if lines[0].startswith(f"{name}: ") else f"{name}: {lines[0]}"
        click.echo("\n".join(["", *lines]))
    if len(failed) > _MOST_FAILED:
        click.echo(f"{and_more(len(failed), _MOST_FAILED).strip()} in column message of futures")


def _known(name: str, text: str) -> Any:
    """Write a figure of a row, nothing where it is missing."""
    return lambda row: text.format(row[name]).removesuffix("%") if row[name] == row[name] else ""


def _print_no_regret(result: SweepResult) -> None:
    """Print what every future builds and buys, the most of it first."""
    import pandas as pd

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
    say(f"Ordered by that year in each of {planned} futures with a plan, at least (MW):")
    rows = least.assign(by=decided).head(_MOST_THINGS).reset_index().to_dict("records")
    cells = (
        [order_words(*(row[part] for part in things)), *(f"{row[year]:,.1f}" for year in years), row["by"]]
        for row in rows
    )
    print_cells(["", *map(str, years), "first decided by"], cells, left={""})
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


def _home(file: str, folder: Path | None) -> Path:
    from planner.studies.sweep.solve_sweep import folder_of

    return folder_of(file, folder)


@study_command(
    "sweep",
    FILE,
    into_folder("Folder of the sweep; left out: sweeps/ and the name of FILE, NAME-2 if another file has that."),
    JOBS,
    SCHEDULER,
    OVERRIDES,
    STRICT,
    kind=SWEEP,
    home=_home,
    show=_print,
    json_help="Print table futures as JSON.",
)
def command(progress: Progress, *, file: str, **asked: Any) -> SweepResult:
    """Solve and check every future of the sweep FILE (a file, or the name of a shipped sweep).

    FILE names a base scenario, and axes over its keys or over figures of the data: lists, ranges,
    grids, Latin hypercube and Sobol samples; or futures by name. Every mistake in it is found
    before anything is solved. A future without a plan fails alone and says why.

    Answers are stored as they come. Stopped in any way, the same command goes on from there.

    Example: dcplan sweep tiny --jobs 2
    """
    from planner.studies.sweep import run_sweep

    return run_sweep(file, **asked, on_stage=progress.stage, on_warning=progress.warn)
