"""Pieces of a decomposed solve on the workers of a Dask cluster, each of which keeps its share.

A worker gets the numbers of its pieces once, and holds them in HiGHS. Each round it is sent what a
trial of the master adds to the rows of pieces that this changes, and sends their columns and duals
back. Which worker has which piece follows from their numbers, and a piece goes on from its own last
solve, so all answers are those of one process.
"""

from __future__ import annotations

import time
from asyncio import CancelledError
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from planner.base.errors import InputError, SolverError
from planner.lp.piece_programs import PiecePrograms
from planner.studies.cluster import connection
from planner.studies.cluster.connection import compare_versions, connected, looks_for_workers, scheduler_problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from planner.base.arrays import Bools, Floats, Positions
    from planner.lp.piece_programs import PieceArrays

__all__ = ["ClusterOfPieces", "HeldPieces", "PiecesOnCluster", "pieces_on_cluster"]

_SHORTEST_S: Final = 0.001
_LONGEST_S: Final = 0.02
"""Pauses between two looks at a worker that is at it, the second after a while."""
_LOOK_S: Final = 1.0
"""How often is asked which workers there are."""
_GRACE_S: Final = 10.0
"""For a worker to end after its time: a short piece is not looked into."""
_LISTED_S: Final = 5.0
"""For so long a worker that was lost is not asked, though it may still be listed."""
_MOST_LOST: Final = 3
"""How often in a round pieces are begun again because their workers were lost."""
_LOST: Final = (OSError, RuntimeError, KeyError, CancelledError, MemoryError)
"""What is raised where a worker is gone, lacks memory, or is another one at the same address."""
_HEARD_S: Final = 5.0
"""For workers to answer that they stop, before they let go of what they are at."""


class HeldPieces:
    """What a worker holds: programs of its share of the pieces. An actor of Dask."""

    def __init__(self, arrays: PieceArrays, threads: int) -> None:
        self._arrays, self._threads = arrays, threads
        self._programs = PiecePrograms(arrays)
        self._shift = np.zeros(arrays.row_lower.size)
        self._stopped = 0

    def solve(
        self, number: int, pieces: Positions, shift: Floats, penalty: float, seconds: float
    ) -> tuple[Positions, Floats, Floats, int]:
        """Solve some pieces."""
        arrays, programs = self._arrays, self._programs
        rows = arrays.rows_of(pieces)
        self._shift[rows[arrays.of_master[rows]]] = shift
        done = programs.solve(pieces, self._shift, penalty, self._threads, seconds, lambda: self._stopped >= number)
        y, dual = programs.y[arrays.columns_of(done)], programs.dual[arrays.rows_of(done)]
        return done, y, dual, programs.iterations

    async def stop(self, number: int) -> None:
        """End a question soon, and all before it; a coroutine, so that it does not wait for it."""
        self._stopped = number


@dataclass(eq=False)
class _Share:
    """Pieces that a worker holds, or is just being sent."""

    worker: str  # its address
    pieces: Positions  # which pieces, in their order
    begun: Any  # of the actor that holds them
    held: Any = None  # that actor, once it is there
    steps: int = 0  # steps of simplex so far


class ClusterOfPieces:
    """A cluster that solves pieces, for one program after the other."""

    def __init__(
        self, client: Any, scheduler: str, compared: frozenset[str], on_wait: Callable[[str], None] | None = None
    ) -> None:
        self.client, self.scheduler = client, scheduler
        self._on_wait = on_wait or (lambda _: None)
        self.calls = 0
        killed: type[Exception] = import_module("distributed").scheduler.KilledWorker
        self.lost: tuple[type[BaseException], ...] = (*_LOST, killed)
        self._compared = compared
        self._lost_at: dict[str, float] = {}
        self._latest: PiecesOnCluster | None = None

    def solver(self, arrays: PieceArrays) -> PiecesOnCluster:
        """Return what solves pieces there; workers let go of those that they had before."""
        self.turn_to(None)
        return PiecesOnCluster(self, arrays)

    def turn_to(self, pieces: PiecesOnCluster | None) -> None:
        """Have workers let go of all pieces but these, which are the next to be solved."""
        if self._latest is not None and self._latest is not pieces:
            self._latest.let_all_go()
        self._latest = pieces

    def workers(self) -> dict[str, int]:
        """Return the threads of each worker there is, by its address."""
        try:
            return dict(sorted(self.client.nthreads().items()))
        except OSError as error:
            what_is = f"the scheduler at {self.scheduler} does not answer any more"
            fix = "look whether it is running, and solve again"
            raise InputError([scheduler_problem(what_is, "within reach to the end", fix)]) from error

    def lose(self, worker: str) -> None:
        """Leave a worker aside for a while: it is listed for a moment after its end."""
        self._lost_at[worker] = time.monotonic()

    def workers_for_pieces(self, must_end: Callable[[], bool]) -> dict[str, int]:
        """Return the threads of each worker, and wait for one where there is none."""
        fix = "start some, and solve again"
        for _ in looks_for_workers(self.scheduler, self._on_wait, fix):
            if must_end():
                break
            now = time.monotonic()
            workers = {
                worker: threads
                for worker, threads in self.workers().items()
                if now >= self._lost_at.get(worker, -np.inf) + _LISTED_S and self._is_compared(worker)
            }
            if workers:
                return workers
            time.sleep(_LOOK_S)
        return {}

    def _is_compared(self, worker: str) -> bool:
        """Compare a worker that is new; return whether it was there to answer."""
        if worker not in self._compared:
            try:
                self._compared |= compare_versions(self.client, self.scheduler, [worker])
            except self.lost:
                self.lose(worker)
        return worker in self._compared


class PiecesOnCluster:
    """Pieces solved by the workers of a cluster: a `planner.lp.piece_programs.PieceSolver`."""

    def __init__(self, cluster: ClusterOfPieces, arrays: PieceArrays) -> None:
        self._cluster, self._arrays = cluster, arrays
        self.y, self.dual = np.zeros(arrays.cost.size), np.zeros(arrays.row_lower.size)
        self._shares: list[_Share] = []
        self._lost_workers: set[str] = set()
        self._earlier_steps = self._number = 0

    @property
    def iterations(self) -> int:
        """Steps of simplex so far."""
        return self._earlier_steps + sum(share.steps for share in self._shares)

    @property
    def place(self) -> str:
        """Where pieces are solved, in words."""
        count = len({share.worker for share in self._shares})
        words = f"on {count} {'worker' if count == 1 else 'workers'} of {self._cluster.scheduler}"
        lost = len(self._lost_workers)
        return f"{words} ({lost} lost)" if lost else words

    def solve(
        self,
        pieces: Positions,
        shift: Floats,
        penalty: float,
        threads: int,  # a worker has threads of its own
        seconds: float,
        must_stop: Callable[[], bool],
    ) -> Positions:
        """Solve some pieces, as `PieceSolver.solve` says."""
        self._cluster.calls += 1
        self._cluster.turn_to(self)
        until = time.perf_counter() + seconds

        def must_end() -> bool:
            return must_stop() or time.perf_counter() >= until

        is_left = np.zeros(self._arrays.count, dtype=np.bool_)
        is_left[pieces] = True
        why = ""
        with self._cluster.client.as_current():
            for _ in range(_MOST_LOST + 1):
                self._hold_all(must_end)
                lost = self._solve_once(is_left, shift, penalty, until, must_stop)
                if not is_left.any() or must_end():
                    return pieces[~is_left[pieces]]
                why = f" ({lost[-1]})" if lost else why
        what_is = f"the cluster at {self._cluster.scheduler} has lost workers"
        raise InputError(
            [
                scheduler_problem(
                    f"{what_is} {_MOST_LOST + 1} times in a round{why}",
                    "workers that stay, with memory for their share of the hours",
                    "start more workers, or with more memory, and solve again",
                )
            ]
        )

    def let_all_go(self) -> None:
        """Have workers let go of all pieces; asked again, they begin again."""
        for share in list(self._shares):
            self._let_go(share)

    def _solve_once(
        self, is_left: Bools, shift: Floats, penalty: float, until: float, must_stop: Callable[[], bool]
    ) -> list[str]:
        """Ask every worker for those of its pieces that are left; return why some were lost."""
        asked: list[tuple[_Share, Any]] = []
        self._number += 1
        try:
            return self._ask(asked, is_left, shift, penalty, until, must_stop)
        except SolverError:  # then all of the program is solved elsewhere
            self._stop(asked, _HEARD_S)
            self.let_all_go()
            raise

    def _ask(
        self,
        asked: list[tuple[_Share, Any]],
        is_left: Bools,
        shift: Floats,
        penalty: float,
        until: float,
        must_stop: Callable[[], bool],
    ) -> list[str]:
        """Do as `_solve_once`, and note who was asked, with the answer that is to come."""
        arrays, lost = self._arrays, list[str]()
        wait = _Wait(self._cluster, until, must_stop, lambda: self._stop(asked))
        for share in list(self._shares):
            which = np.flatnonzero(is_left[share.pieces])
            if not which.size:
                continue
            rows = arrays.rows_of(share.pieces[which])
            moved = shift[rows[arrays.of_master[rows]]]
            try:
                if share.held is None:
                    share.held = wait.result(share.begun, share.worker)
                if share.held is None:  # a stop
                    break
                left_s = until - time.perf_counter()
                answer = share.held.solve(self._number, which, moved, penalty, left_s)
            except self._cluster.lost as error:
                lost.append(self._lose(share, error))
            else:
                asked.append((share, answer))
        for share, answer in asked:
            try:
                answered = wait.result(answer, share.worker, _GRACE_S)
                if answered is None:
                    message = f"{share.worker} does not end"
                    raise TimeoutError(message)
            except self._cluster.lost as error:
                lost.append(self._lose(share, error))
                continue
            done, y, dual, share.steps = answered
            own = share.pieces[done]
            self.y[arrays.columns_of(own)] = y
            self.dual[arrays.rows_of(own)] = dual
            is_left[own] = False
        return lost

    def _stop(self, asked: list[tuple[_Share, Any]], heard_s: float = 0.0) -> None:
        """Stop workers that were asked, and wait so long until they have heard it. [s]"""
        said, until = [], time.perf_counter() + heard_s
        for share, _ in asked:
            with suppress(*self._cluster.lost):
                said.append(share.held.stop(self._number))
        for heard in said if heard_s else []:
            with suppress(*self._cluster.lost):
                heard.result(timeout=max(_SHORTEST_S, until - time.perf_counter()))

    def _let_go(self, share: _Share) -> None:
        """Have a worker let go of its share, if it is there to hear that."""
        self._shares.remove(share)
        self._earlier_steps += share.steps
        with suppress(*self._cluster.lost):
            self._cluster.client.cancel([share.begun])

    def _lose(self, share: _Share, why: BaseException) -> str:
        """Give up a share whose worker is lost; return why in words."""
        self._let_go(share)
        self._lost_workers.add(share.worker)
        self._cluster.lose(share.worker)
        return f"{share.worker}: {type(why).__name__}"

    def _hold_all(self, must_end: Callable[[], bool]) -> None:
        """Send pieces that no worker holds to those there are: to each as many as its threads."""
        client, arrays = self._cluster.client, self._arrays
        is_held = np.zeros(arrays.count, dtype=np.bool_)
        for share in self._shares:
            is_held[share.pieces] = True
        pieces = np.flatnonzero(~is_held)
        if not pieces.size:
            return
        workers = self._cluster.workers_for_pieces(must_end)
        if not workers:  # a stop
            return
        seat = np.repeat(np.arange(len(workers)), list(workers.values()))
        of_piece = seat[np.arange(pieces.size) % seat.size]
        for number, (worker, threads) in enumerate(workers.items()):
            own = pieces[of_piece == number]
            if not own.size:
                continue
            of_worker = arrays.share(own)
            try:
                sent = client.scatter(of_worker, workers=[worker], hash=False)
                begun = client.submit(HeldPieces, sent, threads, workers=[worker], actor=True, pure=False)
            except self._cluster.lost:  # it has just gone
                self._lost_workers.add(worker)
                self._cluster.lose(worker)
                continue
            self._shares.append(_Share(worker, own, begun))


class _Wait:
    """Waits for workers until time is up, a stop is asked for, or a worker is gone."""

    def __init__(
        self, cluster: ClusterOfPieces, until: float, must_stop: Callable[[], bool], on_stop: Callable[[], None]
    ) -> None:
        self._cluster, self._until, self._must_stop = cluster, until, must_stop
        self._on_stop = on_stop
        self._looked_at = time.monotonic()
        self._stopped_at = np.inf

    def result(self, future: Any, worker: str, grace_s: float = 0.0) -> Any:
        """Return a result; None if it does not come in time, or so long after a stop. [s]"""
        pause_s = _SHORTEST_S
        while not future.done():
            time.sleep(pause_s)
            pause_s = min(2.0 * pause_s, _LONGEST_S)
            now = time.perf_counter()
            if self._must_stop() and not np.isfinite(self._stopped_at):
                self._stopped_at = now
                self._on_stop()
            if now >= min(self._until, self._stopped_at) + grace_s:
                return None
            if time.monotonic() >= self._looked_at + _LOOK_S:
                self._looked_at = time.monotonic()
                if worker not in self._cluster.workers():
                    message = f"{worker} is gone"
                    raise OSError(message)
        return future.result(timeout=connection.TIMEOUT_S)


@contextmanager
def pieces_on_cluster(
    scheduler: str, report: Callable[[str], None] | None = None, on_wait: Callable[[str], None] | None = None
) -> Iterator[ClusterOfPieces]:
    """Connect to a cluster that solves pieces."""
    with connected(scheduler, report or (lambda _: None)) as (client, compared):
        yield ClusterOfPieces(client, scheduler, compared, on_wait)
