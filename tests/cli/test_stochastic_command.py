"""`dcplan stochastic`: what it prints and writes, and how it ends."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result

from planner.base.errors import InfeasibleError
from planner.base.paths import SCENARIOS_DIR
from planner.cli import main
from planner.cli.futures import _largest_of_each_kind
from planner.inputs import build_inputs
from planner.model import Model
from planner.outputs.differences import FromShipped
from planner.outputs.own_folder import file_entry
from planner.runs.reopen import load
from planner.runs.studies import studies_near
from planner.scenario import load_scenario
from planner.studies.solve.checked_plan import StageTimes, plan_of
from planner.studies.stochastic.decisions import InfeasibleFuturesError
from planner.studies.stochastic.extensive_form import FutureProgram
from planner.studies.stochastic.stochastic import TABLES, folder_of


def run(*args: str) -> Result:
    return CliRunner().invoke(main, ["stochastic", *args])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stochastic") / "out"


@pytest.fixture(scope="module")
def done(folder: Path) -> Result:
    return run("tiny-uncertain", "-o", str(folder))


def table(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_parquet(folder / f"{name}.parquet")


def test_it_says_what_to_order_and_what_that_is_worth(done: Result) -> None:
    assert done.exit_code == 0, done.output
    text = done.stdout
    assert "Ordered before 2027" in text
    assert "halls north" in text
    assert "(EVPI)" in text
    assert "(VSS)" in text
    assert "Solving 3 futures as one program" in done.stderr


def test_what_of_costs_regrets_and_worth_is_the_penalty_of_unmet_demand(done: Result, folder: Path) -> None:
    costs, plans, futures = (table(folder, name) for name in ("costs", "plans", "futures"))
    worth = table(folder, "worth").set_index("measure")

    # Halls for the mean of the demands leave more than half of future high unmet: of the 643 MUSD
    # that it costs to plan so, all is penalty and 49 MUSD are saved on halls and power.
    assert worth["value_musd"]["vss"] == pytest.approx(643.4, abs=0.05)
    assert worth["penalty_musd"]["vss"] == pytest.approx(692.2, abs=0.05)
    assert "(VSS), of which 692.2 MUSD (108 %) is the penalty of unmet demand." in " ".join(done.stdout.split())
    weights = futures.set_index("future")["weight"]
    of_plans = costs.set_index("future").groupby("plan")["penalty_musd"]
    expected = of_plans.apply(lambda penalty: (penalty * weights).sum())
    pd.testing.assert_series_equal(plans.set_index("plan")["penalty_musd"], expected, check_like=True)
    assert (costs["regret_penalty_musd"] <= costs["penalty_musd"] + 1e-9).all()
    for row in futures.to_dict("records"):
        paid = load(folder / "runs" / row["run"]).costs
        unmet = paid.loc[paid["item"] == "unmet_compute", "npv_musd"].sum()
        assert row["plan_penalty_musd"] == pytest.approx(unmet, abs=1e-6)
    content = json.loads((folder / "stochastic.json").read_text(encoding="utf-8"))
    assert {row["measure"]: row["penalty_musd"] for row in content["worth"]} == worth["penalty_musd"].to_dict()


def test_a_cvar_is_shown_where_one_is_asked_for_alone(done: Result, folder: Path, tmp_path: Path) -> None:
    """The worst 0.3 of all likelihood is future high: its cost is the CVaR of each plan."""
    shipped = (SCENARIOS_DIR / "sweeps" / "tiny-uncertain.yaml").read_text(encoding="utf-8")
    asked = tmp_path / "averse.yaml"
    asked.write_text(f"{shipped.rstrip()}\n  cvar: {{weight: 0, tail: 0.3}}\n", encoding="utf-8")
    averse = run(str(asked), "-o", str(tmp_path / "out"))

    assert averse.exit_code == 0, averse.output
    costs = table(tmp_path / "out", "costs").set_index(["future", "plan"])["cost_musd"]
    plans = table(tmp_path / "out", "plans").set_index("plan")
    assert plans["cvar_musd"].to_dict() == pytest.approx(costs["high"].to_dict())
    assert plans["expected_musd"]["stochastic"] < plans["cvar_musd"]["stochastic"] - 100.0
    assert "CVaR" in averse.stdout

    assert "cvar_musd" not in table(folder, "plans")
    assert "CVaR" not in done.stdout
    told = json.loads((folder / "stochastic.json").read_text(encoding="utf-8"))
    assert (told["cvar_weight"], told["cvar_tail"]) == (0.0, None)


def test_a_long_list_has_the_largest_orders_of_every_kind() -> None:
    halls = pd.DataFrame({"kind": "halls", "ordered": [float(mw) for mw in range(40, 10, -1)]})
    others = pd.DataFrame({"kind": ["connection", "on-site power", "connection"], "ordered": [3.0, 1.5, 9.0]})

    shown = _largest_of_each_kind(pd.concat([halls, others], ignore_index=True))

    assert shown["kind"].value_counts().to_dict() == {"halls": 21, "connection": 2, "on-site power": 1}
    assert shown["ordered"].tolist() == [float(mw) for mw in range(40, 19, -1)] + [3.0, 1.5, 9.0]


def test_every_future_has_a_checked_run_with_the_same_halls_ordered_before(done: Result, folder: Path) -> None:
    futures, decided = table(folder, "futures"), table(folder, "decided")
    runs = [load(folder / "runs" / name) for name in futures["run"]]

    assert futures["checked"].all()
    assert (futures["rules"] > 300).all()
    of_2027 = [run.tables["builds"].query("year == 2027").groupby("site")["built_mw"].sum() for run in runs]
    ordered = decided[decided["kind"] == "halls"].groupby("site")["ordered"].sum()
    for built in of_2027:
        pd.testing.assert_series_equal(built, ordered, check_names=False, check_index_type=False, rtol=1e-6)
    later = [run.tables["builds"].query("year == 2028")["built_mw"].sum() for run in runs]
    assert later[0] < later[2]  # what is ordered after follows the future
    assert all("orders before 2027 held" in run.run.title for run in runs)
    by_future = {run.run.name: run.run.from_shipped for run in runs}
    assert by_future["as planned"] == FromShipped("tiny", {})
    assert {name: of and of.differs.keys() for name, of in by_future.items()} == {
        "low": {"demand.explicit"},
        "as planned": set(),
        "high": {"demand.explicit"},
    }


def test_a_run_claims_to_be_best_only_among_plans_with_its_orders(done: Result, folder: Path) -> None:
    futures = table(folder, "futures")
    run_of = futures.set_index("future")["run"]
    low = load(folder / "runs" / run_of["low"])
    meta, among = low.run.meta, "of plans with these orders"

    # The same future alone costs less, which a bound of all plans would rule out.
    costs = futures.set_index("future").loc["low", ["alone_musd", "cost_musd"]]
    assert costs["alone_musd"] < 0.9 * costs["cost_musd"]
    assert meta["orders_held_before"] == 2027
    assert among in meta["check"]["proven"]
    assert any(among.removeprefix("of ") in note for note in meta["notes"])
    assert low.verdict().proven == meta["check"]["proven"]


def test_tables_and_json_say_the_same(done: Result, folder: Path) -> None:
    content = json.loads((folder / "stochastic.json").read_text(encoding="utf-8"))

    assert content["question"].startswith("What is ordered before demand is known, and what")
    assert {path.stem for path in folder.glob("*.parquet")} == set(TABLES)
    worth = table(folder, "worth").set_index("measure")["value_musd"]
    assert {row["measure"]: row["value_musd"] for row in content["worth"]} == worth.to_dict()
    assert worth["evpi"] == pytest.approx(worth["stochastic"] - worth["wait_and_see"])
    assert worth["vss"] == pytest.approx(worth["single_future"] - worth["stochastic"])
    assert worth["plans"] == pytest.approx(worth["stochastic"], rel=1e-6)  # no integers
    costs = table(folder, "costs").query("plan == 'stochastic'")
    assert (costs["cost_musd"] * costs["weight"]).sum() == pytest.approx(worth["stochastic"])
    assert costs["regret_musd"].tolist() == table(folder, "futures")["regret_musd"].tolist()
    least = table(folder, "no_regret").query("kind == 'halls' and year == 2027")
    decided = table(folder, "decided").query("kind == 'halls'")
    by_site = decided.groupby("site")["least"].sum()
    assert least.set_index("site")["least_mw"].to_dict() == pytest.approx(by_site.to_dict())


def test_it_is_in_the_catalogue(done: Result, folder: Path) -> None:
    (study,), unreadable = studies_near(folder.parent)

    assert not unreadable
    assert (study.kind, study.scenario, study.folder) == ("stochastic", "tiny", "out")
    assert study.title == "Three demands, known from 2027"


def test_integers_are_rounded_once_for_all_futures(tmp_path: Path) -> None:
    done = run(
        *("tiny-uncertain", "-o", str(tmp_path / "out"), "--json"),
        *("--set", "siting.whole_openings=true", "--set", "siting.phase_mw=4"),
    )

    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["is_relaxed"]
    assert all(row["checked"] for row in found["futures"])
    ordered = {row["site"]: row["ordered"] for row in found["decided"] if row["kind"] == "halls"}
    assert all(mw % 4 == pytest.approx(0.0, abs=1e-6) for mw in ordered.values())
    worth = {row["measure"]: row["value_musd"] for row in found["worth"]}
    assert worth["stochastic"] < worth["plans"] < 1.1 * worth["stochastic"]


def test_a_sweep_without_uncertainty_is_refused(tmp_path: Path) -> None:
    done = run("tiny", "-o", str(tmp_path / "out"))

    assert done.exit_code == 2
    assert "tiny.yaml: the sweep has no uncertainty" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("future", "central", "message", "code"),
    [
        ("{years: [2027]}", "", "future 'other' has years [2027]; must be [2027, 2028]", 2),
        (
            "{demand: {unmet: forbid}, new_sites: {coast: {land_limit_mw: 5}}}",
            "  central: base",
            "future other: no plan meets all constraints",
            3,
        ),
        ("{scope: {sites: [north, coast]}}", "", "so they have no mean", 2),
    ],
)
def test_futures_that_do_not_go_together_are_refused(
    tmp_path: Path, future: str, central: str, message: str, code: int
) -> None:
    path = tmp_path / "ways.yaml"
    path.write_text(
        f"version: 1\nbase: tiny\nfutures:\n  base:\n  other: {future}\nuncertainty:\n  known_from: 2027\n{central}",
        encoding="utf-8",
    )

    done = run(str(path), "-o", str(tmp_path / "out"))

    assert done.exit_code == code, done.output
    assert message in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_future_without_a_plan_is_named_with_the_constraints_that_conflict(tmp_path: Path) -> None:
    path = tmp_path / "ways.yaml"
    path.write_text(
        "version: 1\nbase: tiny\nfutures:\n  base:\n  no land:\n"
        "    demand: {unmet: forbid}\n    new_sites: {coast: {land_limit_mw: 5}}\n"
        "uncertainty: {known_from: 2027, central: base}\n",
        encoding="utf-8",
    )

    done = run(str(path), "-o", str(tmp_path / "out"))

    assert done.exit_code == 3, done.output
    said = done.stderr.splitlines()
    begins = said.index("future no land: no plan meets all constraints; these conflict:")
    land = next(at for at, line in enumerate(said) if line.startswith("  land_limit: "))
    assert begins < land
    assert said[land + 1 : land + 3] == ["      at coast 2028", f"      new_sites.coast.land_limit_mw: 5 MW ({path}:7)"]
    assert any(f"demand.unmet: forbid ({path}:6)" in line for line in said)


INFEASIBLE = """version: 1
base: tiny
futures:
  base:
  no land: {demand: {unmet: forbid}, new_sites: {coast: {land_limit_mw: 5}}}
  slow: {demand: {unmet: forbid}, new_sites: {coast: {build_rate_mw_per_year: 2}}}
uncertainty: {known_from: 2027, central: base}
"""
"""Two futures are infeasible, each for a reason of its own."""


def test_all_futures_without_a_plan_are_named_with_the_reasons_of_each(tmp_path: Path) -> None:
    path = tmp_path / "ways.yaml"
    path.write_text(INFEASIBLE, encoding="utf-8")

    done = run(str(path), "-o", str(tmp_path / "out"), "--json")

    assert done.exit_code == 3, done.output
    _, land, slow = re.split("future (?:no land|slow): no plan meets all", done.stderr)
    assert "  land_limit: " in land
    assert "  build_rate: " not in land
    assert f"new_sites.coast.build_rate_mw_per_year: 2 MW by 2027 ({path}:6)" in slow
    assert "  land_limit: " not in slow
    assert done.stderr.count("`dcplan diagnose`") == 1
    found = json.loads(done.stdout)["infeasible"]
    assert [one["future"] for one in found] == ["no land", "slow"]
    of_land, of_slow = (" ".join(one["conflict"]) for one in found)
    assert "land_limit" in of_land
    assert "build_rate" in of_slow
    assert "no plan meets all constraints" in found[1]["message"]


def test_a_constraint_that_is_the_last_of_several_futures_is_named_for_each() -> None:
    of_future = {
        name: InfeasibleError(f"future {name}: no plan\n  {other}: 5 MW\n  land_limit: 7 MW")
        for name, other in (("first", "build_rate"), ("second", "connection"))
    }

    assert str(InfeasibleFuturesError(of_future)).splitlines() == [
        "future first: no plan",
        "  build_rate: 5 MW",
        "  land_limit: 7 MW",
        "future second: no plan",
        "  connection: 5 MW",
        "  land_limit: 7 MW",
    ]


def refused(tmp_path: Path, futures: str) -> tuple[Path, str]:
    """Give futures of tiny to the command, which refuses them: their file, and what it says."""
    path = tmp_path / "ways.yaml"
    path.write_text(f"version: 1\nbase: tiny\n{futures}", encoding="utf-8")

    done = run(str(path), "-o", str(tmp_path / "out"))

    assert done.exit_code == 2
    return path, done.stderr


def test_all_that_keeps_futures_apart_is_said_at_once_with_its_line(tmp_path: Path) -> None:
    path, said = refused(
        tmp_path,
        "axes:\n"
        "  price: {key: new_sites.north.retail_usd_per_mwh, values: [42, -3]}\n"
        "futures:\n"
        "  short:\n    years: [2027]\n"
        "  by year: {foresight: {window_years: 1}}\n",
    )

    assert f"{path}: the sweep has no uncertainty" in said
    assert "retail_usd_per_mwh" in said
    assert f"{path}:7:5: future 'short' has years [2027]; must be [2027, 2028]" in said
    assert f"{path}:8:39: future 'by year' is decided year by year" in said


def test_what_keeps_futures_apart_is_blamed_on_those_that_change_it(tmp_path: Path) -> None:
    path, said = refused(
        tmp_path,
        "set: {foresight: {window_years: 1}}\n"
        "futures:\n"
        "  other:\n    years: [2028]\n    decisions_start: 2026-03-01\n"
        "    finance:\n      end_of_horizon: perpetuity\n"
        "  base:\n"
        "uncertainty: {known_from: 2028, central: base}\n",
    )

    assert f"{path}:6:5: future 'other' has years [2028]; must be [2027, 2028]" in said
    assert f"{path}:7:22: future 'other' has decisions_start 2026-03-01; must be 2026-01-01" in said
    assert f"{path}:9:23: future 'other' has finance.end_of_horizon perpetuity; must be" in said
    assert f"{path}:3:33: futures 'other', 'base' are decided year by year" in said
    assert "future 'base' has" not in said


def test_settings_that_all_futures_change_alike_are_no_problem(tmp_path: Path) -> None:
    path, said = refused(
        tmp_path,
        "futures:\n"
        "  a: {finance: {end_of_horizon: perpetuity}}\n"
        "  b: {finance: {end_of_horizon: perpetuity}, years: [2027]}\n"
        "uncertainty: {known_from: 2028, central: a}\n",
    )

    assert f"{path}:5:46: future 'b' has years [2027]; must be [2027, 2028]" in said
    assert "future 'a'" not in said


def test_files_of_one_name_have_folders_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("oak", "elm"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "ways.yaml").write_text("version: 1\n")
    entry = file_entry(Path("oak/ways.yaml"), "of oak")
    assert folder_of("elm/ways.yaml") == Path("stochastic/ways")
    (tmp_path / "stochastic" / "ways").mkdir(parents=True)
    (tmp_path / "stochastic" / "ways" / "stochastic.json").write_text(json.dumps({"file": entry}))

    assert folder_of("oak/ways.yaml") == Path("stochastic/ways")
    assert folder_of("elm/ways.yaml") == Path("stochastic/ways-2")


def test_its_folder_has_a_report(done: Result, folder: Path) -> None:
    shown = CliRunner().invoke(main, ["report", str(folder)])

    assert shown.exit_code == 0, shown.output
    assert shown.stdout.strip() == str(folder / "report.html")


def test_it_says_of_which_file_it_is(done: Result, folder: Path) -> None:
    about = json.loads((folder / "stochastic.json").read_bytes())["file"]

    assert (Path(about["file"]).name, about["shipped"]) == ("tiny-uncertain.yaml", True)


def test_rounds_that_end_before_every_plan_survives_are_never_called_a_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FutureProgram, "is_to_add_cuts", lambda *_: True)
    done = run("tiny-uncertain", "-o", str(tmp_path / "out"), "--set", "failover.most_rounds=2")

    assert done.exit_code == 4
    assert "stopped after 2 rounds (failover.most_rounds)" in " ".join(done.stderr.split())
    assert not (tmp_path / "out").exists()


def test_a_time_limit_is_never_called_a_plan(tmp_path: Path) -> None:
    done = run("tiny-uncertain", "-o", str(tmp_path / "out"), "--set", "solver.time_limit_s=1e-9")

    assert done.exit_code == 4
    assert "(solver.time_limit_s) was reached before it was solved" in done.stderr
    assert not (tmp_path / "out").exists()


CONFLICT = """version: 1
base: tiny
set: {demand: {unmet: forbid}}
futures:
  scarce south: {new_sites: {south: {land_limit_mw: 8}, coast: {land_limit_mw: 14}}}
  scarce north: {new_sites: {north: {land_limit_mw: 1}}}
uncertainty: {known_from: 2027, central: scarce north}
"""
"""One future has no room but in the North for what serves in 2027, the other none in the North."""


def test_orders_that_leave_no_plan_say_what_conflicts_in_which_future(tmp_path: Path) -> None:
    file = tmp_path / "apart.yaml"
    file.write_text(CONFLICT, encoding="utf-8")

    said = run(str(file), "-o", str(tmp_path / "out"))

    assert said.exit_code == 3, said.output
    assert "every future has a plan, but no orders before 2027 leave one in all" in said.stderr
    _, south, north = re.split("  in future scarce (?:south|north):\n", said.stderr)
    assert f"new_sites.south.land_limit_mw: 8 MW ({file}:5)" in south
    assert f"new_sites.north.land_limit_mw: 1 MW ({file}:6)" in north
    # What one future needs more than the other has room for stands with either of them.
    assert f"demand.unmet: forbid ({file}:3)" in south + north
    assert re.search("orders that they share: halls (north|south|coast)", north) is not None
    assert "An earlier uncertainty.known_from leaves more to order" in said.stderr
    assert not (tmp_path / "out").exists()


def test_orders_with_integers_that_leave_no_plan_say_what_conflicts(tmp_path: Path) -> None:
    file = tmp_path / "phases.yaml"
    siting, land = "siting: {phase_mw: 16}", "south: {land_limit_mw: 10}"
    text = CONFLICT.replace("unmet: forbid}", f"unmet: forbid}}, {siting}")
    text = text.replace("south: {land_limit_mw: 8}, coast: {land_limit_mw: 14}", land)
    text = text.replace("north: {land_limit_mw: 1}", "north: {land_limit_mw: 12}")
    file.write_text(text, encoding="utf-8")

    said = run(str(file), "-o", str(tmp_path / "out"))

    assert said.exit_code == 3, said.output
    assert "no orders with integers (openings, phases, plants) were found" in said.stderr
    assert "or relax what conflicts; of the first one tried:" in said.stderr
    assert f"siting.phase_mw: 16 MW ({file}:3)" in said.stderr
    assert not (tmp_path / "out").exists()


def test_halls_that_are_held_at_no_number_of_phases_conflict_with_these() -> None:
    scenario = load_scenario("tiny", ["siting.phase_mw=16"])

    def hold(model: Model) -> None:
        model.problem.hold(np.array([model.problem.column_block("build").start]), 10.0, 10.0)

    with pytest.raises(InfeasibleError) as raised:
        plan_of(scenario, build_inputs(scenario), StageTimes(), hold=hold)

    assert "hall_phases: New halls come in integer phases of one size." in str(raised.value)
    assert "demand_balance" not in str(raised.value)
