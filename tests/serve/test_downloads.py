"""Files of a run: as they are stored, and in every format."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from client import Client

from planner.outputs import WRITERS


def test_what_is_stored_is_sent_as_it_is_to_be_saved(client: Client, folder: Path, run: str) -> None:
    for file in ("plan.xlsx", "report.html", "solve.log", "run.json"):
        answer = client.get(f"/runs/{run}/files/{file}")

        assert answer.body == (folder / "runs" / run / file).read_bytes()
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{run}-{file}"'
        assert answer.headers["Content-Type"] == "application/octet-stream"


def test_every_format_of_export_is_offered(client: Client, run: str) -> None:
    page = client.get(f"/runs/{run}/files").text

    assert [kind for kind in WRITERS if f'href="/runs/{run}/export/{kind}"' in page] == list(WRITERS)
    assert "map layers with their style for QGIS" in page


def test_a_format_of_one_file_is_that_file(client: Client, folder: Path, run: str) -> None:
    answer = client.get(f"/runs/{run}/export/gpkg")

    assert answer.headers["Content-Disposition"] == f'attachment; filename="{run}-plan.gpkg"'
    assert answer.body.startswith(b"SQLite format 3")
    assert [path.name for path in (folder / "runs").iterdir()] == [run]  # nothing is left


def test_a_format_of_several_files_is_an_archive(client: Client, run: str) -> None:
    answer = client.get(f"/runs/{run}/export/csv")

    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        names = archive.namelist()
        summary = archive.read("csv/summary.csv").decode()
    assert "csv/datapackage.json" in names
    assert summary.splitlines()[1].startswith("2027,")


def test_the_whole_folder_is_an_archive_without_links(client: Client, folder: Path, run: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret", encoding="utf-8")
    home = folder / "runs" / run
    (home / "linked").symlink_to(secret)
    (home / "linked-folder").symlink_to(tmp_path)
    (home / "notes.txt").write_text("mine", encoding="utf-8")

    answer = client.get(f"/runs/{run}/export/all")

    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        names = archive.namelist()
    assert {"run.json", "plan.xlsx", "tables/summary.parquet", "notes.txt"} <= set(names)
    assert not [name for name in names if "linked" in name or "secret" in name]


@pytest.mark.parametrize("path", ["files/none", "files/..%2frun.json", "files/tables", "export/none", "export/..%2fx"])
def test_nothing_else_is_sent(client: Client, run: str, path: str) -> None:
    assert client.get(f"/runs/{run}/{path}").status == 404
    assert client.get(f"/runs/none/{path}").status == 404


def test_a_link_in_the_place_of_a_file_is_not_followed(client: Client, folder: Path, run: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret", encoding="utf-8")
    log = folder / "runs" / run / "solve.log"
    log.unlink()
    log.symlink_to(tmp_path / "secret")

    assert client.get(f"/runs/{run}/files/solve.log").status == 404
