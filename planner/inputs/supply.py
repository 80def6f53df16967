"""Index lists and coefficients of power made or stored at the sites."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.arrays import Record
from planner.base.units import KW_PER_MW, USD_PER_MUSD
from planner.base.words import amount
from planner.family.table_columns import codes, floats, given, mask_at, named_in, texts
from planner.inputs.supply_figures import RENEWABLE, availability, fuel_prices, source_figures
from planner.lp import Axis, Index
from planner.lp.index import cross, distinct

if TYPE_CHECKING:
    from planner.base.arrays import Bools, Floats
    from planner.inputs.axes import Sets
    from planner.inputs.case import ScopedCase
    from planner.inputs.power import PowerPrices
    from planner.inputs.site_series import SiteSeries
    from planner.inputs.supply_figures import SourceFigures

_TOLD_AGE_YEARS: Final = 3.0  # of the first worth in table bridge_power


_ROUNDING = 1e-9
_STANDING_HOURS: Final = 4.0  # energy of an existing battery over its power where none is given


class SupplyOffer:
    """Sources in play, and where each may be."""

    def __init__(self, case: ScopedCase) -> None:
        supply, sites = case.scenario.supply, case.ids("sites")
        self.figures = figures = source_figures(case)  # sources with their figures
        is_here = named_in(supply.sites, sites)
        # sites at which a source may be built, shape (site, source), and whose standby generators may run, (site,)
        self.may_build = is_here[:, None] & named_in(supply.allow, figures.ids)
        self.has_standby = is_here & supply.standby.allow
        # what exists, shape (site, source). [MW, MWh]
        self.existing_mw, self.existing_mwh = np.zeros((2, len(sites), len(figures.ids)))
        table = case.tables["onsite_sources"]
        batteries = set(table.loc[table["role"] == "storage", "onsite"])
        for block in ("new_sites", "sites"):
            for site, own in getattr(case.scenario, block).items():
                if site not in sites:
                    continue
                power, energy = own.existing_source_mw or {}, own.existing_storage_mwh or {}
                for key in energy:
                    place = (block, site, "existing_storage_mwh", key)
                    if key not in batteries:
                        what_is = f"{key} is not a battery and stores no energy"
                        must_be = "a source with role storage in table onsite_sources"
                        case.findings.add(place, what_is, must_be, "remove it, or name the existing battery")
                    elif key not in power:
                        what_is, must_be = f"{key} has energy and no power", "given in existing_source_mw as well"
                        case.findings.add(place, what_is, must_be, "add its power")
                for source, mw in power.items():
                    if mw > 0.0:
                        at = sites.index(site), figures.ids.index(source)
                        self.existing_mw[at] = mw
                        self.existing_mwh[at] = energy.get(source, _STANDING_HOURS * mw)
        self.existing_mwh *= figures.is_role("storage")

    @property
    def makes_its_power(self) -> Bools:
        """Sites where a source that runs at any hour may be built, shape (site,)."""
        runs = self.figures.is_role("firm") & np.isinf(self.figures.max_hours)
        return np.asarray((self.may_build & runs).any(axis=1), dtype=np.bool_)


class SupplyInputs(Record):
    """On-site sources and batteries; every list is empty where the scenario allows none.

    A source is one of three: renewable (its output is availability times capacity and costs
    nothing), dispatched (its output is a decision), or a store. Figures of operation are those of
    the plan's first year, since a source keeps what it was built with; costs are those of the start
    of service.
    """

    def __init__(
        self,
        case: ScopedCase,
        sets: Sets,
        offer: SupplyOffer,
        prices: PowerPrices,
        site_year: Index,
        counts: Bools,
        series: SiteSeries,
        grid_start: Floats,
    ) -> None:
        """Take `counts` (site_year,), `grid_start` (site,) [year]."""
        figures = offer.figures
        self.source = Axis("source", figures.ids)  # sources in play
        self.role = figures.role  # [source]: solar, wind, firm, standby, storage
        self.burns_fuel = figures.burns_fuel  # [source]: fossil or biogenic; uranium and heat of the earth do not
        axes = (sets.site, self.source, sets.year)
        in_plan = mask_at((len(sets.site), 1, len(sets.year)), (site_year["site"], 0, site_year["year"]))
        has_standby = offer.has_standby[:, None] & figures.is_of_halls
        in_time = figures.start[:, None] < case.last_year + 1.0
        serves = _serves(case, figures, grid_start)
        can_build = offer.may_build[:, :, None] & in_time & in_plan & serves
        stands = ((offer.existing_mw > 0.0) | has_standby)[:, :, None]
        here = (stands | np.logical_or.accumulate(can_build, axis=2)) & in_plan & serves
        is_used = np.asarray(here.any(axis=2), dtype=np.bool_)

        # what exists and may be built
        # (site, source, year) with some, or to get it
        self.capacity: Index = Index.sparse("capacity", axes, np.nonzero(here))
        s, g, _ = self.capacity.codes
        self.existing_mw: Floats = offer.existing_mw[s, g]  # [capacity], stands through the whole plan
        limit = figures.limit_mw[g]
        is_limited = np.isfinite(limit)
        self.limited: Index = self.capacity.select(is_limited, "limited")  # (site, source, year) with a limit
        self.limit_mw: Floats = limit[is_limited]  # [limited]
        self.build = build = Index.sparse("source_build", axes, np.nonzero(can_build))  # (site, source, year) of entry
        of = build["source"]
        self.build_start = np.maximum(figures.start[of], case.year[build["year"]])  # [build] such as 2027.75
        self.build_life_years = figures.interpolate("life_years", self.build_start, of)  # [build]
        # overnight; of a battery, its power, [build]
        self.build_capex_musd_per_mw = figures.capex_musd_per_mw(self.build_start, of)
        self._find_plants(case, figures, offer.existing_mw)
        self._find_bridge(case, sets, figures)
        # generators of halls, (site, source, year)
        self.standby: Index = self.capacity.select(has_standby[s, g], "standby")
        own, of_topology = case.scenario.supply.standby.mw_per_hall_mw, floats(case.redundancy, "generator_kw_per_kw")
        self.standby_mw_per_mw: Floats = given(own, of_topology)[sets.hall_redundancy]  # [design], per MW of own hall
        is_of_store = figures.is_role("storage")
        fixed = figures.operating("fixed_usd_per_unit_year") * KW_PER_MW / USD_PER_MUSD
        # 0 for batteries and standby generators, [capacity]
        self.fixed_musd_per_mw_year: Floats = np.where(is_of_store | figures.is_of_halls, 0.0, fixed)[g]

        self._find_outputs(case, sets, figures, is_used, series)
        self._find_stores(case, sets, figures, offer, fixed)

        # surplus: (site, year, slot) in which a price is below 0, and in which power may be sold
        self.curtail = _curtail(sets, prices, self.renewable, site_year.select(counts))
        slots = cross(_sellers(case, sets, self.dispatch, self.renewable), sets.slot, name="export")
        price = case.scenario.supply.export.wholesale_price_frac * prices.wholesale_usd_per_mwh[slots.codes]
        self.export: Index = slots.select(price > 0.0)
        self.export_usd_per_mwh: Floats = price[price > 0.0]  # [export]

    def _find_outputs(
        self, case: ScopedCase, sets: Sets, figures: SourceFigures, is_used: Bools, series: SiteSeries
    ) -> None:
        """Find what sources yield. Takes `is_used` (site, source)."""
        # without a cost of output, and with an output to decide, both (site, source, year)
        self.renewable: Index = _part(self.capacity, figures.is_role(*RENEWABLE) & ~figures.is_dispatched, "renewable")
        self.dispatch: Index = _part(self.capacity, figures.is_dispatched, "dispatch")
        of_dispatch = self.dispatch["source"]
        self.output: Index = cross(self.dispatch, sets.slot, name="output")  # dispatch x slot
        # output or its limit over capacity, [site, source, slot]
        self.availability_frac = availability(case, figures, is_used, series)
        hours = figures.max_hours[of_dispatch]
        is_short = np.isfinite(hours)
        self.run_hours: Index = self.dispatch.select(is_short, "run_hours")  # (site, source, year) with limited hours
        self.run_hours_h: Floats = hours[is_short]  # [run_hours] at full output
        # upkeep that follows output; of stores, discharge, [capacity]
        self.variable_usd_per_mwh: Floats = figures.operating("variable_usd_per_mwh")[self.capacity["source"]]
        self.fuel_mmbtu_per_mwh = np.nan_to_num(figures.operating("heat_rate_mmbtu_per_mwh"))[of_dispatch]  # [dispatch]
        fuel_price = fuel_prices(case, figures, is_used)[self.dispatch.codes]
        self.fuel_usd_per_mwh: Floats = self.fuel_mmbtu_per_mwh * fuel_price  # [dispatch] heat rate times price
        self.co2_t_per_mwh: Floats = figures.operating("co2_t_per_mwh")[of_dispatch]  # [dispatch]

    def _find_stores(
        self, case: ScopedCase, sets: Sets, figures: SourceFigures, offer: SupplyOffer, fixed: Floats
    ) -> None:
        """Find batteries. Takes `fixed` (source,) [MUSD/MWh-year]."""
        is_of_store, of = figures.is_role("storage"), self.build["source"]
        self.store: Index = _part(self.capacity, is_of_store, "store")  # (site, source, year)
        in_store = self.store["source"]
        self.existing_mwh: Floats = offer.existing_mwh[self.store["site"], in_store]  # [store]
        stored = np.flatnonzero(is_of_store[of])
        # (site, source, year), the builds of batteries
        self.build_store: Index = self.build.select(stored, "build_store")
        self.build_store_start: Floats = self.build_start[stored]  # [build_store]
        self.build_store_life_years: Floats = self.build_life_years[stored]  # [build_store]
        # [build_store]
        self.build_store_capex_musd_per_mwh = figures.capex_musd_per_mwh(self.build_store_start, of[stored])
        duration = figures.given("duration_h")[of[stored]]
        is_sized = ~np.isnan(duration)
        self.fixed_duration: Index = self.build_store.select(is_sized, "fixed_duration")  # sized by a fixed duration
        self.duration_h: Floats = duration[is_sized]  # [fixed_duration]
        self.store_slot: Index = cross(self.store, sets.slot, name="store_slot")  # store x slot
        self.charge_efficiency_frac = figures.one_way("charge_efficiency_frac")  # [source], 0 where no battery
        self.discharge_efficiency_frac = figures.one_way("discharge_efficiency_frac")  # [source], 0 where no battery
        cycle_life = figures.operating("cycle_life_cycles")[in_store]
        # that the calendar life leaves room for, [store]
        self.cycles_per_year: Floats = cycle_life / figures.operating("life_years")[in_store]
        # replacement per MWh taken out beyond it, [store]
        self.wear_musd_per_mwh: Floats = (
            figures.capex_musd_per_mwh(case.year[self.store["year"]], in_store) / cycle_life
        )
        self.fixed_musd_per_mwh_year: Floats = fixed[in_store]  # [store]

    def _find_plants(self, case: ScopedCase, figures: SourceFigures, existing_mw: Floats) -> None:
        """Find the smallest plants and what must be whole. Takes `existing_mw` (site, source) [MW]."""
        source = self.build["source"]
        # smallest plant that is sold, [build]
        self.build_smallest_mw = least_mw = figures.interpolate("min_size_mw", self.build_start, source)
        is_whole = (least_mw > 0.0) & case.scenario.supply.whole_sources
        _refuse_without_limit(case, figures, np.unique(source[is_whole]))
        # (site, source, year), builds that are a whole plant or none
        self.plant: Index = self.build.select(is_whole, "plant")
        self.plant_least_mw: Floats = least_mw[is_whole]  # [plant]
        limit_mw = np.where(np.isfinite(figures.limit_mw), figures.limit_mw, 0.0)
        room_mw = (limit_mw[source] - existing_mw[self.build["site"], source])[is_whole]
        has_room = room_mw >= self.plant_least_mw - _ROUNDING
        # what the limit at the site leaves after what exists; 0 where the smallest plant has none, [plant]
        self.plant_room_mw: Floats = np.where(has_room, room_mw, 0.0)
        _note_without_room(case, self.plant, ~has_room, self.plant_least_mw)

    def _find_bridge(self, case: ScopedCase, sets: Sets, figures: SourceFigures) -> None:
        """Find the sources that may leave.

        What leaves is worth a share of the price of a new one, by its age: the table's share at
        three years, less its decline for each further year, and no more when it is younger.
        """
        bridge, build = case.scenario.supply.bridge, self.build
        first = np.flatnonzero(named_in(bridge.sources, figures.ids)[build["source"]])
        axes = (sets.site, self.source, sets.year.renamed("vintage"))
        # (site, source, vintage): builds that may leave
        self.bridge: Index = Index.sparse("bridge", axes, [codes_[first] for codes_ in build.codes])
        end = self.build_start + self.build_life_years
        is_after, serves = case.year > case.year[build["year"]][:, None], case.year < end[:, None]
        which, year = np.nonzero((is_after & serves)[first])
        of = first[which]
        source, at = build["source"][of], (build["site"][of], build["source"][of], build["year"][of], year)
        # (site, source, vintage, year): leaving on 1 January of the year
        self.redeploy: Index = Index.sparse("redeploy", (*axes, sets.year), at)
        self.redeploy_start = case.year[year].astype(np.float64)  # [redeploy] when it leaves
        self.redeploy_life_left_years: Floats = end[of] - self.redeploy_start  # [redeploy]
        worth, decline, redeploy = (
            np.append(floats(case.tables["bridge_power"], column), np.nan)[
                codes(figures.ids, texts(case.tables["bridge_power"], "onsite"))
            ]
            for column in ("residual_3yr_frac", "residual_decline_frac", "redeploy_usd_per_kw")
        )
        older = np.maximum(self.redeploy_start - self.build_start[of] - _TOLD_AGE_YEARS, 0.0)
        share = given(bridge.residual_frac, np.clip(worth[source] - decline[source] * older, 0, 1))
        # worth when it leaves, and taking down and hauling, [redeploy]
        self.redeploy_worth_musd_per_mw: Floats = share * figures.capex_musd_per_mw(self.build_start[of], source)
        usd_per_kw = given(bridge.redeploy_usd_per_kw, redeploy[source])
        self.redeploy_cost_musd_per_mw: Floats = usd_per_kw * KW_PER_MW / USD_PER_MUSD


def _refuse_without_limit(case: ScopedCase, figures: SourceFigures, sources: np.ndarray) -> None:
    for id_ in (figures.ids[at] for at in sources if not np.isfinite(figures.limit_mw[at])):
        what_is = f"{id_} is built as integer plants and has no upper limit per site"
        fix = f"give supply.max_mw.{id_}, or max_site_mw in table onsite_sources"
        case.findings.add(("supply", "whole_sources"), what_is, "an upper limit per site of each such technology", fix)


def _note_without_room(case: ScopedCase, plant: Index, is_short: np.ndarray, least_mw: Floats) -> None:
    short = dict.fromkeys(
        (plant.axis("site").labels[site], plant.axis("source").labels[source], float(mw))
        for site, source, mw in zip(plant["site"][is_short], plant["source"][is_short], least_mw[is_short], strict=True)
    )
    if short:
        reported = ", ".join(f"{source} at {site} ({amount(mw, 4)} MW)" for site, source, mw in short)
        own = [source for _, source, _ in short if source in case.scenario.supply.max_mw]
        text = f"No room for the smallest plant, so that none is built: {reported}."
        case.findings.add_note(text, ("supply", "max_mw", own[0]) if own else ("supply", "whole_sources"))


def _serves(case: ScopedCase, figures: SourceFigures, grid_start: Floats) -> Bools:
    """Return in which years a source may serve, shape (site, source, year)."""
    bridge = case.scenario.supply.bridge
    leaves = named_in(bridge.sources, figures.ids) & bridge.until_grid
    before = case.year[None, :] < grid_start[:, None]
    return np.asarray(~leaves[None, :, None] | before[:, None, :], dtype=np.bool_)


def _part(capacity: Index, which: Bools, name: str) -> Index:
    return capacity.select(which[capacity["source"]], name)


def _curtail(sets: Sets, prices: PowerPrices, renewable: Index, exact: Index) -> Index:
    """Time slices in which sun and wind cannot be curtailed by drawing less."""
    slots = cross(distinct(renewable, "site", "year"), sets.slot, name="curtail")
    price = prices.energy_usd_per_mwh[slots.codes]
    return slots.select((price < 0.0) | (exact.find(slots) >= 0))


def _sellers(case: ScopedCase, sets: Sets, *sources: Index) -> Index:
    makes = np.zeros((len(sets.site), len(sets.year)), dtype=np.bool_)
    for index in sources:
        makes[index["site"], index["year"]] = case.scenario.supply.export.allow
    return Index.sparse("export", (sets.site, sets.year), np.nonzero(makes))
