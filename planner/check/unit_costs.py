"""Unit costs and lifetime costs computed a second time: each line of the cost table shared between workloads again."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from planner.check.declared import TRACE
from planner.check.demand import PFLOPS_OF_H100_IN_TRAINING
from planner.check.existing import in_pools
from planner.check.frames import between, column_by, crossed, keyed, lookup, once, quotient, sum_by, table_of, to_frame
from planner.check.money import HEADINGS
from planner.check.payments import instalment, of_site, repay
from planner.check.priced import purchases
from planner.check.rent import rent_by_class
from planner.check.verdict import Excess, columns_reported, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planner.base.arrays import Floats
    from planner.check.case import Case


_SCOPE = ("scope", "year")
_POOL = ("site", "rack", "hall", "duty", "year")
_APART: Final = ("rent and unmet", "levers")
"""Headings of lines that own sites do not cause."""
_BY_NAMEPLATE: Final = ("racks", "halls", "sites", "grid", "financing")
"""Headings of lines that are shared by nameplate; all but these and those apart are shared by IT energy."""
_PAID: Final = ("upfront", "running", "existing", "idle", "full_idle")
_H100E_HOURS: Final = 1000.0 * 8760.0  # in a kH100e-year
_USD_PER_MUSD: Final = 1e6
_SECONDS_PER_HOUR: Final = 3600.0


def _laid_out(case: Case, frame: pd.DataFrame, values: object, *axes: str) -> Floats:
    """Add values up by site, workload or model year; the last site is none."""
    sets = case.inputs.sets
    labels: dict[str, Any] = {"site": [*sets.site.labels, ""], "workload": sets.workload.labels, "year": case.years}
    total = np.zeros([len(labels[axis]) for axis in axes])
    at = ({label: at for at, label in enumerate(labels[axis])} for axis in axes)
    place = tuple([of.get(label, -1) for label in frame[axis].tolist()] for axis, of in zip(axes, at, strict=True))
    np.add.at(total, place, np.asarray(values, dtype=np.float64))
    return total


def _paid(case: Case, frame: pd.DataFrame, *axes: str) -> Floats:
    """Yearly payments by site or workload, and model year. [MUSD/year]"""
    year = frame["calendar_year"].map(case.model_year)
    yearly = frame["musd"].to_numpy(dtype=np.float64) / case.span(year)
    return _laid_out(case, frame.assign(year=year), yearly, *axes, "year")


def _shares(driver: Floats, otherwise: Floats) -> Floats:
    """Shares of workloads in what is paid at a site, or at none, shape (site, workload, year).

    Where a site drives nothing in a year, workloads of all sites pay; with nothing driven anywhere, all in use.
    """
    everywhere = driver.sum(axis=0)
    everywhere = np.where(everywhere.sum(axis=0) > 0.0, everywhere, otherwise.sum(axis=0))
    weights = np.where(driver.sum(axis=1, keepdims=True) > 0.0, driver, everywhere)
    return np.nan_to_num(quotient(weights, weights.sum(axis=1, keepdims=True)))


def _accounts(case: Case) -> dict[str, Floats]:
    """What every workload uses, serves and costs by year; each shape (workload, year)."""
    uses, sets, place = case.uses, case.inputs.sets, ("site", "workload", "year")
    in_service, used = uses["in_service_mw"], uses["used_mw"]
    maintenance = pd.Series(case.inputs.racks.it_maintenance_musd_per_mw_year, index=list(sets.rack.labels))
    companions = in_service * uses["companion_mw_per_mw"]
    nameplate, it, of_companions, of_maintenance, served = (
        _laid_out(case, uses, of, *place)
        for of in (
            in_service + companions,
            in_service * uses["idle_mw_per_mw"] + used * uses["dynamic_mw_per_mw"],
            companions,
            in_service * lookup(maintenance, uses, ("rack",)),
            used * uses["throughput_kh100e_per_mw"],
        )
    )
    drivers = {"companions": of_companions, "it_maintenance": of_maintenance}
    duties = np.array([case.duty[name] for name in sets.workload.labels])
    of_duty = {duty: nameplate * (duties == duty)[None, :, None] for duty in sets.duty.labels}
    pools = case.plan("fleet")
    parked = pools.assign(mw=pools["alive_mw"].to_numpy() * lookup(_parked(case), pools, _POOL))
    parked_mw = np.zeros_like(nameplate)
    for duty, driver in of_duty.items():
        mine = parked[parked["duty"] == duty]
        parked_mw += _laid_out(case, mine, mine["mw"], "site", "year")[:, None, :] * _shares(driver, nameplate)

    # What is paid at sites by year, what it is shared by, and the columns that it counts in.
    empty = _left_empty(case, parked)
    parts: list[tuple[Floats, Floats, str]] = []
    for name, rows in case.plan("costs").groupby("item", sort=False):
        heading, up_front = HEADINGS.get(str(name), ("", False))
        if name == "rack_purchase" or heading in _APART:
            continue
        yearly, by_nameplate = _paid(case, rows, "site"), heading in _BY_NAMEPLATE
        if up_front and by_nameplate:
            parts.append((yearly * empty, parked_mw, "upfront idle full_idle"))
            yearly = yearly * (1.0 - empty)
        driver = drivers.get(str(name), nameplate) if by_nameplate else it
        parts.append((yearly, driver, "upfront" if up_front else "running"))
    halls = _existing_halls(case)
    parts += [(halls * empty, parked_mw, "existing full_idle"), (halls * (1.0 - empty), nameplate, "existing")]
    for racks, column, idle in (
        (_repaid_racks(case), "upfront", "idle full_idle"),
        (_existing_racks(case), "existing", "full_idle"),
    ):
        of_parked = racks["musd"] * lookup(_parked(case), racks, _POOL)
        for columns, musd in ((column, racks["musd"]), (idle, of_parked)):
            for duty, driver in of_duty.items():
                paid_for = _laid_out(case, racks, musd * (racks["duty"] == duty), "site", "year")
                parts.append((paid_for, driver, columns))
    paid = {f"{name}_musd": np.zeros(nameplate.shape[1:]) for name in _PAID}
    for yearly, driver, columns in parts:
        of_workloads = np.einsum("sy,swy->wy", yearly, _shares(driver, nameplate))
        for name in columns.split():
            paid[f"{name}_musd"] += of_workloads
    demand = case.plan("demand")
    return {
        **paid,
        "served_kh100e": served.sum(axis=0),
        "nameplate_mw": nameplate.sum(axis=0),
        "rented_kh100e": _laid_out(case, demand, demand["rented_kh100e"], "workload", "year"),
        "rent_musd": _paid(case, rent_by_class(case), "workload"),
    }


def _moved(case: Case) -> pd.DataFrame:
    """List the racks that move by their cohort: they leave the pool of one use, and are in that of the other after."""
    moved = case.plan("moves")
    is_in = moved["direction"] == "in"
    return moved.assign(
        duty=np.where(is_in, "inference", "training"),
        mw=np.where(is_in, moved["moved_mw"], -moved["moved_mw"]),
        since=moved["year"],
        bought=moved["vintage"].str.removeprefix("stock-").astype("int64"),
        is_stock=moved["vintage"].str.startswith("stock-"),
    )


def _repaid_racks(case: Case) -> pd.DataFrame:
    """Repayments of racks by the pool that they are in, and model year: site, rack, hall, duty, year, musd a year."""
    bought = purchases(case)
    bought = bought[bought["item"] == "rack_purchase"].assign(since=0)
    moved = _moved(case)
    moved = moved[~moved["is_stock"]].assign(year=moved["bought"])
    of_mw = ["unit_musd", "start", "life_years"]
    alike = bought.drop_duplicates(["site", "rack", "year"])[["site", "rack", "year", *of_mw]]
    moved = moved.merge(alike, on=["site", "rack", "year"], how="left")
    columns = [*_POOL, "since", "start", "life_years", "cost_musd"]
    rows = pd.concat([bought, moved.assign(cost_musd=moved["mw"] * moved["unit_musd"])])[columns].reset_index(drop=True)
    repaid = repay(case, rows)
    of = rows[["rack", "hall", "duty", "since"]].iloc[np.arange(len(repaid)) % max(len(rows), 1)]
    pool = repaid.assign(
        year=repaid["calendar_year"].map(case.model_year), **{str(name): of[name].to_numpy() for name in of}
    )
    pool = pool[pool["year"] >= pool["since"]].reset_index(drop=True)
    return pool.assign(musd=pool["musd"] / case.span(pool["year"]))


@once
def _parked(case: Case) -> pd.Series[float]:
    """Share of the racks alive of each pool that is neither in use nor standing by."""
    uses, pools = in_pools(case, case.uses), case.plan("fleet")
    alive = pools["alive_mw"].to_numpy()
    parked = np.maximum(alive - lookup(sum_by(uses, _POOL, uses["in_service_mw"]), pools, _POOL), 0)
    parked = np.where(parked > TRACE, parked, 0.0)
    return pools.assign(frac=np.nan_to_num(quotient(parked, alive))).set_index(list(_POOL))["frac"]


def _left_empty(case: Case, parked: pd.DataFrame) -> Floats:
    """Share of a site's power for racks that parked racks leave, shape (site, year)."""
    halls = case.plan("halls")
    draws = case.deployments.groupby(case.deployments["workload"].map(case.duty))["hall_mw_per_mw"].max()
    spare, room, drawn = (
        _laid_out(case, frame, mw, "site", "year")
        for frame, mw in (
            (halls, halls["spare_power_mw"]),
            (halls, halls["operated_mw"] - halls["free_mw"]),
            (parked, parked["mw"] * parked["duty"].map(draws)),
        )
    )
    return np.nan_to_num(quotient(np.minimum(spare, drawn), room))


def _instalments(case: Case, frame: pd.DataFrame, kind: str, life: Floats) -> Floats:
    """What is repaid a year of what exists, by its power and price, at the cost of its own capital. [MUSD]"""
    finance = case.inputs.finance
    rate = finance.asset_rate_frac.get(kind, finance.rate_frac) + of_site(case, frame, finance.site_rate_adder_frac)
    return np.asarray(frame["mw"] * frame["price"] * instalment(rate, life))


def _existing_halls(case: Case) -> Floats:
    """Instalments of existing halls, shape (site, year). [MUSD]"""
    halls, finance = case.inputs.halls, case.inputs.finance
    rows = to_frame(halls.hall, mw=halls.existing_mw, price=halls.existing_capex_musd_per_mw)
    musd = _instalments(case, rows, "facility", np.full(len(rows), finance.life_years["facility"]))
    return _laid_out(case, rows, musd * (1.0 + finance.build_idc_frac), "site", "year")


def _existing_racks(case: Case) -> pd.DataFrame:
    """Instalments of existing racks by the pool that they are in: site, rack, hall, duty, year, musd."""
    racks = case.inputs.racks
    pools = to_frame(racks.fleet, mw=racks.stock_mw, price=racks.stock_capex_musd_per_mw)
    lives = pd.Series(racks.life_years.astype(np.float64), index=list(case.inputs.sets.rack.labels))
    moved = crossed(_moved(case).drop(columns="year"), table_of({"year": case.years}))
    ends = moved["bought"] + lookup(lives, moved, ("rack",), np.nan) - 1.0
    stays = (moved["year"] >= moved["since"]) & (case.last_calendar_year(moved["year"]) <= ends) & moved["is_stock"]
    prices = pools.drop_duplicates(["site", "rack"])[["site", "rack", "price"]]
    moved = moved[stays].merge(prices, on=["site", "rack"], how="left")
    pools = pd.concat([pools, moved[pools.columns]], ignore_index=True)
    return pools.assign(musd=_instalments(case, pools, "rack", lookup(lives, pools, ("rack",), np.nan)))


def _by_scope(case: Case) -> dict[str, dict[tuple[str, int], float]]:
    """Accounts of workloads, uses and the total, each by scope and year."""
    sets, accounts = case.inputs.sets, _accounts(case)
    scopes = [*sets.workload.labels, *sets.duty.labels, "total"]
    counts = [[float(scope in (name, case.duty[name], "total")) for name in sets.workload.labels] for scope in scopes]
    places = list(product(scopes, case.years))
    sums = {name: (np.array(counts) @ of).ravel().tolist() for name, of in accounts.items()}
    return {name: dict(zip(places, of, strict=True)) for name, of in sums.items()}


@rule(unit="MUSD/year, MW or kH100e", floor=10.0)
def unit_costs_shared(case: Case) -> Iterator[Excess]:
    """Workloads, uses and the total have their share of every cost line and of use."""
    table, expected = case.plan("unit_costs"), _by_scope(case)
    columns = {name: lookup(expected[name], table, _SCOPE, np.nan) for name in expected}
    columns["cost_musd"] = columns["upfront_musd"] + columns["running_musd"]
    columns["full_cost_musd"] = columns["cost_musd"] + columns["existing_musd"]
    return columns_reported(table, _SCOPE, columns)


@rule(unit="USD/unit", floor=1e-9)  # what a request costs is far below a dollar
def unit_costs_divided(case: Case) -> Iterator[Excess]:
    """Costs per hour of compute, per MW and per unit of work are the quotients stated."""
    table, given = case.plan("unit_costs"), case.by("requests", "workload")
    is_class = (table["level"] == "workload").to_numpy()

    def of_class(column: str) -> Floats:
        numbers = given[column].astype("float64")
        return np.where(is_class, lookup(numbers, table, ("scope",), np.nan), np.nan)

    hours = table["served_kh100e"] * _H100E_HOURS
    kinds = ("cost", "upfront", "running", "full_cost")
    own, none = table["idle_musd"], 0.0 * table["idle_musd"]  # in no cost of a unit
    idle = {"cost": own, "upfront": own, "running": none, "full_cost": table["full_idle_musd"]}
    usd = {name: (table[f"{name}_musd"] - idle[name]) * _USD_PER_MUSD for name in kinds}
    seconds, tokens = of_class("h100e_seconds_per_unit"), of_class("tokens_per_s_per_h100e")
    unit = np.where(is_class, table["scope"].map(given["unit"]), "")
    unit = pd.Series(unit).fillna("").to_numpy()
    rented = table["rented_kh100e"] * _H100E_HOURS
    expected = {
        "upfront_usd_per_h100e_hour": quotient(usd["upfront"], hours),
        "running_usd_per_h100e_hour": quotient(usd["running"], hours),
        "h100e_s_per_work_unit": seconds,
        "tokens_per_s_per_h100e": tokens,
        "rented_usd_per_h100e_hour": quotient(table["rent_musd"] * _USD_PER_MUSD, rented),
    }
    for paid, cost in (("", usd["cost"]), ("full_", usd["full_cost"])):
        per_second = quotient(cost, hours) / _SECONDS_PER_HOUR
        expected |= {
            f"{paid}usd_per_h100e_hour": quotient(cost, hours),
            f"{paid}usd_per_mw_year": quotient(cost, table["nameplate_mw"]),
            f"{paid}usd_per_work_unit": per_second * seconds,
            f"{paid}usd_per_request": np.where(unit == "request", per_second * seconds, np.nan),
            f"{paid}usd_per_million_tokens": quotient(per_second * 1e6, tokens),
        }
    words = [_in_words(str(of), float(size), float(rate)) for of, size, rate in zip(unit, seconds, tokens, strict=True)]
    texts = (table["work_unit"] != unit) | (table["conversion"] != pd.Series(words, dtype="str"))
    yield from columns_reported(table, _SCOPE, expected)
    yield Excess.count_broken(keyed(table, _SCOPE), texts)


def _in_words(unit: str, seconds: float, tokens: float) -> str:
    if not unit:
        return ""
    of_tokens = "" if np.isnan(tokens) else f"; 1 H100e = {tokens:.6g} tokens/s"
    return f"1 {unit} = {seconds:.6g} H100e s{of_tokens}"


# --- Lifetime costs of models ---------------------------------------------------------------------

_H100E_HOURS_PER_PF_DAY: Final = 24.0 / PFLOPS_OF_H100_IN_TRAINING


def _of_use(case: Case, duty: str, years: pd.Series[int], *columns: str) -> Floats:
    """Sum columns of the unit costs of a use, by year; nan where a row is gone."""
    rows = case.plan("unit_costs")
    rows = rows[rows["scope"] == duty].set_index("year")
    return np.asarray(rows[list(columns)].sum(axis=1, skipna=False).reindex(years), dtype=np.float64)


def _usd_per_pf_day(case: Case, years: pd.Series[int]) -> Floats:
    return _of_use(case, "training", years, "full_usd_per_h100e_hour") * _H100E_HOURS_PER_PF_DAY


@rule(unit="MUSD/year or USD/PF-day")
def lifetime_shared(case: Case) -> Iterator[Excess]:
    """Training and inference cost their unit costs, rent included; a PF-day costs its hours."""
    table = case.plan("lifetime")
    years, duties = table["year"], ("training", "inference")
    training, inference = (_of_use(case, duty, years, "full_cost_musd", "rent_musd") for duty in duties)
    expected = {
        "training_musd": training,
        "inference_musd": inference,
        "inference_share_frac": quotient(inference, training + inference),
        "usd_per_pf_day": _usd_per_pf_day(case, years),
        **{f"{name}_idle_musd": _of_use(case, name, years, "full_idle_musd") for name in duties},
    }
    return columns_reported(table, ("year",), expected)


@rule(unit="PF-days or MUSD", rereads="demand.run_scale_frac")
def models_trained_priced(case: Case) -> Iterator[Excess]:
    """A model costs its PF-days at the price of the year, times the factor on frontier training."""
    table = case.plan("models_trained")
    of_model = column_by(case.data("trained_models"), "model", "training_pf_days").astype("float64")
    days = lookup(of_model, table, ("model",), np.nan)
    scale = case.scenario.demand.workload_scale_frac.get("train_frontier", 1.0)
    of_year = np.array([between(scale, year) for year in table["year"]])
    expected = {
        "training_pf_days": days,
        "run_musd": of_year * days * _usd_per_pf_day(case, table["year"]) / _USD_PER_MUSD,
    }
    return columns_reported(table, ("model", "year"), expected)
