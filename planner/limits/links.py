"""Rows that are no limits of their own: they link decisions."""

from __future__ import annotations

from typing import Final

__all__ = ["LINKS"]

LINKS: Final = {
    "an amount is the sum of what it is made of": (
        "site_load",
        "compute_capacity",
        "move_balance",
        "idle_load",
        "dynamic_load",
        "deferrable_load",
        "busy_load",
        "full_load",
        "deferral_balance",
        "base_losses",
        "following_losses",
        "migration_balance",
        "source_capacity",
        "battery_size",
        "state_of_charge",
        "contract_in_force",
        "zone_load",
    ),
    "no more is used than the plan has": (
        "rent_supply",
        "racks_alive",
        "stock_only_use",
        "cohort_moves",
        "retrofit_source",
        "deferral_room",
        "migration_room",
        "migration_arrivals",
        "output_limit",
        "curtailment_limit",
        "export_source",
        "redeployment_limit",
        "battery_power",
        "battery_energy",
        "discounted_peak",
        "discounted_connection",
        "shed_load",
        "contract_delivery",
        "contract_use",
        "claim_within_draw",
        "annual_claims",
        "tariff_contract",
        "tariff_release",
        "heat_connection",
    ),
    "a site opens once and stays open": ("opening", "stays_open"),
    "what is billed or worn out is no less than what causes it": (
        "battery_wear",
        "billed_peak",
        "tariff_peak",
        "tariff_billing",
        "tariff_take",
        "tariff_tiers",
        "tariff_fee",
    ),
    "a figure limits it, but it stops no plan: not to sell, to store or to pay a fee is allowed": (
        "export_connection",
        "battery_duration",
        "tariff_exit",
        "heat_recovery",
    ),
}
"""For each reason the blocks of rows that have it."""
