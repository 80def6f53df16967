"""Sites that make up a block of a workload together: those within a round trip of each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.inputs.routes import lines_between
from planner.inputs.table_columns import floats
from planner.lp import Axis, Index
from planner.lp.join import locate
from planner.place.geo import geodesic_km, rtt_ms

if TYPE_CHECKING:
    from planner.base.arrays import Bools, Floats, Positions
    from planner.inputs.axes import Sets
    from planner.inputs.case import ScopedCase

__all__ = ["partner_blocks", "partners"]

_PARTNER: Final = "partner"


def partners(case: ScopedCase, sets: Sets, block: Index) -> Index:
    """List the sites whose racks count towards the block of a workload at a site.

    Takes `block` (site, workload, year).
    """
    near = _within_reach(case, sets)
    at, partner = np.nonzero(near[block["workload"], block["site"]])
    site, workload, year = (block[name][at] for name in ("site", "workload", "year"))
    axes = (sets.site, sets.workload, sets.year, Axis(_PARTNER, sets.site.labels))
    shared = Index.sparse("shared", axes, (site, workload, year, partner))
    return shared.select(partner_blocks(block, shared) >= 0, "shared")


def partner_blocks(block: Index, shared: Index) -> Positions:
    """Return where the block of each partner is in the list of blocks."""
    return locate(block, shared[_PARTNER], shared["workload"], shared["year"])


def _within_reach(case: ScopedCase, sets: Sets) -> Bools:
    """Return which sites may share a block, shape (workload, site, site)."""
    near = np.zeros((len(sets.workload), len(sets.site), len(sets.site)), dtype=np.bool_)
    near[:] = np.eye(len(sets.site), dtype=np.bool_)
    asked = case.scenario.siting.block_rtt_ms
    if asked:
        between_ms = _between_ms(case)
        for name, bound_ms in asked.items():
            near[sets.workload.code(name)] |= between_ms <= bound_ms
    return near


def _between_ms(case: ScopedCase) -> Floats:
    """Round trip between sites on fibre of their own, shape (site, site). [ms]

    The slope of the line of the pair: its intercept is access to the public network.
    """
    lat, lon = floats(case.sites, "lat"), floats(case.sites, "lon")
    km = geodesic_km(lat[:, None], lon[:, None], lat, lon)
    _, slope = lines_between(case, case.sites, case.sites)
    no_metro = -1.0  # on the line however near: the metro rule has access in it
    return rtt_ms(km, 0.0, slope, metro_radius_km=no_metro)
