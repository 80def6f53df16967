"""Rules for prices in tiers, wherever they are written."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

ONE_MORE_PRICE: Final = "one price more than limits"
RISING: Final = "above 0 and rising from tier to tier"


def broken_rules(prices: Sequence[float], limits: Sequence[float]) -> tuple[str, ...]:
    """Return the rules that are broken by the prices of tiers and the limits between them.

    Takes `prices` [USD/unit], `limits` [unit].

    >>> broken_rules((9.0, 6.0), (20.0,)), broken_rules((9.0, 6.0, 7.0), (30.0, 20.0))
    ((), ('above 0 and rising from tier to tier',))
    """
    is_broken = {
        ONE_MORE_PRICE: len(prices) != len(limits) + 1,
        RISING: any(high <= low for low, high in pairwise((0.0, *limits))),
    }
    return tuple(rule for rule, is_so in is_broken.items() if is_so)
