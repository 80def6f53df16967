"""The stored program is held to second statements: each block of rows, in worlds that have it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from good_plan import solved

import planner
from planner.check import priced, second
from planner.check.second import STATED, program_as_stated
from planner.check.stated_tables import STATED_TABLES, tables_as_stated
from planner.check.verdict import judged
from planner.runs.reopen import reopen

HERE = Path(__file__).parent
WORLDS = {
    "rich": (),
    "own_power": (),
    "own": (),
    "failover": (),
    "non_firm": (),
    "existing": (),
    "existing fuller": ("halls.free_frac=0.35",),
    "far": (),
    "whole": (),
    "tariffs": (),
    "ends": (),
    "classes": (),
    "rich salvage": ("finance.end_of_horizon=truncated_salvage",),
    "rich chronological": ("time.chronological=true",),
    "rich lots": ("racks.whole=true",),
    "rich by the year": ("contracts.matching.mode=annual",),
    "failover by pairs": ("failover.form=pairs",),
    "whole links": ("siting.open_rows=all",),
    "own_power two years": ("years=[2025,2027]",),
    "own_power twelve hours": ("time.slot_h=12",),
    "own_power whole plants": (
        "supply.whole_sources=true",
        "supply.max_mw={panel: 150, mill: 200, engine: 200, genset: 100, cells: 100}",
    ),
    "own_power fixed duration": ("supply.override.cells.duration_h=4",),
}
FIXED = "own_power fixed duration"
NON_FIRM = (
    *("zone_headroom", "all_headroom", "zone_load", "non_firm_power", "discounted_peak", "discounted_connection"),
    *("shed_hours", "shed_load", "shed_energy"),
)
TARIFFS = ("peak", "billing", "take", "tiers", "contract", "release", "exit", "fee")
WHOLE = ("opening_pace", "hall_phases", "block_least", "block_or_none", "most_sites")
WORLD_OF = {
    **dict.fromkeys(STATED, "own_power"),
    **dict.fromkeys(NON_FIRM, "non_firm"),
    **{f"tariff_{name}": "tariffs" for name in TARIFFS},
    **dict.fromkeys(("reserve_capacity", "failover_power", "neighbour_reserve"), "failover"),
    **dict.fromkeys(WHOLE, "whole"),
    **dict.fromkeys(("stock_only_use", "exact_sites"), "classes"),
    "whole_racks": "rich lots",
    "annual_claims": "rich by the year",
    **dict.fromkeys(("standby_of_service", "shared_reserve"), "failover by pairs"),
    "served_only_if_open": "whole links",
    **dict.fromkeys(("plant_least", "plant_or_none"), "own_power whole plants"),
    "power_balance": "non_firm",
    "battery_duration": FIXED,
    "operated_by_fill": "existing fuller",
}
"""For each statement a world that has rows of it."""
WAYS = {"7 % more": lambda x: 1.07 * x, "the sign": lambda x: -x, "nothing": lambda _: 0.0}


def plan_of(world):
    return solved(HERE / f"{world.split()[0]}.yaml", *WORLDS[world])


def judge(plan, **proof):
    changed = dataclasses.replace(plan.proof, **proof)
    return judged(program_as_stated, dataclasses.replace(plan, proof=changed).case)


def rows_of(plan, name):
    return np.flatnonzero((plan.proof.rows["family"] == name).to_numpy())


@pytest.mark.parametrize("reads_all", [False, True], ids=["sample", "all"])
@pytest.mark.parametrize("world", WORLDS)
def test_a_right_program_is_as_stated(world, reads_all):
    case = dataclasses.replace(plan_of(world).case, reads_all=reads_all)

    check = judged(program_as_stated, case)

    assert check.ok, check.place
    assert check.tested == len(STATED)


def test_as_much_of_the_tables_is_tested_whichever_sites_are_read(monkeypatch):
    monkeypatch.setattr(priced, "_SITES_IN_A_SOLVE", 1)
    sample, every = (
        judged(tables_as_stated, dataclasses.replace(plan_of("own_power").case, reads_all=reads_all))
        for reads_all in (False, True)
    )

    assert (sample.ok, sample.place) == (every.ok, every.place) == (True, "")
    assert sample.tested == every.tested == len(STATED_TABLES)


def test_a_plan_of_which_the_solve_read_some_sites_is_right_where_all_are_read(monkeypatch, tmp_path):
    monkeypatch.setattr(priced, "_SITES_IN_A_SOLVE", 1)
    folder = planner.solve(str(HERE / "own_power.yaml")).save(tmp_path)

    verdict = reopen(folder).verdict()

    assert verdict.ok, verdict.broken


@pytest.fixture
def every_row(monkeypatch, name):
    monkeypatch.setattr(second, "_TERMS_IN_A_SOLVE", np.inf)
    monkeypatch.setattr(second, "STATED", {name: STATED[name]})


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", STATED)
def test_a_wrong_coefficient_is_found(name, way, every_row):
    plan, random = plan_of(WORLD_OF[name]), np.random.default_rng(len(name))
    matrix = plan.proof.matrix
    mine = np.flatnonzero(np.isin(matrix["row"].to_numpy(), rows_of(plan, name)) & (matrix["value"] != 0.0).to_numpy())
    assert len(mine), f"no row of {name}"

    for at in random.choice(mine, min(3, len(mine)), replace=False):
        value = matrix["value"].to_numpy(copy=True)
        value[at] = WAYS[way](value[at])
        check = judge(plan, matrix=matrix.assign(value=value))

        assert not check.ok, matrix.iloc[at]
        assert check.place.startswith(name)


@pytest.mark.parametrize("name", STATED)
def test_a_wrong_bound_or_a_row_that_is_gone_or_renamed_is_found(name, every_row):
    plan = plan_of(WORLD_OF[name])
    rows, at = plan.proof.rows, rows_of(plan, name)[0]
    bounds = [rows[side].to_numpy(copy=True) for side in ("lower", "upper")]
    for bound in bounds:
        bound[at] = bound[at] - 0.01 if np.isfinite(bound[at]) else np.inf * np.sign(bound[at])
    family, other = rows["family"].astype(str), "hall_power" if name == "demand_balance" else "demand_balance"
    renamed, swapped = (rows.assign(family=family.mask(rows.index == at, to)) for to in ("another", other))

    assert not judge(plan, rows=rows.assign(lower=bounds[0], upper=bounds[1])).ok
    assert not judge(plan, rows=renamed.astype({"family": "category"})).ok
    assert not judge(plan, rows=swapped.astype({"family": "category"})).ok


def test_a_sample_finds_what_is_wrong_in_all_rows_of_a_block(monkeypatch):
    plan = plan_of("own_power")
    monkeypatch.setattr(second, "_TERMS_IN_A_SOLVE", 20)
    matrix = plan.proof.matrix
    at = np.isin(matrix["row"].to_numpy(), rows_of(plan, "state_of_charge")) & (matrix["value"] < -1.0).to_numpy()

    assert at.any()
    assert not judge(plan, matrix=matrix.assign(value=matrix["value"].where(~at, 1.1 * matrix["value"]))).ok
