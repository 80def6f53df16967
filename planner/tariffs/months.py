"""Calendar months: the periods that bills count in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from planner.base.errors import InputError, Problem

if TYPE_CHECKING:
    import datetime

MONTHS_A_YEAR: Final = 12
ALL_MONTHS: Final = tuple(range(1, MONTHS_A_YEAR + 1))
"""Numbers of the months, January first."""


class Month(NamedTuple):
    """One month of one year.

    >>> str(Month(2028, 2)), str(Month(2028, 2).later(11))
    ('2028-02', '2029-01')
    >>> Month(2028, 2).until(Month(2029, 1))
    11
    """

    year: int
    month: int

    def __str__(self) -> str:
        """Return the month as ISO 8601 writes it."""
        return f"{self.year}-{self.month:02d}"

    def later(self, months: int) -> Month:
        """Return the month that comes so many months later."""
        years, month = divmod(self.month - 1 + months, MONTHS_A_YEAR)
        return Month(self.year + years, month + 1)

    def until(self, other: Month) -> int:
        """Count the months from this one to another; negative when that is earlier."""
        return (other.year - self.year) * MONTHS_A_YEAR + other.month - self.month


def month_of_first_day(day: datetime.date, place: str) -> Month:
    """Read a month from its first day.

    >>> import datetime
    >>> month_of_first_day(datetime.date(2028, 2, 1), "start")
    Month(year=2028, month=2)
    """
    if day.day != 1:
        raise InputError([Problem("tariff", None, None, f"{place} is {day}", "the first day of a month")])
    return Month(day.year, day.month)
