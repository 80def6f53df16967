"""Tables that end before the horizon does: their last figures hold, and a note says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.inputs.case import Case

__all__ = ["note_held_tables"]


def note_held_tables(case: Case) -> None:
    """Note the tables of figures by year that the last model year lies beyond.

    The headroom of zones has a note of its own; a table without a figure that must be stated for
    each year, such as deliveries, is a problem where it is read.

    Parameters
    ----------
    case : Case
        Years, settings and tables; takes the note.
    """
    held = []
    for name, counts in _held_tables(case).items():
        last = int(case.tables[name]["year"].max()) if len(case.tables[name]) else case.year[-1]
        if counts and last < case.year[-1]:
            held.append(f"{name} ({last})")
    if held:
        case.findings.note(
            f"Up to {case.year[-1]}, figures of tables that end before are those of their last"
            f" year: {', '.join(held)}."
        )


def _held_tables(case: Case) -> Mapping[str, bool]:
    """Tables whose last figures hold, and whether this scenario reads them."""
    scenario = case.scenario
    has_plants = bool(scenario.supply.allow)
    return {
        "carbon_intensity": True,
        "carbon_prices": True,
        "clean_share": scenario.contracts.matching.target_frac is not None,
        "fuel_prices": has_plants,
        "onsite_sources": has_plants,
        "ppa_prices": bool(scenario.contracts.ppa),
    }
