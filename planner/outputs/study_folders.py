"""Studies of a scenario in folders of their own: what is read of a sweep, and of a frontier."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
from pandas.api.types import infer_dtype
from pyarrow import ArrowException

from planner.base.errors import InputError, Problem
from planner.outputs.folder_kinds import FRONTIER, FRONTIER_FILE, STOCHASTIC, STOCHASTIC_FILE, SWEEP, SWEEP_FILE
from planner.outputs.study_files import COLUMNS
from planner.results.ended import PLANNED

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet
    from pathlib import Path

QUANTILES: Final = {
    "least": 0.0,
    "tenth": 0.1,
    "quarter": 0.25,
    "median": 0.5,
    "three_quarters": 0.75,
    "nine_tenths": 0.9,
    "most": 1.0,
}
"""Columns of the table that `fans_of` makes, with the share of the futures below them."""
_OF_TABLES: Final = {
    "futures": {
        *("future", "status", "checked", "broken", "objective_musd", "message"),
        *("bound_musd", "penalty_musd", "rank_low", "rank_high"),
    },
    "results": {"future", "figure", "year", "unit", "value"},
    "no_regret": {"kind", "site", "item", "year", "least_mw", "most_mw", "futures", "order_by"},
}
_OF_STOCHASTIC_TABLES: Final = {
    "decided": {*("kind", "site", "item", "order_by", "unit"), *("ordered", "least", "most", "minimax_regret")},
    "plans": {"plan", "expected_musd", "penalty_musd", "greatest_regret_musd"},
    "costs": {"plan", "future", "regret_musd"},
    "worth": {"measure", "value_musd", "penalty_musd"},
    "futures": {
        *("future", "weight", "alone_musd", "cost_musd", "regret_musd", "plan_musd"),
        *("alone_penalty_musd", "penalty_musd", "regret_penalty_musd", "plan_penalty_musd"),
        *("status", "broken", "run"),
    },
    "results": _OF_TABLES["results"],
    "no_regret": _OF_TABLES["no_regret"],
}
KINDS_READ: Final = frozenset({SWEEP.name, FRONTIER.name, STOCHASTIC.name})
"""Kinds of studies that `read_study` reads."""
_WHOLE: Final = {"point": "integer", "is_knee": "boolean"}  # none is missing
_NUMBERS: Final = frozenset({"integer", "floating", "mixed-integer-float", "empty"})
_MOST_LABELS: Final = 6  # of an axis; with more, values are put together
_PARTS: Final = (3, 2)  # into which values are put, the first that leaves enough in each
_LEAST_FUTURES: Final = 2  # with a plan, whose mean says what an axis does whatever the others are


@dataclass(frozen=True, eq=False)
class StoredSweep:
    """What is stored of a sweep."""

    folder: Path  # where it is
    name: str  # of the file that was swept, and its base scenario
    title: str
    question: str
    base: str
    axes: tuple[str, ...]  # names of its axes
    # ``futures``, ``results`` and ``no_regret`` as they are stored; ``fans`` and ``effects`` as `fans_of` and
    # `effects_of` make them
    tables: Mapping[str, pd.DataFrame]
    changes: Mapping[str, str] = field(default_factory=dict)  # what each future of a list sets, in a line


@dataclass(frozen=True, eq=False)
class StoredFrontier:
    """What is stored of a frontier."""

    folder: Path  # where it is
    scenario: str  # as of `planner.outputs.study_files.Frontier`
    label: str
    unit: str
    price_unit: str
    notes: tuple[str, ...]  # what a reader must know
    table: pd.DataFrame  # a row per point, as `planner.outputs.study_files.COLUMNS` says


@dataclass(frozen=True, eq=False)
class StoredStochastic:
    """What is stored of a stochastic program."""

    folder: Path  # where it is
    name: str  # of the file of its futures, and its base scenario; the question is empty where it has none
    title: str
    question: str
    scenario: str
    known_from: int  # year from which on it is known which future comes
    cvar_weight: float  # of CVaR in the objective; the rest is of the expected cost
    cvar_tail: float | None  # likelihood of the worst futures whose mean CVaR is; None if none was asked for
    is_relaxed: bool  # whether its futures have integers, which costs, regrets and worths leave out
    # ``decided`` with orders numbered from 1, ``plans``, ``costs``, ``worth``, ``futures`` and ``no_regret`` as they
    # are stored, and ``fans`` as `fans_of` makes it
    tables: Mapping[str, pd.DataFrame]


def read_study(folder: Path) -> StoredSweep | StoredFrontier | StoredStochastic:
    """Read the folder of a study."""
    if (folder / STOCHASTIC_FILE).is_file():
        return _read_stochastic(folder)
    is_sweep = (folder / SWEEP_FILE).is_file()
    return _read_sweep(folder) if is_sweep else _read_frontier(folder)


def _read_stochastic(folder: Path) -> StoredStochastic:
    path = folder / STOCHASTIC_FILE
    risk = ("cvar_weight", "cvar_tail")
    meta = _json(path, ("name", "label", "scenario", "known_from", *risk, "is_relaxed"))
    if not isinstance(meta["known_from"], int):
        raise unreadable(path, "its known_from is not an integer, such as 2028")
    weight, tail = (meta[key] for key in risk)
    if not (isinstance(weight, int | float) and isinstance(tail, int | float | None)):
        raise unreadable(path, "its cvar_weight and cvar_tail are not numbers, such as 0.3")
    of_plans = set() if tail is None else {"cvar_musd", "objective_musd"}
    tables = {
        name: _table(folder, name, columns | (of_plans if name == "plans" else set()))
        for name, columns in _OF_STOCHASTIC_TABLES.items()
    }
    decided = tables["decided"]
    made = {"decided": decided.assign(order=range(1, len(decided) + 1)), "fans": fans_of(tables["results"])}
    return StoredStochastic(
        folder,
        str(meta["name"]),
        str(meta["label"]),
        str(meta.get("question", "")),
        str(meta["scenario"]),
        meta["known_from"],
        float(weight),
        None if tail is None else float(tail),
        bool(meta["is_relaxed"]),
        tables | made,
    )


def _read_sweep(folder: Path) -> StoredSweep:
    meta = _json(folder / SWEEP_FILE, ("sweep", "title", "question", "base", "axes"))
    tables = {name: _table(folder, name, columns) for name, columns in _OF_TABLES.items()}
    futures = tables["futures"]
    if not isinstance(meta["axes"], dict | list):
        raise unreadable(folder / SWEEP_FILE, "its axes are not a list of names")
    axes = tuple(str(axis) for axis in meta["axes"] if str(axis) in futures.columns)
    try:
        changes = {
            str(name): ", ".join(f"{key}={value}" for key, value in settings.items())
            for name, settings in meta.get("changes", {}).items()
        }
    except AttributeError as error:
        raise unreadable(folder / SWEEP_FILE, "its changes are not a list of settings for each future") from error
    # A future of the list is at no value of an axis: axes of text are written with "" there.
    is_listed = futures["future"].isin(changes)
    for axis in axes:
        futures[axis] = futures[axis].mask(is_listed)
    planned = futures[futures["status"].isin(sorted(PLANNED))]
    results = tables["results"]
    results = results[results["future"].isin(planned["future"])]
    effects = effects_of(planned, axes, is_grid=_is_grid(futures, axes))
    made = {"fans": fans_of(results), "effects": effects}
    said = {key: str(meta[key] or "") for key in ("title", "question", "base")}
    return StoredSweep(folder, str(meta["sweep"]), **said, axes=axes, tables=tables | made, changes=changes)


def _read_frontier(folder: Path) -> StoredFrontier:
    path = folder / FRONTIER_FILE
    meta = _json(path, ("scenario", "label", "unit", "price_unit", "notes", "points"))
    try:
        table = pd.DataFrame(meta["points"])
        missing = sorted(set(COLUMNS) - set(table.columns))
        notes = tuple(str(note) for note in meta["notes"])
    except (TypeError, ValueError) as error:
        raise unreadable(path, "its points are not a table") from error
    if missing:
        raise unreadable(path, f"its points have no {', '.join(missing)}")
    wrong = [name for name in COLUMNS if not _is_of_points(name, table[name])]
    if wrong:
        raise unreadable(path, f"its points have another type of value in {', '.join(wrong)}")
    said = {key: str(meta[key]) for key in ("scenario", "label", "unit", "price_unit")}
    return StoredFrontier(folder, **said, notes=notes, table=table)


def _is_of_points(name: str, column: pd.Series) -> bool:
    """Return whether a column of the points has the type that it is written with."""
    if name in _WHOLE:
        return infer_dtype(column, skipna=False) == _WHOLE[name]
    return infer_dtype(column, skipna=True) in _NUMBERS


def fans_of(results: pd.DataFrame) -> pd.DataFrame:
    """Find how far each figure spreads over futures, year by year.

    >>> results = pd.DataFrame(
    ...     {"future": ["a", "b", "c"], "figure": "racks", "year": 2028, "unit": "MW"}
    ... ).assign(value=[10.0, 40.0, 20.0])
    >>> fans_of(results)[["year", "futures", "least", "quarter", "median", "most"]]
       year  futures  least  quarter  median  most
    0  2028        3   10.0     15.0    20.0  40.0
    """
    keys = ["figure", "unit", "year"]
    rows = results.dropna(subset=["year", "value"]).astype({"year": "int64"})
    grouped = rows.groupby(keys, sort=False)["value"]
    found = {name: grouped.quantile(share) for name, share in QUANTILES.items()}
    return pd.DataFrame({"futures": grouped.count(), **found}).reset_index()


def _is_grid(futures: pd.DataFrame, axes: tuple[str, ...]) -> bool:
    """Return whether there is a future at every combination of values, as of one axis there is."""
    points = futures[list(axes)].dropna().drop_duplicates()
    return len(points) == prod(points[axis].nunique() for axis in axes)


def effects_of(planned: pd.DataFrame, axes: tuple[str, ...], *, is_grid: bool = False) -> pd.DataFrame:
    """Find what plans cost by the values of each axis, whatever the others are. Gives [MUSD].

    `is_grid`: Whether the sweep has a future at every combination of values. If not, the values of an axis have
    two futures each at least, numbers by thirds or halves if need be; other axes would explain as well what a
    single future costs. An axis for which that cannot be has no rows.

    >>> planned = pd.DataFrame({"price": [40, 40, 60], "objective_musd": [500.0, 540.0, 590.0]})
    >>> planned = planned.assign(bound_musd=planned["objective_musd"], penalty_musd=0.0)
    >>> effects = effects_of(planned, ("price",), is_grid=True)
    >>> effects[["axis", "value", "futures", "mean_musd", "most_musd"]]
        axis value  futures  mean_musd  most_musd
    0  price    40        2      520.0      540.0
    1  price    60        1      590.0      590.0
    """
    parts = []
    for axis in axes:
        values = planned[axis].dropna()
        if values.nunique() < 2:
            continue
        labels = _labels(values, 1 if is_grid else _LEAST_FUTURES)
        if labels is None:
            continue
        cost = planned.loc[values.index, "objective_musd"].groupby(labels, sort=False)
        order = values.groupby(labels, sort=False).min()
        found = cost.agg(futures="count", mean_musd="mean", least_musd="min", most_musd="max")
        of_mean = planned.loc[values.index, ["bound_musd", "penalty_musd"]].groupby(labels)
        found[["mean_bound_musd", "mean_penalty_musd"]] = of_mean.mean()
        found = found.loc[order.sort_values(key=_sortable).index].rename_axis("value")
        parts.append(found.reset_index().assign(axis=axis))
    columns = ["axis", "value", "futures", "mean_musd", "least_musd", "most_musd"]
    columns += ["mean_bound_musd", "mean_penalty_musd"]
    return pd.concat(parts)[columns].reset_index(drop=True) if parts else pd.DataFrame(columns=columns)


def _labels(values: pd.Series, least: int) -> pd.Series | None:
    """Name the value, or the part of the values, that each is of; None if one has too few."""
    is_number = pd.api.types.is_numeric_dtype(values)
    ways = [] if is_number and values.nunique() > _MOST_LABELS else [values.map(_label)]
    ways += [_in_parts(values, number) for number in _PARTS] if is_number else []
    for labels in ways:
        futures = labels.value_counts()
        if len(futures) > 1 and futures.min() >= least:
            return labels
    return None


def _in_parts(values: pd.Series, number: int) -> pd.Series:
    """Name the part of the values that each is in, by its ends."""
    part = pd.qcut(values.astype("float64"), number, labels=False, duplicates="drop")
    ends = values.groupby(part).agg(["min", "max"])
    names = {at: f"{_label(low)} to {_label(high)}" for at, low, high in ends.itertuples()}
    return part.map(names)


def _label(value: object) -> str:
    return f"{value:,.6g}" if isinstance(value, float) else str(value)


def _sortable(values: pd.Series) -> pd.Series:
    return values if pd.api.types.is_numeric_dtype(values) else values.astype(str)


def _json(path: Path, keys: tuple[str, ...]) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise unreadable(path, f"it cannot be read: {error}") from error
    missing = [key for key in keys if not isinstance(found, dict) or key not in found]
    if missing:
        raise unreadable(path, f"it does not say {', '.join(missing)}")
    return dict(found)


def _table(folder: Path, name: str, columns: set[str]) -> pd.DataFrame:
    frame = read_table(folder, name, columns)
    if frame is None:
        path = folder / f"{name}.parquet"
        found, fix = "it is missing", f"solve the sweep to its end: {folder} goes on where it ended"
        raise InputError([Problem.of(str(path), found, "a table of the sweep", fix)])
    return frame


def read_table(folder: Path, name: str, columns: AbstractSet[str]) -> pd.DataFrame | None:
    """Read a table of the folder of a study; None where there is none."""
    path = folder / f"{name}.parquet"
    if not path.is_file():
        return None
    try:
        frame = pd.read_parquet(path)
    except (OSError, ValueError, ArrowException) as error:
        raise unreadable(path, f"it cannot be read: {error}") from error
    missing = sorted(columns - set(frame.columns))
    if missing:
        raise unreadable(path, f"it has no column {', '.join(missing)}")
    return frame


def unreadable(path: Path, found: str) -> InputError:
    """Return the error for a file of a study that cannot be read as it was written."""
    must_be = "a file as this version of dcplan writes it"
    return InputError([Problem.of(str(path), found, must_be, "solve it again")])
