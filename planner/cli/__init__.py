"""The command `dcplan`. What it needs is imported under `start`, where Ctrl-C ends it quietly."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["start"]

_IN_GROUP = ("COMMANDS", "main")


def start() -> None:
    """Run the command line as a program."""
    from planner.cli.interrupts import leave_on_interrupt

    leave_on_interrupt()
    from planner.cli.group import main

    main()


def __getattr__(name: str) -> Any:
    """Look up `main`, the group of commands, and `COMMANDS`, their names."""
    if name not in _IN_GROUP:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module("planner.cli.group"), name)
