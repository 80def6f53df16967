"""What the catalogue says of one run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

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
