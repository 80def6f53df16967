"""A comparison as a file, by its ending."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from planner.outputs.comparison.drawing import comparison_svg
from planner.outputs.comparison.workbook import write_comparison_workbook
from planner.outputs.report import comparison_html, write_page

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from planner.outputs.comparison.comparison import RunComparison

__all__ = ["WRITERS"]


def _write_html(comparison: RunComparison, path: Path) -> None:
    write_page(comparison_html(comparison.runs, comparison.splits), path)


def _write_svg(comparison: RunComparison, path: Path) -> None:
    path.write_text(comparison_svg(comparison), encoding="utf-8")


def _write_json(comparison: RunComparison, path: Path) -> None:
    text = json.dumps(comparison.to_dict(), indent=2, ensure_ascii=False)
    path.write_text(f"{text}\n", encoding="utf-8")


WRITERS: Final[Mapping[str, Callable[[RunComparison, Path], None]]] = {
    ".xlsx": write_comparison_workbook,
    ".html": _write_html,
    ".svg": _write_svg,
    ".json": _write_json,
}
"""What writes a comparison, by the ending of the file."""
