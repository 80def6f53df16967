import pytest

from planner.lp import Axis

SITE = Axis("site", ("a", "a-b", "a_b", "a b", "=1+1", "🏭"))


def test_labels_that_differ_in_one_character_stay_apart():
    assert [SITE.code(label) for label in SITE.labels] == [0, 1, 2, 3, 4, 5]


def test_an_unknown_label_is_named_with_its_axis():
    with pytest.raises(ValueError, match="axis site has no label 'boden'"):
        SITE.codes(["a b", "boden"])


def test_a_label_that_comes_twice_is_refused():
    with pytest.raises(ValueError, match="'x' is repeated"):
        Axis("site", ("y", "x", "x"))


def test_a_label_that_is_not_text_is_refused():
    with pytest.raises(ValueError, match="2027 is not text"):
        Axis("year", (2027,))
