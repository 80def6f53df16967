"""The command `dcplan`. What it needs is imported under `start`, where Ctrl-C ends it quietly."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["start"]

_IN_GROUP = ("COMMANDS", "main")


def start() -> None:
    """Run the command line as a program."""
    import atexit
    import gc
    import os

    # Looking for plugins of pydantic reads what every package of the environment offers; dcplan needs none.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    # Threads of numpy's BLAS wait busily for more work after each product of matrices, and those here are small.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from planner.cli.interrupts import leave_on_interrupt

    leave_on_interrupt()
    # At its end Python looks for cycles among all objects that are left, which takes a quarter of a
    # second. All that is skipped is `__del__` of objects in cycles, or kept by one as the globals
    # of a module with functions are. What registers for the end later, as libraries do, runs
    # earlier.
    atexit.register(gc.freeze)
    from planner.cli.group import main

    main()


def __getattr__(name: str) -> Any:
    """Look up `main`, the group of commands, and `COMMANDS`, their names."""
    if name not in _IN_GROUP:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("planner.cli.group"), name)
