"""A limit in words: amount, one more unit, the setting that states it; what relaxes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import numpy as np
import pandas as pd

from planner.base.units import H100E_PER_KH100E, HOURS_PER_YEAR, M3_PER_THOUSAND_M3
from planner.base.words import amount, round_up
from planner.lp import Index
from planner.lp.index import locate
from planner.scenario import Setting

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from planner.base.arrays import Bools, Floats, Positions
    from planner.inputs.build import Cell, PreparedScenario
    from planner.inputs.inputs import Inputs
    from planner.scenario import Scenario

# --- A limit in words: amount, one more unit, the setting that states it --------------------------

if TYPE_CHECKING:
    Rows = pd.DataFrame
    Amount = Callable[[Inputs, "Tables", Rows], Floats]
    IsScarce = Callable[[Inputs, "Tables", Rows], Bools]
    Aside = Callable[[Inputs, "Tables", "pd.Series[str]", float], str]

# --- What a limit of the model is: its price, when it binds, where it is set, what relaxes it -----

Tables: TypeAlias = "Mapping[str, pd.DataFrame]"
"""Result tables by name."""


@dataclass(frozen=True)
class LimitPrice:
    """How the dual of a block of rows becomes a price."""

    unit: str  # unit of the price
    units_per_row_unit: float  # units of the price's denominator in one unit of the row's right side
    # what the dual is divided by: the discounted calendar years that the model year stands for, where the row limits
    # what goes on all year; the discount factor of its year, where it limits what is bought in it; those of the whole
    # horizon, for a lasting right
    paid: Literal["yearly", "once", "horizon"]
    sign: Literal[-1, 1]  # 1 for the cost of one more unit that must be met, -1 for what one more unit of a limit saves
    # whether a row is of one time slice: its dual is divided by the hours that the time slice stands for
    by_slot: bool = False


MW_YEAR: Final = LimitPrice("USD/MW-year", 1.0, "yearly", -1)
MW_ONCE: Final = LimitPrice("USD/MW", 1.0, "once", -1)
MW_LASTING: Final = LimitPrice("USD/MW-year", 1.0, "horizon", -1)
_KH100E_HOURS: Final = H100E_PER_KH100E * HOURS_PER_YEAR  # [H100e h / kH100e and year]
COMPUTE_DUE: Final = LimitPrice("USD/H100e-hour", _KH100E_HOURS, "yearly", 1)
COMPUTE_LIMIT: Final = LimitPrice("USD/H100e-hour", _KH100E_HOURS, "yearly", -1)
WATER_PRICE: Final = LimitPrice("USD/m3", M3_PER_THOUSAND_M3, "yearly", -1)


@dataclass(frozen=True)
class Binding:
    """How a limit that binds is reported; functions take rows of its block in table `prices`."""

    unit: str  # unit of the limit, that of its rows
    amount: Amount  # how much of it there is, in its unit, (row,)
    # what binds, with places for its labels, ``{year}``, ``{limit}``, its amount with unit, ``{start}``, when new
    # halls can first serve, and ``{built}``, as what halls are built that are operated as the design
    sentence: str
    # where a plan cannot buy its way past it; elsewhere its price is that of an investment
    is_scarce: IsScarce | None = None
    aside: Aside | None = None  # from a row and its price to the same price in another unit, as words
    # whether there is as much of it as decisions make: the right side of its rows is zero
    is_of_decisions: bool = False


@dataclass(frozen=True)
class Decision:
    """What a scenario asks of a decision itself, by no row: a bound, or that it is integer."""

    column: str  # block of columns
    asks: Literal["lower bound", "upper bound", "integer"]  # what is asked of it
    says: str  # the same as a sentence


@dataclass(frozen=True, eq=False)
class Limit:
    """A limit that a planner sets, or that has a price."""

    name: str  # its block of rows; of what is asked of a decision itself, a name of its own
    price: LimitPrice | None = None  # how its dual becomes a price
    binding: Binding | None = None  # how it is reported where it binds
    set_by: tuple[SetBy, ...] = ()  # the settings and tables that its right side comes from
    # what can relax it by amounts, and what one unit of that does for its rows, (row,)
    relaxed_by: Mapping[Relaxation, Factor] = field(default_factory=dict)
    # key paths of settings and tables of which other values are tried, one at a time; where nothing relaxes it, by
    # default those that set it
    moved_by: tuple[str, ...] = ()
    decision: Decision | None = None  # the decision that it is asked of, where it is no block of rows
    not_reported: str = ""  # why a limit with a price is not reported as binding
    not_set: str = ""  # why a limit with a price has no setting

    def __post_init__(self) -> None:
        if not (self.moved_by or self.relaxed_by):
            object.__setattr__(self, "moved_by", tuple(one.key for one in self.set_by))


# --- How much there is of a limit, looked up for rows of table `prices` ---------------------------


def codes(p: Inputs, rows: pd.DataFrame, *axes: str) -> list[Positions]:
    """Return the codes of the labels of rows, axis by axis, (row,) each."""
    return [getattr(p.sets, axis).codes(rows[axis].astype(str)) for axis in axes]


def lookup(of: pd.Series[float], keys: pd.DataFrame) -> Floats:
    """Return the figures of rows, (row,); 0 where there is none."""
    found = of.reindex(pd.MultiIndex.from_frame(keys)).to_numpy(dtype=np.float64)
    return np.asarray(np.nan_to_num(found))


def reported(table: str, keys: Sequence[str], figure: Callable[[pd.DataFrame], pd.Series[float]]) -> Amount:
    """Return an amount that a result table reports, by the columns that tell its rows apart."""
    by = list(keys)
    return lambda p, tables, rows: lookup(figure(tables[table].set_index(by)), rows[by])


def comes_later(p: Inputs, rows: pd.DataFrame, *offers: tuple[NDArray[Any], NDArray[Any]]) -> Bools:
    """Return for which rows none of some offers, each of sites and years, can serve yet."""
    first = np.full(len(p.sets.site), len(p.sets.year))
    for sites, years in offers:
        np.minimum.at(first, sites, years)
    site, year = codes(p, rows, "site", "year")
    return np.asarray(year < first[site])


@dataclass(frozen=True)
class Listed:
    """An amount that the inputs hold in a list over the axes that tell rows apart."""

    figures: Callable[[Inputs], tuple[Index, Floats]]

    @classmethod
    def by(cls, axis: str, figures: Callable[[Inputs], Floats]) -> Listed:
        """Make the amount that the inputs hold for every label of an axis. Takes `figures` (label,)."""
        return cls(lambda p: (Index.full(axis, getattr(p.sets, axis)), figures(p)))

    def amount(self, p: Inputs, tables: Tables, rows: pd.DataFrame) -> Floats:
        """Return it for rows of table `prices`, (row,)."""
        del tables
        over, amounts = self.figures(p)
        places = (axis.codes(rows[axis.name].astype(str)) for axis in over.axes)
        return np.asarray(amounts[locate(over, *places)])

    def of_rows(self, question: PreparedScenario, rows: Index) -> Floats:
        """Return it for rows of the program, (row,)."""
        over, amounts = self.figures(question.inputs)
        return np.asarray(amounts[over.find(rows)])

    def at(self, question: PreparedScenario, place: Place) -> float:
        """Return it at one place."""
        over, amounts = self.figures(question.inputs)
        return float(amounts[over.position(*(place[name] for name in over.axis_names))])

    def now(self, words: str) -> Callable[[PreparedScenario, Place], str]:
        """Say what it is at a place: `{}` is the amount, `{figure}` the bare figure, `{site}` a label."""
        return lambda question, place: _filled(words, self.at(question, place), place)


# --- Which limits are relaxed, by how much, and where their settings are written ------------------


def site_key(scenario: Scenario, site: str, figure: str) -> tuple[str, str, str]:
    """Return the way to a figure of a site, shipped or one's own."""
    return ("new_sites" if site in scenario.new_sites else "sites", site, figure)


LEAD_KEYS: Final = {"given for the halls": "hall_lead_months", "given for the connection": "connection_lead_months"}
"""Settings of a site's leads, by what table `leads` says that halls wait for."""


def lead_key(scenario: Scenario, site: str, by: str) -> tuple[str, str, str]:
    """Return the key path of the lead that the halls of a site wait for."""
    return site_key(scenario, site, LEAD_KEYS.get(by, "lead_time_months"))


def without_new_halls(scenario: Scenario) -> tuple[str, ...]:
    """Return the sites at which a scenario lets no halls be built or leased."""
    given = {**scenario.sites, **scenario.new_sites}
    return tuple(site for site, own in given.items() if not own.new_halls)


def gap_years(question: PreparedScenario, rows: Index) -> Floats:
    """Return the years since the model year before, for each row. [year]"""
    years = np.asarray(question.inputs.years.years, dtype=np.float64)
    return np.diff(years, prepend=years[0] - 1.0)[rows["year"]]


def unit_increments(_: PreparedScenario, rows: Index) -> Floats:
    """Return one for each row: limits that are relaxed in their own unit."""
    return np.ones(rows.size)


def relaxed_rows(over: Index, amounts: Floats) -> list[tuple[dict[str, str], float]]:
    """List the labels of the rows that are relaxed, with amounts rounded up."""
    at = np.flatnonzero(amounts > 1e-7)  # the solver's tolerance
    return [(dict(zip(over.axis_names, over.tuples(int(i)), strict=True)), round_up(float(amounts[i]), 3)) for i in at]


# --- Where the right side of a limit is set: a key of the scenario or a data table ----------------

Place: TypeAlias = Mapping[str, str]
"""Labels of a row, by axis."""


@dataclass(frozen=True)
class SetBy:
    """A setting or a data table that the right side of a limit comes from."""

    key: str  # key path with axes for labels, such as ``"sites.{site}.land_limit_mw"``, or ``"table NAME"``
    # what it is: words, in which `{}` is the amount of the setting and `{figure}` the bare value, or from question
    # and place to words; None where it has no part, as a setting that is not given
    now: str | Callable[[PreparedScenario, Place], str | None]
    where: Callable[[PreparedScenario, Place], bool] | None = None  # whether it has a part; None: everywhere

    def line(self, question: PreparedScenario, place: Place) -> str | None:
        """Say what it is and in which line it is written; None where it has no part in a row."""
        if self.where is not None and not self.where(question, place):
            return None
        keys = tuple(part.format(**place) for part in self.key.split("."))
        if not isinstance(self.now, str):
            now = self.now(question, place)
        elif "{" in self.now:
            value = _value_at(question.scenario, keys)
            now = None if value is None else _filled(self.now, value, place)
        else:
            now = self.now
        if now is None or self.key.startswith("table "):
            return now and f"{self.key}: {now}"
        if keys[0] == "sites":
            keys = site_key(question.scenario, keys[1], keys[2])
        return f"{'.'.join(keys)}: {now} ({_written(question, keys)})"


def _filled(words: str, figure: Any, place: Place) -> str:
    return words.format(amount(figure) if isinstance(figure, float) else figure, **place, figure=figure)


def _value_at(scenario: Scenario, keys: tuple[str, ...]) -> Any:
    value: Any = scenario
    for key in keys:
        value = value[key] if isinstance(value, Mapping) else getattr(value, key)
    return value


def _written(question: PreparedScenario, keys: tuple[str, ...]) -> str:
    """Return file and line of a key, or that it is not written."""
    if question.scenario.tree.at(*keys) is None:
        return "not written: a default, or from a table"
    file, line, _ = question.scenario.place_of(keys)
    return f"{file}:{line}" if line is not None else file


# --- What relaxes limits, and the change of a scenario that brings it about -----------------------

if TYPE_CHECKING:
    Factor = Callable[[PreparedScenario, Index], Floats]
    Change = Callable[[PreparedScenario, Index, Floats], "ProposedChange"]


@dataclass(frozen=True)
class ProposedChange:
    """Settings and figures that bring a relaxation about, and what it is in words."""

    words: tuple[str, ...]  # each a change in its natural unit and where it is made
    settings: tuple[Setting, ...]  # keys of the scenario and their new values
    cells: tuple[Cell, ...] = ()  # figures of data tables that no key of a scenario reaches
    share: float = np.inf  # greatest change as a share of what there was; infinite where there was nothing


@dataclass(frozen=True, eq=False)
class Relaxation:
    """A way to relax limits, in one unit."""

    name: str  # what is relaxed, in words
    unit: str  # unit of its amounts: those of one relaxation are added up, never those of two
    axes: tuple[str, ...]  # what a setting of it can be distinguished by, such as site or year
    # from question, places and amounts to the change of the scenario that gives so much
    change: Change
    most: float = np.inf  # most of it anywhere


def raised(
    what: str,
    of: Callable[[PreparedScenario, Mapping[str, str]], tuple[tuple[str, ...], float]],
    question: PreparedScenario,
    over: Index,
    amounts: Floats,
) -> ProposedChange:
    """Raise figures that hold in all years, of which `of` gives the key path at a place and what it is now.

    In `what` stand the amount, `{}`, and labels of the place.
    """
    words, settings, share = [], [], 0.0
    for place, more in relaxed_rows(over, amounts):
        keys, old = of(question, place)
        words.append(f"+{what.format(amount(more), **place)}")
        settings.append(Setting(keys, round_up(old + more, 6)))
        share = max(share, more / old if old else np.inf)
    return ProposedChange(tuple(words), tuple(settings), share=share)


def raised_at_sites(figure: str, what: str, now: Callable[[PreparedScenario, str], float]) -> Change:
    """Raise a figure of sites that holds in all years."""
    return partial(
        raised, f"{{}} {what} at {{site}}", lambda q, at: (site_key(q.scenario, at["site"], figure), now(q, at["site"]))
    )


def more_by_year(
    keys: tuple[str, str],
    what: str,
    now: Callable[[PreparedScenario], tuple[Index, Floats]],
    question: PreparedScenario,
    over: Index,
    amounts: Floats,
) -> ProposedChange:
    """Raise a path by year in the years that need it; other years keep what they have."""
    limited, limit = now(question)
    more = {int(place["year"]): by for place, by in relaxed_rows(over, amounts)}
    old = dict(zip(limited.labels("year").astype(int).tolist(), limit.tolist(), strict=True))
    path = {year: round_up(value + more.get(year, 0.0), 6) for year, value in old.items()}
    words = tuple(f"+{amount(by)} {what} in {year}" for year, by in more.items())
    share = max((by / old[year] if old[year] else np.inf for year, by in more.items()), default=0)
    return ProposedChange(words, (Setting(keys, path),), share=share)


def scaled(
    keys: tuple[str, str], what: str, question: PreparedScenario, over: Index, amounts: Floats
) -> ProposedChange:
    """Raise a factor on all limits of a kind."""
    del over
    old = float(getattr(getattr(question.scenario, keys[0]), keys[1]))
    more = round_up(float(amounts[0]), 3)
    words = f"+{amount(100 * more)} % of {what}"
    return ProposedChange((words,), (Setting(keys, round_up(old * (1.0 + more), 6)),), share=more)
