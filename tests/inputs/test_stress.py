"""Stress slots: which hours of a zone's year a curtailment rate switches off."""

from __future__ import annotations

import numpy as np
import pytest

from planner.inputs import Inputs
from planner.inputs.days import filled

NON_FIRM = "grid.non_firm.allow=true"


def off(inputs: Inputs, zone: str) -> dict[str, float]:
    (share,) = inputs.non_firm.off_frac[inputs.sets.zone.code(zone)]
    slots = inputs.sets.slot.labels
    return {slots[h]: float(share[h]) for h in np.flatnonzero(share)}


def test_the_most_stressed_slot_of_the_peak_day_goes_first(build):
    # East: from 14 to 21 h in summer is 19 to 2 h UTC, five hours of slot d4h18 and two of d4h00.
    # 0.25 % of 8,760 h are 21.9 h; a slot of the peak day has 3 days of 6 h. Next are the same
    # hours of an ordinary summer day, of which there are 89.
    assert off(build(NON_FIRM, "grid.curtailment_rate_pct=0.25"), "east") == pytest.approx(
        {"d4h18": 1.0, "d2h18": (21.9 - 18) / (89 * 6)}
    )


def test_a_zone_that_is_short_in_winter_keeps_one_slot_of_the_peak_day(build):
    # West: 0.57 of its stress is from 22 to 3 h in winter, 4 to 9 h UTC: two hours of d0h00 and
    # three of d0h06. On the peak day in July, 15 to 22 h are three hours of d4h18, four of d4h00.
    assert off(build(NON_FIRM), "west") == pytest.approx({"d4h00": 1.0, "d0h06": (43.8 - 18) / (90 * 6)})


@pytest.mark.parametrize("rate_pct", [0.25, 0.5, 1, 5])
@pytest.mark.parametrize("settings", [(), ("time.slot_h=1",), ("time.season_days=12",)])
def test_the_hours_off_are_the_rate_times_the_hours_of_the_year(build, rate_pct, settings):
    inputs = build(NON_FIRM, f"grid.curtailment_rate_pct={rate_pct}", *settings)

    share = inputs.non_firm.off_frac[:, 0]

    assert share @ inputs.days.weight_h == pytest.approx(np.full(2, rate_pct / 100 * 8760))
    assert share.min() >= 0.0
    assert share.max() <= 1.0
    assert ((share > 0.0) & (share < 1.0)).sum(axis=1).max() <= 1
    assert (share[:, inputs.days.is_peak].max(axis=1) == 1.0).all()


def test_a_higher_rate_switches_off_no_slot_less(build):
    low, high = (build(NON_FIRM, f"grid.curtailment_rate_pct={rate}").non_firm.off_frac for rate in (0.5, 5))

    assert (high >= low).all()


def test_finer_slots_follow_the_hours_of_the_table(build):
    inputs = build(NON_FIRM, "time.slot_h=1", "grid.curtailment_rate_pct=1")

    # 87.6 h: seven hours of the peak day are 21; the rest are the same hours of summer, the
    # first hour of UTC first where all are as stressed.
    share = off(inputs, "east")
    assert {slot for slot, frac in share.items() if slot.startswith("d4")} == {
        "d4h00",
        "d4h01",
        *(f"d4h{hour}" for hour in range(19, 24)),
    }
    assert share["d2h00"] == pytest.approx((87.6 - 21) / 89)


def test_hours_fill_slots_by_rank_and_those_of_one_rank_in_time():
    rank, hours = np.array([[2.0, 3.0, 2.0, 1.0]]), np.array([5.0, 4.0, 5.0, 6.0])

    assert filled(rank, hours, np.array([7.0])).tolist() == [[0.6, 1.0, 0.0, 0.0]]
    assert filled(rank, hours, np.array([20.0])).tolist() == [[1.0, 1.0, 1.0, 1.0]]
    assert filled(rank, hours, np.array([0.0])).tolist() == [[0.0, 0.0, 0.0, 0.0]]


def test_those_last_in_are_off_for_what_makes_the_whole_meet_its_rate(build):
    inputs = build(NON_FIRM, "grid.non_firm.curtail=last_in", "grid.curtailment_rate_pct=1")

    hours = inputs.non_firm.off_frac @ inputs.days.weight_h
    room_mw = np.array([[1482, 1900, 2451], [2028, 2600, 3354]])
    width_mw = np.diff(room_mw, prepend=0, axis=1)
    assert inputs.non_firm.tier.labels == ("0.25", "0.5", "1")
    rates = np.array([0.0025, 0.005, 0.01])
    assert np.cumsum(hours * width_mw, axis=1) == pytest.approx(rates * room_mw * 8760)
    assert (np.diff(hours, axis=1) > 0.0).all()
    # A higher rate adds a tier and leaves those below as they are.
    lower = build(NON_FIRM, "grid.non_firm.curtail=last_in").non_firm
    assert lower.off_frac == pytest.approx(inputs.non_firm.off_frac[:, :2])


def test_a_season_that_the_table_lacks_is_refused(problems, tables):
    stress = tables["zone_stress"]
    is_gap = (stress["zone"] == "west") & (stress["season"] == "SON")

    found = problems(NON_FIRM, zone_stress=stress[~is_gap])

    assert len(found) == 1
    assert "zone west lacks a season" in found[0]


def test_a_service_that_is_firm_is_refused(problems):
    found = problems(NON_FIRM, "grid.non_firm.service=firm")

    assert len(found) == 1
    assert "service 'firm' is not one that may be curtailed" in found[0]
    assert "nonfirm, bridge" in found[0]


def test_more_hours_than_the_service_promises_are_reported(build):
    notes = build(NON_FIRM, "grid.curtailment_rate_pct=5").notes

    assert any("438 hours a year" in note and "promises 410" in note for note in notes)
    assert not any("promises" in note for note in build(NON_FIRM).notes)


def test_non_firm_connection_comes_before_the_network_and_halls_with_it(build):
    def months(*settings: str) -> tuple[float, str]:
        lead = build(*settings).halls.lead.drop_duplicates("site").set_index("site").loc["oak"]
        return float(lead["months"]), str(lead["by"])

    # Oak: the grid takes 26 months, 0.6 of it for non-firm; permit and construction take 20.
    assert months() == (26.0, "interconnection")
    assert months(NON_FIRM) == (20.0, "permit and construction")
    assert months(NON_FIRM, "grid.non_firm.sites=[elm]") == (26.0, "interconnection")
    assert months(NON_FIRM, "grid.non_firm.lead_months=24.5") == (24.5, "non-firm connection")
    # What it carries comes with it, but not before the transformer, 18.5 months.
    inputs = build(NON_FIRM, "years=[2025, 2026, 2027]")
    start = inputs.non_firm.start[inputs.non_firm.connect.position("oak", "2026", "0.5")]
    assert start == pytest.approx(2025 + 2 / 12 + 18.5 / 12)
    later = build(NON_FIRM, "years=[2025, 2026, 2027]", "grid.non_firm.lead_months=21.5")
    start = later.non_firm.start[later.non_firm.connect.position("oak", "2026", "0.5")]
    assert start == pytest.approx(2025 + 2 / 12 + 21.5 / 12)


def test_commitments_keep_their_date_where_non_firm_power_comes_later_in_the_year(build):
    # Oak has halls under construction in 2026, from its middle on; with non-firm power others
    # could serve from the end of October. Those of 2026 are the committed ones.
    years = ("years=[2025, 2026, 2027]", NON_FIRM)
    halls = build(*years).halls

    at_oak = halls.build.frame().assign(start=halls.build_start, early=halls.build_is_early)
    in_2026 = at_oak[(at_oak["site"] == "oak") & (at_oak["year"] == "2026")]
    assert set(in_2026["start"]) == {2026.5}
    assert in_2026["early"].all()
    sooner = build(*years, "decisions_start=2024-09-01").halls
    at_oak = sooner.build.frame().assign(start=sooner.build_start, early=sooner.build_is_early)
    in_2026 = at_oak[(at_oak["site"] == "oak") & (at_oak["year"] == "2026")]
    assert in_2026["start"].to_numpy() == pytest.approx(2026 + 4 / 12)
    assert not in_2026["early"].any()
