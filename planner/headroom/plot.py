"""The plot of a headroom study: load duration by season, and when load is curtailed."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.base.svg import INK, MUTED, Frame, area, document, line, path, rect, text
from planner.base.units import MWH_PER_GWH

if TYPE_CHECKING:
    from planner.base.arrays import Floats
    from planner.headroom.study import Curtailment, HeadroomStudy


WIDTH: Final = 1000.0
MARGIN: Final = 30.0
AXIS: Final = 70.0  # room for the numbers of an axis
GAP: Final = 26.0  # between two seasons
FULL: Final = (158.0, 190.0)  # top and height of the curves of all hours
TOP: Final = (420.0, 190.0)  # of the top hours
YEAR: Final = (686.0, 192.0)  # of the months by hour of the day
HEIGHT: Final = 942.0
DEMAND: Final = "#6b7785"
WITH_LOAD: Final = "#1d62b0"
SERVED: Final = "#d6e4f3"
CURTAILED: Final = "#d6452f"
MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MOST_POINTS: Final = 400  # of a curve; more are finer than a page shows


def draw_headroom(study: HeadroomStudy, *, name: str) -> str:
    """Draw a study: its duration curves, the hours at the top of them, and a year of hours."""
    title = f"Headroom at {study.rate_frac * 100:g} % curtailment: {study.load_mw:,.0f} MW"
    description = _describe(study, name)
    columns = len(study.seasons)
    width = (WIDTH - 2 * MARGIN - GAP * (columns - 1)) / columns - AXIS
    parts = [
        text(MARGIN, 42, title, size=21, weight=700),
        text(MARGIN, 65, description, size=13, color=MUTED),
        *_key(study.load_mw),
    ]
    for column, season in enumerate(study.seasons):
        left = MARGIN + AXIS + column * (width + AXIS + GAP)
        parts += _season(study, season, left, width)
    parts += _year(study)
    return document(WIDTH, HEIGHT, title, description, "".join(parts))


def _describe(study: HeadroomStudy, name: str) -> str:
    first, last = study.demand_mw.index[[0, -1]]
    total = study.total
    return (
        f"{name}, {first:%b %Y} to {last:%b %Y}: {total.hours_per_year:,.0f} h and "
        f"{total.energy_mwh_per_year / MWH_PER_GWH:,.1f} GWh a year curtailed, in "
        f"{total.events_per_year:,.0f} events of {total.mean_event_h:.1f} h on average, "
        f"{total.longest_event_h} h at most"
    )


def _key(load_mw: float) -> list[str]:
    """Tell what lines and areas are."""
    y = 92.0
    lines = ((DEMAND, "demand", 1.6, ""), (WITH_LOAD, f"with {load_mw:,.0f} MW more", 1.6, ""))
    areas = ((SERVED, "new load served"), (CURTAILED, "new load curtailed"))
    parts = []
    x = MARGIN
    for color, words, width, dash in (*lines, (INK, "threshold", 1.2, "5 4")):
        parts.append(line((x, y - 4), (x + 24, y - 4), color, width=width, dash=dash))
        parts.append(text(x + 31, y, words))
        x += 172.0
    for color, words in areas:
        parts.append(rect(x, y - 10, 24, 12, color))
        parts.append(text(x + 31, y, words))
        x += 172.0
    return parts


def _season(study: HeadroomStudy, season: Curtailment, left: float, width: float) -> list[str]:
    """Draw both duration curves of one season, one above the other."""
    hours = study.demand_mw.index
    inside = np.isin(np.array(pd.DatetimeIndex(hours).month), season.months)
    demand_mw = np.sort(np.asarray(study.demand_mw, dtype=np.float64)[inside])[::-1]
    hours_per_year = len(demand_mw) / study.years
    top_hours = min(hours_per_year, max(24.0, 1.5 * season.hours_per_year))
    highest_mw = max(float(side.max()) for side in (study.demand_mw, study.limit_mw))
    full = Frame(left, FULL[0], width, FULL[1], (0.0, hours_per_year), (0.0, max(highest_mw + study.load_mw, 1.0)))
    low_mw = float(demand_mw[round(top_hours * study.years) - 1])
    span_mw = max(float(demand_mw[0]) + study.load_mw - low_mw, 1.0)
    top = Frame(left, TOP[0], width, TOP[1], (0.0, top_hours), (low_mw, low_mw + 1.06 * span_mw))
    heading = f"{season.name.capitalize()}, {_month_range(season.months)}"
    held = f"held to {season.threshold_mw:,.0f} MW, the highest demand of the season's peak months"
    duration = _Duration(demand_mw, study.load_mw, season.threshold_mw or 0.0, study.years)
    return [
        text(left - AXIS, FULL[0] - 28, heading, size=14, weight=700),
        text(left - AXIS, FULL[0] - 11, held, color=MUTED),
        *duration.draw(full),
        _outline(full, top),
        text(left - AXIS, TOP[0] - 18, f"Enlarged: its {top_hours:,.0f} highest hours a year", size=13, weight=700),
        *duration.draw(top),
        *_label_top(top, season),
    ]


class _Duration:
    """Demand of a season from its highest hour to its lowest, and the load on top."""

    def __init__(self, demand_mw: Floats, load_mw: float, threshold_mw: float, years: float) -> None:
        self.demand_mw = demand_mw
        self.load_mw = load_mw
        self.threshold_mw = threshold_mw
        self.years = years

    def draw(self, frame: Frame) -> list[str]:
        """Draw the curves as far as the frame reaches."""
        count = min(len(self.demand_mw), round(frame.x[1] * self.years))
        ranks = np.unique(np.linspace(0, count - 1, min(count, MOST_POINTS)).round().astype(int))
        hours = np.linspace(0.0, frame.x[1], len(ranks))
        demand_mw = self.demand_mw[ranks]
        wanted_mw = demand_mw + self.load_mw
        # Where demand alone is above the threshold, the load is curtailed and no more than it.
        served_mw = np.clip(self.threshold_mw, demand_mw, wanted_mw)

        def places(values_mw: Floats) -> list[tuple[float, float]]:
            return [frame.to_page(x, y) for x, y in zip(hours, values_mw, strict=True)]

        start, end = (frame.to_page(x, self.threshold_mw) for x in frame.x)
        return [
            frame.grid(x_unit="h a year", y_unit="MW"),
            area(places(served_mw), places(demand_mw), SERVED),
            area(places(wanted_mw), places(served_mw), CURTAILED),
            path(places(demand_mw), DEMAND),
            path(places(wanted_mw), WITH_LOAD),
            line(start, end, INK, width=1.2, dash="5 4"),
        ]


def _label_top(frame: Frame, season: Curtailment) -> list[str]:
    energy = f"{season.energy_mwh_per_year / MWH_PER_GWH:,.1f} GWh"
    words = f"curtailed: {season.hours_per_year:,.0f} h, {energy} a year"
    right = frame.left + frame.width
    return [
        text(right, frame.top + 14, words, anchor="end", color=CURTAILED, weight=600),
        text(right, frame.top + 30, _depth(season), anchor="end", color=CURTAILED),
    ]


def _depth(season: Curtailment) -> str:
    return f"at least half of the load stays on in {100 * season.half_served_frac:.0f} % of them"


def _outline(full: Frame, top: Frame) -> str:
    """Show in the upper frame what the lower one enlarges."""
    left, high = full.to_page(top.x[0], min(top.y[1], full.y[1]))
    right, low = full.to_page(top.x[1], top.y[0])
    corners = [(left, high), (right, high), (right, low), (left, low), (left, high)]
    return path(corners, INK, width=0.8)


def _year(study: HeadroomStudy) -> list[str]:
    """Draw how much of the load is curtailed in each month and hour of the day."""
    hours = pd.DatetimeIndex(study.curtailed_mw.index)
    mean_mw = study.curtailed_mw.groupby([hours.month, hours.hour]).mean()
    highest = float(mean_mw.max())
    top, height = YEAR
    left = MARGIN + AXIS
    cell_width, cell_height = (WIDTH - MARGIN - left) / 24, height / 12
    zone = str(hours.tz) if hours.tz is not None else "as in the table"
    heading = "When: share of the load that is curtailed, by month and hour of the day"
    parts = [
        text(MARGIN, top - 18, heading, size=13, weight=700),
        *_legend(highest / study.load_mw if study.load_mw else 0.0, top - 28),
    ]
    for month, label in enumerate(MONTHS, start=1):
        y = top + (month - 1) * cell_height
        parts.append(text(left - 7, y + 12, label, anchor="end", color=MUTED))
        for hour in range(24):
            share = float(mean_mw.get((month, hour), 0.0))
            color = _shade(share / highest if highest else 0.0)
            tip = f"{label}, {hour}:00: {share / (study.load_mw or 1.0):.1%}"
            x = left + hour * cell_width
            parts.append(rect(x, y, cell_width - 1.5, cell_height - 1.5, color, tip=tip))
    for hour in range(0, 24, 3):
        x = left + (hour + 0.5) * cell_width
        parts.append(text(x, top + height + 16, f"{hour}:00", anchor="middle", color=MUTED))
    clock = f"hours by their start, {zone}"
    parts.append(text(WIDTH - MARGIN, top + height + 36, clock, anchor="end", color=MUTED))
    return parts


def _legend(highest_frac: float, top: float) -> list[str]:
    steps = 6
    right = WIDTH - MARGIN
    left = right - steps * 20 - 44
    swatches = [rect(left + number * 20, top, 20, 10, _shade(number / (steps - 1))) for number in range(steps)]
    return [
        text(left - 6, top + 9, "0 %", anchor="end", color=MUTED),
        *swatches,
        text(right, top + 9, f"{highest_frac * 100:.1f} %", anchor="end", color=MUTED),
    ]


def _shade(share: float) -> str:
    """Mix a colour between that of no curtailment and of the most."""
    none, most = np.array([240, 243, 246]), np.array([190, 44, 24])
    red, green, blue = (none + (most - none) * share**0.7).round().astype(int)
    return f"#{red:02x}{green:02x}{blue:02x}"


def _month_range(months: tuple[int, ...]) -> str:
    follows = all((b - a) % 12 == 1 for a, b in pairwise(months))
    if follows and len(months) > 1:
        return f"{MONTHS[months[0] - 1]} to {MONTHS[months[-1] - 1]}"
    return ", ".join(MONTHS[month - 1] for month in months)
