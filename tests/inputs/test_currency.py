"""Own money at sites outside the dollar is noted as read in US dollars."""

from __future__ import annotations

import pytest

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


def test_prices_typed_for_a_site_of_another_country_are_noted_with_their_keys() -> None:
    (note,) = notes(*ABROAD)

    assert note.startswith("Your figures for sites in CA are read as US dollars: new_sites.north.")
    assert "new_sites.north.retail_usd_per_mwh" in note
    assert "coast" not in note  # it is in the United States
    assert note.endswith("convert what you have in another currency.")


def test_the_price_of_a_contract_there_is_noted_and_every_figure_is_named() -> None:
    mine = "technology: wind, mw: 4, first_year: 2024, last_year: 2033, price_usd_per_mwh: 39"
    signed = f"contracts.existing={{here: {{zone: MISO, {mine}}}, there: {{zone: PJM, {mine}}}}}"
    at_north = ("new_sites.north.zone=MISO", "new_sites.north.fixed_usd_per_year=2e6")
    more = [f"new_sites.north.{figure}_usd={usd}" for figure, usd in (("opening", 3e7),)]
    more.append("new_sites.north.wholesale_usd_per_mwh=31")
    more.append("new_sites.north.demand_charge_usd_per_kw_month=9")

    (note,) = notes(*ABROAD, *at_north, *more, signed)

    named = note.partition("US dollars: ")[2].partition(". All money")[0].split(", ")
    assert sorted(named) == [
        "contracts.existing.here.price_usd_per_mwh",
        "new_sites.north.demand_charge_usd_per_kw_month",
        "new_sites.north.fixed_usd_per_year",
        "new_sites.north.opening_usd",
        "new_sites.north.retail_usd_per_mwh",
        "new_sites.north.wholesale_usd_per_mwh",
    ]


@pytest.mark.parametrize(("sites", "is_noted"), [("[north]", True), ("[coast]", False), ("all", True)])
def test_a_tariff_of_ones_own_is_noted_where_it_bills_such_a_site(sites: str, *, is_noted: bool) -> None:
    tariff = "energy.own_tariffs.mine={energy: [{usd_per_mwh: 51}]}"
    use = f"energy.tariffs=[{{tariff: mine, sites: {sites}}}]"

    said = any("energy.own_tariffs.mine" in note for note in notes(*ABROAD, tariff, use))

    assert said is is_noted
