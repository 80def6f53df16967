"""Every row is a limit or a link; every limit is whole, and as the checker has it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from string import Formatter

import numpy as np
import pandas as pd
import pytest

from planner.check import duals
from planner.inputs import TABLES, build_inputs
from planner.inputs.build import PreparedScenario
from planner.limits import BY_NAME, LIMITS, RELAXATIONS, Limit, moved_by
from planner.limits.binding import PLACES, limit_words
from planner.model import FAMILIES, Model, build_model
from planner.scenario import load_scenario
from planner.scenario.keys import field_at
from planner.studies.diagnose.diagnose import rows_of

CHECK = Path(__file__).parent.parent / "check"
WORLDS = ("rich", "own_power", "non_firm", "failover", "whole")
BLOCKS = {block.name: block for family in FAMILIES for block in family.CONSTRAINTS}
LINKED = [name for name, block in BLOCKS.items() if block.links is not None]
PRICED = [limit for limit in LIMITS if limit.price is not None]
BINDING = [limit for limit in LIMITS if limit.binding is not None]
GRAMS = {"kt CO2": "kt"}  # a limit says what of


def by_name(limit: Limit) -> str:
    return limit.name


@cache
def model(world: str) -> Model:
    return build_model(build_inputs(load_scenario(str(CHECK / f"{world}.yaml"))))


def test_every_block_of_rows_is_a_limit_or_a_link_and_none_is_both() -> None:
    limits = [limit.name for limit in LIMITS if limit.decision is None]

    assert sorted([*limits, *LINKED]) == sorted(BLOCKS)


def test_a_limit_without_rows_is_asked_of_a_decision_that_there_is() -> None:
    whole = model("whole").problem
    decisions = [limit.decision for limit in LIMITS if limit.decision is not None]

    assert len(BY_NAME) == len(LIMITS)
    assert decisions
    for decision in decisions:
        whole.column_block(decision.column)  # raises where there is none


@pytest.mark.parametrize("limit", PRICED, ids=by_name)
def test_a_limit_with_a_price_is_reported_and_set_or_says_why_not(limit: Limit) -> None:
    assert (limit.binding is None) == bool(limit.not_reported)
    assert (not limit.set_by) == bool(limit.not_set)


def test_only_a_limit_with_a_price_is_reported_as_binding() -> None:
    assert {limit.name for limit in BINDING} <= {limit.name for limit in PRICED}
    assert not any(limit.not_reported or limit.not_set for limit in set(LIMITS) - set(PRICED))


@pytest.mark.parametrize("limit", BINDING, ids=by_name)
def test_a_limit_is_reported_in_the_unit_and_with_the_labels_of_its_rows(limit: Limit) -> None:
    block = BLOCKS[limit.name]
    places = {name for _, name, _, _ in Formatter().parse(limit.binding.sentence) if name}
    labels = places - {"year", "limit", "start", "built"}

    assert GRAMS.get(limit.binding.unit, limit.binding.unit) == block.unit
    assert {"year", "limit"} <= places
    assert labels <= set(PLACES)
    assert {"curtailment rate" if name == "tier" else name for name in labels} <= {
        axis.strip() for axis in block.over.split(",")
    }


@pytest.mark.parametrize(
    ("operated", "said"),
    [
        ([("elm", "dlc|4N3", 2028, 30.0), ("oak", "dlc|4N3", 2027, 30.0), ("oak", "air|2N", 2028, 30.0)], ""),
        ([("oak", "dlc|4N3", 2028, 30.0)], ", built as 4N3"),
        (
            [("oak", "dlc|block_6to5", 2028, 5.0), ("oak", "dlc|4N3", 2028, 7.0)],
            ", some of it built as 4N3, block 6to5",
        ),
    ],
)
def test_a_full_hall_is_reported_as_it_is_operated_and_as_it_is_built(operated: list, said: str) -> None:
    rows = [(site, hall, "air|N" if hall == "air|2N" else "dlc|2N", year, mw) for site, hall, year, mw in operated]
    tables = {
        "operated": pd.DataFrame(rows, columns=["site", "hall", "as_hall", "year", "operated_mw"]),
        "halls": pd.DataFrame({"site": "oak", "hall": "dlc|2N", "year": [2027, 2028], "operated_mw": 30.0}),
    }
    row = pd.Series(
        {"block": "hall_power", "site": "oak", "hall": "dlc|2N", "year": 2028, "limit": 30, "limit_unit": "MW"}
    )
    row = pd.concat([row, pd.Series(dict.fromkeys(set(PLACES) - set(row.index), ""))])

    sentence = limit_words(row, {**tables, "leads": pd.DataFrame({"site": []})})

    assert sentence == f"Halls at oak (dlc, 2N{said}, 30 MW) are full in 2028, before new ones can be there"


def test_prices_have_the_unit_and_weight_that_the_checker_has_for_them() -> None:
    prices = {limit.name: limit.price for limit in PRICED}

    assert {name: (one.unit, one.units_per_row_unit, one.paid) for name, one in prices.items()} == {
        name: (own.unit, own.units, own.paid) for name, own in duals.PRICES.items()
    }


@pytest.mark.parametrize("world", WORLDS)
def test_the_sign_of_a_price_is_that_of_the_side_that_its_rows_limit(world: str) -> None:
    problem = model(world).problem
    bounds = problem.row_bounds()
    seen = 0
    for limit in PRICED:
        if limit.name not in problem.row_block_names:
            continue
        rows = problem.row_block(limit.name)
        is_most = np.isfinite(bounds.upper[rows]) & ~np.isfinite(bounds.lower[rows])
        by_slot = "slot" in problem.rows_over(limit.name).axis_names
        seen += 1

        assert set(np.where(is_most, -1, 1)) == {limit.price.sign}, limit.name
        # What is worth a MW in all time slices has rows by time slice too.
        assert by_slot or not limit.price.by_slot, limit.name
    assert seen > 5


@pytest.mark.parametrize("limit", LIMITS, ids=by_name)
def test_settings_of_a_limit_are_keys_of_a_scenario_or_tables(limit: Limit) -> None:
    for key in (*(of.key for of in limit.set_by), *limit.moved_by):
        if key.startswith("table "):
            assert key.removeprefix("table ") in TABLES
        else:
            assert field_at(tuple(key.split("."))) is not None, key


def test_every_relief_eases_a_limit_and_is_tried() -> None:
    assert len({relaxation.name for relaxation in RELAXATIONS}) == len(RELAXATIONS)
    for relaxation in RELAXATIONS:
        assert list(rows_of(relaxation)) == [
            name for name in BLOCKS if name in BY_NAME and relaxation in BY_NAME[name].relaxed_by
        ]


def test_a_setting_that_moves_no_limit_is_refused() -> None:
    assert moved_by("siting.block_mw.{workload}") == ("whole_blocks", "block_least", "block_or_none")
    with pytest.raises(LookupError, match=r"no limit is moved by demand\.unmet"):
        moved_by("demand.unmet")


@pytest.mark.parametrize(
    ("world", "name", "place", "stated"),
    [
        (
            "own_power",
            "run_hours",
            "oak,genset,2026",
            ["supply.override.genset.max_hours_per_year: 170 h of full output a year (not written"],
        ),
        ("non_firm", "shed_hours", "oak,2025,d2h18", ["grid.non_firm.shed.max_hours_per_year: 31 h a year ("]),
        (
            "non_firm",
            "shed_energy",
            "oak,2026",
            ["grid.non_firm.shed.max_energy_frac: 0.0004 of the energy that a site would use ("],
        ),
        (
            "non_firm",
            "non_firm_power",
            "oak,2025,d2h18",
            ["sites.oak.grid_firm_mw: 150 MW in 2025", "grid.curtailment_rate_pct: 0.5 % of the"],
        ),
    ],
)
def test_a_limit_without_a_price_names_its_settings(world, name, place, stated) -> None:
    scenario = load_scenario(str(CHECK / f"{world}.yaml"))
    question = PreparedScenario.from_scenario(scenario)
    over = build_model(question.inputs).problem.rows_over(name)
    labels = dict(zip(over.axis_names, place.split(","), strict=True))
    over.position(*labels.values())  # raises where the row is not there

    lines = [of.line(question, labels) for of in BY_NAME[name].set_by]

    assert [line.startswith(text) for line, text in zip(lines, stated, strict=True)] == [True for _ in stated], lines
