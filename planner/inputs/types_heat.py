"""Heat of the halls that a network buys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planner.inputs.arrays import Floats
    from planner.lp.index import Index

__all__ = ["HeatInputs"]


@dataclass(frozen=True)
class HeatInputs:
    """Where heat can be sold; every list is empty where a scenario sells none."""

    sale: Index  # (site, year) with a buyer
    share_frac: Floats  # [sale], of the heat that can be recovered
    recover_frac: Floats  # [cooling], heat that can be recovered over IT power
    buyer_h: Floats  # [sale], hours of full load a year
    price_usd_per_mwh: Floats  # [sale]
    capex_musd_per_mw: Floats  # [sale], of the connection, which serves from 1 January
