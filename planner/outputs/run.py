"""A run: what was asked, what came of it, the tables; and how it differs from the scenario of its name."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, TypeVar

from planner.base.words import some

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import pandas as pd

    from planner.inputs.inputs import Inputs


START: Final = "Shipped scenario it starts from"  # in front of what `from_shipped_words` says


@dataclass(frozen=True)
class FromShipped:
    """How a run differs from a shipped scenario: by files that extend it, command line or study."""

    scenario: str | None  # the shipped scenario; None for a run that starts from none
    # settings and tables that are not those of that scenario, with their values; without one, what the command line or
    # a study changes
    differs: Mapping[str, str]

    @classmethod
    def from_meta(cls, meta: Mapping[str, Any]) -> FromShipped | None:
        """Return what ``run.json`` says; None where it does not, as of an earlier version."""
        said = meta.get("from_shipped")
        return None if said is None else cls(said["scenario"], dict(said["differs"]))


def from_shipped_words(start: FromShipped | None) -> str:
    """Say which shipped scenario a run starts from and what it has otherwise.

    >>> from_shipped_words(FromShipped("tiny", {"rent.allow": "true", "data.sites": "my.csv"}))
    'tiny with rent.allow=true, data.sites=my.csv'
    >>> from_shipped_words(FromShipped("tiny", {}))
    'tiny, unchanged'
    """
    if start is None:
        return "unknown, as run.json does not say"
    return f"{start.scenario}{with_differences(start.differs) or ', unchanged'}"


def is_said_by_name(scenario: str, differs: Mapping[str, str], start: FromShipped | None) -> bool:
    """Return whether name and `differs` say it all, as of a shipped scenario itself, or one that starts from none."""
    if start is None:
        return False
    if start.scenario is None:
        return True
    if start.scenario != scenario:
        return False
    return start.differs.keys() <= differs.keys()


def with_differences(differs: Mapping[str, str]) -> str:
    """Say what differs from a scenario, to be put behind its name or title.

    >>> with_differences({"years": "[2025, 2027]", "rent.allow": "false"})
    ' with years=[2025, 2027], rent.allow=false'
    """
    return f" with {settings_words(differs)}" if differs else ""


def settings_words(differs: Mapping[str, str]) -> str:
    """List settings with their values, the first few of many."""
    return some([f"{key}={value}" for key, value in differs.items()], 3)


Made = TypeVar("Made")


@dataclass(frozen=True)
class Run:
    """A solved scenario that writers can read, whether or not it is on disk."""

    meta: Mapping[str, Any]  # content of ``run.json``: scenario, versions, data, status, check, notes
    tables: Mapping[str, pd.DataFrame]  # result tables by name, as `planner.results.schema.RUN_TABLES` says
    inputs_tables: Mapping[str, pd.DataFrame]  # input tables by name, as read
    folder: Path | None = None  # where it is stored; None for a run in memory
    # tables of the proof, as `planner.results.schema.PROOF_TABLES` says
    proof_tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    # what the program of a plan that was just solved was made of; of a stored run
    # `planner.outputs.solver_files.inputs_of` makes it again
    inputs: Inputs | None = None
    # names the files of a stored run that are not as they were written, which reads them all: see `files_changed`
    changed: Callable[[], tuple[str, ...]] = field(default=tuple, repr=False, compare=False)
    computed: dict[object, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What several writers need, once it was computed: see `once_a_run`."""

    def having(self, **more: Any) -> Run:
        """Return it with another description or more tables, and with what was computed of it."""
        other = replace(self, **more)
        other.computed.update(self.computed)
        return other

    def named(self, name: str) -> Run:
        """Return it under another name."""
        return self.having(meta={**self.meta, "run": name})

    @property
    def sites(self) -> pd.DataFrame:
        """One row per site: name, place, zone."""
        return self.tables["sites"]

    @property
    def years(self) -> list[int]:
        """Model years, in order."""
        return [int(year) for year in self.tables["summary"]["year"]]

    @property
    def name(self) -> str:
        """Name of the scenario."""
        return str(self.meta["scenario"])

    @property
    def differs(self) -> Mapping[str, str]:
        """Settings that are not those of the scenario of that name, with their values."""
        return dict(self.meta.get("differs", {}))

    @property
    def from_shipped(self) -> FromShipped | None:
        """The shipped scenario that the run starts from; None where it is unknown."""
        return FromShipped.from_meta(self.meta)

    @property
    def label(self) -> str:
        """Name of the scenario with what differs from it."""
        return f"{self.name}{with_differences(self.differs)}"

    @property
    def title(self) -> str:
        """Title of the scenario, its name where it has none, with what differs from it."""
        title = str(self.meta["title"] or self.meta["scenario"])
        return f"{title}{with_differences(self.differs)}"


def once_a_run(compute: Callable[[Run], Made]) -> Callable[[Run], Made]:
    """Make a function of a run keep with the run what it returns, which must not be changed."""

    @wraps(compute)
    def of_run(run: Run) -> Made:
        if compute not in run.computed:
            run.computed[compute] = compute(run)
        made: Made = run.computed[compute]
        return made

    return of_run


def written_place(run: Run, key: str) -> str | None:
    """Return where a setting was written; of a block or a list the first place in it, of a default None."""
    written: Mapping[str, str] = run.meta["written"]
    within = (place for name, place in written.items() if name.startswith(f"{key}."))
    return written[key] if key in written else next(within, None)


@once_a_run
def files_changed(run: Run) -> tuple[str, ...]:
    """Return the files of a stored run that are not as written, read when first asked for."""
    return run.changed()
