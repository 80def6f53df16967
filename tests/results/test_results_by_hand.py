"""Tables of plans that are written down, so that each number can be worked out by hand."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
from hand import hand_inputs, written

from planner.base.errors import SolverError
from planner.lp import HighsSession
from planner.model import build_model
from planner.results.demand import tail_rtt_ms, weighted_quantile
from planner.results.read import read_results
from planner.studies.solve.failover import site_outages


def row(table, **labels):
    chosen = np.logical_and.reduce([table[name] == label for name, label in labels.items()])
    return table[chosen].squeeze()


def results_of(model, plan, duals=None):
    outcome = written(model, plan, duals)
    return read_results(model, outcome, site_outages(model, outcome))


def test_racks_are_nameplate_over_that_of_one_rack(model):
    plan = {"used": {("dal", "big", "liquid|N", "train", "2028"): 1.2}}

    found = results_of(model, plan).plan.squeeze()

    assert found["racks"] == pytest.approx(1200 / 150)  # kW over kW a rack
    assert found["load_kh100e"] == pytest.approx(1.2 * 0.9)
    assert found["companion_mw"] == pytest.approx(1.2 * 0.07)
    assert (found["cooling"], found["redundancy"], found["duty"]) == ("liquid", "N", "training")


def test_numerical_dust_is_left_out(model):
    plan = {
        "used": {("ash", "old", "air|2N", "chat", "2026"): 3e-8},
        "install": {("ash", "big", "air|2N", "inference", "2026"): -2e-9},
    }

    results = results_of(model, plan)

    assert results.plan.empty
    assert results.installs.empty
    assert results.site_year["nameplate_mw"].tolist() == [0.0] * 4


def test_sparse_racks_strand_the_power_of_a_hall():
    inputs = hand_inputs()
    dense = dataclasses.replace(inputs.halls, density_kw_per_m2=np.array([9.0, 30.0]))
    plan = {"used": {("ash", "old", "air|2N", "chat", "2026"): 1.6}}

    results = results_of(build_model(dataclasses.replace(inputs, halls=dense)), plan)
    found = row(results.halls, site="ash", year=2026)

    assert found["usable_mw"] == pytest.approx(2.6)
    assert found["free_mw"] == pytest.approx(0.07 * 2.6)  # 0.182 MW, which leaves 2.418 MW
    assert found["used_mw"] == pytest.approx(1.6 * 0.95)
    assert found["floor_m2"] == pytest.approx(2600 / 9)  # 289 m2
    assert found["used_m2"] == pytest.approx(1.6 * 120)  # 192 m2
    fill = 2600 / 9 / 192  # 1.505: the floor is full before the power is used up
    assert found["stranded_power_mw"] == pytest.approx(2.418 - fill * 1.52)
    assert found["stranded_floor_m2"] == 0.0
    assert found["spare_power_mw"] == pytest.approx(2.418 - 1.52)
    assert found["spare_floor_m2"] == pytest.approx(2600 / 9 - 192)


def test_power_that_is_kept_free_is_neither_spare_nor_stranded(model):
    plan = {"used": {("ash", "old", "air|2N", "chat", "2026"): 1.6}}

    found = row(results_of(model, plan).halls, site="ash", year=2026)

    fill = 2.418 / 1.52  # 1.591; all 2.6 MW would hold 1.711, more than the floor: 325 / 192
    assert found["stranded_power_mw"] == 0.0
    assert found["stranded_floor_m2"] == pytest.approx(2600 / 8 - fill * 192)
    assert found["used_mw"] + found["spare_power_mw"] + found["free_mw"] == pytest.approx(2.6)


def test_power_of_a_slot_is_it_cooling_and_losses(model):
    plan = {
        "idle_mw": {("ash", "air", "2026"): 0.5},
        "dynamic_mw": {("ash", "air", "conversation", "2026"): 0.8},
        "loss_base_mw": {("ash", "2026"): 0.11},
        "loss_dynamic_mw": {("ash", "conversation", "2026"): 0.04},
        "peak_mw": {("ash", "2026", "Jul"): 2.3},
    }

    results = results_of(model, plan)

    day = row(results.power_slot, slot="d0h00")
    assert day["it_mw"] == pytest.approx(0.5 + 1.25 * 0.8)  # 1.5 MW by day
    assert day["mechanical_mw"] == pytest.approx(0.3 * 1.5)
    assert day["electrical_loss_mw"] == pytest.approx(0.11 + 1.25 * 0.04)
    assert day["facility_mw"] == pytest.approx(1.5 + 0.45 + 0.16)
    assert day["hours"] == 90 * 12  # DJF
    night = row(results.power_slot, slot="d0h12")
    assert night["facility_mw"] == pytest.approx(1.3 * (0.5 + 0.75 * 0.8) + 0.11 + 0.75 * 0.04)
    peak = row(results.power_slot, slot="d4h00")
    assert peak["is_peak_day"]
    assert peak["facility_mw"] == pytest.approx(1.35 * 1.5 + 0.16)

    site = row(results.site_year, site="ash", year=2026)
    # 362 ordinary days and 3 peak days; 12 h each by day and by night
    ordinary, hot = 2.11 + 1.57, (1.35 * 1.5 + 0.16) + (1.35 * 1.1 + 0.14)
    energy_mwh = 12 * (362 * ordinary + 3 * hot)
    assert site["energy_mwh"] == pytest.approx(energy_mwh)
    assert site["facility_peak_mw"] == pytest.approx(2.185)
    it_mwh = 8760 * (1.5 + 1.1) / 2
    assert site["pue"] == pytest.approx(energy_mwh / it_mwh)
    assert site["water_m3"] == pytest.approx(1.6 * it_mwh)  # L/kWh is m3/MWh
    assert site["wue_l_per_kwh"] == pytest.approx(1.6)
    assert site["load_factor_frac"] == pytest.approx(energy_mwh / 8760 / 2.185)
    # 0.42 t/MWh by day, 0.36 by night
    by_day, by_night = 12 * (362 * 2.11 + 3 * 2.185), 12 * (362 * 1.57 + 3 * 1.625)
    kt = (0.42 * by_day + 0.36 * by_night) / 1000
    assert site["emissions_kt"] == pytest.approx(kt)
    carbon = row(results.carbon_site, site="ash", year=2026)
    assert (carbon["location_kt"], carbon["counted_kt"]) == pytest.approx((kt, kt))
    assert carbon["charge_musd"] == pytest.approx(11.0 * kt / 1000)  # 11 USD/t
    assert carbon["grid_t_per_mwh"] == pytest.approx(1000 * kt / energy_mwh)

    billed = results.billed_peaks.squeeze()
    assert billed["charge_musd"] == pytest.approx(2.3 * 1000 * 9.0 / 1e6)  # one month


def test_only_peaks_that_are_billed_are_listed():
    inputs = hand_inputs()
    plan = {"peak_mw": {("ash", "2026", "Jul"): 2.3}}

    def billed(usd_per_kw_month):
        price = np.full_like(inputs.grid.demand_charge_usd_per_kw_month, usd_per_kw_month)
        grid = dataclasses.replace(inputs.grid, demand_charge_usd_per_kw_month=price)
        return results_of(build_model(dataclasses.replace(inputs, grid=grid)), plan).billed_peaks

    assert billed(0.4)["usd_per_kw_month"].tolist() == [0.4]
    assert billed(0.0).empty


def test_a_zone_peaks_when_its_sites_peak_together(model):
    plan = {
        "loss_base_mw": {("ash", "2026"): 0.7, ("dal", "2026"): 0.9},
        "dynamic_mw": {("ash", "air", "conversation", "2026"): 0.8},
        # Racks are in use at ash; at dal an empty hall draws power, and less than a rack is noise.
        "used": {("ash", "old", "air|2N", "chat", "2026"): 1.6, ("dal", "big", "liquid|N", "train", "2026"): 0.0007},
    }

    results = results_of(model, plan)

    east = row(results.power_zone, zone="east", year=2026)
    assert east["coincident_peak_mw"] == pytest.approx(0.7 + 1.35 * 1.25 * 0.8)
    assert east["sites_in_use"] == 1
    both = row(results.summary, year=2026)
    assert both["facility_peak_mw"] == pytest.approx(0.7 + 1.35 + 0.9)
    assert both["sites_in_use"] == 1


def test_deferred_work_shows_where_it_is_done(model):
    group = ("dal", "flat", "24h", "2028")
    plan = {"deferrable_mw": {group: 0.5}, "defer_mw": {(*group, "d1h00"): 0.8, (*group, "d1h12"): 0.2}}

    results = results_of(model, plan)

    early = row(results.power_slot, slot="d1h00")
    assert early["deferred_mw"] == pytest.approx(0.3)
    assert early["it_mw"] == pytest.approx(0.3)  # the plan has no other load
    assert early["mechanical_mw"] == pytest.approx(0.14 * 0.3)
    assert row(results.power_slot, slot="d1h12")["deferred_mw"] == pytest.approx(-0.3)
    done = row(results.deferral, slot="d1h00")
    assert (done["due_mw"], done["done_mw"], done["block"]) == (0.5, 0.8, 1)


def test_a_connection_is_repaid_from_the_month_it_is_energised(model):
    plan = {"expand": {("dal", "2026"): 4.0}}

    results = results_of(model, plan)

    overnight = 4.0 * 0.31
    crf = 0.06 / (1 - 1.06**-30)
    payment = overnight * crf / 1.06**0.5
    costs = results.costs[results.costs["item"] == "interconnection"]
    # in service from mid-2026
    assert costs["musd"].tolist() == pytest.approx([payment / 2, payment, payment])
    factors = [1.06**-0.5, 1.06**-1.5, 1.06**-2.5]
    npv = [payment / 2 * factors[0], payment * factors[1], payment * factors[2]]
    assert costs["npv_musd"].tolist() == pytest.approx(npv)
    found = results.connections.squeeze()
    assert (found["zone"], found["service_start"]) == ("west", 2026.5)
    assert found["overnight_musd"] == pytest.approx(overnight)
    firm = results.site_year[results.site_year["site"] == "dal"]
    assert firm["firm_mw"].tolist() == pytest.approx([4.0 * 0.5, 4.0])
    assert firm["new_firm_mw"].tolist() == pytest.approx([4.0, 4.0])
    # of the connection's payments, the model year 2026 shows the mean of 2026 and 2027
    assert firm["cost_musd"].tolist() == pytest.approx([0.75 * payment, payment])


def test_cash_is_spent_over_the_two_years_before_service(model):
    plan = {
        "build": {("dal", "liquid|N", "2026"): 2.0, ("ash", "air|2N", "2028"): 3.0},
        "install": {("ash", "big", "air|2N", "inference", "2028"): 0.5},
    }

    cash = results_of(model, plan).cash

    dal = cash[cash["site"] == "dal"]
    # from mid-2024 to mid-2026: a quarter falls inside the horizon
    assert dal["cash_musd"].tolist() == pytest.approx([2.0 * 10.5 / 4])
    assert dal["overnight_musd"].tolist() == pytest.approx([2.0 * 10.5])
    hall = cash[(cash["site"] == "ash") & (cash["item"] == "hall_construction")]
    assert hall["calendar_year"].tolist() == [2026, 2027, 2028]
    assert hall["cash_musd"].tolist() == pytest.approx([3 * 13.5 / 2, 3 * 13.5 / 2, 0.0])
    racks = cash[cash["item"] == "rack_purchase"].squeeze()
    assert (racks["calendar_year"], racks["cash_musd"]) == (2028, pytest.approx(0.5 * 29.0))


def test_a_move_names_its_cohort_and_is_paid_once(model):
    plan = {
        "move_out": {("ash", "big", "liquid|N", "2026", "2028"): 0.6},
        "move_in": {("ash", "big", "air|2N", "2026", "2028"): 0.6},
    }

    results = results_of(model, plan)

    assert results.moves["direction"].tolist() == ["out", "in"]
    assert results.moves["hall"].tolist() == ["liquid|N", "air|2N"]
    assert results.moves["vintage"].tolist() == ["2026", "2026"]
    paid = results.costs[results.costs["item"] == "rack_moves"].squeeze()
    assert (paid["calendar_year"], paid["musd"]) == (2028, pytest.approx(0.6 * 0.45))


def test_retrofits_and_leases_tell_what_they_give_and_cost(model):
    plan = {"retrofit": {("ash", "air|2N", "liquid|N", "2026"): 1.1}, "lease": {("dal", "air|2N", "2028"): 0.7}}

    results = results_of(model, plan)

    retrofit = results.retrofits.squeeze()
    assert retrofit["gained_mw"] == pytest.approx(1.1 * 0.85)
    assert retrofit["overnight_musd"] == pytest.approx(1.1 * 3.6)
    # 2026 stands for two years: work begins on 1 April and is done in mid-2027
    old = row(results.halls, site="ash", hall="air|2N", year=2026)
    assert old["usable_mw"] == pytest.approx(2.6 - 1.1 * 1.75 / 2)
    new = row(results.halls, site="ash", hall="liquid|N", year=2026)
    assert new["usable_mw"] == pytest.approx(1.1 * 0.85 * 0.5 / 2)
    lease = results.leases.squeeze()
    assert lease["rent_musd"] == pytest.approx(0.7 * 2.1)
    assert row(results.halls, site="dal", year=2028)["leased_mw"] == pytest.approx(0.7)


def test_latency_is_weighted_by_what_is_served(model):
    plan = {
        "served": {
            ("metro", "chat", "ash", "2026"): 0.5,
            ("metro", "chat", "dal", "2026"): 0.2,
            ("(anywhere)", "train", "dal", "2026"): 1.5,
        },
        "rented": {("metro", "chat", "2026"): 0.06},
        "unmet": {("metro", "chat", "2026"): 0.04},
    }

    results = results_of(model, plan)

    found = row(results.latency, workload="chat", year=2026)
    assert found["mean_rtt_ms"] == pytest.approx((0.5 * 13 + 0.2 * 34) / 0.7)
    assert (found["p50_rtt_ms"], found["p95_rtt_ms"], found["max_rtt_ms"]) == (13.0, 34.0, 34.0)
    # on a bad day dal takes the us_ca line of p90 over 1,885 km, and 10 ms of access
    assert found["tail_p95_rtt_ms"] == pytest.approx(34.5 + 0.014 * 1885 + 10, abs=0.1)
    assert found["within_tight_frac"] == pytest.approx(0.5 / 0.7)
    assert (found["bound_ms"], found["tight_ms"], found["tight_share_frac"]) == (60.0, 20.0, 0.7)
    assert found["rented_frac"] == pytest.approx(0.06 / 0.8)
    assert found["unmet_frac"] == pytest.approx(0.04 / 0.8)
    train = row(results.latency, workload="train", year=2026)
    assert np.isnan(train["mean_rtt_ms"])
    assert train["served_kh100e"] == 1.5
    near = row(results.assignment, workload="chat", site="ash")
    assert (near["rtt_ms"], near["within_tight"]) == (13.0, True)


def test_a_bad_day_is_no_better_than_the_day_that_is_planned_with():
    inputs = hand_inputs()
    demand = inputs.demand
    to_dal = demand.route.labels("site") == "dal"
    # A table of the planner's own says 137 ms to dal, where the line of p90 has some 71.
    own = np.where(to_dal, 137.0, demand.route_rtt_ms)
    stated = dataclasses.replace(inputs, demand=dataclasses.replace(demand, route_rtt_ms=own))

    before, after = (tail_rtt_ms(SimpleNamespace(p=given)) for given in (inputs, stated))

    has_place = demand.served.labels("region") != "(anywhere)"
    at_dal = demand.served.labels("site") == "dal"
    assert before[has_place & at_dal] == pytest.approx(34.5 + 0.014 * 1885 + 10, abs=0.1)
    assert after[has_place & at_dal] == pytest.approx(137.0)
    assert after[has_place & ~at_dal] == pytest.approx(before[has_place & ~at_dal])


def test_rent_is_reported_by_contract_and_charged_apart(model):
    plan = {
        "bought": {("chat", "on_demand", "2026"): 0.09, ("chat", "reserved", "2026"): 0.05},
        "rented": {("metro", "chat", "2026"): 0.12, ("metro", "chat", "2028"): 0.05},
    }

    results = results_of(model, plan)

    on_demand = row(results.rent, tier="on_demand")
    assert on_demand["usd_per_h100e_hour"] == pytest.approx(5.0)  # 43.8e6 / 1e3 / 8760
    assert row(results.rent, tier="reserved")["usd_per_h100e_hour"] == pytest.approx(3.0)
    chat = row(results.unit_costs, scope="chat", year=2026)
    # on demand for 2026 and 2027, which the model year stands for; reserved for three years
    rent_musd = 0.09 * 43.8 + 0.05 * 26.28
    assert chat["rent_musd"] == pytest.approx(rent_musd)
    assert chat["rented_usd_per_h100e_hour"] == pytest.approx(rent_musd * 1e6 / (120 * 8760))
    assert chat["cost_musd"] == 0.0
    assert np.isnan(chat["usd_per_h100e_hour"])
    later = row(results.unit_costs, scope="chat", year=2028)
    assert later["rent_musd"] == pytest.approx(0.05 * 26.28)


def test_levers_save_a_share_of_the_demand(model):
    plan = {"adopted": {("chat", "cache", "2028"): 0.4}}

    results = results_of(model, plan)

    found = results.levers.squeeze()
    assert found["saved_kh100e"] == pytest.approx(0.4 * 0.15 * 1.4)
    assert found["cost_musd"] == pytest.approx(0.4 * 0.15 * 1.4 * 1.7)
    assert row(results.demand, workload="chat", year=2028)["saved_kh100e"] == pytest.approx(0.084)


def test_racks_are_charged_to_the_duty_they_were_bought_for(model):
    plan = {
        "install": {("ash", "big", "liquid|N", "training", "2028"): 0.5},
        "used": {("ash", "big", "liquid|N", "train", "2028"): 0.4, ("ash", "old", "air|2N", "chat", "2028"): 1.6},
    }

    costs = results_of(model, plan).unit_costs

    crf_own, crf = 0.08 / (1 - 1.08**-5), 0.06 / (1 - 1.06**-5)
    overnight = 0.5 * 27.0
    repaid = overnight * crf / 1.06**0.5
    premium = overnight * crf_own / 1.08**0.5 - repaid
    train_mw, chat_mw = 0.4 * 1.07, 1.6 * 1.11
    share = train_mw / (train_mw + chat_mw)
    train = row(costs, scope="train", year=2028)
    companions = 0.4 * 0.07 * 2.3
    left = 0.1 / (2.6 - 0.182)  # of halls, less what is kept free, by the fifth that is parked
    assert train["upfront_musd"] == pytest.approx(repaid + (left + (1 - left) * share) * premium)
    assert train["idle_musd"] == pytest.approx(repaid / 5 + left * premium)
    # halls stand and are paid for by nameplate, maintenance is each rack's own; + 5 % since 2026
    hall = 0.37 * 2.6 * share * 1.05
    assert train["running_musd"] == pytest.approx(0.9 * 0.4 * 1.05 + hall + companions)
    hours = 0.4 * 0.9 * 1000 * 8760
    used_usd = (train["cost_musd"] - train["idle_musd"]) * 1e6
    assert train["usd_per_h100e_hour"] == pytest.approx(used_usd / hours)
    assert train["usd_per_mw_year"] == pytest.approx(used_usd / train_mw)
    assert train["work_unit"] == "PF-day"
    pf_day_h = 218_400 / 3600  # H100e hours
    assert train["usd_per_work_unit"] == pytest.approx(train["usd_per_h100e_hour"] * pf_day_h)
    assert np.isnan(train["usd_per_request"])
    chat = row(costs, scope="chat", year=2028)
    assert chat["usd_per_request"] == pytest.approx(chat["usd_per_h100e_hour"] * 0.6 / 3600)
    tokens_per_h = 350 * 3600
    million = chat["usd_per_h100e_hour"] / tokens_per_h * 1e6
    assert chat["usd_per_million_tokens"] == pytest.approx(million)
    assert chat["conversion"] == "1 request = 0.6 H100e s; 1 H100e = 350 tokens/s"


def test_existing_racks_and_halls_cost_their_instalments_in_full(model):
    plan = {
        "install": {("ash", "big", "liquid|N", "training", "2028"): 0.5},
        "used": {("ash", "big", "liquid|N", "train", "2028"): 0.4, ("ash", "old", "air|2N", "chat", "2028"): 1.6},
    }

    costs = results_of(model, plan).unit_costs

    # 1.6 MW of old racks of 4 years at 11.9 MUSD/MW and 8 %, all for inference; 2.6 MW of halls of
    # 20 years at 13.1 and 6 %, with 4 % interest while built, by nameplate in use; but training
    # pays for what its 0.1 MW of parked racks leave empty of the 2.418 MW that racks may take.
    racks = 1.6 * 11.9 * 0.08 / (1 - 1.08**-4) / 1.08**0.5
    halls = 2.6 * 13.1 * 1.04 * 0.06 / (1 - 1.06**-20) / 1.06**0.5
    train_mw, chat_mw = 0.4 * 1.07, 1.6 * 1.11
    left = 0.1 / 2.418
    share = (1 - left) * chat_mw / (train_mw + chat_mw)
    chat = row(costs, scope="chat", year=2028)
    assert chat["full_idle_musd"] == 0.0
    assert chat["existing_musd"] == pytest.approx(racks + share * halls)
    full = chat["cost_musd"] + racks + share * halls
    assert chat["full_cost_musd"] == pytest.approx(full)
    hour = full * 1e6 / (chat["served_kh100e"] * 1000 * 8760)
    assert chat["full_usd_per_h100e_hour"] == pytest.approx(hour)
    assert chat["full_usd_per_mw_year"] == pytest.approx(full * 1e6 / chat_mw)
    assert chat["full_usd_per_request"] == pytest.approx(hour * 0.6 / 3600)
    assert chat["full_usd_per_million_tokens"] == pytest.approx(hour / (350 * 3600) * 1e6)
    train = row(costs, scope="train", year=2028)
    assert train["existing_musd"] == pytest.approx((1 - share) * halls)
    assert train["full_idle_musd"] == pytest.approx(train["idle_musd"] + left * halls)
    pf_day_h = 218_400 / 3600
    per_day = train["full_usd_per_h100e_hour"] * pf_day_h
    assert train["full_usd_per_work_unit"] == pytest.approx(per_day)


def test_duals_lose_their_weights_and_discounts(model):
    duals = {
        "demand_balance": {("metro", "chat", "2026"): 40.0},
        "grid_connection": {("dal", "2028", "DJF"): -0.3, ("dal", "2028", "JJA"): -0.1},
        "zone_headroom": {("west", "2028"): -2.5},
        "carbon_cap": {("2028",): -0.08},
        "water_limit": {("dal", "2028"): -0.004},
        "deliveries": {("maker", "2028"): -1.5},
        "capex_budget": {("2026",): -0.2},
        "cash_budget": {("2028",): -0.3},
        "hall_power": {("ash", "air|2N", "2026"): -1.7},
    }

    results = results_of(model, {}, duals)

    in_2026, in_2027, in_2028 = (1.06**-years for years in (0.5, 1.5, 2.5))
    value = results.prices.set_index("block")["value"]
    # 2026 stands for itself and 2027
    assert value["demand_balance"] == pytest.approx(40e6 / 1000 / 8760 / (in_2026 + in_2027))
    connection = value["grid_connection"].tolist()
    assert connection == pytest.approx([0.3e6 / in_2028, 0.1e6 / in_2028])
    assert value["carbon_cap"] == pytest.approx(80e3 / 1000 / in_2028)  # MUSD/kt is 1000 USD/t
    assert value["water_limit"] == pytest.approx(4e3 / 1000 / in_2028)
    assert value["deliveries"] == pytest.approx(1.5e6 / in_2028)
    assert value["capex_budget"] == pytest.approx(0.2 / in_2026)  # what is bought in one year
    assert value["cash_budget"] == pytest.approx(0.3 / in_2028)
    assert value["hall_power"] == pytest.approx(1.7e6 / (in_2026 + in_2027))
    horizon = in_2026 + in_2027 + in_2028
    assert value["zone_headroom"] == pytest.approx(2.5e6 / horizon)
    west = row(results.headroom, zone="west", year=2028)
    assert west["value_npv_usd_per_mw"] == pytest.approx(2.5e6)
    assert west["value_usd_per_mw_year"] == pytest.approx(2.5e6 / horizon)
    assert row(results.headroom, zone="west", year=2026)["value_npv_usd_per_mw"] == 0.0
    labels = results.prices.set_index("block").loc["hall_power"]
    assert (labels["site"], labels["hall"], labels["period"]) == ("ash", "air|2N", "")
    assert labels["raw_dual"] == -1.7


def test_users_without_a_route_are_named_even_where_no_site_is_admitted(model):
    no_route = results_of(model, {}).no_route

    assert no_route["region"].tolist() == ["island", "islet"]
    assert no_route["nearest_site"].tolist() == ["dal", ""]
    assert no_route["nearest_rtt_ms"].isna().tolist() == [False, True]


def test_headroom_binds_when_nothing_is_spare(model):
    plan = {"expand": {("dal", "2026"): 8.0, ("dal", "2028"): 4.5}}

    headroom = results_of(model, plan).headroom

    west = headroom[headroom["zone"] == "west"]
    assert west["new_firm_mw"].tolist() == pytest.approx([8.0, 12.5])
    assert west["spare_mw"].tolist() == pytest.approx([14 - 1.5 - 8, 0.0])
    assert west["binds"].tolist() == [False, True]


def test_a_plan_without_duals_has_no_prices(model):
    results = results_of(model, {})

    assert results.prices.empty
    assert results.headroom["value_npv_usd_per_mw"].isna().all()
    assert results.status == "time_limit"
    assert results.solution["gap_frac"].isna().all()


def test_names_that_look_like_formulas_come_through_unchanged(model):
    sites = results_of(model, {}).sites

    assert sites["name"].tolist() == ["=Ashburn", "Dallas"]
    assert sites["is_existing"].tolist() == [True, False]
    assert sites["opening_musd"].tolist() == [0.0, 6.5]


def test_an_outcome_without_a_plan_is_refused(model):
    stopped = HighsSession(model.problem).solve("simplex", time_limit_s=0.0)

    assert not stopped.has_plan
    with pytest.raises(SolverError, match="no plan to read"):
        read_results(model, stopped, site_outages(model, written(model, {})))


def test_a_quantile_that_falls_between_two_entries_is_the_lower_one():
    rtt_ms, kh100e = np.array([31.0, 12.0, 25.0, 44.0]), np.array([2.0, 6.0, 4.0, 12.0])
    one_group = np.zeros(4, dtype=np.intp)

    found = [
        weighted_quantile(rtt_ms, kh100e, one_group, 1, share).item() for share in (0.25, 10 / 24, 0.5, 0.500001, 1.0)
    ]

    assert found == [12.0, 25.0, 31.0, 44.0, 44.0]
