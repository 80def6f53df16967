"""Small pieces of result tables, on figures made up for them."""

from __future__ import annotations

import numpy as np
import pytest

from planner.check.money import HEADINGS
from planner.check.unit_costs import _APART, _BY_NAMEPLATE
from planner.families import HEADINGS as SHARED_BY
from planner.lp import Index
from planner.lp.index import Axis
from planner.model.money import ALL_COSTS
from planner.results.contracts import _allocate_to_dirtiest
from planner.results.demand import weighted_quantile
from planner.results.proof import _labels
from planner.results.store import Results, labels

SITE = Axis("site", ("ash", "bay"))
YEAR = Axis("year", ("2026", "2028"))


def test_clean_power_goes_to_what_is_least_clean_until_it_is_used_up() -> None:
    drawn_mwh = np.array([[5.0, 3.0], [4.0, -2.0]])
    clean_frac = np.array([[0.5, 0.1], [0.3, 0.2]])

    given = _allocate_to_dirtiest(drawn_mwh, clean_frac, 6.5)

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


def test_both_programs_say_for_every_heading_what_its_lines_are_shared_by() -> None:
    # A cost under a new heading must not fall to the nameplate of racks in silence.
    assert set(SHARED_BY) == {line.group for line in ALL_COSTS}
    by_checker = {
        heading: "" if heading in _APART else "nameplate" if heading in _BY_NAMEPLATE else "it energy"
        for heading, _ in HEADINGS.values()
    }
    assert by_checker == dict(SHARED_BY)
