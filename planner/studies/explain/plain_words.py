"""Sentences about what binds, what compute costs, and what a plan costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.base.number_format import amount
from planner.limits import BY_NAME
from planner.limits.binding import ONE_MORE, PLACES, binding_of, start_words
from planner.outputs.labels import item_words
from planner.studies.explain.explanation import Number, Statement, number, span

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

    from planner.studies.explain.explanation import ExplainablePlan

__all__ = ["about_compute", "about_cost", "about_limits", "line_of_cost", "reported_rows"]

BINDS: Final = "What binds, and its marginal value"
COMPUTE: Final = "What one more unit of compute costs"
COST: Final = "What the plan costs"

_SHOWN_ITEMS: Final = 4
_OF_A_KIND: Final = 3
_FEW_YEARS: Final = 2
_WORTH_NOTHING: Final = 0.01  # [-], of the shadow price


def about_cost(tables: Mapping[str, pd.DataFrame]) -> Iterator[Statement]:
    """Say what the plan costs, what for, and what own sites do not serve."""
    total = number(tables, "cost", "npv_musd", "MUSD", item="total")
    largest = tables["cost"].iloc[1 : 1 + _SHOWN_ITEMS]
    items = [number(tables, "cost", "npv_musd", "MUSD", item=item) for item in largest["item"]]
    shares = [
        f"{line_of_cost(of)} {of.value / total.value:.0%}{f' (part of {of_all})' if of_all else ''}"
        for of, of_all in zip(items, largest["heading"], strict=True)
    ]
    yield Statement(
        COST,
        f"The plan costs {total} net present value; most of it is {', '.join(shares)}.",
        (total, *items),
        total.value,
    )
    service = tables["service"]
    missed = service["rented_kh100e"] + service["unmet_kh100e"]
    for year in service.loc[missed > 1e-3 * service["demand_kh100e"], "year"]:
        of = {"year": int(year)}
        asked, rented, unmet = (
            number(tables, "service", f"{name}_kh100e", "kH100e", **of) for name in ("demand", "rented", "unmet")
        )
        text = (
            f"Of {asked} of demand in {year}, {rented} ({rented.value / asked.value:.1%}) are "
            f"rented and {unmet} ({unmet.value / asked.value:.1%}) stay unmet."
        )
        yield Statement(COST, text, (asked, rented, unmet))


def line_of_cost(of: Number) -> str:
    """Return the line of cost that a number is of, in words."""
    return item_words(str(of.row["item"]))


def about_compute(tables: Mapping[str, pd.DataFrame]) -> Iterator[Statement]:
    """Say what one more unit of each workload costs in the last year, the first, and between."""
    prices = tables["demand_price"]
    for workload, rows in prices.groupby("workload", sort=False):
        first, last = int(rows["year"].min()), int(rows["year"].max())
        unit = "USD/H100e-hour"
        column = "mean_usd_per_h100e_hour"
        then, now = (
            number(tables, "demand_price", column, unit, workload=str(workload), year=year) for year in (first, last)
        )
        least, most = (
            number(tables, "demand_price", f"{which}_usd_per_h100e_hour", unit, workload=str(workload), year=last)
            for which in ("least", "most")
        )
        spread = (
            f" ({amount(least.value)} to {amount(most.value)} by region)"
            if most.value - least.value > 0.005 * abs(now.value)
            else ""
        )
        before = f", {amount(then.value)} in {first}" if first != last else ""
        ends = rows[column].agg(["idxmin", "idxmax"])
        low, high = (
            number(tables, "demand_price", column, unit, workload=str(workload), year=int(year))
            for year in rows["year"].loc[ends]
        )
        between = (
            f"; lowest {amount(low.value)} ({low.row['year']}), highest {amount(high.value)} ({high.row['year']})"
            if len(rows) > _FEW_YEARS
            else ""
        )
        asked = float(rows.loc[rows["year"] == last, "demand_kh100e"].iloc[0])
        text = f"For {workload}, one more H100e costs {now} in {last}{spread}{before}{between}."
        stake = abs(now.value) * asked
        yield Statement(COMPUTE, text, (now, least, most, then, low, high), stake)


_KEYS: Final = ["block", *PLACES]


def reported_rows(table: pd.DataFrame, *, of_a_kind: int = _OF_A_KIND) -> list[int]:
    """Return the rows that sentences are about, the weightiest first."""
    once = table.drop_duplicates(_KEYS)
    few = once[once.groupby("block").cumcount() < of_a_kind]
    return [int(row) for row in few.index.to_numpy()]


def about_limits(
    solved: ExplainablePlan, tables: Mapping[str, pd.DataFrame], *, of_a_kind: int = _OF_A_KIND
) -> Iterator[Statement]:
    """Say of limits in which year they bind most, and what more of them is worth."""
    table = tables["binding"]
    for at in reported_rows(table, of_a_kind=of_a_kind):
        worst = table.iloc[at]
        row = {name: str(worst[name]) for name in _KEYS} | {"year": int(worst["year"])}
        is_tried = "tried_value" in table and bool(table["tried_value"].notna().iloc[at])
        value, shadow, limit, stake = (
            number(tables, "binding", column, str(worst[unit]) if unit in worst else unit, **row)
            for column, unit in (
                ("tried_value" if is_tried else "value", "unit"),
                ("value", "unit"),
                ("limit", "limit_unit"),
                ("one_percent_musd", "MUSD"),
            )
        )
        same = (table[_KEYS] == worst[_KEYS]).all(axis=1)
        also = [
            number(tables, "binding", "value", str(worst["unit"]), **{**row, "year": int(year)})
            for year in sorted(table.loc[same, "year"])
            if year != worst["year"]
        ]
        years = ", ".join(str(one.row["year"]) for one in also)
        more = f" It binds in {years} too, at a shadow price of {span(also)}." if also else ""
        what = binding_of(str(worst["block"])).sentence.format(
            **row, limit=limit, start=start_words(solved.results.tables, worst)
        )
        worth = _worth(solved, worst, value, shadow, stake)
        weight = stake.value * (value.value / shadow.value if shadow.value else 1.0)
        yield Statement(BINDS, f"{what} {worth}.{more}", (value, shadow, limit, stake, *also), weight)


def _worth(solved: ExplainablePlan, row: pd.Series, value: Number, shadow: Number, stake: Number) -> str:
    """Say what one more unit saves, for racks by the rack too; or what more of a target costs."""
    price = BY_NAME[str(row["block"])].price
    if price is not None and price.sign == 1:
        return _cost_of_one_more(value, shadow, stake)
    one = ONE_MORE[str(row["limit_unit"])]
    if abs(value.value) < _WORTH_NOTHING * abs(shadow.value):
        return f"{one} alone saves nothing, as something else is full as well"
    aside = binding_of(str(row["block"])).aside
    tables = solved.results.tables
    also = aside(solved.inputs, tables, row, value.value) if aside is not None else ""
    return f"{one} saves {value}{also}"


def _cost_of_one_more(value: Number, shadow: Number, stake: Number) -> str:
    """Say what one more unit of a target costs, and 1 % more of it."""
    if abs(value.value) < _WORTH_NOTHING * abs(shadow.value):
        return "one more MWh alone costs nothing, as other limits bind"
    if abs(value.value - shadow.value) > _WORTH_NOTHING * abs(shadow.value):
        return f"one more MWh costs {value}"
    return f"one more MWh costs {value}, and 1 % more of the target {amount(stake.value)} MUSD NPV"
