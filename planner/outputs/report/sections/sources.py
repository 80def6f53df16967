"""The head and the foot of the page: verdict, notes, sources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.base.words import some
from planner.outputs.report.markup import NOTHING, Html, element, joined, name
from planner.outputs.report.page import section
from planner.outputs.run import files_changed
from planner.results.ended import ended
from planner.results.not_housed import not_by_own_sites, not_housed
from planner.tables.descriptor import load_package

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.outputs.run import Run

# --- Sources: how the plan was made, what it rests on, and its notes ------------------------------

_KINDS: Final = ("published", "derived", "estimate", "seed", "own")


def sources_section(run: Run) -> Html:
    """Show notes, versions, and every input table with its sources and licences."""
    notes = [element("li", element("bdi", str(note))) for note in run.meta["notes"]]
    return section(
        "sources", "Sources and notes", element("ul", notes) if notes else NOTHING, _made_by(run), _tables(run)
    )


def _made_by(run: Run) -> Html:
    meta = run.meta
    versions = ", ".join(f"{package} {version}" for package, version in meta["versions"].items())
    proven = str(meta["check"].get("proven") or "")
    facts = (
        ("Run", str(meta["run"])),
        ("Made", str(meta["created"])),
        ("Method", str(meta["method"])),
        ("Check", proven),
        ("Versions", versions),
    )
    pairs = ((element("dt", label), element("dd", element("bdi", text))) for label, text in facts if text)
    return element("dl", (piece for pair in pairs for piece in pair))


def _tables(run: Run) -> Html:
    known = load_package().tables
    rows = []
    for table, entry in run.meta["data"].items():
        schema = known.get(table)
        kinds = _kinds(run, table)
        sources = "; ".join(schema.sources) if schema else ""
        licences = ", ".join(licence.name for licence in schema.licences) if schema else ""
        rows.append(
            element(
                "tr",
                element("th", schema.title if schema else table, scope="row"),
                element("td", element("bdi", entry["file"] if not entry["shipped"] else "shipped")),
                element("td", kinds),
                element("td", sources if entry["shipped"] else "your own"),
                element("td", licences if entry["shipped"] else ""),
            )
        )
    if not rows:
        return NOTHING
    heads = ("table", "file", "rows by kind", "sources", "licences")
    table = element(
        "table",
        element("caption", "Input tables", class_="heard"),
        element("thead", element("tr", (element("th", head, scope="col") for head in heads))),
        element("tbody", rows),
        class_="text",
    )
    return element(
        "details",
        element("summary", f"{len(rows)} input tables with their sources"),
        element("div", table, class_="scroll"),
    )


def _kinds(run: Run, name: str) -> str:
    """Count the rows of an input table by how well they are known."""
    frame = run.inputs_tables.get(name)
    if frame is None or "kind" not in frame:
        return ""
    counts = frame["kind"].value_counts()
    return ", ".join(f"{counts[kind]} {kind}" for kind in _KINDS if kind in counts)


# --- The head of the page: the question, and whether the answer is proven and checked -------------

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
