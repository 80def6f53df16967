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
    """How the dual of a block of rows becomes a price.

    Parameters
    ----------
    unit : str
        Unit of the price.
    units_per_row_unit : float
        Units of the price's denominator in one unit of the row's right side.
    paid : {"yearly", "once", "horizon"}
        What the dual is divided by: the discounted calendar years that the model year stands
        for, where the row limits what goes on all year; the discount factor of its year, where
        it limits what is bought in it; those of the whole horizon, for a lasting right.
    sign : {-1, 1}
        1 for the cost of one more unit that must be met, -1 for what one more unit of a limit
        saves.
    by_slot : bool
        Whether a row is of one time slice: its dual is divided by the hours that the time slice
        stands for.
    """

    unit: str
    units_per_row_unit: float
    paid: Literal["yearly", "once", "horizon"]
    sign: Literal[-1, 1]
    by_slot: bool = False


@dataclass(frozen=True)
class Binding:
    """How a limit that binds is reported; functions take rows of its block in table `prices`.

    Parameters
    ----------
    unit : str
        Unit of the limit, that of its rows.
    amount : callable
        How much of it there is, in its unit, (row,).
    sentence : str
        What binds, with places for its labels, ``{year}``, ``{limit}``, its amount with unit,
        and ``{start}``, when new halls can first serve.
    is_scarce : callable, optional
        Where a plan cannot buy its way past it; elsewhere its price is that of an investment.
        By default everywhere.
    aside : callable, optional
        From a row and its price to the same price in another unit, as words.
    is_of_decisions : bool
        Whether there is as much of it as decisions make: the right side of its rows is zero.
    """

    unit: str
    amount: Amount
    sentence: str
    is_scarce: IsScarce | None = None
    aside: Aside | None = None
    is_of_decisions: bool = False


@dataclass(frozen=True)
class Decision:
    """What a scenario asks of a decision itself, by no row: a bound, or that it is integer.

    Parameters
    ----------
    column : str
        Block of columns.
    asks : {"lower bound", "upper bound", "integer"}
        What is asked of it.
    says : str
        The same as a sentence.
    """

    column: str
    asks: Literal["lower bound", "upper bound", "integer"]
    says: str


@dataclass(frozen=True, eq=False)
class Limit:
    """A limit that a planner sets, or that has a price.

    Parameters
    ----------
    name : str
        Its block of rows; of what is asked of a decision itself, a name of its own.
    price : LimitPrice, optional
        How its dual becomes a price.
    binding : Binding, optional
        How it is reported where it binds.
    set_by : tuple of SetBy
        The settings and tables that its right side comes from.
    relaxed_by : mapping of Relaxation to callable
        What can relax it by amounts, and what one unit of that does for its rows, (row,).
    moved_by : tuple of str
        Key paths of settings and tables of which other values are tried, one at a time.
    decision : Decision, optional
        The decision that it is asked of, where it is no block of rows.
    not_reported : str
        Why a limit with a price is not reported as binding.
    not_set : str
        Why a limit with a price has no setting.
    """

    name: str
    price: LimitPrice | None = None
    binding: Binding | None = None
    set_by: tuple[SetBy, ...] = ()
    relaxed_by: Mapping[Relaxation, Factor] = field(default_factory=dict)
    moved_by: tuple[str, ...] = ()
    decision: Decision | None = None
    not_reported: str = ""
    not_set: str = ""
