"""Small pieces of what is built from tables, on figures made up for them."""

from __future__ import annotations

from dataclasses import fields
from types import SimpleNamespace

import numpy as np
import pandas as pd

from planner.inputs import power, rent, scope
from planner.inputs.case import ScopedCase
from planner.inputs.halls import HallSpace
from planner.inputs.tariffs import _ramp
from planner.lp.index import Axis

SITE = Axis("site", ("ash", "bay", "elm"))
CLASS = Axis("workload", ("train", "chat"))


class Noted:
    """Takes problems and notes, as `Findings` does."""

    def __init__(self) -> None:
        self.said: list[tuple[object, ...]] = []

    def add(self, at, *words) -> None:
        self.said.append(("table" if isinstance(at, str) else "key", at, words[0]))

    def add_note(self, text, keys=None) -> None:
        self.said.append(("note", text))


def test_items_of_one_table_are_looked_up_in_the_columns_that_each_call_asks_for() -> None:
    table = pd.DataFrame({"item": ["crane", "pump"], "value": [3.5, 8.0], "unit": "USD", "lead_months": [14.0, 9.0]})
    given = dict.fromkeys(field.name for field in fields(ScopedCase))
    case = ScopedCase(**{**given, "findings": Noted(), "tables": {"lead_times": table}})

    assert case.lead_months("pump") == 9.0
    assert case.item("lead_times", "pump", "USD") == 8.0
    assert case.lead_months("crane") == 14.0
    assert case.findings.said == []


def test_a_contract_is_in_force_whole_once_its_ramp_is_over() -> None:
    assert [_ramp((0.5, 0.8), year) for year in (0, 1, 2, 7)] == [0.5, 0.8, 1.0, 1.0]


def test_clouds_count_up_to_three_where_each_may_cover_for_the_others() -> None:
    covers = ~np.eye(5, dtype=bool)
    covers[0, 1] = covers[1, 0] = covers[2, 3] = covers[3, 2] = False
    near = np.array(
        [
            [[0, 0, 0, 0, 0], [0, 0, 1, 0, 0]],
            [[1, 1, 0, 0, 0], [1, 1, 1, 1, 0]],  # of four in two pairs that fail together: two
            [[1, 0, 1, 0, 1], [1, 1, 1, 1, 1]],
        ],
        dtype=bool,
    )

    assert rent._places(near, covers).tolist() == [[0, 1], [1, 2], [3, 3]]
    assert rent._places(near[:, :, :0], covers[:0, :0]).tolist() == [[0, 0]] * 3


def test_a_class_that_moves_has_no_part_in_it_without_work_that_may_wait() -> None:
    findings = Noted()
    case = SimpleNamespace(
        workloads=pd.DataFrame({"deferrable_frac": [0.0, 0.3, 0.0]}),
        ids=lambda _: ["train", "chat", "video"],
        findings=findings,
    )

    power._note_classes_without_such_work(case, np.array([True, True, False]))

    (note,) = findings.said
    assert note[1].startswith("train: moves_between_sites has no effect")


def test_an_own_figure_takes_the_place_of_the_table_s_and_null_leaves_it_blank() -> None:
    table = pd.DataFrame({"site": ["ash", "bay"], "pue": [1.3, 1.4], "water_m3": [70.0, 80.0]})
    own = {"bay": SimpleNamespace(written_values=lambda: {"pue": 1.25, "water_m3": None, "name": "Bay"})}

    found = scope.replaced(table, "site", own)

    assert found["pue"].tolist() == [1.3, 1.25]
    assert found["water_m3"].isna().tolist() == [False, True]
    assert table["pue"].tolist() == [1.3, 1.4]


def test_a_class_without_a_rack_is_reported_where_it_is_written() -> None:
    findings = Noted()
    admitted = pd.DataFrame({"workload": ["train", "chat", "video"], "rack": ["big"] * 3})
    racks = pd.DataFrame({"rack": ["big"], "training_h100e": [70.0], "inference_h100e": [np.nan]})
    workloads = pd.DataFrame({"workload": ["train", "chat", "video"], "duty": ["training", "inference", "inference"]})

    scope._check_admitted(admitted, SimpleNamespace(workloads={"chat": None}), workloads, racks, findings)

    assert [one[:2] for one in findings.said] == [("key", ("workloads", "chat")), ("table", "workload_racks")]


def test_a_design_is_told_from_one_with_another_redundancy_and_cooling() -> None:
    names = (field for field in HallSpace.__dataclass_fields__ if field not in {"cooling", "redundancy"})
    pairs = {"cooling": np.array([0, 1, 2]), "redundancy": np.array([2, 1, 1])}
    space = HallSpace(**pairs, **dict.fromkeys(names))

    # (1, 0) is none of them, though 0 + 2 is 2 * 1 + 0.
    found = space.design(np.array([1, 1, 2, 0]), np.array([0, 1, 1, 1]))

    assert found.tolist() == [-1, 1, 2, -1]
