"""On-site sources built as integer plants: at a site none, or at least the smallest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from planner.base.number_format import amount

if TYPE_CHECKING:
    from planner.base.arrays import Floats
    from planner.inputs.case import ScopedCase
    from planner.inputs.supply_figures import SourceFigures
    from planner.lp import Index

__all__ = ["plant_lists"]

_ROUNDING = 1e-9


def plant_lists(
    case: ScopedCase, figures: SourceFigures, build: Index, start: Floats, existing_mw: Floats
) -> dict[str, Any]:
    """Return the smallest plants and what must be whole, by their names in `SupplyInputs`.

    The room of a source is what its limit at the site leaves after what exists.
    Takes `build` (site, source, year), `start` [year], `existing_mw` (site, source) [MW].
    """
    source = build["source"]
    least_mw = figures.interpolate("min_size_mw", start, source)
    is_asked = (least_mw > 0.0) & case.scenario.supply.whole_sources
    _refuse_without_limit(case, figures, np.unique(source[is_asked]))
    whole = np.flatnonzero(is_asked)
    limit_mw = np.where(np.isfinite(figures.limit_mw), figures.limit_mw, 0.0)
    room_mw = (limit_mw[source] - existing_mw[build["site"], source])[whole]
    has_room = room_mw >= least_mw[whole] - _ROUNDING
    plant = build.select(whole, "plant")
    _note_without_room(case, plant, ~has_room, least_mw[whole])
    return {
        "build_smallest_mw": least_mw,
        "plant": plant,
        "plant_least_mw": least_mw[whole],
        "plant_room_mw": np.where(has_room, room_mw, 0.0),
    }


def _refuse_without_limit(case: ScopedCase, figures: SourceFigures, sources: np.ndarray) -> None:
    for id_ in (figures.ids[at] for at in sources if not np.isfinite(figures.limit_mw[at])):
        case.findings.add_at_key(
            ("supply", "whole_sources"),
            f"{id_} is built as integer plants and has no upper limit per site",
            "an upper limit per site of each such technology",
            f"give supply.max_mw.{id_}, or max_site_mw in table onsite_sources",
        )


def _note_without_room(case: ScopedCase, plant: Index, is_short: np.ndarray, least_mw: Floats) -> None:
    short = dict.fromkeys(
        (plant.axis("site").labels[site], plant.axis("source").labels[source], float(mw))
        for site, source, mw in zip(plant["site"][is_short], plant["source"][is_short], least_mw[is_short], strict=True)
    )
    if short:
        reported = ", ".join(f"{source} at {site} ({amount(mw, 4)} MW)" for site, source, mw in short)
        own = [source for _, source, _ in short if source in case.scenario.supply.max_mw]
        case.findings.add_note(
            f"No room for the smallest plant, so that none is built: {reported}.",
            ("supply", "max_mw", own[0]) if own else ("supply", "whole_sources"),
        )
