"""Names of scenarios are untrusted: none leads out of the runs folder, none is lost."""

from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.base.errors import InputError
from planner.runs.names import folder_name, plain_name, slug


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("us-headroom-0.25pct", "us-headroom-0.25pct"),
        ("us_base", "us_base"),
        ("../../etc/passwd", "etc-passwd"),
        ("/abs", "abs"),
        ("C:\\temp", "c-temp"),
        ("..", "scenario"),
        (".partial-x", "partial-x"),
        ("🏭", "scenario"),
        ("Évry +2", "evry-2"),
        ("a" * 99, "a" * 48),
        ("line\nbreak\0", "line-break"),
        ("Con!", "scenario"),
        ("lpt1.2030", "scenario"),
        ("con-2", "con-2"),
    ],
)
def test_slugs(name: str, expected: str) -> None:
    assert slug(name) == expected


@given(st.text())
def test_a_folder_name_is_one_plain_step_of_a_path(name: str) -> None:
    made = folder_name(name, {"data": "5e"})

    assert PurePosixPath(made).parts == (made,)
    assert PureWindowsPath(made).parts == (made,)
    assert not made.startswith(".")
    assert made.isascii()
    assert len(made) <= 48 + 1 + 10


def test_a_run_has_no_name_of_a_device() -> None:
    with pytest.raises(InputError, match=r"run\.json: .* the name 'NUL\.1' for a device"):
        plain_name("NUL.1", "run.json")


def test_another_scenario_or_other_data_give_another_folder() -> None:
    first = folder_name("us-base", {"settings": {"share": 0.2}, "data": {"sites": "5e"}})

    assert first == folder_name("us-base", {"data": {"sites": "5e"}, "settings": {"share": 0.2}})
    assert first != folder_name("us-base", {"settings": {"share": 0.3}, "data": {"sites": "5e"}})
    assert first != folder_name("us-base", {"settings": {"share": 0.2}, "data": {"sites": "7a"}})
