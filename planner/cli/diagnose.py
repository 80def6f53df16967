"""`dcplan diagnose`: why a scenario has no plan, and what would give it one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from planner.base.words import and_more
from planner.cli.options import OVERRIDES, option
from planner.cli.study import SCENARIO, study_command

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from planner.cli.progress import Progress
    from planner.studies.diagnose.diagnose import Diagnosis, Remedy

_SHOWN_PLACES = 6
_PROOF = {
    True: "without any one of them there would be a plan",
    False: "time ran out before it was clear which of them could be left out",
}


def _lines(found: Diagnosis) -> Iterator[str]:
    from planner.studies.solve.conflict import in_words

    if found.feasible:
        yield f"{found.scenario}: there is a plan; nothing to diagnose"
        return
    yield f"{found.scenario}: no plan is feasible"
    if found.only_in_shares:
        yield (
            "\nInfeasible with integers (openings, phases, blocks, plants); the relaxation with "
            "fractions of them is feasible"
        )
    if found.shortages:
        yield "\nToo little, whatever the plan"
        yield from _listed([shortage.words for shortage in found.shortages])
    if found.conflict:
        yield f"\nThese constraints conflict; {_PROOF[found.is_smallest]}"
        yield from in_words(found.conflict)
    if found.remedies:
        yield "\nAny one of these changes makes a plan possible (each has been tried)"
        for number, remedy in enumerate(found.remedies, start=1):
            yield from _remedy(remedy, f"{number}. ")
    if found.together:
        yield "\nNo other limit is enough alone; these together are (tried)"
        for remedy in found.together:
            yield from _remedy(remedy, "and " if remedy is not found.together[0] else "")
    if not (found.remedies or found.together):
        yield "\nNone of the changes that were tried makes a plan possible"


def _listed(texts: Sequence[str]) -> Iterator[str]:
    yield from (f"  {text}" for text in texts[:_SHOWN_PLACES])
    if more := and_more(len(texts), _SHOWN_PLACES):
        yield f" {more} (see --json)"


def _remedy(remedy: Remedy, mark: str) -> Iterator[str]:
    """Tell a change; what belongs to it is joined by "and"."""
    indent = "" if mark == "and " else " " * len(mark)
    words = enumerate(remedy.change.words)
    yield from _listed([f"{indent}and {one}" if at else f"{mark}{one}" for at, one in words])
    if remedy.note:
        yield f"      {remedy.note}"
    yield from (f"      --set '{setting}'" for setting in remedy.change.settings)
    yield from (f"      {cell}" for cell in remedy.change.cells)


@study_command(
    "diagnose",
    SCENARIO,
    OVERRIDES,
    option("--quick", "Skip settings tried by value: lead times, latency, switches."),
    show=lambda found: click.echo("\n".join(_lines(found))),
    json_help="Print the diagnosis as JSON.",
)
def command(progress: Progress, **asked: Any) -> Diagnosis:
    """Find out why SCENARIO (a file or a shipped name) has no plan, and what would give it one.

    Names a smallest set of rules that conflict, with the settings behind them, and for
    each kind of limit the least change, in its own unit, that makes a plan possible. Every change
    shown has been made, and a plan found.

    Ends with 0 if there is a plan after all, 3 if there is none, as `dcplan solve` does, 2 if
    scenario or data cannot be used, 4 if time ran out.

    Example: dcplan diagnose tiny --set demand.unmet=forbid --set grid.headroom_scale_frac=0
    """
    from planner.studies.diagnose.diagnose import diagnose

    return diagnose(**asked, on_stage=progress.stage, interrupt=progress.interrupt)
