"""`dcplan stress` runs a stored plan through hours and events, and says what came of it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result
from plans import RICH, plan_of

from planner.cli import main
from planner.cli.operate import standby_rows
from planner.outputs.solver_files import scenario_of
from planner.runs import load_run, write_run
from planner.stress import STRESS_TABLES, fixed_plan, site_outage_losses
from planner.stress.study import CASES
from planner.stress.weather import OwnHours

OF_2027 = ("--year", "2027")  # the year in which most is there; a study takes its years in turn
OF_2025 = ("--year", "2025")  # the year in which an emergency leaves work unserved


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run(plan_of(RICH), tmp_path_factory.mktemp("solved"), workbook=False)


@pytest.fixture
def run(solved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return Path(shutil.copytree(solved, tmp_path / "runs" / solved.name)).relative_to(tmp_path)


def stress(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["-q", "stress", *arguments])


def test_a_study_is_printed_and_written(run: Path) -> None:
    result = stress(str(run), "--draws", "2", "--year", "2027")

    assert result.exit_code == 0, result.output
    assert "Outages that standby power carries, 2027" in result.stdout
    written = {path.name for path in (run / "stress").glob("[!.]*")}
    assert written == {f"{t}.{e}" for t in STRESS_TABLES for e in ("csv", "parquet")} | {"stress.json", "stress.svg"}
    for name, table in STRESS_TABLES.items():
        frame = pd.read_parquet(run / "stress" / f"{name}.parquet")
        assert list(frame.columns) == list(table.columns)
        assert not frame.duplicated(list(table.primary_key)).any()
        assert len(frame) > 0
        assert "year" not in frame or set(frame["year"]) == {2027}
    assert (run / "stress" / "stress.svg").read_text().count("<path") >= 6


def test_the_same_seed_tells_the_same_and_another_another(run: Path) -> None:
    first, again, other = (
        json.loads(stress(str(run), *OF_2027, "--draws", "2", "--json", "--seed", seed).stdout)
        for seed in ("3", "3", "4")
    )

    assert first == again
    assert first["stress_year"] != other["stress_year"]
    assert {row["case"] for row in first["stress_year"]} == set(CASES)


def test_more_fuel_and_a_milder_emergency_never_serve_less(run: Path) -> None:
    def unserved(*options: str) -> dict[str, float]:
        result = stress(str(run), *OF_2025, "--draws", "3", "--json", *options)
        frame = pd.DataFrame(json.loads(result.stdout)["stress_year"])
        return dict(frame.groupby("case")["unserved_mwh"].sum())

    base = unserved("--outages-per-year", "30", "--fuel-h", "1.5")
    more = unserved("--outages-per-year", "30", "--fuel-h", "60")
    milder = unserved("--curtailment-frac", "0.05")
    harder = unserved("--curtailment-frac", "0.6")

    assert more["ordinary years"] <= base["ordinary years"]
    assert milder["grid emergency"] < harder["grid emergency"]


def test_faults_of_every_kind_are_reported_together(run: Path) -> None:
    Path("hours.csv").write_text("site,hour\noak,3\n", encoding="utf-8")
    options = ("--heat-wave-days", "900", "--year", "2031", "--year", "2027", "--hours")

    with_file = stress(str(run), *options, "hours.csv")
    without = stress(str(run), *options, "none.csv")
    nothing = stress("nix", *options, "none.csv")

    assert with_file.exit_code == without.exit_code == nothing.exit_code == 2
    days = "--heat-wave-days: 900 is given; must be whole days, 0 to 365;"
    year = "--year: 2031 is not a model year; must be 2025, 2026, 2027; name one of them"
    for result in (with_file, without):
        assert days in result.stderr
        assert year in result.stderr
    assert "hours.csv:1:6: unknown column 'hour'" in with_file.stderr
    assert "--hours: there is no file 'none.csv'; must be a file; check the path" in without.stderr
    for found in (days, "--hours: there is no file 'none.csv'", "runs: no run 'nix'"):
        assert found in nothing.stderr


def standby() -> pd.DataFrame:
    rows = [
        (site, 2027, hours, carried, count, needed)
        for site, count, needed, shares in (
            ("oak", 0, 4, (0.0, 0.0)),
            ("ash", 7, 16, (0.0, 0.0)),
            ("elm", 3, 3, (0.97, 0.6)),
            ("fir", 5, 2, (0.999, 0.0)),
        )
        for hours, carried in zip((2, 72), shares, strict=True)
    ]
    columns = ["site", "year", "outage_h", "carried_frac", "generators", "needed"]
    return pd.DataFrame(rows, columns=columns)


def test_a_site_without_generators_or_with_too_few_says_so() -> None:
    rows = standby_rows(standby())

    # The worst of elm and fir, which have the units they need.
    assert [list(column) for column in zip(*rows, strict=True)] == [
        ["2", "72"],
        ["97.0%", "0.0%"],
        ["48.5%", "no generators"],
        ["99.9%", "60.0%"],
        ["3", "4"],
        ["2", "2"],
        ["1", "1"],
    ]


def test_a_plan_at_its_own_weather_and_prices_does_what_it_planned(run: Path) -> None:
    from planner.stress import reliability_of, settings_from
    from planner.stress.simulate import simulate_year
    from planner.tables import read_tables

    loaded = load_run(run)
    plan = fixed_plan(scenario_of(loaded), loaded.inputs_tables, loaded.tables)
    tables = read_tables(["stress_settings", "source_reliability"])
    settings = settings_from(tables["stress_settings"], {"draws": 1})
    wholesale = plan.hours(plan.wholesale_usd_per_mwh, 0, 365)
    for year, number in enumerate(plan.years):
        usual = OwnHours(plan.dry.mean_of_hours(0, 365), plan.wet.mean_of_hours(0, 365), wholesale[year])
        found = simulate_year(
            plan, year, settings, reliability_of(tables["source_reliability"]), own=usual, with_outages=False
        )
        power = loaded.tables["power_slot"]
        of_year = power[power["year"] == number]
        energy_mwh = (of_year["grid_mw"] * of_year["hours"]).sum()
        cost_usd = (of_year["grid_mw"] * of_year["hours"] * of_year["energy_usd_per_mwh"]).sum()
        # The peak day's weather is design weather in the plan and a mean day here.
        assert found.grid_mwh.sum() == pytest.approx(energy_mwh, rel=0.01)
        assert found.energy_usd.sum() == pytest.approx(cost_usd, rel=0.015)


def test_own_hours_are_read_strictly(run: Path) -> None:
    rows = ["site,year_hour_utc,dry_bulb_c,wet_bulb_c,wholesale_usd_per_mwh,source,source_year,kind"]
    rows += [f"oak,{hour},21.5,17.5,33.5,me,2025,estimate" for hour in range(8760)]
    Path("hours.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    assert stress(str(run), *OF_2027, "--draws", "2", "--hours", "hours.csv").exit_code == 0

    rows[5] = "oak,9000,21.5,17.5,33.5,me,2025,estimate"
    Path("hours.csv").write_text("\n".join([*rows, "oka,3,2,1,3,me,2025,estimate"]) + "\n")
    high = stress(str(run), "--hours", "hours.csv")
    rows[5] = rows[6]
    Path("hours.csv").write_text("\n".join(rows[:-1]) + "\n", encoding="utf-8")
    twice = stress(str(run), "--hours", "hours.csv")

    assert high.exit_code == twice.exit_code == 2
    assert "hours.csv:6:5: year_hour_utc is 9000" in high.stderr
    assert "hours.csv:7:5: year_hour_utc is 5; must be given once" in twice.stderr


def test_what_is_lost_with_a_site_is_its_work_less_what_stands_still_elsewhere(run: Path) -> None:
    from planner.inputs import build_inputs_from

    loaded = load_run(run)
    inputs = build_inputs_from(scenario_of(loaded), loaded.inputs_tables)
    tables = dict(loaded.tables)
    losses = site_outage_losses(inputs, tables)

    work = tables["assignment"].groupby(["site", "workload", "year"])["served_kh100e"].sum()
    found = losses.set_index(["site", "workload", "year"])
    assert found["load_kh100e"].to_dict() == pytest.approx(work[work > 0].to_dict())
    assert (found["taken_kh100e"] + found["unserved_kh100e"]).to_dict() == pytest.approx(found["load_kh100e"].to_dict())
    none_still = tables["fleet"].assign(parked_mw=0.0)
    nothing = site_outage_losses(inputs, {**tables, "fleet": none_still, "reserve": tables["reserve"].iloc[:0]})
    plenty = site_outage_losses(inputs, {**tables, "fleet": tables["fleet"].assign(parked_mw=1e6)})
    assert nothing["taken_kh100e"].max() == 0.0
    assert plenty["unserved_kh100e"].sum() < nothing["unserved_kh100e"].sum()
