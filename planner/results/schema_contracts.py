"""Schema of power under contract and of what is clean."""

from __future__ import annotations

from planner.results.column import Table, number, text
from planner.results.schema_plan import SITE, YEAR

__all__ = ["CONTRACT_TABLES"]

_CONTRACT = text("contract", "Agreement, by the scenario's name")
_POOL = text("pool", "Zone, country or operator within which contracts count")
_SLOT = text("slot", "Slot of a representative day, d0h03 = first day, from 3 h UTC")
_IN_USE = "There are none where nothing is on offer and no target is set."

CONTRACT_TABLES = (
    Table(
        "contracts",
        "One row per agreement, grid zone and year in which some of it is signed or in force.",
        ("contract", "zone", "year"),
        (
            _CONTRACT,
            text("kind", "physical or financial"),
            text("technology", "As in table `ppa_prices`"),
            text("zone", "Grid zone of the plant"),
            YEAR,
            number("signed_mw", "MW", "Capacity whose delivery begins in the year"),
            number("in_force_mw", "MW", "Capacity in force, mean over the year"),
            number("energy_mwh", "MWh", "Energy delivered in the year"),
            number("strike_musd", "MUSD/year", "Paid for it"),
            number("market_musd", "MUSD/year", "What the market pays for it in its hours"),
            number("strike_usd_per_mwh", "USD/MWh", "Mean strike", missing=True),
            number(
                "value_factor_frac",
                "-",
                "What the market pays for it over what it pays for a flat delivery",
                missing=True,
            ),
        ),
    ),
    Table(
        "contract_slot",
        "One row per agreement, grid zone, year and slot with something in force.",
        ("contract", "zone", "year", "slot"),
        (
            _CONTRACT,
            text("zone", "Grid zone of the plant"),
            YEAR,
            _SLOT,
            number("hours", "h", "Hours of the year that the slot stands for"),
            number("output_mw", "MW", "Power delivered"),
            number("market_usd_per_mwh", "USD/MWh", "What the market pays then"),
        ),
    ),
    Table(
        "contract_use",
        "One row per site, year and slot in which power under contract is taken or claimed.",
        ("site", "year", "slot"),
        (
            SITE,
            YEAR,
            _SLOT,
            number("taken_mw", "MW", "Power of physical agreements taken instead of the market's"),
            number("wholesale_usd_per_mwh", "USD/MWh", "Price not paid for it"),
            number("claimed_mw", "MW", "Power under contract that counts as clean at the site"),
        ),
    ),
    Table(
        "matching",
        f"One row per pool and year: what of the energy used is clean. {_IN_USE}",
        ("pool", "year"),
        (
            _POOL,
            YEAR,
            number(
                "target_frac", "-", "Least clean share; missing where none is set", missing=True
            ),
            number("used_mwh", "MWh", "Energy used"),
            number("grid_mwh", "MWh", "Energy drawn from the grid, under contract or not"),
            number("own_clean_mwh", "MWh", "Own clean power used, less what is sold and stored"),
            number("delivered_mwh", "MWh", "Energy of contracts"),
            number("claimed_mwh", "MWh", "Of it, what counts"),
            number("grid_clean_mwh", "MWh", "The grid's clean share of the rest of what is drawn"),
            number("clean_mwh", "MWh", "Clean energy used: own, claimed and of the grid"),
            number("clean_frac", "-", "The same over the energy used", missing=True),
            number(
                "annual_frac",
                "-",
                "Clean share that the contracts allow where they count by the year",
                missing=True,
            ),
            number(
                "hourly_frac",
                "-",
                "Clean share that they allow where they count slot by slot",
                missing=True,
            ),
        ),
    ),
    Table(
        "matching_slot",
        f"One row per pool, year and slot: the same by the hour. {_IN_USE}",
        ("pool", "year", "slot"),
        (
            _POOL,
            YEAR,
            _SLOT,
            number("hours", "h", "Hours of the year that the slot stands for"),
            number("used_mw", "MW", "Power used"),
            number("grid_mw", "MW", "Power drawn from the grid"),
            number("own_clean_mw", "MW", "Own clean power used, less what is sold and stored"),
            number("delivered_mw", "MW", "Power of contracts"),
            number("claimed_mw", "MW", "Of it, what counts"),
            number("grid_clean_mw", "MW", "The grid's clean share of the rest of what is drawn"),
        ),
    ),
)
