"""Small pieces of result tables, on figures made up for them."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from planner.lp import Index
from planner.lp.axis import Axis
from planner.results.contracts import _filled
from planner.results.failover import _mean_ms, _value_musd
from planner.results.frame import labels
from planner.results.latency import weighted_quantile
from planner.results.proof import _labels
from planner.results.types import Results

SITE = Axis("site", ("ash", "bay"))
YEAR = Axis("year", ("2026", "2028"))


def test_clean_power_goes_to_what_is_least_clean_until_it_is_used_up() -> None:
    drawn_mwh = np.array([[5.0, 3.0], [4.0, -2.0]])
    clean_frac = np.array([[0.5, 0.1], [0.3, 0.2]])

    given = _filled(drawn_mwh, clean_frac, 6.5)

    # All of the 3 at 0.1, none for what is sold, 3.5 of the 4 at 0.3, and no more.
    assert given.tolist() == [[0.0, 3.0], [3.5, 0.0]]


def test_the_quantile_of_a_group_leaves_those_before_it_aside() -> None:
    rtt_ms = np.array([7.0, 20.0, 5.0, 10.0, 9.0])
    kh100e = np.array([1.0, 1.0, 3.0, 1.0, 4.0])
    group = np.array([1, 0, 1, 0, 1])

    # Half of 8 is reached at 7 ms: 3 at 5 ms and 1 at 7 ms.
    found = weighted_quantile(rtt_ms, kh100e, group, 3, 0.5)

    assert found[:2].tolist() == [10.0, 7.0]
    assert np.isnan(found[2])


def test_a_mean_round_trip_is_over_users_with_a_place() -> None:
    place = np.array([0, 0, 1, 1])
    kh100e = np.array([3.0, 1.0, 5.0, 2.0])
    rtt_ms = np.array([20.0, 40.0, np.nan, 30.0])

    assert _mean_ms(place, kh100e, rtt_ms, 2).tolist() == [25.0, 30.0]


def test_a_reserve_is_worth_its_price_in_money_of_its_year() -> None:
    reserve = Index.sparse("reserve", (SITE, YEAR), ([0, 1], [1, 0]))
    solved = SimpleNamespace(
        dual=lambda name: np.array([-6.0, -8.0]) if name == "reserve_capacity" else None,
        year_weight=np.array([4.0, 1.5]),
        p=SimpleNamespace(failover=SimpleNamespace(reserve=reserve)),
    )

    # 6 x 3 / 1.5 and 8 x 5 / 4 MUSD.
    assert _value_musd(solved, np.array([3.0, 5.0])).tolist() == [12.0, 10.0]
    solved.dual = lambda name: None
    assert _value_musd(solved, np.array([3.0, 5.0])) is None


def test_years_are_numbers_and_other_labels_texts() -> None:
    columns = labels(Index.full("site_year", SITE, YEAR), np.array([1, 2]))

    assert columns["year"].tolist() == [2028, 2026]
    assert list(columns["site"]) == ["ash", "bay"]


def test_rows_of_a_user_s_own_beyond_the_blocks_have_no_labels() -> None:
    blocks = [("land", Index.full("land", SITE)), ("cap", Index.full("cap", YEAR))]

    found = _labels(blocks, 6)

    assert found["family"].tolist()[:4] == ["land", "land", "cap", "cap"]
    assert list(found["site"].codes) == [0, 1, -1, -1, -1, -1]
    assert list(found["year"].codes) == [-1, -1, 0, 1, -1, -1]
    assert list(found["family"].codes) == [0, 0, 1, 1, -1, -1]


def test_a_table_is_an_attribute_and_another_name_is_none() -> None:
    results = Results({"plan": "the plan"})  # type: ignore[dict-item]

    assert results.plan == "the plan"
    with pytest.raises(AttributeError, match="results have no table 'plans'; there are plan"):
        _ = results.plans
