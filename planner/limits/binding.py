"""Which limits bind in a plan, and what leaves demand unmet, as sentences."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.base.paths import DATA_DIR
from planner.base.words import amount, moment, percent
from planner.limits import BY_NAME, LIMITS
from planner.limits.limit import lookup
from planner.tables.descriptor import load_package

if TYPE_CHECKING:
    from collections.abc import Callable

    from planner.inputs.inputs import Inputs
    from planner.limits.limit import Binding, Tables

# --- Which limits bind, where and when, and what one more unit of each is worth -------------------

_NO_PLACES: Final = ("block", "region", "year", "period", "slot")  # demand has a table of its own, times are added up
_KEY: Final = load_package(DATA_DIR / "results.json")["prices"].primary_key
PLACES: Final = tuple(name for name in _KEY if name not in _NO_PLACES)
"""What tells the rows of a limit apart, besides the year."""

ONE_MORE: Final = {
    "MW": "one more MW",
    "thousand m2": "one more m2",
    "kH100e": "one more H100e",
    "MUSD": "one more USD",
    "kt CO2": "one more tonne",
    "thousand m3": "one more m3",
}
"""What a value of table `binding` is for, by the unit of the limit."""

_ONE_PERCENT: Final = 0.01
_OF_PRICES: Final = (*PLACES, "year", "value", "unit", "raw_dual")  # as in table `prices`


def binding_of(block: str) -> Binding:
    """Return what is said where a limit binds."""
    found = BY_NAME[block].binding
    if found is None:
        message = f"{block}: nothing is said where it binds"
        raise LookupError(message)
    return found


def start_words(tables: Tables, row: pd.Series) -> str:
    """Say when new halls can first serve at the site of a limit, and what they wait for."""
    leads = tables["leads"]
    lead = leads[leads["site"] == row["site"]]
    if lead.empty:
        return ""
    first = lead.loc[lead["service_start"].idxmin()]
    return f" ({moment(first['service_start'])}, after {first['months']:.0f} months: {first['by']})"


def built_words(tables: Tables, row: pd.Series) -> str:
    """Say as what halls are built that are operated as the design of a limit, a less available one."""
    place = {"site": row["site"], "hall": row["hall"], "year": row["year"]}
    operated = tables["operated"].drop(columns="hall").rename(columns={"as_hall": "hall"})
    others = tables["operated"][(operated[[*place]] == [*place.values()]).all(axis=1)]
    if others.empty:
        return ""
    designs = others.sort_values("operated_mw", ascending=False, kind="stable")["hall"].astype(str).drop_duplicates()
    (all_mw,) = lookup(tables["halls"].set_index([*place])["operated_mw"], pd.DataFrame([place]))
    some = "some of it " if others["operated_mw"].sum() < (1.0 - _NOTHING) * all_mw else ""
    return f", {some}built as {', '.join(designs.str.partition('|')[2].str.replace('_', ' '))}"


def limit_parts(row: pd.Series, tables: Tables, named: Callable[[str, str], str]) -> list[tuple[str, str]]:
    """Say what binds, in pieces."""
    filled = {
        "limit": f"{amount(float(row['limit']), 4)} {row['limit_unit']}",
        "year": str(row["year"]),
        "start": start_words(tables, row),
        "built": built_words(tables, row),
        **{place: named(place, str(row[place])) for place in PLACES},
        "hall": str(row["hall"]).replace("|", ", ").replace("_", " "),
    }
    parts = re.split(r"\{(\w+)\}", binding_of(str(row["block"])).sentence)
    return [(part, "") if at % 2 == 0 else (filled[part], part) for at, part in enumerate(parts)]


def limit_words(row: pd.Series, tables: Tables) -> str:
    """Say what binds, with ids in place of names, for a row of table `binding`."""
    parts = limit_parts(row, tables, lambda _, label: label)
    return "".join(part for part, _ in parts).rstrip(":")


def binding(inputs: Inputs, tables: Tables) -> pd.DataFrame:
    """List the limits that bind because the plan cannot buy its way past them.

    A hall that was just built is full too, and its shadow price is the price of a hall: that is
    no limit, and is left out. Halls and connections are listed in years in which nothing new can
    be there yet, land where the whole of it is built on.
    Gives [MUSD].
    """
    prices = dict(iter(tables["prices"].groupby("block", observed=True)))
    parts = []
    for limit in LIMITS:
        of = limit.binding
        if of is None or limit.name not in prices:
            continue
        rows = _all_periods(prices[limit.name].reset_index(drop=True))
        if of.is_scarce is not None:
            rows = rows[of.is_scarce(inputs, tables, rows)]
        if rows.empty:
            continue
        amounts = of.amount(inputs, tables, rows)
        labels = rows.assign(tier=rows["tier"].where(rows["tier"] == "", rows["tier"] + " %"))
        place = [" ".join(filter(None, row)) for row in labels[list(PLACES)].to_numpy()]
        parts.append(
            pd.DataFrame(
                {
                    "block": limit.name,
                    "place": place,
                    **{name: rows[name].to_numpy() for name in _OF_PRICES},
                    "limit": amounts,
                    "limit_unit": of.unit,
                    "one_percent_musd": np.abs(rows["raw_dual"].to_numpy()) * amounts * _ONE_PERCENT,
                }
            )
        )
    if not parts:
        return pd.DataFrame(columns=["block", "place", *_OF_PRICES, "limit", "limit_unit", "one_percent_musd"])
    table = pd.concat(parts, ignore_index=True)
    return table.sort_values("one_percent_musd", ascending=False, ignore_index=True)


def demand_price(tables: Tables) -> pd.DataFrame:
    """Return what one more unit of compute costs, by workload and year."""
    prices = tables["prices"]
    rows = prices[prices["block"] == "demand_balance"]
    asked = tables["demand"][["region", "workload", "year", "demand_kh100e"]]
    rows = rows.merge(asked, on=["region", "workload", "year"], how="left")
    rows["paid"] = rows["value"] * rows["demand_kh100e"]
    by = rows.groupby(["workload", "year"], as_index=False).agg(
        demand_kh100e=("demand_kh100e", "sum"),
        paid=("paid", "sum"),
        least_usd_per_h100e_hour=("value", "min"),
        most_usd_per_h100e_hour=("value", "max"),
    )
    by.insert(3, "mean_usd_per_h100e_hour", by.pop("paid") / by["demand_kh100e"])
    return by


def _all_periods(rows: pd.DataFrame) -> pd.DataFrame:
    """Add up what one more is worth in all billing periods or time slices of a year, where it has any."""
    if (rows[["period", "slot"]] == "").all(axis=None):
        return rows
    keys = [*PLACES, "year"]
    summed = rows.groupby(keys, as_index=False)[["value", "raw_dual"]].sum()
    first = rows.drop_duplicates(keys).drop(columns=["value", "raw_dual"])
    return first.merge(summed, on=keys).reset_index(drop=True)


# --- Which limits work stays unmet for, as far as shadow prices show it ---------------------------

UNMET_FRAC: Final = 1e-3
"""Of the demand of a year: less unmet is not looked into."""
_MUCH_FRAC: Final = 0.1
"""Of the value of the compute that is met: a limit that takes less is no cause."""
_NOTHING: Final = 1e-6
"""Of the demand of a year: less of it served is nothing, as is less of a limit."""
_YEARLY: Final = frozenset(limit.name for limit in LIMITS if limit.price is not None and limit.price.paid == "yearly")
_BUDGETS: Final = frozenset(limit.name for limit in LIMITS if limit.price is not None and limit.price.unit == "USD/USD")
_OF_DECISIONS: Final = frozenset(
    limit.name for limit in LIMITS if limit.binding is not None and limit.binding.is_of_decisions
)


def unmet_causes(bound: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    """List the limits that take much of the value of compute in years with unmet demand.

    In a linear program the value of the compute that is met, at its shadow price, is what it
    costs and what limits take of it, each its shadow price times the right side of its row. Where
    demand is unmet that price is the penalty of unmet demand; a limit that takes little of it
    leaves the work unmet for another reason.

    A limit on what goes on all year takes from its own year, and counts if demand is unmet then. A
    limit on what is bought, or a lasting right, takes from later years too: it counts up to the
    last year with unmet demand, and the value is then of all years from the first such limit on.

    Limits of as much as decisions make have a right side of zero: what they take goes to others,
    such as a contract of which there is no more. They are listed by the same measure, without a
    share. Nor is there one where a limit is zero in a year in which nothing is served, or where a
    budget is too small to take much, and what it pays for is worth more than twice its price; these
    come first.
    """
    summary = tables["summary"].set_index("year")
    short = summary[summary["unmet_kh100e"] > UNMET_FRAC * summary["demand_kh100e"]]
    none = bound.head(0).assign(share_frac=np.zeros(0))
    if short.empty or bound.empty:
        return none
    lasts = ~bound["block"].isin(_YEARLY)
    counts = bound["year"].isin(short.index) | (lasts & (bound["year"] <= short.index.max()))
    rows = bound[counts & (bound["raw_dual"] != 0.0)]
    stops_all = (rows["limit"] <= _NOTHING) & rows["year"].isin(
        short.index[short["served_kh100e"] <= _NOTHING * short["demand_kh100e"]]
    )
    takes_musd = (rows["raw_dual"].abs() * rows["limit"]).groupby(rows["block"]).sum()
    much = takes_musd.index[takes_musd >= _MUCH_FRAC * _value_of_met(tables, short.index)]
    first = rows.loc[rows["block"].isin(much) & ~rows["block"].isin(_YEARLY), "year"].min()
    reached = summary.index[(summary.index >= first) & (summary.index <= short.index.max())]
    value_musd = _value_of_met(tables, short.index.union(reached))
    size = takes_musd / value_musd if value_musd > 0.0 else takes_musd * 0.0
    is_small = rows["block"].isin(_BUDGETS & {*size.index[size < _MUCH_FRAC]}) & (rows["raw_dual"].abs() > 1.0)
    size[rows.loc[stops_all | is_small, "block"].unique()] = np.inf
    size = size[size >= _MUCH_FRAC]
    share = size.where(np.isfinite(size) & ~size.index.isin(_OF_DECISIONS))
    worst = (short["unmet_kh100e"] / short["demand_kh100e"]).idxmax()
    order = np.lexsort((-rows["one_percent_musd"], rows["year"] != worst, ~stops_all))
    once = rows.iloc[order].drop_duplicates("block").set_index("block", drop=False)
    by_size = size.sort_values(ascending=False, kind="stable").index
    found: pd.DataFrame = once.loc[by_size].assign(share_frac=share)
    return found.reset_index(drop=True)


def share_words(share_frac: float) -> str:
    """Write a share behind what limits, or nothing where there is none."""
    return f" ({percent(share_frac)})" if np.isfinite(share_frac) else ""


def _value_of_met(tables: Tables, years: pd.Index) -> float:
    """Return what the compute that is met in some years is worth, at shadow prices. [MUSD]"""
    prices = tables["prices"]
    prices = prices[prices["block"] == "demand_balance"]
    keys = ["region", "workload", "year"]
    met = tables["demand"][tables["demand"]["year"].isin(years)]
    priced = met.merge(prices[[*keys, "raw_dual"]], on=keys)
    kh100e = priced["served_kh100e"] + priced["rented_kh100e"]
    return float((priced["raw_dual"].abs() * kh100e).sum())
