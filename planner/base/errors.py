"""Problems with place and remedy, and how a program ends."""

from __future__ import annotations

import signal
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from planner.base.sheet_cells import workbook_of
from planner.base.words import file_in_message, in_message

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable


MOST_PROBLEMS: Final = 50  # of one file that are listed; the rest is counted
_REST: Final = "fix the ones above first"


@dataclass(frozen=True, order=True)
class Problem:
    """One thing wrong with the input: where it is, what is, what must be, how to fix it.

    In a workbook `file` is the place as `planner.base.sheet_cells.in_sheet` writes it.
    `count` is 1, or how many problems a line represents that are not listed one by one.

    >>> print(Problem("data/sites.csv", 3, 12, "pue is 0.9", "at least 1", "check the column"))
    data/sites.csv:3:12: pue is 0.9; must be at least 1; check the column
    """

    file: str
    line: int | None
    column: int | None
    what_is: str
    must_be: str = ""
    fix: str = ""
    count: int = 1

    @classmethod
    def of(cls, at: object, what_is: str, must_be: str = "", fix: str = "") -> Problem:
        """Return a problem of a whole file or folder, or of what was asked for."""
        return cls(str(at), None, None, what_is, must_be, fix)

    @property
    def place(self) -> str:
        """File, line and column, as editors follow them."""
        place = file_in_message(self.file)
        if self.line is not None:
            place += f":{self.line}"
            if self.column is not None:
                place += f":{self.column}"
        return place

    @property
    def words(self) -> str:
        """What is, what must be and how to fix it, without the place."""
        must_be = f"must be {self.must_be}" if self.must_be else ""
        return "; ".join(part for part in (self.what_is, must_be, self.fix) if part)

    def __str__(self) -> str:
        """Return the problem as one line that editors can follow."""
        line = in_message(self.words).replace("\n", r"\n")
        return f"{self.place}: {line}"


class DcplanError(Exception):
    """Base of every error raised on purpose; the command line shows its text alone."""

    exit_code: ClassVar[int] = 1


class InputError(DcplanError):
    """Scenario or data that cannot be used: every problem found, of each file the first `MOST_PROBLEMS` and a count."""

    exit_code: ClassVar[int] = 2

    @classmethod
    def at(cls, at: object, what_is: str, must_be: str = "", fix: str = "") -> InputError:
        """Return the error of a single problem of a whole file or folder, or of what was asked for."""
        return cls([Problem.of(at, what_is, must_be, fix)])

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = _first_of_each_file(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def raise_all(problems: Collection[Problem]) -> None:
    """Raise problems together; nothing where there are none."""
    if problems:
        raise InputError(problems)


def refuse(at: str, *rules: tuple[bool, *tuple[str, ...]]) -> None:
    """Raise all that is wrong with a thing: of each rule whether it is broken, what is, what must be and a fix."""
    raise_all([Problem.of(at, *said) for is_broken, *said in rules if is_broken])


class InfeasibleError(DcplanError):
    """No plan is feasible; `conflict` names the constraints that conflict."""

    exit_code: ClassVar[int] = 3

    def __init__(self, message: str, conflict: tuple[str, ...] = ()) -> None:
        self.conflict = conflict
        super().__init__(message)


class LimitReachedError(DcplanError):
    """A time or iteration limit stopped the solver before it proved an optimum."""

    exit_code: ClassVar[int] = 4


class OutputError(DcplanError):
    """Files that could not be written where they were asked for; the text says what is kept."""

    exit_code: ClassVar[int] = 2


class SolverError(DcplanError):
    """The solver gave no plan for a reason that is neither infeasibility nor a limit."""

    exit_code: ClassVar[int] = 1


def unlisted_problems(file: str, count: int) -> Problem:
    """Return the line that represents the problems of a file that are not listed.

    >>> print(unlisted_problems("data/sites.csv", 12345))
    data/sites.csv: 12,345 more problems in this file; fix the ones above first
    """
    what_is = f"{count:,} more problem{'s' if count > 1 else ''} in this file"
    return Problem(file, None, None, what_is, "", _REST, count)


def _first_of_each_file(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    by_file: dict[str, list[Problem]] = defaultdict(list)
    for problem in sorted(set(problems), key=_place):
        by_file[workbook_of(problem.file)[0]].append(problem)
    shown: list[Problem] = []
    for file, every in by_file.items():
        total = sum(problem.count for problem in every)
        if total <= MOST_PROBLEMS + 1:  # the last one takes no more room than its count
            shown += every
            continue
        listed = [problem for problem in every if problem.fix != _REST][:MOST_PROBLEMS]
        shown += [*listed, unlisted_problems(file, total - len(listed))]
    return tuple(shown)


def _place(problem: Problem) -> tuple[str, bool, tuple[str, int, int], int, int, str]:
    is_rest = problem.fix == _REST
    file, cell = workbook_of(problem.file)
    return (file, is_rest, cell, problem.line or 0, problem.column or 0, problem.what_is)


ENDING_SIGNALS: Final = {
    getattr(signal, name): message
    for name, message in (("SIGINT", "interrupted"), ("SIGTERM", "terminated"), ("SIGHUP", "hung up"))
    if hasattr(signal, name)  # Windows has no SIGHUP
}
"""Message by number: of Ctrl-C, of a scheduler of jobs or a system that shuts down, and of a
terminal that closes."""
