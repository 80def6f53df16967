"""The stored program compared with second statements, row by row and coefficient by coefficient.

There must be a row for every place that a statement lists, and none elsewhere: so a program that is too strict is
found, not only a plan that breaks it. In a solve a sample of the rows of large blocks is compared, in `dcplan check`
every row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.check import stated
from planner.check.families import FAMILIES
from planner.check.stating import Here, SecondStatement, Stored
from planner.check.table import table_of
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.check.case import Case

_TERMS_IN_A_SOLVE: Final = 600  # of a block; all its rows where it has fewer
_ROUNDING_FRAC: Final = 1e-7
_NOISE_FRAC: Final = 1e-6  # of the largest coefficient of a row: smaller ones need not be as exact

STATED: Final[Mapping[str, SecondStatement]] = {
    name: of for file in (stated, *FAMILIES) for name, of in vars(file).items() if isinstance(of, SecondStatement)
}


@rule(unit="of a coefficient")
def program_as_stated(case: Case) -> Excess:
    """Rows of the program are, coefficient by coefficient, what second statements say."""
    if case.proof is None:
        return Excess(table_of({"block": []}), np.zeros(0), np.zeros(0))
    stored, names, wheres, amounts = Stored(case), list[str](), list[str](), list[float]()
    for name, statement in STATED.items():
        worst, where = _compared(stored, name, statement)
        names.append(name)
        wheres.append(where)
        amounts.append(worst)
    return Excess(table_of({"block": names, "place": wheres}), np.array(amounts), np.ones(len(names)))


def _compared(stored: Stored, name: str, statement: SecondStatement) -> tuple[float, str]:
    """Return the largest share by which a row of a block is off, and where."""
    block, all_of_them = stored.block("rows", name), stored.case.reads_all
    count, places = statement.places(stored, len(block) if all_of_them else _TERMS_IN_A_SOLVE)
    if count != len(block):
        return np.inf, f"{len(block)} rows, not {count}"
    worst, where, terms = _ROUNDING_FRAC, "", 0
    for labels in places:
        place = block.place(labels)
        if place < 0:
            return np.inf, "no row of " + ", ".join(labels.values())
        said, has = statement.row(Here(stored, labels)), stored.terms(place)
        form, lower, upper = said.form, stored.lower[place], stored.upper[place]
        if np.isinf(upper) and np.isinf(said.lower):  # the same said with its sign turned
            has, lower, upper = {c: -v for c, v in has.items()}, -upper, -lower
        pairs = [(has.get(c, 0.0), form.terms.get(c, 0.0)) for c in {**has, **form.terms}]
        pairs += [(lower, said.lower - form.constant), (upper, said.upper - form.constant)]
        least = _NOISE_FRAC * max((abs(a) for a, _ in pairs[:-2]), default=1.0)
        for a, b in pairs:
            off = 0.0 if a == b else abs(a - b) / max(abs(a), abs(b), least) if np.isfinite(a - b) else np.inf
            if not off <= worst:
                worst, where = off, ", ".join(labels.values())
        terms += len(pairs)
        if terms > _TERMS_IN_A_SOLVE and not all_of_them:
            break
    # Less is rounding, whichever rows were compared.
    return worst if where else 0.0, where


RULES = (program_as_stated,)
