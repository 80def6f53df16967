"""Who wants compute, and which sites serve them in time: worked out by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from planner.base.errors import InputError
from planner.base.paths import DATA_DIR
from planner.inputs import Inputs, build_inputs
from planner.inputs.axes import ANYWHERE
from planner.scenario import load_scenario

CHAT_UTILISATION = 0.56 / 1.12
WIDE = "workloads.chat.rtt_bound_ms=52"
FILL = "latency.own_rtt_fill_missing=true"


def demand_of(inputs: Inputs, region: str, workload: str, year: str) -> float:
    return float(inputs.demand.demand_kh100e[inputs.demand.demand.position(region, workload, year)])


def rtt_of(inputs: Inputs, region: str, workload: str, site: str) -> float:
    return float(inputs.demand.route_rtt_ms[inputs.demand.route.position(region, workload, site)])


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
