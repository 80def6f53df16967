"""Power: from racks in use to the meter, slot by slot, and work that may wait."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from small_world import Wish, assert_bites, at, inputs_of, only, solve

from planner.lp import Expression
from planner.model import Model

CHAT_MW, TRAIN_MW = 10.0, 20.0
RACKS = {
    ("oak", "liquid27", "plate_dry|2N", "chat", "2027"): CHAT_MW,
    ("oak", "air24", "air_dry|N", "train", "2027"): TRAIN_MW,
}
CHAT_FULL = CHAT_MW * 0.79 * (1 - 0.27)
CHAT_DYNAMIC = CHAT_FULL * 0.56 / 1.12
TRAIN_FULL = TRAIN_MW * 0.76 * (1 - 0.26)
TRAIN_DYNAMIC = TRAIN_FULL * 0.83 / 1.03
TRAIN_WAITS, TRAIN_DOES_NOT = TRAIN_DYNAMIC * 0.4, TRAIN_DYNAMIC * (1 - 0.4)
# UPS and distribution: k0 x installed per MW of hall; k1 + k2 x (3/4 of a MW over what is
# installed for it) + distribution, of the load.
N_FIXED, N_LOAD = 0.0061 * 1.02, 0.0079 + 0.0175 * 0.75 / 1.02 + 0.019
NN_FIXED, NN_LOAD = 0.0063 * 2.04, 0.0083 + 0.0182 * 0.75 / 2.04 + 0.0205
# Halls at Oak hold the racks of 2025: training less what stands at Elm, and all of chat.
RACKS_MW = 1250 * 0.2 / 1.16
N_HALLS = RACKS_MW * (0.62 - 290 / (290 + 830)) * 0.96
NN_HALLS = RACKS_MW * 0.38 * 1.01
MARGIN = 0.001  # MW
CHAT_WAITS = ("oak", "conversation", "12h", "2027")


def use_racks(m: Model) -> list:
    """The racks above, and nothing built, turned, operated as another or connected."""
    none = (m.build, m.retrofit, m.operate, m.expand)
    return [only(m.used, RACKS), *(only(decision, {}) for decision in none)]


def using_racks(what: Callable[[Model], Expression]) -> Callable[[float], Wish]:
    """Ask that the racks above be in use and something of them be no more than a figure."""
    return lambda most: lambda m: [*use_racks(m), what(m) <= most]


def test_deferral_balance_bites_at_the_work_due_in_each_half_day(inputs):
    # Work may wait 12 h, two slots of 6 h: what is due in them is done in them.
    done = using_racks(
        lambda m: (
            at(m.defer_mw, "oak", "flat", "12h", "2027", "d1h12")
            + at(m.defer_mw, "oak", "flat", "12h", "2027", "d1h18")
        )
    )

    due = TRAIN_WAITS + TRAIN_WAITS
    assert_bites("deferral_balance", inputs, done(due + MARGIN), done(due - MARGIN))


def test_deferral_balance_bites_at_the_hours_in_which_work_falls_due():
    # Chat that may wait follows its users: more is due in their afternoon than at night.
    inputs = inputs_of("workloads.chat.max_deferral_h=12")
    oak, chat = inputs.sets.site.code("oak"), inputs.sets.shape.code("conversation")
    hours = {
        block: inputs.power.shape_frac[oak, chat, [inputs.sets.slot.code(slot) for slot in block]]
        for block in (("d1h00", "d1h06"), ("d1h12", "d1h18"))
    }

    for block, of_mean in hours.items():
        due = CHAT_DYNAMIC * 0.05 * of_mean.sum()  # 0.05 of it may wait
        done = using_racks(
            lambda m, block=block: at(m.defer_mw, *CHAT_WAITS, block[0]) + at(m.defer_mw, *CHAT_WAITS, block[1])
        )
        assert_bites("deferral_balance", inputs, done(due + MARGIN), done(due - MARGIN))
    assert hours["d1h00", "d1h06"].sum() < hours["d1h12", "d1h18"].sum() - 0.1


def test_deferral_conserves_energy_in_every_half_day(mini):
    m, days = mini.model, mini.model.p.days
    over = m.defer_mw.over
    done = mini.value(m.defer_mw) * days.hours[over["slot"]]
    due = mini.value(m.deferrable_mw.on(over)) * days.hours[over["slot"]]  # training is flat

    half_day = over.frame()[["site", "year"]].assign(block=m.p.power.defer_block, done=done, due=due)
    by_block = half_day.groupby(["site", "year", "block"])[["done", "due"]].sum()

    assert by_block["done"].to_numpy() == pytest.approx(by_block["due"].to_numpy())
    assert np.abs(done - due).max() > 10.0  # MWh; work does move
    moved_mwh = mini.value(m.slot_hours * m.shifted_mw).sum()
    assert moved_mwh == pytest.approx(0.0, abs=1e-6)


def test_a_program_without_deferral_has_no_row_or_column_of_it(mini):
    model = solve(inputs_of("flexibility.deferral=false")).model
    rows = ("deferrable_load", "busy_load", "full_load", "deferral_balance", "deferral_room")
    columns = ("deferrable_mw", "busy_mw", "full_mw", "defer_mw")

    assert not [name for name in names(model) if name in {*rows, *columns}]
    assert {*rows, *columns} <= names(mini.model)


def names(model: Model) -> set[str]:
    problem = model.problem
    rows = {problem.row_name(i).split("(")[0] for i in range(problem.row_count)}
    return rows | {problem.column_name(j).split("(")[0] for j in range(problem.column_count)}


def test_work_that_may_wait_leaves_the_dearest_hours(mini):
    m = mini.model
    over, prices = m.defer_mw.over, m.p.grid.energy_usd_per_mwh
    price = prices[m.p.power.slot.find(over)]
    shifted = mini.value(m.defer_mw) - mini.value(m.deferrable_mw.on(over))

    earned = (shifted * price * m.p.days.weight_h[over["slot"]]).sum()

    assert earned < 0.0
    assert mini.cost_musd < solve(inputs_of("flexibility.deferral=false")).cost_musd


def test_a_rack_in_use_never_draws_more_than_when_busy(inputs):
    # Utilisation times the peak of the day is at most 1, so that dynamic power is at most full.
    p = inputs.power
    peak = p.shape_frac.max(axis=(0, 2))[p.deployment_shape]

    assert np.all(p.deployment_utilisation_frac * peak <= 1.0 + 1e-9)


def test_unused_racks_draw_nothing(inputs):
    solved = solve(inputs, lambda m: [only(of, {}) for of in (m.used, m.build, m.retrofit, m.operate)])

    halls = N_FIXED * N_HALLS + NN_FIXED * NN_HALLS
    meter = solved.value(part_of_oak(solved.model))
    assert meter == pytest.approx(halls)


def part_of_oak(m: Model) -> Expression:
    return m.facility_mw.select(
        (m.facility_mw.over["site"] == m.p.sets.site.code("oak"))
        & (m.facility_mw.over["year"] == m.p.sets.year.code("2027"))
    )
