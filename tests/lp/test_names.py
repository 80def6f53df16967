import pulp
from hypothesis import given
from hypothesis import strategies as st

from planner.lp import Axis, Index
from planner.lp.expression import to_pulp_name, tuple_name

LABEL = st.text(alphabet="ax_-+[]> /,\\()02d🏭", max_size=6)


@given(st.lists(LABEL, unique=True, min_size=2, max_size=8))
def test_distinct_labels_give_distinct_names(labels):
    axis = Axis("label", tuple(labels))
    pairs = Index.full("pairs", axis, axis.renamed("other"))

    names = [tuple_name("rows", pairs, at) for at in range(len(pairs))]

    assert len(set(names)) == len(pairs)
    assert len(set(map(to_pulp_name, names))) == len(pairs)


@given(LABEL)
def test_pulp_keeps_a_safe_name_as_it_is(label):
    safe = "x" + to_pulp_name(label)

    assert pulp.LpProblem().add_variable(safe).name == safe


def test_a_comma_inside_a_label_is_not_a_comma_between_labels():
    axis = Axis("a", ("p,q", "p", "q", "q,q"))
    pairs = Index.full("pairs", axis, axis.renamed("b"))

    assert tuple_name("x", pairs, pairs.position("p,q", "q")) == r"x(p\,q,q)"
    assert tuple_name("x", pairs, pairs.position("p", "q,q")) == r"x(p,q\,q)"
