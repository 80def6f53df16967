"""Look-ups and sums over tables find what has their keys."""

import numpy as np
import pandas as pd
import pytest

from planner.check.frames import lookup, lookup_labels, sum_by
from planner.check.verdict import Excess

PLAIN = pd.DataFrame(
    {
        "site": ["ash", "oak", "ash", "elm", "oak"],
        "year": [2026, 2027, 2028, 2026, 2027],
        "used_mw": [3.5, 7.25, 11.5, 2.75, 5.5],
        "is_firm": [True, False, True, True, False],
        "since": pd.to_datetime(["2026-02-03", "2027-04-05", "2028-06-07", "2026-08-09", "2027-10-11"]),
    },
    index=pd.Index([13, 17, 19, 23, 29]),
)


def test_sums_are_found_again_by_their_keys():
    table = PLAIN
    sums = sum_by(table, ["site", "year"], table["used_mw"])

    assert sums["oak", 2027] == 12.75  # 7.25 + 5.5
    rows = pd.DataFrame({"site": ["elm", "oak", "ash"], "year": [2026, 2027, 2027]})
    assert lookup(sums, rows, ["site", "year"], 8.5).tolist() == [2.75, 12.75, 8.5]
    with pytest.raises(ValueError, match="come twice"):
        lookup(table.set_index("site")["used_mw"], rows, ["site"])


def test_a_place_is_found_in_the_part_that_it_is_in():
    sites = pd.DataFrame({"site": ["ash", "oak"], "year": [2026, 2027]})
    zones = pd.DataFrame({"zone": ["north", "south", ""], "year": [2028, 2029, 2030]})
    parts = [Excess.above(of, np.full(len(of), 3.5), 2.5) for of in (sites, zones)]
    both = Excess.of(parts)

    assert [both.labels(row) for row in (1, 2, 4)] == [("oak", "2027"), ("north", "2028"), ("2030",)]
    with pytest.raises(IndexError):
        both.labels(5)


def test_numbers_are_looked_up_by_label_or_are_those_of_none():
    years = PLAIN["year"]

    assert lookup_labels({2026: 7.5, 2028: 3.25}, years, 0.5).tolist() == [7.5, 0.5, 3.25, 7.5, 0.5]
    assert np.isnan(lookup_labels({2026: 7.5}, years)).tolist() == [False, True, True, False, True]
