"""How a violation is weighed: against what, where, and when it counts."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from planner.check.verdict import TOLERANCE, Excess, Rule, Verdict, judged, rule

PLACES = pd.DataFrame({"site": ["ash", "oak", "elm"], "year": [2026, 2027, 2028]})
CASE = SimpleNamespace(computed={})


def of(excess, floor=1.0):
    return judged(Rule("made_up", "Something holds.", "MW", floor, lambda case: excess), CASE)


def test_a_missing_number_is_worse_than_any_that_is_off():
    check = of(Excess.differs(PLACES, np.array([2e-7, 5e-6, np.nan]), np.zeros(3)))

    assert check.broken == 2
    assert check.place == "elm, 2028"


def test_what_is_allowed_grows_with_the_numbers_compared():
    # 40,000 MW may be off by 0.04 MW, 0.5 MW by a millionth of the floor of 1 MW.
    left, right = np.array([40_000.03, 0.5, 7.0]), np.array([40_000.0, 0.5, 7.0])

    check = of(Excess.differs(PLACES, left, right))

    assert check.ok
    assert check.worst == pytest.approx(0.03)
    assert check.tolerance == pytest.approx(0.04, rel=1e-5)
    assert check.place == "ash, 2026"


def test_the_worst_place_is_the_one_worst_against_what_is_allowed_there():
    left, right = np.array([40_000.03, 0.502, 7.0]), np.array([40_000.0, 0.5, 7.0])

    check = of(Excess.differs(PLACES, left, right))

    assert not check.ok
    assert (check.broken, check.tested) == (1, 3)
    assert check.place == "oak, 2027"
    assert check.worst == pytest.approx(0.002)


def test_a_missing_number_is_a_violation():
    check = of(Excess.above(PLACES, np.array([3.0, np.nan, 5.0]), 9.0))

    assert not check.ok
    assert check.worst == np.inf
    assert check.place == "oak, 2027"


def test_nothing_to_test_is_no_violation_and_says_so():
    check = of(Excess.above(PLACES.iloc[:0], np.zeros(0), 3.0), floor=5.0)

    assert check.ok
    assert check.tested == 0
    assert check.tolerance == pytest.approx(5.0 * TOLERANCE)


def test_a_rule_takes_its_words_from_the_first_paragraph_of_its_function():
    @rule(unit="MW")
    def halls_hold(case):
        """Halls hold
        their racks.

        Why it matters is not for the table.
        """
        return case

    assert (halls_hold.name, halls_hold.verified) == ("halls_hold", "Halls hold their racks.")


def test_a_verdict_is_good_only_if_every_check_is():
    good = of(Excess.above(PLACES, np.array([3.0, 4.0, 5.0]), 6.0))
    bad = of(Excess.above(PLACES, np.array([3.0, 4.0, 5.0]), 2.0))

    assert Verdict((good, good)).ok
    assert Verdict((good, bad)).broken == (bad,)
    assert not Verdict((good, bad)).ok
    assert Verdict((good,))["made_up"] is good
