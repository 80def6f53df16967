"""Dates, model years, and the face of the calendar: days and local clocks."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.base.errors import InputError, Problem
from planner.base.units import HOURS_PER_DAY, MONTHS_PER_YEAR

if TYPE_CHECKING:
    import datetime

    from planner.base.arrays import Integers


def hours_in_year(year: int) -> float:
    """Hours of a calendar year, leap days counted. Gives [h].

    >>> hours_in_year(2027), hours_in_year(2028), hours_in_year(2100)
    (8760.0, 8784.0, 8760.0)
    """
    is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return (366 if is_leap else 365) * HOURS_PER_DAY


def float_year(date: datetime.date) -> float:
    """Write a date as a float year in which every month is a twelfth.

    Lead times are counted in months, so that 18 months after 1 January 2027 is 2028.5.
    Gives [yr].

    >>> import datetime
    >>> float_year(datetime.date(2028, 7, 1))
    2028.5
    """
    part_of_month = (date.day - 1) / monthrange(date.year, date.month)[1]
    return date.year + (date.month - 1 + part_of_month) / MONTHS_PER_YEAR


@dataclass(frozen=True)
class ModelYears:
    """Years that are modelled; each stands for itself and the years up to the next one.

    The last represents one year.

    >>> years = ModelYears((2025, 2026, 2030))
    >>> years.spans
    (1, 4, 1)
    >>> years.calendar_years(1)
    (2026, 2027, 2028, 2029)
    """

    years: tuple[int, ...]  # strictly increasing calendar years, at least one

    def __post_init__(self) -> None:
        if not self.years or any(b <= a for a, b in zip(self.years, self.years[1:], strict=False)):
            raise InputError(
                [
                    Problem(
                        "years",
                        None,
                        None,
                        f"the model years are {list(self.years)}",
                        "at least one year, each later than the one before",
                    )
                ]
            )

    def __len__(self) -> int:
        return len(self.years)

    @property
    def first(self) -> int:
        """First calendar year."""
        return self.years[0]

    @property
    def last(self) -> int:
        """Last calendar year; the last model year stands for itself alone."""
        return self.years[-1]

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the model years."""
        return tuple(str(year) for year in self.years)

    @property
    def spans(self) -> tuple[int, ...]:
        """Calendar years that each model year stands for."""
        return tuple(b - a for a, b in zip(self.years, (*self.years[1:], self.last + 1), strict=True))

    def calendar_years(self, t: int) -> tuple[int, ...]:
        """List the calendar years that the model year at position `t` stands for."""
        return tuple(range(self.years[t], self.years[t] + self.spans[t]))

    @property
    def last_calendar_years(self) -> Integers:
        """Last calendar year that each model year stands for, shape (model year,)."""
        return np.array(self.years, dtype=np.int64) + np.array(self.spans, dtype=np.int64) - 1

    def position(self, moment: float) -> int | None:
        """Position of the model year that contains a moment, None outside the horizon."""
        if not self.first <= moment < self.last + 1:
            return None
        return int(np.searchsorted(self.years, moment, side="right")) - 1
