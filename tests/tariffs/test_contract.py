"""Contracted capacity: minimum take, ramp, term and the way out."""

from __future__ import annotations

import datetime

import numpy as np
import pytest

from planner.base.errors import InputError
from planner.tariffs import BillingCalendar, CapacityCut, Contract, DemandCharge, Escalation, Tariff, Terms, When, bill

CALENDAR = BillingCalendar.of_years(2027, 2029)
KW = 1000.0  # [kW/MW]
SUMMER_USD, WINTER_USD = 9.0, 5.0  # [USD/kW-month]
SUMMER = When(months=(6, 7, 8))
WINTER = When(months=(1, 2, 3, 4, 5, 9, 10, 11, 12))
TAKE = 0.85
CHARGES = (
    DemandCharge("summer", SUMMER_USD, SUMMER, min_take_frac=TAKE),
    DemandCharge("winter", WINTER_USD, WINTER, min_take_frac=TAKE),
)
TERMS = Terms(load_min_mw=25.0, ramp_years_max=4, term_years=12, exit_fee_months=36)
START = datetime.date(2027, 1, 1)


def load_until(end: str, load_mw: float) -> np.ndarray:
    flows = [str(moment.date()) < end for moment in CALENDAR.moments(range(CALENDAR.n_hours))]
    return np.where(flows, load_mw, 0.0)


def test_the_minimum_take_follows_the_ramp_and_yields_to_a_higher_peak() -> None:
    contract = Contract(200.0, START, ramp_frac=(0.4, 0.7))
    load_mw = np.full(CALENDAR.n_hours, 75.0)

    frame = bill(load_mw, Tariff("large", CHARGES, TERMS), CALENDAR, contract=contract).to_frame()

    # 85 % of 80 MW is 68 MW, below the 75 MW drawn; of 140 MW 119 MW; of 200 MW 170 MW.
    billed = frame.groupby(frame["month"].str[:4])[["quantity", "basis"]].agg(set)
    assert billed["quantity"].to_dict() == {"2027": {75.0 * KW}, "2028": {119.0 * KW}, "2029": {170.0 * KW}}
    assert billed["basis"].to_dict() == {"2027": {"metered"}, "2028": {"minimum take"}, "2029": {"minimum take"}}


def test_leaving_costs_the_minimum_bills_of_the_next_months() -> None:
    contract = Contract(60.0, START, cut=CapacityCut(datetime.date(2028, 7, 1)))
    tariff = Tariff("large", CHARGES, TERMS, Escalation(0.04, base_year=2027))

    found = bill(load_until("2028-07-01", 55.0), tariff, CALENDAR, contract=contract)

    # 36 months have 9 of summer and 27 of winter, at the prices of the year of leaving.
    fee_usd = TAKE * 60.0 * KW * (9 * SUMMER_USD + 27 * WINTER_USD) * 1.04
    assert found.usd_by_rule["exit fee"] == pytest.approx(fee_usd, rel=1e-13)
    assert {str(line.month) for line in found.lines if line.rule == "exit fee"} == {"2028-07"}
    after = [line.usd for line in found.lines if str(line.month) > "2028-07"]
    assert set(after) == {0.0}


@pytest.mark.parametrize(("left_mw", "paid_mw"), [(50.0, 0.0), (48.0, 0.0), (30.0, 18.0)])
def test_a_share_of_the_contract_may_be_given_up_for_nothing(left_mw: float, paid_mw: float) -> None:
    terms = Terms(term_years=12, exit_fee_months=12, reduction_frac=0.2)
    contract = Contract(60.0, START, cut=CapacityCut(datetime.date(2028, 7, 1), left_mw))

    found = bill(20.0, Tariff("t", CHARGES, terms), CALENDAR, contract=contract)

    fee_usd = TAKE * paid_mw * KW * (3 * SUMMER_USD + 9 * WINTER_USD)
    assert found.usd_by_rule.get("exit fee", 0.0) == pytest.approx(fee_usd, rel=1e-12)
    last = found.lines[-1]
    assert (last.basis, last.quantity) == ("minimum take", pytest.approx(TAKE * left_mw * KW))


def test_power_outside_the_contract_is_refused_month_by_month() -> None:
    contract = Contract(60.0, datetime.date(2027, 3, 1))
    load_mw = np.zeros(CALENDAR.n_hours)
    load_mw[7], load_mw[31 * 24 + 5] = 20.0, 3.0  # an hour of January, one of February
    load_mw[59 * 24 :] = 11.0

    with pytest.raises(InputError) as raised:
        bill(load_mw, Tariff("t", CHARGES, TERMS), CALENDAR, contract=contract)

    assert [problem.what_is for problem in raised.value.problems] == [
        "load_mw reaches 20 in 2027-01",
        "load_mw reaches 3 in 2027-02",
    ]


def test_a_contract_that_the_tariff_does_not_allow_is_refused_with_every_reason() -> None:
    contract = Contract(20.0, START, ramp_frac=(0.2, 0.3, 0.4, 0.5, 0.6))

    with pytest.raises(InputError) as raised:
        bill(3.0, Tariff("t", CHARGES, TERMS), CALENDAR, contract=contract)

    assert "at least 25.0 MW" in str(raised.value)
    assert "at most 4 years" in str(raised.value)
