"""The ledger of facts: for every figure of the inputs, who rereads it, or why nobody does.

A plan is as good as the figures it was made from. The rules of a plan compare its arithmetic with
`Inputs`; those named here compare a figure of `Inputs`, or the plan made from it, with what the
checker reads from the scenario and the data by code of its own. A plan made from a wrong figure
breaks one of them.

A figure is named by its way from `Inputs`: `rent.depth_kh100e`, a column of a table as
`halls.lead.months`, an entry that holds others (`tariffs.accounts`) for all of them. Every number
of the inputs is in exactly one of the two lists; a test finds them by reflection, makes each 5 %
wrong, as a whole and in one element, and demands that a rule named here breaks.

Index lists are not figures. Which tuples a list has follows from the scenario and the data as
well; where one too few would pass unseen, the rules of completeness (`rows_there`,
`sites_in_scope`) and those that look up a figure for every row of the plan find it out.

To add a figure: write it into `REREAD` with the rule that rereads it, or into `TAKEN_AS_GIVEN`
with a reason that convinces. The test says if it is missing, if the rule does not break, and if no
world of the test has the figure at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["REREAD", "TAKEN_AS_GIVEN"]

REREAD: Final[Mapping[str, tuple[str, ...]]] = {
    # demand
    "demand.demand_kh100e": ("demand_from_trajectory", "demand_by_weight"),
    # racks
    "racks.companion_mw_per_mw": ("hall_need_from_tables",),
    "racks.delivery_limit_mw": ("deliveries_from_tables",),
    "racks.hall_mw_per_mw": ("hall_need_from_tables",),
    "racks.install_capex_musd_per_mw": ("rack_price_from_tables",),
    "racks.throughput_kh100e_per_mw": ("throughput_from_tables",),
    # halls
    "halls.build_capex_musd_per_mw": ("hall_price_from_tables",),
    "halls.committed_mw": ("committed_from_tables",),
    "halls.lead.months": ("leads_from_tables",),
    "halls.lead.service_start": ("leads_from_tables",),
    "halls.opex_musd_per_mw_year": ("hall_upkeep_from_tables",),
    # sites
    "sites.fixed_musd_per_year": ("openings_from_tables",),
    "sites.land_limit_mw": ("land_from_tables",),
    "sites.minimum_mw": ("openings_from_tables",),
    "sites.opening_musd": ("openings_from_tables",),
    # siting
    "siting.phase_mw": ("phases_listed",),
    # power
    "power.mechanical_frac": ("cooling_from_weather",),
    "power.other_load_mw": ("other_load",),
    "power.wue_l_per_kwh": ("cooling_from_weather",),
    # grid
    "grid.demand_charge_usd_per_kw_month": ("delivered_prices",),
    "grid.energy_usd_per_mwh": ("delivered_prices",),
    "grid.headroom_mw": ("headroom_from_tables",),
    # non-firm connection
    "non_firm.start": ("non_firm_lead_from_tables",),
    # own sources
    "supply.build_capex_musd_per_mw": ("source_offers_from_tables",),
    # carbon and water
    "carbon.fuel_price_usd_per_t": ("scheme_prices",),
    "carbon.location_t_per_mwh": ("carbon_from_tables",),
    "carbon.water_price_usd_per_m3": ("water_price",),
    # finance
    "finance.asset_rate_frac": ("rates_from_tables",),
    "finance.base_year": ("rates_from_tables",),
    "finance.build_idc_frac": ("interest_during_construction",),
    "finance.opex_escalation": ("rates_from_tables",),
    "finance.rate_frac": ("rates_from_tables",),
    "finance.site_rate_adder_frac": ("rates_from_tables",),
}
"""Rules by the figure of `Inputs` that they reread from the scenario and the data."""

TAKEN_AS_GIVEN: Final[Mapping[str, str]] = {
    "noted_settings": "lines of the scenario file that notes point at: shown, and read by no plan",
    "tables": "the data that the checker rereads; files_as_written names what changed since",
}
"""Reasons by the figure of `Inputs` that no rule rereads."""
