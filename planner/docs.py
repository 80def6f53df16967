"""The generated pages, which ``python -m planner.docs`` writes; a test compares them with what exists in docs/."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from planner.cli.group import commands_page
from planner.family.block import LINKS
from planner.inputs import build_inputs
from planner.limits import LIMITS
from planner.model import ALL_COSTS, FAMILIES, build_model
from planner.results.schema import results_page, tables_page
from planner.scenario import load_scenario
from planner.scenario.page import settings_page
from planner.stress import STRESS_TABLES
from planner.tables import read_table
from planner.tables.catalog import data_page, paths_page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.family.block import Constraint, Cost
    from planner.family.declared import RowsModule
    from planner.family.references import IdOf
    from planner.limits import Limit
    from planner.lp import ArrayProblem
    from planner.model import Model

_MOST_TERMS = 8
_HEAD = """\
# The model

Generated from the constraint blocks in `planner/model/` by `python -m planner.docs`; each
equation is followed by a real row of the `tiny` scenario. Racks and halls are in MW of
nameplate, compute in kH100e (thousand H100-equivalents, mean over the year), money in MUSD of
2025 before tax. A dual in the tables is divided by weights and discount factors before it is
called USD/MWh or USD/MW-year.
"""

_STRESS_HEAD = """\
# Tables of `dcplan stress`

Generated from `data/stress.json` by `python -m planner.docs`. The command writes each table
into `stress/` in the run folder, as CSV and Parquet; [What if it breaks](stress.md) explains the
figures. Key columns are in bold.
"""


def pages() -> dict[str, str]:
    """Return every generated page by its path inside docs/."""
    return {
        "model.md": model_page(build_model(build_inputs(load_scenario("tiny")))),
        "cli.md": commands_page(),
        "data.md": data_page(),
        "demand-paths.md": paths_page(),
        "results.md": results_page(),
        "settings.md": settings_page(first_id),
        "stress-tables.md": tables_page(_STRESS_HEAD, STRESS_TABLES.values()),
    }


def first_id(of: IdOf) -> str:
    """Return the first id of a kind in the shipped tables."""
    table = read_table(of.table)
    rows = table[table["layer"] == of.layer] if of.layer else table
    return str(rows[of.column].iloc[0])


def model_page(model: Model) -> str:
    """Return the page of the model: families, equations, one real row each, costs."""
    parts = [_HEAD, "| family | rows |", "|---|---|"]
    for family in FAMILIES:
        names = ", ".join(f"[`{b.name}`](#{b.name})" for b in family.CONSTRAINTS)
        parts.append(f"| {_headline(family)} | {names} |")
    for family in FAMILIES:
        parts += ["", f"## {_headline(family)}"]
        for block in family.CONSTRAINTS:
            parts += ["", *_block(block, model.problem)]
    parts += ["", "## Costs", ""]
    parts += [
        "One list: its discounted sum is the objective, the list walked again is the cost table.",
        "",
        "| item | group | paid | what it is |",
        "|---|---|---|---|",
    ]
    parts += [_cost(item) for item in ALL_COSTS]
    parts += ["", *_limits()]
    return "\n".join(parts) + "\n"


def _headline(module: RowsModule) -> str:
    return (module.__doc__ or "").strip().splitlines()[0].rstrip(".")


def _block(block: Constraint, problem: ArrayProblem) -> list[str]:
    doc = inspect.cleandoc(block.doc)
    sentence, _, rest = doc.partition("\n\n")
    lines = [f"### {block.name}", "", sentence.replace("\n", " ")]
    for paragraph in rest.split("\n\n"):
        text = paragraph.strip()
        if text.startswith(".. math::"):
            formula = " ".join(text.removeprefix(".. math::").split())
            lines += ["", "$$", formula, "$$"]
        elif text:
            lines += ["", text.replace("\n", " ")]
    lines += ["", f"Over {block.over}. Unit {block.unit}; dual in {block.dual_unit} (NPV)."]
    if block.name in problem.row_block_names:
        lines += ["", "```", _row(problem, problem.row_block(block.name).start), "```"]
    else:
        lines += ["", "The `tiny` scenario has no row of it."]
    return lines


def _row(problem: ArrayProblem, row: int) -> str:
    """Write one row as it is in the program."""
    matrix, bounds = problem.matrix(), problem.row_bounds()
    terms = np.arange(matrix.start[row], matrix.start[row + 1])
    shown = [f"{matrix.value[k]:+.4g} {problem.column_name(int(matrix.column[k]))}" for k in terms[:_MOST_TERMS]]
    if len(terms) > _MOST_TERMS:
        shown.append(f"... {len(terms) - _MOST_TERMS} more")
    lower, upper = bounds.lower[row] + 0.0, bounds.upper[row] + 0.0  # no minus zero
    if lower == upper:
        side = f"= {upper:.6g}"
    elif np.isfinite(upper):
        side = f"<= {upper:.6g}"
    else:
        side = f">= {lower:.6g}"
    body = "\n    ".join(shown)
    return f"{problem.row_name(row)}:\n    {body}\n    {side}"


def _cost(item: Cost) -> str:
    sentence = inspect.cleandoc(item.doc).splitlines()[0]
    paid = "up front, by annuity" if item.upfront else "as it is used"
    return f"| `{item.name}` | {item.group} | {paid} | {sentence} |"


def _limits() -> list[str]:
    """Return the tables of limits and links."""
    lines = [
        "## Limits",
        "",
        "What a planner sets, or has a price in table `prices`, one record each in",
        "`planner/limits/`. A limit that binds is reported by `dcplan explain`; where it stops",
        "every plan, `dcplan diagnose` names its settings, relaxes it by amounts, and tries other",
        "values of a setting. For sites that you add, read `new_sites` for `sites`.",
        "",
        "| row | price | reported where it binds | set by | relaxed by amounts | tried by value |",
        "|---|---|---|---|---|---|",
    ]
    lines += [_limit(limit) for limit in LIMITS]
    rows = [row for family in FAMILIES for row in family.CONSTRAINTS]
    lines += ["", "All other rows are links:", "", "| why | rows |", "|---|---|"]
    for link, why in LINKS.items():
        names = [f"[`{row.name}`](#{row.name})" for row in rows if row.links == link]
        lines.append(f"| {why} | {', '.join(names)} |")
    return lines


def _limit(limit: Limit) -> str:
    row = f"`{limit.name}`" if limit.decision else f"[`{limit.name}`](#{limit.name})"
    price = limit.price.unit if limit.price else ""
    reported = f"in {limit.binding.unit}" if limit.binding else limit.not_reported
    set_by = _keys([of.key for of in limit.set_by]) or limit.not_set
    relaxed = ", ".join(f"{relaxation.name} [{relaxation.unit}]" for relaxation in limit.relaxed_by)
    return f"| {row} | {price} | {reported} | {set_by} | {relaxed} | {_keys(limit.moved_by)} |"


def _keys(keys: Sequence[str]) -> str:
    """Write key paths with the labels that they take as <axis>."""
    return ", ".join(
        f"table `{key.removeprefix('table ')}`"
        if key.startswith("table ")
        else f"`{key.replace('{', '<').replace('}', '>')}`"
        for key in keys
    )


def _write(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    _write(Path(sys.argv[1] if len(sys.argv) > 1 else "docs"))
