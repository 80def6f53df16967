"""`dcplan alternatives`: plans that differ and cost little more than the least."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from planner.cli.options import OVERRIDES, into_folder, print_written, writing_into

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from planner.outputs.study_files import Alternatives

_SHOWN_ROWS = 40


class _Percents(click.ParamType[tuple[float, ...]]):
    """Percentages with commas between them."""

    name = "percents"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[float, ...]:
        try:
            found = tuple(float(part) for part in str(value).split(","))
        except ValueError:
            found = ()
        if not found or not all(0.0 < one <= 100.0 for one in found):
            message = f"{value!r} is not a list of percentages above 0 and up to 100, such as 1,2,5"
            self.fail(message, param, ctx)
        return found


@click.command("alternatives")
@click.argument("scenario", default="us-base")
@click.option(
    "--slack",
    "percents",
    type=_Percents(),
    default="1,2,5",
    show_default=True,
    metavar="PERCENT,...",
    help="How much more plans may cost.",
)
@click.option(
    "--of",
    "kinds",
    type=click.Choice(["zone", "site"]),
    multiple=True,
    default=["zone", "site"],
    show_default=True,
    help="Whose least and most MW is looked for; may be repeated.",
)
@click.option(
    "--different",
    type=click.IntRange(min=0),
    default=3,
    show_default=True,
    help="Plans that differ most to look for, for each slack.",
)
@click.option(
    "--ranges-only",
    is_flag=True,
    help="Make no plan for each least and most: less than half the time on a large scenario.",
)
@OVERRIDES
@into_folder("Folder for the tables as .csv and .parquet, and alternatives.json.")
@click.option("--all", "every", is_flag=True, help="Every row.")
@click.option("--json", "as_json", is_flag=True, help="Print all of it as JSON.")
@click.pass_context
def command(
    ctx: click.Context,
    scenario: str,
    *,
    percents: tuple[float, ...],
    kinds: tuple[str, ...],
    different: int,
    ranges_only: bool,
    overrides: tuple[str, ...],
    folder: Path | None,
    every: bool,
    as_json: bool,
) -> None:
    """Find plans of SCENARIO that cost at most a little more than the plan of least cost.

    For each slack: the least and the most racks of each zone and site in the last year, with a plan
    for each end; plans that differ most from those found; sites with racks in all, some or none of
    the plans within the slack. Every plan is checked. Unmet demand is held at its level.

    Example: dcplan alternatives us-base --slack 1,5 --of zone
    """
    import json

    from planner.cli.progress import Progress
    from planner.outputs.folder_kinds import ALTERNATIVES
    from planner.outputs.own_folder import try_own_folder
    from planner.outputs.study_files import write_alternatives
    from planner.studies.alternatives import alternatives

    if folder is not None:
        try_own_folder(folder, ALTERNATIVES)
    with Progress.from_context(ctx) as progress:
        progress.stage("read")
        found = alternatives(
            scenario,
            slacks=[percent / 100.0 for percent in percents],
            of=kinds,
            different=different,
            plans=not ranges_only,
            overrides=overrides,
            on_stage=progress.stage,
            interrupt=progress.interrupt,
        )
    if folder is not None:
        with writing_into(folder):
            write_alternatives(found, folder)
    if as_json:
        click.echo(json.dumps(found.to_dict(), indent=2, ensure_ascii=False))
    else:
        _print(found, dict.fromkeys(kinds), every=every)
    if folder is not None:
        print_written(folder, as_json=as_json)
    ctx.exit(0 if found.plans["is_checked"].all() else 1)


def _print(found: Alternatives, kinds: Iterable[str], *, every: bool) -> None:
    from rich.table import Table
    from rich.text import Text

    from planner.base.console import TableConsole, wrapped
    from planner.base.words import amount

    console = TableConsole()
    for kind in kinds:
        click.echo(f"Racks by {kind} in {found.year} [MW]")
        table = Table(box=None, pad_edge=False, header_style="bold")
        for head in ("slack", "place", "plan", "least", "most", "in how many plans"):
            is_number = head in {"plan", "least", "most"}
            table.add_column(head, justify="right" if is_number else "left")
        rows = found.ranges[found.ranges["by"] == kind].to_dict("records")
        shown = rows if every else [row for row in rows if row["in_plans"] != "none"][:_SHOWN_ROWS]
        for row in shown:
            megawatts = (_rounded(row[name]) for name in ("plan_mw", "least_mw", "most_mw"))
            table.add_row(_percent(row), Text(str(row["place"])), *megawatts, row["in_plans"])
        console.print(table)
        if len(shown) < len(rows):
            click.echo(f"{len(rows) - len(shown)} more rows with --all")
        click.echo()
    click.echo("Plans that differ most")
    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in ("plan", "slack", "MUSD", "more", "racks elsewhere MW", "check"):
        table.add_column(head, justify="right")
    for row in found.plans[found.plans["kind"] == "different"].to_dict("records"):
        table.add_row(
            str(row["plan"]),
            _percent(row),
            f"{row['cost_musd']:,.2f}",
            f"{row['extra_frac']:.2%}",
            amount(row["moved_mw"]),
            "ok" if row["is_checked"] else "FAILED",
        )
    console.print(table)
    failed = int((~found.plans["is_checked"].astype(bool)).sum())
    checked = f"{len(found.plans)} plans were found and checked"
    click.echo(f"{checked}; {failed} FAILED." if failed else f"{checked}; all hold.")
    for note in found.notes:
        click.echo(wrapped(note, mark="- "))


def _percent(row: Mapping[Any, Any]) -> str:
    return f"{row['slack_frac'] * 100.0:g}%"


def _rounded(megawatts: float) -> str:
    from planner.base.words import amount

    return amount(megawatts) if megawatts >= 0.005 else "0"
