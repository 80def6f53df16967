"""Block `uncertainty` of a sweep's file: weights, risk and dates, with every mistake in place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from planner.base.errors import InputError
from planner.studies.sweep.axes import Risk, Uncertainty
from planner.studies.sweep.futures import read_sweep

HEAD = """version: 1
base: tiny
axes:
  price: {key: new_sites.north.retail_usd_per_mwh, values: [42, 47]}
futures:
  no rent:
uncertainty:
"""


def read(folder: Path, text: str) -> Uncertainty:
    path = folder / "ways.yaml"
    path.write_text(HEAD + text, encoding="utf-8")
    found = read_sweep(path).file.uncertainty
    assert found is not None
    return found


def problems(folder: Path, text: str) -> list[str]:
    with pytest.raises(InputError) as raised:
        read(folder, text)
    return [str(one).replace(f"{folder / 'ways.yaml'}:", "") for one in raised.value.problems]


def test_futures_are_equally_likely_where_nothing_else_is_said(tmp_path: Path) -> None:
    found = read(tmp_path, "  known_from: 2027\n")

    assert found.known_from == 2027
    assert found.weights == pytest.approx({"price=42": 1 / 3, "price=47": 1 / 3, "no rent": 1 / 3})
    assert (found.risk, found.central) == (Risk(0.0, 1.0), None)


def test_weights_risk_and_the_central_future_are_read(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        """  known_from: 2028
  weights: {no rent: 0.2, price=42: 0.5, price=47: 0.3}
  cvar: {weight: 0.4, tail: 0.25}
  central: price=47
""",
    )

    assert found.weights == {"price=42": 0.5, "price=47": 0.3, "no rent": 0.2}
    assert list(found.weights) == ["price=42", "price=47", "no rent"]  # in the order of futures
    assert (found.risk, found.central) == (Risk(0.4, 0.25), "price=47")


def test_thirds_may_be_written_with_six_decimals(tmp_path: Path) -> None:
    text = "  known_from: 2027\n  weights: {price=42: 0.333333, price=47: 0.333333, no rent: 0.333333}"

    assert sum(read(tmp_path, text).weights.values()) == pytest.approx(1.0, abs=1e-12)


def test_every_mistake_is_named_at_its_place(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        """  known_by: 2027
  weights: {price=42: 1.5, price=48: 0.5}
  cvar: {weight: -0.1, tails: 0.2}
  central: price=4
""",
    )

    assert [line.partition("; meaning: ")[0] for line in found] == [
        "7:1: uncertainty.known_from is missing; must be given",
        "8:3: unknown key 'uncertainty.known_by'; must be a key of the schema; did you mean 'known_from'?",
        "9:3: weights has nothing of 'price=47', 'no rent'; must be a weight of every future; add"
        " them, or leave weights out",
        "9:23: uncertainty.weights.price=42 is 1.5; must be at most 1",
        "9:28: weights has 'price=48'; must be a future of this sweep; did you mean 'price=47'?",
        "10:3: uncertainty.cvar.tail is missing; must be given",
        "10:18: uncertainty.cvar.weight is -0.1; must be at least 0",
        "10:24: unknown key 'uncertainty.cvar.tails'; must be a key of the schema; did you mean 'tail'?",
        "11:12: central is 'price=4'; must be a future of this sweep; did you mean 'price=47'?",
    ]


def test_weights_that_do_not_add_up_to_one_are_refused(tmp_path: Path) -> None:
    found = problems(tmp_path, "  known_from: 2027\n  weights: {price=42: 0.2, price=47: 0.3, no rent: 0.4}\n")

    assert found == [
        "9:3: weights add up to 0.9; must be 1; weights are likelihoods; leave them out for futures"
        " that are equally likely"
    ]


@pytest.mark.parametrize("year", [2026, 2029])
def test_a_year_off_the_horizon_is_refused(tmp_path: Path, year: int) -> None:
    assert problems(tmp_path, f"  known_from: {year}\n") == [
        f"8:15: known_from is {year}; must be a year after 2026, when decisions begin, and up to"
        " 2028, the last model year; take one of them"
    ]


def test_what_is_no_mapping_is_refused(tmp_path: Path) -> None:
    found = problems(tmp_path, "  known_from: soon\n  weights: [0.5, 0.5]\n  cvar: 0.1\n")

    assert [line.split(";")[0] for line in found] == [
        "8:15: uncertainty.known_from is text 'soon'",
        "9:3: uncertainty.weights is a list",
        "10:9: uncertainty.cvar is 0.1",
    ]


def test_the_worst_futures_have_a_mean_cost() -> None:
    costs, weights = np.array([30.0, 70.0, 50.0]), np.array([0.5, 0.2, 0.3])

    # The worst 0.4: 0.2 at 70 and 0.2 of the 0.3 at 50.
    assert Risk(1.0, 0.4).cvar(costs, weights) == pytest.approx(60.0)
    # 0.75 x (15 + 14 + 15) + 0.25 x 60
    assert Risk(0.25, 0.4).objective(costs, weights) == pytest.approx(48.0)
    assert Risk(0.25, 1.0).objective(costs, weights) == pytest.approx(44.0)


def test_a_future_without_a_plan_weighs_without_end_where_it_counts() -> None:
    costs, weights = np.array([30.0, np.inf]), np.array([0.5, 0.5])

    assert Risk(0.5, 0.25).objective(costs, weights) == np.inf
    assert Risk().objective(costs, weights) == np.inf


def test_futures_without_a_plan_cost_without_limit_and_are_no_error() -> None:
    costs, weights = np.array([np.inf, 7.0, np.inf]), np.array([0.5, 0.2, 0.3])

    assert Risk(0.4, 0.25).cvar(costs, weights) == np.inf  # the first is all of the tail
    assert Risk(1.0, 0.25).objective(costs, weights) == np.inf
    assert Risk(0.0, 0.25).objective(np.array([3.0, 7.0, 11.0]), weights) == pytest.approx(6.2)
