"""Keys of rows are numbered as pandas numbers them, in tables of any size, missing ones too."""

import numpy as np
import pandas as pd
import pytest

from planner.check.frames import repeated, sum_by
from planner.check.table import _FEW, coded, labels

TEXTS = np.array(["oak", "ash", "oak", "elm", "ash"], dtype=object)
COLUMNS = {
    "texts": TEXTS,
    "texts and what is missing": np.array(["oak", None, "ash", np.nan, "oak"], dtype=object),
    "texts and numbers": np.array(["oak", 7, "ash", 7.0, "oak"], dtype=object),
    "numbers and truth values": np.array([2, True, 2.0, False, True], dtype=object),
    "years": np.array([2027, 2026, 2029, 2026, 2027]),
    "amounts": np.array([3.5, np.nan, 2.25, 3.5, -2.25]),
    "truth values": np.array([True, False, False, True, True]),
    "dates": np.array(["2026-03-05", "2027-03-05", "2026-03-05"], dtype="datetime64[ns]"),
    "no rows": TEXTS[:0],
    "many texts": np.tile(TEXTS, _FEW),
    "many years": np.tile(np.array([2027, 2026, 2029]), _FEW),
}


@pytest.mark.parametrize("what", COLUMNS)
def test_labels_are_numbered_as_by_pandas(what):
    codes, found = coded(COLUMNS[what])
    by_pandas, distinct = pd.factorize(COLUMNS[what])

    assert codes.dtype == np.int64
    assert codes.tolist() == by_pandas.tolist()
    assert found.dtype == distinct.dtype
    assert list(map(repr, found.tolist())) == list(map(repr, distinct.tolist()))


@pytest.mark.parametrize("what", ["texts", "texts and what is missing", "years", "amounts"])
def test_labels_are_an_index_as_that_of_pandas(what):
    column = COLUMNS[what]

    pd.testing.assert_index_equal(labels(column, "of"), pd.Index(column, dtype=column.dtype, name="of"))


@pytest.mark.parametrize("site", ["texts", "texts and what is missing"])
@pytest.mark.parametrize("rows", [1, _FEW])
def test_rows_with_the_keys_of_one_before_are_those_that_pandas_finds(site, rows):
    frame = pd.DataFrame({"site": COLUMNS[site], "year": [2027, 2026, 2027, 2026, 2026]})
    frame = pd.concat([frame] * rows, ignore_index=True)

    for keys in (["site"], ["year"], ["site", "year"]):
        assert repeated(frame, keys).tolist() == frame.duplicated(keys).tolist()


def test_sums_by_keys_are_those_of_pandas_in_tables_of_any_size():
    for rows in (1, _FEW):
        frame = pd.DataFrame({"site": np.tile(TEXTS, rows), "mw": np.arange(2.0, 2.0 + 5 * rows)})
        own = sum_by(frame, ["site"], frame["mw"])

        assert own.to_dict() == frame.groupby("site")["mw"].sum().to_dict()
