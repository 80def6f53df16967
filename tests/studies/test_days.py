"""Days chosen from a year, and the error that a choice of days has: by hand, and by laws."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from plans import plan_of

from planner.base.errors import InputError
from planner.cli import main
from planner.clock.days import DAYS_PER_MONTH, SeriesDays
from planner.inputs import TABLES, build_inputs
from planner.inputs.scope import make_case
from planner.inputs.site_series import SiteSeries
from planner.runs import write_run
from planner.runs.reopen import reopen
from planner.scenario import load_scenario
from planner.stress import StressYear, fixed_plan, settings_from, year_of_hours
from planner.studies.days import choose_days
from planner.studies.dispatch import days_error
from planner.studies.dispatch.days_error import COLUMNS
from planner.tables import read_tables

MONTH = np.repeat(np.arange(1, 13), DAYS_PER_MONTH)
HOURS = np.arange(24)


def a_year(dry, price, **others) -> StressYear:
    """A year of some sites from what a day is like, shape (site, day); hours rise by 0.1 a hour."""
    dry = np.asarray(dry, dtype=np.float64)[:, :, None] + 0.1 * HOURS
    price = np.asarray(price, dtype=np.float64)[:, :, None] + 0.01 * HOURS
    sites = len(dry)
    none = np.full((sites, 8760), np.nan)
    flat = {name: of.reshape(sites, 8760) for name, of in others.items()}
    series = SiteSeries(
        flat.get("other_load_frac", none),
        flat.get("solar_frac", none),
        flat.get("wind_frac", none),
        price.reshape(sites, 8760),
        dry,
        dry - 5.0,
    )
    days = SeriesDays(tuple(map(int, MONTH)), (1.0,) * 365, (199,), slot_h=1)
    return StressYear(tuple("abcdef"[:sites]), days, series, is_drawn=False)


def two_seasons():
    """Cold for 181 days, then warm; day 200 is the hottest, day 31 the most expensive."""
    day = np.arange(365)
    dry = np.where(day < 181, 4.0, 18.0)
    dry[199] = 33.0
    price = np.full(365, 1.1)
    price[30] = 6.0
    return a_year(dry[None], price[None])


# --- the choice -------------------------------------------------------------------------


def test_extreme_days_are_kept_and_the_rest_is_grouped():
    chosen = choose_days(two_seasons(), 4)

    days = chosen.days.set_index("year_day")
    # The cold 181 days without the most expensive one, the warm 184 without the hottest.
    assert days["weight_days"].to_dict() == {1: 180.0, 31: 1.0, 182: 183.0, 200: 1.0}
    assert days["kept_as"].to_dict() == {1: "", 31: "most expensive", 182: "", 200: "hottest"}
    assert days["month"].to_dict() == {1: 1, 31: 1, 182: 7, 200: 7}
    assert days.index[days["is_peak_day"]].tolist() == [200]
    assert chosen.represented_by[[0, 29, 30, 31, 180, 181, 199, 364]].tolist() == [*(0, 0, 1, 0, 0, 2, 3, 2)]


def test_every_site_has_its_own_hottest_day_on_the_peak_day():
    dry = np.full((3, 365), 12.0) + np.array([[0.0], [1.5], [2.5]])
    dry[0, 170], dry[1, 205], dry[2, 220] = 30.0, 34.0, 31.0
    price = np.full((3, 365), 1.2)
    price[:, 9] = 5.0

    chosen = choose_days(a_year(dry, price), 3)

    peak = int(chosen.days.index[chosen.days["is_peak_day"]][0])
    on_peak = chosen.hours[(chosen.hours["day"] == peak) & (chosen.hours["hour_utc"] == 20)]
    assert chosen.days["year_day"][peak] == 206  # 22 K and 1.5 K above the others' mean: 34 is most
    assert on_peak["dry_bulb_c"].tolist() == [32.0, 36.0, 33.0]
    assert on_peak["wet_bulb_c"].tolist() == [27.0, 31.0, 28.0]


def test_loads_sun_and_wind_have_extreme_days_where_they_are_given():
    load = np.full((2, 365, 24), 0.5)
    load[0, 40, 7], load[1, 300, 9] = 0.9, 0.8
    sun = np.full((2, 365, 24), 0.3)
    sun[:, 350] = 0.02
    year = a_year(
        two_seasons().series.dry_bulb_c[:, :, 0].repeat(2, axis=0),
        two_seasons().by_day("wholesale_frac")[:, :, 0].repeat(2, axis=0),
        other_load_frac=load,
        solar_frac=sun,
    )

    chosen = choose_days(year, 6)

    kept = chosen.days.set_index("year_day")["kept_as"]
    assert kept[kept != ""].to_dict() == {
        31: "most expensive",
        41: "highest load",
        200: "hottest",
        351: "least sun and wind",
    }
    assert chosen.days.set_index("year_day")["is_peak_day"].sum() == 2
    rows = chosen.hours[(chosen.hours["day"] == kept.index.get_loc(41))]
    assert rows.groupby("site")["other_load_frac"].max().tolist() == [0.9, 0.8]


def test_all_days_of_a_year_are_the_year_itself():
    year = two_seasons()

    chosen = choose_days(year, 365)

    assert chosen.days["weight_days"].eq(1.0).all()
    assert chosen.days["year_day"].tolist() == list(range(1, 366))
    assert chosen.days.loc[chosen.days["is_peak_day"], "year_day"].tolist() == [200]
    for column in ("dry_bulb_c", "wholesale_frac"):
        hours = year.by_day(column).ravel()
        assert chosen.hours[column].to_numpy() == pytest.approx(hours, abs=1e-4)


@pytest.mark.parametrize(
    ("count", "keep", "reported"),
    [
        (2, None, "2 days are asked for; must be 3 (2 kept (hottest, most expensive) and one for"),
        (366, None, "366 days are asked for; must be 1 (one) to 365; a year has 365 days"),
        (0, (), "0 days are asked for; must be 1 (one) to 365"),
        (7, ("highest load",), "'highest load' is asked for, and the year has no figures for it"),
        (7, ("hotest",), "there is no kind of day 'hotest'; must be of hottest, most expensive"),
    ],
)
def test_what_cannot_be_chosen_is_refused(count, keep, reported):
    with pytest.raises(InputError) as error:
        choose_days(two_seasons(), count, keep)

    assert reported in str(error.value)


# --- the year ---------------------------------------------------------------------------


def year_of(*changes: str, seed: int = 1) -> StressYear:
    scenario = load_scenario("tiny", changes)
    case = make_case(scenario, read_tables(TABLES, scenario.data_files))
    return year_of_hours(case, settings(seed))


def settings(seed: int = 1):
    return settings_from(read_tables(["stress_settings"])["stress_settings"], {"seed": seed})


def test_a_drawn_year_is_the_same_for_a_seed_and_another_for_another():
    first, again, other = year_of(), year_of(), year_of(seed=7)

    assert np.array_equal(first.series.dry_bulb_c, again.series.dry_bulb_c)
    assert np.array_equal(first.series.wholesale_frac, again.series.wholesale_frac)
    assert not np.array_equal(first.series.dry_bulb_c, other.series.dry_bulb_c)
    assert first.is_drawn
    assert (first.series.wet_bulb_c <= first.series.dry_bulb_c).all()
    hottest = first.series.dry_bulb_c.max(axis=2).mean(axis=0)
    assert hottest.argmax() == first.days.peaks[0]
    # Drawn prices have the mean of the table, 1, but for what a year of them strays.
    assert first.series.wholesale_frac.mean() == pytest.approx(1.0, abs=0.08)


# --- the error --------------------------------------------------------------------------

SITES = ("north", "south", "coast")
MARKS = {"source": "made up", "source_year": 2025, "kind": "seed"}


def dry_of_months() -> np.ndarray:
    """Temperature of a day in each month at all sites alike, shape (12, 24). [deg C]"""
    warm = np.array([3, 5, 9, 14, 17, 21, 24, 23, 19, 13, 8, 4])
    return warm[:, None] + 0.25 * HOURS


def price_of_months() -> np.ndarray:
    return 0.75 + 0.02 * np.arange(12)[:, None] + HOURS / 60.0


def year_of_months() -> StressYear:
    """A year of which each month repeats its day."""
    dry = np.repeat(dry_of_months(), DAYS_PER_MONTH, axis=0)[None].repeat(3, axis=0)
    price = np.repeat(price_of_months(), DAYS_PER_MONTH, axis=0)[None].repeat(3, axis=0)
    made = a_year(dry[:, :, 0], price[:, :, 0])
    flat = price.reshape(3, 8760)
    series = replace(made.series, dry_bulb_c=dry, wet_bulb_c=dry - 5.0, wholesale_frac=flat)
    return replace(made, sites=SITES, series=series)


@pytest.fixture(scope="module")
def months(tmp_path_factory):
    """A plan on a day for each month, whose work does not wait."""
    return plan_of_months(tmp_path_factory.mktemp("months"))


def plan_of_months(folder: Path, *settings: str) -> Path:
    """Store a plan of `tiny` with cooling that follows the weather, on a day for each month."""
    number = np.arange(12)
    pd.DataFrame(
        {
            "day": number,
            "month": number + 1,
            "weight_days": [float(count) for count in DAYS_PER_MONTH],
            "is_peak_day": number == 6,
            **MARKS,
        }
    ).to_csv(folder / "series_days.csv", index=False)
    place = pd.MultiIndex.from_product([SITES, number, HOURS], names=["site", "day", "hour_utc"])
    dry = np.tile(dry_of_months().ravel(), 3)
    blank = dict.fromkeys(("other_load_frac", "solar_frac", "wind_frac"), np.nan)
    place.to_frame(index=False).assign(
        **blank, dry_bulb_c=dry, wet_bulb_c=dry - 5.0, wholesale_frac=np.tile(price_of_months().ravel(), 3), **MARKS
    ).to_csv(folder / "site_series.csv", index=False)
    cooling = Path(__file__).parents[2] / "data" / "cooling.csv"
    plan = plan_of(
        "tiny",
        f"data.series_days={folder / 'series_days.csv'}",
        f"data.site_series={folder / 'site_series.csv'}",
        f"data.cooling={cooling}",
        "time={chronological: true, days_repeat: true, slot_h: 1}",
        *settings,
    )
    assert plan.verdict.ok, plan.verdict.broken
    return write_run(plan, folder / "runs", workbook=False)


def error_of(folder: Path, hours: StressYear, *years: int):
    stored = reopen(folder)
    plan = fixed_plan(stored.scenario, stored.run.inputs_tables, stored.run.tables)
    return days_error(stored, plan, hours, 10e3, years=years or None)


def pairs(table: pd.DataFrame):
    """Name, figure of the days and figure of all hours."""
    for name in table:
        if name.startswith("days_"):
            yield name.removeprefix("days_"), table[name], table["hours_" + name[5:]]


def test_a_year_that_repeats_the_plan_s_days_has_no_error(months):
    found = error_of(months, year_of_months())

    for name, by_days, by_hours in pairs(found.table):
        assert by_hours.to_numpy() == pytest.approx(by_days.to_numpy(), rel=1e-9), name
    used = found.table[found.table["days_used_mwh"] > 0.0]
    assert len(used) == 5  # the south is not needed in 2027
    assert used[["days_cost_musd", "days_demand_musd", "days_carbon_t"]].min().min() > 0.1
    assert found.error_musd == pytest.approx(0.0, abs=1e-6)


def test_work_that_waits_costs_what_the_plan_says_in_a_year_that_repeats_its_days(tmp_path):
    """The plan moves it at least cost within its days; no other hours can do better or worse."""
    run = plan_of_months(tmp_path, "flexibility.deferral=true", "workloads.train_frontier.deferrable_frac=0.4")
    moved = reopen(run).run.tables["power_slot"]["deferred_mw"]
    assert moved.max() > 0.5

    found = error_of(run, year_of_months())

    table = found.table
    assert table["hours_cost_musd"].to_numpy() == pytest.approx(table["days_cost_musd"], rel=1e-7)
    assert found.error_musd == pytest.approx(0.0, abs=1e-4)


def test_what_a_tariff_bills_is_counted_on_neither_side(tmp_path):
    tariff = "{bundle: bundled, energy: [{name: use, usd_per_mwh: 31}]}"
    run = plan_of_months(
        tmp_path, f"energy.own_tariffs={{mine: {tariff}}}", "energy.tariffs=[{tariff: mine, sites: [north]}]"
    )

    found = error_of(run, year_of_months(), 2028)

    assert found.with_tariffs == ("north",)
    table = found.table.set_index("site")
    assert table.loc["north", "days_demand_musd"] == 0.0
    assert table["hours_cost_musd"].to_numpy() == pytest.approx(table["days_cost_musd"], abs=1e-6)
    assert table.loc["south", "days_cost_musd"] > 0.1


def hotter(kelvin: float) -> StressYear:
    """The same year with three hotter hours in the north, from 15 h UTC on 10 March on."""
    year = year_of_months()
    dry = year.series.dry_bulb_c.copy()
    dry[0, 68, 15:18] += kelvin
    return replace(year, series=replace(year.series, dry_bulb_c=dry))


def overhead(dry: np.ndarray) -> np.ndarray:
    row = read_tables(["cooling"])["cooling"].set_index("cooling").loc["dlc_hybrid_dry"]
    assert row["driver"] == "dry"
    knots = [row["ramp_start_c"], row["ramp_end_c"]]
    floor = row["mech_floor_frac"]
    ramp = np.interp(dry, knots, [floor, floor + row["mech_ramp_frac"]])
    return ramp + row["mech_slope_per_k"] * np.maximum(dry - knots[1], 0.0)


def of_north(months: Path) -> pd.DataFrame:
    power = reopen(months).run.tables["power_slot"]
    rows = power[(power["site"] == "north") & (power["year"] == 2028)]
    return rows[rows["slot"].str.startswith("d2h")].reset_index(drop=True)


def test_hotter_hours_cost_their_energy_and_raise_their_month_s_billed_peak(months):
    """Nine kelvin for three hours: cooling takes more of the IT power, at these hours' price.

    The month's peak rises from that of hour 23, the warmest, to that of hour 17.
    """
    march = of_north(months)
    dry = dry_of_months()[2, 15:18]
    more_mw = march["it_mw"].to_numpy()[15:18] * (overhead(dry + 9.0) - overhead(dry))
    assert more_mw.min() > 0.1
    stored = reopen(months).run.tables
    charge = stored["billed_peaks"].query("site == 'north' and year == 2028")
    highest = march["grid_mw"][17] + more_mw[2]
    raised_mw = highest - march["grid_mw"].max()
    assert raised_mw > 0.1

    table = error_of(months, hotter(9.0), 2028).table.set_index("site")

    north = table.loc["north"]
    energy = north["hours_energy_musd"] - north["days_energy_musd"]
    price = march["energy_usd_per_mwh"].to_numpy()[15:18]
    assert energy * 1e6 == pytest.approx(more_mw @ price, rel=1e-6)
    demand = north["hours_demand_musd"] - north["days_demand_musd"]
    usd_per_mw = 1000.0 * charge["usd_per_kw_month"].iloc[2]
    assert demand * 1e6 == pytest.approx(raised_mw * usd_per_mw, rel=1e-6)
    assert north["hours_used_mwh"] - north["days_used_mwh"] == pytest.approx(more_mw.sum())
    assert north["hours_billed_mw"] - north["days_billed_mw"] == pytest.approx(raised_mw / 12)
    tonnes = more_mw @ march["location_t_per_mwh"].to_numpy()[15:18]
    assert north["hours_carbon_t"] - north["days_carbon_t"] == pytest.approx(tonnes, rel=1e-6)
    for site in ("south", "coast"):
        assert table.loc[site, "hours_cost_musd"] == pytest.approx(table.loc[site, "days_cost_musd"], rel=1e-9)


def test_what_the_connection_cannot_carry_is_short(months):
    """Thirty kelvin more than on the day that sized the connection's month."""
    march = of_north(months)
    stored = reopen(months)
    firm = stored.run.tables["site_year"].query("site == 'north' and year == 2028")["firm_mw"]
    dry = dry_of_months()[2, 15:18]
    more_mw = march["it_mw"].to_numpy()[15:18] * (overhead(dry + 30.0) - overhead(dry))
    short_mw = march["grid_mw"].to_numpy()[15:18] + more_mw - firm.iloc[0]
    assert short_mw.min() > 0.01

    found = error_of(months, hotter(30.0))

    north = found.table.set_index(["site", "year"]).loc["north", 2028]
    assert north["hours_short_mwh"] == pytest.approx(short_mw.sum())
    assert north["hours_short_h"] == 3
    assert north["hours_grid_mwh"] + short_mw.sum() == pytest.approx(north["hours_used_mwh"])
    assert north["hours_highest_mw"] == pytest.approx(firm.iloc[0])
    cost = found.table["hours_cost_musd"] - found.table["days_cost_musd"]
    weight = dict(zip((2027, 2028), stored.inputs.finance.year_weight, strict=True))
    assert found.error_musd == pytest.approx(cost @ found.table["year"].map(weight))


# --- without racks ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def island(tmp_path_factory):
    """A plan of all days of a year for a load alone: sun, a battery, and a connection."""
    folder = tmp_path_factory.mktemp("island")
    hour, step_h = np.arange(0, 8760, 6), 6
    sun = np.array([0.0, 0.31, 0.83, 0.12])[(hour // step_h) % 4]
    sun *= 0.75 + 0.25 * np.cos(2 * np.pi * hour / 8760 + 0.3) + 0.02 * (hour % 17) / 17
    load = 0.6 + 0.15 * (hour % 24 == 18) + 0.2 * ((hour // 24) % 7 < 5)
    place = {"site": "island", "day": hour // 24, "hour_utc": hour % 24}
    series = {"other_load_frac": load / load.max(), "solar_frac": sun, "wind_frac": ""}
    prices = {"dry_bulb_c": "", "wet_bulb_c": "", "wholesale_frac": 0.6 + 0.3 * (hour % 24) / 9}
    days = {"day": np.arange(365), "month": MONTH, "weight_days": 1.0, "kept_as": ""}
    peak = {"is_peak_day": np.arange(365) == 2, "year_day": np.arange(365) + 1}
    pd.DataFrame({**days, **peak, **MARKS}).to_csv(folder / "days.csv", index=False)
    pd.DataFrame({**place, **series, **prices, **MARKS}).to_csv(folder / "hours.csv", index=False)
    (folder / "island.yaml").write_text(
        """version: 1
title: A load without racks
data: {series_days: days.csv, site_series: hours.csv}
time: {chronological: true, slot_h: 6}
scope: {countries: [US], sites: [island]}
years: [2025]
demand: {scale_frac: 0}
operator: {stock_share_frac: 0}
build: {committed: false}
new_sites:
  island: {name: Island, country: US, lat: 45.0, lon: -90.0, like: us-tx-dallas,
    other_load_mw: 40, grid_firm_mw: {2025: 34}, lead_time_months: 600}
supply:
  allow: [pv_utility, bess_4h]
  override:
    pv_utility: {lead_months: 0, capex_usd_per_kw: 200}
    bess_4h: {lead_months: 0, capex_usd_per_kw: 20, energy_capex_usd_per_kwh: 12,
      cycle_life_cycles: 90000}
""",
        encoding="utf-8",
    )
    plan = plan_of(folder / "island.yaml")
    assert plan.verdict.ok, plan.verdict.broken
    return write_run(plan, folder / "runs", workbook=False)


def of_island(island: Path) -> StressYear:
    stored = reopen(island)
    settings = settings_from(read_tables(["stress_settings"])["stress_settings"], {})
    return year_of_hours(make_case(stored.scenario, stored.run.inputs_tables), settings)


def test_a_year_has_no_error_against_itself_where_batteries_go_on_round_it(island):
    found = error_of(island, of_island(island))

    sizes = reopen(island).run.tables["source_year"].set_index("source")
    assert sizes["capacity_mw"].min() > 1.0
    assert sizes.loc["bess_4h", "energy_mwh"] > 10.0
    (of_days,) = found.table["days_cost_musd"]
    assert of_days > 0.5
    assert found.error_musd == pytest.approx(0.0, abs=1e-6 * of_days)
    assert found.table["hours_short_mwh"].max() == pytest.approx(0.0, abs=1e-6)


# --- commands ---------------------------------------------------------------------------


def dcplan(*arguments: object):
    return CliRunner().invoke(main, ["-q", *map(str, arguments)])


def test_days_are_written_as_tables_that_a_scenario_reads(tmp_path):
    said = dcplan("data", "days", "tiny", "--count", 7, "-o", tmp_path / "seven")

    assert said.exit_code == 0, said.output
    assert "hottest; the peak day" in said.stdout
    lines = said.stdout[said.stdout.index("data:") :]
    scenario = tmp_path / "mine.yaml"
    scenario.write_text("version: 1\nextends: tiny\n" + _with_cooling(lines), encoding="utf-8")
    inputs = build_inputs(load_scenario(str(scenario)))
    assert inputs.days.n_days == 7
    assert inputs.days.day_days.sum() == 365.0
    assert inputs.days.next_slot[inputs.days.slots_per_day - 1] == 0
    again = dcplan("data", "days", "tiny", "--count", 9, "-o", tmp_path / "seven")
    assert again.exit_code == 2
    assert again.output.count("the file is there already") == 2
    other = dcplan("data", "days", "tiny", "--count", 9, "--json", "-o", tmp_path / "nine")
    assert sum(row["weight_days"] for row in json.loads(other.stdout)) == 365.0


def test_days_for_a_scenario_with_a_tariff_are_days_that_it_takes(tmp_path):
    tariff = (
        "energy: {tariffs: [{tariff: own-rate, sites: [coast]}],"
        " own_tariffs: {own-rate: {energy: [{usd_per_mwh: 53}]}}}\n"
    )
    scenario = tmp_path / "mine.yaml"
    scenario.write_text(f"version: 1\nextends: tiny\n{tariff}", encoding="utf-8")

    few = dcplan("data", "days", scenario, "--count", 6, "-o", tmp_path / "few")
    said = dcplan("data", "days", scenario, "--count", 12, "-o", tmp_path / "twelve")

    assert (few.exit_code, said.exit_code) == (2, 0), said.output
    assert "tariffs bill every month" in few.output
    lines = _with_cooling(said.stdout[said.stdout.index("data:") :])
    scenario.write_text(f"version: 1\nextends: tiny\n{tariff}{lines}", encoding="utf-8")
    assert (build_inputs(load_scenario(str(scenario))).days.days_by_month > 0.0).any(axis=0).all()


def _with_cooling(lines: str) -> str:
    """The lines that the command prints, with the tables of `tiny`, which are read from there."""
    home = Path(__file__).parents[2] / "scenarios" / "tiny"
    return lines.replace("data:", f"data:\n  cooling: {home / 'cooling.csv'}\n  redundancy: {home / 'redundancy.csv'}")


def a_scenario_of_a_year(folder: Path, *, sites: str = "[north, south, coast]") -> Path:
    """A scenario with all days of the year in which months repeat their day."""
    year, number = year_of_months(), np.arange(365)
    days = {"day": number, "month": MONTH, "weight_days": 1.0, "is_peak_day": number == 199}
    pd.DataFrame({**days, **MARKS}).to_csv(folder / "days.csv", index=False)
    place = pd.MultiIndex.from_product([SITES, number, HOURS], names=["site", "day", "hour_utc"])
    blank = dict.fromkeys(("other_load_frac", "solar_frac", "wind_frac"), np.nan)
    place.to_frame(index=False).assign(
        **blank,
        dry_bulb_c=year.series.dry_bulb_c.ravel(),
        wet_bulb_c=year.series.wet_bulb_c.ravel(),
        wholesale_frac=year.series.wholesale_frac.ravel(),
        **MARKS,
    ).to_csv(folder / "hours.csv", index=False)
    scenario = folder / "year.yaml"
    scenario.write_text(
        "version: 1\nextends: tiny\ndata: {series_days: days.csv, site_series: hours.csv}\n"
        f"time: {{chronological: true}}\nscope: {{sites: {sites}}}\n",
        encoding="utf-8",
    )
    return scenario


def test_the_error_is_told_and_written_next_to_the_plan(months, tmp_path):
    """The year of the plan's own days has none; a drawn one has some, and it says so."""
    none = dcplan("days-error", months, "--hours-of", a_scenario_of_a_year(tmp_path), "--json")
    drawn = dcplan("days-error", months, "--year", 2028, "--seed", 5)

    assert none.exit_code == drawn.exit_code == 0, none.output + drawn.output
    found = json.loads(none.stdout)
    assert found["error_musd"] == pytest.approx(0.0, abs=1e-6)
    assert [row["year"] for row in found["years"]] == [2027, 2028]
    assert not found["is_drawn"]
    told = " ".join(drawn.stdout.split())
    assert "operation counted on 12 days in time slices of 1 h, and in 8,760 hours" in told
    assert "Discounted, operation of 2028 in all hours costs" in told
    assert "drawn with seed 5" in told
    written = pd.read_parquet(months / "days_error" / "days_error.parquet")
    assert list(written.columns) == list(COLUMNS)
    assert set(written["year"]) == {2028}
