"""Non-firm connection: what it carries, when it is off, what is then shed."""

from __future__ import annotations

import pytest
from small_world import Wish, assert_bites, at, changed, inputs_of, long_inputs_of, only, part
from test_grid_rows import flat, meter_mw, use, with_firm

from planner.inputs import Inputs
from planner.model import Model

MARGIN = 0.001
FIRM_MW = 10.0
ELM = ("elm", "2027")
NEW = (*ELM, "0.5")  # of the only tier
# 0.5 % of 8,760 h are 43.8 h: all 18 h of the slot that the peak day begins with, the most
# stressed of the west's summer hours, and 25.8 h of the 540 h of its most stressed winter slot.
OFF, PARTLY_OFF = (*ELM, "d4h00"), (*ELM, "d0h06")
PARTLY_OFF_FRAC = (0.005 * 8760 - 18) / 540
# air24 for training, as in test_grid_rows: idle with companions, and at work
IDLE, DYNAMIC = 0.76 * 0.26 + 0.06 * 0.7, 0.76 * (1 - 0.26) * 0.83 / 1.03
WAITS = 0.4


def elm(*settings: str) -> Inputs:
    """Elm may have non-firm connection beside 10 MW firm; training draws the same in every hour."""
    inputs = inputs_of("flexibility.deferral=false", "grid.non_firm={allow: true, sites: [elm]}", *settings)
    return with_firm(inputs, FIRM_MW)


def with_shed(*settings: str) -> Inputs:
    return flat(elm("grid.non_firm.shed={allow: true, max_energy_frac: 1}", *settings), 0.21)


def connected(mw: float, *asked: Wish, racks_mw: float = 5.0) -> Wish:
    """Old racks at Elm, and so many MW of non-firm connection there from 2027."""

    def wish(m: Model):
        yield from use(racks_mw)(m)
        yield only(m.non_firm.connect_mw, {NEW: mw})
        for more in asked:
            yield from more(m)

    return wish


def drawn(mw: float, *slot: str) -> Wish:
    return lambda m: [at(m.import_mw, *slot) == mw]


def test_a_scenario_without_non_firm_power_builds_not_one_row_or_column_for_it():
    m = Model(inputs_of())

    assert m.non_firm.connect_mw.over.size == 0
    assert m.non_firm.discounted_mw.over.size == 0
    assert m.non_firm.shed_mw.over.size == 0
    assert m.p.balance.slot.size == 0
    assert m.p.non_firm.headroom.size == 0


def test_non_firm_power_bites_at_the_firm_connection_where_it_is_off():
    assert_bites(
        "non_firm_power", elm(), connected(9.0, drawn(FIRM_MW, *OFF)), connected(9.0, drawn(FIRM_MW + MARGIN, *OFF))
    )


def test_non_firm_power_bites_at_what_is_left_of_it_where_it_is_off_in_part():
    most_mw = FIRM_MW + (1 - PARTLY_OFF_FRAC) * 9.0

    assert_bites(
        "non_firm_power",
        elm(),
        connected(9.0, drawn(most_mw, *PARTLY_OFF)),
        connected(9.0, drawn(most_mw + MARGIN, *PARTLY_OFF)),
    )


def test_non_firm_connection_counts_for_its_months_in_service_and_until_it_turns_firm():
    # Energised on 1 January 2027, firm after 21 months: at the end of September 2028.
    inputs = long_inputs_of("grid.non_firm={allow: true, sites: [elm], service: bridge}", last_year=2028)
    m = Model(inputs)

    def share(of, year: str) -> float:
        row = of.over.position("elm", year)
        column = m.non_firm.connect_mw.first_column + inputs.non_firm.connect.position(*NEW)
        return float(of.value_of_term[(of.row == row) & (of.column == column)].sum())

    in_service, firm = m.non_firm.service_mw, m.firm_mw
    assert [share(in_service, year) for year in ("2027", "2028")] == [1.0, 0.75]
    assert [share(firm, year) for year in ("2027", "2028")] == [0.0, 0.25]
    # The limit of firm connection counts it from the year in which it turns firm.
    assert inputs.sets.year.labels[inputs.non_firm.firm_year[inputs.non_firm.connect.position(*NEW)]] == ("2028")


def test_all_headroom_bites_at_firm_and_non_firm_connections_together():
    limit_mw = (2600 + 630 - 220) * 0.2  # as for zone_headroom

    def connect(firm_mw: float) -> Wish:
        return lambda m: [part(m.expand, site="elm") >= firm_mw, part(m.non_firm.connect_mw, site="elm") >= 211.0]

    inputs = inputs_of("grid.non_firm.allow=true")
    within = limit_mw - 211.0
    assert_bites("all_headroom", inputs, connect(within - MARGIN), connect(within + MARGIN))


def test_all_headroom_bites_at_each_rate_where_those_last_in_are_off_first():
    inputs = inputs_of("grid.non_firm={allow: true, curtail: last_in}")

    def connect(tier: str, mw: float) -> Wish:
        return lambda m: [part(m.expand, site="elm") >= 70.0, part(m.non_firm.connect_mw, site="elm", tier=tier) >= mw]

    # 2,028 MW at 0.25 % and 2,600 at 0.5 %, and growth; firm connection takes of both.
    for tier, at_rate in (("0.25", 2028), ("0.5", 2600)):
        left_mw = (at_rate + 630 - 220) * 0.2 - 70.0
        inside, outside = connect(tier, left_mw - MARGIN), connect(tier, left_mw + MARGIN)
        assert_bites("all_headroom", inputs, inside, outside)


def test_non_firm_power_bites_tier_by_tier_where_those_last_in_are_off_first():
    inputs = with_firm(
        inputs_of("flexibility.deferral=false", "grid.non_firm={allow: true, sites: [elm], curtail: last_in}"), FIRM_MW
    )
    # The first 2,028 MW of the west are off for 0.25 % of the year, 21.9 h: 18 of the peak day
    # and 3.9 of a winter slot; the next 572 for what makes all 2,600 meet 0.5 %.
    second_h = (0.005 * 2600 - 0.0025 * 2028) / 572 * 8760
    off = {"0.25": (21.9 - 18) / 540, "0.5": (second_h - 18) / 540}

    def draw(tier: str, mw: float) -> Wish:
        def wish(m: Model):
            yield from use(5.0)(m)
            yield only(m.non_firm.connect_mw, {(*ELM, tier): 9.0})
            yield at(m.import_mw, *PARTLY_OFF) == mw

        return wish

    for tier, share in off.items():
        most_mw = FIRM_MW + (1 - share) * 9.0
        inside, outside = draw(tier, most_mw), draw(tier, most_mw + MARGIN)
        assert_bites("non_firm_power", inputs, inside, outside)


def test_zone_headroom_bites_at_the_share_that_is_firm():
    # 2,028 MW at the lowest rate and its growth by 2027, 0.3 of it firm, less what is committed
    limit_mw = (0.3 * (2028 + 630) - 220) * 0.2
    inputs = inputs_of("grid.non_firm.allow=true", "grid.firm_headroom_frac=0.3")

    def connect(mw: float) -> Wish:
        return lambda m: [part(m.expand, site="elm") >= mw, part(m.non_firm.connect_mw, site="elm") >= 45.0]

    assert_bites("zone_headroom", inputs, connect(limit_mw - MARGIN), connect(limit_mw + MARGIN))


def test_zone_headroom_bites_when_non_firm_connection_turns_firm():
    inputs = inputs_of(
        "grid.non_firm={allow: true, service: bridge, lead_months: 2}",
        "lead_times.transformer_months=2",
        "grid.firm_headroom_frac=0.3",
    )
    limit_mw = (0.3 * (2028 + 630) - 220) * 0.2

    # Energised in May 2025, firm in February 2027.
    def connect(mw: float) -> Wish:
        return lambda m: [part(m.non_firm.connect_mw, site="elm", year="2025") >= mw]

    assert_bites("zone_headroom", inputs, connect(limit_mw - MARGIN), connect(limit_mw + MARGIN))


def discounted(mw: float, peak_mw: float) -> Wish:
    """Bill a peak in winter, so many MW of it at the discount."""
    return lambda m: [at(m.peak_mw, *ELM, "DJF") == peak_mw, at(m.non_firm.discounted_mw, *ELM, "DJF") == mw]


def test_discounted_peak_bites_at_the_billed_peak():
    def bill(mw: float) -> Wish:
        return connected(30.0, discounted(mw, peak_mw=12.0))

    assert_bites("discounted_peak", elm(), bill(12.0), bill(12.0 + MARGIN))


def test_discounted_connection_bites_at_the_non_firm_connection():
    def bill(mw: float) -> Wish:
        return connected(9.0, discounted(mw, peak_mw=15.0))

    assert_bites("discounted_connection", elm(), bill(9.0), bill(9.0 + MARGIN))


# --- what is shed -----------------------------------------------------------------------


def shed(mw: float, *slot: str) -> Wish:
    return lambda m: [at(m.non_firm.shed_mw, *slot) == mw]


def test_shed_hours_bites_at_the_hours_in_which_load_may_be_shed():
    inputs = with_shed("grid.non_firm.shed.max_hours_per_year=31")
    most_mw = 9.0 * (31 - 18) / 540  # 18 of 31 h fill the slot of the peak day

    assert_bites(
        "shed_hours",
        inputs,
        connected(9.0, shed(most_mw, *PARTLY_OFF)),
        connected(9.0, shed(most_mw + MARGIN, *PARTLY_OFF)),
    )


def test_load_is_shed_in_no_more_hours_than_non_firm_power_is_off():
    inputs = with_shed("grid.non_firm.shed.max_hours_per_year=400")

    west = inputs.non_firm.shed.hours_frac[inputs.sets.zone.code("west"), 0]
    share = {inputs.sets.slot.labels[h]: float(west[h]) for h in west.nonzero()[0]}
    assert share == {"d4h00": pytest.approx(1.0), "d0h06": pytest.approx(PARTLY_OFF_FRAC)}


def test_shed_load_bites_at_the_power_of_work_that_could_wait():
    most_mw = WAITS * (IDLE + DYNAMIC) * 12.0

    def lose(mw: float) -> Wish:
        return connected(9.0, shed(mw, *OFF), racks_mw=12.0)

    assert_bites("shed_load", with_shed(), lose(most_mw), lose(most_mw + MARGIN))


def test_shed_load_bites_lower_where_work_has_been_put_off():
    inputs = inputs_of("grid.non_firm={allow: true, sites: [elm], shed: {allow: true, max_energy_frac: 1}}")
    inputs = flat(with_firm(inputs, FIRM_MW), 0.21)
    put_off_mw = 0.9

    def lose(mw: float) -> Wish:
        def wait(m: Model):
            due_mw = WAITS * DYNAMIC * 12.0
            yield part(m.defer_mw, site="elm", year="2027", slot="d4h00") == due_mw - put_off_mw

        return connected(9.0, wait, shed(mw, *OFF), racks_mw=12.0)

    most_mw = WAITS * (IDLE + DYNAMIC) * 12.0 - put_off_mw
    assert_bites("shed_load", inputs, lose(most_mw), lose(most_mw + MARGIN))


def test_shed_energy_bites_at_a_share_of_what_the_site_would_use():
    inputs = with_shed()
    budget = inputs.non_firm.shed.changed(max_energy_frac=0.0003)
    inputs = changed(inputs, "non_firm", shed=budget)
    most_mw = 0.0003 * 8760 * meter_mw(12.0, 0.21) / 18

    def lose(mw: float) -> Wish:
        return connected(9.0, shed(mw, *OFF), racks_mw=12.0)

    assert most_mw < WAITS * (IDLE + DYNAMIC) * 12.0
    assert_bites("shed_energy", inputs, lose(most_mw), lose(most_mw + MARGIN))
