"""Check that every id a scenario names is there in the tables."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import TYPE_CHECKING, Final, get_origin

from planner.base.errors import MOST_PROBLEMS
from planner.base.words import closest
from planner.family.references import IdOf, NewIdOf
from planner.scenario.keys import KEYS, block_at, field_at, kinds, marks
from planner.scenario.sites import Scope
from planner.scenario.tree import EACH, matching
from planner.tables.places import COUNTRIES

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from planner.base.errors import Problem
    from planner.scenario.tree import Keys, Node, Place


_COUNTRY_OF_NEW: Final = "new_sites.*.country"
FEW: Final = 12
"""So many ids can be listed in a message."""
ID_KEYS: Final[Mapping[str, IdOf]] = {keys: mark for keys, mark in marks() if isinstance(mark, IdOf)}
"""Key paths whose values, or keys, are ids of a table."""
NEW_ID_KEYS: Final[Mapping[str, NewIdOf]] = {keys: mark for keys, mark in marks() if isinstance(mark, NewIdOf)}
"""Key paths whose values, or keys, add to the ids of a table."""
ID_TABLES: Final = tuple(dict.fromkeys(table for mark in ID_KEYS.values() for table in (mark.table, *mark.also_in)))
"""Tables that `unknown_ids` needs."""


def unknown_ids(tree: Node, tables: Mapping[str, pd.DataFrame]) -> tuple[Problem, ...]:
    """Find ids that no table knows, and sites and regions of countries that are not in scope.

    The tree need not be right in every other way.
    """
    return (
        *_named_nowhere(tree, tables),
        *_new_but_known(tree, tables),
        *_no_countries(tree, tables),
        *_outside_scope(tree, tables),
    )


def _named_nowhere(tree: Node, tables: Mapping[str, pd.DataFrame]) -> Iterator[Problem]:
    found = count()
    known: dict[IdOf, list[str]] = {}
    for keys, mark in ID_KEYS.items():
        for id_, place in written_at(tree, keys):
            if mark not in known:
                known[mark] = _known(mark, tree, tables)
            if id_ not in known[mark]:
                # The search for near ids takes long, and no more than these are listed.
                is_listed = next(found) <= MOST_PROBLEMS
                yield _unknown(id_, place, mark, known[mark], _own_file(tree, mark.table), is_listed=is_listed)


def _known(mark: IdOf, tree: Node, tables: Mapping[str, pd.DataFrame]) -> list[str]:
    ids = _column(tables, mark.table, mark.column)
    for keys, new in NEW_ID_KEYS.items():
        if mark.may_be_new and (new.table, new.column) == (mark.table, mark.column):
            ids += [id_ for id_, _ in written_at(tree, keys)]
    ids += [id_ for table in mark.also_in for id_ in _column(tables, table, mark.column)]
    return list(dict.fromkeys(ids))


def _own_file(tree: Node, table: str) -> str:
    """Return the file of a table that is the user's own as it is written; empty if it ships."""
    files = tree.entries_at("data")
    return str(files[table].value) if table in files else ""


def _unknown(id_: str, place: Place, mark: IdOf, known: list[str], own: str, *, is_listed: bool) -> Problem:
    meant = closest(id_, known) if is_listed else None
    if meant:
        fix = f"did you mean {meant!r}?"
    elif len(known) <= FEW:
        fix = f"known are {', '.join(known)}"
    else:
        fix = f"`dcplan data ids {mark.table}` lists them"
    if own and not meant:
        fix += f", or add it to {own}"
    return place.problem(f"unknown {mark.noun} {id_!r}", f"an id of table {mark.table}", fix)


def _new_but_known(tree: Node, tables: Mapping[str, pd.DataFrame]) -> Iterator[Problem]:
    for keys, mark in NEW_ID_KEYS.items():
        known = _column(tables, mark.table, mark.column) if mark.taken else []
        for id_, place in written_at(tree, keys):
            if id_ in known:
                found = f"the {mark.taken} {id_!r} is in table {mark.table}"
                yield place.problem(found, "an id of its own", mark.fix)


def _no_countries(tree: Node, tables: Mapping[str, pd.DataFrame]) -> Iterator[Problem]:
    for code, place in written_at(tree, _COUNTRY_OF_NEW):
        if code not in COUNTRIES:
            known = ", ".join(sorted(set(_column(tables, "sites", "country"))))
            fix = f"sites of the data are in {known}"
            yield place.problem(f"{code} is no country", "a country's two letters of ISO 3166-1, such as US", fix)


def _outside_scope(tree: Node, tables: Mapping[str, pd.DataFrame]) -> Iterator[Problem]:
    scope = tree.entries_at("scope")
    if "countries" in scope and not isinstance(scope["countries"].value, tuple):
        return  # all of them
    countries = [id_ for id_, _ in written_at(tree, "scope.countries.*")] or list(Scope().countries)
    for key, table, column in (("sites", "sites", "site"), ("demand_regions", "demand_regions", "demand_region")):
        country = _countries(tree, tables, table, column)
        for id_, place in written_at(tree, f"scope.{key}.*"):
            # A site in no country at all is named where its country is written.
            is_known = id_ in country and country[id_] in COUNTRIES
            if is_known and country[id_] not in countries:
                found = f"{id_!r} is in {country[id_]}, and scope.countries is {countries}"
                fix = f"add {country[id_]} to scope.countries, or leave {id_!r} out"
                yield place.problem(found, "in a country of the scope", fix)


def _countries(tree: Node, tables: Mapping[str, pd.DataFrame], table: str, column: str) -> dict[str, str]:
    """Country of each row of a table, and of the scenario's own sites where it is about sites."""
    country = dict(zip(_column(tables, table, column), _column(tables, table, "country"), strict=True))
    if table == "sites":
        for id_, node in tree.entries_at("new_sites").items():
            country.update((id_, written) for written, _ in written_at(node, "country"))
    return country


def _column(tables: Mapping[str, pd.DataFrame], table: str, column: str) -> list[str]:
    return list(tables[table][column].astype(str))


def written_at(tree: Node, keys: str) -> Iterator[tuple[str, Place]]:
    """Return ids that are written at a key path, with their places."""
    *steps, last = keys.split(".")
    for _, node in matching(tree, steps if last == KEYS else [*steps, last]):
        if last == KEYS:
            yield from ((key, below.key_place or below.place) for key, below in node.children.items())
        elif isinstance(node.value, str):
            yield node.value, node.place


def has_own_entries(keys: Keys) -> bool:
    """Return whether blocks by an id that is of no table are at a key path."""
    block = block_at(keys[:-1]) if keys else None
    field = field_at(keys)
    if block is None or field is None or keys[-1] not in block.model_fields:
        return False
    mappings = [kind for kind in kinds(field.annotation) if get_origin(kind) is Mapping]
    is_of_table = ".".join((*map(str, keys), KEYS)) in ID_KEYS
    return bool(mappings) and not is_of_table and block_at((*keys, EACH)) is not None
