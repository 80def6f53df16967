"""Which sites keep a balance of power time slice by time slice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.lp.join import cross

if TYPE_CHECKING:
    from planner.base.arrays import Bools, Floats
    from planner.inputs.axes import Sets
    from planner.lp import Index

__all__ = ["BalanceInputs", "balance_inputs"]


@dataclass(frozen=True)
class BalanceInputs:
    """Where something answers to the hour: on-site sources, batteries, shedding, contracts.

    Everywhere else what a site draws from the grid is what it uses, and no row says so.
    """

    site_year: Index  # (site, year)
    slot: Index  # (site, year, slot) = site_year x slot
    surplus: Index  # (site, year, slot) in which surplus is curtailed at no cost
    exact: Index  # (site, year, slot) in which power must be used up, or curtailed: those with a
    # price below 0, and all where what is drawn counts under contract or as clean


def balance_inputs(
    sets: Sets, site_year: Index, answers: Bools, energy_usd_per_mwh: Floats, counts: Bools | None = None
) -> BalanceInputs:
    """List the sites and years in which something answers to the hour.

    Takes `answers` (site_year,), `energy_usd_per_mwh` [USD/MWh], `counts` (site_year,).
    """
    if counts is None:
        counts = np.zeros(site_year.size, dtype=np.bool_)
    balanced = site_year.select(np.flatnonzero(answers | counts), "balance")
    slot = cross(balanced, sets.slot, name="balance_slot")
    n = len(sets.slot)
    price = energy_usd_per_mwh.reshape(-1, n)
    is_exact = ((price < 0.0) | counts[:, None])[answers | counts].ravel()
    return BalanceInputs(
        site_year=balanced,
        slot=slot,
        surplus=slot.select(np.flatnonzero(~is_exact), "surplus_slot"),
        exact=slot.select(np.flatnonzero(is_exact), "exact_slot"),
    )
