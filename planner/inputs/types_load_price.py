"""Price of energy that rises with new load in a zone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planner.inputs.arrays import Floats
    from planner.lp.index import Index

__all__ = ["LoadPriceInputs"]


@dataclass(frozen=True)
class LoadPriceInputs:
    """Supply curves of zones in blocks; every list is empty where the scenario has none."""

    zone_slot: Index  # (zone, year, slot) with a supply curve
    standing_mw: Floats  # [zone_slot] connection of the base year: load below it is not new
    block: Index  # (zone, block, year, slot) = zone_slot x block
    width_mw: Floats  # [block]; the last of a zone is infinite
    adder_usd_per_mwh: Floats  # [block], above the price of the slot; never falls within a zone
