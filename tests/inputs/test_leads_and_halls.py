"""When halls and connections can serve, which designs, at what cost."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from planner.inputs import Inputs


def start_of(inputs: Inputs, site: str, year: str) -> float:
    builds = inputs.halls.build.frame().assign(start=inputs.halls.build_start, early=inputs.halls.build_is_early)
    rows = builds[(builds["site"] == site) & (builds["year"] == year) & ~builds["early"]]
    return float(rows["start"].unique().item())


def test_the_longest_chain_is_the_lead(mini):
    lead = mini.halls.lead.drop_duplicates("site").set_index("site")

    # oak: permit 6 + construction 14 < transformer 18.5 < interconnection 26
    assert lead.loc["oak", "months"] == pytest.approx(26)
    assert lead.loc["oak", "by"] == "interconnection"
    # elm: interconnection 17, transformer 18.5 < permit 7 + construction 16
    assert lead.loc["elm", "months"] == pytest.approx(7 + 16)
    assert lead.loc["elm", "by"] == "permit and construction"
    # decisions start on 1 March 2025
    assert lead.loc["elm", "service_start"] == pytest.approx(2025 + 2 / 12 + 23 / 12)


def test_months_are_not_rounded_up_to_years(build, mini):
    assert start_of(mini, "oak", "2027") == pytest.approx(2025 + 28 / 12)

    later = build("years=[2025, 2026, 2027]", "lead_times.delay_months=-15.5")

    assert start_of(later, "oak", "2026") == pytest.approx(2025 + 12.5 / 12)
    assert start_of(later, "oak", "2027") == pytest.approx(2027)


def test_a_delay_below_0_is_said_to_bring_things_forward(build, mini):
    sooner = build("lead_times.interconnection_delay_months=-7")

    (note,) = (note for note in sooner.notes if "below 0" in note)
    assert note.startswith(
        "lead_times.interconnection_delay_months is below 0: new connections enter service 7 months"
        " sooner than without it."
    )
    assert not any("below 0" in note for note in mini.notes)


@pytest.mark.parametrize(
    ("setting", "months"),
    [
        ("lead_times.delay_months=3.5", 29.5),
        ("lead_times.interconnection_delay_months=2.5", 28.5),
        ("lead_times.interconnection_months=12", 20),
        ("lead_times.interconnection_months_by_zone={east: 31.5, west: 60}", 31.5),
        ("lead_times.interconnection_delay_months_by_zone={east: 4.5, west: 60}", 30.5),
        ("lead_times.transformer_months=27", 27),
        ("lead_times.construction_months=23", 29),
        ("lead_times.permit_months=13", 27),
        ("lead_times.switchgear_months=22", 28),
        ("sites.oak.lead_time_months=24.5", 24.5),
    ],
)
def test_every_part_of_the_lead_can_be_set(build, setting, months):
    lead = build(setting).halls.lead.drop_duplicates("site").set_index("site")

    assert lead.loc["oak", "months"] == pytest.approx(months)


OWN_LEADS = ("sites.oak.hall_lead_months=8", "sites.oak.connection_lead_months=28")
ONE_LEAD = ("sites.oak.lead_time_months=12",)
NON_FIRM = "grid.non_firm={allow: true, lead_months: 10}"


@pytest.mark.parametrize(
    ("settings", "hall", "connection", "soon"),
    [
        (OWN_LEADS, (28, "given for the connection"), 28, None),
        ((*OWN_LEADS, NON_FIRM), (10, "non-firm connection"), 28, 10),
        ((*OWN_LEADS, "grid.non_firm.allow=true"), (16.8, "non-firm connection"), 28, 0.6 * 28),
        ((*OWN_LEADS, "supply.allow=[engine]"), (8, "given for the halls"), 28, None),
        ((*OWN_LEADS, "sites.oak.grid_firm_mw=90"), (8, "given for the halls"), 28, None),
        # The transformer, 18.5 months, is in a lead of halls; the interconnection takes 26.
        ((OWN_LEADS[0],), (26, "interconnection"), 26, None),
        ((OWN_LEADS[0], NON_FIRM, "lead_times.delay_months=3"), (13, "non-firm connection"), 29, 13),
        ((OWN_LEADS[1],), (28, "given for the connection"), 28, None),
        ((OWN_LEADS[1], NON_FIRM), (20, "permit and construction"), 28, 10),
        (("sites.oak.lead_time_months=28", NON_FIRM), (28, "given for the site"), 28, 28),
        (("sites.oak.lead_time_months=28", OWN_LEADS[0]), (28, "given for the site"), 28, None),
        ((*ONE_LEAD, OWN_LEADS[1]), (28, "given for the connection"), 28, None),
        ((*ONE_LEAD, OWN_LEADS[1], "sites.oak.grid_firm_mw=90"), (12, "given for the site"), 28, None),
    ],
)
def test_halls_and_connections_have_each_their_own_lead(build, settings, hall, connection, soon):
    (lead,) = build(*settings).halls.lead.query("site == 'oak'").to_dict("records")[:1]

    assert (lead["months"], lead["by"]) == (pytest.approx(hall[0]), hall[1])
    assert lead["connection_months"] == pytest.approx(connection)
    expected = np.nan if soon is None else soon
    assert lead["non_firm_months"] == pytest.approx(expected, nan_ok=True)


def test_a_lead_without_effect_is_named_with_what_is_waited_for(build):
    def notes(*settings: str) -> list[str]:
        return [note for note in build(*settings).notes if "_lead_months" in note or "lead_time_months" in note]

    assert notes("sites.oak.lead_time_months=28", NON_FIRM) == [
        "Non-firm connection brings nothing forward at oak (10 of 28 months): lead_time_months is the lead of halls and"
        " of all connections there. Give hall_lead_months and connection_lead_months, each its own."
    ]
    assert notes(*OWN_LEADS) == [
        "hall_lead_months is not what new halls wait for at oak (28 months: given for the"
        " connection): a shorter one brings no new hall forward."
    ]
    assert notes("sites.oak.connection_lead_months=5") == [
        "connection_lead_months is not what new halls wait for at oak (20 months: permit and"
        " construction): a shorter one brings no new hall forward."
    ]
    assert notes(*ONE_LEAD, OWN_LEADS[1]) == [
        "lead_time_months is not what new halls wait for at oak (28 months: given for the"
        " connection): a shorter one brings no new hall forward."
    ]
    (idle,) = notes(*OWN_LEADS, "supply.allow=[engine]", "sites.oak.lead_time_months=12")
    assert "oak.lead_time_months has no effect: halls and connection have each their own" in idle


def test_a_queue_of_a_zone_comes_on_top_of_its_lead_and_of_the_delay_of_all(build):
    lead = (
        build(
            "lead_times.interconnection_months=12",
            "lead_times.interconnection_months_by_zone={east: 22}",
            "lead_times.interconnection_delay_months=2.5",
            "lead_times.interconnection_delay_months_by_zone={east: 3.5, west: 1.5}",
        )
        .halls.lead.drop_duplicates("site")
        .set_index("site")["months"]
    )

    assert lead["oak"] == pytest.approx(22 + 2.5 + 3.5)
    assert lead["elm"] == pytest.approx(7 + 16)  # 12 + 2.5 + 1.5 at the grid: its works are longer


def test_connections_need_no_hall(mini):
    offers = mini.grid.expand.frame().assign(start=mini.grid.expand_start)
    start = offers.set_index(["site", "year"])["start"]

    assert start["oak", "2027"] == pytest.approx(2025 + 2 / 12 + 26 / 12)  # interconnection
    assert start["elm", "2027"] == pytest.approx(2027)  # transformer, 18.5 months: in 2026


def test_a_connection_of_part_of_a_year_counts_for_that_part(mini):
    expand = mini.grid.expand
    places = zip(expand.labels("site"), expand.labels("year"), strict=True)
    share = dict(zip(places, mini.grid.expand_first_year_frac, strict=True))

    assert share["oak", "2027"] == pytest.approx(1 - 4 / 12)
    # From 2026.708, 2 and 18.5 months after 2025, to the end of the two years that 2025 is for.
    assert share["elm", "2025"] == pytest.approx((24 - 20.5) / 24)


def test_committed_halls_come_before_their_lead(build):
    inputs = build("years=[2025, 2026, 2027]")
    committed = dict(
        zip(
            zip(inputs.halls.committed.labels("site"), inputs.halls.committed.labels("year"), strict=True),
            inputs.halls.committed_mw,
            strict=True,
        )
    )

    # facility MW under construction, a fifth of it, per MW of IT
    assert committed == {("oak", "2026"): pytest.approx(55 * 0.2 / 1.16)}
    early = inputs.halls.build.frame()[inputs.halls.build_is_early]
    assert set(zip(early["site"], early["year"], strict=True)) == {("oak", "2026")}
    assert set(inputs.halls.build_start[inputs.halls.build_is_early]) == {2026.5}


def test_nothing_is_committed_when_the_scenario_says_so(build):
    inputs = build("build.committed=false", "years=[2025, 2026, 2027]")

    assert inputs.halls.committed.size == 0
    assert not inputs.halls.build_is_early.any()


def test_a_hall_costs_its_building_plant_and_land(mini):
    halls = mini.halls.build.frame().assign(capex=mini.halls.build_capex_musd_per_mw, start=mini.halls.build_start)
    row = halls[(halls["site"] == "oak") & (halls["hall"] == "plate_dry|2N")].iloc[-1]

    building = 2.4 * 1.21 + 1.15 + 1.22 + 0.68
    plant = 3.5 * 1.74 + 2.75 * 1.58
    land = 310 * 4046.856 * 0.36 * 1.16 / 1e6
    overnight = 1.06 * (building + plant) * (1 + 0.095 + 0.045) + land
    assert row["capex"] == pytest.approx(overnight * 1.028 ** (row["start"] - 2025))


def test_running_a_hall_costs_upkeep_staff_tax_insurance_and_links(mini):
    halls = mini.halls.hall.frame().assign(opex=mini.halls.opex_musd_per_mw_year)
    row = halls[(halls["site"] == "oak") & (halls["hall"] == "plate_dry|2N")].iloc[0]

    building = 2.4 * 1.21 + 1.15 + 1.22 + 0.68
    electrical, mechanical = 3.5 * 1.74, 2.75 * 1.58
    land = 310 * 4046.856 * 0.36 * 1.16 / 1e6
    taxed = 1.06 * building * 1.14 + land
    capex = 1.06 * (building + electrical + mechanical) * 1.14 + land
    upkeep = 1.06 * 1.23 * (0.017 * electrical + 0.029 * mechanical)
    staff, links = 0.42 * 0.128, 0.021
    expected = upkeep + 0.011 * taxed + 0.0012 * capex + staff + links
    assert row["opex"] == pytest.approx(expected)


def test_property_tax_can_be_waived(build, mini):
    free = build("finance.property_tax=false")

    assert np.all(free.halls.opex_musd_per_mw_year < mini.halls.opex_musd_per_mw_year)


def test_a_retrofit_serves_from_the_month_its_work_is_done(mini):
    works = mini.halls.retrofit.frame().assign(
        start=mini.halls.retrofit_start,
        done=mini.halls.retrofit_done,
        capacity=mini.halls.retrofit_capacity_frac,
        capex=mini.halls.retrofit_capex_musd_per_mw,
    )
    oak = works[(works["site"] == "oak") & (works["hall"] == "air_dry|2N")]
    oak = oak[oak["to_hall"] == "plate_dry|2N"].set_index("year")

    # begun on 1 March 2025, the first day of decisions, or on 1 January; done in eight months
    assert oak.loc["2025", "start"] == pytest.approx(2025 + 2 / 12)
    assert oak.loc["2025", "done"] == pytest.approx(2025 + 10 / 12)
    assert oak.loc["2027", "start"] == 2027.0
    assert oak.loc["2027", "done"] == pytest.approx(2027 + 8 / 12)
    assert oak.loc["2027", "capacity"] == pytest.approx(0.94)
    assert oak.loc["2027", "capex"] == pytest.approx(2.05 * 1.06 * 1.028**2)


def test_retrofits_keep_the_topology(mini):
    works = mini.halls.retrofit.frame()

    before, after = (works[c].str.split("|").str[1] for c in ("hall", "to_hall"))

    assert (before == after).all()
    assert set(works["hall"]) == {"air_dry|N", "air_dry|2N"}  # what stands and can change


def test_retrofit_work_may_outlast_its_year_but_not_the_horizon(build):
    # The horizon ends with 2027: 34 months from 1 March 2025 end with it, 33.5 in December.
    last_that_serves = build("retrofit.duration_months=33.5").halls

    assert set(last_that_serves.retrofit.frame()["year"]) == {"2025"}
    assert last_that_serves.retrofit_done.max() == pytest.approx(2025 + (2 + 33.5) / 12)
    assert build("retrofit.duration_months=34").halls.retrofit.size == 0


def test_retrofits_can_be_ruled_out(build):
    assert build("retrofit.allow=false").halls.retrofit.size == 0


def test_new_halls_have_every_topology_that_none_replaces_at_no_disadvantage(build, mini, tables):
    def topologies(*settings: str, **changed: pd.DataFrame) -> set[str]:
        return {hall.split("|")[1] for hall in build(*settings, **changed).halls.build.labels("hall")}

    # 3N2 is not good enough for chat, and N serves train for less of everything.
    assert topologies() == {"N", "2N"}
    served_by_n = "workloads.chat.redundancy_min=N"
    assert topologies(served_by_n, "retrofit.allow=false") == {"N"}
    assert topologies(served_by_n) == {"N", "2N"}  # 2N halls stand, and may be retrofitted
    assert topologies("halls.redundancy=[3N2, 2N]") == {"3N2", "2N"}
    # What costs less in anything is on offer, whatever else it costs.
    redundancy = tables["redundancy"].set_index("redundancy")
    redundancy.loc["3N2", "mechanical_capex_ratio"] = 1.03  # of N 1.04
    assert topologies(redundancy=redundancy.reset_index()) == {"N", "3N2", "2N"}


def test_a_hall_may_be_operated_as_a_less_available_one_of_its_cooling(mini, build):
    pairs = set(map(tuple, mini.halls.operate.frame()[["hall", "as_hall"]].to_numpy()))
    assert pairs == {(f"{c}|2N", f"{c}|N") for c in ("air_dry", "plate_dry", "warm_full")}
    # Racks are in halls operated at the least topology that their workload needs.
    used = mini.racks.used.frame()
    topology = used["hall"].str.split("|").str[1]
    assert (topology == used["workload"].map({"train": "N", "chat": "2N"})).all()
    better = build("halls.redundancy=[2N]").halls
    assert {hall.split("|")[1] for hall in better.build.labels("hall")} == {"2N"}
    as_other = better.operate.frame()[["hall", "as_hall"]].to_numpy()
    assert ("warm_full|2N", "warm_full|N") in set(map(tuple, as_other))


def test_only_the_cooling_on_offer_is_built(build):
    inputs = build("halls.cooling=[plate_dry]")

    assert {hall.split("|")[0] for hall in inputs.halls.build.labels("hall")} == {"plate_dry"}


def test_stressed_basins_build_nothing_that_evaporates_water(build, mini):
    def evaporate(inputs: Inputs) -> set[str]:
        frame = inputs.halls.build.frame()
        return set(frame.loc[frame["hall"].str.startswith("warm_full"), "site"])

    assert evaporate(mini) == {"oak", "elm"}  # stress 2.4 and 3.6
    assert evaporate(build("water.max_stress_score=3.7")) == {"oak", "elm"}
    assert evaporate(build("water.max_stress_score=3.5")) == {"oak"}
    assert evaporate(build("water.max_stress_score=2.3")) == set()


def test_leased_halls_are_there_at_once(build):
    inputs = build("lease.allow=true", "lease.depth_mw_per_site=7.5")

    assert set(inputs.halls.lease.labels("hall")) == {"air_dry|3N2"}
    assert inputs.halls.lease.size == 2 * 2
    assert inputs.halls.lease_musd_per_mw_year == pytest.approx(185 * 12 / 1000)
    assert inputs.halls.lease_depth_mw == pytest.approx(7.5)
    own_price = build("lease.allow=true", "lease.usd_per_kw_month=145")
    assert own_price.halls.lease_musd_per_mw_year == pytest.approx(145 * 12 / 1000)
