"""Settings of on-site generation that have no effect in the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.inputs.supply_figures import SourceFigures, sources_in_play
from planner.scenario.messages import problem_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planner.base.errors import Problem
    from planner.inputs.case import ScopedCase

__all__ = ["sources_without_effect"]


def sources_without_effect(case: ScopedCase) -> Iterator[Problem]:
    """Find settings of sources that are not in the plan, or come after it."""
    yield from _of_absent(case)
    yield from _out_of_time(case)


def _of_absent(case: ScopedCase) -> Iterator[Problem]:
    """Figures of sources that are neither there nor allowed."""
    supply, tree = case.scenario.supply, case.scenario.tree
    table = case.tables["onsite_sources"].drop_duplicates("onsite").set_index("onsite")
    found = len(case.findings.problems)
    known = [id_ for id_ in sources_in_play(case) if id_ in table.index]
    if len(case.findings.problems) > found:
        return
    fuels = set(table.loc[known, "fuel"].dropna())
    for key, ids, may, why in (
        ("max_mw", supply.max_mw, set(supply.allow), "is not in supply.allow"),
        ("override", supply.override, set(known), "is neither allowed nor existing"),
        ("fuel_price_usd_per_mmbtu", supply.fuel_price_usd_per_mmbtu, fuels, "is burnt by none"),
    ):
        for id_ in ids:
            if id_ not in may:
                what_is = f"supply.{key}.{id_} has no effect: {id_} {why}"
                fix = "remove it, or allow a source that it is about under supply.allow"
                yield problem_at(tree, ("supply", key, id_), what_is, "", fix)
    if supply.export.allow and set(table.loc[known, "role"]) <= {"storage"}:
        what_is = "supply.export.allow has no effect: no source makes power to sell"
        fix = "remove it, or allow a source under supply.allow"
        yield problem_at(tree, ("supply", "export", "allow"), what_is, "", fix)


def _out_of_time(case: ScopedCase) -> Iterator[Problem]:
    """Sources that may be built, and that cannot serve before the plan ends."""
    table = case.tables["onsite_sources"]
    known = set(table["onsite"])
    allow = [(at, id_) for at, id_ in enumerate(case.scenario.supply.allow) if id_ in known]
    figures = SourceFigures(case, tuple(id_ for _, id_ in allow))
    last, lead_months = case.scenario.years[-1], figures.operating("lead_months")
    for (at, id_), start, months in zip(allow, figures.start, lead_months, strict=True):
        if start >= last + 1.0:
            what_is = (
                f"{id_} under supply.allow has no effect: it cannot serve before {int(start)}, {months:g} months from"
                f" the first decision, and {last} is the last model year"
            )
            fix = "remove it, add years, or give its lead_months under supply.override"
            yield problem_at(case.scenario.tree, ("supply", "allow", at), what_is, "", fix)
