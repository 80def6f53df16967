"""Pieces of a solve on a Dask cluster: the same digits, the same bound where a worker is lost."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import threading
import time
import weakref
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from lp_samples import Data, dispatch

from planner.base.errors import InfeasibleError, InputError, SolverError
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
ONE = frozenset({"tcp://one:1"})
PATIENCE_S = 60.0
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


def held(client: Any) -> list[int]:
    """Return of how many programs each worker holds pieces."""

    def of_one(dask_worker: Any) -> int:
        return len(dask_worker.state.actors)

    return list(client.run(of_one).values())


def is_let_go(client: Any) -> bool:
    """Return whether no worker holds a piece, after a while at most: each hears it by wire."""
    until = time.monotonic() + PATIENCE_S
    while any(held(client)) and time.monotonic() < until:
        time.sleep(0.02)
    return not any(held(client))


def test_workers_let_go_of_a_program_before_they_hold_the_next(scheduler: str) -> None:
    sessions = []
    with pieces_on_cluster(scheduler) as cluster:
        for demand in (2.1, 2.3):
            sessions.append(plan_session(dispatch(Data(demand=demand)), SOLVER, cluster))
            assert sessions[-1].solve().status == "optimal"
            assert held(cluster.client) == [1, 1]
        again = sessions[0].solve("simplex")  # what was let go is sent again

    assert again.objective == pytest.approx(plan_session(dispatch(Data()), SOLVER).solve().objective, rel=1e-7)


def test_a_session_that_returns_to_earlier_pieces_has_no_others_there(scheduler: str) -> None:
    arrays = arrays_of_dispatch()
    every, shift = np.arange(48), np.zeros(arrays.row_lower.size)
    with pieces_on_cluster(scheduler) as cluster:
        earlier, later = cluster.solver(arrays), cluster.solver(arrays)
        for pieces in (earlier, later, earlier):
            done = pieces.solve(every, shift, 40.0, 1, np.inf, lambda: False)
            assert done.size == 48
            assert held(cluster.client) == [1, 1]


def test_all_is_let_go_here_and_there_before_a_plan_is_read_and_checked(
    scheduler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, is_gone = list[weakref.ref[PieceArrays]](), list[tuple[bool, bool]]()
    solver = on_cluster.ClusterOfPieces.solver

    def noted(self: Any, arrays: PieceArrays) -> Any:
        seen.append(weakref.ref(arrays))
        return solver(self, arrays)

    def look(stage: str) -> None:
        if stage == "results":
            gc.collect()
            with distributed.Client(scheduler, set_as_default=False) as client:
                is_gone.append((seen[-1]() is None, is_let_go(client)))

    monkeypatch.setattr(on_cluster.ClusterOfPieces, "solver", noted)

    assert solve("tiny", [DECOMPOSED], scheduler=scheduler, on_stage=look).verdict.ok
    assert is_gone == [(True, True)]


@pytest.mark.parametrize("foresight", [[], ["foresight.window_years=1"]])
def test_workers_let_go_before_it_is_looked_for_what_conflicts(
    scheduler: str, foresight: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    is_gone, solved = list[bool](), list[int]()
    held_by = on_cluster.ClusterOfPieces.solver

    def noted(self: Any, arrays: PieceArrays) -> Any:
        solved.append(arrays.count)
        return held_by(self, arrays)

    def look(*_: Any) -> InfeasibleError:
        with distributed.Client(scheduler, set_as_default=False) as client:
            is_gone.append(is_let_go(client))
        return InfeasibleError("no land")

    monkeypatch.setattr(on_cluster.ClusterOfPieces, "solver", noted)
    monkeypatch.setattr("planner.studies.solve.checked_plan.why_no_plan", look)
    no_plan = ["demand.unmet=forbid", "grid.firm_headroom_frac=1e-5", *foresight]

    with pytest.raises(InfeasibleError, match="no land"):
        solve("tiny", [DECOMPOSED, *no_plan], scheduler=scheduler)

    assert solved
    assert is_gone == [True]


def test_workers_that_are_lost_again_and_again_end_the_solve(scheduler: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone(HeldPieces):
        def solve(self, *_: Any) -> Any:
            raise ConnectionResetError

    monkeypatch.setattr(on_cluster, "HeldPieces", Gone)
    monkeypatch.setattr(on_cluster, "_LISTED_S", 0.0)

    with pytest.raises(InputError, match=r"has lost workers 4 times in a round \(tcp://.*Reset"):
        solved_on(scheduler)


def test_what_fails_in_a_piece_fails_with_its_number(scheduler: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing(HeldPieces):
        def solve(self, number: int, pieces: np.ndarray, *_: Any) -> Any:
            message = f"piece {self._arrays.number[pieces[-1]]}: Unbounded"
            raise SolverError(message)

    monkeypatch.setattr(on_cluster, "HeldPieces", Failing)

    whole = solved_on(scheduler)

    assert whole.status == "optimal"
    assert whole.method_used.endswith("(gave up pieces: piece 45: Unbounded)")  # of the first


def test_others_stop_and_let_go_when_a_piece_fails(
    scheduler: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stopped = tmp_path / "stopped"

    class Failing(HeldPieces):
        def solve(self, number: int, pieces: np.ndarray, *rest: Any) -> Any:
            if 0 in self._arrays.number:
                message = "piece 0: Unbounded"
                raise SolverError(message)
            until = time.monotonic() + PATIENCE_S
            while self._stopped < number and time.monotonic() < until:
                time.sleep(0.01)
            if self._stopped >= number:
                stopped.touch()
            return super().solve(number, pieces, *rest)

    monkeypatch.setattr(on_cluster, "HeldPieces", Failing)
    with pieces_on_cluster(scheduler) as cluster:
        whole = plan_session(dispatch(Data()), SOLVER, cluster).solve()

        assert whole.status == "optimal"
        assert is_let_go(cluster.client)
        assert appears(stopped)


def appears(flag: Path) -> bool:
    """Return whether a file is there, after a while at most."""
    until = time.monotonic() + PATIENCE_S
    while not flag.exists() and time.monotonic() < until:
        time.sleep(0.02)
    return flag.exists()


def test_a_worker_without_memory_is_a_lost_one(scheduler: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    flag = tmp_path / "full"

    class Full(HeldPieces):
        def solve(self, *rest: Any) -> Any:
            if 0 in self._arrays.number and not flag.exists():
                flag.touch()
                raise MemoryError
            return super().solve(*rest)

    monkeypatch.setattr(on_cluster, "HeldPieces", Full)

    outcome = solved_on(scheduler)

    assert outcome.status == "optimal"
    assert "(1 lost)" in outcome.method_used


def test_a_worker_that_its_share_kills_is_a_lost_one(
    scheduler: str, cluster: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    flag = tmp_path / "killed"

    class Deadly(HeldPieces):
        def __init__(self, arrays: PieceArrays, threads: int) -> None:
            if 0 in arrays.number and not flag.exists():
                flag.touch()
                os.kill(os.getpid(), signal.SIGKILL)
            super().__init__(arrays, threads)

    monkeypatch.setattr(on_cluster, "HeldPieces", Deadly)
    monkeypatch.setattr(on_cluster, "_LOOK_S", PATIENCE_S)  # else it may be seen to be gone
    monkeypatch.setattr(cluster.scheduler, "allowed_failures", 0)

    outcome = solved_on(scheduler)

    assert outcome.status == "optimal"
    assert "(1 lost)" in outcome.method_used


def test_a_stop_reaches_workers_at_work_while_another_gets_its_share(
    scheduler: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    at_work, heard = tmp_path / "at work", tmp_path / "heard"
    stop, patience_s = threading.Event(), 20.0

    class Waiting(HeldPieces):
        def __init__(self, arrays: PieceArrays, threads: int) -> None:
            until = time.monotonic() + patience_s
            while 0 not in arrays.number and not heard.exists() and time.monotonic() < until:
                time.sleep(0.01)
            super().__init__(arrays, threads)

        def solve(self, number: int, pieces: np.ndarray, *rest: Any) -> Any:
            at_work.touch()
            until = time.monotonic() + patience_s
            while self._stopped < number and time.monotonic() < until:
                time.sleep(0.01)
            if self._stopped >= number:
                heard.touch()
            return super().solve(number, pieces, *rest)

    monkeypatch.setattr(on_cluster, "HeldPieces", Waiting)
    watching = threading.Thread(target=lambda: stop.set() if appears(at_work) else None)
    watching.start()

    outcome = solved_on(scheduler, interrupt=stop)

    watching.join()
    assert outcome.status == "interrupted"
    assert heard.exists()


def test_a_stop_reaches_workers_that_are_at_work(scheduler: str, monkeypatch: pytest.MonkeyPatch) -> None:
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
    scheduler: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    may_end, ended = tmp_path / "may end", tmp_path / "ended"

    class Slow(HeldPieces):
        def solve(self, *rest: Any) -> Any:
            until = time.monotonic() + PATIENCE_S
            while not may_end.exists() and time.monotonic() < until:
                time.sleep(0.01)
            ended.touch()
            return super().solve(*rest)

    monkeypatch.setattr(on_cluster, "HeldPieces", Slow)
    monkeypatch.setattr(on_cluster, "_GRACE_S", 0.1)

    outcome = solved_on(scheduler, time_limit_s=0.4)

    assert (outcome.status, outcome.has_plan) == ("time_limit", False)
    assert not ended.exists()
    may_end.touch()


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
    monkeypatch.setattr(connection, "CONNECT_TIMEOUT_S", 0.5)

    done = CliRunner().invoke(main, ["solve", "tiny", "--runs", str(tmp_path), "--scheduler", NOBODY, *settings])

    assert done.exit_code == 2
    assert expected in " ".join(done.stderr.split())


def test_workers_with_another_version_are_refused(scheduler: str, monkeypatch: pytest.MonkeyPatch) -> None:
    here = connection.versions()
    of_all = {**here, "highspy": "7.8.9"}
    monkeypatch.setattr(connection, "version", of_all.__getitem__)

    with pytest.raises(InputError, match=f"has highspy {here['highspy']}; must be 7.8.9, as here"):
        solve("tiny", [DECOMPOSED], scheduler=scheduler)


class Listed:
    """A client that knows what workers there are, and asks them nothing."""

    def __init__(self) -> None:
        self.there = {"tcp://one:1": 2}

    def as_current(self) -> AbstractContextManager[None]:
        return nullcontext()

    def run(self, *_: Any, workers: list[str]) -> Any:
        message = f"cannot reach {workers}"
        raise ConnectionResetError(message)

    def nthreads(self) -> dict[str, int]:
        if not self.there:
            raise ConnectionRefusedError
        return self.there


def test_workers_are_compared_when_they_come(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[list[str]] = []

    def compare(_client: Any, _scheduler: str, workers: list[str]) -> frozenset[str]:
        compared.append(workers)
        return frozenset(workers)

    monkeypatch.setattr(on_cluster, "compare_versions", compare)
    client = Listed()
    client.there["tcp://early:1"] = 1  # after others were compared
    cluster = on_cluster.ClusterOfPieces(client, NOBODY, ONE)
    cluster.workers_for_pieces(lambda: False)
    client.there["tcp://two:1"] = 3
    cluster.workers_for_pieces(lambda: False)
    cluster.workers_for_pieces(lambda: False)

    assert compared == [["tcp://early:1"], ["tcp://two:1"]]


def test_workers_that_were_compared_are_handed_over(scheduler: str) -> None:
    with connection.connected(scheduler, print) as (client, compared):
        assert compared == frozenset(client.nthreads())


def test_a_worker_that_ends_while_it_is_compared_is_left_aside() -> None:
    client = Listed()
    client.there["tcp://two:1"] = 3
    cluster = on_cluster.ClusterOfPieces(client, NOBODY, ONE)

    assert cluster.workers_for_pieces(lambda: False) == {"tcp://one:1": 2}


@pytest.mark.parametrize(("seconds", "looks"), [(0.2, 10**9), (np.inf, 5)])
def test_time_and_stops_end_the_wait_for_a_worker(seconds: float, looks: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "WORKERS_TIMEOUT_S", 5.0)
    monkeypatch.setattr(on_cluster, "_LOOK_S", 0.01)
    monkeypatch.setattr(on_cluster, "_LISTED_S", np.inf)
    cluster = on_cluster.ClusterOfPieces(Listed(), NOBODY, ONE)
    cluster.lose("tcp://one:1")
    arrays, looked = arrays_of_dispatch(), list[int]()

    def must_stop() -> bool:
        looked.append(len(looked))
        return len(looked) > looks

    pieces = cluster.solver(arrays)
    shift = np.zeros(arrays.row_lower.size)

    assert pieces.solve(np.arange(48), shift, 40.0, 1, seconds, must_stop).size == 0


def test_a_cluster_that_has_lost_all_workers_or_its_scheduler_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "WORKERS_TIMEOUT_S", 0.0)
    monkeypatch.setattr(on_cluster, "_LOOK_S", 0.01)
    client, said = Listed(), list[str]()
    cluster = on_cluster.ClusterOfPieces(client, NOBODY, ONE, said.append)
    cluster.lose("tcp://one:1")

    with pytest.raises(InputError, match="has lost all its workers; must be one with workers"):
        cluster.workers_for_pieces(lambda: False)
    (text,) = said
    assert text.startswith(f"The cluster at {NOBODY} has no workers; waiting for one until ")
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
