"""The bridge from the path to the meter adds up, and each term is what the tables say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import planner
from planner.base.units import HOURS_PER_YEAR
from planner.results.summary import STEPS, bridge_words, steps_of

CENT_MW = 1e-8  # a cent is 1e-8 MUSD: the same of a MW


def of_years(case, table, column):
    sums = case.results.tables[table].groupby("year")[column].sum()
    return sums.reindex(case.results.bridge["year"], fill_value=0.0).to_numpy()


def test_each_level_is_the_one_before_with_its_terms(case):
    table = case.results.bridge
    level = table[STEPS[0].column].to_numpy()
    levels = 0
    for step in STEPS[1:]:
        if step.is_level:
            np.testing.assert_allclose(level, table[step.column], rtol=0.0, atol=CENT_MW)
            levels += 1
        else:
            level = level + table[step.column].to_numpy()
    assert levels == 4


def test_levels_are_those_of_the_summary(case):
    table, summary = case.results.bridge, case.results.summary
    for name in ("nameplate_mw", "it_mean_mw", "facility_mean_mw", "facility_peak_mw"):
        assert table[name].tolist() == summary[name].tolist()


def test_terms_of_racks_are_those_of_the_plan(case):
    table = case.results.bridge
    assert table["companion_mw"].tolist() == pytest.approx(of_years(case, "plan", "companion_mw"))
    assert table["standby_mw"].tolist() == pytest.approx(of_years(case, "plan", "standby_mw"))
    assert table["path_mw"].tolist() == pytest.approx(of_years(case, "reference", "path_mw"))


def test_terms_of_work_are_what_the_fleet_of_the_path_carries(case):
    reference = case.results.reference.set_index(["workload", "year"])
    per_kh100e = 1e3 * reference["rack_gw"] / reference["kh100e"]
    demand = case.results.demand
    known = demand.set_index(["workload", "year"]).index
    mw = demand["rented_kh100e"] * per_kh100e.reindex(known).fillna(0.0).to_numpy()
    by_year = mw.groupby(demand["year"]).sum()

    has_all = reference.index.isin(known).sum() == len(known.unique())
    if has_all:  # the case of arrays has a path of one class and year
        assert (-case.results.bridge["rented_mw"]).tolist() == pytest.approx(by_year.tolist())


def test_cooling_and_losses_are_those_of_the_load_curve(case):
    slot = case.results.power_slot
    for term, column in (("cooling_mw", "mechanical_mw"), ("loss_mw", "electrical_loss_mw")):
        mwh = (slot[column] * slot["hours"]).groupby(slot["year"]).sum()
        own = (mwh / HOURS_PER_YEAR).reindex(case.results.bridge["year"], fill_value=0.0)
        assert case.results.bridge[term].tolist() == pytest.approx(own.tolist())


def made_up(**changes):
    """600 MW on a path whose fleet has 600 / 1.2 = 500 MW of racks."""
    columns = {
        "path_mw": 600.0,
        "facility_share_mw": -100.0,
        "restated_mw": 0.0,
        "saved_mw": 0.0,
        "rented_mw": -40.0,
        "unmet_mw": 0.0,
        "racks_mw": -130.0,
        "standby_mw": 0.0,
        "companion_mw": 30.0,
        "nameplate_mw": 360.0,  # 500 - 40 - 130 + 30
        "draw_mw": -70.0,
        "load_mw": -55.0,
        "it_mean_mw": 235.0,
        "cooling_mw": 17.0,
        "loss_mw": 8.0,
        "facility_mean_mw": 260.0,
        "peak_mw": 1234.0,
        "facility_peak_mw": 1494.0,
    } | changes
    return pd.DataFrame({"year": [2028, 2030]} | {name: [7.0, mw] for name, mw in columns.items()})


def test_a_year_in_words_is_two_sums():
    first, second = bridge_words(made_up(), 2030)

    assert first == (
        "600 MW nameplate on the path - 100 cooling and losses in it - 40 work rented"
        " - 130 better racks than its fleet + 30 storage and servers = 360 MW nameplate in use"
    )
    assert second == (
        "360 MW nameplate in use - 70 busy racks draw less - 55 not at work all the time"
        " = 235 MW IT power, mean + 17 cooling + 8 electrical losses = 260 MW at the meter, mean"
        " + 1,234 peak above mean = 1,494 MW at the meter, peak"
    )


def test_racks_that_do_less_than_those_of_the_path_are_called_so():
    first, _ = bridge_words(made_up(racks_mw=20.0), 2030)

    assert "+ 20 less able racks than its fleet" in first


def test_demand_stated_in_mw_of_racks_is_the_first_term_of_the_bridge():
    chat = "{workload: chat_interactive, unit: mw_rack, by_year: {2027: 7.5, 2028: 11.5}}"
    train = "{workload: train_frontier, unit: mw_rack, by_year: {2027: 21, 2028: 34}}"
    plan = planner.solve("tiny", [f"demand.explicit=[{chat}, {train}]", "demand.scale_frac=1.1"])

    assert plan.verdict.ok
    # 7.5 + 21 and 11.5 + 34 MW, a tenth more of each.
    assert plan.tables["bridge"]["restated_mw"].tolist() == pytest.approx([31.35, 50.05])
    first = steps_of(plan.tables["bridge"])[0][0]
    assert first.label == "demand as stated"
