"""When halls and connections can serve, which designs, at what cost."""

from __future__ import annotations

import pytest


def test_a_delay_below_0_is_said_to_bring_things_forward(build, mini):
    sooner = build("lead_times.interconnection_delay_months=-7")

    (note,) = (note for note in sooner.notes if "below 0" in note)
    assert note.startswith(
        "lead_times.interconnection_delay_months is below 0: new connections enter service 7 months"
        " sooner than without it."
    )
    assert not any("below 0" in note for note in mini.notes)


OWN_LEADS = ("sites.oak.hall_lead_months=8", "sites.oak.connection_lead_months=28")
ONE_LEAD = ("sites.oak.lead_time_months=12",)
NON_FIRM = "grid.non_firm={allow: true, lead_months: 10}"


def test_a_lead_without_effect_is_named_with_what_is_waited_for(build):
    def notes(*settings: str) -> list[str]:
        return [note for note in build(*settings).notes if "_lead_months" in note or "lead_time_months" in note]

    assert notes("sites.oak.lead_time_months=28", NON_FIRM) == [
        "Non-firm connection brings nothing forward at oak (10 of 28 months): lead_time_months is the lead of halls and"
        " of all connections there. Give hall_lead_months and connection_lead_months, each its own."
    ]
    assert notes(*OWN_LEADS) == [
        "hall_lead_months is not what new halls wait for at oak (28 months: given for the"
        " connection): a shorter one brings no new hall forward."
    ]
    assert notes("sites.oak.connection_lead_months=5") == [
        "connection_lead_months is not what new halls wait for at oak (20 months: permit and"
        " construction): a shorter one brings no new hall forward."
    ]
    assert notes(*ONE_LEAD, OWN_LEADS[1]) == [
        "lead_time_months is not what new halls wait for at oak (28 months: given for the"
        " connection): a shorter one brings no new hall forward."
    ]
    (idle,) = notes(*OWN_LEADS, "supply.allow=[engine]", "sites.oak.lead_time_months=12")
    assert "oak.lead_time_months has no effect: halls and connection have each their own" in idle


def test_retrofit_work_may_outlast_its_year_but_not_the_horizon(build):
    # The horizon ends with 2027: 34 months from 1 March 2025 end with it, 33.5 in December.
    last_that_serves = build("retrofit.duration_months=33.5").halls

    assert set(last_that_serves.retrofit.frame()["year"]) == {"2025"}
    assert last_that_serves.retrofit_done.max() == pytest.approx(2025 + (2 + 33.5) / 12)
    assert build("retrofit.duration_months=34").halls.retrofit.size == 0
