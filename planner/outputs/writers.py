"""The export formats, with what is shown as their download labels; each writer is imported when it is used."""

from __future__ import annotations

import json
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from planner.outputs.run import Run


FORMATS: Final[Mapping[str, list[str]]] = json.loads(
    (Path(__file__).parent / "formats.json").read_text(encoding="utf-8")
)
"""Of each format what it is, the module and the function that write it, and where in a folder."""


def _write(kind: str, run: Run, folder: Path) -> list[Path]:
    """Write a run in a format into a folder; return the files."""
    _, module, function, where = FORMATS[kind]
    path = folder / where
    (path.parent if path.suffix else path).mkdir(parents=True, exist_ok=True)
    written: list[Path] = getattr(import_module(f"planner.outputs.{module}"), function)(run, path)
    return written


WRITERS: Final[Mapping[str, Callable[[Run, Path], list[Path]]]] = {kind: partial(_write, kind) for kind in FORMATS}
"""One writer per format; each writes into a folder and returns the files it wrote."""
