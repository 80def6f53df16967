"""A comparison as one SVG picture: a map of where the plans differ, and the difference by cause."""

from __future__ import annotations

import math
from itertools import accumulate
from typing import TYPE_CHECKING, Final

import pandas as pd

from planner.base.number_format import amount, signed
from planner.base.svg import INK, MUTED, document, line, rect, text
from planner.outputs.comparison.measures import common_years
from planner.outputs.map_labels import xml_text
from planner.outputs.map_svg import MAP_STYLE, land
from planner.outputs.projection import sheet_for

if TYPE_CHECKING:
    from planner.outputs.comparison.causes import CostSplit
    from planner.outputs.comparison.comparison import RunComparison
    from planner.outputs.run import Run

__all__ = ["comparison_svg", "site_differences"]

_WIDTH: Final = 1000.0
_HEAD: Final = 56.0
_MAP_HEIGHT: Final = 560.0
_FOOT: Final = 40.0
_MARGIN: Final = 26.0
_LARGEST_RADIUS: Final = 40.0
_SMALLEST_RADIUS: Final = 2.0
_LEAST_MW: Final = 0.5  # a difference that is drawn
_MORE: Final = "#1f5896"
_FEWER: Final = "#de772a"
_BAR: Final = 26.0
_LABELS: Final = 330.0
_VALUES: Final = 150.0
_LONGEST: Final = 48  # characters


def comparison_svg(comparison: RunComparison) -> str:
    """Draw where each further plan has more racks than the first, and the causes if there are any."""
    first, *others = comparison.runs
    panels = []
    years = common_years(comparison.runs)
    for letter, other in zip(comparison.letters[1:], others, strict=True):
        if years:
            panels.append(_map(first, other, (comparison.letters[0], letter), years[-1]))
    panels += [_waterfall(split) for split in comparison.splits if split.method is not None]
    body, top = [], 0.0
    for height, drawn in panels:
        body.append(f'<g transform="translate(0 {top:.0f})">{drawn}</g>')
        top += height
    title = f"Comparison of {', '.join(run.label for run in comparison.runs)}"
    style = f"<style>{MAP_STYLE}</style>"
    return document(_WIDTH, max(top, _HEAD), title, "Where plans differ, and why", style + "".join(body))


def site_differences(first: Run, other: Run, year: int) -> pd.DataFrame:
    """Return the sites at which two plans differ in a year, the largest difference first."""
    mw = [
        of[of["year"] == year].groupby("site", observed=True)["nameplate_mw"].sum()
        for of in (run.tables["site_year"] for run in (first, other))
    ]
    sites = pd.concat([first.sites, other.sites]).drop_duplicates("site").set_index("site")
    less = mw[1].reindex(sites.index).fillna(0.0) - mw[0].reindex(sites.index).fillna(0.0)
    found = sites[["name", "lat", "lon"]].assign(mw=less)
    found = found[found["mw"].abs() >= _LEAST_MW]
    order = found["mw"].abs().sort_values(ascending=False, kind="stable").index
    return found.loc[order].reset_index()


def _map(first: Run, other: Run, letters: tuple[str, str], year: int) -> tuple[float, str]:
    """Return the height and the drawing of a map of differences."""
    found = site_differences(first, other, year)
    sheet = sheet_for(pd.concat([first.sites, other.sites]), _WIDTH, _MAP_HEIGHT, _MARGIN)
    x, y = sheet.place(found["lon"].to_numpy(), found["lat"].to_numpy())
    largest = max(float(found["mw"].abs().max()), _LEAST_MW) if len(found) else _LEAST_MW
    circles = []
    for name, mw, left, top in zip(found["name"], found["mw"], x, y, strict=True):
        radius = max(_LARGEST_RADIUS * math.sqrt(abs(mw) / largest), _SMALLEST_RADIUS)
        circles.append(
            f'<circle class="site" cx="{left:.1f}" cy="{top:.1f}" r="{radius:.1f}" '
            f'fill="{_MORE if mw > 0.0 else _FEWER}"><title>'
            f"{xml_text(f'{name}, {year}: {signed(mw, 3)} MW')}</title></circle>"
        )
    title = f"Racks in use in {year}, {letters[1]} less {letters[0]} [MW]"
    about = f"{letters[0]}: {first.label}; {letters[1]}: {other.label}"
    below = _HEAD + _MAP_HEIGHT
    key = (
        f"largest difference {amount(largest)} MW"
        if len(found)
        else f"no difference of {_LEAST_MW:g} MW or more at any site"
    )
    parts = [
        text(_MARGIN, 26, title, size=17, weight=600),
        text(_MARGIN, 45, about, color=MUTED),
        f'<svg y="{_HEAD}" width="{_WIDTH:.0f}" height="{_MAP_HEIGHT:.0f}">',
        *land(sheet),
        *circles,
        "</svg>",
        rect(_MARGIN, below + 12, 14, 14, _MORE),
        text(_MARGIN + 20, below + 24, f"more in {letters[1]}"),
        rect(_MARGIN + 130, below + 12, 14, 14, _FEWER),
        text(_MARGIN + 150, below + 24, f"more in {letters[0]}"),
        text(_WIDTH - _MARGIN, below + 24, key, anchor="end", color=MUTED),
    ]
    return below + _FOOT, "".join(parts)


def _waterfall(split: CostSplit) -> tuple[float, str]:
    """Return the height and the drawing of the parts of a difference, each from where one ends."""
    rows = [(str(row["cause"]), float(row["musd"])) for row in split.causes.to_dict("records")]
    starts = [0.0, *accumulate(musd for _, musd in rows)][: len(rows)]
    rows, starts = [*rows, ("together", split.musd)], [*starts, 0.0]
    ends = [start + musd for start, (_, musd) in zip(starts, rows, strict=True)]
    low, high = min([0.0, *starts, *ends]), max([0.0, *starts, *ends])
    room = _WIDTH - 2 * _MARGIN - _LABELS - _VALUES
    scale = room / (high - low) if high > low else 0.0
    zero = _MARGIN + _LABELS - low * scale
    parts = [text(_MARGIN, 26, f"{split.difference} by cause [MUSD]", size=17, weight=600)]
    for at, ((cause, musd), start, end) in enumerate(zip(rows, starts, ends, strict=True)):
        top = _HEAD + at * _BAR
        left, right = (zero + pick(start, end) * scale for pick in (min, max))
        label = cause if len(cause) <= _LONGEST else f"{cause[: _LONGEST - 3]}..."
        colour = INK if at == len(rows) - 1 else _MORE if musd > 0.0 else _FEWER
        parts += [
            text(_MARGIN + _LABELS - 8, top + 14, label, anchor="end"),
            rect(left, top, max(right - left, 0.5), _BAR - 8, colour, tip=cause),
            text(right + 6, top + 14, signed(musd)),
        ]
    bottom = _HEAD + len(rows) * _BAR
    parts.append(line((zero, _HEAD - 4), (zero, bottom), MUTED))
    return bottom + _FOOT, "".join(parts)
