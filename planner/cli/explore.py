"""Commands that solve one scenario in several ways: `dcplan frontier`, `alternatives` and `myopic`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from planner.cli.options import (
    ALL_ROWS,
    INTO_RUNS_DIR,
    NO_WORKBOOK,
    OVERRIDES,
    Percentages,
    into_folder,
    option,
    print_notes,
    print_table,
    say,
)
from planner.cli.study import SCENARIO, study_command
from planner.outputs.own_folder import ALTERNATIVES, FRONTIER

if TYPE_CHECKING:
    from planner.cli.options import Column
    from planner.cli.progress import Progress
    from planner.outputs.study_files import Alternatives, Frontier
    from planner.studies.myopic import Myopic


def _show_frontier(found: Frontier) -> None:
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
            (f"one unit less costs [{found.price_unit}]", lambda row: amount(row["price"], 3).replace("nan", "-")),
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
    show=_show_frontier,
    json_help="Print the points as JSON.",
)
def frontier_command(progress: Progress, **asked: Any) -> Frontier:
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


_SHOWN_ROWS: Final = 40


def _show_alternatives(found: Alternatives, *, every: bool) -> None:
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
    show=_show_alternatives,
    shown=("every",),
)
def alternatives_command(progress: Progress, *, ranges_only: bool, **asked: Any) -> Alternatives:
    """Find plans of SCENARIO that cost at most a little more than the plan of least cost.

    For each slack: the least and the most racks of each zone and site in the last year, with a plan
    for each end; plans that differ most from those found; sites with racks in all, some or none of
    the plans within the slack. Every plan is checked. Unmet demand is held at its level.

    Example: dcplan alternatives us-base --slack 1,5 --of zone
    """
    from planner.studies.alternatives import alternatives

    return alternatives(**asked, plans=not ranges_only, on_stage=progress.stage, interrupt=progress.interrupt)


# --- `dcplan myopic`: what it costs to decide year by year, and so what foresight is worth --------

_DECIDED: Final = {
    "orders": "what must be ordered in a year is decided in it",
    "service": "what enters service in a year is decided in it",
}


def _show_myopic(found: Myopic) -> None:
    from planner.base.words import amount
    from planner.results.cost_difference import WITHIN_GAPS

    def of_plan(words: str | Any) -> Any:
        """Write nothing where there is no plan."""
        known = words.format_map if isinstance(words, str) else words
        return lambda row: known(row) if row["cost_musd"] == row["cost_musd"] else ""

    def unmet(row: Any) -> str:
        return f"{amount(row['unmet_kh100e'], 4)} in {row['unmet_year']}" if row["unmet_year"] else "none"

    columns = (
        ("years in view", "{window_years}"),
        ("status", "{status}"),
        ("cost [MUSD]", of_plan("{cost_musd:,.2f}")),
        ("foresight [MUSD]", of_plan("{foresight_musd:,.2f}")),
        ("", of_plan(lambda row: WITHIN_GAPS if row["is_within_gaps"] else f"{row['foresight_frac']:.2%}")),
        ("of which penalty", of_plan("{foresight_penalty_musd:,.2f}")),
        ("unmet [kH100e]", of_plan(unmet)),
    )
    click.echo(f"{found.scenario}: {_DECIDED[found.decides]}")
    print_table(found.table, columns, left={"status"})
    print_notes(found.notes)
    for window, why in zip(found.table["window_years"], found.why, strict=True):
        if why:
            say(f"With {window} in view there is no plan:")
            click.echo(why)


@study_command(
    "myopic",
    SCENARIO,
    option(
        "--window=YEARS* windows",
        "Model years in view whenever a year is decided; may be repeated; left out: 1.",
        click.IntRange(min=1),
    ),
    option(
        "--decides",
        "What is decided in a year: orders that cannot wait, or what enters service.",
        ["orders", "service"],
        "orders",
    ),
    INTO_RUNS_DIR,
    OVERRIDES,
    NO_WORKBOOK,
    show=_show_myopic,
    json_help="Print the table as JSON.",
)
def myopic_command(
    progress: Progress, *, windows: tuple[int, ...], runs_dir: str, no_workbook: bool, **asked: Any
) -> Myopic:
    """Decide SCENARIO year by year, and say what foresight is worth.

    In each model year the plan is made again with so many years in view, that year among them.
    What must be ordered in the year, by its lead time, is ordered for good; what later years would
    need and nobody sees yet is not. With --decides service that is what enters service in the
    year, as if all could be had at once. The value of foresight is what such a plan costs more than
    the one with all years in view. Every plan is checked and stored as a run. Ctrl-C, or the time
    limit, which is of all steps of a plan together, keeps the plans that are done. The exit code is
    3 where no window shorter than the horizon has a plan.

    Example: dcplan myopic us-base --window 1 --window 2
    """
    from planner.outputs.own_folder import RUNS, try_own_folder
    from planner.studies.myopic import myopic

    try_own_folder(Path(runs_dir), RUNS)
    tell: dict[str, Any] = {"on_stage": progress.stoppable, "on_progress": progress.solver}
    found = myopic(windows=windows or (1,), **asked, **tell, interrupt=progress.interrupt)
    if found.is_stopped:
        done = sum(plan is not None for plan in found.plans)
        progress.print_line(f"Stopped with {done} of {len(found.plans)} plans; these are written")
    progress.stage("write")
    progress.written += found.write(runs_dir, workbook=not no_workbook, log=progress.lines)
    return found
