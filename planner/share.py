"""Files of runs and studies for people and other programs: what `dcplan report` and `dcplan export` write."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from planner.base.errors import InputError, Problem
from planner.outputs import WRITERS
from planner.outputs.files import staging, try_file, try_folder, writing_into
from planner.outputs.measures import MOST_RUNS
from planner.outputs.own_folder import put_files
from planner.outputs.report import comparison_html, report_html, stochastic_html, studies_html, write_page
from planner.outputs.study_folders import KINDS_READ, StoredFrontier, StoredStochastic, StoredSweep, read_study
from planner.runs import find_run, load_run
from planner.runs.folder import REPORT_FILE, naming_changed_files
from planner.runs.plan import PlanViews
from planner.runs.studies import kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from planner.outputs.run import Run

COMPARISON_FILE: Final = "comparison.html"
STUDY_FILE: Final = "report.html"  # in the folder of a sweep, a frontier or a stochastic program
EXPORTS: Final = "exports"  # folder of what is made of a run, in its own


class RefusedFormatsError(InputError):
    """Formats that a run cannot be written in, while others are."""

    def __init__(self, problems: Sequence[Problem], written: list[Path]) -> None:
        super().__init__(problems)
        self.written = written


def export(
    run: str | Path | PlanViews,
    formats: Sequence[str] = ("xlsx",),
    folder: str | Path | None = None,
    *,
    runs_dir: str | Path = "runs",
    on_open: Callable[[Run], None] = lambda _: None,
    on_stage: Callable[[str], None] = lambda _: None,
) -> list[Path]:
    """Write files of a run for other programs.

    Parameters
    ----------
    run : str, Path or plan
        A run folder, its name, or a scenario: its latest run as it is; or a plan.
    formats : sequence of str
        Of ``xlsx``, ``html``, ``svg``, ``csv``, ``parquet``, ``gpkg``, ``geojson``, ``mps``, ``lp``,
        ``grid``, ``pypsa`` and ``reeds``.
    folder : str or Path, optional
        Folder to write into; left out: exports/ in the run folder.
    runs_dir : str or Path
        Folder of the runs.
    on_open, on_stage : callable
        Called with the run before anything is written, and with each file.

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    InputError
        If there is no such run or format; if one cannot be written, once the others are.
    """
    unknown = [name for name in formats if name not in WRITERS]
    if unknown:
        known, fix = f"one of {', '.join(WRITERS)}", "write one of them, or several with commas between"
        raise InputError([Problem.of("--format", f"unknown format {name!r}", known, fix) for name in unknown])
    stored = _opened(run, runs_dir)
    on_open(stored)
    target = Path(folder) if folder else (stored.folder or Path()) / EXPORTS
    try_folder(target, "--output")
    made: list[Path] = []
    refused: list[Problem] = []
    with writing_into(target), staging(target) as staged:
        for number, name in enumerate(formats, start=1):
            on_stage(f"Writing {name} ({number} of {len(formats)})")
            try:
                with naming_changed_files(stored.folder or Path()):
                    made += WRITERS[name](stored, staged)
            except InputError as error:
                refused += [replace(one, what_is=f"{name} is not written: {one.what_is}") for one in error.problems]
        written = put_files(staged, made, target) if made else []
    if refused:
        raise RefusedFormatsError(refused, written)
    return written


def report(
    *runs: str | Path | PlanViews,
    file: str | Path | None = None,
    runs_dir: str | Path = "runs",
    on_open: Callable[[Run], None] = lambda _: None,
    on_stage: Callable[[str], None] = lambda _: None,
) -> Path:
    """Write the report of a run, of several runs, or of studies: one HTML file that needs no network.

    Parameters
    ----------
    *runs : str, Path or plan
        Runs as for `planner.export`; or folders of a sweep, of frontiers, of a stochastic program.
    file : str or Path, optional
        File to write; left out: in exports/ of the first run, or in the folder of the study.
    runs_dir, on_open, on_stage
        As for `planner.export`.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        If there is no such run, or what is named has no report together.
    """
    kinds = [None if isinstance(run, PlanViews) else kind_of(Path(run)) for run in runs]
    for run, kind in zip(runs, kinds, strict=True):
        if kind is not None and kind not in KINDS_READ:
            _refuse(f"{run} is a study of kind {kind}, which has no report: its files are in the folder")
    if any(kinds) and not all(kinds):
        _refuse(f"{runs[kinds.index(None)]} is not a folder of a study: name runs, or folders of studies")
    asked = _of_studies([str(run) for run in runs]) if any(kinds) else _of_runs(runs, runs_dir, on_open)
    target = Path(file) if file else asked.target
    try_file(target, "--output")
    with writing_into(target.parent), staging(target.parent) as staged, ExitStack() as stack:
        on_stage(f"Writing {target.name}")
        for home in asked.homes:
            stack.enter_context(naming_changed_files(home))
        (written,) = put_files(staged, write_page(asked.page(), staged / target.name), target.parent)
    return written


@dataclass(frozen=True)
class _Asked:
    """What makes the page, where it goes unless another file is named, and the runs it is of."""

    page: Callable[[], str]
    target: Path
    homes: list[Path]


def _opened(run: str | Path | PlanViews, runs_dir: str | Path) -> Run:
    return run.run if isinstance(run, PlanViews) else load_run(find_run(str(run), Path(runs_dir)))


def _of_runs(names: Sequence[str | Path | PlanViews], runs_dir: str | Path, on_open: Callable[[Run], None]) -> _Asked:
    if not 0 < len(names) <= MOST_RUNS:
        _refuse(f"{len(names)} runs are given; at most {MOST_RUNS} can be compared on one page")
    loaded = [_opened(name, runs_dir) for name in names]
    for run in loaded:
        on_open(run)
    homes = [run.folder for run in loaded if run.folder is not None]
    exports = (loaded[0].folder or Path()) / EXPORTS
    if len(loaded) == 1:
        return _Asked(partial(report_html, loaded[0]), exports / REPORT_FILE, homes)
    return _Asked(partial(comparison_html, loaded), exports / COMPARISON_FILE, homes)


def _of_studies(folders: Sequence[str]) -> _Asked:
    studies = [read_study(Path(folder)) for folder in folders]
    target = studies[0].folder / STUDY_FILE
    stochastic = [study for study in studies if isinstance(study, StoredStochastic)]
    sweeps = [study for study in studies if isinstance(study, StoredSweep)]
    frontiers = [study for study in studies if isinstance(study, StoredFrontier)]
    if stochastic and len(studies) > 1:
        _refuse(f"{stochastic[0].folder} is a stochastic program: its report shows no other study; name it alone")
    if len(sweeps) > 1:
        _refuse(f"{len(sweeps)} sweeps are given; a page shows one, and frontiers below it")
    if stochastic:
        return _Asked(partial(stochastic_html, stochastic[0]), target, [])
    return _Asked(partial(studies_html, sweeps[0] if sweeps else None, frontiers), target, [])


def _refuse(what_is: str) -> NoReturn:
    raise InputError.at("report", what_is, "runs, or studies that have a report")
