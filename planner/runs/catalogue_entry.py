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
    """One run in the catalogue.

    Parameters
    ----------
    run : str
        Name of its folder.
    scenario, title, created, status : str
        As in ``run.json``; `created` is an ISO time in UTC.
    differs : mapping of str to str
        Settings that are not those of the scenario of that name, with their values.
    checked : bool
        Whether the checker found every rule kept.
    objective_musd, gap_frac : float or None
        Net present value of all payments [MUSD], and gap to the bound.
    seconds : float
        Wall time of all stages. [s]
    name : str
        What a planner calls it; empty for nothing.
    tags : tuple of str
        What a planner finds it by, sorted.
    from_shipped : FromShipped or None
        The shipped scenario that it starts from, and how it differs from it; None where the run
        does not say.
    """

    run: str
    scenario: str
    title: str
    differs: Mapping[str, str]
    created: str
    status: str
    checked: bool
    objective_musd: float | None
    gap_frac: float | None
    seconds: float
    name: str = ""
    tags: tuple[str, ...] = ()
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
