"""Index lists and coefficients of halls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pandas as pd

from planner.base.units import KW_PER_MW, MONTHS_PER_YEAR, USD_PER_MUSD
from planner.inputs.facility import construction_factor
from planner.inputs.frames import floats
from planner.inputs.hall_space import retrofit_dates
from planner.inputs.types import HallInputs
from planner.lp import Index

if TYPE_CHECKING:
    from planner.inputs.case import Case
    from planner.inputs.facility import HallCost
    from planner.inputs.hall_space import HallSpace
    from planner.inputs.leads import Leads
    from planner.inputs.types import Floats, Sets

__all__ = ["hall_inputs"]

_MIDDLE: Final = 0.5  # commitments are stated for the end of a year and come in during it


def hall_inputs(
    case: Case, sets: Sets, halls: HallSpace, leads: Leads, cost: HallCost
) -> HallInputs:
    """Make the lists of halls that stand, are built, retrofitted or leased.

    Parameters
    ----------
    case : Case
        Scope and settings.
    sets : Sets
        Axes.
    halls : HallSpace
        Masks of what can be done.
    leads : Leads
        When new halls can serve.
    cost : HallCost
        Cost by site and design.

    Returns
    -------
    HallInputs
    """
    site, design, year = sets.site, sets.hall, sets.year
    hall_at = np.nonzero(halls.stands)
    hs, hl, _ = hall_at
    cool, redundant = halls.cooling, halls.redundancy
    bs, bl, bt = np.nonzero(halls.build | halls.early)
    is_early = halls.early[bs, bl, bt]
    span = case.last_year[bt] + 1 - case.year[bt]
    start = np.where(is_early, case.year[bt] + _MIDDLE * span, leads.hall.service[bs, bt])
    capex = cost.capex_musd_per_mw[:, cool, redundant]
    opex = cost.opex_musd_per_mw_year[:, cool, redundant]
    is_committed = halls.early.any(axis=1)
    cs, ct = np.nonzero(is_committed)
    ls, ll, lt = np.nonzero(halls.lease)
    rent = halls.lease_usd_per_kw_month[ls, ll]
    settings = case.scenario
    work = _retrofits(case, sets, halls)
    return HallInputs(
        hall=Index.sparse("hall", (site, design, year), hall_at),
        existing_mw=halls.existing_mw[hs, hl],
        density_kw_per_m2=floats(case.cooling, "design_density_kw_per_m2")[cool],
        build=Index.sparse("build", (site, design, year), (bs, bl, bt)),
        build_start=start,
        build_is_early=is_early,
        build_capex_musd_per_mw=capex[bs, bl] * construction_factor(case, start),
        ramp_months=settings.halls.ramp_months,
        ramp_mean_frac=settings.halls.ramp_mean_frac,
        lease=Index.sparse("lease", (site, design, year), (ls, ll, lt)),
        lease_musd_per_mw_year=rent * MONTHS_PER_YEAR * KW_PER_MW / USD_PER_MUSD,
        lease_depth_mw=np.full(len(site), settings.lease.depth_mw_per_site),
        committed=Index.sparse("committed", (site, year), (cs, ct)),
        committed_mw=halls.committed_mw[cs, ct],
        opex_musd_per_mw_year=opex[hs, hl],
        lead=_lead_table(sets, halls, leads),
        retrofit=work.over,
        retrofit_start=work.start,
        retrofit_done=work.done,
        retrofit_capacity_frac=work.capacity_frac,
        retrofit_capex_musd_per_mw=work.capex_musd_per_mw,
    )


class _Retrofits(NamedTuple):
    over: Index
    start: Floats
    done: Floats
    capacity_frac: Floats
    capex_musd_per_mw: Floats


def _retrofits(case: Case, sets: Sets, halls: HallSpace) -> _Retrofits:
    """Turning standing halls into other designs: what is left, from when, at what cost."""
    s, before, after, t = np.nonzero(halls.retrofit)
    table, own = case.tables["retrofit"], case.scenario.retrofit
    row = halls.retrofit_row[before, after]
    price = floats(table, "cost_usd_per_kw")[row]
    if own.cost_usd_per_kw is not None:
        price = np.full(price.shape, own.cost_usd_per_kw)
    begin, done = retrofit_dates(case, row, t)
    local = floats(case.sites, "index")[s]
    capex = price * KW_PER_MW / USD_PER_MUSD * local * construction_factor(case, begin)
    over = Index.sparse(
        "retrofit",
        (sets.site, sets.hall, sets.hall.renamed("to_hall"), sets.year),
        (s, before, after, t),
    )
    return _Retrofits(
        over=over,
        start=begin,
        done=done,
        capacity_frac=floats(table, "capacity_frac")[row],
        capex_musd_per_mw=capex,
    )


def _lead_table(sets: Sets, halls: HallSpace, leads: Leads) -> pd.DataFrame:
    """List the critical path of every design that can be built at a site within the horizon."""
    s, design = np.nonzero(halls.build.any(axis=2))
    return pd.DataFrame(
        {
            "site": sets.site.texts[s],
            "hall": sets.hall.texts[design],
            "months": leads.hall.months[s],
            "by": leads.hall.by[s],
            "service_start": leads.hall.start[s],
        }
    )
