"""Balance of power at sites where something answers to the hour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from planner.check.frames import has, listed
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from planner.check.case import Case

__all__ = ["RULES"]

_SITE = ("site", "year")


@rule(unit="MW")
def power_balance(case: Case) -> Excess:
    """What comes in at a site covers what it uses and serves in every slot; no import is negative.

    Where a price is negative no more is left over than sun and wind yield: the rest is used up.
    """
    power, own = case.power, case.sources
    frame = power.site_year.merge(power.slot[["slot"]], how="cross")
    balanced = pd.MultiIndex.from_frame(listed(case.inputs.balance.site_year))
    here = pd.MultiIndex.from_frame(frame[list(_SITE)]).isin(balanced)
    place = frame[here].reset_index(drop=True)
    drawn = power.grid_mw.ravel()[here]
    comes_in = (power.grid_mw + own.of_sites(own.output_mw) + case.shed_mw).ravel()[here]
    goes_out = power.site_mw + own.of_sites(own.charge_mw) + case.exported_mw
    used = goes_out.ravel()[here]
    yielded = own.of_sites(own.yield_mw).ravel()[here]
    price = listed(case.inputs.power.slot, usd=case.inputs.grid.energy_usd_per_mwh)
    paid = has(place, price[price["usd"] < 0.0], (*_SITE, "slot"))
    return Excess.above(place, used, comes_in).and_also(
        Excess.above(place, -drawn, 0.0),
        Excess.above(place[paid], comes_in[paid], (used + yielded)[paid]),
    )


RULES = (power_balance,)
