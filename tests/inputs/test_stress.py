"""Stress slots: which hours of a zone's year a curtailment rate switches off."""

from __future__ import annotations

import numpy as np
import pytest

from planner.inputs import Inputs

NON_FIRM = "grid.non_firm.allow=true"


def off(inputs: Inputs, zone: str) -> dict[str, float]:
    (share,) = inputs.non_firm.off_frac[inputs.sets.zone.code(zone)]
    slots = inputs.sets.slot.labels
    return {slots[h]: float(share[h]) for h in np.flatnonzero(share)}


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
    # Oak has halls under construction in 2026, from its middle on; with non-firm power others serve
    # from the end of October, or sooner where decisions begin sooner. Either may be built.
    years = ("years=[2025, 2026, 2027]", NON_FIRM)
    halls = build(*years).halls

    at_oak = halls.build.frame().assign(start=halls.build_start)
    in_2026 = at_oak[(at_oak["site"] == "oak") & (at_oak["year"] == "2026")].groupby("stage")["start"]
    assert in_2026.first().to_dict() == in_2026.last().to_dict()
    assert in_2026.first().to_dict() == pytest.approx({"committed": 2026.5, "ordered": 2026 + 10 / 12})
    sooner = build(*years, "decisions_start=2024-09-01").halls
    at_oak = sooner.build.frame().assign(start=sooner.build_start)
    in_2026 = at_oak[(at_oak["site"] == "oak") & (at_oak["year"] == "2026")].groupby("stage")["start"]
    assert in_2026.first().to_dict() == in_2026.last().to_dict()
    assert in_2026.first().to_dict() == pytest.approx({"committed": 2026.5, "ordered": 2026 + 4 / 12})
