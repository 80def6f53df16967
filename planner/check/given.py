"""Figures that are one setting of the scenario or one cell of a table, compared by one rule."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.check.declared import Given, merged
from planner.check.families import FAMILIES
from planner.check.verdict import OF_FIGURES, Excess, places_over, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from planner.check.case import Case

_GIVEN: Final[Mapping[str, Given]] = merged(FAMILIES, "GIVEN")


@rule(unit="of its unit", floor=OF_FIGURES, rereads=" ".join(_GIVEN))
def figures_as_given(case: Case) -> Iterator[Excess]:
    """Figures that are one setting, or one cell of a table, are what the scenario or the table says."""
    for figure, (over, given) in _GIVEN.items():
        places = places_over(case, over)
        has, due = (np.asarray(of, np.float64).ravel() for of in (attrgetter(figure)(case.inputs), given(case, places)))
        yield Excess.differs(places, has, np.broadcast_to(due, len(places)), figure)
