"""What relaxes a limit and where it is set, on figures made up for it."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from planner.limits.limit import SetBy, more_by_year, raised_at_sites, site_key
from planner.limits.power import _CAP, CONTRACTS, LOWEST_RATE_PCT, _more_firm_headroom
from planner.limits.space import _lead_time, _no_hall_yet, _phase_of_all, _phase_of_site
from planner.lp import Index
from planner.lp.index import Axis

SITE = Axis("site", ("ash", "bay", "elm"))
YEAR = Axis("year", ("2026", "2027", "2028"))


def test_a_figure_of_a_site_is_written_where_the_site_is() -> None:
    scenario = SimpleNamespace(new_sites={"elm": None}, tree=SimpleNamespace(children={}))
    of_site = SetBy("sites.{site}.land_limit_mw", "70 MW")

    lines = [of_site.line(SimpleNamespace(scenario=scenario), {"site": s}) for s in ("ash", "elm")]

    assert site_key(scenario, "ash", "pue") == ("sites", "ash", "pue")
    not_written = "not written: a default, or from a table"
    assert lines == [
        f"sites.ash.land_limit_mw: 70 MW ({not_written})",
        f"new_sites.elm.land_limit_mw: 70 MW ({not_written})",
    ]


def test_what_a_site_or_a_year_has_more_of_is_written_to_six_digits_upwards() -> None:
    scenario = SimpleNamespace(new_sites={})
    question = SimpleNamespace(scenario=scenario)
    per_site, per_year = Index.full("sites", SITE), Index.full("years", YEAR)
    had = {"ash": 40.00000042, "bay": 30.0, "elm": 50.0}
    more = np.array([6.0, 0.0, 0.0])

    at_site = raised_at_sites("land_limit_mw", "MW", lambda _, site: had[site])(question, per_site, more)
    limit_kt = np.array([8.00000042, 9.0, 7.5])
    by_year = more_by_year(("carbon", "cap_kt"), "kt", lambda _: (per_year, limit_kt), question, per_year, more)

    assert [one.value for one in at_site.settings] == [46.0001]
    assert by_year.settings[0].value == {2026: 14.0001, 2027: 9.0, 2028: 7.5}
    assert by_year.share == pytest.approx(6.0 / 8.00000042)


def test_a_cap_is_that_of_the_inputs() -> None:
    over, cap_kt = Index.full("cap", YEAR), np.array([5.0, 4.0, 3.0])
    inputs = SimpleNamespace(carbon=SimpleNamespace(cap=over, cap_kt=cap_kt))

    assert _CAP.at(SimpleNamespace(inputs=inputs), {"year": "2027"}) == 4.0


def test_more_of_a_contract_is_on_offer_in_every_zone() -> None:
    ppa = {"sun": SimpleNamespace(max_mw=80.0), "wind": SimpleNamespace(max_mw=60.0)}
    scenario = SimpleNamespace(contracts=SimpleNamespace(ppa=ppa))
    over = Index.full("offer", Axis("contract", ("sun", "wind")))

    change = CONTRACTS.change(SimpleNamespace(scenario=scenario), over, np.array([8.0, 15.0]))

    assert change.words == (
        "+8 MW of contract sun on offer in each zone",
        "+15 MW of contract wind on offer in each zone",
    )
    assert [(one.keys[2], one.value) for one in change.settings] == [("sun", 88.0), ("wind", 75.0)]
    assert change.share == pytest.approx(0.25)


def test_firm_headroom_grows_at_both_rates_by_the_most_that_any_year_asks_for(monkeypatch) -> None:
    every = pd.DataFrame(
        {
            "zone": ["east", "east", "west"],
            "year": [2026, 2027, 2027],
            "firm_limit_mw": [200.0, 240.0, 90.0],
            "limit_mw": [500.0, 250.0, 300.0],
        }
    )
    settings = SimpleNamespace(firm_headroom_frac=0.4, curtailment_rate_pct=1.5)
    question = SimpleNamespace(
        scenario=SimpleNamespace(grid=settings), inputs=SimpleNamespace(grid=SimpleNamespace(headroom_by_zone=every))
    )
    over = Index.full("zone_year", Axis("zone", ("east", "west")), Axis("year", ("2026", "2027")))
    monkeypatch.setattr("planner.limits.power._raised", lambda question, over, amounts, raised: raised)

    raised = _more_firm_headroom(question, over, np.array([30.0, 50.0, 0.0, 20.0]))

    lowest = LOWEST_RATE_PCT
    # East: 50 MW are 125 of the headroom of which 0.4 is firm; 240 + 50 is 40 above 250.
    assert raised == pytest.approx(
        {("east", 1.5): 40.0, ("east", lowest): 125.0, ("west", 1.5): 0.0, ("west", lowest): 50.0}
    )


def phase_question(mw: float) -> SimpleNamespace:
    phase = Index.full("phase", SITE, Axis("hall", ("dry",)), YEAR)
    return SimpleNamespace(
        scenario=SimpleNamespace(siting=SimpleNamespace(phase_mw=12.0)),
        inputs=SimpleNamespace(siting=SimpleNamespace(phase=phase, phase_mw=np.full(9, mw))),
    )


@pytest.mark.parametrize(("mw", "of_all", "of_site"), [(12.0, "12 MW", None), (9.0, None, "9 MW")])
def test_a_phase_is_set_for_all_sites_or_for_its_own(mw: float, of_all: str | None, of_site: str | None) -> None:
    place = {"site": "bay", "hall": "dry", "year": "2027"}

    assert _phase_of_all(phase_question(mw), place) == of_all
    assert _phase_of_site(phase_question(mw), place) == of_site


def hall_inputs() -> SimpleNamespace:
    """New halls serve at Ash from 2027 on, at Bay in 2028 alone if they come early."""
    build = Index.sparse("build", (SITE, YEAR), ([0, 0, 1], [1, 2, 2]))
    lead = pd.DataFrame(
        {
            "site": ["ash", "bay", "bay"],
            "service_start": [2027.25, 2029.5, 2029.0],
            "months": [15.0, 42.0, 36.0],
            "by": ["the grid", "water", "water"],
        }
    )
    found = SimpleNamespace(build=build, build_is_early=np.array([False, False, True]), lead=lead)
    return SimpleNamespace(sets=SimpleNamespace(site=SITE, year=YEAR), halls=found)


def test_halls_are_missing_until_the_first_new_ones_can_serve() -> None:
    rows = pd.DataFrame([("ash", 2026), ("ash", 2027), ("ash", 2028), ("bay", 2028)], columns=["site", "year"])

    missing = _no_hall_yet(hall_inputs(), {}, rows.astype("str"))

    assert missing.tolist() == [True, False, False, True]


@pytest.mark.parametrize(
    ("site", "year", "said"),
    [
        ("ash", "2026", "15 months (the grid), first halls in 2027.2"),
        ("ash", "2027", None),
        ("bay", "2028", "36 months (water), first halls in 2029.0"),
        ("elm", "2027", None),
    ],
)
def test_the_lead_time_is_reported_where_halls_of_the_site_come_too_late(
    site: str, year: str, said: str | None
) -> None:
    question = SimpleNamespace(inputs=hall_inputs())

    place = {"site": site, "year": year}

    assert _lead_time("lead_time_months", question, place) == said
