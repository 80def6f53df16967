"""A user's table of hourly demand is read strictly."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pandas as pd
import pytest

from planner.base.errors import InputError, Problem
from planner.headroom import read_hourly_demand


def problems(path: Path, **options: str) -> list[str]:
    with pytest.raises(InputError) as raised:
        read_hourly_demand(path, **options)
    return [str(problem).removeprefix(f"{path}:") for problem in raised.value.problems]


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_a_table_comes_back_as_it_was_written(zone: pd.Series[float], zone_file: Path) -> None:
    read = read_hourly_demand(zone_file)

    pd.testing.assert_series_equal(read, zone, check_names=False, check_freq=False)


def test_times_in_utc_are_reported_by_the_clock_of_a_zone(zone_file: Path) -> None:
    read = read_hourly_demand(zone_file, time_zone="America/New_York")

    assert str(read.index[0]) == "2026-12-31 19:00:00-05:00"


def test_hours_far_above_all_others_are_warned_of(zone: pd.Series[float], tmp_path: Path) -> None:
    """The median of the hours is 700 MW, of which 2,800 MW is four times."""
    path = tmp_path / "zone.csv"
    zone.iloc[[5, 100]] = [2800.0, 2801.0]
    zone.rename_axis("hour").to_csv(path)
    said: list[Problem] = []

    demand = read_hourly_demand(path, on_warning=said.append)

    assert demand.iloc[100] == 2801.0
    (warning,) = said
    assert str(warning) == (
        f"{path}:102:21: the demand is 2,801 MW, 4.0 times the median of all hours,"
        " 700 MW; look for another unit, or for a sum in its place"
    )


def test_hours_in_kw_are_warned_of_however_many_they_are(zone: pd.Series[float], tmp_path: Path) -> None:
    path = tmp_path / "zone.csv"
    wrong = zone.index[4000:7000]
    zone[wrong] *= 1000.0
    zone.rename_axis("hour").to_csv(path)
    said: list[Problem] = []

    read_hourly_demand(path, on_warning=said.append)

    assert said[0].line == 4002
    assert f"(and {len(wrong) - 5:,} more)" in said[-1].what_is


def test_published_demand_of_nine_years_has_no_warning(tmp_path: Path) -> None:
    file = Path(os.environ.get("DCPLAN_CASES", "/nowhere")) / "headroom" / "ISNE_2016_2024_hourly.csv.gz"
    if not file.exists():
        pytest.skip("DCPLAN_CASES holds no headroom")
    path = tmp_path / "zone.csv"
    path.write_bytes(gzip.decompress(file.read_bytes()))
    said: list[Problem] = []

    read_hourly_demand(path, on_warning=said.append)

    assert said == []


def test_a_zone_as_it_is_has_no_warning(zone_file: Path) -> None:
    said: list[Problem] = []

    read_hourly_demand(zone_file, on_warning=said.append)

    assert said == []


def test_every_wrong_cell_is_named_with_its_place(tmp_path: Path) -> None:
    text = (
        "hour,demand_mw\n"
        "2027-03-01 00:00,41\n"
        "2027-03-01 01:00,\n"
        "2027-03-01 03:00,43\n"
        '2027-03-01 04:00,"1,044"\n'
        "2027-03-01 03:00,45\n"
        "1 March,46\n"
        "2027-03-01 05:00\n"
        "2027-03-01 06:00,-47\n"
        "2027-03-01 07:00Z,48\n"
        "2027-03-01 08:00Z,nan\n"
    )

    found = problems(write(tmp_path / "wrong.csv", text))

    assert [line.split(";")[0] for line in found] == [
        "3:18: the demand is ''",
        "4:1: 2027-03-01 03:00:00 comes 2 h after 2027-03-01 01:00:00",
        "5:18: the demand is '1,044'",
        "6:1: 2027-03-01 03:00:00 comes after 2027-03-01 04:00:00",
        "7:1: the time is '1 March'",
        "8:1: the row has 1 cells",
        "9:18: the demand is '-47'",
        "10:1: one of the times 2027-03-01 06:00:00 and 2027-03-01 07:00:00+00:00 has an offset and one has not",
        "11:19: the demand is 'nan'",
    ]
