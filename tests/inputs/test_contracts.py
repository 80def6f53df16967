"""PPAs on offer: the zones and years in which they can be signed, and what is said of others."""

from __future__ import annotations

import numpy as np
import pytest

HEAT = "contracts.ppa={heat: {technology: geothermal, price_usd_per_mwh: 61, max_mw: 70, lead_months: 5}}"


def test_zones_without_a_site_in_use_when_a_ppa_can_begin_are_named(build):
    # Ash has no halls yet and can have new ones in 24 months; a PPA takes five, to summer 2025.
    inputs = build(HEAT, "scope.countries=[US, CA]", "sites.ash={existing_mw: 0, lead_time_months: 24}")

    signed = inputs.contracts.sign.frame()
    assert [tuple(row) for row in signed[["zone", "year"]].to_numpy()] == [
        ("east", "2025"),
        ("east", "2027"),
        ("west", "2025"),
        ("west", "2027"),
        ("north", "2027"),
    ]
    said = "PPA heat could deliver from 2025, but these zones have no site in use by then: north (from 2027)."
    assert said in inputs.notes
    (noted,) = (told for told in inputs.noted_settings if told.what_is == said)
    assert noted.file == f"--set {HEAT}"


SUN = (
    "contracts.ppa={{sun: {{technology: geothermal, kind: {kind}, zones: [{zone}],"
    " price_usd_per_mwh: 31, lead_months: 5}}}}"
)
BUNDLED = ("energy.own_tariffs={rate: {energy: [{usd_per_mwh: 41}]}}", "energy.tariffs=[{tariff: rate, sites: [oak]}]")


def spares_nothing(inputs):
    return [told for told in inputs.noted_settings if "spares no site" in told.what_is]


def test_a_physical_ppa_for_sites_on_bundled_tariffs_is_noted_with_what_saves(build):
    setting = SUN.format(kind="physical", zone="east")

    (noted,) = spares_nothing(build(setting, *BUNDLED))

    assert noted.what_is == (
        "PPA sun is physical and spares no site in east anything: a bundled tariff bills the energy of each (oak by"
        " rate), whoever delivers it. Set contracts.ppa.sun.kind: financial, or bundle: delivery of the tariff."
    )
    assert noted.file == f"--set {setting}"


def test_a_ppa_without_a_price_in_a_zone_is_noted_at_the_ppa(build, tables):
    abroad = tables["ppa_prices"].assign(region="far-away")

    inputs = build("contracts.ppa.roof.technology=solar", ppa_prices=abroad)

    (noted,) = (told for told in inputs.noted_settings if "is not on offer in" in told.what_is)
    assert noted.file == "--set contracts.ppa.roof.technology=solar"


FARM = (
    "contracts.existing.farm={{technology: geothermal, zone: {zone}, mw: 41, first_year: {first},"
    " last_year: {last}, price_usd_per_mwh: 43}}"
)


@pytest.mark.parametrize(
    ("zone", "first", "last", "said"),
    [
        (
            "east",
            2014,
            2024,
            "The signed PPA farm has no effect: it delivers from 2014 to 2024, before the years of the plan.",
        ),
        (
            "east",
            2031,
            2044,
            "The signed PPA farm has no effect: it delivers from 2031 to 2044, after the years of the plan.",
        ),
        (
            "north",
            2023,
            2044,
            "The signed PPA farm, 41 MW, is neither paid nor counted in 2025: north has no site in use then.",
        ),
    ],
)
def test_a_signed_ppa_that_does_not_count_in_full_is_noted(build, zone, first, last, said):
    setting = FARM.format(zone=zone, first=first, last=last)

    inputs = build(setting, "scope.countries=[US, CA]", "sites.ash={existing_mw: 0, lead_time_months: 24}")

    (noted,) = (told for told in inputs.noted_settings if "igned PPA farm" in told.what_is)
    assert noted.what_is == said
    assert noted.file == f"--set {setting}"


def test_a_signed_ppa_in_a_zone_without_a_site_has_no_effect_and_is_noted(build):
    setting = FARM.format(zone="north", first=2023, last=2029)

    inputs = build(setting)

    assert inputs.contracts.existing.size == inputs.contracts.force.size == 0
    (noted,) = (told for told in inputs.noted_settings if "has no effect" in told.what_is)
    assert noted.what_is == ("north under contracts.existing has no effect: zone north has no site in scope")


def test_a_site_to_choose_moves_neither_price_nor_output_of_a_ppa_in_its_zone(build):
    fir = "new_sites.fir={name: Fir, country: US, lat: 35.2, lon: -90.1, like: elm, wholesale_usd_per_mwh: 91}"
    few, with_fir = (build(HEAT, site).contracts for site in ("scope.sites=[elm, oak]", fir))

    for figure in ("market_usd_per_mwh", "profile_frac", "strike_usd_per_mwh"):
        assert np.array_equal(getattr(few, figure), getattr(with_fir, figure))
