"""Ids of tables and lines of cost in the words that a planner knows them by."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planner.inputs.inputs import Inputs
    from planner.studies.explain.explanation import Statement

__all__ = ["Names"]

_INTERNAL = re.compile(r"[^\s,;:()]*[_|][^\s,;:()]*")


class Names:
    """Names by id.

    Only what reads as an id is replaced, by its underscore or bar: an id such as ``agentic`` is
    a word, and sites keep theirs, which commands take.

    Parameters
    ----------
    inputs : Inputs
        Their tables hold the names.
    """

    def __init__(self, inputs: Inputs) -> None:
        tables, sites = inputs.tables, set(inputs.sites.table["site"])
        self._of: dict[str, str] = {}
        for table, key in (("racks", "rack"), ("workloads", "workload")):
            self._of |= dict(zip(tables[table][key], tables[table]["name"], strict=True))
        self._cooling: dict[str, str] = dict(
            zip(tables["cooling"]["cooling"], tables["cooling"]["name"], strict=True)
        )
        self._sites = sites

    def of(self, label: str) -> str:
        """Return the name of an id; of a hall its cooling and redundancy; else it in words."""
        if label in self._sites:
            return label
        if label in self._of:
            return self._of[label]
        cooling, bar, redundancy = label.partition("|")
        name = self._cooling.get(cooling, cooling.replace("_", " "))
        if bar:
            return f"{name[:1].lower()}{name[1:]}; redundancy {redundancy.replace('_', ' ')}"
        return name

    def plain(self, text: str) -> str:
        """Return a text with the ids in it replaced."""

        def name(found: re.Match[str]) -> str:
            label = found.group()
            end = label[len(label.rstrip(".")) :]
            return self.of(label.removesuffix(end)) + end

        return _INTERNAL.sub(name, text)

    def statement(self, statement: Statement) -> Statement:
        """Return a statement with the ids in its text replaced."""
        return replace(statement, text=self.plain(statement.text))
