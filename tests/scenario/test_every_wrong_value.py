"""Whatever is written for a key is told about in one sentence, in words of a planner."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final, get_args, get_origin

import pytest
from pydantic import ValidationError

from planner.family.values import Block
from planner.scenario.keys import _is_block, kinds
from planner.scenario.messages import problems_of
from planner.scenario.schema import Scenario
from planner.scenario.tree import Node, Place, plain

PLACE: Final = Place("plan.yaml", 2, 3)
WRONG: Final = (
    *(-1, -0.5, 2.5, 0, 1e9, "x", "", True, None, [], {}, [-1], [True], [None], ["x", "x"]),
    *([[]], [{}], {"x": {}}, {"2027": "x"}, {"2027": -1}, {"2027": []}, {"2027": None}),
)
JARGON: Final = ("Input", "Value error", "constrained", "tagged", "literal", "valid ", "pydantic")


def ways(block: type[Block]) -> Iterator[tuple[str | int, ...]]:
    """Ways to every key of a block, with `x` for ids, 2027 for years and 0 for entries."""
    for name, field in block.model_fields.items():
        yield (name,)
        for below in ways_below(field.annotation):
            yield (name, *below)


def ways_below(annotation: Any) -> Iterator[tuple[str | int, ...]]:
    for kind in kinds(annotation):
        if _is_block(kind):
            yield from ways(kind)
            continue
        parts = get_args(kind)
        if get_origin(kind) is Mapping:
            step: str | int = "2027" if "int" in str(parts[0]) else "x"
        elif get_origin(kind) is tuple:
            step = 0
        else:
            continue
        inner = parts[-1] if get_origin(kind) is Mapping else parts[0]
        yield (step,)
        for below in ways_below(inner):
            yield (step, *below)


WAYS: Final = tuple(dict.fromkeys(way for way in ways(Scenario) if way != ("version",)))


def written(way: tuple[str | int, ...], value: object) -> Node:
    for step in reversed(way):
        value = [value] if step == 0 else {step: value}
    assert isinstance(value, dict)
    return node({"version": 1, **value})


def node(value: Any) -> Node:
    if isinstance(value, dict):
        return Node({key: node(below) for key, below in value.items()}, PLACE, PLACE)
    if isinstance(value, list):
        return Node(tuple(node(below) for below in value), PLACE, PLACE)
    return Node(value, PLACE, PLACE)


@pytest.mark.parametrize("block", sorted({str(way[0]) for way in WAYS}))
def test_a_wrong_value_gets_one_message_in_plain_words(block: str) -> None:
    refused = 0
    for way in [way for way in WAYS if way[0] == block]:
        for value in WRONG:
            tree = written(way, value)
            try:
                Scenario.model_validate(plain(tree))
            except ValidationError as error:
                found = problems_of(error, tree)
                refused += 1
                reported = Counter(problem.what_is.split(" is ")[0] for problem in found)
                assert max(reported.values()) == 1, (way, value, found)
                assert not [p for p in found if any(word in str(p) for word in JARGON)], found
    assert refused > 0


def test_what_else_may_be_written_is_reported() -> None:
    for way, value, must_be in (
        (("failover", "nearest_standbys"), -1, "an integer from 1, or `all`"),
        (("failover", "nearest_standbys"), "al", "an integer from 1, or `all`"),
        (("carbon", "cap_kt"), "x", "a number [kt CO2], or a mapping of years to numbers"),
        (
            ("energy", "own_tariffs", "x", "demand", 0, "usd_per_kw_month"),
            "x",
            "a number [USD/kW-month], or a list with one for each tier",
        ),
    ):
        tree = written(way, value)
        with pytest.raises(ValidationError) as caught:
            Scenario.model_validate(plain(tree))
        (problem,) = problems_of(caught.value, tree)
        assert problem.must_be == must_be
