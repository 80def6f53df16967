"""Figures that are plausible each and out of proportion to each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.errors import InputError, Problem
from planner.base.number_format import amount
from planner.base.units import MW_PER_GW
from planner.inputs.demand import wanted_compute
from planner.inputs.existing_halls import HALLS, halls_in_service
from planner.inputs.existing_racks import RACKS
from planner.inputs.places import own_key
from planner.inputs.proportions_own import (
    budget_too_small,
    company_out_of_proportion,
    demand_out_of_step,
    nameplate_mw,
    rows_out_of_step,
)
from planner.inputs.proportions_power import bills_in_cents, clocks_elsewhere, signed_beyond_use, sources_beyond_sites
from planner.inputs.racks_figures import rack_figures
from planner.inputs.scope import make_case
from planner.inputs.sites import crews_mw
from planner.inputs.stock import assumed_facility_mw
from planner.inputs.table_columns import codes, floats, texts
from planner.plausible import implausible, one_at_each_place
from planner.plausible.ranges import RANGES, as_text, ranges_of
from planner.scenario import path_value
from planner.scenario.contradictions import contradictions
from planner.scenario.ids import ID_TABLES
from planner.tables.places import TablePlaces

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import pandas as pd

    from planner.base.arrays import Floats
    from planner.inputs.case import ScopedCase
    from planner.inputs.demand import Wanted
    from planner.inputs.racks_figures import RackFigures
    from planner.scenario import Scenario
    from planner.scenario.tree import Keys

__all__ = ["NEEDED", "demand_out_of_proportion", "out_of_proportion", "sites_out_of_proportion", "warnings_of"]

NEEDED: Final = frozenset(
    {
        *ID_TABLES,
        "climate",
        "carbon_intensity",
        "cooling",
        "demand_regions",
        "demand_shapes",
        "demand_trajectories",
        "electricity_price",
        "facility_market",
        "finance",
        "grid_zones",
        HALLS,
        RACKS,
        RANGES,
        "rack_cooling",
        "rack_memory",
        "rack_stock",
        "racks",
        "redundancy",
        "reference_fleet",
        "rent_depth",
        "requests",
        "series_days",
        "site_archetypes",
        "site_limits",
        "site_stock",
        "sites",
        "trained_models",
        "water_stress",
        "workload_racks",
        "workload_share",
        "workloads",
    }
)
"""Tables without which figures of a scenario cannot be compared with each other."""

_POWER_OVER_ROOM: Final = 1.5
"""Facility power over the critical IT power of land, and nameplate over a connection: at most."""
_DEMAND_OVER_ROOM: Final = 5.0
"""Demand over what sites can hold and clouds rent: beyond it the plan is about little else."""
_DELIVERIES_OVER_DEMAND: Final = 3.0
"""Share of what vendors deliver over the share of demand: a company that grows is served first."""
_YEARS_OF_BUILDING: Final = 500.0
"""Years in which the land of a site is built on: those of table `site_limits` are 4 to 6."""
_RATE_BELOW_NEED: Final = 5.0
"""What demand needs and land holds over what is built on it at a planner's own rates: at most."""
_LAND_OVER_HELD: Final = 5.0
_LAND_OVER_NEED: Final = 3.0
"""Land over what exists or is connected there, and over what all demand needs: beyond both, acres
are likelier than MW."""
_LAND: Final = "site_land"
_LAND_SHARES: Final = ("site_limit_share_frac", "demand_share_frac")
"""Shares of the operator that land follows; the second where the first is not given."""
_NO_ROOM_MW: Final = 1e-6
_MW: Final = "check that all are in MW"


def warnings_of(scenario: Scenario, tables: Mapping[str, pd.DataFrame]) -> tuple[Problem, ...]:
    """Find what is implausible in a scenario and tables that need not be right in every way."""
    found: list[Problem] = []
    try:
        found += implausible(scenario, tables)
        if not tables.keys() >= NEEDED:
            return one_at_each_place(found)
        case = make_case(scenario, tables)
        found += out_of_proportion(case)
        if contradictions(scenario):  # errors of their own, after which demand has no meaning
            return one_at_each_place(found)
        figures = rack_figures(case)
        wanted = wanted_compute(case, figures)
        found += sites_out_of_proportion(case, figures, wanted)
        found += demand_out_of_proportion(case, figures, wanted, found)
    except InputError:  # something is wrong, and said elsewhere
        pass
    return one_at_each_place(found)


def out_of_proportion(case: ScopedCase) -> tuple[Problem, ...]:
    """Find figures of markets, racks and a company that do not go together."""
    return (
        *_shares(case),
        *_markets(case),
        *_build_rates(case),
        *_racks(case),
        *company_out_of_proportion(case),
        *clocks_elsewhere(case),
        *bills_in_cents(case),
    )


def _shares(case: ScopedCase) -> Iterator[Problem]:
    """Find a share of deliveries that is far above the share of demand."""
    operator = case.scenario.operator
    demand, deliveries = operator.demand_share_frac, operator.deliveries_share_frac
    key = "deliveries_share_frac"
    if key in operator.model_fields_set and deliveries > _DELIVERIES_OVER_DEMAND * demand:
        what_is = (
            f"operator.{key} is {deliveries:g}, {amount(deliveries / demand)} times"
            f" operator.demand_share_frac, {demand:g}"
        )
        fix = "lower it, or raise operator.demand_share_frac"
        yield _problem(case, ("operator", key), what_is, fix)


def sites_out_of_proportion(case: ScopedCase, figures: RackFigures, wanted: Wanted) -> tuple[Problem, ...]:
    """Find halls, sources, power under contract and a budget that do not go with the rest."""
    existing_mw = _existing_mw(case, wanted)
    least_mw = _least_mw(case, figures, wanted)
    return (
        *_sites(case, existing_mw),
        *_acres(case, least_mw),
        *_slow_building(case, existing_mw, least_mw),
        *sources_beyond_sites(case, existing_mw),
        *signed_beyond_use(case, existing_mw, least_mw),
        *budget_too_small(case, least_mw),
    )


def _sites(case: ScopedCase, existing: Floats) -> Iterator[Problem]:
    """Compare what exists at a site with its land and its connection, year by year.

    Where one of the three is out of step with both others, it is blamed; a figure that ships is
    not blamed while one of the planner's own may be. A site is reported once, in the last of the
    years in which most is exceeded.
    """
    scenario, ids = case.scenario, case.ids("sites")
    land = floats(case.sites, "land_limit_mw")
    firm = np.array([[_connection_mw(scenario, site, int(y)) for y in case.year] for site in ids])
    racks_mw = _stated_racks_mw(case)
    beyond_land = existing > _POWER_OVER_ROOM * land[:, None]
    beyond_firm = existing > _POWER_OVER_ROOM * firm
    exceeded_by_year = beyond_land.astype(np.intp) + beyond_firm
    last_most = len(case.years) - 1 - exceeded_by_year[:, ::-1].argmax(axis=1)
    each = np.arange(len(ids))
    existing_mw, firm_mw = existing[each, last_most], firm[each, last_most]
    over_land, over_grid = beyond_land[each, last_most], beyond_firm[each, last_most]
    for at in np.flatnonzero(over_land | over_grid):
        site = ids[at]
        of_existing = own_key(scenario, site, "existing_mw")
        limits = (("land_limit_mw", land[at], over_land[at]), ("grid_firm_mw", firm_mw[at], over_grid[at]))
        exceeded = [(name, mw) for name, mw, is_over in limits if is_over]
        own = [name for name, _ in exceeded if own_key(scenario, site, name)]
        kept = [name for name, _, is_over in limits if not is_over]
        outvoted = bool(own) and any(own_key(scenario, site, name) for name in kept)
        if of_existing and not outvoted:
            room = " and ".join(f"{name} is {as_text(mw)} MW" for name, mw in exceeded)
            what_is = f"existing_mw of {site} is {as_text(existing_mw[at])} MW, but {room}"
            yield _problem(case, of_existing, what_is, _MW)
            continue
        halls, year = case.tables[HALLS], int(case.year[last_most[at]])
        there = np.flatnonzero((halls["site"] == site) & (halls["first_year"] <= year))
        # Racks that need more than a limit gives agree with the halls, and the limit is off.
        outvoted |= bool(own) and bool(racks_mw[at] > max(mw for _, mw in exceeded))
        is_own_land = own_key(scenario, site, "land_limit_mw") is not None
        if there.size and over_land[at] and not (over_grid[at] or is_own_land or outvoted):
            share = scenario.operator.site_limit_share_frac
            # More than all of the market's land is no matter of the share.
            if existing_mw[at] * share <= _POWER_OVER_ROOM * land[at]:
                yield _share_of_land(case, site, float(land[at]), float(existing_mw[at]))
                continue
        if there.size and not outvoted:
            record = int(there[floats(halls, "it_mw")[there].argmax()])
            room = " and ".join(f"{name} is {as_text(mw)} MW" for name, mw in exceeded)
            what_is = f"halls of {site} have {as_text(existing_mw[at])} MW in {year}, but {room}"
            places = TablePlaces(scenario.data_files)
            yield places.problem(HALLS, record, "it_mw", what_is, "", _MW)
            continue
        for name, mw in exceeded:
            key = own_key(scenario, site, name)
            if key:
                power = f"{as_text(existing_mw[at])} MW of facilities"
                what_is = f"{name} of {site} is {as_text(mw)} MW, but {power} exist there"
                if there.size:
                    record = int(there[floats(halls, "it_mw")[there].argmax()])
                    places = TablePlaces(scenario.data_files)
                    what_is += f", {places.problem(HALLS, record, 'it_mw', '').place} first"
                yield _problem(case, key, what_is, _MW)


def _acres(case: ScopedCase, least_mw: Floats) -> Iterator[Problem]:
    """Find land that is many times what is held there and what all demand needs."""
    scenario, need_mw = case.scenario, float(least_mw.max())
    halls = case.tables[HALLS]
    of_halls = floats(halls, "it_mw")
    land = floats(case.sites, "land_limit_mw")
    stated = np.nan_to_num(floats(case.sites, "existing_mw"))
    for at, site in enumerate(case.ids("sites")):
        key = own_key(scenario, site, "land_limit_mw")
        firm = max(np.nan_to_num([_connection_mw(scenario, site, int(y)) for y in case.year]))
        held_mw = max(firm, stated[at] + of_halls[(halls["site"] == site).to_numpy()].sum())
        if not key or not 0.0 < _LAND_OVER_HELD * held_mw < land[at]:
            continue
        if land[at] > _LAND_OVER_NEED * need_mw > 0.0:
            what_is = (
                f"land_limit_mw of {site} is {as_text(land[at])} MW, but {as_text(held_mw)} MW"
                f" exist or are connected there, and all demand needs some {as_text(need_mw)} MW"
            )
            fix = "acres are no MW: give the critical IT power that the land is to hold"
            yield _problem(case, key, what_is, fix)


def _slow_building(case: ScopedCase, existing: Floats, least_mw: Floats) -> Iterator[Problem]:
    """Find rates of building at which hardly any of the demand that land has room for is met."""
    land_mw, rate_mw = floats(case.sites, "land_limit_mw"), crews_mw(case)
    years = case.last_year - case.last_year[0] + 1.0
    built = np.minimum(land_mw[:, None], existing + rate_mw[:, None] * years)
    wanted = np.minimum(least_mw, land_mw.sum())
    at = int((wanted - _RATE_BELOW_NEED * built.sum(axis=0)).argmax())
    if wanted[at] <= _RATE_BELOW_NEED * built[:, at].sum():
        return
    for site in np.flatnonzero(land_mw > _RATE_BELOW_NEED * built[:, at]):
        name, figure = case.ids("sites")[site], "build_rate_mw_per_year"
        key = own_key(case.scenario, name, figure)
        if key:
            what_is = (
                f"{figure} of {name} is {as_text(rate_mw[site])} MW/year, so that all sites can"
                f" have {as_text(built[:, at].sum())} MW by {case.year[at]}, and demand needs at"
                f" least {as_text(least_mw[at])} MW of racks"
            )
            yield _problem(case, key, what_is, "check that it is in MW a year")


def _share_of_land(case: ScopedCase, site: str, land_mw: float, halls_mw: float) -> Problem:
    """Say that the land of a site is a share of its market's, and less than its halls take."""
    operator = case.scenario.operator
    given = next((one for one in _LAND_SHARES if one in operator.model_fields_set), _LAND_SHARES[0])
    what_is = (
        f"halls of {site} have {as_text(halls_mw)} MW, but its land_limit_mw is"
        f" {as_text(land_mw)} MW, the share {operator.site_limit_share_frac:g} of its market's"
    )
    fix = f"give {site} a land_limit_mw, or operator.{_LAND_SHARES[0]}: 1 if its land is all yours"
    return _problem(case, ("operator", given), what_is, fix)


def _existing_mw(case: ScopedCase, wanted: Wanted) -> Floats:
    """Power that exists at each site: stated, of its halls, or assumed; shape (site, year). [MW]"""
    halls = case.tables[HALLS]
    site = codes(halls["site"], case.ids("sites"))
    mw = np.where(halls_in_service(case, halls), floats(halls, "it_mw")[:, None], 0.0)
    of_halls = np.zeros((len(case.sites), len(case.years)))
    np.add.at(of_halls, site[site >= 0], mw[site >= 0])
    return assumed_facility_mw(case, wanted)[:, None] + of_halls


def _stated_racks_mw(case: ScopedCase) -> Floats:
    """Nameplate of racks that a planner states, of all years, shape (site,). [MW]"""
    mw, site = nameplate_mw(case), codes(case.tables[RACKS]["site"], case.ids("sites"))
    total = np.zeros(len(case.sites))
    np.add.at(total, site[site >= 0], mw[site >= 0])
    return total


def _connection_mw(scenario: Scenario, site: str, year: int) -> float:
    """Connection that a scenario gives a site in a year, NaN where it gives none. [MW]"""
    for given in (scenario.sites, scenario.new_sites):
        if site in given and (path := given[site].grid_firm_mw) is not None:
            firm_mw = path_value(path, year)
            return np.nan if firm_mw is None else firm_mw
    return np.nan


def _markets(case: ScopedCase) -> Iterator[Problem]:
    """Compare what exists in a market with its land, in tables of a user's own."""
    stock, limits = case.tables["site_stock"], case.tables["site_limits"]
    own = case.scenario.data_files
    if not {"site_stock", "site_limits"} & own.keys():
        return
    row = codes(stock["site"], limits["site"])
    known = row >= 0
    existing_mw = floats(stock, "existing_facility_mw")
    land_mw = np.where(known, floats(limits, "land_limit_mw")[row], np.nan)
    rate_mw = np.where(known, floats(limits, "build_rate_mw_per_year")[row], np.nan)
    places = TablePlaces(own)
    for at in np.flatnonzero(existing_mw > _POWER_OVER_ROOM * land_mw):
        is_land = "site_limits" in own and ("site_stock" not in own or land_mw[at] < rate_mw[at])
        table, record, column = (
            ("site_limits", int(row[at]), "land_limit_mw")
            if is_land
            else ("site_stock", int(at), "existing_facility_mw")
        )
        what_is = (
            f"{stock['site'].iloc[at]}: existing_facility_mw is {as_text(existing_mw[at])} MW, but"
            f" land_limit_mw is {as_text(land_mw[at])} MW"
        )
        yield places.problem(table, record, column, what_is, "", "check that both are in MW")


def _build_rates(case: ScopedCase) -> Iterator[Problem]:
    """Find rates of building at which the land of a site is never built on."""
    if RANGES not in case.tables:
        return
    figure = "build_rate_mw_per_year"
    land_mw, rate_mw = floats(case.sites, "land_limit_mw"), floats(case.sites, figure)
    wrong = (rate_mw > 0.0) & (land_mw > _YEARS_OF_BUILDING * rate_mw)
    for given in ranges_of(case.tables[RANGES], TablePlaces(case.scenario.data_files)):
        if given.quantity == _LAND:
            wrong &= ~given.excludes(land_mw)  # warned of itself
    for at in np.flatnonzero(wrong):
        site = case.ids("sites")[at]
        key = own_key(case.scenario, site, figure)
        if key:
            what_is = (
                f"{figure} of {site} is {as_text(rate_mw[at])} MW/year, at which its {as_text(land_mw[at])} MW of land"
                f" take {as_text(round(land_mw[at] / rate_mw[at]))} years"
            )
            yield _problem(case, key, what_is, "check that both are in MW: GW times 1,000 are MW")


def _racks(case: ScopedCase) -> Iterator[Problem]:
    """Compare the figures of racks that a scenario changes with each other."""
    override = case.scenario.racks.override
    if not override or RANGES not in case.tables:
        return
    for given in ranges_of(case.tables[RANGES], TablePlaces(case.scenario.data_files)):
        if given.table != "racks" or not given.over:
            continue
        rows = case.racks["rack"].isin(list(override)).to_numpy(dtype=np.bool_)
        for column, values in given.rows:
            rows = rows & case.racks[column].isin(values).to_numpy(dtype=np.bool_)
        ratio = floats(case.racks, given.column) / floats(case.racks, given.over)
        for at in np.flatnonzero(rows & given.excludes(ratio)):
            rack = texts(case.racks, "rack")[at]
            changed = override[rack].written_values()
            blamed = next((c for c in (given.column, given.over) if c in changed), None)
            if blamed:
                name = f"{given.column} over {given.over} of {rack}"
                what_is = given.what_is(name, float(ratio[at]))
                yield _problem(case, ("racks", "override", rack, blamed), what_is, given.fix)


def demand_out_of_proportion(
    case: ScopedCase, figures: RackFigures, wanted: Wanted, known: Iterable[Problem]
) -> tuple[Problem, ...]:
    """Find demand of nothing, and demand of many times what sites in scope hold and clouds rent."""
    if any(warning.what_is.startswith("demand.") for warning in known):
        return ()
    if not wanted.kh100e.any():
        what_is = "demand is 0 in every model year, so that the plan builds nothing"
        is_scaled = case.scenario.demand.scale_frac == 0.0
        key = ("demand", "scale_frac") if is_scaled else _demand_key(case)
        return (_problem(case, key, what_is, "give it a demand above 0, if one is meant"),)
    if np.isnan(wanted.kh100e).any():
        return ()  # of a workload without a figure to convert with: an error of its own
    if of_rows := rows_out_of_step(case, wanted):
        return of_rows
    least_mw = _least_mw(case, figures, wanted)
    room_mw = _room_mw(case)
    times = least_mw / np.maximum(room_mw, _NO_ROOM_MW)
    at = int(times.argmax())
    if times[at] <= _DEMAND_OVER_ROOM:
        return demand_out_of_step(case, figures, wanted, least_mw)
    what_is = (
        f"demand of {case.year[at]} needs at least {as_text(least_mw[at])} MW of racks, but the"
        f" sites in scope can hold, and clouds rent out, {as_text(room_mw[at])} MW"
    )
    key = _demand_key(case)
    return (_problem(case, key, what_is, "check its unit, or the land limits"),)


def _least_mw(case: ScopedCase, figures: RackFigures, wanted: Wanted) -> Floats:
    """Compute what the best rack of each workload and year needs for the demand, by year. [MW]"""
    is_sold = figures.first_year[:, None] <= case.last_year
    can_do = figures.throughput[:, :, None] * np.where(is_sold, 1.0, np.nan)
    best = np.nan_to_num(can_do).max(axis=1)
    work = wanted.kh100e.sum(axis=0)
    need_mw = np.divide(work, best, out=np.zeros(work.shape), where=best > 0.0)
    return np.asarray(need_mw.sum(axis=0))


def _demand_key(case: ScopedCase) -> Keys:
    """Return the setting by which demand is written, else the block."""
    written = case.scenario.tree.children.get("demand")
    names = written.children if written else ()
    name = next((name for name in ("explicit", "facility_gw", "scale_frac") if name in names), None)
    return ("demand", name) if name else ("demand",)


def _room_mw(case: ScopedCase) -> Floats:
    """Most that sites can hold and clouds rent out, by year. [MW]"""
    scenario = case.scenario
    land_mw = float(floats(case.sites, "land_limit_mw").sum())
    leased_mw = scenario.lease.depth_mw_per_site * len(case.sites) * scenario.lease.allow
    depth = case.tables["rent_depth"].sort_values("year")
    cloud_mw = np.interp(case.year, depth["year"], floats(depth, "depth_gw_it")) * MW_PER_GW
    share = scenario.operator.rent_share_frac * scenario.rent.depth_scale_frac * scenario.rent.allow
    return land_mw + leased_mw + cloud_mw * share


def _problem(case: ScopedCase, keys: Keys, what_is: str, fix: str) -> Problem:
    file, line, column = case.scenario.place_of(keys)
    return Problem(file, line, column, what_is, "", fix)
