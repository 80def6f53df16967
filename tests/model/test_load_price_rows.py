"""Price that rises with new load: which load is new, and which block of the curve pays."""

from __future__ import annotations

import numpy as np
import pytest
from small_world import Wish, assert_bites, changed, inputs_of, inputs_with, part, solve, tables
from test_grid_rows import flat, meter_mw, use

from planner.base.errors import InputError
from planner.inputs import Inputs
from planner.model import Model

MARGIN = 0.001
PLACE = {"zone": "west", "year": "2027", "slot": "d1h12"}
STANDING_MW = 3.0


def rising(*settings: str) -> Inputs:
    """Elm draws the same in every hour; all but 3 MW of each zone's load is new."""
    inputs = inputs_of("flexibility.deferral=false", "energy.load_price.allow=true", *settings)
    standing = np.full(inputs.load_price.standing_mw.size, STANDING_MW)
    return changed(flat(inputs, 0.21), "load_price", standing_mw=standing)


def test_a_scenario_without_it_builds_not_one_row_or_column_for_it():
    m = Model(inputs_of())

    assert m.block_mw.over.size == 0
    assert m.p.load_price.zone_slot.size == 0


def test_zone_load_bites_at_the_load_beyond_that_of_the_base_year():
    new_mw = meter_mw(18.0, 0.21) - STANDING_MW

    def carry(mw: float) -> Wish:
        return lambda m: [*use(18.0)(m), part(m.block_mw, **PLACE) <= mw]

    assert_bites("zone_load", rising(), carry(new_mw), carry(new_mw - MARGIN))


def test_a_zone_without_a_curve_of_its_own_has_the_default():
    p = inputs_of("energy.load_price.allow=true").load_price
    east = [p.block.position("east", block, "2027", "d1h12") for block in ("1", "2", "3")]

    peak_mw = 27_500 * 0.2
    assert p.width_mw[east].tolist() == pytest.approx([0.0015 * peak_mw, 0.003 * peak_mw, np.inf])
    assert p.adder_usd_per_mwh[east].tolist() == [0.0, 3.5, 9.5]


def test_a_price_that_rises_never_costs_less_and_a_steeper_one_never_less_than_that(mini):
    once, twice = (
        solve(inputs_of("energy.load_price.allow=true", f"energy.load_price.scale_frac={scale}")) for scale in (1, 2)
    )

    assert mini.cost_musd < once.cost_musd * (1 - 1e-7)
    assert once.cost_musd < twice.cost_musd * (1 - 1e-7)


def test_a_block_less_wide_never_costs_less():
    inputs = inputs_of("energy.load_price.allow=true")
    p = inputs.load_price
    narrow = p.changed(width_mw=p.width_mw * 0.4)

    assert solve(inputs.changed(load_price=narrow)).cost_musd > solve(inputs).cost_musd


@pytest.mark.parametrize("allow", ["true", "false"])
@pytest.mark.parametrize(
    ("column", "value", "place", "words"),
    [
        ("price_adder_usd_per_mwh", 0.7, (6, 9), "price_adder_usd_per_mwh of block 2 is 0.7"),
        ("up_to_peak_frac", 0.0, (5, 8), "up_to_peak_frac of block 1 is 0"),
        ("up_to_peak_frac", np.nan, (5, 8), "up_to_peak_frac of block 1 is blank"),
        ("up_to_peak_frac", 0.3, (6, 8), "up_to_peak_frac of block 2 is 0.3"),
        ("block", 4, (6, 6), "block of block 4 is 4"),
    ],
)
@pytest.mark.parametrize("zone", ["west", "far_off"])
def test_blocks_that_are_no_rising_curve_are_refused_at_their_cell(column, value, place, words, zone, allow):
    blocks = tables()["price_blocks"].copy()
    blocks.loc[blocks["zone"] == "west", "zone"] = zone
    blocks.loc[place[0] - 2, column] = value

    with pytest.raises(InputError) as caught:
        inputs_with(f"energy.load_price.allow={allow}", price_blocks=blocks)

    (problem,) = caught.value.problems
    assert problem.what_is == f"the blocks of {zone} are not rising: {words}"
    assert (problem.line, problem.column) == place
