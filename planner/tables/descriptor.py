"""The data dictionaries: what `data/datapackage.json` and its like say about every table.

Frictionless Table Schema (https://datapackage.org), read into frozen records: of the tables that
are read (`data/datapackage.json`), and of those that are written (`data/results.json`,
`data/stress.json`, `data/proof.json`).
"""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal

from planner.base.errors import InputError
from planner.base.paths import DATA_DIR

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

PACKAGE_FILE: Final = DATA_DIR / "datapackage.json"
Dtype = Literal["str", "int64", "float64", "bool"]
_DTYPES: Final[Mapping[str, Dtype]] = {"string": "str", "integer": "int64", "number": "float64", "boolean": "bool"}
OWN: Final = "own"
"""Honesty flag of a figure of the user's own organisation."""
PURE_NUMBERS: Final = frozenset({"", "-", "class", "count", "see unit"})
"""Units that say nothing a reader of an error message needs."""


@dataclass(frozen=True)
class Field:
    """One column: name, type, unit, meaning, bounds."""

    name: str
    type: str
    description: str
    unit: str = ""
    symbol: str = ""
    required: bool = False
    unique: bool = False
    minimum: float | None = None
    maximum: float | None = None
    enum: tuple[Any, ...] = ()
    pattern: str = ""
    between: tuple[str, str] | None = None
    """Columns of the same row that say how low and how high the figure may well be."""
    may_be_absent: bool = False
    """A table without the column is one in which it is blank: older tables go on being read."""

    @property
    def is_number(self) -> bool:
        """Return whether the column holds numbers."""
        return self.type in {"number", "integer"}

    @property
    def dtype(self) -> Dtype:
        """Return the type in pandas of the column of a table that is written."""
        return _DTYPES[self.type]

    @property
    def bracket(self) -> str:
        """Return the unit as ` [MW]`, or nothing for a pure number."""
        return "" if self.unit in PURE_NUMBERS else f" [{self.unit}]"

    @property
    def bounds(self) -> str:
        """Return the bounds in words, e.g. `at least 0, at most 1`."""
        parts = []
        if self.minimum is not None:
            parts.append(f"at least {self.minimum:g}")
        if self.maximum is not None:
            parts.append(f"at most {self.maximum:g}")
        if self.enum:
            parts.append("one of " + ", ".join(str(value) for value in self.enum))
        if self.pattern:
            parts.append(f"like {self.pattern}")
        if self.between:
            parts.append("between `{}` and `{}`".format(*self.between))
        if self.unique:
            parts.append("unique")
        return ", ".join(parts)


@dataclass(frozen=True)
class ForeignKey:
    """A column whose values are ids: of columns of tables, countries, or single words."""

    field: str
    targets: tuple[tuple[str, str], ...]
    countries: bool = False
    values: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns it points to, each as `table.column`."""
        return tuple(f"{table}.{key}" for table, key in self.targets)

    @property
    def must_be(self) -> str:
        """Return what a cell must be, e.g. `an id of grid_zones.zone, or default`."""
        country = ("a country (ISO 3166 alpha-2)",) * self.countries
        return ", or ".join((*(f"an id of {column}" for column in self.columns), *country, *self.values))


@dataclass(frozen=True)
class SumToOne:
    """Shares of a whole: the column sums to 1 over the rows that have the same `per`."""

    field: str
    per: tuple[str, ...]


@dataclass(frozen=True)
class Licence:
    """A licence of a source."""

    name: str
    title: str
    path: str = ""


@dataclass(frozen=True)
class TableSchema:
    """One table of a package."""

    name: str
    path: str
    description: str
    fields: tuple[Field, ...]
    hash: str = ""
    """Of the file as it ships, `sha256:` and digits: bytes in which nothing is wrong."""
    primary_key: tuple[str, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    may_be_empty: bool = False
    sums: tuple[SumToOne, ...] = ()
    title: str = ""
    vintage: str = ""
    sources: tuple[str, ...] = ()
    licences: tuple[Licence, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the names of the columns in order."""
        return tuple(field.name for field in self.fields)

    @property
    def ends(self) -> frozenset[str]:
        """Return the columns with low and high of others; rows of one's own may leave them out."""
        return frozenset(end for field in self.fields for end in field.between or ())

    def field(self, name: str) -> Field:
        """Return one column by its name."""
        return {field.name: field for field in self.fields}[name]


@dataclass(frozen=True)
class Package:
    """All tables, by name, and the folder they lie in."""

    folder: Path
    tables: Mapping[str, TableSchema]

    def __getitem__(self, name: str) -> TableSchema:
        """Return the schema of a table."""
        if name not in self.tables:
            near = difflib.get_close_matches(name, self.tables, n=1)
            fix = f"did you mean '{near[0]}'?" if near else "see `dcplan data list`"
            raise InputError.at(name, "no table of this name", "one of the tables", fix)
        return self.tables[name]

    def path(self, name: str) -> Path:
        """Return where the table of this name ships."""
        return self.folder / self[name].path


@lru_cache(maxsize=8)
def load_package(path: Path = PACKAGE_FILE) -> Package:
    """Read a data package descriptor.

    >>> load_package()["sites"].primary_key
    ('site',)
    """
    raw = json.loads(path.read_text(encoding="utf-8"))
    return Package(path.parent, {resource["name"]: _table(resource) for resource in raw["resources"]})


def _table(raw: Mapping[str, Any]) -> TableSchema:
    schema = raw["schema"]
    return TableSchema(
        name=raw["name"],
        path=raw["path"],
        description=raw["description"],
        fields=tuple(_field(field) for field in schema["fields"]),
        hash=raw.get("hash", ""),
        primary_key=_names(schema.get("primaryKey", ())),
        foreign_keys=(*_foreign_keys(schema), *_ids_of_several(schema)),
        may_be_empty=raw.get("dcplan:mayBeEmpty", False),
        sums=tuple(SumToOne(shares["field"], tuple(shares["per"])) for shares in schema.get("dcplan:sumsToOne", ())),
        title=raw.get("title", ""),
        vintage=raw.get("dcplan:vintage", ""),
        sources=tuple(source["title"] for source in raw.get("sources", ())),
        licences=tuple(
            Licence(licence["name"], licence["title"], licence.get("path", "")) for licence in raw.get("licenses", ())
        ),
    )


def _foreign_keys(schema: Mapping[str, Any]) -> Iterator[ForeignKey]:
    for key in schema.get("foreignKeys", []):
        reference = key["reference"]
        pairs = zip(_names(key["fields"]), _names(reference["fields"]), strict=True)
        for field, target in pairs:
            yield ForeignKey(field, ((reference["resource"], target),))


def _ids_of_several(schema: Mapping[str, Any]) -> Iterator[ForeignKey]:
    """Return the columns with ids of more than one list, which foreignKeys cannot say."""
    for field in schema["fields"]:
        if "dcplan:idOf" in field:
            lists = field["dcplan:idOf"]
            yield ForeignKey(
                field["name"],
                tuple((table, key) for table, _, key in (target.partition(".") for target in lists.get("tables", ()))),
                lists.get("countries", False),
                tuple(lists.get("values", ())),
            )


_OURS: Final = {"dcplan:between": "between", "dcplan:mayBeAbsent": "may_be_absent"}
"""Properties of a column that Frictionless does not have."""


def _field(raw: Mapping[str, Any]) -> Field:
    said = {_OURS.get(key, key): value for key, value in {**raw, **raw.get("constraints", {})}.items()}
    known = ((key, value) for key, value in said.items() if key in Field.__dataclass_fields__)
    facts: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in known}
    return Field(**facts)


def _names(value: str | Sequence[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)
