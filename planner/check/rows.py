"""The tables hold a plan at all: rows, labels that fit each other, amounts, the status."""

from __future__ import annotations

from itertools import product
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from planner.check import money
from planner.check.days import year_rows, year_slots
from planner.check.decision_lists import buildable
from planner.check.declared import Given, merged
from planner.check.demand import classes_in_scope
from planner.check.families import FAMILIES
from planner.check.four_moneys import CONTRACTS
from planner.check.frames import column_by, isin, keyed, once, table_of
from planner.check.money import HEADINGS
from planner.check.priced import BOUGHT, MOVES
from planner.check.supply_output import role
from planner.check.verdict import OF_FIGURES, Excess, places_over, rule
from planner.results.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

    from planner.check.case import Case
    from planner.check.declared import Table


_MOST_GAP_FRAC: Final = 1e-4  # that is ever called optimal
_LEAST_GAP_FRAC: Final = 1e-7  # below which two costs cannot be told apart


def _built(case: Case, stage: str, *axes: str) -> pd.DataFrame:
    """List where new halls may be ordered, or are under construction."""
    halls = table_of([*buildable(case)], columns=["site", "hall", "year", "stage"])
    return halls[halls["stage"] == stage][list(axes)].drop_duplicates()


IMPLIED: Final[Mapping[str, Table]] = {
    **merged(FAMILIES, "IMPLIED"),
    "halls.committed": lambda case: _built(case, "committed", "site", "year"),
    "leads": lambda case: _built(case, "ordered", "site", "hall"),
    "unit_costs": lambda case: year_rows(case, "scope", [*classes_in_scope(case), "training", "inference", "total"]),
    "lifetime": year_rows,
    "models_trained": lambda case: year_rows(case, "model", list(case.data("trained_models")["model"])),
    "money_years": lambda case: table_of({"calendar_year": list(case.calendar)}),
    "money_items": lambda _: table_of({"item": [*(of.item for of in BOUGHT.values()), MOVES, *CONTRACTS]}),
}
"""For each table, and list of the inputs, the rows that must be there, by the columns that name a row.

Tables that are not here lose no row unseen either: rules of their own sum them, recompute
`no_route` from round trips, and `prices` from the stored duals. Nor do other lists: columns of the
program, cells of tables or rules over their figures need each of their places.
"""


@rule(unit="rows")
def rows_there(case: Case) -> Iterator[Excess]:
    """Tables, and lists over which the program has rows, have every place that follows from scenario and data."""
    for name, implied in IMPLIED.items():
        rows = implied(case)
        missing = ~isin(rows, places_over(case, name) if "." in name else case.plan(name), list(rows.columns))
        labels = np.full(len(rows), "", dtype=object)  # none where the row is there
        labels[missing] = [", ".join(map(str, of)) for of in rows[missing].itertuples(index=False, name=None)]
        yield Excess.count_broken({"table": name, "row": labels}, missing)


_GIVEN: Final[Mapping[str, Given]] = {**merged(FAMILIES, "GIVEN"), **money.GIVEN}


@rule(unit="of its unit", floor=OF_FIGURES, rereads=" ".join(_GIVEN))
def figures_as_given(case: Case) -> Iterator[Excess]:
    """Figures that are one setting, or one cell of a table, are what the scenario or the table says."""
    for figure, (over, given) in _GIVEN.items():
        places = places_over(case, over)
        has, due = (np.asarray(of, np.float64).ravel() for of in (attrgetter(figure)(case.inputs), given(case, places)))
        yield Excess.differs(places, has, np.broadcast_to(due, len(places)), figure)


_AS_GIVEN: Final = {
    "sites": "scope",
    "reference": "inputs.reference",
    "no_route": "inputs.demand.no_route",
    "leads": "inputs.halls.lead",
}
"""Tables of the plan that, or columns of which, are known before it."""


@rule(unit="cells")
def tables_as_given(case: Case) -> Iterator[Excess]:
    """Tables of what is known before a plan, and names and places of sites, are those that it was made from."""
    for name, of in _AS_GIVEN.items():
        table, given, key = case.plan(name), attrgetter(of)(case), list(TABLES[name].primary_key)
        if len(table) != len(given):
            yield Excess.count_broken({"table": [name]}, [True])
            continue
        for field in (field for field in TABLES[name].fields if field.name in given):
            has, due = table[field.name], given[field.name].reset_index(drop=True)
            if field.dtype == "float64":
                yield Excess.reported(keyed(table, key), has, due, field.name)
            else:
                is_other = has.fillna("").astype(str) != due.fillna("").astype(str)
                yield Excess.count_broken(table[key].assign(what=field.name), is_other)


@once
def _of_labels(case: Case) -> dict[tuple[str, str], Mapping[Any, object]]:
    """Say what a column is for each label of another, in every table that has both."""
    offers, slots, duties = case.scenario.contracts.agreements, year_slots(case), case.duty
    cooling, redundancy = ({hall: hall.split("|")[at] for hall in case.inputs.sets.hall.labels} for at in (0, 1))
    return {
        **{(name, "site"): column_by(case.scope, "site", name).to_dict() for name in ("zone", "name")},
        ("cooling", "hall"): cooling,
        ("redundancy", "hall"): redundancy,
        ("duty", "workload"): duties,
        ("role", "source"): {source: role(case, source) for source in case.inputs.supply.source.labels},
        **{(of, "contract"): {name: getattr(one, of) for name, one in offers.items()} for of in ("kind", "technology")},
        ("group", "item"): {item: heading for item, (heading, _) in HEADINGS.items()},
        ("upfront", "item"): {item: up_front for item, (_, up_front) in HEADINGS.items()},
        ("is_peak_day", "slot"): column_by(slots, "slot", "is_peak").to_dict(),
        ("level", "scope"): {
            **dict.fromkeys(duties, "workload"),
            **dict.fromkeys(duties.values(), "duty"),
            "total": "total",
        },
    }


@rule(unit="cells")
def labels_follow(case: Case) -> Iterator[Excess]:
    """Zone, design, use, role, kind and heading of a row are those of its label."""
    for name, (column, key) in product(TABLES, _of_labels(case)):
        # Rows of `prices` name what they are about.
        if name == "prices" or not {column, key} <= {field.name for field in TABLES[name].fields}:
            continue
        table, expected = case.plan(name), _of_labels(case)[column, key]
        # Few pairs in many rows: each is looked up once.
        pairs = dict.fromkeys(zip(table[key].tolist(), table[column].tolist(), strict=True))
        wrong = [label not in expected or expected[label] != reported for label, reported in pairs]
        place = table_of({"table": name, "column": column, "of": [str(label) for label, _ in pairs]})
        yield Excess.count_broken(place, np.array(wrong, dtype=np.bool_))


@rule(unit="MUSD")
def solution_table(case: Case) -> Iterator[Excess]:
    """Table `solution` states the solver's result, optimal only where it proved that, the program and its money.

    Proven is a gap of no more than `solver.gap_frac`, and of 1e-4 at most.
    """
    table, proof, asked = case.plan("solution"), case.proof, case.scenario.solver.gap_frac
    if len(table) != 1:
        yield Excess.count_broken({"rows": [len(table)]}, [True])
        return
    row, integers = table.iloc[0], int(proof.is_integer.sum())
    numbers = {
        "objective_musd": case.objective_musd,
        "discount_rate_frac": case.inputs.finance.rate_frac,
        "base_year": case.years[0],
        "first_year": case.calendar[0],
        "last_year": case.calendar[-1],
        "dual_bound_musd": case.bound_musd,
        "gap_frac": case.gap_frac,
        "whole_numbers": integers,
        "has_duals": proof.has_duals,
    }
    texts = {
        "status": case.status,
        "scenario": case.scenario.name,
        "end_of_horizon": case.scenario.finance.end_of_horizon,
        "duals_of": ("fixed_program" if integers else "program") if proof.has_duals else "",
    }
    left, right = (
        np.array([number if np.isfinite(number) else np.inf for number in side])  # unknown
        for side in ([float(row[name]) for name in numbers], map(float, numbers.values()))
    )
    most = _MOST_GAP_FRAC if asked is None else min(max(asked, _LEAST_GAP_FRAC), _MOST_GAP_FRAC)
    unproven = row["status"] == "optimal" and not row["gap_frac"] <= most
    wrong = [(unproven and name == "status") or str(row[name]) != text for name, text in texts.items()]
    yield Excess.differs({"column": list(numbers)}, left, right)
    yield Excess.count_broken({"column": list(texts)}, wrong)
