"""A command that asks a study: progress, folder, resuming, JSON and exit code come with it."""

from __future__ import annotations

from contextlib import nullcontext
from functools import wraps
from importlib import import_module
from inspect import cleandoc
from typing import TYPE_CHECKING, Any, Final

import click

from planner.cli.options import note, option, print_json, print_written, warn_of_changes
from planner.outputs.files import writing_into

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from planner.cli.progress import Progress
    from planner.outputs.answer import Answer
    from planner.outputs.own_folder import FolderKind
    from planner.runs.plan import PlanViews
    from planner.studies.sweep import SweepProgress

    Ask = Callable[..., Any]
    Option = Callable[[Any], Any]

SCENARIO: Final = click.argument("scenario", default="us-base")
FILE: Final = click.argument("file")
RUN: Final = click.argument("run")


def study_command(
    name: str,
    *options: Option,
    show: Callable[..., None],
    kind: FolderKind | None = None,
    home: str | None = None,
    of_run: bool = False,
    shown: tuple[str, ...] = (),
    patient: bool = False,
    json_help: str = "Print all of it as JSON.",
) -> Callable[[Ask], click.Command]:
    """Make a command of a function that asks a study with the options of its names.

    The study is saved into the folder that is asked for, or else into that which `home`, a module of studies,
    has for what is asked, where it goes on from what is stored; that `of_run` into the folder of the run.
    `show` prints the answer, with the options that `shown` names, and with what the function returns beside it.
    """

    def made(ask: Ask) -> click.Command:
        @wraps(ask)
        def run(**asked: Any) -> None:
            from planner.cli.progress import Progress

            ctx = click.get_current_context()
            as_json, said = asked.pop("as_json"), {key: asked.pop(key) for key in shown}
            folder = asked.pop("folder", None)
            if home is not None:
                if asked.get("jobs") is not None and asked.get("scheduler") is not None:
                    raise click.UsageError(
                        "--jobs and --scheduler cannot be combined: a cluster has workers of its own"
                    )
                folder_of = import_module(f"planner.studies.{home}").folder_of
                folder = asked["out"] = folder_of(asked.get("file") or asked["scenario"], folder)
            place = _Place(kind, folder, Progress.of_command(patient=patient))
            if of_run:
                asked["on_open"] = place.take_run
            elif home is not None:
                asked["on_progress"] = place.tell
            else:
                place.try_folder()
            with place.progress, writing_into(folder) if home is not None else nullcontext():
                found, more = _found(ask, asked, place, as_json=as_json)
            if as_json:
                print_json(found.to_json())
            else:
                show(found, **said, **more)
            print_written(*place.progress.written, as_json=as_json)
            ctx.exit(found.exit_code)

        command: Any = run
        for add in (option("--json as_json", json_help), *reversed(options)):
            command = add(command)
        return click.command(name, help=cleandoc(ask.__doc__ or ""))(command)

    return made


def _found(ask: Ask, asked: dict[str, Any], place: _Place, *, as_json: bool) -> tuple[Answer, dict[str, Any]]:
    """Ask, and save what is found; where a sweep is stopped, say what is stored."""
    from planner.base.errors import DcplanError
    from planner.cli.interrupts import INTERRUPTED

    place.progress.stage("read")
    try:
        answer = ask(place.progress, **asked)
        found, more = answer if isinstance(answer, tuple) else (answer, {})
        if place.folder is not None:
            place.progress.written.append(found.save(place.folder))
    except DcplanError as error:
        if as_json and hasattr(error, "to_dict"):
            print_json(error.to_dict())
        raise
    except KeyboardInterrupt:
        if place.latest is None:
            raise
        done, total = place.latest.done, place.latest.total
        stored = f", stored in {place.folder}; the same command goes on from there" if done else "; nothing is stored"
        place.progress.print_line(f"Stopped with {done} of {total} futures done{stored}")
        raise click.exceptions.Exit(INTERRUPTED) from None
    return found, more


class _Place:
    """The folder that a study is saved into, whose run it is of, and how far it is."""

    latest: SweepProgress | None = None

    def __init__(self, kind: FolderKind | None, folder: Path | None, progress: Progress) -> None:
        self._kind, self.folder, self.progress = kind, folder, progress

    def take_run(self, stored: PlanViews, warning: str = "") -> None:
        """Warn of files that were changed, and find out whether the study can be written."""
        home = stored.run.folder
        if home is not None:
            warn_of_changes(stored.run)
        if self._kind is not None and self.folder is None and home is not None:
            self.folder = home / self._kind.name
        self.try_folder()
        if warning:
            note(f"warning: {warning}")

    def try_folder(self) -> None:
        """Find out whether the study can be written, before work is done for it."""
        from planner.outputs.own_folder import try_own_folder

        if self._kind is not None and self.folder is not None:
            try_own_folder(self.folder, self._kind)

    def tell(self, now: SweepProgress) -> None:
        """Say how many futures are answered."""
        self.latest = now
        self.progress.update(str(now))
