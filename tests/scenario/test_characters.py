"""Text that no file or terminal can hold is refused where it is written, before the solve."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from planner.base.errors import InputError
from planner.scenario import load_scenario
from planner.studies.sweep.futures import read_sweep

HEAD = "version: 1\nextends: tiny\n"


@pytest.mark.parametrize(
    ("line", "place", "sign"),
    [
        ('title: "a\\x7Fb"', "3:8", "U+007F"),
        ('title: "a\\ud800b"', "3:8", "U+D800"),
        ('question: "a\\x00b"', "3:11", "U+0000"),
        ('question: "a\\uFFFEb"', "3:11", "U+FFFE"),
        ('new_sites: {"a\\x1Bb": {}}', "3:13", "U+001B"),
        ('scope: {sites: ["north\\x7F"]}', "3:17", "U+007F"),
        ('new_sites: {"a\\nb": {}}', "3:13", "U+000A"),
        ('new_sites: {"a\\tb": {}}', "3:13", "U+0009"),
        ('new_sites: {"a\\Nb": {}}', "3:13", "U+0085"),
        ('new_sites: {"a\\Lb": {}}', "3:13", "U+2028"),
        ('new_sites: {"\\u202Eb": {}}', "3:13", "U+202E"),
        ('new_sites: {"b\\u2069": {}}', "3:13", "U+2069"),
        ('new_sites: {"b\\u200E": {}}', "3:13", "U+200E"),
        ('new_sites: {"b\\u200F": {}}', "3:13", "U+200F"),
        ('new_sites: {"b\\u061C": {}}', "3:13", "U+061C"),
    ],
)
def test_a_character_that_is_no_text_is_refused_at_its_place(tmp_path: Path, line: str, place: str, sign: str) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(f"{HEAD}{line}\n", encoding="utf-8")

    with pytest.raises(InputError) as caught:
        load_scenario(file)

    said = str(caught.value)
    assert f"mine.yaml:{place}: the " in said
    assert f"holds the character {sign}; must be text without control characters" in said
    assert said.isascii()


def test_a_key_with_a_line_break_makes_no_line_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    site = '"a\\nb.yaml:1:1: all is well": {name: N, country: US, lat: 99, lon: 3, like: nope}'
    file.write_text(f"{HEAD}new_sites: {{{site}}}\n", encoding="utf-8")

    with pytest.raises(InputError) as caught:
        load_scenario(file)

    lines = str(caught.value).split("\n")
    assert [line.startswith(f"{file}:3:") for line in lines] == [True, True]
    assert r"new_sites.a\nb.yaml:1:1: all is well.lat is 99" in lines[1]


def test_a_setting_given_by_hand_is_held_to_the_same() -> None:
    with pytest.raises(InputError, match=r"holds the character U\+007F"):
        load_scenario("tiny", ['title="a\\x7Fb"'])


def test_text_of_all_languages_and_escaped_pairs_are_taken(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    text = 'title: "Évry 工場 \\ud83c\\udfed"\nquestion: "two\\nlines\\tand a tab"\n'
    file.write_text(f"{HEAD}{text}", encoding="utf-8")

    scenario = load_scenario(file)

    assert scenario.title == "Évry 工場 🏭"
    assert scenario.question == "two\nlines\tand a tab"


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are text elsewhere")
def test_a_file_whose_name_is_no_text_is_refused(tmp_path: Path) -> None:
    file = Path(os.fsdecode(os.fsencode(tmp_path) + b"/odd\xff.yaml"))
    file.write_text(HEAD, encoding="utf-8")

    with pytest.raises(InputError, match=r"the name of the scenario .* holds the character U\+DCFF"):
        load_scenario(file)


@pytest.mark.parametrize("name", ["con", "Com1", "nul.old", "aux "])
def test_a_file_with_the_name_of_a_device_is_refused(tmp_path: Path, name: str) -> None:
    file = tmp_path / f"{name}.yaml"
    file.write_text(HEAD)

    with pytest.raises(InputError) as caught:
        load_scenario(file)

    assert str(caught.value).startswith(
        f"{file}: Windows keeps the name of the scenario {name!r} for a device; must be"
    )
    file.write_text(f"{HEAD}axes: {{demand.scale_frac: [0.5]}}\n")
    with pytest.raises(InputError, match="for a device"):
        read_sweep(file)
