"""Schema of power made or stored at the sites."""

from __future__ import annotations

from planner.results.column import Table, number, text
from planner.results.schema_plan import SITE, YEAR

__all__ = ["SUPPLY_TABLES"]

_SOURCE = text("source", "Own source, an id of table `onsite_sources`")
_ROLE = text("role", "solar, wind, firm, standby or storage")
_SLOT = text("slot", "Slot of a day that tells the year, d0h03 = first day, from 3 h UTC")

SUPPLY_TABLES = (
    Table(
        "source_builds",
        "One row per site, own source and year in which some of it enters service.",
        ("site", "source", "year"),
        (
            SITE,
            _SOURCE,
            _ROLE,
            YEAR,
            number("built_mw", "MW", "Power that enters service"),
            number("built_mwh", "MWh", "Energy of batteries that enters service"),
            number("service_start", "year", "Start of service, for example 2027.5"),
            number("life_years", "yr", "Economic and technical life"),
            number(
                "min_size_mw",
                "MW",
                "Smallest plant; with `supply.whole_sources` what enters service is no less",
            ),
            number("overnight_musd", "MUSD", "Overnight cost"),
        ),
    ),
    Table(
        "source_leaves",
        "One row per site, own source, year of service and year in which some of it leaves for "
        "another place or owner, on 1 January.",
        ("site", "source", "vintage", "year"),
        (
            SITE,
            _SOURCE,
            text("vintage", "Model year in which it entered service"),
            YEAR,
            number("left_mw", "MW", "Power that leaves"),
            number("worth_musd", "MUSD", "What it is worth then"),
            number("removal_musd", "MUSD", "Taking it down and hauling it away"),
        ),
    ),
    Table(
        "source_year",
        "One row per site, own source and year with something in service.",
        ("site", "source", "year"),
        (
            SITE,
            _SOURCE,
            _ROLE,
            YEAR,
            number("capacity_mw", "MW", "Power in service, mean over the year"),
            number("energy_mwh", "MWh", "Energy of batteries in service, mean over the year"),
            number(
                "output_mwh",
                "MWh",
                "Energy put out in the year; of sun and wind all that they yield, used or not; "
                "of batteries what they deliver",
            ),
            number("charged_mwh", "MWh", "Energy taken by batteries in the year"),
            number("worn_mwh", "MWh", "Energy that wears cells out before their calendar life"),
            number(
                "capacity_factor_frac",
                "-",
                "Output over that of a year at full power; missing without power",
                missing=True,
            ),
            number("fuel_mmbtu", "MMBtu", "Fuel of the year, higher heating value"),
            number("emissions_kt", "kt CO2", "Emissions at the site in the year"),
            number("capital_musd", "MUSD/year", "Repayments, less what has left is worth"),
            number("running_musd", "MUSD/year", "Fuel, upkeep and worn cells"),
            number(
                "usd_per_mwh",
                "USD/MWh",
                "Both over the output; missing without output",
                missing=True,
            ),
        ),
    ),
    Table(
        "source_slot",
        "One row per site, own source, year and slot with something in service.",
        ("site", "source", "year", "slot"),
        (
            SITE,
            _SOURCE,
            YEAR,
            _SLOT,
            number("output_mw", "MW", "Power put out; of sun and wind the yield, used or not"),
            number("charge_mw", "MW", "Power taken by batteries"),
            number("level_mwh", "MWh", "Energy in batteries at the end of the slot"),
        ),
    ),
    Table(
        "site_surplus",
        "One row per site, year and slot in which own power is sold or thrown away.",
        ("site", "year", "slot"),
        (
            SITE,
            YEAR,
            _SLOT,
            number("export_mw", "MW", "Power sold to the grid"),
            number("export_usd_per_mwh", "USD/MWh", "Price of it"),
            number("surplus_mw", "MW", "Power of own sources thrown away"),
        ),
    ),
)
