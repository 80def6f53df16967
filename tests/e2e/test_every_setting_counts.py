"""No setting is ignored in silence: to change any of them changes what the model is built from."""

from __future__ import annotations

import pickle
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final, get_args

import pandas as pd
import pytest
from project import MINI
from tariff_changes import tariff_changes

from planner.family.values import Block
from planner.inputs import TABLES, build_inputs_from
from planner.lp import HighsSession
from planner.scenario import Scenario, load_scenario
from planner.studies.solve import solve
from planner.tables import read_tables

SCENARIO: Final = MINI / "mini.yaml"
NEW_SITE: Final = "new_sites.fir={name: Fir, country: US, lat: 36.3, lon: -80.4, like: oak}"
OF_AN_ID: Final = re.compile(
    r"^(workloads|sites|new_sites|racks\.override|supply\.override|contracts\.ppa"
    r"|contracts\.existing)\.\w+\."
)
NOT_FOR_THE_MODEL: Final = {
    "version": "a file of another version is refused",
    "extends": "is dealt with when files are read",
    "data": "every table of the made-up world comes through it",
    "title": "is shown in the summary and the workbook",
    "question": "is shown in the summary and the workbook",
    "new_sites.*.name": "is shown in tables and maps",
    "new_sites.*.state": "chooses its carbon schemes: tests/model/test_carbon_rows.py holds it",
    "latency.rtt_table": "has a test of its own below",
    "latency.own_rtt_includes_last_mile": "has a test of its own below",
    "latency.own_rtt_fill_missing": "lets a table of round trips lack pairs: tests/inputs holds it",
    "failover.most_rounds": "is how often a plan is solved again: tests/studies holds it",
    "foresight.window_years": "is how a plan is decided: tests/studies/test_myopic.py holds it",
    "foresight.decides": "is how a plan is decided: tests/studies/test_myopic.py holds it",
    "siting.service_cost_table": "has a test of its own below",
    "workloads.*.peak_over_mean_frac": "is for validation only: utilisation is held against it",
}

NOT_YET: Final = {"racks.override.*.liquid_heat_frac": "halls cool all their racks along one curve"}


def read_changes() -> dict[str, tuple[str, tuple[str, ...]]]:
    """Return for each key of the schema a change, and the settings that go before it."""
    text = (Path(__file__).parent / "changes.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    lines += [line.replace("sites.oak", "new_sites.fir") for line in lines if "sites.oak" in line]
    changes = {}
    for line in lines:
        change, *given = line.split(" | ")
        key = OF_AN_ID.sub(r"\1.*.", change.partition("=")[0])
        first = (NEW_SITE,) if key.startswith("new_sites") else ()
        changes[key] = (change, (*first, *given))
    stated = "{workload: chat, demand_region: bay, unit: kh100e, by_year: {2025: 31}}"
    for key, old, new in (
        ("workload", "chat", "train"),
        ("demand_region", "bay", "mesa"),
        ("unit", "kh100e", "mw_rack"),
        ("by_year", "31", "37"),
    ):
        changes[f"demand.explicit.*.{key}"] = (
            f"demand.explicit=[{stated.replace(old, new)}]",
            (f"demand.explicit=[{stated}]",),
        )
    shock = "{zones: [east], first_year: 2025, last_year: 2025, wholesale_scale_frac: 1.9, peak_day_only: false}"
    for key, old, new in (
        ("zones", "[east]", "[west]"),
        ("first_year", "first_year: 2025, last_year: 2025", "first_year: 2026, last_year: 2026"),
        ("last_year", "last_year: 2025", "last_year: 2027"),
        ("wholesale_scale_frac", "1.9", "2.3"),
        ("peak_day_only", "false", "true"),
    ):
        changes[f"energy.shocks.*.{key}"] = (
            f"energy.shocks=[{shock.replace(old, new)}]",
            (f"energy.shocks=[{shock}]",),
        )
    changes |= tariff_changes()
    run = "{workload: train, unit: training_run_pf_days, days: %d, by_year: {2025: 3640}}"
    changes["demand.explicit.*.days"] = (f"demand.explicit=[{run % 30}]", (f"demand.explicit=[{run % 45}]",))
    return changes


CHANGES: Final = read_changes()


def keys_of(block: type[Block], way: str = "") -> Iterator[str]:
    """Return every key of the schema; ids and places in lists are `*`."""
    for name, field in block.model_fields.items():
        below = list(dict.fromkeys(blocks_in(field.annotation)))
        for kind in below:
            star = "" if field.annotation is kind else ".*"
            yield from keys_of(kind, f"{way}{name}{star}.")
        if not below:
            yield f"{way}{name}"


def blocks_in(annotation: Any) -> Iterator[type[Block]]:
    if isinstance(annotation, type) and issubclass(annotation, Block):
        yield annotation
    for argument in get_args(annotation):
        yield from blocks_in(argument)


@cache
def tables() -> dict[str, pd.DataFrame]:
    tables = read_tables(TABLES, load_scenario(SCENARIO).data_files)
    paths = tables["demand_trajectories"]
    path = paths[paths["trajectory"] == "mini_path"]
    other = path.assign(trajectory="other_path", facility_gw=1.7 * path["facility_gw"])
    return {**tables, "demand_trajectories": pd.concat([paths, other], ignore_index=True)}


@cache
def built_from(*settings: str) -> bytes:
    """Return everything the model knows, but for what is only told."""
    inputs = build_inputs_from(load_scenario(SCENARIO, settings), tables())
    reported = {"tables": {}, "notes": (), "assumed": (), "workloads": pd.DataFrame()}
    return pickle.dumps(inputs.changed(**reported))


def test_every_key_of_the_schema_is_changed_here() -> None:
    known = {key for key in keys_of(Scenario) if not key.startswith("solver.")}

    assert set(CHANGES) | set(NOT_FOR_THE_MODEL) == known
    assert not set(CHANGES) & set(NOT_FOR_THE_MODEL)


def test_the_same_scenario_builds_the_same_inputs() -> None:
    first = built_from()
    built_from.cache_clear()

    assert built_from() == first


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(key, marks=pytest.mark.xfail(strict=True, reason=NOT_YET[key])) if key in NOT_YET else key
        for key in CHANGES
    ],
)
def test_a_changed_setting_changes_what_the_model_is_built_from(key: str) -> None:
    change, given = CHANGES[key]

    assert built_from(*given, change) != built_from(*given)


def test_a_table_of_round_trips_changes_the_routes(tmp_path: Path) -> None:
    table = tmp_path / "rtt.csv"
    table.write_text("from,to,rtt_ms\nbay,elm,33.5\n", encoding="utf-8")

    own = (f"latency.rtt_table={table}", "latency.own_rtt_fill_missing=true")
    assert built_from(*own) != built_from()
    assert built_from(*own, "latency.own_rtt_includes_last_mile=true") != built_from(*own)


def test_a_table_of_service_costs_is_paid(tmp_path: Path) -> None:
    table = tmp_path / "cost.csv"
    table.write_text("from,to,usd_per_h100e_year\nbay,elm,33.5\n", encoding="utf-8")

    assert built_from(f"siting.service_cost_table={table}") != built_from()


def test_what_is_set_for_the_solver_reaches_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}
    make, run = HighsSession.__init__, HighsSession.solve

    def made(session: HighsSession, problem: Any, options: Any = None) -> None:
        asked.update(options)
        make(session, problem, options)

    def run_with(session: HighsSession, method: Any, **options: Any) -> Any:
        asked.update({"method": method, **options})
        return run(session, method, **options)

    monkeypatch.setattr(HighsSession, "__init__", made)
    monkeypatch.setattr(HighsSession, "solve", run_with)
    solver = (
        "solver={method: simplex, time_limit_s: 71, threads: 2, tolerance: 3e-7, whole_numbers: search, gap_frac: 3e-3}"
    )

    plan = solve(SCENARIO, [solver])

    assert {key for key in keys_of(Scenario) if key.startswith("solver.")} == {
        "solver.method",
        "solver.time_limit_s",
        "solver.threads",
        "solver.tolerance",
        "solver.whole_numbers",
        "solver.gap_frac",
    }
    assert asked["method"] == "simplex"
    assert asked["time_limit_s"] == 71.0
    assert asked["threads"] == 2
    assert asked["primal_feasibility_tolerance"] == 3e-7
    assert plan.outcome.method_used == "simplex"
    assert "gap_frac" not in asked  # nothing is to be whole
    plan = solve(SCENARIO, [solver, "sites.elm.existing_mw=0", "siting.whole_openings=true"])
    assert asked["gap_frac"] == 3e-3
    assert "searched" in plan.outcome.method_used


def test_a_connection_binds_where_no_peak_is_billed() -> None:
    plan = solve(SCENARIO, ["energy.demand_charge=false"])

    sites = plan.site_year
    assert plan.verdict.ok, plan.verdict.broken
    assert (sites["facility_peak_mw"] <= sites["firm_mw"] + 1e-6).all()
    assert sites["new_firm_mw"].max() > 0.0
    assert plan.tables["billed_peaks"].empty
