import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.lp import UNIT, Axis, Index

SITE = Axis("site", ("a", "a-b", "a_b", "a b", "=1+1", "🏭"))
YEAR = Axis("year", ("2027", "2028", "2030"))


def test_a_full_list_runs_through_the_last_axis_fastest():
    full = Index.full("site_year", SITE, YEAR)

    assert len(full) == 18
    assert full.tuples(4) == ("a-b", "2028")
    assert full.frame().iloc[5].tolist() == ["a-b", "2030"]


def test_a_tuple_that_comes_twice_is_refused_and_named():
    with pytest.raises(ValueError, match=r"\('a_b', '2030'\) is repeated"):
        Index.sparse("pairs", (SITE, YEAR), ([2, 5, 2], [2, 0, 2]))


@pytest.mark.parametrize("code", [-1, 3])
def test_a_code_off_its_axis_is_refused(code):
    with pytest.raises(ValueError, match="off axis year"):
        Index.sparse("years", (YEAR,), ([1, code],))


@pytest.mark.parametrize("code", [-1, 3])
@pytest.mark.parametrize("sites", [(0, 1, 2, 3, 4, 5), (1, 4)], ids=["dense lookup", "sorted lookup"])
def test_a_code_off_its_axis_is_not_taken_for_another_tuple(code, sites):
    # Site 2 in year code 3 of 3 would have the key of site 3 in year 0.
    listed = Index.sparse("site_year", (SITE, YEAR), (sites, (0,) * len(sites)))
    raw = Index("raw", (SITE, YEAR), (np.array([2]), np.array([code])), 1)

    with pytest.raises(ValueError, match=f"index raw: code {code} is off axis year"):
        listed.find(raw)


def test_codes_that_are_not_integers_are_refused():
    with pytest.raises(ValueError, match="not integers"):
        Index.sparse("years", (YEAR,), ([1.0, 2.0],))


def test_code_arrays_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match="all of one length"):
        Index.sparse("pairs", (SITE, YEAR), ([2, 5], [2]))


def test_find_gives_minus_one_where_the_projection_is_missing():
    some = Index.sparse("some", (YEAR,), ([2, 0],))

    assert some.find(Index.full("site_year", SITE, YEAR))[:6].tolist() == [1, -1, 0, 1, -1, 0]


def test_find_refuses_an_axis_of_one_name_with_other_labels():
    other = Axis("year", ("2027", "2028"))

    with pytest.raises(ValueError, match="other labels"):
        Index.full("year", YEAR).find(Index.full("year", other))


def test_position_finds_one_tuple_and_names_a_missing_one():
    some = Index.sparse("some", (SITE, YEAR), ([4, 3], [2, 1]))

    assert some.position("a b", "2028") == 1
    with pytest.raises(ValueError, match=r"has no tuple \('a b', '2027'\)"):
        some.position("a b", "2027")
    with pytest.raises(ValueError, match="does not name one label"):
        some.position("a b")


def test_select_takes_masks_and_distinct_positions():
    years = Index.full("year", YEAR)

    assert years.select(years["year"] != 1, "ends").labels("year").tolist() == ["2027", "2030"]
    assert years.select([2, 1]).labels("year").tolist() == ["2030", "2028"]
    with pytest.raises(ValueError, match="is repeated"):
        years.select([2, 2])
    with pytest.raises(ValueError, match="mask of shape"):
        years.select([True, False])
    with pytest.raises(ValueError, match="position 3 is off"):
        years.select([3])


def test_empty_lists_work_everywhere():
    full = Index.full("site_year", SITE, YEAR)
    empty = full.select(np.zeros(len(full), dtype=bool))

    assert len(empty) == 0
    assert full.find(empty).tolist() == []
    assert set(empty.find(full)) == {-1}
    assert empty.frame().columns.tolist() == ["site", "year"]
    assert len(UNIT.select([False])) == 0
    assert UNIT.find(empty).tolist() == []


@st.composite
def tuples_of_three_axes(draw):
    lengths = draw(st.tuples(*[st.integers(2, 40)] * 3))
    axes = tuple(Axis(name, tuple(map(str, range(length)))) for name, length in zip("abc", lengths, strict=True))
    codes = st.tuples(*(st.integers(0, length - 1) for length in lengths))
    chosen = draw(st.lists(codes, unique=True, max_size=30))
    return axes, chosen


@given(tuples_of_three_axes(), st.data())
def test_find_agrees_with_a_dictionary_of_tuples(three, data):
    axes, chosen = three
    finer = Index.sparse("finer", axes, np.array(chosen, dtype=int).reshape(-1, 3).T)
    pairs = [(c[2], c[0]) for c in chosen] + [(len(axes[2]) - 1, len(axes[0]) - 1)]
    pairs = list(dict.fromkeys(data.draw(st.permutations(pairs))))[: max(1, len(pairs) // 2)]
    coarser = Index.sparse("coarser", (axes[2], axes[0]), np.array(pairs).T)

    found = coarser.find(finer)

    place = {pair: at for at, pair in enumerate(pairs)}
    assert found.tolist() == [place.get((c[2], c[0]), -1) for c in chosen]
