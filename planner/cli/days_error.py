"""`dcplan days-error`: operate a plan in all hours, and say what its choice of days leaves out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from planner.cli.dispatch import print_short
from planner.cli.options import LOST_LOAD, RUNS_DIR, SEED, SOME_YEARS, into_folder, option
from planner.cli.study import RUN, study_command
from planner.cli.tables import print_table, say
from planner.outputs.folder_kinds import DAYS_ERROR

if TYPE_CHECKING:
    import pandas as pd

    from planner.cli.progress import Progress
    from planner.studies.dispatch import DaysError


def _show(found: DaysError) -> None:
    slots = f"{found.days} days in time slices of {found.slot_h} h"
    click.echo(f"{found.run}: operation counted on {slots}, and in 8,760 hours\n")
    _print_table("year", found.sums("year"))
    click.echo("")
    zones = found.sums("zone")
    above = zones["hours_cost_musd"] - zones["days_cost_musd"]
    _print_table("zone", zones.loc[above.sort_values(ascending=False).index])
    more = "more" if found.error_musd >= 0.0 else "less"
    error_musd = abs(found.error_musd)
    share = error_musd / found.objective_musd
    years = ", ".join(map(str, dict.fromkeys(found.table["year"])))
    click.echo("")
    say(
        f"Discounted, operation of {years} in all hours costs {error_musd:,.1f} MUSD {more}"
        f" than counted on {slots}: {share:.3%} of the plan's {found.objective_musd:,.0f} MUSD."
    )
    short_mwh, short_musd = (float(found.table[f"hours_short_{of}"].sum()) for of in ("mwh", "musd"))
    print_short(short_mwh, short_musd, "the cost in all hours, not discounted", found.lost_load_usd_per_mwh)
    if found.is_drawn:
        say(
            f"Weather and prices of the year are drawn with seed {found.seed}, as"
            " `dcplan data days` and `dcplan stress` draw them. --hours-of names a scenario"
            " with a year of your own."
        )
    if found.with_tariffs:
        say(f"Bills of tariffs are not in it: {', '.join(found.with_tariffs)}.")


def _print_table(by: str, sums: pd.DataFrame) -> None:
    """Print cost on the plan's days and in all hours, what parts them, and what is short, in hours of all sites."""
    columns = (
        (by, f"{{{by}}}"),
        ("days\nMUSD", "{days_cost_musd:,.1f}"),
        ("hours\nMUSD", "{hours_cost_musd:,.1f}"),
        ("error\nMUSD", lambda row: f"{row['hours_cost_musd'] - row['days_cost_musd']:+,.1f}"),
        ("error\n%", lambda row: _percent(row["days_cost_musd"], row["hours_cost_musd"])),
        ("peaks\nMUSD", lambda row: f"{row['hours_demand_musd'] - row['days_demand_musd']:+,.1f}"),
        ("carbon\n%", lambda row: _percent(row["days_carbon_t"], row["hours_carbon_t"])),
        ("short\nMUSD", "{hours_short_musd:,.1f}"),
        ("short\nMWh", "{hours_short_mwh:,.0f}"),
        ("short\nh", "{hours_short_h:,.0f}"),
    )
    print_table(sums, columns, left={by})


def _percent(counted: float, found: float) -> str:
    """Write by how much a figure of all hours is above that of the days."""
    return f"{100.0 * (found / counted - 1.0):+.2f}" if counted > 0.0 else "-"


@study_command(
    "days-error",
    RUN,
    SOME_YEARS,
    option(
        "--hours-of=SCENARIO",
        "Chronological scenario whose 365 days are the hours, with the same sites; left out: those of RUN,"
        " or drawn ones.",
    ),
    SEED,
    LOST_LOAD,
    RUNS_DIR,
    into_folder("Folder to write into; left out: days_error/ in the run folder."),
    kind=DAYS_ERROR,
    of_run=True,
    show=_show,
    json_help="Print the figures as JSON.",
)
def command(progress: Progress, **asked: Any) -> DaysError:
    """Operate the plan of RUN in all 8,760 hours, and say the error of the days it was made for.

    RUN is a run folder, its name, or a scenario: its latest run as it is. The same sites, racks and
    connections are operated with all hours of a year in view; cost of operation, billed peaks,
    energy, emissions and what is short stand next to what the plan's days count, by year and zone.

    Example: dcplan days-error us-base --year 2030
    """
    from planner.operate import days_error

    return days_error(**asked, on_progress=progress.share)
