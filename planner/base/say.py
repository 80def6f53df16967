"""Numbers as a planner reads them: few digits, rounded to the side that is safe."""

from __future__ import annotations

import math

__all__ = ["amount", "down", "up"]


def up(value: float, digits: int) -> float:
    """Round up to so many significant digits.

    Examples
    --------
    >>> up(4.2012, 3), up(123456.2, 3), up(0.0, 3)
    (4.21, 124000.0, 0.0)
    """
    if value == 0.0 or not math.isfinite(value):
        return value
    step = 10.0 ** (math.floor(math.log10(abs(value))) + 1 - digits)
    return float(f"{math.ceil(value / step - 1e-9) * step:.{digits + 3}g}")


def down(value: float, digits: int) -> float:
    """Round down to so many significant digits.

    Examples
    --------
    >>> down(4.2092, 3), down(0.0, 3)
    (4.2, 0.0)
    """
    return -up(-value, digits)


def amount(value: float) -> str:
    """Write a number with three digits, thousands apart.

    Examples
    --------
    >>> amount(0.01234), amount(4.2), amount(98.76), amount(1234567.0)
    ('0.0123', '4.2', '98.8', '1,230,000')
    """
    if value == 0.0 or not math.isfinite(value):
        return f"{value:g}"
    digits = 2 - math.floor(math.log10(abs(value)))
    rounded = round(value, digits)
    return f"{rounded:,.0f}" if digits <= 0 else f"{rounded:.{digits}f}".rstrip("0").rstrip(".")
