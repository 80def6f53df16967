"""Sentences with the ids of racks, workloads and halls replaced by their names."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from planner.outputs.labels import hall_words, names_in

if TYPE_CHECKING:
    from planner.inputs.inputs import Inputs
    from planner.studies.explain.explanation import Statement

__all__ = ["Names"]

# Part of a longer word: a key path, a path of a file, another id.
_BEFORE, _AFTER = r"(?<![\w.|/+-])", r"(?![\w|/+-]|\.\w)"


class Names:
    """Names by id, which it puts into texts.

    Only whole ids that the inputs hold and that read as ids, by an underscore or a bar, are
    replaced: ``agentic`` is a word. Sites, zones, contracts and sources keep theirs, which commands
    and settings take; so do keys and paths.
    """

    def __init__(self, inputs: Inputs) -> None:
        sets, tables = inputs.sets, inputs.tables
        names: dict[str, str] = {}
        for table, key, axis in (
            ("racks", "rack", sets.rack),
            ("workloads", "workload", sets.workload),
            ("cooling", "cooling", sets.cooling),
        ):
            known = names_in(tables[table], key)
            names |= {id_: known[id_] for id_ in axis.labels if id_ in known}
        names |= {hall: hall_words(hall, names) for hall in sets.hall.labels}
        kept = {*inputs.sites.table["site"], *sets.zone.labels}
        self._of = {id_: name for id_, name in names.items() if re.search("[_|]", id_)}
        self._of = {id_: name for id_, name in self._of.items() if id_ not in kept}
        ids = "|".join(map(re.escape, sorted(self._of, key=len, reverse=True)))
        self._ids = re.compile(f"{_BEFORE}(?:{ids}){_AFTER}" if ids else "(?!)")

    def plain(self, text: str) -> str:
        """Return a text with the ids in it replaced."""
        return self._ids.sub(lambda found: self._of[found.group()], text)

    def statement(self, statement: Statement) -> Statement:
        """Return a statement with the ids in its text replaced."""
        return replace(statement, text=self.plain(statement.text))
