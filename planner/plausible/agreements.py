"""Power purchase agreements whose capacity factor is that of another technology."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.base.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from planner.plausible.ranges import Range
    from planner.scenario import Scenario

FACTOR_OF = "ppa_factor_"
"""Ranges of the capacity factor are named so, by technology."""


def unlike_their_technology(scenario: Scenario, ranges: Iterable[Range]) -> Iterator[Problem]:
    """Find capacity factors that no plant of the technology has."""
    of_technology = {one.quantity: one for one in ranges if one.quantity.startswith(FACTOR_OF)}
    contracts = scenario.contracts
    for block, listed in (("ppa", contracts.ppa), ("existing", contracts.existing)):
        for name, signed in listed.items():
            given = of_technology.get(f"{FACTOR_OF}{signed.technology}")
            factor = signed.capacity_factor_frac
            is_own_profile = signed.profile not in (None, signed.technology)
            if given is None or factor is None or is_own_profile or not given.excludes(factor):
                continue
            file, line, column = scenario.place_of(("contracts", block, name, "capacity_factor_frac"))
            said = f"contracts.{block}.{name}.capacity_factor_frac of {signed.technology}"
            yield Problem(file, line, column, given.what_is(said, factor), "", given.fix)
