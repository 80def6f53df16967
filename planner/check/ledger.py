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
    "demand.demand_kh100e": ("demand_from_trajectory", "demand_by_weight", "demand_as_stated"),
    "demand.no_route": ("no_route_from_tables",),
    "demand.route_is_tight": ("routes_from_tables",),
    "demand.route_rtt_ms": ("routes_from_tables",),
    "demand.tight_share_frac": ("service_terms_from_tables",),
    "demand.unmet_usd_per_h100e_hour": ("service_terms_from_tables",),
    # the fleet of the trajectory
    "reference": ("reference_fleet_told",),
    # classes
    "workloads": ("classes_from_tables",),
    # rent
    "rent.depth_kh100e": ("rent_depth_from_tables",),
    "rent.price_musd_per_kh100e_year": ("rent_price_from_tables",),
    "rent.rented_is_tight": ("clouds_from_tables",),
    "rent.term_years": ("rent_price_from_tables",),
    # levers
    "levers.cost_musd_per_kh100e_year": ("levers_from_tables",),
    "levers.max_adoption_frac": ("levers_from_tables",),
    "levers.saving_frac": ("levers_from_tables",),
    # racks
    "racks.cohort_stock_mw": ("standing_racks_from_tables",),
    "racks.companion_musd_per_mw_year": ("companion_and_move_price",),
    "racks.companion_mw_per_mw": ("hall_need_from_tables",),
    "racks.deferrable_frac": ("rack_power_from_tables",),
    "racks.delivery_limit_mw": ("deliveries_from_tables",),
    "racks.dynamic_mw_per_mw": ("rack_power_from_tables",),
    "racks.hall_mw_per_mw": ("hall_need_from_tables",),
    "racks.idle_mw_per_mw": ("rack_power_from_tables",),
    "racks.install_capex_musd_per_mw": ("rack_price_from_tables",),
    "racks.it_maintenance_musd_per_mw_year": ("rack_types_from_tables",),
    "racks.life_years": ("rack_types_from_tables",),
    "racks.move_cost_musd_per_mw": ("companion_and_move_price",),
    "racks.peak_kw": ("rack_types_from_tables",),
    "racks.space_m2_per_mw": ("rack_power_from_tables",),
    "racks.stock_mw": ("standing_racks_from_tables",),
    "racks.stock_only_mw": ("standing_racks_from_tables",),
    "racks.throughput_kh100e_per_mw": ("throughput_from_tables",),
    "racks.vintage_last_year": ("vintages_from_tables",),
    # halls
    "halls.build_capex_musd_per_mw": ("hall_price_from_tables",),
    "halls.build_is_early": ("hall_dates_from_tables",),
    "halls.build_start": ("hall_dates_from_tables",),
    "halls.committed_mw": ("committed_from_tables",),
    "halls.density_kw_per_m2": ("halls_from_scenario",),
    "halls.existing_mw": ("standing_halls_from_tables",),
    "halls.lead.months": ("leads_from_tables",),
    "halls.lead.service_start": ("leads_from_tables",),
    "halls.lease_depth_mw": ("leases_from_tables",),
    "halls.lease_musd_per_mw_year": ("leases_from_tables",),
    "halls.opex_musd_per_mw_year": ("hall_upkeep_from_tables",),
    "halls.ramp_mean_frac": ("halls_from_scenario",),
    "halls.ramp_months": ("halls_from_scenario",),
    "halls.retrofit_capacity_frac": ("retrofits_from_tables",),
    "halls.retrofit_capex_musd_per_mw": ("retrofits_from_tables",),
    "halls.retrofit_done": ("retrofits_from_tables",),
    "halls.retrofit_start": ("retrofits_from_tables",),
    # sites
    "sites.build_rate_mw": ("build_rates_from_tables",),
    "sites.capex_budget_musd": ("market_limits_from_scenario",),
    "sites.fixed_musd_per_year": ("openings_from_tables",),
    "sites.is_existing": ("existing_sites_from_tables",),
    "sites.land_limit_mw": ("land_from_tables",),
    "sites.market_rate_mw": ("market_limits_from_scenario",),
    "sites.minimum_mw": ("openings_from_tables",),
    "sites.opening_musd": ("openings_from_tables",),
    "sites.pace_mw": ("build_rates_from_tables",),
    "sites.reach_mw": ("build_rates_from_tables",),
    "sites.table": ("places_from_tables",),
    # siting
    "siting.block_mw": ("blocks_from_scenario",),
    "siting.block_top_mw": ("blocks_from_scenario",),
    "siting.exact_sites": ("openings_from_scenario",),
    "siting.most_phases": ("phases_from_tables",),
    "siting.most_sites": ("openings_from_scenario",),
    "siting.open_lower": ("openings_from_scenario",),
    "siting.open_upper": ("openings_from_scenario",),
    "siting.paced_mw": ("paced_sites_from_tables",),
    "siting.phase_mw": ("phases_listed",),
    "siting.service_musd_per_kh100e_year": ("service_prices_from_scenario",),
    "siting.whole_openings": ("openings_from_scenario",),
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
    # on-site technology
    "supply.build_capex_musd_per_mw": ("source_offers_from_tables",),
    # carbon and water
    "carbon.fuel_price_usd_per_t": ("scheme_prices",),
    "carbon.location_t_per_mwh": ("carbon_from_tables",),
    "carbon.water_price_usd_per_m3": ("water_price",),
    # finance
    "finance.asset_rate_frac": ("rates_from_tables",),
    "finance.base_year": ("rates_from_tables",),
    "finance.build_idc_frac": ("interest_during_construction",),
    "finance.first_year": ("horizon_from_scenario",),
    "finance.last_year": ("horizon_from_scenario",),
    "finance.life_years": ("horizon_from_scenario",),
    "finance.opex_escalation": ("rates_from_tables",),
    "finance.rate_frac": ("rates_from_tables",),
    "finance.site_rate_adder_frac": ("rates_from_tables",),
    "finance.year_weight": ("horizon_from_scenario",),
}
"""Rules by the figure of `Inputs` that they reread from the scenario and the data."""

TAKEN_AS_GIVEN: Final[Mapping[str, str]] = {
    "noted_settings": "lines of the scenario file that notes point at: shown, and read by no plan",
    "tables": "the data that the checker rereads; files_as_written names what changed since",
}
"""Reasons by the figure of `Inputs` that no rule rereads."""
