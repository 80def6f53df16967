"""The four moneys computed a second time, by calendar year and by what is bought or rented, and orders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.check.contracts import begin_of_delivery, signed_already
from planner.check.declared import TRACE, merged
from planner.check.existing import retrofits
from planner.check.families import FAMILIES
from planner.check.frames import isin, lookup, quotient, sum_by, table_of
from planner.check.lead_times import decision_start, months_to_service, rack_months
from planner.check.payments import discounts, instalment, repay
from planner.check.priced import BOUGHT, MOVES, purchases
from planner.check.sites import opened_musd
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


def _asset(case: Case, item: str) -> dict[str, float]:
    """Cost, interest and payments of an asset inside the horizon and after it. [MUSD]"""
    finance, full = case.inputs.finance, purchases(case)
    full = full[full["item"] == item]
    overnight, rate = float(full["overnight_musd"].sum()), full["rate"].to_numpy()
    start, life, cost = (full[name].to_numpy(dtype=np.float64) for name in ("start", "life_years", "cost_musd"))
    yearly = cost * instalment(rate, life)
    if finance.end_of_horizon == "truncated_salvage":
        end, growth = case.calendar[-1] + 1.0, 1.0 + finance.rate_frac
        left = np.clip((start + life - end) / life, 0.0, 1.0)
        after = float((yearly / instalment(finance.rate_frac, life) * left).sum() / growth**0.5)
        later = {"after_musd": after, "after_npv_musd": after * growth ** (finance.base_year - end + 0.5)}
    else:
        later = _after_horizon(case, yearly, start, start + life)
    return {
        "overnight_musd": overnight,
        "building_interest_musd": float(cost.sum()) - overnight,
        "paid_musd": float(repay(case, full, rate)["musd"].sum()),
        **later,
    }


def _after_horizon(case: Case, yearly: Floats, starts: Floats, ends: Floats) -> dict[str, float]:
    """Payments after the horizon for what is paid yearly from its start until it ends. [MUSD]"""
    finance = case.inputs.finance
    end, growth = case.calendar[-1] + 1.0, 1.0 + finance.rate_frac
    after = worth = 0.0
    for year in np.arange(end, max(end, ends.max(initial=0.0))):
        serves = np.minimum(ends, year + 1.0) - np.maximum(starts, year)
        paid = float((yearly * np.clip(serves, 0.0, 1.0)).sum())
        after += paid
        worth += paid * growth ** (finance.base_year - year - 0.5)
    return {"after_musd": after, "after_npv_musd": worth}


def _rented(case: Case) -> dict[str, float]:
    bought = case.plan("rent")
    hours = 1000.0 * 8760.0 / 1e6  # MUSD a year for a kH100e at one USD per H100e-hour
    yearly = bought["bought_kh100e"] * bought["usd_per_h100e_hour"] * hours
    starts, terms = (bought[name].to_numpy(dtype=np.float64) for name in ("year", "term_years"))
    return _after_horizon(case, yearly.to_numpy(), starts, starts + terms)


def _ppas(case: Case) -> dict[str, float]:
    table, key = case.plan("contracts"), ["contract", "zone"]
    last = table[table["year"] == case.years[-1]]
    price = pd.Series(
        np.nan_to_num(quotient(last["strike_musd"], last["in_force_mw"])), index=pd.MultiIndex.from_frame(last[key])
    )
    offers = case.scenario.contracts.ppa
    signed = table[(table["signed_mw"] > 0.0) & table["contract"].isin(list(offers))]
    term = np.array([float(offers[name].term_years) for name in signed["contract"]])
    before = signed_already(case)
    rows = pd.concat([signed[key], before[key]])
    mw = np.concatenate([signed["signed_mw"].to_numpy(), before["signed_mw"].to_numpy()])
    begins = begin_of_delivery(case, signed)
    starts, ends = (
        np.concatenate(of).astype(np.float64) for of in ((begins, before["begin"]), (begins + term, before["end"]))
    )
    return _after_horizon(case, mw * lookup(price, rows, key), starts, ends)


@rule(unit="MUSD", floor=10.0)
def money_by_item(case: Case) -> Iterator[Excess]:
    """Purchases are paid inside the horizon and after it, with interest, to the last dollar."""
    table, costs, cash = case.plan("money_items"), case.plan("costs"), case.plan("cash")
    paid = sum_by(costs, _ITEM, costs["musd"])
    expected = {of.item: _asset(case, of.item) for of in BOUGHT.values()}
    moved = float(paid.get(MOVES, 0.0))
    expected[MOVES] = {"overnight_musd": moved, "paid_musd": moved}
    for item, later in ((_RENTED, _rented(case)), (_PPA, _ppas(case))):
        expected[item] = {"paid_musd": float(paid.get(item, 0.0)), **later}
    frame = pd.DataFrame(expected).T.fillna(0.0).rename_axis("item")
    columns = {name: lookup(frame[name], table, _ITEM, np.nan) for name in frame.columns}
    spent = lookup(sum_by(cash, _ITEM, cash["cash_musd"]), table, _ITEM)
    life = columns["paid_musd"] + columns["after_musd"]
    is_asset = ~table["item"].isin(CONTRACTS).to_numpy()
    cost = columns["overnight_musd"] + columns["building_interest_musd"]
    columns |= {
        "cash_musd": spent,
        "before_musd": columns["overnight_musd"] - spent,
        "life_payments_musd": life,
        "interest_musd": np.where(is_asset, life - cost, 0.0),
    }
    kind = np.where(is_asset, "asset", "contract")
    yield Excess.count_broken(table[["item"]], table["kind"] != kind)
    # Together they are every line that repays something bought.
    repaid = np.array([table.loc[is_asset, "paid_musd"].sum()])
    upfront = np.array([costs.loc[costs["upfront"], "musd"].sum()])
    yield Excess.differs(table_of({"item": ["all assets"]}), repaid, upfront)
    yield from columns_reported(table, _ITEM, columns)


# --- What to order, by when -----------------------------------------------------------------------

_BOUGHT: Final = {
    "racks": ("installs", "rack", "installed_mw"),
    "halls": ("builds", "hall", "built_mw"),
    "retrofit": ("retrofits", "to_hall", "retrofitted_mw"),
    "connection": ("connections", "", "added_mw"),
    "non-firm connection": ("non_firm_connections", "", "added_mw"),
    "on-site power": ("source_builds", "source", "built_mw"),
    **merged(FAMILIES, "ORDERED"),
    "site opening": ("site_year", "", ""),
}
"""By the kind of an order the table of what is bought, and its columns of item and power."""
_ORDER = ("kind", "site", "item", "year", "stage")


@rule(unit="MW, MWh, MUSD or years")
def orders_reported(case: Case) -> Iterator[Excess]:
    """Orders are all that is bought, once, each by its lead before it serves."""
    due = pd.concat([_due(case, kind) for kind in _BOUGHT], ignore_index=True)
    needed = due[(due["mw"] > TRACE) | (due["overnight_musd"] > TRACE)].drop_duplicates(list(_ORDER))
    table, every = case.plan("orders"), due.drop_duplicates(list(_ORDER))
    place = table[list(_ORDER)]
    yield Excess.count_broken(needed[list(_ORDER)], ~isin(needed, table, _ORDER))
    for name in ("mw", "mwh", "overnight_musd"):
        sums = lookup(sum_by(due, _ORDER, due[name]), table, _ORDER)
        sums = np.where((table["kind"] == "site opening") & (name == "mw"), np.nan, sums)
        yield Excess.reported(place, table[name], sums)
    for name in ("serves_from", "order_by"):
        moments = lookup(every.set_index(list(_ORDER))[name], table, _ORDER, -1.0)
        yield Excess.reported(place, table[name], moments)


def _due(case: Case, kind: str) -> pd.DataFrame:
    """List what is bought of a kind, when it serves, and by when it is ordered."""
    (name, item, mw), rows = _BOUGHT[kind], retrofits(case) if kind == "retrofit" else case.plan(_BOUGHT[kind][0])
    moment = "done" if kind == "retrofit" else "service_start" if "service_start" in rows else "year"
    start = rows[moment].to_numpy(dtype=np.float64)
    waits = {"halls": "hall", "site opening": "hall", "connection": "connection", "non-firm connection": "non_firm"}
    lead: float | Floats = 0.0
    if kind in waits:
        lead = lookup(months_to_service(case)[waits[kind]], rows, ("site",), np.nan)
    elif kind == "racks":
        lead = rack_months(case)
    elif kind == "retrofit":
        lead = (rows["done"] - rows["start"]).to_numpy() * 12.0
    elif kind == "on-site power":
        lead = source_figures(case, rows["source"], "lead_months")
    by = np.maximum(start - lead / 12.0, decision_start(case))
    musd = (opened_musd(case) if kind == "site opening" else rows)["overnight_musd"]
    none, no_item = np.zeros(len(rows)), np.full(len(rows), "", dtype=object)
    return table_of(
        {
            "kind": np.full(len(rows), kind, dtype=object),
            "site": rows["site"].to_numpy(),
            "item": rows[item].to_numpy() if item else no_item,
            "year": rows["year"].to_numpy(),
            "stage": rows["stage"].to_numpy() if name == "builds" else np.full(len(rows), "ordered", dtype=object),
            "mw": rows[mw].to_numpy() if mw else none,
            "mwh": rows["built_mwh"].to_numpy() if name == "source_builds" else none,
            "overnight_musd": musd.to_numpy(),
            "serves_from": start,
            "order_by": np.where(rows["stage"] == "committed", np.nan, by) if name == "builds" else by,
        }
    )
