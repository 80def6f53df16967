"""Which racks and hall designs can win, computed a second time from the data.

What cannot win at a price of halls and deliveries is left out of the lists of the inputs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from planner.check.days import slot_hours
from planner.check.existing import stated_halls, without_new_halls
from planner.check.frames import column_by, isin, lookup, sum_by, to_frame
from planner.check.halls_figures import hall_parts
from planner.check.lead_times import committed_mw, decision_start, months_to_service
from planner.check.once import once
from planner.check.payments import instalment
from planner.check.power_prices import retail_usd_per_mwh
from planner.check.racks_figures import admitted_racks
from planner.check.stock import existing_halls
from planner.check.table import table_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from planner.base.arrays import Bools, Floats
    from planner.check.case import Case

__all__ = [
    "cheapest_topology",
    "committed_by_site",
    "designs_on_offer",
    "enough_redundancy",
    "ids_of",
    "last_sale_years",
    "may_grow",
    "may_serve",
    "mean_throughput",
    "numbers_of",
    "racks_on_offer",
    "vendors_bought_from",
    "year_ends",
]

_HOURS_PER_YEAR = 8760.0
_USD_PER_MUSD = 1e6
_KW_PER_MW = 1000.0
_MEAN_LOAD_FRAC: Final = 0.6  # mean IT power over hall power where designs are compared
_KEEP_EXISTING: Final = 0.95  # of its cost counts where a design is there already
_FAR_COSTLIER: Final = 1.5  # than a rack of a vendor that delivers no less: out
_HOPELESS: Final = 5.0  # times the cost of a rack of any vendor: out
_SCARCITY: Final = 3.0  # halls and deliveries are worth so many new halls at most
_ROUNDING: Final = 1e-12


def ids_of(case: Case, axis: str) -> list[str]:
    """Return the ids on an axis of the inputs."""
    return list(getattr(case.inputs.sets, axis).labels)


def numbers_of(table: pd.DataFrame, key: str, names: Iterable[str], column: str) -> Floats:
    """Return a column of a table in the order of some names."""
    return lookup(column_by(table, key, column), table_of({key: list(names)}), (key,), np.nan)


def _texts(table: pd.DataFrame, key: str, names: Iterable[str], column: str) -> Any:
    return column_by(table, key, column).reindex(list(names)).to_numpy(dtype=object)


def year_ends(case: Case) -> Floats:
    """Return the end of the last calendar year that each model year stands for."""
    return case.last_calendar_year(pd.Series(case.years)) + 1.0


# --- topologies and cost of halls -----------------------------------------------------------


@once
def _hall_cost(case: Case) -> pd.DataFrame:
    """List every site, cooling and topology: capex [MUSD/MW], opex [MUSD/MW-year]."""
    axes = [ids_of(case, axis) for axis in ("site", "cooling", "redundancy")]
    designs = pd.MultiIndex.from_product(axes, names=["site", "cooling", "redundancy"])
    frame = designs.to_frame(index=False)
    parts = hall_parts(case, frame)
    tax, insurance = (
        lookup(case.finance_of_sites(item), frame, ("site",), np.nan)
        for item in ("property_tax", "insurance")
    )
    capex = parts["taxed"] + parts["plant"]
    opex = parts["upkeep"] + parts["staff"] + parts["network"] + insurance * capex
    opex = opex + tax * parts["taxed"] * float(case.scenario.finance.property_tax)
    return frame.assign(capex=capex, opex=opex)


def _grid_of(case: Case, values: pd.Series[float]) -> Floats:
    """Return figures of `_hall_cost`, shape (site, cooling, redundancy)."""
    shape = [len(ids_of(case, axis)) for axis in ("site", "cooling", "redundancy")]
    return np.asarray(values, dtype=np.float64).reshape(shape)


@once
def enough_redundancy(case: Case) -> Bools:
    """Say which topologies are available enough for each workload, shape (workload, redundancy)."""
    table, names = case.data("redundancy"), ids_of(case, "redundancy")
    available = numbers_of(table, "redundancy", names, "availability_pct")
    asked = _texts(case.workloads, "workload", ids_of(case, "workload"), "redundancy_min")
    least = numbers_of(table, "redundancy", asked, "availability_pct")
    return np.asarray(available[None, :] >= least[:, None])


@once
def cheapest_topology(case: Case, *, of_stock: bool) -> Any:
    """Return the cheapest topology that each workload may have, -1 for none, shape (workload,)."""
    names, asked = ids_of(case, "redundancy"), case.scenario.halls.redundancy
    enough = enough_redundancy(case)
    if of_stock:
        table = case.data("redundancy")
        available = numbers_of(table, "redundancy", names, "availability_pct")
        least = _texts(
            case.data("workloads"), "workload", ids_of(case, "workload"), "redundancy_min"
        )
        enough = (
            available[None, :]
            >= numbers_of(table, "redundancy", least, "availability_pct")[:, None]
        )
    elif asked != "all":
        enough = enough & np.isin(names, list(asked))
    price = np.where(enough, _grid_of(case, _hall_cost(case)["capex"])[0, 0], np.inf)
    return np.where(np.isfinite(price.min(axis=1)), price.argmin(axis=1), -1)


def _may_cool(case: Case) -> Bools:
    asked = case.scenario.halls.cooling
    return np.array([asked == "all" or name in asked for name in ids_of(case, "cooling")])


# --- racks on offer -------------------------------------------------------------------------


@once
def mean_throughput(case: Case) -> Floats:
    """Compute per MW, nan where a workload does not admit a rack, (workload, rack). [kH100e/MW]"""
    racks, classes = ids_of(case, "rack"), ids_of(case, "workload")
    peak_kw = numbers_of(case.racks, "rack", racks, "peak_kw")
    used, spare = (
        numbers_of(case.workloads, "workload", classes, column)
        for column in ("utilisation_frac", "spare_frac")
    )
    h100e = np.stack(
        [numbers_of(case.racks, "rack", racks, f"{case.duty[name]}_h100e") for name in classes]
    )
    pairs = pd.MultiIndex.from_product([classes, racks], names=["workload", "rack"])
    admits = isin(pairs.to_frame(index=False), admitted_racks(case), ("workload", "rack"))
    per_mw = h100e / peak_kw * (used / (1.0 + spare))[:, None]
    return np.where(admits.reshape(per_mw.shape), per_mw, np.nan)


def _fits(case: Case) -> Bools:
    """Say which cooling technologies can hold each rack, shape (rack, cooling)."""
    racks, cooling = ids_of(case, "rack"), ids_of(case, "cooling")
    pairs = pd.MultiIndex.from_product([racks, cooling], names=["rack", "cooling"])
    linked = isin(pairs.to_frame(index=False), case.data("rack_cooling"), ("rack", "cooling"))
    peak_kw = numbers_of(case.racks, "rack", racks, "peak_kw")
    most = numbers_of(case.data("cooling"), "cooling", cooling, "max_kw_per_rack")
    return np.asarray(linked.reshape(len(racks), len(cooling)) & (peak_kw[:, None] <= most))


def _delivered_mw(case: Case) -> Floats:
    """What the vendor of each rack delivers in a model year, infinite without a limit. [MW]"""
    vendor = _texts(case.racks, "rack", ids_of(case, "rack"), "vendor")
    delivery = case.inputs.racks.delivery
    limits = to_frame(delivery, mw=case.inputs.racks.delivery_limit_mw)
    by_vendor = limits.set_index(["vendor", "year"])["mw"]
    pairs = pd.MultiIndex.from_product([vendor, case.years], names=["vendor", "year"])
    mw = lookup(by_vendor, pairs.to_frame(index=False), ("vendor", "year"), np.inf)
    return mw.reshape(len(vendor), len(case.years))


def _hall_power(case: Case) -> Floats:
    """Hall power per MW of racks of each workload, companions included, shape (workload,)."""
    companion = numbers_of(case.workloads, "workload", ids_of(case, "workload"), "companion_frac")
    return case.scenario.halls.diversity_frac + companion


@once
def _rack_cost(case: Case) -> Floats:
    """Yearly cost of a MW of each rack, repaid and kept up, shape (rack,). [MUSD/MW-year]"""
    racks = case.racks.set_index("rack").loc[ids_of(case, "rack")]
    usd_per_kw = racks["capex_usd"] * (1.0 + racks["fabric_adder_frac"]) / racks["peak_kw"]
    price = np.asarray(usd_per_kw, dtype=np.float64) * _KW_PER_MW / _USD_PER_MUSD
    kept_up = column_by(case.data("facility_cost"), "item", "value")["it_maintenance"]
    life = racks["life_years"].to_numpy(dtype=np.float64)
    return price * (instalment(case.inputs.finance.asset_rate_frac["rack"], life) + float(kept_up))


def _repaid_hall(case: Case) -> Floats:
    """Yearly cost of a MW of hall without its power, (site, cooling, redundancy). [MUSD]"""
    finance, cost = case.inputs.finance, _hall_cost(case)
    life = np.array([finance.life_years["facility"]])
    yearly = float(instalment(finance.asset_rate_frac["facility"], life)[0])
    return _grid_of(case, cost["capex"] * yearly + cost["opex"])


def _hall_of_rack(case: Case, topology: Any) -> Floats:
    """Yearly cost of the cheapest new hall with its power, per MW of racks, (workload, rack)."""
    per_mw = _repaid_hall(case).mean(axis=0)
    fits = _fits(case) & _may_cool(case)
    cheapest = np.where(fits[:, :, None], per_mw[None], np.inf).min(axis=1)  # (rack, redundancy)
    energy = _HOURS_PER_YEAR * retail_usd_per_mwh(case).mean() / _USD_PER_MUSD
    return np.asarray(_hall_power(case)[:, None] * (cheapest.T[topology] + energy))


def last_sale_years(case: Case, racks: Iterable[str]) -> Floats:
    """Return the last year in which racks are sold, infinite where that has no end.

    Parameters
    ----------
    case : Case
        Tables and scenario.
    racks : iterable of str
        Rack types.

    Returns
    -------
    array of float
        One year per rack.
    """
    last = numbers_of(case.racks, "rack", racks, "last_year")
    return np.where(np.isnan(last) | (not case.scenario.racks.end_of_sale), np.inf, last)


def vendors_bought_from(case: Case) -> list[str]:
    """Return the vendors that racks may be of, standard equipment among them.

    Parameters
    ----------
    case : Case
        Tables and scenario.

    Returns
    -------
    list of str
        Vendors, as in table `racks`.
    """
    asked, fleets = case.scenario.racks, case.data("operator_fleets")
    names = [str(name) for name in case.data("racks")["vendor"].unique()]
    own = fleets[fleets["buys"] & (fleets["operator"] == asked.bought_as)]["vendor"]
    bought = [
        name
        for name in names
        if (asked.vendors == "all" or name in asked.vendors)
        and (asked.bought_as is None or name in list(own))
    ]
    return [*bought, "general"]


@once
def racks_on_offer(case: Case) -> Floats:
    """Racks that no other beats whatever the plan is, 1 or 0, (workload, rack, cooling, year)."""
    racks, cooling = ids_of(case, "rack"), ids_of(case, "cooling")
    years, ends = np.array(case.years, dtype=np.float64), year_ends(case)
    mw = 1.0 / mean_throughput(case)
    own = mw * _rack_cost(case)
    hall = _hall_of_rack(case, cheapest_topology(case, of_stock=False))
    settings = case.scenario.racks
    may_buy = np.array(
        [
            (settings.allow == "all" or n in settings.allow) and n not in settings.exclude
            for n in racks
        ]
    )
    may_buy &= np.isin(_texts(case.racks, "rack", racks, "vendor"), vendors_bought_from(case))
    arrives = column_by(case.data("lead_times"), "item", "lead_months")["rack_delivery"]
    first = numbers_of(case.racks, "rack", racks, "first_year")
    for_sale = may_buy[:, None] & (first[:, None] <= years)
    for_sale &= years <= last_sale_years(case, racks)[:, None]
    for_sale &= years >= decision_start(case) + float(arrives) / 12.0
    begins = numbers_of(case.data("cooling"), "cooling", cooling, "first_year")
    fits, is_known = _fits(case), begins[:, None] < ends
    admits = ~np.isnan(mw)
    offered = (
        admits[:, :, None, None]
        & fits[None, :, :, None]
        & for_sale[None, :, None, :]
        & is_known[None, None]
    )
    vendor = _texts(case.racks, "rack", racks, "vendor")
    same = vendor[:, None] == vendor[None, :]
    with np.errstate(invalid="ignore"):
        if case.scenario.retrofit.allow and len(case.data("retrofit")):
            housed = ((fits & _may_cool(case))[:, :, None] & (begins[:, None] <= years)).any(axis=1)
            limit = _delivered_mw(case)
            delivers = limit[None, :, :] >= limit[:, None, :]  # (rack, other, year)
            factor = np.where(same[..., None], 1.0, np.where(delivers, _FAR_COSTLIER, _HOPELESS))
            with_hall = (own + mw * hall)[:, None, :, None] * factor < own[:, :, None, None]
            no_more = (mw[:, None, :] <= mw[:, :, None])[..., None]
            is_beaten = np.asarray((with_hall & no_more & for_sale & housed).any(axis=2))
            stated = stated_halls(case)["hall"].astype("str").str.split("|").str[0]
            offered &= ~is_beaten[:, :, None, :] | np.isin(cooling, list(stated))[:, None]
        more_mw = mw[:, None, :] - mw[:, :, None]  # that another needs, (workload, rack, other)
        saves = (own[:, None, :] <= own[:, :, None]) & (
            own[:, None, :] + more_mw * _SCARCITY * hall[:, None, :] <= own[:, :, None]
        )
    density = numbers_of(case.data("cooling"), "cooling", cooling, "design_density_kw_per_m2")
    space = numbers_of(case.racks, "rack", racks, "space_m2") / numbers_of(
        case.racks, "rack", racks, "peak_kw"
    )
    on_floor = space[None, :, None] * density <= _hall_power(case)[:, None, None] * (
        1.0 + _ROUNDING
    )
    rank = np.arange(len(racks))
    is_tie = saves & saves.transpose(0, 2, 1)
    wins = saves & same & (~is_tie | (rank[None, :] < rank[:, None]))
    beaten = np.einsum("wkj,wjct->wkct", wins, offered & on_floor[..., None]) > 0
    return np.asarray(offered & ~beaten, dtype=np.float64)


# --- designs on offer -----------------------------------------------------------------------


def _site_figure(case: Case, column: str) -> Floats:
    return np.asarray(case.site_figures("water_stress", column), dtype=np.float64)


def _hall_year(case: Case) -> Floats:
    """Yearly cost of a MW of hall with power and water, (site, cooling, redundancy). [MUSD]"""
    power, hours = case.inputs.power, slot_hours(case)
    weight = hours / hours.sum()
    price = retail_usd_per_mwh(case)[:, None]
    # Designs are compared at the price of the table, whatever stress adds to it.
    water = _site_figure(case, "water_price_usd_per_m3")[:, None]
    usd = (1.0 + power.mechanical_frac @ weight) * price + (power.wue_l_per_kwh @ weight) * water
    running = _HOURS_PER_YEAR * _MEAN_LOAD_FRAC * usd / _USD_PER_MUSD
    return np.asarray(_repaid_hall(case) + running[:, :, None])


def may_serve(case: Case, kind: str) -> tuple[Floats, Bools]:
    """Return when what is decided first serves, (site, year), and whether it does in the year."""
    months = months_to_service(case)[kind].loc[ids_of(case, "site")].to_numpy(dtype=np.float64)
    start = (decision_start(case) + months / 12.0)[:, None]
    return np.maximum(start, np.array(case.years)), start < year_ends(case)


@once
def committed_by_site(case: Case) -> Floats:
    """Return the facility power committed at sites in model years. [MW], (site, year)"""
    table, key = committed_mw(case), ("site", "year")
    pairs = pd.MultiIndex.from_product([ids_of(case, "site"), case.years], names=list(key))
    mw = lookup(sum_by(table, key, table["mw"]), pairs.to_frame(index=False), key)
    return mw.reshape(-1, len(case.years))


def _existing(case: Case) -> Floats:
    """Most of each design that exists in any year, shape (site, cooling, redundancy). [MW]"""
    halls, cost = existing_halls(case), _hall_cost(case)
    named = cost.assign(hall=cost["cooling"] + "|" + cost["redundancy"])
    own = halls.groupby(["site", "hall"])["mw"].max()
    return _grid_of(case, pd.Series(lookup(own, named, ("site", "hall"))))


@once
def designs_on_offer(case: Case) -> Floats:
    """Designs that may be built or retrofitted to, 1 or 0, (site, cooling, redundancy)."""
    topology, racks = cheapest_topology(case, of_stock=False), ids_of(case, "rack")
    yearly = _hall_year(case)[:, :, topology].transpose(0, 2, 1)[:, :, None, :]
    mw = 1.0 / mean_throughput(case)
    each = (mw * _rack_cost(case))[None, :, :, None] + (
        (mw * _hall_power(case)[:, None])[None, :, :, None] * yearly
    )  # (site, workload, rack, cooling)
    is_there = (_existing(case) > 0.0)[:, :, topology].transpose(0, 2, 1)[:, :, None, :]
    each = each * np.where(is_there, _KEEP_EXISTING, 1.0)

    table, cooling = case.data("cooling"), ids_of(case, "cooling")
    wet = np.asarray(column_by(table, "cooling", "needs_water").reindex(cooling), dtype=np.bool_)
    begins = numbers_of(table, "cooling", cooling, "first_year")
    most = case.scenario.water.max_stress_score
    stressed = _site_figure(case, "stress_score") > (np.inf if most is None else most)
    limit = case.own_figures(
        "water_limit_m3_per_year", case.site_figures("site_limits", "water_limit_m3_per_year")
    )
    limited = limit.notna().to_numpy(dtype=np.bool_) & case.scenario.water.limit
    allowed = _may_cool(case) & ~(stressed[:, None] & wet)
    choices = [allowed, allowed & ~(limited[:, None] & wet)] if limited.any() else [allowed]

    may = (may_serve(case, "hall")[1] & may_grow(case)) | (committed_by_site(case) > 0.0)
    may |= ~may.any(axis=1, keepdims=True) & (np.array(case.years) == case.years[-1])
    vendor = _texts(case.racks, "rack", racks, "vendor")
    offered = racks_on_offer(case) > 0.0
    kept = np.zeros(_existing(case).shape)
    for t, year in enumerate(case.years):
        for choice in choices:
            on = offered[None, ..., t] & (choice & (begins <= year))[:, None, None, :]
            price = np.where(on & may[:, t][:, None, None, None], each, np.inf)
            for name in dict.fromkeys(vendor):
                best = price[:, :, vendor == name].min(axis=2)  # (site, workload, cooling)
                s, w = np.nonzero(np.isfinite(best.min(axis=2)))
                kept[s, best[s, w].argmin(axis=1), topology[w]] = 1.0
    return kept


# --- the lists ------------------------------------------------------------------------------


def may_grow(case: Case) -> Bools:
    """Say at which sites the scenario wants new halls, shape (site, 1)."""
    return ~np.isin(ids_of(case, "site"), without_new_halls(case))[:, None]
