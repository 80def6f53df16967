"""Studies of a scenario in folders of their own: what is read of a sweep, and of a frontier."""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import pandas as pd
from pyarrow import ArrowException
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from planner.base.errors import InputError
from planner.base.words import some
from planner.outputs.own_folder import FRONTIER, FRONTIER_FILE, STOCHASTIC, STOCHASTIC_FILE, SWEEP, SWEEP_FILE
from planner.outputs.study_files import COLUMNS, STUDIES
from planner.results.ended import PLANNED

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

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
KINDS_READ: Final = frozenset({SWEEP.name, FRONTIER.name, STOCHASTIC.name})  # kinds of studies that `read_study` reads
_Kind = TypeVar("_Kind", bound=BaseModel)


_Text = Annotated[str, BeforeValidator(lambda said: "" if said is None else said)]  # null in a file of none
_Names = Annotated[tuple[str, ...], BeforeValidator(lambda said: list(said) if isinstance(said, dict) else said)]


class _Stored(BaseModel):
    """What is stored of a study: what its file says, where it is, and its tables."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    folder: Path = Path()  # where it is
    tables: dict[str, pd.DataFrame] = {}


class StoredSweep(_Stored):
    """What is stored of a sweep."""

    # Its tables are ``futures``, ``results`` and ``no_regret`` as they are stored; ``fans`` and ``effects`` as
    # `fans_of` and `effects_of` make them.
    name: str = Field(alias="sweep")  # of the file that was swept, and its base scenario
    title: _Text
    question: _Text = ""
    base: _Text
    axes: _Names  # names of its axes
    changes: dict[str, dict[str, Any]] = {}  # what each future of a list sets


class StoredFrontier(_Stored):
    """What is stored of a frontier; its table has a row per point, as `planner.outputs.study_files.COLUMNS` says."""

    scenario: str  # as of `planner.outputs.study_files.Frontier`
    label: str
    unit: str
    price_unit: str
    notes: tuple[str, ...]  # what a reader must know

    @property
    def table(self) -> pd.DataFrame:
        """Its points."""
        return self.tables["frontier"]


class StoredStochastic(_Stored):
    """What is stored of a stochastic program."""

    # Its tables are ``decided`` with orders numbered from 1, ``plans``, ``costs``, ``worth``, ``futures`` and
    # ``no_regret`` as they are stored, and ``fans`` as `fans_of` makes it.
    name: str  # of the file of its futures, and its base scenario; the question is empty where it has none
    title: str = Field(alias="label")
    question: _Text = ""
    scenario: str
    known_from: int  # year from which on it is known which future comes
    cvar_weight: float  # of CVaR in the objective; the rest is of the expected cost
    cvar_tail: float | None  # likelihood of the worst futures whose mean CVaR is; None if none was asked for
    is_relaxed: bool  # whether its futures have integers, which costs, regrets and worths leave out


Stored = StoredSweep | StoredFrontier | StoredStochastic


def read_study(folder: Path) -> Stored:
    """Read the folder of a study."""
    if (folder / STOCHASTIC_FILE).is_file():
        return _read_stochastic(folder)
    is_sweep = (folder / SWEEP_FILE).is_file()
    return stored_sweep(folder) if is_sweep else _read_frontier(folder)


def _read_stochastic(folder: Path) -> StoredStochastic:
    said = _read_file(folder / STOCHASTIC_FILE, StoredStochastic)
    of_plans = set() if said.cvar_tail is None else {"cvar_musd", "objective_musd"}
    tables = {
        name: _table(folder, name, {*columns, *(of_plans if name == "plans" else ())})
        for name, columns in STUDIES["stochastic"].items()
    }
    decided = tables["decided"]
    made = {"decided": decided.assign(order=range(1, len(decided) + 1)), "fans": fans_of(tables["results"])}
    return said.model_copy(update={"folder": folder, "tables": tables | made})


def stored_sweep(folder: Path) -> StoredSweep:
    """Read the folder of a sweep."""
    said = _read_file(folder / SWEEP_FILE, StoredSweep)
    tables = {name: _table(folder, name, set(columns)) for name, columns in STUDIES["sweep"].items()}
    futures = tables["futures"]
    axes = tuple(axis for axis in said.axes if axis in futures.columns)
    # A future of the list is at no value of an axis: axes of text are written with "" there.
    is_listed = futures["future"].isin(said.changes)
    for axis in axes:
        futures[axis] = futures[axis].mask(is_listed)
    planned = futures[futures["status"].isin(sorted(PLANNED))]
    results = tables["results"]
    results = results[results["future"].isin(planned["future"])]
    points = futures[list(axes)].dropna().drop_duplicates()
    # At every combination of values there is a future, as of one axis there is.
    is_grid = len(points) == prod(points[axis].nunique() for axis in axes)
    effects = effects_of(planned, axes, is_grid=is_grid)
    made = {"fans": fans_of(results), "effects": effects}
    return said.model_copy(update={"folder": folder, "tables": tables | made, "axes": axes})


def _read_frontier(folder: Path) -> StoredFrontier:
    said = _read_file(folder / FRONTIER_FILE, StoredFrontier)
    return said.model_copy(update={"folder": folder, "tables": {"frontier": _table(folder, "frontier", set(COLUMNS))}})


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


def effects_of(planned: pd.DataFrame, axes: tuple[str, ...], *, is_grid: bool = False) -> pd.DataFrame:
    """Find what plans cost by the values of each axis, whatever the others are. Gives [MUSD].

    `is_grid`: Whether there is a future at every combination of values. If not, values have two futures each at least,
    numbers by thirds or halves, as other axes explain a single future as well; an axis may then have no rows.

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
        labels = _labels(values, 1 if is_grid else 2)
        if labels is None:
            continue
        cost = planned.loc[values.index, "objective_musd"].groupby(labels, sort=False)
        order = values.groupby(labels, sort=False).min()
        order = order if pd.api.types.is_numeric_dtype(order) else order.astype(str)
        found = cost.agg(futures="count", mean_musd="mean", least_musd="min", most_musd="max")
        of_mean = planned.loc[values.index, ["bound_musd", "penalty_musd"]].groupby(labels)
        found[["mean_bound_musd", "mean_penalty_musd"]] = of_mean.mean()
        found = found.loc[order.sort_values().index].rename_axis("value")
        parts.append(found.reset_index().assign(axis=axis))
    columns = ["axis", "value", "futures", "mean_musd", "least_musd", "most_musd"]
    columns += ["mean_bound_musd", "mean_penalty_musd"]
    return pd.concat(parts)[columns].reset_index(drop=True) if parts else pd.DataFrame(columns=columns)


def _labels(values: pd.Series, least: int) -> pd.Series | None:
    """Name the value, or the part of the values, that each is of; None if one has too few."""
    is_number = pd.api.types.is_numeric_dtype(values)
    ways = [] if is_number and values.nunique() > 6 else [values.map(_label)]
    ways += [_in_parts(values, number) for number in (3, 2)] if is_number else []
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


def _read_file(path: Path, kind: type[_Kind]) -> _Kind:
    try:
        return kind.model_validate_json(path.read_bytes())
    except OSError as error:
        raise unreadable(path, f"it cannot be read: {error}") from error
    except ValidationError as error:
        wrong = (f"{'.'.join(map(str, one['loc']))} {one['msg']}".strip() for one in error.errors())
        raise unreadable(path, some(list(wrong), 3, between="; ")) from error


def _table(folder: Path, name: str, columns: set[str]) -> pd.DataFrame:
    frame = read_table(folder, name, columns)
    if frame is None:
        fix = f"solve the sweep to its end: {folder} goes on where it ended"
        raise InputError.at(str(folder / f"{name}.parquet"), "it is missing", "a table of the sweep", fix)
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
    return InputError.at(path, found, "a file as this version of dcplan writes it", "solve it again")
