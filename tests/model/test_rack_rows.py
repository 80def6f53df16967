"""Racks: in use while they live, delivered in time, moved once."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from small_world import Wish, assert_bites, at, changed, inputs_of, only, part, solve

from planner.lp import Index

RACKS_MW = 1250 * 0.2 / 1.16  # 1.25 GW of facilities, a fifth of them ours, 1.16 MW per MW
# Elm is a campus and holds only training: its part of what stands. The rest of it is at Oak.
OAK_TRAINING_MW = RACKS_MW * (0.62 - 290 / (290 + 830))
AIR_2023_MW, AIR_2024_MW, LIQUID_2025_MW = (OAK_TRAINING_MW * x for x in (0.27, 0.18, 0.55))
MARGIN = 0.01  # MW

OLD_RACKS = ("oak", "air24", "air_dry|N", "train")


def used(*labels: str) -> Mapping[str, object]:
    def ask(mw: float) -> Wish:
        return lambda m: [at(m.used, *labels) >= mw]

    return ask


def test_racks_alive_bites_at_the_stock_that_lives(inputs):
    # Halls of the base year hold their racks exactly; a third more, so that racks are scarce.
    wide = changed(inputs, "halls", existing_mw=inputs.halls.existing_mw * 4 / 3)
    in_2025 = used(*OLD_RACKS, "2025")

    alive = AIR_2023_MW + AIR_2024_MW
    assert_bites("racks_alive", wide, in_2025(alive - MARGIN), in_2025(alive + MARGIN))


def test_moved_racks_leave_one_duty_and_serve_the_other(inputs):
    # In 2027, two years old, 6 of the racks of 2025 go from training to inference.
    stock_mw = {"training": LIQUID_2025_MW, "inference": RACKS_MW * 0.38 * 0.21}
    moved = ("oak", "liquid25", "plate_dry|N", "stock-2025", "2027")

    solved = solve(inputs, lambda m: [only(m.install, {}), only(m.move_out, {moved: 6.0})])

    alive = solved.model.alive
    pool = {
        (duty, year): solved.sum(alive, site="oak", rack="liquid25", duty=duty, year=year)
        for duty in ("training", "inference")
        for year in ("2025", "2027")
    }
    assert pool == pytest.approx(
        {
            ("training", "2025"): stock_mw["training"],
            ("training", "2027"): stock_mw["training"] - 6.0,
            ("inference", "2025"): stock_mw["inference"],
            ("inference", "2027"): stock_mw["inference"] + 6.0,
        }
    )


def test_stock_only_use_bites_at_the_racks_that_stand(inputs):
    # Were liquid25 no longer for chat: chat goes on with the 17.2 MW of 2025 at Oak, and may not
    # have those that move in from training.
    group = ("oak", "liquid25", "plate_dry|2N", "inference", "2027")
    stock_mw = RACKS_MW * 0.38 * 0.21
    p = inputs.racks
    use = p.used.position("oak", "liquid25", "plate_dry|2N", "chat", "2027")
    axes = [p.fleet.axis(name) for name in ("site", "rack", "hall", "duty", "year")]
    listed = [axis.codes([label]) for axis, label in zip(axes, group, strict=True)]
    no_longer = changed(
        inputs,
        "racks",
        stock_only=p.used.select([use], "stock_only"),
        stock_only_group=Index.sparse("stock_only_group", axes, listed),
        stock_only_mw=np.array([stock_mw]),
    )

    def use_in_chat(mw: float) -> Wish:
        here = {"site": "oak", "rack": "liquid25", "hall": "plate_dry|2N"}
        return lambda m: [part(m.used, **here, workload="chat", year="2027") >= mw]

    assert_bites("stock_only_use", no_longer, use_in_chat(stock_mw - MARGIN), use_in_chat(stock_mw + MARGIN))


def test_cohort_moves_bites_at_the_size_of_the_cohort(inputs):
    def move(mw: float) -> Wish:
        return lambda m: [part(m.move_out, site="oak", vintage="stock-2023") >= mw]

    assert_bites("cohort_moves", inputs, move(AIR_2023_MW - MARGIN), move(AIR_2023_MW + MARGIN))


def test_move_balance_bites_where_racks_would_arrive_that_never_left(inputs):
    def arrive(mw: float) -> Wish:
        return lambda m: [
            part(m.move_out, rack="liquid25", year="2027") == 5.0,
            part(m.move_in, rack="liquid25", year="2027") >= mw,
        ]

    assert_bites("move_balance", inputs, arrive(5.0), arrive(5.0 + MARGIN))


@pytest.mark.parametrize(
    ("vendor", "limit_mw"),
    [
        # GW to all customers in the two years since the last model year, of which a fifth is ours
        ("nvidia", (2.9 + 3.7) * 1000 * 0.2),
        ("google", (0.65 + 0.95) * 1000 * 0.2),
    ],
)
def test_deliveries_bites_at_what_a_vendor_makes(inputs, vendor, limit_mw):
    racks = [
        rack
        for rack, code in zip(inputs.sets.rack.labels, inputs.sets.rack_vendor, strict=True)
        if inputs.sets.vendor.labels[code] == vendor
    ]

    def buy(mw: float) -> Wish:
        return lambda m: [sum(part(m.install, rack=rack, year="2027") for rack in racks) >= mw]

    assert_bites("deliveries", inputs, buy(limit_mw - MARGIN), buy(limit_mw + MARGIN))


@pytest.mark.parametrize("number", [3, 40])
def test_whole_racks_bites_between_two_numbers_of_racks(number):
    inputs = inputs_of("racks.whole=true")
    rack_mw = 0.228  # of liquid27

    def bought(racks: float) -> Wish:
        at_oak = ("oak", "liquid27", "plate_dry|2N", "inference", "2027")
        return lambda m: [at(m.install, *at_oak) == racks * rack_mw]

    assert_bites("whole_racks", inputs, bought(number), bought(number + 0.5))


def test_racks_in_integers_never_cost_less_than_shares_of_them(mini):
    whole = solve(inputs_of("racks.whole=true"))
    numbers = whole.value(whole.model.lot_racks)

    assert numbers == pytest.approx(np.round(numbers), abs=1e-6)
    assert numbers.max() > 100
    assert whole.cost_musd >= mini.cost_musd
