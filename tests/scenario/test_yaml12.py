"""Scenario files follow YAML 1.2, not 1.1, and nothing in them can run or explode."""

from __future__ import annotations

import math

import pytest

from planner.base.errors import InputError
from planner.scenario.tree import plain
from planner.scenario.yaml12 import MOST_LEVELS, parse


def read(text: str) -> object:
    return plain(parse(text, "plan.yaml"))


def problems(text: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        parse(text, "plan.yaml")
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("NO", "NO"),
        ("yes", "yes"),
        ("off", "off"),
        ("true", True),
        ("1e3", 1000.0),
        ("6.5E-2", 0.065),
        ("0o17", 15),
        ("0x1F", 31),
        ("017", 17),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("2025-01-01", "2025-01-01"),
        ("~", None),
        ("", None),
        ("-.inf", -math.inf),
        ("'42'", "42"),
        ('"true"', "true"),
        ("=", "="),
        ("us-va-ashburn", "us-va-ashburn"),
    ],
)
def test_a_plain_value_is_what_yaml_1_2_says(text: str, value: object) -> None:
    read_value = read(f"key: {text}")

    assert read_value == {"key": value}
    assert type(read_value["key"]) is type(value)


def test_a_country_called_no_stays_a_country_as_key_and_in_lists() -> None:
    assert read("NO: [NO, SE]") == {"NO": ["NO", "SE"]}


def test_years_are_keys_as_text_so_that_quotes_do_not_matter() -> None:
    assert read("{2025: 30, '2030': 90}") == {"2025": 30, "2030": 90}


def test_a_key_is_the_text_that_is_written_whatever_number_it_looks_like() -> None:
    keys = ["1.10", "007", "1e3", "0x10", "0o17", "+2027", ".5", ".inf", "True", "Null", "~"]

    assert [*read("{" + ", ".join(f"{key}: 3" for key in keys) + "}")] == keys
    assert read("? 1.10\n: 3\n'1.1': 4\n") == {"1.10": 3, "1.1": 4}


def test_accents_and_emoji_and_the_signs_of_formulas_come_through() -> None:
    text = "é: '=1+1'\nname: <b>São Paulo</b> 🏭\n"

    assert read(text) == {"é": "=1+1", "name": "<b>São Paulo</b> 🏭"}


def test_an_alias_stands_for_its_anchor() -> None:
    assert read("a: &x [2, 3]\nb: *x") == {"a": [2, 3], "b": [2, 3]}


def test_duplicate_keys_and_tags_are_all_reported_at_once() -> None:
    found = problems("a: 2\nb: !!python/object:os.system 3\na: 4\nc: {d: 5, d: 6}\n")

    assert len(found) == 3
    assert found[0].startswith("plan.yaml:2:4: the tag 'tag:yaml.org,2002:python/object:os.system'")
    assert found[1].startswith("plan.yaml:3:1: the key 'a' is given twice, first in line 1;")
    assert found[2].startswith("plan.yaml:4:11: the key 'd' is given twice, first in line 4;")


def test_a_year_in_quotes_and_without_is_one_key_given_twice() -> None:
    assert "the key '2025' is given twice" in problems("{2025: 30, '2025': 31}")[0]


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("", "plan.yaml:1:1: the file is empty; must be a mapping of keys"),
        ("# only a comment\n", "plan.yaml:1:1: the file is empty"),
        ("a: 2\nb: [3, 4\n", "plan.yaml:3:1: this is not YAML: while parsing a flow sequence"),
        ("a:\n\tb: 2\n", "plan.yaml:2:1: this is not YAML: while scanning"),
        ("a: b: 2\n", "plan.yaml:1:5: this is not YAML: mapping values are not allowed here"),
        ("a: 2\nb: \x07\n", "plan.yaml:2:4: the character U+0007 is not allowed in YAML"),
        ("a: 2\n---\nb: 3\n", "plan.yaml:2:1: a second document begins"),
        ("a: *x\n", "plan.yaml:1:4: the alias *x has no anchor"),
        ("a: &x [2, *x]\n", "plan.yaml:1:11: the alias *x refers to itself"),
        ("[2, 3]: 4\n", "plan.yaml:1:1: a list or mapping is used as a key"),
        ("a: !secret 2\n", "plan.yaml:1:4: the tag '!secret' is refused"),
    ],
)
def test_what_cannot_be_read_is_reported_where_it_stands(text: str, start: str) -> None:
    assert problems(text)[0].startswith(start)


def test_a_bomb_of_aliases_is_refused_before_it_unfolds() -> None:
    # Ten values, then six times a list of ten of the list before: ten million values.
    lines = ["a0: &a0 [2, 2, 2, 2, 2, 2, 2, 2, 2, 2]"]
    for level in range(1, 7):
        aliases = ", ".join([f"*a{level - 1}"] * 10)
        lines.append(f"a{level}: &a{level} [{aliases}]")

    found = problems("\n".join(lines))

    # The list in line 5 is the first that passes 100,000 values.
    assert len(found) == 1
    assert found[0].startswith("plan.yaml:5:")
    assert "expands to more than 100000 values" in found[0]


def test_nesting_is_limited_so_that_no_file_exhausts_the_stack() -> None:
    deepest = "[" * (MOST_LEVELS - 1) + "7" + "]" * (MOST_LEVELS - 1)
    too_deep = f"[{deepest}]"

    assert read(deepest) is not None
    assert problems(too_deep)[0].startswith(f"plan.yaml:1:{MOST_LEVELS + 1}: the nesting is deeper")
    assert "the nesting is deeper" in problems("[" * 100_000)[0]
