"""Rented compute and efficiency levers: prices, terms, depth and savings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.check.cells import ANYWHERE
from planner.check.declared import CostLine, DualPrice
from planner.check.demand import net_utilisation
from planner.check.failover import asks
from planner.check.frames import (
    cell,
    column_by,
    crossed,
    found_by,
    isin,
    keyed,
    lookup,
    once,
    path_value_or_nan,
    sum_by,
    table_of,
    to_frame,
)
from planner.check.routes import clouds_of_users, lumped_users
from planner.check.verdict import Excess, figures, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

    from planner.base.arrays import Floats
    from planner.check.case import Case


_H100E_HOURS = 1000.0 * 8760.0  # in a kH100e-year

_OFFER = "h100_hyper_od"  # the offer that prices follow
_TERM_YEARS = {"on_demand": 1, "reserved": 3}
_HOURS_PER_YEAR = 8760.0
_MUSD_PER_USD_OF_KH100E = 1e-3  # a thousand H100e, a million dollars
_OFFERED = ("workload", "tier", "year")
_LEVER = ("workload", "lever", "year")
_DEMAND = ("region", "workload", "year")
_USERS = ("region", "workload")
_WHY_NOT = (
    "rent.allow is false",
    "needs more than the availability of clouds",
    "",  # by the rules of each workload
    "needs clouds in two places, and one is admitted",
)


@once
def _term(case: Case, item: str) -> float:
    """Return a figure of table `rent_terms`."""
    return cell(case.data("rent_terms"), "item", item, "value")


@once
def _list_price(case: Case, workload: str, year: int) -> float:
    """On-demand price of an H100e in the list. [USD/h]"""
    settings = case.scenario.rent
    if settings.price_usd_per_h100e_hour is not None:
        return path_value_or_nan(settings.price_usd_per_h100e_hour, year)
    offers = case.data("cloud_rent")
    stated = settings.trend_frac
    growth = 1.0 + (_term(case, "price_real_trend") if stated is None else stated)
    usd, h100e, since = (
        cell(offers, "offer", _OFFER, column)
        for column in ("usd_per_gpu_hour", f"{case.duty[workload]}_h100e_per_gpu", "year")
    )
    return float(usd / h100e * growth ** (year - since))


@figures("rent.bought", "rent.price_musd_per_kh100e_year", "rent.term_years", unit="MUSD/kH100e-year or years")
def rent_price_from_tables(case: Case, rows: pd.DataFrame) -> tuple[list[float], pd.Series[int]]:
    """Rent is the list price with egress, over the share in use; reserved is cheaper, for years."""
    expected = []
    for workload, tier, year in rows[list(_OFFERED)].itertuples(index=False):
        paid = _list_price(case, workload, year) * (1.0 + _term(case, "egress_storage_adder"))
        if tier == "reserved":
            paid *= (1.0 - _term(case, "reserved_saving_3y")) / net_utilisation(case, workload)
        else:
            paid /= _term(case, "realised_utilisation_on_demand")
        expected.append(paid * _HOURS_PER_YEAR * _MUSD_PER_USD_OF_KH100E)
    return expected, rows["tier"].map(_TERM_YEARS)


@figures("year", "rent.depth_kh100e", unit="kH100e")
def rent_depth_from_tables(case: Case, _: pd.DataFrame) -> list[float]:
    """Clouds have the operator's share of the market's power, which demand divides by use."""
    demand, settings = case.inputs.demand, case.scenario
    wanted = to_frame(demand.demand, kh100e=demand.demand_kh100e)
    wanted = wanted.assign(duty=wanted["workload"].map(case.duty))
    table = case.data("rent_depth")
    mine = settings.operator.rent_share_frac * settings.rent.depth_scale_frac
    expected = []
    for year in case.years:
        now = wanted[wanted["year"] == year]
        # The years of the market's power that a kH100e of this mix takes.
        taken = 0.0
        for duty in ("training", "inference"):
            has_mw = cell(table, "year", year, f"depth_{duty}_kh100e")
            taken += float(now.loc[now["duty"] == duty, "kh100e"].sum()) / has_mw
        asked = float(now["kh100e"].sum())
        in_use = mine * _term(case, "realised_utilisation_on_demand")
        expected.append(in_use * asked / taken if taken > 0.0 else 0.0)
    return expected


@rule(unit="classes", rereads="rent.rented_capacity_frac rent.rented_is_tight")
def clouds_from_tables(case: Case) -> Iterator[Excess]:
    """Clouds serve users within bound and residency, in several places if quality asks for it."""
    demand, rent, settings = case.inputs.demand, case.inputs.rent, case.scenario.rent
    wanted = to_frame(demand.demand, barred=np.asarray(rent.barred))
    found = clouds_of_users(case)
    # Lumped users have as many clouds as each of them.
    of_lumped = lumped_users(case).join(found["places"], on=list(_USERS)).groupby("workload")["places"].max()
    is_lumped = (wanted["region"] == ANYWHERE).to_numpy()
    places = np.where(is_lumped, lookup(of_lumped, wanted, ("workload",)), lookup(found["places"], wanted, _USERS))
    available = column_by(case.data("redundancy"), "redundancy", "availability_pct")
    asked = column_by(case.workloads, "workload", "redundancy_min").map(available)
    least = lookup(asked.astype("float64"), wanted, ("workload",))
    one, several = settings.availability_pct, settings.spread_availability_pct
    one = _term(case, "availability_one_place") if one is None else one
    several = _term(case, "availability_several_places") if several is None else several
    spreads = asks(case, wanted) | (least > one)
    rules = case.by("workloads", "workload").loc[wanted["workload"]]
    within = "" if settings.placeless else " within " + rules["rtt_bound_ms"].map("{:g} ms".format)
    admits = (" that residency " + rules["residency"] + " admits").where(rules["residency"] != "none", "")
    no_cloud = ("no cloud" + within + admits).to_numpy(dtype=object)
    words = [no_cloud if not one else np.full(len(wanted), one, dtype=object) for one in _WHY_NOT]
    why = np.select(
        [
            np.full(len(wanted), not settings.allow),
            least > np.where(spreads, several, one),
            places == 0,
            places <= spreads,
        ],
        words,
        "",
    )
    may = why == ""
    capacity = places[may] / (places - spreads)[may]
    is_tight = lookup(found["tight"], wanted, _USERS) > spreads
    due = wanted[may].assign(near=is_tight[may], capacity=capacity)
    reported = to_frame(rent.rented, near=rent.rented_is_tight, capacity=rent.rented_capacity_frac)
    key = list(_DEMAND)
    for name in ("near", "capacity"):
        yield Excess.differs(keyed(reported, key), reported[name], found_by(due, key, name, reported))
    yield Excess.count_broken(keyed(due, key), ~isin(due, reported, key))
    yield Excess.count_broken(keyed(wanted, key), wanted["barred"] != why)


@once
def lever_offers(case: Case) -> pd.DataFrame:
    """List workload, lever and year with saving, most adoption and cost: what one saved the next cannot."""
    allowed, table = case.scenario.levers.allow, case.data("levers")
    if allowed != "all":
        table = table[table["lever"].isin(list(allowed))]
    table = table[table["workload"].isin(list(case.inputs.sets.workload.labels))]
    kept = sum_by(table, ("workload",), np.log1p(-table["saving_frac"].to_numpy()))
    added = sum_by(table, ("workload",), table["saving_frac"])
    together = 1.0 - np.exp(lookup(kept, table, ("workload",)))
    saving = table["saving_frac"] * together / lookup(added, table, ("workload",))
    rows = crossed(table.assign(saving=saving), table_of({"year": case.years}))
    grown = ((rows["year"] + 1 - rows["first_year"]) / rows["ramp_years"]).clip(0.0, 1.0)
    hourly = rows["cost_usd_per_h100e_hour_saved"] * _HOURS_PER_YEAR * _MUSD_PER_USD_OF_KH100E
    rows = rows.assign(most=rows["max_adoption_frac"] * grown, cost=hourly)
    found: pd.DataFrame = rows.loc[rows["most"] > 0.0, [*_LEVER, "saving", "most", "cost"]]
    return found.reset_index(drop=True)


@figures(
    "levers.adopted",
    *("levers.saving_frac", "levers.max_adoption_frac", "levers.cost_musd_per_kh100e_year"),
    unit="- or MUSD/kH100e-year",
)
def levers_from_tables(case: Case, rows: pd.DataFrame) -> tuple[Floats, Floats, Floats, pd.DataFrame]:
    """Levers save, cost and spread as the table says; what one saved the next cannot."""
    due = lever_offers(case)
    saving, most, cost = (found_by(due, _LEVER, name, rows) for name in ("saving", "most", "cost"))
    return saving, most, cost, due


@once
def rent_by_class(case: Case) -> pd.DataFrame:
    """List what is paid for rent in its model year and term: workload, site (empty), calendar_year, musd."""
    rent = case.inputs.rent
    offers = to_frame(rent.bought, price=rent.price_musd_per_kh100e_year, term=rent.term_years)
    bought = case.plan("rent").merge(offers, on=["workload", "tier", "year"], how="left")
    last = np.maximum(bought["year"] + bought["term"] - 1.0, case.last_calendar_year(bought["year"]))
    paid = bought.assign(site="", last=last, musd=bought["bought_kh100e"] * bought["price"])
    rows = paid.merge(table_of({"calendar_year": case.calendar}), how="cross")
    runs = (rows["calendar_year"] >= rows["year"]) & (rows["calendar_year"] <= rows["last"])
    return rows.loc[runs, ["workload", "site", "calendar_year", "musd"]]


LINES: Final[Mapping[str, CostLine]] = {"rented_compute": ("rent and unmet", rent_by_class)}
PRICES: Final[Mapping[str, DualPrice]] = {"rent_depth": DualPrice("USD/H100e-hour", _H100E_HOURS)}
