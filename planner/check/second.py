"""The stored program compared with second statements: rows, coefficient by coefficient, columns and costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.check import stated, stated_compute, stated_supply
from planner.check.decided import DECIDED, StatedDecision
from planner.check.families import FAMILIES
from planner.check.frames import table_of
from planner.check.priced import cost_of_all, sites_read
from planner.check.stating import Here, SecondStatement, stored_of
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from planner.check.case import Case
    from planner.check.stating import Stored
    from planner.results.proof import Proof

_TERMS_IN_A_SOLVE: Final = 600  # of a block; all its rows where it has fewer
_NUMBERS_OF_COLUMNS: Final = ("lower", "upper", "cost", "integer", "x")
_OF_BILLS: Final = "bill_"
_ROUNDING_FRAC: Final = 1e-7
_NOISE_FRAC: Final = 1e-6  # of the largest coefficient of a row: smaller ones need not be as exact

STATED: Final[Mapping[str, SecondStatement]] = {
    name: of
    for file in (stated, stated_compute, stated_supply, *FAMILIES)
    for name, of in vars(file).items()
    if isinstance(of, SecondStatement)
}


@rule(unit="of a coefficient")
def program_as_stated(case: Case) -> Excess:
    """Rows of the program are, coefficient by coefficient, what second statements say."""
    found = {name: _compared(stored_of(case), name, statement) for name, statement in STATED.items()}
    place = table_of({"block": list(found), "place": [where for _, where in found.values()]})
    return Excess(place, np.array([worst for worst, _ in found.values()]), np.ones(len(found)))


@rule(unit="of a bound")
def columns_as_stated(case: Case) -> Excess:
    """The program has a column for every decision that the scenario allows, within its bounds, and prices no other."""
    stored, wheres = stored_of(case), dict[str, str]()
    for name in {**DECIDED, **dict.fromkeys(_names_of(case.proof))}:
        decision = DECIDED.get(name)
        if decision is not None:
            wheres[name] = _columns_compared(stored, name, decision)
        elif case.proof.column("cost")[(case.proof.columns["family"] == name).to_numpy()].any():
            wheres[name] = "unknown decision"  # without a cost it measures; in rows it would be a coefficient too many
    broken = np.array([where != "" for where in wheres.values()])
    return Excess.count_broken({"block": list(wheres), "place": list(wheres.values())}, broken)


@rule(unit="of a cost")
def costs_as_stated(case: Case) -> Iterator[Excess]:
    """A unit of every decision costs what all payments for it inside the horizon are worth."""
    stated, has, columns = cost_of_all(stored_of(case)), case.proof.column("cost"), case.proof.columns
    due, family = np.zeros(len(has)), columns["family"].cat.codes.to_numpy()
    due[list(stated.terms)] = list(stated.terms.values())
    largest = np.zeros(family.max(initial=0) + 1)
    np.maximum.at(largest, family, np.abs(has))
    scale = np.maximum(np.maximum(np.abs(has), np.abs(due)), _NOISE_FRAC * largest[family])
    off = np.abs(has - due) / np.where(scale > 0.0, scale, 1.0)
    sites = sites_read(case)  # in a solve the others count as they are; `dcplan check` reads all
    off = np.where((off <= _ROUNDING_FRAC) | ~(columns["site"].isin(sites) | columns["site"].isna()), 0.0, off)
    paid_anyway = stated.constant if len(sites) == len(case.inputs.sets.site.labels) else case.proof.offset_musd
    offset = table_of({"block": ["whatever is decided"]})
    yield Excess(columns.drop(columns=list(_NUMBERS_OF_COLUMNS)), off, np.ones(len(off)))
    yield Excess.differs(offset, [case.proof.offset_musd], [paid_anyway])


def _is_held(stored: Stored, at: int) -> bool:
    """Whether a decision was taken before: orders that are held, or those of an earlier step of foresight."""
    case, window = stored.case, stored.case.scenario.foresight.window_years
    was_decided = case.orders_held_before is not None or (window is not None and window < len(case.years))
    return was_decided and bool(stored.bounds["lower"][at] == stored.bounds["upper"][at])


def _names_of(proof: Proof) -> list[str]:
    """Return the decisions of a program, but for those of bills."""
    return [name for name in proof.columns["family"].cat.categories if not name.startswith(_OF_BILLS)]


def _columns_compared(stored: Stored, name: str, decision: StatedDecision) -> str:
    """Return a place at which the columns of a decision differ from what is stated; empty where none does."""
    block, all_of_them = stored.block("columns", name), stored.case.reads_all
    count, places = decision.places.by_lot(stored, len(block) if all_of_them else _TERMS_IN_A_SOLVE)
    if count != len(block):
        return f"{len(block)} columns, not {count}"
    if (stored.is_integer[block.places] != decision.is_whole(stored.case)).any():
        return "integers where none are, or none where they are"
    for labels in places:
        here, at = Here(stored, labels), block.place(labels)
        if at < 0:
            return "no column of " + ", ".join(labels.values())
        if _is_held(stored, at):
            continue
        for side, of in (("lower", decision.lower), ("upper", decision.upper)):
            due, has = of(here) if callable(of) else of, float(stored.bounds[side][at])
            if not abs(has - due) <= _ROUNDING_FRAC * max(min(abs(due), abs(has)), 1.0) and has != due:
                return f"{side} bound of " + ", ".join(labels.values())
    return ""


def _compared(stored: Stored, name: str, statement: SecondStatement) -> tuple[float, str]:
    """Return the largest share by which a row of a block is off, and where."""
    block, all_of_them = stored.block("rows", name), stored.case.reads_all
    count, places = statement.places.by_lot(stored, len(block) if all_of_them else _TERMS_IN_A_SOLVE)
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
