"""Scenario files that are no text, never end, or are wrong in a hundred thousand places."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from planner.base.errors import MOST_PROBLEMS, InputError
from planner.inputs.build import validated
from planner.scenario import load_scenario


def refused(text: str | bytes, folder: Path) -> list[str]:
    file = folder / "odd.yaml"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(InputError) as caught:
        load_scenario(file)
    return [str(problem).partition("odd.yaml")[2] for problem in caught.value.problems]


def test_a_key_given_twice_does_not_hide_what_else_is_wrong(tmp_path: Path) -> None:
    text = "version: 1\nyears: [2027, 2025]\nyears: [2025]\noperater: {}\ncarbon: !tag {cap_kt: -1}\n"

    assert [problem.partition(";")[0] for problem in refused(text, tmp_path)] == [
        ":2:1: years is [2027, 2025]",
        ":3:1: the key 'years' is given twice, first in line 2",
        ":4:1: unknown key 'operater'",
        ":5:9: the tag '!tag' is refused",
    ]


@pytest.mark.parametrize("number", ["1e300", "1e16", "-1e200", "1e-300", "123456789012345678"])
def test_a_number_of_a_size_that_nothing_has_is_named(number: str, tmp_path: Path) -> None:
    problems = refused(f"version: 1\ncarbon: {{price_usd_per_t: {number}}}\n", tmp_path)

    assert any(
        problem.startswith(":2:27: carbon.price_usd_per_t is ")
        and "must be 0, or between 1e-12 and 1e+15 in size" in problem
        for problem in problems
    )


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="there is no such device")
def test_a_device_that_never_ends_is_read_to_the_size_of_a_scenario() -> None:
    with pytest.raises(InputError, match="more than 2,000,000 bytes"):
        load_scenario(Path("/dev/zero"))


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "{a: " * 50_000,
        "".join(" " * n + "a:\n" for n in range(1000)),
        "- " * 20_000 + "a",
        "a: &a [*a]\nversion: 1\n",
        "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
        + "".join(f"{b}: &{b} [{','.join([f'*{a}'] * 10)}]\n" for a, b in zip("abcdefg", "bcdefgh", strict=True)),
        "version: 1\n? {a: b}\n: 1\n",
        "%TAG ! tag:x,2000:\n---\nversion: 1\n...\n---\n",
        "version: 1\ntitle: \u0085\ufeff\n",
        "\0",
        b"\xff\xfev\0e\0",
        "version: 0x" + "f" * 5000 + "\n",
        "version: " + "9" * 5000 + "\n",
    ],
    ids=[
        *("flow", "maps", "blocks", "dashes", "itself", "bomb", "key", "tag"),
        *("signs", "NUL", "UTF-16", "hex", "digits"),
    ],
)
def test_text_that_is_no_scenario_is_refused_soon(text: str | bytes, tmp_path: Path) -> None:
    began = time.process_time()

    assert refused(text, tmp_path)

    assert time.process_time() - began < 10.0


def test_thousands_of_wrong_keys_are_counted_soon(tmp_path: Path) -> None:
    text = "version: 1\n" + "".join(f"key{n}: 1\n" for n in range(3000))
    began = time.process_time()

    problems = refused(text, tmp_path)

    assert len(problems) == MOST_PROBLEMS + 1
    assert problems[-1] == ": 2,950 more problems in this file; fix the ones above first"
    assert time.process_time() - began < 20.0


def test_thousands_of_unknown_ids_are_counted_soon(tmp_path: Path) -> None:
    file = tmp_path / "odd.yaml"
    sites = "".join(f"  us-{n}: {{exclude: true}}\n" for n in range(3000))
    file.write_text(f"version: 1\nsites:\n{sites}", encoding="utf-8")
    began = time.process_time()

    problems = InputError(validated(str(file), ()).problems).problems

    assert len(problems) == MOST_PROBLEMS + 1
    assert problems[0].what_is == "unknown site 'us-0'"
    assert problems[-1].count == 2950
    assert time.process_time() - began < 30.0
