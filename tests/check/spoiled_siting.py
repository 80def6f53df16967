"""One thing wrong with a plan of whole sites, phases and blocks, and the check of that name."""

from __future__ import annotations

import dataclasses
from functools import partial
from pathlib import Path

import numpy as np
from spoiled import cells, costlier, limit, plus, times, without

from planner.scenario import load_scenario

WHOLE = Path(__file__).parent / "whole.yaml"


def asked_for(*settings):
    """Judge a plan against another scenario than it was made for."""
    scenario = load_scenario(str(WHOLE), settings)
    return lambda plan: dataclasses.replace(plan, scenario=scenario)


def open_in_part(plan):
    table = plan.tables["site_year"]
    rows = np.flatnonzero((table["site"] == "pine").to_numpy() & (table["open_frac"] > 0.5))
    assert len(rows), "Pine is not open"
    return plan.reported(site_year=cells(table, rows, open_frac=0.8))


def opened_though_forbidden(plan):
    table = plan.tables["site_year"]
    rows = np.flatnonzero((table["site"] == "yew").to_numpy())
    assert len(rows)
    return plan.reported(site_year=cells(table, rows, open_frac=1.0))


def opened_in_two_parts(plan):
    """Four sites are open, and their shares add up to the three that may be."""
    table = plan.tables["site_year"]
    for site, share in (("pine", 0.7), ("yew", 0.3)):
        rows = np.flatnonzero((table["site"] == site).to_numpy())
        assert len(rows)
        table = cells(table, rows, open_frac=share)
    return plan.reported(site_year=table)


def opened_later(plan):
    return plan.reported(openings=cells(plan.tables["openings"], [0], year=lambda old: old - 1))


SPOILED_SITING = (
    ("service is costlier", "costs_paid", partial(costlier, "service_network")),
    ("a site is open in part", "tables_as_stated", open_in_part),
    ("a phase is cut", "tables_as_stated", partial(times, "builds", "built_mw", 0.9)),
    ("a phase is forgotten", "tables_as_stated", partial(without, "phases", "built_mw")),
    ("phases are counted wrong", "tables_as_stated", partial(plus, "phases", "phases", 1)),
    ("phases are smaller", "phases_listed", asked_for("siting.phase_mw=7")),
    ("a block is split", "program_as_stated", asked_for("siting.block_mw.train=5000")),
    ("a class has no block of the table", "columns_as_stated", asked_for("siting.table_blocks=true")),
    ("a class needs its block later", "columns_as_stated", asked_for("siting.block_from_year={train: 2027}")),
    ("a block may be shared further away", "program_as_stated", asked_for("siting.block_rtt_ms={train: 90}")),
    ("a block is shared with fewer", "tables_as_stated", partial(times, "blocks", "shared_mw", 0.9)),
    ("a block's racks are fewer", "tables_as_stated", partial(times, "blocks", "used_mw", 0.9)),
    ("fewer sites are allowed", "program_as_stated", asked_for("siting.at_most_sites=2")),
    ("a site opens that must not", "tables_as_stated", opened_though_forbidden),
    ("two sites open in part", "tables_as_stated", opened_in_two_parts),
    ("a forbidden site opens", "tables_as_stated", opened_though_forbidden),
    ("another site must open", "columns_as_stated", asked_for("siting={must_open: [yew], must_not_open: []}")),
    ("an opening is forgotten", "tables_as_stated", partial(without, "openings", "opening_musd")),
    ("an opening is cheaper", "tables_as_stated", partial(times, "openings", "opening_musd", 0.9)),
    ("an opening is reported earlier", "tables_as_stated", opened_later),
    ("opening costs less", "openings_from_tables", partial(limit, "sites", "opening_musd", 0.9)),
    ("a site costs less", "openings_from_tables", partial(limit, "sites", "fixed_musd_per_year", 0.9)),
    ("a site may be smaller", "openings_from_tables", partial(limit, "sites", "minimum_mw", 0.9)),
    ("phases are assumed smaller", "phases_listed", partial(limit, "siting", "phase_mw", 0.5)),
    ("a site is too small", "tables_as_stated", partial(times, "builds", "built_mw", 0.1)),
)
