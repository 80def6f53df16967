"""Which rules conflict where only integers leave no plan: by leaving out one after the other."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from planner.base.errors import LimitReachedError
from planner.limits import LIMITS
from planner.model.siting import ONLY_FOR_THE_BOUND
from planner.studies.solve.asking import session_of
from planner.studies.solve.conflict_rules import ConflictRule, keys_of, rule_of

if TYPE_CHECKING:
    import threading
    from collections.abc import Sequence

    from planner.base.arrays import Positions
    from planner.inputs.prepared import PreparedScenario
    from planner.lp import HighsSession, Index
    from planner.model import Model


_SHARE_OF_TIME: Final = 0.1  # that one question may take


@dataclass(frozen=True, eq=False)
class _Part:
    """Rows of a block, or columns that are whole or bounded by hand, which are left out at once."""

    name: str
    says: str
    over: Index
    entries: Positions
    moves: Literal["rows", "whole", "lower", "upper"]
    at: Positions  # rows or columns, one for each entry

    def places(self) -> tuple[dict[str, str], ...]:
        names = self.over.axis_names
        return tuple(dict(zip(names, self.over.tuples(int(at)), strict=True)) for at in self.entries)


def integer_conflict(
    question: PreparedScenario, model: Model, seconds: float, interrupt: threading.Event | None = None
) -> tuple[tuple[ConflictRule, ...], bool]:
    """Find rules that leave no plan in integers, without any of which there would be one.

    No proof of a search can be split into rules, so each rule is left out in turn and a plan in
    integers looked for: where there is still none, it stays out. What is left then is gone
    through once more, year by year.
    Takes `seconds` [s].
    """
    trial = _Trial(question, model, time.perf_counter() + seconds, seconds, interrupt)
    parts = trial.needed(_in_order(question, _parts(question, model)))
    parts = trial.needed([year for part in parts for year in _by_year(part)])
    together: dict[str, list[_Part]] = {}
    for part in parts:
        together.setdefault(part.name, []).append(part)
    rules = []
    for name, same in together.items():
        places = tuple(place for part in same for place in part.places())
        rules.append(ConflictRule(name, same[0].says, places, keys_of(question, name, places)))
    return tuple(sorted(rules, key=lambda rule: not rule.keys)), trial.is_sure


class _Trial:
    """A program of which parts are left out, to see whether it has a plan then."""

    def __init__(
        self,
        question: PreparedScenario,
        model: Model,
        until_s: float,
        seconds: float,
        interrupt: threading.Event | None,
    ) -> None:
        self._question, self._interrupt = question, interrupt
        self._until_s, self._most_s = until_s, seconds * _SHARE_OF_TIME
        self._session: HighsSession = session_of(question, model)
        columns, bounds = model.problem.columns(), model.problem.row_bounds()
        self._integer = columns.integer.copy()
        self._lower, self._upper = columns.lower.copy(), columns.upper.copy()
        self._row_lower, self._row_upper = bounds.lower.copy(), bounds.upper.copy()
        for name in model.problem.row_block_names:
            if name.startswith(ONLY_FOR_THE_BOUND):
                self._row_upper[model.problem.row_block(name)] = np.inf
        self.is_sure = True

    def needed(self, parts: Sequence[_Part]) -> list[_Part]:
        """Leave out one part after the other for good, unless there is a plan without it."""
        return [part for part in parts if not self._can_do_without(part)]

    def _can_do_without(self, part: _Part) -> bool:
        arrays = (self._row_lower, self._row_upper, self._integer, self._lower, self._upper)
        before = [array.copy() for array in arrays]
        match part.moves:
            case "rows":
                self._row_lower[part.at], self._row_upper[part.at] = -np.inf, np.inf
            case "whole":
                self._integer[part.at] = False
            case "lower":
                self._lower[part.at] = 0.0
            case "upper":
                self._upper[part.at] = 1.0
        status = self._status()
        if status == "infeasible":
            return True
        for array, old in zip(arrays, before, strict=True):
            array[:] = old
        self.is_sure &= status == "optimal"
        return False

    def _status(self) -> str:
        left_s = self._until_s - time.perf_counter()
        if left_s <= 0.0:
            return "time_limit"
        # Copies: a session tells what changed by the arrays that it was given before.
        self._session.set_columns(lower=self._lower.copy(), upper=self._upper.copy(), integer=self._integer.copy())
        self._session.set_rows(self._row_lower.copy(), self._row_upper.copy())
        outcome = self._session.solve(
            time_limit_s=min(left_s, self._most_s),
            threads=self._question.scenario.solver.threads,
            interrupt=self._interrupt,
        )
        if outcome.status == "interrupted":
            raise LimitReachedError(f"{self._question.scenario.name}: interrupted")
        return outcome.status


def _parts(question: PreparedScenario, model: Model) -> list[_Part]:
    """List every block of rows, what must be whole, and openings that are forced or forbidden."""
    problem, siting = model.problem, question.inputs.siting
    integer = problem.columns().integer
    parts = []
    for name in problem.row_block_names:
        if not name.startswith(ONLY_FOR_THE_BOUND):
            block, over = problem.row_block(name), problem.rows_over(name)
            rows = np.arange(block.start, block.stop)
            parts.append(_Part(*rule_of(name), over, np.arange(over.size), "rows", rows))
    for limit in LIMITS:
        of = limit.decision
        if of is None or of.asks != "integer":
            continue
        block = problem.column_block(of.column)
        columns = np.arange(block.start, block.stop)
        if columns.size and integer[columns].all():
            over = problem.columns_over(of.column)
            parts.append(_Part(limit.name, of.says, over, np.arange(over.size), "whole", columns))
    over, first = question.inputs.sites.site_year, problem.column_block("open").start
    is_new = ~question.inputs.sites.is_existing[over["site"]]
    for bound, is_asked in (("lower", (siting.open_lower > 0.0) & is_new), ("upper", siting.open_upper <= 0.0)):
        which = np.flatnonzero(is_asked)
        if which.size:
            parts.append(_Part(*rule_of(f"{bound} bound of open"), over, which, bound, which + first))
    return parts


def _in_order(question: PreparedScenario, parts: Sequence[_Part]) -> list[_Part]:
    """Put limits first, links last: so limits that other links would bring in are left out."""
    has_keys = [bool(keys_of(question, part.name, part.places()[:1])) for part in parts]
    return [part for _, part in sorted(zip(has_keys, parts, strict=True), key=lambda of: not of[0])]


def _by_year(part: _Part) -> list[_Part]:
    """Split a part by model year, where it has any."""
    if "year" not in part.over.axis_names:
        return [part]
    year = part.over["year"][part.entries]
    return [replace(part, entries=part.entries[year == one], at=part.at[year == one]) for one in np.unique(year)]
