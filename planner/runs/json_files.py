"""JSON files that somebody may have edited: what each may hold is said by a model."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_MOST_BYTES: Final = 1 << 26  # run.json of us-base has 60 thousand
_LONGEST: Final = 60  # of a value that is shown


class Part(BaseModel):
    """A mapping of a file; keys that it does not name are left alone."""

    model_config = ConfigDict(strict=True, extra="allow", allow_inf_nan=False)


def _text(text: str) -> str:
    text.encode()  # what a terminal and a file can hold; an error of it is one of the value
    return text


Text = Annotated[str, AfterValidator(_text)]


def read_json(path: Path, model: type[Part] | None = None) -> Any:
    """Return what a file holds; an error of its values says all that is not as a model says."""
    size = path.stat().st_size
    if size > _MOST_BYTES:
        message = f"the file has {size:,} bytes"
        raise ValueError(message)
    content = json.loads(path.read_bytes())
    if model is not None and not isinstance(content, dict):
        message = f"{shown(content)} has no keys"
        raise ValueError(message)
    if model is not None and (wrong := wrong_in(content, model)):
        raise ValueError("; ".join(f"{found}, must be {expected}" for found, expected in wrong.values()))
    return content


def wrong_in(content: Mapping[str, Any], model: type[Part]) -> dict[str, tuple[str, str]]:
    """Return what is wrong with each key, and what must be there."""
    found = {}
    try:
        model.model_validate(content)
    except ValidationError as error:
        for one in error.errors(include_url=False, include_context=False):
            key = str(one["loc"][0])
            what_is = f"{key} is {shown(content[key])}" if key in content else f"{key} is missing"
            said = one["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
            found[key] = what_is, said if one["type"] != "missing" else "as dcplan writes it"
    return found


def shown(value: object) -> str:
    """Return a value in ASCII, its beginning where it is long."""
    text = ascii(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
