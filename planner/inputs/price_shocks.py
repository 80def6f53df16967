"""Shocks of the wholesale price: where, when and by how much."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.inputs.frames import texts

if TYPE_CHECKING:
    from planner.inputs.case import Case
    from planner.inputs.types import Floats

__all__ = ["wholesale_factor"]


def wholesale_factor(case: Case) -> Floats:
    """Return what the shocks of the scenario make of the wholesale price.

    Parameters
    ----------
    case : Case
        Sites, years, days and settings. A shock that no site in scope and no model year sees is
        noted.

    Returns
    -------
    array of float
        Factor, shape (site, year, slot); 1 without a shock.
    """
    zone = np.array(texts(case.sites, "zone"), dtype=object)
    factor = np.ones((len(case.sites), len(case.years), case.days.n_slots))
    for position, shock in enumerate(case.scenario.energy.shocks):
        at_site = np.isin(zone, shock.zones) | (shock.zones == "all")
        in_year = (case.year >= shock.first_year) & (case.year <= shock.last_year)
        in_slot = case.days.is_peak | (not shock.peak_day_only)
        hit = at_site[:, None, None] & in_year[:, None] & in_slot
        factor[hit] *= shock.wholesale_scale_frac
        if not hit.any():
            case.findings.note(
                f"The price shock of {shock.first_year} to {shock.last_year} hits no site in scope"
                " in any model year.",
                ("energy", "shocks", position),
            )
    return factor
