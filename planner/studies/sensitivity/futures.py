"""The futures of a study of sensitivity, as a sweep has them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.base.errors import InputError, Problem
from planner.runs.names import fingerprint
from planner.scenario.tree import Node, Place
from planner.studies.sensitivity.design import rows_per_block, shares_of
from planner.studies.sweep.axes import SweepAxis
from planner.studies.sweep.file import MOST_FUTURES, SweepFile
from planner.studies.sweep.futures import sweep_of
from planner.studies.sweep.points import Future

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.scenario import ScenarioDraft
    from planner.studies.sensitivity.design import Design
    from planner.studies.sensitivity.factors import Factor
    from planner.studies.sweep.futures import Sweep

__all__ = ["BASE", "base_sweep", "not_valid", "points_of", "sweep_of_points"]

BASE: Final = "base"
"""Future of the scenario as it is."""


def not_valid(draft: ScenarioDraft, factors: Sequence[Factor]) -> list[tuple[Factor, str]]:
    """Return factors whose low or high makes no valid input of the scenario, and why.

    Of those that first order ranks the ends were tried there.
    """
    found = []
    for one in factors:
        try:
            sweep_of(_file(draft, _axes([one]), (Future(BASE),)), {})
        except InputError as error:
            found.append((one, f"its low or high makes no valid input: {error.problems[0]}"))
    return found


def _axes(factors: Sequence[Factor]) -> tuple[SweepAxis, ...]:
    """Return the factors as axes of a sweep, whose ends are tried before any solve."""
    node = Node({}, Place("sensitivity"))
    return tuple(SweepAxis(one.name, node, (one.point_at(0.0), one.point_at(1.0))) for one in factors)


def _file(draft: ScenarioDraft, axes: tuple[SweepAxis, ...], futures: tuple[Future, ...]) -> SweepFile:
    """Return the futures of a study as those of a sweep; the whole run of the base is kept."""
    name = draft.name
    source = draft.source_files[0] if draft.source_files else Path(name)
    return SweepFile(
        path=source,
        sha256=draft.source_sha256[0] if draft.source_sha256 else "",
        title=f"Sensitivity of {name}",
        question="Which inputs decide?",
        draft=draft,
        axes=axes,
        sample=None,
        futures=futures,
        listed={},
        runs=frozenset({BASE}),
        problems=(),
    )


def base_sweep(draft: ScenarioDraft) -> Sweep:
    """Return the future of the scenario as it is, alone."""
    sweep = sweep_of(_file(draft, (), (Future(BASE),)), {})
    # Asked again with all others, which begin where it ended, it is not solved twice.
    return replace(sweep, questions=tuple(replace(one, leads=True) for one in sweep.questions))


def points_of(design: Design, factors: Sequence[Factor]) -> pd.DataFrame:
    """Return every point of a design: its block, its future, and the share of each factor.

    In the tornado a factor that is not moved has no share: it is at its value.
    """
    names = [one.name for one in factors]
    if design.method == "tornado":
        shares = np.full((2 * len(factors), len(factors)), np.nan)
        rows = np.arange(len(factors))
        shares[2 * rows, rows], shares[2 * rows + 1, rows] = 0.0, 1.0
        futures = [f"{name}={end}" for name in names for end in ("low", "high")]
        block = rows.repeat(2)
    else:
        shares = shares_of(design, len(factors))
        block = np.arange(len(shares)) // rows_per_block(design.method, len(factors))
        futures = [_name_of(names, row) for row in shares.tolist()]
    points = pd.DataFrame({"block": block, "future": futures})
    return pd.concat([points, pd.DataFrame(shares, columns=names)], axis=1)


def _name_of(names: Sequence[str], shares: Sequence[float]) -> str:
    """Name a point by what it is, so that it is solved once in whichever study it comes up."""
    return f"point-{fingerprint({'factors': list(names), 'shares': list(shares)})}"


def sweep_of_points(draft: ScenarioDraft, factors: Sequence[Factor], points: pd.DataFrame) -> Sweep:
    """Return the futures of all points, each once, and the base, where the others begin."""
    once = points.drop_duplicates("future")
    if len(once) >= MOST_FUTURES:
        what_is = f"the design has {len(once):,} points"
        fix = "take fewer figures, trajectories or samples"
        must_be = f"fewer than {MOST_FUTURES:,}"
        raise InputError([Problem("sensitivity", None, None, what_is, must_be, fix)])
    shares = once[[one.name for one in factors]].to_numpy(np.float64)
    futures = [
        Future(
            name,
            {
                one.name: one.at_value() if np.isnan(share) else one.point_at(share)
                for one, share in zip(factors, row, strict=True)
            },
        )
        for name, row in zip(once["future"], shares.tolist(), strict=True)
    ]
    file = _file(draft, _axes(factors), (Future(BASE), *futures))
    return sweep_of(file, dict.fromkeys((one.name for one in futures), BASE))
