"""Which rule holds which column of the plan's tables, and what is shown only.

The rules of `EVERYWHERE` hold every column of every table: no cell is missing where one must be,
no row comes twice, no label is unknown. Beyond that each column is held by the rules named here:
change one cell, and one of them is broken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["EVERYWHERE", "HELD", "HELD_ROWS", "SHOWN_ONLY"]

EVERYWHERE: Final = ("cells_there", "rows_once", "labels_known")
"""Rules that hold every column of every table."""

_OF_TABLES: Final[Mapping[str, Mapping[str, str]]] = {
    "sites": {
        "rows": "sites_told",
        "sites_told": "site name country region lat lon zone market is_existing land_limit_mw "
        "opening_musd",
    },
    "plan": {
        "rows": "compute_capacity fleet_table",
        "fleet_table": "site rack hall duty year used_mw standby_mw",
        "compute_capacity": "workload year used_mw",
        "labels_follow": "cooling redundancy duty",
        "rack_counts": "racks",
        "companions_told": "companion_mw",
        "load_of_racks": "load_kh100e",
    },
    "fleet": {
        "rows": "rows_there",
        "fleet_table": "site rack hall duty year alive_mw stock_mw used_mw standby_mw parked_mw",
        "rows_there": "year",
    },
    "installs": {
        "rows": "cost_rack_purchase",
        "cost_rack_purchase": "site year overnight_musd",
        "rack_counts": "rack installed_mw racks",
        "racks_alive": "rack hall duty year",
        "fleet_table": "site rack hall duty year",
        "overnight_cost": "rack installed_mw overnight_musd",
    },
    "moves": {
        "rows": "cost_rack_moves cascade_balance",
        "cascade_balance": "site rack direction vintage year moved_mw",
        "cascade_cohorts": "hall vintage",
        "racks_where_allowed": "hall direction",
        "fleet_table": "site rack hall direction vintage year moved_mw",
    },
    "builds": {
        "rows": "cost_hall_construction",
        "cost_hall_construction": "site service_start overnight_musd",
        "labels_follow": "cooling redundancy",
        "overnight_cost": "site hall year built_mw overnight_musd",
        "hall_lead": "year service_start early",
        "halls_where_allowed": "early",
        "committed_halls": "early",
        "halls_table": "hall",
    },
    "retrofits": {
        "rows": "cost_hall_retrofit",
        "retrofit_source": "site hall to_hall retrofitted_mw gained_mw",
        "cost_hall_retrofit": "site year overnight_musd",
        "overnight_cost": "retrofitted_mw overnight_musd",
        "halls_table": "site hall to_hall year",
    },
    "leases": {
        "rows": "cost_lease_rent",
        "lease_rents_told": "site hall year leased_mw rent_musd",
        "cost_lease_rent": "site hall year leased_mw",
        "halls_table": "site hall year leased_mw",
    },
    "halls": {
        "rows": "rows_there",
        "halls_table": "site hall year existing_mw leased_mw usable_mw used_mw spare_power_mw "
        "stranded_power_mw floor_m2 used_m2 spare_floor_m2 stranded_floor_m2",
        "labels_follow": "cooling redundancy",
        "rows_there": "site hall year",
    },
    "connections": {
        "rows": "cost_interconnection",
        "cost_interconnection": "site year service_start overnight_musd",
        "labels_follow": "zone",
        "connections": "site year added_mw service_start",
    },
    "leads": {
        "rows": "rows_there",
        "leads_told": "site months by service_start",
        "rows_there": "site hall",
    },
    "openings": {
        "rows": "openings_table",
        "labels_follow": "name",
        "openings_table": "site year open_frac halls_mw minimum_size_mw opening_musd fixed_musd",
    },
    "phases": {
        "rows": "halls_in_phases",
        "halls_in_phases": "site hall year phases phase_mw built_mw",
    },
    "blocks": {
        "rows": "rows_there",
        "blocks_told": "site workload year used_mw block_mw",
        "rows_there": "site workload year",
    },
    "site_year": {
        "rows": "summary_summed",
        "labels_follow": "zone",
        "opening": "open_frac opened_frac",
        "cost_site_opening": "opened_frac",
        "connections": "site year halls_mw firm_mw new_firm_mw",
        "openings_table": "opened_frac",
        "whole_openings": "open_frac",
        "contract_floor": "site year nameplate_mw",
        "sites_summed": "site year usable_mw load_kh100e load_factor_frac wue_l_per_kwh pue "
        "cost_musd",
        "energy_of_sites": "site year it_mean_mw facility_mean_mw facility_peak_mw energy_mwh "
        "grid_mwh grid_peak_mw pue",
        "migration_told": "migrated_mean_mw",
        "water": "water_m3",
        "emissions": "emissions_kt",
        "overnight_cost": "capex_musd",
    },
    "power_slot": {
        "rows": "slot_weights",
        "labels_follow": "is_peak_day",
        "slot_weights": "site year slot hours",
        "energy_of_sites": "grid_mw",
        "power_chain": "site year slot it_mw mechanical_mw electrical_loss_mw facility_mw grid_mw",
        "other_load": "other_load_mw",
        "deferral_conserves_energy": "deferred_mw",
        "migration_told": "migrated_mw",
        "figures_by_slot": "site year slot energy_usd_per_mwh location_t_per_mwh",
    },
    "deferral": {
        "rows": "deferral_conserves_energy",
        "deferral_conserves_energy": "site shape window year slot block done_mw",
        "deferral_is_due": "site shape window year slot due_mw",
    },
    "billed_peaks": {
        "rows": "rows_there",
        "billed_peaks": "site year period months peak_mw usd_per_kw_month charge_musd",
        "rows_there": "site year period",
    },
    "power_zone": {
        "rows": "rows_there",
        "zones_summed": "zone year sites_in_use nameplate_mw it_mean_mw facility_mean_mw "
        "coincident_peak_mw sum_of_site_peaks_mw energy_mwh pue emissions_kt water_m3 firm_mw "
        "new_firm_mw",
    },
    "power_class": {
        "rows": "classes_summed",
        "labels_follow": "duty",
        "classes_summed": "workload year nameplate_mw it_mean_mw facility_mean_mw energy_mwh",
    },
    "headroom": {
        "rows": "rows_there",
        "headroom_table": "zone year rate_pct limit_mw firm_limit_mw committed_mw new_firm_mw "
        "new_non_firm_mw spare_mw firm_spare_mw",
        "headroom_binds": "binds firm_binds",
        "headroom_worth": "value_npv_usd_per_mw value_usd_per_mw_year firm_value_npv_usd_per_mw "
        "firm_value_usd_per_mw_year",
    },
    "non_firm_connections": {
        "rows": "cost_non_firm_connection",
        "labels_follow": "zone",
        "non_firm_where_offered": "site year tier rate_pct added_mw service_start turns_firm "
        "overnight_musd",
    },
    "non_firm_year": {
        "rows": "rows_there",
        "labels_follow": "zone",
        "non_firm_years_told": "site year non_firm_mw off_hours drawn_mwh shed_mwh shed_peak_mw "
        "lost_kh100e discount_musd",
        "rows_there": "site year",
    },
    "stress_slot": {
        "rows": "stress_slots_told",
        "hours_told": "hours",
        "worths_as_solved": "worth_usd_per_mwh",
        "stress_slots_told": "site year slot firm_mw non_firm_mw off_mw use_mw grid_mw own_mw",
        "cost_shed_load_worth": "shed_mw",
    },
    "load_price": {
        "rows": "load_price_told",
        "load_price_told": "zone year new_mwh",
        "load_price_peak_told": "new_peak_mw",
        "load_price_paid": "musd",
        "load_price_adders_told": "mean_adder_usd_per_mwh last_adder_usd_per_mwh",
    },
    "migration": {
        "rows": "migration_is_due",
        "migration_is_due": "site rack hall workload year slot block due_mw",
        "migration_reach_told": "reach",
        "migration_conserves_work": "site slot done_mw",
        "migration_told": "slot done_mw",
        "migration_of_sites": "site rack year slot done_mw",
    },
    "migration_site": {
        "rows": "rows_there",
        "migration_of_sites": "site workload year due_mwh done_mwh arrived_mwh left_mwh",
        "rows_there": "site workload year",
    },
    "source_builds": {
        "rows": "cost_source_purchase",
        "labels_follow": "role",
        "sources_where_allowed": "source year service_start life_years",
        "smallest_plants": "min_size_mw",
        "overnight_cost": "site source year built_mw built_mwh overnight_musd",
        "source_capacity": "site source year built_mw built_mwh",
    },
    "source_leaves": {
        "rows": "cost_bridge_worth",
        "bridge_power": "site source vintage year left_mw worth_musd removal_musd",
        "source_capacity": "year left_mw",
    },
    "source_year": {
        "rows": "rows_there",
        "labels_follow": "role",
        "source_capacity": "site source year capacity_mw energy_mwh",
        "battery_wear": "worn_mwh",
        "sources_of_a_year": "output_mwh charged_mwh capacity_factor_frac fuel_mmbtu "
        "emissions_kt capital_musd running_musd usd_per_mwh",
        "rows_there": "site source year",
    },
    "source_slot": {
        "rows": "rows_there",
        "sources_of_a_year": "site source year output_mw charge_mw",
        "source_output": "slot",
        "battery_level": "site year slot charge_mw level_mwh",
        "rows_there": "site source year slot",
    },
    "site_surplus": {
        "rows": "surplus_told",
        "surplus_told": "site year slot export_mw surplus_mw",
        "export_made_here": "export_mw export_usd_per_mwh",
        "cost_export_revenue": "site year slot export_mw",
    },
    "bills": {
        "rows": "bill_lines_told",
        "bill_lines_told": "site calendar_year tariff rule item unit kind quantity charged_usd "
        "exact_usd charged_above_exact_usd",
    },
    "bill_months": {
        "rows": "bill_months_told",
        "bill_months_told": "site month rule item unit basis quantity usd_per_unit usd",
    },
    "capacity_contracts": {
        "rows": "capacity_under_contract vintages_told",
        "capacity_under_contract": "site signed_year year signed_mw released_mw kept_mw",
        "vintages_told": "signed_year year",
        "exit_fees": "signed_mw released_mw fee_mw fee_musd",
    },
    "contracts": {
        "rows": "cost_contract_strike",
        "labels_follow": "contract kind technology",
        "contracts_in_force": "contract zone year signed_mw in_force_mw",
        "contract_energy": "zone year energy_mwh",
        "contract_prices": "contract zone year strike_musd strike_usd_per_mwh",
        "market_prices": "market_musd value_factor_frac",
    },
    "contract_slot": {
        "rows": "rows_there",
        "hours_told": "hours",
        "contract_energy": "contract zone year slot output_mw",
        "market_prices": "zone year slot market_usd_per_mwh",
        "rows_there": "contract zone year slot",
    },
    "contract_use": {
        "rows": "matching",
        "market_prices": "site year slot wholesale_usd_per_mwh",
        "cost_contract_power_taken": "site year slot taken_mw",
        "matching": "site year slot claimed_mw",
    },
    "matching": {
        "rows": "best_matching_told",
        "matching": "pool year used_mwh grid_mwh own_clean_mwh claimed_mwh grid_clean_mwh "
        "clean_mwh",
        "clean_target_told": "target_frac",
        "best_matching_told": "delivered_mwh clean_frac annual_frac hourly_frac",
    },
    "matching_slot": {
        "rows": "rows_there",
        "hours_told": "hours",
        "matching": "pool year slot used_mw grid_mw own_clean_mw claimed_mw grid_clean_mw",
        "best_matching_told": "delivered_mw",
        "rows_there": "pool year slot",
    },
    "carbon_site": {
        "rows": "rows_there",
        "carbon_tables": "site year location_kt fuel_kt claimed_mwh market_kt embodied_kt "
        "counted_kt",
        "carbon_charges_told": "grid_t_per_mwh charge_musd",
        "rows_there": "site year",
    },
    "carbon_year": {
        "rows": "rows_there",
        "carbon_tables": "year location_kt fuel_kt claimed_mwh market_kt embodied_kt counted_kt",
        "carbon_limits_told": "cap_kt price_usd_per_t cap_value_usd_per_t cap_value_npv_usd_per_t",
    },
    "water_class": {
        "rows": "rows_there",
        "water_by_class": "stress_class year sites usable_mw water_m3 m3_per_mw permit_m3 "
        "price_usd_per_m3 cost_musd",
    },
    "heat": {
        "rows": "cost_heat_sales",
        "cost_heat_network": "site year connect_mw",
        "heat_sold": "site year connect_mw overnight_musd connected_mw recoverable_mw sold_mwh "
        "revenue_musd sold_mw",
    },
    "assignment": {
        "rows": "demand_table",
        "demand_table": "region workload year served_kh100e",
        "compute_capacity": "site workload year",
        "round_trip_told": "region site rtt_ms",
        "tight_routes_told": "within_tight",
    },
    "demand": {
        "rows": "demand_balance demand_table",
        "demand_table": "region workload year demand_kh100e served_kh100e saved_kh100e",
        "demand_balance": "rented_kh100e unmet_kh100e",
        "round_trips_of_users": "mean_rtt_ms",
    },
    "no_route": {
        "rows": "no_route_told",
        "no_route_told": "region workload nearest_site nearest_rtt_ms bound_ms",
    },
    "latency": {
        "rows": "rows_there",
        "service_of_classes": "workload year bound_ms tight_ms tight_share_frac demand_kh100e "
        "served_kh100e mean_rtt_ms max_rtt_ms within_tight_frac",
        "percentiles_told": "p50_rtt_ms p95_rtt_ms tail_p95_rtt_ms",
        "percent_served": "rented_frac saved_frac unmet_frac",
    },
    "rent": {
        "rows": "cost_rented_compute",
        "cost_rented_compute": "workload tier year bought_kh100e",
        "rent_terms_told": "workload tier year term_years usd_per_h100e_hour",
    },
    "levers": {
        "rows": "demand_table",
        "demand_table": "workload lever year adopted_frac",
        "levers_told": "workload lever year adopted_frac saved_kh100e cost_musd",
    },
    "reserve": {
        "rows": "resilience_told",
        "reserve_of_standby": "site workload year load_kh100e standby_mw idle_mw called_mw",
        "resilience_told": "workload year reserve_kh100e",
    },
    "failures": {
        "rows": "failures_told",
        "failures_told": "site workload year load_kh100e taken_kh100e unserved_kh100e",
        "round_trips_after_failures": "standby_sites mean_rtt_ms failover_rtt_ms",
    },
    "takeovers": {
        "rows": "failures_told",
        "failures_told": "site workload year taken_kh100e",
        "takeovers_fit": "site standby region workload year",
        "round_trips_after_failures": "standby region rtt_ms",
    },
    "resilience": {
        "rows": "rows_there",
        "resilience_told": "workload year load_kh100e largest_load_kh100e reserve_kh100e "
        "reserve_frac standby_mw unserved_kh100e value_musd value_usd_per_h100e_hour",
    },
    "reference": {
        "rows": "rows_there",
        "reference_told": "workload year facility_gw rack_gw kh100e",
    },
    "costs": {
        "rows": "objective",
        "discounting": "calendar_year musd npv_musd",
        "labels_follow": "item group upfront",
        "sites_summed": "site",
        "objective": "npv_musd",
        "unit_costs_shared": "item site calendar_year",
    },
    "cash": {
        "rows": "cash_told",
        "cash_told": "item site calendar_year cash_musd overnight_musd",
    },
    "unit_costs": {
        "rows": "rows_there",
        "labels_follow": "scope level",
        "unit_costs_shared": "scope year served_kh100e nameplate_mw upfront_musd running_musd "
        "cost_musd rented_kh100e rent_musd",
        "unit_costs_divided": "usd_per_h100e_hour upfront_usd_per_h100e_hour "
        "running_usd_per_h100e_hour usd_per_mw_year work_unit usd_per_work_unit usd_per_request "
        "usd_per_million_tokens h100e_s_per_work_unit tokens_per_s_per_h100e conversion "
        "rented_usd_per_h100e_hour",
    },
    "prices": {
        "rows": "prices_as_solved",
        "prices_as_solved": "block unit site region workload zone market vendor hall year period "
        "contract pool source slot tier value raw_dual",
        "dual_unit": "value raw_dual",
    },
    "solution": {
        "rows": "solution_table",
        "solution_table": "scenario status objective_musd dual_bound_musd gap_frac has_duals "
        "duals_of whole_numbers discount_rate_frac base_year first_year last_year "
        "end_of_horizon",
        "status_told": "status gap_frac",
        "objective": "objective_musd",
    },
    "summary": {
        "rows": "rows_there",
        "percent_served": "year demand_kh100e served_kh100e rented_kh100e saved_kh100e "
        "unmet_kh100e",
        "summary_summed": "year shed_mwh lost_kh100e sites_in_use halls_mw built_mw nameplate_mw "
        "installed_mw it_mean_mw facility_mean_mw facility_peak_mw energy_twh pue water_m3 "
        "wue_l_per_kwh emissions_kt new_firm_mw capex_musd cash_musd",
        "rent_and_unmet_apart": "upfront_musd opex_musd rent_musd unmet_musd cost_musd",
    },
}
"""For each table the columns that each rule holds; under `rows` the rules that miss a row."""


def _held() -> dict[str, tuple[str, ...]]:
    held: dict[str, tuple[str, ...]] = {}
    for table, rules in _OF_TABLES.items():
        for rule, columns in rules.items():
            for column in columns.split() if rule != "rows" else ():
                held[f"{table}.{column}"] = (*held.get(f"{table}.{column}", ()), rule)
    return held


HELD: Final[Mapping[str, tuple[str, ...]]] = _held()
"""For each `table.column` the rules that hold it."""
HELD_ROWS: Final[Mapping[str, tuple[str, ...]]] = {
    table: tuple(rules["rows"].split()) for table, rules in _OF_TABLES.items()
}
"""For each table the rules that miss a row of it."""
SHOWN_ONLY: Final[Mapping[str, str]] = {
    "solution.found_by": "a note on the solver's methods; neither plan nor program tells them",
}
"""Each `table.column` that is shown only, and why no rule can hold it."""
