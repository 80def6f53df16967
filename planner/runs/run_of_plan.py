"""The run of a plan that was just solved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.outputs.run import Run
from planner.results.schema import CHECKS
from planner.runs.meta import describe

if TYPE_CHECKING:
    from planner.runs.plan import Plan

__all__ = ["run_of"]


def run_of(plan: Plan) -> Run:
    """Make a run of a plan that was just solved."""
    checks = plan.verdict.frame()
    typed = checks[list(CHECKS.columns)].astype({c.name: c.dtype for c in CHECKS.fields})
    tables = {**plan.tables, CHECKS.name: typed}
    return Run(describe(plan), tables, dict(plan.inputs.tables), proof_tables=plan.proof.tables, inputs=plan.inputs)
