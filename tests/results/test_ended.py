"""The words for how a solve ended say how integers were set, and only where they were."""

from __future__ import annotations

import pandas as pd
import pytest

from planner.results.ended import ended

GAP = "Feasible within the required gap, not proven optimal"


@pytest.mark.parametrize(
    ("found_by", "words"),
    [
        ("branch and bound", GAP),
        ("relaxed (ipm), rounded and fixed (simplex, gap 0.41%)", f"{GAP}; integers rounded"),
        (
            "relaxed (ipm), rounded and fixed (simplex, gap 3.7%), tightened (17 rows), "
            "dived in 5 solves and fixed (simplex, gap 2.9%), searched (simplex, strictly)",
            f"{GAP}; integers rounded, then dived, then searched",
        ),
    ],
)
def test_a_plan_within_a_gap_says_how_its_integers_were_set(found_by: str, words: str) -> None:
    meta = {"status": "within_gap", "gap_frac": 0.0073, "bound_musd": 3210.4}

    end = ended(meta, pd.DataFrame({"found_by": [found_by]}))

    assert end.light == "good"
    assert end.words == words
    assert str(end) == f"{words}; no plan costs less than 3,210 MUSD, 0.73% below"
