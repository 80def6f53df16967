"""Schema of work that moves between sites."""

from __future__ import annotations

from planner.results.column import Table, number, text
from planner.results.schema_plan import HALL, RACK, SITE, WORKLOAD, YEAR

__all__ = ["MIGRATION_TABLES"]

MIGRATION_TABLES = (
    Table(
        "migration",
        "One row per site, rack type, hall, class, year and slot with work that may move between "
        "sites. What is done in a block adds up to what is due over all sites of one reach.",
        ("site", "rack", "hall", "workload", "year", "slot"),
        (
            SITE,
            RACK,
            HALL,
            WORKLOAD,
            YEAR,
            text("slot", "Slot of a day that tells the year, d0h03 = first day, from 3 h UTC"),
            text("reach", "First of the sites that may stand in for each other, by id"),
            text("block", "First slot of the block of the day within which the work is done"),
            number("due_mw", "MW", "IT power of the work that falls due here in this slot"),
            number("done_mw", "MW", "IT power of such work done here in it"),
        ),
    ),
    Table(
        "migration_site",
        "One row per site, class and year with work that may move between sites.",
        ("site", "workload", "year"),
        (
            SITE,
            WORKLOAD,
            YEAR,
            number("due_mwh", "MWh", "IT energy of the work that falls due here in the year"),
            number("done_mwh", "MWh", "IT energy of such work done here"),
            number("arrived_mwh", "MWh", "Of it, work that came from other sites, by block"),
            number("left_mwh", "MWh", "Work due here that other sites did, by block"),
        ),
    ),
)
