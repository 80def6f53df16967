"""Numbers as a planner reads them: few digits, rounded to the side that is safe."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from planner.base.units import MUSD_PER_BUSD

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["amount", "duration", "moment", "percent", "round_down", "round_up", "signed", "unit_of_money"]

_LARGE_MUSD = 10_000.0
_MINUTE_S = 60.0
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def moment(year: float) -> str:
    """Write a moment as the month that it is nearest to the beginning of. Takes `year` [year].

    >>> moment(2030.0), moment(2028.5), moment(2027.99)
    ('January 2030', 'July 2028', 'January 2028')
    """
    months = round(year * len(_MONTHS))
    return f"{_MONTHS[months % len(_MONTHS)]} {months // len(_MONTHS)}"


def percent(frac: float) -> str:
    """Write a share in percent, with three digits.

    >>> percent(0.25563), percent(0.0011), percent(1.0)
    ('25.6 %', '0.11 %', '100 %')
    """
    return f"{100.0 * frac:.3g} %"


def duration(seconds: float) -> str:
    """Write how long something takes, with few digits. Takes `seconds` [s].

    >>> duration(0.3), duration(42.7), duration(95.0), duration(1500.0)
    ('1 s', '43 s', '2 min', '25 min')
    """
    if seconds <= _MINUTE_S:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / _MINUTE_S)} min"


def round_up(value: float, digits: int) -> float:
    """Round up to so many significant digits.

    >>> round_up(4.2012, 3), round_up(123456.2, 3), round_up(0.0, 3)
    (4.21, 124000.0, 0.0)
    """
    if value == 0.0 or not math.isfinite(value):
        return value
    step = 10.0 ** (math.floor(math.log10(abs(value))) + 1 - digits)
    return float(f"{math.ceil(value / step - 1e-9) * step:.{digits + 3}g}")


def round_down(value: float, digits: int) -> float:
    """Round down to so many significant digits.

    >>> round_down(4.2092, 3), round_down(0.0, 3)
    (4.2, 0.0)
    """
    return -round_up(-value, digits)


def amount(value: float, digits: int = 3) -> str:
    """Write a number with so many significant digits, thousands apart, never with an exponent.

    >>> amount(0.01234), amount(4.2), amount(98.76), amount(1234567.0)
    ('0.0123', '4.2', '98.8', '1,230,000')
    >>> amount(30000.0, 4), amount(46428.2, 4), amount(215.517, 4)
    ('30,000', '46,430', '215.5')
    """
    if value == 0.0 or not math.isfinite(value):
        return f"{value:g}"
    decimals = digits - 1 - math.floor(math.log10(abs(value)))
    rounded = round(value, decimals)
    if decimals <= 0:
        return f"{rounded:,.0f}"
    return f"{rounded:,.{decimals}f}".rstrip("0").rstrip(".")


def signed(value: float, digits: int = 4) -> str:
    """Write a difference with its sign.

    >>> signed(1234.56), signed(-0.5), signed(0.0)
    ('+1,235', '-0.5', '0')
    """
    return f"{'+' if value > 0.0 else ''}{amount(value, digits)}"


def unit_of_money(costs_musd: Iterable[float | None]) -> tuple[str, float, int]:
    """Return the unit that costs are read in side by side, its factor, and decimals.

    It is the unit of the least: in that of the largest the least could not be read.

    >>> unit_of_money([9_000.0, 12_000.0, None]), unit_of_money([12_000.0, math.nan])
    (('MUSD', 1.0, 1), ('BUSD', 0.001, 3))
    >>> unit_of_money([])
    ('MUSD', 1.0, 1)
    """
    known = [abs(musd) for musd in costs_musd if musd is not None and math.isfinite(musd)]
    is_large = min(known, default=0.0) >= _LARGE_MUSD
    return ("BUSD", 1.0 / MUSD_PER_BUSD, 3) if is_large else ("MUSD", 1.0, 1)
