"""Tiers of prices, and whether they rise."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from math import inf, isfinite

from planner.base.errors import InputError, Problem
from planner.money.tier_rules import ONE_MORE_PRICE, RISING, broken_rules

# --- How a charge bends over the load: what a linear program can hold of it -----------------------


class Curvature(Enum):
    """Shape of a month's charge as a function of the hourly load.

    A linear or convex charge is the largest of some planes, so a linear program that minimises
    cost holds it exactly. One that is not convex (declining tiers) needs integers or a bound.
    """

    CONSTANT = "constant"
    LINEAR = "linear"
    CONVEX = "convex"
    NOT_CONVEX = "not convex"

    @property
    def is_convex(self) -> bool:
        """Whether the charge of a mix of two loads is at most the mix of their charges."""
        return self is not Curvature.NOT_CONVEX


# --- Prices by tier: the next unit costs what its tier costs --------------------------------------


@dataclass(frozen=True)
class Tiers:
    r"""Price of each further unit, by how many came before it in the month.

    .. math:: C(q) = \sum_i p_i \cdot \max(0, \min(q, l_i) - l_{i-1}), \quad l_0 = 0, l_n = \infty

    `C` is linear with one price, convex where prices rise from tier to tier, and not convex
    where one falls.

    >>> free_then_dear = Tiers(prices=(0.0, 12.0), limits=(50.0,))
    >>> free_then_dear.cost_usd(114.0)
    768.0
    >>> free_then_dear.curvature.value
    'convex'
    """

    prices: tuple[float, ...]  # price in each tier, one more than there are limits. [USD/unit]
    limits: tuple[float, ...] = ()  # upper limits of all tiers but the last, rising, above 0. [unit]

    def __post_init__(self) -> None:
        reported = {
            ONE_MORE_PRICE: (
                f"tiers have {len(self.prices)} prices and {len(self.limits)} limits",
                "give the limit of every tier but the last",
            ),
            RISING: (f"limits of tiers are {_listed(self.limits)}", "put them in order"),
        }
        problems = [
            Problem("tariff", None, None, reported[rule][0], rule, reported[rule][1])
            for rule in broken_rules(self.prices, self.limits)
        ]
        if not all(isfinite(number) for number in (*self.prices, *self.limits)):
            what_is = f"tiers have prices {_listed(self.prices)} and limits {_listed(self.limits)}"
            problems.append(Problem("tariff", None, None, what_is, "finite numbers"))
        if problems:
            raise InputError(problems)

    @property
    def curvature(self) -> Curvature:
        """Shape of the cost over the quantity."""
        if len(set(self.prices)) == 1:
            return Curvature.LINEAR
        rises = all(later >= earlier for earlier, later in pairwise(self.prices))
        return Curvature.CONVEX if rises else Curvature.NOT_CONVEX

    def blocks(self, quantity: float) -> tuple[tuple[float, float], ...]:
        """Split a quantity into tiers: units and price of each, up to the last that is used."""
        edges = (0.0, *self.limits, inf)
        return tuple(
            (min(quantity, high) - low, price)
            for (low, high), price in zip(pairwise(edges), self.prices, strict=True)
            if quantity > low or low == 0.0
        )

    def convex_bound(self) -> tuple[float, Tiers]:
        r"""Bound the cost from above by a fixed sum and tiers whose prices rise.

        .. math:: C(q) \le F + \sum_i r_i u_i, \quad r_i = \min_{j \ge i} p_j,
                  \quad F = \sum_{i < n} (p_i - r_i)(l_i - l_{i-1})

        With prices that rise the sum is 0 and the bound is the cost itself. Where prices fall,
        it is the tangent at the last tier: exact for every quantity past the last fall, too
        high by at most the sum below it, never too low.
        Gives the fixed sum [USD] and rising tiers.

        >>> falling = Tiers(prices=(9.0, 6.0, 7.0), limits=(20.0, 30.0))
        >>> fixed_usd, rising = falling.convex_bound()
        >>> fixed_usd, rising.prices
        (60.0, (6.0, 6.0, 7.0))
        >>> falling.cost_usd(35.0) == fixed_usd + rising.cost_usd(35.0)
        True
        """
        rising = tuple(min(self.prices[place:]) for place in range(len(self.prices)))
        widths = [high - low for low, high in pairwise((0.0, *self.limits))]
        excess = sum(
            (price - least) * width for price, least, width in zip(self.prices[:-1], rising, widths, strict=False)
        )
        return excess, Tiers(rising, self.limits)

    def cost_usd(self, quantity: float) -> float:
        """Cost of a quantity, in USD."""
        return sum(units * price for units, price in self.blocks(quantity))


def as_tiers(price: float | Tiers) -> Tiers:
    """Write one price for all units as a single tier."""
    return price if isinstance(price, Tiers) else Tiers((float(price),))


def _listed(numbers: tuple[float, ...]) -> str:
    return f"[{', '.join(f'{number:g}' for number in numbers)}]"
