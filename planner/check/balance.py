"""Balance of power at sites where something answers to the hour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from planner.check.frames import crossed, has, listed
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from planner.base.arrays import Floats
    from planner.check.case import Case


__all__ = ["RULES", "power_covered"]

_SITE = ("site", "year")


def _sides(case: Case) -> tuple[pd.DataFrame, Floats, Floats, NDArray[np.bool_]]:
    """Places where power is balanced, what comes in there, what is used, and which of all it is."""
    power, own = case.power, case.sources
    frame = crossed(power.site_year, power.slot[["slot"]])
    balanced = pd.MultiIndex.from_frame(listed(case.inputs.balance.site_year))
    here = pd.MultiIndex.from_frame(frame[list(_SITE)]).isin(balanced)
    comes_in = power.grid_mw + own.of_sites(own.output_mw) + case.shed_mw
    goes_out = power.site_mw + own.of_sites(own.charge_mw) + case.exported_mw
    place = frame[here].reset_index(drop=True)
    return place, comes_in.ravel()[here], goes_out.ravel()[here], here


@rule(unit="MW")
def power_covered(case: Case) -> Excess:
    """What comes in at a site covers what it uses in every slot."""
    place, comes_in, used, _ = _sides(case)
    return Excess.above(place, used, comes_in)


@rule(unit="MW")
def power_balance(case: Case) -> Excess:
    """What comes in at a site covers what it uses and serves in every slot; no import is negative.

    Where a price is negative no more is left over than sun and wind yield: the rest is used up.
    """
    place, comes_in, used, here = _sides(case)
    drawn = case.power.grid_mw.ravel()[here]
    yielded = case.sources.of_sites(case.sources.yield_mw).ravel()[here]
    price = listed(case.inputs.power.slot, usd=case.inputs.grid.energy_usd_per_mwh)
    paid = has(place, price[price["usd"] < 0.0], (*_SITE, "slot"))
    return Excess.above(place, used, comes_in).and_also(
        Excess.above(place, -drawn, 0.0),
        Excess.above(place[paid], comes_in[paid], (used + yielded)[paid]),
    )


RULES = (power_balance,)
