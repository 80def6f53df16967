"""Schema of emissions by place and by market."""

from __future__ import annotations

from planner.results.column import Table, number
from planner.results.schema_plan import SITE, YEAR

__all__ = ["CARBON_TABLES"]

_LOCATION = number("location_kt", "kt CO2", "Emissions of the grid's power and of fuel burnt")
_FUEL = number("fuel_kt", "kt CO2", "Of it, of fuel burnt at the site")
_MARKET = number("market_kt", "kt CO2", "The same less power under contract that counts")
_EMBODIED = number(
    "embodied_kt",
    "kt CO2e",
    "Of making what enters service, over the years that the model year stands for; 0 unless the "
    "scenario counts it",
)
_COUNTED = number("counted_kt", "kt", "What cap and price count, by the scenario's method")

CARBON_TABLES = (
    Table(
        "carbon_site",
        "One row per site and year with emissions.",
        ("site", "year"),
        (
            SITE,
            YEAR,
            _LOCATION,
            _FUEL,
            number("claimed_mwh", "MWh", "Power under contract that counts at the site"),
            _MARKET,
            _EMBODIED,
            _COUNTED,
            number("grid_t_per_mwh", "t/MWh", "Mean intensity of power drawn", missing=True),
            number("charge_musd", "MUSD/year", "Paid for emissions: price and schemes"),
        ),
    ),
    Table(
        "carbon_year",
        "One row per year: emissions of the plan by both methods.",
        ("year",),
        (
            YEAR,
            _LOCATION,
            _FUEL,
            number("claimed_mwh", "MWh", "Power under contract that counts"),
            _MARKET,
            _EMBODIED,
            _COUNTED,
            number("cap_kt", "kt", "Most of what is counted; missing without a cap", missing=True),
            number("price_usd_per_t", "USD/t", "Price put on what is counted"),
            number(
                "cap_value_usd_per_t",
                "USD/t",
                "What one more tonne in each year that the model year stands for saves in it; "
                "missing without cap or duals",
                missing=True,
            ),
            number(
                "cap_value_npv_usd_per_t",
                "USD/t",
                "The same as net present value: by how much the cost of the plan falls",
                missing=True,
            ),
        ),
    ),
)
