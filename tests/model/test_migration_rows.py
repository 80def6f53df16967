"""Work between sites: what may move, where to, and what a plan makes of opposite prices."""

from __future__ import annotations

import numpy as np
import pytest
from small_world import Solved, Wish, assert_bites, at, changed, inputs_of, only, part, solve

from planner.inputs import Inputs
from planner.model import Model

MOVES = "workloads.train.moves_between_sites=true"
STAYS_IN_TIME = "flexibility.deferral=false"
OAK_MW, ELM_MW = 12.0, 24.0
AIR = ("air24", "air_dry|N", "train", "2027")
RACKS = {("oak", *AIR): OAK_MW, ("elm", *AIR): ELM_MW}
# Per MW of nameplate: busy power that is not idle, mean of it, the share that may wait or move.
FULL = 0.76 * (1 - 0.26)
MEAN = FULL * 0.83 / 1.03
MAY_MOVE = MEAN * 0.4
SPARE = FULL - MEAN  # training is flat, so this is what every slot has left
N_LOAD = 0.0079 + 0.0175 * 0.75 / 1.02 + 0.019  # electrical loss of an N hall per MW of load
MARGIN = 0.001  # MW


@pytest.fixture(scope="module")
def moving() -> Inputs:
    """Training may move between sites, slot by slot, and never waits."""
    return inputs_of(MOVES, STAYS_IN_TIME)


def use_racks(m: Model) -> list:
    """The racks above, and nothing built, turned or connected."""
    return [only(m.used, RACKS), only(m.build, {}), only(m.retrofit, {}), only(m.expand, {})]


def done(m: Model, site: str, slot: str):
    return at(m.migration.done_mw, site, *AIR, slot)


def test_migration_balance_bites_at_the_work_due_at_both_sites(moving):
    def both(mw: float) -> Wish:
        return lambda m: [*use_racks(m), done(m, "oak", "d1h12") + done(m, "elm", "d1h12") <= mw]

    due = MAY_MOVE * (OAK_MW + ELM_MW)
    assert_bites("migration_balance", moving, both(due + MARGIN), both(due - MARGIN))


# --- a plan by hand: two sites with opposite prices -------------------------------------

MOVE_USD = 3.0  # per MWh of IT energy
PLAIN_USD, CHEAP_USD, DEAR_USD = 52.0, 31.0, 97.0
SUN_AT_ELM, SUN_AT_OAK = ("d1h18", "d2h18"), ("d1h12",)
WATER_USD = 2.0


@pytest.fixture(scope="module")
def opposite() -> Inputs:
    """One site is cheap while the other is dear; else prices are alike."""
    inputs = inputs_of(MOVES, STAYS_IN_TIME, "energy.demand_charge=false", f"flexibility.move_usd_per_mwh={MOVE_USD}")
    slot = inputs.power.slot
    price = np.full(slot.size, PLAIN_USD)
    for cheap, dear, hours in (("elm", "oak", SUN_AT_ELM), ("oak", "elm", SUN_AT_OAK)):
        now = np.isin(slot.labels("slot"), hours)
        price[now & (slot.labels("site") == cheap)] = CHEAP_USD
        price[now & (slot.labels("site") == dear)] = DEAR_USD
    water = np.full(len(inputs.sets.site), WATER_USD)
    priced = changed(inputs, "grid", energy_usd_per_mwh=price)
    return changed(priced, "carbon", water_price_usd_per_m3=water)


def usd_per_it_mwh(inputs: Inputs, site: str, slot: str) -> float:
    """What a MWh of work costs at a site in a slot: power with cooling and losses, and water."""
    p, sets = inputs.power, inputs.sets
    s, c, h = sets.site.code(site), sets.cooling.code("air_dry"), sets.slot.code(slot)
    price = inputs.grid.energy_usd_per_mwh[p.slot.position(site, "2027", slot)]
    return price * (1 + p.mechanical_frac[s, c, h] + N_LOAD) + WATER_USD * p.wue_l_per_kwh[s, c, h]


def test_work_leaves_the_dear_site_until_it_has_no_more_or_the_other_no_room(opposite):
    solved = solve(opposite, use_racks)
    stays = solve(changed(opposite, "migration", room_mw_per_mw=opposite.migration.due_mw_per_mw), use_racks)
    weight = dict(zip(opposite.sets.slot.labels, opposite.days.weight_h, strict=True))
    saved_usd, moved = 0.0, {}

    for slot in opposite.sets.slot.labels:
        oak, elm = (usd_per_it_mwh(opposite, site, slot) for site in ("oak", "elm"))
        to_elm = min(OAK_MW * MAY_MOVE, ELM_MW * SPARE)  # all that oak may send
        to_oak = min(ELM_MW * MAY_MOVE, OAK_MW * SPARE)  # all that oak has room for
        gain = abs(oak - elm) - MOVE_USD
        moved[slot] = 0.0 if gain <= 0.0 else (to_elm if oak > elm else -to_oak)
        saved_usd += max(gain, 0.0) * abs(moved[slot]) * weight[slot]
        own = ELM_MW * MAY_MOVE
        assert solved.at(solved.model.migration.done_mw, "elm", *AIR, slot) == pytest.approx(own + moved[slot])

    assert OAK_MW * MAY_MOVE < ELM_MW * SPARE  # work is the limit one way
    assert ELM_MW * MAY_MOVE > OAK_MW * SPARE  # and room the other way
    assert all(moved[slot] == pytest.approx(OAK_MW * MAY_MOVE) for slot in SUN_AT_ELM)
    assert all(moved[slot] == pytest.approx(-OAK_MW * SPARE) for slot in SUN_AT_OAK)
    in_2027 = opposite.finance.year_weight[-1]
    assert stays.cost_musd - solved.cost_musd == pytest.approx(saved_usd / 1e6 * in_2027)


def test_a_move_that_costs_more_than_it_saves_is_not_made(opposite):
    widest = max(
        abs(usd_per_it_mwh(opposite, "oak", slot) - usd_per_it_mwh(opposite, "elm", slot))
        for slot in opposite.sets.slot.labels
    )
    dear = changed(opposite, "migration", move_usd_per_mwh=widest + 0.5)

    solved = solve(dear, use_racks)

    assert np.abs(solved.value(solved.model.migration.migrated_mw)).max() < 1e-6
    assert sum(solved.payments("work_migration").values()) == pytest.approx(0.0, abs=1e-9)


# --- what else must hold ----------------------------------------------------------------


def test_a_program_in_which_no_class_moves_has_no_row_or_column_of_it(mini):
    problem = mini.model.problem

    assert not {"migration_balance", "migration_room", "migration_arrivals"} & set(problem.row_block_names)
    assert mini.model.migration.done_mw.over.size == 0
    assert mini.model.migration.arrived_mwh.over.size == 0


def test_work_is_conserved_over_the_sites_in_every_slot():
    solved = solve(inputs_of(MOVES, STAYS_IN_TIME))
    m = solved.model

    for year in ("2025", "2027"):
        for slot in m.p.sets.slot.labels:
            assert solved.value(part(m.migration.migrated_mw, year=year, slot=slot)) == (pytest.approx([0.0], abs=1e-6))
    assert np.abs(solved.value(m.migration.migrated_mw)).max() > 1.0


def test_sites_with_other_users_keep_their_work():
    # Chat has users that only one of the two sites serves within the tighter bound.
    solved = solve(inputs_of("workloads.chat.moves_between_sites=true", STAYS_IN_TIME))

    assert solved.model.migration.done_mw.over.size > 0
    assert np.abs(solved.value(solved.model.migration.migrated_mw)).max() < 1e-6


def test_no_slot_that_work_leaves_falls_below_its_it_power():
    solved: Solved = solve(inputs_of(MOVES))
    m = solved.model

    it_mw = solved.value(m.it_mw.sum_to(m.p.power.slot) + m.shifted_mw)
    assert np.all(solved.value(m.facility_mw) >= it_mw - 1e-9)
