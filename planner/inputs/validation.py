"""All that is wrong or implausible in a scenario and its data, found in one go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from planner.base.errors import InputError
from planner.inputs.build import TABLES, build_inputs_from
from planner.inputs.proportions import warnings_of
from planner.scenario import read_draft, unknown_ids
from planner.tables import read_tables, right_tables

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from planner.base.errors import Problem

__all__ = ["Validation", "validated"]


@dataclass(frozen=True)
class Validation:
    """What is wrong with a scenario and its data, or else what its settings do not do."""

    problems: tuple[Problem, ...]  # all that keeps a plan from being made
    notes: tuple[Problem, ...] = ()  # settings of a right scenario that have no effect, or that keep sites out
    # figures that are allowed but implausible, also of a scenario that is wrong elsewhere
    warnings: tuple[Problem, ...] = ()


def validated(path_or_name: str | Path, overrides: Sequence[str] = ()) -> Validation:
    """Check the file, the tables it uses, the ids it names, and what they say together."""
    try:
        draft = read_draft(path_or_name, overrides)
    except InputError as error:
        return Validation(error.problems)
    _, problems = draft.checked()
    if not draft.has_its_tables:
        return Validation(problems)
    try:
        tables = read_tables(TABLES, draft.data_files)
    except InputError as error:
        problems = (*problems, *error.problems)
        right = right_tables(TABLES, draft.data_files)
        rest = draft.rest(problems)
        return Validation(problems, (), () if rest is None else warnings_of(rest.scenario, right))
    problems = (*problems, *unknown_ids(draft.tree, tables))
    # Figures are judged by what is right of the scenario, so that one round names them all.
    rest = None if draft.problems else draft.rest(problems)
    if rest is None or not rest.has_its_ground:
        rest = draft.rest(problems)
        return Validation(problems, (), () if rest is None else warnings_of(rest.scenario, tables))
    try:
        inputs = build_inputs_from(rest.scenario, tables)
    except InputError as error:
        problems = (*problems, *rest.in_whole_blocks(error.problems))
        wrong = {(problem.file, problem.line, problem.column) for problem in problems}
        found = warnings_of(rest.scenario, tables)
        found = tuple(w for w in found if (w.file, w.line, w.column) not in wrong)
        return Validation(problems, (), found)
    return Validation(problems, () if problems else inputs.noted_settings, inputs.warnings)
