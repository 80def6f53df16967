"""A sweep on a Dask cluster: the same tables, nothing read from its disk, versions compared."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from kills import anywhere, killed
from test_sweep_runs import STARTING_S, TEXT, assert_same, in_turn, stored_before, tables, wait_for, written

from planner.base.errors import InputError
from planner.base.paths import DATA_DIR
from planner.cli import main
from planner.studies.sweep import SweepProgress, read_sweep, run_sweep
from planner.studies.sweep import one as cluster

distributed = pytest.importorskip("distributed", reason="the extra `dask` is not installed")

CHECK = Path(__file__).parents[2] / "check"


@pytest.mark.filterwarnings("default")
def test_a_cluster_gives_the_same_tables_and_hands_runs_back(tmp_path: Path, scheduler: str) -> None:
    result = run_sweep(written(tmp_path), out=tmp_path / "out", scheduler=scheduler)

    assert_same(tables(result), in_turn(TEXT))
    (run,) = (tmp_path / "out" / "runs").iterdir()
    assert run.name == result.futures.set_index("future").loc["price=46", "run"]
    assert (run / "report.html").is_file()
    assert json.loads((run / "run.json").read_text(encoding="utf-8"))["from_shipped"] == {
        "scenario": "tiny",
        "differs": {"new_sites.north.retail_usd_per_mwh": "46.0"},
    }


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("workers", [1, 2])
def test_a_worker_that_is_killed_in_mid_sweep_changes_no_table(tmp_path: Path, workers: int) -> None:
    """Where it is the only one, what was sent to it is lost with it."""
    killed: list[str] = []
    with (
        distributed.LocalCluster(
            n_workers=workers, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
        ) as made,
        distributed.Client(made, set_as_default=False) as client,
    ):
        pids = client.run(os.getpid)

        def kill(progress: SweepProgress) -> None:
            """Kill a worker that is at a future, once the first one is done."""
            if progress.done == 1 and not killed:
                wait_for(lambda: any(client.processing().values()))
                at_work = next(name for name, tasks in client.processing().items() if tasks)
                killed.append(at_work)
                os.kill(pids[at_work], signal.SIGKILL)

        result = run_sweep(written(tmp_path), out=tmp_path / "out", scheduler=made.scheduler_address, on_progress=kill)

    assert len(killed) == 1
    assert_same(tables(result), in_turn(TEXT))


@pytest.mark.filterwarnings("default")
def test_workers_with_another_version_are_refused(
    tmp_path: Path, scheduler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = cluster.versions()
    of_all = {**here, "highspy": "7.8.9"}
    monkeypatch.setattr(cluster, "versions_of", lambda names: {name: of_all[name] for name in names})

    with pytest.raises(InputError) as raised:
        run_sweep(written(tmp_path), out=tmp_path / "out", scheduler=scheduler)

    said = [str(problem) for problem in raised.value.problems]
    assert len(said) == 2
    assert all(
        line.startswith("--scheduler: worker tcp://127.0.0.1:")
        and f"has highspy {here['highspy']}; must be 7.8.9, as here" in line
        for line in said
    )


def leave_one_out(out: Path) -> None:
    """Take the answer of one future away, at which no other begins: it is to be solved again."""
    leaders = {path.stem for path in (out / "starts").iterdir()}
    answers = {path.stem: path for path in (out / "futures").glob("*.json")}
    answers[min(answers.keys() - leaders)].unlink()


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("has_answers", [False, True])
def test_a_scheduler_that_is_not_there_leaves_the_folder_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_answers: bool
) -> None:
    monkeypatch.setattr(cluster, "CONNECT_TIMEOUT_S", 0.5)
    out = tmp_path / "out"
    if has_answers:
        stored_before(out)
        leave_one_out(out)
    before = contents(out)

    asked = ["sweep", str(written(tmp_path)), "-o", str(out), "--scheduler", "tcp://127.0.0.1:9"]
    done = CliRunner().invoke(main, asked)

    assert done.exit_code == 2
    assert "Connecting to scheduler tcp://127.0.0.1:9" in done.stderr
    assert "--scheduler: no scheduler answers at tcp://127.0.0.1:9" in done.stderr
    assert contents(out) == before
    assert out.exists() == has_answers


def contents(folder: Path) -> dict[str, bytes]:
    """Return all files of a folder by their paths."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.mark.filterwarnings("default")
def test_killed_at_random_moments_it_ends_with_the_same_tables(tmp_path: Path, scheduler: str) -> None:
    """The scheduler and its workers stay; what they were at for the dead is no one's any more."""
    usual = in_turn(TEXT)
    expected = {name: anywhere(table) for name, table in usual.items() if name != "timings"}
    usual_s = float(usual["timings"]["seconds"].sum()) + STARTING_S

    how = ("--scheduler", scheduler)
    found = killed(str(written(tmp_path)), tmp_path, 2, 11, expected, usual_s, how)

    assert (found["kills"], found["repeated"], found["differ"]) == (2, [], [])
    assert max(found["answers_at_each_kill"]) > 0  # one came after a first answer


WRONG = ["", "foo", "tcp://", "http://127.0.0.1:8786", "a b:8786", "127.0.0.1:0", "[::1]:65536"]


@pytest.mark.parametrize("address", WRONG)
def test_what_is_no_address_is_refused_before_dask_tries_it(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("distributed.Client", None)
    expected = f"--scheduler: {address!r} is not the address of a scheduler; must be host and port"

    with pytest.raises(InputError, match=re.escape(expected)), cluster.connected(address, print):
        pass


def test_without_the_extra_it_says_how_to_install_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ModuleNotFoundError(name=name)

    monkeypatch.setattr(cluster, "import_module", missing)

    with pytest.raises(InputError, match=r"pip install 'dcplan\[dask\]'"):
        run_sweep(written(tmp_path), out=tmp_path / "out", scheduler="tcp://127.0.0.1:9")


def test_files_of_ones_own_travel_by_value(tmp_path: Path) -> None:
    shutil.copy(CHECK / "own_rtt.csv", tmp_path / "mine.csv")
    path = tmp_path / "ways.yaml"
    path.write_text(
        f"""version: 1
base: {CHECK}/rich.yaml
set:
  latency:
    {{rtt_table: mine.csv, own_rtt_fill_missing: true, own_rtt_includes_last_mile: true}}
futures: {{as it is: }}
""",
        encoding="utf-8",
    )
    sweep = read_sweep(path)
    (question,) = sweep.questions
    sent = cluster.to_send(question)
    (tmp_path / "mine.csv").unlink()

    answer, _, run = cluster.answered(sent, (sweep.tables[question.tables_key], DATA_DIR))

    assert list(sent[1]) == [("latency", "rtt_table")]
    assert (answer.status, answer.message, answer.broken) == ("optimal", "", ())
    assert run is None
