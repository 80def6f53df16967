"""What each input is of the difference in cost of two runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.outputs.comparison.causes import cause_notes, dollars, split_sentences
from planner.outputs.report.markup import Html, element
from planner.outputs.report.page import section

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.outputs.comparison.causes import CostSplit

__all__ = ["causes_section"]


def causes_section(splits: Sequence[CostSplit]) -> Html:
    """List the parts of each difference; nothing where none was split."""
    return section(
        "causes",
        "What each input is of the difference",
        *(_split(split) for split in splits if split.method is not None),
    )


def _split(split: CostSplit) -> Html:
    rows = [
        (str(cause), dollars(part), note)
        for cause, part, note in zip(split.causes["cause"], split.cents(), cause_notes(split), strict=True)
    ]
    rows.append(("together", dollars(sum(split.cents())), ""))
    body = (
        element(
            "tr",
            element("th", element("bdi", cause), scope="row"),
            element("td", part, class_="num"),
            element("td", note),
            class_="total" if cause == "together" else None,
        )
        for cause, part, note in rows
    )
    heads = ("cause", "USD", "")
    table = element(
        "table",
        element("caption", f"{split.difference} by cause", class_="heard"),
        element("thead", element("tr", (element("th", one, scope="col") for one in heads))),
        element("tbody", body),
    )
    said = (element("p", sentence) for sentence in split_sentences(split))
    return element("div", element("h3", split.difference), said, element("div", table, class_="scroll"))
