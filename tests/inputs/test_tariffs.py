"""Who is billed by which tariff: sites, zones, years, clocks, and what is refused."""

from __future__ import annotations

import pytest

from planner.inputs.inputs import Inputs

RATE = "us-va-dominion-energy"
PLAIN = "{energy: [{usd_per_mwh: 41}]}"


def own(tariff: str) -> str:
    return f"energy.own_tariffs={{own: {tariff}}}"


def uses(*entries: str) -> str:
    return f"energy.tariffs=[{', '.join(f'{{{entry}}}' for entry in entries)}]"


def tariff_of(inputs: Inputs) -> dict[str, str]:
    """Name of the tariff of every site that has one."""
    customer = inputs.tariffs.bills.customer
    names = customer.labels("site")
    return {str(names[at]): account.tariff.name for account in inputs.tariffs.accounts for at in account.customers}


def test_a_site_by_name_goes_before_its_zone_and_a_zone_before_all(build):
    entries = (f"tariff: {RATE}", "tariff: own, zones: [west]")
    zoned = build(own(PLAIN), uses(*entries))
    named = build(own(PLAIN), uses(*entries, "tariff: us-mn-xcel-energy, sites: [elm]"))

    assert tariff_of(zoned) == {"oak": RATE, "elm": "own"}
    assert tariff_of(named) == {"oak": RATE, "elm": "us-mn-xcel-energy"}


def test_prices_of_the_tables_stay_where_and_while_no_tariff_bills(build, mini):
    inputs = build(uses(f"tariff: {RATE}, sites: [oak], from_year: 2027"))

    slot, site_year = inputs.power.slot, inputs.sites.site_year
    changed = inputs.grid.energy_usd_per_mwh != mini.grid.energy_usd_per_mwh
    no_charge = inputs.grid.demand_charge_usd_per_kw_month == 0.0
    oak, last = inputs.sets.site.code("oak"), inputs.sets.year.code("2027")
    assert (changed == ((slot["site"] == oak) & (slot["year"] == last))).all()
    assert (no_charge == ((site_year["site"] == oak) & (site_year["year"] == last))).all()
    assert (inputs.grid.energy_usd_per_mwh[changed] == 0.0).all()


def test_a_tariff_that_no_site_in_scope_has_is_noted(build):
    inputs = build("scope.sites=[oak]", uses(f"tariff: {RATE}, zones: [west]"))

    assert f"The tariff {RATE} bills no site in scope." in inputs.notes
    assert inputs.tariffs.accounts == ()


def test_terms_that_the_plan_does_not_enforce_are_noted(build):
    inputs = build(uses(f"tariff: {RATE}, terms: us-oh-aep-ohio-dct, sites: [elm]"))

    assert any("at least 25 MW; the plan does not enforce it" in note for note in inputs.notes)


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        (
            (uses("tariff: us-large-load-default"),),
            "tariff is 'us-large-load-default', of layer 'terms'; must be of layer 'rate'",
        ),
        ((uses(f"tariff: {RATE}, terms: {RATE}"),), f"terms is '{RATE}', of layer 'rate'; must be of layer 'terms'"),
        (
            (own(PLAIN), uses("tariff: own, terms: us-large-load-default")),
            "write them under energy.own_tariffs.own.terms",
        ),
        ((uses(f"tariff: {RATE}, from_year: 2026"),), "from_year is 2026; must be a model year: 2025, 2027"),
        (
            (uses(f"tariff: {RATE}"), "time.chronological=true"),
            "the series has no day in Jan, Mar, Apr, Jun, Jul, Sep, Oct, Dec; must be covered by",
        ),
        (
            (uses(f"tariff: {RATE}, sites: [oak], zones: [west]"),),
            "both sites and zones are given; must be one of them",
        ),
        (
            (uses(f"tariff: {RATE}", "tariff: us-mn-xcel-energy"),),
            "energy.tariffs[0] and energy.tariffs[1] both bill oak, elm; must be one tariff for"
            " each site; say in one of the two for which `sites:` or `zones:` it is",
        ),
        (
            (uses(f"tariff: {RATE}, sites: [oak]", "tariff: us-mn-xcel-energy, sites: [oak]"),),
            "both bill oak; must be one tariff for each site; take the site out of one of the two",
        ),
        (
            (uses(f"tariff: {RATE}, zones: [west]", "tariff: us-mn-xcel-energy, zones: [west]"),),
            "both bill elm; must be one tariff for each site; take the zone out of one, or bill",
        ),
        (
            (
                own(
                    "{energy: [{usd_per_mwh: 41, periods: [{name: a, usd_per_mwh: 9, to_hour: 8},"
                    " {name: b, usd_per_mwh: 8, from_hour: 7}]}]}"
                ),
                uses("tariff: own"),
            ),
            "the periods 'a' and 'b' meet, for example in month 1 on Mon from 7 h; must be apart",
        ),
        (
            (own("{demand: [{usd_per_kw_month: [4, 9]}]}"), uses("tariff: own")),
            "usd_per_kw_month has 2 prices, and tier_limits_kw has no limits; must be one price"
            " more than limits; write in tier_limits_kw where each tier but the last ends, or",
        ),
        (
            (own("{demand: [{usd_per_kw_month: 4}, {usd_per_kw_month: 9}]}"), uses("tariff: own")),
            "demand[1] of the own tariff 'own' is called 'demand' as demand[0] is; must be called",
        ),
        (
            (own(f"{PLAIN[:-1]}, time_zone: Mars/Base}}"), uses("tariff: own")),
            "time_zone is 'Mars/Base'; must be an IANA name such as America/New_York",
        ),
        (
            (uses(f"tariff: {RATE}, terms: us-oh-aep-ohio-dct, ramp_frac: [0.2, 0.3, 0.4, 0.5, 0.6]"),),
            "takes 5 years; must be at most 4, the longest of the tariff; shorten ramp_frac",
        ),
        (
            (
                own(
                    "{demand: [{usd_per_kw_month: [4, 9], tier_limits_kw: [50], min_take_frac: 0.8}], terms:"
                    " {term_years: 5, exit_fee_months: 12}}"
                ),
                uses("tariff: own"),
            ),
            "'demand' of 'own' has tiers, a minimum take and an exit fee; must be one price",
        ),
    ],
)
def test_what_cannot_be_billed_is_refused_with_its_place(problems, settings, problem):
    found = problems(*settings)

    assert any(problem in text for text in found), found
    assert all(text.startswith("--set energy.") for text in found), found


@pytest.mark.parametrize("offset_h", [-3.5, 5.75])
def test_a_site_is_billed_by_its_standard_time(build, tables, offset_h):
    inputs = build(uses(f"tariff: {RATE}"), sites=tables["sites"].assign(utc_offset_h=offset_h))

    assert {a.reading.calendar.utc_start_h[0] for a in inputs.tariffs.accounts} == {-offset_h % 24.0}


TAKE = "demand: [{usd_per_kw_month: 9.86, min_take_frac: 0.85}]"


def notes_on_terms(inputs: Inputs) -> list[tuple[str, str]]:
    """Notes about the terms of a tariff, with the setting that each is placed at."""
    told = [n for n in inputs.noted_settings if n.what_is.startswith("The tariff own ")]
    return [(note.what_is, note.file) for note in told]


@pytest.mark.parametrize(
    ("terms", "fix"),
    [
        ("", "Give terms.term_years and terms.exit_fee_months;"),
        (", terms: {term_years: 12}", "Give terms.exit_fee_months, 144 to pay for all that is"),
        (", terms: {exit_fee_months: 18}", "Give terms.term_years and terms.exit_fee_months;"),
    ],
)
def test_a_minimum_take_that_is_given_up_for_nothing_is_noted_once(build, terms, fix):
    written = own(f"{{{TAKE}{terms}}}")

    ((text, place),) = notes_on_terms(build(written, uses("tariff: own")))

    assert "may be given up in any year for 0 USD" in text
    assert fix in text
    assert place == f"--set {written}"


def test_a_tariff_for_large_loads_is_noted_once_with_its_place(build):
    written = own(f"{{{PLAIN[1:-1]}, terms: {{load_min_mw: 12500}}}}")

    ((text, place),) = notes_on_terms(build(written, uses("tariff: own")))

    assert "is for contracts of at least 12,500 MW" in text
    assert place == f"--set {written}"
