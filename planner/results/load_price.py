"""Table of the price that rises with new load in a zone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.base.units import USD_PER_MUSD
from planner.lp.join import distinct, locate
from planner.results.frame import cleaned, labels, ratio, result_table, total_by

if TYPE_CHECKING:
    import pandas as pd

    from planner.results.solved import SolvedModel

__all__ = ["load_price"]


def load_price(s: SolvedModel) -> pd.DataFrame:
    """Make table `load_price`: new load of zones and what it pays above the price."""
    p, slot = s.p.load_price, s.p.power.slot
    over = distinct(p.zone_slot, "zone", "year", name="zone_year")
    of_slot, hours = over.find(p.zone_slot), s.weight_h[p.zone_slot["slot"]]
    # A block that costs nothing may be filled beyond need, so load is counted from the draw.
    place = locate(p.zone_slot, s.p.sets.site_zone[slot["site"]], slot["year"], slot["slot"])
    known = np.flatnonzero(place >= 0)
    drawn = total_by(place[known], s.grid_mw.ravel()[known], p.zone_slot.size)
    new_mw = cleaned(np.maximum(drawn - p.standing_mw, 0.0))
    energy = total_by(of_slot, new_mw * hours, over.size)
    mw = s.value(s.model.block_mw)
    usd = mw * s.weight_h[p.block["slot"]] * p.adder_usd_per_mwh
    paid = total_by(over.find(p.block), usd, over.size)
    peak, dearest = np.zeros(over.size), np.zeros(over.size)
    np.maximum.at(peak, of_slot, new_mw)
    used = np.flatnonzero(mw)
    np.maximum.at(dearest, over.find(p.block)[used], p.adder_usd_per_mwh[used])
    rows = np.flatnonzero(energy)
    return result_table(
        "load_price",
        {
            **labels(over, rows),
            "new_mwh": energy[rows],
            "new_peak_mw": peak[rows],
            "mean_adder_usd_per_mwh": np.nan_to_num(ratio(paid, energy))[rows],
            "last_adder_usd_per_mwh": dearest[rows],
            "musd": (paid / USD_PER_MUSD)[rows],
        },
    )
