"""Round numbers for the axes of charts."""

from __future__ import annotations

from math import floor, log10
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST_DECIMALS: Final = 10


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round numbers from low to high, at most so many steps apart.

    >>> ticks(0.0, 29_259.0)
    [0.0, 10000.0, 20000.0]
    >>> ticks(17.2, 17.9)
    [17.2, 17.4, 17.6, 17.8]
    >>> ticks(1.25, 1.25 + 1e-13)  # next to each other: one, as they would look the same
    [1.25]
    """
    least = (high - low) / most
    power = 10.0 ** floor(log10(least))
    step = next(power * digit for digit in (1, 2, 5, 10) if power * digit >= least * (1 - 1e-9))
    first = -floor(-low / step + 1e-9)
    last = floor(high / step + 1e-9)
    return list(dict.fromkeys(round(number * step, _MOST_DECIMALS) for number in range(first, last + 1)))


def tick_decimals(values: Sequence[float]) -> int:
    """Return the fewest decimals that show ticks as they are, so that no two read the same.

    >>> tick_decimals([0.0, 10000.0]), tick_decimals([637.5, 638.0]), tick_decimals([1.25])
    (0, 1, 2)
    >>> tick_decimals([0.1 + 0.2, 0.7])  # 0.30000000000000004 is 0.3
    1
    """
    return next(
        (
            decimals
            for decimals in range(_MOST_DECIMALS)
            if all(round(value, decimals) == round(value, _MOST_DECIMALS) for value in values)
        ),
        _MOST_DECIMALS,
    )
