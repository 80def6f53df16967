"""A published example of Switch, as a scenario that a planner could have written.

Figures from https://github.com/switch-model/switch (Apache-2.0), folder examples/storage, outputs
as of commit e95f83d0, battery sizes of 0664c12c: one zone in one period, with two time points of
twelve hours. Geothermal power and sun stand and can be added to, a battery can be built; geothermal
power and the battery cost by output.

Switch pays capital over the life at a real interest, and brings what is paid in each of the ten
years to the base year. Its year has 8,766 hours, that of dcplan 8,760: costs by output are written
as so much more. Its geothermal plants must run evenly, those of dcplan need not; here it pays to.
"""

from __future__ import annotations

import pytest
from dispatch_folder import LIFE_YEARS, DispatchCase, Source, write_folder

from planner import Plan, solve
from planner.base.units import HOURS_PER_YEAR, KW_PER_MW

# What Switch found: total_cost.txt, costs_itemized.csv, dispatch.csv and storage_builds.txt.
TOTAL_USD = 24484908.913032416
BY_OUTPUT_USD_PER_YEAR = 1123263.01393
BATTERY_BY_OUTPUT_USD_PER_YEAR = 129.65289685714268
OUTPUT_MW = {
    "geothermal": (4.44411428571429, 4.44411428571429),
    "sun": (0.5978, 0.0),
    "battery": (2.95808571428571, 0.0),
}
BATTERY_MW, BATTERY_MWH = 4.02461, 35.497

BASE_YEAR, FIRST_YEAR, YEARS = 2015, 2017, 10
INTEREST_FRAC, DISCOUNT_FRAC = 0.07, 0.05
SWITCH_HOURS = 365.25 * 24
LOAD_MW = (8.0, 0.5)
SUN_FRAC = (0.61, 0.0)

# Overnight cost and connection, by the life of each; what stands costs the same as what is added.
GEOTHERMAL_USD_PER_MW, GEOTHERMAL_YEARS = 5_524_200.0 + 134_222.0, 30
SUN_USD_PER_MW, SUN_YEARS, SUN_UPKEEP_USD_PER_MW_YEAR = 2_334_300.0 + 74_881.9, 20, 41_850.0
BATTERY_USD_PER_MW, BATTERY_YEARS, BATTERY_UPKEEP_USD_PER_MW_YEAR = 10_000.0 + 1.0, 10, 100.0
BATTERY_USD_PER_MWH = 1_000.0
BY_OUTPUT_USD_PER_MWH = {"geothermal": 28.83, "sun": 0.0, "battery": 0.01}
STANDS_MW, MOST_MW = 1.0, {"geothermal": 10.0, "sun": 2.0}
# A steady plant rests as planned and fails; of the others, failures alone are counted.
RUNS_FRAC = {"geothermal": (1.0 - 0.0075) * (1.0 - 0.0241), "sun": 0.98, "battery": 0.98}
ROUND_TRIP_FRAC = 0.75


def per_year(years: int) -> float:
    """Share of a cost that is paid each year."""
    return INTEREST_FRAC / (1.0 - (1.0 + INTEREST_FRAC) ** -years)


def to_base_year() -> float:
    """Worth in the base year of one USD in each year of the period."""
    in_period = (1.0 - (1.0 + DISCOUNT_FRAC) ** -YEARS) / DISCOUNT_FRAC
    return in_period * (1.0 + DISCOUNT_FRAC) ** (BASE_YEAR - FIRST_YEAR)


def usd_per_mw_year() -> dict[str, float]:
    """Yearly cost of a MW, whether it stands or is added."""
    return {
        "geothermal": GEOTHERMAL_USD_PER_MW * per_year(GEOTHERMAL_YEARS),
        "sun": SUN_USD_PER_MW * per_year(SUN_YEARS) + SUN_UPKEEP_USD_PER_MW_YEAR,
    }


def sources() -> list[Source]:
    """Return what stands, whose payments go on as upkeep, and what may be built."""
    by_output = {name: usd * SWITCH_HOURS / HOURS_PER_YEAR for name, usd in BY_OUTPUT_USD_PER_MWH.items()}
    made = []
    for (name, yearly), role in zip(usd_per_mw_year().items(), ("firm", "solar"), strict=True):
        # The output of the sun is a series, which holds its failures.
        runs = {"availability_frac": RUNS_FRAC[name]} if role == "firm" else {}
        paid = {"fixed_usd_per_unit_year": yearly / KW_PER_MW}
        made.append(Source(f"old_{name}", role, 0.0, by_output[name], STANDS_MW, runs | paid))
        made.append(Source(f"new_{name}", role, yearly, by_output[name], settings=runs))
    power_usd = BATTERY_USD_PER_MW * per_year(BATTERY_YEARS) + BATTERY_UPKEEP_USD_PER_MW_YEAR
    energy_usd = BATTERY_USD_PER_MWH * per_year(BATTERY_YEARS)
    battery = Source(
        "battery",
        "storage",
        power_usd / RUNS_FRAC["battery"],  # of a MW that runs
        by_output["battery"],
        settings={
            "energy_capex_usd_per_kwh": energy_usd * LIFE_YEARS / KW_PER_MW,
            "charge_efficiency_frac": ROUND_TRIP_FRAC,
            "discharge_efficiency_frac": 1.0,
        },
    )
    return [*made, battery]


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    case = DispatchCase(
        slot_h=12,
        months=[1],
        weight_days=[365.0],
        load_mw=LOAD_MW,
        sources=sources(),
        solar_frac=[RUNS_FRAC["sun"] * share for share in SUN_FRAC],
    )
    room = ", ".join(f"new_{name}: {most - STANDS_MW}" for name, most in MOST_MW.items())
    file = write_folder(case, tmp_path_factory.mktemp("switch"))
    return solve(file, [f"supply.max_mw={{{room}}}"])


def output_mw(plan: Plan, source: str) -> list[float]:
    """Output in both slots of what stands of a source and what is added."""
    slots = plan.tables["source_slot"]
    return slots[slots["source"].str.endswith(source)].groupby("slot")["output_mw"].sum().tolist()


def test_the_total_cost_is_that_of_switch(plan: Plan) -> None:
    assert plan.verdict.ok, plan.verdict.broken
    # Without the battery's cost by output it would be less by 4e-5.
    assert plan.outcome.objective * 1e6 * to_base_year() == pytest.approx(TOTAL_USD, rel=1e-10)


def test_costs_by_output_are_those_of_switch(plan: Plan) -> None:
    stands_usd = STANDS_MW * sum(usd_per_mw_year().values())
    costs = plan.tables["costs"].set_index("item")["musd"] * 1e6
    running = plan.tables["source_year"].set_index("source")["running_musd"] * 1e6

    assert costs["source_upkeep"] - stands_usd == pytest.approx(BY_OUTPUT_USD_PER_YEAR, rel=1e-9)
    assert running["battery"] == pytest.approx(BATTERY_BY_OUTPUT_USD_PER_YEAR, rel=1e-9)


def test_what_is_built_and_runs_is_that_of_switch(plan: Plan) -> None:
    built = plan.tables["source_builds"].set_index("source")

    assert {name: output_mw(plan, name) for name in OUTPUT_MW} == {
        name: pytest.approx(mw) for name, mw in OUTPUT_MW.items()
    }
    assert sorted(built.index) == ["battery", "new_geothermal"]
    assert built["built_mw"]["battery"] / RUNS_FRAC["battery"] == pytest.approx(BATTERY_MW)
    assert built["built_mwh"]["battery"] == pytest.approx(BATTERY_MWH)
