"""What docs/resilience.md shows can be written, and does what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from planner.inputs import build_inputs
from planner.inputs.inputs import Inputs
from planner.results.schema import TABLES
from planner.scenario import ID_TABLES, load_scenario, unknown_ids
from planner.tables import read_tables

PAGE = (Path(__file__).parents[2] / "docs" / "resilience.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)


def inputs_of(number: int, tmp_path: Path) -> Inputs:
    file = tmp_path / "snippet.yaml"
    file.write_text(SNIPPETS[number], encoding="utf-8")
    scenario = load_scenario(str(file))
    assert unknown_ids(scenario.tree, read_tables(ID_TABLES, scenario.data_files)) == ()
    return build_inputs(scenario)


def test_every_snippet_is_tried_below() -> None:
    assert len(SNIPPETS) == 3


def test_classes_ask_from_a_year_on(tmp_path: Path) -> None:
    p = inputs_of(0, tmp_path).failover

    assert set(p.standby.labels("workload")) == {"chat_interactive", "voice_realtime"}
    assert set(p.standby.labels("year")) == {"2028", "2029", "2030"}
    assert p.neighbour.size > 0
    assert p.pair.size == 0


def test_pairs_have_the_nearest_stand_bys_for_candidates(tmp_path: Path) -> None:
    p = inputs_of(1, tmp_path).failover

    assert p.neighbour.size == 0
    assert 4.5 * p.covered.size < p.pair.size <= 5 * p.covered.size


@pytest.mark.parametrize(
    ("one", "other", "may"),
    [
        ("us-va-ashburn", "us-md-frederick", False),
        ("us-tx-dallas", "us-tx-sanantonio", False),
        ("us-va-ashburn", "us-tx-dallas", True),
    ],
)
def test_barred_sites_do_not_stand_in(tmp_path: Path, one: str, other: str, may: bool) -> None:
    inputs = inputs_of(2, tmp_path)
    at = [inputs.sets.site.code(site) for site in (one, other)]

    assert bool(inputs.failover.may_cover[at[0], at[1]]) is may
    assert bool(inputs.failover.may_cover[at[1], at[0]]) is may


@pytest.mark.parametrize("table", ["reserve", "failures", "takeovers", "resilience"])
def test_the_tables_it_names_are_there(table: str) -> None:
    assert f"`{table}`" in PAGE
    assert table in TABLES
