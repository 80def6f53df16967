"""Which inputs decide: what is solved again, what is left out, and that nothing is solved twice."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from plans import plan_of
from shared import shared

from planner.base.errors import InfeasibleError, InputError, LimitReachedError
from planner.base.paths import DATA_DIR
from planner.cli import main
from planner.inputs.uncertain_figures import UncertainFigure, figures_of
from planner.outputs.sensitivity import Sensitivity, is_constant
from planner.runs.studies import kind_of
from planner.scenario import read_draft
from planner.studies.estimates import Estimates
from planner.studies.estimates.table import COLUMNS
from planner.studies.sensitivity import sensitivity
from planner.studies.sensitivity.design import Design
from planner.studies.sensitivity.futures import (
    Factor,
    SolvedFutures,
    base_sweep,
    factors_of,
    first_order,
    left_out_of,
    not_valid,
    points_of,
)
from planner.studies.sensitivity.study import folder_of
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
    assert table["rank"].tolist() == table["rank_low"].tolist() == table["rank_high"].tolist()
    assert table["swing"].is_monotonic_decreasing


def test_the_number_of_futures_and_their_time_are_said_before_they_are_solved() -> None:
    found, said, solved_before = watched_tornado()

    (text,) = said
    assert re.fullmatch(r"4 futures of 2 figures, some \d+ (s|min) of solving at [\d.]+ s each", text)
    assert solved_before == {1}  # the plan of the scenario alone
    assert found.table["rank"].tolist() == [1, 2]


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
        return sensitivity("tiny", "morris", tmp_path, trajectories=trajectories, **wishes)

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


def test_a_size_is_one_that_the_method_has() -> None:
    wrong = {
        "morris": ({"trajectories": 1, "samples": 8}, "trajectories is 1", "samples is 8"),
        "sobol": ({"trajectories": 6, "samples": 9}, "trajectories is 6", "samples is 9"),
        "tornado": ({"trajectories": 7, "samples": 4}, "trajectories is 7", "samples is 4"),
    }
    for method, (sizes, *said) in wrong.items():
        with pytest.raises(InputError) as error:
            sensitivity("tiny", method, **sizes)  # type: ignore[arg-type]
        lines = str(error.value).splitlines()
        assert len(lines) == 2
        assert all(text in str(error.value) for text in said)


def test_without_salib_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("planner.studies.sensitivity.design.find_spec", lambda name: None)

    with pytest.raises(InputError, match=r"SALib is not installed.*pip install 'dcplan\[sens"):
        sensitivity("tiny", "sobol")


def figure(item: str, low: float, value: float, high: float, **more: Any) -> UncertainFigure:
    return UncertainFigure("racks", "capex_usd", (3,), item, "USD", value, low, high, "estimate", "s", **more)


def test_integers_are_as_likely_as_each_other() -> None:
    whole = Factor("last", (figure("a", 2027.0, 2028.0, 2029.0, is_whole=True),))

    drawn = [whole.point_at(share).figures[0][1] for share in np.linspace(0.0, 1.0, 3001)]

    assert {year: round(drawn.count(year), -2) for year in set(drawn)} == {2027.0: 1000, 2028.0: 1000, 2029.0: 1000}
    assert Factor("price", (figure("a", 30.0, 40.0, 70.0),)).point_at(0.25).label == 40.0


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


def test_ranks_of_a_tornado_are_as_sure_as_the_gaps_of_its_plans() -> None:
    points = points_of(Design("tornado", 0, 0), FACTORS)
    cost = dict(zip(points["future"], [790.0, 833.0, 797.0, 803.5, 796.0, 809.0], strict=True))

    found = SolvedFutures(
        Design("tornado", 0, 0), "objective_musd", FACTORS, points, solved(points, {"base": 800.0, **cost}, gap=2.5)
    ).to_sensitivity("made up", pd.DataFrame(), 17)

    # Swings of 33, 3.5 and 9, each give or take 2.5 of either plan: 9 may be 6.5, and 3.5 be 6.
    table = found.table
    assert table["factor"].tolist() == ["price", "months", "=1+1"]
    assert table["swing"].tolist() == [33.0, 9.0, 3.5]
    assert table["swing_least"].tolist() == [30.5, 6.5, 1.0]
    assert table["swing_most"].tolist() == [35.5, 11.5, 6.0]
    assert table["rank_low"].tolist() == table["rank_high"].tolist() == [1, 2, 3]
    assert table["first_order_rank"].tolist() == [1, pd.NA, 2]
    assert any("within 2.5 MUSD of the least cost" in note for note in found.notes)
    # Of each change a quarter is penalty, and of the cost (790 - 700) / 4 to (833 - 700) / 4.
    assert table["penalty_at_low"].tolist() == [-2.5, -1.0, -0.75]
    assert table["penalty_at_high"].tolist() == [8.25, 2.25, 0.875]
    assert any("22.5 to 33.25 MUSD are the penalty of unmet" in note for note in found.notes)

    wide = SolvedFutures(
        Design("tornado", 0, 0), "objective_musd", FACTORS, points, solved(points, {"base": 800.0, **cost}, gap=3.5)
    ).to_sensitivity("made up", pd.DataFrame(), 17)
    assert wide.table["rank_low"].tolist() == [1, 2, 2]
    assert wide.table["rank_high"].tolist() == [1, 3, 3]


def test_an_end_without_a_plan_decides_most() -> None:
    points = points_of(Design("tornado", 0, 0), FACTORS)
    cost = dict(zip(points["future"], [790.0, 833.0, 797.0, 803.5, 796.0], strict=False))

    found = SolvedFutures(
        Design("tornado", 0, 0), "objective_musd", FACTORS, points, solved(points, {"base": 800.0, **cost})
    ).to_sensitivity("made up", pd.DataFrame(), 17)

    assert found.table["factor"].tolist() == ["months", "price", "=1+1"]
    assert found.table["without_plan"].tolist() == ["high", "", ""]
    assert found.table["rank_low"].tolist() == found.table["rank_high"].tolist() == [1, 2, 3]
    assert any("No plan is feasible with months at its high" in note for note in found.notes)
    assert json.loads(json.dumps(found.to_dict()))["factors"][0]["at_high"] is None


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


def test_a_changed_low_is_looked_at_again_although_the_plan_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "racks.csv"
    frame = pd.read_csv(DATA_DIR / "racks.csv", dtype=str, keep_default_na=False)
    plan, asked = plan_of("tiny", *ONE_YEAR), []

    def estimates(*_: Any, **more: Any) -> Estimates:
        asked.append(more["most"])
        return Estimates(pd.DataFrame(columns=list(COLUMNS)), 7, 3, (), 11)

    monkeypatch.setattr("planner.studies.sensitivity.futures.estimates", estimates)
    for high, expected in (("3500000", [2]), ("3500000", [2]), ("4250000", [2, 2])):
        frame.loc[frame["rack"] == "gb200_nvl72", "capex_high_usd"] = high
        frame.to_csv(file, index=False, lineterminator="\n")
        base = base_sweep(read_draft("tiny", (*ONE_YEAR, f"data.racks={file}")))
        first_order(base, plan, tmp_path, 2, lambda _: None)
        assert asked == expected, high


def stop_once_begun(progress: SweepProgress) -> None:
    """Stop a study after its first answer: before that it leaves no folder."""
    if progress.done:
        raise KeyboardInterrupt


def test_scenarios_of_one_name_have_folders_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("oak", "elm"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "ours.yaml").write_text("version: 1\nextends: tiny\n")

    for file in ("oak/ours.yaml", "elm/ours.yaml"):
        with pytest.raises(KeyboardInterrupt):
            sensitivity(file, figures=2, jobs=1, overrides=ONE_YEAR, on_progress=stop_once_begun)

    assert folder_of("oak/ours.yaml") == Path("sensitivity/ours")
    assert folder_of(Path("elm/ours.yaml")) == Path("sensitivity/ours-2")
    assert folder_of("ours") == Path("sensitivity/ours-3")  # a shipped one, were there any


def test_a_project_that_was_moved_keeps_its_studies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    before.mkdir()
    monkeypatch.chdir(before)
    (before / "ours.yaml").write_text("version: 1\nextends: tiny\n")
    with pytest.raises(KeyboardInterrupt):
        sensitivity("ours.yaml", figures=2, jobs=1, overrides=ONE_YEAR, on_progress=stop_once_begun)
    before.rename(after)
    monkeypatch.chdir(after)

    assert folder_of("ours.yaml") == Path("sensitivity/ours")
    (after / "ours.yaml").write_text("version: 1\nextends: tiny\ntitle: Another\n")
    assert folder_of("ours.yaml") == Path("sensitivity/ours-2")  # which may be any other file


def study_of(design: Design, broken: int) -> SolvedFutures:
    """Return a study of a linear model: 43, 6.5 and 13 MUSD from low to high, from 700 on.

    The first points have no plan.
    """
    points = points_of(design, FACTORS)
    shares = points[[one.name for one in FACTORS]].to_numpy()
    cost = dict(zip(points["future"], 700.0 + shares @ [43.0, 6.5, 13.0], strict=True))
    without = set(points["future"][:broken])
    known = {name: one for name, one in cost.items() if name not in without}
    answers = solved(points, {"base": 800.0, **known})
    return SolvedFutures(design, "objective_musd", FACTORS, points, answers)


def test_trajectories_with_a_point_without_a_plan_are_left_out_and_said() -> None:
    found = study_of(Design("morris", 9, 3), broken=1).to_sensitivity("made up", pd.DataFrame(), 17)

    assert found.table["mu_star"].tolist() == pytest.approx([43.0, 13.0, 6.5])
    assert found.dropped >= 1
    assert found.blocks + found.dropped == 9
    assert any(f"{found.dropped} of 9 trajectories were left out" in note for note in found.notes)


def test_without_two_whole_trajectories_there_is_no_answer() -> None:
    with pytest.raises(InfeasibleError, match=r"0 of 2 trajectories .* \(5 infeasible"):
        study_of(Design("morris", 2, 3), broken=5).to_sensitivity("made up", pd.DataFrame(), 17)
    late = study_of(Design("morris", 2, 3), broken=5)
    late.solved.futures.loc[3, "status"] = "stopped"
    with pytest.raises(LimitReachedError):
        late.to_sensitivity("made up", pd.DataFrame(), 17)


@pytest.mark.parametrize(
    ("half", "unstable"),
    [
        ([6.0, 2.0, 1.0], ()),  # 43 is 30 above 13, and that 6.5 above 6.5
        ([29.0, 2.0, 1.0], ()),
        ([6.0, 7.0, 1.0], ("b", "c")),
        ([31.0, 2.0, 1.0], ("a", "b")),
        ([6.0, 2.0, 37.0], ("a", "b", "c")),
    ],
)
def test_ranks_are_unstable_where_an_interval_reaches_another_value(
    half: list[float], unstable: tuple[str, ...]
) -> None:
    found = study_of(Design("morris", 4, 3), broken=0).to_sensitivity("ours", pd.DataFrame(), 17)
    table = found.table.assign(factor=["a", "b", "c"], mu_star=[43.0, 13.0, 6.5], mu_star_conf=half)

    asked = replace(found, table=table)

    assert asked.unstable == unstable
    said = [note for note in asked.notes if "unstable" in note]
    count = {0: [], 2: ["2 of 3 ranks"], 3: ["All ranks"]}[len(unstable)]
    assert [note.partition(" are")[0] for note in said] == count


@pytest.mark.parametrize("design", [Design("tornado", 0, 0), Design("morris", 4, 3)])
@pytest.mark.parametrize("noise_kt", [0.0, 3e-7])
def test_an_output_that_no_factor_moves_has_no_ranks_and_says_so(design: Design, noise_kt: float) -> None:
    points = points_of(design, FACTORS)
    answers = solved(points, dict.fromkeys(["base", *points["future"]], 800.0))
    rows = [
        (future, "emissions_kt", 2028, "kt CO2", 101.25 + noise_kt * (at % 2))
        for at, future in enumerate(answers.futures["future"])
    ]
    results = pd.DataFrame(rows, columns=["future", "figure", "year", "unit", "value"])
    of_emissions = SolvedFutures(design, "emissions_kt", FACTORS, points, replace(answers, results=results))

    found = of_emissions.to_sensitivity("made up", pd.DataFrame(), 17)

    notes = " ".join(found.notes)
    moved_none = "None of these factors moves emissions_kt: it is 101 kt CO2 in every plan."
    assert moved_none in notes
    assert "chosen by what they do to the cost of the plan, not to emissions_kt" in notes
    assert found.unstable == ()
    if design.method == "morris":
        assert (found.table["mu_star"] == 0.0).all()
        assert set(found.table["rank_low"]) == {1}
        assert set(found.table["rank_high"]) == {3}
        of_cost = study_of(design, 0).to_sensitivity("made up", pd.DataFrame(), 17)
        assert not any("None of these" in note or "chosen by" in note for note in of_cost.notes)


def test_names_stay_text_in_every_file(tmp_path: Path) -> None:
    found = study_of(Design("morris", 4, 3), broken=0).to_sensitivity("<b>&", pd.DataFrame(), 17)
    names = ["=1+1", "<script>alert(1)</script>", 'wide, "quoted" and \x1b[31m red']
    named = replace(found, table=found.table.assign(factor=names))

    named.save(tmp_path / "out")

    written = {path.suffix: path for path in (tmp_path / "out").iterdir()}
    assert pd.read_csv(tmp_path / "out" / "morris.csv")["factor"].tolist() == names
    as_json = json.loads(written[".json"].read_text(encoding="utf-8"))
    assert [one["factor"] for one in as_json["factors"]] == names
    assert "<script" not in written[".svg"].read_text(encoding="utf-8")


def test_a_column_whose_end_makes_no_valid_input_is_left_out() -> None:
    draft = read_draft("tiny", ONE_YEAR)
    tables = plan_of("tiny", *ONE_YEAR).inputs.tables
    sold = [one for one in figures_of(tables) if (one.table, one.column) == ("racks", "last_year")]
    right = Factor("right", tuple(sold))
    wrong = Factor("wrong", tuple(replace(one, low=2020.0) for one in sold))

    ((factor, why),) = not_valid(draft, [right, wrong])

    assert factor is wrong
    assert why.startswith("its low or high makes no valid input: data/racks.csv: amd_helios: last")


@pytest.mark.parametrize(("outputs", "is_same"), [([0.0, 1e-9, 0.0], True), ([0.0, 1e-6], False)])
def test_an_output_of_zero_but_for_noise_is_constant(outputs: list[float], is_same: bool) -> None:
    assert is_constant(np.array(outputs)) == is_same
