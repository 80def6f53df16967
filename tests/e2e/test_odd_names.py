"""Odd but right: names that look like something else solve, and come back unchanged."""

from __future__ import annotations

import csv
import json
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import highspy
import openpyxl
import pandas as pd
import pytest
from project import Project, mini_project

# Each is an id and a name at once.
NEW_SITES = (
    "=1+1",
    "<b>x</b>",
    "São Paulo – Évry",
    "🏭 campus",
    "a-b",
    "a_b",
    "a b",
    "a  b",
    'say "hi", ok',
    "@SUM(A1)",
    "-1",
    "NA",
    "null",
    "NO",
    "1e3",
    "../../evil",
    "x" * 150,
)
REGION_ID, REGION_NAME = "NA", 'Mesa & Tübingen, "north" 🌵'
FORMATS = ("xlsx", "csv", "parquet", "gpkg", "geojson", "mps")


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Solve and export a world in which nothing has a plain name."""
    project = mini_project(tmp_path_factory.mktemp("odd") / "project")
    norway = {"NO": "NO"}
    project.replace("mini.yaml", "countries: [US]", "countries: [US, NO]")
    regions = project.rows("demand_regions")
    regions[1] |= {"demand_region": REGION_ID, "name": REGION_NAME, "country": "NO"}
    project.write_rows("demand_regions", regions)
    adder = project.rows("finance")[2]
    project.write_rows("finance", [*project.rows("finance"), {**adder, "region": "NO"}])
    lines = project.rows("rtt_lines")
    far = [{**line, "pair_class": pair} for line in lines for pair in ("intercontinental", "world")]
    project.write_rows("rtt_lines", [*lines, *far])
    # Each stands already, so that it is in use and in every table.
    sites = {
        name: {
            "name": name,
            "country": norway.get(name, "US"),
            "lat": 33.5 + 0.37 * number,
            "lon": -77.7 - 1.3 * number,
            "like": ("elm", "oak")[number % 2],
            "existing_mw": 11.5 + number,
        }
        for number, name in enumerate(NEW_SITES)
    }
    project.append(f"new_sites: {json.dumps(sites, ensure_ascii=False)}")
    solved = project.dcplan("-q", "solve", str(project.scenario), "-o", str(project.folder / "runs"))
    assert (solved.exit_code, solved.stderr) == (0, "")
    (run,) = project.runs()
    exported = project.dcplan("export", str(run), "--format", ",".join(FORMATS), "-o", str(project.folder / "out"))
    assert exported.exit_code == 0, exported.stderr
    return project


@pytest.fixture
def out(odd: Project) -> Path:
    return odd.folder / "out"


def new_names(pairs: dict[str, str]) -> dict[str, str]:
    return {site: name for site, name in pairs.items() if site not in {"oak", "elm"}}


UNCHANGED = {name: name for name in NEW_SITES}


def test_in_parquet(out: Path) -> None:
    sites = pd.read_parquet(out / "parquet" / "sites.parquet")
    used = pd.read_parquet(out / "parquet" / "site_year.parquet").query("nameplate_mw > 0")
    demand = pd.read_parquet(out / "parquet" / "demand.parquet")

    assert new_names(dict(zip(sites["site"], sites["name"], strict=True))) == UNCHANGED
    assert set(used["site"]) == {"oak", "elm", *NEW_SITES}
    assert REGION_ID in set(demand["region"])
    assert dict(zip(sites["site"], sites["country"], strict=True))["NO"] == "NO"


def test_in_csv(out: Path) -> None:
    with (out / "csv" / "sites.csv").open(encoding="utf-8", newline="") as file:
        sites = list(csv.DictReader(file))
    with (out / "csv" / "site_year.csv").open(encoding="utf-8", newline="") as file:
        used = {row["site"] for row in csv.DictReader(file)}
    with (out / "csv" / "demand.csv").open(encoding="utf-8", newline="") as file:
        regions = {row["region"] for row in csv.DictReader(file)}

    assert new_names({row["site"]: row["name"] for row in sites}) == UNCHANGED
    assert {row["site"]: row["country"] for row in sites}["NO"] == "NO"
    assert used == {"oak", "elm", *NEW_SITES}
    assert REGION_ID in regions


def test_in_a_workbook(out: Path) -> None:
    with closing(openpyxl.load_workbook(out / "plan.xlsx")) as workbook:
        cells = [cell for sheet in workbook for row in sheet.iter_rows() for cell in row]
        sites = {
            row[0].value: row[1].value
            for row in workbook["Site list"].iter_rows(max_col=2)
            if row[0].value in NEW_SITES
        }

    assert sites == UNCHANGED
    odd = [cell for cell in cells if cell.value in NEW_SITES or cell.value == REGION_NAME]
    assert {cell.data_type for cell in odd} == {"s"}
    assert not any(cell.hyperlink for cell in odd)


def test_in_a_geopackage(out: Path) -> None:
    sites = gpd.read_file(out / "plan.gpkg", layer="sites")
    regions = gpd.read_file(out / "plan.gpkg", layer="demand_regions")

    assert new_names(dict(zip(sites["site"], sites["name"], strict=True))) == UNCHANGED
    assert dict(zip(regions["region"], regions["name"], strict=True))[REGION_ID] == REGION_NAME


def test_in_geojson(out: Path) -> None:
    def properties(layer: str) -> list[dict[str, str]]:
        text = (out / "geojson" / f"{layer}.geojson").read_text(encoding="utf-8")
        return [feature["properties"] for feature in json.loads(text)["features"]]

    assert new_names({one["site"]: one["name"] for one in properties("sites")}) == UNCHANGED
    regions = {one["region"]: one["name"] for one in properties("demand_regions")}
    assert regions[REGION_ID] == REGION_NAME


def test_no_two_names_become_one_in_mps(odd: Project, out: Path) -> None:
    (run,) = odd.runs()
    meta = json.loads((run / "run.json").read_text(encoding="utf-8"))
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)

    highs.readModel(str(out / "program.mps"))
    highs.run()

    assert highs.getNumRow() == meta["sizes"]["rows"]
    cost = highs.getInfo().objective_function_value
    assert cost == pytest.approx(meta["objective_musd"], rel=1e-6)


def test_the_summary_stays_readable_beside_a_long_name(odd: Project) -> None:
    (run,) = odd.runs()

    result = odd.dcplan("runs", "show", str(run))

    lines = result.stdout.splitlines()
    (head,) = [line for line in lines if line.startswith("Largest sites")]
    assert "nameplate MW" in head
    wide = [line for line in lines if len(line) > 80]
    assert [line for line in wide if str(odd.folder) not in line] == []  # a path is not cut
