"""Figures that model and tables have wrong together are found out from the data."""

from __future__ import annotations

import pytest
from good_plan import RICH, solved, solved_anew
from spoiled_non_firm import NON_FIRM

from planner.inputs import contracts, inputs, scope

FIR = "new_sites.fir={name: Fir, country: US, lat: 35.2, lon: -97.2, like: elm, zone: east}"


def test_more_load_that_is_not_new_than_stands_is_found_out(monkeypatch):
    made = inputs.LoadPriceInputs

    def too_much_stands(*given):
        right = made(*given)
        return right.changed(standing_mw=1.2 * right.standing_mw)

    assert solved(NON_FIRM).check("tables_as_stated").ok
    monkeypatch.setattr(inputs, "LoadPriceInputs", too_much_stands)
    plan = solved_anew(NON_FIRM)

    reported = plan.check("tables_as_stated")
    assert not reported.ok
    assert "load_price" in reported.place


def test_another_site_that_a_zone_trades_by_gives_it_another_clock_and_is_found_out(monkeypatch):
    made = scope.sites_in_scope

    def backwards(*given):
        return made(*given).iloc[::-1].reset_index(drop=True)

    good = solved(RICH, FIR)
    assert good.check("sites_in_scope").ok
    assert good.check("delivery_profiles").ok
    monkeypatch.setattr(scope, "sites_in_scope", backwards)
    monkeypatch.setattr(contracts, "hubs_of", lambda case: case)
    plan = solved_anew(RICH, FIR)

    assert not plan.check("sites_in_scope").ok
    # The sun of zone east rises for Oak, an hour before it does for Fir.
    assert not plan.check("delivery_profiles").ok


@pytest.mark.parametrize("left_out", ["oak", "elm"])
def test_a_site_that_is_left_out_of_the_plan_is_found_out(monkeypatch, left_out):
    made = scope.sites_in_scope

    def without(*given):
        rows = made(*given)
        return rows[rows["site"] != left_out].reset_index(drop=True)

    monkeypatch.setattr(scope, "sites_in_scope", without)

    assert not solved_anew(RICH, "energy.shocks=[]").check("sites_in_scope").ok
