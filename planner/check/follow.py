"""Columns that follow from the labels of their row: zone, design, duty, heading, hours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.check.cost_lines import HEADINGS
from planner.check.frames import at, by
from planner.check.source_figures import role
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from planner.check.case import Case

    Facts = Callable[[Case], Mapping[str, object]]

__all__ = ["RULES"]


def _of_sites(column: str) -> Facts:
    def facts(case: Case) -> Mapping[str, object]:
        return dict(zip(case.scope["site"], case.scope[column], strict=True))

    return facts


def _of_halls(place: int) -> Facts:
    """Read part of the name of a design, which is cooling|redundancy."""
    return lambda case: {hall: hall.split("|")[place] for hall in case.inputs.sets.hall.labels}


def _duties(case: Case) -> Mapping[str, object]:
    return case.duty


def _roles(case: Case) -> Mapping[str, object]:
    return {source: role(case, source) for source in case.inputs.supply.source.labels}


def _of_offers(column: str) -> Facts:
    def facts(case: Case) -> Mapping[str, object]:
        return {name: getattr(of, column) for name, of in case.scenario.contracts.ppa.items()}

    return facts


def _is_peak_day(case: Case) -> Mapping[str, object]:
    return dict(zip(case.power.slot["slot"], case.power.slot["is_peak"], strict=True))


def _levels(case: Case) -> Mapping[str, object]:
    duties = dict.fromkeys(case.duty.values(), "duty")
    return {**dict.fromkeys(case.duty, "workload"), **duties, "total": "total"}


_FOLLOWS: Final[tuple[tuple[str, str, str, Facts], ...]] = (
    ("site_year", "zone", "site", _of_sites("zone")),
    ("connections", "zone", "site", _of_sites("zone")),
    ("non_firm_connections", "zone", "site", _of_sites("zone")),
    ("non_firm_year", "zone", "site", _of_sites("zone")),
    ("openings", "name", "site", _of_sites("name")),
    ("plan", "cooling", "hall", _of_halls(0)),
    ("plan", "redundancy", "hall", _of_halls(1)),
    ("builds", "cooling", "hall", _of_halls(0)),
    ("builds", "redundancy", "hall", _of_halls(1)),
    ("halls", "cooling", "hall", _of_halls(0)),
    ("halls", "redundancy", "hall", _of_halls(1)),
    ("plan", "duty", "workload", _duties),
    ("power_class", "duty", "workload", _duties),
    ("source_builds", "role", "source", _roles),
    ("source_year", "role", "source", _roles),
    ("contracts", "kind", "contract", _of_offers("kind")),
    ("contracts", "technology", "contract", _of_offers("technology")),
    ("costs", "group", "item", lambda _: {item: of[0] for item, of in HEADINGS.items()}),
    ("costs", "upfront", "item", lambda _: {item: of[1] for item, of in HEADINGS.items()}),
    ("power_slot", "is_peak_day", "slot", _is_peak_day),
    ("unit_costs", "level", "scope", _levels),
)
"""Table, column, the label it follows from, and what it is for each."""
_WITH_HOURS: Final = ("power_slot", "contract_slot", "matching_slot", "stress_slot")


@rule(unit="cells")
def labels_follow(case: Case) -> Excess:
    """Zone, design, duty, role, kind and heading beside a label are those of that label."""
    parts = []
    for name, column, key, facts in _FOLLOWS:
        table, own = case.plan(name), facts(case)
        # Few pairs in many rows: each is looked up once.
        pairs = table[[key, column]].drop_duplicates()
        wrong = [
            label not in own or own[label] != told
            for label, told in zip(pairs[key], pairs[column], strict=True)
        ]
        place = pd.DataFrame({"table": name, "column": column, "of": pairs[key].astype("str")})
        parts.append(Excess.where(place, np.array(wrong, dtype=np.bool_)))
    return parts[0].and_also(*parts[1:])


@rule(unit="h")
def hours_told(case: Case) -> Excess:
    """Every table by slot tells for how many hours of the year the slot stands."""
    hours = by(case.power.slot, "slot", "hours")
    parts = []
    for name in _WITH_HOURS:
        pairs = case.plan(name)[["slot", "hours"]].drop_duplicates().reset_index(drop=True)
        own = at(hours, pairs, ("slot",), np.nan)
        place = pairs[["slot"]].assign(table=name)
        parts.append(Excess.differs(place, pairs["hours"].to_numpy(dtype=np.float64), own))
    return parts[0].and_also(*parts[1:])


RULES = (labels_follow, hours_told)
