import numpy as np
import pytest

from planner.lp import ArrayProblem, Axis, Index

SITE = Axis("site", ("us-va-ashburn", "us-tx-dallas", "se-boden"))
YEAR = Axis("year", ("2027", "2028"))
SITES = Index.full("site", SITE)
SITE_YEAR = Index.full("site_year", SITE, YEAR)


@pytest.fixture
def problem():
    """Two blocks of columns and three of rows, small enough to write the matrix by hand."""
    problem = ArrayProblem("hand")
    racks = problem.variable("racks", SITE_YEAR, upper=[4.0, 5.0, 6.0, 7.0, 8.0, 9.0])
    halls = problem.variable("halls", SITES, lower=1.5, upper=20.0, integer=True)
    problem.rows("hall", racks.sum_to(SITES) * 0.25 <= halls + np.array([0.3, 0.7, 0.9]))
    problem.rows("nothing", racks.select([]) >= 3.0)
    problem.rows("demand", racks.total() + racks.select([3]).total() - 6.0 >= 11.0)
    problem.minimise((racks * [2.0, 3.0, 5.0, 7.0, 11.0, 13.0]).total() + halls.total() * 17.0 + 19)
    return problem


def test_the_matrix_is_the_one_written_by_hand(problem):
    matrix = problem.matrix()

    dense = np.zeros((matrix.rows, matrix.columns))
    dense[matrix.row_of_value(), matrix.column] = matrix.value
    np.testing.assert_allclose(
        dense,
        [
            [0.25, 0.25, 0, 0, 0, 0, -1, 0, 0],
            [0, 0, 0.25, 0.25, 0, 0, 0, -1, 0],
            [0, 0, 0, 0, 0.25, 0.25, 0, 0, -1],
            [1, 1, 1, 2, 1, 1, 0, 0, 0],
        ],
    )
    assert len(matrix.value) == 15


def test_columns_and_row_bounds_are_those_written_by_hand(problem):
    columns, rows = problem.columns(), problem.row_bounds()

    np.testing.assert_allclose(columns.cost, [2, 3, 5, 7, 11, 13, 17, 17, 17])
    np.testing.assert_allclose(columns.lower, [0, 0, 0, 0, 0, 0, 1.5, 1.5, 1.5])
    np.testing.assert_allclose(columns.upper, [4, 5, 6, 7, 8, 9, 20, 20, 20])
    assert columns.integer.tolist() == [False] * 6 + [True] * 3
    assert columns.offset == 19
    np.testing.assert_allclose(rows.lower, [-np.inf] * 3 + [17])
    np.testing.assert_allclose(rows.upper, [0.3, 0.7, 0.9, np.inf])


def test_terms_that_cancel_leave_no_zero_behind():
    problem = ArrayProblem()
    racks = problem.variable("racks", SITES)

    problem.rows("limit", racks * 3.0 + racks.select([1]).on(SITES, missing="zero") <= racks * 3.0)

    assert problem.matrix().start.tolist() == [0, 0, 1, 1]


def test_rows_and_columns_are_named_by_block_and_labels(problem):
    assert [problem.row_name(row) for row in range(4)] == [
        "hall(us-va-ashburn)",
        "hall(us-tx-dallas)",
        "hall(se-boden)",
        "demand",
    ]
    assert problem.column_name(3) == "racks(us-tx-dallas,2028)"
    assert problem.column_name(8) == "halls(se-boden)"
    assert problem.row_block("demand") == slice(3, 4)
    assert problem.row_block("nothing") == slice(3, 3)
    assert problem.column_block("halls") == slice(6, 9)
    with pytest.raises(ValueError, match="no block of rows is called 'halls'"):
        problem.row_block("halls")


def test_sizes_count_rows_columns_and_nonzeros(problem):
    assert problem.sizes() == {"rows": 4, "columns": 9, "nonzeros": 15}


@pytest.mark.parametrize("name", ["two words", "x(a", "2nd", "", "a,b"])
def test_a_block_name_that_is_not_a_word_is_refused(name):
    with pytest.raises(ValueError, match="block name"):
        ArrayProblem().variable(name, SITES)


def test_a_block_name_is_used_once(problem):
    with pytest.raises(ValueError, match="'racks' is taken"):
        problem.variable("racks", SITES)
    with pytest.raises(ValueError, match="'demand' is taken"):
        problem.rows("demand", problem.variable("more", SITES) <= 3.0)


def test_numbers_that_no_solver_can_use_are_named_where_they_stand(problem):
    more = problem.variable("more", SITES)

    with pytest.raises(ValueError, match=r"less\(us-tx-dallas\): upper bound is nan"):
        problem.variable("less", SITES, upper=[2.0, np.nan, 3.0])
    with pytest.raises(ValueError, match=r"less\(us-va-ashburn\): lower bound is inf"):
        problem.variable("less", SITES, lower=np.inf)
    with pytest.raises(ValueError, match=r"cap\(se-boden\): upper bound is nan"):
        problem.rows("cap", more <= [2.0, 3.0, np.nan])
    with pytest.raises(ValueError, match="objective's constant is nan"):
        problem.minimise(more.total() + np.nan)


def test_the_objective_is_one_number(problem):
    with pytest.raises(ValueError, match=r"objective is over site.*use \.total"):
        problem.minimise(problem.variable("more", SITES) * 2.0)


def test_a_problem_without_rows_or_columns_has_empty_arrays():
    problem = ArrayProblem()

    assert problem.columns().cost.shape == (0,)
    assert problem.matrix().start.tolist() == [0]
    assert problem.row_bounds().lower.shape == (0,)
