"""Sites on a map: how large each is, and what it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.patches import Circle
from matplotlib.patheffects import withStroke

from planner.base.svg import INK, MUTED
from planner.outputs.map_labels import Spot, find_label_places
from planner.outputs.map_svg import round_sizes, sites_in_use
from planner.outputs.plots.drawing import model_year, plain, sheet
from planner.outputs.projection import sheet_for

if TYPE_CHECKING:
    from collections.abc import Iterable

    from matplotlib.axes import Axes

    from planner.outputs.basemaps import Line
    from planner.outputs.plots.drawing import Drawing
    from planner.outputs.run import Run

__all__ = ["draw_map"]

_WIDTH: Final = 1000.0
_HEIGHT: Final = 560.0
_MARGIN: Final = 14.0
_LARGEST_RADIUS: Final = 40.0
_SMALLEST_RADIUS: Final = 2.0
_LABELS: Final = 12
_LABEL_SIZE: Final = 13.5
_LETTER: Final = 8.5  # width of a letter of the key, in units of the sheet
_KEY: Final = _LARGEST_RADIUS  # from the map to the middle of the key
_A_LITTLE_MW: Final = 0.05
_DUTY: Final = ("#de772a", "#8b628c", "#1f5896")


def draw_map(run: Run, year: int | None = None) -> Drawing:
    """Draw the sites in use: area by nameplate, colour by the share of training in the racks."""
    year = model_year(run, year)
    paper = sheet_for(run.sites, _WIDTH, _HEIGHT, _MARGIN)
    sites = sites_in_use(run, year)
    x, y = paper.place(sites["lon"].to_numpy(), sites["lat"].to_numpy())
    largest = max(float(run.tables["site_year"]["nameplate_mw"].max()), _A_LITTLE_MW)
    mw = sites["nameplate_mw"].to_numpy(dtype=float)
    radius = np.maximum(_LARGEST_RADIUS * np.sqrt(mw / largest), _SMALLEST_RADIUS)
    about = f"{year}: {mw.sum():,.0f} MW of racks at {len(sites)} sites"
    colours = LinearSegmentedColormap.from_list("duty", _DUTY)
    with sheet(run.title, about, size=(10.0, 6.4)) as (drawing, (axes,)):
        _outlines(axes, paper.graticule, "none", "#dbe5ec")
        _outlines(axes, paper.land, "#f5f6f2" if paper.is_us else "#eef0ea", "#dcdfd8")
        _outlines(axes, paper.states, "#eef0ea", "#c4cabf")
        _outlines(axes, paper.borders, "none", "#d3d7ce")
        spots = []
        for name, size, training, *place in zip(sites["name"], mw, sites["training_frac"], x, y, radius, strict=True):
            spot = Spot(name, size, training, *place)
            spots.append(spot)
            fill = colours(training)
            axes.add_patch(Circle((spot.x, spot.y), spot.radius, fc=fill, ec="white", lw=0.8, zorder=3))
        for label in find_label_places(spots, (_WIDTH, _HEIGHT), most=_LABELS, size=_LABEL_SIZE):
            if label.leader:
                x0, y0, x1, y1 = label.leader
                axes.plot((x0, x1), (y0, y1), color=INK, lw=0.6, zorder=4)
            axes.text(
                label.x,
                label.y,
                f"{plain(label.name)} {label.amount}",
                ha={"start": "left", "end": "right"}.get(label.anchor, "center"),
                fontsize=8.0,
                color="white" if label.is_inside else INK,
                path_effects=[] if label.is_inside else [withStroke(linewidth=2.0, foreground="w")],
            )
        axes.set(xlim=(0.0, _WIDTH), ylim=(_HEIGHT, 0.0), aspect="equal", xticks=[], yticks=[])
        axes.set_facecolor("#f7fafc")
        axes.grid(visible=False)
        for spine in axes.spines.values():
            spine.set_visible(False)
        _keys(drawing, axes, colours, largest)
    return drawing


def _outlines(axes: Axes, lines: Iterable[Line], fill: str, edge: str) -> None:
    rings = [np.asarray(line) for line in lines if len(line) > 1]
    if fill == "none":
        axes.add_collection(LineCollection(rings, colors=edge, linewidths=0.6))
    else:
        axes.add_collection(PolyCollection(rings, facecolors=fill, edgecolors=edge, linewidths=0.6))


def _keys(drawing: Drawing, axes: Axes, colours: LinearSegmentedColormap, largest: float) -> None:
    """Explain colour and size below the map."""
    bar = drawing.colorbar(
        ScalarMappable(Normalize(0.0, 100.0), colours),
        ax=axes,
        location="bottom",
        fraction=0.03,
        aspect=30,
        pad=0.02,
        shrink=0.35,
        anchor=(0.1, 0.0),
    )
    bar.set_label("training, % of racks", color=MUTED)
    # In the units of the map, so that they are as large as the sites of that size.
    right = _WIDTH
    for mw in round_sizes(largest):
        radius = _LARGEST_RADIUS * (mw / largest) ** 0.5
        label = f"{mw:,.0f} MW" if mw >= 1 else f"{mw:g} MW"
        axes.text(right, _HEIGHT + _KEY, label, ha="right", va="center", color=MUTED, fontsize=8.0)
        right -= _LETTER * len(label) + 8.0 + radius
        ring = Circle((right, _HEIGHT + _KEY), radius, fc="none", ec=MUTED, lw=0.8, clip_on=False)
        axes.add_patch(ring)
        right -= radius + 24.0
