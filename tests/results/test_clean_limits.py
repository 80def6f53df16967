"""Which caps on carbon and targets of clean energy bind, by tables written out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from planner.results.clean_limits import caps_that_bind, targets_that_bind

CAPS = pd.DataFrame(
    {
        "year": [2026, 2027, 2028, 2029, 2030],
        "counted_kt": [40.0, 39.0, 40.0, 40.0, 12.0],
        "cap_kt": [40.0, 40.0, 40.0, 40.0, np.nan],
        # without duals nothing is known of the worth, and a cap that is used up binds
        "cap_value_usd_per_t": [55.0, 0.0, 0.0, np.nan, np.nan],
    }
)
TARGETS = pd.DataFrame(
    {
        "pool": ["US", "US", "US", "DE"],
        "year": [2026, 2027, 2028, 2026],
        "target_frac": [0.5, 0.6, np.nan, 0.7],
        "clean_frac": [0.5, 0.8, 0.1, 0.7],
    }
)
PRICES = pd.DataFrame(
    {
        "block": ["clean_target", "clean_target", "clean_target", "carbon_cap"],
        "pool": ["US", "US", "DE", "DE"],
        "year": [2026, 2027, 2026, 2026],
        "value": [9.5, 0.0, -0.5, 7.0],
    }
)


def tables(*, has_duals: bool) -> dict[str, pd.DataFrame]:
    return {
        "carbon_year": CAPS,
        "matching": TARGETS,
        "prices": PRICES,
        "solution": pd.DataFrame({"has_duals": [has_duals]}),
    }


def test_a_cap_binds_where_it_is_used_up_and_not_known_to_be_worth_nothing() -> None:
    binds = caps_that_bind(tables(has_duals=True))

    assert binds["year"].tolist() == [2026, 2029]
    assert binds["cap_kt"].tolist() == [40.0, 40.0]
    assert binds["cap_value_usd_per_t"].iloc[0] == 55.0


@pytest.mark.parametrize(("counted_kt", "count"), [(39.99999, 2), (39.999, 0)])
def test_a_cap_binds_within_a_millionth(counted_kt: float, count: int) -> None:
    almost = CAPS.assign(counted_kt=counted_kt).iloc[[0, 3]]

    assert len(caps_that_bind({"carbon_year": almost})) == count


def test_a_target_binds_by_its_worth() -> None:
    binds = targets_that_bind(tables(has_duals=True))

    assert binds[["pool", "year"]].to_numpy().tolist() == [["US", 2026]]
    assert binds[["target_frac", "value"]].to_numpy().tolist() == [[0.5, 9.5]]


def test_without_duals_a_target_binds_where_just_as_much_is_had() -> None:
    binds = targets_that_bind(tables(has_duals=False))

    assert binds[["pool", "year"]].to_numpy().tolist() == [["US", 2026], ["DE", 2026]]
