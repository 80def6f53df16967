"""Sites whose power is balanced slot by slot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planner.lp.index import Index

__all__ = ["BalanceInputs"]


@dataclass(frozen=True)
class BalanceInputs:
    """Where something answers to the hour: own sources, batteries, shedding, contracts.

    Everywhere else what a site draws from the grid is what it uses, and no row says so.
    """

    site_year: Index  # (site, year)
    slot: Index  # (site, year, slot) = site_year x slot
    surplus: Index  # (site, year, slot) in which surplus is thrown away free
    exact: Index  # (site, year, slot) in which power must be used up, or curtailed: those with a
    # price below 0, and all where what is drawn counts under contract or as clean
