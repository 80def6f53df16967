"""What must be whole numbers or is ruled by hand: openings, phases, blocks, numbers of sites."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planner.inputs.arrays import Floats
    from planner.lp.index import Index


__all__ = ["SitingInputs"]


@dataclass(frozen=True)
class SitingInputs:
    """Openings, phases and blocks."""

    whole_openings: bool  # whether openings are 0 or 1
    open_lower: Floats  # [site_year of SiteInputs]: 1 for what stands or must be open
    open_upper: Floats  # [site_year]: 0 for what must stay closed
    exact: Index  # (year,) with a number of open sites
    exact_sites: float
    most: Index  # (year,) with a limit on it
    most_sites: float
    phase: Index  # (site, hall, year): new halls that come in phases
    phase_mw: Floats  # [phase]
    most_phases: Floats  # [phase], as many as the site can build
    block: Index  # (site, workload, year): racks of a class that come in a block or not at all
    block_mw: Floats  # [block], nameplate, least where there is any
    block_top_mw: Floats  # [block], nameplate, more than there can be
    paced: Index  # (site, year): new sites that open in whole and cannot yet fill their land
    paced_mw: Floats  # [paced], most halls that can be there by then
    service: Index  # (region, workload, site, year): service that is paid for as such
    service_musd_per_kh100e_year: Floats  # [service]
    linked: Index  # (region, workload, site, year): service that needs an open site, in rows
    linkable: Index  # the same, for rows that are added where a bound breaks them
