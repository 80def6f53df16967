"""What shipped scenarios are about is on offer in them."""

from __future__ import annotations

import numpy as np
import pytest

from planner.inputs import Inputs, build_inputs
from planner.scenario import load_scenario


def inputs_of(name: str) -> Inputs:
    return build_inputs(load_scenario(name))


def test_work_may_move_between_the_six_sites_of_its_scenario() -> None:
    p = inputs_of("us-follow-the-power")

    assert len(np.unique(p.migration.work["site"])) == 6
    moving = {p.sets.workload.labels[w] for w in np.unique(p.migration.work["workload"])}
    assert moving == {"train_finetune", "batch_inference"}


def test_pruning_is_on_offer_next_to_quantization() -> None:
    p = inputs_of("efficiency-levers")

    on_offer = {p.sets.lever.labels[lever] for lever in np.unique(p.levers.adopted["lever"])}

    assert on_offer == {"quantization", "distillation", "caching", "batching", "pruning"}


def test_heat_has_buyers_in_every_country_of_europe_with_a_network() -> None:
    p = inputs_of("eu-heat-sales")

    sites = {p.sets.site.labels[s] for s in np.unique(p.heat.sale["site"])}

    assert {site.split("-")[0] for site in sites} >= {"fi", "se", "dk", "de", "nl", "fr"}
    assert p.heat.price_usd_per_mwh.min() == pytest.approx(8.0)  # Iceland
    assert p.heat.price_usd_per_mwh.max() == pytest.approx(32.0)  # Finland
