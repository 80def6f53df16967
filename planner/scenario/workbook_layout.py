"""Where a plan workbook holds which setting: made from the schema, so that a new one is in it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from planner.scenario.keys import ENTRY, ID, SchemaKey, field_at, settings

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from planner.scenario.tree import Keys

SETTINGS: Final = "Settings"
"""Sheet with a row for each setting that there is once."""
SETTING_HEAD: Final = "setting"
VALUE_HEAD: Final = "value"
UNIT_HEAD: Final = "unit"
ABOUT_HEADS: Final = ("default", "what it does", "what it may be")
SETTING_HEADS: Final = (SETTING_HEAD, VALUE_HEAD, UNIT_HEAD, *ABOUT_HEADS)
"""Heads of sheet Settings that are no years; of them only the first two are read."""
ID_HEAD: Final = "id"
"""Head of the first column of a sheet whose rows have ids."""
COMMENT: Final = "#"
"""What begins a cell of the first column whose row is not read."""
RESULT_SHEET: Final = "Cover"
"""A workbook that has it holds a solved plan next to its settings."""
ASSUMPTIONS: Final = "Assumptions"
"""Sheet of a solved plan with factors to edit."""
RESULT_SHEETS: Final = frozenset(
    {
        RESULT_SHEET,
        ASSUMPTIONS,
        *("Orders", "Summary", "Charts", "Bridge", "Sites", "Power", "Money", "Costs", "Limits", "Risks", "Sources"),
        *("Checks", "Compare", "Heat map", "Power by source", "Grid", "Carbon and water", "Contracts"),
        *("Lifetime", "Bills", "Openings", "Latency", "Resilience", "Estimates", "Years", "Demand"),
        *("Site list", "Plan", "Site-years", "Class-years", "Cost lines", "Cash lines", "Figures"),
        *("Source list", "Map"),
    }
)
"""Sheets that show a solved plan."""
SITE_ID_HEAD: Final = "site id"
EDITED_SITE: Final = (("racks, edited", "MW"), ("price of power, edited", "USD/MWh"), ("lead time, edited", "months"))
"""Heads and units of the cells of a solved plan that can be edited for each site."""


@dataclass(frozen=True)
class OwnSheet:
    """A sheet whose rows are entries of one's own of a block: by id, or one after the other."""

    keys: tuple[str, ...]  # key path to the block
    has_ids: bool  # whether its entries have ids; else it is a list
    columns: tuple[SchemaKey, ...]  # what a row may say

    @property
    def name(self) -> str:
        """Name of the sheet."""
        return f"{SETTINGS} {'.'.join(self.keys)}"

    @property
    def meaning(self) -> str:
        """What the block is, on one line."""
        field = field_at(self.keys)
        return " ".join(((field.description if field else "") or "").split())


@cache
def single_settings() -> tuple[SchemaKey, ...]:
    """Return every setting that there is once, in the order of the schema."""
    return tuple(one for one in settings() if not {ID, ENTRY} & set(one.keys))


@cache
def own_sheets() -> tuple[OwnSheet, ...]:
    """Return the sheets of blocks that have any number of entries, in the order of the schema."""
    of_block: dict[tuple[str, ...], dict[tuple[str, ...], FieldInfo]] = {}
    has_ids = {}
    for one in settings():
        steps = [at for at, key in enumerate(one.keys) if key in {ID, ENTRY}]
        if not steps:
            continue
        block = one.keys[: steps[0]]
        has_ids[block] = one.keys[steps[0]] == ID
        # A list within an entry, as of the charges of a tariff, is one cell.
        end = steps[1] if len(steps) > 1 else len(one.keys)
        keys = one.keys[steps[0] + 1 : end]
        entry: Keys = (*block, ID if has_ids[block] else 0, *keys)
        field = field_at(entry)
        if field is not None:
            of_block.setdefault(block, {}).setdefault(keys, field)
    return tuple(
        OwnSheet(block, has_ids[block], tuple(SchemaKey(*column) for column in columns.items()))
        for block, columns in of_block.items()
    )
