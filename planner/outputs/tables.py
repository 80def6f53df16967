"""The tables of a run folder: those of the results, and the verdict of the checker."""

from __future__ import annotations

from planner.results.column import Table, flag, number, text, whole
from planner.results.schema import TABLES

__all__ = ["CHECKS", "RUN_TABLES"]

CHECKS = Table(
    "checks",
    "One row per rule that the independent checker tested on the finished plan.",
    ("name",),
    (
        text("name", "Name of the rule"),
        flag("ok", "Whether every place keeps the rule"),
        text("verified", "What was verified"),
        whole("tested", "places", "Places tested; 0 where the scenario has nothing of the kind"),
        whole("broken", "places", "Places where the rule is broken"),
        number("worst", "see unit", "Largest violation against what is allowed there"),
        text("unit", "Unit of the violation and the tolerance"),
        text("place", "Where it is; empty where nothing is violated"),
        number("tolerance", "see unit", "Violation allowed at that place"),
    ),
)

RUN_TABLES: dict[str, Table] = {**TABLES, CHECKS.name: CHECKS}
"""Every table of a run folder by name."""
