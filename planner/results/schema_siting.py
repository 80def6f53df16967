"""Schema of what is whole: sites opened, phases of halls, blocks of a class."""

from __future__ import annotations

from planner.results.column import Table, number, text, whole
from planner.results.schema_plan import HALL, SITE, WORKLOAD, YEAR

__all__ = ["SITING_TABLES"]

SITING_TABLES = (
    Table(
        "openings",
        "One row per new site that is open at the end, in whole or in part.",
        ("site",),
        (
            SITE,
            text("name", "Name"),
            whole("year", "year", "First model year in which it is open"),
            number("open_frac", "-", "Share of it that is open in the last model year"),
            number("halls_mw", "MW", "Critical IT power of its halls in the last model year"),
            number("minimum_size_mw", "MW", "Least that an open site is built to, at its pace"),
            number("opening_musd", "MUSD", "Overnight cost of opening as much as is open"),
            number("fixed_musd", "MUSD/year", "Cost of keeping as much open, without size"),
        ),
    ),
    Table(
        "phases",
        "One row per site, hall design and year with phases of new halls.",
        ("site", "hall", "year"),
        (
            SITE,
            HALL,
            YEAR,
            whole("phases", "phases", "Phases commissioned"),
            number("phase_mw", "MW", "Critical IT power of one"),
            number("built_mw", "MW", "Critical IT power commissioned in phases"),
        ),
    ),
    Table(
        "blocks",
        "One row per site, class and year with racks of a class that needs a block in one place.",
        ("site", "workload", "year"),
        (
            SITE,
            WORKLOAD,
            YEAR,
            number("used_mw", "MW", "Nameplate of the racks in use"),
            number("block_mw", "MW", "Least there may be where there are any"),
        ),
    ),
)
