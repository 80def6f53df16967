"""What one more unit is worth, found by solving again."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.base.errors import InputError
from planner.base.words import amount, duration
from planner.inputs.prepared import PreparedScenario
from planner.limits.binding import PLACES
from planner.model import build_model
from planner.scenario import Setting
from planner.studies.explain.words import Statement, number
from planner.studies.solve.asking import Pace
from planner.studies.solve.at_plan import fixed_program, model_at, proof_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from planner.results.proof import Proof
    from planner.runs.plan import PlanViews
    from planner.studies.solve.asking import Asking

# --- One more of a limit, a month less, a millisecond more: the scenario solved again -------------

STEPS: Final = "One month, one millisecond"
_CLASSES_TRIED: Final = 3
_STEP_SHARE: Final = 0.001
_NOTHING_MUSD: Final = 1e-6
_NOISE_USD: Final = 1e-3


@dataclass(frozen=True)
class RightSideStep:
    """A row whose right side moves."""

    block: str  # family of rows
    # labels of its row; where they fit several, as the billing periods of a connection, all of these rows move
    labels: Mapping[str, str]
    by: float  # how far, in the unit of the row


def spot_check(
    question: PreparedScenario, steps: Sequence[RightSideStep], ask: Asking, proof: Proof | None = None
) -> pd.DataFrame:
    """Move rows one at a time and compare the change of cost with their shadow price."""
    model = model_at(question.inputs, proof)
    ask.report_stage("solve the program as it is")
    fixed = fixed_program(question, model, ask, proof)
    session, bounds = fixed.session, fixed.rows
    before = ask.solve_session(question, session)
    lines = []
    for step in steps:
        ask.report_stage(f"solve again: {step.block} {' '.join(step.labels.values())}")
        rows, over = model.problem.row_block(step.block), model.problem.rows_over(step.block)
        moves = np.ones(over.size, dtype=np.bool_)
        for axis, label in step.labels.items():
            moves &= over[axis] == over.axis(axis).code(label)
        dual = before.row_dual[rows][moves].sum()
        by = np.zeros(len(bounds.lower))
        by[rows] = np.where(moves, step.by, 0.0)
        session.set_rows(bounds.lower + by, bounds.upper + by)
        found = ask.solve_session(question, session).objective - before.objective
        foretold = float(dual) * step.by
        off_frac = abs(foretold - found) / max(abs(found), 1e-12)
        lines.append((step.block, " ".join(step.labels.values()), step.by, foretold, found, off_frac))
    table = pd.DataFrame(lines, columns=["what", "place", "step", "foretold_musd", "found_musd", "off_frac"])
    table.attrs["before_musd"] = before.objective
    return table


def tried(solved: PlanViews, table: pd.DataFrame, places: Sequence[int], ask: Asking) -> pd.DataFrame:
    """Solve again with a little more of some limits, and add what that is worth.

    A plan often meets several limits at one point: halls that just hold the racks of the base
    year, say. Then a shadow price is one of many, and more of one limit alone may be worth less.
    """
    axes = (*PLACES, "year")
    made = table.assign(step=np.nan, tried_value=np.nan)
    if not places:
        return made
    rows = table.loc[list(places)]
    steps = [
        RightSideStep(
            str(row["block"]),
            {axis: str(row[axis]) for axis in axes if str(row[axis])},
            min(1.0, _STEP_SHARE * (float(row["limit"]) or 1.0)),
        )
        for _, row in rows.iterrows()
    ]
    question = PreparedScenario(solved.scenario, solved.inputs)
    found = spot_check(question, steps, ask, proof_of(solved.run))
    per_unit = rows["value"].to_numpy() / rows["raw_dual"].to_numpy()
    worth = per_unit * found["found_musd"].to_numpy() / found["step"].to_numpy()
    made.loc[rows.index, "step"] = found["step"].to_numpy()
    made.loc[rows.index, "tried_value"] = np.where(np.abs(worth) > _NOISE_USD, worth, 0.0)
    return made


def one_more(solved: PlanViews, ask: Asking) -> pd.DataFrame:
    """Solve again with a month less and with a millisecond more."""
    question = PreparedScenario(solved.scenario, solved.inputs)
    before = _cost(question, (), ask, "as it was")
    lines = [
        {"what": what, "place": place, "step": by, "unit": unit, "found_musd": after - before}
        for what, place, by, unit, settings in _settings(solved)
        if (after := _cost(question, settings, ask, f"{what} {place}")) is not None and before is not None
    ]
    return pd.DataFrame(lines, columns=["what", "place", "step", "unit", "found_musd"])


def _settings(solved: PlanViews) -> Iterator[tuple[str, str, float, str, tuple[Setting, ...]]]:
    """List settings that move by one month or one millisecond."""
    sooner = Setting(("lead_times", "delay_months"), solved.scenario.lead_times.delay_months - 1.0)
    yield "lead time", "everywhere", -1.0, "months", (sooner,)
    placed = solved.inputs.demand.demand
    demand = placed.frame().assign(kh100e=solved.inputs.demand.demand_kh100e)
    bounded = demand[demand["region"].isin(solved.inputs.tables["demand_regions"]["demand_region"])]
    largest = bounded.groupby("workload")["kh100e"].sum().nlargest(_CLASSES_TRIED)
    bound = solved.inputs.workloads.set_index("workload")["rtt_bound_ms"]
    for workload in largest.index:
        key = ("workloads", str(workload), "rtt_bound_ms")
        yield "latency", str(workload), 1.0, "ms", (Setting(key, float(bound[workload]) + 1.0),)


def _cost(question: PreparedScenario, settings: tuple[Setting, ...], ask: Asking, what: str) -> float | None:
    """Solve with changed settings; None where that is no scenario or has no plan."""
    ask.report_stage(f"solve again: {what}")
    try:
        changed = question.changed(settings)
    except InputError:
        return None
    outcome = ask.solve(changed, build_model(changed.inputs))
    return outcome.objective if outcome.status == "optimal" else None


def about_steps(tables: Mapping[str, pd.DataFrame]) -> Iterator[Statement]:
    """Say what a month and a millisecond change."""
    table = tables["steps"]
    for what, place, unit in zip(table["what"], table["place"], table["unit"], strict=True):
        of = {"what": str(what), "place": str(place)}
        found = number(tables, "steps", "found_musd", "MUSD", **of)
        step = number(tables, "steps", "step", str(unit), **of)
        by = f"{'saves' if found.value < 0 else 'costs'} {amount(abs(found.value))} MUSD"
        if abs(found.value) < _NOTHING_MUSD:
            by = "has no effect"
        text = f"{step.value:+.3g} {unit} of {what} ({place}) {by} (solved again)."
        yield Statement(STEPS, text, (found, step), abs(found.value))


# --- What solving again would add to an explanation, how long it takes, and how far it is ---------

# Shares of the time that the plan took to solve, measured on us-base (25 s of processor time):
_FROM_PLAN: Final = 0.2  # its program with the integers as they are, from the stored plan: 4.5 s
_FROM_BASIS: Final = 0.06  # one figure moved, from the last basis: 1.5 s
_FROM_NOTHING: Final = 0.8  # another program, integers relaxed: 20 s
_LEAST_SECONDS: Final = 0.05  # to build a program and hand it over, however small it is
_SEARCH: Final = 5  # solves to find a lead time or a latency bound by halving


@dataclass(frozen=True)
class Try:
    """Something that is found by solving again."""

    what: str  # as a list in a sentence names it
    solves: int  # how many solves it takes
    share: float  # of all of them, as a share of the time that the plan took. [-]


def list_tries(limits: int, site: str | None, *, steps: bool, grows: bool) -> list[Try]:
    """List what `--resolve` adds."""
    tries = []
    if limits:
        one = "the limit above" if limits == 1 else f"each of the {limits} limits above"
        tries.append(Try(f"a little more of {one}", limits + 1, _FROM_PLAN + limits * _FROM_BASIS))
    if steps:
        tries.append(Try("one month less of lead time", 2, 2 * _FROM_NOTHING))
        tries.append(Try("one millisecond more for the largest workloads", 3, 3 * _FROM_NOTHING))
    if site is not None:
        tries.append(Try(f"one more MW of racks at {site}, its cost of entry", 2, 2 * _FROM_NOTHING))
        tries.append(Try("the price of power at which it has more", 1, _FROM_NOTHING))
        if grows:
            tries.append(Try(f"no new halls at {site}", 1, _FROM_NOTHING))
        else:
            what = "the lead time and the latency bound from which it has more"
            tries.append(Try(what, 2 * _SEARCH, 2 * _SEARCH * _FROM_NOTHING))
    return tries


def would_try(tries: Sequence[Try], solve_s: float) -> str:
    """Say what solving again would add, and how long it would take, where the plan took so long. [s]"""
    seconds = math.fsum(max(one.solves * _LEAST_SECONDS, solve_s * one.share) for one in tries)
    return (
        f"Nothing was solved again. --resolve would try: {'; '.join(one.what for one in tries)}. It would take about "
        f"{duration(seconds)}, as the plan took {duration(solve_s)} to solve."
    )


def counted(
    report: Callable[[str], None], total: int, clock: Callable[[], float] = time.perf_counter
) -> Callable[[str], None]:
    """Say of each solve which it is of how many, and about how long the rest takes."""
    pace, done = Pace(clock), count()
    return lambda what: report(f"{what[:1].upper()}{what[1:]} ({pace.describe(next(done), total)})")
