"""What may be bought and built: every rack and hall design that the scenario allows.

Nothing is left out by an estimate of what will win: the program decides. Left out are only designs
that no workload can have racks in, and topologies that another one replaces at no disadvantage.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.base.units import MONTHS_PER_YEAR
from planner.base.words import some
from planner.clock.calendar import float_year
from planner.family.table_columns import any_along, bools, floats, ints

if TYPE_CHECKING:
    from planner.base.arrays import Bools
    from planner.inputs.case import ScopedCase
    from planner.inputs.quality import Quality
    from planner.inputs.racks_figures import RackFigures
    from planner.inputs.stock import Stock


@dataclass(frozen=True)
class Offers:
    """Racks (workload, rack, cooling, year) and hall designs that may be bought and built."""

    racks: Bools  # may be bought
    cooling: Bools  # (site, cooling) retrofits to it are allowed, whatever the topology of the halls
    new: Bools  # (site, cooling, redundancy) new halls


def all_offers(case: ScopedCase, figures: RackFigures, quality: Quality, stock: Stock) -> Offers:
    """Return all that the scenario allows to be bought and built."""
    return Offers(_racks(case, figures), *_designs(case, figures, quality, stock))


def _racks(case: ScopedCase, figures: RackFigures) -> Bools:
    """Return which racks a workload may buy for a cooling technology in a year.

    Gives (workload, rack, cooling, year).
    """
    arrives = first_delivery(case)
    for_sale = figures.may_buy[:, None] & (figures.first_year[:, None] <= case.year)
    for_sale &= (case.year <= figures.last_sale_year[:, None]) & (case.year >= arrives)
    is_known = ints(case.cooling, "first_year")[:, None] <= case.last_year
    offered = (
        figures.admits[:, :, None, None]
        & figures.fits[None, :, :, None]
        & for_sale[None, :, None, :]
        & is_known[None, None]
    )
    _note_ends_of_sale(case, figures, offered, arrives)
    return np.asarray(offered)


def _designs(case: ScopedCase, figures: RackFigures, quality: Quality, stock: Stock) -> tuple[Bools, Bools]:
    """Return the cooling that may be retrofitted to, and the designs that may be built, at every site.

    All that the scenario allows, but for two kinds that no plan is better with:

    - designs whose cooling or topology suits no rack that some workload admits;
    - topologies that no workload needs, in whose place another one serves the same workloads, costs
      no more to build and keep, and has as much of what standby generators and embodied carbon
      count. Racks are only in halls operated at a topology that some workload needs, and both can
      be operated at the same ones: the other can take the place of the first in every row. Where
      halls of the design stand that may be retrofitted it stays: new ones may be as well.
    """
    most = case.scenario.water.max_stress_score
    is_stressed = floats(case.sites, "stress_score") > (np.inf if most is None else most)
    cooling = buildable_cooling(case) & ~(is_stressed[:, None] & bools(case.cooling, "needs_water"))
    admitted = figures.admits.astype(np.float64) @ figures.fits > 0.0  # (workload, cooling)
    houses = admitted.T.astype(np.float64) @ (quality.suffices & quality.allowed) > 0.0
    may_change = stock.stands(case) & case.scenario.retrofit.allow
    new = cooling[:, :, None] & houses & (~_is_replaced(case, quality) | may_change)
    return cooling & any_along(admitted, 0), np.asarray(new)


def _is_replaced(case: ScopedCase, quality: Quality) -> Bools:
    """Return which topologies another one replaces at no disadvantage, shape (redundancy,)."""
    costs = ("space_ratio", "electrical_capex_ratio", "mechanical_capex_ratio", "maintenance_ratio")
    no_more = [*costs, "installed_kw_per_kw"]
    as_many = ["generator_kw_per_kw"] if _counts_generators(case) else []
    figure = {name: floats(case.redundancy, name) for name in (*no_more, *as_many)}
    replaces = np.all([figure[of][:, None] >= figure[of] for of in no_more], axis=0)
    replaces &= np.all([figure[of][:, None] == figure[of] for of in as_many], axis=0)
    replaces &= np.all(quality.suffices[:, :, None] <= quality.suffices[:, None, :], axis=0)
    # What a workload needs is kept: halls are operated as it.
    is_least = np.isin(np.arange(len(case.redundancy)), quality.least)
    replaces &= quality.allowed & ~is_least[:, None] & ~np.eye(is_least.size, dtype=np.bool_)
    rank = np.arange(is_least.size)
    return any_along(replaces & (~replaces.T | (rank < rank[:, None])), 1)


def _counts_generators(case: ScopedCase) -> bool:
    """Return whether a plan can gain or lose by the standby generators of its halls."""
    return case.scenario.supply.standby.allow or case.scenario.carbon.embodied


def _note_ends_of_sale(case: ScopedCase, figures: RackFigures, offered: Bools, arrives: float) -> None:
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
            f"{case.ids('workloads')[w]}: no rack is on sale in {', '.join(map(str, years))} (sold: {sold}). Older ones"
            " and rent serve it, or it stays unmet: allow a rack that is still sold, or set racks.end_of_sale: false.",
            ("racks",),
        )


def buildable_cooling(case: ScopedCase) -> Bools:
    """Return which cooling technologies the scenario lets be built, (cooling,)."""
    asked = case.scenario.halls.cooling
    return np.array([asked == "all" or name in asked for name in case.ids("cooling")])


def first_delivery(case: ScopedCase) -> float:
    """Return the first moment at which racks ordered on the first day of decisions can serve."""
    months = case.lead_months("rack_delivery")
    return float_year(case.scenario.decisions_start) + months / MONTHS_PER_YEAR
