"""The project that is served, and paths within it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from planner.base.errors import InputError
from planner.base.paths import SCENARIOS_DIR
from planner.outputs.files import whole_file
from planner.runs.catalogue import read_runs, run_folders
from planner.runs.names import slug
from planner.scenario.chain import MOST_BYTES, MOST_WORKBOOK_BYTES, WORKBOOK, read_source, shipped_names
from planner.scenario.tree import Place
from planner.scenario.workbook_cells import SETTINGS
from planner.studies.sweep.file import shipped_sweeps
from planner.studies.sweep.solve_sweep import folder_of
from planner.tables.workbook import WorkbookError, sheet_names

if TYPE_CHECKING:
    from pathlib import Path

    from planner.runs.catalogue import Listing


RUNS_FOLDER: Final = "runs"  # folder of run folders, as `dcplan solve` names it
SWEEPS_FOLDER: Final = "sweeps"  # folder of the folders of sweeps, as `dcplan sweep` names it
_ENDINGS: Final = (".yaml", ".yml")
_OPEN_IN_EXCEL: Final = "~$"  # begins the name of what Excel keeps beside a workbook that is open in it
_VERSION: Final = re.compile(r"^version:", re.MULTILINE)
_UNKNOWN: Final = ("", "", False)


@dataclass(frozen=True)
class Source:
    """A scenario that can be chosen."""

    key: str  # name of a shipped scenario, or of a file of the folder with its ending
    path: Path  # its file
    title: str  # what it says of itself; empty where it does not
    question: str
    is_own: bool  # whether it is a file of the folder
    is_sweep: bool = False  # whether it is a sweep, which has a base and futures

    @property
    def argument(self) -> str:
        """What a command or a worker is given: the name of what ships, the path of a file."""
        return str(self.path) if self.is_own else self.key

    @property
    def name(self) -> str:
        """Name of the scenario, by which its runs are called."""
        return self.path.stem

    @property
    def page(self) -> str:
        """Path of the form of a scenario, or of the page of a sweep."""
        return path_of(SWEEPS if self.is_sweep else SCENARIOS, self.key)


@dataclass(frozen=True)
class Project:
    """The folder that is served; what a request names is looked up in what it holds, and never made into a path."""

    folder: Path  # the folder, in full

    @property
    def runs_dir(self) -> Path:
        """Folder of run folders."""
        return self.folder / RUNS_FOLDER

    def runs(self) -> Listing:
        """List the runs, latest first."""
        return read_runs(self.runs_dir)

    def run_folder(self, name: str) -> Path | None:
        """Return the folder of a run; None where there is none of that name."""
        return next((folder for folder in run_folders(self.runs_dir) if folder.name == name), None)

    def sources(self) -> list[Source]:
        """List the scenarios: the folder's own by name, then those that ship."""
        return [*self._own(is_sweep=False), *_shipped(SCENARIOS_DIR, shipped_names())]

    def sweeps(self) -> list[Source]:
        """List the sweeps in the same order."""
        return [*self._own(is_sweep=True), *_shipped(SCENARIOS_DIR / SWEEPS_FOLDER, shipped_sweeps())]

    def sweep_folder(self, source: Source) -> Path:
        """Return the folder of what a sweep finds, as `dcplan sweep` names it."""
        return folder_of(source.argument, home=self.folder / SWEEPS_FOLDER)

    def source(self, key: str) -> Source | None:
        """Return the scenario of a key; None where there is none."""
        return next((source for source in self.sources() if source.key == key), None)

    def free_name(self, name: str) -> str:
        """Return a name for a new scenario that none has: ``us-base-2`` after ``us-base``."""
        taken = {source.name for source in self.sources()}
        stem = re.sub(r"-\d+$", "", slug(name))
        return next(made for number in count(2) if (made := f"{stem}-{number}") not in taken)

    def save(self, name: str, text: str) -> Path:
        """Write a new scenario file."""
        path = self.folder / f"{slug(name)}{_ENDINGS[0]}"
        path.touch(exist_ok=False)
        try:
            with whole_file(path) as partial:
                partial.write_text(text, encoding="utf-8")
        except OSError:
            path.unlink(missing_ok=True)
            raise
        return path

    def _own(self, *, is_sweep: bool) -> list[Source]:
        found = []
        for path in sorted(self.folder.iterdir()):
            if path.suffix.lower() != WORKBOOK and path.suffix not in _ENDINGS:
                continue
            if path.name.startswith(_OPEN_IN_EXCEL) or path.is_symlink() or not path.is_file():
                continue
            stat = path.stat()
            about = _about(path, stat.st_mtime_ns, stat.st_size)
            if about is not None and about[-1] == is_sweep:
                title, question, _ = about
                found.append(Source(path.name, path, title, question, True, is_sweep))
        return found


def _shipped(folder: Path, names: list[str]) -> list[Source]:
    abouts = {path: _about(path, 0, 0) or _UNKNOWN for path in (folder / f"{name}{_ENDINGS[0]}" for name in names)}
    return [Source(path.stem, path, title, question, False, is_) for path, (title, question, is_) in abouts.items()]


@lru_cache(maxsize=1024)
def _about(path: Path, changed_ns: int, size: int) -> tuple[str, str, bool] | None:
    """Return title, question, and if it is a sweep, also of one with a mistake; None where it is no scenario."""
    is_workbook = path.suffix.lower() == WORKBOOK
    try:
        if size > (MOST_WORKBOOK_BYTES if is_workbook else MOST_BYTES):
            return None
        raw = path.read_bytes()
        is_scenario = SETTINGS in sheet_names(raw) if is_workbook else _VERSION.search(raw.decode("utf-8-sig"))
        if not is_scenario:
            return None
        written = read_source(path, Place(str(path)))[0].tree.children
    except (OSError, ValueError, WorkbookError):
        return None
    except InputError:
        return _UNKNOWN
    said = (written[key].value if key in written else "" for key in ("title", "question"))
    title, question = (text if isinstance(text, str) else "" for text in said)
    return title, question, "base" in written


# --- Paths that more than one part of the server needs, each written once -------------------------

API: Final = "/api"  # path of the interface for programs; what it has is below it
JOBS: Final = "/jobs"  # path of the page that lists the jobs; below `API`, of the same list for programs
PLACE: Final = "/place"  # start of the paths that say what is known of a place on the map of a scenario
RUNS: Final = "/runs"  # start of the paths of runs; below `API`, the list of them for programs
SCENARIOS: Final = "/scenarios"  # path of the page that lists the scenarios; below `API`, of the same list for programs
SWEEPS: Final = "/sweeps"  # path of the page that lists the sweeps; below `API`, of the same list for programs


def is_api(path: str) -> bool:
    """Tell whether a path is of the interface for programs, which is answered in JSON.

    >>> [is_api(path) for path in ("/api", "/api/runs", "/apiary", "/runs/api")]
    [True, True, False, False]
    """
    return path == API or path.startswith(f"{API}/")


def path_of(start: str, name: str) -> str:
    """Return the path of one thing, whose name is a single step of it, whatever signs it has."""
    return f"{start}/{quote(name, safe='')}"
