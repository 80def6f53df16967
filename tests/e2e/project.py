"""What a user does to a project: edit scenario and tables, type commands, look at files."""

from __future__ import annotations

import csv
import io
import shutil
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner, Result

from planner.cli import main

MINI = Path(__file__).parent.parent / "fixtures" / "mini"


@dataclass(frozen=True)
class Project:
    """The made-up world of two sites as a user's project in the working directory.

    Parameters
    ----------
    folder : Path
        Holds ``mini.yaml`` and ``data/``.
    """

    folder: Path

    @property
    def scenario(self) -> Path:
        return self.folder / "mini.yaml"

    def table(self, name: str) -> Path:
        return self.folder / "data" / f"{name}.csv"

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, encoding="utf-8")

    def append(self, text: str) -> None:
        """Add a line to the scenario."""
        with self.scenario.open("a", encoding="utf-8") as file:
            file.write(f"{text}\n")

    def replace(self, name: str, old: str, new: str) -> None:
        """Change text of a file that stands in it just once."""
        text = (self.folder / name).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} is in {name} {text.count(old)} times"
        self.write(name, text.replace(old, new))

    def rows(self, table: str) -> list[dict[str, str]]:
        text = self.table(table).read_text(encoding="utf-8")
        return list(csv.DictReader(io.StringIO(text)))

    def write_rows(self, table: str, rows: list[dict[str, str]], *, only_header: bool = False) -> None:
        with self.table(table).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows([] if only_header else rows)

    def without_column(self, table: str, column: str) -> None:
        rows = self.rows(table)
        for row in rows:
            del row[column]
        self.write_rows(table, rows)

    def cell(self, table: str, row: int, column: str, value: str) -> None:
        """Change a cell; rows count from 0."""
        rows = self.rows(table)
        assert column in rows[row], f"{table} has no column {column}"
        rows[row][column] = value
        self.write_rows(table, rows)

    def files(self) -> list[str]:
        """Every file and folder below the project, hidden ones too."""
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*"))

    def runs(self) -> list[Path]:
        return sorted((self.folder / "runs").iterdir()) if (self.folder / "runs").exists() else []

    def dcplan(self, *arguments: str) -> Result:
        return CliRunner().invoke(main, list(arguments))


def mini_project(folder: Path) -> Project:
    """Copy the made-up world to a folder that is not there yet."""
    shutil.copytree(MINI, folder)
    return Project(folder)
