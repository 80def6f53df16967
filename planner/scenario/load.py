"""Scenarios from files, and with changed settings."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from pydantic import ValidationError

from planner.base.errors import MOST_PROBLEMS, InputError, Problem
from planner.base.paths import is_file
from planner.base.words import did_you_mean
from planner.scenario.chain import VERSION, find, read_chain
from planner.scenario.contradictions import contradictions
from planner.scenario.keys import is_by_year, written
from planner.scenario.messages import dotted, problems_of
from planner.scenario.schema import OWN_FILES, Scenario, file_of
from planner.scenario.tree import Node, Place, assign, merge, placed, plain, walk
from planner.scenario.yaml12 import name_problems, parse, text_problems
from planner.tables import load_package
from planner.tables.places import SIZE_MUST_BE, has_odd_size

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    Spot = tuple[str, int | None, int | None]


GROUND: Final = frozenset({"version", "data", "scope", "years", "decisions_start", "operator", "demand", "new_sites"})
"""Blocks that say what all others are about: without them figures cannot be judged."""


@dataclass(frozen=True)
class ValidRemainder:
    """A scenario less what is wrong in it."""

    scenario: Scenario  # what is left; it says less than what was asked for
    touched: frozenset[str]  # top-level blocks that something was taken out of
    _tree: Node

    @property
    def has_its_ground(self) -> bool:
        """Whether scope, years and demand are those that were asked for."""
        return not self.touched & GROUND

    def conflicts(self) -> tuple[Problem, ...]:
        """Return the settings that conflict, in blocks that nothing was taken out of."""
        if "years" in self.touched:
            return ()
        return self.in_whole_blocks(contradictions(self.scenario))

    def in_whole_blocks(self, problems: Iterable[Problem]) -> tuple[Problem, ...]:
        """Return those of some problems that do not lie in a block that lacks something."""
        inside = {spot for block in self.touched for spot in _spots(self._tree.children[block])}
        return tuple(problem for problem in problems if _spot(problem) not in inside)


def _less(node: Node, wrong: set[Spot]) -> Node:
    """Return a node less all below it that was written at one of some places."""
    if isinstance(node.value, tuple):
        entries = [below for below in node.value if not _is_at(below, wrong)]
        return replace(node, value=tuple(_less(below, wrong) for below in entries))
    if isinstance(node.value, str | int | float | None):
        return node
    return replace(
        node, value={key: _less(below, wrong) for key, below in node.value.items() if not _is_at(below, wrong)}
    )


def _is_at(node: Node, wrong: set[Spot]) -> bool:
    return bool(wrong & set(_own_spots(node)))


def _own_spots(node: Node) -> Iterator[Spot]:
    for place in (node.place, node.key_place):
        if place is not None:
            yield place.spot


def _spots(node: Node) -> Iterator[Spot]:
    """Places of a node and of all below it."""
    return (spot for _, below in walk(node) for spot in _own_spots(below))


def _spot(problem: Problem) -> Spot:
    return problem.file, problem.line, problem.column


# --- Changes given on the command line as `--set key=value` ---------------------------------------

_EXAMPLE = "for example operator.demand_share_frac=0.2"


Changes: TypeAlias = Sequence[str] | Mapping[str, Any]
"""Settings as ``key.key=value``, as after ``--set``, or a dict of key paths and their values."""


def as_overrides(changes: Changes) -> list[str]:
    """Return changes as they are written after ``--set``; a text is one change.

    >>> as_overrides({"demand.scale_frac": 0.5, "scope.sites": ["oak"]})
    ['demand.scale_frac=0.5', 'scope.sites=["oak"]']
    """
    if not isinstance(changes, Mapping):
        return [changes] if isinstance(changes, str) else [str(change) for change in changes]
    return [f"{key}={json.dumps(value, default=_plain_value)}" for key, value in changes.items()]


def _plain_value(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else str(value)  # of numpy, or a date


def with_override(tree: Node, override: str) -> Node:
    """Return a scenario tree with one change; a mapping is laid over what is there, as in a file, and `{}` empties."""
    place = Place(f"--set {override}")
    key_path, equals, text = override.partition("=")
    keys = tuple(part.strip() for part in key_path.split("."))
    if not equals or not all(keys):
        raise InputError([place.problem("no key and value are there", "key=value", _EXAMPLE)])
    if keys[0] in ("extends", "version"):
        raise InputError([place.problem(f"{keys[0]} is set", "a setting", "write it into a file")])
    value = placed(_value(text, place), place)
    try:
        return assign(tree, keys, merge(tree.at(*keys) or value, value, is_by_year, keys) if value.children else value)
    except LookupError as error:
        msg = f"the key leads nowhere: {error.args[0]}"
        raise place.error(msg, "a key", _EXAMPLE) from error


def _value(text: str, place: Place) -> Node:
    if not text.strip():
        return Node(None, place)
    try:
        return parse(text, place.file)
    except InputError as error:
        # Lines and columns of a value on the command line help nobody.
        raise InputError([replace(problem, line=None, column=None) for problem in error.problems]) from error


# --- From a scenario file, with what it extends and what `--set` changes, to a checked scenario ---

_NOT_HANDED_DOWN: Final = frozenset({"title", "question"})  # they speak of their own file alone
_READING: Final = frozenset({"extends", "version"})  # handled when the files are read


@dataclass(frozen=True)
class ScenarioDraft:
    """A scenario as read and merged, with the problems found on the way."""

    name: str
    source_files: tuple[Path, ...]
    tree: Node
    problems: tuple[Problem, ...]
    source_sha256: tuple[str, ...] = ()

    @property
    def data_files(self) -> dict[str, Path]:
        """Tables of one's own that are there, by table name."""
        known = load_package().tables
        found = {table: file_of(self.tree, ("data", table)) for table in self.tree.entries_at("data")}
        return {table: at[0] for table, at in found.items() if table in known and at is not None and is_file(at[0])}

    @property
    def has_its_tables(self) -> bool:
        """Whether every table of one's own is there; without one, the others may seem wrong."""
        return len(self.data_files) == len(self.tree.entries_at("data"))

    def checked(self) -> tuple[Scenario | None, tuple[Problem, ...]]:
        """Check keys and values."""
        problems = [*self.problems, *_file_problems(self.tree), *_size_problems(self.tree)]
        if not self.source_files:
            return None, tuple(problems)
        try:
            bare = Scenario.model_validate(plain(self.tree))
        except ValidationError as error:
            problems += problems_of(error, self.tree)
            if len(problems) > MOST_PROBLEMS:  # what is left of it would be another scenario
                return None, tuple(problems)
            rest = self.rest(problems)
            return None, (*problems, *(rest.conflicts() if rest else ()))
        scenario = bare.written_in(self.name, self.source_files, self.tree, self.source_sha256)
        return scenario, (*problems, *contradictions(scenario))

    def rest(self, problems: Iterable[Problem]) -> ValidRemainder | None:
        """Return the scenario less what problems are about, None where nothing is left of it."""
        wrong = {_spot(problem) for problem in problems}
        left, touched = self.tree, frozenset[str]()
        while True:
            touched |= frozenset(key for key, node in left.children.items() if wrong & set(_spots(node)))
            left = _less(left, wrong)
            try:
                made = Scenario.model_validate(plain(left))
            except ValidationError as error:
                # A block may not do without what was taken out: then the block goes too.
                now = {_spot(problem) for problem in problems_of(error, left)}
                if now <= wrong:
                    return None
                wrong = now
            else:
                return ValidRemainder(made.written_in(self.name, self.source_files, left), touched, self.tree)


def load_scenario(scenario: str | Path | Scenario, overrides: Changes = ()) -> Scenario:
    """Read a scenario, or change one that is loaded; all that take a scenario ask this.

    Parameters
    ----------
    scenario : str, Path or Scenario
        A file, the name of a shipped scenario, or one already loaded.
    overrides : sequence of str or dict, optional
        Changes such as `"operator.demand_share_frac=0.2"`, values in YAML; or `{"operator.demand_share_frac": 0.2}`.

    Returns
    -------
    Scenario
        The scenario, its defaults filled in; ids are not yet checked against the tables.

    Raises
    ------
    InputError
        If anything is wrong; it carries every problem with its place.
    """
    if isinstance(scenario, Scenario) and not overrides:
        return scenario
    loaded, problems = read_draft(scenario, overrides).checked()
    if loaded is None or problems:
        raise InputError(problems)
    return loaded


def read_draft(scenario: str | Path | Scenario, overrides: Changes = ()) -> ScenarioDraft:
    """Read a scenario file and those it extends, and lay the changes on top."""
    draft = _as_loaded(scenario) if isinstance(scenario, Scenario) else _as_written(scenario)
    tree, problems = draft.tree, list(draft.problems)
    for override in as_overrides(overrides):
        try:
            tree = with_override(tree, override)
        except InputError as error:
            problems.extend(error.problems)
    return replace(draft, tree=tree, problems=(*problems, *text_problems(tree)))


def _as_loaded(scenario: Scenario) -> ScenarioDraft:
    tree = scenario.tree
    is_as_written = scenario.source_files and (Scenario.model_validate(plain(tree)).merged() == scenario.merged())
    if not is_as_written:  # a change of what is written would drop what was set in Python
        found = "the scenario was made or changed in Python, not read from a file"
        fix = "load it with planner.load_scenario(file, changes)"
        raise InputError.at(scenario.name, found, "one that was loaded", fix)
    return ScenarioDraft(scenario.name, scenario.source_files, tree, (), scenario.source_sha256)


def _as_written(path_or_name: str | Path) -> ScenarioDraft:
    path = find(path_or_name)
    sources, problems = read_chain(path)
    trees = [source.tree for source in sources]
    own = [_without(tree, _READING) for tree in trees[:1]]
    handed_down = [_without(tree, _READING | _NOT_HANDED_DOWN) for tree in trees[1:]]
    tree = Node({}, Place(str(path), 1, 1))
    for child in reversed([*own, *handed_down]):
        tree = merge(tree, child, is_by_year)
    tree = replace(tree, value={"version": Node(VERSION, tree.place), **tree.children})
    problems += name_problems(path.stem, Place(ascii(str(path))[1:-1]))
    return ScenarioDraft(
        path.stem,
        tuple(source.path for source in sources),
        tree,
        tuple(problems),
        tuple(source.sha256 for source in sources),
    )


def _without(tree: Node, keys: frozenset[str]) -> Node:
    return replace(tree, value={k: node for k, node in tree.children.items() if k not in keys})


def _file_problems(tree: Node) -> Iterator[Problem]:
    known = load_package().tables
    for table, node in tree.entries_at("data").items():
        if table not in known:
            fix = did_you_mean(table, list(known), "`dcplan data list` lists them")
            place = node.key_place or node.place
            yield place.problem(f"data has the key {table!r}", "the name of a table", fix)
    tables = [("data", table) for table in tree.entries_at("data")]
    for keys in (*tables, *OWN_FILES):
        found = file_of(tree, keys)
        if found is not None and not is_file(found[0]):
            path, place = found
            fix = "check the path; it is seen from the file in which it is written"
            yield place.problem(f"{'.'.join(keys)} is {str(path)!r}", "a file", fix)


def _size_problems(tree: Node) -> Iterator[Problem]:
    """Find numbers of a size that nothing has, too large or too small to compute with."""
    for keys, node in walk(tree):
        value = node.value
        if isinstance(value, float | int) and not isinstance(value, bool) and has_odd_size(value):
            yield node.place.problem(f"{dotted(keys)} is {value:g}", SIZE_MUST_BE, "check its unit")


# --- A scenario with some settings changed, by keys and values instead of the text of `--set` -----

Value: TypeAlias = str | int | float | bool | tuple[str, ...] | Mapping[int, float] | None
CHANGED: Final = "changed setting"
"""Where a setting is written that a study has changed, in place of a file."""
_PLACE: Final = Place(CHANGED)


@dataclass(frozen=True)
class Setting:
    """A key of a scenario and a value for it.

    >>> str(Setting(("carbon", "cap_kt"), {2027: 40.5, 2028: 38.0}))
    'carbon.cap_kt={2027: 40.5, 2028: 38}'
    """

    keys: tuple[str, ...]  # way to the key, such as ``("sites", "us-va-ashburn", "land_limit_mw")``
    value: Value  # what it is to be

    def __str__(self) -> str:
        """Return it as after ``--set``; an id with a dot can only be written into a file."""
        return f"{'.'.join(self.keys)}={written(self.value)}"


def with_settings(scenario: Scenario, settings: Sequence[Setting]) -> Scenario:
    """Return a scenario in which some settings have other values."""
    tree = scenario.tree
    for setting in settings:
        tree = assign(tree, setting.keys, _node(setting.value))
    try:
        bare = Scenario.model_validate(plain(tree))
    except ValidationError as error:
        raise InputError(problems_of(error, tree)) from error
    made = bare.written_in(scenario.name, scenario.source_files, tree, scenario.source_sha256)
    problems = contradictions(made)
    if problems:
        raise InputError(problems)
    return made


def _node(value: Value) -> Node:
    if isinstance(value, Mapping):
        return Node({str(key): _node(below) for key, below in value.items()}, _PLACE, _PLACE)
    if isinstance(value, tuple):
        return Node(tuple(_node(below) for below in value), _PLACE, _PLACE)
    return Node(value, _PLACE, _PLACE)
