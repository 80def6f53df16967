"""Tariffs of the table that ships."""

from __future__ import annotations

import datetime

import pytest

from planner.base.errors import InputError
from planner.tables import read_table
from planner.tariffs import BillingCalendar, Contract, DemandCharge, bill, tariff_from_row

YEAR = BillingCalendar.of_years(2027)


def row(name: str) -> dict[str, object]:
    return read_table("tariffs").set_index("tariff", drop=False).loc[name].to_dict()


def test_every_rate_that_ships_makes_a_bill_of_its_two_prices() -> None:
    table = read_table("tariffs")
    rates = table[table["layer"] == "rate"].astype({"min_take_frac": float})
    contract = Contract(30.0, datetime.date(2027, 1, 1))

    for rate in rates.to_dict("records"):
        found = bill(30.0, tariff_from_row(rate), YEAR, contract=contract).usd_by_rule

        demand_usd = rate["demand_charge_usd_per_kw_month"] * 30_000 * 12
        assert found["demand"] == pytest.approx(demand_usd, rel=1e-12)
        if rate["energy_charge_usd_per_mwh"] == rate["energy_charge_usd_per_mwh"]:
            energy_usd = rate["energy_charge_usd_per_mwh"] * 30.0 * 8760
            assert found["energy"] == pytest.approx(energy_usd, rel=1e-12)
        else:
            assert set(found) == {"demand"}


def test_terms_add_a_minimum_take_and_what_a_contract_must_be() -> None:
    rate, terms = row("us-oh-aep-ohio"), row("us-oh-aep-ohio-dct")

    tariff = tariff_from_row(rate, terms=terms)

    demand = tariff.rules[0]
    assert isinstance(demand, DemandCharge)
    assert demand.min_take_frac == terms["min_take_frac"]
    assert tariff.terms is not None
    assert tariff.terms.load_min_mw == terms["load_min_mw"]
    assert tariff.terms.ramp_years_max == terms["ramp_years_max"]
    assert tariff.terms.term_years == terms["term_years"]
    assert tariff.terms.exit_fee_months == terms["exit_fee_months"]
    assert tariff.name == "us-oh-aep-ohio + us-oh-aep-ohio-dct"


def test_a_rate_keeps_its_own_minimum_take_where_the_terms_name_none() -> None:
    rate = row("ca-qc-hydro-quebec-rate-lg")
    terms = row("us-large-load-default") | {"min_take_frac": float("nan")}

    charges = tariff_from_row(rate, terms=terms).rules

    assert isinstance(charges[0], DemandCharge)
    assert charges[0].min_take_frac == rate["min_take_frac"]


def test_rows_of_the_wrong_layer_are_refused_together() -> None:
    rate, terms = row("us-oh-aep-ohio"), row("us-oh-aep-ohio-dct")

    with pytest.raises(InputError) as raised:
        tariff_from_row(terms, terms=rate)

    assert len(raised.value.problems) == 2
