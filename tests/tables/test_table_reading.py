"""Tables are read as they are, or refused with every problem and its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from planner.base.errors import InputError
from planner.tables import load_package, read_table, read_tables

if TYPE_CHECKING:
    from planner.tables import Package

HEADER = "plant,zone,power_mw,units,is_new,stage\n"
PLANTS = HEADER + "alpha,north,250.5,3,true,open\nbeta,south,75,2,false,planned\n"


def problems_of(package: Package, text: str | bytes, name: str = "plants.csv") -> list[str]:
    """Write a user's table, read it, and return `line:column: what is; must be` of each problem."""
    path = package.folder.parent / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(InputError) as caught:
        read_table(path, package=package)
    assert all(problem.file.endswith(name) for problem in caught.value.problems)
    return [f"{p.line}:{p.column}: {p.what_is}; must be {p.must_be}" for p in caught.value.problems]


def test_a_table_comes_with_its_types_and_the_order_of_the_descriptor(package: Package) -> None:
    text = "stage,zone,plant,is_new,units,power_mw\nopen,north,gamma,1,,+1.5e2\n"
    path = package.folder.parent / "plants.csv"
    path.write_text(text, encoding="utf-8")

    plants = read_table(path, package=package)

    assert plants.columns.tolist() == ["plant", "zone", "power_mw", "units", "is_new", "stage"]
    assert plants["power_mw"].tolist() == [150.0]
    assert plants["is_new"].tolist() == [True]
    assert plants["is_new"].dtype == bool
    assert plants["units"].isna().tolist() == [True]


def test_every_dirty_cell_is_shown_at_once_with_its_place(package: Package) -> None:
    text = HEADER + (
        "alpha,north,-5,3,true,open\n"  # below the minimum
        "Beta,south,901,2.5,false,planned\n"  # pattern, maximum, no whole number
        "gamma,nord,,4,maybe,closed\n"  # unknown id, blank, no boolean, out of the list
        "delta,south,NaN,5,true,open\n"
        "kappa,south,12 MW,6,true,open\n"
        "omega,south,1e999,7,true,open\n"
    )

    found = problems_of(package, text)

    assert found == [
        "2:13: power_mw is -5; must be at least 0 [MW]",
        "3:1: plant is Beta; must be of the form [a-z]+",
        "3:12: power_mw is 901; must be at most 900 [MW]",
        "3:16: units is 2.5; must be an integer",
        "4:7: zone is nord; must be an id of zones.zone",
        "4:12: power_mw is blank; must be given",
        "4:15: is_new is maybe; must be true or false",
        "4:21: stage is closed; must be one of open, planned",
        "5:13: power_mw is NaN; must be a number [MW]",
        "6:13: power_mw is 12 MW; must be a number [MW]",
        "7:13: power_mw is 1e999; must be a number [MW]",
    ]


def test_missing_unknown_and_repeated_columns_are_named(package: Package) -> None:
    found = problems_of(package, "plant,zone,powr_mw,units,units,is_new\nalpha,north,7,2,2,true\n")

    assert [text.split(";")[0] for text in found] == [
        "1:1: column 'power_mw' is missing",
        "1:1: column 'stage' is missing",
        "1:12: unknown column 'powr_mw'",
        "1:26: column 'units' is there twice",
    ]


def test_a_misspelt_id_and_column_come_with_the_likely_right_one(package: Package) -> None:
    path = package.folder.parent / "plants.csv"
    text = HEADER.replace("power_mw", "powr_mw") + "alpha,nort,7,2,true,open\n"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(InputError) as caught:
        read_table(path, package=package)

    fixes = {problem.what_is: problem.fix for problem in caught.value.problems}
    assert fixes["zone is nort"] == "did you mean 'north'?"
    assert fixes["unknown column 'powr_mw'"] == "did you mean 'power_mw'?"


@pytest.mark.parametrize("sign", ["\n", "\t", "\x85", "\u061c", "\u200e", "\u200f", "\u2028", "\u202e", "\u2069"])
def test_an_id_holds_nothing_that_moves_what_is_shown_after_it(package: Package, sign: str) -> None:
    text = f'zone,peak_mw\n"no{sign}rth",4200\nsouth,3100\n'

    (found,) = problems_of(package, text, "zones.csv")

    assert found.startswith("2:1: zone is no")
    assert found.endswith("must be without control characters, ends of lines and changes of direction")


def test_a_duplicate_key_names_the_line_of_the_first(package: Package) -> None:
    found = problems_of(package, PLANTS + "alpha,south,12,2,true,open\n")

    assert found == ["4:1: plant is alpha; must be given once: plant=alpha is on line 2 already"]


def test_strings_that_look_missing_or_odd_come_back_unchanged(package: Package) -> None:
    zones = ["NA", "NO", "null", "=1+1", "<b>x</b>", "São Paulo ⚡", "new-york", "new_york"]
    path = package.folder.parent / "zones.csv"
    path.write_text("zone,peak_mw\n" + "".join(f"{zone},7\n" for zone in zones), encoding="utf-8")

    assert read_table(path, package=package)["zone"].tolist() == zones


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", "1:1: the file is empty; must be a header line and rows"),
        (b"\n\n", "1:1: the file is empty; must be a header line and rows"),
        (HEADER.encode(), "2:1: there is no row under the header; must be at least one row"),
        (HEADER.encode() + b"al\xe9,north\n", "2:3: byte 0xe9 is not UTF-8; must be text in UTF-8"),
        (b"plant;zone\na;b\n", "1:6: the cells are separated by semicolons"),
        (HEADER.encode() + b'"alpha,north\n', "2:1: the record that begins here cannot be read"),
    ],
)
def test_files_that_are_no_tables_are_refused_at_their_place(package: Package, raw: bytes, expected: str) -> None:
    found = problems_of(package, raw)

    assert any(text.startswith(expected) for text in found)


def test_a_file_that_is_not_there_or_of_another_kind_is_refused(package: Package) -> None:
    outside = package.folder.parent
    (outside / "plants.txt").write_text(PLANTS, encoding="utf-8")
    for path, words in ((Path("plants.csv"), "no such file"), (Path("plants.txt"), "'.txt'")):
        with pytest.raises(InputError, match=words):
            read_table(outside / path, package=package)


def test_a_workbook_is_read_like_a_csv_and_places_are_rows_and_columns(package: Package) -> None:
    path = package.folder.parent / "plants.xlsx"
    frame = pd.DataFrame(
        {
            "plant": ["alpha", "beta"],
            "zone": ["north", "NA"],
            "power_mw": [250.5, -3.0],
            "units": [2, 4],
            "is_new": [True, False],
            "stage": ["open", "open"],
        }
    )
    frame.head(1).to_excel(path, index=False)
    assert read_table(path, package=package)["power_mw"].tolist() == [250.5]

    frame.to_excel(path, index=False)
    with pytest.raises(InputError) as caught:
        read_table(path, package=package)

    assert [(p.file.partition(".xlsx")[2], p.what_is) for p in caught.value.problems] == [
        (": Sheet1!B3", "zone is NA"),
        (": Sheet1!C3", "power_mw is -3"),
    ]


@pytest.mark.parametrize("name", ["plants.xlsx", "plants.parquet"])
def test_a_broken_workbook_or_parquet_file_is_refused(package: Package, name: str) -> None:
    path = package.folder.parent / name
    path.write_bytes(b"PK but no more")

    with pytest.raises(InputError, match="cannot be"):
        read_table(path, package=package)


def test_problems_of_several_tables_come_together(package: Package) -> None:
    outside = package.folder.parent
    (outside / "zones.csv").write_text("zone,peak_mw\nnorth,-4\n", encoding="utf-8")
    (outside / "plants.csv").write_text(HEADER + "alpha,south,7,2,true,open\n", encoding="utf-8")
    overrides = {name: outside / f"{name}.csv" for name in ("zones", "plants")}

    with pytest.raises(InputError) as caught:
        read_tables(["plants"], overrides, package=package)

    assert [problem.what_is for problem in caught.value.problems] == ["zone is south", "peak_mw is -4"]


def test_an_override_of_a_table_that_does_not_exist_is_refused(package: Package) -> None:
    with pytest.raises(InputError, match="did you mean 'zones'"):
        read_tables(["plants"], {"zonse": Path("zonse.csv")}, package=package)


def test_shipped_tables_follow_a_users_own_sites_but_not_a_users_own_zones(tmp_path: Path) -> None:
    sites = read_table("sites")
    own = tmp_path / "sites.csv"
    sites[sites["site"].isin(["us-va-ashburn", "no-oslo"])].to_csv(own, index=False)

    limits = read_tables(["site_limits"], {"sites": own})["site_limits"]

    assert sorted(limits["site"]) == ["no-oslo", "us-va-ashburn"]
    assert limits.index.tolist() == [0, 1]

    zones = tmp_path / "grid_zones.csv"
    read_table("grid_zones").query("zone != 'PJM'").to_csv(zones, index=False)
    with pytest.raises(InputError, match="zone is PJM; must be an id of grid_zones"):
        read_tables(["sites"], {"grid_zones": zones})


@pytest.mark.parametrize(
    ("table", "column", "right", "wrong", "must_be", "fix"),
    [
        ("price_blocks", "zone", "ERCOT", "ERCOTT", "an id of grid_zones.zone, or default", "did you mean 'ERCOT'?"),
        (
            "fuel_prices",
            "region",
            "ERCOT",
            "ERCTO",
            "an id of grid_zones.zone, or a country (ISO 3166 alpha-2), or world",
            "did you mean 'ERCOT'?",
        ),
        (
            "finance",
            "region",
            "world",
            "wrold",
            "a country (ISO 3166 alpha-2), or EU, or world",
            "did you mean 'world'?",
        ),
        ("leases", "region", "US", "USA", "a country (ISO 3166 alpha-2), or world", "did you mean 'US'?"),
        ("heat_reuse", "country", "GB", "UK", "a country (ISO 3166 alpha-2)", None),
        ("ppa_regions", "country", "GB", "UK", "a country (ISO 3166 alpha-2)", None),
        ("sites", "country", "GB", "UK", "a country (ISO 3166 alpha-2)", None),
        (
            "bridge_power",
            "onsite",
            "gas_recip",
            "gas_recpi",
            "an id of onsite_sources.onsite",
            "did you mean 'gas_recip'?",
        ),
    ],
)
def test_a_mistyped_key_of_ones_own_table_is_refused_with_its_place(
    tmp_path: Path, table: str, column: str, right: str, wrong: str, must_be: str, fix: str | None
) -> None:
    frame = read_table(table)
    at = frame.index[frame[column] == right]
    own = tmp_path / f"{table}.csv"
    frame.assign(**{column: frame[column].replace(right, wrong)}).to_csv(own, index=False)

    with pytest.raises(InputError) as caught:
        read_table(own)

    problems = caught.value.problems
    assert [problem.line for problem in problems] == [row + 2 for row in at]
    assert {problem.must_be for problem in problems} == {must_be}
    assert {problem.what_is for problem in problems} == {f"{column} is {wrong}"}
    assert all(problem.column is not None for problem in problems)
    assert fix is None or {problem.fix for problem in problems} == {fix}


@pytest.mark.parametrize(
    ("table", "column", "key", "label"),
    [("zone_stress", "stress_share_frac", "zone", "ERCOT"), ("rack_stock", "share_frac", "duty", "training")],
)
def test_shares_that_do_not_make_a_whole_are_refused_at_their_last_row(
    tmp_path: Path, table: str, column: str, key: str, label: str
) -> None:
    frame = read_table(table)
    rows = frame.index[frame[key] == label]
    own = tmp_path / f"{table}.csv"

    frame.loc[rows[0], column] += 0.004
    frame.to_csv(own, index=False)
    assert len(read_table(own)) == len(frame)  # so much is rounding

    frame.loc[rows[0], column] += 0.002
    frame.to_csv(own, index=False)
    with pytest.raises(InputError) as caught:
        read_table(own)

    (problem,) = caught.value.problems
    assert problem.line == rows[-1] + 2
    assert problem.what_is.startswith(f"{column} is ")
    assert problem.must_be == f"such that the rows of {key}={label} sum to 1"
    assert problem.fix == f"they sum to 1.006, from line {rows[0] + 2} on"


def without_units(text: str) -> str:
    rows = (line.split(",") for line in text.splitlines())
    return "".join(",".join([*cells[:3], *cells[4:]]) + "\n" for cells in rows)


def test_a_column_that_may_be_absent_is_blank_where_it_is(package: Package) -> None:
    content = json.loads((package.folder / "datapackage.json").read_text(encoding="utf-8"))
    plants = next(of for of in content["resources"] if of["name"] == "plants")
    units = next(field for field in plants["schema"]["fields"] if field["name"] == "units")
    units["dcplan:mayBeAbsent"] = True
    path = package.folder.parent / "plants.csv"
    path.write_text(without_units(PLANTS), encoding="utf-8")

    assert problems_of(package, without_units(PLANTS)) == ["1:1: column 'units' is missing; must be there (integer)"]

    (package.folder / "loose.json").write_text(json.dumps(content), encoding="utf-8")
    loose = load_package(package.folder / "loose.json")

    found = read_table(path, package=loose)
    blank = PLANTS.replace(",3,", ",,").replace(",2,", ",,")
    path.write_text(blank, encoding="utf-8")
    pd.testing.assert_frame_equal(found, read_table(path, package=loose))
    # A name that is wrong is not one that is left out.
    assert "unknown column 'unit'" in problems_of(loose, PLANTS.replace("units", "unit"))[0]


def test_rows_of_ones_own_may_leave_out_how_low_and_how_high_a_figure_may_be(tmp_path: Path) -> None:
    header = (
        "market,name,country,index,construction_usd_per_w,low_usd_per_w,high_usd_per_w,"
        "land_usd_per_m2,basis,source,source_year,kind\n"
    )
    path = tmp_path / "facility_market.csv"
    path.write_text(f"{header}ours,Ours,US,0.93,10.8,,,27,,register,2026,own\n", encoding="utf-8")

    table = read_tables(["facility_market"], {"facility_market": path})["facility_market"]

    assert table[["low_usd_per_w", "high_usd_per_w"]].isna().to_numpy().all()

    path.write_text(f"{header}ours,Ours,US,0.93,10.8,,12.6,27,,register,2026,estimate\n")
    with pytest.raises(InputError) as caught:
        read_tables(["facility_market"], {"facility_market": path})
    assert [problem.what_is for problem in caught.value.problems] == ["low_usd_per_w is blank"]
