"""Answers of futures, and what a decision costs in each."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
import pandas as pd
from pydantic import TypeAdapter

from planner.base.units import MONTHS_PER_YEAR
from planner.model.money import PENALTIES
from planner.outputs.files import whole_file
from planner.outputs.own_folder import FUTURES_FOLDER
from planner.results.cost_difference import intervals_ranked

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from planner.base.arrays import Floats
    from planner.studies.sweep.futures import FutureTask

# --- What a sweep keeps of each future: one small file, written whole; all of them as tables ------

Order: TypeAlias = tuple[str, str, str, int, float, float | None, bool]
"""Kind, site, item, year in which it serves, MW, lead time [months], and whether it is committed:
halls that were ordered before decisions start. The lead time is None of these, which wait for
nothing more, of racks, which wait for nothing, and where it is not known.
"""
OF_ORDER: Final = ("kind", "site", "item", "year", "mw", "lead_months", "is_committed")
"""Columns of an order in table `orders`."""
STARTS_FOLDER: Final = "starts"
"""Folder of what futures hand on to those that begin where they ended: a basis each."""
OWN_COLUMNS: Final = frozenset(
    {
        *("future", "status", "checked", "rules", "broken", "run", "message"),
        *("objective_musd", "bound_musd", "gap_frac", "penalty_musd", "rank_low", "rank_high"),
    }
)
"""Columns that table `futures` has next to those of the axes."""
TABLES: Final = ("futures", "results", "orders", "no_regret", "timings")
"""Tables of a sweep's folder."""


@dataclass(frozen=True)
class FutureResult:
    """Result of one future: its status, the figures of its plan, and what that plan orders."""

    name: str  # of the future
    # that of the solver, or ``wrong_input``, ``stopped`` (a limit was reached before any plan), ``error`` (a bug, or
    # the solver failed) or ``killed`` (its process was ended twice)
    status: str
    message: str = ""  # why there is no plan, that it is at a limit, or that the check failed; else empty
    broken: tuple[str, ...] = ()  # rules that the plan breaks
    rules: int = 0  # how many were tried
    objective_musd: float | None = None  # cost of the plan, what no plan can cost less than, and how far they are apart
    bound_musd: float | None = None
    gap_frac: float | None = None
    run: str = ""  # name of its run folder in ``runs``; empty where none is stored
    figures: tuple[tuple[str, int | None, str, float | None], ...] = ()  # key figures of the plan
    orders: tuple[Order, ...] = ()  # what the plan orders
    method: str = ""  # how it was solved
    seconds: float = 0.0  # wall and processor time. [s]
    cpu_s: float = 0.0
    trace: str = ""  # where in the code a bug ended it


_STORED: Final = TypeAdapter(FutureResult)


def store(answer: FutureResult, question: FutureTask, folder: Path) -> None:
    """Write the file of a future, there whole or not at all."""
    text = json.dumps(asdict(answer), ensure_ascii=False, indent=1, allow_nan=False)
    with whole_file(_path(question, folder)) as partial:
        partial.write_bytes(text.encode("utf-8", errors="backslashreplace"))


def answer_in(folder: Path, question: FutureTask) -> FutureResult | None:
    """Return what is stored of a future; None where it is to be solved, as one that is damaged, killed or an error."""
    try:
        answer = _STORED.validate_json(_path(question, folder).read_bytes())
    except (OSError, ValueError):
        return None
    is_of_it = answer.name == question.name and answer.status not in {"killed", "error"}
    return answer if is_of_it else None


def _path(question: FutureTask, folder: Path) -> Path:
    return folder / FUTURES_FOLDER / f"{question.file_name}.json"


def store_start(start: bytes, question: FutureTask, folder: Path) -> None:
    """Keep where a future ended, for those that begin there; before its answer is stored."""
    with whole_file(_start_path(question, folder)) as partial:
        partial.write_bytes(start)


def start_in(folder: Path, question: FutureTask) -> bytes | None:
    """Return where a stored future ended; None where that is not kept."""
    path = _start_path(question, folder)
    return path.read_bytes() if path.is_file() else None


def _start_path(question: FutureTask, folder: Path) -> Path:
    return folder / STARTS_FOLDER / f"{question.file_name}.npz"


def futures(questions: Iterable[FutureTask], answers: Mapping[str, FutureResult]) -> pd.DataFrame:
    """Make the table with a row per future: the values of its axes, and how it ended."""
    questions = list(questions)
    of = [answers.get(question.name, FutureResult("", "not_solved")) for question in questions]
    axes = dict.fromkeys(axis for question in questions for axis in question.future.labels)
    own = {axis: _column([question.future.labels.get(axis) for question in questions]) for axis in axes}
    numbers = {
        name: _numbers(getattr(one, name) for one in of) for name in ("objective_musd", "bound_musd", "gap_frac")
    }
    return pd.DataFrame(
        {
            "future": [question.name for question in questions],
            **own,
            "status": [one.status for one in of],
            "checked": [bool(one.rules) and not one.broken for one in of],
            "rules": [one.rules for one in of],
            "broken": [", ".join(one.broken) for one in of],
            **numbers,
            "penalty_musd": _numbers(map(_penalty_musd, of)),
            **_ranks(numbers["objective_musd"], numbers["bound_musd"]),
            **{name: [getattr(one, name) for one in of] for name in ("run", "message")},
        }
    )


def _penalty_musd(answer: FutureResult) -> float | None:
    if answer.objective_musd is None:
        return None
    of = {f"npv_of_{item}_musd" for item in PENALTIES}
    return sum(value or 0.0 for figure, _, _, value in answer.figures if figure in of)


def _ranks(cost_musd: Floats, bound_musd: Floats) -> dict[str, Any]:
    """Return between which ranks the best plans are by cost, missing where there is no plan."""
    bound = np.fmin(np.nan_to_num(bound_musd, nan=-np.inf), cost_musd)
    has_plan = ~np.isnan(cost_musd)
    first_last = zip(("rank_low", "rank_high"), intervals_ranked(-cost_musd[has_plan], -bound[has_plan]), strict=True)
    at, every = np.flatnonzero(has_plan), range(len(cost_musd))
    return {name: pd.Series(of, at, dtype="Int64").reindex(every).array for name, of in first_last}


_TEXTS: Final = ("future", "figure", "unit", "kind", "site", "item")
_TYPES: Final = {"value": "float64", "mw": "float64", "lead_months": "float64", "is_committed": "bool"}


def _rows(
    questions: Iterable[FutureTask], answers: Mapping[str, FutureResult], of: str, columns: Sequence[str], year: str
) -> pd.DataFrame:
    """Make the table of what answers have in rows, the name of the future before each."""
    known = [answers[question.name] for question in questions if question.name in answers]
    table = pd.DataFrame([(one.name, *row) for one in known for row in getattr(one, of)], columns=["future", *columns])
    types = {"year": year, **_TYPES, **dict.fromkeys(_TEXTS, "str")}
    return table.astype({name: kind for name, kind in types.items() if name in table})


def figures(questions: Iterable[FutureTask], answers: Mapping[str, FutureResult]) -> pd.DataFrame:
    """Make the tidy table with a row per future, key figure and year."""
    return _rows(questions, answers, "figures", ["figure", "year", "unit", "value"], "Int64")


def orders(questions: Iterable[FutureTask], answers: Mapping[str, FutureResult]) -> pd.DataFrame:
    """Make the table of what each future orders."""
    return _rows(questions, answers, "orders", OF_ORDER, "int64")


def timings(questions: Iterable[FutureTask], answers: Mapping[str, FutureResult]) -> pd.DataFrame:
    """Make the table of how each future was solved, and how long that took."""
    known = [answers[question.name] for question in questions if question.name in answers]
    rows = [(one.name, one.method, one.seconds, one.cpu_s) for one in known]
    return pd.DataFrame(rows, columns=["future", "method", "seconds", "cpu_s"])


def _numbers(values: Iterable[float | None]) -> Floats:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def _column(labels: list[Any]) -> Any:
    """Return labels as numbers or truth values where they all are, else as text."""
    given = [label for label in labels if label is not None]
    if all(isinstance(label, bool) for label in given):
        return pd.array(labels, dtype="boolean")
    if all(isinstance(label, int | float) and not isinstance(label, bool) for label in given):
        return _numbers(labels)
    return ["" if label is None else str(label) for label in labels]


# --- What every future orders: of each thing the least of all futures, year by year ---------------

_BY_SITE: Final = ("halls", "connection")  # of whatever design
_BY_ITEM: Final = ("racks",)  # at whatever site
_NOTHING_MW: Final = 1e-3
_THING: Final = ["kind", "site", "item"]


def no_regret(orders: pd.DataFrame, begins: Mapping[str, float]) -> pd.DataFrame:
    """Find what is ordered by a year in every future. Takes `begins` [year].

    Halls and connections are counted by site, of whatever design, racks by type at whatever site, on-site power by site
    and technology. A year has what was ordered for it and before; what has left since is not subtracted.

    >>> from planner.studies.sweep.answers import OF_ORDER
    >>> orders = pd.DataFrame(
    ...     [
    ...         ("low", "halls", "oak", "air|N", 2028, 30.0, 18.0, False),
    ...         ("high", "halls", "oak", "air|N", 2027, 20.0, 18.0, False),
    ...         ("high", "halls", "oak", "dlc|N", 2028, 25.0, 24.0, False),
    ...     ],
    ...     columns=["future", *OF_ORDER],
    ... )
    >>> found = no_regret(orders, {"low": 2025.0, "high": 2025.0})
    >>> found[["year", "least_mw", "most_mw", "futures", "order_by"]]
       year  least_mw  most_mw  futures  order_by
    0  2027       0.0     20.0        1    2025.5
    1  2028      30.0     45.0        2    2026.0
    """
    columns = [*_THING, "year", "least_mw", "most_mw", "futures", "order_by", "is_committed"]
    known = orders[orders["future"].isin(list(begins))].copy()
    if known.empty:
        return pd.DataFrame(columns=columns)
    known.loc[known["kind"].isin(_BY_SITE), "item"] = ""
    known.loc[known["kind"].isin(_BY_ITEM), "site"] = ""
    wide = known.pivot_table(index=_THING, columns=["future", "year"], values="mw", aggfunc="sum", fill_value=0.0)
    years = sorted(known["year"].unique())
    full = pd.MultiIndex.from_product([list(begins), years], names=["future", "year"])
    ordered = wide.reindex(columns=full, fill_value=0.0).T.groupby(level="future", sort=False).cumsum()
    in_year, count = (of.groupby(level="year") for of in (ordered, ordered > _NOTHING_MW))
    found = {"least_mw": in_year.min(), "most_mw": in_year.max(), "futures": count.sum()}
    table = pd.DataFrame({name: of.T.stack() for name, of in found.items()})
    of_future = known.groupby([*_THING, "year", "future"])["is_committed"].min()
    in_all = of_future.groupby([*_THING, "year"]).sum() == len(begins)
    # False where nothing is ordered.
    is_committed = in_all.reindex(table.index, fill_value=False)
    table = table.assign(order_by=_decided_first(known, begins), is_committed=is_committed)
    return table[table["most_mw"] > _NOTHING_MW].reset_index()[columns]


def _decided_first(known: pd.DataFrame, begins: Mapping[str, float]) -> pd.Series:
    """Return when what is ordered by a year must be decided, in the first of all futures. [year]"""
    leads = known.pivot_table(index=[*_THING, "future"], columns="year", values="lead_months", aggfunc="max")
    # What is ordered by a year has what came before: its lead time counts too.
    longest = leads.cummax(axis=1).ffill(axis=1).reset_index()
    months = longest.melt([*_THING, "future"], var_name="year", value_name="months").dropna()
    in_time = months["year"].astype(float) - months["months"] / MONTHS_PER_YEAR
    # What is ordered on the first day may come in the course of its year.
    months["order_by"] = in_time.clip(lower=months["future"].map(begins).astype(float))
    is_new = known[known["lead_months"].notna()].groupby([*_THING, "year"]).size().index
    of_year = months.groupby([*_THING, "year"])["order_by"].min()
    return of_year[of_year.index.isin(is_new)]
