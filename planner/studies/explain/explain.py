"""Why a plan is as it is: what binds, what more is worth, why a site, why a year."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from planner.base.errors import InputError, Problem, raise_all
from planner.inputs.prepared import refuse_short_view
from planner.limits.binding import binding, demand_price
from planner.studies.explain.again import Try, about_steps, builds, counted, list_tries, one_more, tried, would_try
from planner.studies.explain.against import about_two_sites, compare_sites
from planner.studies.explain.places import about_site, about_year, site_tables, touches, year_tables
from planner.studies.explain.words import (
    Explanation,
    Names,
    Statement,
    about_compute,
    about_cost,
    about_limits,
    reported_rows,
)
from planner.studies.solve.asking import Asking

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Sequence

    from planner.runs.plan import PlanViews

AGAIN: Final = "What solving again would add"
_MOST_OF_A_TOPIC: Final = 12
_PLACES_OF_A_LIMIT: Final = 3


def explain(
    solved: PlanViews,
    *,
    site: str | None = None,
    against: str | None = None,
    year: int | None = None,
    resolve: bool = False,
    every: bool = False,
    on_stage: Callable[[str], None] | None = None,
    interrupt: threading.Event | None = None,
) -> Explanation:
    """Explain a plan, one of its sites, or one of its years.

    `resolve`: Solve again: with a little more of each limit that is reported, with one month less of lead time
    and one millisecond more of latency; for a site what it would take for it to have more. Without it values are
    shadow prices, which may be more than a limit is worth alone; the explanation says what solving again would
    add and how long it would take.
    """
    report = on_stage or (lambda _: None)
    _check(solved, site, year)
    if against is not None:
        return _two_sites(solved, site, against, year)
    if resolve:
        refuse_short_view(solved.scenario)
    tables: dict[str, pd.DataFrame] = {}
    statements: list[Statement] = []
    has_prices = bool(solved.results.tables["solution"]["has_duals"].iloc[0])
    if has_prices:
        bound = binding(solved.inputs, solved.results.tables)
        if site is not None:
            bound = touches(solved, bound, site)
        if year is not None:
            bound = bound[bound["year"] == year].reset_index(drop=True)
        tables["binding"] = bound
    moved = reported_rows(tables["binding"])[:_MOST_OF_A_TOPIC] if has_prices else []
    tries = _tries(solved, moved, site, year)
    ask = Asking(counted(report, sum(one.solves for one in tries)), interrupt)
    if resolve and has_prices:
        tables["binding"] = tried(solved, tables["binding"], moved, ask)
    if site is not None:
        tables |= site_tables(solved, site, ask, resolve=resolve)
        statements += about_site(solved, tables, site)
    if year is not None:
        tables |= year_tables(solved, year)
        statements += about_year(solved, tables, year)
    if site is None and year is None:
        tables["cost"] = _cost(solved)
        tables["service"] = _service(solved)
        statements += _weightiest(about_cost(tables), every)
        if has_prices:
            tables["demand_price"] = demand_price(solved.results.tables)
            kinds = len(tables["binding"]) if every else _PLACES_OF_A_LIMIT
            statements += _weightiest(about_limits(solved, tables, of_a_kind=kinds), every)
            statements += _weightiest(about_compute(tables), every)
        if resolve:
            tables["steps"] = one_more(solved, ask)
            statements += about_steps(tables)
    if tries and not resolve:
        solve_s = float(solved.run.meta["seconds"].get("solve", 0.0))
        statements.append(Statement(AGAIN, would_try(tries, solve_s), ()))
    names = Names(solved.inputs)
    return Explanation(
        solved.scenario.name,
        _basis(solved, has_prices, resolve, has_entry=site is not None and resolve),
        tuple(names.statement(one) for one in statements),
        tables,
    )


def _two_sites(solved: PlanViews, site: str | None, against: str, year: int | None) -> Explanation:
    """Compare two sites part by part."""
    if site is None or site == against:
        problem = Problem.of(
            "--against",
            f"{against!r} is compared with {'no site' if site is None else 'itself'}",
            "another site than that of --site",
            "name two sites",
        )
        raise InputError([problem])
    _check(solved, against, None, "--against")
    tables = {"against": compare_sites(solved, site, against, year=year)}
    names = Names(solved.inputs)
    return Explanation(
        solved.scenario.name,
        _basis(solved, has_prices=True, is_tried=False, has_entry=False),
        tuple(names.statement(one) for one in about_two_sites(tables, site, against)),
        tables,
    )


def _tries(solved: PlanViews, moved: Sequence[int], site: str | None, year: int | None) -> list[Try]:
    """List what solving again would add: a site that takes no part has nothing to try."""
    if solved.scenario.foresight.window_years is not None:
        return []  # all years at once are another question
    takes_part = site if site in solved.inputs.sets.site.labels else None
    return list_tries(
        len(moved),
        takes_part,
        steps=site is None and year is None,
        grows=takes_part is not None and builds(solved, takes_part),
    )


def _check(solved: PlanViews, site: str | None, year: int | None, option: str = "--site") -> None:
    problems = []
    known = set(solved.inputs.sets.site.labels) | set(solved.inputs.sites.table["site"])
    if site is not None and site not in known:
        ids = ", ".join(sorted(known))
        problems.append(
            Problem.of(option, f"no site of the plan is called {site!r}", f"one of {ids}", "name one of them")
        )
    years = solved.inputs.years.years
    if year is not None and year not in years:
        of = ", ".join(map(str, years))
        problems.append(Problem.of("--year", f"{year} is not a model year", f"one of {of}", "name one of them"))
    raise_all(problems)


def _basis(solved: PlanViews, has_prices: bool, is_tried: bool, *, has_entry: bool) -> str:
    """Say where shadow prices come from, and the cost of entry of a site."""
    solution = solved.results.tables["solution"].iloc[0]
    if not has_prices:
        return f"The solve ended as {solution['status']}: there are no shadow prices."
    program, entry = "the linear program", ""
    if solution.get("duals_of") == "fixed_program":
        program = "the linear program with all integers (openings, phases) fixed"
        if has_entry:
            entry = " What a site would take is stated with integers relaxed throughout."
    if solved.scenario.foresight.window_years is not None:
        program += ", decisions of earlier steps as they are"
    how = (
        "Values of limits were found by solving again with a little more of each"
        if is_tried
        else "Values of limits are shadow prices, not checked by solving again"
    )
    return (
        f"Shadow prices are those of {program}, right for small changes; money is of its year "
        f"unless it is called NPV. {how}.{entry}"
    )


def _weightiest(statements: Iterable[Statement], every: bool) -> list[Statement]:
    ordered = sorted(statements, key=lambda one: -one.stake_musd)
    return ordered if every else ordered[:_MOST_OF_A_TOPIC]


def _cost(solved: PlanViews) -> pd.DataFrame:
    costs = solved.results.tables["costs"]
    by = costs.groupby("item", as_index=False).agg(npv_musd=("npv_musd", "sum"), heading=("group", "first"))
    by = by[by["npv_musd"].abs() > 0.0].sort_values("npv_musd", ascending=False)
    # An item that is all of its heading is named alone.
    is_alone = ~by["heading"].duplicated(keep=False)
    by = by.assign(heading=by["heading"].astype(object).where(~is_alone, ""))
    total = pd.DataFrame({"item": ["total"], "npv_musd": [float(by["npv_musd"].sum())], "heading": [""]})
    table: pd.DataFrame = pd.concat([total, by], ignore_index=True)
    return table


def _service(solved: PlanViews) -> pd.DataFrame:
    summary = solved.results.tables["summary"]
    names = ["year", "demand_kh100e", "served_kh100e", "rented_kh100e", "saved_kh100e"]
    return pd.DataFrame(summary[[*names, "unmet_kh100e"]])
