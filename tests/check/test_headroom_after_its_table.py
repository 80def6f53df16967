"""What the table of growth has added by its last year is there in the years after it."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest

from planner.check.headroom import headroom_mw

TABLES = {
    "zone_headroom": pd.DataFrame(
        {"zone": ["east", "west"], "curtailment_rate_pct": [0.5, 0.5], "headroom_mw": [400.0, 90.0]}
    ),
    "zone_headroom_growth": pd.DataFrame(
        {"zone": ["east", "east"], "year": [2029, 2030], "added_headroom_mw": [250.0, 300.0]}
    ),
}
CASE = SimpleNamespace(
    scenario=SimpleNamespace(
        grid=SimpleNamespace(headroom_growth=True, headroom_scale_frac=0.5),
        operator=SimpleNamespace(headroom_share_frac=0.2),
    ),
    data=TABLES.__getitem__,
)


def test_headroom_is_held_after_the_last_year_of_its_growth() -> None:
    places = pd.DataFrame({"zone": ["east", "east", "east", "west"], "year": [2029, 2030, 2035, 2032]})

    found = headroom_mw(CASE, places, 0.5)  # type: ignore[arg-type]

    # A tenth of what the zone has and has been added: 400 + 250, 400 + 300 twice, 90.
    assert found == pytest.approx([65.0, 70.0, 70.0, 9.0])
