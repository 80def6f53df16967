"""Every shipped scenario asks a question, says only what differs, and names things that exist."""

from __future__ import annotations

import pytest

from planner.base.paths import SCENARIOS_DIR
from planner.scenario import ID_TABLES, Scenario, load_scenario, shipped_names, unknown_ids
from planner.tables import read_tables

ASKED_FOR = {
    "us-base",
    "us-2n-inference",
    "us-n1-inference",
    "us-grid-90gw",
    "us-grid-delay",
    "us-carbon-cap",
    "us-onsite-gas-bridge",
    "us-247-cfe",
    "us-price-shock",
    "us-heatwave-peak",
    "us-demand-low",
    "us-demand-high",
    "us-headroom-0.25pct",
    "us-headroom-0.5pct",
    "us-headroom-1pct",
    "us-headroom-5pct",
    "eu-sovereign",
    "world",
    "edge-metro",
    "lease-or-build",
    "efficiency-levers",
    "us-2035",
    "us-long-context",
    "us-two-vendors",
    "us-edge-accelerators",
    "us-training-10x-cheaper",
    "us-follow-the-power",
    "eu-heat-sales",
    "us-reading-all-centers",
    "us-reading-world-ai",
    "us-reading-ai-nameplate",
    "us-reading-ai-in-use",
}


def test_the_questions_that_planners_ask_first_are_shipped() -> None:
    assert set(shipped_names()) >= ASKED_FOR


@pytest.mark.parametrize("name", shipped_names())
def test_a_shipped_scenario_opens_with_its_question(name: str) -> None:
    text = (SCENARIOS_DIR / f"{name}.yaml").read_text(encoding="utf-8")
    comment = [line for line in text.split("version:")[0].splitlines() if line.startswith("#")]

    scenario = load_scenario(name)

    assert "?" in " ".join(comment)
    assert scenario.question.endswith("?")
    assert scenario.title


@pytest.mark.parametrize("name", shipped_names())
def test_a_shipped_scenario_names_only_ids_that_exist(name: str) -> None:
    scenario = load_scenario(name)
    tables = read_tables(ID_TABLES, scenario.data_files)

    assert unknown_ids(scenario.tree, tables) == ()


def test_the_base_scenario_departs_from_the_defaults_only_where_it_says_why() -> None:
    # A reader of us-base sees the figures that decide; a changed default would part the two.
    base = load_scenario("us-base").merged()
    defaults = Scenario.model_validate({"version": 1}).merged()

    told_apart = {key for key in defaults if base[key] != defaults[key]}

    figures = {"time", "operator", "racks", "halls", "workloads", "siting", "solver"}
    assert told_apart == {"title", "question"} | figures


def test_europe_and_the_united_states_do_not_overlap() -> None:
    europe = load_scenario("eu-sovereign").scope.countries

    assert "NO" in europe
    assert "US" not in europe
