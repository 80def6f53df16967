"""A map of the plan as one SVG picture: how large each site is, and what it does."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.outputs.map_labels import CHARACTER, Spot, svg_labels, xml_text
from planner.outputs.projection import sheet_for
from planner.results.bridge import bridge_words

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from planner.outputs.basemaps import Line
    from planner.outputs.projection import ProjectedMap
    from planner.outputs.run import Run

__all__ = ["MAP_STYLE", "colour_of", "land", "outline", "plan_map_svg", "round_sizes", "sites_in_use"]

_WIDTH: Final = 1000.0
_HEAD: Final = 64.0
_MAP_HEIGHT: Final = 560.0
_FOOT: Final = 62.0
_LINE: Final = 17.0  # of the bridge, under the legend
_LINE_CHARACTERS: Final = 140
_MARGIN: Final = 26.0
_LARGEST_RADIUS: Final = 40.0
_A_LITTLE_MW: Final = 0.05

# From all inference over half and half to all training.
_SCALE: Final = ((222, 119, 42), (139, 98, 140), (31, 88, 150))
MAP_STYLE: Final = """
text{font-family:"Helvetica Neue",Helvetica,Arial,"Liberation Sans",sans-serif;fill:#26323f}
.land{fill:#eef0ea;stroke:#c4cabf;stroke-width:.7}
.near{fill:#f5f6f2;stroke:#dcdfd8;stroke-width:.6}
.border{fill:none;stroke:#d3d7ce;stroke-width:.7}
.grid{fill:none;stroke:#dbe5ec;stroke-width:.6}
.site{stroke:#fff;stroke-width:1.1;fill-opacity:.86}
.label{font-size:12px;paint-order:stroke;stroke:#fff;stroke-opacity:.85;stroke-width:3px;
stroke-linejoin:round}
.leader{stroke:#26323f;stroke-width:.8;fill:none}
.inside{font-size:12px;fill:#fff}
.mw{fill:#5d6b79}
.title{font-size:21px;font-weight:600}
.sub{font-size:13px;fill:#5d6b79}
.key{font-size:11.5px;fill:#5d6b79}
.ring{fill:none;stroke:#8a949e;stroke-width:1}
"""


def plan_map_svg(run: Run, year: int) -> str:
    """Draw the sites of a plan in a year.

    The area of a circle is the nameplate in use, its colour the share of training in the racks.
    """
    if year not in run.years:
        message = f"{year} is not a model year of the run; there are {run.years}"
        raise ValueError(message)
    sheet = sheet_for(run.sites, _WIDTH, _MAP_HEIGHT, _MARGIN)
    sites = sites_in_use(run, year)
    x, y = sheet.place(sites["lon"].to_numpy(), sites["lat"].to_numpy())
    # One scale for all years, so that maps of a plan can be laid side by side.
    largest_mw = max(float(run.tables["site_year"]["nameplate_mw"].max()), _A_LITTLE_MW)
    radius = _LARGEST_RADIUS * np.sqrt(sites["nameplate_mw"].to_numpy() / largest_mw)
    spots = [
        Spot(*values)
        for values in zip(sites["name"], sites["nameplate_mw"], sites["training_frac"], x, y, radius, strict=True)
    ]
    title, about = run.title, _about(run, year)
    bridge = _bridge(run, year)
    height = _HEAD + _MAP_HEIGHT + _FOOT + _LINE * len(bridge)
    parts = [
        f'<rect width="{_WIDTH:.0f}" height="{height:.0f}" fill="#fff"/>',
        f'<text class="title" x="{_MARGIN}" y="31">{xml_text(title)}</text>',
        f'<text class="sub" x="{_MARGIN}" y="52">{xml_text(about)}</text>',
        f'<svg y="{_HEAD}" width="{_WIDTH:.0f}" height="{_MAP_HEIGHT:.0f}">',
        *land(sheet),
        *(_circle(spot) for spot in spots),
        *svg_labels(spots, (_WIDTH, _MAP_HEIGHT)),
        "</svg>",
        *_legend(largest_mw),
        *bridge,
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:.0f} {height:.0f}" '
        f'width="{_WIDTH:.0f}" height="{height:.0f}" role="img" '
        f'aria-label="{xml_text(f"{title}, {about}")}"><style>{MAP_STYLE}</style>'
        f"{''.join(parts)}</svg>\n"
    )


def sites_in_use(run: Run, year: int) -> pd.DataFrame:
    """Return sites with racks in a year, the largest first, so that small ones lie on top."""
    site_year, plan = run.tables["site_year"], run.tables["plan"]
    of_year = site_year[site_year["year"] == year]
    used = plan[plan["year"] == year]
    training = used[used["duty"] == "training"].groupby("site")["used_mw"].sum()
    share = (training / used.groupby("site")["used_mw"].sum()).rename("training_frac")
    sites = run.sites.merge(of_year[["site", "nameplate_mw"]], on="site")
    sites = sites[sites["nameplate_mw"] > _A_LITTLE_MW].merge(share, on="site", how="left")
    return sites.fillna({"training_frac": 0.0}).sort_values("nameplate_mw", ascending=False)


def _about(run: Run, year: int) -> str:
    line = run.tables["summary"].set_index("year").loc[year]
    return (
        f"{year}: {line['nameplate_mw']:,.0f} MW of racks at {line['sites_in_use']:.0f} sites, "
        f"{line['facility_mean_mw']:,.0f} MW mean and {line['facility_peak_mw']:,.0f} MW peak at "
        f"the meter, {line['demand_kh100e']:,.0f} thousand H100-equivalents of demand"
    )


def land(sheet: ProjectedMap) -> list[str]:
    """Return sea, land and borders of a sheet, of the classes of `MAP_STYLE`."""
    return [
        '<rect width="100%" height="100%" fill="#f7fafc"/>',
        outline("grid", sheet.graticule, closed=False),
        outline("near" if sheet.is_us else "land", sheet.land, closed=True),
        outline("land", sheet.states, closed=True),
        outline("border", sheet.borders, closed=False),
    ]


def outline(kind: str, lines: Iterable[Line], *, closed: bool) -> str:
    """Return one path of many lines."""
    end = "Z" if closed else ""
    drawn = "".join("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in line) + end for line in lines if len(line) > 1)
    return f'<path class="{kind}" d="{drawn}"/>'


def colour_of(training_frac: float) -> str:
    """Return the colour of a site, from all inference to all training."""
    at = min(max(training_frac, 0.0), 1.0) * (len(_SCALE) - 1)
    low = min(int(at), len(_SCALE) - 2)
    mixed = (round(start + (end - start) * (at - low)) for start, end in zip(_SCALE[low], _SCALE[low + 1], strict=True))
    return "#{:02x}{:02x}{:02x}".format(*mixed)


def _circle(spot: Spot) -> str:
    about = f"{spot.name}: {spot.mw:,.1f} MW, {spot.training_frac:.0%} training"
    return (
        f'<circle class="site" cx="{spot.x:.1f}" cy="{spot.y:.1f}" r="{max(spot.radius, 1.6):.1f}" '
        f'fill="{colour_of(spot.training_frac)}"><title>{xml_text(about)}</title></circle>'
    )


def _legend(largest_mw: float) -> list[str]:
    """Explain colour and size."""
    top = _HEAD + _MAP_HEIGHT
    middle = top + _FOOT / 2
    stops = "".join(f'<stop offset="{at}" stop-color="{colour_of(at)}"/>' for at in (0.0, 0.25, 0.5, 0.75, 1.0))
    left = _MARGIN
    parts = [
        f'<defs><linearGradient id="duty">{stops}</linearGradient></defs>',
        f'<text class="key" x="{left}" y="{middle + 4:.1f}">inference</text>',
        f'<rect x="{left + 56}" y="{middle - 6:.1f}" width="150" height="12" rx="2" fill="url(#duty)"/>',
        f'<text class="key" x="{left + 213}" y="{middle + 4:.1f}">training (share of racks)</text>',
    ]
    x = _WIDTH - _MARGIN
    for mw in round_sizes(largest_mw):
        radius = _LARGEST_RADIUS * (mw / largest_mw) ** 0.5
        label = f"{mw:,.0f} MW" if mw >= 1 else f"{mw:g} MW"
        width = CHARACTER * len(label)
        shown = min(radius, _FOOT / 2 - 3.0)
        parts.append(
            f'<text class="key" x="{x:.1f}" y="{middle + 4:.1f}" text-anchor="end">{label}</text>'
            f'<circle class="ring" cx="{x - width - 8 - shown:.1f}" cy="{middle:.1f}" '
            f'r="{radius:.1f}"/>'
        )
        x -= width + 2 * shown + 30
    parts.append(f'<text class="key" x="{x:.1f}" y="{middle + 4:.1f}" text-anchor="end">nameplate in use</text>')
    return parts


def _bridge(run: Run, year: int) -> list[str]:
    """Say how the power of the year comes from the path."""
    top = _HEAD + _MAP_HEIGHT + _FOOT
    sums = bridge_words(run.tables["bridge"], year)
    lines = [line for words in sums for line in wrap(words, _LINE_CHARACTERS)]
    return [
        f'<text class="key" x="{_MARGIN}" y="{top + _LINE * at:.1f}">{xml_text(words)}</text>'
        for at, words in enumerate(lines)
    ]


def round_sizes(largest_mw: float) -> list[float]:
    """Return three round sizes for the legend, the largest first."""
    unit = 10.0 ** np.floor(np.log10(largest_mw / 2.0))
    first = max(step * unit for step in (1.0, 2.0, 5.0) if step * unit <= largest_mw / 2.0)
    return [float(first), float(first / 5), float(first / 25)]
