"""The plot of a stress study: what is not served, how energy cost spreads, outages carried."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.svg import INK, MUTED, Frame, document, line, path, rect, text
from planner.stress.study import CASES

if TYPE_CHECKING:
    import pandas as pd

    from planner.stress.study import StressStudy

WIDTH: Final = 1000.0
HEIGHT: Final = 745.0
COLORS: Final = {CASES[0]: "#1d62b0", CASES[1]: "#d6452f", CASES[2]: "#8a5a00"}
PLAN: Final = "#22272e"
_PERCENT: Final = 100.0


def draw_stress(study: StressStudy, *, name: str) -> str:
    """Draw a study."""
    draws = study.settings.draws
    title = f"{name} under stress"
    description = (
        f"{draws} drawn years of weather, prices and outages for each model year, seed "
        f"{study.settings.seed}; the plan is fixed"
    )
    body = [
        text(30, 42, title, size=21, weight=700),
        text(30, 65, description, size=13, color=MUTED),
        *_key(),
        *_exceedance(study.tables["stress_exceedance"]),
        *_costs(study.tables["stress_year"]),
        *_standby(study.tables["stress_standby"]),
    ]
    return document(WIDTH, HEIGHT, title, description, "".join(body))


def _key() -> list[str]:
    parts = []
    for number, (case, color) in enumerate(COLORS.items()):
        left = 30.0 + 170.0 * number
        parts.append(line((left, 88), (left + 24, 88), color, width=2.4))
        parts.append(text(left + 31, 92, case))
    return parts


def _exceedance(table: pd.DataFrame) -> list[str]:
    most = max(float(table["unserved_mwh"].max()), 1.0)
    frame = Frame(100, 160, 850, 190, (0.0, _PERCENT), (0.0, 1.05 * most))
    parts = [
        text(30, 130, "Energy not served in a year: how often as much or more", size=14, weight=700),
        text(30, 147, "over all model years and drawn years, the whole plan", color=MUTED),
        frame.grid(x_unit="% of years", y_unit="MWh"),
    ]
    for case, rows in table.groupby("case"):
        points = [
            frame.to_page(_PERCENT * share, mwh)
            for share, mwh in zip(rows["exceeded_frac"], rows["unserved_mwh"], strict=True)
        ]
        parts.append(path(points, COLORS[str(case)], width=2.2))
    return parts


def _costs(table: pd.DataFrame) -> list[str]:
    rows = table[table["case"] == CASES[0]]
    years = sorted(rows["year"].unique())
    most = float(rows["energy_cost_musd"].max()) or 1.0
    frame = Frame(100, 450, 380, 250, (0.0, float(len(years))), (0.0, 1.08 * most))
    parts = [
        text(30, 420, "Cost of energy: spread of ordinary years", size=14, weight=700),
        text(30, 437, "least to most, and median; million USD a year", color=MUTED),
        frame.grid(x_unit="", y_unit=""),
        rect(90, 702, 400, 24, "#ffffff"),
    ]
    for number, year in enumerate(years):
        costs = rows.loc[rows["year"] == year, "energy_cost_musd"].to_numpy()
        left, low = frame.to_page(number + 0.3, float(costs.min()))
        right, high = frame.to_page(number + 0.7, float(costs.max()))
        parts.append(rect(left, high, right - left, max(low - high, 1.5), COLORS[CASES[0]], tip=str(year)))
        middle = frame.to_page(number + 0.5, float(np.median(costs)))[1]
        parts.append(line((left - 4, middle), (right + 4, middle), PLAN, width=2.0))
        parts.append(text((left + right) / 2, 718, str(year), anchor="middle", color=MUTED))
    return parts


def _standby(table: pd.DataFrame) -> list[str]:
    parts = [
        text(530, 420, "Outages that standby power carries", size=14, weight=700),
        text(530, 437, "share of outages by their length: best, median, worst site", color=MUTED),
    ]
    if table.empty:
        return parts
    last = table[table["year"] == table["year"].max()]
    by = last.groupby("outage_h")["carried_frac"]
    hours = sorted(last["outage_h"].unique())
    frame = Frame(590, 450, 360, 250, (0.0, float(hours[-1])), (0.0, _PERCENT))
    parts.append(frame.grid(x_unit="h", y_unit="%"))
    for values, width, dash in ((by.max(), 1.2, ""), (by.median(), 2.6, ""), (by.min(), 1.2, "")):
        points = [frame.to_page(float(h), _PERCENT * float(values[h])) for h in hours]
        parts.append(path(points, INK if not dash else MUTED, width=width))
    return parts
