"""The four moneys computed a second time, by calendar year and by what is bought or rented, and orders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.check.contracts import begin_of_delivery, signed_already
from planner.check.declared import TRACE
from planner.check.frames import found_by, isin, keyed, lookup, quotient, sum_by, to_frame
from planner.check.lead_times import decision_start, months_to_service, rack_months
from planner.check.payments import discounts, instalment, repay
from planner.check.priced import MOVES, purchases
from planner.check.supply_output import figures as source_figures
from planner.check.verdict import Excess, columns_reported, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planner.base.arrays import Floats
    from planner.check.case import Case

_YEAR = ("calendar_year",)
_ITEM = ("item",)
_NO_CASH = ("unmet_compute", "shed_load_worth")
_RENTED, _PPA = "rented_compute", "contract_strike"
CONTRACTS: Final = (_RENTED, _PPA)


@rule(unit="MUSD", floor=10.0)
def money_by_year(case: Case) -> Iterator[Excess]:
    """Cash, repayments and net present value by calendar year add up the cost and cash tables."""
    table, costs, cash = case.plan("money_years"), case.plan("costs"), case.plan("cash")
    is_price = costs["item"].isin(_NO_CASH)

    def of_years(frame: pd.DataFrame, column: str) -> Floats:
        return lookup(sum_by(frame, _YEAR, frame[column]), table, _YEAR)

    growth = 1.0 + case.inputs.finance.rate_frac
    inside = growth ** (case.inputs.finance.base_year - table["calendar_year"].to_numpy() - 0.5)
    factor = lookup(discounts(case), table, _YEAR, np.nan)
    running = of_years(costs[~costs["upfront"] & ~is_price], "musd")
    payments, spent = of_years(costs, "musd"), of_years(cash, "cash_musd")
    expected = {
        "asset_cash_musd": spent,
        "running_musd": running,
        "cash_musd": spent + running,
        "overnight_musd": of_years(cash, "overnight_musd"),
        "repaid_musd": of_years(costs[costs["upfront"]], "musd"),
        "unmet_musd": of_years(costs[is_price], "musd"),
        "payments_musd": payments,
        "discount_frac": factor,
        "npv_musd": of_years(costs, "npv_musd"),
        "npv_after_musd": payments * (factor - inside),
    }
    return columns_reported(table, _YEAR, expected)


def _yearly(case: Case) -> pd.DataFrame:
    """List what is paid evenly from a start to an end: item, yearly [MUSD], start, end, and cost of what is bought."""
    bought, rent = purchases(case), case.plan("rent")
    bought = bought.assign(yearly=bought["cost_musd"] * instalment(bought["rate"], bought["life_years"].to_numpy()))
    hours = 1000.0 * 8760.0 / 1e6  # MUSD a year for a kH100e at one USD per H100e-hour
    rent = rent.assign(yearly=rent["bought_kh100e"] * rent["usd_per_h100e_hour"] * hours, item=_RENTED)
    parts = [
        bought.assign(end=bought["start"] + bought["life_years"]),
        rent.assign(start=rent["year"].astype("float64"), end=rent["year"] + rent["term_years"]),
        _ppas(case).assign(item=_PPA),
    ]
    return pd.concat([part[["item", "yearly", "start", "end"]] for part in parts], ignore_index=True)


def _ppas(case: Case) -> pd.DataFrame:
    table, key = case.plan("contracts"), ["contract", "zone"]
    last = table[table["year"] == case.years[-1]]
    price = pd.Series(
        np.nan_to_num(quotient(last["strike_musd"], last["in_force_mw"])), index=pd.MultiIndex.from_frame(last[key])
    )
    offers = case.scenario.contracts.ppa
    signed = table[(table["signed_mw"] > 0.0) & table["contract"].isin(list(offers))]
    begin = begin_of_delivery(case, signed)
    term = np.array([float(offers[name].term_years) for name in signed["contract"]])
    rows = pd.concat([signed.assign(begin=begin, end=begin + term), signed_already(case)], ignore_index=True)
    return rows.assign(yearly=rows["signed_mw"] * lookup(price, rows, key), start=rows["begin"])


def _after_horizon(case: Case, rows: pd.DataFrame) -> tuple[Floats, Floats]:
    """Payments after the horizon of what is paid evenly, and what they are worth today. [MUSD]"""
    finance = case.inputs.finance
    horizon_end, growth = case.calendar[-1] + 1.0, 1.0 + finance.rate_frac
    yearly, start, end = (rows[name].to_numpy(dtype=np.float64) for name in ("yearly", "start", "end"))
    after, worth = np.zeros((2, len(rows)))
    for year in np.arange(horizon_end, max(horizon_end, end.max(initial=0.0))):
        paid = yearly * np.clip(np.minimum(end, year + 1.0) - np.maximum(start, year), 0.0, 1.0)
        after += paid
        worth += paid * growth ** (finance.base_year - year - 0.5)
    if finance.end_of_horizon == "truncated_salvage":  # what is bought is paid for, but for its book value
        left = np.clip((end - horizon_end) / (end - start), 0.0, 1.0)
        book = yearly / instalment(finance.rate_frac, end - start) * left / growth**0.5
        is_bought = ~rows["item"].isin(CONTRACTS)
        after = np.where(is_bought, book, after)
        worth = np.where(is_bought, book * growth ** (finance.base_year - horizon_end + 0.5), worth)
    return after, worth


@rule(unit="MUSD", floor=10.0)
def money_by_item(case: Case) -> Iterator[Excess]:
    """Purchases are paid inside the horizon and after it, with interest, to the last dollar."""
    table, costs, bought, rows = case.plan("money_items"), case.plan("costs"), purchases(case), _yearly(case)
    moved, after = costs[costs["item"] == MOVES], _after_horizon(case, rows)
    repaid = repay(case, bought, bought["rate"].to_numpy())["musd"].to_numpy().reshape(len(case.calendar), -1)
    sums = {
        "overnight_musd": {**sum_by(bought, _ITEM, bought["overnight_musd"]), **sum_by(moved, _ITEM, moved["musd"])},
        "building_interest_musd": sum_by(bought, _ITEM, bought["cost_musd"] - bought["overnight_musd"]),
        "paid_musd": {**sum_by(costs, _ITEM, costs["musd"]), **sum_by(bought, _ITEM, repaid.sum(axis=0))},
        "after_musd": sum_by(rows, _ITEM, after[0]),
        "after_npv_musd": sum_by(rows, _ITEM, after[1]),
        "cash_musd": sum_by(case.plan("cash"), _ITEM, case.plan("cash")["cash_musd"]),
    }
    columns = {name: lookup(of, table, _ITEM) for name, of in sums.items()}
    life = columns["paid_musd"] + columns["after_musd"]
    is_asset = ~table["item"].isin(CONTRACTS).to_numpy()
    cost = columns["overnight_musd"] + columns["building_interest_musd"]
    columns |= {
        "before_musd": columns["overnight_musd"] - columns["cash_musd"],
        "life_payments_musd": life,
        "interest_musd": np.where(is_asset, life - cost, 0.0),
    }
    yield Excess.count_broken(keyed(table, ("item",)), table["kind"] != np.where(is_asset, "asset", "contract"))
    # Together they are every line that repays something bought.
    upfront = costs.loc[costs["upfront"], "musd"].sum()
    yield Excess.differs({"item": ["all assets"]}, [table.loc[is_asset, "paid_musd"].sum()], [upfront])
    yield from columns_reported(table, _ITEM, columns)


# --- What to order, by when -----------------------------------------------------------------------

_ORDER = ("kind", "site", "item", "year", "stage")
_WAITS: Final = {
    **dict.fromkeys(("halls", "site opening"), "hall"),
    "connection": "connection",
    "non-firm connection": "non_firm",
}
"""What the site of an order waits for, by its kind."""


@rule(unit="MW, MWh, MUSD or years")
def orders_reported(case: Case) -> Iterator[Excess]:
    """Orders are all that is bought, once, each by its lead before it serves."""
    table, due, key = case.plan("orders"), _due(case), list(_ORDER)
    needed = due[(due["mw"] > TRACE) | (due["overnight_musd"] > TRACE)]
    yield Excess.count_broken(keyed(needed, key), ~isin(needed, table, key))
    expected = {name: lookup(sum_by(due, key, due[name]), table, key) for name in ("mw", "mwh", "overnight_musd")}
    expected["mw"][table["kind"] == "site opening"] = np.nan
    every = due.drop_duplicates(key)
    expected |= {name: found_by(every, key, name, table, -1.0) for name in ("serves_from", "order_by")}
    yield from columns_reported(table, key, expected)


def _due(case: Case) -> pd.DataFrame:
    """List what is bought, when it serves, and by when it is ordered."""
    bought, halls = purchases(case), case.inputs.halls
    bought = bought[bought["order"] != ""]
    key = ("site", "hall", "to_hall", "year")
    done = found_by(to_frame(halls.retrofit, done=halls.retrofit_done), key, "done", bought)
    serves = np.where(bought["order"] == "retrofit", done, bought["start"])
    months, sources = months_to_service(case), case.inputs.supply.source.labels
    of_site = {(kind, site): months[what][site] for kind, what in _WAITS.items() for site in months.index}
    of_source = dict(zip(sources, source_figures(case, sources, "lead_months").tolist(), strict=True))
    lead = lookup(of_site, bought, ("order", "site")) + lookup(of_source, bought, ("source",))
    lead = np.where(bought["order"] == "racks", rack_months(case), lead)
    lead = np.where(bought["order"] == "retrofit", (done - bought["start"]) * 12.0, lead)
    by = np.maximum(serves - lead / 12.0, decision_start(case))
    is_energy = bought["item"] == "battery_cells"
    return bought.assign(
        kind=bought["order"],
        item=bought["named"],
        stage=bought["stage"].replace("", "ordered"),
        mw=bought["amount"].mask(is_energy | (bought["order"] == "site opening"), 0.0),
        mwh=bought["amount"].where(is_energy, 0.0),
        serves_from=serves,
        order_by=np.where(bought["stage"] == "committed", np.nan, by),
    )
