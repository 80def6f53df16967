"""A frontier of cost against a measure: its table, its chart, its files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from planner.base.words import amount
from planner.outputs.answer import Answer
from planner.outputs.folder_kinds import FRONTIER

if TYPE_CHECKING:
    import pandas as pd

    from planner.outputs.plots import Drawing

COLUMNS: Final = (
    "point",
    "measure",
    "cost_musd",
    "extra_musd",
    "extra_frac",
    "penalty_musd",
    "extra_penalty_musd",
    "slope_musd_per_unit",
    "price",
    "is_knee",
)
_NOT_OF_RENT: Final = ("carbon", "water")
"""Measures that rented compute adds nothing to."""
_NOISE_FRAC: Final = 1e-4


@dataclass(frozen=True, eq=False, repr=False)
class Frontier(Answer):
    """Least cost for each level of a measure."""

    kind = FRONTIER
    fields = ("scenario", "against", "label", "unit", "price_unit", "is_relaxed", "notes")
    saved = ("frontier=table",)
    listed = ("points=table",)

    scenario: str  # name of the scenario; name, label and unit of the measure; unit of column `price`
    against: str
    label: str
    unit: str
    price_unit: str
    # `COLUMNS`, from the plan of least cost on: the measure, the cost, how much it is above the least, what of both is
    # the penalty of unmet demand, the slope of cost over the measure, which is its dual, what one unit less costs (both
    # missing where no plan has less), and whether the point is the knee; then the other measures, by name
    table: pd.DataFrame
    is_relaxed: bool  # whether the program has integers, which are left out
    held: tuple[str, ...]  # what is held at its level in the plan of least cost

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know."""
        said = ["Cost is net present value; what it is traded against is not discounted."]
        if self.is_relaxed:
            said.append("Integers are left out: no plan lies below this frontier, and plans lie a little above it.")
        if self.table["price"].isna().iloc[-1]:
            said.append("The last point has no price: no plan has less, whatever it costs.")
        if self.against in _NOT_OF_RENT and self._rents_more:
            first, last = (amount(self.table["rented"].iloc[at]) for at in (0, -1))
            said.append(
                "What is emitted or evaporated for rented compute is not counted, and the last"
                f" point rents {last} kH100e-years, the first {first}."
            )
        said += [f"{name} is held at its level in the plan of least cost." for name in self.held]
        return tuple(said)

    @property
    def _rents_more(self) -> bool:
        rented = self.table["rented"]
        return bool(rented.iloc[-1] > rented.iloc[0] + _NOISE_FRAC * max(rented.iloc[0], 1.0))

    def plot(self) -> Drawing:
        """Draw cost and price over the measure."""
        from planner.outputs.plots import plot_frontier

        return plot_frontier(self)
