"""`dcplan stochastic`: what it prints and writes, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from planner.cli import main
from planner.outputs.run import FromShipped
from planner.runs.reopen import load
from planner.studies.stochastic.stochastic import TABLES


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


def test_every_future_has_a_checked_run_with_the_same_halls_ordered_before(done: Result, folder: Path) -> None:
    futures, decided = table(folder, "futures"), table(folder, "decided")
    runs = [load(folder / "runs" / name) for name in futures["run"]]

    assert futures["checked"].all()
    assert (futures["rules"] > 130).all()
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


def test_a_time_limit_is_never_called_a_plan(tmp_path: Path) -> None:
    done = run("tiny-uncertain", "-o", str(tmp_path / "out"), "--set", "solver.time_limit_s=1e-9")

    assert done.exit_code == 4
    assert "(solver.time_limit_s) was reached before it was solved" in done.stderr
    assert not (tmp_path / "out").exists()
