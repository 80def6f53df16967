"""What differs in the inputs of runs: settings, and tables by their hashes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from planner.outputs.report.labels import shortened
from planner.outputs.report.markup import Html, element, name
from planner.outputs.report.page import section

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from planner.outputs.run import Run

__all__ = ["differences"]

_LONGEST: Final = 160
_HASH: Final = 10  # digits
_APART: Final = frozenset({"title", "question"})


def differences(runs: Sequence[Run], letters: Sequence[str]) -> Html:
    """List the settings and the input tables in which the runs are not the same."""
    settings = [dict(_leaves(run.meta["merged"])) for run in runs]
    data = [
        {f"table {table}": entry["sha256"][:_HASH] for table, entry in run.meta["data"].items()}
        for run in runs
    ]
    rows = [
        (key, [_shown(of.get(key), absent) for of in each])
        for each, absent in ((settings, "default"), (data, "not read"))
        for key in dict.fromkeys(key for of in each for key in of)
        if key not in _APART and len({_shown(of.get(key), absent) for of in each}) > 1
    ]
    heading = "What differs in the inputs"
    if not rows:
        return section("differences", heading, element("p", "Nothing differs."))
    body = (
        element(
            "tr",
            element("th", element("bdi", key), scope="row"),
            (element("td", element("bdi", shortened(text, _LONGEST))) for text in texts),
        )
        for key, texts in rows
    )
    heads = (element("th", name(one), scope="col") for one in ("setting or table", *letters))
    table = element(
        "table",
        element("caption", "Settings and tables that differ", class_="heard"),
        element("thead", element("tr", heads)),
        element("tbody", body),
        class_="text",
    )
    about = element("p", "Of tables the beginning of the hash of their content is shown.")
    return section("differences", heading, about, element("div", table, class_="scroll"))


def _leaves(merged: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Walk the settings of a scenario, each with its key path."""
    for key, value in merged.items():
        if isinstance(value, dict) and value:
            yield from _leaves(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", value


def _shown(value: Any, absent: str) -> str:
    if value is None:
        return absent
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
