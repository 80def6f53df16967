"""Tables of what is whole: sites opened, phases of halls, blocks of a workload."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.results.frame import labels, result_table

if TYPE_CHECKING:
    import pandas as pd

    from planner.results.solved import SolvedModel

__all__ = ["blocks", "openings", "phases"]


def openings(s: SolvedModel) -> pd.DataFrame:
    """Make table `openings`: new sites that are open at the end, and what opening costs."""
    given, sets = s.p.sites, s.p.sets
    site, year = given.site_year["site"], given.site_year["year"]
    share, halls_mw = s.value(s.model.open), s.value(s.model.halls.stands_mw)
    is_last = (year == len(sets.year) - 1) & ~given.is_existing[site] & (share > 0.0)
    rows = np.flatnonzero(is_last)
    at = site[rows]
    first = np.full(len(sets.site), len(sets.year))
    np.minimum.at(first, site[share > 0.0], year[share > 0.0])
    calendar = np.asarray(s.p.years.years)
    name = given.table.set_index("site").loc[list(sets.site.labels), "name"].to_numpy()
    opened = np.zeros(len(sets.site))
    np.add.at(opened, site, s.value(s.model.opened))
    return result_table(
        "openings",
        {
            "site": sets.site.texts[at],
            "name": name[at],
            "year": calendar[first[at]],
            "open_frac": share[rows],
            "halls_mw": halls_mw[rows],
            "minimum_size_mw": given.minimum_mw[at],
            "opening_musd": (given.opening_musd * opened)[at],
            "fixed_musd": given.fixed_musd_per_year[at] * share[rows],
        },
    )


def phases(s: SolvedModel) -> pd.DataFrame:
    """Make table `phases`: new halls that come in phases."""
    given = s.p.siting
    count = np.round(s.value(s.model.siting.phases)).astype(np.int64)
    built_mw = s.value(s.model.build.on(given.phase))
    rows = np.flatnonzero(count)
    return result_table(
        "phases",
        {
            **labels(given.phase, rows),
            "phases": count[rows],
            "phase_mw": given.phase_mw[rows],
            "built_mw": built_mw[rows],
        },
    )


def blocks(s: SolvedModel) -> pd.DataFrame:
    """Make table `blocks`: racks of workloads that need a block."""
    given = s.p.siting
    used_mw = s.value(s.model.siting.in_block_mw)
    rows = np.flatnonzero(used_mw)
    return result_table(
        "blocks",
        {
            **labels(given.block, rows),
            "used_mw": used_mw[rows],
            "shared_mw": s.value(s.model.siting.shared_block_mw)[rows],
            "block_mw": given.block_mw[rows],
        },
    )
