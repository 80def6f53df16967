"""Racks: what stands, what may be bought, what a MW of each does and costs."""

from __future__ import annotations

import numpy as np
import pytest

from planner.base.errors import InputError
from planner.inputs import Inputs, build_inputs
from planner.scenario import load_scenario

RACKS_MW = 1250 * 0.2 / 1.16


def coefficient(inputs: Inputs, name: str, *labels: str) -> float:
    return float(getattr(inputs.racks, name)[inputs.racks.deployment.position(*labels)])


def stock(inputs: Inputs, year: str) -> dict[tuple[str, ...], float]:
    fleet = inputs.racks.fleet.frame().assign(mw=inputs.racks.stock_mw)
    rows = fleet[(fleet["year"] == year) & (fleet["mw"] > 0)]
    return {
        (site, rack, hall): mw
        for site, rack, hall, mw in zip(rows["site"], rows["rack"], rows["hall"], rows["mw"], strict=True)
    }


def test_throughput_is_per_mw_at_mean_utilisation_less_spare(mini):
    per_mw = coefficient(mini, "throughput_kh100e_per_mw", "liquid27", "plate_dry|2N", "chat")

    assert per_mw == pytest.approx(760 / 228 * 0.56 / 1.12)


def test_power_splits_into_what_idles_and_what_follows_the_load(mini):
    at = ("liquid27", "plate_dry|2N", "chat")
    busy = 0.79  # what cold plates save in fans is in the nameplate already

    assert coefficient(mini, "idle_mw_per_mw", *at) == pytest.approx(busy * 0.27 + 0.11 * 0.7)
    net = 0.56 / 1.12  # spare racks idle
    assert coefficient(mini, "dynamic_mw_per_mw", *at) == pytest.approx(busy * 0.73 * net)
    assert coefficient(mini, "deferrable_frac", *at) == pytest.approx(0.05)


def test_a_hall_must_hold_racks_with_diversity_and_companions(build):
    inputs = build("halls.diversity_frac=0.85")

    assert coefficient(inputs, "hall_mw_per_mw", "liquid27", "plate_dry|2N", "chat") == pytest.approx(0.85 + 0.11)
    assert coefficient(inputs, "space_m2_per_mw", "liquid27", "plate_dry|2N", "chat") == pytest.approx(3.5 / 228 * 1000)


def test_a_rack_costs_its_price_network_and_tax_and_gets_cheaper(mini):
    racks = mini.racks
    at = racks.install.position("oak", "liquid27", "plate_dry|2N", "inference", "2027")

    price = 7.45 * 1.11 / 228 * 1000  # MUSD per MW
    expected = price * 1.013 * (1 - 0.022) ** 2
    assert racks.install_capex_musd_per_mw[at] == pytest.approx(expected)
    upkeep = racks.it_maintenance_musd_per_mw_year[mini.sets.rack.code("liquid27")]
    assert upkeep == pytest.approx(price * (0.0055 + 0.0012))


def test_racks_can_be_used_once_delivered_and_on_sale(mini):
    bought = mini.racks.install.frame()

    # decisions start in March 2025 and delivery takes 6.5 months
    assert set(bought["year"]) == {"2027"}
    # racks of 2025 are on offer next to those of 2027
    assert {"liquid25", "liquid27"} <= set(bought.loc[bought["duty"] == "inference", "rack"])


THREE_YEARS = ("years=[2025, 2026, 2027]", "racks.allow=[liquid25]")
ENDED = "racks.override.liquid25.last_year=2026"


@pytest.mark.parametrize(
    ("settings", "years"),
    [((), {"2026", "2027"}), ((ENDED,), {"2026"}), ((ENDED, "racks.end_of_sale=false"), {"2026", "2027"})],
)
def test_racks_are_bought_up_to_their_last_year_on_sale(build, settings, years):
    bought = build(*THREE_YEARS, *settings).racks.install.frame()

    assert set(bought["year"]) == years


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


def test_racks_no_longer_sold_stay_in_service(build):
    ended = build(*THREE_YEARS, ENDED)

    assert stock(ended, "2027") == stock(build(*THREE_YEARS), "2027")
    used = ended.racks.used.frame()
    assert "2027" in set(used.loc[used["rack"] == "liquid25", "year"])


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


def test_the_stock_is_the_operators_share_of_the_base_year(mini):
    mw = stock(mini, "2025")

    assert sum(mw.values()) == pytest.approx(RACKS_MW)


def test_campuses_hold_training_and_metros_the_rest(mini):
    mw = stock(mini, "2025")
    campus_mw = RACKS_MW * 290 / (830 + 290)  # all of elm

    training = dict.fromkeys(("oak", "elm"), 0.0)
    for (site, _, hall), value in mw.items():
        training[site] += value if hall.endswith("|N") else 0.0

    assert training["elm"] == pytest.approx(campus_mw)
    assert training["oak"] == pytest.approx(RACKS_MW * 0.62 - campus_mw)
    inference = {site for site, _, hall in mw if hall.endswith("|2N")}
    assert inference == {"oak"}


def test_old_racks_stand_in_air_and_liquid_ones_in_liquid_halls(mini):
    halls = {(rack, hall.split("|")[0]) for _, rack, hall in stock(mini, "2025")}

    assert halls == {("air24", "air_dry"), ("liquid25", "plate_dry")}


def test_racks_do_not_outlive_their_life(mini):
    later = stock(mini, "2027")

    # air24 of 2023 lives five years, to 2027; liquid25 of 2025 four, to 2028
    assert sum(later.values()) == pytest.approx(RACKS_MW)
    last = mini.racks.vintage_last_year
    assert last[0, mini.sets.rack.code("air24")] == 2027
    assert last[2, mini.sets.rack.code("liquid25")] == 2028


def test_a_shorter_life_retires_part_of_the_stock(build):
    inputs = build("racks.override.air24.life_years=4")

    later = stock(inputs, "2027")

    gone = RACKS_MW * (0.62 * 0.27 + 0.38 * 0.35)  # air24 of 2023, to 2026
    assert sum(later.values()) == pytest.approx(RACKS_MW - gone)


def test_standing_halls_hold_the_stock_exactly(mini):
    racks, halls = mini.racks, mini.halls
    used = racks.used.frame().assign(need=racks.hall_mw_per_mw[racks.deployment.find(racks.used)])
    need = used.groupby(["site", "rack", "hall"])["need"].first()
    by_hall: dict[tuple[str, str], float] = {}
    for (site, rack, hall), mw in stock(mini, "2025").items():
        by_hall[site, hall] = by_hall.get((site, hall), 0.0) + mw * need[site, rack, hall]

    frame = halls.hall.frame().assign(mw=halls.existing_mw)
    standing = frame[(frame["year"] == "2025") & (frame["mw"] > 0)]

    assert {
        (site, hall): mw for site, hall, mw in zip(standing["site"], standing["hall"], standing["mw"], strict=True)
    } == pytest.approx(by_hall)


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


def test_a_scenario_may_say_what_stands_at_a_site(build, mini):
    inputs = build("sites.oak.existing_mw=47")

    def at_oak(given: Inputs) -> float:
        return sum(mw for (site, _, _), mw in stock(given, "2025").items() if site == "oak")

    assert at_oak(inputs) == pytest.approx(47 / 1.16)
    assert at_oak(mini) == pytest.approx(RACKS_MW * 830 / 1120)


def test_the_stock_may_stand_in_the_largest_markets_only(build):
    inputs = build("operator.stock_sites=1")

    assert {site for site, _, _ in stock(inputs, "2025")} == {"oak"}
    assert sum(stock(inputs, "2025").values()) == pytest.approx(RACKS_MW)


def test_classes_that_do_not_admit_a_rack_may_use_the_stock_of_it(build):
    inputs = build("workloads.chat.racks=[liquid27]")

    used = inputs.racks.used.frame().query("workload == 'chat' and year == '2025'")

    assert set(used["rack"]) == {"air24", "liquid25"}
    bought = inputs.racks.install.frame().query("duty == 'inference'")
    assert set(bought["rack"]) == {"liquid27"}


def test_training_racks_of_age_may_move_to_inference_with_the_same_cooling(mini):
    out = mini.racks.move_out.frame()
    into = mini.racks.move_in.frame()

    # two years old in 2025: those of 2023; in 2027: those of 2024 and 2025 as well
    first = out[out["year"] == "2025"]
    assert set(first["vintage"]) == {"stock-2023"}
    assert set(first["hall"]) == {"air_dry|N"}
    assert set(out.loc[out["year"] == "2027", "vintage"]) >= {"stock-2024", "stock-2025"}
    assert set(into["hall"].str.split("|").str[1]) == {"2N"}
    assert set(into.loc[into["rack"] == "air24", "hall"]) == {"air_dry|2N"}
    keys = ["site", "rack", "vintage", "year"]
    assert set(map(tuple, out[keys].to_numpy())) == set(map(tuple, into[keys].to_numpy()))


def test_cohorts_hold_what_stands_of_their_vintage(mini):
    cohorts = mini.racks.cohort.frame().assign(mw=mini.racks.cohort_stock_mw)
    oak = cohorts[(cohorts["site"] == "oak") & (cohorts["vintage"] == "stock-2024")]

    training_at_oak = RACKS_MW * (0.62 - 290 / 1120)
    assert oak["mw"].item() == pytest.approx(training_at_oak * 0.18)


def test_no_rack_moves_where_the_scenario_keeps_them(build):
    inputs = build("cascade.allow=false")

    assert inputs.racks.move_out.size == inputs.racks.move_in.size == inputs.racks.cohort.size == 0


def test_deliveries_add_up_since_the_model_year_before(mini):
    limit = dict(
        zip(
            zip(mini.racks.delivery.labels("vendor"), mini.racks.delivery.labels("year"), strict=True),
            mini.racks.delivery_limit_mw,
            strict=True,
        )
    )

    assert limit["nvidia", "2025"] == pytest.approx(2100 * 0.2)
    assert limit["nvidia", "2027"] == pytest.approx((2900 + 3700) * 0.2)
    assert limit["google", "2027"] == pytest.approx((650 + 950) * 0.2)


def test_deliveries_may_be_unlimited(build):
    assert build("deliveries.limit=false").racks.delivery.size == 0


@pytest.mark.parametrize("rack", ["liquid25", "chip26"])
def test_no_estimate_of_cost_takes_a_rack_off_the_offer(build, mini, rack):
    dear = build(f"racks.override.{rack}.capex_usd=90000000")

    assert rack in set(mini.racks.install.labels("rack"))
    assert dear.racks.install.frame().equals(mini.racks.install.frame())


def test_only_racks_that_may_be_bought_are_offered(build):
    inputs = build("racks.allow=[liquid25, chip26]", "racks.exclude=[]")

    assert set(inputs.racks.install.labels("rack")) == {"liquid25", "chip26"}
    assert {rack for _, rack, _ in stock(inputs, "2025")} == {"air24", "liquid25"}


def test_companions_are_paid_by_the_year(mini):
    real = 1.083 / 1.024 - 1
    crf = real / (1 - (1 + real) ** -6)

    expected = 10.5 * crf / (1 + real) ** 0.5
    assert mini.racks.companion_musd_per_mw_year == pytest.approx(expected)
    assert np.isclose(mini.racks.move_cost_musd_per_mw, 0.4)


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


@pytest.mark.parametrize(("site", "is_scaled"), [("us-tx-dallas", True), ("south", False)], ids=["assumed", "none"])
def test_racks_that_no_longer_serve_are_noted_only_where_others_are_scaled_up(site, *, is_scaled):
    settings = "years=[2028]", f"scope.sites=[north, {site}]", "operator.stock_share_frac=0.1"
    notes = build_inputs(load_scenario("tiny", settings)).notes

    assert any("are scaled up to make up their share" in note for note in notes) is is_scaled
