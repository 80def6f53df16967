"""`dcplan frontier`: what less of something costs, step by step."""

from __future__ import annotations

from math import isfinite, isnan
from typing import TYPE_CHECKING, Any

import click

from planner.cli.options import OVERRIDES, into_folder, print_written, writing_into

if TYPE_CHECKING:
    from pathlib import Path

    from planner.outputs.frontier import Frontier


class _Percent(click.FloatRange):
    """A percentage above 0; neither nan nor infinite, which a range of click lets through."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        found = float(super().convert(value, param, ctx))
        if not isfinite(found):
            self.fail(f"{value!r} is not a percentage above 0, such as 5", param, ctx)
        return found


@click.command("frontier")
@click.argument("scenario", default="us-base")
@click.option(
    "--cost-against",
    "against",
    required=True,
    metavar="MEASURE",
    help="carbon, water, unmet, rented, latency, connection, largest, zone:ID or site:ID.",
)
@click.option(
    "--points",
    type=click.IntRange(min=3, max=200),
    default=9,
    show_default=True,
    help="How many points, both ends among them.",
)
@click.option(
    "--most-cost",
    type=_Percent(min=0.0, min_open=True),
    metavar="PERCENT",
    help="End where cost is so far above the least; by default at the least of the measure.",
)
@OVERRIDES
@into_folder("Folder for frontier.csv, .parquet, .json and .svg.")
@click.option("--json", "as_json", is_flag=True, help="Print the points as JSON.")
@click.pass_context
def command(
    ctx: click.Context,
    scenario: str,
    *,
    against: str,
    points: int,
    most_cost: float | None,
    overrides: tuple[str, ...],
    folder: Path | None,
    as_json: bool,
) -> None:
    """Trace the least cost of SCENARIO for each level of a measure, from the least-cost plan on.

    carbon: emissions as cap and price count them; water: evaporated; unmet, rented: compute;
    latency: mean round trip of users of own sites; connection: new firm MW; largest: racks at the
    largest site, so what one outage takes away; zone:ID, site:ID: racks there. All but unmet hold
    unmet demand at its level in the plan of least cost; latency holds rented compute, and whom own
    sites serve, too. The price of a point is the dual of its level: what one unit less costs;
    the last point has none where no plan has less. Integers are left out.

    Example: dcplan frontier us-base --cost-against carbon --most-cost 5 -o carbon/
    """
    import json

    from planner.cli.progress import Progress
    from planner.outputs.folder_kinds import FRONTIER
    from planner.outputs.frontier import write_frontier
    from planner.outputs.own_folder import try_own_folder
    from planner.studies.frontier import frontier

    if folder is not None:
        try_own_folder(folder, FRONTIER)
    with Progress.from_context(ctx) as progress:
        progress.stage("read")
        found = frontier(
            scenario,
            against,
            points=points,
            most_cost_frac=None if most_cost is None else most_cost / 100.0,
            overrides=overrides,
            on_stage=progress.stage,
            interrupt=progress.interrupt,
        )
    if folder is not None:
        with writing_into(folder):
            write_frontier(found, folder)
    if as_json:
        click.echo(json.dumps(found.to_dict(), indent=2, ensure_ascii=False))
    else:
        _print(found)
    if folder is not None:
        print_written(folder, as_json=as_json)


def _print(found: Frontier) -> None:
    from rich.table import Table
    from rich.text import Text

    from planner.base.console import TableConsole, wrapped
    from planner.base.words import amount, within_sentence
    from planner.results.cost_difference import LEAST_PENALTY_MUSD

    table = Table(box=None, pad_edge=False, header_style="bold")
    has_penalty = (found.table["extra_penalty_musd"].abs() >= LEAST_PENALTY_MUSD).any()
    penalty = ["of which penalty [MUSD]"] if has_penalty else []
    heads = (found.unit, "MUSD", "more", *penalty)
    heads += (f"one unit less costs [{found.price_unit}]", "")
    for head in heads:
        table.add_column(Text(head), justify="right")
    for row in found.table.to_dict("records"):
        table.add_row(
            amount(row["measure"], 5),
            f"{row['cost_musd']:,.2f}",
            f"{row['extra_frac']:.2%}",
            *(f"{row['extra_penalty_musd']:+,.2f}" for _ in penalty),
            "-" if isnan(row["price"]) else amount(row["price"], 3),
            "knee" if row["is_knee"] else "",
        )
    click.echo(f"{found.scenario}: cost against {within_sentence(found.label)}")
    TableConsole().print(table)
    if len(found.table) == 1:
        click.echo(wrapped("There is nothing to trade: the plan of least cost has the least of it."))
    for note in found.notes:
        click.echo(wrapped(note, mark="- "))
