"""The head of the page: the question, and whether the answer is proven and checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.base.words import some
from planner.outputs.report.markup import NOTHING, Html, element, joined, name
from planner.outputs.run import files_changed
from planner.results.ended import ended
from planner.results.not_housed import not_by_own_sites, not_housed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.outputs.run import Run

__all__ = ["lights", "question", "signs"]

_FILES_NAMED: Final = 3
"""Changed files that are named; the others are counted."""


def question(run: Run) -> Html:
    """Show title and question of a run."""
    asked = str(run.meta["question"])
    return joined([element("h1", name(run.title)), element("p", name(asked), class_="question") if asked else NOTHING])


def lights(run: Run) -> Html:
    """Show how the solve ended, what the check found, what is not housed and what was changed."""
    end = ended(run.meta, run.tables["solution"])
    check = run.meta["check"]
    checked = (
        ("good", f"Checked independently: all {check['rules']} rules hold")
        if check["ok"]
        else ("bad", f"The check failed: {', '.join(check['broken'])}")
    )
    shown = [(end.light, str(end)), checked]
    if missed := not_housed(run.tables):
        shown.append(("fair", f"{missed}."))
    if others := not_by_own_sites(run.tables):
        shown.append(("fair", others))
    if changed := files_changed(run):
        files = some(changed, _FILES_NAMED)
        said = f"Changed since it was written: {files}; this page is of the files as they are now"
        shown.insert(0, ("bad", said))
    return signs(shown)


def signs(shown: Sequence[tuple[str, str]]) -> Html:
    """Show sentences, each with a sign: good, fair or bad."""
    marks = {"good": "\N{CHECK MARK}", "fair": "!", "bad": "\N{MULTIPLICATION SIGN}"}
    words = {"good": "good: ", "fair": "caution: ", "bad": "failed: "}
    return element(
        "ul",
        (
            element(
                "li",
                element("span", marks[one], class_="sign", aria_hidden="true"),
                element("span", words[one], class_="heard"),
                said,
                class_=one,
            )
            for one, said in shown
        ),
        class_="lights",
    )
