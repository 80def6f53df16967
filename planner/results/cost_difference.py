"""What a difference in cost of two plans is: how much of it is penalty, and what gaps leave."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from planner.base.words import amount, signed
from planner.model.money import PENALTIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from planner.base.arrays import Floats, Positions

WITHIN_GAPS: Final = "within the gaps"
GAPS_RANK: Final = (
    "A rank such as 1-3: the gaps of the plans are as large as the differences, so that the best"
    " plans may be in another order."
)
LEAST_PENALTY_MUSD: Final = 1e-3
"""Less than that of penalty is not said."""


@dataclass(frozen=True)
class PlanCost:
    """What a plan costs, net present value."""

    # cost of the plan, and of no plan less; the same where it is proven optimal, -inf where no bound is known. [MUSD]
    cost_musd: float
    bound_musd: float
    penalty_musd: float = 0.0  # part of the cost that prices work not done: unmet demand, and load shed. [MUSD]

    @classmethod
    def from_stored(cls, meta: Mapping[str, Any], costs: pd.DataFrame) -> PlanCost:
        """Return what a run stores of its cost; nan where it has no plan."""
        penalty = float(costs.loc[costs["item"].isin(PENALTIES), "npv_musd"].sum())
        return cls.from_row({**meta, "penalty_musd": penalty})

    @classmethod
    def from_row(cls, row: Mapping[Any, Any] | pd.Series) -> PlanCost:
        """Return what a row says that has objective_musd, bound_musd and penalty_musd.

        >>> PlanCost.from_row({"objective_musd": 9.0, "bound_musd": None, "penalty_musd": 2.0})
        PlanCost(cost_musd=9.0, bound_musd=-inf, penalty_musd=2.0)
        """
        cost, bound, penalty = (
            math.nan if row[key] is None else float(row[key])
            for key in ("objective_musd", "bound_musd", "penalty_musd")
        )
        return cls(cost, -math.inf if math.isnan(bound) else min(bound, cost), penalty)

    def less(self, other: PlanCost) -> CostDifference:
        """Return how much more it costs than another one."""
        low, high = self.bound_musd - other.cost_musd, self.cost_musd - other.bound_musd
        return CostDifference(self.cost_musd - other.cost_musd, low, high, self.penalty_musd - other.penalty_musd)


@dataclass(frozen=True)
class CostDifference:
    """The difference in cost of two plans, what of it is penalty, and what gaps leave of it."""

    musd: float  # cost of one plan less that of another. [MUSD]
    # the least and the most that the best plans can differ by, from costs and bounds; infinite where a plan has no
    # bound. [MUSD]
    low_musd: float
    high_musd: float
    penalty_musd: float = 0.0  # part of the difference that is the penalty of work not done. [MUSD]

    @classmethod
    def weighted_sum(cls, parts: Iterable[tuple[float, CostDifference]]) -> CostDifference:
        """Add up differences, each times its weight, which is not negative."""
        of = list(parts)
        names = ("musd", "low_musd", "high_musd", "penalty_musd")
        return cls(*(math.fsum(weight * getattr(one, name) for weight, one in of) for name in names))

    @property
    def is_within_gaps(self) -> bool:
        """Whether the best plans may as well differ the other way round, or not at all."""
        return self.low_musd < 0.0 < self.high_musd

    @property
    def penalty_words(self) -> str:
        """How much of it is penalty; empty where that is nothing.

        >>> CostDifference(41.0, 41.0, 41.0, 39.5).penalty_words
        'of which +39.5 MUSD is the penalty of unmet demand'
        """
        if not abs(self.penalty_musd) >= LEAST_PENALTY_MUSD:
            return ""
        return f"of which {signed(self.penalty_musd)} MUSD is the penalty of unmet demand"

    @property
    def explanation(self) -> str:
        """What could explain it but the inputs: penalty and gaps; empty where neither does.

        >>> CostDifference(0.8, -19.2, 20.8).explanation
        'within the gaps'
        """
        within = WITHIN_GAPS if self.is_within_gaps else ""
        return ", ".join(filter(None, (self.penalty_words, within)))


def penalty_share_words(penalty_musd: float, of_musd: float) -> str:
    """Say how much of a cost is penalty; empty where that is nothing.

    >>> penalty_share_words(3989.0, 9970.0)
    'of which 3,989 MUSD (40 %) is the penalty of unmet demand'
    """
    if not abs(penalty_musd) >= LEAST_PENALTY_MUSD:
        return ""
    share = f" ({penalty_musd / of_musd:.0%})".replace("%", " %") if of_musd else ""
    return f"of which {amount(penalty_musd, 4)} MUSD{share} is the penalty of unmet demand"


def intervals_ranked(least: Floats, most: Floats) -> tuple[Positions, Positions]:
    """Return the first and last rank of what only intervals are known of, the largest first.

    >>> import numpy as np
    >>> first, last = intervals_ranked(np.array([2.0, 6.0, 5.0]), np.array([3.0, 9.0, 8.0]))
    >>> first.tolist(), last.tolist()
    ([3, 1, 1], [3, 2, 2])
    """
    above = (least[None, :] > most[:, None]).sum(axis=1)
    below = (most[None, :] < least[:, None]).sum(axis=1)
    return above + 1, len(least) - below


def rank_words(first: int, last: int) -> str:
    """Write the ranks that something may have.

    >>> rank_words(2, 2), rank_words(1, 3)
    ('2', '1-3')
    """
    return str(first) if first == last else f"{first}-{last}"
