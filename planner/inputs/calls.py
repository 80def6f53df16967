"""How the functions that make inputs are called: one after the other, or only those needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, ParamSpec, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Call", "call_each"]

P = ParamSpec("P")
Made = TypeVar("Made")


class Call(Protocol):
    """Calls a function with its arguments, or knows what it would return."""

    def __call__(self, make: Callable[P, Made], /, *args: P.args, **extra: P.kwargs) -> Made:
        """Return what the function makes of its arguments."""


def call_each(make: Callable[P, Made], /, *args: P.args, **extra: P.kwargs) -> Made:
    """Call a function."""
    return make(*args, **extra)
