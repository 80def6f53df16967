"""Bills of a plan."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.base.units import USD_PER_MUSD
from planner.inputs.tariffs import KINDS
from planner.lp.index import locate, pairs
from planner.results.store import words
from planner.tariffs import bill_metered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from planner.base.arrays import Floats
    from planner.lp import Index
    from planner.results.solved import SolvedModel
    from planner.results.store import Cells
    from planner.tariffs import BillLine

# --- Tables of bills by a tariff: what the plan pays, and the exact bill of its load next to it ---

_TIER: Final = re.compile(r", tier \d+$")
_EXIT: Final = "exit fee"
_LINE: Final = ["site", "calendar_year", "rule", "item", "unit"]
_CENT: Final = 0.01  # [USD]; less is rounding of sums


def bills(s: SolvedModel) -> pd.DataFrame:
    """Make table `bills`: what the plan pays and what the rules ask, line by line."""
    charged = _charged(s)
    exact = s.exact_bills
    # A program has one line for all tiers and all system peak hours.
    item = exact["item"].str.replace(_TIER, "", regex=True)
    item = item.mask(item.str.endswith("system peak hours"), "system peak hours")
    unit = exact["unit"].replace({"kW": "kW-month"}).where(item == "billing demand", exact["unit"])
    by_line = exact.assign(item=item, unit=unit, calendar_year=exact["month"].str[:4].astype("int64"))
    asked = by_line.groupby(_LINE, sort=False)["usd"].sum().rename("exact_usd").reset_index()
    table = charged.merge(asked, on=_LINE, how="left")
    table["exact_usd"] = table["exact_usd"].fillna(0.0)
    over = table["charged_usd"] - table["exact_usd"]
    table["charged_above_exact_usd"] = over.where(over.abs() > _CENT, 0.0)
    paid = (table["charged_usd"].abs() > _CENT) | (table["exact_usd"].abs() > _CENT)
    rows = pd.concat([table[paid], _exit_fees(s)], ignore_index=True)
    order = ["site", "calendar_year"]
    return rows.sort_values(order, kind="stable", ignore_index=True)


def bill_months(s: SolvedModel) -> pd.DataFrame:
    """Make table `bill_months`: the exact bill, month by month."""
    exact = s.exact_bills
    return exact[exact["usd"].abs() > _CENT].reset_index(drop=True)


def capacity_contracts(s: SolvedModel) -> dict[str, Cells]:
    """Make table `capacity_contracts`: what was signed for, given up and is left."""
    p, terms = s.p.tariffs, s.model.tariffs
    signed, now = pairs(p.signed, p.contract, on=("site",))
    later = p.contract["year"][now] >= p.signed["vintage"][signed]
    signed, now = signed[later], now[later]
    site, vintage, year = (p.signed["site"][signed], p.signed["vintage"][signed], p.contract["year"][now])
    signed_mw = s.value(terms.signed_mw)[signed]

    def value_at(values: Floats, place: NDArray[np.intp]) -> Floats:
        return np.where(place >= 0, np.append(values, 0.0)[place], 0.0)

    released_mw = value_at(s.value(terms.released_mw), locate(p.released, site, vintage, year))
    of_fee = locate(p.fee, site, vintage, year)
    fee_mw, price = value_at(s.value(terms.fee_mw), of_fee), value_at(p.fee_musd_per_mw, of_fee)
    gone_mw = pd.Series(released_mw).groupby([site, vintage]).cumsum().to_numpy()
    rows = np.flatnonzero(signed_mw)
    years = np.array([int(label) for label in s.p.sets.year.labels], dtype=np.int64)
    return {
        "site": words(s.p.sets.site, site[rows]),
        "signed_year": years[vintage[rows]],
        "year": years[year[rows]],
        "signed_mw": signed_mw[rows],
        "released_mw": released_mw[rows],
        "kept_mw": np.maximum(signed_mw - gone_mw, 0.0)[rows],
        "fee_mw": fee_mw[rows],
        "fee_musd": (price * fee_mw)[rows],
    }


def _charged(s: SolvedModel) -> pd.DataFrame:
    """Lines of the bills as the program has them."""
    p, terms = s.p.tariffs, s.model.tariffs
    line = p.bills.line
    names = np.empty((len(p.bills.line_names), 3), dtype=object)
    for code, name in enumerate(p.bills.line_names):
        names[code] = name
    rule, item, unit = (names[:, part][line["charge"]] for part in range(3))
    tariff = np.full(p.bills.customer.size, "", dtype=object)
    for account in p.accounts:
        tariff[list(account.customers)] = account.tariff.name
    return pd.DataFrame(
        {
            "site": line.labels("site"),
            "calendar_year": line.labels("calendar").astype(np.int64),
            "tariff": tariff[p.bills.customer.find(line)],
            "rule": rule,
            "item": item,
            "unit": unit,
            "kind": np.array(KINDS, dtype=object)[p.line_kind],
            "quantity": s.value(terms.units),
            "charged_usd": s.value(terms.usd),
        }
    )


def _exit_fees(s: SolvedModel) -> pd.DataFrame:
    table = pd.DataFrame(capacity_contracts(s))
    table = table[table["fee_musd"] > 0.0]
    of_year = table.groupby(["site", "year"], as_index=False)[["fee_mw", "fee_musd"]].sum()
    usd = of_year["fee_musd"] * USD_PER_MUSD
    tariff = {str(row.site): str(row.tariff) for row in _charged(s).itertuples()}
    return pd.DataFrame(
        {
            "site": of_year["site"],
            "calendar_year": of_year["year"],
            "tariff": of_year["site"].map(tariff),
            "rule": _EXIT,
            "item": "capacity given up",
            "unit": "MW",
            "kind": "exit_fee",
            "quantity": of_year["fee_mw"],
            "charged_usd": usd,
            "exact_usd": usd,
            "charged_above_exact_usd": 0.0 * usd,
        }
    )


# --- Exact bills of the load that a plan chose, month by month ------------------------------------


def exact_lines(s: SolvedModel) -> pd.DataFrame:
    """Lines of the exact bills of all sites, as `bill_months` has them.

    Standing charges count in proportion to the share of the site that is open.
    """
    p, terms = s.p.tariffs, s.model.tariffs
    customer, load = p.bills.customer, p.bills.load
    load_mw = np.zeros((customer.size, len(load.axes[-1])))
    load_mw[customer.find(load), load["step"]] = s.value(terms.load_mw)
    contracted = _by_site_and_year(p.bills.contracted, s.value(terms.contracted_mw))
    connected = _by_site_and_year(p.bills.connected, s.value(terms.connected))
    names = customer.labels("site")
    rows: list[tuple[object, ...]] = []
    for account in p.accounts:
        months = account.reading.calendar.months
        for at in account.customers:
            site = names[at]
            in_force = [contracted.get((site, str(month.year)), 0.0) for month in months]
            metered = account.reading.metered(load_mw[at], in_force)
            open_frac = {str(y): connected.get((site, str(y)), 0.0) for y, _ in months}
            lines = bill_metered(metered, account.tariff).lines
            rows += _bill_rows(str(site), lines, open_frac)
    return pd.DataFrame(rows, columns=["site", "month", *_OF_BILL])


_OF_BILL: Final = ("rule", "item", "unit", "basis", "quantity", "usd_per_unit", "usd")


def _by_site_and_year(over: Index, values: np.ndarray) -> dict[tuple[str, str], float]:
    site, year = (over.labels(axis.name) for axis in over.axes)
    return dict(zip(zip(site, year, strict=True), values.tolist(), strict=True))


def _bill_rows(site: str, lines: tuple[BillLine, ...], open_frac: dict[str, float]) -> Iterator[tuple[object, ...]]:
    for line in lines:
        is_standing_charge = line.basis == "calendar"
        share = open_frac[str(line.month.year)] if is_standing_charge else 1.0
        billed = replace(line, quantity=share * line.quantity)
        yield site, str(billed.month), *(getattr(billed, name) for name in _OF_BILL)
