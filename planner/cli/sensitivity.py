"""`dcplan sensitivity`: which inputs decide, by solving again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from planner.cli.options import OVERRIDES, into_folder

if TYPE_CHECKING:
    from pathlib import Path

    from planner.outputs.sensitivity import Sensitivity
    from planner.studies.sweep import SweepProgress as FuturesProgress

_HEADS: Final = {
    "tornado": (("at_low", "at low"), ("at_high", "at high")),
    "morris": (("mu_star", "mu*"), ("mu_star_conf", "+/-"), ("sigma", "sigma")),
    "sobol": (("st", "total"), ("st_conf", "+/-"), ("s1", "alone"), ("s1_conf", "+/-")),
}
"""Columns of the table that are printed, with their heads."""
_PENALTIES: Final = {"penalty_at_low": "penalty", "penalty_at_high": "penalty"}
"""What of the changes of a tornado is the penalty of unmet demand, printed where there is any."""


@click.command("sensitivity")
@click.argument("scenario", default="us-base")
@click.option(
    "--method",
    default="tornado",
    show_default=True,
    metavar="METHOD",
    help="tornado: one figure at a time; morris: trajectories; sobol: shares of the variance.",
)
@click.option(
    "--figures",
    type=int,
    default=10,
    show_default=True,
    help="How many of the figures that do most to first order are moved.",
)
@click.option("--trajectories", type=int, help="Of morris; 10 where left out.")
@click.option("--samples", type=int, help="Base samples of sobol, a power of 2; 64 if left out.")
@click.option("--seed", type=int, default=1, show_default=True, help="Of the points drawn.")
@click.option(
    "--of",
    default="objective_musd",
    show_default=True,
    metavar="OUTPUT",
    help="What is asked of: that, bound_musd, or a column of table summary in its last year.",
)
@click.option(
    "--steps/--no-steps",
    default=True,
    show_default=True,
    help="Move columns that count in steps, such as lead times, each as one factor.",
)
@OVERRIDES
@into_folder("Folder of the study; left out: sensitivity/ and the name of SCENARIO, NAME-2 if another file has that.")
@click.option("--jobs", type=click.IntRange(1, 1024), help="Futures at once; as in dcplan sweep.")
@click.option("--scheduler", metavar="ADDRESS", help="Dask cluster; as in dcplan sweep.")
@click.option("--json", "as_json", is_flag=True, help="Print all of it as JSON.")
@click.pass_context
def command(
    ctx: click.Context,
    scenario: str,
    *,
    method: str,
    figures: int,
    trajectories: int | None,
    samples: int | None,
    seed: int,
    of: str,
    steps: bool,
    overrides: tuple[str, ...],
    folder: Path | None,
    jobs: int | None,
    scheduler: str | None,
    as_json: bool,
) -> None:
    """Find which inputs of SCENARIO decide: figures moved between their own low and high.

    The plan is solved; its duals say which figures do most. These are moved and solved again as
    the futures of a sweep: alone (tornado), or all at once, which shows what acts together
    (morris, sobol; extra sensitivity). Ranks come with how stable they are.

    Answers are stored as they come. Stopped in any way, the same command goes on from there, and
    with more trajectories or samples solves only what is new.

    Example: dcplan sensitivity us-base --method morris --figures 8 --trajectories 12
    """
    import json

    from planner.cli.interrupts import INTERRUPTED
    from planner.cli.options import print_written, refuse_jobs_of_a_cluster, so_far, writing_into
    from planner.cli.progress import Progress
    from planner.outputs.sensitivity import write_sensitivity
    from planner.studies.sensitivity import sensitivity
    from planner.studies.sensitivity.study import folder_of

    refuse_jobs_of_a_cluster(jobs, scheduler)
    home = folder_of(scenario, folder)
    is_begun = is_looking = is_designed = False

    def look(detail: str) -> None:
        nonlocal is_looking
        if is_designed or not is_begun:  # then it is the cluster that is awaited
            live.stage(detail)
            return
        if not is_looking:
            is_looking = True
            live.stage("Looking for the figures that do most")
        live.detail(detail)

    def show_design(text: str) -> None:
        nonlocal is_designed
        is_designed = True
        live.print_line(text)

    def tell(now: FuturesProgress) -> None:
        nonlocal is_begun
        is_begun = is_begun or now.done > 0
        live.update(so_far(now))

    with Progress.from_context(ctx) as live:
        live.detail("Reading the scenario and its data")
        try:
            with writing_into(home):
                found = sensitivity(
                    scenario,
                    method,  # type: ignore[arg-type]  # what is no method is an error of input
                    home,
                    figures=figures,
                    trajectories=trajectories,
                    samples=samples,
                    seed=seed,
                    of=of,
                    steps=steps,
                    overrides=overrides,
                    jobs=jobs,
                    scheduler=scheduler,
                    on_stage=look,
                    on_progress=tell,
                    on_warning=live.warn,
                    on_design=show_design,
                )
        except KeyboardInterrupt:
            if not is_begun:
                raise
            live.print_line(f"Stopped; what is done is stored in {home}, where the same command goes on")
            ctx.exit(INTERRUPTED)
    with writing_into(home):
        write_sensitivity(found, home)
    if as_json:
        click.echo(json.dumps(found.to_dict(), indent=2, ensure_ascii=False))
    else:
        _print(found)
    print_written(home, as_json=as_json)
    ctx.exit(1 if found.broken else 0)


def _print(found: Sensitivity) -> None:
    from rich.table import Table
    from rich.text import Text

    from planner.base.console import TableConsole, wrapped
    from planner.results.cost_difference import LEAST_PENALTY_MUSD, rank_words

    table = Table(box=None, pad_edge=False, header_style="bold")
    heads = _HEADS[found.method]
    if found.method == "tornado" and (found.table[list(_PENALTIES)].abs() >= LEAST_PENALTY_MUSD).any(axis=None):
        heads += tuple(_PENALTIES.items())
    table.add_column("Rank", justify="right", no_wrap=True)
    # So wide at most, or a long name would squeeze the numbers out of 80 columns.
    table.add_column("Figure", no_wrap=True, overflow="ellipsis", max_width=42 - 4 * len(heads))
    for _, head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("ranks", justify="right", no_wrap=True)
    table.add_column("1st order", justify="right", no_wrap=True)
    for row in found.table.to_dict("records"):
        table.add_row(
            str(row["rank"]),
            Text(str(row["factor"])),
            *(_number(row[name], is_change=found.method == "tornado") for name, _ in heads),
            rank_words(int(row["rank_low"]), int(row["rank_high"])),
            _rank(row["first_order_rank"]),
        )
    click.echo(wrapped(f"{found.scenario}: which inputs decide {found.of} [{found.unit}]"))
    TableConsole().print(table)
    for note in found.notes:
        click.echo(wrapped(note, mark="- "))


def _number(value: float, *, is_change: bool) -> str:
    from math import isnan

    from planner.base.words import amount

    if isnan(value):
        return "no plan"
    sign = "-" if value < 0.0 else "+" if is_change else ""
    return f"{sign}{amount(abs(value))}"


def _rank(value: Any) -> str:
    import pandas as pd

    return "-" if pd.isna(value) else str(int(value))
