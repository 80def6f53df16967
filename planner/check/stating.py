"""The language of second statements: rows of the program said again, one place at a time.

A statement is a function of one place: it says a row as the paper does, with decisions as columns of the stored program
and figures as numbers. It must equal the stored row, coefficient by coefficient and bound by bound, and there must be a
row for every place that it lists: so a program that is too strict is found, not only a plan that breaks it.

In a solve a sample of the rows of large blocks is compared, in `dcplan check` every row.
"""

from __future__ import annotations

import operator
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from planner.check.days import follows_on, year_slots
from planner.check.power import window_h
from planner.check.supply_output import is_paid_by_output, role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    import pandas as pd

    from planner.check.case import Case

    Key = tuple[str, ...]
    Labels = dict[str, str]

_NUMBERS: Final = frozenset({"lower", "upper", "dual", "bound_dual", "cost", "integer", "x"})


class LinearForm:
    """A sum of columns of the program times numbers, and a number."""

    __slots__ = ("constant", "terms")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, terms: dict[int, float] | None = None, constant: float = 0.0) -> None:
        self.terms, self.constant = terms or {}, constant

    def plus(self, other: LinearForm | float, times: float = 1.0) -> LinearForm:
        """Return this form and so many times another."""
        if not isinstance(other, LinearForm):
            return LinearForm(self.terms, self.constant + times * other)
        terms = dict(self.terms)
        for column, value in other.terms.items():
            terms[column] = terms.get(column, 0.0) + times * value
        return LinearForm(terms, self.constant + times * other.constant)

    def __add__(self, other: LinearForm | float) -> LinearForm:
        return self.plus(other)

    def __sub__(self, other: LinearForm | float) -> LinearForm:
        return self.plus(other, -1.0)

    def __mul__(self, number: float) -> LinearForm:
        return LinearForm({c: number * v for c, v in self.terms.items()}, number * self.constant)

    def __truediv__(self, number: float) -> LinearForm:
        return self * (1.0 / number)

    def __le__(self, other: LinearForm | float) -> StatedRow:
        return StatedRow(self - other, -np.inf, 0.0)

    def __ge__(self, other: LinearForm | float) -> StatedRow:
        return StatedRow(self - other, 0.0, np.inf)

    def __eq__(self, other: LinearForm | float) -> StatedRow:  # type: ignore[override]
        return StatedRow(self - other, 0.0, 0.0)

    __radd__, __rmul__ = __add__, __mul__


@dataclass(frozen=True, eq=False)
class StatedRow:
    """A form that lies between two numbers."""

    form: LinearForm
    lower: float
    upper: float


def total(of: Iterable[LinearForm]) -> LinearForm:
    """Add up forms."""
    result = LinearForm({})
    for one in of:
        result.constant += one.constant
        for column, value in one.terms.items():
            result.terms[column] = result.terms.get(column, 0.0) + value
    return result


class StoredBlock:
    """Rows or columns of one name, or a list of the inputs: its axes, and where each is by its labels."""

    def __init__(self, axes: Iterable[str], keys: Iterable[Key], places: Iterable[int]) -> None:
        self.axes = tuple(axes)
        self.place: dict[Key, int] = dict(zip(keys, places, strict=True))
        self._groups: dict[Key, dict[Key, list[tuple[Labels, int]]]] = {}

    def at(self, fixed: Key, labels: Mapping[str, str]) -> list[tuple[Labels, int]]:
        """Return labels and place of all that have the labels of a place along some axes."""
        if fixed not in self._groups:
            which = [self.axes.index(axis) for axis in fixed]
            groups: dict[Key, list[tuple[Labels, int]]] = defaultdict(list)
            for key, place in self.place.items():
                groups[tuple([key[i] for i in which])].append((dict(zip(self.axes, key, strict=True)), place))
            self._groups[fixed] = groups
        return self._groups[fixed].get(tuple([labels[axis] for axis in fixed]), [])


class Stored:
    """The stored program and the figures of the inputs, looked up by labels."""

    def __init__(self, case: Case) -> None:
        assert case.proof is not None
        self.case, self.proof, self.sets = case, case.proof, case.inputs.sets
        self._blocks: dict[tuple[str, str], StoredBlock] = {}
        self._figures: dict[tuple[str, ...], tuple[np.ndarray, list[Mapping[str, int]]]] = {}
        self._lists: dict[tuple[str, str], tuple[Key, dict[Key, float]]] = {}
        self._coded = {of: _coded(getattr(self.proof, of)) for of in ("rows", "columns")}
        row, column, value = self.proof.terms()
        if (row[1:] < row[:-1]).any():
            order = np.argsort(row, kind="stable")
            row, column, value = row[order], column[order], value[order]
        self._first, self._column, self._value = (
            np.searchsorted(row, np.arange(len(self.proof.rows) + 1)),
            column,
            value,
        )
        self.lower, self.upper = self.proof.row("lower"), self.proof.row("upper")
        self.uses = _by(case.deployments, "rack", "hall", "workload")
        last = case.last_calendar_year(np.array(case.years))
        self.ends: dict[str, float] = {
            str(year): end + 1.0 for year, end in zip(case.years, last.tolist(), strict=True)
        }
        sources = case.inputs.supply.source.labels
        paid = is_paid_by_output(case, sources).tolist()
        self.role = {source: role(case, source) for source in sources}
        self.free = {s: self.role[s] in ("solar", "wind") and not p for s, p in zip(sources, paid, strict=True)}
        times = [year_slots(case)[name].tolist() for name in ("slot", "day", "hour", "hours")]
        self.slots = {slot: (day, hour) for slot, day, hour, _ in zip(*times, strict=True)}
        self.slot_before = _slots_before(times, follows=follows_on(case))
        self.window_h = {name: int(hours) for name, hours in window_h(case).items()}
        self.hours: dict[str, float] = dict(zip(times[0], times[3], strict=True))

    def block(self, of: str, name: str) -> StoredBlock:
        """Return rows or columns of a name; a list of the inputs where the name has a room before a dot."""
        if (of, name) not in self._blocks:
            if "." in name:
                index = operator.attrgetter(name)(self.case.inputs)
                self._blocks[of, name] = StoredBlock(index.axis_names, _labels(index), range(index.size))
            else:
                self._blocks[of, name] = self._stored(of, name)
        return self._blocks[of, name]

    def _stored(self, of: str, name: str) -> StoredBlock:
        coded = self._coded[of]
        codes, families = coded["family"]
        at = np.flatnonzero(codes == families.index(name)) if name in families else np.zeros(0, np.intp)
        own = {axis: (codes[at], texts) for axis, (codes, texts) in coded.items() if axis != "family"}
        axes = [axis for axis, (codes, _) in own.items() if (codes >= 0).any()]
        labels = [np.array([*own[axis][1], ""], object)[own[axis][0]].tolist() for axis in axes]
        return StoredBlock(axes, zip(*labels, strict=True), at.tolist())

    def terms(self, row: int) -> dict[int, float]:
        """Return the coefficients of one row."""
        mine = slice(self._first[row], self._first[row + 1])
        return dict(zip(self._column[mine].tolist(), self._value[mine].tolist(), strict=True))

    def figure(self, name: str, axes: Key) -> tuple[np.ndarray, list[Mapping[str, int]]]:
        """Return an array of the inputs, and the place of each label along each of its axes."""
        if (name, *axes) not in self._figures:
            labels = [(self.case.inputs.supply.source if a == "source" else getattr(self.sets, a)).labels for a in axes]
            codes: list[Mapping[str, int]] = [{label: i for i, label in enumerate(of)} for of in labels]
            self._figures[name, *axes] = np.asarray(operator.attrgetter(name)(self.case.inputs)), codes
        return self._figures[name, *axes]

    def listed(self, name: str, over: str) -> tuple[Key, dict[Key, float]]:
        """Return an array of the inputs by the labels of the list that it is aligned with."""
        if (name, over) not in self._lists:
            array, index = (operator.attrgetter(of)(self.case.inputs) for of in (name, over))
            self._lists[name, over] = index.axis_names, dict(zip(_labels(index), array.tolist(), strict=True))
        return self._lists[name, over]


def _slots_before(times: list[list[Any]], *, follows: bool) -> dict[str, str]:
    """Return the time slice before each: of its day, where the first comes after the last, or of all days on end."""
    of_day: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for slot, day, hour, _ in zip(*times, strict=True):
        of_day[day].append((hour, slot))
    runs = [[slot for _, slot in sorted(of_day[day])] for day in sorted(of_day)]
    runs = [[slot for run in runs for slot in run]] if follows else runs
    return {slot: run[at - 1] for run in runs for at, slot in enumerate(run)}


def _coded(frame: pd.DataFrame) -> dict[str, tuple[np.ndarray, list[str]]]:
    """Return the labels of rows or columns by axis: a whole number each, and what it stands for."""
    coded = {name: frame[name].astype("category").cat for name in frame.columns if name not in _NUMBERS}
    return {name: (of.codes.to_numpy(), of.categories.tolist()) for name, of in coded.items()}


def _by(frame: pd.DataFrame, *keys: str) -> dict[Key, dict[str, Any]]:
    """Return the rows of a table by some of its columns."""
    rows: list[dict[str, Any]] = frame.to_dict("records")  # type: ignore[assignment]
    return {tuple([row[key] for key in keys]): row for row in rows}


def _labels(index: Any) -> list[Key]:
    return list(zip(*(index.labels(axis).tolist() for axis in index.axis_names), strict=True))


class Here:
    """One place: labels by axis, and what a statement may look up there."""

    __slots__ = ("labels", "stored")

    def __init__(self, stored: Stored, labels: Labels) -> None:
        self.stored, self.labels = stored, labels

    def __getattr__(self, axis: str) -> str:
        try:
            return self.labels[axis]
        except KeyError:
            raise AttributeError(axis) from None

    @property
    def case(self) -> Case:
        """The case that is checked."""
        return self.stored.case

    @property
    def start(self) -> float:
        """First moment of its model year."""
        return float(self.labels["year"])

    @property
    def end(self) -> float:
        """Last moment of the years that its model year stands for."""
        return self.stored.ends[self.labels["year"]]

    @property
    def hours(self) -> float:
        """Hours of the year that its time slice stands for."""
        return self.stored.hours[self.slot]

    @property
    def slot_h(self) -> float:
        """Length of its time slice."""
        return float(self.case.scenario.time.slot_h)

    @property
    def before(self) -> Here:
        """The same place one time slice earlier: of a day that repeats itself the last comes before the first."""
        return self.at(slot=self.stored.slot_before[self.slot])

    @property
    def cooling_of_hall(self) -> str:
        """Cooling technology of its hall design."""
        return self.hall.rsplit("|", 1)[0]

    @property
    def yields_for_nothing(self) -> bool:
        """Whether its source is sun or wind without a cost of output."""
        return self.stored.free[self.source]

    def share(self, begin: float, end: float = np.inf, ramp_months: float = 0.0, ramp_mean_frac: float = 1.0) -> float:
        """Return the share of its years between two moments, with a ramp after the first."""
        return round(self._serves(begin, ramp_months / 12.0, ramp_mean_frac) - self._serves(end, 0.0, 1.0), 9)

    def _serves(self, begin: float, ramp: float, mean: float) -> float:
        """Return the mean over its years of what rises on a straight line after a moment, and then is 1."""
        first, last = max(self.start - begin, 0.0), max(self.end - begin, 0.0)
        if last <= 0.0:
            return 0.0
        done = max(last - max(first, ramp), 0.0)
        if ramp and first < ramp:
            low, high = min(first, ramp), min(last, ramp)
            done += (high - low) * (2.0 * mean - 1.0 + (1.0 - mean) * (low + high) / ramp)
        return done / (self.end - self.start)

    @property
    def use(self) -> dict[str, Any]:
        """Figures of a rack in a hall for a workload."""
        return self.stored.uses[self.rack, self.hall, self.workload]

    def at(self, **labels: str) -> Here:
        """Return the place with other labels."""
        return Here(self.stored, {**self.labels, **labels})

    def along(self, axis: str) -> Iterator[Here]:
        """Go through all labels of an axis."""
        return (self.at(**{axis: label}) for label in getattr(self.stored.sets, axis).labels)

    def x(self, name: str) -> LinearForm:
        """Return the column of a decision here; nothing where there is none."""
        block = self.stored.block("columns", name)
        column = block.place.get(tuple([self.labels[axis] for axis in block.axes]))
        return LinearForm({} if column is None else {column: 1.0})

    def each(self, name: str, free: str = "") -> Iterator[Here]:
        """Go through the columns of a decision that are here, along axes that this place has not or that are free."""
        block, released = self.stored.block("columns", name), free.split()
        fixed = tuple([axis for axis in block.axes if axis in self.labels and axis not in released])
        for labels, _ in block.at(fixed, self.labels):
            yield Here(self.stored, {**self.labels, **labels})

    def total(self, name: str, of: Callable[[Here], float] | float = 1.0, free: str = "") -> LinearForm:
        """Add up the columns of a decision that are here, each times a number."""
        block, terms, released = self.stored.block("columns", name), dict[int, float](), free.split()
        fixed = tuple([axis for axis in block.axes if axis in self.labels and axis not in released])
        for labels, column in block.at(fixed, self.labels):
            value = of(Here(self.stored, {**self.labels, **labels})) if callable(of) else of
            if value:
                terms[column] = value
        return LinearForm(terms)

    def has(self, name: str) -> bool:
        """Whether a decision has a column here."""
        block = self.stored.block("columns", name)
        return bool(block.axes) and tuple([self.labels[axis] for axis in block.axes]) in block.place

    def given(self, figure: str, *axes: str) -> float:
        """Return a figure of the inputs by its axes."""
        array, codes = self.stored.figure(figure, axes)
        return float(array[tuple([code[self.labels[a]] for code, a in zip(codes, axes, strict=True)])])

    def listed(self, figure: str, over: str, missing: float = np.nan) -> float:
        """Return a figure of the inputs that is aligned with a list, by its labels."""
        axes, values = self.stored.listed(figure, over)
        return values.get(tuple([self.labels[axis] for axis in axes]), missing)


@dataclass(frozen=True)
class SecondStatement:
    """Rows of a name: where there must be one, and what it says there."""

    axes: Key
    places: Callable[[Stored], Iterable[Key]]
    row: Callable[[Here], StatedRow]


def row(axes: str, places: str | Callable[[Here], Iterable[Here]]) -> Callable[..., SecondStatement]:
    """Make a statement of a function: over a list of the inputs, or over places that a function finds."""
    names = tuple(axes.split())

    def found(stored: Stored) -> Iterable[Key]:
        if isinstance(places, str):
            index = operator.attrgetter(places)(stored.case.inputs)
            order = [index.axis_names.index(axis) for axis in names]
            return [tuple([key[i] for i in order]) for key in _labels(index)]
        return {tuple([h.labels[axis] for axis in names]) for h in places(Here(stored, {}))}

    return lambda of: SecondStatement(names, found, of)


def columns(*names: str, where: Callable[[Here], bool] = lambda _: True) -> Callable[[Here], Iterable[Here]]:
    """Say that there is a row wherever a decision has a column."""
    return lambda h: (c for name in names for c in h.each(name) if where(c))
