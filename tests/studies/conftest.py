"""What studies are sent to: one cluster for all tests of a process."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

PATIENCE_S = 120.0


@pytest.fixture(scope="session")
def cluster() -> Iterator[Any]:
    """A scheduler and two workers, each a process, on loopback."""
    distributed = pytest.importorskip("distributed", reason="the extra `dask` is not installed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=2, host="127.0.0.1", dashboard_address="127.0.0.1:0"
    ) as made:
        yield made


@pytest.fixture
def scheduler(cluster: Any) -> str:
    """Its address, with both workers there: others come for those that a test has killed."""
    end = time.monotonic() + PATIENCE_S
    while len(cluster.scheduler.workers) < 2:
        assert time.monotonic() < end
        time.sleep(0.05)
    address: str = cluster.scheduler_address
    return address
