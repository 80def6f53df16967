"""`dcplan sensitivity`: which inputs decide, by solving again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from planner.cli.options import JOBS, OVERRIDES, SCHEDULER, into_folder, option
from planner.cli.study import SCENARIO, study_command
from planner.cli.tables import print_notes, print_table, say
from planner.outputs.folder_kinds import SENSITIVITY

if TYPE_CHECKING:
    from pathlib import Path

    from planner.cli.progress import Progress
    from planner.cli.tables import Column
    from planner.outputs.sensitivity import Sensitivity

_HEADS: Final = {
    "tornado": (("at_low", "at low"), ("at_high", "at high")),
    "morris": (("mu_star", "mu*"), ("mu_star_conf", "+/-"), ("sigma", "sigma")),
    "sobol": (("st", "total"), ("st_conf", "+/-"), ("s1", "alone"), ("s1_conf", "+/-")),
}
"""Columns of the table that are printed, with their heads."""
_PENALTIES: Final = (("penalty_at_low", "penalty"), ("penalty_at_high", "penalty"))
"""What of the changes of a tornado is the penalty of unmet demand, printed where there is any."""


def _show(found: Sensitivity) -> None:
    import pandas as pd

    from planner.results.cost_difference import LEAST_PENALTY_MUSD, rank_words

    is_tornado = found.method == "tornado"
    heads = _HEADS[found.method]
    if is_tornado and (found.table[[name for name, _ in _PENALTIES]].abs() >= LEAST_PENALTY_MUSD).any(axis=None):
        heads += _PENALTIES
    columns: list[Column] = [("Rank", "{rank}"), ("Figure", "{factor}")]
    columns += [(head, _number(name, is_change=is_tornado)) for name, head in heads]
    columns += [
        ("ranks", lambda row: rank_words(int(row["rank_low"]), int(row["rank_high"]))),
        ("1st order", lambda row: "-" if pd.isna(rank := row["first_order_rank"]) else str(int(rank))),
    ]
    say(f"{found.scenario}: which inputs decide {found.of} [{found.unit}]")
    # So wide at most, or a long name would squeeze the numbers out of 80 columns.
    print_table(found.table, columns, left={"Figure"}, widest={"Figure": 42 - 4 * len(heads)}, no_wrap=True)
    print_notes(found.notes)


def _number(name: str, *, is_change: bool) -> Any:
    from math import isnan

    from planner.base.words import amount

    def words(row: Any) -> str:
        value = row[name]
        sign = "-" if value < 0.0 else "+" if is_change else ""
        return "no plan" if isnan(value) else f"{sign}{amount(abs(value))}"

    return words


def _home(scenario: str, folder: Path | None) -> Path:
    from planner.studies.sensitivity.study import folder_of

    return folder_of(scenario, folder)


@study_command(
    "sensitivity",
    SCENARIO,
    option(
        "--method=METHOD",
        "tornado: one figure at a time; morris: trajectories; sobol: shares of the variance.",
        str,
        "tornado",
    ),
    option("--figures", "How many of the figures that do most to first order are moved.", int, 10),
    option("--trajectories", "Of morris; 10 where left out.", int),
    option("--samples", "Base samples of sobol, a power of 2; 64 if left out.", int),
    option("--seed", "Of the points drawn.", int, 1),
    option(
        "--of=OUTPUT",
        "What is asked of: that, bound_musd, or a column of table summary in its last year.",
        str,
        "objective_musd",
    ),
    option(
        "--steps/--no-steps", "Move columns that count in steps, such as lead times, each as one factor.", bool, True
    ),
    OVERRIDES,
    into_folder(
        "Folder of the study; left out: sensitivity/ and the name of SCENARIO, NAME-2 if another file has that."
    ),
    JOBS,
    SCHEDULER,
    kind=SENSITIVITY,
    home=_home,
    show=_show,
)
def command(progress: Progress, **asked: Any) -> Sensitivity:
    """Find which inputs of SCENARIO decide: figures moved between their own low and high.

    The plan is solved; its duals say which figures do most. These are moved and solved again as
    the futures of a sweep: alone (tornado), or all at once, which shows what acts together
    (morris, sobol; extra sensitivity). Ranks come with how stable they are.

    Answers are stored as they come. Stopped in any way, the same command goes on from there, and
    with more trajectories or samples solves only what is new.

    Example: dcplan sensitivity us-base --method morris --figures 8 --trajectories 12
    """
    from planner.studies.sensitivity import sensitivity

    return sensitivity(**asked, on_stage=progress.stage, on_warning=progress.warn, on_design=progress.print_line)
