"""What the command for a sweep says of its futures."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from planner.cli.futures import _print_sweep
from planner.studies.sweep import SweepResult
from planner.studies.sweep import answers as kept
from planner.studies.sweep.answers import FutureResult, futures


def test_differences_within_the_gaps_are_no_ranks(capsys: pytest.CaptureFixture[str]) -> None:
    # Each plan may cost 20 MUSD less: 0.8 MUSD between two of them is no difference, 61.5 is.
    def answer(name: str, cost: float, unmet: float) -> FutureResult:
        figures = (
            ("npv_of_unmet_compute_musd", None, "MUSD", unmet),
            ("npv_of_rack_capital_musd", None, "MUSD", cost - unmet),
        )
        bound = cost - 20.0
        more = {"objective_musd": cost, "bound_musd": bound, "gap_frac": 20.0 / cost, "rules": 300}
        return FutureResult(name, "within_gap", figures=figures, **more)

    named = [("a", 640.8, 12.5), ("b", 640.0, 11.0), ("c", 701.5, 67.25), ("d", 0.0, 0.0)]
    questions = [SimpleNamespace(name=name, future=SimpleNamespace(labels={})) for name, *_ in named]
    answers = {name: answer(name, *of) for name, *of in named[:3]}

    table = futures(questions, answers)

    assert table["rank_low"].tolist() == [1, 1, 3, pd.NA]
    assert table["rank_high"].tolist() == [2, 2, 3, pd.NA]
    assert table["penalty_musd"].tolist()[:3] == [12.5, 11.0, 67.25]
    nothing = pd.DataFrame()
    results = kept.figures(questions, answers)
    no_regret = pd.DataFrame(columns=["kind", "site", "item", "year", "least_mw"])
    _print_sweep(SweepResult(Path("kept"), table, results, nothing, no_regret, nothing))
    said = " ".join(capsys.readouterr().out.split())
    assert "(b) to 701.5 MUSD (c): 61.5 MUSD, of which +56.25 MUSD is the penalty of unmet" in said
    assert "1-2" in said
    assert "the gaps of the plans are as large as the differences" in said
