"""Block of a scenario about how far ahead a plan looks when it decides."""

from typing import Annotated, Literal

from pydantic import Field

from planner.scenario.effects import OnlyWith
from planner.scenario.values import Block, Whole

__all__ = ["Foresight"]


class Foresight(Block):
    """How far ahead the plan looks, where it is decided year by year."""

    window_years: Annotated[Whole, Field(ge=1)] | None = None
    """Model years in view whenever a year is decided, that year among them; left out: the whole
    horizon is known from the start. [years]"""
    decides: Annotated[Literal["orders", "service"], OnlyWith("window_years")] = "orders"
    """What is decided for good in a year: orders that cannot wait longer, each as long before its
    service as its lead time; or what enters service in the year, as if all could be had at once."""
