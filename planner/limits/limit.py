"""What a limit of the model is: its price, when it binds, where it is set, what relaxes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from planner.base.arrays import Bools, Floats
    from planner.inputs.inputs import Inputs
    from planner.limits.relaxation import Factor, Relaxation
    from planner.limits.settings import SetBy

    Rows = pd.DataFrame
    Amount = Callable[[Inputs, "Tables", Rows], Floats]
    IsScarce = Callable[[Inputs, "Tables", Rows], Bools]
    Aside = Callable[[Inputs, "Tables", "pd.Series[str]", float], str]

__all__ = ["Binding", "Decision", "Limit", "LimitPrice", "Tables"]

Tables: TypeAlias = "Mapping[str, pd.DataFrame]"
"""Result tables by name."""


@dataclass(frozen=True)
class LimitPrice:
    """How the dual of a block of rows becomes a price."""

    unit: str  # unit of the price
    units_per_row_unit: float  # units of the price's denominator in one unit of the row's right side
    # what the dual is divided by: the discounted calendar years that the model year stands for, where the row limits
    # what goes on all year; the discount factor of its year, where it limits what is bought in it; those of the whole
    # horizon, for a lasting right
    paid: Literal["yearly", "once", "horizon"]
    sign: Literal[-1, 1]  # 1 for the cost of one more unit that must be met, -1 for what one more unit of a limit saves
    # whether a row is of one time slice: its dual is divided by the hours that the time slice stands for
    by_slot: bool = False


@dataclass(frozen=True)
class Binding:
    """How a limit that binds is reported; functions take rows of its block in table `prices`."""

    unit: str  # unit of the limit, that of its rows
    amount: Amount  # how much of it there is, in its unit, (row,)
    # what binds, with places for its labels, ``{year}``, ``{limit}``, its amount with unit, and ``{start}``, when new
    # halls can first serve
    sentence: str
    # where a plan cannot buy its way past it; elsewhere its price is that of an investment
    is_scarce: IsScarce | None = None
    aside: Aside | None = None  # from a row and its price to the same price in another unit, as words
    # whether there is as much of it as decisions make: the right side of its rows is zero
    is_of_decisions: bool = False


@dataclass(frozen=True)
class Decision:
    """What a scenario asks of a decision itself, by no row: a bound, or that it is integer."""

    column: str  # block of columns
    asks: Literal["lower bound", "upper bound", "integer"]  # what is asked of it
    says: str  # the same as a sentence


@dataclass(frozen=True, eq=False)
class Limit:
    """A limit that a planner sets, or that has a price."""

    name: str  # its block of rows; of what is asked of a decision itself, a name of its own
    price: LimitPrice | None = None  # how its dual becomes a price
    binding: Binding | None = None  # how it is reported where it binds
    set_by: tuple[SetBy, ...] = ()  # the settings and tables that its right side comes from
    # what can relax it by amounts, and what one unit of that does for its rows, (row,)
    relaxed_by: Mapping[Relaxation, Factor] = field(default_factory=dict)
    moved_by: tuple[str, ...] = ()  # key paths of settings and tables of which other values are tried, one at a time
    decision: Decision | None = None  # the decision that it is asked of, where it is no block of rows
    not_reported: str = ""  # why a limit with a price is not reported as binding
    not_set: str = ""  # why a limit with a price has no setting
