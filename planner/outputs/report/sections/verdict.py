"""The head of the page: the question, and whether the answer is proven and checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.outputs.report.markup import NOTHING, Html, element, joined, name
from planner.results.not_housed import not_housed

if TYPE_CHECKING:
    from planner.outputs.run import Run

__all__ = ["lights", "question"]

_STATUS: Final = {
    "optimal": ("good", "Optimal: no plan costs less"),
    "within_gap": ("good", "Feasible, within {gap:.2%} of the optimum (integers rounded)"),
    "time_limit": ("fair", "Time limit reached: the best plan so far"),
    "iteration_limit": ("fair", "Iteration limit reached: the best plan so far"),
    "interrupted": ("fair", "Interrupted: the best plan so far"),
}


def question(run: Run) -> Html:
    """Show title and question of a run."""
    asked = str(run.meta["question"])
    return joined(
        [
            element("h1", name(run.title)),
            element("p", name(asked), class_="question") if asked else NOTHING,
        ]
    )


def lights(run: Run) -> Html:
    """Show how the solve ended, what the independent check found, and what is not housed."""
    status, gap, bound = (run.meta[key] for key in ("status", "gap_frac", "bound_musd"))
    kind, text = _STATUS.get(status, ("bad", f"Ended as {status}"))
    text = text.format(gap=gap or 0.0)
    if kind != "good" and gap is not None and bound is not None:
        text += f"; no plan costs less than {bound:,.0f} MUSD, {gap:.2%} below"
    check = run.meta["check"]
    checked = (
        ("good", f"Checked independently: all {check['rules']} rules hold")
        if check["ok"]
        else ("bad", f"The check failed: {', '.join(check['broken'])}")
    )
    missed = not_housed(run.tables)
    shown = [(kind, text), checked, *([("fair", f"{missed}.")] if missed else [])]
    signs = {"good": "\N{CHECK MARK}", "fair": "!", "bad": "\N{MULTIPLICATION SIGN}"}
    words = {"good": "good: ", "fair": "caution: ", "bad": "failed: "}
    return element(
        "ul",
        (
            element(
                "li",
                element("span", signs[one], class_="sign", aria_hidden="true"),
                element("span", words[one], class_="heard"),
                said,
                class_=one,
            )
            for one, said in shown
        ),
        class_="lights",
    )
