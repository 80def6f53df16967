"""Checked tables are kept by their bytes: read again they are the same, changed they are not."""

from __future__ import annotations

import struct
import subprocess
import sys

import pandas as pd
import pytest

from planner.base.errors import InputError
from planner.tables import read as cache
from planner.tables import read_table, read_tables
from planner.tables.descriptor import load_package


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty cache, in memory and on disk."""
    monkeypatch.setenv("DCPLAN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(cache, "_in_memory", {})
    return tmp_path / "cache" / "tables"


def forget(monkeypatch):
    monkeypatch.setattr(cache, "_in_memory", {})


def test_every_shipped_table_comes_back_as_it_was_checked(folder, monkeypatch):
    names = list(load_package().tables)
    checked = read_tables(names)
    forget(monkeypatch)
    monkeypatch.setattr("planner.tables.read.check_sheet", None)  # must not be needed any more
    kept = read_tables(names)

    for name in names:
        pd.testing.assert_frame_equal(checked[name], kept[name])
    assert len(list(folder.iterdir())) == len(names)


def test_a_changed_cell_is_read_and_checked_again(folder, tmp_path):
    own = tmp_path / "requests.csv"
    text = load_package().path("requests").read_text(encoding="utf-8")
    own.write_text(text, encoding="utf-8")
    before = read_table(own)
    row = text.splitlines()[1]
    own.write_text(text + row + "\n", encoding="utf-8")

    with pytest.raises(InputError, match="given once"):
        read_table(own)
    own.write_text(text, encoding="utf-8")
    pd.testing.assert_frame_equal(read_table(own), before)


def test_a_table_with_a_mistake_is_never_kept(folder, tmp_path):
    own = tmp_path / "requests.csv"
    own.write_text("no,such,column\n", encoding="utf-8")

    for _ in range(2):
        with pytest.raises(InputError, match="unknown column 'no'"):
            read_table(own)
    assert not folder.exists()


def test_one_changed_bit_anywhere_in_a_kept_table_has_it_read_again(folder, monkeypatch):
    good = read_table("racks")
    (kept,) = folder.iterdir()
    content = kept.read_bytes()
    for at in range(0, len(content), 997):
        changed = bytearray(content)
        changed[at] ^= 1 << at % 8
        kept.write_bytes(changed)
        forget(monkeypatch)

        pd.testing.assert_frame_equal(read_table("racks"), good)
        assert kept.read_bytes() == content


def test_a_figure_changed_in_a_kept_table_is_not_used(folder, monkeypatch):
    good = read_table("racks")
    (kept,) = folder.iterdir()
    figure = good["capex_usd"].max()
    before, after = (struct.pack("<d", usd) for usd in (figure, 2.0 * figure))
    assert before in kept.read_bytes()
    kept.write_bytes(kept.read_bytes().replace(before, after))
    forget(monkeypatch)

    assert read_table("racks")["capex_usd"].max() == figure


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path, monkeypatch):
    forget(monkeypatch)
    blocked = tmp_path / "file"
    blocked.write_text("in the way", encoding="utf-8")
    monkeypatch.setenv("DCPLAN_CACHE", str(blocked))

    assert len(read_table("racks")) > 10
    assert blocked.read_text(encoding="utf-8") == "in the way"


def test_processes_that_start_at_once_keep_whole_tables(folder, tmp_path):
    code = "from planner.tables import read_table; print(len(read_table('racks')))"
    several = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) for _ in range(3)]
    counts = {process.communicate()[0].strip() for process in several}

    assert counts == {str(len(read_table("racks"))).encode()}
    assert all(path.suffix == ".arrow" and path.name[0] != "." for path in folder.iterdir())
