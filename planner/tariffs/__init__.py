"""Tariffs: bills of loads, exact or in a linear program, usable without a scenario.

A tariff is a list of rules, each a frozen value in a file of its own with two faces: it makes
lines of the exact bill of an hourly load (`bill`), and rows of a linear program in which the load
is to be decided (`add_bills`). How the charge of each bends over the hourly load tells what a
linear program can hold:

| rule | charge | shape |
|---|---|---|
| `EnergyCharge` | USD/MWh by month, weekday and hour | linear; convex with rising tiers |
| `DemandCharge` | USD/kW-month on the highest hour, a ratchet or a minimum take | convex |
| `CoincidentPeakCharge` | USD/kW on the highest of a few system peak hours | convex |
| `CapacityCharge` | USD/MW-day on the mean of the system's peak hours | linear |
| `StandingCharge` | USD per month or day | constant |
| `Terms`, `Contract` | contracted capacity, ramp, term, exit fee | constant |

Declining tiers alone are not convex: a program bounds them from above.

>>> summer_peak = When(months=(6, 7, 8, 9), weekdays=WORKDAYS, hours=clock_hours(14, 20))
>>> tariff = Tariff(
...     "large service",
...     (
...         flat_energy("energy", 42.0),
...         DemandCharge("delivery", 7.5, ratchet=YearRatchet(0.6)),
...         DemandCharge("summer peak", 9.25, when=summer_peak),
...     ),
... )
>>> calendar = BillingCalendar.of_years(2028, time_zone="America/New_York")
>>> bill(30.0, tariff, calendar).usd_by_rule
{'energy': 11067840.0, 'delivery': 2700000.0, 'summer peak': 1110000.0}
"""

from planner.tariffs.clock import (
    ALWAYS,
    WEEKEND,
    WORKDAYS,
    Account,
    BillingCalendar,
    OtherHours,
    Reading,
    When,
    clock_hours,
    hourly,
    representative,
)
from planner.tariffs.demand import DemandCharge, Ratchet, RollingRatchet, YearRatchet
from planner.tariffs.energy import (
    CapacityCharge,
    CoincidentPeakCharge,
    EnergyCharge,
    EnergyPeriod,
    StandingCharge,
    flat_energy,
)
from planner.tariffs.program import ProgramBills, add_bills
from planner.tariffs.rule import BillLine, Metered, TariffRule, Tiers
from planner.tariffs.tariff import (
    Bill,
    CapacityCut,
    Contract,
    Escalation,
    Tariff,
    Terms,
    bill,
    bill_metered,
    tariff_from_row,
)

__all__ = [
    "ALWAYS",
    "WEEKEND",
    "WORKDAYS",
    "Account",
    "Bill",
    "BillLine",
    "BillingCalendar",
    "CapacityCharge",
    "CapacityCut",
    "CoincidentPeakCharge",
    "Contract",
    "DemandCharge",
    "EnergyCharge",
    "EnergyPeriod",
    "Escalation",
    "Metered",
    "OtherHours",
    "ProgramBills",
    "Ratchet",
    "Reading",
    "RollingRatchet",
    "StandingCharge",
    "Tariff",
    "TariffRule",
    "Terms",
    "Tiers",
    "When",
    "YearRatchet",
    "add_bills",
    "bill",
    "bill_metered",
    "clock_hours",
    "flat_energy",
    "hourly",
    "representative",
    "tariff_from_row",
]
