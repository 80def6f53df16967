"""Which racks a workload may still want to buy: what cannot win is not offered.

Pruning concerns new racks alone; what exists is never taken away.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.units import HOURS_PER_YEAR, KW_PER_MW, MONTHS_PER_YEAR, USD_PER_MUSD
from planner.base.words import some
from planner.clock.calendar import float_year
from planner.inputs.own_rows import own_rows
from planner.inputs.racks import delivery_limit_mw, vendors
from planner.inputs.table_columns import any_along, codes, floats, ints, texts
from planner.money.finance import annuity_payment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.base.arrays import Bools, Floats
    from planner.inputs.case import ScopedCase
    from planner.inputs.facility import HallCost
    from planner.inputs.money import Rates
    from planner.inputs.quality import Quality
    from planner.inputs.racks_figures import RackFigures

__all__ = ["RackOffers", "buildable_cooling", "first_delivery", "racks_on_offer"]

_FAR_COSTLIER: Final = 1.5
"""So many times as expensive as a rack, hall included, of a vendor that delivers no less: out."""
_HOPELESS: Final = 5.0
"""So many times as expensive as a rack, hall included, of any vendor: out."""
_RACKS: Final = "racks"
_RACK: Final = "rack"
_SCARCITY: Final = 3.0
"""Halls and deliveries may be worth up to so many times a new hall and its power."""


@dataclass(frozen=True)
class RackOffers:
    """Racks on offer and what they cost.

    Parameters
    ----------
    offered
        Whether a workload may buy a rack for a cooling technology in a year, shape (workload,
        rack, cooling, year).
    rack_musd_per_kh100e_year
        Yearly cost of racks, repaid and kept up, per mean compute, shape (workload, rack).
    mw_per_kh100e
        Nameplate per mean compute, same shape. [MW/kH100e]
    """

    offered: Bools
    rack_musd_per_kh100e_year: Floats
    mw_per_kh100e: Floats


def racks_on_offer(
    case: ScopedCase,
    figures: RackFigures,
    cost: HallCost,
    rates: Rates,
    quality: Quality,
    has_halls: Bools,
) -> RackOffers:
    r"""Drop racks that another rack beats whatever the plan is.

    With the yearly cost per unit of compute :math:`c_k`, its power :math:`m_k` and the yearly
    cost h of a MW of new hall with its power at the mean site, a rack k drops out in a year when

    - the same vendor has a rack k' for the same hall that is cheaper whatever a MW is worth,
      from nothing to three times h: :math:`c_{k'} + (m_{k'} - m_k)\, v \le c_k` for v = 0 and
      v = 3 h, and that does not run out of floor first; or
    - the same vendor has one that is cheaper with a hall of its own than k is without any and
      takes no more power: :math:`c_{k'} + m_{k'} h < c_k` (halls can be retrofitted), unless the
      planner states halls of its cooling, which stand empty until they are; or
    - another vendor has one that is cheaper in this sense by a third and delivers no less, or
      is five times cheaper.

    Else vendors are kept apart, because each has its own limit of deliveries.

    Parameters
    ----------
    case : ScopedCase
        Racks, workloads, years.
    figures : RackFigures
        Throughput and prices.
    cost : HallCost
        Cost of halls.
    rates : Rates
        Cost of capital.
    quality : Quality
        Topology of each workload.
    has_halls : array of bool
        Cooling technologies of halls that the planner states, shape (cooling,).

    Returns
    -------
    RackOffers
    """
    mw = 1.0 / np.where(figures.admits, figures.throughput, np.nan)  # (w, k)
    repaid = annuity_payment(figures.capex_musd_per_mw, rates.rack, figures.life_years)
    kept_up = (
        case.item("facility_cost", "it_maintenance", "1/year of IT capex")
        * figures.capex_musd_per_mw
    )
    own = mw * (repaid + kept_up)
    hall = _new_hall_year(case, figures, cost, rates, quality)  # (w, k)

    arrives = first_delivery(case)
    for_sale = figures.may_buy[:, None] & (figures.first_year[:, None] <= case.year)
    for_sale &= (case.year <= figures.last_sale_year[:, None]) & (case.year >= arrives)
    first = ints(case.cooling, "first_year")
    offered = (
        figures.admits[:, :, None, None]
        & figures.fits[None, :, :, None]
        & for_sale[None, :, None, :]
        & (first[:, None] <= case.last_year)[None, None]
    )
    before = offered.any(axis=(0, 2, 3))
    vendor = np.array(texts(case.racks, "vendor"), dtype=object)
    same_vendor = vendor[:, None] == vendor[None, :]
    if case.scenario.retrofit.allow and len(case.tables["retrofit"]):
        beaten = _beaten_with_hall(case, figures, for_sale, own, mw, hall, same_vendor)
        offered &= ~beaten | has_halls[:, None]
    offered &= ~_beaten_in_place(case, figures, offered, own, mw, hall, same_vendor)
    dropped = before & ~offered.any(axis=(0, 2, 3))
    if dropped.any():
        _note_dropped(case, [case.ids("racks")[k] for k in np.flatnonzero(dropped)])
    _note_ends_of_sale(case, figures, offered, arrives)
    return RackOffers(offered, own, mw)


def _note_dropped(case: ScopedCase, racks: Sequence[str]) -> None:
    """Note racks that cannot win, each of a planner's own with its place."""
    text = (
        "Not offered for purchase, because cheaper racks do the same work: {}. Existing ones stay"
        " in service."
    )
    table, others = case.tables[_RACKS], []
    own = np.zeros(len(table), dtype=np.bool_)
    if _RACKS in case.scenario.data_files:
        own = own_rows(_RACKS, table)
    own_row = {str(rack): row for row, rack in enumerate(table[_RACK]) if own[row]}
    for rack in racks:
        if rack in own_row:
            case.findings.add_note_at_row(_RACKS, own_row[rack], _RACK, text.format(rack))
        elif rack in case.scenario.racks.override:
            case.findings.add_note(text.format(rack), ("racks", "override", rack))
        else:
            others.append(rack)
    if others:
        case.findings.add_note(text.format(", ".join(others)))


def _note_ends_of_sale(
    case: ScopedCase, figures: RackFigures, offered: Bools, arrives: float
) -> None:
    """Note workloads for which no rack is sold any more, though some were before."""
    may_buy = figures.admits & figures.may_buy  # (workload, rack)
    gone = ~any_along(offered, (1, 2)) & (case.year >= arrives)  # (workload, year)
    racks = np.array(case.ids("racks"), dtype=object)
    for w in np.flatnonzero((gone & any_along(may_buy, 1)[:, None]).any(axis=1)):
        years = case.year[gone[w]]
        ended = may_buy[w] & (figures.last_sale_year < years[-1])
        if not ended.any():
            continue
        last = figures.last_sale_year[ended].astype(np.int64)
        sold = some([f"{rack} to {end}" for rack, end in zip(racks[ended], last, strict=True)], 4)
        case.findings.add_note(
            f"{case.ids('workloads')[w]}: no rack is on sale in {', '.join(map(str, years))} (sold:"
            f" {sold}). Older ones and rent serve it, or it stays unmet: allow a rack that is still"
            " sold, or set racks.end_of_sale: false.",
            ("racks",),
        )


def buildable_cooling(case: ScopedCase) -> Bools:
    """Return which cooling technologies the scenario lets be built, (cooling,)."""
    asked = case.scenario.halls.cooling
    return np.array([asked == "all" or name in asked for name in case.ids("cooling")])


def first_delivery(case: ScopedCase) -> float:
    """Return the first moment at which racks ordered on the first day of decisions can serve.

    Parameters
    ----------
    case : ScopedCase
        Settings and lead times.

    Returns
    -------
    float
        For example 2025.7.
    """
    months = case.lead_months("rack_delivery")
    return float_year(case.scenario.decisions_start) + months / MONTHS_PER_YEAR


def _beaten_with_hall(
    case: ScopedCase,
    figures: RackFigures,
    for_sale: Bools,
    own: Floats,
    mw: Floats,
    hall: Floats,
    same_vendor: Bools,
) -> Bools:
    """Racks more expensive without a hall than another one with it, (workload, rack, 1, year)."""
    first = ints(case.cooling, "first_year")
    housed = (figures.fits & buildable_cooling(case))[:, :, None] & (first[:, None] <= case.year)
    limit = delivery_limit_mw(case)[codes(case.racks["vendor"], vendors(case))]  # (k, t)
    delivers = limit[None, :, :] >= limit[:, None, :]  # (k, k', t)
    other = np.where(delivers, _FAR_COSTLIER, _HOPELESS)
    factor = np.where(same_vendor[..., None], 1.0, other)
    with np.errstate(invalid="ignore"):
        beats = ((own + mw * hall)[:, None, :, None] * factor < own[:, :, None, None]) & (
            mw[:, None, :] <= mw[:, :, None]
        )[..., None]
    beaten = any_along(beats & (for_sale & housed.any(axis=1)), axis=2)
    return np.asarray(beaten[:, :, None, :])


def _beaten_in_place(
    case: ScopedCase,
    figures: RackFigures,
    offered: Bools,
    own: Floats,
    mw: Floats,
    hall: Floats,
    same_vendor: Bools,
) -> Bools:
    """Racks that another one of the vendor beats in the same hall, (workload, rack, c, year)."""
    scarce = _SCARCITY * hall
    hall_mw = case.scenario.halls.diversity_frac + floats(case.workloads, "companion_frac")
    floor_of_hall = KW_PER_MW / floats(case.cooling, "design_density_kw_per_m2")  # m2/MW
    has_floor = figures.space_m2_per_mw[None, :, None] <= hall_mw[:, None, None] * floor_of_hall
    with np.errstate(invalid="ignore"):
        saves = (own[:, None, :] <= own[:, :, None]) & (
            own[:, None, :] + (mw[:, None, :] - mw[:, :, None]) * scarce[:, None, :]
            <= own[:, :, None]
        )
    rank = np.arange(own.shape[1])
    is_tie = saves & saves.transpose(0, 2, 1)
    wins = saves & same_vendor & (~is_tie | (rank[None, None, :] < rank[None, :, None]))
    candidates = offered & has_floor[..., None]
    return np.asarray(np.einsum("wkj,wjct->wkct", wins, candidates) > 0)


def _new_hall_year(
    case: ScopedCase, figures: RackFigures, cost: HallCost, rates: Rates, quality: Quality
) -> Floats:
    """Yearly cost of a new hall and its power per MW of rack, mean over the sites.

    Each rack is taken to get the cheapest hall that it fits, shape (workload, rack).
    """
    repaid = annuity_payment(cost.capex_musd_per_mw, rates.facility, rates.facility_life_years)
    per_mw = (repaid + cost.opex_musd_per_mw_year).mean(axis=0)  # (cooling, redundancy)
    fits = figures.fits & buildable_cooling(case)
    cheapest = np.where(fits[:, :, None], per_mw[None], np.inf).min(axis=1)  # (k, redundancy)
    energy = HOURS_PER_YEAR * floats(case.sites, "retail_usd_per_mwh").mean() / USD_PER_MUSD
    hall_mw = case.scenario.halls.diversity_frac + floats(case.workloads, "companion_frac")
    return np.asarray(hall_mw[:, None] * (cheapest.T[quality.new] + energy))
