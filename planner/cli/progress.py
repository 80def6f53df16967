"""Live progress on stderr, and Ctrl-C as a request to stop."""

from __future__ import annotations

import signal
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from planner.studies.solve.progress import STAGES, solver_words

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType, TracebackType

    from planner.base.errors import Problem
    from planner.lp import ProgressEvent

__all__ = ["Progress"]

_STOPPABLE = (STAGES["solve"], STAGES["estimates"])


class Progress:
    """Shows stage and solver state on stderr while a plan is made.

    On a terminal one line is redrawn; elsewhere each stage is one line. While the solver is at
    work Ctrl-C asks it to stop, and the best plan so far is kept; while figures that decide are
    looked for, the plan is stored without them. A second one ends the program at once, as the
    first does in every other stage.

    Parameters
    ----------
    quiet : bool
        Show nothing.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        from rich.console import Console

        self._console = Console(stderr=True, quiet=quiet)
        self._status = self._console.status("")
        self._began = time.perf_counter()
        self._stage = ""
        self._noted = ""
        self.interrupt = threading.Event()
        self.lines: list[str] = []

    def __enter__(self) -> Progress:
        self._handler_before = signal.signal(signal.SIGINT, self._on_interrupt)
        if self._console.is_terminal:
            self._status.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._status.stop()
        signal.signal(signal.SIGINT, self._handler_before)

    def stage(self, name: str) -> None:
        """Say that a stage begins."""
        self._stage = STAGES.get(name, name)
        self._note(self._stage)
        if self._console.is_terminal:
            self._status.update(self._stage)
        else:
            self._console.print(f"{self._elapsed():6.1f} s  {self._stage}", markup=False)

    def solver(self, event: ProgressEvent) -> None:
        """Say how far the solver is."""
        text = f"{self._stage}: {solver_words(event)}"
        self._note(text)
        if self._console.is_terminal:
            self._status.update(f"{text} ({event.seconds:.0f} s)")

    def warn(self, warning: Problem) -> None:
        """Say what is implausible, before time is spent on it."""
        self._note(f"warning: {warning}")
        self._console.print(f"warning: {warning}", style="yellow", markup=False, soft_wrap=True)

    def say(self, text: str) -> None:
        """Say something that stays on the screen."""
        self._note(text)
        self._console.print(text, markup=False, soft_wrap=True)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Leave the screen to something else: no line is redrawn meanwhile."""
        self._status.stop()
        yield
        if self._console.is_terminal:
            self._status.start()

    def _elapsed(self) -> float:
        return time.perf_counter() - self._began

    def _note(self, text: str) -> None:
        if text == self._noted:
            return
        self._noted = text
        self.lines.append(f"{self._elapsed():8.2f} s  {text}")

    def _on_interrupt(self, number: int, frame: FrameType | None) -> Any:
        if self.interrupt.is_set() or self._stage not in _STOPPABLE:
            raise KeyboardInterrupt
        self.interrupt.set()
        self._console.print("Stopping; press Ctrl-C again to stop at once.", markup=False)
