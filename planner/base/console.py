"""A console for tables on stdout, whose reader may leave."""

from __future__ import annotations

import errno
import os
from shutil import get_terminal_size
from textwrap import fill

from rich.console import Console

_WIDTH = 100  # where there is no terminal
_LEAST_WIDTH = 40


def printable(text: str) -> str:
    """Replace what would move the cursor or change colours: names are data, never commands."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)


def wrapped(text: str, mark: str = "") -> str:
    """Break a text at the width of the terminal, behind a mark at the start of its first line."""
    return fill(
        text,
        max(_LEAST_WIDTH, get_terminal_size((_WIDTH, 0)).columns),
        initial_indent=mark,
        subsequent_indent=" " * len(mark),
        break_on_hyphens=False,
    )


class TableConsole(Console):
    """Prints to stdout without colouring figures; a pipe closed by its reader is an `OSError`."""

    def __init__(self) -> None:
        super().__init__(highlight=False)

    def on_broken_pipe(self) -> None:
        """Raise what a plain print would, in place of ending the program with 1."""
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))
