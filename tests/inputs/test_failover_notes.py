"""Users whom failover leaves without own sites are told before a plan is made."""

from __future__ import annotations

import pytest

from planner.inputs import build_inputs
from planner.scenario import load_scenario

CHAT = "workloads.chat_interactive.failover=true"


def reported(*settings: str) -> list[str]:
    notes = build_inputs(load_scenario("tiny", settings)).notes
    return [note for note in notes if ": failover is set" in note]


def test_users_whom_one_site_alone_reaches_are_noted() -> None:
    # The Coast alone is within 25 ms of Washington and New York.
    (note,) = reported(CHAT)

    assert note == (
        "chat_interactive: failover is set, but no two sites that may cover for each other reach 2 of 2 regions, 100.0%"
        " of its demand (us-new-york-city, us-washington), so own sites serve none of that. Leave failover out for"
        " chat_interactive, allow more sites, or raise rtt_bound_ms."
    )


@pytest.mark.parametrize(
    "settings",
    [
        (),
        ("workloads.train_frontier.failover=true",),  # any of three sites may train
        (CHAT, "workloads.chat_interactive.rtt_bound_ms=90"),
        (CHAT, "failover.from_year=2041"),
    ],
)
def test_others_are_not(settings: tuple[str, ...]) -> None:
    assert reported(*settings) == []


def test_sites_that_may_not_cover_for_each_other_do_not_count() -> None:
    barred = "failover.barred_groups={plain: [north, south, coast]}"

    (note,) = reported(CHAT, "workloads.chat_interactive.rtt_bound_ms=90", barred)
    assert "reach 1 of 1 regions, 100.0% of its demand (users anywhere)" in note
