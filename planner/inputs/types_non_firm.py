"""Non-firm connection: what can be had, when it is off, what of the load may then be shed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from planner.inputs.arrays import Floats
    from planner.lp.axis import Axis
    from planner.lp.index import Index

__all__ = ["NonFirmInputs", "ShedInputs"]


@dataclass(frozen=True)
class ShedInputs:
    """Load that may be left unserved; every list is empty where the scenario allows none."""

    slot: Index  # (site, year, slot) in which load may be shed
    hours_frac: Floats  # [zone, tier, slot] of the hours of the slot
    site_year: Index  # (site, year) of these
    max_energy_frac: float  # of the energy that a site would use
    usd_per_mwh: float
    deployment_frac: Floats  # [deployment] of its work that may be lost


@dataclass(frozen=True)
class NonFirmInputs:
    """Non-firm connection; every list is empty where the scenario allows none."""

    tier: Axis  # curtailment rates [%] up to the chosen one, or that alone
    connect: Index  # (site, year, tier) entering service
    start: Floats  # [connect] service start, e.g. 2027.5
    turns_firm: Floats  # [connect] when it turns firm; inf: never
    firm_year: NDArray[np.intp]  # [connect] first year in which it is firm at some time, else -1
    capex_musd_per_mw: Floats  # [connect], overnight
    service: Index  # (site, year) in which some may be in service
    service_tier: Index  # (site, year, tier) = service x tier
    stress: Index  # (site, year, slot) of these in which it is off, at least in part
    billing: Index  # (site, year, period) of these
    discount_usd_per_kw_month: Floats  # [billing] off the demand charge
    headroom: Index  # (zone, year, tier) for firm and non-firm up to it, dominated years dropped
    headroom_mw: Floats  # [headroom], beyond commitments
    off_frac: Floats  # [zone, tier, slot]: share of the slot in which non-firm power is off
    shed: ShedInputs
