"""`dcplan headroom` prints what it found, draws it, and refuses what it cannot use."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from planner.cli import main
from planner.headroom import headroom_study

if TYPE_CHECKING:
    from pathlib import Path

SVG = "{http://www.w3.org/2000/svg}"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["headroom", *map(str, arguments)])


def test_the_table_has_headroom_hours_and_seasons(zone_file: Path) -> None:
    result = run(zone_file, "--rate", "0.0285388%")

    assert result.exit_code == 0
    assert "8,760 hours from 2027-01-01 00:00:00 to 2027-12-31 23:00:00" in result.stdout
    assert "At 0.0285388 % curtailment the headroom is 40.0 MW" in result.stdout
    (summer,) = (line for line in result.stdout.splitlines() if line.startswith("summer"))
    assert summer.split() == ["summer", "1,000", "1.0", "0.0", "1.0", "1", "0.0", "0", "%"]
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_no_headroom_is_explained_by_the_hours_that_are_full(tmp_path: Path) -> None:
    hours = pd.date_range("2027-01-01", "2028-01-01", freq="h", inclusive="left")
    evenings = pd.Series(700.0 + 80.0 * (hours.hour == 19), index=hours, name="demand_mw")
    file = tmp_path / "evenings.csv"
    evenings.rename_axis("hour").to_csv(file)

    words = run(file, "--rate", "2%").stdout
    more = run(file, "--rate", "4.17%").stdout

    # An evening of each of 365 days, 214 of them in April to October; 2 % of 8,760 h are 175.2.
    assert "365.0 hours a year (214.0 in summer, 151.0 in winter)" in words
    assert "the rate allows\n175.2. Above 4.17 % some load fits." in words
    assert "No load fits" not in more


def test_json_has_a_study_per_rate(zone_file: Path, zone: pd.Series[float]) -> None:
    studies = json.loads(run(zone_file, "--rate", "0.3%", "--rate", "0.7%", "--json").stdout)

    assert [study["rate_frac"] for study in studies] == [0.003, 0.007]
    wanted = headroom_study(zone, 0.007)
    assert studies[1]["headroom_mw"] == wanted.load_mw
    assert studies[1]["total"]["hours_per_year"] == wanted.total.hours_per_year
    assert [season["name"] for season in studies[1]["seasons"]] == ["summer", "winter"]


def test_the_months_that_set_a_threshold_may_be_given(zone: pd.Series[float], tmp_path: Path) -> None:
    late = zone.rename("demand_mw").rename_axis("hour")
    late["2027-09-06 17:00"], late["2027-03-02 07:00"] = 1_100.0, 870.0
    file = tmp_path / "late.csv"
    late.to_csv(file)

    (usual,) = json.loads(run(file, "--json").stdout)
    given = ("--summer-months", "6-9", "--winter-months", "12,1-3")
    (longer,) = json.loads(run(file, *given, "--json").stdout)

    def thresholds(study: dict[str, list[dict[str, object]]]) -> list[object]:
        return [season["threshold_mw"] for season in study["seasons"]]

    assert (thresholds(usual), thresholds(longer)) == ([1000.0, 850.0], [1100.0, 870.0])
    assert [season["peak_months"] for season in longer["seasons"]] == [[6, 7, 8, 9], [12, 1, 2, 3]]
    assert longer["headroom_mw"] > usual["headroom_mw"]
    # Other months of the season are held to the threshold, and set none.
    assert [s["months"] for s in longer["seasons"]] == [s["months"] for s in usual["seasons"]]


@pytest.mark.parametrize("rate", ["0", "0%", "100%", "0.5", "1.2", "5%%", "half", "-0.5%", "nan", ""])
def test_a_rate_that_is_no_share_is_a_usage_error(zone_file: Path, rate: str) -> None:
    result = run(zone_file, "--rate", rate)

    assert result.exit_code == 2
    assert "must be above 0% and below 100%, with its sign" in result.stderr


def test_the_plot_is_one_file_that_names_what_it_shows(zone_file: Path, tmp_path: Path) -> None:
    plot = tmp_path / "plot.svg"

    result = run(zone_file, "--rate", "0.1%", "-o", plot)

    assert result.exit_code == 0
    assert result.stdout.endswith(f"Written to {plot}\n")
    words = [node.text or "" for node in ET.parse(plot).iter(f"{SVG}text")]
    assert words[0] == "Headroom at 0.1 % curtailment: 150 MW"
    assert words[1].startswith("zone & co.csv, Jan 2027 to Dec 2027: ")
    assert "Summer, Apr to Oct [MW]" in words
    assert "Winter, Nov to Mar [MW]" in words
    assert "http" not in plot.read_text().replace('xmlns="http://www.w3.org/2000/svg"', "")


def test_wrong_input_ends_with_its_places_and_exit_code_2(tmp_path: Path) -> None:
    path = tmp_path / "wrong.csv"
    path.write_text("hour,demand_mw\n2027-03-01 00:00,many\n", encoding="utf-8")

    result = run(path)

    assert result.exit_code == 2
    assert f"{path}:2:18: the demand is 'many'" in result.stderr
