"""A stored run taken as it is and operated: through drawn years, with few hours in view, in all hours of a year."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np

from planner.base.errors import InputError, Problem
from planner.base.words import some
from planner.inputs import TABLES
from planner.inputs.scope import make_case
from planner.outputs.answer import Answer
from planner.outputs.own_folder import STRESS
from planner.runs.catalogue import find_run
from planner.runs.reopen import StoredPlan, reopen
from planner.scenario import load_scenario
from planner.stress import (
    fixed_plan,
    read_own_hours,
    reliability_of,
    settings_from,
    site_outage_losses,
    stress_study,
    year_of_hours,
)
from planner.studies.dispatch.days_error import DaysError
from planner.studies.dispatch.days_error import days_error as error_of_days
from planner.studies.dispatch.dispatch import Dispatch, window_problems
from planner.studies.dispatch.dispatch import dispatch as operate_years
from planner.tables import read_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from planner.outputs.plots import Drawing
    from planner.stress import FixedPlan, OwnHours, StressSettings, StressStudy
    from planner.stress.simulate import Reliability

    OnOpen = Callable[[StoredPlan, str], None]
    OnShare = Callable[[str, float], None]

Made = TypeVar("Made")
_NAMED: Final = 8


@dataclass(frozen=True, eq=False)
class Asked:
    """A stored plan, what of it is fixed, a user's own hours, and the settings it is operated with."""

    stored: StoredPlan
    plan: FixedPlan
    own: OwnHours | None
    settings: StressSettings

    @property
    def drawn_instead(self) -> str:
        """Say where the plan has temperatures of its own and others are drawn; empty if nowhere."""
        plan, own = self.plan, self.own
        drawn = [
            site
            for at, site in enumerate(plan.sites)
            if site in plan.own_weather and (own is None or np.isnan(own.dry_c[at]).any())
        ]
        if not drawn:
            return ""
        return (
            f"The plan of {some(drawn, _NAMED)} has temperatures of table site_series, and here"
            " weather is drawn about the monthly means of table climate_monthly. Give all hours of"
            " a year with --hours (dry_bulb_c, wet_bulb_c) to use your own."
        )


def asked_of(
    run: str | Path | StoredPlan,
    runs_dir: str | Path,
    years: Sequence[int],
    hours: str | Path | None,
    given: dict[str, Any],
    problems: Sequence[Problem] = (),
) -> Asked:
    """Open the run, and read what is asked of it; every mistake is reported together."""
    found = list(problems)
    table = read_tables(["stress_settings"])["stress_settings"]
    settings = unless_wrong(found, lambda: settings_from(table, given))
    file = None if hours is None else Path(hours)
    if file is not None and not file.is_file():
        fix = "check the path; `dcplan data show own_hours` describes the file"
        found.append(Problem.of("--hours", f"there is no file {str(file)!r}", "a file", fix))
        file = None
    stored = (
        run if isinstance(run, StoredPlan) else unless_wrong(found, lambda: reopen(find_run(str(run), Path(runs_dir))))
    )
    if stored is None:
        raise InputError(found)
    known = ", ".join(map(str, stored.run.years))
    found += [
        Problem.of("--year", f"{year} is not a model year", known, "name one of them")
        for year in years
        if year not in stored.run.years
    ]
    plan = fixed_plan(stored.scenario, stored.run.inputs_tables, stored.run.tables)
    own = None if file is None else unless_wrong(found, lambda: read_own_hours(file, plan.sites))
    if found or settings is None:
        raise InputError(found)
    return Asked(stored, plan, own, settings)


def unless_wrong(problems: list[Problem], make: Callable[[], Made]) -> Made | None:
    """Return what is made, or None, and its problems among the others."""
    try:
        return make()
    except InputError as error:
        problems += error.problems
        return None


def _not_told(*_: object) -> None:
    """Hear nothing of what is opened, or of how far it is."""


@dataclass(frozen=True, eq=False, repr=False)
class Stressed(Answer):
    """What a plan does in years of hours."""

    kind = STRESS
    name: str  # of the plan
    study: StressStudy

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Tables as `STRESS_TABLES` describes them."""
        return self.study.tables

    def plot(self) -> Drawing:
        """Draw what is not served, how energy cost spreads, and outages carried."""
        from planner.outputs.plots import plot_stress

        return plot_stress(self.study, self.name)


def stress_test(
    run: str | Path | StoredPlan,
    *,
    years: Sequence[int] = (),
    hours: str | Path | None = None,
    runs_dir: str | Path = "runs",
    on_open: OnOpen = _not_told,
    on_progress: OnShare = _not_told,
    **settings: Any,
) -> Stressed:
    """Take a plan as it is and run it through drawn years of hours, outages, a heat wave and an emergency.

    Parameters
    ----------
    run : str, Path or StoredPlan
        A stored run: opened, its folder, its name, or a scenario, of which it is the latest.
    years : sequence of int
        Model years; all where left out.
    hours : str or Path, optional
        File of own weather and wholesale prices.
    runs_dir : str or Path
        Folder of the runs.
    on_open : callable, optional
        Called with the stored run, and with a warning or nothing, before anything is computed.
    on_progress : callable, optional
        Called with what is done, and the share that is done.
    **settings
        ``draws``, ``seed`` and others of table ``stress_settings``.

    Returns
    -------
    Stressed
    """
    asked = asked_of(run, runs_dir, years, hours, settings)
    on_open(asked.stored, asked.drawn_instead)
    losses = site_outage_losses(asked.stored.inputs, asked.stored.run.tables)
    on_progress("Drawing years", 0.0)
    of = (asked.plan, asked.settings, _reliability(), losses)
    study = stress_study(*of, own=asked.own, years=years or None, on_progress=on_progress)
    return Stressed(asked.stored.run.title, study)


def dispatch(
    run: str | Path | StoredPlan,
    *,
    window_h: int = 48,
    overlap_h: int = 24,
    years: Sequence[int] = (),
    hours: str | Path | None = None,
    runs_dir: str | Path = "runs",
    on_open: OnOpen = _not_told,
    on_progress: OnShare = _not_told,
    **settings: Any,
) -> Dispatch:
    """Operate a plan hour by hour: with all hours in view, with few, and by rules.

    Parameters
    ----------
    run, years, hours, runs_dir, on_open, on_progress
        As for `planner.stress_test`.
    window_h, overlap_h : int
        Hours in view, and those of them that the next window sees again. [h]
    **settings
        ``seed`` and ``lost_load_usd_per_mwh``.

    Returns
    -------
    Dispatch
    """
    asked = asked_of(run, runs_dir, years, hours, settings, window_problems(window_h, overlap_h))
    stored = asked.stored
    on_open(stored, asked.drawn_instead)
    view: dict[str, Any] = {"window_h": window_h, "overlap_h": overlap_h}
    of = (stored, asked.plan, asked.settings, _reliability())
    return operate_years(*of, **view, years=years or None, own=asked.own, on_progress=on_progress)


def days_error(
    run: str | Path | StoredPlan,
    *,
    years: Sequence[int] = (),
    hours_of: str | Path | None = None,
    runs_dir: str | Path = "runs",
    on_open: OnOpen = _not_told,
    on_progress: OnShare = _not_told,
    **settings: Any,
) -> DaysError:
    """Operate a plan in all 8,760 hours, and compare it with what its representative days count.

    Parameters
    ----------
    run, years, runs_dir, on_open, on_progress
        As for `planner.stress_test`.
    hours_of : str or Path, optional
        Chronological scenario whose 365 days are the hours; those of the run, or drawn ones, if left out.
    **settings
        ``seed`` and ``lost_load_usd_per_mwh``.

    Returns
    -------
    DaysError
    """
    problems: list[Problem] = []
    named = None if hours_of is None else unless_wrong(problems, lambda: load_scenario(hours_of))
    asked = asked_of(run, runs_dir, years, None, settings, problems)
    stored = asked.stored
    on_open(stored, "")
    question, tables = stored.scenario, stored.run.inputs_tables
    if named is not None:
        question, tables = named, read_tables(TABLES, named.data_files)
    on_progress("hours of a year", 0.0)
    year, lost_usd = year_of_hours(make_case(question, tables), asked.settings), asked.settings.lost_load_usd_per_mwh
    of = (stored, asked.plan, year, lost_usd)
    return replace(error_of_days(*of, years=years or None, on_progress=on_progress), seed=asked.settings.seed)


def _reliability() -> Reliability:
    return reliability_of(read_tables(["source_reliability"])["source_reliability"])
