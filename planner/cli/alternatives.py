"""`dcplan alternatives`: plans that differ and cost little more than the least."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from planner.cli.options import ALL_ROWS, OVERRIDES, Percentages, into_folder, option
from planner.cli.study import SCENARIO, study_command
from planner.cli.tables import print_notes, print_table
from planner.outputs.folder_kinds import ALTERNATIVES

if TYPE_CHECKING:
    from planner.cli.progress import Progress
    from planner.cli.tables import Column
    from planner.outputs.study_files import Alternatives

_SHOWN_ROWS: Final = 40


def _show(found: Alternatives, *, every: bool) -> None:
    from planner.base.words import amount

    def mw(name: str) -> Any:
        return lambda row: amount(row[name]) if row[name] >= 0.005 else "0"

    for kind in found.ranges["by"].unique():
        click.echo(f"Racks by {kind} in {found.year} [MW]")
        rows = found.ranges[found.ranges["by"] == kind]
        shown = rows if every else rows[rows["in_plans"] != "none"].head(_SHOWN_ROWS)
        columns: list[Column] = [("slack", _slack), ("place", "{place}")]
        columns += [(head, mw(f"{head}_mw")) for head in ("plan", "least", "most")]
        columns += [("in how many plans", "{in_plans}")]
        print_table(shown, columns, left={"slack", "place", "in how many plans"})
        if len(shown) < len(rows):
            click.echo(f"{len(rows) - len(shown)} more rows with --all")
        click.echo()
    click.echo("Plans that differ most")
    print_table(
        found.plans[found.plans["kind"] == "different"],
        (
            ("plan", "{plan}"),
            ("slack", _slack),
            ("MUSD", "{cost_musd:,.2f}"),
            ("more", "{extra_frac:.2%}"),
            ("racks elsewhere MW", lambda row: amount(row["moved_mw"])),
            ("check", lambda row: "ok" if row["is_checked"] else "FAILED"),
        ),
    )
    failed = int((~found.plans["is_checked"].astype(bool)).sum())
    checked = f"{len(found.plans)} plans were found and checked"
    click.echo(f"{checked}; {failed} FAILED." if failed else f"{checked}; all hold.")
    print_notes(found.notes)


def _slack(row: Any) -> str:
    return f"{row['slack_frac'] * 100.0:g}%"


@study_command(
    "alternatives",
    SCENARIO,
    option(
        "--slack=PERCENT,... slacks",
        "How much more plans may cost.",
        Percentages("a list of percentages above 0 and up to 100, such as 1,2,5", most=100.0, several=True),
        "1,2,5",
    ),
    option("--of*", "Whose least and most MW is looked for; may be repeated.", ["zone", "site"], ["zone", "site"]),
    option("--different", "Plans that differ most to look for, for each slack.", click.IntRange(min=0), 3),
    option("--ranges-only", "Make no plan for each least and most: less than half the time on a large scenario."),
    OVERRIDES,
    into_folder("Folder for the tables as .csv and .parquet, and alternatives.json."),
    ALL_ROWS,
    kind=ALTERNATIVES,
    show=_show,
    shown=("every",),
)
def command(progress: Progress, *, ranges_only: bool, **asked: Any) -> Alternatives:
    """Find plans of SCENARIO that cost at most a little more than the plan of least cost.

    For each slack: the least and the most racks of each zone and site in the last year, with a plan
    for each end; plans that differ most from those found; sites with racks in all, some or none of
    the plans within the slack. Every plan is checked. Unmet demand is held at its level.

    Example: dcplan alternatives us-base --slack 1,5 --of zone
    """
    from planner.studies.alternatives import alternatives

    return alternatives(**asked, plans=not ranges_only, on_stage=progress.stage, interrupt=progress.interrupt)
