"""Memory as a limit of racks and classes."""

from __future__ import annotations

import numpy as np

KNOWN = ("racks.override.air24.memory_gb=2560", "racks.override.liquid25.memory_gb=13500")


def racks_of(inputs, workload: str) -> set[str]:
    sets, deployment = inputs.sets, inputs.racks.deployment
    mine = deployment["workload"] == sets.workload.code(workload)
    return {sets.rack.labels[k] for k in np.unique(deployment["rack"][mine])}


def bought(inputs) -> set[str]:
    sets, install = inputs.sets, inputs.racks.install
    mine = install["duty"] == sets.duty.code("inference")
    return {sets.rack.labels[k] for k in np.unique(install["rack"][mine])}


def test_racks_with_too_little_or_unknown_memory_are_not_offered_and_named(build, mini):
    inputs = build(*KNOWN, "workloads.chat.least_memory_gb=2561")

    assert bought(mini) == {"air24", "liquid25", "liquid27"}
    assert bought(inputs) == {"liquid25"}
    assert (
        "chat needs 2,561 GB of memory that works as one. Not offered to it: air24 (2,560 GB),"
        " liquid27 (unknown). Existing ones stay in service." in inputs.notes
    )


def test_a_rack_with_just_the_least_memory_is_offered(build):
    inputs = build(*KNOWN, "workloads.chat.least_memory_gb=13500")

    assert bought(inputs) == {"liquid25"}


def test_the_least_memory_of_one_class_leaves_others_alone(build, mini):
    inputs = build(*KNOWN, "workloads.chat.least_memory_gb=13500")

    assert racks_of(inputs, "train") == racks_of(mini, "train")


def test_a_class_that_no_rack_holds_is_refused(problems):
    found = problems(*KNOWN, "workloads.chat.least_memory_gb=13501")

    assert any("no rack that chat may run on" in text for text in found)
