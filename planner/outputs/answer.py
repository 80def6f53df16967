"""What every study answers with: how it is shown in Python, told to programs, and saved in a folder."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from planner.outputs.files import writing_into
from planner.outputs.own_folder import study_folder, write_json, write_tables
from planner.outputs.table_files import records

if TYPE_CHECKING:
    import pandas as pd

    from planner.outputs.own_folder import FolderKind
    from planner.outputs.plots import Drawing


class Answer:
    """What a study found: it names its kind, its fields and its tables, and all else comes with them."""

    kind: ClassVar[FolderKind]
    fields: ClassVar[tuple[str, ...]] = ()
    """Attributes that JSON holds as they are, the name of the scenario or run first."""
    saved: ClassVar[tuple[str, ...]] = ()  # attributes that hold its tables; ``frontier=table`` names a table otherwise
    listed: ClassVar[tuple[str, ...]] = ()  # the same of what JSON holds; left out: what is saved

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know."""
        return ()

    @property
    def exit_code(self) -> int:
        """What its command ends with."""
        return 0

    @property
    def tables(self) -> Mapping[str, pd.DataFrame]:
        """Its tables, each a file of its folder."""
        return self._named(self.saved)

    @property
    def json_tables(self) -> Mapping[str, pd.DataFrame]:
        """What JSON holds as lists of rows."""
        return self._named(self.listed) if self.listed else self.tables

    def _named(self, names: tuple[str, ...]) -> dict[str, pd.DataFrame]:
        found = {name.split("=")[0]: getattr(self, name.split("=")[-1]) for name in names}
        return {name: table.reset_index() if table.index.name else table for name, table in found.items()}

    @property
    def stem(self) -> str:
        """What its own files are called, without their endings."""
        return self.kind.name

    def plot(self) -> Drawing | None:
        """Draw it; None where there is no drawing."""
        return None

    def svg(self) -> str | None:
        """Return its drawing as a document."""
        drawing = self.plot()
        return drawing.svg() if drawing is not None else None

    def to_dict(self) -> dict[str, Any]:
        """Return it in types of JSON."""
        plain = {key: getattr(self, key) for key in self.fields}
        plain = {key: list(value) if isinstance(value, tuple) else value for key, value in plain.items()}
        plain = {key: str(value) if isinstance(value, Path) else value for key, value in plain.items()}
        return plain | {name: records(table) for name, table in self.json_tables.items()}

    def to_json(self) -> Any:
        """Return what option ``--json`` of its command prints."""
        return self.to_dict()

    def save(self, folder: str | Path) -> Path:
        """Write its tables, JSON and drawing into a new folder, or that of such a study, and nowhere else."""
        home, file = Path(folder), getattr(self, "file", None)  # a study that goes on from its folder is of one file
        with (
            writing_into(home),
            study_folder(home, self.kind, Path(file["file"]) if isinstance(file, Mapping) else file) as staged,
        ):
            write_tables(self.tables, staged)
            write_json(self.to_dict(), staged / f"{self.stem}.json")
            if (drawn := self.svg()) is not None:
                (staged / f"{self.stem}.svg").write_text(drawn, encoding="utf-8")
        return home

    def __repr__(self) -> str:
        """Return what was asked and how much was found, on one line."""
        sizes = ", ".join(f"{len(table)} {name.replace('_', ' ')}" for name, table in self.json_tables.items())
        return f"<{self._asked}: {sizes}>"

    def _repr_html_(self) -> str:
        """Show the first table and the notes in a notebook."""
        table = next(iter(self.json_tables.values())).to_html(index=False, escape=True)
        notes = "".join(f"<li>{escape(note)}</li>" for note in self.notes)
        return f"<p><strong>{escape(self._asked)}</strong></p>{table}<ul>{notes}</ul>"

    @property
    def _asked(self) -> str:
        of = f" of {getattr(self, self.fields[0])}" if self.fields else ""
        return f"{self.kind.words}{of}"
