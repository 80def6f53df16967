"""Bridge power: sources that serve until the grid arrives, then leave."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from planner.base.units import KW_PER_MW, USD_PER_MUSD
from planner.inputs.table_columns import codes, floats, texts
from planner.lp import Index

if TYPE_CHECKING:
    from planner.base.arrays import Floats
    from planner.inputs.axes import Sets
    from planner.inputs.case import ScopedCase
    from planner.inputs.supply_figures import SourceFigures

__all__ = ["bridge_lists"]

_TOLD_AGE_YEARS: Final = 3.0  # of the first worth in table bridge_power


def bridge_lists(
    case: ScopedCase, sets: Sets, figures: SourceFigures, build: Index, start: Floats, life: Floats
) -> dict[str, Any]:
    """Return the lists of sources that may leave, by their names in `SupplyInputs`.

    What leaves is worth a share of the price of a new one, by its age: the table's share at
    three years, less its decline for each further year, and no more when it is younger.
    Takes `build` (site, source, year), `start` [year, yr], `life` [year, yr].
    """
    bridge = case.scenario.supply.bridge
    may_leave = np.array([id_ in bridge.sources for id_ in figures.ids], dtype=np.bool_)
    first = np.flatnonzero(may_leave[build["source"]])
    axes = (sets.site, build.axis("source"), sets.year.renamed("vintage"))
    vintages = Index.sparse("bridge", axes, [codes_[first] for codes_ in build.codes])

    of = np.repeat(first, len(sets.year))
    year = np.tile(np.arange(len(sets.year)), first.size)
    leaves = (year > build["year"][of]) & (case.year[year] < start[of] + life[of])
    of, year = of[leaves], year[leaves]
    moment = case.year[year].astype(np.float64)
    age, source = moment - start[of], build["source"][of]

    worth, decline, redeploy = (
        np.append(floats(case.tables["bridge_power"], column), np.nan)[
            codes(figures.ids, texts(case.tables["bridge_power"], "onsite"))
        ]
        for column in ("residual_3yr_frac", "residual_decline_frac", "redeploy_usd_per_kw")
    )
    share = np.clip(worth[source] - decline[source] * np.maximum(age - _TOLD_AGE_YEARS, 0.0), 0, 1)
    if bridge.residual_frac is not None:
        share = np.full(share.shape, bridge.residual_frac)
    usd_per_kw = redeploy[source]
    if bridge.redeploy_usd_per_kw is not None:
        usd_per_kw = np.full(usd_per_kw.shape, bridge.redeploy_usd_per_kw)
    return {
        "bridge": vintages,
        "redeploy": Index.sparse("redeploy", (*axes, sets.year), (build["site"][of], source, build["year"][of], year)),
        "redeploy_start": moment,
        "redeploy_life_left_years": start[of] + life[of] - moment,
        "redeploy_worth_musd_per_mw": share * figures.capex_musd_per_mw(start[of], source),
        "redeploy_cost_musd_per_mw": usd_per_kw * KW_PER_MW / USD_PER_MUSD,
    }
