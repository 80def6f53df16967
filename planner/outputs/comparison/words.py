"""Sentences about runs compared."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from planner.base.number_format import amount, signed

if TYPE_CHECKING:
    from planner.outputs.comparison.comparison import RunComparison
    from planner.results.cost_difference import CostDifference

__all__ = ["cell_text", "cost_sentences"]

_DIGITS: Final = 6
_NO_DIFFERENCE_MUSD: Final = 1e-6


def cost_sentences(comparison: RunComparison) -> list[str]:
    """Say of each further run what it costs more, how much of it is penalty, what gaps leave."""
    first = comparison.letters[0]
    return [
        _sentence(f"{letter} costs", first, one)
        for letter, one in zip(comparison.letters[1:], comparison.certainty, strict=True)
    ]


def _sentence(subject: str, first: str, one: CostDifference) -> str:
    if math.isnan(one.musd):
        return f"{subject}: not known, as a run has no plan."
    if abs(one.musd) < _NO_DIFFERENCE_MUSD:
        text = f"{subject} as much as {first}"
    else:
        kind = "more" if one.musd > 0.0 else "less"
        text = f"{subject} {amount(abs(one.musd), 4)} MUSD {kind} than {first}"
    if one.penalty_words:
        text = f"{text}, {one.penalty_words}"
    if not (math.isfinite(one.low_musd) and math.isfinite(one.high_musd)):
        return f"{text}; a run has no bound, so that nothing is known of the best plans."
    if one.high_musd - one.low_musd < _NO_DIFFERENCE_MUSD:
        return f"{text}; both plans are optimal."
    between = f"between {signed(one.low_musd)} and {signed(one.high_musd)} MUSD"
    if one.is_within_gaps:
        return (
            f"{text}. This is less than the gaps of the plans: the best plans differ by something"
            f" {between}, in either direction; --paired compares without rounding."
        )
    return f"{text}; with the gaps of the plans, the best plans differ by {between}."


def cell_text(value: Any) -> str:
    """Write the value of a cell for people.

    >>> cell_text(None), cell_text(12345.678), cell_text(2028), cell_text("US")
    ('blank', '12,345.7', '2028', 'US')
    """
    if value is None:
        return "blank"
    return amount(value, _DIGITS) if isinstance(value, float) else str(value)
