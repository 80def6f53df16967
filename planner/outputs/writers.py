"""The export formats, with what is shown as their download labels; each writer is imported when it is used."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from planner.outputs.run import Run


def _writer(about: str, module: str, function: str, where: str) -> Callable[[Run, Path], list[Path]]:
    """Return what writes a run into a place of a folder, with what it writes as its docstring."""

    def write(run: Run, folder: Path) -> list[Path]:
        path = folder / where
        (path.parent if path.suffix else path).mkdir(parents=True, exist_ok=True)
        written: list[Path] = getattr(import_module(f"planner.outputs.{module}"), function)(run, path)
        return written

    write.__doc__ = f"Write {about}: {where}{'' if '.' in where else '/'}."
    return write


_FORMATS = json.loads((Path(__file__).parent / "formats.json").read_text(encoding="utf-8"))
WRITERS: Mapping[str, Callable[[Run, Path], list[Path]]] = {name: _writer(*said) for name, said in _FORMATS.items()}
"""One writer per format; each writes into a folder and returns the files it wrote."""
