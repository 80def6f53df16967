"""A sweep keeps what it has: side by side as in turn, killed and begun again, one that fails."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import psutil
import pytest
from click.testing import CliRunner
from kills import anywhere, begun, killed
from plans import plan_of
from shared import shared

from planner.base.errors import InputError
from planner.cli import main
from planner.outputs.own_folder import FUTURES_FOLDER, SWEEP_FILE
from planner.studies.sweep import SweepProgress, SweepResult, one, run_sweep, solve_sweep
from planner.studies.sweep.answers import TABLES
from planner.studies.sweep.futures import read_sweep
from planner.studies.sweep.solve_sweep import folder_of

TEXT = """version: 1
base: tiny
axes:
  price: {key: new_sites.north.retail_usd_per_mwh, values: [41, 46]}
futures:
  "=../../far, or \\"near\\" <b>": {new_sites: {coast: {land_limit_mw: 37}}}
  no plan: {demand: {unmet: forbid}, new_sites: {coast: {land_limit_mw: 5}}}
runs: [price=46]
"""
STARTING_S = 3.0  # until a sweep that is a program of its own solves its first future
NAUGHTY = '=../../far, or "near" <b>'


def written(folder: Path) -> Path:
    path = folder / "ways.yaml"
    path.write_text(TEXT, encoding="utf-8")
    return path


@shared
def solved_in_turn(text: str) -> tuple[dict[str, pd.DataFrame], dict[str, bytes]]:
    """Tables of the sweep solved in this process, and all files of its folder by their paths."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path, out = Path(folder) / "ways.yaml", Path(folder) / "out"
        path.write_text(text, encoding="utf-8")
        result = run_sweep(path, out=out, jobs=1)
        files = {file.relative_to(out).as_posix(): file.read_bytes() for file in out.rglob("*") if file.is_file()}
        return {**tables(result), "timings": result.timings}, files


def in_turn(text: str) -> dict[str, pd.DataFrame]:
    """Tables of the sweep solved in this process, how it was solved among them."""
    found, _ = solved_in_turn(text)
    return found


def stored_before(out: Path) -> None:
    """Put the sweep solved in this process where it is asked for again."""
    _, files = solved_in_turn(TEXT)
    for name, content in files.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_bytes(content)


def tables(result: SweepResult) -> dict[str, pd.DataFrame]:
    """Return all tables but how long it took; they are also what the files hold."""
    for name in TABLES:
        stored = pd.read_parquet(result.folder / f"{name}.parquet")
        pd.testing.assert_frame_equal(stored, getattr(result, name))
    return {name: getattr(result, name) for name in TABLES if name != "timings"}


def assert_same(one: dict[str, pd.DataFrame], other: dict[str, pd.DataFrame]) -> None:
    for name, table in one.items():
        if name == "timings":
            continue
        pd.testing.assert_frame_equal(anywhere(table), anywhere(other[name]), check_exact=True)


def test_a_future_that_fails_stops_no_other_and_says_why() -> None:
    found = in_turn(TEXT)
    by_name = found["futures"].set_index("future")

    assert by_name["status"].to_dict() == {
        "price=41": "optimal",
        "price=46": "optimal",
        NAUGHTY: "optimal",
        "no plan": "infeasible",
    }
    assert "land_limit" in by_name.loc["no plan", "message"]
    assert by_name["checked"].tolist() == [True, True, True, False]
    assert (by_name["rules"] > 130).tolist() == [True, True, True, False]


def test_a_plan_that_is_not_as_asked_says_where_it_ended_and_what_it_breaks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "late.yaml"
    path.write_text("version: 1\nbase: tiny\nfutures: {alone: }\n", encoding="utf-8")
    plan = plan_of("tiny")
    bound_musd = 0.96 * plan.outcome.objective
    late = replace(plan.outcome, status="time_limit", dual_bound=bound_musd, gap=0.04)
    first, *others = plan.verdict.checks
    broken = replace(plan.verdict, checks=(replace(first, ok=False), *others))
    found = replace(plan, outcome=late, verdict=broken)
    monkeypatch.setattr(one, "plan_of", lambda *_, **__: found)

    told = CliRunner().invoke(main, ["sweep", str(path), "-o", str(tmp_path / "out"), "--jobs", "1"]).stdout
    (row,) = pd.read_parquet(tmp_path / "out" / "futures.parquet").to_dict("records")

    assert row["status"] == "time_limit"
    assert row["message"] == (
        "Time limit reached: the best plan so far, not proven; no plan costs less than"
        f" {bound_musd:,.0f} MUSD, 4.00% below; the check failed: {first.name}"
    )
    assert "alone: Time limit reached: the best plan so far" in told


def test_key_figures_are_those_of_the_plan() -> None:
    found = in_turn(TEXT)
    results = found["results"].query("future == 'price=41'")
    cost = results.query("figure == 'objective_musd'")["value"].item()
    items = results[results["figure"].str.startswith("npv_of_")]["value"].sum()
    # tests/test_tiny.py: 30 and 45 kH100e of training, 8 and 12 of chat.
    asked = results.query("figure == 'demand_kh100e'").set_index("year")["value"]

    assert cost == pytest.approx(items)
    assert asked.to_dict() == {2027: 38.0, 2028: 57.0}
    halls = found["orders"].query("future == 'price=41' and kind == 'halls'")
    # 31.6 and 47.4 MW of halls: tests/test_tiny.py.
    assert halls["mw"].sum() == pytest.approx(results.query("figure == 'built_mw'")["value"].sum())


def test_begun_where_another_ended_it_costs_what_it_does_afresh() -> None:
    found = in_turn(TEXT)
    method = found["timings"].set_index("future")["method"]
    afresh = plan_of("tiny", "new_sites.north.retail_usd_per_mwh=46")

    assert method["price=41"] == "ipx"
    assert method["price=46"].startswith("warm ")
    cost = found["futures"].set_index("future").loc["price=46", "objective_musd"]
    assert cost == pytest.approx(afresh.outcome.objective, rel=1e-6)
    assert cost != pytest.approx(found["futures"]["objective_musd"][0], rel=1e-6)


LISTED = """version: 1
base: tiny
futures:
  usual: {}
  price: {new_sites: {north: {retail_usd_per_mwh: 38}}}
  price and land: {new_sites: {north: {retail_usd_per_mwh: 38, land_limit_mw: 23}}}
  coast: {new_sites: {coast: {land_limit_mw: 37}}}
"""
PRICE, LAND = "new_sites.north.retail_usd_per_mwh=38", "new_sites.north.land_limit_mw=23"


def test_listed_futures_begin_at_the_first_and_cost_what_they_do_afresh(tmp_path: Path) -> None:
    path = tmp_path / "ways.yaml"
    path.write_text(LISTED, encoding="utf-8")

    begins_at = {one.name: one.begins_at for one in read_sweep(path).questions}
    result = run_sweep(path, out=tmp_path / "out", jobs=1)

    led = dict.fromkeys(("price", "price and land", "coast"), "usual")
    assert begins_at == {"usual": "", **led}
    method = result.timings.set_index("future")["method"]
    assert method.str.startswith("warm ").to_dict() == {"usual": False, **dict.fromkeys(led, True)}
    afresh = [
        plan_of("tiny", *settings).outcome.objective
        for settings in ((), (PRICE,), (PRICE, LAND), ("new_sites.coast.land_limit_mw=37",))
    ]
    assert result.futures["objective_musd"].tolist() == pytest.approx(afresh, rel=1e-6)
    assert len({round(cost, 2) for cost in afresh}) == len(afresh)


def test_side_by_side_and_with_a_process_ended_it_has_the_same_tables(tmp_path: Path) -> None:
    seen: list[SweepProgress] = []
    ended: list[int] = []

    def watch(progress: SweepProgress) -> None:
        """End a process at work once, as a system does that is out of memory."""
        seen.append(progress)
        if progress.done == 1:
            ended.append(end_a_process())

    result = run_sweep(written(tmp_path), out=tmp_path / "out", jobs=2, on_progress=watch)

    assert ended
    assert_same(tables(result), in_turn(TEXT))
    assert [one.done for one in seen] == [0, 1, 2, 3, 4]
    assert (seen[-1].failed, seen[-1].left_s) == (1, 0.0)
    assert {one.last for one in seen[1:]} == set(result.futures["future"])


def end_a_process() -> int:
    me = os.getpid()
    for child in Path(f"/proc/{me}/task/{me}/children").read_text(encoding="utf-8").split():
        if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
            os.kill(int(child), signal.SIGKILL)
            return int(child)
    raise AssertionError


def test_what_is_stored_is_not_solved_again_and_what_changed_is(tmp_path: Path) -> None:
    path, out = written(tmp_path), tmp_path / "out"
    stored_before(out)
    stored = stamps(out)

    seen: list[SweepProgress] = []
    again = run_sweep(path, out=out, jobs=1, on_progress=seen.append)

    assert (seen[0].stored, len(seen)) == (4, 1)
    assert stamps(out) == stored
    assert_same(tables(again), in_turn(TEXT))
    assert_names_lead_nowhere(again, tmp_path)

    path.write_text(TEXT.replace("46", "47"), encoding="utf-8")
    changed = run_sweep(path, out=out, jobs=1)
    assert changed.futures["future"].tolist()[:2] == ["price=41", "price=47"]
    assert len(stamps(out).items() - stored.items()) == 1
    before = tables(changed)
    torn = next((out / FUTURES_FOLDER).glob("price-47*"))
    torn.write_bytes(torn.read_bytes()[:100])
    assert_same(tables(run_sweep(path, out=out, jobs=1)), before)
    assert_command_shows(path, out)


def assert_names_lead_nowhere(result: SweepResult, home: Path) -> None:
    assert {path.name for path in home.iterdir()} == {"out", "ways.yaml"}
    assert len(list((result.folder / FUTURES_FOLDER).iterdir())) == 4
    assert NAUGHTY in result.futures["future"].tolist()
    (run,) = (result.folder / "runs").iterdir()
    assert run.name == result.futures.set_index("future").loc["price=46", "run"]
    assert json.loads((run / "run.json").read_text(encoding="utf-8"))["scenario"] == "price=46"


def assert_command_shows(path: Path, out: Path) -> None:
    """Let the command show what is stored: it solves nothing."""
    shown = CliRunner().invoke(main, ["sweep", str(path), "-o", str(out)])
    as_json = CliRunner().invoke(main, ["-q", "sweep", str(path), "-o", str(out), "--json"])

    assert (shown.exit_code, as_json.exit_code) == (0, 0)
    assert shown.stderr.splitlines()[-1] == "4 of 4 futures, 1 failed, 4 stored before"
    said = " ".join(shown.stdout.split())
    # The last head is of two lines.
    assert "Nameplate 2028, Future Status Cost, MUSD Gap Rank Unmet, % MW price=41" in said
    assert "Ordered by that year in each of 3 futures with a plan, at least (MW): 2027 2028" in said
    assert "no plan: no plan meets all constraints; these conflict: demand_balance" in said
    assert said.endswith(f"Written to {out}")
    table = json.loads(as_json.stdout)
    assert [row["future"] for row in table] == ["price=41", "price=47", NAUGHTY, "no plan"]
    assert table[0]["price"] == 41
    assert table[3]["price"] is None


def stamps(out: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in (out / FUTURES_FOLDER).iterdir()}


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 300
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def kill_once(path: Path, out: Path, condition: Callable[[], bool]) -> None:
    with begun(path, out) as process:
        wait_for(condition)
        os.killpg(process.pid, signal.SIGKILL)


def test_killed_twice_and_begun_again_it_repeats_nothing(tmp_path: Path) -> None:
    path, out = written(tmp_path), tmp_path / "out"
    kill_once(path, out, (out / "sweep.json").exists)
    kill_once(path, out, lambda: len(whole(out)) >= 2)
    stored = stamps(out)

    result = run_sweep(path, out=out, jobs=1)

    assert len(stored) >= 2
    kept = {name: stamp for name, stamp in stored.items() if not name.startswith(".")}
    assert kept.items() <= stamps(out).items()
    assert_same(tables(result), in_turn(TEXT))


def whole(out: Path) -> list[Path]:
    folder = out / FUTURES_FOLDER
    return [path for path in folder.glob("*.json") if not path.name.startswith(".")]


def test_ctrl_c_is_one_line_and_leaves_a_folder_to_go_on_from(tmp_path: Path) -> None:
    path, out = written(tmp_path), tmp_path / "out"
    with begun(path, out) as process:
        wait_for(lambda: len(whole(out)) >= 1)
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=300)

    assert process.returncode == 130
    last = said.decode().splitlines()[-1]
    assert last.startswith("Stopped with ")
    assert "the same command goes on from there" in last
    assert "Traceback" not in said.decode()
    partly = pd.read_parquet(out / "futures.parquet")
    assert "not_solved" in partly["status"].tolist()
    assert_same(tables(run_sweep(path, out=out, jobs=1)), in_turn(TEXT))


@pytest.mark.parametrize("after_s", [0.05, 0.3])
def test_ctrl_c_while_processes_start_shows_no_traceback(tmp_path: Path, after_s: float) -> None:
    path, out = written(tmp_path), tmp_path / "out"
    with begun(path, out) as process:
        program = psutil.Process(process.pid)
        wait_for(lambda: any("spawn_main" in " ".join(it.cmdline()) for it in program.children()))
        time.sleep(after_s)  # they import for a second
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=300)

    assert process.returncode == 130
    assert "Traceback" not in said.decode()
    last = said.decode().splitlines()[-1]
    assert last.startswith("Stopped with ")
    assert out.exists() == ("goes on from there" in last)
    assert out.exists() != ("nothing is stored" in last)


@pytest.mark.parametrize("after_s", [0.0, 0.3])
def test_processes_of_a_sweep_that_is_killed_as_they_start_say_nothing(tmp_path: Path, after_s: float) -> None:
    with begun(written(tmp_path), tmp_path / "out") as process:
        program = psutil.Process(process.pid)
        wait_for(lambda: any("spawn_main" in " ".join(it.cmdline()) for it in program.children()))
        time.sleep(after_s)
        process.kill()
        _, said = process.communicate(timeout=300)  # until they have ended too

    told, traceback, of_python = said.decode().partition("Traceback")
    assert told.splitlines()[1:] == ["0 of 4 futures"]  # the first is of reading
    # In the moment before a process has what it is to do, Python ends it so, and no code of ours.
    assert not traceback or of_python.endswith("EOFError: Ran out of input\n")
    assert "planner" not in of_python


def test_nothing_is_solved_where_a_value_fits_no_setting(tmp_path: Path) -> None:
    path = tmp_path / "ways.yaml"
    path.write_text(TEXT.replace("[41, 46]", "[41, none]"), encoding="utf-8")

    with pytest.raises(InputError):
        run_sweep(path, out=tmp_path / "out", jobs=1)

    assert not (tmp_path / "out").exists()


def test_points_that_make_no_scenario_together_fail_alone(tmp_path: Path) -> None:
    path = tmp_path / "ways.yaml"
    path.write_text(
        """version: 1
base: tiny
set: {siting: {whole_openings: true}}
axes:
  open: {levels: {any: , two: {siting: {at_most_sites: 2}}}}
  exact: {levels: {any: , three: {siting: {exactly_sites: 3}}}}
""",
        encoding="utf-8",
    )

    found = run_sweep(path, out=tmp_path / "out", jobs=1).futures.set_index("future")

    assert found.loc["open=two, exact=three", "status"] == "wrong_input"
    assert "are both given" in found.loc["open=two, exact=three", "message"]
    assert set(found["status"].drop("open=two, exact=three")) <= {"optimal", "within_gap"}


class Stopped(Exception):
    """Raised when a sweep begins, in the place of a kill."""


def test_stopped_before_the_first_answer_it_leaves_no_folder(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"

    def stop(progress: SweepProgress) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        run_sweep(written(tmp_path), out=out, jobs=1, on_progress=stop)

    assert not out.parent.exists()


@pytest.mark.parametrize("is_of_another", [True, False])
def test_tables_of_another_file_of_the_name_do_not_pass_for_its_own(
    tmp_path: Path, is_of_another: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, out = written(tmp_path), tmp_path / "out"

    def stop(progress: SweepProgress) -> None:
        raise Stopped

    def killed(*args: object) -> None:
        raise Stopped

    stored_before(out)
    says = json.loads((out / "sweep.json").read_bytes())
    says["file"]["file"] = str(path.resolve())
    (out / "sweep.json").write_text(json.dumps(says), encoding="utf-8")
    for name in TABLES:
        (out / f"{name}.parquet").write_text("of the sweep before", encoding="utf-8")
    if is_of_another:
        path.write_text(TEXT.replace("46", "47"), encoding="utf-8")
    monkeypatch.setattr(solve_sweep, "_written", killed)
    with pytest.raises(Stopped):
        run_sweep(path, out=out, jobs=1, on_progress=stop)

    left = {file.stem for file in out.glob("*.parquet")}
    assert left == (set() if is_of_another else set(TABLES))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("says", ["sweep.json", "stochastic.json"])
def test_the_folder_of_another_study_is_refused_and_left_as_it_is(tmp_path: Path, says: str) -> None:
    """Its tables were replaced, and its report and runs stayed beside the futures."""
    path, out, other = written(tmp_path), tmp_path / "out", tmp_path / "lhs.yaml"
    stored_before(out)
    other.write_text(TEXT.replace("46", "47"), encoding="utf-8")
    about = json.loads((out / SWEEP_FILE).read_text(encoding="utf-8"))
    about["file"]["file"] = str(path.resolve())
    (out / SWEEP_FILE).unlink()
    (out / says).write_text(json.dumps(about), encoding="utf-8")
    (out / "report.html").write_text("of the study before", encoding="utf-8")
    before = contents(out)

    said = CliRunner().invoke(main, ["sweep", str(other), "-o", str(out), "--jobs", "1"])

    whose = {"sweep.json": f"another sweep, of {str(path.resolve())!r}", "stochastic.json": "a stochastic program"}
    assert said.exit_code == 2, said.output
    assert (
        f"{out / says}: the folder is that of {whose[says]}; must be a new folder, or that of the"
        f" sweep of {str(other)!r}; name another folder with --output, or move what is in this"
        " one away"
    ) in said.stderr
    assert contents(out) == before


def test_a_copy_of_the_file_goes_on_in_the_folder_of_its_sweep(tmp_path: Path) -> None:
    path, out = written(tmp_path), tmp_path / "out"
    stored_before(out)
    about = json.loads((out / SWEEP_FILE).read_text(encoding="utf-8"))
    about["file"]["file"] = str(path.resolve())
    (out / SWEEP_FILE).write_text(json.dumps(about), encoding="utf-8")
    seen: list[SweepProgress] = []

    run_sweep(shutil.copy(path, tmp_path / "copy.yaml"), out=out, jobs=1, on_progress=seen.append)

    assert (seen[0].stored, len(seen)) == (4, 1)


def test_tables_are_all_as_before_where_it_is_stopped_while_they_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, out = written(tmp_path), tmp_path / "out"
    stored_before(out)
    before = {name: (out / f"{name}.parquet").read_bytes() + b"before" for name in TABLES}
    for name, content in before.items():
        (out / f"{name}.parquet").write_bytes(content)
    write, count = pd.DataFrame.to_parquet, iter(range(len(TABLES)))

    def write_or_stop(table: pd.DataFrame, *args: object, **named: object) -> object:
        if next(count) == 3:
            raise KeyboardInterrupt
        return write(table, *args, **named)

    monkeypatch.setattr(pd.DataFrame, "to_parquet", write_or_stop)
    with pytest.raises(KeyboardInterrupt):
        run_sweep(path, out=out, jobs=1)

    assert {name: (out / f"{name}.parquet").read_bytes() for name in TABLES} == before
    assert {file.stem for file in out.glob("*.parquet")} == set(TABLES)


@pytest.mark.usefixtures("heeds_ctrl_c")
def test_ctrl_c_while_tables_take_their_names_leaves_all_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, out = written(tmp_path), tmp_path / "out"
    stored_before(out)
    for name in TABLES:
        (out / f"{name}.parquet").write_text("before", encoding="utf-8")
    rename, renamed = Path.replace, list[str]()

    def rename_and_interrupt(partial: Path, target: Path) -> Path:
        renamed.extend([target.stem] if target.suffix == ".parquet" else [])
        if len(renamed) == 3:
            signal.raise_signal(signal.SIGINT)
        return rename(partial, target)

    monkeypatch.setattr(Path, "replace", rename_and_interrupt)
    with pytest.raises(KeyboardInterrupt):
        run_sweep(path, out=out, jobs=1)

    assert sorted(renamed) == sorted(TABLES)
    assert renamed[-1] == "futures"  # what it calls solved is in the others by then
    expected = in_turn(TEXT)
    for name in TABLES:
        stored = pd.read_parquet(out / f"{name}.parquet")
        pd.testing.assert_frame_equal(anywhere(stored), anywhere(expected[name]))


def written_after_each_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solve_sweep, "_BETWEEN_TABLES_S", 0.0)
    monkeypatch.setattr(solve_sweep, "_TABLES_FRAC", float("inf"))


def test_tables_of_a_running_sweep_hold_what_is_done_and_end_as_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written_after_each_answer(monkeypatch)
    path, out, killed = written(tmp_path), tmp_path / "out", tmp_path / "killed"
    done: list[str] = []
    seen: list[int] = []

    def look(progress: SweepProgress) -> None:
        """Read what was written after the answer before; keep what a kill would leave here."""
        if len(done) > 0:
            futures = pd.read_parquet(out / "futures.parquet").set_index("future")["status"]
            assert set(futures[futures != "not_solved"].index) == set(done)
            assert len(futures) == progress.total
            planned = set(futures[futures == "optimal"].index)
            for name in ("results", "orders"):
                assert set(pd.read_parquet(out / f"{name}.parquet")["future"]) == planned
            seen.append(len(done))
        else:
            assert not list(out.glob("*.parquet"))
        done.extend([progress.last] if progress.last else [])
        if progress.done == 3:
            shutil.copytree(out, killed)

    result = run_sweep(path, out=out, jobs=1, on_progress=look)

    assert seen == [1, 2, 3]
    assert_same(tables(result), in_turn(TEXT))
    assert not list(out.glob(".*"))
    first: list[SweepProgress] = []
    assert_same(tables(run_sweep(path, out=killed, jobs=1, on_progress=first.append)), in_turn(TEXT))
    assert first[0].stored == 3


def test_files_of_one_name_have_folders_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    own, other = Path("tiny.yaml"), Path("else") / "Tiny.yml"
    other.parent.mkdir()
    for path in (own, other):
        path.write_text(TEXT, encoding="utf-8")

    def stop(progress: SweepProgress) -> None:
        if progress.done:
            raise Stopped

    for given in ("tiny", "./tiny.yaml", other):
        with pytest.raises(Stopped):
            run_sweep(given, jobs=1, on_progress=stop)

    def folders() -> dict[str, str]:
        given = {"shipped": "tiny", "own": "./tiny.yaml", "other": other}
        return {name: folder_of(path).as_posix() for name, path in given.items()}

    changes = json.loads(Path("sweeps/tiny-2/sweep.json").read_bytes())["changes"]
    assert changes == {
        NAUGHTY: {"new_sites.coast.land_limit_mw": "37"},
        "no plan": {"demand.unmet": "forbid", "new_sites.coast.land_limit_mw": "5"},
    }
    expected = {"shipped": "sweeps/tiny", "own": "sweeps/tiny-2", "other": "sweeps/tiny-3"}
    assert folders() == expected
    # Edited, it stays the same sweep; moved without an edit, too; and nobody else's is taken.
    own.write_text(TEXT.replace("46", "47"), encoding="utf-8")
    other = other.rename("Tiny.yml")
    assert folders() == expected
    Path("sweeps/tiny/sweep.json").write_text("{torn", encoding="utf-8")
    assert folders()["shipped"] == "sweeps/tiny-4"


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_run_that_cannot_be_written_ends_the_sweep_with_the_reason(tmp_path: Path, jobs: int) -> None:
    path, out = tmp_path / "ways.yaml", tmp_path / "out"
    text = "version: 1\nbase: tiny\nfutures: {alone: , other: {demand: {scale_frac: 0.9}}}\n"
    path.write_text(f"{text}runs: all\n", encoding="utf-8")
    out.mkdir()
    (out / "runs").write_text("no folder", encoding="utf-8")

    ended = CliRunner().invoke(main, ["-q", "sweep", str(path), "-o", str(out), "--jobs", str(jobs)])

    assert ended.exit_code == 2, ended.output
    assert ended.stderr.startswith(f"{out}: the files cannot be written: ")
    assert "bug" not in ended.output


def test_killed_at_random_moments_it_ends_with_the_same_tables(tmp_path: Path) -> None:
    usual = in_turn(TEXT)
    expected = {name: anywhere(table) for name, table in usual.items() if name != "timings"}
    usual_s = float(usual["timings"]["seconds"].sum()) + STARTING_S

    found = killed(str(written(tmp_path)), tmp_path, 2, 7, expected, usual_s)

    assert (found["kills"], found["repeated"], found["differ"]) == (2, [], [])
    assert max(found["answers_at_each_kill"]) > 0  # one came after a first answer
