"""What grid planners are given adds up to what the sites draw, in every layout."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from plans import MINI, plan_of

from planner.base.errors import InputError
from planner.outputs import WRITERS
from planner.runs import run_of

if TYPE_CHECKING:
    from planner.runs import Run

STATES = {"oak": "VA", "elm": "TX"}


@pytest.fixture(scope="module")
def run() -> Run:
    return run_of(plan_of(MINI))


@pytest.fixture(scope="module")
def folder(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    into = tmp_path_factory.mktemp("grid")
    for name in ("grid", "pypsa", "reeds"):
        written = WRITERS[name](run, into)
        assert sorted(written) == sorted(p for p in (into / name).rglob("*") if p.is_file())
    return into


def drawn_mwh(run: Run) -> pd.Series:
    """Energy by zone and year, from the table by site."""
    by_site = run.tables["site_year"]
    total = by_site.groupby(["zone", "year"])["grid_mwh"].sum()
    return total[total > 0.0]


def test_hours_add_up_to_the_energy_that_sites_draw(run: Run, folder: Path) -> None:
    hours = pd.read_parquet(folder / "grid" / "zone_hour.parquet")

    by = hours.groupby(["zone", "year"])
    energy = by[["firm_mw", "flexible_mw"]].sum().sum(axis=1)
    expected = drawn_mwh(run)
    assert set(by.size()) == {8760}
    assert energy.to_dict() == pytest.approx(expected.to_dict(), rel=1e-9)
    assert (hours[["firm_mw", "flexible_mw"]] >= -1e-9).all(axis=None)


def test_text_holds_what_parquet_holds(run: Run, folder: Path) -> None:
    hours = pd.read_parquet(folder / "grid" / "zone_hour.parquet")
    for year in run.years:
        text = pd.read_csv(folder / "grid" / f"zone_hour_{year}.csv", parse_dates=["utc"])
        same = hours[hours["year"] == year].reset_index(drop=True)
        assert text["zone"].tolist() == same["zone"].tolist()
        assert text["firm_mw"].to_numpy() == pytest.approx(same["firm_mw"].to_numpy(), abs=6e-5)
        assert (text["utc"].dt.tz_localize(None) == same["utc"]).all()


def test_flexible_power_is_that_of_work_that_may_wait_with_its_cooling(run: Run) -> None:
    from planner.outputs.grid_demand import area_slots

    slots = area_slots(run, run.sites.set_index("site")["zone"])

    power = run.tables["power_slot"].set_index(["site", "year", "slot"])
    waits = run.tables["deferral"].groupby(["site", "year", "slot"])["done_mw"].sum()
    waits = waits[waits > 0.0]
    here = power.loc[waits.index]
    expected = (waits * here["facility_mw"] / here["it_mw"]).sum()
    assert len(waits) > 5
    assert slots["flexible_mw"].sum() == pytest.approx(expected, rel=1e-9)


def test_pypsa_gets_a_bus_for_each_zone_and_loads_that_add_up(run: Run, folder: Path) -> None:
    expected = drawn_mwh(run)
    for year in run.years:
        home = folder / "pypsa" / str(year)
        buses, loads = pd.read_csv(home / "buses.csv"), pd.read_csv(home / "loads.csv")
        power = pd.read_csv(home / "loads-p_set.csv", index_col="snapshot")
        snapshots = pd.read_csv(home / "snapshots.csv")
        assert loads["name"].tolist() == power.columns.tolist()
        assert set(loads["bus"]) == set(buses["name"])
        assert snapshots["snapshot"].tolist() == power.index.tolist()
        by_zone = power.sum().groupby(loads.set_index("name")["bus"]).sum()
        of_year = expected.xs(year, level="year")
        assert by_zone[of_year.index].to_dict() == pytest.approx(of_year.to_dict(), rel=1e-6)


def test_reeds_gets_the_coincident_peak_of_each_state(run: Run, folder: Path) -> None:
    lines = (folder / "reeds" / "loadsite_st_dcplan.csv").read_text().splitlines()
    rows = lines[lines.index("*loadsitereg,t,MW") + 1 :]
    found = {(area, int(year)): float(mw) for area, year, mw in (r.split(",") for r in rows)}

    power = run.tables["power_slot"]
    by = power.assign(state=power["site"].map(STATES)).groupby(["state", "year", "slot"])
    peak = by["grid_mw"].sum().groupby(["state", "year"]).max()
    stands_for = {2025: (2025, 2026), 2027: (2027,)}  # a model year fills those up to the next
    expected = {(a, c): mw for (a, year), mw in peak.items() for c in stands_for[year]}
    assert found == pytest.approx(expected, abs=6e-4)


def test_reeds_takes_the_state_of_a_new_site_from_the_scenario(run: Run, tmp_path: Path) -> None:
    sites = run.inputs_tables["sites"]
    others = {**run.inputs_tables, "sites": sites[sites["site"] != "oak"]}

    def with_new(**given: str) -> Run:
        place = {"name": "Oak", "country": "US", "lat": 41.2, "lon": -104.8, "like": "elm"}
        merged = {**run.meta["merged"], "new_sites": {"oak": {**place, **given}}}
        meta = {**run.meta, "merged": merged}
        return replace(run, inputs_tables=others, meta=meta)

    (path,) = WRITERS["reeds"](with_new(state="WY"), tmp_path)
    assert "\nWY,2025," in path.read_text()
    with pytest.raises(InputError, match=r"give new_sites\.oak\.state, as in state: VA"):
        WRITERS["reeds"](with_new(), tmp_path)


def test_reeds_says_what_it_leaves_out_and_needs_a_site_at_home(run: Run, tmp_path: Path) -> None:
    used = set(run.tables["power_slot"]["site"])
    abroad = sorted(used)[0]
    sites = run.sites.assign(country=["NO" if s == abroad else "US" for s in run.sites["site"]])
    (path,) = WRITERS["reeds"](replace(run, tables={**run.tables, "sites": sites}), tmp_path)
    nowhere = run.sites.assign(country="NO")

    assert f"# Left out, as ReEDS has no states there: {abroad}." in path.read_text()
    with pytest.raises(InputError, match="no site that draws power is in the United States"):
        WRITERS["reeds"](replace(run, tables={**run.tables, "sites": nowhere}), tmp_path)
