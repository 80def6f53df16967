"""The language of second statements: rows of the program said again, one place at a time.

A statement is a function of one place: it says a row as the paper does, with decisions as columns of the stored program
and figures as numbers. It must equal the stored row, coefficient by coefficient and bound by bound, and there must be a
row for every place that it lists and none elsewhere: so a program that is too strict is found, not only a plan that
breaks it. In a solve a sample of the rows of large blocks is compared, in `dcplan check` every row.
"""

from __future__ import annotations

import operator
import random
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from planner.check.days import follows_on, year_slots
from planner.check.frames import once
from planner.check.power import window_h
from planner.check.supply_output import is_paid_by_output, role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from planner.check.case import Case

    Key = tuple[str, ...]
    Labels = dict[str, str]
    Cells = Mapping[str, "LinearForm | float"]

EVERY: Final = "*"
"""Stands for every time slice: what is looked up there is an array of them, and a form has arrays as its numbers."""
NOTHING: Final = 1e-7
"""Amount below which tables write 0."""
_MOST_KEPT: Final = 20_000  # look-ups of one block
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

    def __init__(self, axes: Mapping[str, tuple[np.ndarray, Sequence[str]]], places: np.ndarray, slots: Key) -> None:
        self.axes, self.places = tuple(axes), places
        self._codes = [codes for codes, _ in axes.values()]
        self._texts = [texts for _, texts in axes.values()]
        self._code: list[dict[str, Any]] = [{text: code for code, text in enumerate(of)} for of in self._texts]
        for axis, code, texts in zip(self.axes, self._code, self._texts, strict=True):
            if axis == "slot":
                code[EVERY] = np.array([code.get(slot, len(texts)) for slot in slots])
        sizes = (len(texts) for texts in self._texts)
        self._of = dict(zip(self.axes, zip(self._code, sizes, strict=True), strict=True))
        self._sorted: dict[Key, tuple[np.ndarray, np.ndarray]] = {}
        self._found: dict[tuple[Key, int], list[tuple[Labels, int]]] = {}

    def __len__(self) -> int:
        return len(self.places)

    def labels(self, which: np.ndarray) -> dict[str, np.ndarray]:
        """Return the labels of some of them by axis, nan where one has none."""
        of = zip(self.axes, self._texts, self._codes, strict=True)
        return {axis: np.array([*texts, np.nan], dtype=object)[codes[which]] for axis, texts, codes in of}

    @cached_property
    def keys(self) -> list[Key]:
        """Labels of each of them, by number."""
        labels = [np.array([*texts, ""], object)[codes] for texts, codes in zip(self._texts, self._codes, strict=True)]
        return list(zip(*(of.tolist() for of in labels), strict=True))

    def place(self, labels: Mapping[str, str]) -> Any:
        """Return where it is that has these labels, -1 where none is; in every time slice where one stands for all."""
        if not len(self.places):
            return -1
        order, numbers = self._by(self.axes)
        number = self._number(self.axes, labels)
        at = np.minimum(numbers.searchsorted(number), len(numbers) - 1)
        if isinstance(number, int):  # many are asked for
            return int(self.places[order[at]]) if numbers[at] == number else -1
        return np.where(numbers[at] == number, self.places[order[at]], -1)

    def at(self, fixed: Key, labels: Mapping[str, str]) -> list[tuple[Labels, int]]:
        """Return labels and place of all that have the labels of a place along some axes."""
        key = fixed, self._number(fixed, labels)
        if key not in self._found:
            if len(self._found) > _MOST_KEPT:
                self._found.clear()
            order, numbers = self._by(fixed)
            mine = order[slice(*numbers.searchsorted((key[1], key[1] + 1)))]
            self._found[key] = [(dict(zip(self.axes, self.keys[i], strict=True)), int(self.places[i])) for i in mine]
        return self._found[key]

    def _number(self, along: Key, labels: Mapping[str, str]) -> Any:
        number: Any = 0
        for axis in along:
            code, size = self._of[axis]
            number = number * (size + 1) + code.get(labels.get(axis, ""), size)
        return number

    def _by(self, along: Key) -> tuple[np.ndarray, np.ndarray]:
        if along not in self._sorted:
            number = np.zeros(len(self.places), np.int64)
            for axis in along:
                of = self.axes.index(axis)
                number = number * (len(self._texts[of]) + 1) + self._codes[of]
            order = np.argsort(number, kind="stable")
            self._sorted[along] = order, number[order]
        return self._sorted[along]


class Stored:
    """The stored program and the figures of the inputs, looked up by labels."""

    def __init__(self, case: Case) -> None:
        self.case, self.proof, self.sets = case, case.proof, case.inputs.sets
        self._blocks: dict[tuple[str, str], StoredBlock] = {}
        self._figures: dict[tuple[str, ...], tuple[np.ndarray, list[dict[str, Any]]]] = {}
        self._arrays: dict[str, np.ndarray] = {}
        self.vectors: dict[tuple[str, Key], np.ndarray] = {}
        self.places: dict[tuple[object, Key], list[Key]] = {}
        self._coded = {of: _coded(getattr(self.proof, of)) for of in ("rows", "columns")}
        row, self._column, self._value = case.program.terms
        self._first = np.searchsorted(row, np.arange(len(self.proof.rows) + 1))
        self.lower, self.upper = self.proof.row("lower"), self.proof.row("upper")
        self.bounds = {name: self.proof.column(name) for name in ("lower", "upper")}
        x = self.proof.column("x")
        # As tables have it: what is nothing to a solver has no share, and no price of a unit.
        self.is_integer, self._x = self.proof.is_integer, np.where(np.abs(x) < NOTHING, 0.0, x)
        self.x: list[float] = self._x.tolist()
        uses: list[dict[str, Any]] = case.deployments.to_dict("records")  # type: ignore[assignment]
        self.uses = {(use["rack"], use["hall"], use["workload"]): use for use in uses}
        self.ends = {str(year): last + 1.0 for year, last in case.last_years.items()}
        sources = case.inputs.supply.source.labels
        paid = is_paid_by_output(case, sources).tolist()
        self.role = {source: role(case, source) for source in sources}
        self.free = {s: self.role[s] in ("solar", "wind") and not p for s, p in zip(sources, paid, strict=True)}
        self.slot_labels: Key = tuple(self.sets.slot.labels)
        self._of_block: dict[int, dict[tuple[int, int], list[str]]] = {}
        times = [year_slots(case)[name].tolist() for name in ("slot", "day", "hour", "hours")]
        self.slots = {slot: (day, hour) for slot, day, hour, _ in zip(*times, strict=True)}
        self.slot_before = _slots_before(times, follows=follows_on(case))
        self.window_h = {name: int(hours) for name, hours in window_h(case).items()}
        self.hours: dict[str, Any] = {**dict(zip(times[0], times[3], strict=True)), EVERY: np.array(times[3])}

    def block(self, of: str, name: str) -> StoredBlock:
        """Return rows or columns of a name; a list of the inputs where the name has a room before a dot."""
        if (of, name) not in self._blocks:
            if "." in name:
                index = operator.attrgetter(name)(self.case.inputs)
                axes = {axis: (index[axis], index.axis(axis).labels) for axis in index.axis_names}
                places = np.arange(index.size)
            else:
                codes, families = self._coded[of]["family"]
                places = np.flatnonzero(codes == families.index(name)) if name in families else np.zeros(0, np.intp)
                own = {axis: (codes[places], texts) for axis, (codes, texts) in self._coded[of].items()}
                axes = {axis: of for axis, of in own.items() if axis != "family" and (of[0] >= 0).any()}
            self._blocks[of, name] = StoredBlock(axes, places, self.slot_labels)
        return self._blocks[of, name]

    def value(self, form: LinearForm | float) -> Any:
        """Return what a form is in the stored solution; in every time slice, what stands for all of them."""
        if not isinstance(form, LinearForm):
            return form
        result: Any = form.constant
        for at, value in form.terms.items():
            columns = self.vectors.get(at)  # type: ignore[call-overload]
            result = result + value * (self.x[at] if columns is None else np.where(columns < 0, 0.0, self._x[columns]))
        return result

    def here(self, labels: Labels) -> Here:
        """Return a place."""
        return Here(self, labels)

    def terms(self, row: int) -> dict[int, float]:
        """Return the coefficients of one row."""
        mine = slice(self._first[row], self._first[row + 1])
        return dict(zip(self._column[mine].tolist(), self._value[mine].tolist(), strict=True))

    def figure(self, name: str, axes: Key) -> tuple[np.ndarray, list[dict[str, Any]]]:
        """Return an array of the inputs, and the place of each label along each of its axes."""
        if (name, *axes) not in self._figures:
            of_inputs = {"source": self.case.inputs.supply.source, "contract": self.case.inputs.contracts.contract}
            labels = [(of_inputs.get(a) or getattr(self.sets, a)).labels for a in axes]
            codes: list[dict[str, Any]] = [{label: i for i, label in enumerate(of)} for of in labels]
            for axis, code in zip(axes, codes, strict=True):
                if axis == "slot":
                    code[EVERY] = np.arange(len(code))
            self._figures[name, *axes] = self.array(name), codes
        return self._figures[name, *axes]

    def array(self, name: str) -> np.ndarray:
        """Return an array of the inputs."""
        if name not in self._arrays:
            self._arrays[name] = np.asarray(operator.attrgetter(name)(self.case.inputs))
        return self._arrays[name]

    def block_of_day(self, slot: str, length: int) -> list[str]:
        """Return the time slices of the block of the day that one is in. Takes `length` [h]."""
        if length not in self._of_block:
            self._of_block[length] = defaultdict(list)
            for each, (day, hour) in self.slots.items():
                self._of_block[length][day, hour // length].append(each)
        day, hour = self.slots[slot]
        return self._of_block[length][day, hour // length]


@once
def stored_of(case: Case) -> Stored:
    """Return the stored program of a case, once for all that is compared with it."""
    return Stored(case)


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
    def model_year(self) -> int:
        """Its model year as a number."""
        return int(self.labels["year"])

    @property
    def end(self) -> float:
        """Last moment of the years that its model year stands for."""
        return self.stored.ends[self.labels["year"]]

    @property
    def hours(self) -> float:
        """Hours of the year that its time slice stands for."""
        found: float = self.stored.hours[self.slot]
        return found

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
        column = self.stored.block("columns", name).place(self.labels)
        if isinstance(column, int):
            return LinearForm({} if column < 0 else {column: 1.0})
        key: Any = name, tuple(self.labels.values())
        self.stored.vectors[key] = column
        return LinearForm({key: 1.0} if (column >= 0).any() else {})

    def over_slots(self, of: Callable[[Here], LinearForm], weight: Any = None) -> LinearForm:
        """Add up over all time slices, each by its hours or another weight; of one statement about all of them."""
        form, terms = of(self.at(slot=EVERY)), LinearForm({})
        weight = self.stored.hours[EVERY] if weight is None else weight
        for key, value in form.terms.items():
            each = np.broadcast_to(value * weight, weight.shape)
            columns = self.stored.vectors.get(key)  # type: ignore[call-overload]
            if columns is None:
                terms.terms[key] = terms.terms.get(key, 0.0) + float(each.sum())
            else:
                there = (columns >= 0) & (each != 0.0)
                for column, one in zip(columns[there].tolist(), each[there].tolist(), strict=True):
                    terms.terms[column] = terms.terms.get(column, 0.0) + one
        terms.constant = float(np.broadcast_to(form.constant * weight, weight.shape).sum())
        return terms

    def dual(self, name: str) -> Any:
        """Return what one more unit of a limit here saves over the horizon; missing without duals. [USD]"""
        block, duals = self.stored.block("rows", name), self.stored.proof.row("dual") * -1e6
        if not self.stored.proof.has_duals:
            return np.nan
        if self.labels.get("slot") == EVERY:
            at = block.place(self.labels)
            return np.where(np.asarray(at) < 0, 0.0, duals[at])
        fixed = tuple([axis for axis in block.axes if axis in self.labels])
        return float(sum(duals[at] for _, at in block.at(fixed, self.labels)))

    def each(self, name: str, free: str = "") -> Iterator[Here]:
        """Go through the columns of a decision that are here, along axes that this place has not or that are free."""
        block, released = self.stored.block("columns", name), free.split()
        fixed = tuple([axis for axis in block.axes if axis in self.labels and axis not in released])
        for labels, _ in block.at(fixed, self.labels):
            yield Here(self.stored, {**self.labels, **labels})

    def total(self, name: str, of: Callable[[Here], float] | float = 1.0, free: str = "") -> LinearForm:
        """Add up the columns of a decision that are here, each times a number."""
        block, terms, released = self.stored.block("columns", name), dict[int, Any](), free.split()
        fixed = tuple([axis for axis in block.axes if axis in self.labels and axis not in released])
        for labels, column in block.at(fixed, self.labels):
            value = of(Here(self.stored, {**self.labels, **labels})) if callable(of) else of
            if value.any() if isinstance(value, np.ndarray) else value:
                terms[column] = value
        return LinearForm(terms)

    def has(self, name: str) -> bool:
        """Whether a decision has a column here, or a list of the inputs this place."""
        return bool(np.any(self.stored.block("columns", name).place(self.labels) >= 0))

    def given(self, figure: str, *axes: str) -> float:
        """Return a figure of the inputs by its axes."""
        array, codes = self.stored.figure(figure, axes)
        found: Any = array[tuple([code[self.labels[a]] for code, a in zip(codes, axes, strict=True)])]
        return found if found.ndim else float(found)

    def listed(self, figure: str, over: str, missing: float = np.nan) -> float:
        """Return a figure of the inputs that is aligned with a list, by its labels."""
        at, array = self.stored.block("columns", over).place(self.labels), self.stored.array(figure)
        if isinstance(at, int):
            return float(array[at]) if at >= 0 else missing
        every: Any = np.where(at >= 0, array[at], missing) if len(array) else np.full(len(at), missing)
        return every if every.ndim else float(every)


@dataclass(frozen=True)
class Places:
    """Where there must be rows or columns: of a decision, a list of the inputs or those found; in slots of each."""

    axes: Key
    over: str | Callable[[Here], Iterable[Here] | pd.DataFrame]
    slots: Callable[[Here], Sequence[str]] | None = None

    def by_lot(self, stored: Stored, most: int) -> tuple[int, Iterator[Labels]]:
        """Return how many places there must be, and so many of them by lot: the same of the same program."""
        axes = self.axes if self.slots is None else tuple([axis for axis in self.axes if axis != "slot"])
        over, here = self.over, Here(stored, {})
        if isinstance(over, str) and {*stored.block("columns", over).axes} == {*axes}:
            axes, keys = stored.block("columns", over).axes, stored.block("columns", over).keys
        else:
            keys = stored.places.get((over, axes)) or self._found(here, axes)
            stored.places[over, axes] = keys
        size = len(keys)

        def base(at: int) -> Labels:
            return dict(zip(axes, keys[at], strict=True))

        if self.slots is None:
            count, pick = size, base
        else:
            slots = [self.slots(Here(stored, base(at))) for at in range(size)]
            ends = np.cumsum([0, *(len(of) for of in slots)])
            count = int(ends[-1])

            def pick(at: int) -> Labels:
                of = int(np.searchsorted(ends, at, side="right")) - 1
                return {**base(of), "slot": slots[of][at - int(ends[of])]}

        lot = random.Random(f"{self.axes} {len(stored.proof.matrix)} {count}")
        return count, (pick(at) for at in lot.sample(range(count), min(count, most)))

    def _found(self, here: Here, own: Key) -> list[Key]:
        there = here.each(self.over) if isinstance(self.over, str) else self.over(here)
        if isinstance(there, set):
            return sorted(tuple(map(str, of)) for of in there)
        if isinstance(there, pd.DataFrame):
            return sorted(set(zip(*(there[axis].astype(str).tolist() for axis in own), strict=True)))
        return sorted({tuple([h.labels[axis] for axis in own]) for h in there})


@dataclass(frozen=True)
class SecondStatement:
    """Rows of a name: where there must be one, and what it says there."""

    places: Places
    row: Callable[[Here], StatedRow]


def row(
    axes: str, over: str | Callable[[Here], Iterable[Here]], slots: Callable[[Here], Sequence[str]] | None = None
) -> Callable[..., SecondStatement]:
    """Make a statement of a function: over a decision, a list of the inputs, or places found, in slots of each."""
    return lambda of: SecondStatement(Places(tuple(axes.split()), over, slots), of)


def every_slot(h: Here) -> Sequence[str]:
    """Say that there is a row in every time slice."""
    return h.stored.slot_labels


def columns(name: str, where: Callable[[Here], bool]) -> Callable[[Here], Iterable[Here]]:
    """Say that there is a row wherever a decision has a column, and something holds."""
    return lambda h: (c for c in h.each(name) if where(c))


@dataclass(frozen=True)
class StatedTable:
    """A table whose cells are stated: where it may have rows, and the cells of a place."""

    over: str | Callable[[Here], Iterable[Here]]  # a decision or list of the inputs, or places found
    cells: Callable[[Here], Cells]
    by_slot: bool  # whether it has a row in every time slice of these
    where: Callable[[Here], object]  # what holds at places that may have a row
    # columns that are nothing where there is no row; if none is named, all that are forms, in every time slice
    amounts: tuple[str, ...]

    def places(self, stored: Stored, sites: Iterable[str]) -> Iterable[Here]:
        """Go through the places, of decisions and lists those at some sites."""
        here = Here(stored, {})
        if not isinstance(self.over, str):
            return self.over(here)
        at = [here.at(site=site) for site in sites] if "site" in stored.block("columns", self.over).axes else [here]
        return (place for of in at for place in of.each(self.over))


def stated_table(
    over: str | Callable[[Here], Iterable[Here]],
    *amounts: str,
    by_slot: bool = False,
    where: Callable[[Here], object] = lambda _: True,
) -> Callable[[Callable[[Here], Cells]], StatedTable]:
    """State the table that has the name of a function: amounts as forms, figures as numbers."""
    return lambda cells: StatedTable(over, cells, by_slot, where, amounts)
