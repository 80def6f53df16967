"""A console for tables on stdout, whose reader may leave."""

from __future__ import annotations

import errno
import os

from rich.console import Console

__all__ = ["TableConsole"]


class TableConsole(Console):
    """Prints to stdout without colouring figures; a pipe closed by its reader is an `OSError`."""

    def __init__(self) -> None:
        super().__init__(highlight=False)

    def on_broken_pipe(self) -> None:
        """Raise what a plain print would, in place of ending the program with 1."""
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))
