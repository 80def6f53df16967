"""A scenario with tables as one workbook to edit, and the settings of a run as its sheets."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any, Final

from planner.base.sheet_cells import cell_name
from planner.outputs.canvas import Canvas, new_workbook
from planner.outputs.plan_workbook.limits import Limits
from planner.outputs.plan_workbook.settings import setting_sheets, write_settings, write_table_sheet
from planner.plausible.rules import RANGES, ranges_of
from planner.scenario.schema import OWN_FILES
from planner.scenario.tree import plain
from planner.scenario.workbook_cells import SETTINGS, own_sheets
from planner.tables import load_package, read_tables
from planner.tables.places import TablePlaces

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

    from planner.outputs.run import Run
    from planner.outputs.xlsx.book import Book
    from planner.scenario import Scenario

# --- A scenario with tables as one workbook to edit -----------------------------------------------

FIRST_TABLES: Final = (
    "sites",
    "site_limits",
    "electricity_price",
    "zone_headroom",
    "racks",
    "workloads",
    "demand_trajectories",
    "facility_cost",
    "lead_times",
    "finance",
    "cloud_rent",
)
"""Tables that planners change first."""
_READ_ME: Final = "Read me"
LISTS: Final = "Lists"
_MADE: Final = datetime(2026, 1, 1)  # equal content, equal bytes


def write_plan_workbook(scenario: Scenario, path: Path, tables: Sequence[str] = FIRST_TABLES) -> Path:
    """Write a workbook that is read as the scenario."""
    package = load_package()
    files = {name: package.path(name) for name in tables} | scenario.data_files
    files = {name: files[name] for name in package.tables if name in files}
    read = read_tables([RANGES], scenario.data_files)
    limits = Limits(ranges_of(read[RANGES], TablePlaces(scenario.data_files)))
    with new_workbook(path) as workbook:
        title = scenario.title or scenario.name
        workbook.set_properties({"title": title, "created": _MADE})
        book = Canvas(title, workbook, _READ_ME)
        sheets = [_READ_ME, *setting_sheets(), *files, LISTS]
        for name in sheets:
            book.add_sheet(name)
        _write_read_me(book, path, files)
        write_settings(book, _written(scenario, path.parent), limits, scenario.years)
        for name, file in files.items():
            sheet = workbook.get_worksheet_by_name(name)
            sheet.set_tab_color("#3a9188")
            write_table_sheet(book, sheet, package[name], file, limits)
        for name in setting_sheets():
            workbook.get_worksheet_by_name(name).set_tab_color("#c9a227")
        write_lists(book, limits, read_tables(limits.tables, scenario.data_files))
    return path


def _written(scenario: Scenario, folder: Path) -> dict[str, Any]:
    """Return what the scenario says, without tables, whose sheets are in the workbook."""
    written = plain(scenario.tree)
    assert isinstance(written, dict)
    written.pop("data", None)
    for block, key in OWN_FILES:
        file = scenario.file_at((block, key))
        if file is not None:
            written[block][key] = os.path.relpath(file.resolve(), folder.resolve())
    return written


def _write_read_me(book: Canvas, path: Path, files: Iterable[str]) -> None:
    sheet = book.sheet(_READ_ME, "A plan to edit: settings and tables in one workbook", widths=(110,))
    sheet.activate()
    text = (Path(__file__).parent / "read_me.txt").read_text(encoding="utf-8")
    quoted = f'"{path.name}"' if " " in path.name else path.name
    lines = Template(text).substitute(name=path.name, quoted=quoted).splitlines()
    for row, line in enumerate(lines, start=4):
        book.text(sheet, row, 0, line.removeprefix("# "), "section" if line.startswith("# ") else "wrap")
    for row, (name, about) in enumerate(_contents(files), start=4 + len(lines)):
        sheet.write_url(row, 0, f"internal:'{name}'!A1", book.style("link"), f"{name}: {about}")


def _contents(files: Iterable[str]) -> list[tuple[str, str]]:
    package = load_package()
    own = [(one.name, one.meaning) for one in own_sheets()]
    tables = [(name, f"table; {package[name].title or package[name].description}") for name in files]
    return [(SETTINGS, "every setting that there is once"), *own, *tables]


def write_lists(book: Canvas, limits: Limits, tables: Mapping[str, pd.DataFrame]) -> None:
    """Write the ids that drop-down lists offer, each list a column with a name."""
    about = "Ids that the drop-down lists offer, as of when the workbook was made"
    sheet = book.sheet(LISTS, about)
    sheet.hide()
    every = sorted(limits.lists.values(), key=lambda one: one.name)
    for at, one in enumerate(every):
        ids = [str(id_) for table, key in one.targets for id_ in tables[table][key].dropna()]
        ids = list(dict.fromkeys([*one.words, *ids]))
        book.text(sheet, 3, at, one.name, "head")
        for row, id_ in enumerate(ids, start=4):
            book.text(sheet, row, at, id_)
        letters = _letters(at)
        last = 4 + max(len(ids), 1)
        book.define(one.name, f"{LISTS}!${letters}$5:${letters}${last}")
    book.widen(sheet, [24.0] * len(every))


def _letters(column: int) -> str:
    return cell_name(1, column + 1).rstrip("1")


# --- The settings of a run as sheets of its workbook, so that it can be edited and solved again ---


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
