"""A frontier of cost against a measure: its table, its chart, its files."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING, Any, Final

from planner.base.number_format import amount
from planner.base.svg import INK, MUTED, Frame, document, path, text
from planner.base.words import within_sentence
from planner.outputs.folder_kinds import FRONTIER, FRONTIER_FILE
from planner.outputs.own_folder import study_folder, write_json, write_tables
from planner.outputs.records import records

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from planner.outputs.plots.drawing import Drawing

__all__ = ["COLUMNS", "Frontier", "frontier_svg", "write_frontier"]

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
_WIDTH: Final = 760.0
_HEIGHT: Final = 460.0
_LINE_HEIGHT: Final = 15.0
_LINE: Final = "#1f5896"
_KNEE: Final = "#de772a"


@dataclass(frozen=True, eq=False)
class Frontier:
    """Least cost for each level of a measure."""

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
        """Draw cost and price over the measure, with matplotlib."""
        from planner.outputs.plots import draw

        return draw("frontier", self)

    def to_dict(self) -> dict[str, Any]:
        """Return it in types of JSON."""
        keys = ("scenario", "against", "label", "unit", "price_unit", "is_relaxed")
        return {**{key: getattr(self, key) for key in keys}, "notes": list(self.notes), "points": records(self.table)}


def frontier_svg(frontier: Frontier) -> str:
    """Draw cost over the measure, every point with its price, the knee marked."""
    table = frontier.table
    x, y = table["measure"].tolist(), table["cost_musd"].tolist()
    frame = Frame(90.0, 60.0, _WIDTH - 130.0, _HEIGHT - 130.0, _around(x), _around(y))
    points = [frame.to_page(*pair) for pair in zip(x, y, strict=True)]
    parts = [
        text(20, 28, f"Cost against {within_sentence(frontier.label)}", size=17, weight=600),
        text(20, 47, f"{frontier.scenario}; net present value [MUSD]", color=MUTED),
        frame.grid(x_unit="", y_unit=""),
        path(points, _LINE, width=2.0),
    ]
    for (left, top), row in zip(points, table.to_dict("records"), strict=True):
        is_knee = bool(row["is_knee"])
        level = f"{amount(row['measure'], 4)} {frontier.unit}: {amount(row['cost_musd'], 5)} MUSD"
        price = f"one unit less costs {amount(row['price'])} {frontier.price_unit}"
        if isnan(row["price"]):
            price = "no plan has less"
        parts.append(
            f'<circle cx="{left:.1f}" cy="{top:.1f}" r="{6 if is_knee else 4}" '
            f'fill="{_KNEE if is_knee else _LINE}"><title>{level}, {price}</title></circle>\n'
        )
        if is_knee:
            parts.append(_knee_label(frame, (left, top), (f"knee: {level}", price)))
    middle = frame.left + frame.width / 2
    parts.append(text(middle, _HEIGHT - 22, f"{frontier.label} [{frontier.unit}]", anchor="middle"))
    return document(_WIDTH, _HEIGHT, f"Frontier of {frontier.scenario}", frontier.label, "".join(parts))


def write_frontier(frontier: Frontier, folder: Path) -> None:
    """Write table, JSON and chart into a folder."""
    with study_folder(folder, FRONTIER) as staged:
        write_tables({"frontier": frontier.table}, staged)
        write_json(frontier.to_dict(), staged / FRONTIER_FILE)
        (staged / "frontier.svg").write_text(frontier_svg(frontier), encoding="utf-8")


def _knee_label(frame: Frame, at: tuple[float, float], lines: tuple[str, str]) -> str:
    """Write what the knee is on the side of it that has room; the line is convex, so that is free.

    Above it to the right, or in the right half of the chart below it to the left.
    """
    left, top = at
    if left <= frame.left + frame.width / 2:
        x, y, anchor = left + 12, top - 8 - _LINE_HEIGHT, "start"
    else:
        lowest = frame.top + frame.height - 6 - _LINE_HEIGHT
        x, y, anchor = left - 16, min(top + 18, lowest), "end"
    first, second = lines
    return text(x, y, first, anchor=anchor, color=INK) + text(x, y + _LINE_HEIGHT, second, anchor=anchor, color=INK)


def _around(values: list[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    margin = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
    return low - margin, high + margin
