"""Where a plan is kept that cannot be written where it was asked for."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from planner.base.errors import OutputError
from planner.runs.folder import store_run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from planner.outputs.run import Run
    from planner.runs.folder import Stored

__all__ = ["keep_elsewhere", "reason_of", "store_or_keep_elsewhere"]


def store_or_keep_elsewhere(run: Run, runs_dir: Path, *, workbook: bool = True, log: Iterable[str] = ()) -> Stored:
    """Store a run; one that cannot be written there is kept elsewhere."""
    lines = list(log)
    try:
        return store_run(run, runs_dir, workbook=workbook, log=lines)
    except Exception as error:
        failed = keep_elsewhere(run, runs_dir, error, workbook=workbook, log=lines)
        if isinstance(error, OSError):
            raise failed from error
        error.add_note(str(failed))  # its traceback is wanted, the plan too
        raise


def keep_elsewhere(
    run: Run, runs_dir: Path, error: BaseException, *, workbook: bool, log: Iterable[str]
) -> OutputError:
    """Store a run in a temporary folder, or else in the home folder, and say so."""
    lines = list(log)
    failed = f"{runs_dir}: the plan cannot be written there: {reason_of(error)}"
    tried = []
    for home, with_workbook in _places(workbook):
        folder = None
        try:
            folder = Path(tempfile.mkdtemp(prefix="dcplan-", dir=home()))
            stored = store_run(run, folder, workbook=with_workbook, log=lines).run.folder
        except Exception as again:  # a bug of the workbook comes again; without it there is a plan
            if folder is not None:
                shutil.rmtree(folder, ignore_errors=True)
            tried.append(reason_of(again))
            continue
        without = " without its workbook" if workbook and not with_workbook else ""
        return OutputError(f"{failed}; it is kept{without} in {stored}: move that folder to where you want it")
    return OutputError(
        f"{failed}; nor could it be kept in the temporary folder or the home folder"
        f" ({'; '.join(dict.fromkeys(tried))}), so the plan is lost: make room and solve again"
    )


def reason_of(error: BaseException) -> str:
    """Return why a file could not be written, in a few words."""
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(reason).splitlines()[0]


def _places(workbook: bool) -> Iterator[tuple[Callable[[], str | Path], bool]]:
    for with_workbook in (True, False) if workbook else (False,):
        yield tempfile.gettempdir, with_workbook
        yield Path.home, with_workbook
