"""What a model costs over its life, worked out from the unit costs in the open."""

from __future__ import annotations

import pytest
from plans import plan_of

from planner.runs import run_of

PF_DAY_H = 24 / (0.989 * 0.40)  # H100e-hours of a day at one PFLOP/s, at 40 % of peak


def test_inference_is_its_share_of_full_cost_and_rent(case):
    tables = case.results.tables
    costs = tables["unit_costs"].set_index(["scope", "year"])

    for row in tables["lifetime"].itertuples():
        paid = {
            duty: costs.loc[(duty, row.year), ["full_cost_musd", "rent_musd"]].sum()
            for duty in ("training", "inference")
        }
        assert row.training_musd == pytest.approx(paid["training"])
        assert row.inference_musd == pytest.approx(paid["inference"])
        share = paid["inference"] / (paid["training"] + paid["inference"])
        assert row.inference_share_frac == pytest.approx(share)
        assert 0.0 < row.inference_share_frac < 1.0


def test_a_model_costs_its_pf_days_on_the_racks_of_the_year(case):
    tables = case.results.tables
    hour = tables["unit_costs"].set_index(["scope", "year"])["full_usd_per_h100e_hour"]
    trained = tables["models_trained"].set_index(["model", "year"])["run_musd"]

    for year in tables["lifetime"]["year"]:
        expected = 3640 * PF_DAY_H * hour["training", year] / 1e6
        assert trained["gpt_3", year] == pytest.approx(expected)
        assert trained["llama_3_1_405b", year] == pytest.approx(expected * 439800 / 3640)


def test_parked_racks_are_in_no_price_of_a_pf_day_but_on_a_line_of_their_own():
    """45, then 15 kH100e of training want 38.4, then 12.8 MW of racks: 25.6 MW are parked."""
    asked = (
        "{workload: train_frontier, unit: kh100e, by_year: {2027: 45, 2028: 15}}, "
        "{workload: chat_interactive, unit: kh100e, by_year: {2027: 8, 2028: 12}}"
    )
    plan = plan_of("tiny", f"demand.explicit=[{asked}]")
    tables = plan.tables
    first, second = tables["lifetime"].itertuples()

    assert plan.verdict.ok
    assert first.training_idle_musd == pytest.approx(0.0, abs=1e-6)
    # A third of the work at its own price: only what runs on, such as upkeep of halls, is shared
    # by less work.
    assert first.usd_per_pf_day < second.usd_per_pf_day < 1.03 * first.usd_per_pf_day
    pf_days = 15e3 * 8760 / PF_DAY_H
    done = second.training_musd - second.training_idle_musd
    assert done == pytest.approx(second.usd_per_pf_day * pf_days / 1e6)
    # Idle are two thirds of the training racks, and South, where nothing is in use; chat took over
    # the halls at Coast.
    costs = tables["costs"].query("calendar_year == 2028 and upfront")
    racks = tables["installs"].groupby("duty")["overnight_musd"].sum()
    is_racks = costs["item"] == "rack_purchase"
    repaid = costs.loc[is_racks, "musd"].sum() * racks["training"] / racks.sum()
    south = costs.loc[~is_racks & (costs["site"] == "south"), "musd"].sum()
    assert south > 10.0
    assert second.training_idle_musd == pytest.approx(repaid * 2 / 3 + south, rel=1e-4)
    assert second.inference_idle_musd == pytest.approx(0.0, abs=1e-6)


def test_a_run_that_needs_less_compute_costs_less() -> None:
    # A frontier run of 2028 needs 0.35 of what it did: so much of its PF-days is paid for.
    scale = "demand.workload_scale_frac.train_frontier={2026: 0.8, 2028: 0.35}"
    run = run_of(plan_of("tiny", scale))

    costs = run.tables["lifetime"].set_index("year")["usd_per_pf_day"]
    models = run.tables["models_trained"].set_index(["model", "year"])["run_musd"]
    assert models["gpt_3", 2028] == pytest.approx(0.35 * 3640.0 * costs[2028] / 1e6)
    assert run.meta["check"]["ok"]


def test_racks_that_move_to_inference_are_paid_for_there():
    asked = (
        "{workload: train_frontier, unit: kh100e, by_year: {2027: 45, 2028: 15}}, "
        "{workload: chat_interactive, unit: kh100e, by_year: {2027: 8, 2028: 44}}"
    )
    plan = plan_of("tiny", f"demand.explicit=[{asked}]", "cascade={allow: true, min_age_years: 0}")
    first, second = plan.tables["lifetime"].itertuples()

    assert plan.verdict.ok
    assert plan.tables["moves"].query("direction == 'in'")["moved_mw"].sum() > 20.0
    assert second.usd_per_pf_day == pytest.approx(first.usd_per_pf_day, rel=0.1)
