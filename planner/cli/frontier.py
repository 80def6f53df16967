"""`dcplan frontier`: what less of something costs, step by step."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING, Any

import click

from planner.cli.options import OVERRIDES, Percentages, into_folder, option
from planner.cli.study import SCENARIO, study_command
from planner.cli.tables import print_notes, print_table, say
from planner.outputs.folder_kinds import FRONTIER

if TYPE_CHECKING:
    from planner.cli.progress import Progress
    from planner.outputs.frontier import Frontier


def _show(found: Frontier) -> None:
    from planner.base.words import amount, within_sentence
    from planner.results.cost_difference import LEAST_PENALTY_MUSD

    has_penalty = (found.table["extra_penalty_musd"].abs() >= LEAST_PENALTY_MUSD).any()
    click.echo(f"{found.scenario}: cost against {within_sentence(found.label)}")
    print_table(
        found.table,
        (
            (found.unit, lambda row: amount(row["measure"], 5)),
            ("MUSD", "{cost_musd:,.2f}"),
            ("more", "{extra_frac:.2%}"),
            *([("of which penalty [MUSD]", "{extra_penalty_musd:+,.2f}")] if has_penalty else []),
            (
                f"one unit less costs [{found.price_unit}]",
                lambda row: "-" if isnan(row["price"]) else amount(row["price"], 3),
            ),
            ("", lambda row: "knee" if row["is_knee"] else ""),
        ),
    )
    if len(found.table) == 1:
        say("There is nothing to trade: the plan of least cost has the least of it.")
    print_notes(found.notes)


@study_command(
    "frontier",
    SCENARIO,
    option(
        "--cost-against=MEASURE against",
        "carbon, water, unmet, rented, latency, connection, largest, zone:ID or site:ID.",
        required=True,
    ),
    option("--points", "How many points, both ends among them.", click.IntRange(min=3, max=200), 9),
    option(
        "--most-cost=PERCENT most_cost_frac",
        "End where cost is so far above the least; by default at the least of the measure.",
        Percentages("a percentage above 0, such as 5"),
    ),
    OVERRIDES,
    into_folder("Folder for frontier.csv, .parquet, .json and .svg."),
    kind=FRONTIER,
    show=_show,
    json_help="Print the points as JSON.",
)
def command(progress: Progress, **asked: Any) -> Frontier:
    """Trace the least cost of SCENARIO for each level of a measure, from the least-cost plan on.

    carbon: emissions as cap and price count them; water: evaporated; unmet, rented: compute;
    latency: mean round trip of users of own sites; connection: new firm MW; largest: racks at the
    largest site, so what one outage takes away; zone:ID, site:ID: racks there. All but unmet hold
    unmet demand at its level in the plan of least cost; latency holds rented compute, and whom own
    sites serve, too. The price of a point is the dual of its level: what one unit less costs;
    the last point has none where no plan has less. Integers are left out.

    Example: dcplan frontier us-base --cost-against carbon --most-cost 5 -o carbon/
    """
    from planner.studies.frontier import frontier

    return frontier(**asked, on_stage=progress.stage, interrupt=progress.interrupt)
