"""Halls: what of their power and floor is spare or stranded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.check.declared import DualPrice
from planner.check.frames import quotient
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.check.case import Case


_HALL = ("site", "hall", "year")
_KW_PER_MW = 1000.0


@rule(unit="MW")
def halls_table(case: Case) -> Excess:
    """Spare and stranded power and floor follow from what is usable and used.

    Stranded is what stays empty when a hall is filled with the mix of racks it has; what is kept
    free is neither spare nor stranded. Floor counts in MW of the density it is built for, so that one tolerance
    serves all.
    """
    table = case.plan("halls")
    for_racks_mw, used_mw = (table["operated_mw"] - table["free_mw"]).to_numpy(), table["used_mw"].to_numpy()
    floor, used = (table[name].to_numpy() / _KW_PER_MW for name in ("floor_m2", "used_m2"))
    is_used = (used_mw > 0.0) & (used > 0.0)
    fill = np.where(is_used, np.fmin(quotient(for_racks_mw, used_mw), quotient(floor, used)), 0.0)
    pairs = [
        (table["spare_power_mw"], np.maximum(for_racks_mw - used_mw, 0.0)),
        (table["spare_floor_m2"] / _KW_PER_MW, np.maximum(floor - used, 0.0)),
        (table["stranded_power_mw"], np.where(is_used, for_racks_mw - fill * used_mw, 0.0)),
        (table["stranded_floor_m2"] / _KW_PER_MW, np.where(is_used, floor - fill * used, 0.0)),
    ]
    parts = [Excess.differs(table[list(_HALL)], left.to_numpy(), right) for left, right in pairs]
    return parts[0].and_also(*parts[1:])


HEADING: Final = "Halls"
DECISIONS: Final[Mapping[str, tuple[str, str]]] = {
    "build": ("builds", "built_mw"),
    "retrofit": ("retrofits", "retrofitted_mw"),
    "lease": ("leases", "leased_mw"),
    "operate": ("operated", "operated_mw"),
}
PRICES: Final[Mapping[str, DualPrice]] = {
    "hall_power": DualPrice("USD/MW-year"),
    "hall_space": DualPrice("USD/m2-year", 1000.0),
    "lease_depth": DualPrice("USD/MW-year"),
    "committed_halls": DualPrice("USD/MW", paid="once"),
}
