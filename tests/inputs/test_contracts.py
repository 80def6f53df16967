"""PPAs on offer: the zones and years in which they can be signed, and what is said of others."""

from __future__ import annotations

import pytest

HEAT = (
    "contracts.ppa={heat: {technology: geothermal, price_usd_per_mwh: 61, max_mw: 70,"
    " lead_months: 5}}"
)


def test_zones_without_a_site_in_use_when_a_ppa_can_begin_are_named(build):
    # Ash has no halls yet and can have new ones in 24 months; a PPA takes five, to summer 2025.
    inputs = build(
        HEAT, "scope.countries=[US, CA]", "sites.ash={existing_mw: 0, lead_time_months: 24}"
    )

    signed = inputs.contracts.sign.frame()
    assert [tuple(row) for row in signed[["zone", "year"]].to_numpy()] == [
        ("east", "2025"),
        ("east", "2027"),
        ("west", "2025"),
        ("west", "2027"),
        ("north", "2027"),
    ]
    said = (
        "PPA heat could deliver from 2025, but these zones have no site in use by then:"
        " north (from 2027)."
    )
    assert said in inputs.notes
    (noted,) = (told for told in inputs.noted_settings if told.what_is == said)
    assert noted.file == f"--set {HEAT}"


@pytest.mark.parametrize("lead_months", [5, 26])
def test_a_ppa_that_begins_where_sites_are_is_not_noted(build, lead_months):
    later = HEAT.replace("lead_months: 5", f"lead_months: {lead_months}")
    inputs = build(later, "scope.countries=[US, CA]", "sites.ash.existing_mw=23")

    assert not any("no site in use by then" in note for note in inputs.notes)
