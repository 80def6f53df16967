"""Who wants compute, and which sites serve them in time: worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from planner.base.errors import InputError
from planner.base.paths import DATA_DIR
from planner.inputs import Inputs, build_inputs
from planner.inputs.axes import ANYWHERE
from planner.place.geo import geodesic_km
from planner.scenario import load_scenario

# 1.25 GW of facility, a fifth of it, 1.16 MW of facility per MW of racks
RACKS_MW = 1250 * 0.2 / 1.16
TRAIN_UTILISATION = 0.83 / 1.03
CHAT_UTILISATION = 0.56 / 1.12
WIDE = "workloads.chat.rtt_bound_ms=52"
FILL = "latency.own_rtt_fill_missing=true"


def demand_of(inputs: Inputs, region: str, workload: str, year: str) -> float:
    return float(inputs.demand.demand_kh100e[inputs.demand.demand.position(region, workload, year)])


def rtt_of(inputs: Inputs, region: str, workload: str, site: str) -> float:
    return float(inputs.demand.route_rtt_ms[inputs.demand.route.position(region, workload, site)])


def test_base_year_demand_is_the_compute_of_the_stock(mini):
    train_mw = RACKS_MW * 0.62
    per_mw = 0.45 * 33 / 42 + 0.55 * 184 / 134  # air24 of two vintages, liquid25

    kh100e = demand_of(mini, ANYWHERE, "train", "2025")

    assert kh100e == pytest.approx(train_mw * per_mw * TRAIN_UTILISATION)


def test_the_reference_fleet_is_that_of_the_path(mini):
    found = mini.reference.set_index(["workload", "year"]).loc[("train", "2025")]

    assert found["facility_gw"] == pytest.approx(1.25 * 0.62)
    assert found["rack_gw"] == pytest.approx(RACKS_MW * 0.62 / 1000)
    assert found["rack_gw"] / found["facility_gw"] == pytest.approx(0.2 / 1.16)


def test_later_demand_adds_the_reference_rack_of_its_year(mini):
    path_mw = 2300 * 0.2 / 1.16 * 0.57
    stock_mw = RACKS_MW * 0.62  # all of it still serves in 2027
    of_stock = 0.45 * 33 / 42 + 0.55 * 184 / 134
    of_new = 302 / 228  # liquid27

    kh100e = demand_of(mini, ANYWHERE, "train", "2027")

    expected = stock_mw * of_stock + (path_mw - stock_mw) * of_new
    assert kh100e == pytest.approx(expected * TRAIN_UTILISATION)


@pytest.mark.parametrize(
    ("settings", "facility_gw"),
    [
        (["demand.trajectory=energy_path"], 2.283 * 0.55),
        (["demand.trajectory=energy_path", "demand.load_factor_frac=0.4"], 12e6 / 8760 / 0.4 / 1000 * 0.55),
        (["demand.trajectory=energy_path", "demand.ai_share_frac={2025: 0.3, 2027: 0.5}"], 2.283 * 0.3),
        (["demand.facility_gw={2025: 1.9, 2027: 3}"], 1.9),
        (["demand.facility_gw={2025: 1.9, 2027: 3}", "demand.ai_share_frac=0.7"], 1.9 * 0.7),
    ],
)
def test_a_path_becomes_nameplate_power_of_ai(build, settings, facility_gw):
    inputs = build(*settings)

    reference = inputs.reference[inputs.reference["year"].astype(int) == 2025]

    assert reference["facility_gw"].sum() == pytest.approx(facility_gw)


def test_a_share_of_ai_by_year_is_read_on_straight_lines(build):
    inputs = build("demand.trajectory=energy_path", "demand.ai_share_frac={2025: 0.3, 2027: 0.5}")

    reference = inputs.reference[inputs.reference["year"].astype(int) == 2027]

    assert reference["facility_gw"].sum() == pytest.approx(3.425 * 0.5)


def test_a_path_of_all_data_centers_says_how_much_of_it_is_taken_as_ai(build):
    notes = build("demand.trajectory=energy_path").notes

    assert [note for note in notes if "energy_path" in note] == [
        "Trajectory energy_path counts all data centers; AI is 55% in 2025 and 61% in 2027 (demand.ai_share_frac)."
    ]


def test_the_work_of_one_class_comes_to_need_less_compute(build, mini):
    inputs = build("demand.scale_frac=1.1", "demand.workload_scale_frac.train={2025: 0.9, 2027: 0.3}")

    for year, factor in [("2025", 1.1 * 0.9), ("2027", 1.1 * 0.3)]:
        before, after = (demand_of(one, ANYWHERE, "train", year) for one in (mini, inputs))
        assert after == pytest.approx(factor * before)
        before, after = (demand_of(one, "bay", "chat", year) for one in (mini, inputs))
        assert after == pytest.approx(1.1 * before)


def test_a_load_factor_is_refused_for_a_path_stated_in_gw(build):
    with pytest.raises(InputError, match="mini_path is stated in GW and needs no load factor"):
        build("demand.load_factor_frac=0.4")


def test_users_are_spread_over_regions_by_their_weight(build):
    inputs = build("demand.region_weight=internet_users_millions")

    bay, mesa = (demand_of(inputs, region, "chat", "2025") for region in ("bay", "mesa"))

    assert bay / mesa == pytest.approx(7.9 / 4.6)
    per_mw = 0.79 * 34 / 42 + 0.21 * 296 / 134
    assert bay + mesa == pytest.approx(RACKS_MW * 0.38 * per_mw * CHAT_UTILISATION)


@pytest.mark.parametrize(
    ("stated", "kh100e"),
    [
        ("{unit: kh100e, by_year: {2025: 37, 2027: 53}}", 37.0),
        # liquid25 is the reference rack of 2025
        ("{unit: mw_rack, by_year: {2025: 9}}", 9 * 296 / 134 * CHAT_UTILISATION),
        ("{unit: requests_per_day, by_year: {2025: 4.0e9}}", 4.0e9 * 0.57 / 86400 / 1000),
        ("{unit: tokens_per_day, by_year: {2025: 5.0e12}}", 5.0e12 / 86400 / 380 / 1000),
    ],
)
def test_demand_may_be_stated_in_units_of_work(build, stated, kh100e):
    inputs = build(f"demand.explicit=[{{workload: chat, {stated[1:]}]")

    total = demand_of(inputs, "bay", "chat", "2025") + demand_of(inputs, "mesa", "chat", "2025")

    assert total == pytest.approx(kh100e)


def test_a_training_run_counts_for_the_days_it_takes(build):
    run = "{workload: train, unit: training_run_pf_days, days: 73, by_year: {2025: 2.0e6}}"

    inputs = build(f"demand.explicit=[{run}]")

    busy_kh100e = 2.0e6 / (73 * 0.40 * 0.989) / 1000
    assert demand_of(inputs, ANYWHERE, "train", "2025") == pytest.approx(busy_kh100e * 73 / 365)


def test_a_demand_of_one_region_stays_there(build):
    stated = "{workload: chat, demand_region: mesa, unit: kh100e, by_year: {2025: 11}}"

    inputs = build(f"demand.explicit=[{stated}]")

    assert demand_of(inputs, "mesa", "chat", "2025") == pytest.approx(11)
    with pytest.raises(ValueError, match="no tuple"):
        demand_of(inputs, "bay", "chat", "2025")


def test_scale_multiplies_all_demand_but_not_the_stock(build, mini):
    inputs = build("demand.scale_frac={2025: 1.3, 2027: 1.7}")

    for year, scale in (("2025", 1.3), ("2027", 1.7)):
        expected = scale * demand_of(mini, "bay", "chat", year)
        assert demand_of(inputs, "bay", "chat", year) == pytest.approx(expected)
    assert inputs.racks.stock_mw.sum() == pytest.approx(mini.racks.stock_mw.sum())


def test_round_trips_are_a_line_over_the_distance_and_the_last_mile(build):
    inputs = build(WIDE)

    km = float(geodesic_km(39.3, -76.6, 32.5, -99.7))  # Bay City to Elm Plains
    assert rtt_of(inputs, "bay", "chat", "elm") == pytest.approx(6.5 + 0.0155 * km + 9)


def test_a_measured_pair_near_both_ends_comes_before_the_line(mini, build):
    assert rtt_of(mini, "mesa", "chat", "elm") == pytest.approx(23.4 + 9)

    line = build("latency.measured.use=false")

    km = float(geodesic_km(33.4, -111.9, 32.5, -99.7))
    assert rtt_of(line, "mesa", "chat", "elm") == pytest.approx(6.5 + 0.0155 * km + 9)


def test_inside_a_metro_the_line_does_not_count(build):
    inputs = build("latency.metro_radius_km=95", "latency.metro_rtt_ms=1.5")  # they are 87 km apart

    assert rtt_of(inputs, "bay", "chat", "oak") == pytest.approx(1.5 + 9)


def test_routes_end_at_the_bound(build):
    near = build("workloads.chat.rtt_bound_ms=32.3", "workloads.chat.tight_rtt_ms=20")
    far = build("workloads.chat.rtt_bound_ms=32.5", "workloads.chat.tight_rtt_ms=20")

    def served(inputs: Inputs) -> set[tuple[str, ...]]:
        frame = inputs.demand.route.frame()
        return set(zip(*(frame.loc[frame["workload"] == "chat", c] for c in ("region", "site")), strict=True))

    assert served(near) == {("bay", "oak")}
    assert served(far) == {("bay", "oak"), ("mesa", "elm")}  # 32.4 ms


def test_users_without_a_route_are_named_with_the_rule_and_the_place_where_they_must_stay(build):
    def why(*settings: str) -> list[str]:
        far = ("scope.sites=[oak]", "workloads.chat.rtt_bound_ms=400")
        return list(build(*far, *settings).demand.no_route["why"])

    assert why("workloads.chat.residency=national") == []
    assert why("workloads.chat.residency=local") == ["no own site within 200 km (residency: local) within 400 ms"]


def test_users_without_a_route_are_named_with_the_nearest_site(build):
    inputs = build("workloads.chat.rtt_bound_ms=32.3", "workloads.chat.tight_rtt_ms=20")

    row = inputs.demand.no_route.iloc[0]

    assert (row["region"], row["workload"], row["nearest_site"]) == ("mesa", "chat", "elm")
    assert row["nearest_rtt_ms"] == pytest.approx(32.4)
    assert row["bound_ms"] == pytest.approx(32.3)
    assert row["why"] == "no own site within 32.3 ms"
    assert any(note.startswith("chat: no site reaches 1 of 2 regions") for note in inputs.notes)


def test_users_that_every_site_can_serve_are_lumped(mini):
    training = mini.demand.demand.frame().query("workload == 'train'")

    assert set(training["region"]) == {ANYWHERE}
    routes = mini.demand.route.frame().query("workload == 'train'")
    assert set(routes["site"]) == {"oak", "elm"}


def test_residency_keeps_data_in_its_country(build):
    wide = build("scope.countries=[US, CA]", "workloads.chat.rtt_bound_ms=70")
    free = build("scope.countries=[US, CA]", "workloads.chat.rtt_bound_ms=70", "workloads.chat.residency=regional")

    def sites(inputs: Inputs) -> set[str]:
        frame = inputs.demand.route.frame()
        return set(frame.loc[frame["workload"] == "chat", "site"])

    assert sites(wide) == {"oak", "elm"}
    assert sites(free) == {"oak", "elm", "ash"}


def test_local_data_stays_within_200_km(build):
    inputs = build("workloads.chat.residency=local")

    routes = inputs.demand.route.frame().query("workload == 'chat'")

    assert list(zip(routes["region"], routes["site"], strict=True)) == [("bay", "oak")]


def test_tight_routes_are_those_within_the_tighter_bound(build):
    inputs = build(WIDE)

    route = inputs.demand.route.frame().assign(tight=inputs.demand.route_is_tight)
    chat = route[route["workload"] == "chat"]

    assert set(zip(chat["region"], chat["site"], chat["tight"], strict=True)) == {
        ("bay", "oak", True),  # 16.8 ms
        ("bay", "elm", False),
        ("mesa", "elm", False),
    }
    assert np.all(inputs.demand.tight_share_frac == 0.35)


def test_a_planners_own_round_trips_come_first(build, tmp_path):
    table = tmp_path / "rtt.csv"
    table.write_text("from,to,rtt_ms,one_way\nbay,elm,17.5,true\nmesa,elm,29,false\n")

    inputs = build(WIDE, f"latency.rtt_table={table}", FILL)

    assert rtt_of(inputs, "bay", "chat", "elm") == pytest.approx(2 * 17.5 + 9)
    assert rtt_of(inputs, "mesa", "chat", "elm") == pytest.approx(29 + 9)


def test_own_round_trips_from_end_to_end_get_no_last_mile(build, tmp_path):
    table = tmp_path / "rtt.csv"
    table.write_text("from,to,rtt_ms\nbay,elm,37.5\nmesa,elm,29\n")

    inputs = build(WIDE, f"latency.rtt_table={table}", FILL, "latency.own_rtt_includes_last_mile=true")

    assert rtt_of(inputs, "bay", "chat", "elm") == pytest.approx(37.5)
    assert rtt_of(inputs, "mesa", "chat", "elm") == pytest.approx(29)
    # A pair that is filled in is the line's, and gets the last mile as ever.
    assert rtt_of(inputs, "bay", "chat", "oak") == rtt_of(build(WIDE), "bay", "chat", "oak")


def test_what_is_added_to_own_round_trips_is_noted_unless_it_was_said(build, tmp_path):
    table = tmp_path / "rtt.csv"
    table.write_text("from,to,rtt_ms\nbay,elm,37.5\nmesa,elm,29\nbay,oak,7\nmesa,oak,41\n")
    own = f"latency.rtt_table={table}"

    silent = build(WIDE, own)
    said = [build(WIDE, own, f"latency.own_rtt_includes_last_mile={v}") for v in ("true", "false")]

    (note,) = (note for note in silent.notes if "rtt_table" in note)
    assert "the last mile of each workload (chat 9 ms, train 2 ms) is added" in note
    assert "latency.own_rtt_includes_last_mile" in note
    assert not any("rtt_table" in note for inputs in said for note in inputs.notes)
    assert rtt_of(said[1], "bay", "chat", "elm") == rtt_of(silent, "bay", "chat", "elm")


def test_pairs_that_own_round_trips_lack_are_counted_and_named(build, tmp_path):
    table = tmp_path / "rtt.csv"
    table.write_text("from,to,rtt_ms\nbay,elm,37.5\n")

    inputs = build(WIDE, f"latency.rtt_table={table}", FILL, "latency.own_rtt_includes_last_mile=true")

    (note,) = (note for note in inputs.notes if "rtt_table" in note)
    assert note.startswith("latency.rtt_table lacks 3 of 4 pairs")
    assert "to oak from all 2 demand regions; to elm from mesa" in note


def test_served_lists_only_years_in_which_a_class_has_racks(build):
    inputs = build("operator.stock_share_frac=0", "build.committed=false")

    years = set(inputs.demand.served.frame()["year"])

    assert years == {"2027"}  # nothing stands in 2025, and leads end in 2027


def test_unmet_is_an_empty_list_where_it_is_forbidden(build):
    inputs = build("demand.unmet=forbid")

    assert inputs.demand.unmet.size == 0
    assert inputs.demand.demand.size > 0


def test_a_plan_on_the_path_of_the_brief_says_how_its_gw_are_read():
    def readings(scenario, *settings):
        notes = build_inputs(load_scenario(scenario, settings)).notes
        return [note for note in notes if note.startswith("The 30 GW of 2025 are read as")]

    (said,) = readings("us-base")
    table = pd.read_csv(DATA_DIR / "demand_trajectories.csv").query("year == 2025")
    of_path = table.set_index("trajectory")["reading"]
    assert said == of_path["brief_30_to_90"]
    assert "us-reading-*" in said
    # An AI share of one's own and another path are other readings; tiny states all its demand.
    assert readings("us-reading-all-centers") == []
    assert readings("us-reading-ai-nameplate") == []
    assert readings("tiny") == []
