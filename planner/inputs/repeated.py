"""Inputs of the same scenario from other tables, made again only as far as they depend on them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar

import numpy as np
import pandas as pd

from planner.base.recording import recording_reads
from planner.inputs.build import inputs_of
from planner.inputs.case import ScopedCase
from planner.inputs.findings import Findings
from planner.inputs.offers import designs_on_offer, racks_on_offer
from planner.inputs.own_prices import note_own_prices
from planner.inputs.proportions import demand_out_of_proportion, sites_out_of_proportion
from planner.inputs.scope import make_case
from planner.lp import Axis, Index

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from planner.inputs.inputs import Inputs
    from planner.scenario import Scenario

__all__ = ["RepeatedInputs", "changed_fields", "is_same"]

P = ParamSpec("P")
Made = TypeVar("Made")

_ONLY_NOTE: Final = (demand_out_of_proportion, note_own_prices, sites_out_of_proportion)
_OFFERS: Final = (racks_on_offer, designs_on_offer)
_NO_FIGURES: Final = ("tables", "sha256", "notes", "assumed", "noted_settings", "moved", "warnings", "reference")
_FRAMES: Final = ("sites", "regions", "workloads", "racks", "admitted", "cooling", "redundancy")
_HELD: Final = {"duty": "frame workloads.*"}
"""Properties of a case that keep what they have read, and where they read it."""
_ITEM_KEYS: Final = {"finance": ("item", "region")}
"""Key of the tables of items that have another than the item alone."""


@dataclass(frozen=True, eq=False)
class _Made:
    """A call, what it read of tables, frames and its other arguments, and what it returned."""

    make: Callable[..., Any]
    args: tuple[object, ...]
    reads: frozenset[str]
    result: Any


class _Noted(pd.DataFrame):
    """A frame that notes which of its columns are read, ``*`` for whatever else is done with it."""

    @staticmethod
    def of(plain: pd.DataFrame, name: str, reads: set[str]) -> _Noted:
        frame = _Noted(plain, copy=False)
        object.__setattr__(frame, "_noted", (plain, name, reads))
        return frame

    def __getattribute__(self, name: str) -> Any:
        try:
            _, of, reads = object.__getattribute__(self, "_noted")
        except AttributeError:  # while it is made
            return object.__getattribute__(self, name)
        if name != "__class__":
            reads.add(f"{of}.*")
        return object.__getattribute__(self, name)

    def __getitem__(self, key: Any) -> Any:
        plain, name, reads = object.__getattribute__(self, "_noted")
        one = isinstance(key, str)
        is_names = one or (isinstance(key, list) and all(isinstance(of, str) for of in key))
        reads.update(f"{name}.{of}" for of in ([key] if one else key if is_names else ["*"]))
        return plain[key]

    def __len__(self) -> int:
        return len(object.__getattribute__(self, "_noted")[0])

    @property
    def plain(self) -> pd.DataFrame:
        """The frame without notes."""
        frame: pd.DataFrame = object.__getattribute__(self, "_noted")[0]
        return frame


class _Tables(Mapping[str, pd.DataFrame]):
    """Tables that note what of them is read."""

    def __init__(self, tables: Mapping[str, pd.DataFrame], reads: set[str]) -> None:
        self.tables, self.reads = tables, reads
        self._noted: dict[str, _Noted] = {}

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in self._noted:
            self._noted[name] = _Noted.of(self.tables[name], name, self.reads)
        return self._noted[name]

    def __contains__(self, name: object) -> bool:
        return name in self.tables

    def __iter__(self) -> Iterator[str]:
        return iter(self.tables)

    def __len__(self) -> int:
        return len(self.tables)


class _Case(ScopedCase):
    """A case that notes what of its frames is read, in the set that its tables note in."""

    def __getattribute__(self, name: str) -> Any:
        if name in _HELD:
            super().__getattribute__("tables").reads.add(_HELD[name])
        return super().__getattribute__(name)

    def _row(self, table: str, item: str, columns: tuple[str, ...]) -> tuple[Any, ...] | None:
        with self._noting_alone(_row_name(table, item)):
            return super()._row(table, item, columns)

    def finance_of(self, item: str, country: str) -> float:
        rows = [_row_name("finance", item, region) for region in (country, "world")]
        with self._noting_alone(*rows):
            return super().finance_of(item, country)

    @contextmanager
    def _noting_alone(self, *rows: str) -> Iterator[None]:
        """Note these rows, and not that a whole table is read to look them up."""
        reads: set[str] = self.tables.reads  # type: ignore[attr-defined]  # they are `_Tables`
        before = {*reads, *rows}
        yield
        reads.clear()
        reads |= before


class RepeatedInputs:
    """Inputs of one scenario from tables with other figures.

    The functions that make inputs are called once with the tables as they are, and it is noted
    what each of them reads: columns of tables, rows of tables of items, fields of what others have
    made. With other tables only those are called again for which some of this is different.
    """

    def __init__(self, scenario: Scenario, tables: Mapping[str, pd.DataFrame]) -> None:
        self._scenario, self._tables = scenario, tables
        self._reads: set[str] = set()
        self._calls: list[_Made] = []
        self._at = 0  # position among the calls when they are repeated
        self._changed: set[str] = set()
        self._kept: tuple[Callable[..., Any], ...] = _ONLY_NOTE
        self._frames: dict[str, pd.DataFrame] = {}
        self.inputs = self._first()

    def with_tables(self, tables: Mapping[str, pd.DataFrame], *, other_offers: bool = False) -> Inputs:
        """Make inputs of other tables; families that come out the same are those of `inputs`."""
        self._at, self._changed = 0, set()
        self._kept = _ONLY_NOTE if other_offers else (*_ONLY_NOTE, *_OFFERS)
        for name, table in tables.items():
            self._changed |= _changed_columns(name, table, self._tables[name])
        case = make_case(self._scenario, tables, self._call_if_stale)
        frames = {name: _plain(getattr(case, name)) for name in _FRAMES}
        for name, frame in frames.items():
            self._changed |= _changed_columns(f"frame {name}", frame, self._frames[name])
        plain: dict[str, Any] = dict(frames)
        made = inputs_of(replace(case, **plain), self._call_if_stale)
        return replace(made, tables=tables)

    def _first(self) -> Inputs:
        """Make the inputs as they are, and note what each call reads."""
        case = make_case(self._scenario, _Tables(self._tables, self._reads), self._call_noting)
        held = {field.name: getattr(case, field.name) for field in fields(ScopedCase)}
        self._frames = {name: _plain(held[name]) for name in _FRAMES}
        for name, frame in self._frames.items():
            held[name] = _Noted.of(frame, f"frame {name}", self._reads)
        made = inputs_of(_Case(**held), self._call_noting)
        return replace(made, workloads=self._frames["workloads"], tables=self._tables)

    def _call_noting(self, make: Callable[P, Made], /, *args: P.args, **extra: P.kwargs) -> Made:
        self._reads.clear()
        result = make(*map(self._noting_of, args), **extra)
        self._calls.append(_Made(make, args, frozenset(self._reads), result))
        return result

    def _call_if_stale(self, make: Callable[P, Made], /, *args: P.args, **extra: P.kwargs) -> Made:
        before = self._calls[self._at]
        self._at += 1
        kept: Made = before.result
        is_stale = bool(before.reads & self._changed) or any(
            not _is_read_the_same(new, old, before.reads) for new, old in zip(args, before.args, strict=True)
        )
        if make in self._kept or not is_stale:
            return kept
        result = make(*args, **extra)
        return kept if is_same(result, kept) else result

    def _noting_of(self, arg: Any) -> Any:
        """Return an argument that notes which of its fields are read, if it is of a dataclass.

        What it is made of notes that too.
        """
        if not is_dataclass(arg) or isinstance(arg, ScopedCase | Index | Axis | type):
            return arg
        name, parts = type(arg).__name__, {}
        for field in fields(arg):
            part = getattr(arg, field.name)
            noted = self._noting_of(part)
            if noted is not part:
                parts[field.name] = noted
        whole = replace(arg, **parts) if parts else arg
        return recording_reads(whole, lambda field: self._reads.add(f"{name}.{field}"))


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame without notes."""
    return frame.plain if isinstance(frame, _Noted) else frame


def _changed_columns(name: str, new: pd.DataFrame, old: pd.DataFrame) -> set[str]:
    """Return the columns of a frame that differ, with ``*`` where any does, and rows of items."""
    if new is old:
        return set()
    if len(new) != len(old) or not new.columns.equals(old.columns):
        columns = {f"{name}.{of}" for of in ("*", *new.columns, *old.columns)}
        every = (_row_names(name, table, range(len(table))) for table in (new, old))
        return columns.union(*every)
    changed = [of for of in new.columns if not new[of].equals(old[of])]
    if not changed:
        return set()
    names = {f"{name}.{of}" for of in ("*", *changed)}
    if "item" not in new.columns:
        return names
    is_other = np.zeros(len(new), dtype=np.bool_)
    for of in changed:
        after, before = new[of], old[of]
        is_other |= ((after != before) & ~(after.isna() & before.isna())).to_numpy(dtype=np.bool_)
    rows = np.flatnonzero(is_other)
    return names | {*_row_names(name, new, rows), *_row_names(name, old, rows)}


def _row_names(name: str, table: pd.DataFrame, rows: Iterable[int]) -> list[str]:
    """Return what rows of a table of items are noted as; nothing of another table."""
    if "item" not in table.columns:
        return []
    keys = [table[key].tolist() for key in _ITEM_KEYS.get(name, ("item",))]
    return [_row_name(name, *(key[row] for key in keys)) for row in rows]


def _row_name(table: str, *key: str) -> str:
    return f"{table}[{'|'.join(map(str, key))}]"


def _is_read_the_same(new: object, old: object, reads: frozenset[str]) -> bool:
    """Return whether what a function reads of an argument is the same.

    What it reads of a case and of tables is noted by column.
    """
    if new is old or isinstance(old, ScopedCase | Findings | _Tables):
        return True
    if is_dataclass(new) and not isinstance(new, Index | Axis):
        return all(
            _is_read_the_same(getattr(new, field.name), getattr(old, field.name), reads)
            for field in fields(new)
            if f"{type(new).__name__}.{field.name}" in reads
        )
    return is_same(new, old)


def changed_fields(new: Inputs, old: Inputs) -> set[tuple[str, str]]:
    """Return the family and name of every field of the model's inputs that differs."""
    changed = set()
    for family in fields(new):
        after, before = getattr(new, family.name), getattr(old, family.name)
        if family.name in _NO_FIGURES or after is before:
            continue
        names = [field.name for field in fields(after)] if is_dataclass(after) else []
        changed |= {(family.name, name) for name in names if not is_same(getattr(after, name), getattr(before, name))}
        if not names and not is_same(after, before):
            changed.add((family.name, "*"))
    return changed


def is_same(new: object, old: object) -> bool:
    """Return whether two things that inputs are made of hold the same numbers and labels.

    Things of a type that is not looked into are the same where they are one object.
    """
    if new is old:
        return True
    match new, old:
        case np.ndarray(), np.ndarray():
            same = new.dtype == old.dtype and np.array_equal(new, old, equal_nan=new.dtype.kind == "f")
        case pd.DataFrame(), pd.DataFrame():
            same = new.equals(old)
        case Axis(), Axis():
            same = (new.name, new.labels) == (old.name, old.labels)
        case ((tuple() | list()), (tuple() | list())):
            same = len(new) == len(old) and all(map(is_same, new, old))
        case dict(), dict():
            same = list(new) == list(old) and all(is_same(new[key], old[key]) for key in new)
        case (str() | int() | float() | frozenset() | set() | np.generic(), _):
            same = type(new) is type(old) and bool(new == old)
        case _:
            same = (
                is_dataclass(new)
                and not isinstance(new, type)
                and type(new).__name__ == type(old).__name__
                and all(is_same(getattr(new, field.name), getattr(old, field.name)) for field in fields(new))
            )
    return bool(same)
