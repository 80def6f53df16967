"""What every study answers with: a line, a table in a notebook, JSON without NaN, and a folder of its own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import planner
from planner.base.errors import InputError
from planner.outputs.answer import Answer
from planner.outputs.own_folder import FRONTIER
from planner.scenario import as_overrides, load_scenario


@dataclass(frozen=True, eq=False, repr=False)
class Made(Answer):
    """An answer of a study."""

    kind = FRONTIER
    fields = ("scenario", "held", "notes")
    saved = ("points=table", "sites")

    scenario: str
    held: tuple[str, ...]
    table: pd.DataFrame
    sites: pd.DataFrame

    @property
    def notes(self) -> tuple[str, ...]:
        return ("a < b",)


@pytest.fixture
def made() -> Made:
    rank = pd.array([1, pd.NA], dtype="Int64")
    table = pd.DataFrame({"musd": [7.5, np.nan], "most": [np.inf, 3.0], "rank": rank})
    sites = pd.DataFrame({"mw": [40.0]}, index=pd.Index(["oak"], name="site"))
    return Made("tiny", ("unmet",), table, sites)


def test_an_answer_is_one_line_and_a_table_in_a_notebook(made: Made) -> None:
    assert repr(made) == "<frontier of tiny: 2 points, 1 sites>"
    page = made._repr_html_()
    assert "<strong>frontier of tiny</strong>" in page
    assert "<th>musd</th>" in page
    assert "<li>a &lt; b</li>" in page


def test_json_has_no_number_that_is_none(made: Made) -> None:
    points = [{"musd": 7.5, "most": None, "rank": 1}, {"musd": None, "most": 3.0, "rank": None}]
    told = {"scenario": "tiny", "held": ["unmet"], "notes": ["a < b"], "points": points}

    assert json.loads(json.dumps(made.to_dict(), allow_nan=False)) == told | {"sites": [{"site": "oak", "mw": 40.0}]}


def test_an_answer_is_saved_into_a_folder_of_its_own_alone(made: Made, tmp_path: Path) -> None:
    home = made.save(tmp_path / "out")

    names = {"points.csv", "points.parquet", "sites.csv", "sites.parquet", "frontier.json"}
    assert {path.name for path in home.glob("[!.]*")} == names
    assert pd.read_parquet(home / "sites.parquet").to_dict("list") == {"site": ["oak"], "mw": [40.0]}
    assert json.loads((home / "frontier.json").read_text()) == made.to_dict()
    assert made.save(home) == home  # its own, written again
    (home / "mine.txt").write_text("of the planner's")
    with pytest.raises(InputError, match=r"did not write: mine\.txt"):
        made.save(home)


def test_changes_are_a_list_or_a_dict() -> None:
    changes = {"demand.unmet": "forbid", "operator.demand_share_frac": np.float64(0.25), "scope.sites": None}

    assert as_overrides(changes) == ['demand.unmet="forbid"', "operator.demand_share_frac=0.25", "scope.sites=null"]
    of_dict = load_scenario("tiny", {"demand.unmet": "forbid", "operator.demand_share_frac": 1e-05})
    of_list = load_scenario("tiny", ["demand.unmet=forbid", "operator.demand_share_frac=0.00001"])
    assert of_dict.merged() == of_list.merged()


def test_every_public_name_is_on_the_page_about_python() -> None:
    page = (Path(__file__).parents[2] / "docs" / "python.md").read_text(encoding="utf-8")

    assert [name for name in planner.__all__ if f":: planner.{name}\n" not in page] == []
