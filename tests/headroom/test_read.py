"""A user's table of hourly demand is read strictly."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from planner.base.errors import InputError, Problem
from planner.cli import main
from planner.headroom import read_hourly_demand
from planner.headroom.read import FAR_ABOVE_MEDIAN


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


def test_parquet_is_read_as_csv_is(zone: pd.Series[float], tmp_path: Path) -> None:
    path = tmp_path / "zone.parquet"
    zone.rename("demand_mw").rename_axis("hour").reset_index().to_parquet(path)

    read = read_hourly_demand(path)

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


def test_many_hours_far_above_are_counted(zone: pd.Series[float], tmp_path: Path) -> None:
    path = tmp_path / "zone.csv"
    zone.iloc[200:207] = 700_000.0
    zone.rename_axis("hour").to_csv(path)
    said: list[Problem] = []

    read_hourly_demand(path, on_warning=said.append)

    assert [warning.line for warning in said] == [202, 203, 204, 205, 206]
    assert ["more)" in warning.what_is for warning in said] == [False] * 4 + [True]
    assert "(and 2 more)" in said[-1].what_is


def test_hours_in_kw_are_warned_of_however_many_they_are(zone: pd.Series[float], tmp_path: Path) -> None:
    path = tmp_path / "zone.csv"
    wrong = zone.index[4000:7000]
    zone[wrong] *= 1000.0
    zone.rename_axis("hour").to_csv(path)
    said: list[Problem] = []

    read_hourly_demand(path, on_warning=said.append)

    assert said[0].line == 4002
    assert f"(and {len(wrong) - 5:,} more)" in said[-1].what_is


def test_help_and_changes_name_the_multiple_of_the_median_once() -> None:
    named = f"{FAR_ABOVE_MEDIAN:g} times the median"
    shown = CliRunner().invoke(main, ["headroom", "--help"]).stdout
    changes = (Path(__file__).parents[2] / "CHANGELOG.md").read_text(encoding="utf-8")

    assert " ".join(shown.split()).count(named) == changes.count(named) == 1


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


def test_offsets_carry_a_table_over_the_change_of_clocks(tmp_path: Path) -> None:
    text = (
        "time,demand_mw\n"
        "2027-11-07T00:00-04:00,31\n"
        "2027-11-07T01:00-04:00,32\n"
        "2027-11-07T01:00-05:00,33\n"
        "2027-11-07T02:00-05:00,34\n"
    )

    read = read_hourly_demand(write(tmp_path / "clock.csv", text), time_zone="America/New_York")

    assert read.index.hour.tolist() == [0, 1, 1, 2]
    assert read.tolist() == [31, 32, 33, 34]


def test_columns_are_chosen_by_name(tmp_path: Path) -> None:
    text = "zone,load_mw,hour\nNA,41,2027-03-01 00:00\nNA,43,2027-03-01 01:00\n"

    read = read_hourly_demand(write(tmp_path / "three.csv", text), time_column="hour", demand_column="load_mw")

    assert read.tolist() == [41, 43]


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


def test_of_very_many_problems_the_first_are_named_and_the_rest_counted(tmp_path: Path) -> None:
    text = "hour,demand_mw\n" + "".join(f"day {number},7\n" for number in range(73))

    found = problems(write(tmp_path / "days.csv", text))

    assert len(found) == 51
    assert found[0].startswith("2:1: the time is 'day 0'")
    assert found[-1].endswith("23 more problems in this file; fix the ones above first")


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("hour,demand_kw", "1:6: the demand is in kw, by the name of its column 'demand_kw'"),
        ("hour,Load (GW)", "1:6: the demand is in GW"),
        ("hour,energy_MWh,price", "1:1: the columns are hour, energy_MWh, price"),
    ],
)
def test_a_header_that_says_something_else_is_refused(header: str, words: str, tmp_path: Path) -> None:
    cells = ["2027-03-01 00:00", "41", "5"][: len(header.split(","))]
    path = write(tmp_path / "header.csv", f"{header}\n{','.join(cells)}\n")

    assert problems(path)[0].startswith(words)


def test_hourly_energy_in_mwh_is_power_in_mw(tmp_path: Path) -> None:
    path = write(tmp_path / "energy.csv", "hour,energy_MWh\n2027-03-01 00:00,41\n")

    assert read_hourly_demand(path).tolist() == [41]


def test_an_unknown_column_and_an_unknown_zone_are_refused(zone_file: Path) -> None:
    assert "no column is called 'load'" in problems(zone_file, demand_column="load")[0]
    assert "the time zone is 'Mars/Olympus'" in problems(zone_file, time_zone="Mars/Olympus")[0]


def test_a_table_without_rows_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "empty.csv", "hour,demand_mw\n")

    assert problems(path) == ["2:1: there is no row; must be a row per hour"]


def test_an_hour_that_stands_twice_is_reported_so(tmp_path: Path) -> None:
    text = "hour,demand_mw\n2027-11-07 00:00,41\n2027-11-07 01:00,42\n2027-11-07 01:00,43\n"

    (found,) = problems(write(tmp_path / "twice.csv", text))

    assert found.startswith("4:1: 2027-11-07 01:00:00 appears twice; must be one hour after")
    assert found.endswith("with its offset where clocks change")


def test_a_demand_of_zeros_is_refused(tmp_path: Path) -> None:
    text = "hour,demand_mw\n2027-03-01 00:00,0\n2027-03-01 01:00,0.0\n"

    (found,) = problems(write(tmp_path / "zeros.csv", text))

    assert found.startswith("2:18: the demand is 0 in every hour; must be above 0")
    one = write(tmp_path / "one.csv", text.replace("0.0", "0.5"))
    assert read_hourly_demand(one).tolist() == [0, 0.5]


@pytest.mark.parametrize("text", ["1e300", "1e400"])
def test_a_demand_of_no_possible_size_is_named_by_its_line(text: str, tmp_path: Path) -> None:
    path = write(tmp_path / "large.csv", f"hour,demand_mw\n2027-03-01 00:00,{text}\n")

    assert problems(path)[0].startswith(f"2:18: the demand is '{text}'; must be a number of MW")


@pytest.mark.parametrize(
    ("time", "demand", "fix"),
    [
        ("2027-03-01 24:00", "41", "name hours by their beginning: take an hour off every time"),
        ("2027-03-01T24:00:00", "41", "name hours by their beginning"),
        ("3/1/2027 15:00", "41", "write the year first, then the month and the day"),
        ("01.03.2027 15:00", "41", "write the year first, then the month and the day"),
        ("2027-03-01 15:00", '"41,5"', "write 41.5"),
        ("2027-03-01 15:00", '"1,044"', "write 1.044 if its comma is decimal, 1044 if its commas part thousands"),
        ("2027-03-01 15:00", '"1,044,000"', "write 1044000 if its commas part thousands"),
        ("2027-03-01 15:00", "41,5", "write decimals with a point"),
    ],
)
def test_a_common_other_form_is_reported_what_to_change(tmp_path: Path, time: str, demand: str, fix: str) -> None:
    (found,) = problems(write(tmp_path / "other.csv", f"hour,demand_mw\n{time},{demand}\n"))

    assert found.split("; ")[-1].startswith(fix)


def test_columns_parted_by_semicolons_are_reported(tmp_path: Path) -> None:
    (found,) = problems(write(tmp_path / "semicolons.csv", "hour;mw\n2027-03-01 00:00;41\n"))

    assert "the cells are separated by semicolons; must be separated by commas" in found
