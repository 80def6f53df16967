"""A company entered from a page of text: each of its figures is in the inputs or in a note."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from planner.cli import main
from planner.inputs import Inputs, build_inputs
from planner.scenario import load_scenario

KESTREL = Path(__file__).parent.parent / "fixtures" / "kestrel"


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    folder = tmp_path_factory.mktemp("kestrel")
    shutil.copytree(KESTREL, folder, dirs_exist_ok=True)
    copied = CliRunner().invoke(main, ["data", "copy", "facility_market", str(folder / "data")])
    assert copied.exit_code == 0, copied.output
    own = (folder / "facility_market.csv").read_text(encoding="utf-8")
    with (folder / "data" / "facility_market.csv").open("a", encoding="utf-8") as file:
        file.write(own)
    return build_inputs(load_scenario(folder / "kestrel.yaml"))


def by_label(index, values, *labels):
    frame = index.frame().assign(value=values)
    return frame.groupby(list(labels))["value"].sum().to_dict()


def test_halls_and_racks_are_those_of_the_page(inputs: Inputs) -> None:
    halls, racks = inputs.halls, inputs.racks

    there = by_label(halls.hall, halls.existing_mw, "site", "year")
    assert {site: there[site, "2025"] for site in ("hillsboro", "montreal", "mesa")} == {
        "hillsboro": 14 + 22,
        "montreal": 9,
        "mesa": 3,
    }
    # Ready on 1 July 2027: years are whole, and it counts from the next one on.
    assert there.get(("reno", "2027"), 0.0) == 0.0
    assert there["reno", "2028"] == 30
    stock = by_label(racks.fleet, racks.stock_mw, "site", "rack", "year")
    assert stock["hillsboro", "dgx_h100_air", "2025"] == pytest.approx(300 * 40.8e-3)
    assert stock["hillsboro", "gb200_nvl72", "2026"] == pytest.approx(80 * 132e-3)
    assert stock["hillsboro", "gb300_nvl72", "2026"] == pytest.approx(40 * 142e-3)
    assert stock["montreal", "a100_air", "2025"] == pytest.approx(9)
    assert "hillsboro" not in set(halls.build.labels("site"))  # the city allows no more


def test_land_pace_lead_and_rent_are_those_of_the_page(inputs: Inputs) -> None:
    sites, at = inputs.sites, inputs.sets.site.code

    assert sites.land_limit_mw[[at("reno"), at("montreal")]].tolist() == [120, 30]
    pace = by_label(sites.site_year, sites.build_rate_mw, "site", "year")
    assert pace["reno", "2030"] == 40
    start = inputs.halls.build_start[inputs.halls.build.labels("site") == "reno"]
    assert start.min() == pytest.approx(2026 + 38 / 12)
    # 3 MW at 145 USD a kW and month
    assert sites.fixed_musd_per_year[at("mesa")] == pytest.approx(3000 * 145 * 12 / 1e6)
    firm = by_label(inputs.grid.firm, inputs.grid.firm_mw, "site", "year")
    assert (firm["hillsboro", "2025"], firm["reno", "2028"]) == (58, 75)


def test_demand_money_and_clean_power_are_those_of_the_page(inputs: Inputs) -> None:
    demand, sites, contracts = inputs.demand, inputs.sites, inputs.contracts

    asked = by_label(demand.demand, demand.demand_kh100e, "year")
    # Shares of the page are rounded to a tenth of a thousand, in seven rows.
    wanted = {"2025": 38, "2026": 52, "2027": 75, "2028": 100, "2029": 125, "2030": 150}
    assert asked == pytest.approx(wanted, abs=0.35)
    budget = dict(zip(sites.capex_budget.labels("year"), sites.capex_budget_musd, strict=True))
    assert (budget["2025"], budget["2027"], budget["2028"], budget["2030"]) == (900, 900, 1200, 1200)
    assert set(contracts.strike_usd_per_mwh) == {31}
    # To be had from 2027 on, and taken once there is a site in Nevada.
    assert contracts.sign_start.min() == 2028
    assert set(contracts.limit_mw) == {60}
    assert set(contracts.target_frac) == {0.8}
    assert np.unique(inputs.failover.reserve.labels("year")).tolist() == ["2028", "2029", "2030"]


@pytest.mark.parametrize(
    "said",
    [
        "Rack gb300_nvl72: your price of 3,900,000 USD",
        "Rack vr_nvl72: your price of 5,600,000 USD",
        "Halls in market kestrel-reno cost its index of 0.974, that of 11.4 USD/W",
        "64 USD/MWh at hillsboro",
        "71 USD/MWh at reno",
        "43.07 USD/MWh at montreal",
        "With sites in CA, your figures are read as US dollars",
        "The firm connection of montreal, mesa carries the halls",
        "existing_racks has no rack that the plan can use in the halls of reno",
        "New site mesa takes from us-az-phoenix, 23 km away",
    ],
)
def test_what_is_assumed_of_a_figure_is_in_a_note(inputs: Inputs, said: str) -> None:
    assert any(said in note for note in [*inputs.notes, *(one.text for one in inputs.assumed)])
