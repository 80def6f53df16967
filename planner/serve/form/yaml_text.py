"""Values as they are written in a scenario file, on one line each, so that errors find them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from planner.base.errors import InputError
from planner.scenario.yaml12 import parse

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["one_line", "scenario_text"]

_PLAIN: Final = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_ ./()-]*[A-Za-z0-9_./()-])?")
_YEAR: Final = re.compile("[12][0-9]{3}")
_INDENT: Final = "  "


def one_line(value: Any) -> str:
    """Write a value in YAML 1.2 on one line; read again it is the same.

    >>> one_line({2025: 30.0, "a: b": [True, None, "true", "=1+1"]})
    '{2025: 30.0, "a: b": [true, null, "true", "=1+1"]}'
    """
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(k)}: {one_line(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(one_line, value)) + "]"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        text = repr(value)
        return f".{text}" if text in {"inf", "nan"} else text.replace("-inf", "-.inf")
    return _text(str(value))


def scenario_text(
    head: Iterable[str], settings: Mapping[tuple[str, ...], Any]
) -> tuple[str, dict[int, tuple[str, ...]]]:
    """Write a scenario file."""
    lines = list(head)
    at: dict[int, tuple[str, ...]] = {}
    open_keys: tuple[str, ...] = ()
    for keys in sorted(settings, key=lambda keys: _order(keys, settings)):
        shared = 0
        while shared < len(keys) - 1 and keys[: shared + 1] == open_keys[: shared + 1]:
            shared += 1
        for depth in range(shared, len(keys) - 1):
            lines.append(f"{_INDENT * depth}{_text(keys[depth])}:")
            at[len(lines)] = keys[: depth + 1]
        lines.append(f"{_INDENT * (len(keys) - 1)}{_text(keys[-1])}: {one_line(settings[keys])}")
        at[len(lines)] = keys
        open_keys = keys[:-1]
    return "".join(f"{line}\n" for line in lines), at


def _order(keys: tuple[str, ...], settings: Mapping[tuple[str, ...], Any]) -> list[int]:
    """Return where a key path comes: by the first that begins as it does, step by step."""
    every = list(settings)
    return [
        next(at for at, other in enumerate(every) if other[: depth + 1] == keys[: depth + 1])
        for depth in range(len(keys))
    ]


def _key(key: Any) -> str:
    """Write a key: a year is read as the same key with and without quotes."""
    return key if isinstance(key, str) and _YEAR.fullmatch(key) else one_line(key)


def _text(text: str) -> str:
    """Write text plainly where that is read as the same text, in quotes otherwise."""
    if _PLAIN.fullmatch(text):
        try:
            if parse(text, "").value == text:
                return text
        except InputError:
            pass
    return '"' + "".join(map(_sign, text)) + '"'


def _sign(sign: str) -> str:
    if sign in {'"', "\\"}:
        return f"\\{sign}"
    if sign.isprintable():
        return sign
    code = ord(sign)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
