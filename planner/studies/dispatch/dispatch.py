"""A plan operated with few hours in view, next to perfect foresight and to the rules of stress."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from planner.base.errors import InputError, Problem
from planner.base.units import HOURS_PER_YEAR, USD_PER_MUSD
from planner.stress.simulate import simulate_year
from planner.studies.dispatch.operated import operated
from planner.studies.dispatch.program import operate

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence

    from planner.base.arrays import Floats
    from planner.inputs.inputs import Inputs
    from planner.outputs.run import Run
    from planner.scenario import Scenario
    from planner.stress import FixedPlan, OwnHours, StressSettings
    from planner.stress.standby import Reliability
    from planner.studies.dispatch.operated import Fleet
    from planner.studies.dispatch.program import Operation

__all__ = ["COLUMNS", "WAYS", "Dispatch", "dispatch", "window_problems"]

WAYS: Final = ("perfect foresight", "rolling windows", "rules of stress")
"""How the plan is operated: all hours of the year in view, few of them, or none."""
COLUMNS: Final = {
    "year": "model year",
    "way": "how the plan is operated",
    "cost_musd": "cost of energy, on-site technologies and what is short, less what is sold",
    "above_musd": "cost above that of perfect foresight",
    "energy_musd": "grid energy at delivered prices, before demand charges, tariffs and contracts",
    "source_musd": "fuel of on-site technologies, and what they and batteries cost by output",
    "sold_musd": "own power sold, at the hour's wholesale price by the share of the scenario",
    "short_musd": "energy that is short, at the price of unmet compute or of lost load",
    "used_mwh": "energy that the sites use",
    "grid_mwh": "energy drawn from the grid",
    "source_mwh": "output of on-site technologies that may run at any hour",
    "taken_mwh": "energy taken out of the cells of batteries",
    "short_mwh": "energy that connection, on-site technologies and batteries do not deliver",
}
"""What each column of the table says."""
_LONGEST_H: Final = int(HOURS_PER_YEAR)
_WEEK_H: Final = 168
"""Without batteries no hour depends on another: their windows are a week, whatever was asked."""


@dataclass(frozen=True, eq=False)
class Dispatch:
    """What it costs to operate a plan."""

    run: str  # name of the run
    window_h: int  # hours in view, and those of them that the next window sees again
    overlap_h: int
    table: pd.DataFrame  # `COLUMNS`, three rows per model year
    batteries: int  # batteries in the year operated that has most; without any, foresight of hours is worth nothing

    def to_dict(self) -> dict[str, Any]:
        """Return all in types of JSON."""
        return {
            "run": self.run,
            "window_h": self.window_h,
            "overlap_h": self.overlap_h,
            "batteries": self.batteries,
            "years": self.table.to_dict("records"),
        }


def window_problems(window_h: int, overlap_h: int) -> list[Problem]:
    """List what is wrong with a window."""
    problems = []
    if not 1 <= window_h <= _LONGEST_H:
        expected = f"1 to {_LONGEST_H} hours"
        problems.append(Problem("--window-h", None, None, f"it is {window_h}", expected, ""))
    if not 0 <= overlap_h < max(window_h, 1):
        expected = f"0 hours or more, and fewer than the window's {window_h}"
        problems.append(Problem("--overlap-h", None, None, f"it is {overlap_h}", expected, ""))
    return problems


def dispatch(
    run: Run,
    plan: FixedPlan,
    scenario: Scenario,
    inputs: Inputs,
    settings: StressSettings,
    reliability: Reliability,
    *,
    window_h: int = 48,
    overlap_h: int = 24,
    years: Sequence[int] | None = None,
    own: OwnHours | None = None,
    on_progress: Callable[[str, float], None] = lambda _what, _share: None,
    interrupt: threading.Event | None = None,
) -> Dispatch:
    """Operate a plan through 8,760 hours, three times on the same weather and prices."""
    problems = window_problems(window_h, overlap_h)
    if problems:
        raise InputError(problems)
    rows: list[dict[str, object]] = []
    batteries = 0
    for year, label in enumerate(plan.years):
        if years is not None and label not in years:
            continue
        fleet = operated(plan, scenario, inputs, run.tables, year, settings, own)
        batteries = max(batteries, len(fleet.batteries.mw))
        stores = np.flatnonzero(fleet.has_battery)
        others = fleet.select(np.flatnonzero(~fleet.has_battery))

        def report(what: str, label: int = label) -> Callable[[float], None]:
            return lambda share: on_progress(f"{label}: {what}", share)

        alone = operate(others, _WEEK_H, 0, on_window=report("sites"), interrupt=interrupt)
        with_stores = fleet.select(stores)
        every = [
            (one, operate(one, _LONGEST_H, 0, on_window=report("all hours"), interrupt=interrupt))
            for one in (fleet.select(stores[at : at + 1]) for at in range(len(stores)))
        ]
        # Windows begin the year with what is best to begin and to end it with.
        begin_mwh = np.zeros(len(with_stores.batteries.mw))
        for at, (_, found) in enumerate(every):
            begin_mwh[with_stores.batteries.site == at] = found.begin_mwh
        rolling = operate(
            with_stores, window_h, overlap_h, begin_mwh=begin_mwh, on_window=report("windows"), interrupt=interrupt
        )
        rest = _figures(others, alone)
        perfect = _sum([rest, *(_figures(one, found) for one, found in every)])
        rolled = _sum([rest, _figures(with_stores, rolling)])
        ruled = _by_rules(fleet, plan, year, settings, reliability, own)
        for way, figures in zip(WAYS, (perfect, rolled, ruled), strict=True):
            paid = sum(figures[name] for name in ("energy_musd", "source_musd", "short_musd"))
            cost = paid - figures["sold_musd"]
            rows.append({"year": label, "way": way, "cost_musd": cost, **figures})
    table = pd.DataFrame(rows)
    least = table.groupby("year")["cost_musd"].transform("first")
    table["above_musd"] = table["cost_musd"] - least
    return Dispatch(str(run.meta["run"]), window_h, overlap_h, table[list(COLUMNS)], batteries)


def _figures(fleet: Fleet, found: Operation) -> dict[str, float]:
    """Add up what sites do in a year, and what it costs."""
    short_usd = found.short_mw.sum(axis=1) @ fleet.short_usd_per_mwh
    source_usd = found.output_mw.sum(axis=1) @ fleet.sources.usd_per_mwh
    source_usd = source_usd + found.discharge_mw.sum(axis=1) @ fleet.batteries.usd_per_mwh
    return {
        "energy_musd": float((found.grid_mw * fleet.usd_per_mwh).sum()) / USD_PER_MUSD,
        "source_musd": float(source_usd) / USD_PER_MUSD,
        "sold_musd": float((found.sold_mw * fleet.sell_usd_per_mwh).sum()) / USD_PER_MUSD,
        "short_musd": float(short_usd) / USD_PER_MUSD,
        "used_mwh": float(fleet.use_mw.sum()),
        "grid_mwh": float(found.grid_mw.sum()),
        "source_mwh": float(found.output_mw.sum()),
        "taken_mwh": float((found.discharge_mw.sum(axis=1) / fleet.batteries.discharge_frac).sum()),
        "short_mwh": float(found.short_mw.sum()),
    }


def _sum(parts: Sequence[dict[str, float]]) -> dict[str, float]:
    return {name: sum(part[name] for part in parts) for name in parts[0]}


def _by_rules(
    fleet: Fleet, plan: FixedPlan, year: int, settings: StressSettings, reliability: Reliability, own: OwnHours | None
) -> dict[str, float]:
    """Operate by the rules of stress: sources and batteries as in the plan, whatever the hour."""
    found = simulate_year(plan, year, replace(settings, draws=1), reliability, own=own, with_outages=False)
    sources, batteries = fleet.sources, fleet.batteries
    planned_mwh = sources.planned_mw.sum(axis=1)
    # More than in the plan: firm technologies at their mean, batteries at their highest cost.
    by_site = _by_site(fleet, planned_mwh * sources.is_firm)
    usd = _by_site(fleet, planned_mwh * sources.is_firm * sources.usd_per_mwh)
    most, cycled = np.zeros((2, len(fleet.sites)))
    np.maximum.at(most, sources.site, sources.is_firm * sources.usd_per_mwh)
    np.maximum.at(cycled, batteries.site, batteries.usd_per_mwh)
    per_mwh = np.divide(usd, by_site, out=most, where=by_site > 0.0)
    more_usd = found.source_mwh[0] @ per_mwh + found.battery_mwh[0] @ cycled
    planned_usd = planned_mwh @ sources.usd_per_mwh + batteries.planned_mwh @ batteries.usd_per_mwh
    source_usd = planned_usd + more_usd
    short_mwh = found.unserved_mwh[0] + found.generator_mwh[0]
    level = plan.hours(plan.level_mwh[year], 0, 365)
    fallen = np.maximum(-np.diff(level, axis=1), 0.0).sum()
    return {
        "energy_musd": float(found.energy_usd[0].sum()) / USD_PER_MUSD,
        "source_musd": float(source_usd) / USD_PER_MUSD,
        "sold_musd": float((fleet.planned_sale_mw * fleet.sell_usd_per_mwh).sum()) / USD_PER_MUSD,
        "short_musd": float(short_mwh @ fleet.short_usd_per_mwh) / USD_PER_MUSD,
        "used_mwh": float(found.used_mwh[0].sum()),
        "grid_mwh": float(found.grid_mwh[0].sum()),
        "source_mwh": float(planned_mwh.sum() + found.source_mwh[0].sum()),
        "taken_mwh": float(fallen + found.battery_mwh[0].sum()),
        "short_mwh": float(short_mwh.sum()),
    }


def _by_site(fleet: Fleet, of_source: Floats) -> Floats:
    total = np.zeros(len(fleet.sites))
    np.add.at(total, fleet.sources.site, of_source)
    return total
