"""Day charts: power at the meter over the hours of the representative days."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from planner.clock.days import MONTHS
from planner.outputs.report.charts import Series, columns, lines
from planner.outputs.report.markup import NOTHING, Html, element
from planner.outputs.report.page import section

if TYPE_CHECKING:
    from planner.outputs.report.figures import Figures

__all__ = ["days_section"]

_SLOT: Final = re.compile(r"d(\d+)h(\d+)")
_SEASONS: Final = ("Dec to Feb", "Mar to May", "Jun to Aug", "Sep to Nov")
_MOST_DAYS: Final = 13  # the months and a peak day; a longer series is not drawn day by day
_PARTS: Final = (("it_mw", "IT"), ("mechanical_mw", "cooling"), ("electrical_loss_mw", "electrical losses"))


def days_section(figures: Figures) -> Html:
    """Show the load of all sites over the days of the last model year."""
    year = figures.last
    power = figures.run.tables["power_slot"]
    slots = power.loc[power["year"] == year, ["slot", "is_peak_day"]].drop_duplicates()
    days: dict[int, dict[str, str]] = {}
    peak = set()
    for slot, is_peak in slots.itertuples(index=False):
        match = _SLOT.fullmatch(str(slot))
        if match is None:
            return NOTHING
        days.setdefault(int(match[1]), {})[match[2]] = str(slot)
        if is_peak:
            peak.add(int(match[1]))
    if not days or len(days) > _MOST_DAYS:
        return NOTHING
    hours = sorted({hour for of_day in days.values() for hour in of_day})
    places = [f"{hour}:00" for hour in hours]
    total = figures.sums_by("power_slot", "facility_mw", "slot", year=year)
    names = _names(days, peak)
    series = [
        Series(names[day], tuple(total.get((of_day.get(hour, ""),)) for hour in hours))
        for day, of_day in sorted(days.items())
    ]
    chart = lines(f"All sites over the day, {year}, hours in UTC", "MW", places, series)
    parts = [(label, figures.sums_by("power_slot", column, "slot", year=year)) for column, label in _PARTS]
    day = max(peak or days)
    made_of = columns(
        f"What it is made of: {names[day]}, {year}",
        "MW",
        places,
        [Series(label, tuple(of.get((days[day].get(hour, ""),)) for hour in hours)) for label, of in parts],
    )
    return section("days", "Days", element("div", chart, made_of, class_="charts"))


def _names(days: dict[int, dict[str, str]], peak: set[int]) -> dict[int, str]:
    """Name the days: by season or month where there are so many of them."""
    ordinary = sorted(set(days) - peak)
    known = {len(_SEASONS): _SEASONS, len(MONTHS): MONTHS}.get(len(ordinary))
    names = {day: known[at] if known else f"Day {day + 1}" for at, day in enumerate(ordinary)}
    return names | dict.fromkeys(peak, "Peak day")
