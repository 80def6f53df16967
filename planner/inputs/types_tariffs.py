"""Bills of sites by a tariff: who is billed for what, and what stays under contract."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planner.inputs.arrays import Floats, Positions
    from planner.lp.index import Index
    from planner.tariffs import Account
    from planner.tariffs.lists import Amounts, BillLists


__all__ = ["KINDS", "TariffInputs"]

KINDS = ("energy", "demand", "capacity", "standing")
"""Kinds of charges, as the cost list has them; a ratchet and a minimum take are in demand."""


@dataclass(frozen=True)
class TariffInputs:
    """Every list is empty where the scenario bills no site by a tariff.

    A step of a bill is a slot of a model year; its customers are sites. Capacity is signed and
    given up on 1 January of a model year.
    """

    bills: BillLists  # lists and prices of all bills
    accounts: tuple[Account, ...]  # who is billed how: for reports
    load_place: Positions  # [bills.load] -> slot of PowerInputs
    connected_place: Positions  # [bills.connected] -> site_year
    line_kind: Positions  # [bills.line] -> KINDS
    contract: Index  # (site, year) with capacity under contract
    covered: Index  # (site, year, period) = contract x period
    signed: Index  # (site, vintage)
    released: Index  # (site, vintage, year): given up after it was signed
    fee: Index  # (site, vintage, year), of those, with a fee
    fee_musd_per_mw: Floats  # [fee]
    free_frac: Floats  # [site and vintage of fee]: share that may go without one
    in_force_signed: Amounts  # signed -> bills.contracted: share that is in force
    in_force_released: Amounts  # released -> bills.contracted
