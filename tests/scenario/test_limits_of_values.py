"""Values at the very limit of what may be are taken."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from planner.scenario.contradictions import _classes
from planner.scenario.values import _whole_or_all


def figures(use: float, peak: float | None, tight_ms: float | None) -> SimpleNamespace:
    return SimpleNamespace(utilisation_frac=use, peak_over_mean_frac=peak, tight_rtt_ms=tight_ms, rtt_bound_ms=30.0)


def test_racks_may_work_at_their_full_work_and_a_tight_bound_may_be_the_bound() -> None:
    workloads = {"chat": figures(0.5, 2.0, 30.0), "train": figures(0.9, None, None)}

    assert list(_classes(SimpleNamespace(workloads=workloads, tree=None))) == []


@pytest.mark.parametrize("value", [1, 7, "all"])
def test_a_number_from_1_or_all_is_taken(value: object) -> None:
    assert _whole_or_all(value) == value


@pytest.mark.parametrize("value", [0, True, 1.5, "7"])
def test_what_is_no_number_from_1_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="an integer from 1, or `all`"):
        _whole_or_all(value)
