"""Progress of a command, pauses and interrupts."""

from __future__ import annotations

import signal
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import click

from planner.base.words import duration
from planner.cli.options import is_quiet
from planner.studies.solve.asking import STAGES, solver_words

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import FrameType, TracebackType

    from rich.text import Text

    from planner.base.errors import Problem
    from planner.lp import ProgressEvent


_BETWEEN_LINES_SHARE: Final = 0.1  # of the time so far: an hour is reported in some fifty lines
_STOPPABLE: Final = tuple(STAGES[stage] for stage in ("decide", "solve"))


class Progress:
    """Shows on stderr what a command does, how far it is, and how long it may take.

    On a terminal one line is redrawn. Elsewhere each stage is one line, and another after five seconds and whenever
    a tenth of the time so far has passed. While the solver is at work Ctrl-C asks it to stop, and the best plan so
    far is kept; a second one ends the program at once, as the first does in every other stage.
    """

    def __init__(self, *, quiet: bool = False, patience_s: float = 0.0, between_s: float | None = None) -> None:
        from rich.console import Console

        self._console = Console(stderr=True, quiet=quiet)
        self._is_live = self._console.is_terminal and not quiet
        self._status = self._console.status(self)
        self._began = time.perf_counter()
        self._patience_s, self._before_s = patience_s, 0.0
        self._between_s = BETWEEN_LINES_S if between_s is None else between_s
        self._stage, self._text, self._noted = "", "", ""
        self._is_stoppable = False
        self._next_line_s = patience_s or self._between_s
        self._is_aside, self._ended = threading.Event(), threading.Event()
        self._heart = threading.Thread(target=self._beat, name="progress", daemon=True)
        self.interrupt = threading.Event()
        self.lines: list[str] = []
        self.written: list[Path] = []  # named after the result

    @classmethod
    def of_command(cls, *, patient: bool = True) -> Progress:
        """Return that of the command that runs: nothing with ``-q``, nothing at first if it is mostly quick."""
        return cls(quiet=is_quiet(click.get_current_context()), patience_s=PATIENCE_S if patient else 0.0)

    def __enter__(self) -> Progress:
        self._is_asked = threading.current_thread() is threading.main_thread()
        if self._is_asked:  # Ctrl-C is for the main thread alone
            self._handler_before = signal.signal(signal.SIGINT, self._on_interrupt)
        if self._is_live:
            self._status.start()
        elif not self._console.quiet:
            self._heart.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._status.stop()
        if self._heart.ident is not None:
            self._heart.join()
        if self._is_asked:
            signal.signal(signal.SIGINT, self._handler_before)

    def expect(self, seconds: float | None) -> None:
        """Say how long it may take, as it did before; None where that is not known. [s]"""
        self._before_s = seconds or 0.0

    def stage(self, name: str) -> None:
        """Say that a stage begins."""
        self._stage = STAGES.get(name, name)
        self._is_stoppable = self._stage in _STOPPABLE
        self._show(self._stage)
        if not self._is_live and self._elapsed() >= self._patience_s:
            self._print_line()

    def stoppable(self, name: str) -> None:
        """Say that a stage begins in which Ctrl-C asks it to stop, and keeps what is done."""
        self.stage(name)
        self._is_stoppable = True

    def detail(self, text: str) -> None:
        """Say how far a stage is."""
        self._show(f"{self._stage}: {text}" if self._stage else text)

    def share(self, what: str, frac: float) -> None:
        """Say what is done, and how much of it."""
        self._stage, self._is_stoppable = what, False
        self._show(f"{what}: {100 * frac:.0f} %")

    def solver(self, event: ProgressEvent) -> None:
        """Say how far the solver is."""
        self.detail(solver_words(event))

    def update(self, text: str) -> None:
        """Say how far it is: a line that stays where none is redrawn."""
        self._stage, self._is_stoppable = text, False
        self._show(text)
        if not self._is_live:
            self._put_off()
            self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    def warn(self, warning: Problem) -> None:
        """Say what is implausible, before time is spent on it."""
        self._note(f"warning: {warning}")
        self._console.print(f"warning: {warning}", style="yellow", markup=False, soft_wrap=True)

    def print_line(self, text: str) -> None:
        """Say something that stays on the screen."""
        self._note(text)
        self._console.print(text, markup=False, soft_wrap=True)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Leave the screen to something else: no line is redrawn or written meanwhile."""
        self._is_aside.set()
        self._status.stop()
        yield
        if self._is_live:
            self._status.start()
        self._is_aside.clear()

    def __rich__(self) -> Text:
        """Return what is redrawn on a terminal, made again each time."""
        from rich.text import Text

        return Text(self.line(), no_wrap=True, overflow="ellipsis")

    def line(self) -> str:
        """Return what is redrawn: what is done, for how long, and how long it took before."""
        before = f"{self._of_about()}, as it took before" if self._of_about() else ""
        return f"{self._text} ({self._elapsed():.0f} s{before})" if self._text else ""

    def _print_line(self, of_about: str = "") -> None:
        self._put_off()
        self._console.print(f"{self._elapsed():6.1f} s{of_about}  {self._text}", markup=False, soft_wrap=True)

    def _of_about(self) -> str:
        """Return how long all of it may take; nothing where that is not known, or is over."""
        return f" of about {duration(self._before_s)}" if self._elapsed() < self._before_s else ""

    def _put_off(self) -> None:
        """Let the next line that says that work goes on come later."""
        spent_s = self._elapsed()
        self._next_line_s = spent_s + max(self._between_s, _BETWEEN_LINES_SHARE * spent_s)

    def _beat(self) -> None:
        """Write a line now and then while a stage goes on."""
        while not self._ended.wait(max(0.05, self._next_line_s - self._elapsed())):
            if self._text and not self._is_aside.is_set() and self._elapsed() >= self._next_line_s:
                self._print_line(self._of_about())

    def _elapsed(self) -> float:
        return time.perf_counter() - self._began

    def _show(self, text: str) -> None:
        self._text = text
        self._note(text)

    def _note(self, text: str) -> None:
        if text != self._noted:
            self._noted = text
            self.lines.append(f"{self._elapsed():8.2f} s  {text}")

    def _on_interrupt(self, number: int, frame: FrameType | None) -> Any:
        if self.interrupt.is_set() or not self._is_stoppable:
            raise KeyboardInterrupt
        self.interrupt.set()
        self._console.print("Stopping; press Ctrl-C again to stop at once.", markup=False)


PATIENCE_S = 2.0  # how long a command that is mostly quick says nothing [s]
BETWEEN_LINES_S = 5.0  # least time from a line to the next that says that work goes on [s]
