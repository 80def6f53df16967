"""Every error that dcplan raises on purpose, and the exit code each one means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

__all__ = [
    "DcplanError",
    "InfeasibleError",
    "InputError",
    "LimitReachedError",
    "Problem",
    "SolverError",
]


@dataclass(frozen=True, order=True)
class Problem:
    """One thing wrong with the input: where it is, what is, what must be, how to mend it.

    Examples
    --------
    >>> print(Problem("data/sites.csv", 3, 12, "pue is 0.9", "at least 1", "check the column"))
    data/sites.csv:3:12: pue is 0.9; must be at least 1; check the column
    """

    file: str
    line: int | None
    column: int | None
    what_is: str
    must_be: str = ""
    mend: str = ""

    def __str__(self) -> str:
        """Return the problem as one line that editors can follow."""
        place = self.file
        if self.line is not None:
            place += f":{self.line}"
            if self.column is not None:
                place += f":{self.column}"
        text = f"{place}: {self.what_is}"
        if self.must_be:
            text += f"; must be {self.must_be}"
        if self.mend:
            text += f"; {self.mend}"
        return text


class DcplanError(Exception):
    """Base of every error raised on purpose; the command line shows its text alone."""

    exit_code: ClassVar[int] = 1


class InputError(DcplanError):
    """Scenario or data that cannot be used: carries every problem found, not only the first."""

    exit_code: ClassVar[int] = 2

    def __init__(self, problems: list[Problem] | tuple[Problem, ...]) -> None:
        self.problems: tuple[Problem, ...] = tuple(sorted(set(problems), key=_place))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class InfeasibleError(DcplanError):
    """No plan can meet every rule; `clash` names the rules that exclude each other."""

    exit_code: ClassVar[int] = 3

    def __init__(self, message: str, clash: tuple[str, ...] = ()) -> None:
        self.clash = clash
        super().__init__(message)


class LimitReachedError(DcplanError):
    """A time or iteration limit stopped the solver before it proved an optimum."""

    exit_code: ClassVar[int] = 4


class SolverError(DcplanError):
    """The solver gave no plan for a reason that is neither infeasibility nor a limit."""

    exit_code: ClassVar[int] = 1


def _place(problem: Problem) -> tuple[str, int, int, str]:
    return (problem.file, problem.line or 0, problem.column or 0, problem.what_is)
