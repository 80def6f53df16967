"""Schema of water by stress class, and of heat sold."""

from __future__ import annotations

from planner.results.column import Table, number, text, whole
from planner.results.schema_plan import SITE, YEAR

__all__ = ["HEAT_TABLES"]

HEAT_TABLES = (
    Table(
        "water_class",
        "One row per class of water stress and year with a site in use.",
        ("stress_class", "year"),
        (
            text("stress_class", "Class of the basin, as in table `water_stress`"),
            YEAR,
            whole("sites", "sites", "Sites in use"),
            number("usable_mw", "MW", "Critical IT power usable there"),
            number("water_m3", "m3", "Water evaporated for cooling in the year"),
            number("m3_per_mw", "m3/MW", "The same per MW of critical IT", missing=True),
            number(
                "permit_m3",
                "m3",
                "Most that permits of the class allow; missing where the plan has no such limit",
                missing=True,
            ),
            number("price_usd_per_m3", "USD/m3", "Mean price of it", missing=True),
            number("cost_musd", "MUSD/year", "Paid for it"),
        ),
    ),
    Table(
        "heat",
        "One row per site and year in which heat is sold.",
        ("site", "year"),
        (
            SITE,
            YEAR,
            number("connect_mw", "MW", "Connection to the network that is built, of heat"),
            number("overnight_musd", "MUSD", "Overnight cost of it"),
            number("connected_mw", "MW", "Connection that stands"),
            number("recoverable_mw", "MW", "Heat that cooling gives off warm enough, mean"),
            number("sold_mw", "MW", "Heat sold at full load"),
            number("sold_mwh", "MWh", "Heat sold in the year"),
            number("revenue_musd", "MUSD/year", "Paid for it"),
        ),
    ),
)
