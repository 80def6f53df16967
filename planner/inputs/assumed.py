"""What a plan assumes where a planner states nothing: shares, demand, prices, rent, penalty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.number_format import amount
from planner.base.words import some
from planner.inputs.existing import stated_sites
from planner.inputs.own_rows import own_rows
from planner.inputs.places import own_key
from planner.inputs.table_columns import bools, texts
from planner.inputs.tariffs_uses import billed_sites

if TYPE_CHECKING:
    from planner.base.arrays import Bools
    from planner.inputs.case import ScopedCase

__all__ = ["HALL_ITEMS", "POWER_ITEMS", "note_assumed"]

HALL_ITEMS: Final = ("hall_construction", "hall_retrofit", "hall_opex")
POWER_ITEMS: Final = ("electricity_energy", "electricity_demand")
_SHARES = ("headroom_share_frac", "deliveries_share_frac", "rent_share_frac")
_NAMED: Final = 4


def note_assumed(case: ScopedCase) -> None:
    """Note what is assumed for settings that a scenario does not give."""
    _market_share(case)
    _demand(case)
    _rent_and_penalty(case)
    _prices(case)


def _market_share(case: ScopedCase) -> None:
    """A company that states its halls or racks and its demand may not think of a share."""
    operator = case.scenario.operator
    given = operator.model_fields_set
    if not stated_sites(case).any() or "demand_share_frac" in given or given.issuperset(_SHARES):
        return
    case.findings.assume(
        f"operator.demand_share_frac is not given: {operator.demand_share_frac:.0%} of the headroom"
        " of grid zones, of what vendors deliver and of what clouds rent out is yours, and of the"
        " land, build rate and water of the tables where a site states none.",
        ("operator", "demand_share_frac"),
    )


def _demand(case: ScopedCase) -> None:
    demand = case.scenario.demand
    stated = {one.workload for one in demand.explicit}
    followed = [name for name in case.ids("workloads") if name not in stated]
    if followed and demand.facility_gw is None and "trajectory" not in demand.model_fields_set:
        case.findings.assume(
            f"Demand of {some(followed, _NAMED)} is {case.scenario.operator.demand_share_frac:.3g}"
            f" of trajectory {demand.trajectory}; demand.explicit states your own."
        )


def _rent_and_penalty(case: ScopedCase) -> None:
    demand, rent = case.scenario.demand, case.scenario.rent
    if rent.allow and "allow" not in rent.model_fields_set:
        case.findings.assume(
            "Compute may be rented from clouds; rent.allow: false keeps all of it on your sites.",
            items=("rented_compute",),
        )
    if demand.unmet == "allow" and "unmet_usd_per_h100e_hour" not in demand.model_fields_set:
        usd = amount(demand.unmet_usd_per_h100e_hour)
        case.findings.assume(
            f"Compute may stay unmet for {usd} USD/H100e-hour; demand.unmet_usd_per_h100e_hour"
            " states what it is worth to you, demand.unmet: forbid that it must be met.",
            items=("unmet_compute",),
        )


def _prices(case: ScopedCase) -> None:
    """Note the prices of the tables; those that a new site takes are noted with the site."""
    scenario, sites = case.scenario, np.array(case.ids("sites"), dtype=object)
    is_shipped = ~np.isin(sites, list(scenario.new_sites))
    has_price = np.array([own_key(scenario, s, "retail_usd_per_mwh") is not None for s in sites])
    is_billed = np.isin(np.arange(len(sites)), list(billed_sites(case)))
    of_tables = is_shipped & ~_in_own_rows(case, "electricity_price", "site", sites)
    _at_sites(
        case,
        "Power is priced by table electricity_price",
        "retail_usd_per_mwh of a site or energy.tariffs states yours",
        of_tables & ~has_price & ~is_billed,
        POWER_ITEMS,
    )
    markets = np.array(texts(case.sites, "market"), dtype=object)
    _at_sites(
        case,
        "Halls cost what tables facility_market and facility_cost say",
        "rows of your own state yours",
        is_shipped & ~_in_own_rows(case, "facility_market", "market", markets),
        HALL_ITEMS,
    )
    racks = np.array(case.ids("racks"), dtype=object)
    given = [id_ for id_, own in scenario.racks.override.items() if own.capex_usd is not None]
    may_buy = bools(case.racks, "may_buy")
    is_own = _in_own_rows(case, "racks", "rack", racks) | np.isin(racks, given)
    count = (may_buy & ~is_own).sum()
    if count:
        case.findings.assume(
            f"{count} of {may_buy.sum()} rack types that may be bought are priced by table racks;"
            " racks.override or rows of your own state yours.",
            items=("rack_purchase",),
        )


def _at_sites(case: ScopedCase, what: str, fix: str, at: Bools, items: tuple[str, ...]) -> None:
    if at.any():
        sites = tuple(np.array(case.ids("sites"), dtype=object)[at])
        where = f"{len(sites)} of {len(at)} sites" if len(sites) > _NAMED else ", ".join(sites)
        case.findings.assume(f"{what} at {where}; {fix}.", items=items, sites=sites)


def _in_own_rows(case: ScopedCase, name: str, key: str, ids: np.ndarray) -> Bools:
    """Tell which ids have a row of the planner's own in a table."""
    if name not in case.scenario.data_files:
        return np.zeros(len(ids), dtype=np.bool_)
    table = case.tables[name]
    return np.isin(ids, table.loc[own_rows(name, table), key].to_numpy(dtype=object))
