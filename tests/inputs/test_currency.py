"""Own money at sites outside the dollar is noted as read in US dollars."""

from __future__ import annotations

from planner.inputs import build_inputs
from planner.scenario import load_scenario

ABROAD = (
    "scope.countries=[US, CA]",
    "new_sites.north.country=CA",
    "new_sites.north.lat=45.5",
    "new_sites.north.lon=-73.6",
)


def notes(*settings: str) -> list[str]:
    inputs = build_inputs(load_scenario("tiny", settings))
    return [note for note in inputs.notes if "US dollars" in note]


def test_figures_are_noted_with_their_keys_where_a_site_is_in_another_country() -> None:
    mine = "technology: wind, mw: 4, first_year: 2024, last_year: 2033, price_usd_per_mwh: 39"
    signed = f"contracts.existing={{there: {{zone: PJM, {mine}}}}}"

    (note,) = notes(*ABROAD, "new_sites.north.fixed_usd_per_year=2e6", signed)

    named = note.partition("US dollars: ")[2].partition(". All money")[0].split(", ")
    assert note.startswith("With sites in CA, your figures are read as US dollars: ")
    assert sorted(named) == [
        "contracts.existing.there.price_usd_per_mwh",
        "new_sites.north.fixed_usd_per_year",
        "new_sites.north.retail_usd_per_mwh",
    ]  # and not those of coast, which is in the United States


def test_nothing_is_noted_without_such_a_site() -> None:
    assert notes() == []
