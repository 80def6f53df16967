"""Small pieces of result tables, on figures made up for them."""

from __future__ import annotations

from planner.check.money import HEADINGS
from planner.check.unit_costs import _APART, _BY_NAMEPLATE
from planner.families import HEADINGS as SHARED_BY
from planner.lp import Index
from planner.lp.index import Axis
from planner.model.money import ALL_COSTS
from planner.results.proof import _labels

SITE = Axis("site", ("ash", "bay"))
YEAR = Axis("year", ("2026", "2028"))


def test_rows_of_a_user_s_own_beyond_the_blocks_have_no_labels() -> None:
    blocks = [("land", Index.full("land", SITE)), ("cap", Index.full("cap", YEAR))]

    found = _labels(blocks, 6)

    assert found["family"].tolist()[:4] == ["land", "land", "cap", "cap"]
    assert list(found["site"].codes) == [0, 1, -1, -1, -1, -1]
    assert list(found["year"].codes) == [-1, -1, 0, 1, -1, -1]
    assert list(found["family"].codes) == [0, 0, 1, 1, -1, -1]


def test_both_programs_say_for_every_heading_what_its_lines_are_shared_by() -> None:
    # A cost under a new heading must not fall to the nameplate of racks in silence.
    assert set(SHARED_BY) == {line.group for line in ALL_COSTS}
    by_checker = {
        heading: "" if heading in _APART else "nameplate" if heading in _BY_NAMEPLATE else "it energy"
        for heading, _ in HEADINGS.values()
    }
    assert by_checker == dict(SHARED_BY)
