"""What differs between two programs, counted place by place."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from planner.lp.change import Arrays


def places(at: list[int], value: list[float]) -> SimpleNamespace:
    matrix = SimpleNamespace(value=np.array(value))
    return SimpleNamespace(_places=lambda: np.array(at), matrix=matrix)


def test_coefficients_that_come_go_or_differ_are_counted_once_each() -> None:
    old = places([1, 4, 7], [2.0, 3.0, 5.0])
    new = places([1, 7, 9, 11], [2.0, 6.0, 8.0, 9.0])

    # 4 goes, 7 differs, 9 and 11 come.
    assert Arrays.changed_coefficients(old, new) == 4
    assert Arrays.changed_coefficients(old, places([1, 4, 7], [2.0, 3.5, 5.5])) == 2
