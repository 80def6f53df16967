"""What is said of changes of cost that were found to first order, and which of them cannot hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import pandas as pd

    from planner.outputs.run import Run

__all__ = ["CANNOT_HOLD", "MARK", "cannot_hold", "cost_of", "first_order_words"]

CANNOT_HOLD: Final = "more than the whole plan costs, which cannot hold"
"""What is said of a saving that first order makes larger than the cost."""
MARK: Final = "*"
"""At such a saving, in a table."""


def cost_of(run: Run) -> float:
    """Return what the plan of a run costs, net present value. [MUSD]"""
    return float(run.tables["solution"]["objective_musd"].iloc[0])


def cannot_hold(change_musd: float, cost_musd: float) -> bool:
    """Return whether a change of cost would leave a plan that costs something with less than none.

    >>> cannot_hold(-25600.0, 22919.0), cannot_hold(-7740.0, 22919.0), cannot_hold(25600.0, 22919.0)
    (True, False, False)
    """
    return change_musd < -cost_musd < 0.0


def first_order_words(table: pd.DataFrame, run: Run, mark: str = "") -> str:
    """Say once, below a list of figures that decide, what its changes of cost are."""
    text = (
        "Changes of cost are to first order, with the plan as it is, unless said to be solved "
        f"again, as `dcplan estimates {run.meta['run']} --resolve` does."
    )
    cost = cost_of(run)
    ends = table[["low_musd", "high_musd"]].to_numpy().ravel()
    if mark and any(cannot_hold(float(musd), cost) for musd in ends):
        text += f" {mark} saves {CANNOT_HOLD}."
    return text
