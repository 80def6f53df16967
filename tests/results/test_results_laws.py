"""What must hold between the tables of any plan, shown on a solved one."""

import numpy as np
import pytest

from planner.base.units import HOURS_PER_YEAR
from planner.results import TABLES
from planner.results.store import checked

NEAR = {"rel": 1e-6, "abs": 1e-6}


def by(table, keys, column):
    return table.groupby(keys)[column].sum()


def same(left, right):
    left, right = left[left != 0.0], right[right != 0.0]
    assert len(left) > 0
    assert left.index.tolist() == right.index.tolist()
    np.testing.assert_allclose(left.to_numpy(), right.to_numpy(), rtol=1e-6)


def test_every_table_is_as_its_schema_says(case):
    assert list(case.results.tables) == list(TABLES)
    for name, table in case.results.tables.items():
        checked(name, table)


def test_the_cost_table_adds_up_to_the_objective(case):
    assert case.results.costs["npv_musd"].sum() == pytest.approx(case.outcome.objective, rel=1e-9)


def test_payments_of_sites_add_up_to_those_of_the_cost_table(case):
    site_years = by(case.results.site_year, "year", "cost_musd")
    costs = case.results.costs[case.results.costs["site"] != ""]
    # the first of the two model years stands for two calendar years, the second for one
    is_last = costs["calendar_year"] == case.inputs.finance.last_year
    first, last = costs["musd"][~is_last].sum() / 2, costs["musd"][is_last].sum()

    assert site_years.tolist() == pytest.approx([first, last], **NEAR)


def test_headings_of_the_summary_add_up_to_the_cost_table(case):
    paid = (case.results.summary["cost_musd"] * list(case.inputs.years.spans)).sum()

    assert paid == pytest.approx(case.results.costs["musd"].sum(), **NEAR)


def test_energy_by_slot_adds_up_to_the_site_the_zone_the_class_and_the_summary(case):
    slot = case.results.power_slot
    energy = (slot["hours"] * slot["facility_mw"]).groupby([slot["site"], slot["year"]]).sum()

    same(energy, by(case.results.site_year, ["site", "year"], "energy_mwh"))
    yearly = energy.groupby("year").sum()
    same(yearly, by(case.results.power_zone, "year", "energy_mwh"))
    same(yearly, by(case.results.power_class, "year", "energy_mwh"))
    same(yearly, case.results.summary.set_index("year")["energy_twh"] * 1e6)


def test_it_power_of_classes_is_that_of_the_slots(case):
    slot = case.results.power_slot
    mean = (slot["hours"] * slot["it_mw"]).groupby(slot["year"]).sum() / HOURS_PER_YEAR

    same(mean, by(case.results.power_class, "year", "it_mean_mw"))


def test_facility_power_is_it_cooling_and_losses(case):
    slot = case.results.power_slot
    parts = slot["it_mw"] + slot["mechanical_mw"] + slot["electrical_loss_mw"]

    assert parts.tolist() == pytest.approx(slot["facility_mw"].tolist(), **NEAR)
    assert (slot["electrical_loss_mw"] > 0.0).all()


def test_what_is_put_off_is_done_on_the_same_day(case):
    deferral = case.results.deferral.assign(day=case.results.deferral["slot"].str[:2])
    later = (deferral["done_mw"] - deferral["due_mw"]).abs()
    of_day = deferral.groupby(["site", "year", "day"])[["done_mw", "due_mw"]].sum()

    assert later.max() > 0.01
    assert of_day["done_mw"].tolist() == pytest.approx(of_day["due_mw"].tolist(), **NEAR)


def test_demand_is_served_rented_saved_or_unmet(case):
    demand = case.results.demand
    met = demand[["served_kh100e", "rented_kh100e", "saved_kh100e", "unmet_kh100e"]].sum(axis=1)

    assert met.tolist() == pytest.approx(demand["demand_kh100e"].tolist(), **NEAR)


def test_racks_carry_what_is_assigned_to_their_site(case):
    same(
        by(case.results.plan, ["site", "workload", "year"], "load_kh100e"),
        by(case.results.assignment, ["site", "workload", "year"], "served_kh100e"),
    )
    same(
        by(case.results.plan, ["site", "year"], "load_kh100e"),
        by(case.results.site_year, ["site", "year"], "load_kh100e"),
    )


def test_racks_in_use_and_parked_are_those_alive(case):
    fleet = case.results.fleet
    both = fleet["used_mw"] + fleet["parked_mw"]

    assert both.tolist() == pytest.approx(fleet["alive_mw"].tolist(), **NEAR)
    same(
        by(case.results.plan, ["site", "rack", "hall", "duty", "year"], "used_mw"),
        by(fleet, ["site", "rack", "hall", "duty", "year"], "used_mw"),
    )


def test_billed_peaks_pay_the_demand_charge_of_the_cost_table(case):
    charge = by(case.results.billed_peaks, "year", "charge_musd")
    costs = case.results.costs[case.results.costs["item"] == "electricity_demand"]

    same(charge, by(costs[costs["calendar_year"].isin(charge.index)], "calendar_year", "musd"))


def test_overnight_costs_of_the_tables_add_up_to_capex(case):
    parts = (case.results.installs, case.results.builds, case.results.retrofits, case.results.connections)
    overnight = sum(table["overnight_musd"].sum() for table in parts)
    price = case.results.sites.set_index("site")["opening_musd"]
    site_year = case.results.site_year
    opened = (site_year["opened_frac"] * site_year["site"].map(price)).sum()

    assert overnight + opened == pytest.approx(case.results.site_year["capex_musd"].sum(), **NEAR)
    cash = case.results.cash[case.results.cash["item"] != "rack_moves"]
    assert cash["overnight_musd"].sum() == pytest.approx(overnight + opened, **NEAR)


def test_classes_add_up_to_their_duty_and_all_to_the_payments_for_own_sites(case):
    table = case.results.unit_costs
    own = case.results.summary["upfront_musd"] + case.results.summary["opex_musd"]
    levers = by(case.results.levers, "year", "cost_musd")
    levers = levers.reindex(case.inputs.years.years, fill_value=0.0)

    for level in ("workload", "duty", "total"):
        paid = by(table[table["level"] == level], "year", "cost_musd")
        assert paid.tolist() == pytest.approx((own - levers.to_numpy()).tolist(), **NEAR)


def test_one_limit_of_a_zone_is_worth_the_same_to_firm_and_to_all_connections(solve_mini):
    short = solve_mini("grid.headroom_scale_frac=0.07")
    saved_musd = -short.outcome.row_dual[short.model.problem.row_block("zone_headroom")].min()  # by one more MW
    worth = short.results.headroom.filter(like="value_npv_usd_per_mw").max()
    assert saved_musd > 1.0
    assert worth.tolist() == pytest.approx([1e6 * saved_musd] * 2, rel=1e-9)


def test_non_firm_connection_leaves_less_to_firm_and_export_leaves_less_to_the_site(solve_mini):
    connect = ("grid.expansion_usd_per_mw=5e6", "grid.non_firm={allow: true, usd_per_mw: 0}")
    sell = ("supply.allow=[panel]", "supply.export={allow: true, wholesale_price_frac: 3}", "energy.price_scale_frac=3")
    plan = solve_mini("grid.headroom_scale_frac=0.07", *connect, *sell).results

    east = plan.headroom.query("zone == 'east'").set_index("year")
    new_mw = (1900 + 360) * 0.2 * 0.07 - 27.6  # all that is left in 2027, connected since 2025
    assert east["new_non_firm_mw"].tolist() == pytest.approx([new_mw, new_mw])
    spare_mw = (1900 + 120) * 0.2 * 0.07 - 11.0 - new_mw
    assert east.loc[2025, ["spare_mw", "firm_spare_mw"]].tolist() == pytest.approx([spare_mw, spare_mw])
    stress = plan.stress_slot
    met_mw = stress["grid_mw"] + stress["own_mw"] + stress["shed_mw"]
    assert met_mw.tolist() == pytest.approx(stress["use_mw"].tolist())
    assert plan.site_surplus.merge(stress[["site", "year", "slot"]])["export_mw"].max() > 1.0
