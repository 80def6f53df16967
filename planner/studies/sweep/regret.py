"""What every future orders: of each thing the least of all futures, year by year."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from planner.base.units import MONTHS_PER_YEAR

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["no_regret"]

_BY_SITE: Final = ("halls", "connection")  # of whatever design
_BY_ITEM: Final = ("racks",)  # at whatever site
_NOTHING_MW: Final = 1e-3
_THING: Final = ["kind", "site", "item"]


def no_regret(orders: pd.DataFrame, begins: Mapping[str, float]) -> pd.DataFrame:
    """Find what is ordered by a year in every future.

    Halls and connections are counted by site, of whatever design, racks by type at whatever site,
    on-site power by site and technology. A year has what was ordered for it and before; what has
    left since, as racks that were taken out, is not subtracted.
    Takes `begins` [year].

    >>> from planner.studies.sweep.answers import OF_ORDER
    >>> orders = pd.DataFrame(
    ...     [
    ...         ("low", "halls", "oak", "air|N", 2028, 30.0, 18.0, False),
    ...         ("high", "halls", "oak", "air|N", 2027, 20.0, 18.0, False),
    ...         ("high", "halls", "oak", "dlc|N", 2028, 25.0, 24.0, False),
    ...     ],
    ...     columns=["future", *OF_ORDER],
    ... )
    >>> found = no_regret(orders, {"low": 2025.0, "high": 2025.0})
    >>> found[["year", "least_mw", "most_mw", "futures", "order_by"]]
       year  least_mw  most_mw  futures  order_by
    0  2027       0.0     20.0        1    2025.5
    1  2028      30.0     45.0        2    2026.0
    """
    columns = [*_THING, "year", "least_mw", "most_mw", "futures", "order_by", "is_committed"]
    known = orders[orders["future"].isin(list(begins))].copy()
    if known.empty:
        return pd.DataFrame(columns=columns)
    known.loc[known["kind"].isin(_BY_SITE), "item"] = ""
    known.loc[known["kind"].isin(_BY_ITEM), "site"] = ""
    by_year = known.pivot_table(index=_THING, columns=["future", "year"], values="mw", aggfunc="sum", fill_value=0.0)
    years = sorted(known["year"].unique())
    full = pd.MultiIndex.from_product([list(begins), years], names=["future", "year"])
    by_year = by_year.reindex(columns=full, fill_value=0.0)
    ordered = by_year.T.groupby(level="future", sort=False).cumsum().T
    in_year = ordered.T.groupby(level="year")
    least, most = in_year.min().T, in_year.max().T
    count = (ordered > _NOTHING_MW).T.groupby(level="year").sum().T
    table = pd.DataFrame(
        {name: frame.stack() for name, frame in (("least_mw", least), ("most_mw", most), ("futures", count))}
    ).reset_index()
    first = _decided_first(known, begins)
    of_future = known.groupby([*_THING, "year", "future"], as_index=False)["is_committed"].min()
    in_all = of_future.groupby([*_THING, "year"], as_index=False)["is_committed"].sum()
    in_all["is_committed"] = in_all["is_committed"] == len(begins)
    for frame in (first, in_all):
        table = table.merge(frame, on=[*_THING, "year"], how="left")
    table["is_committed"] = table["is_committed"].eq(other=True)  # False where nothing is ordered
    table = table[table["most_mw"] > _NOTHING_MW]
    return table[columns].reset_index(drop=True)


def _decided_first(known: pd.DataFrame, begins: Mapping[str, float]) -> pd.DataFrame:
    """Return when what is ordered by a year must be decided, in the first of all futures. [year]"""
    leads = known.pivot_table(index=[*_THING, "future"], columns="year", values="lead_months", aggfunc="max")
    # What is ordered by a year has what came before: its lead time counts too.
    longest = leads.cummax(axis=1).ffill(axis=1).reset_index()
    months = longest.melt([*_THING, "future"], var_name="year", value_name="months").dropna()
    in_time = months["year"].astype(float) - months["months"] / MONTHS_PER_YEAR
    # What is ordered on the first day may come in the course of its year.
    months["order_by"] = in_time.clip(lower=months["future"].map(begins).astype(float))
    is_new = known[known["lead_months"].notna()].groupby([*_THING, "year"]).size().index
    of_year = months.groupby([*_THING, "year"])["order_by"].min()
    return of_year[of_year.index.isin(is_new)].reset_index()
