"""What a new site takes from another one is said, figure by figure."""

from __future__ import annotations

FIR = "new_sites.fir={name: Fir, country: US, lat: 39.2, lon: -76.6, like: oak, land_limit_mw: 90}"


def of_fir(inputs):
    (note,) = (note for note in inputs.noted_settings if note.what_is.startswith("New site fir"))
    return note.what_is


def test_every_figure_that_is_not_given_is_named_with_its_value(build):
    note = of_fir(build(FIR))

    # A degree of longitude at 39.2 degrees north is 86 km.
    assert note.startswith("New site fir takes from oak, 86 km away: grid zone east,")
    assert "construction market oak-market" in note
    assert "build rate 62 MW/year" in note  # a fifth of 310, the operator's share
    assert "kind of site metro, climate, water and carbon of the grid" in note
    assert "land for" not in note


def test_what_is_given_under_sites_is_not_taken(build):
    note = of_fir(build(FIR, "sites.fir={zone: west, market: elm-market}"))

    assert "grid zone" not in note
    assert "construction market" not in note


def test_new_sites_out_of_scope_take_nothing(build):
    inputs = build(FIR, "scope.sites=[oak, elm]")

    assert not any("takes from" in note for note in inputs.notes)


def test_figures_that_something_else_rules_are_not_said_to_be_taken(build):
    billed = build(
        FIR, "energy.own_tariffs={ours: {energy: [{usd_per_mwh: 47}]}}", "energy.tariffs=[{tariff: ours, sites: [fir]}]"
    )
    closed = build(FIR, "sites.fir={existing_mw: 7, new_halls: false}")

    assert "retail price" in of_fir(build(FIR))
    assert "retail price" not in of_fir(billed)
    assert "demand charge" not in of_fir(billed)
    assert "build rate" not in of_fir(closed)
    assert "opening cost" not in of_fir(closed)
