"""What a planner states of one company that does not go together: demand, racks, share, cap."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.errors import Problem
from planner.base.units import HOURS_PER_YEAR, KG_PER_T, KW_PER_MW, MWH_PER_TWH, T_PER_KT, USD_PER_MUSD
from planner.inputs.case import DUTIES
from planner.inputs.existing import stated_sites
from planner.inputs.existing_halls import HALLS
from planner.inputs.existing_racks import RACKS
from planner.inputs.places import site_rows
from planner.inputs.table_columns import codes, floats, ints
from planner.plausible.ranges import RANGES, as_text, ranges_of
from planner.scenario import path_value
from planner.tables.places import TablePlaces

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planner.base.arrays import Floats
    from planner.inputs.case import ScopedCase
    from planner.inputs.demand import Wanted
    from planner.inputs.racks_figures import RackFigures
    from planner.scenario.demand import ExplicitDemand
    from planner.scenario.tree import Keys

__all__ = ["budget_too_small", "company_out_of_proportion", "demand_out_of_step", "nameplate_mw", "rows_out_of_step"]

_SHARE: Final = "operator_share"
_IDLE: Final = 20.0
"""Work that racks in service can do over the work that there is: a slip of a unit is beyond it."""
_YEARS_BEFORE_SALE: Final = 1
"""First customers have a rack before the year in which it is on sale in numbers."""
_MODELS_LESS: Final = 10.0
"""A run of frontier training may be so much smaller than the smallest published model."""
_APART: Final = 100.0
"""Demand of one region over that of others, as such and by the weight of the regions, at most."""
_GW: Final = 300.0
"""Halls that exist, or the largest row of demand, over a row in MW: a slip of a unit is beyond."""
_ENERGY: Final = (0.5, 6.0)
"""Energy a year over that of the fewest racks at full power: idle hours below, older racks and
their cooling above."""
_BUDGET: Final = ("build", "capex_budget_musd")
_LEAST_OF_GROWTH: Final = 0.02
"""A budget is to pay for so much of the racks that growth needs: below it is a slip of a unit."""
_CAP_BELOW: Final = 0.1
_CAP_ABOVE: Final = 3.0
_FUEL_KG_PER_MWH: Final = 600.0  # of on-site engines and turbines


def company_out_of_proportion(case: ScopedCase) -> tuple[Problem, ...]:
    """Find a share of the market and racks that no company has."""
    return (*_share(case), *_before_sale(case))


def demand_out_of_step(case: ScopedCase, figures: RackFigures, wanted: Wanted, least_mw: Floats) -> tuple[Problem, ...]:
    """Find demand that does not go with published runs, the racks in service or a cap.

    Takes `least_mw` (year,) [MW].
    """
    idle = tuple(_idle_racks(case, figures, wanted))
    return (*_small_runs(case), *(idle or _cap(case, least_mw)))


def nameplate_mw(case: ScopedCase) -> Floats:
    """Nameplate of the racks in each row of `existing_racks`, 0 where it is unknown. [MW]"""
    racks = case.tables[RACKS]
    of_rack = codes(racks["rack"], case.ids("racks"))
    peak_kw = np.where(of_rack >= 0, floats(case.racks, "peak_kw")[of_rack], 0.0)
    mw = floats(racks, "mw")
    return np.nan_to_num(np.where(np.isnan(mw), floats(racks, "racks") * peak_kw / KW_PER_MW, mw))


def budget_too_small(case: ScopedCase, least_mw: Floats) -> Iterator[Problem]:
    """Find budgets that buy no rack, or next to nothing of what the growth of demand needs.

    Takes `least_mw` (year,) [MW].
    """
    path = case.scenario.build.capex_budget_musd
    if path is None:
        return
    given = [path_value(path, year) for year in case.years.years]
    budget_musd = np.array([np.inf if musd is None else musd for musd in given])
    most = float(budget_musd.max())
    allow, racks = case.scenario.racks.allow, case.ids("racks")
    is_allowed = np.array([allow == "all" or rack in allow for rack in racks], dtype=np.bool_)
    price_musd = np.where(is_allowed, floats(case.racks, "capex_usd"), np.nan) / USD_PER_MUSD
    if np.isnan(price_musd).all():
        return
    cheapest = int(np.nanargmin(price_musd))
    per_mw = float(np.nanmin(price_musd / floats(case.racks, "peak_kw"))) * KW_PER_MW
    needs_musd = per_mw * float(least_mw.max() - least_mw[0])
    total_musd = float((budget_musd * case.gap_years).sum())
    fix = "BUSD times 1,000 are MUSD"
    if 0.0 < most < price_musd[cheapest]:
        what_is = (
            f"build.capex_budget_musd is {as_text(most)} MUSD a year at most, and the cheapest rack"
            f" allowed, {racks[cheapest]}, costs {as_text(price_musd[cheapest])} MUSD"
        )
        yield _problem(case, _BUDGET, what_is, fix)
    elif 0.0 < total_musd < _LEAST_OF_GROWTH * needs_musd:
        what_is = (
            f"build.capex_budget_musd is {as_text(total_musd)} MUSD in all years together, and the"
            f" racks that the growth of demand needs cost at least {as_text(needs_musd)} MUSD"
        )
        yield _problem(case, _BUDGET, what_is, fix)


def _share(case: ScopedCase) -> Iterator[Problem]:
    """Find a share of the market that no operator has, of a path that is not the company's own."""
    scenario = case.scenario
    share = scenario.operator.demand_share_frac
    is_own_path = scenario.demand.facility_gw is not None
    is_one_of_many = scenario.rent.allow or scenario.operator.stock_sites is not None or bool(stated_sites(case).any())
    is_market = share >= 1.0 and not is_one_of_many
    if RANGES not in case.tables or is_market or is_own_path:
        return
    ranges = ranges_of(case.tables[RANGES], TablePlaces(case.scenario.data_files))
    most = max((one.high for one in ranges if one.quantity == _SHARE), default=1.0)
    if share > most:
        what_is = f"operator.demand_share_frac is {share:g}, and no operator has more than {most:g} of the market"
        fix = (
            f"{share:g} % is {share / 100:g}; the whole market is 1, with rent.allow: false, since it rents from"
            " nobody, without operator.stock_sites and without halls or racks of one's own"
        )
        yield _problem(case, ("operator", "demand_share_frac"), what_is, fix)


def _before_sale(case: ScopedCase) -> Iterator[Problem]:
    """Find racks in service before their type was sold; a class of racks has no end of sale."""
    racks = case.tables[RACKS]
    of_rack = codes(racks["rack"], case.ids("racks"))
    is_product = ~np.isnan(floats(case.racks, "last_year"))
    sold = ints(case.racks, "first_year")
    early = ints(racks, "first_year") < sold[of_rack] - _YEARS_BEFORE_SALE
    for record in np.flatnonzero((of_rack >= 0) & is_product[of_rack] & early):
        what_is = (
            f"{racks['rack'].iloc[record]} is in service from {racks['first_year'].iloc[record]},"
            f" and sold from {sold[of_rack[record]]} on"
        )
        places = TablePlaces(case.scenario.data_files)
        fix = "correct the year, or the rack"
        yield places.problem(RACKS, int(record), "first_year", what_is, "", fix)


def _small_runs(case: ScopedCase) -> Iterator[Problem]:
    """Find runs of frontier training that are far below the smallest published model."""
    models = case.tables["trained_models"].sort_values("training_pf_days")
    if models.empty:
        return
    smallest = float(models["training_pf_days"].iloc[0])
    for number, stated in enumerate(case.scenario.demand.explicit):
        largest = max(stated.by_year.values())
        is_run = stated.unit == "training_run_pf_days" and stated.workload == "train_frontier"
        if is_run and 0.0 < largest < smallest / _MODELS_LESS:
            what_is = (
                f"demand.explicit[{number}] is a run of {as_text(largest)} PF-days, and"
                f" {models['name'].iloc[0]} took {as_text(smallest)}"
            )
            year = next(str(y) for y, amount in stated.by_year.items() if amount == largest)
            keys = ("demand", "explicit", number, "by_year", year)
            yield _problem(case, keys, what_is, "thousand PF-days times 1,000 are PF-days")


def rows_out_of_step(case: ScopedCase, wanted: Wanted) -> tuple[Problem, ...]:
    """Find rows of demand out of step with what exists, or other regions of their workload."""
    return tuple(_rows_in_gw(case)) or tuple(_rows_in_another_unit(case, wanted))


def _rows_in_gw(case: ScopedCase) -> Iterator[Problem]:
    """Compare demand in MW with the halls and power that a planner states, and other such rows."""
    largest = {
        number: max(stated.by_year.values())
        for number, stated in enumerate(case.scenario.demand.explicit)
        if stated.unit == "mw_rack"
    }
    halls = case.tables[HALLS]["site"].isin(case.ids("sites")).to_numpy(dtype=np.bool_)
    exists_mw = float(floats(case.tables[HALLS], "it_mw")[halls].sum())
    exists_mw += float(np.nansum(floats(case.sites, "existing_mw")))
    beside_mw = max(exists_mw, *largest.values()) if largest else 0.0
    small = [number for number, mw in largest.items() if 0.0 < mw < beside_mw / _GW]
    keys: list[Keys] = [("demand", "explicit", number) for number in small]
    if small and len(small) == len(case.scenario.demand.explicit):
        keys = [("demand", "explicit")]  # all of them, to be corrected together
    for number, key in zip(small, keys, strict=False):
        what_is = (
            f"demand.explicit[{number}] is {as_text(largest[number])} MW at most, beside"
            f" {as_text(beside_mw)} MW {'that exist' if beside_mw == exists_mw else 'in another'}"
        )
        yield _problem(case, key, what_is, "GW times 1,000 are MW")


def _rows_in_another_unit(case: ScopedCase, wanted: Wanted) -> Iterator[Problem]:
    regions, workloads = case.ids("regions"), case.ids("workloads")
    weight = floats(case.regions, case.scenario.demand.region_weight)
    rows: dict[str, list[tuple[int, ExplicitDemand]]] = defaultdict(list)
    for number, stated in enumerate(case.scenario.demand.explicit):
        if stated.workload in workloads and stated.demand_region in regions:
            rows[stated.workload].append((number, stated))
    for workload, listed in rows.items():
        places = [regions.index(str(stated.demand_region)) for _, stated in listed]
        compute = wanted.kh100e[places, workloads.index(workload)].max(axis=1)
        is_one_each = len(set(places)) == len(places)
        if len(listed) <= 2 or not is_one_each or not compute.min() > 0.0:
            continue  # nothing to tell by which of two is off, or of what a sum is
        apart = np.minimum(_apart(compute), _apart(compute / weight[places]))
        at = int(apart.argmax())
        if apart[at] > _APART:
            number, stated = listed[at]
            others = np.delete(compute, at)
            what_is = (
                f"demand.explicit[{number}] in {stated.unit} is {as_text(float(compute[at]))} kH100e, and the other"
                f" rows of {workload} are {as_text(float(others.min()))} to {as_text(float(others.max()))}"
            )
            keys = ("demand", "explicit", number, "unit")
            yield _problem(case, keys, what_is, "check its unit, or its figures")


def _apart(values: Floats) -> Floats:
    """Return the ratio of each figure to the median of all, or of that to it: at least 1."""
    ratio = values / np.median(values)
    return np.asarray(np.maximum(ratio, 1.0 / ratio))


def _idle_racks(case: ScopedCase, figures: RackFigures, wanted: Wanted) -> Iterator[Problem]:
    """Compare the demand of the first year with what the racks in service can do."""
    racks = case.tables[RACKS]
    rack, duty = codes(racks["rack"], case.ids("racks")), codes(racks["duty"], DUTIES)
    first, year = ints(racks, "first_year"), int(case.year[0])
    serves = (first <= year) & (first + figures.life_years[rack] > year)
    is_used = (codes(racks["site"], case.ids("sites")) >= 0) & (rack >= 0)
    is_used &= serves & np.isin(duty, case.duty)
    mw = np.where(is_used, nameplate_mw(case), 0.0)
    can_do = float((mw * np.nan_to_num(figures.kh100e_per_mw[rack, duty])).sum())
    work = float(np.nan_to_num(wanted.kh100e[:, :, 0]).sum())
    if 0.0 < work < can_do / _IDLE:
        what_is = (
            f"demand of {year} is {as_text(work)} kH100e, and the {as_text(float(mw.sum()))} MW of"
            f" racks in {RACKS} can do {as_text(can_do)}"
        )
        is_explicit = bool(case.scenario.demand.explicit)
        keys = ("demand", "explicit") if is_explicit else ("operator", "demand_share_frac")
        yield _problem(case, keys, what_is, "check its unit, or the racks")


def _cap(case: ScopedCase, least_mw: Floats) -> Iterator[Problem]:
    """Compare a cap on emissions with what the demand emits from the grids of its sites."""
    carbon = case.scenario.carbon
    if carbon.cap_kt is None:
        return
    grids = site_rows(case.scenario, case.tables, "carbon_intensity")
    grids = grids[grids["site"].isin(case.ids("sites"))]
    kg_per_mwh = floats(grids, "location_kgco2_per_mwh")
    if not kg_per_mwh.size:
        return
    least = float(kg_per_mwh.min())
    most = max(float(kg_per_mwh.max()), _FUEL_KG_PER_MWH * bool(case.scenario.supply.allow))
    kt_by_kg_per_mwh = HOURS_PER_YEAR * least_mw / KG_PER_T / T_PER_KT
    low, high = _ENERGY[0] * least * kt_by_kg_per_mwh, _ENERGY[1] * most * kt_by_kg_per_mwh
    for at, year in enumerate(case.years.years):
        cap = path_value(carbon.cap_kt, year)
        if not cap or not (low[at] > 0.0 and np.isfinite(high[at])):
            continue
        is_above = cap > _CAP_ABOVE * high[at] and not carbon.embodied
        if is_above or cap < _CAP_BELOW * low[at]:
            energy_twh = HOURS_PER_YEAR * least_mw[at] / MWH_PER_TWH
            what_is = (
                f"carbon.cap_kt of {year} is {as_text(cap)} kt, and demand emits some {as_text(float(low[at]))} to"
                f" {as_text(float(high[at]))}: {as_text(float(energy_twh))} TWh on the best racks at full power, a few"
                f" times that on older ones, at {as_text(least)} to {as_text(most)} kg/MWh"
            )
            path, key = carbon.cap_kt, list[str]()
            if isinstance(path, Mapping):
                key.append(str(max(given for given in path if given <= year)))
            fix = "t divided by 1,000 are kt; Mt times 1,000"
            yield _problem(case, ("carbon", "cap_kt", *key), what_is, fix)
            return


def _problem(case: ScopedCase, keys: Keys, what_is: str, fix: str) -> Problem:
    file, line, column = case.scenario.place_of(keys)
    return Problem(file, line, column, what_is, "", fix)
