"""What shipped scenarios are about is on offer in them."""

from __future__ import annotations

import numpy as np
import pytest

from planner.inputs import Inputs, build_inputs
from planner.scenario import load_scenario


def inputs_of(name: str, *settings: str) -> Inputs:
    return build_inputs(load_scenario(name, settings))


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


SMALL = ("fpga_inference", "asic_lpu_air", "edge_micro_dc", "jetson_agx_cabinet")


def bought_by(p: Inputs) -> dict[str, set[str]]:
    """Sites at which each rack on offer may be bought."""
    install = p.racks.install
    sites: dict[str, set[str]] = {}
    for k, s in zip(install["rack"], install["site"], strict=True):
        sites.setdefault(p.sets.rack.labels[k], set()).add(p.sets.site.labels[s])
    return sites


def test_small_accelerators_are_on_offer_at_micro_sites() -> None:
    p = inputs_of("us-edge-accelerators")

    sites = bought_by(p)

    assert set(SMALL) <= set(sites)
    for rack in SMALL:
        assert {"us-ca-sandiego", "us-ok-oklahomacity"} <= sites[rack], rack
    assert "coral_cabinet" in sites  # twice the power of a Jetson for the same work: the plan decides


def test_micro_sites_are_on_the_grid_that_serves_their_city() -> None:
    sites = inputs_of("us-edge-accelerators").sites.table.set_index("site")

    zones = {"us-ca-sandiego": "CAISO", "us-la-neworleans": "MISO", "us-ok-oklahomacity": "SPP"}
    assert sites.loc[list(zones), "zone"].to_dict() == zones


def test_long_contexts_leave_out_racks_of_little_memory_by_name() -> None:
    p = inputs_of("us-long-context")

    note = next(note for note in p.notes if note.startswith("agentic needs 5,284 GB"))

    assert "trn2_rack (3,070 GB)" in note
    assert "hgx_h200_air (1,128 GB)" in note  # 8 x 141 GB in one server
    assert "hgx_b200_air (1,440 GB)" in note  # four servers of 8 x 180 GB, which share nothing
    assert "gb200_nvl72" not in note
