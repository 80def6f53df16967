"""Figures that are allowed but implausible: slips of a unit, of a sign, of a decimal point."""

from planner.plausible.settings import implausible, one_at_each_place

__all__ = ["implausible", "one_at_each_place"]
