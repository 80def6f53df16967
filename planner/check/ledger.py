"""The ledger of facts: for every figure of the inputs, who rereads it, or why nobody does.

A figure is named by its path in `Inputs`: `rent.depth_kh100e`, a column of a table as `halls.lead.months`, an entry
that holds others (`tariffs.accounts`) for all of them. Every number of the inputs is in exactly one of the two lists; a
test finds them by reflection, makes each 5 % wrong, as a whole and in one element, and demands that a rule named here
breaks. Index lists are not figures: `planner.check.decided` states again what may be decided, and where a row missing
from another list would pass unseen, `rows_there`, `sites_in_scope` and rules that look figures up at every row find it.

To add a figure: let the rule that rereads it say so (`rereads`), or write it into `TAKEN_AS_GIVEN` of its family's file
with a reason that convinces.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.check.all_checks import RULES
from planner.check.declared import merged
from planner.check.families import FAMILIES

if TYPE_CHECKING:
    from collections.abc import Mapping

_RULES_OF: Final = [(figure, rule.name) for rule in RULES for figure in rule.rereads]
REREAD: Final[Mapping[str, tuple[str, ...]]] = {
    figure: tuple(rule for of, rule in _RULES_OF if of == figure) for figure, _ in _RULES_OF
}
"""Rules by the figure of `Inputs` that they reread from the scenario and the data."""

TAKEN_AS_GIVEN: Final[Mapping[str, str]] = {
    **merged(FAMILIES, "TAKEN_AS_GIVEN"),
    **dict.fromkeys(
        ("noted_settings", "warnings"),
        "lines of the files that notes and warnings point at: shown, and read by no plan",
    ),
    "tables": "the data that the checker rereads; files_as_written names what changed since",
}
"""Reasons by the figure of `Inputs` that no rule rereads."""


def in_words() -> str:
    """Say how many figures the checker rereads, and how many it takes as given."""
    return (
        f"{len(REREAD)} kinds of input figures are reread from the scenario and the data;"
        f" {len(TAKEN_AS_GIVEN)} are taken as given."
    )
