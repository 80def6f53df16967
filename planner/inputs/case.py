"""What every builder of inputs starts from: scenario, tables, and what of them is in scope."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from planner.inputs.table_columns import floats, texts

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from planner.base.arrays import Floats
    from planner.clock.calendar import Days, ModelYears
    from planner.inputs.findings import Findings
    from planner.scenario import Scenario

__all__ = ["BASE_YEAR_OF_MONEY", "DUTIES", "ScopedCase", "trend_factor"]

DUTIES = ("training", "inference")
BASE_YEAR_OF_MONEY = 2025
"""All prices in the tables are real dollars of this year; trends start from it."""


def trend_factor(yearly_frac: ArrayLike, year: ArrayLike) -> Floats:
    r"""Return what costs at a moment over what it cost in the base year of money.

    .. math:: (1 + g)^{\max(y - 2025,\ 0)}

    Whatever the plan's first year, a price of the tables is that of their base year; before
    it prices are taken as they are.
    Takes `yearly_frac` [1/year].

    >>> trend_factor(0.02, [2024, 2025, 2027]).round(6).tolist()
    [1.0, 1.0, 1.0404]
    """
    since_base = np.asarray(year, dtype=np.float64) - BASE_YEAR_OF_MONEY
    growth = 1.0 + np.asarray(yearly_frac, dtype=np.float64)
    return np.asarray(growth ** np.maximum(since_base, 0.0))


@dataclass(frozen=True)
class ScopedCase:
    """A scenario with its tables cut down to its scope."""

    scenario: Scenario  # the question
    tables: Mapping[str, pd.DataFrame]  # the data as read, all rows
    findings: Findings  # takes problems and notes
    years: ModelYears  # model years
    days: Days  # days that represent a year, and their time slices
    sites: pd.DataFrame  # one row per site in scope with every figure of a site, the operator's share taken
    regions: pd.DataFrame  # one row per demand region in scope
    # one row per workload in scope, the scenario's figures in place; `placed_redundancy` is what the table says, which
    # is where its racks of the base year stand
    workloads: pd.DataFrame
    racks: pd.DataFrame  # one row per rack type that computes, the scenario's figures in place
    admitted: pd.DataFrame  # pairs of workload and rack that go together
    cooling: pd.DataFrame  # tables of technologies and topologies
    redundancy: pd.DataFrame

    @cached_property
    def year(self) -> NDArray[np.int64]:
        """First calendar year of every model year."""
        return np.asarray(self.years.years, dtype=np.int64)

    @cached_property
    def last_year(self) -> NDArray[np.int64]:
        """Last calendar year that every model year stands for."""
        return self.years.last_calendar_years

    @cached_property
    def gap_years(self) -> NDArray[np.int64]:
        """Years since the model year before; 1 for the first."""
        return np.diff(self.year, prepend=self.year[0] - 1)

    @cached_property
    def duty(self) -> NDArray[np.intp]:
        """Duty of every workload in scope."""
        return np.array([DUTIES.index(duty) for duty in texts(self.workloads, "duty")], np.intp)

    def ids(self, frame: str) -> tuple[str, ...]:
        """Return the ids of `sites`, `regions`, `workloads`, `racks`, `cooling`, `redundancy`."""
        column = {"sites": "site", "regions": "demand_region", "workloads": "workload", "racks": "rack"}.get(
            frame, frame
        )
        return texts(getattr(self, frame), column)

    def item(self, table: str, item: str, unit: str) -> float:
        """Return one figure of a table of items in the unit that is computed with."""
        row = self._row(table, item, ("value", "unit"))
        if row is None:
            return np.nan
        value, stated = row
        if stated != unit:
            self.findings.add_at_table(table, f"{item} is in {stated}", f"in {unit}", "write the figure in this unit")
            return np.nan
        return float(value)

    def lead_months(self, item: str) -> float:
        """Return a lead of table `lead_times`; a missing one is a problem. [months]"""
        row = self._row("lead_times", item, ("lead_months",))
        return np.nan if row is None else float(row[0])

    def _row(self, table: str, item: str, columns: tuple[str, ...]) -> tuple[Any, ...] | None:
        """Return cells of the row of an item; without such a row that is a problem, and None."""
        key = table, columns
        if key not in self._items:
            frame = self.tables[table]
            cells = (frame[column].tolist() for column in columns)
            rows = zip(*cells, strict=True)
            self._items[key] = dict(zip(frame["item"].tolist(), rows, strict=True))
        if item not in self._items[key]:
            self.findings.add_at_table(table, f"there is no item {item!r}", "a row for it", "add it")
            return None
        self.rows_read.add((table, item))
        return self._items[key][item]

    @cached_property
    def rows_read(self) -> set[tuple[str, ...]]:
        """Rows of tables of items that were read so far: the table and the row's primary key."""
        return set()

    @cached_property
    def _items(self) -> dict[tuple[str, tuple[str, ...]], dict[str, tuple[Any, ...]]]:
        """Cells by item of the tables and columns that were asked for."""
        return {}

    @cached_property
    def _finance(self) -> dict[tuple[str, str], float]:
        """Figures of table `finance` by item and region."""
        table = self.tables["finance"]
        keys = zip(texts(table, "item"), texts(table, "region"), strict=True)
        return dict(zip(keys, floats(table, "value").tolist(), strict=True))

    def finance_of(self, item: str, country: str) -> float:
        """Return a figure of table `finance` for a country, else for the world."""
        for region in (country, "world"):
            if (item, region) in self._finance:
                self.rows_read.add(("finance", item, region))
                return self._finance[item, region]
        self.findings.add_at_table(
            "finance", f"{item} is missing for {country}", "a row for it or for `world`", "add it"
        )
        return np.nan

    def finance_by_site(self, item: str) -> Floats:
        """Return a figure of table `finance` for the country of every site."""
        countries = texts(self.sites, "country")
        of_country = {country: self.finance_of(item, country) for country in set(countries)}
        return np.array([of_country[country] for country in countries])
