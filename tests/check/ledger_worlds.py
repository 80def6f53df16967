"""Worlds in which figures of the inputs count, and what the checker says of a wrong one."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from good_plan import RICH, solved

from planner.check import RULES
from planner.check.case import Case
from planner.check.verdict import judged
from planner.inputs import build_inputs
from planner.lp import HighsSession
from planner.model import build_model
from planner.results.read import read_results
from planner.scenario import load_scenario
from planner.studies.solve.solves import site_outages

HERE = Path(__file__).parent
WORLDS = {
    "rich": (RICH,),
    "own_power": (HERE / "own_power.yaml",),
    "non_firm": (HERE / "non_firm.yaml",),
    "tariffs": (HERE / "tariffs.yaml",),
    "failover": (HERE / "failover.yaml",),
    "whole": (HERE / "whole.yaml",),
    "own": (HERE / "own.yaml",),
    "existing": (HERE / "existing.yaml",),
    "ends": (HERE / "ends.yaml", "retrofit.allow=true"),
    "classes": (HERE / "classes.yaml",),
    "plants": (
        HERE / "own_power.yaml",
        "supply.whole_sources=true",
        "supply.max_mw={panel: 150, mill: 160, cells: 170, engine: 180, genset: 190}",
        "supply.override.engine.min_size_mw=33",
        "supply.override.cells.duration_h=4.5",
    ),
    "signed": (
        RICH,
        "contracts.existing.farm={technology: solar, zone: east, mw: 41, first_year: 2019,"
        " last_year: 2026, price_usd_per_mwh: 43}",
        "contracts.existing.gale={technology: wind, kind: physical, zone: west, mw: 17,"
        " first_year: 2026, last_year: 2034, price_usd_per_mwh: 21, capacity_factor_frac: 0.36}",
    ),
    "series": (RICH, "time.chronological=true"),
    "lots": (RICH, "racks.whole=true"),
}
"""Scenario files with changes, those that solve fastest first."""
RULE = {one.name: one for one in RULES}


class TablesReadError(Exception):
    """A rule asked for a table of the plan."""


class NoTables:
    """Stands in for the plan: a rule that holds without it compares inputs with data alone."""

    def __getattr__(self, name):
        raise TablesReadError


@cache
def asked(world):
    """Scenario and inputs of a world, not solved."""
    path, *changes = WORLDS[world]
    scenario = load_scenario(str(path), changes)
    return scenario, build_inputs(scenario)


@cache
def holds(world, name):
    """Say whether a rule holds of the plan that is made from the right inputs."""
    return judged(RULE[name], _good(world)).ok


@cache
def _good(world):
    path, *changes = WORLDS[world]
    return solved(path, *changes).case


@cache
def holds_without_plan(world, name):
    """Say whether a rule holds of the right inputs; None where it asks for the plan."""
    return _verdict(world, asked(world)[1], NoTables(), name)


def _verdict(world, inputs, results, name, objective=0.0, status=""):
    case = Case(asked(world)[0], inputs, results, objective, status, np.nan, np.nan, NoTables())
    try:
        return judged(RULE[name], case).ok
    except TablesReadError:
        return None


def broken_by(world, inputs, names):
    """Return the first rule that breaks of a plan made from wrong inputs, or None.

    Rules that ask for no table of the plan are made of the inputs alone; for the others the
    program is made and solved from the wrong inputs, so that plan and inputs are wrong together.
    Where the wrong inputs allow no plan, the plan of the right ones is judged with them.
    """
    left = []
    for name in names:
        if holds_without_plan(world, name) is None:
            left.append(name)
        elif not _verdict(world, inputs, NoTables(), name):
            return name
    if not left:
        return None
    model = build_model(inputs)
    outcome = HighsSession(model.problem).solve()
    if outcome.has_plan:
        results = read_results(model, outcome, site_outages(model, outcome))
        objective, status = outcome.objective, outcome.status
    else:
        good = _good(world)
        results, objective, status = good.results, good.objective_musd, good.status
    for name in left:
        if holds(world, name) and not _verdict(world, inputs, results, name, objective, status):
            return name
    return None
