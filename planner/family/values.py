"""Kinds of values that scenario keys take: numbers with bounds, paths by year, lists of ids."""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal, TypeAlias, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    SerializerFunctionWrapHandler,
    Tag,
    ValidationInfo,
    field_validator,
    model_serializer,
)

if TYPE_CHECKING:
    from pydantic import GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema

FIRST_YEAR: Final = 2000
LAST_YEAR: Final = 2100
_YEAR_TEXT: Final = re.compile(r"[0-9]{4}")


class Block(BaseModel):
    """A block of a scenario: frozen, and unknown keys are refused."""

    # A block within another needs no validator of its own until it is made by itself: as a default it is constructed.
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, validate_default=True, defer_build=True)

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        """Describe keys by the docstrings below them; pydantic would read and search the file again for each class."""
        for name, text in _docstrings(cls.__module__).get(cls.__name__, {}).items():
            if name in cls.model_fields and cls.model_fields[name].description is None:
                cls.model_fields[name].description = text


@cache
def _docstrings(module: str) -> dict[str, dict[str, str]]:
    """Return the docstrings of attributes, by class of a file."""
    found = defaultdict[str, dict[str, str]](dict)
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    for block in (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)):
        for pair in pairwise(block.body):
            match pair:
                case ast.AnnAssign(target=ast.Name(id=key)), ast.Expr(value=ast.Constant(value=str(text))):
                    found[block.name][key] = inspect.cleandoc(text)
    return found


class Override(Block):
    """Figures that replace those of a table; a key left out keeps the table's figure."""

    model_config = ConfigDict(validate_default=False)  # None as a default means left out

    MAY_BE_NULL: ClassVar[frozenset[str]] = frozenset()  # keys whose null says something: it empties the table's cell

    @field_validator("*", mode="before")
    @classmethod
    def _null_where_it_has_a_meaning(cls, value: object, info: ValidationInfo) -> object:
        if value is None and info.field_name not in cls.MAY_BE_NULL:
            message = "given, as null has no meaning here"
            raise ValueError(message)
        return value

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Return the schema for editors, which offers null only where it may be written."""
        schema = handler.resolve_ref_schema(handler(core_schema))
        for name, key in schema["properties"].items():
            if name not in cls.MAY_BE_NULL and "anyOf" in key:
                (kind,) = [kind for kind in key.pop("anyOf") if kind != {"type": "null"}]
                del key["default"]
                key.update(kind)
        return schema

    def written_values(self) -> dict[str, Any]:
        """Return the keys that were written, null included, with their values."""
        return {name: getattr(self, name) for name in type(self).model_fields if name in self.model_fields_set}

    @model_serializer(mode="wrap")
    def _only_given(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # A key left out is not the same as null, which empties the table's cell.
        return {name: value for name, value in handler(self).items() if name in self.model_fields_set}


def _year(value: object) -> object:
    """Keys of a YAML mapping arrive as text; only four digits are a year."""
    if isinstance(value, str) and _YEAR_TEXT.fullmatch(value):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    message = "a year of four digits"
    raise ValueError(message)


def _not_a_switch(value: object) -> object:
    """Keep `true` from passing for the 1 of a list of choices."""
    if isinstance(value, bool):
        message = "an integer"
        raise ValueError(message)
    return value


def _whole_or_all(value: object) -> object:
    """Refuse in one sentence: of a union, pydantic would say what each kind of value misses."""
    if value == "all" or (isinstance(value, int) and not isinstance(value, bool) and value >= 1):
        return value
    message = "an integer from 1, or `all`"
    raise ValueError(message)


def _in_order(path: Mapping[int, float]) -> Mapping[int, float]:
    """Refuse a year out of order: most often it is mistyped, and the path then has another end."""
    for before, after in pairwise(path):
        if after <= before:
            message = f"years in ascending order, but {after} comes after {before}"
            raise ValueError(message)
    return path


def _no_doubles(ids: tuple[str, ...]) -> tuple[str, ...]:
    doubles = sorted({id_ for id_ in ids if ids.count(id_) > 1})
    if doubles:
        message = f"a list without repeats, but {', '.join(doubles)} is there more than once"
        raise ValueError(message)
    return ids


def _number_or_path(value: object) -> str:
    return "by_year" if isinstance(value, Mapping) else "number"


def _all_or_ids(value: object) -> str:
    return "ids" if isinstance(value, list | tuple) else "all"


Number: TypeAlias = Annotated[float, Field(strict=True)]
NonNegative: TypeAlias = Annotated[float, Field(strict=True, ge=0)]
Positive: TypeAlias = Annotated[float, Field(strict=True, gt=0)]
Frac: TypeAlias = Annotated[float, Field(strict=True, ge=0, le=1)]  # a share; 10 % is written 0.1
Months: TypeAlias = Annotated[float, Field(strict=True, ge=0, le=600)]
Whole: TypeAlias = Annotated[int, Field(strict=True, ge=0)]
WholeOrAll: TypeAlias = Annotated[
    Annotated[int, Field(strict=True, ge=1)] | Literal["all"], BeforeValidator(_whole_or_all)
]
Flag: TypeAlias = Annotated[bool, Field(strict=True)]
Text: TypeAlias = Annotated[str, Field(min_length=1)]
NotASwitch: Final = BeforeValidator(_not_a_switch)  # for choices among integers
Year: TypeAlias = Annotated[int, Field(ge=FIRST_YEAR, le=LAST_YEAR), BeforeValidator(_year)]

Amount = TypeVar("Amount")
_Path: TypeAlias = Annotated[Mapping[Year, Amount], Field(min_length=1), AfterValidator(_in_order)]
_ByYear: TypeAlias = Annotated[
    Annotated[Amount, Tag("number")] | Annotated[_Path[Amount], Tag("by_year")], Discriminator(_number_or_path)
]
NonNegativePath: TypeAlias = _Path[NonNegative]
PositivePath: TypeAlias = _Path[Positive]
FracPath: TypeAlias = _Path[Frac]
NonNegativeByYear: TypeAlias = _ByYear[NonNegative]
PositiveByYear: TypeAlias = _ByYear[Positive]
FracByYear: TypeAlias = _ByYear[Frac]

Id = TypeVar("Id", bound=str)  # a kind of id, see `references`: `Ids[SiteId]` are ids of sites
Ids: TypeAlias = Annotated[tuple[Id, ...], AfterValidator(_no_doubles)]
AllOrIds: TypeAlias = Annotated[
    Annotated[Literal["all"], Tag("all")] | Annotated[Ids[Id], Tag("ids")], Discriminator(_all_or_ids)
]
AllOrSome: TypeAlias = Annotated[
    Annotated[Literal["all"], Tag("all")] | Annotated[Ids[Id], Field(min_length=1), Tag("ids")],
    Discriminator(_all_or_ids),
]
"""As `AllOrIds`, for sets that a plan cannot do without."""


def path_value(value: float | Mapping[int, float], year: int) -> float | None:
    """Read a path by year as steps: each figure holds until the next given year.

    >>> steps = {2026: 3.0, 2028: 5.0}
    >>> path_value(steps, 2027), path_value(steps, 2025), path_value(4.0, 2025)
    (3.0, None, 4.0)
    """
    if not isinstance(value, Mapping):
        return value
    given = [known for known in value if known <= year]
    return value[max(given)] if given else None


def interpolated(value: float | Mapping[int, float], year: int) -> float:
    """Read a path by year as straight lines between the given years.

    >>> interpolated({2025: 30.0, 2030: 90.0}, 2027), interpolated({2025: 30.0}, 2030)
    (54.0, 30.0)
    """
    if not isinstance(value, Mapping):
        return value
    before = [known for known in value if known <= year]
    after = [known for known in value if known >= year]
    if not before:
        message = f"the path begins in {min(value)}, after {year}"
        raise ValueError(message)
    start = max(before)
    if not after or start == year:
        return value[start]
    end = min(after)
    return value[start] + (value[end] - value[start]) * (year - start) / (end - start)
