"""Index lists and coefficients of power made or stored at the sites."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

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
    from planner.inputs.power_prices import PowerPrices
    from planner.inputs.site_series import SiteSeries
    from planner.inputs.supply_figures import SourceFigures

_TOLD_AGE_YEARS: Final = 3.0  # of the first worth in table bridge_power


def bridge_lists(
    case: ScopedCase, sets: Sets, figures: SourceFigures, build: Index, start: Floats, life: Floats
) -> dict[str, Any]:
    """Return the lists of sources that may leave, by their names in `SupplyInputs`.

    What leaves is worth a share of the price of a new one, by its age: the table's share at
    three years, less its decline for each further year, and no more when it is younger.
    Takes `build` (site, source, year), `start` [year, yr], `life` [year, yr].
    """
    bridge = case.scenario.supply.bridge
    first = np.flatnonzero(named_in(bridge.sources, figures.ids)[build["source"]])
    axes = (sets.site, build.axis("source"), sets.year.renamed("vintage"))
    vintages = Index.sparse("bridge", axes, [codes_[first] for codes_ in build.codes])

    is_after, serves = case.year > case.year[build["year"]][:, None], case.year < (start + life)[:, None]
    which, year = np.nonzero((is_after & serves)[first])
    of = first[which]
    moment = case.year[year].astype(np.float64)
    age, source = moment - start[of], build["source"][of]

    worth, decline, redeploy = (
        np.append(floats(case.tables["bridge_power"], column), np.nan)[
            codes(figures.ids, texts(case.tables["bridge_power"], "onsite"))
        ]
        for column in ("residual_3yr_frac", "residual_decline_frac", "redeploy_usd_per_kw")
    )
    share = np.clip(worth[source] - decline[source] * np.maximum(age - _TOLD_AGE_YEARS, 0.0), 0, 1)
    share, usd_per_kw = given(bridge.residual_frac, share), given(bridge.redeploy_usd_per_kw, redeploy[source])
    return {
        "bridge": vintages,
        "redeploy": Index.sparse("redeploy", (*axes, sets.year), (build["site"][of], source, build["year"][of], year)),
        "redeploy_start": moment,
        "redeploy_life_left_years": start[of] + life[of] - moment,
        "redeploy_worth_musd_per_mw": share * figures.capex_musd_per_mw(start[of], source),
        "redeploy_cost_musd_per_mw": usd_per_kw * KW_PER_MW / USD_PER_MUSD,
    }


_ROUNDING = 1e-9


def plant_lists(
    case: ScopedCase, figures: SourceFigures, build: Index, start: Floats, existing_mw: Floats
) -> dict[str, Any]:
    """Return the smallest plants and what must be whole, by their names in `SupplyInputs`.

    The room of a source is what its limit at the site leaves after what exists.
    Takes `build` (site, source, year), `start` [year], `existing_mw` (site, source) [MW].
    """
    source = build["source"]
    least_mw = figures.interpolate("min_size_mw", start, source)
    is_asked = (least_mw > 0.0) & case.scenario.supply.whole_sources
    _refuse_without_limit(case, figures, np.unique(source[is_asked]))
    whole = np.flatnonzero(is_asked)
    limit_mw = np.where(np.isfinite(figures.limit_mw), figures.limit_mw, 0.0)
    room_mw = (limit_mw[source] - existing_mw[build["site"], source])[whole]
    has_room = room_mw >= least_mw[whole] - _ROUNDING
    plant = build.select(whole, "plant")
    _note_without_room(case, plant, ~has_room, least_mw[whole])
    return {
        "build_smallest_mw": least_mw,
        "plant": plant,
        "plant_least_mw": least_mw[whole],
        "plant_room_mw": np.where(has_room, room_mw, 0.0),
    }


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


@dataclass(frozen=True)
class SupplyInputs:
    """On-site sources and batteries; every list is empty where the scenario allows none.

    A source is one of three: renewable (its output is availability times capacity and costs
    nothing), dispatched (its output is a decision), or a store. Figures of operation are those of
    the plan's first year, since a source keeps what it was built with; costs are those of the start
    of service.
    """

    source: Axis  # sources in play
    role: tuple[str, ...]  # [source]: solar, wind, firm, standby, storage
    burns_fuel: Bools  # [source]: fossil or biogenic fuel; uranium and heat of the earth do not
    # what exists
    capacity: Index  # (site, source, year) that has something or may get it
    existing_mw: Floats  # [capacity], stands through the whole plan
    limited: Index  # (site, source, year), of the capacity, with a limit
    limit_mw: Floats  # [limited]
    build: Index  # (site, source, year) entering service
    build_start: Floats  # [build] service start, e.g. 2027.75
    build_life_years: Floats  # [build]
    build_capex_musd_per_mw: Floats  # [build], overnight; of a battery, its power
    build_smallest_mw: Floats  # [build], smallest plant that is sold
    plant: Index  # (site, source, year), builds that are a whole plant or nothing
    plant_least_mw: Floats  # [plant]
    plant_room_mw: Floats  # [plant], after what exists; 0 where the smallest plant has none
    bridge: Index  # (site, source, vintage): builds that may leave
    redeploy: Index  # (site, source, vintage, year): leaving on 1 January of the year
    redeploy_start: Floats  # [redeploy] when it leaves
    redeploy_life_left_years: Floats  # [redeploy]
    redeploy_worth_musd_per_mw: Floats  # [redeploy] worth when it leaves
    redeploy_cost_musd_per_mw: Floats  # [redeploy] taking down and hauling
    standby: Index  # (site, source, year) of generators that halls have
    standby_mw_per_mw: Floats  # [hall design], per MW of own hall
    fixed_musd_per_mw_year: Floats  # [capacity]; 0 for batteries and standby generators
    # what it yields
    renewable: Index  # (site, source, year) of sun and wind without a cost of output, of capacity
    availability_frac: Floats  # [site, source, slot], output or its limit over capacity
    dispatch: Index  # (site, source, year) with an output to decide, of the capacity
    output: Index  # (site, source, year, slot) = dispatch x slot
    run_hours: Index  # (site, source, year), of dispatch, with limited hours
    run_hours_h: Floats  # [run_hours] at full output
    variable_usd_per_mwh: Floats  # [capacity] upkeep that follows output; of stores, discharge
    fuel_usd_per_mwh: Floats  # [dispatch] heat rate times price
    fuel_mmbtu_per_mwh: Floats  # [dispatch]
    co2_t_per_mwh: Floats  # [dispatch]
    # batteries
    store: Index  # (site, source, year), of the capacity
    existing_mwh: Floats  # [store]
    build_store: Index  # (site, source, year), the builds of batteries
    build_store_start: Floats  # [build_store]
    build_store_life_years: Floats  # [build_store]
    build_store_capex_musd_per_mwh: Floats  # [build_store]
    fixed_duration: Index  # (site, source, year), of build_store, sized by a fixed duration
    duration_h: Floats  # [fixed_duration]
    store_slot: Index  # (site, source, year, slot) = store x slot
    charge_efficiency_frac: Floats  # [source], 0 where no battery
    discharge_efficiency_frac: Floats  # [source], 0 where no battery
    cycles_per_year: Floats  # [store] that the calendar life leaves room for
    wear_musd_per_mwh: Floats  # [store] replacement per MWh taken out beyond it
    fixed_musd_per_mwh_year: Floats  # [store]
    # surplus
    curtail: Index  # (site, year, slot) in which a price is below 0
    export: Index  # (site, year, slot) in which power may be sold
    export_usd_per_mwh: Floats  # [export]


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


def supply_inputs(
    case: ScopedCase,
    sets: Sets,
    offer: SupplyOffer,
    prices: PowerPrices,
    site_year: Index,
    counts: Bools,
    series: SiteSeries,
    grid_start: Floats,
) -> SupplyInputs:
    """Make the lists of power at the sites. Takes `counts` (site_year,), `grid_start` (site,) [year]."""
    figures = offer.figures
    axes = (sets.site, Axis("source", figures.ids), sets.year)
    in_plan = mask_at((len(sets.site), 1, len(sets.year)), (site_year["site"], 0, site_year["year"]))
    has_standby = offer.has_standby[:, None] & figures.is_of_halls

    in_time = figures.start[:, None] < case.last_year + 1.0
    serves = _serves(case, figures, grid_start)
    can_build = offer.may_build[:, :, None] & in_time & in_plan & serves
    build = Index.sparse("source_build", axes, np.nonzero(can_build))
    of = build["source"]
    start = np.maximum(figures.start[of], case.year[build["year"]])
    life = figures.interpolate("life_years", start, of)

    stands = ((offer.existing_mw > 0.0) | has_standby)[:, :, None]
    here = (stands | np.logical_or.accumulate(can_build, axis=2)) & in_plan & serves
    capacity = Index.sparse("capacity", axes, np.nonzero(here))
    s, g, _ = capacity.codes
    dispatch = _part(capacity, figures.is_dispatched, "dispatch")
    renewable = _part(capacity, figures.is_role(*RENEWABLE) & ~figures.is_dispatched, "renewable")
    store = _part(capacity, figures.is_role("storage"), "store")
    is_used = np.asarray(here.any(axis=2), dtype=np.bool_)

    limit = figures.limit_mw[g]
    limited = np.flatnonzero(np.isfinite(limit))
    hours = figures.max_hours[dispatch["source"]]
    hours_limited = np.flatnonzero(np.isfinite(hours))
    heat_rate = np.nan_to_num(figures.operating("heat_rate_mmbtu_per_mwh"))[dispatch["source"]]
    fuel_price = fuel_prices(case, figures, is_used)
    fixed = figures.operating("fixed_usd_per_unit_year") * KW_PER_MW / USD_PER_MUSD
    is_of_store = figures.is_role("storage")
    stored = np.flatnonzero(is_of_store[of])
    duration = figures.given("duration_h")[of[stored]]
    sized = np.flatnonzero(~np.isnan(duration))
    build_store = build.select(stored, "build_store")
    cycle_life = figures.operating("cycle_life_cycles")[store["source"]]
    price_of_energy = figures.capex_musd_per_mwh(case.year[store["year"]], store["source"])
    standby, of_topology = case.scenario.supply.standby, floats(case.redundancy, "generator_kw_per_kw")
    return SupplyInputs(
        source=axes[1],
        role=figures.role,
        burns_fuel=figures.burns_fuel,
        capacity=capacity,
        existing_mw=offer.existing_mw[s, g],
        limited=capacity.select(limited, "limited"),
        limit_mw=limit[limited],
        build=build,
        build_start=start,
        build_life_years=life,
        build_capex_musd_per_mw=figures.capex_musd_per_mw(start, of),
        **plant_lists(case, figures, build, start, offer.existing_mw),
        **bridge_lists(case, sets, figures, build, start, life),
        standby=capacity.select(np.flatnonzero(has_standby[s, g]), "standby"),
        standby_mw_per_mw=given(standby.mw_per_hall_mw, of_topology)[sets.hall_redundancy],
        fixed_musd_per_mw_year=np.where(is_of_store | figures.is_of_halls, 0.0, fixed)[g],
        renewable=renewable,
        availability_frac=availability(case, figures, is_used, series),
        dispatch=dispatch,
        output=cross(dispatch, sets.slot, name="output"),
        run_hours=dispatch.select(hours_limited, "run_hours"),
        run_hours_h=hours[hours_limited],
        variable_usd_per_mwh=figures.operating("variable_usd_per_mwh")[g],
        fuel_mmbtu_per_mwh=heat_rate,
        fuel_usd_per_mwh=heat_rate * fuel_price[dispatch.codes],
        co2_t_per_mwh=figures.operating("co2_t_per_mwh")[dispatch["source"]],
        store=store,
        existing_mwh=offer.existing_mwh[store["site"], store["source"]],
        build_store=build_store,
        build_store_start=start[stored],
        build_store_life_years=life[stored],
        build_store_capex_musd_per_mwh=figures.capex_musd_per_mwh(start[stored], of[stored]),
        fixed_duration=build_store.select(sized, "fixed_duration"),
        duration_h=duration[sized],
        store_slot=cross(store, sets.slot, name="store_slot"),
        charge_efficiency_frac=figures.one_way("charge_efficiency_frac"),
        discharge_efficiency_frac=figures.one_way("discharge_efficiency_frac"),
        cycles_per_year=cycle_life / figures.operating("life_years")[store["source"]],
        wear_musd_per_mwh=price_of_energy / cycle_life,
        fixed_musd_per_mwh_year=fixed[store["source"]],
        curtail=_curtail(sets, prices, renewable, site_year.select(np.flatnonzero(counts))),
        **_export(case, sets, prices, (dispatch, renewable)),
    )


def _serves(case: ScopedCase, figures: SourceFigures, grid_start: Floats) -> Bools:
    """Return in which years a source may serve, shape (site, source, year)."""
    bridge = case.scenario.supply.bridge
    leaves = named_in(bridge.sources, figures.ids) & bridge.until_grid
    before = case.year[None, :] < grid_start[:, None]
    return np.asarray(~leaves[None, :, None] | before[:, None, :], dtype=np.bool_)


def _part(capacity: Index, which: Bools, name: str) -> Index:
    """Return the capacity of some sources."""
    return capacity.select(np.flatnonzero(which[capacity["source"]]), name)


def _curtail(sets: Sets, prices: PowerPrices, renewable: Index, exact: Index) -> Index:
    """Time slices in which sun and wind cannot be curtailed by drawing less."""
    slots = cross(distinct(renewable, "site", "year"), sets.slot, name="curtail")
    price = prices.energy_usd_per_mwh[slots.codes]
    return slots.select(np.flatnonzero((price < 0.0) | (exact.find(slots) >= 0)))


def _export(case: ScopedCase, sets: Sets, prices: PowerPrices, sources: tuple[Index, ...]) -> dict[str, Any]:
    """Time slices in which a source could sell, and the price there. [USD/MWh]"""
    settings = case.scenario.supply.export
    makes = np.zeros((len(sets.site), len(sets.year)), dtype=np.bool_)
    for index in sources:
        makes[index["site"], index["year"]] = settings.allow
    places = Index.sparse("export", (sets.site, sets.year), np.nonzero(makes))
    slots = cross(places, sets.slot, name="export")
    price = settings.wholesale_price_frac * prices.wholesale_usd_per_mwh[slots.codes]
    sells = np.flatnonzero(price > 0.0)
    return {"export": slots.select(sells), "export_usd_per_mwh": price[sells]}
