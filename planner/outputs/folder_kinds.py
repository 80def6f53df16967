"""Kinds of folders: of a run, of runs, of each study; and the files by which they are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

LABELS_FILE: Final = "labels.json"
"""Name and tags that a planner gives a folder."""
META_FILE: Final = "run.json"
"""Says in the folder of a run what it is."""
SWEEP_FILE: Final = "sweep.json"
"""Says in the folder of a sweep what is swept."""
FRONTIER_FILE: Final = "frontier.json"
STOCHASTIC_FILE: Final = "stochastic.json"
FUTURES_FOLDER: Final = "futures"
"""Folder of the files of single futures of a sweep."""
RUNS_FOLDER: Final = "runs"
"""Folder of the runs that a study keeps."""


@dataclass(frozen=True)
class FolderKind:
    """What a folder may be of."""

    name: str  # of the kind
    words: str  # what a planner knows it as
    files: tuple[str, ...] = ()  # files that say so, as patterns; none of what its parts say
    # the one that says which file the study was made from, where it goes on from what its folder holds; others are
    # replaced as a whole
    entry_file: str | None = None
    is_listed: bool = False  # whether ``dcplan runs list --all`` shows it
    part_of: FolderKind | None = None  # what it is a part of, whose folder it is in
    begins_as: FolderKind | None = None  # what it is solved as in the same folder, before there is a file of its own
    option: str = "--output"  # the option that names such a folder

    @property
    def is_whole(self) -> bool:
        """Whether all of the folder is written at once, so that nothing else belongs there."""
        return bool(self.files) and self.entry_file is None and self.option == "--output"


SWEEP: Final = FolderKind("sweep", "sweep", (SWEEP_FILE,), SWEEP_FILE, is_listed=True)
SENSITIVITY: Final = FolderKind("sensitivity", "study of sensitivity", entry_file=SWEEP_FILE, begins_as=SWEEP)
SENSITIVITY_METHODS: Final = ("tornado", "morris", "sobol")
"""Methods of a study of sensitivity; each may be asked of several outputs in one folder."""
STOCHASTIC: Final = FolderKind("stochastic", "stochastic program", (STOCHASTIC_FILE,), STOCHASTIC_FILE, is_listed=True)
FRONTIER: Final = FolderKind("frontier", "frontier", (FRONTIER_FILE,), is_listed=True)
ALTERNATIVES: Final = FolderKind("alternatives", "study of alternatives", ("alternatives.json",), is_listed=True)
STRESS: Final = FolderKind("stress", "stress study", ("stress_year.parquet",))
DISPATCH: Final = FolderKind("dispatch", "study of dispatch", ("dispatch.parquet",))
DAYS_ERROR: Final = FolderKind("days_error", "study of the error of days", ("days_error.parquet",))
ESTIMATES: Final = FolderKind("estimates", "table of estimates", ("estimates.parquet",))
STUDY_KINDS: Final = (
    *(
        FolderKind(*(method, method, (f"{method}.json", f"{method}-*.json")), is_listed=True, part_of=SENSITIVITY)
        for method in SENSITIVITY_METHODS
    ),
    *(SENSITIVITY, STOCHASTIC, FRONTIER, ALTERNATIVES, SWEEP, STRESS, DISPATCH, DAYS_ERROR, ESTIMATES),
)
"""Studies; where a folder has files of several, it is of the first."""
RUNS: Final = FolderKind("runs", "folder of runs", (f"*/{META_FILE}",), option="--runs")
FOLDER_KINDS: Final = (FolderKind("run", "run", (META_FILE,)), RUNS, *STUDY_KINDS)


def files_of(folder: Path, patterns: Iterable[str]) -> list[Path]:
    """Return the files of a folder that match any of some patterns; none of what is no folder."""
    try:
        matching = [path for one in patterns for path in sorted(folder.glob(one))]
        return [path for path in matching if path.is_file()]
    except (OSError, ValueError):  # such as a name that is too long
        return []
