"""`dcplan headroom` prints what it found, draws it, and refuses what it cannot use."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from planner.cli import main
from planner.headroom import Season, headroom_study
from planner.outputs.plots import plot_headroom_study

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


@pytest.mark.parametrize("rate", ["0.1%", " 0.1 % ", "1e-1%"])
def test_a_rate_is_a_percentage(zone_file: Path, rate: str) -> None:
    (study,) = json.loads(run(zone_file, "--rate", rate, "--json").stdout)

    assert study["rate_frac"] == pytest.approx(0.001, rel=1e-15)
    assert study["headroom_mw"] == pytest.approx(150.17, abs=0.01)


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


def test_a_peak_outside_the_months_of_the_threshold_is_noted(zone: pd.Series[float], tmp_path: Path) -> None:
    late = zone.rename("demand_mw").rename_axis("hour")
    late["2027-09-06 17:00"] = 1_100.0
    file = tmp_path / "late.csv"
    late.to_csv(file)

    words = " ".join(run(file).stdout.split())

    assert "The highest demand of summer, 1,100 MW, is in September" in words
    assert "--summer-months 6-9" in words
    assert "highest demand of winter" not in words
    assert "highest demand of" not in run(file, "--summer-months", "6-9").stdout


@pytest.mark.parametrize(
    ("option", "months", "found"),
    [
        ("--summer-months", "6-13", "'6-13'"),
        ("--summer-months", "june", "'june'"),
        ("--winter-months", "", "''"),
        ("--winter-months", "12-6", "4, 5 and 6 are in summer"),
        ("--summer-months", "11", "11 is in winter"),
    ],
)
def test_months_that_set_no_threshold_are_a_usage_error(zone_file: Path, option: str, months: str, found: str) -> None:
    result = run(zone_file, option, months)

    assert result.exit_code == 2
    assert found in result.stderr
    assert option in result.stderr


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


def test_an_hour_far_above_all_others_is_warned_of(zone: pd.Series[float], tmp_path: Path) -> None:
    path = tmp_path / "zone.csv"
    zone.iloc[40] = 70_000.0
    zone.rename_axis("hour").to_csv(path)

    done = CliRunner().invoke(main, ["headroom", str(path), "--json"])

    assert done.exit_code == 0
    assert f"warning: {path}:42:21: the demand is 70,000 MW, 100.0 times" in done.stderr
    assert len(json.loads(done.stdout)) == 1


def test_quiet_leaves_the_result_alone(zone_file: Path, tmp_path: Path) -> None:
    result = run("-q", zone_file, "-o", tmp_path / "plot.svg")

    assert result.stderr == ""
    assert "headroom is" in result.stdout


def test_wrong_input_ends_with_its_places_and_exit_code_2(tmp_path: Path) -> None:
    path = tmp_path / "wrong.csv"
    path.write_text("hour,demand_mw\n2027-03-01 00:00,many\n", encoding="utf-8")

    result = run(path)

    assert result.exit_code == 2
    assert f"{path}:2:18: the demand is 'many'" in result.stderr


def test_a_plot_that_cannot_be_written_is_refused_before_the_work(tmp_path: Path) -> None:
    result = run(tmp_path / "none.csv", "-o", tmp_path / "missing" / "plot.png")

    assert result.exit_code == 2
    assert "an .svg file" in result.stderr
    assert "there is no folder" in result.stderr
    assert "none.csv" not in result.stderr


def test_the_heat_map_shades_the_hours_that_are_curtailed(zone: pd.Series[float]) -> None:
    year = Season("year", months=tuple(range(1, 13)), peak_months=(1, 7))
    study = headroom_study(zone, 2.0 / 8760, seasons=(year,))  # 16, 17 and 18 h of 15 July

    cells = [
        (rect.get("fill-opacity"), tip.text)
        for rect in ET.fromstring(plot_headroom_study(study, "zone").svg()).iter(f"{SVG}rect")
        if (tip := rect.find(f"{SVG}title")) is not None
    ]

    assert len(cells) == 12 * 24
    # 90, 130 and 40 of 130 MW on one of 31 days.
    assert [tip for fill, tip in cells if not tip.endswith(": 0.0%")] == [
        "Jul, 16:00: 2.2%",
        "Jul, 17:00: 3.2%",
        "Jul, 18:00: 1.0%",
    ]
    assert len({fill for fill, _ in cells}) == 4


@pytest.mark.parametrize("level_mw", [0.0, 500.0])
def test_a_zone_without_headroom_is_drawn_all_the_same(zone: pd.Series[float], level_mw: float) -> None:
    flat = zone * 0.0 + level_mw

    drawn = plot_headroom_study(headroom_study(flat, 0.01), "flat").svg()

    assert "Headroom at 1 % curtailment: 0 MW" in drawn
    assert "nan" not in drawn
