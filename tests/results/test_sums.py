"""Sums that tables are made of, on arrays made up for them."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from planner.lp import Index
from planner.lp.index import Axis
from planner.results import supply
from planner.results.solved import SolvedModel
from planner.stress.fixed import _Reader
from planner.studies.explain import again

SITE, YEAR = Axis("site", ("ash", "bay")), Axis("year", ("2026", "2029", "2030"))


def test_what_is_added_is_there_from_its_year_on() -> None:
    over = Index.sparse("expand", (SITE, YEAR), [[0, 0, 1], [0, 2, 1]])
    s = SimpleNamespace(
        p=SimpleNamespace(
            sites=SimpleNamespace(site_year=Index.full("site_year", SITE, YEAR)), sets=SimpleNamespace(site=SITE)
        ),
        years=3,
        value=lambda decision: decision.mw,
    )

    total = SolvedModel.so_far(s, SimpleNamespace(over=over, mw=np.array([3.0, 5.0, 7.0])))

    assert total.tolist() == [3.0, 3.0, 8.0, 0.0, 7.0, 7.0]


def test_values_of_slots_lie_beside_the_capacity_they_are_of() -> None:
    source, slot = Axis("source", ("mill", "sun")), Axis("slot", ("d0h00", "d0h12"))
    capacity = Index.sparse("capacity", (SITE, source, YEAR), [[0, 1], [1, 0], [2, 0]])
    over = Index.sparse("output", (SITE, source, YEAR, slot), [[0, 1], [1, 0], [2, 0], [1, 0]])
    s = SimpleNamespace(p=SimpleNamespace(supply=SimpleNamespace(capacity=capacity), sets=SimpleNamespace(slot=slot)))

    assert supply._by_slot(s, over, np.array([6.5, 4.5])).tolist() == [[0.0, 6.5], [4.5, 0.0]]


@pytest.mark.parametrize(("role", "mw"), [(None, [2.0, 3.0, 5.0]), ("standby", [3.0])])
def test_a_reader_takes_all_sources_or_those_of_a_role(role, mw) -> None:
    key = {"site": ["ash", "ash", "bay"], "source": ["mill", "gen", "mill"], "year": [2026] * 3}
    roles = pd.DataFrame(key | {"role": ["firm", "standby", "firm"], "mw": [2.0, 3.0, 5.0]})
    reader = SimpleNamespace(
        tables={"source_year": roles, "source_slot": roles.drop(columns="role")},
        sums=lambda frame, column, by_slot: (by_slot, frame[column].tolist()),
    )

    assert _Reader.by_year(reader, "source_year", "mw", role=role) == (False, mw)
    assert _Reader.by_slot(reader, "source_slot", "mw", role=role) == (True, mw)


def test_a_flat_load_pays_energy_and_the_demand_charge_of_its_first_year() -> None:
    slot = Index.full("slot", SITE, YEAR, Axis("slot", ("d0h00", "d0h12")))
    p = SimpleNamespace(
        power=SimpleNamespace(slot=slot),
        sites=SimpleNamespace(site_year=Index.full("site_year", SITE, YEAR)),
        sets=SimpleNamespace(site=SITE),
        days=SimpleNamespace(weight_h=np.array([2920.0, 5840.0])),
        grid=SimpleNamespace(
            demand_charge_usd_per_kw_month=np.array([2.0, 3.0, 4.0, 7.3, 8.0, 9.0]),
            energy_usd_per_mwh=np.arange(20.0, 32.0),
        ),
    )

    # 26 and 27 USD/MWh for a third and two thirds of the hours; 7.3 x 12,000 over 8,760 h.
    assert again._flat(p, "bay") == pytest.approx(26 / 3 + 2 * 27 / 3 + 10.0)
