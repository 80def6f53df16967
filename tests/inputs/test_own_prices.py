"""What is added to a price of a planner's own is noted, with amounts and place."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.base.paths import DATA_DIR
from planner.inputs import build_inputs
from planner.scenario import load_scenario

AIR = "my_air,Mine,nvidia,compute,31,0.76,0.26,24,23.9,33.7,940000,880000,1050000,0.1,2024,,,,5,2.7,0,,,,,mine,2026,own"


def notes(*settings: str) -> list[str]:
    inputs = build_inputs(load_scenario("tiny", settings))
    return [str(note) for note in inputs.noted_settings if "takes from" not in note.what_is]


def copy(tmp_path: Path, table: str, *rows: str, old: str = "", new: str = "") -> str:
    """Copy a shipped table with rows added or text replaced; return it as a setting."""
    text = (DATA_DIR / f"{table}.csv").read_text(encoding="utf-8")
    assert old in text
    text = text.replace(old, new, 1) + "".join(f"{row}\n" for row in rows)
    (tmp_path / f"{table}.csv").write_text(text, encoding="utf-8")
    return f"data.{table}={tmp_path / f'{table}.csv'}"


def test_a_rack_of_ones_own_says_what_its_price_becomes(tmp_path):
    # 940,000 x 1.1 x 1.01 (sales tax in the US) is 1,044,340 USD at the prices of 2025; prices
    # fall by 2.439 % a year: x 0.95181 in 2027, x 0.92860 in 2028.
    settings = (
        copy(tmp_path, "racks", AIR),
        copy(tmp_path, "rack_cooling", "my_air,dlc_hybrid_dry,mine,2026,own"),
        "workloads.train_frontier.racks=[gb200_nvl72, my_air]",
        "racks.allow=[gb200_nvl72, my_air]",
    )

    (note,) = (note for note in notes(*settings) if "my_air" in note)

    line = len((tmp_path / "racks.csv").read_text(encoding="utf-8").splitlines())
    column = AIR.index("940000") + 1
    assert note == (
        f"{tmp_path / 'racks.csv'}:{line}:{column}: Rack my_air: your price of 940,000 USD is 994,000 USD in 2027 and"
        " 969,800 USD in 2028 in the plan, with 94,000 USD of network fabric and storage (fabric_adder_frac), 10,340"
        " USD of sales tax in US and -2.44 % a year of price trend."
    )


def test_a_price_under_override_is_noted_at_its_key():
    (note,) = notes("racks.override.gb200_nvl72.capex_usd=2000000", "energy.escalation_real_frac=0")

    # Its fabric adds 13 %, the tax 1 %: 2,282,600 USD at the prices of 2025.
    assert note.startswith(
        "--set racks.override.gb200_nvl72.capex_usd=2000000: Rack gb200_nvl72: your price of"
        " 2,000,000 USD is 2,173,000 USD in 2027 and 2,120,000 USD in 2028 in the plan"
    )
    assert "260,000 USD of network fabric" in note
    assert "22,600 USD of sales tax in US" in note


def test_own_prices_of_power_say_how_they_rise():
    (note,) = notes()

    # 0.42 % a year from 2025: x 1.01265 in 2028.
    assert "Your prices of power rise by 0.42 % a year in real terms from 2025" in note
    assert "40 USD/MWh at north is 40.51 in 2028" in note
    assert "80 USD/MWh at coast is 81.01 in 2028" in note
    assert notes("energy.escalation_real_frac=0.01") == []


def test_own_costs_of_building_say_what_comes_on_top(tmp_path):
    shell = "shell_core,capex,Building shell and core,"
    own = copy(tmp_path, "facility_cost", old=f"{shell}2.46", new=f"{shell}2.1")

    (note,) = notes(own, "energy.escalation_real_frac=0")

    # Dallas builds at 0.889 of the US average; soft costs and contingency add 10 and 5 %; building
    # costs rise by 2.927 % a year from 2025: x 1.0594 in 2027, x 1.0904 in 2028:
    # 2.1 x 0.889 x 1.15 is 2.147, and so 2.27 and 2.34.
    assert note.startswith(f"{tmp_path / 'facility_cost.csv'}:2:{len(shell) + 1}: Your costs of")
    assert "shell_core 2.1 USD/W is 2.27 in 2027 and 2.34 in 2028" in note
    assert "plus 15% of soft costs and contingency, and +2.93 % a year in real terms" in note


@pytest.mark.parametrize(
    ("usd", "column", "said"),
    [
        ("12.3", "1.05", "Halls in market mine cost its index of 1.05, that of 12.3 USD/W, times"),
        ("9.4", "9.4", "construction_usd_per_w 9.4 of market mine has no effect: halls cost its"),
    ],
)
def test_what_halls_cost_in_a_market_of_ones_own_is_noted(tmp_path, usd, column, said):
    # 1.05 of the US average of 11.7 USD/W is 12.3; 9.4 is 0.80 of it.
    market = f"mine,Mine,US,1.05,{usd},9,14,25,,mine,2026,own"
    settings = copy(tmp_path, "facility_market", market), "new_sites.north.market=mine"

    (note,) = (note for note in notes(*settings) if "mine" in note)

    path = tmp_path / "facility_market.csv"
    line = len(path.read_text(encoding="utf-8").splitlines())
    assert note.startswith(f"{path}:{line}:{market.index(column) + 1}: {said}")
    assert "which makes" in note
    assert ("for 9.4 USD/W write index 0.803" in note) == (usd == "9.4")
