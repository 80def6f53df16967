"""Halls and racks on offer: designs in play, where and when halls of each can be, index lists and coefficients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.base.arrays import Record
from planner.base.units import KW_PER_MW, MONTHS_PER_YEAR, USD_PER_MUSD
from planner.base.words import some
from planner.clock.days import float_year
from planner.family.table_columns import any_along, bools, codes, floats, given, ints, mask_at, named_in, sum_at, texts
from planner.inputs.case import DUTIES
from planner.inputs.money import construction_factor
from planner.lp import Index

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.base.arrays import Bools, Floats
    from planner.inputs.case import ScopedCase
    from planner.inputs.leads import Leads
    from planner.inputs.racks import Quality, RackFigures
    from planner.inputs.stock import Stock

    Codes = NDArray[np.intp]
    from planner.inputs.axes import Sets
    from planner.inputs.money import HallCost


class Offers:
    """All racks and hall designs that the scenario allows to be bought and built."""

    def __init__(self, case: ScopedCase, figures: RackFigures, quality: Quality) -> None:
        self.racks = _racks(case, figures)  # may be bought, shape (workload, rack, cooling, year)
        # retrofits to a cooling are allowed, whatever the topology of the halls, shape (site, cooling), and new halls,
        # shape (site, cooling, redundancy)
        self.cooling, self.new = _designs(case, figures, quality)


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


def _designs(case: ScopedCase, figures: RackFigures, quality: Quality) -> tuple[Bools, Bools]:
    """Return the cooling that may be retrofitted to, and the designs that may be built, at every site.

    All that the scenario allows, but for two kinds that no plan is better with:

    - designs whose cooling or topology suits no rack that some workload admits, or may have in the
      base year and go on using;
    - topologies that no workload needs, in whose place another one serves the same workloads, costs
      no more to build and keep, and has as much of what standby generators and embodied carbon
      count. Racks are only in halls operated at a topology that some workload needs, and both can
      be operated at the same ones: the other can take the place of the first in every row. Retrofits
      take existing halls alone, so that none needs new ones of the first.
    """
    most = case.scenario.water.max_stress_score
    is_stressed = floats(case.sites, "stress_score") > (np.inf if most is None else most)
    allowed = named_in(case.scenario.halls.cooling, case.ids("cooling"))
    cooling = allowed & ~(is_stressed[:, None] & bools(case.cooling, "needs_water"))
    stock = case.tables["rack_stock"]
    at = codes(stock["duty"], DUTIES), codes(stock["rack"], case.ids("racks"))
    uses = figures.admits | mask_at((len(DUTIES), len(case.racks)), at)[case.duty]
    admitted = uses.astype(np.float64) @ figures.fits > 0.0  # (workload, cooling)
    houses = admitted.T.astype(np.float64) @ (quality.suffices & quality.allowed) > 0.0
    new = cooling[:, :, None] & houses & ~_is_replaced(case, quality)
    return cooling & any_along(admitted, 0), np.asarray(new)


def _is_replaced(case: ScopedCase, quality: Quality) -> Bools:
    """Return which topologies another one replaces at no disadvantage, shape (redundancy,)."""
    costs = ("space_ratio", "electrical_capex_ratio", "mechanical_capex_ratio", "maintenance_ratio")
    no_more = [*costs, "installed_kw_per_kw"]
    # Whether a plan can gain or lose by the standby generators of its halls.
    counts_generators = case.scenario.supply.standby.allow or case.scenario.carbon.embodied
    as_many = ["generator_kw_per_kw"] if counts_generators else []
    figure = {name: floats(case.redundancy, name) for name in (*no_more, *as_many)}
    replaces = np.all([figure[of][:, None] >= figure[of] for of in no_more], axis=0)
    replaces &= np.all([figure[of][:, None] == figure[of] for of in as_many], axis=0)
    replaces &= np.all(quality.suffices[:, :, None] <= quality.suffices[:, None, :], axis=0)
    # What a workload needs is kept: halls are operated as it.
    is_least = np.isin(np.arange(len(case.redundancy)), quality.least)
    replaces &= quality.allowed & ~is_least[:, None] & ~np.eye(is_least.size, dtype=np.bool_)
    rank = np.arange(is_least.size)
    return any_along(replaces & (~replaces.T | (rank < rank[:, None])), 1)


def _note_ends_of_sale(case: ScopedCase, figures: RackFigures, offered: Bools, arrives: float) -> None:
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


def first_delivery(case: ScopedCase) -> float:
    """Return the first moment at which racks ordered on the first day of decisions can serve."""
    return float_year(case.scenario.decisions_start) + case.lead_months("rack_delivery") / MONTHS_PER_YEAR


class HallSpace:
    """Where and when halls can be: the designs in play, and masks of what can be done with each."""

    def __init__(
        self, case: ScopedCase, leads: Leads, stock: Stock, designs: Offers, quality: Quality, committed_mw: Floats
    ) -> None:
        """Take `committed_mw` (site, year) [MW]."""
        rents, stood = _rents(case), stock.stands()
        kept = any_along(stood, (0, 1)) & bool(case.scenario.retrofit.allow)  # topologies of retrofits
        in_play = any_along(designs.new, axis=0) | any_along(~np.isnan(rents), axis=0)
        in_play |= any_along(stood, 0) | (any_along(designs.cooling, 0)[:, None] & kept)
        in_play[stock.cooling, stock.redundancy] = True
        is_least = np.isin(np.arange(len(case.redundancy)), quality.least)
        in_play |= any_along(in_play, 1)[:, None] & is_least
        cooling, redundancy = np.nonzero(in_play)
        self.cooling, self.redundancy = cooling, redundancy  # codes of every design, shape (design,)
        offered = designs.new[:, cooling, redundancy]
        # critical IT power that exists, and of this that of halls that end before the plan does, shape (site, design,
        # year). [MW]
        self.existing_mw = _existing_mw(case, stock, cooling, redundancy)
        self.ending_mw = stock.stated.ending_mw[:, cooling, redundancy]
        # share of the power of a design's existing halls that racks may take, shape (site, design, year)
        self.fill_frac = _fill_frac(case, stock, cooling, redundancy)
        self.committed_mw = committed_mw  # critical IT power by the end of each year, cumulative, shape (site, year)

        is_known = ints(case.cooling, "first_year")[cooling][:, None] <= case.last_year
        # What is committed comes in the middle of its year, whatever the lead of what is ordered.
        is_ready = ints(case.cooling, "first_year")[cooling][:, None] <= case.year
        may_grow = bools(case.sites, "new_halls")[:, None, None]
        # new halls that are committed, and those whose lead has passed, shape (site, design, year)
        self.committed: Bools = offered[:, :, None] & is_ready & (committed_mw > 0.0)[:, None, :]
        self.build: Bools = offered[:, :, None] & leads.hall.may[:, None, :] & is_known & may_grow
        # row of table `retrofit` for a pair of designs, -1 for none, shape (design, design)
        self.retrofit_row = _retrofit_row(case, cooling, redundancy)
        # existing halls that may become another design, shape (site, design, design, year); those that end before the
        # plan does cannot become others that would go on
        some_lasts = (self.existing_mw > self.ending_mw)[:, :, None, :]
        may_become = designs.cooling[:, None, cooling, None] & is_known & _serves(case, self.retrofit_row)
        self.retrofit: Bools = some_lasts & may_become
        self.lease_usd_per_kw_month = rents[:, cooling, redundancy]  # rent, NaN for none, shape (site, design)
        # halls available to lease, shape (site, design, year)
        self.lease: Bools = ~np.isnan(self.lease_usd_per_kw_month)[:, :, None] & is_known & may_grow
        begun = np.logical_or.accumulate(self.build | self.committed | self.retrofit.any(axis=1), axis=2)
        stands = (self.existing_mw > 0.0) | self.lease | begun
        replaces = quality.replaces[np.ix_(redundancy, redundancy)] & (cooling[:, None] == cooling)
        replaces &= is_least[redundancy] & ~np.eye(cooling.size, dtype=np.bool_)
        # a hall that can be there may be operated as another design, shape (site, design, design, year): of its
        # cooling, no more available, and the least that some workload needs
        self.operate: Bools = stands[:, :, None] & replaces[None, :, :, None]
        # some hall of the design, or operated as such, can be there, shape (site, design, year)
        self.stands = stands | any_along(self.operate, 1)
        # design that names the racks of a use in halls of a cooling, shape (duty, design): the least topology that its
        # workloads need
        self.pool_hall = _pool_hall(case, quality, cooling, redundancy)

    def design(self, cooling: Codes, redundancy: Codes) -> Codes:
        """Return the design of pairs of codes, -1 where none is in play."""
        width = int(max(self.redundancy.max(initial=0), redundancy.max(initial=0))) + 1
        return codes(list(cooling * width + redundancy), list(self.cooling * width + self.redundancy))


def _pool_hall(case: ScopedCase, quality: Quality, cooling: Codes, redundancy: Codes) -> Codes:
    """Design of each cooling at the least topology that workloads of a use need, (duty, design)."""
    available = floats(case.redundancy, "availability_pct")
    result = np.tile(np.arange(cooling.size), (len(DUTIES), 1))
    for duty in range(len(DUTIES)):
        needed = np.unique(quality.least[case.duty == duty])
        if needed.size:
            least = needed[available[needed].argmin()]
            of_cooling = np.full(len(case.cooling), -1, dtype=np.intp)
            of_cooling[cooling[redundancy == least]] = np.flatnonzero(redundancy == least)
            result[duty] = of_cooling[cooling]
    return result


def _existing_mw(case: ScopedCase, stock: Stock, cooling: Codes, redundancy: Codes) -> Floats:
    """Halls that exist, shape (site, design, year). [MW]

    Where the planner states none they hold the racks of the base year and their companions exactly,
    and as much free power as the scenario asks for.
    """
    companion = floats(case.workloads, "companion_frac")[stock.workload]
    hall_mw = stock.mw.sum(axis=1) * (case.scenario.halls.diversity_frac + companion)
    hall_mw = hall_mw / (1.0 - case.scenario.halls.free_frac)
    shape, at = (len(case.cooling), len(case.redundancy), len(case.sites)), (stock.cooling, stock.redundancy)
    assumed = np.asarray(sum_at(shape, at, (stock.share * hall_mw).T)[cooling, redundancy].T)
    return np.asarray(assumed[:, :, None] + stock.stated.hall_mw[:, cooling, redundancy])


def _fill_frac(case: ScopedCase, stock: Stock, cooling: Codes, redundancy: Codes) -> Floats:
    """Share of the power of existing halls that racks may take, shape (site, design, year).

    As the scenario asks, or as much as stated racks take of stated halls in the year, with the
    companions of the workload of their use that has the most.
    """
    settings, stated = case.scenario.halls, stock.stated
    companion = floats(case.workloads, "companion_frac")
    most = np.array([companion[case.duty == duty].max(initial=0.0) for duty in range(len(DUTIES))])
    need_mw = stated.housed_mw.transpose(1, 0, 2) * (settings.diversity_frac + most[stated.duty])[:, None, None]
    shape = len(case.cooling), len(case.redundancy), len(case.sites), len(case.years)
    by_design = sum_at(shape, (stated.cooling, stated.redundancy), need_mw)
    halls_mw = stated.hall_mw.transpose(1, 2, 0, 3)
    taken = np.divide(by_design, halls_mw, out=np.zeros_like(by_design), where=halls_mw > 0.0)
    return np.asarray(np.clip(taken[cooling, redundancy].transpose(1, 0, 2), 1.0 - settings.free_frac, 1.0))


def _retrofit_row(case: ScopedCase, cooling: Codes, redundancy: Codes) -> Codes:
    table = case.tables["retrofit"]
    row = np.full((cooling.size, cooling.size), -1, dtype=np.intp)
    if not case.scenario.retrofit.allow:
        return row
    medium = np.array(texts(case.cooling, "medium"), dtype=object)[cooling]
    same = redundancy[:, None] == redundancy[None, :]
    for number, (before, after) in enumerate(zip(table["from_medium"], table["to_medium"], strict=True)):
        row[same & (medium[:, None] == before) & (medium[None, :] == after)] = number
    return row


def retrofit_dates(case: ScopedCase, row: Codes, year: Codes) -> tuple[Floats, Floats]:
    """When retrofit work begins and when it is done. Gives [year, for example 2027.5]."""
    months = given(case.scenario.retrofit.duration_months, floats(case.tables["retrofit"], "duration_months")[row])
    begin = np.maximum(case.year[year], float_year(case.scenario.decisions_start))
    return begin, begin + months / MONTHS_PER_YEAR


def _serves(case: ScopedCase, row: Codes) -> Bools:
    """Years in which work can begin and be done within the horizon, (design, design, year)."""
    may_begin = case.last_year >= case.scenario.decisions_start.year
    before, after, year = np.nonzero((row >= 0)[:, :, None] & may_begin)
    in_time = retrofit_dates(case, row[before, after], year)[1] < case.last_year[-1] + 1.0
    return mask_at((*row.shape, case.year.size), (before[in_time], after[in_time], year[in_time]))


def _rents(case: ScopedCase) -> Floats:
    """Rent by site and design, NaN where no hall is available to lease. [USD/kW-month]"""
    rents = np.full((len(case.sites), len(case.cooling), len(case.redundancy)), np.nan)
    settings = case.scenario.lease
    if not settings.allow:
        return rents
    table = case.tables["leases"]
    countries = np.array(texts(case.sites, "country"), dtype=object)
    local = set(table["region"])
    cooling = codes(table["cooling"], case.ids("cooling"))
    redundancy = codes(table["redundancy"], case.ids("redundancy"))
    price = given(settings.usd_per_kw_month, floats(table, "usd_per_kw_month"))
    for row, region in enumerate(table["region"]):
        served = countries == region if region != "world" else ~np.isin(countries.astype(str), sorted(local))
        place = (np.flatnonzero(served), cooling[row], redundancy[row])
        rents[place] = np.fmin(rents[place], price[row])
    return rents


_ROUNDING_FRAC: Final = 1e-9


class HallInputs(Record):
    """Halls: what exists, what can be built, retrofitted or leased, and when."""

    def __init__(self, case: ScopedCase, sets: Sets, halls: HallSpace, leads: Leads, cost: HallCost) -> None:
        site, design, year, stage = sets.site, sets.hall, sets.year, sets.stage
        settings = case.scenario
        at = np.nonzero(halls.stands)
        self.hall: Index = Index.sparse("hall", (site, design, year), at)  # (site, hall, year)
        self.existing_mw: Floats = halls.existing_mw[at]  # [hall]
        # of these, what ends before the plan does and is not retrofitted, [hall]
        self.ending_mw: Floats = halls.ending_mw[at]
        self.fill_frac: Floats = halls.fill_frac[at]  # share of the power of existing halls that racks may take, [hall]
        self.new_fill_frac = 1.0 - settings.halls.free_frac  # the same of halls that are built, retrofitted or leased
        capex = cost.capex_musd_per_mw[:, halls.cooling, halls.redundancy]
        self.existing_capex_musd_per_mw: Floats = capex[at[:2]]  # what such halls cost, for costs in full, [hall]
        opex = cost.opex_musd_per_mw_year[:, halls.cooling, halls.redundancy]
        # maintenance, staff, tax, insurance, connectivity, [hall]
        self.opex_musd_per_mw_year: Floats = opex[at[:2]]
        self.density_kw_per_m2: Floats = floats(case.cooling, "design_density_kw_per_m2")[halls.cooling]  # [design]

        s, h, t, stage_at = build_at = np.nonzero(np.stack([halls.build, halls.committed], axis=3))
        self.build: Index = Index.sparse("build", (site, design, year, stage), build_at)  # (site, hall, year, stage)
        middle = (case.year + case.last_year + 1) / 2.0  # what is committed by the end of a year comes in during it
        # service start, e.g. 2028.5, [build]
        self.build_start: Floats = np.where(stage_at == stage.code("committed"), middle[t], leads.hall.service[s, t])
        # overnight, [build]
        self.build_capex_musd_per_mw: Floats = capex[s, h] * construction_factor(case, self.build_start)
        self.ramp_months, self.ramp_mean_frac = settings.halls.ramp_months, settings.halls.ramp_mean_frac
        # (site, year) committed builds are limited by commitments
        self.committed: Index = Index.sparse("committed", (site, year), np.nonzero(halls.committed.any(axis=1)))
        # cumulative MW of critical IT, [committed]
        self.committed_mw: Floats = halls.committed_mw[self.committed.codes]
        self._find_retrofits(case, sets, halls)
        self._find_operated(sets, halls)

        leased = np.nonzero(halls.lease)
        self.lease: Index = Index.sparse("lease", (site, design, year), leased)  # (site, hall, year)
        rent = halls.lease_usd_per_kw_month[leased[:2]]
        self.lease_musd_per_mw_year: Floats = rent * MONTHS_PER_YEAR * KW_PER_MW / USD_PER_MUSD  # [lease]
        self.lease_depth_mw: Floats = np.full(len(site), settings.lease.depth_mw_per_site)  # [site]
        # months, service_start and what is waited for, by site and hall, and those of connections
        self.lead = _lead_table(sets, halls, leads)

    def _find_retrofits(self, case: ScopedCase, sets: Sets, halls: HallSpace) -> None:
        """Find how existing halls turn into other designs: what is left, from when, at what cost."""
        s, before, after, t = at = np.nonzero(halls.retrofit)
        axes = (sets.site, sets.hall, sets.hall.renamed("to_hall"), sets.year)
        # (site, hall, to_hall, year): from a design to another
        self.retrofit: Index = Index.sparse("retrofit", axes, at)
        table, own = case.tables["retrofit"], case.scenario.retrofit
        row = halls.retrofit_row[before, after]
        # when work begins and the old design leaves, e.g. 2027.0, and service start of the new one, [retrofit]
        self.retrofit_start, self.retrofit_done = retrofit_dates(case, row, t)
        self.retrofit_capacity_frac: Floats = floats(table, "capacity_frac")[row]  # [retrofit]
        price = given(own.cost_usd_per_kw, floats(table, "cost_usd_per_kw")[row])
        local = price * KW_PER_MW / USD_PER_MUSD * floats(case.sites, "index")[s]
        self.retrofit_capex_musd_per_mw: Floats = local * construction_factor(case, self.retrofit_start)  # [retrofit]

    def _find_operated(self, sets: Sets, halls: HallSpace) -> None:
        is_fuller = halls.operate & (halls.existing_mw > 0.0)[:, :, None]
        is_fuller &= (halls.fill_frac > self.new_fill_frac + _ROUNDING_FRAC)[:, :, None]
        at = np.nonzero(np.stack([halls.operate, is_fuller], axis=3))
        axes = (sets.site, sets.hall, sets.hall.renamed("as_hall"), sets.fill, sets.year)
        self.operate: Index = Index.sparse("operate", axes, at)  # (site, hall, as_hall, fill, year)
        apart = np.repeat(any_along(is_fuller, 2)[:, :, None], len(sets.fill), axis=2)
        by_fill = (sets.site, sets.hall, sets.fill, sets.year)
        # (site, hall, fill, year): where some of these may be fuller than new ones, existing halls and others
        self.operated_by_fill: Index = Index.sparse("operated_by_fill", by_fill, np.nonzero(apart))

    @property
    def is_as_existing(self) -> Bools:
        """Halls that are operated as full as existing ones are, shape [operate]."""
        return np.asarray(self.operate.labels("fill") == "existing")

    @property
    def is_committed(self) -> Bools:
        """New halls that were decided before the first day, shape [build]."""
        return np.asarray(self.build.labels("stage") == "committed")


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
            "connection_months": leads.connection.months[s],
            "connection_by": leads.connection.by[s],
            "non_firm_months": np.where(any_along(leads.non_firm.may, axis=1), leads.non_firm.months, np.nan)[s],
        }
    )
