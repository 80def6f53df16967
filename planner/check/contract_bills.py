"""Cost lines of power under contract, added up again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.check.frames import at, by
from planner.check.payments import every_year

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from planner.check.case import Case

__all__ = ["CONTRACT_BILLS"]

_USD_PER_MUSD = 1e6


def contract_strike(case: Case) -> pd.DataFrame:
    """Energy delivered at its strike."""
    table = case.plan("contracts")
    usd = (table["energy_mwh"] * table["strike_usd_per_mwh"]).fillna(0.0)
    return every_year(case, table[["year"]], usd / _USD_PER_MUSD)


def contract_market_value(case: Case) -> pd.DataFrame:
    """Output of financial agreements at what the market pays in the slot."""
    slots, offers = case.plan("contract_slot"), case.scenario.contracts.ppa
    sold = slots[np.array([offers[c].kind == "financial" for c in slots["contract"]], np.bool_)]
    hours = at(by(case.power.slot, "slot", "hours"), sold, ("slot",), np.nan)
    usd = sold["output_mw"] * hours * sold["market_usd_per_mwh"]
    return every_year(case, sold[["year"]], -usd / _USD_PER_MUSD)


def contract_power_taken(case: Case) -> pd.DataFrame:
    """Wholesale price not paid for what sites take of physical agreements."""
    used = case.plan("contract_use")
    hours = at(by(case.power.slot, "slot", "hours"), used, ("slot",), np.nan)
    usd = used["taken_mw"] * hours * used["wholesale_usd_per_mwh"]
    return every_year(case, used, -usd / _USD_PER_MUSD)


CONTRACT_BILLS: Mapping[str, Callable[[Case], pd.DataFrame]] = {
    "contract_strike": contract_strike,
    "contract_market_value": contract_market_value,
    "contract_power_taken": contract_power_taken,
}
"""Payments by site and calendar year of every line, by its name."""
