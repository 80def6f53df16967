"""Every block of rows bites: without it a plan may do what no plan may do with it."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.sparse import csr_array, vstack
from small_world import changed, inputs_of, long_inputs_of, model_of
from test_golden_rows import every_block

from planner.inputs import Inputs
from planner.model import FAMILIES

BLOCKS = [block.name for family in FAMILIES for block in family.CONSTRAINTS]
FIR = "new_sites.fir={name: Fir, country: US, lat: 35.2, lon: -90.1, like: elm, zone: west}"
WHOLE = (FIR, "siting.whole_openings=true")
SETTINGS = {
    "annual_claims": (
        "contracts.ppa={sun: {technology: solar, lead_months: 3}}",
        "contracts.matching={mode: annual, target_frac: 0.57}",
    ),
    "contract_floor": ("flexibility.deferral=false", "grid.contract_min_nameplate_frac=0.95"),
    "deliveries": ("deliveries.scale_frac=0.05",),
    "land_limit": ("sites.elm.land_limit_mw=130",),
    "migration_arrivals": (
        "workloads.train.max_deferral_h=12",
        "workloads.train.moves_between_sites=true",
        "flexibility.move_usd_per_mwh=2",
    ),
    "most_sites": (*WHOLE, "siting.at_most_sites=2"),
    "opening_pace": WHOLE,
}
"""Worlds for blocks that other rows say the same as in the world of all blocks."""
BY_HAND = {"served_only_if_open", "shed_energy", "neighbour_reserve", "failure_cut", "cash_budget"}
"""Blocks for which nothing is left to show there: a test of their own shows where they bite."""


all_blocks = cache(every_block)


def world_of(block: str) -> Inputs:
    if block == "stays_open":
        return long_inputs_of(FIR)
    if block == "water_limit":
        return changed(inputs_of(), "carbon", water_limit_m3=inputs_of().carbon.water_limit_m3 / 100)
    if block == "hall_space":
        return changed(inputs_of(), "halls", density_kw_per_m2=10 * inputs_of().halls.density_kw_per_m2)
    return inputs_of(*SETTINGS[block]) if block in SETTINGS else all_blocks()


@pytest.mark.parametrize("block", sorted({*BLOCKS} - BY_HAND))
def test_a_block_of_rows_bites(block: str) -> None:
    """Another row may say the same as some of its rows, but not as all of them."""
    problem = model_of(world_of(block)).problem
    stored, bounds, columns = problem.matrix(), problem.row_bounds(), problem.columns()
    rows = csr_array((stored.value, stored.column, stored.start), shape=(len(bounds.lower), len(columns.lower)))
    own = np.arange(rows.shape[0])[problem.row_block(block)]
    others = np.setdiff1d(np.arange(rows.shape[0]), own)
    has_lower, has_upper = (others[np.isfinite(side[others])] for side in (bounds.lower, bounds.upper))
    limits = {
        "A_ub": vstack([rows[has_upper], -rows[has_lower]]),
        "b_ub": np.concatenate([bounds.upper[has_upper], -bounds.lower[has_lower]]),
        "bounds": np.stack([columns.lower, columns.upper], axis=1),
    }

    def goes_beyond(row: int, sign: float, bound: float) -> bool:
        terms = rows[[row]].toarray()[0] * sign
        if not np.isfinite(bound) or not terms.any():
            return False
        found = linprog(-terms, **limits)
        return found.status == 3 or (found.status == 0 and -found.fun > sign * bound + 1e-4)  # 3: without bound

    sides = ((1.0, bounds.upper), (-1.0, bounds.lower))
    assert any(goes_beyond(row, sign, side[row]) for row in own for sign, side in sides)


@pytest.mark.parametrize("block", sorted(BY_HAND))
def test_a_block_is_named_by_a_test_that_shows_it_bite(block: str) -> None:
    files = [ast.parse(file.read_text(encoding="utf-8")) for file in Path(__file__).parent.glob("test_*.py")]
    names = [part.name for file in files for part in file.body if isinstance(part, ast.FunctionDef)]

    assert block in BLOCKS
    assert [name for name in names if name.startswith(f"test_{block}_bites")]
