"""Unit costs and lifetime costs computed a second time: each line of the cost table shared between workloads again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.check.days import year_rows
from planner.check.declared import TRACE
from planner.check.demand import PFLOPS_OF_H100_IN_TRAINING, classes_in_scope
from planner.check.existing import in_pools
from planner.check.frames import between, column_by, crossed, lookup, once, quotient, sum_by, table_of, to_frame
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
_CLASS = ("workload", "year")
_POOL = ("site", "rack", "hall", "duty", "year")
_APART: Final = ("rent and unmet", "levers")
"""Headings of lines that own sites do not cause."""
_BY_NAMEPLATE: Final = ("racks", "halls", "sites", "grid", "financing")
"""Headings of lines that are shared by nameplate; all but these and those apart are shared by IT energy."""
_H100E_HOURS: Final = 1000.0 * 8760.0  # in a kH100e-year
_USD_PER_MUSD: Final = 1e6
_SECONDS_PER_HOUR: Final = 3600.0


def _heading(item: str) -> tuple[str, bool]:
    """Return the heading of a line, and whether it is up front; `cost_lines_known` names others."""
    return HEADINGS.get(item, ("", False))


def _dense(case: Case, frame: pd.DataFrame, values: object) -> Floats:
    """Add values up by site, workload and year, shape (site, workload, year)."""
    sets = case.inputs.sets
    years = pd.Index(case.years).get_indexer(pd.Index(frame["year"]))
    place = (sets.site.codes(frame["site"]), sets.workload.codes(frame["workload"]), years)
    total = np.zeros((len(sets.site), len(sets.workload), len(case.years)))
    np.add.at(total, place, np.asarray(values, dtype=np.float64))
    return total


def _by_site(case: Case, frame: pd.DataFrame, values: object) -> Floats:
    """Add values up by site and model year; the last row is of no site."""
    sites = pd.Index([*case.inputs.sets.site.labels, ""])
    place = (sites.get_indexer(pd.Index(frame["site"])), pd.Index(case.years).get_indexer(pd.Index(frame["year"])))
    total = np.zeros((len(sites), len(case.years)))
    np.add.at(total, place, np.asarray(values, dtype=np.float64))
    return total


def _paid(case: Case, frame: pd.DataFrame) -> Floats:
    """Yearly payments by site and model year; the last row is of no site. [MUSD/year]"""
    year = frame["calendar_year"].map(case.model_year)
    span = case.last_calendar_year(year) - year.to_numpy(dtype=np.float64) + 1.0
    return _by_site(case, frame.assign(year=year), frame["musd"].to_numpy(dtype=np.float64) / span)


def _shared(paid: Floats, driver: Floats, otherwise: Floats) -> Floats:
    """Share payments of sites, and of none, between workloads, shape (workload, year).

    A site that drives nothing in a year is paid for by the workloads of all sites; with nothing
    driven anywhere, by all that is in use.
    """
    everywhere = driver.sum(axis=0)
    idle = everywhere.sum(axis=0) == 0.0
    everywhere = np.where(idle, otherwise.sum(axis=0), everywhere)
    of_sites = np.where(driver.sum(axis=1, keepdims=True) > 0.0, driver, everywhere)
    weights = np.concatenate([of_sites, everywhere[None]])
    total = weights.sum(axis=1, keepdims=True)
    share = weights / np.where(total > 0.0, total, 1.0)
    return np.asarray(np.einsum("sy,swy->wy", paid, share))


def _accounts(case: Case) -> dict[str, Floats]:
    """What every workload uses, serves and costs by year; each shape (workload, year)."""
    uses, sets = case.uses, case.inputs.sets
    in_service, used = uses["in_service_mw"], uses["used_mw"]
    maintenance = pd.Series(case.inputs.racks.it_maintenance_musd_per_mw_year, index=list(sets.rack.labels))
    companions = in_service * uses["companion_mw_per_mw"]
    nameplate = _dense(case, uses, in_service + companions)
    it = _dense(case, uses, in_service * uses["idle_mw_per_mw"] + used * uses["dynamic_mw_per_mw"])
    drivers = {
        "companions": _dense(case, uses, companions),
        "it_maintenance": _dense(case, uses, in_service * lookup(maintenance, uses, ("rack",))),
    }
    paid = {True: np.zeros(nameplate.shape[1:]), False: np.zeros(nameplate.shape[1:])}
    idle, left_empty = np.zeros(nameplate.shape[1:]), _left_empty(case)
    parked_mw = _parked_by_class(case, nameplate)
    for name, rows in case.plan("costs").groupby("item", sort=False):
        item = str(name)
        heading, up_front = _heading(item)
        if item == "rack_purchase" or heading in _APART:
            continue
        driver = it if heading not in _BY_NAMEPLATE else drivers.get(item, nameplate)
        yearly = _paid(case, rows)
        if up_front and heading in _BY_NAMEPLATE:
            of_parked = _shared(yearly * left_empty, parked_mw, nameplate)
            yearly = yearly * (1.0 - left_empty)
            paid[True] += of_parked
            idle += of_parked
        paid[up_front] += _shared(yearly, driver, nameplate)
    duty_of = np.array([case.duty[name] for name in sets.workload.labels])
    pool = repaid = _repaid_racks(case)
    parked = repaid["musd"] * lookup(_parked(case), pool, _POOL)
    for one in sets.duty.labels:
        mine = (pool["duty"] == one).to_numpy()
        driver = nameplate * (duty_of == one)[None, :, None]
        paid[True] += _shared(_paid(case, repaid[mine]), driver, nameplate)
        idle += _shared(_paid(case, repaid.assign(musd=parked)[mine]), driver, nameplate)
    demand, rent = case.plan("demand"), rent_by_class(case)
    rent = rent.assign(year=rent["calendar_year"].map(case.model_year))
    span = case.last_calendar_year(rent["year"]) - rent["year"].to_numpy() + 1.0
    by_class = pd.DataFrame(
        [(name, year) for name in sets.workload.labels for year in case.years], columns=list(_CLASS)
    )

    def of_classes(sums: dict[tuple[str, int], float]) -> Floats:
        return lookup(sums, by_class, _CLASS).reshape(nameplate.shape[1:])

    existing, idle_existing = _existing(case, nameplate)
    return {
        "served_kh100e": _dense(case, uses, used * uses["throughput_kh100e_per_mw"]).sum(axis=0),
        "nameplate_mw": nameplate.sum(axis=0),
        "upfront_musd": paid[True],
        "running_musd": paid[False],
        "existing_musd": existing,
        "idle_musd": idle,
        "full_idle_musd": idle + idle_existing,
        "rented_kh100e": of_classes(sum_by(demand, _CLASS, demand["rented_kh100e"])),
        "rent_musd": of_classes(sum_by(rent, _CLASS, rent["musd"] / span)),
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
    """Repayments of racks by the pool that they are in: site, rack, hall, duty, year, calendar_year, musd."""
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
    return pool[pool["year"] >= pool["since"]].reset_index(drop=True)


@once
def _parked(case: Case) -> pd.Series[float]:
    """Share of the racks alive of each pool that is neither in use nor standing by."""
    uses, pools = in_pools(case, case.uses), case.plan("fleet")
    alive = pools["alive_mw"].to_numpy()
    parked = np.maximum(alive - lookup(sum_by(uses, _POOL, uses["in_service_mw"]), pools, _POOL), 0)
    parked = np.where(parked > TRACE, parked, 0.0)
    return pools.assign(frac=np.nan_to_num(quotient(parked, alive))).set_index(list(_POOL))["frac"]


def _parked_by_class(case: Case, nameplate: Floats) -> Floats:
    """Racks parked of the use of each workload, shape (site, workload, year). [MW]

    Workloads have them by their nameplate of the use, at the site or else at all sites.
    """
    sets, pools = case.inputs.sets, case.plan("fleet")
    mw = pools["alive_mw"].to_numpy() * lookup(_parked(case), pools, _POOL)
    total = np.zeros_like(nameplate)
    for one in sets.duty.labels:
        mine = (pools["duty"] == one).to_numpy()
        parked = _by_site(case, pools[mine], mw[mine])[:-1]
        is_of = np.array([case.duty[name] == one for name in sets.workload.labels])
        here = nameplate * is_of[None, :, None]
        every = here.sum(axis=0)
        every = np.where(every.sum(axis=0) > 0.0, every, nameplate.sum(axis=0))
        weight = np.where(here.sum(axis=1, keepdims=True) > 0.0, here, every)
        share = np.nan_to_num(quotient(weight, weight.sum(axis=1, keepdims=True)))
        total += parked[:, None, :] * share
    return total


def _left_empty(case: Case) -> Floats:
    """Share of a site's power for racks that parked racks leave; the last row is of no site."""
    halls, pools = case.plan("halls"), case.plan("fleet")
    draws = case.deployments.groupby(case.deployments["workload"].map(case.duty))["hall_mw_per_mw"].max()
    drawn_mw = pools["alive_mw"] * lookup(_parked(case), pools, _POOL) * pools["duty"].map(draws)
    left = np.minimum(_by_site(case, halls, halls["spare_power_mw"]), _by_site(case, pools, drawn_mw))
    return np.nan_to_num(quotient(left, _by_site(case, halls, halls["operated_mw"] - halls["free_mw"])))


def _existing(case: Case, nameplate: Floats) -> tuple[Floats, Floats]:
    """Instalments of existing racks and halls by workload and year, and those of idle ones."""
    finance, sets = case.inputs.finance, case.inputs.sets
    racks, halls = case.inputs.racks, case.inputs.halls
    pools = to_frame(racks.fleet, mw=racks.stock_mw, price=racks.stock_capex_musd_per_mw)
    lives = pd.Series(racks.life_years.astype(np.float64), index=list(sets.rack.labels))
    moved = crossed(_moved(case).drop(columns="year"), table_of({"year": case.years}))
    ends = moved["bought"] + lookup(lives, moved, ("rack",), np.nan) - 1.0
    stays = (moved["year"] >= moved["since"]) & (case.last_calendar_year(moved["year"]) <= ends) & moved["is_stock"]
    prices = pools.drop_duplicates(["site", "rack"])[["site", "rack", "price"]]
    moved = moved[stays].merge(prices, on=["site", "rack"], how="left")
    pools = pd.concat([pools, moved[pools.columns]], ignore_index=True)
    standing = to_frame(halls.hall, mw=halls.existing_mw, price=halls.existing_capex_musd_per_mw)
    interest = 1.0 + finance.build_idc_frac

    def instalments(frame: pd.DataFrame, kind: str, life: Floats) -> Floats:
        risk = of_site(case, frame, finance.site_rate_adder_frac)
        rate = finance.asset_rate_frac.get(kind, finance.rate_frac) + risk
        return np.asarray(frame["mw"] * frame["price"] * instalment(rate, life))

    life = np.full(len(standing), finance.life_years["facility"])
    of_halls = instalments(standing, "facility", life) * interest
    hall_musd = _by_site(case, standing, of_halls)
    left_empty, parked_mw = _left_empty(case), _parked_by_class(case, nameplate)
    idle = _shared(hall_musd * left_empty, parked_mw, nameplate)
    charged = idle + _shared(hall_musd * (1.0 - left_empty), nameplate, nameplate)
    of_racks = instalments(pools, "rack", lookup(lives, pools, ("rack",), np.nan))
    parked = of_racks * lookup(_parked(case), pools, _POOL)
    duty_of = np.array([case.duty[name] for name in sets.workload.labels])
    for one in sets.duty.labels:
        mine = (pools["duty"] == one).to_numpy()
        driver = nameplate * (duty_of == one)[None, :, None]
        charged += _shared(_by_site(case, pools[mine], of_racks[mine]), driver, nameplate)
        idle += _shared(_by_site(case, pools[mine], parked[mine]), driver, nameplate)
    return charged, idle


def _by_scope(case: Case) -> pd.DataFrame:
    """Accounts of workloads, uses and the total, with scope and year as index."""
    sets, accounts = case.inputs.sets, _accounts(case)
    duty_of = np.array([case.duty[name] for name in sets.workload.labels])
    belongs = {name: np.array(sets.workload.labels) == name for name in sets.workload.labels}
    belongs |= {name: duty_of == name for name in sets.duty.labels}
    belongs["total"] = np.ones(len(duty_of), dtype=np.bool_)
    parts = [
        table_of(
            {name: of[counts].sum(axis=0) for name, of in accounts.items()},
            index=pd.MultiIndex.from_product([[scope], case.years], names=list(_SCOPE)),
        )
        for scope, counts in belongs.items()
    ]
    return pd.concat(parts)


@rule(unit="MUSD/year, MW or kH100e", floor=10.0)
def unit_costs_shared(case: Case) -> Iterator[Excess]:
    """Workloads, uses and the total have their share of every cost line and of use."""
    table, expected = case.plan("unit_costs"), _by_scope(case)
    columns = {name: lookup(expected[name], table, _SCOPE, np.nan) for name in expected.columns}
    columns["cost_musd"] = columns["upfront_musd"] + columns["running_musd"]
    columns["full_cost_musd"] = columns["cost_musd"] + columns["existing_musd"]
    return columns_reported(table, _SCOPE, columns)


@rule(unit="USD/unit", floor=1e-9)  # what a request costs is far below a dollar
def unit_costs_divided(case: Case) -> Iterator[Excess]:
    """Costs per hour of compute, per MW and per unit of work are the quotients stated."""
    table, given = case.plan("unit_costs"), case.data("requests").set_index("workload")
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
    yield Excess.count_broken(table[list(_SCOPE)], texts)


def _in_words(unit: str, seconds: float, tokens: float) -> str:
    if not unit:
        return ""
    of_tokens = "" if np.isnan(tokens) else f"; 1 H100e = {tokens:.6g} tokens/s"
    return f"1 {unit} = {seconds:.6g} H100e s{of_tokens}"


def unit_cost_rows(case: Case) -> pd.DataFrame:
    """List the rows of table `unit_costs`: workloads, uses and all, in every year."""
    scopes = [*classes_in_scope(case), "training", "inference", "total"]
    return year_rows(case, "scope", scopes)


# --- Lifetime costs of models ---------------------------------------------------------------------

_H100E_HOURS_PER_PF_DAY: Final = 24.0 / PFLOPS_OF_H100_IN_TRAINING


def _of_use_musd(case: Case, duty: str, years: pd.Series[int], *columns: str) -> Floats:
    """Sum columns of the unit costs of a use, by year. [MUSD/year]"""
    rows = case.plan("unit_costs")
    rows = rows[rows["scope"] == duty].set_index("year")
    paid = rows[list(columns)].sum(axis=1).reindex(years)  # nan where a row is gone
    return np.asarray(paid, dtype=np.float64)


def _usd_per_pf_day(case: Case, years: pd.Series[int]) -> Floats:
    rows = case.plan("unit_costs")
    rows = rows[rows["scope"] == "training"].set_index("year")
    per_hour = rows["full_usd_per_h100e_hour"].reindex(years)
    return np.asarray(per_hour, dtype=np.float64) * _H100E_HOURS_PER_PF_DAY


@rule(unit="MUSD/year or USD/PF-day")
def lifetime_shared(case: Case) -> Iterator[Excess]:
    """Training and inference cost their unit costs, rent included; a PF-day costs its hours."""
    table = case.plan("lifetime")
    duties = ("training", "inference")
    training, inference = (_of_use_musd(case, duty, table["year"], "full_cost_musd", "rent_musd") for duty in duties)
    idle = {f"{name}_idle_musd": _of_use_musd(case, name, table["year"], "full_idle_musd") for name in duties}
    expected = {
        "training_musd": training,
        "inference_musd": inference,
        "inference_share_frac": quotient(inference, training + inference),
        "usd_per_pf_day": _usd_per_pf_day(case, table["year"]),
        **idle,
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


def lifetime_rows(case: Case) -> pd.DataFrame:
    """List the rows of table `lifetime`: every model year."""
    return year_rows(case)


def model_rows(case: Case) -> pd.DataFrame:
    """List the rows of table `models_trained`: every model of the data in every model year."""
    return year_rows(case, "model", list(case.data("trained_models")["model"]))
