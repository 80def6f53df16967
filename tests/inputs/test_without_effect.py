"""Settings that have no effect are noted where they are written, and only they."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest

from planner.base.errors import InputError
from planner.inputs import Inputs, build_inputs
from planner.inputs.scope import make_case
from planner.inputs.without_effect import settings_without_effect
from planner.scenario import load_scenario

MINI = Path(__file__).parent.parent / "fixtures" / "mini" / "mini.yaml"


@pytest.fixture
def noted(tables: Mapping[str, pd.DataFrame]):
    def notes(*settings: str) -> list[str]:
        case = make_case(load_scenario(MINI, settings), tables)
        return [problem.what_is for problem in settings_without_effect(case)]

    return notes


@pytest.mark.parametrize(
    ("settings", "reported"),
    [
        (("sites.oak={new_halls: false, phase_mw: 7}",), "sites.oak.phase_mw has no effect: new_halls is false there"),
        (
            ("sites.oak={new_halls: false, build_rate_mw_per_year: 23}",),
            "sites.oak.build_rate_mw_per_year has no effect: new_halls is false there",
        ),
        (
            ("sites.oak={existing_mw: 37, opening_usd: 2900000}",),
            "sites.oak.opening_usd has no effect: it is open already",
        ),
        (
            ("energy.demand_charge=false", "sites.oak.demand_charge_usd_per_kw_month=6.3"),
            "sites.oak.demand_charge_usd_per_kw_month has no effect: energy.demand_charge is false",
        ),
        (
            (
                "energy.own_tariffs={ours: {energy: [{usd_per_mwh: 47}]}}",
                "energy.tariffs=[{tariff: ours, zones: [west]}, {tariff: ours, sites: [oak]}]",
                "sites.oak.retail_usd_per_mwh=53",
            ),
            "sites.oak.retail_usd_per_mwh has no effect: a tariff bills it from the first year",
        ),
        (
            ("scope.sites=[oak]", "sites={elm: {land_limit_mw: 31}}"),
            "elm under sites has no effect: site elm is not in scope",
        ),
        (
            ("scope.sites=[oak]", "new_sites.fir={name: Fir, country: US, lat: 41.5, lon: -87.4, like: elm}"),
            "fir under new_sites has no effect: site fir is not in scope",
        ),
        (
            ("scope.sites=[oak]", "workloads.chat.failover=true", "failover.barred_pairs=[[oak, elm]]"),
            "elm under failover.barred_pairs has no effect: site elm is not in scope",
        ),
        (
            ("latency.rtt_table=null", "latency.own_rtt_fill_missing=true"),
            "latency.own_rtt_fill_missing has no effect without latency.rtt_table",
        ),
        (
            ("siting.block_mw={train: 7}", "siting.block_rtt_ms={chat: 3}"),
            "siting.block_rtt_ms.chat has no effect: chat needs no block",
        ),
        (
            ("siting.block_mw={train: 7}", "siting.block_from_year={chat: 2029}"),
            "siting.block_from_year.chat has no effect: chat needs no block",
        ),
        (
            # Model years are 2025 and 2027; racks ordered in March 2025 serve from September.
            ("siting.block_mw={train: 7}", "siting.block_from_year={train: 2026}"),
            "siting.block_from_year.train has no effect: 2027 is the first model year in which"
            " racks ordered now can serve, and no block is needed before",
        ),
        (
            ("siting.block_mw={train: 7}", "siting.block_from_year={train: 2029}"),
            "The block of train has no effect: train never needs it, as siting.block_from_year is 2029 and 2027 the"
            " last model year",
        ),
        (
            ("scope.workloads=[chat]", "siting.block_mw={train: 7}"),
            "train under siting.block_mw has no effect: class train is not in scope",
        ),
        (
            ("scope.sites=[oak]", "lead_times.interconnection_months_by_zone={west: 31}"),
            "west under lead_times.interconnection_months_by_zone has no effect: zone west has no site in scope",
        ),
        (
            ("supply.allow=[engine]", "supply.max_mw={panel: 31}"),
            "supply.max_mw.panel has no effect: panel is not in supply.allow",
        ),
        (
            ("supply.override={engine: {life_years: 17}}",),
            "supply.override.engine has no effect: engine is neither allowed nor existing",
        ),
        (
            ("supply.allow=[panel]", "supply.fuel_price_usd_per_mmbtu={natural_gas: 7}"),
            "supply.fuel_price_usd_per_mmbtu.natural_gas has no effect: natural_gas is burnt by none",
        ),
        (("supply.export.allow=true",), "supply.export.allow has no effect: no source makes power to sell"),
        (
            ("carbon.cap_kt={2025: 900, 2028: 700, 2041: 7}",),
            "carbon.cap_kt for 2028, 2041 has no effect: 2027 is the last model year",
        ),
        (
            ("energy.price_scale_frac={2025: 0.9, 2029: 1.3, 2041: 7}",),
            "energy.price_scale_frac for 2041 has no effect: 2027 is the last model year",
        ),
        (("lease={depth_mw_per_site: 31}",), "lease.depth_mw_per_site has no effect without lease.allow"),
        (
            ("grid.non_firm={allow: true, shed: {usd_per_mwh: 900}}",),
            "grid.non_firm.shed.usd_per_mwh has no effect without grid.non_firm.shed.allow",
        ),
        (
            ("latency.own_rtt_includes_last_mile=true",),
            "latency.own_rtt_includes_last_mile has no effect without latency.rtt_table",
        ),
        (("failover.from_year=2027",), "failover has no effect: no workload in scope has it"),
        (
            ("workloads.chat.failover=true", "failover.from_year=2041"),
            "failover.from_year has no effect: it is 2041, and 2027 is the last model year",
        ),
        (
            ("workloads.chat.failover=true", "failover.nearest_standbys=3"),
            "failover.nearest_standbys has no effect: failover.form is neighbours",
        ),
        (
            ("energy.own_tariffs={o: {energy: [{usd_per_mwh: 41}]}}",),
            "energy.own_tariffs.o has no effect: no entry of energy.tariffs names it",
        ),
        (
            (
                "energy.own_tariffs={o: {bundle: bundled, demand: [{usd_per_kw_month: 41}]}}",
                "energy.tariffs=[{tariff: o}]",
            ),
            "energy.own_tariffs.o.bundle has no effect: o has no energy charge, and energy is bought at the"
            " wholesale price",
        ),
        (
            ("scope.workloads=[chat]", "demand.explicit=[{workload: train, unit: kh100e, by_year: {2025: 31}}]"),
            "train under demand.explicit has no effect: class train is not in scope",
        ),
        (
            ("time.days_repeat=true",),
            "time.days_repeat has no effect: representative days repeat themselves without it",
        ),
        (
            ("contracts.matching.mode=hourly",),
            "contracts.matching.mode has no effect: there is no target, and carbon is not counted by market",
        ),
        (
            ("siting={whole_openings: false, open_rows: all}",),
            "siting.open_rows has no effect: openings are not integers",
        ),
        (
            ("supply.allow=[panel]", "supply.override.panel={lead_months: 108}"),
            "panel under supply.allow has no effect: it cannot serve before 2034, 108 months"
            " from the first decision, and 2027 is the last model year",
        ),
        (
            ("grid.non_firm.shed.allow=true",),
            "grid.non_firm.shed.allow has no effect: load is shed at sites with non-firm"
            " connection, and none is allowed",
        ),
        (
            ("flexibility.move_usd_per_mwh=7",),
            "flexibility.move_usd_per_mwh has no effect: no workload in scope has work that may move between sites",
        ),
        (
            ("scope.sites=[oak]", "lead_times.interconnection_months_by_zone={west: 31, north: 17}"),
            "west, north under lead_times.interconnection_months_by_zone have no effect: none of"
            " them has a site in scope",
        ),
        (("supply.sites=[oak]",), "supply.sites has no effect: no source is allowed, exists or runs as standby"),
        (("supply.whole_sources=true",), "supply.whole_sources has no effect: no source may be built"),
        (
            ("solver.whole_numbers=search",),
            "solver.whole_numbers has no effect: no openings, phases, blocks, plants or racks are integers",
        ),
        (
            ("solver.gap_frac=0.003",),
            "solver.gap_frac has no effect: no openings, phases, blocks, plants or racks are integers",
        ),
        (
            ("siting={whole_openings: true, at_most_sites: 2}",),
            "siting.at_most_sites has no effect: it is 2, and 2 sites are in scope",
        ),
    ],
)
def test_what_changes_nothing_is_noted(noted, settings, reported):
    (found,) = noted(*settings)

    assert found == reported


def test_a_year_of_days_needs_no_chosen_ones(noted):
    # All three are set in the scenario.
    assert noted("time.chronological=true") == [
        f"time.{key} has no effect: time.chronological uses a series of days"
        for key in ("season_days", "peak_day_days", "peak_month")
    ]


@pytest.mark.parametrize(
    "settings",
    [
        (),
        ("scope.sites=[oak]", "sites={elm: {exclude: true, land_limit_mw: 31}}"),
        ("supply.allow=[engine]", "supply.max_mw={engine: 31}", "supply.export.allow=true"),
        ("sites.oak.existing_source_mw={engine: 3}", "supply.override.engine.life_years=17"),
        ("carbon.cap_kt={2025: 900, 2026: 700}",),
        ("energy.price_scale_frac={2025: 0.9, 2029: 1.3}",),
        ("lease={allow: false, depth_mw_per_site: 31}",),
        ("workloads.chat.failover=true", "failover={form: pairs, nearest_standbys: 3}"),
        ("energy.own_tariffs={o: {standing: [{usd_per_day: 41}]}}", "energy.tariffs=[{tariff: o}]"),
        (
            "energy.own_tariffs={o: {bundle: delivery, demand: [{usd_per_kw_month: 41}]}}",
            "energy.tariffs=[{tariff: o}]",
        ),
        ("siting={whole_openings: true, at_most_sites: 1}",),
        ("carbon={embodied: true, accounting: market}",),
        ("carbon.accounting=market", "contracts.matching.mode=hourly"),
        ("contracts.matching={mode: hourly, target_frac: 0.31}",),
        ("siting={whole_openings: true, open_rows: all}",),
        ("supply={sites: [oak], standby: {allow: true, source: genset}}",),
        ("solver={whole_numbers: search, gap_frac: 0.003}", "siting.whole_openings=true"),
        ("solver.whole_numbers=search", "siting.block_mw={train: 7}"),
        ("solver.whole_numbers=search", "supply={allow: [engine], whole_sources: true}"),
        ("solver.whole_numbers=search", "siting.phase_mw=7"),
        ("solver.whole_numbers=search", "sites.elm.phase_mw=7"),
        ("heat.sell=true",),
        ("supply.allow=[panel]", "supply.override.panel={lead_months: 31}"),
        ("flexibility.move_usd_per_mwh=7", "workloads.train.moves_between_sites=true"),
        ("grid.non_firm={allow: true, shed: {allow: true}}",),
        ("time.peak_month=8",),
        ("new_sites.2044={name: Fir, country: US, lat: 41.5, lon: -87.4, like: elm}",),
    ],
)
def test_what_changes_something_is_not_noted(noted, settings):
    assert noted(*settings) == []


def test_heat_without_a_buyer_is_noted(tables):
    none = tables["heat_reuse"].assign(country="FI")
    case = make_case(load_scenario(MINI, ["heat.sell=true"]), {**tables, "heat_reuse": none})

    (found,) = settings_without_effect(case)
    assert found.what_is == ("heat.sell has no effect: table heat_reuse has no row for the country of a site in scope")


def test_a_plan_tells_it_too(build):
    notes = build("supply.export.allow=true").notes

    assert (
        "supply.export.allow has no effect: no source makes power to"
        " sell; allow a source under supply.allow, or remove it." in notes
    )


def test_what_an_extended_file_says_is_not_noted(tables, tmp_path, monkeypatch):
    (tmp_path / "child.yaml").write_text(f"version: 1\nextends: {MINI}\nscope: {{sites: [oak]}}\n", encoding="utf-8")
    (tmp_path / "grandchild.yaml").write_text(
        "version: 1\nextends: child.yaml\nscope: {workloads: [chat]}\nworkloads: {train: {spare_frac: 0.31}}\n",
        encoding="utf-8",
    )
    case = make_case(load_scenario(tmp_path / "grandchild.yaml"), tables)

    (found,) = settings_without_effect(case)
    assert (found.line, found.column) == (4, 13)


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        (
            ("siting={exactly_sites: 9, whole_openings: true}",),
            "exactly_sites is 9, and 2 sites can be open in 2027; must be at most 2; lower it,",
        ),
        (
            ("siting={exactly_sites: 2, whole_openings: true, must_not_open: [elm]}", "sites.elm.existing_mw=0"),
            "exactly_sites is 2, and 1 sites can be open in 2027; must be at most 1;",
        ),
        (("siting.phase_mw=9000",), "one phase at elm is 9,000 MW, and its land holds 1,040 MW, more of a phase"),
    ],
)
def test_what_no_plan_can_keep_is_refused(problems, settings, problem):
    found = problems(*settings)

    assert any(text.startswith("--set siting") and problem in text for text in found), found


def test_phases_that_fit_nowhere_are_refused_for_the_site_where_most_of_one_would_fit():
    # Of a phase, North's land holds 30 / 90, South's 70 / 100 and the Coast's 50 / 100.
    with pytest.raises(InputError) as error:
        build_inputs(
            load_scenario("tiny", ["siting={whole_openings: true, phase_mw: 100}", "new_sites.north.phase_mw=90"])
        )

    (found,) = map(str, error.value.problems)
    assert found.startswith("--set siting=")
    assert (
        "one phase at south is 100 MW, and its land holds 70 MW, more of a phase than any other site; must be at most"
        " 70 MW at south; make phases smaller, or raise land_limit_mw of south"
    ) in found


def test_a_phase_of_one_site_alone_is_refused_at_its_own_key():
    with pytest.raises(InputError) as error:
        build_inputs(load_scenario("tiny", ["new_sites.coast.phase_mw=90"]))

    (found,) = map(str, error.value.problems)
    assert found.startswith("--set new_sites.coast.phase_mw")
    assert "one phase at coast is 90 MW, and its land holds 50 MW; must be" in found


def test_a_block_that_no_site_holds_is_refused():
    # South has land for 70 MW of halls; a MW of racks reserves 0.90 + 0.05 MW of them.
    with pytest.raises(InputError) as error:
        build_inputs(load_scenario("tiny", ["siting.block_mw={train_frontier: 500}"]))

    (found,) = map(str, error.value.problems)
    assert "one block of train_frontier is 500 MW of racks, more than any site holds" in found
    assert f"must be at most {70 / 0.95:.4g} MW, " in found


def test_a_least_size_above_the_land_is_refused_where_sites_open_in_whole():
    settings = ["new_sites.south.minimum_size_mw=71"]
    with pytest.raises(InputError) as error:
        build_inputs(load_scenario("tiny", [*settings, "siting.whole_openings=true"]))

    (found,) = map(str, error.value.problems)
    assert found == (
        "--set new_sites.south.minimum_size_mw=71: minimum_size_mw of south is 71, and its land holds 70 MW; must be at"
        " most 70 MW with integer openings; lower it, or raise land_limit_mw of south"
    )
    build_inputs(load_scenario("tiny", settings))


@pytest.mark.parametrize("key", ["at_most_sites", "exactly_sites"])
def test_sites_in_part_are_not_counted(key):
    with pytest.raises(InputError) as error:
        load_scenario("tiny", [f"siting.{key}=1"])

    (found,) = map(str, error.value.problems)
    assert found == (
        f"--set siting.{key}=1: {key} is 1, and siting.whole_openings is false; must be given with"
        " siting.whole_openings: true, as fractional sites cannot count; set"
        f" siting.whole_openings: true, or remove {key}"
    )


def placed(inputs: Inputs, begins: str) -> list[tuple[str, str]]:
    return [(n.what_is, n.file) for n in inputs.noted_settings if n.what_is.startswith(begins)]


def test_a_fixed_cost_of_ones_own_says_what_it_replaces(build):
    setting = "sites.oak.fixed_usd_per_year=2109000"

    ((text, file),) = placed(build(setting), "fixed_usd_per_year of oak")

    assert file == f"--set {setting}"
    assert text == (
        "fixed_usd_per_year of oak, 2,109,000 USD, replaces the 3,400,000 USD of guards, least crew"
        " and network that a site of kind metro has; it does not add to them."
    )


def test_a_note_about_a_price_of_a_table_of_ones_own_has_the_row(build, tables, tmp_path):
    prices = tables["electricity_price"]
    dear = prices.assign(wholesale_usd_per_mwh=prices["wholesale_usd_per_mwh"] + 300.0)

    ((text, file),) = placed(build(electricity_price=dear), "Wholesale price and demand charge")

    assert re.search(r"exceed the retail price at oak by [\d.]+ USD/MWh, elm by [\d.]+ USD", text)
    assert file.endswith("electricity_price.csv")
