"""Power bought under contract, and what of the energy used must be clean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from planner.inputs.arrays import Bools, Floats
    from planner.lp.axis import Axis
    from planner.lp.index import Index

__all__ = ["ContractInputs"]


@dataclass(frozen=True)
class ContractInputs:
    """Agreements on offer and clean targets; every list is empty where a scenario has none.

    A pool is the sites and zones within which contracts count: a zone, a country, or all.
    """

    contract: Axis  # agreements on offer, by the scenario's names
    pool: Axis
    is_physical: Bools  # [contract]
    technology: tuple[str, ...]  # [contract]
    zone_pool: NDArray[np.intp]  # [zone] -> pool
    site_pool: NDArray[np.intp]  # [site] -> pool
    sign: Index  # (contract, zone, year) in which delivery may begin
    sign_start: Floats  # [sign] e.g. 2027.25
    sign_end: Floats  # [sign] end of the term
    strike_usd_per_mwh: Floats  # [sign]
    force: Index  # (contract, zone, year) in which one may be in force
    limit_mw: Floats  # [force]
    profile_frac: Floats  # [contract, zone, slot], output over capacity
    market_usd_per_mwh: Floats  # [zone, year, slot], what the market pays
    # physical delivery
    delivery: Index  # (zone, year, slot)
    take: Index  # (site, year, slot)
    take_usd_per_mwh: Floats  # [take], wholesale price not paid; 0 under a bundled tariff
    # what counts as clean
    count: Index  # (site, year, slot) whose use must be clean in part, or may be claimed
    claim: Index  # (site, year, slot) where power under contract may count
    claim_slot: Index  # (pool, year, slot) in which what is claimed must be delivered
    claim_year: Index  # (pool, year) over which it must be
    target: Index  # (pool, year)
    target_frac: Floats  # [target]
    clean_frac: Floats  # [slot of PowerInputs.slot], clean share of the grid; 0 where not asked
    is_hourly: bool  # whether contracts count slot by slot
