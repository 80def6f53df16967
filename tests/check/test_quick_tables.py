"""Tables of the checker do what those of pandas do, and nobody writes into their cells."""

import pickle

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from planner.check.frames import keyed, lookup, lookup_labels, sum_by
from planner.check.table import Table, side_by_side, stacked, table_of
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
ZONES = pd.DataFrame({"site": ["oak", "ash", "elm"], "zone": ["north", "south", None]})


def same(made, by_pandas):
    assert isinstance(made, Table)
    texts = by_pandas.select_dtypes("str").columns
    assert_frame_equal(pd.DataFrame(made), by_pandas.astype(dict.fromkeys(texts, object)), check_column_type=False)


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t[["year", "since", "site"]],
        lambda t: t[t["used_mw"] > 3.0],
        lambda t: t[(t["used_mw"] > 3.0).to_numpy()],
        lambda t: t[t["used_mw"] > 99.0],
        lambda t: t.take(np.array([4, 0, 0])),
        lambda t: t.assign(used_mw=t["used_mw"] * 2.0, what="racks", level=3),
        lambda t: t.assign(far=t["used_mw"].iloc[::-1]),  # laid by the labels of rows
        lambda t: t.assign(of=lambda of: of["year"] + 4),
        lambda t: t.rename(columns={"used_mw": "reported_mw"}),
        lambda t: t.reset_index(drop=True),
        lambda t: t.drop_duplicates(["site", "year"]),
        lambda t: t.drop_duplicates("site"),
    ],
)
def test_a_table_changes_as_in_pandas(change):
    same(change(table_of(PLAIN)), change(PLAIN))


@pytest.mark.parametrize("key", ["site", ["site"], ["site", "year"], ["since", "year"]])
def test_a_table_by_columns_is_that_of_pandas(key):
    made, by_pandas = table_of(PLAIN).set_index(key), PLAIN.set_index(key)

    assert made.index.to_list() == by_pandas.index.to_list()
    assert made.index.names == by_pandas.index.names
    assert list(made.columns) == list(by_pandas.columns)


@pytest.mark.parametrize("how", ["inner", "left"])
def test_tables_join_as_in_pandas(how):
    same(table_of(PLAIN).merge(ZONES, how=how, on="site"), PLAIN.merge(ZONES, how=how, on="site"))
    few = ZONES.iloc[:2]  # a site without a zone: left out, or empty
    made, by_pandas = (of.merge(few, how=how, on="site") for of in (table_of(PLAIN), PLAIN))
    assert made["zone"].fillna("?").to_list() == by_pandas["zone"].fillna("?").to_list()


def test_tables_are_laid_one_after_the_other_and_side_by_side():
    same(stacked(PLAIN, PLAIN.iloc[1:3]), pd.concat([PLAIN, PLAIN.iloc[1:3]], ignore_index=True))
    other = PLAIN[["site", "used_mw"]].assign(used_mw=[2, 3, 5, 7, 11])
    by_pandas = pd.concat([PLAIN, other], ignore_index=True)
    same(table_of(stacked(PLAIN, other)), by_pandas)
    wide = side_by_side(PLAIN, other.rename(columns={"site": "to", "used_mw": "reported_mw"}))
    assert wide["reported_mw"].to_list() == [2, 3, 5, 7, 11]
    assert list(wide.columns) == [*PLAIN.columns, "to", "reported_mw"]


def test_a_table_of_columns_is_that_of_pandas():
    columns = {"site": np.array(["ash", "oak"], dtype=object), "year": [2026, 2028], "mw": 7.5}
    same(table_of(columns), pd.DataFrame(columns))
    odd = {"site": pd.Series(["ash", "oak"], index=[1, 0]), "mw": pd.Series([2.5, 3.5])}
    same(table_of(table_of(odd)), pd.DataFrame(odd))


def test_a_cell_cannot_be_written_but_a_column_replaced():
    table = table_of(PLAIN)
    picked = table[["site", "used_mw"]]

    with pytest.raises(ValueError, match="read-only"):
        picked.loc[17, "used_mw"] = 99.0
    picked["used_mw"] = 99.0

    assert table["used_mw"].to_list() == [3.5, 7.25, 11.5, 2.75, 5.5]


def test_sums_are_found_again_by_their_keys():
    table = table_of(PLAIN)
    sums = sum_by(table, ["site", "year"], table["used_mw"])

    assert sums["oak", 2027] == 12.75  # 7.25 + 5.5
    rows = pd.DataFrame({"site": ["elm", "oak", "ash"], "year": [2026, 2027, 2027]})
    assert lookup(sums, rows, ["site", "year"], 8.5).tolist() == [2.75, 12.75, 8.5]


def test_a_place_is_found_in_the_part_that_it_is_in():
    sites = pd.DataFrame({"site": ["ash", "oak"], "year": [2026, 2027]})
    zones = pd.DataFrame({"zone": ["north", "south", ""], "year": [2028, 2029, 2030]})
    parts = [Excess.above(of, np.full(len(of), 3.5), 2.5) for of in (sites, zones)]
    both = parts[0].and_also(parts[1])

    assert [both.labels(row) for row in (1, 2, 4)] == [("oak", "2027"), ("north", "2028"), ("2030",)]
    assert both.place["year"].to_list() == [2026, 2027, 2028, 2029, 2030]
    with pytest.raises(IndexError):
        both.labels(5)


def test_a_table_that_is_changed_in_place_is_read_as_changed():
    table = table_of(PLAIN)
    copy = table.copy(deep=False)

    copy.loc[17, "used_mw"] = 99.5  # into a copy of the column
    copy["year"] = [2031, 2032, 2033, 2034, 2035]
    copy.insert(0, "zone", ["north", "south", "north", "east", "south"])
    copy.columns = ["zone", "place", *copy.columns[2:]]
    copy.index = [2, 3, 5, 7, 11]
    picked = copy[copy["year"] > 2033][["place", "year"]]

    assert copy["used_mw"].to_list() == [3.5, 99.5, 11.5, 2.75, 5.5]
    assert picked.index.to_list() == [7, 11]
    assert picked["place"].to_list() == ["elm", "oak"]
    assert list(copy.assign(level=4).columns)[:2] == ["zone", "place"]
    same(table, PLAIN)


def test_a_table_is_stored_and_read_as_it_is():
    made = pickle.loads(pickle.dumps(table_of(PLAIN)[["year", "site"]]))

    same(made, PLAIN[["year", "site"]])


def test_numbers_are_looked_up_by_label_or_are_those_of_none():
    years = table_of(PLAIN)["year"]

    assert lookup_labels({2026: 7.5, 2028: 3.25}, years, 0.5).tolist() == [7.5, 0.5, 3.25, 7.5, 0.5]
    assert np.isnan(lookup_labels({2026: 7.5}, years)).tolist() == [False, True, True, False, True]


def test_rows_as_an_index_are_those_of_pandas():
    rows = PLAIN[["site", "year"]].iloc[[0, 1, 3]]

    assert keyed(table_of(rows)).equals(pd.MultiIndex.from_frame(rows))
    assert keyed(rows).get_indexer(keyed(PLAIN[["site", "year"]])).tolist() == [0, 1, -1, 2, 1]
