"""Tables of work that moves between sites."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.lp.join import distinct
from planner.results.frame import cleaned, labels, result_table, total_by, words

if TYPE_CHECKING:
    import pandas as pd

    from planner.base.arrays import Floats
    from planner.results.solved import SolvedModel


__all__ = ["migration", "migration_site"]


def migration(s: SolvedModel) -> pd.DataFrame:
    """Make table `migration`: work that may move, where and when it is due and done."""
    p = s.p.migration
    due_mw, done_mw = _due_and_done_mw(s)
    rows = np.flatnonzero((due_mw != 0.0) | (done_mw != 0.0))
    block = p.balance_of_work[rows]
    return result_table(
        "migration",
        {
            **labels(p.work, rows),
            "reach": words(p.balance.axis("reach"), p.balance["reach"][block]),
            "block": words(p.balance.axis("slot"), p.balance["slot"][block]),
            "due_mw": due_mw[rows],
            "done_mw": done_mw[rows],
        },
    )


def migration_site(s: SolvedModel) -> pd.DataFrame:
    """Make table `migration_site`: how much work of a workload a site takes and gives in a year."""
    p = s.p.migration
    due_mw, done_mw = _due_and_done_mw(s)
    hours = s.weight_h[p.work["slot"]]
    over = distinct(p.work, "site", "workload", "year")
    place = over.find(p.work)
    # Between halls of a site, and within a block, work is deferred rather than moved.
    moved_mwh = total_by(p.site_block_of_work, (done_mw - due_mw) * hours, p.site_block.size)
    of_block = over.find(p.site_block)
    arrived, left = (cleaned(total_by(of_block, np.maximum(sign * moved_mwh, 0.0), over.size)) for sign in (1.0, -1.0))
    due, done = (total_by(place, mw * hours, over.size) for mw in (due_mw, done_mw))
    rows = np.flatnonzero((due != 0.0) | (done != 0.0))
    return result_table(
        "migration_site",
        {
            **labels(over, rows),
            "due_mwh": due[rows],
            "done_mwh": done[rows],
            "arrived_mwh": arrived[rows],
            "left_mwh": left[rows],
        },
    )


def _due_and_done_mw(s: SolvedModel) -> tuple[Floats, Floats]:
    """IT power of the work, as it falls due and as it is done. [work]"""
    terms = s.model.migration
    return s.value(terms.due_mw), s.value(terms.done_mw)
