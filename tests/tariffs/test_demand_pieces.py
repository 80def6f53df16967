"""Small pieces of a demand charge, on figures made up for them."""

from __future__ import annotations

from types import SimpleNamespace

from planner.tariffs.demand import DemandCharge
from planner.tariffs.months import Month
from planner.tariffs.when import When

MAY, JUNE = Month(2027, 5), Month(2027, 6)


def test_a_month_is_billed_for_its_own_peak_whole_and_for_its_share_of_those_it_looks_on() -> None:
    ratchet = SimpleNamespace(share_frac=0.7, sees=lambda position, calendar: ([0, 1, 2], 3.5))
    charge = DemandCharge("wires", 6.0, ratchet=ratchet, min_take_frac=0.4)
    form = SimpleNamespace(
        months=(Month(2027, 4), MAY, JUNE),
        reading=SimpleNamespace(calendar=None),
        contracted=lambda month: f"contract of {month}",
    )

    # The peak of May has number 8, that of June 9; April has none.
    billed = charge._billed(form, 1, {1: 8, 2: 9})

    assert billed.label == "wires 2027-05"
    assert billed.shares_frac == ((8, 1.0), (9, 0.7))
    assert (billed.past_mw, billed.take_frac) == (3.5, 0.4)
    assert billed.contracted == "contract of 2027-05"


def test_without_a_load_the_least_take_of_the_contract_is_paid_in_months_that_are_billed() -> None:
    charge = DemandCharge("wires", 6.0, when=When(months=(6, 7)), min_take_frac=0.4)

    # 0.4 of 5 MW are 2,000 kW, at 6 USD each.
    assert charge.minimum_usd(JUNE, 5.0) == 12_000.0
    assert charge.minimum_usd(MAY, 5.0) == 0.0
