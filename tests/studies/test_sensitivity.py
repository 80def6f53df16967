"""Which inputs decide: what is solved again, what is left out, and that nothing is solved twice."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from plans import plan_of
from shared import shared

from planner.base.errors import InputError
from planner.cli import main
from planner.inputs.build import UncertainFigure, figures_of
from planner.outputs.study_files import Sensitivity
from planner.runs.studies import kind_of
from planner.studies.sensitivity import sensitivity
from planner.studies.sensitivity.design import Design
from planner.studies.sensitivity.futures import Factor, SolvedFutures, factors_of, left_out_of, points_of
from planner.studies.sweep import SweepProgress, SweepResult

ONE_YEAR = ("years=[2027]",)


@shared
def watched_tornado() -> tuple[Sensitivity, list[str], set[int]]:
    """A study, what it says of its size, and of how many futures it had solved some before."""
    import tempfile

    said: list[str] = []
    before = set[int]()

    def watch(progress: SweepProgress) -> None:
        before.update([] if said else [progress.total])

    with tempfile.TemporaryDirectory() as folder:
        asked: Any = {"figures": 2, "jobs": 1, "overrides": ONE_YEAR, "on_progress": watch}
        return sensitivity("tiny", out=folder, on_design=said.append, **asked), said, before


def tornado() -> Sensitivity:
    found: Sensitivity = watched_tornado()[0]
    return found


def test_the_tornado_is_what_is_paid_by_the_figure_times_how_far_it_moves() -> None:
    # Upkeep is 0.005 of what racks cost a year, from 0 to 0.05, and its cost line has insurance of
    # 0.001 too; a GB200 NVL72 is 3.0 MUSD, from 2.8 to 3.5, which both follow.
    paid = plan_of("tiny", *ONE_YEAR).costs.groupby("item")["npv_musd"].sum()
    line, racks = float(paid["it_maintenance"]), float(paid["rack_purchase"])
    upkeep = line * 5.0 / 6.0
    table = tornado().table.set_index("item")

    assert table.loc["it_maintenance", "at_low"] == pytest.approx(-upkeep, rel=1e-5)
    assert table.loc["it_maintenance", "at_high"] == pytest.approx(9.0 * upkeep, rel=1e-5)
    by_price = racks + line
    assert table.loc["gb200_nvl72", "at_low"] == pytest.approx(-by_price * 0.2 / 3.0, rel=1e-5)
    assert table.loc["gb200_nvl72", "at_high"] == pytest.approx(by_price * 0.5 / 3.0, rel=1e-5)
    # What solving again finds is first order, where the plan stays as it is.
    assert table["first_order_musd"].tolist() == pytest.approx(table["swing"].tolist(), rel=1e-6)
    assert table["rank"].tolist() == table["rank_low"].tolist() == table["rank_high"].tolist()
    assert table["swing"].is_monotonic_decreasing


def test_what_is_left_out_is_listed_with_the_reason() -> None:
    found = tornado()
    figures = figures_of(plan_of("tiny", *ONE_YEAR).inputs.tables)

    assert len(found.left_out) == len(figures) - 2
    assert not set(found.left_out["item"]) & {"it_maintenance", "gb200_nvl72"}
    least = found.table["first_order_musd"].min()
    assert found.left_out["why"].str.contains(f"no more than {least:.6g} MUSD").all()
    assert f"{len(figures) - 2} figures with a low and a high were left out" in found.notes[1]


def test_morris_of_one_figure_is_its_slope_and_nothing_is_solved_twice(tmp_path: Path) -> None:
    paid = plan_of("tiny", *ONE_YEAR).costs.groupby("item")["npv_musd"].sum()
    seen: list[SweepProgress] = []

    def ask(trajectories: int, stop_after: int = 99) -> Sensitivity:
        def watch(progress: SweepProgress) -> None:
            seen.append(progress)
            if progress.done - progress.stored == stop_after and progress.total > 1:
                raise KeyboardInterrupt

        wishes: Any = {"figures": 1, "jobs": 1, "overrides": ONE_YEAR, "on_progress": watch}
        return sensitivity("tiny", method="morris", out=tmp_path, trajectories=trajectories, **wishes)

    with pytest.raises(KeyboardInterrupt):
        ask(2, stop_after=1)
    last = seen[-1]
    assert (last.total, last.stored, last.done) == (3, 1, 2)  # the base, and two points
    seen.clear()
    found = ask(5)  # goes on from the trajectories that it had
    assert {one.stored for one in seen} == {2}
    assert seen[-1].total <= 5  # points of a grid of four are each solved once

    # From 0 to 0.05, ten times the 0.005 that the plan pays beside 0.001 for insurance.
    whole_way = 10.0 * float(paid["it_maintenance"]) * 5.0 / 6.0
    assert found.table["mu_star"].tolist() == pytest.approx([whole_way], rel=1e-5)
    assert found.table["sigma"].tolist() == pytest.approx([0.0], abs=1e-3)
    seen.clear()
    again = ask(2)
    assert [(one.stored, one.done) for one in seen] == [(3, 3)]
    assert again.table["mu_star"].tolist() == pytest.approx(found.table["mu_star"].tolist())
    result = pd.read_parquet(tmp_path / "futures.parquet")
    assert result["checked"].all()
    before = answers(tmp_path)

    asked = ["sensitivity", "tiny", "--method", "morris", "--figures", "1", "--trajectories", "2"]
    more = ["--of", "facility_mean_mw", "--set", ONE_YEAR[0], "-o", str(tmp_path), "--json"]
    told = CliRunner().invoke(main, ["-q", *asked, *more])

    # Another output of the same points: nothing is solved again, and upkeep moves no power.
    assert told.exit_code == 0, told.stderr
    assert answers(tmp_path) == before
    of_power = json.loads(told.stdout)
    assert (of_power["of"], of_power["unit"]) == ("facility_mean_mw", "MW")
    assert of_power["factors"][0]["mu_star"] == pytest.approx(0.0, abs=1e-3)
    # It was solved as a sweep too, whose file is in the same folder.
    assert (tmp_path / "sweep.json").is_file()
    assert kind_of(tmp_path) == "morris"
    names = ("morris-facility_mean_mw", "morris-facility_mean_mw_left_out")
    assert all((tmp_path / f"{name}.csv").is_file() for name in names)


def test_sobol_of_two_figures_has_the_indices_that_the_paid_amounts_give(tmp_path: Path) -> None:
    """The cost is a product of both figures; so few samples leave ranks that are said unstable."""
    asked = ["sensitivity", "tiny", "--method", "sobol", "--figures", "2", "--samples", "2"]

    told = CliRunner().invoke(main, ["-q", *asked, "--set", ONE_YEAR[0], "-o", str(tmp_path), "--jobs", "1", "--json"])

    assert told.exit_code == 0, told.stderr
    found = {row["item"]: row for row in json.loads(told.stdout)["factors"]}
    paid = plan_of("tiny", *ONE_YEAR).costs.groupby("item")["npv_musd"].sum()
    line, racks = float(paid["it_maintenance"]), float(paid["rack_purchase"])
    points = pd.read_parquet(tmp_path / "sobol_points.parquet")
    shares = points[[found[name]["factor"] for name in ("gb200_nvl72", "it_maintenance")]]
    price, upkeep = shares.to_numpy().T * [[0.7], [0.05]] + [[2.8], [0.0]]

    def cost(price: np.ndarray, upkeep: np.ndarray) -> np.ndarray:
        """Racks are 3.0 MUSD as planned, and upkeep with insurance 0.006 of that."""
        return price / 3.0 * (racks + line * (upkeep + 0.001) / 0.006)

    moves = points["output"] - points["output"].mean()
    assert moves.to_numpy() == pytest.approx(cost(price, upkeep) - cost(price, upkeep).mean())
    # Each base sample is a point, that point with one figure of another, and the other one.
    y = points["output"].to_numpy().reshape(2, 4)
    variance = y[:, [0, 3]].var()
    in_order = [name for name in points.columns if name in set(shares.columns)]
    for place, name in enumerate(in_order, start=1):
        part = ((y[:, place] - y[:, 0]) ** 2).mean() / 2.0 / variance
        assert found[name.split()[-1]]["st"] == pytest.approx(part)
    notes = " ".join(json.loads(told.stdout)["notes"])
    assert "All ranks are unstable" in notes
    assert "More base samples (--samples, now 2) narrow it" in notes
    shown = CliRunner().invoke(main, ["-q", *asked, "--set", ONE_YEAR[0], "-o", str(tmp_path)])
    assert "tiny: which inputs decide objective_musd [MUSD]" in shown.stdout


def answers(folder: Path) -> dict[str, int]:
    """Return when each answer was written, by its file."""
    return {path.name: path.stat().st_mtime_ns for path in (folder / "futures").iterdir()}


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    asked = [
        *("sensitivity", "tiny", "--method", "moris", "--figures", "0", "--seed", "-1"),
        *("--of", "objective_musdd", "--set", "years=[]", "-o", str(tmp_path)),
    ]
    result = CliRunner().invoke(main, asked)

    assert result.exit_code == 2
    for said in (
        "method is 'moris'; must be tornado, morris, sobol; did you mean 'morris'?",
        "figures is 0; must be an integer from 1 to 100",
        "seed is -1; must be an integer from 0 to 4,294,967,295",
        "of is 'objective_musdd'",
        "did you mean 'objective_musd'?",
        "years",
    ):
        assert said in result.stderr
    assert not list(tmp_path.iterdir())


def test_without_salib_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("planner.studies.sensitivity.design.find_spec", lambda name: None)

    with pytest.raises(InputError, match=r"SALib is not installed.*pip install 'dcplan\[sens"):
        sensitivity("tiny", method="sobol")


def figure(item: str, low: float, value: float, high: float, **more: Any) -> UncertainFigure:
    return UncertainFigure("racks", "capex_usd", (3,), item, "USD", value, low, high, "estimate", "s", **more)


def test_a_column_in_steps_is_one_factor_and_names_are_told_apart() -> None:
    tables = plan_of("tiny", *ONE_YEAR).inputs.tables
    months = [one for one in figures_of(tables) if one.table == "lead_times"]
    prices = [one for one in figures_of(tables) if one.table == "racks"][:2]
    rows = [
        *((one.table, one.column, one.item, -3.0, 7.0, False) for one in prices),
        *((one.table, one.column, one.item, np.nan, np.nan, True) for one in months),
    ]
    first = pd.DataFrame(rows, columns=["table", "column", "item", "low_musd", "high_musd", "in_steps"])

    factors = factors_of(first, tables, 1)

    assert [(one.name.split()[0], len(one.figures)) for one in factors] == [
        ("racks.capex_usd", 1),
        ("lead_times.lead_months", len(months)),
    ]
    assert len(months) > 2
    assert factors[1].point_at(0.0).figures == tuple((one, one.low) for one in months)
    left_out = left_out_of(factors[:1], tables, [(factors[1], "not wanted")])
    why = left_out.set_index(["table", "item"])["why"]
    assert set(why["lead_times"]) == {"not wanted"}
    assert why["racks", prices[1].item].endswith("7 MUSD to first order, the least that is in")


FACTORS = [
    Factor("price", (figure("a", 30.0, 40.0, 70.0),), -11.0, 33.0),
    Factor("=1+1", (figure("b", 5.0, 6.0, 9.0),), -2.0, 4.0),
    Factor("months", (figure("c", 2.0, 3.0, 8.0), figure("d", 3.0, 4.0, 6.0))),
]


def solved(points: pd.DataFrame, cost: dict[str, float], gap: float = 0.0) -> SweepResult:
    """Return what a sweep would tell, of futures without a cost that they have no plan."""
    names = ["base", *points["future"].drop_duplicates()]
    costs = pd.Series([cost.get(name, np.nan) for name in names])
    futures = pd.DataFrame(
        {
            "future": names,
            "status": ["infeasible" if np.isnan(one) else "within_gap" for one in costs],
            "broken": "",
            "objective_musd": costs,
            "bound_musd": costs - gap,
            "penalty_musd": (costs - 700.0) / 4.0,
        }
    )
    nothing = pd.DataFrame()
    return SweepResult(Path("kept"), futures, nothing, nothing, nothing, nothing)


def test_an_output_that_a_plan_does_not_state_in_its_last_year_is_refused() -> None:
    points = points_of(Design("tornado", 0, 0), FACTORS)
    answers = solved(points, dict.fromkeys(["base", *points["future"]], 800.0))
    rows = [
        (future, "pue", year, "-", value)
        for future in answers.futures["future"]
        for year, value in ((2027, 1.31), (2028, np.nan if future == "=1+1=high" else 1.24))
    ]
    results = pd.DataFrame(rows, columns=["future", "figure", "year", "unit", "value"])
    found = SolvedFutures(Design("tornado", 0, 0), "pue", FACTORS, points, replace(answers, results=results))

    with pytest.raises(InputError, match=r"of is 'pue', missing in the last year of =1\+1=high"):
        found.to_sensitivity("made up", pd.DataFrame(), 17)
