"""What a `run.json` may hold, value by value; and folders that prune leaves alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from planner.runs import meta_read
from planner.runs.replace import remove_runs

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("name", "is_inside"),
    [
        ("tables/plan.parquet", True),
        ("plan.xlsx", True),
        ("/etc/hosts", False),
        ("../other/run.json", False),
        ("tables/../../run.json", False),
        ("a\\b", False),
        ("a\0b", False),
    ],
)
def test_files_of_a_run_are_inside_its_folder(name: str, is_inside: bool) -> None:
    assert meta_read._is_inside(name) is is_inside
    assert meta_read._are_files({name: "5e8f"}) is is_inside


@pytest.mark.parametrize(
    ("value", "is_text"), [("Erding", True), ("half \ud83d", False), ("\udc00", False), (7, False), (None, False)]
)
def test_text_is_what_a_file_can_hold(value: object, is_text: bool) -> None:
    assert meta_read._is_text(value) is is_text
    assert meta_read._is_text_or_none(value) is (is_text or value is None)


@pytest.mark.parametrize(
    ("value", "is_number"),
    [
        (3, True),
        (2.5, True),
        (True, False),
        ("3", False),
        (float("nan"), False),
        (float("inf"), False),
        (10**400, False),
        (None, False),
    ],
)
def test_numbers_are_finite_and_no_truth_values(value: object, is_number: bool) -> None:
    assert meta_read._is_number(value) is is_number
    assert meta_read._is_number_or_none(value) is (is_number or value is None)


@pytest.mark.parametrize(
    ("value", "is_right"),
    [
        (None, True),
        ({"scenario": None, "differs": {}}, True),
        ({"scenario": "tiny", "differs": {"years": "[2027]"}}, True),
        ({"scenario": "tiny"}, False),
        ({"differs": {}}, False),
        ({"scenario": 7, "differs": {}}, False),
        ({"scenario": "\ud83d", "differs": {}}, False),
        ({"scenario": "tiny", "differs": {"years": None}}, False),
        ({"scenario": "tiny", "differs": ["years"]}, False),
        ("tiny", False),
    ],
)
def test_a_shipped_scenario_is_a_name_and_texts(value: object, is_right: bool) -> None:
    assert meta_read._is_from_shipped(value) is is_right


def test_prune_leaves_files_and_links_alone(tmp_path: Path) -> None:
    home, elsewhere = tmp_path / "runs", tmp_path / "elsewhere"
    home.mkdir()
    elsewhere.mkdir()
    (home / "a-file").write_text("7")
    (home / "a-link").symlink_to(elsewhere, target_is_directory=True)

    assert remove_runs(home, ["a-file", "a-link"]) == {}

    assert (home / "a-file").read_text() == "7"
    assert (home / "a-link").is_symlink()
    assert elsewhere.is_dir()
