"""The study: ordinary years, a heat wave, an emergency of the grid, standby power."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from planner.base.errors import InputError
from planner.base.units import HOURS_PER_DAY, USD_PER_MUSD
from planner.clock.days import DAYS_PER_MONTH
from planner.stress.fixed import FixedPlan, StressEvent
from planner.stress.simulate import (
    DURATIONS_H,
    Reliability,
    SimulatedYear,
    carry_probability,
    generators,
    simulate_year,
    stress_table,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pandas as pd

    from planner.stress.weather import OwnHours, StressSettings


CASES: Final = ("ordinary years", "heat wave", "grid emergency")
"""What the plan is put through; the second and third come on top of the first."""

_GENERATOR: Final = "diesel_backup"
_HOURS: Final = int(HOURS_PER_DAY)
_FIRST_OF_MONTH: Final = np.concatenate([[0], np.cumsum(DAYS_PER_MONTH)[:-1]])
_OF_YEAR: Final = (
    *("used_mwh", "grid_mwh", "unserved_mwh", "overload_mwh", "generator_mwh", "battery_mwh"),
    *("put_off_mwh", "late_mwh", "given_up_mwh"),
)
_MEAN_AT_SITE: Final = (
    *("overload_h", "design_h", "outage_h", "generator_h", "unserved_h", "unserved_mwh"),
    *("put_off_h", "put_off_mwh", "late_mwh", "given_up_mwh"),
)
_MOST_AT_SITE: Final = {
    **{"peak_mw": "peak_mw", "overload_mw": "overload_mw"},
    **{"generator_most_h": "generator_h", "unserved_most_mwh": "unserved_mwh"},
}
"""What tables say of a year, and of a site: the mean of drawn years, and the most."""


@dataclass(frozen=True)
class StressStudy:
    """What came of it."""

    settings: StressSettings  # what the plan was put through
    tables: dict[str, pd.DataFrame]  # as `STRESS_TABLES` describes them


def reliability_of(table: pd.DataFrame, source: str = _GENERATOR) -> Reliability:
    """Return how standby generators start and run, of table `source_reliability`."""
    rows = table[table["onsite"] == source]
    if rows.empty:
        raise InputError.at("data/source_reliability.csv", f"no row for {source}", "", "add it")
    names = ("operational_availability_frac", "start_failure_frac", "mean_time_to_failure_h")
    return Reliability(*(float(rows.iloc[0][name]) for name in names))


def stress_study(
    plan: FixedPlan,
    settings: StressSettings,
    reliability: Reliability,
    losses: pd.DataFrame,
    *,
    own: OwnHours | None = None,
    years: Sequence[int] | None = None,
    on_progress: Callable[[str, float], None] = lambda _case, _share: None,
) -> StressStudy:
    """Put a fixed plan through hours it was not planned for."""
    chosen = [y for y, year in enumerate(plan.years) if years is None or year in years]
    total, done = len(chosen) * len(CASES) * -(-365 // 7), 0  # weeks
    found: list[tuple[str, int, SimulatedYear]] = []
    for case in CASES:
        for year in chosen:

            def on_window(case: str = case) -> None:
                nonlocal done
                done += 1
                on_progress(case, done / total)

            event: dict[str, Any] = {"with_outages": case == "ordinary years"}
            if case == "grid emergency":
                event["cut"] = _emergency(plan, year, settings)
            elif case == "heat wave":
                event["heat"] = _heat_wave(plan, settings)
            result = simulate_year(plan, year, settings, reliability, **event, own=own, on_window=on_window)
            found.append((case, year, result))
    tables = {
        "stress_year": stress_table("stress_year", _years(plan, found)),
        "stress_site": stress_table("stress_site", _sites(plan, found)),
        "stress_exceedance": stress_table("stress_exceedance", _exceedance(found)),
        "stress_standby": stress_table("stress_standby", _standby(plan, settings, reliability, chosen)),
        "stress_loss": losses[losses["year"].isin([plan.years[y] for y in chosen])],
    }
    return StressStudy(settings, tables)


def _heat_wave(plan: FixedPlan, settings: StressSettings) -> StressEvent:
    """A heat wave in the middle of the month in which the sites, by load, are hottest."""
    month = int((plan.it_mw[-1].mean(axis=-1) @ plan.dry.mean_c.mean(axis=2)).argmax())
    middle = int(_FIRST_OF_MONTH[month]) + DAYS_PER_MONTH[month] // 2
    days = round(settings.heat_wave_days)
    return StressEvent(_within_year(middle - days // 2, days, 365) * _HOURS, days * _HOURS, settings.heat_wave_k)


def _emergency(plan: FixedPlan, year: int, settings: StressSettings) -> StressEvent:
    """An emergency of every zone around the hour in which the plan draws most."""
    hours = np.concatenate([plan.hours(plan.used_mw[year], day, 1).sum(axis=0) for day in range(365)])
    peak = int(hours.argmax())
    lasts = round(settings.curtailment_h)
    first = _within_year(peak - lasts // 2, lasts, hours.size)
    return StressEvent(first, lasts, settings.curtailment_frac)


def _within_year(first: int, count: int, year: int) -> int:
    """Move what would begin before a year or end after it, so that none of it is lost."""
    return max(0, min(first, year - count))


def _years(plan: FixedPlan, found: list[tuple[str, int, SimulatedYear]]) -> Iterator[dict[str, object]]:
    for case, year, hours in found:
        load = plan.load_kh100e[year]
        for draw in range(len(hours.used_mwh)):
            # What is not served of a site's power is not served of its work.
            used_mwh = hours.used_mwh[draw]
            lost = np.divide(hours.unserved_mwh[draw], used_mwh, out=np.zeros_like(used_mwh), where=used_mwh > 0.0)
            cost = hours.energy_usd[draw].sum() + hours.source_usd[draw].sum()
            yield {
                **{"case": case, "year": plan.years[year], "draw": draw + 1, "energy_cost_musd": cost / USD_PER_MUSD},
                **{name: getattr(hours, name)[draw].sum() for name in _OF_YEAR},
                "unserved_kh100e": float(lost @ load),
            }


def _sites(plan: FixedPlan, found: list[tuple[str, int, SimulatedYear]]) -> Iterator[dict[str, object]]:
    for case, year, hours in found:
        for s, site in enumerate(plan.sites):
            if not hours.used_mwh[:, s].any():
                continue
            yield {
                "case": case,
                "site": site,
                "zone": plan.zones[s],
                "year": plan.years[year],
                "connection_mw": plan.firm_mw[year, s] + plan.non_firm_mw[year, s].max(),
                **{name: getattr(hours, of)[:, s].max() for name, of in _MOST_AT_SITE.items()},
                **{name: getattr(hours, name)[:, s].mean() for name in _MEAN_AT_SITE},
            }


def _exceedance(found: list[tuple[str, int, SimulatedYear]]) -> Iterator[dict[str, object]]:
    """Give what is not served, largest first, over how often as much or more is not."""
    for case in CASES:
        pooled = [hours.unserved_mwh.sum(axis=1) for name, _, hours in found if name == case]
        ordered = np.sort(np.concatenate(pooled))[::-1]
        for rank, mwh in enumerate(ordered, start=1):
            exceeded_frac = rank / (ordered.size + 1)  # Weibull's plotting position
            yield {"case": case, "rank": rank, "exceeded_frac": exceeded_frac, "unserved_mwh": mwh}


def _standby(
    plan: FixedPlan, settings: StressSettings, reliability: Reliability, chosen: list[int]
) -> Iterator[dict[str, object]]:
    """Give the probability that standby power carries an outage, at the peak of each site."""
    for year in chosen:
        use_mw = plan.it_mw[year] + plan.loss_mw[year] + plan.other_mw[year]
        overhead = plan.overhead_frac(year, plan.dry.design_c[:, None], plan.wet.design_c[:, None])
        peak_mw = (use_mw + overhead * plan.it_mw[year]).max(axis=-1)
        count = generators(plan.generator_mw[year], settings.generator_mw)
        needed = generators(peak_mw, settings.generator_mw)
        # A battery that cannot carry the load alone does not carry an outage alone.
        alone = plan.battery_mw[year] >= peak_mw
        stored = plan.level_mwh[year].mean(axis=-1)
        for s, site in enumerate(plan.sites):
            if peak_mw[s] <= 0.0:
                continue
            battery_h = stored[s] / peak_mw[s] if alone[s] else 0.0
            fuel_h = settings.fuel_h * plan.generator_mw[year, s] / peak_mw[s]
            units = {"needed": int(needed[s]), "fuel_h": fuel_h, "battery_h": battery_h}
            site_year = {"site": site, "year": plan.years[year], "peak_mw": peak_mw[s], "generators": int(count[s])}
            for hours in DURATIONS_H:
                carried = carry_probability(hours, count=int(count[s]), reliability=reliability, **units)
                of = {"outage_h": hours, "carried_frac": carried, "generator_mw": plan.generator_mw[year, s]}
                yield {**site_year, **units, **of}
