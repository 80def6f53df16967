"""What cannot be used is refused: every problem at once, each with its place."""

from __future__ import annotations

import pytest

import planner
from planner.base.errors import InputError


def test_several_problems_come_together(problems, tables):
    shapes = tables["workload_share"]
    short = shapes[shapes["year"] != 2027]

    found = problems(workload_share=short, zone_headroom=tables["zone_headroom"].query("zone != 'west'"))

    assert any("train lacks a share in some of [2025, 2027]" in text for text in found)
    assert len(found) > 1


def test_unknown_ids_are_named_with_what_is_near(build):
    with pytest.raises(InputError, match="did you mean 'oak'"):
        build("scope.sites=[oka]")


def test_a_class_cannot_work_above_its_full_work(problems):
    found = problems("workloads.chat.utilisation_frac=0.66")

    assert any("chat: utilisation_frac x peak_over_mean_frac is 1.056" in text for text in found)


def test_half_a_tight_bound_is_refused(problems):
    found = problems("workloads.chat.tight_share_frac=null")

    assert any("only one of tight_rtt_ms and tight_share_frac" in text for text in found)


def test_shares_of_power_sum_to_one(problems):
    found = problems("demand.workload_share_frac={chat: {2025: 0.5}}")

    assert any("sum to 1.12 in 2025" in text for text in found)


def test_a_path_must_cover_the_model_years(problems):
    found = problems("years=[2025, 2031]", "demand.workload_share_frac={chat: {2025: 0.4}, train: {2025: 0.6}}")

    assert any("mini_path has no figure for 2031; must be 2025 to 2027" in text for text in found)


def test_a_path_that_no_workload_follows_is_held_after_its_end(problems):
    plan = planner.solve("tiny", ["years=[2027, 2028, 2032]"])

    (note,) = [said for said in plan.inputs.notes if "is held in" in said]
    assert note.startswith("Trajectory brief_30_to_90 ends in 2030 and is held in 2032:")
    assert plan.verdict.ok
    demand = plan.tables["demand"].groupby("year")["demand_kh100e"].sum()
    assert demand[2032] == demand[2028] == pytest.approx(57.0)
    # One workload that follows the path is enough for its end to be an error.
    stated = "demand.explicit=[{workload: chat, unit: kh100e, by_year: {2025: 9, 2031: 9}}]"
    shares = "demand.workload_share_frac={chat: {2025: 0.4}, train: {2025: 0.6}}"
    assert any("no figure for 2031" in text for text in problems("years=[2025, 2031]", stated, shares))


def test_stock_must_be_able_to_do_its_duty(problems):
    found = problems("racks.override.air24.inference_h100e=null")

    assert any("air24 is stock for inference and has no throughput for it" in text for text in found)


def test_a_demand_outside_the_scope_is_refused(problems):
    stated = "{workload: chat, demand_region: mesa, unit: kh100e, by_year: {2025: 11}}"

    found = problems(f"demand.explicit=[{stated}]", "scope.demand_regions=[bay]")

    assert any("demand region 'mesa' is outside the scope" in text for text in found)


def test_a_unit_of_work_needs_a_figure_above_0_to_convert_with(problems, tables):
    stated = "demand.explicit=[{workload: %s, unit: tokens_per_day, by_year: {2025: 11}}]"
    idle = tables["requests"].assign(tokens_per_s_per_h100e=0.0)

    for workload, found in (("train", problems(stated % "train")), ("chat", problems(stated % "chat", requests=idle))):
        assert any(f"table requests has no tokens_per_s_per_h100e for {workload}" in text for text in found)


def test_nothing_is_faster_than_light(problems, tables):
    pairs = tables["rtt_measured"].assign(rtt_ms=7.5)

    found = problems(rtt_measured=pairs)

    assert any("Phoenix to Dallas: 7.5 ms over" in text for text in found)


def test_a_planners_own_round_trips_are_checked(problems, tmp_path):
    table = tmp_path / "rtt.csv"
    table.write_text("from,to,rtt_ms\nbay,elm,9\n\nbey,elm,29\nbay,oka,3\n")

    found = problems(f"latency.rtt_table={table}")

    assert any(f"{table}:2:9: bay to elm: 9 ms over" in text for text in found)
    assert any(f"{table}:4:1: from is 'bey'" in text for text in found)
    assert any(f"{table}:5:5: to is 'oka'" in text for text in found)


def test_own_round_trips_that_lack_a_pair_are_refused(problems, tmp_path):
    table = tmp_path / "rtt.csv"
    table.write_text("from,to,rtt_ms\nbay,elm,29\n")

    found = problems(f"latency.rtt_table={table}")

    (text,) = (text for text in found if str(table) in text)
    assert "3 of 4 pairs of demand region and site in scope have no row" in text
    assert "to oak from all 2 demand regions; to elm from mesa" in text
    assert "latency.own_rtt_fill_missing: true" in text


@pytest.mark.parametrize(
    ("table", "condition", "text"),
    [
        ("site_limits", "site != 'elm'", "no row for site elm"),
        ("climate_monthly", "not (site == 'oak' and month == 7)", "oak lacks a month"),
        ("price_shapes", "not (price_zone == 'east_hub' and hour_local == 5)", "east_hub lacks"),
        ("zone_headroom", "zone != 'west'", "zone west has no headroom at 0.5 %"),
        ("carbon_intensity", "year != 2025", "no figure for 2025"),
        ("rent_depth", "year != 2027", "no row for 2027"),
        ("deliveries", "not (vendor == 'nvidia' and year == 2026)", "nvidia has no row for 2026"),
        ("reference_fleet", "vintage_year != 2027", "has no rack for 2027"),
        ("rtt_lines", "quantile != 'p50'", "no line of p50 for us_ca"),
        ("facility_cost", "item != 'shell_core'", "no item 'shell_core'"),
        ("finance", "item != 'insurance'", "insurance is missing for US"),
        ("cloud_rent", "offer != 'h100_hyper_od'", "no offer h100_hyper_od"),
        ("demand_shapes", "hour_local != 4", "flat lacks an hour"),
        ("rack_cooling", "rack != 'air24'", "air24 exists in 2025, but has no cooling"),
    ],
)
def test_gaps_in_the_data_are_errors(problems, tables, table, condition, text):
    found = problems(**{table: tables[table].query(condition).reset_index(drop=True)})

    assert any(text in problem for problem in found), found
    assert any(f"{table}.csv" in problem for problem in found)


@pytest.mark.parametrize(
    ("table", "key", "label", "settings", "what"),
    [
        ("price_shapes", "price_zone", "east_hub", (), "east_hub"),
        ("renewable_shapes", "zone", "east", ("supply.allow=[panel]",), "solar of east"),
    ],
)
def test_an_hour_that_a_shape_lacks_is_named_at_its_last_row(problems, tables, table, key, label, settings, what):
    shape = tables[table]
    is_shape_row = shape[key] == label
    if "technology" in shape:
        is_shape_row &= shape["technology"] == "solar"
    is_gap = is_shape_row & (shape["season"] == "JJA") & shape["hour_local"].isin([5, 17])
    assert is_gap.sum() == 2
    rest = shape[~is_gap].reset_index(drop=True)
    of_rest = (rest[key] == label) & (rest.get("technology", "solar") == "solar")

    found = problems(*settings, **{table: rest})

    (text,) = {text for text in found if "lacks an hour" in text}
    assert f"{what} lacks an hour of a season: hour 5 of JJA and 1 more" in text
    assert f"{table}.csv:{rest.index[of_rest][-1] + 2}:" in text


@pytest.mark.parametrize(
    ("table", "item"),
    [("facility_cost", "staff_cost"), ("lead_times", "mv_switchgear"), ("rent_terms", "price_real_trend")],
)
def test_a_figure_that_is_missing_is_refused(problems, tables, table, item):
    rows = tables[table]

    found = problems(**{table: rows[rows["item"] != item]})

    assert any(f"{table}.csv: there is no item '{item}'" in text for text in found)


def test_a_bridge_of_a_source_that_may_not_be_built_is_refused_in_plain_words(build):
    with pytest.raises(InputError) as caught:
        build("supply={allow: [engine], bridge: {sources: [panel]}}")

    reported = [problem.what_is for problem in caught.value.problems]
    assert "panel is not in supply.allow" in reported
    assert any(one.startswith("panel does not have a row in table bridge_power") for one in reported)


@pytest.mark.parametrize("power", [(), ("sites.oak.existing_source_mw={panel: 5}",)])
def test_stored_energy_of_what_is_no_battery_is_refused(problems, power):
    (found,) = problems("sites.oak.existing_storage_mwh={panel: 5}", *power)

    assert found.startswith("--set sites.oak.existing_storage_mwh")
    assert "panel is not a battery and stores no energy; must be a source with role storage" in found
