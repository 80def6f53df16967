"""A chronological series and series of sites: what they give, and every mistake with its line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from planner.base.errors import InputError
from planner.inputs import build_inputs
from planner.scenario import load_scenario

MINI = Path(__file__).parent.parent / "fixtures" / "mini" / "mini.yaml"
SERIES = "time.chronological=true"


def site_series(site: str, days: int, hours: list[int], **columns: np.ndarray) -> pd.DataFrame:
    """Rows of table site_series; blank columns where none are given."""
    frame = pd.MultiIndex.from_product([[site], range(days), hours]).to_frame(index=False)
    frame.columns = ["site", "day", "hour_utc"]
    names = ("other_load_frac", "solar_frac", "dry_bulb_c", "wet_bulb_c", "wholesale_frac")
    given = {name: columns.get(name, np.nan) for name in names}
    frame = frame.assign(**given, wind_frac=np.nan)
    return frame.assign(source="made up", source_year=2025, kind="seed")


def test_other_load_follows_its_series_and_peaks_are_kept_on_the_peak_day(build):
    # Slots of 6 h; a figure for every 3 h, the same two in every slot: 0.3 and 0.5.
    rows = site_series("oak", 5, list(range(0, 24, 3)), other_load_frac=np.tile([0.3, 0.5], 20)).sample(
        frac=1.0, random_state=4, ignore_index=True
    )

    inputs = build("sites.oak.other_load_mw=40", site_series=rows)

    load = inputs.power.other_load_mw[inputs.sets.site.code("oak")]
    assert load[~inputs.days.is_peak] == pytest.approx(40 * 0.4)
    assert load[inputs.days.is_peak] == pytest.approx(40 * 0.5)


def test_a_site_with_other_load_has_a_connection_for_it_unless_reported_otherwise(build):
    def firm(inputs) -> np.ndarray:
        grid = inputs.grid
        return grid.firm_mw[grid.firm["site"] == inputs.sets.site.code("oak")]

    rows = site_series("oak", 5, [0, 12], other_load_frac=np.linspace(0.2, 0.38, 10))
    more = firm(build("sites.oak.other_load_mw=50", site_series=rows)) - firm(build())
    assert more == pytest.approx(50 * 0.38)

    reported = build("sites.oak.other_load_mw=50", "sites.oak.grid_firm_mw={2025: 23, 2027: 29}")
    assert firm(reported).tolist() == [23, 29]


def test_a_site_with_other_load_is_in_the_plan_without_a_hall(build):
    new = "new_sites.fir={name: Fir, country: US, lat: 36.3, lon: -80.4, like: oak,"
    never = " lead_time_months: 600}"
    without = build(new + never)
    loaded = build(new + " other_load_mw: 3.5," + never)

    def years(inputs) -> int:
        site_year = inputs.sites.site_year
        return int((site_year["site"] == inputs.sets.site.code("fir")).sum())

    assert (years(without), years(loaded)) == (0, 2)


def test_a_series_of_a_load_that_is_not_there_is_reported(build):
    rows = site_series("oak", 5, [0], other_load_frac=np.linspace(0.2, 0.3, 5))

    noted = build(site_series=rows).noted_settings

    assert any("no effect for oak: there is no other_load_mw" in one.what_is for one in noted)


@pytest.fixture
def refused(tmp_path):
    """Write tables, build with them, and return the problems as texts."""

    def build_with(*settings: str, **files: str) -> list[str]:
        for name, text in files.items():
            (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
        own = [f"data.{name}={tmp_path / name}.csv" for name in files]
        with pytest.raises(InputError) as error:
            build_inputs(load_scenario(MINI, [*own, *settings]))
        return [str(problem) for problem in error.value.problems]

    return build_with


DAYS_HEADER = "day,month,weight_days,is_peak_day,source,source_year,kind\n"
SITE_HEADER = "site,day,hour_utc,other_load_frac,solar_frac,wind_frac,source,source_year,kind\n"


def test_all_mistakes_of_a_series_are_named_with_their_lines(refused):
    found = refused(
        SERIES,
        series_days=DAYS_HEADER
        + "0,2,100,false,me,2025,seed\n7,4,0,false,me,2025,seed\n2,8,250.5,false,me,2025,seed\n",
    )

    reported = "\n".join(found)
    assert len(found) == 4
    assert "series_days.csv:3:1: day is 7, and there are 3 days; must be 0 to 2" in reported
    assert "series_days.csv:3:5: weight_days is 0; must be above 0 [days]" in reported
    assert "weight_days sum to 350.500000, or 8412.000 hours; must be 365 in all" in reported
    assert "the 8,760 hours of the modelled year" in reported
    assert "no day has is_peak_day" in reported


def test_a_day_that_is_there_twice_is_refused(refused):
    found = refused(SERIES, series_days=DAYS_HEADER + "0,2,100,true,me,2025,seed\n0,4,265,false,me,2025,seed\n")

    assert len(found) == 1
    assert "given once: day=0 is on line 2 already" in found[0]


def test_a_series_without_rows_is_asked_for(refused):
    found = refused(SERIES, series_days=DAYS_HEADER)

    assert len(found) == 1
    assert "table series_days, which sets the year, has no row" in found[0]
    assert "data: {series_days: my_days.csv}" in found[0]


def test_without_a_chronological_year_the_days_of_the_table_are_not_read(build, tables):
    wrong = tables["series_days"].assign(weight_days=1.5)

    assert build(series_days=wrong).days == build().days


def test_all_mistakes_of_site_series_are_named_with_their_lines(refused):
    rows = [f"oak,{day},{hour},0.{day + 2},,0.4" for day in range(5) for hour in (0, 12)]
    rows[3] = "oak,1,12,,,0.4"
    rows.remove("oak,4,12,0.6,,0.4")  # line 11
    rows += [f"elm,{day},{hour},0.3,," for day in range(5) for hour in (0, 7)]
    rows += ["oka,0,0,0.3,,"] + [f"ash,{day},0,0.3,," for day in range(6)]

    found = refused(site_series=SITE_HEADER + "".join(f"{row},me,2025,seed\n" for row in rows))

    reported = "\n".join(found)
    assert len(found) == 5
    assert "site_series.csv:21:1: unknown site 'oka'" in reported
    assert "site_series.csv:27:5: day is 5; must be 0 to 4" in reported
    assert "site_series.csv:5:10: other_load_frac of oak is blank in 1 of 9 rows" in reported
    assert "site_series.csv:2:5: oak lacks 1 rows, the first for day 4 from hour 12" in reported
    assert "site_series.csv:11:7: elm has figures at the hours 0, 7; must be from 0 on" in reported


def test_a_column_with_gaps_is_refused_at_its_first_gap(refused):
    rows = [f"oak,{day},0,{'' if day == 3 else '0.4'},,0.2" for day in range(5)]

    found = refused(site_series=SITE_HEADER + "".join(f"{row},me,2025,seed\n" for row in rows))

    assert len(found) == 1
    assert "site_series.csv:5:9: other_load_frac of oak is blank in 1 of 5 rows" in found[0]


def test_a_series_is_scaled_to_the_mean_that_a_scenario_gives(build):
    yields = np.linspace(0.02, 0.4, 20)
    rows = site_series("oak", 5, [0, 6, 12, 18], solar_frac=yields)

    inputs = build("supply.allow=[panel]", "supply.override.panel.availability_frac=0.31", site_series=rows)

    weight = inputs.days.weight_h / 8760
    share = inputs.supply.availability_frac[inputs.sets.site.code("oak"), 0]
    assert share @ weight == pytest.approx(0.31)
    assert share / share[0] == pytest.approx(yields / yields[0])


def test_a_site_without_sun_cannot_have_a_mean_of_it(problems):
    rows = site_series("oak", 5, [0], solar_frac=np.zeros(5))

    found = problems("supply.allow=[panel]", "supply.override.panel.availability_frac=0.31", site_series=rows)

    assert any("solar at oak yields 0 in every hour, but its mean is 0.31" in text for text in found)


def test_a_site_with_its_own_sun_is_not_reported_to_take_that_of_others(build, tables):
    shapes = tables["renewable_shapes"]
    none = shapes[shapes["technology"] != "solar"]
    rows = site_series("oak", 5, [0], solar_frac=np.linspace(0.1, 0.3, 5))
    of_oak = ("supply.allow=[panel]", "supply.sites=[oak]")

    reported = "No zone has a shape of solar"
    assert any(reported in note for note in build(*of_oak, renewable_shapes=none).notes)
    quiet = build(*of_oak, renewable_shapes=none, site_series=rows)
    assert not any(reported in note for note in quiet.notes)


HOURS = np.arange(24)


def weather(site: str, days: int) -> pd.DataFrame:
    """Days of own weather and prices: day d is at 10 + 3 d + hour / 4 deg C, wet bulb 6 K lower."""
    dry = (10.0 + 3.0 * np.arange(days)[:, None] + HOURS / 4.0).ravel()
    price = (0.5 + 0.1 * np.arange(days)[:, None] + HOURS / 50.0).ravel()
    return site_series(site, days, list(HOURS), dry_bulb_c=dry, wet_bulb_c=dry - 6.0, wholesale_frac=price)


def test_own_temperatures_take_the_place_of_the_month_s_and_of_design_weather(build, tables):
    curve = tables["cooling"].set_index("cooling")
    plain, inputs = build(SERIES), build(SERIES, site_series=weather("oak", 6))

    oak, elm = (inputs.sets.site.code(site) for site in ("oak", "elm"))
    hotter = build(SERIES, "time.peak_hotter_k=2.5", site_series=weather("oak", 6))
    for code, name in enumerate(inputs.sets.cooling.labels):
        row = curve.loc[name]
        lower = 6.0 if row["driver"] == "wet" else 0.0

        def overhead(day, more=0.0, row=row, lower=lower):
            t = 10.0 + 3.0 * day + HOURS / 4.0 - lower + more
            ramp = np.clip((t - row["ramp_start_c"]) / (row["ramp_end_c"] - row["ramp_start_c"]), 0, 1)
            above = np.maximum(t - row["ramp_end_c"], 0.0)
            share = row["mech_floor_frac"] + row["mech_ramp_frac"] * ramp
            return (share + row["mech_slope_per_k"] * above).reshape(4, 6)

        found = inputs.power.mechanical_frac[oak, code].reshape(6, 4)
        assert found[3] == pytest.approx(overhead(3).mean(axis=1))
        assert found[4] == pytest.approx(overhead(4).max(axis=1))  # the peak day
        on_peak = hotter.power.mechanical_frac[oak, code].reshape(6, 4)
        assert on_peak[4] == pytest.approx(overhead(4, 2.5).max(axis=1))
        assert on_peak[3] == pytest.approx(found[3])
    assert inputs.power.mechanical_frac[elm] == pytest.approx(plain.power.mechanical_frac[elm])


def test_one_temperature_without_the_other_is_refused(problems):
    rows = weather("oak", 6).assign(wet_bulb_c=np.nan)

    found = problems(SERIES, site_series=rows)

    assert len(found) == 1
    assert "oak has dry_bulb_c without wet_bulb_c; must be both" in found[0]
