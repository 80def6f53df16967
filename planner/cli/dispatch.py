"""`dcplan dispatch`: operate a plan hour by hour with few hours in view."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from planner.cli.options import LOST_LOAD, OWN_HOURS, RUNS_DIR, SEED, SOME_YEARS, into_folder, option
from planner.cli.study import RUN, study_command
from planner.cli.tables import print_table, say
from planner.outputs.folder_kinds import DISPATCH

if TYPE_CHECKING:
    from planner.cli.progress import Progress
    from planner.cli.tables import Column
    from planner.studies.dispatch import Dispatch

_SHORT_MWH: Final = 0.5
"""Less is noise of the solver, and 0 in print."""


def print_short(short_mwh: float, short_musd: float, cost: str, lost_load_usd: float) -> None:
    """Say how much energy is short, and what of the cost that is; nothing where none is.

    Takes `short_musd` [MUSD], `lost_load_usd` [USD/MWh].
    """
    if short_mwh > _SHORT_MWH:
        say(
            f"Warning: {short_mwh:,.0f} MWh are short, {short_musd:,.1f} MUSD of {cost}: at the"
            " price of unmet compute where racks work, and at"
            f" {lost_load_usd:,.0f} USD/MWh (--lost-load-usd-per-mwh) elsewhere."
        )


def _show(found: Dispatch) -> None:
    click.echo(f"{found.run}: {found.window_h} hours in view, {found.overlap_h} of them seen again")
    money = {"cost": "cost", "above": "above", "energy": "energy", "source": "sources", "sold": "sold"}
    columns: list[Column] = [("year", "{year}"), ("operated by", "{way}")]
    columns += [(f"{head}\nMUSD", f"{{{name}_musd:,.3f}}") for name, head in money.items()]
    columns += [("short\nMWh", "{short_mwh:,.0f}"), ("battery\nMWh", "{taken_mwh:,.0f}")]
    print_table(found.table, columns, left={"operated by"})
    for way, rows in found.table.groupby("way", sort=False):
        short_mwh, short_musd = (float(rows[name].sum()) for name in ("short_mwh", "short_musd"))
        print_short(short_mwh, short_musd, f"the cost with {way}", found.lost_load_usd_per_mwh)
    if not found.batteries:
        say("No site has a battery: no hour depends on another, and windows cost nothing.")


@study_command(
    "dispatch",
    RUN,
    option("--window-h=H", "Hours in view.", int, 48),
    option("--overlap-h=H", "Hours of a window that the next one sees again.", int, 24),
    SOME_YEARS,
    SEED,
    OWN_HOURS,
    LOST_LOAD,
    RUNS_DIR,
    into_folder("Folder to write into; left out: dispatch/ in the run folder."),
    kind=DISPATCH,
    of_run=True,
    show=_show,
    json_help="Print the table as JSON.",
)
def command(progress: Progress, **asked: Any) -> Dispatch:
    """Operate the plan of RUN through all hours of each year, at least cost and with few in view.

    RUN is a run folder, its name, or a scenario: its latest run as it is. On-site technologies,
    batteries and the connection are dispatched three times on the same drawn weather and prices:
    with all hours of the year in view, with windows that roll on and hand over the batteries'
    level, and by the rules of `dcplan stress`, which keep to the plan.

    Example: dcplan dispatch us-base --window-h 48 --overlap-h 24 --year 2030
    """
    from planner.operate import dispatch

    return dispatch(**asked, on_progress=progress.share)
