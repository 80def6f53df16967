"""How pandas holds texts while dcplan works, and what stays as its user has set it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import planner
from planner.base.pandas_texts import with_texts_as_objects
from planner.check import check_plan
from planner.runs import write_run
from planner.runs.plan import Plan

_OPTION = "mode.string_storage"


def _checked_again(plan: Plan) -> pd.DataFrame:
    outcome = plan.outcome
    return check_plan(
        plan.scenario,
        plan.inputs,
        plan.results,
        objective_musd=outcome.objective,
        status=outcome.status,
        bound_musd=outcome.dual_bound,
        gap_frac=outcome.gap,
        proof=plan.proof,
    ).frame()


def _assert_same_values(left: pd.DataFrame, right: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(left, right, check_dtype=False, check_column_type=False)


@pytest.mark.parametrize("storage", ["python", "pyarrow"])
def test_pandas_is_left_as_it_was_set(storage: str) -> None:
    with pd.option_context(_OPTION, storage):
        during = with_texts_as_objects(lambda: str(pd.get_option(_OPTION)))()

        assert (during, pd.get_option(_OPTION)) == ("python", storage)


def test_a_plan_is_the_same_however_its_reader_holds_texts(tmp_path: Path) -> None:
    plan = planner.solve("tiny")
    with pd.option_context(_OPTION, "pyarrow"):
        kept = planner.load(write_run(plan, tmp_path, workbook=False))
        verdict = _checked_again(plan)
        of_stored = kept.verdict()

        held = {name: table.dtypes for name, table in kept.results.tables.items()}
    assert held["site_year"]["site"].storage == "pyarrow"
    assert of_stored.broken == ()
    assert plan.results.tables["site_year"]["site"].dtype.storage == "python"
    for name, table in plan.results.tables.items():
        _assert_same_values(kept.results.tables[name], table)
    _assert_same_values(verdict, plan.verdict.frame())
