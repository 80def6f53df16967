"""The tables hold a plan at all: rows, labels that fit each other, amounts, the status."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.check.chain import site_power
from planner.check.declared import merged
from planner.check.families import FAMILIES
from planner.check.four_moneys import money_item_rows, money_year_rows
from planner.check.frames import column_by, isin, lookup, repeated
from planner.check.lifetime import lifetime_rows, model_rows
from planner.check.money import HEADINGS
from planner.check.supply_output import role
from planner.check.table import table_of
from planner.check.unit_costs import unit_cost_rows
from planner.check.verdict import Excess, rule
from planner.results.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.check.case import Case
    from planner.check.declared import RowLabels, Table


_MOST_GAP_FRAC: Final = 1e-4  # that is ever called optimal
_LEAST_GAP_FRAC: Final = 1e-7  # below which two costs cannot be told apart

IMPLIED: Final[Mapping[str, Table]] = {
    **merged(FAMILIES, "IMPLIED"),
    "unit_costs": unit_cost_rows,
    "lifetime": lifetime_rows,
    "models_trained": model_rows,
    "money_years": money_year_rows,
    "money_items": money_item_rows,
}
"""For each table the rows that must be there, by the columns that name a row.

Tables that are not here lose no row unseen either: rules of their own sum them, recompute
`no_route` from round trips, and `prices` from the stored duals.
"""


@rule(unit="rows")
def rows_there(case: Case) -> Excess:
    """Tables have every row that follows from the plan's other tables and the scenario, once."""
    parts = []
    for name, implied in IMPLIED.items():
        rows, reported = implied(case), case.plan(name)
        key = list(rows.columns)
        missing = ~isin(rows, reported, key)
        twice = repeated(reported, key)
        for frame, is_wrong in ((rows, missing), (reported[key], twice)):
            rows_reported = np.full(len(frame), "", dtype=object)  # none where the row is right
            if is_wrong.any():
                wrong = frame[is_wrong].astype("str").itertuples(index=False, name=None)
                rows_reported[is_wrong] = [", ".join(of) for of in wrong]
            place = table_of({"table": name, "row": rows_reported}, index=pd.RangeIndex(len(frame)))
            parts.append(Excess.count_broken(place, is_wrong))
    return parts[0].and_also(*parts[1:])


def _of_sites(column: str) -> RowLabels:
    def facts(case: Case) -> Mapping[str, object]:
        return dict(zip(case.scope["site"], case.scope[column], strict=True))

    return facts


def _of_halls(place: int) -> RowLabels:
    """Read part of the name of a design, which is cooling|redundancy."""
    return lambda case: {hall: hall.split("|")[place] for hall in case.inputs.sets.hall.labels}


def _duties(case: Case) -> Mapping[str, object]:
    return case.duty


def _roles(case: Case) -> Mapping[str, object]:
    return {source: role(case, source) for source in case.inputs.supply.source.labels}


def _of_offers(column: str) -> RowLabels:
    def facts(case: Case) -> Mapping[str, object]:
        return {name: getattr(of, column) for name, of in case.scenario.contracts.agreements.items()}

    return facts


def _is_peak_day(case: Case) -> Mapping[str, object]:
    return dict(zip(site_power(case).slot["slot"], site_power(case).slot["is_peak"], strict=True))


def _levels(case: Case) -> Mapping[str, object]:
    duties = dict.fromkeys(case.duty.values(), "duty")
    return {**dict.fromkeys(case.duty, "workload"), **duties, "total": "total"}


_OF_LABELS: Final[Mapping[tuple[str, str], RowLabels]] = {
    ("zone", "site"): _of_sites("zone"),
    ("name", "site"): _of_sites("name"),
    ("cooling", "hall"): _of_halls(0),
    ("redundancy", "hall"): _of_halls(1),
    ("duty", "workload"): _duties,
    ("role", "source"): _roles,
    ("kind", "contract"): _of_offers("kind"),
    ("technology", "contract"): _of_offers("technology"),
    ("group", "item"): lambda _: {item: of[0] for item, of in HEADINGS.items()},
    ("upfront", "item"): lambda _: {item: of[1] for item, of in HEADINGS.items()},
    ("is_peak_day", "slot"): _is_peak_day,
    ("level", "scope"): _levels,
}
"""What a column is for each label of another, in every table that has both."""
FOLLOWS: Final[tuple[tuple[str, str, str], ...]] = tuple(
    (name, column, key)
    for name, table in TABLES.items()
    for column, key in _OF_LABELS
    if {column, key} <= {field.name for field in table.fields} and name != "prices"
)
"""Table, column and the label that it follows from; rows of `prices` name what they are about."""
WITH_HOURS: Final[tuple[str, ...]] = tuple(
    name for name, table in TABLES.items() if {"slot", "hours"} <= {field.name for field in table.fields}
)


@rule(unit="cells")
def labels_follow(case: Case) -> Excess:
    """Zone, design, use, role, kind and heading of a row are those of its label."""
    parts = []
    for name, column, key in FOLLOWS:
        table, expected = case.plan(name), _OF_LABELS[column, key](case)
        # Few pairs in many rows: each is looked up once.
        pairs = table[[key, column]].drop_duplicates()
        wrong = [
            label not in expected or expected[label] != reported
            for label, reported in zip(pairs[key], pairs[column], strict=True)
        ]
        place = table_of({"table": name, "column": column, "of": pairs[key].astype("str")})
        parts.append(Excess.count_broken(place, np.array(wrong, dtype=np.bool_)))
    return parts[0].and_also(*parts[1:])


@rule(unit="h")
def hours_reported(case: Case) -> Excess:
    """Every table by time slice states the hours of the year that a slice represents."""
    hours = column_by(site_power(case).slot, "slot", "hours")
    parts = []
    for name in WITH_HOURS:
        pairs = case.plan(name)[["slot", "hours"]].drop_duplicates().reset_index(drop=True)
        expected = lookup(hours, pairs, ("slot",), np.nan)
        place = pairs[["slot"]].assign(table=name)
        parts.append(Excess.differs(place, pairs["hours"].to_numpy(dtype=np.float64), expected))
    return parts[0].and_also(*parts[1:])


_AMOUNTS: Final = {
    *merged(FAMILIES, "DECISIONS").values(),
    ("takeovers", "taken_kh100e"),
    ("source_slot", "output_mw"),
    ("billed_peaks", "peak_mw"),
}
"""Table and column of every decision, and of what follows from decisions and is not negative."""


@rule(unit="amount")
def amounts_not_negative(case: Case) -> Excess:
    """No decision is negative, and none is missing."""
    parts = [
        Excess.above(
            table_of({"table": name, "row": case.plan(name).index.to_numpy()}), -case.plan(name)[column].to_numpy(), 0.0
        )
        for name, column in sorted(_AMOUNTS)
    ]
    return parts[0].and_also(*parts[1:])


@rule(unit="plans")
def status_reported(case: Case) -> Excess:
    """The status is reported in one row, as the solver said it, optimal only where it proved it.

    Proven is a gap of no more than `solver.gap_frac`, and of 1e-4 at most.
    """
    rows = case.plan("solution")
    if len(rows) != 1:
        return Excess.count_broken(table_of({"rows": [len(rows)]}), np.array([True]))
    solution = rows.iloc[0]
    gap, reported = float(solution["gap_frac"]), str(solution["status"])
    asked = case.scenario.solver.gap_frac
    most = _MOST_GAP_FRAC if asked is None else min(max(asked, _LEAST_GAP_FRAC), _MOST_GAP_FRAC)
    unproven = reported == "optimal" and not gap <= most
    place = table_of({"status": [reported]})
    return Excess.count_broken(place, np.array([reported != case.status or unproven]))


RULES = (amounts_not_negative, status_reported, rows_there, labels_follow, hours_reported)
COLUMNS: Final[Mapping[str, Mapping[str, str]]] = {"solution": {"status_reported": "status gap_frac"}}
