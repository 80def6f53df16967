"""Balance of power at sites where something answers to the hour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from planner.check.frames import listed
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from planner.check.case import Case

__all__ = ["RULES"]

_SITE = ("site", "year")


@rule(unit="MW")
def power_balance(case: Case) -> Excess:
    """What comes in at a site covers what it uses in every slot, and no import is negative."""
    power = case.power
    frame = power.site_year.merge(power.slot[["slot"]], how="cross")
    balanced = pd.MultiIndex.from_frame(listed(case.inputs.balance.site_year))
    here = pd.MultiIndex.from_frame(frame[list(_SITE)]).isin(balanced)
    place = frame[here].reset_index(drop=True)
    drawn, used = power.grid_mw.ravel()[here], power.facility_mw.ravel()[here]
    return Excess.above(place, used, drawn).and_also(Excess.above(place, -drawn, 0.0))


RULES = (power_balance,)
