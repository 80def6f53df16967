"""Pieces of a solve on a Dask cluster: the same digits, the same bound where a worker is lost."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import threading
import time
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from lp_samples import Data, dispatch

from planner.base.errors import InputError, SolverError
from planner.cli import main
from planner.lp import Outcome, ProgressEvent
from planner.lp.piece_programs import PieceArrays, PiecePrograms
from planner.scenario.schema import Solver
from planner.studies.cluster import connection
from planner.studies.cluster import pieces as on_cluster
from planner.studies.cluster.pieces import HeldPieces, pieces_on_cluster
from planner.studies.solve.checked_plan import solve
from planner.studies.solve.sessions import plan_session

distributed = pytest.importorskip("distributed", reason="the extra `dask` is not installed")
pytestmark = pytest.mark.filterwarnings("default")

DECOMPOSED = "solver.method=decomposed"
NOBODY = "tcp://127.0.0.1:9"
SOLVER = Solver.model_validate({"method": "decomposed"})


def solved_on(address: str, **how: Any) -> Outcome:
    """Solve the 48 pieces of a dispatch on a cluster."""
    with pieces_on_cluster(address) as cluster:
        return plan_session(dispatch(Data()), SOLVER, cluster).solve(**how)


def test_a_plan_is_the_same_to_the_last_digit_and_says_where_it_was_found(scheduler: str) -> None:
    here = solve("tiny", [DECOMPOSED]).outcome

    plan = solve("tiny", [DECOMPOSED], scheduler=scheduler)

    there = plan.outcome
    assert (there.objective, there.dual_bound) == (here.objective, here.dual_bound)
    assert (there.x == here.x).all()
    assert (there.row_dual == here.row_dual).all()
    assert there.iterations == here.iterations
    assert plan.verdict.ok
    words = f" pieces on 2 workers of {scheduler},"
    assert there.method_used.replace(words, " pieces,") == here.method_used
    assert not any("solved nothing" in note for note in plan.inputs.notes)


def test_each_worker_holds_its_share_and_only_what_moves_travels(
    scheduler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shares: list[PieceArrays] = []
    asked: list[tuple[int, int]] = []
    share, solve_there = PieceArrays.share, on_cluster.PiecesOnCluster.solve

    def noted(self: PieceArrays, pieces: np.ndarray) -> PieceArrays:
        shares.append(share(self, pieces))
        return shares[-1]

    def counted(self: Any, pieces: np.ndarray, *rest: Any) -> np.ndarray:
        asked.append((pieces.size, self._arrays.count))
        return solve_there(self, pieces, *rest)

    monkeypatch.setattr(PieceArrays, "share", noted)
    monkeypatch.setattr(on_cluster.PiecesOnCluster, "solve", counted)
    outcome = solved_on(scheduler)

    assert outcome.status == "optimal"
    is_first = np.arange(48) % 4 < 2  # each worker has two threads
    assert [part.number.tolist() for part in shares] == [
        np.flatnonzero(is_first).tolist(),
        np.flatnonzero(~is_first).tolist(),
    ]
    assert [part.cost.size for part in shares] == [24 * 4 * 24] * 2
    assert asked[0] == (48, 48)
    assert any(0 < stale < 48 for stale, _ in asked)
    assert len(shares) == 2 < len(asked)  # sent once


def test_pieces_of_a_worker_that_is_killed_at_work_begin_again_elsewhere(
    scheduler: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone, flag = plan_session(dispatch(Data()), SOLVER).solve(), tmp_path / "killed"

    class Dying(HeldPieces):
        def solve(self, number: int, pieces: np.ndarray, *rest: Any) -> Any:
            if number == 2 and 3 in self._arrays.number and not flag.exists():
                flag.touch()
                os.kill(os.getpid(), signal.SIGKILL)
            return super().solve(number, pieces, *rest)

    monkeypatch.setattr(on_cluster, "HeldPieces", Dying)

    outcome = solved_on(scheduler)

    assert flag.exists()
    assert outcome.status == "optimal"
    assert outcome.dual_bound == pytest.approx(alone.dual_bound, rel=1e-7)
    assert outcome.objective == pytest.approx(alone.objective, rel=1e-7)
    assert f"48 pieces on 1 worker of {scheduler} (1 lost)," in outcome.method_used


def test_workers_let_go_of_a_program_before_they_hold_the_next(scheduler: str) -> None:
    def held(dask_worker: Any) -> int:
        return len(dask_worker.state.actors)

    sessions = []
    with pieces_on_cluster(scheduler) as cluster:
        for demand in (2.1, 2.3):
            sessions.append(plan_session(dispatch(Data(demand=demand)), SOLVER, cluster))
            assert sessions[-1].solve().status == "optimal"
            assert list(cluster.client.run(held).values()) == [1, 1]
        again = sessions[0].solve("simplex")  # what was let go is sent again

    assert again.objective == pytest.approx(
        plan_session(dispatch(Data()), SOLVER).solve().objective, rel=1e-7
    )


def test_workers_that_are_lost_again_and_again_end_the_solve(
    scheduler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Gone(HeldPieces):
        def solve(self, *_: Any) -> Any:
            raise ConnectionResetError

    monkeypatch.setattr(on_cluster, "HeldPieces", Gone)
    monkeypatch.setattr(on_cluster, "_LISTED_S", 0.0)

    with pytest.raises(InputError, match=r"has lost workers 4 times in a round \(tcp://.*Reset"):
        solved_on(scheduler)


def test_what_fails_in_a_piece_fails_with_its_number(
    scheduler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Failing(HeldPieces):
        def solve(self, number: int, pieces: np.ndarray, *_: Any) -> Any:
            message = f"piece {self._arrays.number[pieces[-1]]}: Unbounded"
            raise SolverError(message)

    monkeypatch.setattr(on_cluster, "HeldPieces", Failing)

    whole = solved_on(scheduler)

    assert whole.status == "optimal"
    assert whole.method_used.endswith("(gave up pieces: piece 45: Unbounded)")  # of the first


def test_a_stop_reaches_workers_that_are_at_work(
    scheduler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Waiting(HeldPieces):
        def solve(self, number: int, pieces: np.ndarray, *rest: Any) -> Any:
            until = time.monotonic() + 60.0  # rather fails than waits for ever
            while number == 2 and self._stopped < number and time.monotonic() < until:
                time.sleep(0.01)
            return super().solve(number, pieces, *rest)

    monkeypatch.setattr(on_cluster, "HeldPieces", Waiting)
    stop, began = threading.Event(), time.monotonic()

    def later(event: ProgressEvent) -> None:
        if event.iterations == 1:
            threading.Timer(0.3, stop.set).start()

    outcome = solved_on(scheduler, interrupt=stop, on_progress=later)

    assert outcome.status == "interrupted"
    assert outcome.has_plan  # near the trial of the first round
    assert time.monotonic() - began < 30.0


def test_a_worker_that_does_not_end_in_time_does_not_hold_the_solve_up(
    scheduler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Slow(HeldPieces):
        def solve(self, *rest: Any) -> Any:
            time.sleep(2.0)
            return super().solve(*rest)

    monkeypatch.setattr(on_cluster, "HeldPieces", Slow)
    monkeypatch.setattr(on_cluster, "_GRACE_S", 0.1)
    began = time.monotonic()

    outcome = solved_on(scheduler, time_limit_s=0.4)

    assert (outcome.status, outcome.has_plan) == ("time_limit", False)
    assert time.monotonic() - began < 2.0


def arrays_of_dispatch() -> PieceArrays:
    """Return the pieces that a session hands to a cluster."""
    seen = list[PieceArrays]()

    class Cluster:
        def solver(self, arrays: PieceArrays) -> PiecePrograms:
            seen.append(arrays)
            return PiecePrograms(arrays)

    outcome = plan_session(dispatch(Data()), SOLVER, Cluster()).solve()  # type: ignore[arg-type]
    assert outcome.status == "optimal"
    return seen[0]


def test_a_stop_before_a_question_ends_it_too() -> None:
    arrays = arrays_of_dispatch()
    held = HeldPieces(arrays, 1)
    every, shift = np.arange(48), np.zeros(arrays.of_master.sum())

    asyncio.run(held.stop(4))
    stopped, *_ = held.solve(4, every, shift, 40.0, np.inf)
    done, y, dual, _ = held.solve(5, every, shift, 40.0, np.inf)

    assert stopped.size == 0
    assert done.tolist() == list(range(48))
    assert (y.size, dual.size) == (arrays.cost.size, arrays.row_lower.size)


def test_long_pieces_are_let_go_with_what_holds_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("planner.lp.piece_programs._LONG", 2)  # rows: every piece is long
    arrays = arrays_of_dispatch()
    held = HeldPieces(arrays, 1)
    shift = np.zeros(arrays.of_master.sum())
    assert held.solve(1, np.arange(48), shift, 40.0, np.inf)[0].size == 48
    is_there = weakref.ref(held)

    del held
    gc.collect()

    assert is_there() is None


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (["--set", DECOMPOSED], f"--scheduler: no scheduler answers at {NOBODY}"),
        (
            ["--set", "solver.method=ipx"],
            "--scheduler: solver.method is ipx, which solves the program whole; must be decomposed,"
            " whose pieces a cluster solves; add --set solver.method=decomposed",
        ),
    ],
)
def test_what_a_cluster_cannot_do_is_wrong_input(
    settings: list[str], expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "TIMEOUT_S", 0.5)

    done = CliRunner().invoke(
        main, ["solve", "tiny", "--runs", str(tmp_path), "--scheduler", NOBODY, *settings]
    )

    assert done.exit_code == 2
    assert expected in " ".join(done.stderr.split())


def test_workers_with_another_version_are_refused(
    scheduler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = connection.versions()
    monkeypatch.setattr(connection, "_here", lambda: {**here, "highspy": "7.8.9"})

    with pytest.raises(InputError, match=f"has highspy {here['highspy']}; must be 7.8.9, as here"):
        solve("tiny", [DECOMPOSED], scheduler=scheduler)


class Listed:
    """A client that knows what workers there are."""

    def __init__(self) -> None:
        self.there = {"tcp://one:1": 2}

    def nthreads(self) -> dict[str, int]:
        if not self.there:
            raise ConnectionRefusedError
        return self.there


def test_workers_are_compared_when_they_come(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[list[str]] = []

    def compare(_client: Any, _scheduler: str, workers: list[str]) -> None:
        compared.append(workers)

    monkeypatch.setattr(on_cluster, "compare_versions", compare)
    client = Listed()
    cluster = on_cluster.ClusterOfPieces(client, NOBODY)
    cluster.workers_for_pieces()
    client.there["tcp://two:1"] = 3
    cluster.workers_for_pieces()
    cluster.workers_for_pieces()

    assert compared == [["tcp://two:1"]]


def test_a_cluster_that_has_lost_all_workers_or_its_scheduler_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection, "WORKERS_TIMEOUT_S", 0.0)
    client = Listed()
    cluster = on_cluster.ClusterOfPieces(client, NOBODY)
    cluster.lose("tcp://one:1")

    with pytest.raises(InputError, match="has lost all its workers; must be one with workers"):
        cluster.workers_for_pieces()
    client.there.clear()
    with pytest.raises(InputError, match=f"the scheduler at {NOBODY} does not answer any more"):
        cluster.workers()


def test_a_program_that_is_solved_whole_says_that_the_cluster_was_not_used(scheduler: str) -> None:
    plan = solve("tiny", scheduler=scheduler)

    assert plan.inputs.notes[-1] == (
        f"The cluster at {scheduler} solved nothing: the program was solved whole, on this machine"
        " (pieces are taken where rows over hours have 300,000 coefficients and 40% of all, and"
        " with `solver.method: decomposed`)."
    )
