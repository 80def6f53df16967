"""Halls and racks that a planner states: what exists is what they say, and nothing is ignored."""

from __future__ import annotations

import pandas as pd
import pytest

RACKS_MW = 1250 * 0.2 / 1.16  # what the tables give the operator at both sites
ELM_MW = RACKS_MW * 290 / (830 + 290)
PER_RACK = 1.16
MADE_UP = {"source": "made up", "source_year": 2025, "kind": "own"}
FIRM_OAK = "sites={oak: {grid_firm_mw: 83, lead_time_months: 26}, elm: {existing_mw: 0}}"
"""Nothing of what exists is assumed."""
HALLS = (
    ("oak", "A", "air_dry", "N", 40.0, 2019),
    ("oak", "B", "plate_dry", "2N", 30.0, 2024),
    ("oak", "C", "plate_dry", "N", 25.0, 2027),  # under construction
)
RACKS = (
    ("oak", "A", "air24", "training", 700, None, 2024),  # 700 x 42 kW = 29.4 MW
    ("oak", "B", "liquid25", "inference", None, 22.0, 2025),
    ("oak", "C", "liquid25", "training", None, 18.0, 2027),  # on order
)


def halls(*rows):
    columns = ["site", "hall", "cooling", "redundancy", "it_mw", "first_year", "last_year"]
    every = [(*row, *[None] * (len(columns) - len(row))) for row in rows]
    frame = pd.DataFrame(every, columns=columns).assign(**MADE_UP)
    return frame.astype({"last_year": "Int64"})


def racks(*rows):
    columns = ["site", "hall", "rack", "duty", "racks", "mw", "first_year"]
    frame = pd.DataFrame(rows, columns=columns).assign(**MADE_UP)
    return frame.astype({"racks": "Int64", "mw": "float64"})


@pytest.fixture(scope="module")
def own(build):
    return build(existing_halls=halls(*HALLS), existing_racks=racks(*RACKS))


def by_label(index, values, *labels):
    frame = index.frame().assign(value=values)
    frame = frame[frame["value"] > 0.0]
    return {tuple(row[:-1]): row[-1] for row in frame[[*labels, "value"]].itertuples(index=False)}


def existing_at(inputs, site):
    """Racks, halls, connection and halls under construction at a site, by label."""
    firm, halls, p = inputs.grid, inputs.halls, inputs.racks
    parts = (
        by_label(p.fleet, p.stock_mw, "site", "rack", "hall", "duty", "year"),
        by_label(halls.hall, halls.existing_mw, "site", "hall", "year"),
        by_label(firm.firm, firm.firm_mw, "site", "year"),
        by_label(halls.committed, halls.committed_mw, "site", "year"),
    )
    return [{key: mw for key, mw in part.items() if key[0] == site} for part in parts]


def test_where_some_halls_are_stated_nothing_exists_elsewhere(own, mini):
    assert all(existing_at(mini, "elm")[:3])
    assert existing_at(own, "elm") == [{}, {}, {}, {}]
    assert not own.sites.is_existing[own.sets.site.labels.index("elm")]  # it pays its opening
    (note,) = (one.text for one in own.assumed if one.text.startswith("Nothing exists"))
    assert note in [one.what_is for one in own.noted_settings]
    assert "at elm, as your tables existing_halls and existing_racks have no row there" in note


def test_a_full_hall_lends_its_room_to_no_hall_that_comes_later(build):
    later = ("oak", "D", "air_dry", "N", 60.0, 2027)
    inputs = build("halls.free_frac=0.35", existing_halls=halls(HALLS[0], later), existing_racks=racks(RACKS[0]))

    fill = by_label(inputs.halls.hall, inputs.halls.fill_frac, "site", "hall", "year")
    oak = {year: frac for (site, hall, year), frac in fill.items() if (site, hall) == ("oak", "air_dry|N")}
    # 29.4 MW of racks draw 96 % with their companions: 28.2 of 40 MW, then of 100, of which 35 % stay free.
    assert oak == pytest.approx({"2025": 29.4 * 0.96 / 40.0, "2027": 0.65})


@pytest.mark.parametrize("site", ["oak", "elm"])
def test_halls_of_a_site_out_of_scope_state_what_others_have_too(build, site):
    other = {"oak": "elm", "elm": "oak"}[site]
    stated = halls((other, "A", "air_dry", "N", 9.0, 2024))
    inputs = build(f"scope.sites=[{site}]", existing_halls=stated)

    assert existing_at(inputs, site) == [{}, {}, {}, {}]


def test_other_sites_have_their_share_of_the_market_where_it_is_asked_for(build, mini):
    stated = {"existing_halls": halls(("elm", "A", "air_dry", "N", 9.0, 2024))}

    stock = build("operator.stock_share_frac=0.2", **stated)
    pipeline = build("operator.pipeline_share_frac=0.2", **stated)

    racks, there, firm, committed = existing_at(mini, "oak")
    stock_mw = sum(mw for key, mw in racks.items() if key[-1] == "2025")
    assert stock_mw == pytest.approx(RACKS_MW - ELM_MW)
    of_stock, of_pipeline = existing_at(stock, "oak"), existing_at(pipeline, "oak")
    assert of_stock[:2] == [pytest.approx(racks), pytest.approx(there)]
    assert of_stock[2]["oak", "2027"] == pytest.approx(stock_mw * PER_RACK)
    assert of_pipeline[:2] == of_stock[3:] * 2 == [{}, {}]
    added_mw = firm["oak", "2027"] - stock_mw * PER_RACK
    assert of_pipeline[2]["oak", "2027"] == pytest.approx(added_mw)
    assert of_pipeline[3] == committed
    assert added_mw > 1.0


@pytest.mark.parametrize(
    ("hall", "rack", "found", "fix"),
    [
        (
            HALLS,
            ("oak", "D", "air24", "training", 7, None, 2024),
            "hall 'D' of oak is not in existing_halls",
            "halls of oak are A, B, C; add a row to existing_halls",
        ),
        (
            HALLS,
            ("oak", "A", "liquid25", "training", 7, None, 2025),
            "liquid25 has 134 kW, and halls with air_dry cool 44 kW a rack",
            "another hall",
        ),
        (
            HALLS,
            ("oak", "B", "air24", "inference", 7, None, 2025),
            "table rack_cooling does not pair air24 with plate_dry",
            "add the row air24,plate_dry to a table rack_cooling",
        ),
        (
            HALLS,
            ("oak", "B", "chip26", "inference", 7, None, 2026),
            "no workload of inference may run on chip26",
            "add rows workload,chip26 to a table workload_racks of your own, for chat",
        ),
        (
            HALLS,
            ("oak", "B", "liquid25", "inference", 7, 3.0, 2025),
            "both of racks and mw is given",
            "leave the other blank",
        ),
        (
            HALLS,
            ("oak", "B", "liquid25", "inference", None, None, 2025),
            "neither of racks and mw is given",
            "leave the other blank",
        ),
        (
            HALLS,
            ("oak", "B", "liquid25", "inference", None, 34.0, 2025),
            "racks of 34 MW draw 30.6 MW in hall B of oak, at halls.diversity_frac 0.9, and it has 30 MW",
            "correct it_mw",
        ),
        (
            HALLS,
            ("oak", "C", "liquid25", "training", None, 4.0, 2026),
            "racks from 2026 are in a hall in service from 2027",
            "correct one of the years",
        ),
        (HALLS, ("oka", "A", "air24", "training", 7, None, 2024), "unknown site 'oka'", "remove its rows"),
    ],
)
def test_what_nothing_can_house_or_use_is_refused_with_the_row_that_is_missing(problems, hall, rack, found, fix):
    reported = problems(existing_halls=halls(*hall), existing_racks=racks(rack))

    assert len(reported) == 1
    assert found in reported[0]
    assert fix in reported[0]


def test_a_rack_without_throughput_for_its_use_is_refused(problems, tables):
    of_racks = tables["racks"].copy()
    of_racks.loc[of_racks["rack"] == "air24", "training_h100e"] = float("nan")

    reported = problems(
        racks=of_racks,
        existing_halls=halls(*HALLS),
        existing_racks=racks(("oak", "A", "air24", "training", 7, None, 2024)),
    )

    assert any("air24 has no training_h100e in table racks" in text for text in reported)


def test_two_statements_of_what_exists_at_a_site_are_refused(problems):
    (reported,) = problems("sites.oak.existing_mw=80", existing_halls=halls(*HALLS))

    assert "existing_mw of oak is given, and existing_halls or existing_racks has rows" in reported


@pytest.mark.parametrize(
    ("settings", "hall", "rack", "note"),
    [
        (
            (),
            ("oak", "N", "air_dry", "N", 9.0, 2024),
            ("oak", "N", "air24", "inference", 7, None, 2024),
            # 7 x 42 kW = 0.294 MW, of which 0.9 is drawn at once.
            "air24 for inference has no effect: its hall is N, which is not available enough for"
            " chat; the 0.2646 MW that they draw of hall N are free for other racks",
        ),
        (
            ("scope.workloads=[train]",),
            ("oak", "B", "plate_dry", "2N", 9.0, 2024),
            ("oak", "B", "liquid25", "inference", 7, None, 2025),
            "liquid25 for inference has no effect: the workloads that may run on it are not in scope (chat)",
        ),
        (
            (),
            ("oak", "A", "air_dry", "N", 9.0, 2024),
            ("oak", "A", "air24", "training", 7, None, 2020),
            "air24 has no effect: 2020 to 2024, its life of 5 years, hold no model year in full",
        ),
        (
            (),
            ("oak", "A", "air_dry", "N", 9.0, 2029),
            ("oak", "A", "air24", "training", 7, None, 2029),
            "hall A of oak has no effect: it enters service in 2029, after the last model year",
        ),
        (
            ("scope.exclude_sites=[oak]",),
            ("oak", "A", "air_dry", "N", 9.0, 2024),
            ("oak", "A", "air24", "training", 7, None, 2024),
            "existing_racks has 1 row for oak, which is not in the plan",
        ),
    ],
)
def test_a_row_without_effect_is_noted(build, settings, hall, rack, note):
    inputs = build(*settings, existing_halls=halls(hall), existing_racks=racks(rack))

    assert any(note in reported for reported in inputs.notes)
    assert any(note in reported.what_is for reported in inputs.noted_settings)


def test_what_is_assumed_is_said_with_its_mix(build):
    inputs = build("sites.elm.existing_mw=58", existing_halls=halls(*HALLS))

    (note,) = (one.text for one in inputs.assumed if one.text.startswith("existing_mw of elm"))
    # A campus holds training racks: 0.27 + 0.18 of them air24 and 0.55 liquid25.
    assert "58 MW, is 50 MW of racks" in note
    assert "55% liquid25, 45% air24" in note
    noted = [reported.what_is for reported in inputs.noted_settings]
    assert note in noted
    # What is assumed of the stated halls has its place too: racks, and the connection.
    (connection, no_rack) = (text for text in noted if text != note)
    assert "of oak, which begin without racks: 70 MW from 2025, 95 MW from 2027." in no_rack
    assert "1.16 MW per MW of halls" in connection


def test_the_share_of_the_market_is_said_with_its_mix(mini):
    (note,) = (one.text for one in mini.assumed if "racks exist" in one.text)

    # air24: 0.62 x 0.45 + 0.38 x 0.79 = 0.579
    assert note.startswith(f"{RACKS_MW:.4g} MW of racks exist at 2 of 2 sites, with their halls")
    assert "58% air24, 42% liquid25" in note


def test_an_excluded_site_takes_its_stock_along(build, mini):
    def facility(inputs):
        return float(inputs.grid.firm_mw[inputs.grid.firm.position("elm", "2025")])

    both, alone = mini, build("scope.exclude_sites=[oak]")

    assert facility(alone) == pytest.approx(facility(both))
    (note,) = (note for note in alone.notes if note.startswith("oak is excluded"))
    assert f"{1250 * 0.2 * 830 / (830 + 290):.4g} MW of facility power" in note
    assert "nor spread over other sites" in note


def test_a_site_may_keep_what_it_has_and_build_no_more(build, mini):
    settings = ("lease.allow=true", "sites.oak.new_halls=false")

    def at_oak(index):
        return "oak" in set(index.frame()["site"])

    grows, stays = build(settings[0]), build(*settings)

    for name in ("build", "lease", "committed"):
        assert at_oak(getattr(grows.halls, name))
        assert not at_oak(getattr(stays.halls, name))
    before, after = (by_label(one.halls.hall, one.halls.existing_mw, "site", "hall", "year") for one in (mini, stays))
    assert after == pytest.approx(before)
    assert at_oak(stays.racks.install)
    # The connection of what is under construction does not come either.
    firm = stays.grid.firm_mw[stays.grid.firm.position("oak", "2027")]
    assert firm == pytest.approx(1250 * 0.2 * 830 / (830 + 290))


def test_halls_that_wait_for_a_connection_while_a_stated_one_has_room_are_noted(build):
    firm = ("sites.oak.grid_firm_mw=400", "lead_times.interconnection_months=31")

    (note,) = (
        note
        for note in build(*firm, "decisions_start=2025-06-01").noted_settings
        if "New halls at oak wait" in note.what_is
    )

    # 31 months from June 2025.
    assert "wait 31 months for a connection in east, to January 2028" in note.what_is
    assert "give oak hall_lead_months if that carries them" in note.what_is
    for setting in ("lead_time_months", "hall_lead_months"):
        given = build(*firm, "decisions_start=2025-06-01", f"sites.oak.{setting}=17")
        assert not any("wait" in note.what_is for note in given.noted_settings)
        lead = given.halls.lead.set_index("site").loc[["oak"]]
        assert set(lead["months"]) == {17.0}


def test_halls_under_construction_with_a_connection_of_ones_own_fill_the_zone_by_it(build):
    firm = "sites.oak.grid_firm_mw={2025: 83, 2027: 120}"
    tight = "grid.headroom_scale_frac=0.001"
    stated, assumed = (
        build(*settings, existing_halls=halls(*HALLS), existing_racks=racks(*RACKS))
        for settings in ((firm, tight), (tight,))
    )

    (said,) = (one for one in stated.noted_settings if "the headroom of east" in one.what_is)
    assert said.file == f"--set {firm}"
    assert said.what_is.startswith("What is under construction at oak is connected as grid_firm_mw says. It takes ")
    # Where the connection is assumed, the hall is what fills the zone, in the row of the first.
    (said,) = (one for one in assumed.noted_settings if "headroom of" in one.what_is)
    assert said.what_is.startswith("Capacity under construction exceeds the headroom of east in")
    assert said.file.endswith("existing_halls.csv")


def test_a_list_of_sites_says_that_it_has_all_of_the_stock(build, mini):
    setting = "scope.sites=[elm]"

    (said,) = (one for one in build(setting).noted_settings if one.what_is.startswith("scope."))

    assert said.file == f"--set {setting}"
    # 1,250 MW of the path, of which the operator has 0.2; with oak in scope elm has 290/1120 of it.
    assert "facility power of 250 MW, is all at these sites, and of the market's" in said.what_is
    assert "in scope.countries 1 have none: elm 250 MW." in said.what_is
    assert not any(one.what_is.startswith("scope.") for one in mini.noted_settings)
    out = build("scope.exclude_sites=[oak]").noted_settings
    assert not any(one.what_is.startswith("scope.") for one in out)


ENDS = ("oak", "A", "air_dry", "N", 40.0, 2019, 2026)


def test_a_hall_that_has_ended_has_no_effect_nor_have_its_racks_and_is_noted(build):
    ended = halls((*ENDS[:-1], 2025), HALLS[1])
    inputs = build(FIRM_OAK, existing_halls=ended, existing_racks=racks(*RACKS[:2]))

    fleet = inputs.racks.fleet.frame().query("site == 'oak'")
    assert set(fleet["rack"][inputs.racks.stock_mw[fleet.index] > 0.0]) == {"liquid25"}
    (noted,) = (told for told in inputs.noted_settings if "Hall A" in told.what_is)
    assert noted.what_is == (
        "Hall A of oak, 40 MW, has no effect: it serves to 2025, which leaves no model year in"
        " full. Racks of 29.4 MW in it go with it: to keep them, put them in another hall."
    )


@pytest.mark.parametrize(
    ("hall", "rack", "said"),
    [
        (
            (*ENDS[:-1], 2018),
            RACKS[1],
            "last_year is 2018, before first_year; must be 2019 or later; exchange the two, or"
            " leave it blank for a hall that serves to the end of the plan",
        ),
        (ENDS, ("oak", "A", "air24", "training", 7, None, 2027), "racks from 2027 are in a hall in service to 2026"),
    ],
)
def test_years_that_cannot_be_are_refused(problems, hall, rack, said):
    (problem,) = problems(existing_halls=halls(hall, HALLS[1]), existing_racks=racks(rack))

    assert said in problem
