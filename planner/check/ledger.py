"""The ledger of facts: for every figure of the inputs, who rereads it, or why nobody does.

A plan is as good as the figures it was made from. The rules of a plan compare its arithmetic with
`Inputs`; those named here compare a figure of `Inputs`, or the plan made from it, with what the
checker reads from the scenario and the data by code of its own. A plan made from a wrong figure
breaks one of them.

A figure is named by its way from `Inputs`: `rent.depth_kh100e`, a column of a table as
`halls.lead.months`, an entry that holds others (`tariffs.accounts`) for all of them. Every number
of the inputs is in exactly one of the two lists; a test finds them by reflection, makes each 5 %
wrong, as a whole and in one element, and demands that a rule named here breaks. Where the type of
the inputs refuses such a value with an `InputError`, it takes another one that the type admits.

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

__all__ = ["REREAD", "TAKEN_AS_GIVEN", "in_words"]

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
    "power.defer_block": ("deferral_blocks",),
    "power.deployment_shape": ("deployments_from_tables",),
    "power.deployment_window": ("deployments_from_tables",),
    "power.deployment_utilisation_frac": ("deployments_from_tables",),
    "power.shape_frac": ("shapes_from_tables",),
    "power.defer_mechanical_frac": ("deferral_overhead",),
    "power.loss_fixed_frac": ("losses_from_curves",),
    "power.loss_variable_frac": ("losses_from_curves",),
    "power.mechanical_frac": ("cooling_from_weather",),
    "power.other_load_mw": ("other_load",),
    "power.wue_l_per_kwh": ("cooling_from_weather",),
    # grid
    "grid.billing_months": ("billing_months_from_calendar",),
    "grid.firm_mw": ("firm_connection_from_tables",),
    "grid.expand_first_year_frac": ("connection_start_from_tables",),
    "grid.expand_start": ("connection_start_from_tables",),
    "grid.expand_capex_musd_per_mw": ("connection_price_from_tables",),
    "grid.lease_firm_mw_per_mw": ("grid_terms_from_scenario",),
    "grid.contract_min_nameplate_frac": ("grid_terms_from_scenario",),
    "grid.curtailment_rate_pct": ("grid_terms_from_scenario",),
    "grid.headroom_all.limit_mw": ("headroom_from_tables",),
    "grid.headroom_all.firm_limit_mw": ("headroom_from_tables",),
    "grid.headroom_all.committed_mw": ("committed_of_zones",),
    "grid.headroom_all.rate_pct": ("committed_of_zones",),
    "grid.demand_charge_usd_per_kw_month": ("delivered_prices",),
    "grid.energy_usd_per_mwh": ("delivered_prices",),
    "grid.headroom_mw": ("headroom_from_tables",),
    # non-firm connection
    "non_firm.turns_firm": ("non_firm_lead_from_tables",),
    "non_firm.firm_year": ("non_firm_lead_from_tables",),
    "non_firm.capex_musd_per_mw": ("non_firm_price_from_tables",),
    "non_firm.discount_usd_per_kw_month": ("non_firm_discount_from_tables",),
    "non_firm.headroom_mw": ("headroom_from_tables",),
    "non_firm.off_frac": ("stress_from_tables",),
    "non_firm.shed.hours_frac": ("shed_from_scenario",),
    "non_firm.shed.max_energy_frac": ("shed_from_scenario",),
    "non_firm.shed.usd_per_mwh": ("shed_from_scenario",),
    "non_firm.shed.deployment_frac": ("shed_from_scenario",),
    "non_firm.start": ("non_firm_lead_from_tables",),
    # on-site technology
    "supply.burns_fuel": ("sources_burn_fuel",),
    "supply.existing_mw": ("standing_sources_from_scenario",),
    "supply.existing_mwh": ("standing_sources_from_scenario",),
    "supply.standby_mw_per_mw": ("standing_sources_from_scenario",),
    "supply.limit_mw": ("source_limits_from_tables",),
    "supply.run_hours_h": ("source_limits_from_tables",),
    "supply.charge_efficiency_frac": ("source_limits_from_tables",),
    "supply.discharge_efficiency_frac": ("source_limits_from_tables",),
    "supply.cycles_per_year": ("source_limits_from_tables",),
    "supply.build_start": ("source_offers_from_tables",),
    "supply.build_life_years": ("source_offers_from_tables",),
    "supply.build_store_start": ("source_offers_from_tables",),
    "supply.build_store_life_years": ("source_offers_from_tables",),
    "supply.build_store_capex_musd_per_mwh": ("source_offers_from_tables",),
    "supply.build_smallest_mw": ("plants_from_tables",),
    "supply.plant_least_mw": ("plants_from_tables",),
    "supply.plant_room_mw": ("plants_from_tables",),
    "supply.duration_h": ("plants_from_tables",),
    "supply.redeploy_start": ("bridge_worth_from_tables",),
    "supply.redeploy_life_left_years": ("bridge_worth_from_tables",),
    "supply.redeploy_worth_musd_per_mw": ("bridge_worth_from_tables",),
    "supply.redeploy_cost_musd_per_mw": ("bridge_worth_from_tables",),
    "supply.fixed_musd_per_mw_year": ("source_running_costs_from_tables",),
    "supply.variable_usd_per_mwh": ("source_running_costs_from_tables",),
    "supply.fuel_usd_per_mwh": ("source_running_costs_from_tables",),
    "supply.fuel_mmbtu_per_mwh": ("source_running_costs_from_tables",),
    "supply.co2_t_per_mwh": ("source_running_costs_from_tables",),
    "supply.wear_musd_per_mwh": ("source_running_costs_from_tables",),
    "supply.fixed_musd_per_mwh_year": ("source_running_costs_from_tables",),
    "supply.availability_frac": ("source_yield_from_tables",),
    "supply.export_usd_per_mwh": ("export_price_from_tables",),
    "supply.build_capex_musd_per_mw": ("source_offers_from_tables",),
    # carbon and water
    "carbon.cap_kt": ("carbon_cap_from_scenario",),
    "carbon.price_usd_per_t": ("carbon_price_from_scenario",),
    "carbon.claim_t_per_mwh": ("claims_from_tables",),
    "carbon.install_t_per_mw": ("embodied_from_tables",),
    "carbon.build_t_per_mw": ("embodied_from_tables",),
    "carbon.retrofit_t_per_mw": ("embodied_from_tables",),
    "carbon.source_t_per_mw": ("embodied_from_tables",),
    "carbon.store_t_per_mwh": ("embodied_from_tables",),
    "carbon.water_limit_m3": ("water_limits_from_tables",),
    "carbon.water_permit_m3_per_mw": ("water_limits_from_tables",),
    "carbon.fuel_price_usd_per_t": ("scheme_prices",),
    "carbon.location_t_per_mwh": ("carbon_from_tables",),
    "carbon.water_price_usd_per_m3": ("water_price",),
    # years, days and labels
    "sets.hall_cooling": ("labels_belong",),
    "sets.hall_redundancy": ("labels_belong",),
    "sets.workload_duty": ("labels_belong",),
    "sets.site_zone": ("labels_belong",),
    "sets.site_market": ("labels_belong",),
    "sets.rack_vendor": ("labels_belong",),
    "years.years": ("days_from_scenario",),
    "days.season_days": ("days_from_scenario",),
    "days.slot_h": ("days_from_scenario",),
    "days.peak_day_days": ("days_from_scenario",),
    "days.peak_month": ("days_from_scenario",),
    "days.months": ("days_from_scenario",),
    "days.days": ("days_from_scenario",),
    "days.peaks": ("days_from_scenario",),
    # work between sites
    "migration.deployment_frac": ("migration_from_tables",),
    "migration.due_mw_per_mw": ("migration_from_tables",),
    "migration.room_mw_per_mw": ("migration_from_tables",),
    "migration.move_usd_per_mwh": ("migration_from_tables",),
    "migration.balance_of_work": ("migration_blocks",),
    "migration.site_block_of_work": ("migration_blocks",),
    # failover
    "failover.may_cover": ("may_cover_from_scenario",),
    "failover.neighbour_row": ("neighbours_from_tables",),
    "failover.neighbour_reserve": ("neighbours_from_tables",),
    # price of new load
    "load_price.standing_mw": ("load_price_from_tables",),
    "load_price.width_mw": ("load_price_from_tables",),
    "load_price.adder_usd_per_mwh": ("load_price_from_tables",),
    # contracts
    "contracts.is_physical": ("contract_offers_from_scenario",),
    "contracts.sign_start": ("contract_offers_from_scenario",),
    "contracts.sign_end": ("contract_offers_from_scenario",),
    "contracts.limit_mw": ("contract_offers_from_scenario",),
    "contracts.zone_pool": ("clean_targets_from_scenario",),
    "contracts.site_pool": ("clean_targets_from_scenario",),
    "contracts.target_frac": ("clean_targets_from_scenario",),
    "contracts.is_hourly": ("clean_targets_from_scenario",),
    "contracts.strike_usd_per_mwh": ("strikes_from_tables",),
    "contracts.profile_frac": ("delivery_profiles",),
    "contracts.market_usd_per_mwh": ("contract_values_from_tables",),
    "contracts.take_usd_per_mwh": ("contract_values_from_tables",),
    "contracts.clean_frac": ("clean_share_from_tables",),
    # heat
    "heat.share_frac": ("heat_from_tables",),
    "heat.recover_frac": ("heat_from_tables",),
    "heat.buyer_h": ("heat_from_tables",),
    "heat.price_usd_per_mwh": ("heat_from_tables",),
    "heat.capex_musd_per_mw": ("heat_from_tables",),
    # tariffs
    "tariffs.bills.floor_share_frac": ("bill_lists_from_tariffs",),
    "tariffs.bills.take_share_frac": ("bill_lists_from_tariffs",),
    "tariffs.bills.stair_of.place": ("bill_lists_from_tariffs",),
    "tariffs.bills.stair_of.target": ("bill_lists_from_tariffs",),
    "tariffs.bills.stair_of.amount": ("bill_lists_from_tariffs",),
    "tariffs.bills.tier_width": ("bill_lists_from_tariffs",),
    "tariffs.bills.prices.place": ("bill_lists_from_tariffs",),
    "tariffs.bills.prices.line": ("bill_lists_from_tariffs",),
    "tariffs.bills.prices.usd": ("bill_lists_from_tariffs",),
    "tariffs.bills.prices.units": ("bill_lists_from_tariffs",),
    "tariffs.load_place": ("bill_lists_from_tariffs",),
    "tariffs.connected_place": ("bill_lists_from_tariffs",),
    "tariffs.line_kind": ("bill_lists_from_tariffs",),
    "tariffs.fee_musd_per_mw": ("exit_terms_from_tariffs",),
    "tariffs.free_frac": ("exit_terms_from_tariffs",),
    "tariffs.in_force_signed.place": ("capacity_in_force_from_terms",),
    "tariffs.in_force_signed.target": ("capacity_in_force_from_terms",),
    "tariffs.in_force_signed.amount": ("capacity_in_force_from_terms",),
    "tariffs.in_force_released.place": ("capacity_in_force_from_terms",),
    "tariffs.in_force_released.target": ("capacity_in_force_from_terms",),
    "tariffs.in_force_released.amount": ("capacity_in_force_from_terms",),
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
    **dict.fromkeys(
        (
            "failover.cut_reserve",
            "failover.cut_reserve_row",
            "failover.cut_served",
            "failover.cut_served_row",
        ),
        "empty in the inputs of a plan: rows that are added while it is solved, for outages that it"
        " did not survive; survives_loss_of_any_site lets every site fail without them",
    ),
    "noted_settings": "lines of the scenario file that notes point at: shown, and read by no plan",
    **dict.fromkeys(
        ("tariffs.bills.stair_line", "tariffs.bills.stairs"),
        "say by how much a charge in falling tiers exceeds the tariff: what is paid comes from the"
        " lists, which bill_lists_from_tariffs tries, and bill_lines_told recomputes both sums",
    ),
    "tariffs.accounts": "make the exact bills that are shown beside what a plan pays;"
    " bill_months_told recomputes these for the plan, month by month",
    "tariffs.bills.past_mw": "always 0, since no scenario says what was drawn before the plan;"
    " bill_lists_from_tariffs fails where it is more than a peak",
    "tables": "the data that the checker rereads; files_as_written names what changed since",
}
"""Reasons by the figure of `Inputs` that no rule rereads."""


def in_words() -> str:
    """Say how many figures the checker rereads, and how many it takes as given.

    Returns
    -------
    str
        A sentence, as `dcplan check` and the README have it.
    """
    return (
        f"{len(REREAD)} kinds of input figures are reread from the scenario and the data;"
        f" {len(TAKEN_AS_GIVEN)} are taken as given."
    )
