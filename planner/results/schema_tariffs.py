"""Schema of bills by a tariff and the capacity that is under contract."""

from __future__ import annotations

from planner.results.column import Table, number, text, whole
from planner.results.schema_plan import SITE, YEAR

__all__ = ["TARIFF_TABLES"]

_CALENDAR = whole("calendar_year", "year", "Year of the bill, on its own calendar")
_TARIFF = text("tariff", "Tariff, by its id; with terms of the table, both ids")
_RULE = text("rule", "Charge of the tariff, by its name on the bill")
_UNIT = text("unit", "Unit of the quantity")

TARIFF_TABLES = (
    Table(
        "bills",
        "One row per site that a tariff bills, calendar year and line of its bill. What the plan "
        "pays stands beside the exact bill of the hours that its slots stand for. Lines without "
        "money are left out.",
        ("site", "calendar_year", "rule", "item", "unit"),
        (
            SITE,
            _CALENDAR,
            _TARIFF,
            _RULE,
            text("item", "Part of it: a time of use, the billing demand, the system's peak hours"),
            _UNIT,
            text("kind", "Line of the cost table: energy, demand, capacity, standing, exit_fee"),
            number("quantity", "unit", "Quantity that is billed in the year, in the unit"),
            number("charged_usd", "USD", "What the plan pays, and the cost table has"),
            number("exact_usd", "USD", "What the rule asks for that load, hour by hour"),
            number(
                "charged_above_exact_usd",
                "USD",
                "The first less the second: 0 but where tiers decline, of which there is a bound",
            ),
        ),
    ),
    Table(
        "bill_months",
        "One row per site that a tariff bills, month and line of the exact bill.",
        ("site", "month", "rule", "item", "unit"),
        (
            SITE,
            text("month", "Month, 2028-02"),
            _RULE,
            text("item", "Part of it, and the tier where there are any"),
            _UNIT,
            text("basis", "What set the quantity: metered, ratchet, minimum take, calendar"),
            number("quantity", "unit", "Quantity, in the unit"),
            number("usd_per_unit", "USD/unit", "Price of the month's year"),
            number("usd", "USD", "Money"),
        ),
    ),
    Table(
        "capacity_contracts",
        "One row per site, model year in which capacity was signed for, and model year from then "
        "on: what is under contract, where a tariff has a minimum take.",
        ("site", "signed_year", "year"),
        (
            SITE,
            whole(
                "signed_year", "year", "Model year on whose 1 January the capacity was signed for"
            ),
            YEAR,
            number("signed_mw", "MW", "Capacity signed for"),
            number("released_mw", "MW", "Of it, given up on 1 January of this year"),
            number("kept_mw", "MW", "Left under contract"),
            number("fee_mw", "MW", "Given up in this year beyond what may go without a fee"),
            number("fee_musd", "MUSD", "Fee for it"),
        ),
    ),
)
