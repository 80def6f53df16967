"""What a model costs over its life, worked out from the unit costs in the open."""

from __future__ import annotations

import pytest

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
    scale = {2026: 0.62, 2028: 0.31} if case.inputs.name == "hand" else {}  # mini scales no run
    hour = tables["unit_costs"].set_index(["scope", "year"])["full_usd_per_h100e_hour"]
    trained = tables["models_trained"].set_index(["model", "year"])["run_musd"]

    for year in tables["lifetime"]["year"]:
        expected = 3640 * PF_DAY_H * hour["training", year] / 1e6 * scale.get(year, 1.0)
        assert trained["gpt_3", year] == pytest.approx(expected)
        assert trained["llama_3_1_405b", year] == pytest.approx(expected * 439800 / 3640)
