"""Sentences of an explanation, and what they name."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from planner.base.words import amount
from planner.limits import BY_NAME
from planner.limits.binding import ONE_MORE, PLACES, binding_of, built_words, start_words
from planner.outputs.answer import Answer
from planner.outputs.labels import hall_words, item_words, names_in
from planner.outputs.own_folder import FolderKind
from planner.outputs.table_files import records

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from planner.inputs.inputs import Inputs
    from planner.runs.plan import PlanViews

# --- What an explanation is: sentences, each resting on numbers that exist in its tables ----------

_MILLION: Final = 1e6


@dataclass(frozen=True)
class Number:
    """A number of a sentence, and the cell that it is in."""

    value: float  # unrounded
    unit: str  # its unit
    table: str  # table of the explanation, and its column
    column: str
    row: Mapping[str, str | int]  # columns and labels that only its row has

    def __str__(self) -> str:
        """Return it with three digits and its unit."""
        if abs(self.value) >= _MILLION:
            return f"{amount(self.value / _MILLION)} million {self.unit}"
        return f"{amount(self.value)} {self.unit}".rstrip()


@dataclass(frozen=True)
class Statement:
    """One sentence of an explanation."""

    topic: str  # heading it is under
    text: str  # the sentence
    numbers: tuple[Number, ...]  # what it rests on
    stake_musd: float = 0.0  # what it is about in money, by which sentences are ordered. [MUSD]


@dataclass(frozen=True, eq=False, repr=False)
class Explanation(Answer):
    """Why a plan is as it is."""

    kind = FolderKind("explanation", "explanation")
    fields = ("scenario", "basis")

    scenario: str  # name of the scenario
    basis: str  # where shadow prices come from
    statements: tuple[Statement, ...]  # sentences, the weightiest of each topic first
    rests_on: Mapping[str, pd.DataFrame] = field(default_factory=dict)  # tables with each number of them

    @property
    def tables(self) -> Mapping[str, pd.DataFrame]:
        """What the sentences rest on."""
        return self.rests_on

    def __str__(self) -> str:
        """Return the sentences under their headings."""
        lines = [f"{self.scenario}", self.basis]
        for topic, of in groupby(self.statements, lambda one: one.topic):
            lines += ["", topic, *(f"- {one.text}" for one in of)]
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Return everything in types of JSON."""
        said = {"scenario": self.scenario, "basis": self.basis, "statements": [asdict(one) for one in self.statements]}
        return said | {"tables": {name: records(table) for name, table in self.tables.items()}}


def span(numbers: Sequence[Number]) -> str:
    """Write the least and the most of some numbers of one unit, or one where they are the same.

    >>> of = [Number(usd, "USD", "", "", {}) for usd in (1.9e6, 997e3, 1.2e6)]
    >>> span(of), span(of[:1])
    ('0.997 to 1.9 million USD', '1.9 million USD')
    """
    least, most = (choose(numbers, key=lambda one: one.value) for choose in (min, max))
    scale = _MILLION if abs(most.value) >= _MILLION else 1.0
    return str(most) if str(least) == str(most) else f"{amount(least.value / scale)} to {most}"


def number(tables: Mapping[str, pd.DataFrame], table: str, column: str, unit: str, **row: str | int) -> Number:
    """Look a number up in a table."""
    frame = tables[table]
    is_row = pd.Series(True, index=frame.index)
    for name, label in row.items():
        is_row &= frame[name] == label
    if is_row.sum() != 1:
        raise LookupError(f"{is_row.sum()} rows of {table} have {row}")
    return Number(float(frame.loc[is_row, column].iloc[0]), unit, table, column, row)


# --- Sentences about what binds, what compute costs, and what a plan costs ------------------------

BINDS: Final = "What binds, and its marginal value"
COMPUTE: Final = "What one more unit of compute costs"
COST: Final = "What the plan costs"
_SHOWN_ITEMS: Final = 4
_OF_A_KIND: Final = 3
_FEW_YEARS: Final = 2
_WORTH_NOTHING: Final = 0.01  # [-], of the shadow price


def about_cost(tables: Mapping[str, pd.DataFrame]) -> Iterator[Statement]:
    """Say what the plan costs, what for, and what own sites do not serve."""
    total = number(tables, "cost", "npv_musd", "MUSD", item="total")
    largest = tables["cost"].iloc[1 : 1 + _SHOWN_ITEMS]
    items = [number(tables, "cost", "npv_musd", "MUSD", item=item) for item in largest["item"]]
    shares = [
        f"{line_of_cost(of)} {of.value / total.value:.0%}{f' (part of {of_all})' if of_all else ''}"
        for of, of_all in zip(items, largest["heading"], strict=True)
    ]
    text = f"The plan costs {total} net present value; most of it is {', '.join(shares)}."
    yield Statement(COST, text, (total, *items), total.value)
    service = tables["service"]
    missed = service["rented_kh100e"] + service["unmet_kh100e"]
    for year in service.loc[missed > 1e-3 * service["demand_kh100e"], "year"]:
        of = {"year": int(year)}
        asked, rented, unmet = (
            number(tables, "service", f"{name}_kh100e", "kH100e", **of) for name in ("demand", "rented", "unmet")
        )
        share, left = (f"({of.value / asked.value:.1%})" for of in (rented, unmet))
        text = f"Of {asked} of demand in {year}, {rented} {share} are rented and {unmet} {left} stay unmet."
        yield Statement(COST, text, (asked, rented, unmet))


def line_of_cost(of: Number) -> str:
    """Return the line of cost that a number is of, in words."""
    return item_words(str(of.row["item"]))


def about_compute(tables: Mapping[str, pd.DataFrame]) -> Iterator[Statement]:
    """Say what one more unit of each workload costs in the last year, the first, and between."""
    for workload, rows in tables["demand_price"].groupby("workload", sort=False):
        first, last = int(rows["year"].min()), int(rows["year"].max())
        ends = rows["year"].loc[rows["mean_usd_per_h100e_hour"].agg(["idxmin", "idxmax"])]
        cells = [("mean", first), ("mean", last), ("least", last), ("most", last), *(("mean", int(at)) for at in ends)]
        then, now, least, most, low, high = (
            number(
                tables, "demand_price", f"{of}_usd_per_h100e_hour", "USD/H100e-hour", workload=str(workload), year=at
            )
            for of, at in cells
        )
        spread = f" ({amount(least.value)} to {amount(most.value)} by region)"
        spread = spread if most.value - least.value > 0.005 * abs(now.value) else ""
        before = f", {amount(then.value)} in {first}" if first != last else ""
        between = f"; lowest {amount(low.value)} ({low.row['year']}), highest {amount(high.value)} ({high.row['year']})"
        between = between if len(rows) > _FEW_YEARS else ""
        asked = float(rows.loc[rows["year"] == last, "demand_kh100e"].iloc[0])
        text = f"For {workload}, one more H100e costs {now} in {last}{spread}{before}{between}."
        yield Statement(COMPUTE, text, (now, least, most, then, low, high), abs(now.value) * asked)


_KEYS: Final = ["block", *PLACES]


def reported_rows(table: pd.DataFrame, *, of_a_kind: int = _OF_A_KIND) -> list[int]:
    """Return the rows that sentences are about, the weightiest first."""
    once = table.drop_duplicates(_KEYS)
    return [int(row) for row in once.index[once.groupby("block").cumcount() < of_a_kind]]


def about_limits(
    solved: PlanViews, tables: Mapping[str, pd.DataFrame], *, of_a_kind: int = _OF_A_KIND
) -> Iterator[Statement]:
    """Say of limits in which year they bind most, and what more of them is worth."""
    table = tables["binding"]
    for at in reported_rows(table, of_a_kind=of_a_kind):
        worst = table.iloc[at]
        row = {name: str(worst[name]) for name in _KEYS} | {"year": int(worst["year"])}
        is_tried = "tried_value" in table and bool(table["tried_value"].notna().iloc[at])
        value, shadow, limit, stake = (
            number(tables, "binding", column, str(worst[unit]) if unit in worst else unit, **row)
            for column, unit in (
                ("tried_value" if is_tried else "value", "unit"),
                ("value", "unit"),
                ("limit", "limit_unit"),
                ("one_percent_musd", "MUSD"),
            )
        )
        same = (table[_KEYS] == worst[_KEYS]).all(axis=1)
        also = [
            number(tables, "binding", "value", str(worst["unit"]), **{**row, "year": int(year)})
            for year in sorted(table.loc[same, "year"])
            if year != worst["year"]
        ]
        years = ", ".join(str(one.row["year"]) for one in also)
        more = f" It binds in {years} too, at a shadow price of {span(also)}." if also else ""
        results = solved.results.tables
        what = binding_of(str(worst["block"])).sentence.format(
            **row, limit=limit, start=start_words(results, worst), built=built_words(results, worst)
        )
        worth = _worth(solved, worst, value, shadow, stake)
        weight = stake.value * (value.value / shadow.value if shadow.value else 1.0)
        yield Statement(BINDS, f"{what} {worth}.{more}", (value, shadow, limit, stake, *also), weight)


def _worth(solved: PlanViews, row: pd.Series, value: Number, shadow: Number, stake: Number) -> str:
    """Say what one more unit saves, for racks by the rack too; or what more of a target costs."""
    price = BY_NAME[str(row["block"])].price
    if price is not None and price.sign == 1:  # of a target: what one more unit costs, and 1 % more of it
        if abs(value.value) < _WORTH_NOTHING * abs(shadow.value):
            return "one more MWh alone costs nothing, as other limits bind"
        is_shadow = abs(value.value - shadow.value) <= _WORTH_NOTHING * abs(shadow.value)
        more = f", and 1 % more of the target {amount(stake.value)} MUSD NPV" if is_shadow else ""
        return f"one more MWh costs {value}{more}"
    one = ONE_MORE[str(row["limit_unit"])]
    if abs(value.value) < _WORTH_NOTHING * abs(shadow.value):
        return f"{one} alone saves nothing, as something else is full as well"
    aside = binding_of(str(row["block"])).aside
    also = aside(solved.inputs, solved.results.tables, row, value.value) if aside is not None else ""
    return f"{one} saves {value}{also}"


# Part of a longer word: a key path, a path of a file, another id.
_BEFORE, _AFTER = r"(?<![\w.|/+-])", r"(?![\w|/+-]|\.\w)"


# --- Sentences with the ids of racks, workloads and halls replaced by their names -----------------


class Names:
    """Names by id, which it puts into texts.

    Only whole ids that the inputs hold and that read as ids, by an underscore or a bar, are replaced: ``agentic`` is a
    word. Sites, zones, contracts and sources keep theirs, which commands and settings take; so do keys and paths.
    """

    def __init__(self, inputs: Inputs) -> None:
        sets, tables = inputs.sets, inputs.tables
        names: dict[str, str] = {}
        for table, key in (("racks", "rack"), ("workloads", "workload"), ("cooling", "cooling")):
            known = names_in(tables[table], key)
            names |= {id_: known[id_] for id_ in getattr(sets, key).labels if id_ in known}
        names |= {hall: hall_words(hall, names) for hall in sets.hall.labels}
        kept = {*inputs.sites.table["site"], *sets.zone.labels}
        self._of = {id_: name for id_, name in names.items() if re.search("[_|]", id_) and id_ not in kept}
        ids = "|".join(map(re.escape, sorted(self._of, key=len, reverse=True)))
        self._ids = re.compile(f"{_BEFORE}(?:{ids}){_AFTER}" if ids else "(?!)")

    def plain(self, text: str) -> str:
        """Return a text with the ids in it replaced."""
        return self._ids.sub(lambda found: self._of[found.group()], text)

    def statement(self, statement: Statement) -> Statement:
        """Return a statement with the ids in its text replaced."""
        return replace(statement, text=self.plain(statement.text))
