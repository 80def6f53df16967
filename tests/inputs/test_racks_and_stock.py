"""Racks: what stands, what may be bought, what a MW of each does and costs."""

from __future__ import annotations

import pytest

from planner.base.errors import InputError
from planner.inputs import Inputs, build_inputs
from planner.scenario import load_scenario


def stock(inputs: Inputs, year: str) -> dict[tuple[str, ...], float]:
    fleet = inputs.racks.fleet.frame().assign(mw=inputs.racks.stock_mw)
    rows = fleet[(fleet["year"] == year) & (fleet["mw"] > 0)]
    return {
        (site, rack, hall): mw
        for site, rack, hall, mw in zip(rows["site"], rows["rack"], rows["hall"], rows["mw"], strict=True)
    }


THREE_YEARS = ("years=[2025, 2026, 2027]", "racks.allow=[liquid25]")
ENDED = "racks.override.liquid25.last_year=2026"


def test_new_halls_may_hold_racks_of_the_base_year_that_no_workload_is_sold(build):
    inputs = build("workloads={train: {racks: [chip26]}, chat: {racks: [chip26]}}")

    designs = [{*over.labels("hall")} for over in (inputs.racks.used, inputs.halls.build)]
    assert all({"air_dry|N", "air_dry|2N"} <= of for of in designs)


def test_new_halls_that_a_workload_may_not_use_leave_it_those_that_exist(build):
    inputs = build("halls.redundancy=[N]")

    assert any("No topology of halls.redundancy is good enough for chat, which needs 2N" in n for n in inputs.notes)
    assert {*inputs.halls.build.labels("hall")} == {"air_dry|N", "plate_dry|N", "warm_full|N"}
    assert "air_dry|2N" in {*inputs.racks.used.labels("hall")}


@pytest.mark.parametrize(
    ("setting", "vendors"),
    [
        ("racks.vendors=[google]", {"google"}),
        ("racks.vendors=[google, nvidia]", {"google", "nvidia"}),
        ("racks.bought_as=coreweave", {"nvidia"}),  # buys from NVIDIA alone
    ],
)
def test_racks_are_bought_of_the_vendors_that_are_asked_for(build, setting, vendors):
    inputs = build(setting)
    bought = set(inputs.racks.install.frame()["rack"])
    of_vendor = dict(zip(inputs.tables["racks"]["rack"], inputs.tables["racks"]["vendor"], strict=True))

    assert {of_vendor[rack] for rack in bought} == vendors
    assert stock(inputs, "2027") == stock(build(), "2027")  # what exists stays


def test_a_class_that_no_rack_is_sold_for_any_more_is_noted(build):
    notes = [note for note in build(*THREE_YEARS, ENDED).notes if "on sale" in note]

    assert notes == [
        f"{workload}: no rack is on sale in 2027 (sold: liquid25 to 2026). Older ones and rent serve it, or it stays"
        " unmet: allow a rack that is still sold, or set racks.end_of_sale: false."
        for workload in ("train", "chat")
    ]


def test_a_rack_cannot_leave_the_market_before_it_enters_it(build):
    with pytest.raises(InputError, match="liquid27: last_year is 2026, before first_year"):
        build("racks.override.liquid27.last_year=2026")


def test_a_wrong_last_year_of_the_table_is_placed_there_whatever_else_is_overridden(problems, tables):
    racks = tables["racks"].copy()
    racks.loc[racks["rack"] == "liquid27", "last_year"] = 2026

    (of_table,) = problems("racks.override.liquid27.capex_usd=3456789", racks=racks)
    (of_setting,) = problems("racks.override.liquid27.last_year=2025", racks=racks)

    assert "data/racks.csv: liquid27: last_year is 2026, before first_year" in of_table
    assert of_setting.startswith("--set racks.override.liquid27.last_year=2025: liquid27: last_year is 2025, before")


def test_the_stock_serves_the_demand_of_the_base_year(mini):
    racks, demand = mini.racks, mini.demand
    per_mw = racks.throughput_kh100e_per_mw
    for workload, hall in (("train", "|N"), ("chat", "|2N")):
        compute = sum(
            mw * per_mw[racks.deployment.position(rack, design, workload)]
            for (_, rack, design), mw in stock(mini, "2025").items()
            if design.endswith(hall)
        )
        rows = demand.demand.frame().assign(kh100e=demand.demand_kh100e)
        wanted = rows.query(f"workload == '{workload}' and year == '2025'")["kh100e"].sum()
        assert compute == pytest.approx(wanted)


@pytest.mark.parametrize("rack", ["liquid25", "chip26"])
def test_no_estimate_of_cost_takes_a_rack_off_the_offer(build, mini, rack):
    dear = build(f"racks.override.{rack}.capex_usd=90000000")

    assert rack in set(mini.racks.install.labels("rack"))
    assert dear.racks.install.frame().equals(mini.racks.install.frame())


def test_a_class_without_a_reference_rack_of_its_time_is_refused(problems, tables):
    fleet = tables["reference_fleet"]
    is_late = (fleet["workload"] != "chat") | (fleet["vintage_year"] > 2025)

    found = problems(reference_fleet=fleet[is_late])

    assert any("chat has no rack for 2025" in t for t in found)


def test_what_stands_at_a_site_of_an_operator_without_racks_is_refused():
    with pytest.raises(InputError) as error:
        build_inputs(load_scenario("tiny", ["new_sites.coast.existing_mw=3"]))

    (found,) = map(str, error.value.problems)
    assert found == (
        "--set new_sites.coast.existing_mw=3: existing_mw of coast is 3, but the operator has no base-year racks to"
        " place there; must be 0 where there are none; leave it out, or raise operator.stock_share_frac"
    )
    build_inputs(load_scenario("tiny", ["new_sites.coast.existing_mw=0"]))


@pytest.mark.parametrize(
    ("workload", "like"), [("chat_interactive", "us-oh-columbus"), ("train_frontier", "us-tx-dallas")]
)
def test_a_site_of_ones_own_holds_racks_of_another_use_than_its_kind_where_there_are_no_others(workload, like):
    settings = f"scope.workloads=[{workload}]", f"new_sites.coast.like={like}", "new_sites.coast.existing_mw=31"
    inputs = build_inputs(load_scenario("tiny", [*settings, "operator.stock_share_frac=0.2"]))
    assert inputs.racks.stock_mw.sum() > 0.0


@pytest.mark.parametrize(("site", "is_scaled"), [("us-tx-dallas", True), ("south", False)], ids=["assumed", "none"])
def test_racks_that_no_longer_serve_are_noted_only_where_others_are_scaled_up(site, *, is_scaled):
    settings = "years=[2028]", f"scope.sites=[north, {site}]", "operator.stock_share_frac=0.1"
    notes = build_inputs(load_scenario("tiny", settings)).notes

    assert any("are scaled up to make up their share" in note for note in notes) is is_scaled
