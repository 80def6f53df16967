"""Supply curves of zones: what is not new, and the blocks above it, read a second time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.check.frames import at, listed
from planner.check.load_price import curve, existing_mw
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from planner.check.case import Case

__all__ = ["RULES"]


@rule(unit="MW or USD/MWh")
def load_price_from_tables(case: Case) -> Excess:
    """Blocks of a zone begin at what stands there, and are as wide and dear as its curve says."""
    p, settings = case.inputs.load_price, case.scenario.energy.load_price
    zones = listed(p.zone_slot, mw=p.standing_mw)
    place = zones[["zone", "year", "slot"]]
    if not len(zones):
        return Excess.where(place, np.zeros(0, dtype=np.bool_))
    own = at(existing_mw(case), zones, ("zone",), np.nan)
    parts = [Excess.differs(place, zones["mw"].to_numpy(), own)]
    rows = listed(p.block, mw=p.width_mw, usd=p.adder_usd_per_mwh)
    rows = rows.assign(number=rows["block"].astype("int64"))
    width, adder = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
    for zone in rows["zone"].unique():
        end_mw, usd = curve(case, str(zone))
        here = ((rows["zone"] == zone) & (rows["number"] <= len(usd))).to_numpy()
        number = rows["number"].to_numpy()[here] - 1
        width[here] = np.diff(end_mw, prepend=0.0)[number]
        adder[here] = settings.scale_frac * usd[number]
    place = rows[["zone", "block", "year", "slot"]]
    parts.append(Excess.differs(place, rows["mw"].to_numpy(), width))
    parts.append(Excess.differs(place, rows["usd"].to_numpy(), adder))
    return parts[0].and_also(*parts[1:])


RULES = (load_price_from_tables,)
