import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.lp import UNIT, ArrayProblem, Axis, Expression, Index

SITE = Axis("site", ("a", "b", "c"))
YEAR = Axis("year", ("2027", "2028"))
SITES = Index.full("site", SITE)
SITE_YEAR = Index.full("site_year", SITE, YEAR)


@pytest.fixture
def racks():
    problem = ArrayProblem()
    problem.variable("before", SITES)
    return problem.variable("racks", SITE_YEAR)


# Three columns come before the six of `racks`.
PLAN = np.array([9.0, 9.5, 9.7, 2.0, 3.0, 5.0, 7.0, 11.0, 13.0])
RACKS = PLAN[3:]


def test_what_is_not_linear_is_refused(racks):
    with pytest.raises(TypeError, match="not linear"):
        racks * racks
    with pytest.raises(TypeError, match="not linear"):
        racks / racks


def test_a_factor_that_is_not_a_finite_number_is_named_where_it_stands(racks):
    with pytest.raises(ValueError, match=r"factor nan for \('b', '2027'\) of index site_year"):
        racks * [2.0, 3.0, np.nan, 5.0, 7.0, 11.0]
    with pytest.raises(ValueError, match=r"factor inf for \('a', '2028'\)"):
        racks / [2.0, 0.0, 3.0, 5.0, 7.0, 11.0]
    with pytest.raises(ValueError, match=r"factor nan for \('c',\) of index site"):
        racks.map(SITES, [3, 4], [0, 2], [2.0, np.nan])


def test_an_array_of_another_length_is_refused(racks):
    with pytest.raises(ValueError, match=r"shape \(3,\) does not fit index site_year of 6"):
        racks * np.array([2.0, 3.0, 5.0])


def test_expressions_over_different_lists_are_not_added_up(racks):
    with pytest.raises(ValueError, match="different lists"):
        racks + racks.sum_to(SITES)


def test_total_is_one_number_over_the_unit_list(racks):
    total = (racks + 1.5).total()

    assert total.over is UNIT
    np.testing.assert_allclose(total.value(PLAN), [41.0 + 6 * 1.5])


def test_merged_terms_of_a_column_are_added_up_in_the_order_of_writing(racks):
    parts = [(racks * factor).total() for factor in (0.1, 0.7, 1e17, 0.3, -1e17)]
    at_once = parts[0] + parts[1] + parts[2] + parts[3] + parts[4] + 2.5
    step_by_step = parts[0]
    for part in parts[1:]:
        step_by_step = (step_by_step + part).merged()

    merged = at_once.merged()

    assert merged.column.tolist() == sorted(set(racks.column.tolist()))
    sums = np.bincount(at_once.column, weights=at_once.value_of_term)[merged.column]
    assert merged.value_of_term.tolist() == sums.tolist()
    assert step_by_step.value_of_term.tolist() == sums.tolist()  # to the last bit
    assert merged.constants.tolist() == [2.5]


def test_map_refuses_positions_off_the_list_and_unequal_lengths(racks):
    with pytest.raises(ValueError, match="position -1 is off"):
        racks.map(SITES, [-1], [0])
    with pytest.raises(ValueError, match="position 3 is off"):
        racks.map(SITES, [0], [3])
    with pytest.raises(ValueError, match="differ in number"):
        racks.map(SITES, [0, 2], [0, 1], [2.0])


@pytest.mark.parametrize(
    ("compare", "lower", "upper"),
    [
        (lambda e: e <= 7.0, -np.inf, 4.0),
        (lambda e: e >= 7.0, 4.0, np.inf),
        (lambda e: e == 7.0, 4.0, 4.0),
        (lambda e: np.full(6, 7.0) <= e, 4.0, np.inf),
        (lambda e: np.full(6, 7.0) >= e, -np.inf, 4.0),
    ],
)
def test_a_comparison_moves_constants_into_the_bounds(racks, compare, lower, upper):
    row = compare(racks + 3.0)

    np.testing.assert_allclose(row.lower, np.full(6, lower))
    np.testing.assert_allclose(row.upper, np.full(6, upper))
    np.testing.assert_allclose(row.expression.value(PLAN), RACKS)


def test_a_comparison_has_no_truth_value(racks):
    with pytest.raises(TypeError, match="no truth value"):
        bool(racks <= 3.0)
    with pytest.raises(TypeError, match="no truth value"):
        assert 2.0 <= racks <= 3.0


def test_empty_expressions_work(racks):
    nothing = racks.select(np.zeros(6, dtype=bool), "nothing")

    np.testing.assert_allclose(nothing.sum_to(SITES).value(PLAN), np.zeros(3))
    assert (nothing * 2.0 + 3.0).value(PLAN).tolist() == []
    assert racks.sum_to(SITES).on(nothing.over).value(PLAN).tolist() == []


# --- laws, against plain loops --------------------------------------------------------------


@st.composite
def sparse_expressions(draw):
    """An affine expression with several terms per tuple over a sparse list of three axes."""
    lengths = draw(st.tuples(*[st.integers(2, 5)] * 3))
    axes = tuple(Axis(name, tuple(map(str, range(length)))) for name, length in zip("abc", lengths, strict=True))
    codes = st.tuples(*(st.integers(0, length - 1) for length in lengths))
    tuples = draw(st.lists(codes, unique=True, min_size=1, max_size=15))
    over = Index.sparse("over", axes, np.array(tuples).T)
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    count = draw(st.integers(0, 40))
    expression = Expression(
        over,
        rng.integers(0, len(tuples), count).astype(np.int32),
        rng.integers(0, 7, count).astype(np.int32),
        rng.normal(size=count),
        rng.normal(size=len(tuples)),
    )
    return tuples, expression, rng


def cut(of_tuple, axis_places):
    return tuple(of_tuple[place] for place in axis_places)


@given(sparse_expressions(), st.permutations([0, 1, 2]), st.integers(0, 3))
def test_sum_to_is_a_loop_that_adds_up(made, order, kept):
    tuples, expression, rng = made
    places = order[:kept]
    axes = tuple(expression.over.axes[place] for place in places)
    target = Index.full("target", *axes)
    x = rng.normal(size=7)

    summed = expression.sum_to(target).value(x)

    expected = dict.fromkeys(np.ndindex(*(len(axis) for axis in axes)), 0.0)
    for of_tuple, value in zip(tuples, expression.value(x), strict=True):
        expected[cut(of_tuple, places)] += value
    np.testing.assert_allclose(summed, list(expected.values()), atol=1e-12)


@given(sparse_expressions(), st.permutations([0, 1, 2]), st.integers(0, 3))
def test_on_is_a_loop_that_looks_up(made, order, kept):
    tuples, expression, rng = made
    places = order[:kept]
    coarse = expression.sum_to(Index.full("c", *(expression.over.axes[p] for p in places)))
    chosen = rng.permutation(coarse.over.size)[: max(1, coarse.over.size // 2)]
    coarse = coarse.select(chosen)
    x = rng.normal(size=7)

    repeated = coarse.on(expression.over, missing="zero").value(x)

    there = {tuple(int(codes[at]) for codes in coarse.over.codes): value for at, value in enumerate(coarse.value(x))}
    expected = [there.get(cut(of_tuple, places), 0.0) for of_tuple in tuples]
    np.testing.assert_allclose(repeated, expected, atol=1e-12)


@given(sparse_expressions(), st.integers(0, 30))
def test_map_is_a_loop_over_pairs(made, pairs):
    tuples, expression, rng = made
    target = Index.full("target", Axis("t", tuple("pqrs")))
    source = rng.integers(0, len(tuples), pairs)
    to = rng.integers(0, 4, pairs)
    factors = rng.normal(size=pairs)
    x = rng.normal(size=7)

    mapped = expression.map(target, source, to, factors).value(x)

    expected, value = np.zeros(4), expression.value(x)
    for s, t, factor in zip(source, to, factors, strict=True):
        expected[t] += factor * value[s]
    np.testing.assert_allclose(mapped, expected, atol=1e-12)
