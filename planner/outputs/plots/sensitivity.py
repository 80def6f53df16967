"""Which inputs decide: a bar for each factor, the one that decides most on top."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.base.svg import INK
from planner.outputs.plots.drawing import COLOURS, amounts, plain, sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from planner.outputs.plots.drawing import Drawing
    from planner.outputs.sensitivity import Sensitivity

__all__ = ["draw_sensitivity"]

_ROW_INCH = 0.34
_HEAD_INCH = 1.5


def draw_sensitivity(found: Sensitivity) -> Drawing:
    """Draw what each factor does, with the ranks that it may have behind its name.

    Tornado: the change at its low and its high. Morris: mu* with its 95 % confidence, and sigma.
    Sobol: total and first-order index with theirs.
    """
    table = found.table
    rows = np.arange(len(table))[::-1]  # the first one on top
    size = (8.4, _HEAD_INCH + _ROW_INCH * len(table))
    title = f"Which inputs decide: {plain(found.scenario, longest=50)}"
    with sheet(title, _ABOUT[found.method], size=size) as (drawing, (axes,)):
        _BARS[found.method](axes, found, rows)
        names = [
            f"{plain(str(row['factor']))}  {_ranks(int(row['rank_low']), int(row['rank_high']))}"
            for row in table.to_dict("records")
        ]
        axes.set_yticks(rows, names)
        axes.grid(visible=False, axis="y")
        axes.legend(loc="lower right")
    return drawing


def _ranks(low: int, high: int) -> str:
    return f"#{low}" if low == high else f"#{low}-{high}"


def _tornado(axes: Axes, found: Sensitivity, rows: np.ndarray) -> None:
    for end, colour in (("low", COLOURS[0]), ("high", COLOURS[1])):
        change = np.nan_to_num(found.table[f"at_{end}"].to_numpy(np.float64))
        axes.barh(rows, change, 0.7, color=colour, label=f"at its {end}")
    axes.axvline(0.0, color=INK, lw=0.8)
    amounts(axes, f"change of {found.of} [{found.unit}]", axis="x")


def _morris(axes: Axes, found: Sensitivity, rows: np.ndarray) -> None:
    table = found.table
    _with_error(axes, rows + 0.18, found, "mu_star", COLOURS[0], "mu*")
    axes.barh(rows - 0.18, table["sigma"], 0.34, color=COLOURS[1], label="sigma")
    amounts(axes, f"change of {found.of} [{found.unit}]", axis="x")


def _sobol(axes: Axes, found: Sensitivity, rows: np.ndarray) -> None:
    _with_error(axes, rows + 0.18, found, "st", COLOURS[0], "total")
    _with_error(axes, rows - 0.18, found, "s1", COLOURS[1], "alone")
    amounts(axes, f"share of the variance of {found.of}", axis="x")


def _with_error(axes: Axes, rows: np.ndarray, found: Sensitivity, name: str, colour: str, label: str) -> None:
    values, error = found.table[name], found.table[f"{name}_conf"]
    axes.barh(rows, values, 0.34, color=colour, label=label, xerr=error, ecolor=INK, error_kw={"lw": 0.8})


_BARS = {"tornado": _tornado, "morris": _morris, "sobol": _sobol}
_ABOUT = {
    "tornado": "Each alone at its low and its high; #: ranks within gaps",
    "morris": "From low to high, with 95 % confidence; #: ranks",
    "sobol": "Shares of the variance, with 95 % confidence; #: ranks",
}
