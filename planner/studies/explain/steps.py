"""One more of a limit, a month less, a millisecond more: the scenario solved again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.base.errors import InputError
from planner.base.number_format import amount
from planner.inputs.prepared import PreparedScenario
from planner.limits.binding import PLACES
from planner.model import build_model
from planner.scenario import Setting
from planner.studies.explain.explanation import Statement, number
from planner.studies.solve.at_plan import fixed_program, model_at, proof_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from planner.results.program_tables import Proof
    from planner.studies.explain.explanation import ExplainablePlan
    from planner.studies.solve.asking import Asking

__all__ = ["RightSideStep", "about_steps", "one_more", "spot_check", "tried"]

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
        after = ask.solve_session(question, session)
        found = after.objective - before.objective
        foretold = float(dual) * step.by
        lines.append(
            {
                "what": step.block,
                "place": " ".join(step.labels.values()),
                "step": step.by,
                "foretold_musd": foretold,
                "found_musd": found,
                "off_frac": abs(foretold - found) / max(abs(found), 1e-12),
            }
        )
    table = pd.DataFrame(lines)
    table.attrs["before_musd"] = before.objective
    return table


def tried(solved: ExplainablePlan, table: pd.DataFrame, places: Sequence[int], ask: Asking) -> pd.DataFrame:
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


def one_more(solved: ExplainablePlan, ask: Asking) -> pd.DataFrame:
    """Solve again with a month less and with a millisecond more."""
    question = PreparedScenario(solved.scenario, solved.inputs)
    before = _cost(question, (), ask, "as it was")
    lines = [
        {"what": what, "place": place, "step": by, "unit": unit, "found_musd": after - before}
        for what, place, by, unit, settings in _settings(solved)
        if (after := _cost(question, settings, ask, f"{what} {place}")) is not None and before is not None
    ]
    return pd.DataFrame(lines, columns=["what", "place", "step", "unit", "found_musd"])


def _settings(solved: ExplainablePlan) -> Iterator[tuple[str, str, float, str, tuple[Setting, ...]]]:
    """List settings that move by one month or one millisecond."""
    delay = solved.scenario.lead_times.delay_months
    sooner = Setting(("lead_times", "delay_months"), delay - 1.0)
    yield "lead time", "everywhere", -1.0, "months", (sooner,)
    placed = solved.inputs.demand.demand
    demand = pd.DataFrame(
        {
            "workload": placed.labels("workload"),
            "region": placed.labels("region"),
            "kh100e": solved.inputs.demand.demand_kh100e,
        }
    )
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
