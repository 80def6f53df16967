"""A scenario is a file, what it extends, and what `--set` changes, laid over each other."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
import yaml

from planner.base.errors import InputError
from planner.scenario import Scenario, load_scenario

PARENT = """\
version: 1
title: The parent
question: What does the parent ask?
years: [2025, 2027]
operator: {demand_share_frac: 0.3, rent_share_frac: 0.4}
demand:
  facility_gw: {2025: 30, 2026: 40, 2027: 50}
sites:
  us-va-ashburn: {land_limit_mw: 700, retail_usd_per_mwh: 65}
"""
CHILD = """\
version: 1
extends: parent.yaml
question: And the child?
years: [2026, 2029, 2031]
operator:
  demand_share_frac: 0.2
demand:
  facility_gw: {2026: 44, 2031: 99}
sites:
  us-va-ashburn:
    land_limit_mw: 800
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("parent.yaml").write_text(PARENT)
    Path("child.yaml").write_text(CHILD)
    return tmp_path


@pytest.mark.usefixtures("folder")
class TestExtends:
    def test_mappings_merge_and_lists_and_figures_replace(self) -> None:
        scenario = load_scenario("child.yaml")

        assert scenario.years == (2026, 2029, 2031)
        assert scenario.operator.demand_share_frac == 0.2
        assert scenario.operator.rent_share_frac == 0.4
        assert scenario.sites["us-va-ashburn"].land_limit_mw == 800
        assert scenario.sites["us-va-ashburn"].retail_usd_per_mwh == 65

    def test_a_path_by_year_is_replaced_as_a_whole(self) -> None:
        assert load_scenario("child.yaml").demand.facility_gw == {2026: 44, 2031: 99}

    def test_title_and_question_speak_of_their_own_file_only(self) -> None:
        scenario = load_scenario("child.yaml")

        assert scenario.title == ""
        assert scenario.question == "And the child?"

    def test_name_and_files_are_known_nearest_first(self) -> None:
        scenario = load_scenario("child.yaml")

        assert scenario.name == "child"
        assert scenario.source_files == (Path("child.yaml"), Path("parent.yaml"))

    def test_a_path_is_seen_from_the_file_that_says_it(self) -> None:
        Path("mine").mkdir()
        Path("mine/plan.yaml").write_text("version: 1\nextends: ../child.yaml\n")

        scenario = load_scenario(Path("mine/plan.yaml"))

        assert scenario.source_files[1:] == (Path("child.yaml"), Path("parent.yaml"))

    def test_a_shipped_scenario_can_be_extended_by_its_name(self) -> None:
        Path("mine.yaml").write_text("version: 1\nextends: us-base\n")

        scenario = load_scenario("mine.yaml")

        assert scenario.source_files[1].name == "us-base.yaml"
        assert scenario.demand.trajectory == "brief_30_to_90"


@pytest.mark.usefixtures("folder")
class TestSet:
    def test_a_figure_is_set_over_the_file(self) -> None:
        scenario = load_scenario("child.yaml", ["operator.demand_share_frac=0.7"])

        assert scenario.operator.demand_share_frac == 0.7

    def test_values_are_yaml(self) -> None:
        scenario = load_scenario(
            "child.yaml", ["scope.countries=[NO, SE]", "carbon.cap_kt={2026: 55, 2029: 44}", "title= a=b"]
        )

        assert scenario.scope.countries == ("NO", "SE")
        assert scenario.carbon.cap_kt == {2026: 55, 2029: 44}
        assert scenario.title == "a=b"

    def test_one_year_of_a_path_can_be_set(self) -> None:
        scenario = load_scenario("child.yaml", ["demand.facility_gw.2031=88"])

        assert scenario.demand.facility_gw == {2026: 44, 2031: 88}

    def test_an_entry_of_a_list_is_set_by_its_position(self) -> None:
        assert load_scenario("child.yaml", ["years.2=2032"]).years == (2026, 2029, 2032)

    def test_later_changes_win(self) -> None:
        overrides = ["operator.demand_share_frac=0.7", "operator={demand_share_frac: 0.6}"]

        operator = load_scenario("child.yaml", overrides).operator

        assert operator.demand_share_frac == 0.6

    def test_a_mapping_is_laid_over_what_is_there_as_in_a_file(self) -> None:
        changes = {"operator": {"demand_share_frac": 0.6}, "demand": {"facility_gw": {2026: 41, 2031: 88}}}

        scenario = load_scenario("child.yaml", changes)

        assert (scenario.operator.demand_share_frac, scenario.operator.rent_share_frac) == (0.6, 0.4)
        assert scenario.demand.facility_gw == {2026: 41, 2031: 88}
        assert load_scenario("child.yaml", ["sites={}"]).sites == {}
        assert scenario.place_of("operator.rent_share_frac") == ("parent.yaml", 5, 53)
        assert scenario.place_of("operator") == ("child.yaml", 5, 1)

    def test_numbers_of_numpy_are_values(self) -> None:
        changes = {"years": np.array([2026, 2030]), "operator.demand_share_frac": np.float64(0.6)}

        scenario = load_scenario("child.yaml", changes)

        assert (scenario.years, scenario.operator.demand_share_frac) == ((2026, 2030), 0.6)

    @pytest.mark.parametrize(
        ("override", "problem"),
        [
            ("operator.demand_share_frac", "no key and value are there"),
            ("=3", "no key and value are there"),
            ("operator..x=3", "no key and value are there"),
            ("years.3=2040", "'3' is not a position in a list of 3"),
            ("years.x=2040", "'x' is not a position in a list of 3"),
            ("version.x=2", "version is set"),
            ("extends=us-base", "extends is set"),
            ("question.x=2", "'x' is below text 'And the child?', which is not a mapping"),
            ("scope.sites=[a", "this is not YAML"),
            ("scope.sites=!x a", "the tag '!x' is refused"),
            ("time.slot_h=5", "time.slot_h is 5; must be 1, 2, 3, 4, 6, 8, 12 or 24"),
            ("time.slot_hours=6", "unknown key 'time.slot_hours'"),
        ],
    )
    def test_what_is_wrong_is_placed_at_set(self, override: str, problem: str) -> None:
        with pytest.raises(InputError) as caught:
            load_scenario("child.yaml", [override])

        (found,) = caught.value.problems
        assert (found.file, found.line, found.column) == (f"--set {override}", None, None)
        assert problem in str(found)


@pytest.mark.usefixtures("folder")
class TestWhere:
    def test_a_figure_is_placed_in_the_file_that_says_it(self) -> None:
        scenario = load_scenario("child.yaml")

        assert scenario.place_of("operator.demand_share_frac") == ("child.yaml", 6, 22)
        assert scenario.place_of("operator.rent_share_frac") == ("parent.yaml", 5, 53)
        assert scenario.place_of(("years", 1)) == ("child.yaml", 4, 15)

    def test_a_block_is_placed_at_its_key(self) -> None:
        scenario = load_scenario("child.yaml")

        assert scenario.place_of(("sites", "us-va-ashburn")) == ("child.yaml", 10, 3)

    def test_a_default_is_placed_at_the_nearest_block_that_is_written(self) -> None:
        scenario = load_scenario("child.yaml")

        assert scenario.place_of("demand.unmet") == ("child.yaml", 7, 1)
        assert scenario.place_of("rent.allow") == ("child.yaml", 1, 1)

    def test_what_was_set_is_placed_at_set(self) -> None:
        scenario = load_scenario("child.yaml", ["rent.allow=false"])

        assert scenario.place_of("rent.allow") == ("--set rent.allow=false", None, None)


@pytest.mark.usefixtures("folder")
def test_ids_of_four_digits_are_merged_one_by_one_as_other_ids_are() -> None:
    Path("base.yaml").write_text("version: 1\nsites: {2030: {land_limit_mw: 31}}\nsupply: {max_mw: {2031: 17}}\n")
    Path("plan.yaml").write_text(
        "version: 1\nextends: base.yaml\nsites: {2032: {land_limit_mw: 47}}\nsupply: {max_mw: {2033: 23}}\n"
    )

    scenario = load_scenario("plan.yaml")

    lands = {site: own.land_limit_mw for site, own in scenario.sites.items()}
    assert lands == {"2030": 31, "2032": 47}
    assert scenario.supply.max_mw == {"2031": 17, "2033": 23}


@pytest.mark.usefixtures("folder")
class TestFiles:
    def test_a_table_is_seen_from_the_file_that_names_it(self) -> None:
        Path("mine/data").mkdir(parents=True)
        Path("mine/data/racks.csv").touch()
        Path("mine/base.yaml").write_text("version: 1\ndata: {racks: data/racks.csv}\n")
        Path("plan.yaml").write_text("version: 1\nextends: mine/base.yaml\n")

        assert load_scenario("plan.yaml").data_files == {"racks": Path("mine/data/racks.csv")}

    def test_a_table_that_is_set_is_seen_from_the_working_folder(self) -> None:
        Path("tables").mkdir()
        Path("tables/racks.csv").touch()

        scenario = load_scenario("child.yaml", ["data.racks=tables/racks.csv"])

        assert scenario.data_files == {"racks": Path("tables/racks.csv")}

    def test_the_file_of_a_single_setting_is_found_or_none(self) -> None:
        Path("rtt.csv").touch()

        scenario = load_scenario("child.yaml", ["latency.rtt_table=rtt.csv"])

        assert scenario.file_at(("latency", "rtt_table")) == Path("rtt.csv")
        assert load_scenario("child.yaml").file_at(("latency", "rtt_table")) is None


@pytest.mark.usefixtures("folder")
class TestMerged:
    def test_it_is_plain_and_loads_to_the_same(self) -> None:
        scenario = load_scenario("child.yaml", ["workloads.x={tight_rtt_ms: null}"])

        merged = scenario.merged()
        Path("again.yaml").write_text(yaml.safe_dump(merged))

        assert load_scenario("again.yaml").merged() == merged
        assert "extends" not in merged

    def test_it_holds_defaults_and_only_given_figures_of_overrides(self) -> None:
        merged = load_scenario("child.yaml", ["workloads.x={tight_rtt_ms: null}"]).merged()

        assert merged["rent"]["tiers"] == ["on_demand", "reserved"]
        assert merged["demand"]["facility_gw"] == {"2026": 44.0, "2031": 99.0}
        assert merged["workloads"] == {"x": {"tight_rtt_ms": None}}


def test_an_override_tells_null_from_left_out() -> None:
    scenario = Scenario.model_validate({"version": 1, "workloads": {"x": {"tight_rtt_ms": None}}})

    assert scenario.workloads["x"].written_values() == {"tight_rtt_ms": None}


def test_shares_follow_the_demand_share_and_the_start_follows_the_years() -> None:
    scenario = Scenario.model_validate({"version": 1, "years": [2027, 2029], "operator": {"demand_share_frac": 0.35}})

    assert scenario.operator.headroom_share_frac == 0.35
    assert scenario.decisions_start == date(2027, 1, 1)


def test_a_scenario_is_frozen() -> None:
    scenario = Scenario.model_validate({"version": 1})

    with pytest.raises(ValueError, match="frozen"):
        scenario.years = (2030,)  # type: ignore[misc]
