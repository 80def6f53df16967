"""Scenarios without a plan: the right rules are named, and every change shown makes a plan."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

import pytest
from click.testing import CliRunner

import planner
from planner.cli import main
from planner.inputs.build import PreparedScenario
from planner.limits import LIMITS, RELAXATIONS
from planner.lp import HighsSession
from planner.model import FAMILIES, build_model
from planner.scenario import load_scenario
from planner.studies.diagnose import Diagnosis, diagnose
from planner.studies.diagnose.diagnose import rows_of
from planner.studies.diagnose.searches import searches, shortages

FORBID = "demand.unmet=forbid"
LAND = ("new_sites.north.land_limit_mw=5", "new_sites.south.land_limit_mw=5", "new_sites.coast.land_limit_mw=15")
# Towers in Phoenix, whose permits grant 1,500 m3 a year per MW of halls.
TOWERS = (
    "water.stress_limits=true",
    "halls.cooling=[dlc_hybrid_tower]",
    *(f"new_sites.{site}.like=us-az-phoenix" for site in ("north", "south", "coast")),
)
# Sun of 37 MW, nine tenths of the energy clean: the grid and the sun together have less.
CLEAN = (
    "contracts.area=operator",
    "contracts.ppa.sun={technology: solar, price_usd_per_mwh: 31, max_mw: 37, lead_months: 0}",
    "contracts.matching.target_frac={2027: 0.5, 2028: 0.9}",
)


@dataclass(frozen=True)
class Case:
    """An infeasible variant of `tiny`: what it sets, what must be named, what must help."""

    settings: tuple[str, ...]
    rules: dict[str, str]  # rule -> text among its keys
    helps: frozenset[str]
    helps_not: frozenset[str]
    quick: bool = True  # without what is tried value by value


CASES = {
    "users out of reach": Case(
        ("workloads.chat_interactive.rtt_bound_ms=15",),
        {"demand_balance": "demand.explicit: chat_interactive of us-new-york-city"},
        frozenset({"latency of chat_interactive", "let demand stay unmet", "rent compute"}),
        frozenset({"land", "budget", "demand", "lead times"}),
        quick=False,
    ),
    "headroom": Case(
        ("grid.headroom_scale_frac=0.001",),
        {
            "zone_headroom": "grid.headroom_scale_frac: 0.001",
            "grid_connection": "new_sites.north.grid_firm_mw: 0 MW in 2028",
        },
        frozenset({"headroom", "headroom by zone", "connection"}),
        frozenset({"land", "carbon"}),
    ),
    "headroom for firm connection": Case(
        ("grid.firm_headroom_frac=0.001", "grid.curtailment_rate_pct=1"),
        {"zone_headroom": "grid.firm_headroom_frac: 0.001"},
        frozenset({"headroom", "headroom by zone", "connection"}),
        frozenset({"land", "carbon"}),
    ),
    "headroom firm or not": Case(
        ("grid.headroom_scale_frac=0.001", "grid.non_firm.allow=true"),
        {"all_headroom": "MW for new connections, firm or not,"},
        frozenset({"headroom", "headroom firm or not", "connection"}),
        frozenset({"land", "carbon"}),
    ),
    "budget of cash": Case(
        ("build.cash_budget_musd=600",),
        {"cash_budget": "build.cash_budget_musd: 600 MUSD a year in 2027"},
        frozenset({"budget of cash", "demand"}),
        frozenset({"land", "headroom"}),
    ),
    "budget": Case(
        ("build.capex_budget_musd=900",),
        {"capex_budget": "build.capex_budget_musd: 900 MUSD a year in 2027"},
        frozenset({"budget", "demand"}),
        frozenset({"land", "headroom"}),
    ),
    "carbon": Case(
        ("carbon.cap_kt=60",),
        {"carbon_cap": "carbon.cap_kt: 60 kt CO2 in 2028"},
        frozenset({"carbon", "demand"}),
        frozenset({"land", "connection"}),
    ),
    "deliveries": Case(
        ("deliveries={limit: true, scale_frac: 0.0001}",),
        {"deliveries": "nvidia 0.935 MW in 2027"},
        frozenset({"deliveries", "demand"}),
        frozenset({"land", "budget"}),
    ),
    "land": Case(
        LAND,
        {"land_limit": "new_sites.coast.land_limit_mw: 15 MW"},
        frozenset({"land", "demand"}),
        frozenset({"headroom", "budget", "lead times"}),
    ),
    "halls to lease": Case(
        (*LAND, "lease={allow: true, depth_mw_per_site: 5}"),
        {"lease_depth": "lease.depth_mw_per_site: 5 MW"},
        frozenset({"halls to lease", "land", "demand"}),
        frozenset({"headroom", "budget", "lead times"}),
    ),
    "water permits": Case(
        TOWERS,
        {
            "water_permit": "1,500 m3 a year per MW of halls in basins of class extremely high",
            "land_limit": "new_sites.south.land_limit_mw: 70 MW",
        },
        frozenset({"water permits", "do without permits by water stress", "land"}),
        frozenset({"headroom", "budget", "carbon", "water"}),
        quick=False,
    ),
    "clean target": Case(
        CLEAN,
        {
            "clean_target": "contracts.matching.target_frac: 0.9 in 2028",
            "contract_limit": "contracts.ppa.sun.max_mw: 37 MW in ERCOT",
        },
        frozenset({"clean target", "clean target from 2028 on", "contracts on offer", "demand"}),
        frozenset({"headroom", "land", "carbon", "clean target from 2027 on"}),
        quick=False,
    ),
    "room for sources": Case(
        (
            "grid.headroom_scale_frac=0.0001",
            "supply={allow: [gas_recip], max_mw: {gas_recip: 7}}",
            "supply.override.gas_recip={lead_months: 4}",
        ),
        {"source_limit": "supply.max_mw.gas_recip: 7 MW at north", "zone_headroom": "grid.headroom_scale_frac: 0.0001"},
        frozenset({"room for sources", "headroom", "connection", "demand"}),
        frozenset({"land", "budget", "carbon"}),
    ),
    "decided too late": Case(
        ("decisions_start=2026-09-01",),
        {"demand_balance": "demand.unmet: forbid"},
        frozenset({"start of decisions", "let demand stay unmet"}),
        frozenset({"land", "budget"}),
        quick=False,
    ),
}


@cache
def diagnosed(cause: str) -> Diagnosis:
    return diagnose("tiny", (FORBID, *CASES[cause].settings), quick=CASES[cause].quick)


@cache
def question() -> PreparedScenario:
    return PreparedScenario.from_scenario(load_scenario("tiny"))


@pytest.mark.parametrize("cause", CASES)
def test_the_rules_that_clash_are_named_with_the_settings_behind_them(cause: str) -> None:
    found = {rule.rule: rule for rule in diagnosed(cause).conflict}

    assert not diagnosed(cause).feasible
    assert "demand_balance" in found
    for rule, key in CASES[cause].rules.items():
        assert any(key in text for text in found[rule].keys), found[rule].keys
        assert found[rule].places


@pytest.mark.parametrize("cause", CASES)
def test_what_helps_is_found_and_what_does_not_is_not(cause: str) -> None:
    names = {remedy.name for remedy in diagnosed(cause).remedies}

    assert names >= CASES[cause].helps
    assert not names & CASES[cause].helps_not


@pytest.mark.parametrize("cause", CASES)
def test_every_change_shown_makes_a_plan_when_it_is_typed(cause: str) -> None:
    for remedy in diagnosed(cause).remedies:
        typed = load_scenario("tiny", (FORBID, *CASES[cause].settings, *map(str, remedy.change.settings)))
        asked = PreparedScenario(typed, question().inputs).changed((), remedy.change.cells)

        status = HighsSession(build_model(asked.inputs).problem).solve().status

        assert status == "optimal", remedy


@pytest.mark.parametrize("cause", CASES)
def test_the_first_change_gives_a_plan_that_the_checker_passes(cause: str) -> None:
    remedy = next(one for one in diagnosed(cause).remedies if not one.change.cells)

    plan = planner.solve("tiny", (FORBID, *CASES[cause].settings, *map(str, remedy.change.settings)))

    assert plan.verdict.ok


def remedy_of(cause: str, name: str) -> planner.studies.Remedy:
    return next(remedy for remedy in diagnosed(cause).remedies if remedy.name == name)


def test_every_rule_with_a_setting_of_its_own_has_a_change_that_eases_it() -> None:
    everything = (
        *TOWERS,
        *CLEAN,
        "deliveries.limit=true",
        "siting={whole_openings: true, phase_mw: 4, block_mw: {train_frontier: 40}}",
        "supply.whole_sources=true",
        "racks.whole=true",
        "workloads.chat_interactive.failover=true",
        "grid.non_firm={allow: true, shed: {allow: true}}",
        "supply.standby.allow=true",
    )
    counts = [("siting.at_most_sites=2", "siting.must_open=[north]")]
    counts += [("siting.exactly_sites=2", "siting.must_not_open=[coast]")]
    found = [
        search
        for count in counts
        for search in searches(
            PreparedScenario.from_scenario(load_scenario("tiny", (*everything, *count))),
            ["chat_interactive"],
            ["coast"],
        )
    ]
    eased = {rule for search in found for rule in search.rules}
    eased |= {rule for relaxation in RELAXATIONS for rule in rows_of(relaxation)}
    blocks = {block.name for family in FAMILIES for block in family.CONSTRAINTS}

    assert {limit.name for limit in LIMITS if limit.set_by} <= eased
    # Bounds of a decision, and that one is whole.
    whole = {"whole_openings", "whole_phases", "whole_blocks", "whole_plants", "racks_in_integers"}
    assert eased - blocks == {"must_open", "must_not_open", *whole}


def test_a_target_gives_way_by_what_the_grid_and_the_sun_lack() -> None:
    points = remedy_of("clean target", "clean target from 2028 on")
    sun = remedy_of("clean target", "contracts on offer")
    (setting,) = points.change.settings
    reached = setting.value[2028]
    lower = f"contracts.matching.target_frac={{2027: 0.5, 2028: {reached}}}"

    reported = planner.solve("tiny", (FORBID, *CLEAN, lower)).tables["matching"].set_index("year")

    # What 37 MW of sun make is claimed, but for what a tenth of a point of the target leaves over.
    share = float(reported.loc[2028, "clean_mwh"] / reported.loc[2028, "used_mwh"])
    assert (points.unit, points.total) == ("% points", pytest.approx(100 * (0.9 - reached)))
    assert setting.value[2027] == 0.5
    assert reached <= share + 1e-9 < reached + 0.001
    assert reported.loc[2028, "claimed_mwh"] == pytest.approx(reported.loc[2028, "delivered_mwh"], rel=0.01)
    assert sun.change.words == (f"+{sun.total:.3g} MW of contract sun on offer in each zone",)
    assert sun.total > 37


def test_two_causes_at_once_are_mended_by_changes_that_are_enough_together() -> None:
    # Too little land, and too few racks: neither helps without the other.
    settings = (FORBID, *LAND, *CASES["deliveries"].settings)
    found = diagnose("tiny", settings, quick=True)
    changes = [remedy.change for remedy in found.together]

    made = tuple(setting for change in changes for setting in change.settings)
    cells = tuple(cell for change in changes for cell in change.cells)
    asked = PreparedScenario(load_scenario("tiny", settings), question().inputs).changed(made, cells)

    assert {remedy.name for remedy in found.remedies} == {"demand"}
    assert {remedy.name for remedy in found.together} == {"land", "deliveries"}
    assert HighsSession(build_model(asked.inputs).problem).solve().status == "optimal"


@pytest.mark.parametrize("scenario", ["tiny", "tests/fixtures/mini/mini.yaml"])
def test_nothing_is_short_where_there_is_a_plan(scenario: str, request: pytest.FixtureRequest) -> None:
    path = scenario if scenario == "tiny" else str(request.config.rootpath / scenario)
    asked = PreparedScenario.from_scenario(load_scenario(path, (FORBID,)))

    assert shortages(asked) == ()
    assert diagnose(asked.scenario) == Diagnosis(asked.scenario.name, feasible=True)


# --- the command -----------------------------------------------------------------------


def dcplan(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, list(arguments))
    return result.exit_code, result.stdout, result.stderr


def test_the_command_ends_with_3_and_says_what_to_change() -> None:
    settings = [word for one in (FORBID, *LAND) for word in ("--set", one)]

    code, out, _ = dcplan("-q", "diagnose", "tiny", "--quick", *settings)

    assert code == 3
    assert "tiny: no plan is feasible" in out
    added_mw = re.findall(r"\+(\S+) MW of halls within the land limit at \w+", out)
    assert sum(map(float, added_mw)) == pytest.approx(22.5, abs=0.1)  # wherever it is
    assert re.search(r"--set 'new_sites\.\w+\.land_limit_mw=", out) is not None
    assert "and what links them: site_load, compute_capacity, hall_power" in out


def test_the_command_says_so_where_there_is_a_plan() -> None:
    code, out, _ = dcplan("-q", "diagnose", "tiny")

    assert (code, out) == (0, "tiny: there is a plan; nothing to diagnose\n")


# --- sites that must not open, and whole numbers --------------------------------------------


def test_what_only_shares_of_sites_can_do_is_reported_apart() -> None:
    # Chat needs the coast, which cannot hold the training too; half of two sites could.
    one_site = (
        FORBID,
        "siting={whole_openings: true, at_most_sites: 1}",
        "new_sites.coast.land_limit_mw=40",
        "new_sites.south.land_limit_mw=300",
    )
    found = diagnose("tiny", one_site)

    helps = {remedy.name: remedy for remedy in found.remedies}
    assert (found.feasible, found.only_in_shares, found.is_smallest) == (False, True, True)
    named = {rule.rule: rule for rule in found.conflict}
    assert {"whole_openings", "most_sites", "land_limit", "demand_balance"} <= set(named)
    assert named["whole_openings"].keys[0].startswith("siting.whole_openings: true (--set")
    assert named["most_sites"].keys[0].startswith("siting.at_most_sites: 1 (--set")
    assert {"site": "coast", "year": "2028"} in named["land_limit"].places
    # Power, grid and dates have room: they are no part of it.
    assert not {"grid_connection", "zone_headroom", "build_rate", "minimum_size"} & set(named)
    assert helps["number of sites"].total == 1.0
    assert "relax whole openings" not in helps  # parts of sites cannot be counted


def test_a_block_that_is_too_large_is_made_smaller() -> None:
    # 30 kH100e of training in 2027 take 25.6 MW of racks: no block of 40 MW, but one of 25.2 MW.
    found = diagnose("tiny", (FORBID, "siting.block_mw={train_frontier: 40}"))

    named = {rule.rule: rule for rule in found.conflict}
    assert found.is_smallest
    assert {"whole_blocks", "block_least", "demand_balance"} <= set(named)
    assert "siting.block_mw.train_frontier: 40 MW" in named["whole_blocks"].keys[0]
    helps = {remedy.name: remedy for remedy in found.remedies}
    smaller = helps["block of train_frontier"].change
    need_mw = 30.0 / (182.002 / 132 * 0.85)
    (setting,) = smaller.settings
    assert setting.keys == ("siting", "block_mw", "train_frontier")
    assert isinstance(setting.value, float)
    assert need_mw - 0.4 <= setting.value <= need_mw  # in steps of a hundredth of 40 MW
    assert smaller.words == ("a block of at most 25.2 MW of train_frontier",)


def test_failover_is_named_and_can_be_left_out() -> None:
    # The Coast alone reaches the users of chat.
    found = diagnose("tiny", (FORBID, "workloads.chat_interactive.failover=true"))

    named = {rule.rule: rule for rule in found.conflict}
    helps = {remedy.name: remedy for remedy in found.remedies}
    asked = "workloads.chat_interactive.failover"
    assert named["neighbour_reserve"].keys == (f"{asked}: true (--set {asked}=true)",)
    (setting,) = helps["failover of chat_interactive"].change.settings
    assert str(setting) == "workloads.chat_interactive.failover=false"
    assert found.remedies[0].name == "failover of chat_interactive"
    assert "must_not_open" not in named
