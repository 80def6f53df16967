"""What the catalogue says of one run."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from planner.scenario.chain import shipped_names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.outputs.differences import FromShipped

__all__ = ["Entry"]


@dataclass(frozen=True)
class Entry:
    """One run in the catalogue."""

    run: str  # name of its folder
    scenario: str  # as in ``run.json``; `created` is an ISO time in UTC
    title: str
    differs: Mapping[str, str]  # settings that are not those of the scenario of that name, with their values
    created: str
    status: str
    checked: bool  # whether the checker found every rule kept
    objective_musd: float | None  # net present value of all payments [MUSD], and gap to the bound
    gap_frac: float | None
    seconds: float  # wall time of all stages. [s]
    name: str = ""  # what a planner calls it; empty for nothing
    tags: tuple[str, ...] = ()  # what a planner finds it by, sorted
    # the shipped scenario that it starts from, and how it differs from it; None where the run does not say
    from_shipped: FromShipped | None = None

    @property
    def changed_settings(self) -> dict[str, str]:
        """Settings and tables that its files change of the shipped scenario, or command and study.

        A file that has the name of a shipped scenario and does not start from it is compared with
        that in `differs`, which says that the name means another plan, not what was changed.
        """
        if self.from_shipped is None:
            return dict(self.differs)
        is_namesake = self.scenario != self.from_shipped.scenario and self.scenario in _shipped()
        return {**self.from_shipped.differs, **({} if is_namesake else self.differs)}


@cache
def _shipped() -> frozenset[str]:
    return frozenset(shipped_names())
