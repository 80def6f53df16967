"""How pandas holds texts: as Python objects, while dcplan works.

A look at one text in an array of Arrow, the default, takes a few µs, and tables of tens of rows are looked at
thousands of times. Type, missing values and written files are the same.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Final

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import ParamSpec, TypeVar

    Asked = ParamSpec("Asked")
    Answer = TypeVar("Answer")

_OPTION: Final = "mode.string_storage"


def hold_texts_as_objects() -> None:
    """Hold texts so from now on: for a program, whose pandas nobody else uses."""
    pd.set_option(_OPTION, "python")


def with_texts_as_objects(work: Callable[Asked, Answer]) -> Callable[Asked, Answer]:
    """Hold texts so while a function runs; who calls it keeps the pandas that they have set."""

    @wraps(work)
    def done(*args: Asked.args, **named: Asked.kwargs) -> Answer:
        with pd.option_context(_OPTION, "python"):
            return work(*args, **named)

    return done
