"""Headings of the cost list, and what of it is bought up front."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["HEADINGS"]

HEADINGS: Final[Mapping[str, tuple[str, bool]]] = {
    "rack_purchase": ("racks", True),
    "companions": ("racks", False),
    "rack_moves": ("racks", True),
    "it_maintenance": ("racks", False),
    "hall_construction": ("halls", True),
    "hall_retrofit": ("halls", True),
    "hall_opex": ("halls", False),
    "lease_rent": ("halls", False),
    "site_opening": ("sites", True),
    "site_fixed": ("sites", False),
    "work_migration": ("sites", False),
    "service_network": ("sites", False),
    "interconnection": ("grid", True),
    "non_firm_connection": ("grid", True),
    "electricity_energy": ("energy", False),
    "electricity_demand": ("energy", False),
    "non_firm_discount": ("energy", False),
    "load_price": ("energy", False),
    "tariff_energy": ("energy", False),
    "tariff_demand": ("energy", False),
    "tariff_capacity": ("energy", False),
    "tariff_standing": ("energy", False),
    "tariff_exit_fee": ("energy", False),
    "source_purchase": ("own power", True),
    "battery_cells": ("own power", True),
    "bridge_worth": ("own power", True),
    "bridge_removal": ("own power", False),
    "source_upkeep": ("own power", False),
    "fuel": ("own power", False),
    "battery_replacement": ("own power", False),
    "export_revenue": ("own power", False),
    "contract_strike": ("contracts", False),
    "contract_market_value": ("contracts", False),
    "contract_power_taken": ("contracts", False),
    "water": ("water and carbon", False),
    "carbon_price": ("water and carbon", False),
    "carbon_schemes": ("water and carbon", False),
    "heat_network": ("heat", True),
    "heat_sales": ("heat", False),
    "rented_compute": ("rent and unmet", False),
    "unmet_compute": ("rent and unmet", False),
    "shed_load_worth": ("rent and unmet", False),
    "efficiency_levers": ("levers", False),
    "financing_premium": ("financing", True),
}
"""Heading of every line, and whether it repays something bought up front."""
