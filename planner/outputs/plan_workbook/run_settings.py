"""The settings of a run as sheets of its workbook, so that it can be edited and solved again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from planner.outputs.plan_workbook.limits import Limits
from planner.outputs.plan_workbook.settings import setting_sheets, write_settings
from planner.outputs.plan_workbook.write import LISTS, write_lists
from planner.plausible.ranges import RANGES, ranges_of
from planner.tables import read_tables
from planner.tables.places import TablePlaces

if TYPE_CHECKING:
    from planner.outputs.run import Run
    from planner.outputs.xlsx.book import Book

__all__ = ["LISTS", "setting_sheets", "write_settings_of_run", "written_of"]


def write_settings_of_run(book: Book) -> None:
    """Write sheets Settings and Lists: what the run was asked, as a plan workbook has it."""
    run = book.run
    known = run.inputs_tables
    ranges = ranges_of(known[RANGES], TablePlaces({})) if RANGES in known else ()
    limits = Limits(ranges)
    write_settings(book, written_of(run), limits, run.years)
    missing = [table for table in limits.tables if table not in known]
    shipped = read_tables(missing) if missing else {}
    tables = {name: known[name] if name in known else shipped[name] for name in limits.tables}
    write_lists(book, limits, tables)


def written_of(run: Run) -> dict[str, Any]:
    """Return what the scenario of a run says, without defaults; tables by their full paths."""
    written: dict[str, Any] = {}
    merged = run.meta["merged"]
    for way in run.meta["written"]:
        keys = _keys(merged, way)
        if keys is None:
            continue
        value, block = merged, written
        for key in keys[:-1]:
            value, block = value[key], block.setdefault(key, {})
        block[keys[-1]] = value[keys[-1]]
    return written


def _keys(settings: Mapping[str, Any], way: str) -> tuple[str, ...] | None:
    """Take a dotted key path apart, whose ids may have dots; None where nothing is at its end."""
    if way in settings:
        return (way,)
    for key, value in settings.items():
        if way.startswith(f"{key}.") and isinstance(value, Mapping):
            rest = _keys(value, way[len(key) + 1 :])
            if rest is not None:
                return (key, *rest)
    return None
