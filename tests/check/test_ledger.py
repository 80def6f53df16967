"""Every figure of the inputs is reread by a rule that finds it wrong, or taken as given."""

from __future__ import annotations

import os
import random
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from good_plan import RICH
from inputs_fields import SHARE, figures, with_values, wrong
from ledger_missing import MISSING
from ledger_worlds import RULE, WORLDS, NoTables, asked, broken_by

from planner.base.errors import InputError
from planner.check.all_checks import REREAD, TAKEN_AS_GIVEN, in_words
from planner.check.case import Case
from planner.check.verdict import judged
from planner.inputs import build_inputs
from planner.scenario import load_scenario

SEED = int(os.environ.get("LEDGER_SEED", "9"))
DRAWS = 100
OTHER_VALUE = {"days.season_days": 12, "days.slot_h": 8}
"""What a type admits for figures where it refuses a value that is 5 % off."""


def entry(name):
    """Return the entry of a figure: its own name, or that of something it is a part of."""
    parts = name.split(".")
    known = {*REREAD, *TAKEN_AS_GIVEN, *MISSING}
    ways = [".".join(parts[:count]) for count in range(1, len(parts) + 1)]
    found = [way for way in ways if way in known]
    assert len(found) == 1, f"{name} is listed {len(found)} times: {found}"
    return found[0]


@cache
def of_world(world):
    return [one for one in figures(asked(world)[1]) if len(one.spoilable())]


def of_entry(world, name):
    """List the figures of an entry that can be made wrong in a world."""
    return [one for one in of_world(world) if f"{one.name}.".startswith(f"{name}.")]


def found_wrong(world, figure, values, name):
    try:
        inputs = with_values(asked(world)[1], figure, values)
    except InputError:  # the type itself refuses it, as a slot of 4.2 hours
        if name not in OTHER_VALUE:
            return True
        inputs = with_values(asked(world)[1], figure, OTHER_VALUE[name])
    return broken_by(world, inputs, REREAD[name]) is not None


def test_every_figure_is_in_one_list_of_the_ledger():
    names = {one.name for world in WORLDS for one in figures(asked(world)[1])}

    entries = {entry(name) for name in sorted(names)}

    assert entries == {*REREAD, *TAKEN_AS_GIVEN, *MISSING}
    assert not REREAD.keys() & TAKEN_AS_GIVEN.keys()
    assert not {*REREAD, *TAKEN_AS_GIVEN} & {*MISSING}


def test_the_ledger_names_rules_that_there_are_and_gives_reasons():
    assert {name for names in REREAD.values() for name in names} <= RULE.keys()
    assert all(REREAD.values())
    assert all(len(reason.split()) >= 6 for reason in TAKEN_AS_GIVEN.values())


@pytest.mark.parametrize("page", ["README.md", "docs/tour.md"])
def test_the_pages_count_what_the_ledger_lists(page):
    text = (Path(__file__).parents[2] / page).read_text(encoding="utf-8")

    assert in_words() in " ".join(text.split())


@pytest.mark.parametrize("name", sorted(REREAD))
def test_a_wrong_figure_breaks_a_rule_that_rereads_it(name):
    """By 5 %, as a whole and in one element, in the first world where a rule looks at it."""
    tried = []
    for world in WORLDS:
        parts = of_entry(world, name)
        missed = []
        for figure in parts:
            places = figure.spoilable()
            for which in (places, places[len(places) // 2 :][:1]):
                if not found_wrong(world, figure, wrong(figure, which), name):
                    missed.append((figure.path, which.tolist()[:3]))
        if parts and not missed:
            return
        tried.append((world, missed))
    pytest.fail(f"{name} {SHARE:.0%} wrong breaks none of {REREAD[name]}: {tried}")


@pytest.mark.parametrize(
    ("unit", "workload"),
    [
        ("kh100e", "chat"),
        ("mw_rack", "train"),
        ("pf_days_per_year", "train"),
        ("training_run_pf_days", "train"),
        ("requests_per_day", "chat"),
        ("tokens_per_day", "chat"),
    ],
)
def test_stated_demand_is_reread_in_its_unit(unit, workload):
    days = ", days: 60" if unit == "training_run_pf_days" else ""
    many = 1e6 if unit.endswith("_day") else 1.0
    path = f"{{2025: {3e3 * many}, 2027: {7e3 * many}}}"
    stated = f"{{workload: {workload}, unit: {unit}, by_year: {path}{days}}}"
    change = f"demand.explicit=[{stated}]"
    scenario = load_scenario(str(RICH), ["energy.shocks=[]", "years=[2025,2026]", change])
    inputs = build_inputs(scenario)
    figure = next(one for one in figures(inputs) if one.name == "demand.demand_kh100e")
    of_class = inputs.demand.demand.labels("workload") == workload

    bad = with_values(inputs, figure, wrong(figure, np.flatnonzero(of_class)))

    held, broken = (
        judged(RULE["demand_as_asked"], Case(scenario, given, NoTables(), 0.0, "", 0.0, 0.0, NoTables()))
        for given in (inputs, bad)
    )
    assert held.ok
    assert held.tested >= of_class.sum()
    assert not broken.ok


@pytest.mark.parametrize("name", OTHER_VALUE)
def test_a_value_that_a_type_admits_is_reread_too(name):
    (figure,) = of_entry("rich", name)
    assert figure.values != OTHER_VALUE[name]

    with pytest.raises(InputError):
        with_values(asked("rich")[1], figure, wrong(figure, np.array([0])))
    other = with_values(asked("rich")[1], figure, OTHER_VALUE[name])

    assert broken_by("rich", other, REREAD[name]) == "days_from_scenario"


def test_a_ppa_that_is_decided_within_a_year_is_reread():
    scenario = load_scenario(str(RICH), ["decisions_start=2025-08-16"])
    inputs = build_inputs(scenario)
    figure = next(one for one in figures(inputs) if one.name == "contracts.sign_start")
    signed = inputs.contracts.sign
    of_sun = signed.labels("contract") == "sun"
    year = signed.labels("year")[of_sun].astype(int)
    # Half of August is over: 15 days of 31; then seven months of lead.
    first = 2025 + (7 + 15 / 31 + 7) / 12
    # A year ends before it for nobody but 2025: what is signed then begins in 2026.
    assert sorted(set(year)) == [2026, 2027]
    begin = inputs.contracts.sign_start[of_sun]
    assert begin == pytest.approx(np.maximum(first, year))

    january = with_values(inputs, figure, np.where(of_sun, year.max(), figure.values))

    rule = RULE["ppas_from_tables"]
    held, broken = (
        judged(rule, Case(scenario, given, NoTables(), 0.0, "", 0.0, 0.0, NoTables())) for given in (inputs, january)
    )
    assert held.ok
    assert not broken.ok


def test_a_sample_of_wrong_coefficients_is_found_out():
    sys.stdout.write(f"LEDGER_SEED={SEED}\n")
    draw = random.Random(SEED)
    missed = []
    for _ in range(DRAWS):
        name = draw.choice(sorted(REREAD))
        worlds = [world for world in WORLDS if of_entry(world, name)]
        world = draw.choice(worlds)
        figure = draw.choice(of_entry(world, name))
        place = draw.choice(figure.spoilable().tolist())
        values, flat = figure.values.ravel().copy(), figure.values.ravel()
        others = np.flatnonzero(~np.isclose(flat, flat[place], rtol=1e-3))
        # Positions that change places may leave a sum as it was.
        if len(others) and not figure.is_position and draw.random() < 0.3:
            other = draw.choice(others.tolist())
            values[[place, other]] = flat[[other, place]]
        else:
            share = draw.choice((-1.0, 1.0)) * draw.uniform(0.005, 0.05)
            values = wrong(figure, np.array([place]), share)
        if not found_wrong(world, figure, values, name):
            missed.append((world, figure.path, place, flat[place], values[place]))
    assert not missed, f"LEDGER_SEED={SEED}: {missed}"
