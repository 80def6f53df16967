"""Sources: how the plan was made, what it rests on, and its notes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.outputs.report.markup import NOTHING, Html, element
from planner.outputs.report.page import section
from planner.tables.descriptor import load_package

if TYPE_CHECKING:
    from planner.outputs.run import Run

__all__ = ["sources_section"]

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
    for name, entry in run.meta["data"].items():
        schema = known.get(name)
        kinds = _kinds(run, name)
        sources = "; ".join(schema.sources) if schema else ""
        licences = ", ".join(licence.name for licence in schema.licences) if schema else ""
        rows.append(
            element(
                "tr",
                element("th", schema.title if schema else name, scope="row"),
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
