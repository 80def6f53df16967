"""Why a plan is as it is: what binds, what more is worth, why a site and not another, why a year."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.base.errors import InputError, Problem, raise_all
from planner.base.units import USD_PER_MUSD
from planner.family.payments import discount
from planner.family.table_columns import mask_at
from planner.inputs.build import refuse_short_view
from planner.limits.binding import binding, demand_price
from planner.lp import ArrayProblem, Axis, HighsSession, Index
from planner.model import ALL_COSTS, Model, build_model
from planner.outputs.labels import item_words
from planner.studies.explain.again import Try, about_steps, builds, counted, list_tries, one_more, tried, would_try
from planner.studies.explain.places import about_site, about_year, site_tables, touches, year_tables
from planner.studies.explain.words import (
    Explanation,
    Names,
    Statement,
    about_compute,
    about_cost,
    about_limits,
    number,
    reported_rows,
)
from planner.studies.solve.asking import Asking, proof_of

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from planner.base.arrays import Bools, Floats, Positions
    from planner.results.proof import Proof
    from planner.runs.plan import PlanViews

# --- Two sites compared part by part: what one more MW of the same racks costs at each, and is worth ---

COMPARED: Final = "One more MW of the same racks"
_NO_PRICE: Final = 1e-9
_SMALL: Final = 1e-5  # MUSD for a unit that moves for nothing, so that as little moves as can
_STATED_USD: Final = 0.5
_NAMES: Final = {
    "hall_power": "room in halls",
    "hall_space": "floor of halls",
    "racks_alive": "the racks",
    "whole_racks": "rack purchase",
    "hall_phases": "hall construction",
    "opening": "opening of the site",
    "site_opening": "opening of the site",
    "billed_peak": item_words("electricity_demand"),
    "grid_connection": "interconnection",
    "demand_balance": "the work it does",
}
"""Names of parts; what is paid both by a line of the cost and at a shadow price is one part."""


def compare_sites(
    solved: PlanViews, site: str, against: str, workload: str | None = None, year: int | None = None
) -> pd.DataFrame:
    """Price one more MW of racks of one kind for one workload at two sites."""
    years = solved.inputs.years.years
    year = years[-1] if year is None else year
    proof = proof_of(solved.run)
    if proof is None:
        raise InputError([_problem("the run stores no shadow prices", "a plan solved to its end")])
    model = build_model(solved.inputs)
    lines, used = _cost_lines(model), _common_use(proof, (site, against), workload, year)
    # What one dollar in each calendar year of the model year is worth now.
    worth = float(discount(model)[model.model_year_of == years.index(year)].sum())
    of_site, of_other = (_parts(proof, lines, name, used[name]) * USD_PER_MUSD / worth for name in (site, against))
    table = pd.DataFrame({"usd_per_mw_year": of_site, "against_usd_per_mw_year": of_other}).fillna(0.0)
    table = table[(table.abs() > _STATED_USD).any(axis=1)]
    difference = table["usd_per_mw_year"] - table["against_usd_per_mw_year"]
    table = table.assign(difference_usd_per_mw_year=difference).loc[difference.abs().sort_values(ascending=False).index]
    table.loc["all together"] = table.sum()
    first = proof.columns.loc[used[site]]
    table = table.rename_axis("part").reset_index()
    return table.assign(rack=str(first["rack"]), workload=str(first["workload"]), year=year)


def _problem(what_is: str, must_be: str) -> Problem:
    return Problem.of("--against", what_is, must_be, "name two other sites, or solve again")


def _cost_lines(model: Model) -> dict[str, Floats]:
    """Return what one unit of every column pays by line, net present value. [MUSD]"""
    columns, factor = model.problem.column_count, discount(model)
    found: dict[str, Floats] = {}
    for line in ALL_COSTS:
        payments = line.build(model)
        value = payments.value_of_term * factor[payments.over["calendar"]][payments.row]
        found[line.name] = np.bincount(payments.column, value, minlength=columns).astype(np.float64)
    return found


def _common_use(proof: Proof, sites: tuple[str, str], workload: str | None, year: int) -> dict[str, int]:
    """Return for each site the best column of the use of one rack for one workload."""
    columns = proof.columns
    row, column, value = proof.terms()
    paid = np.nan_to_num(proof.row("dual"))[row] * value
    net = proof.column("cost") - np.bincount(column, paid, minlength=len(columns))
    is_use = (columns["family"].astype(str) == "used") & (columns["year"].astype(str) == str(year))
    uses = columns.assign(net=net)[is_use & columns["site"].astype(str).isin(sites)]
    uses = uses.astype(dict.fromkeys(("site", "rack", "workload"), str))
    both = uses.groupby(["workload", "rack"]).filter(lambda rows: rows["site"].nunique() == 2)
    if workload is None and len(both):
        workload = str(both.groupby("workload")["x"].sum().idxmax())
    both = both[both["workload"] == workload]
    if both.empty:
        what = f"no rack for {workload or 'any workload'} can be at both {sites[0]} and {sites[1]}"
        raise InputError([_problem(f"{what} in {year}", "two sites that can have the same racks")])
    least = both.groupby(["rack", "site"])["net"].min().groupby("rack").sum()
    best = both[both["rack"] == least.idxmin()].groupby("site")["net"].idxmin()
    return {site: int(best[site]) for site in sites}


def _parts(proof: Proof, lines: Mapping[str, Floats], site: str, use: int) -> pd.Series:
    """Return what one more MW of a use of racks pays, by cost line and by what binds, net present value. [MUSD/MW]

    A small program over the columns of the site finds the least that must move with it: its balances hold, limits with
    a price are paid at it, others hold, and no other use of racks moves.
    """
    columns, rows = proof.columns.astype({"site": str, "family": str}), proof.rows.astype({"site": str, "family": str})
    row, column, value = proof.terms()
    dual, is_balance = np.nan_to_num(proof.row("dual")), proof.row("lower") == proof.row("upper")
    # What comes in integers is priced with their number as planned: more of it may pay without end.
    is_count = proof.is_integer[column] & is_balance[row]
    comes_whole, counts = mask_at((len(rows),), row[is_count]), mask_at((len(columns),), column[is_count])
    is_priced = np.asarray(rows["site"] != site) | ((~is_balance | comes_whole) & (np.abs(dual) > _NO_PRICE))
    paid = np.where(is_priced[row], dual[row] * value, 0.0)
    cost = proof.column("cost") - np.bincount(column, paid, minlength=len(columns))
    here, fixed = np.flatnonzero(columns["site"] == site), np.asarray(columns["family"] == "used") | counts
    x = np.zeros(len(columns))
    x[here] = _cheapest_move(proof, here, use, cost[here], ~is_priced, fixed[here])
    is_of_users = ~proof.rows["region"].astype(object).fillna("").eq("")
    block = np.where(is_of_users, "demand_balance", rows["family"])
    paid_by_block = pd.Series(-paid * x[column]).groupby(block[row]).sum()
    parts = pd.concat([pd.Series({name: float(line @ x) for name, line in lines.items()}), paid_by_block])
    names = dict(_NAMES)
    if comes_whole.any():  # what racks are worth at a site then follows from rounding, and room with it
        names |= dict.fromkeys(("racks_alive", "hall_power", "hall_space"), "racks and room for them")
    return parts.groupby(lambda part: names.get(part, item_words(part))).sum()


def _cheapest_move(proof: Proof, here: Positions, use: int, cost: Floats, holds: Bools, fixed: Bools) -> Floats:
    """Return the cheapest move of a site's columns with one more of a use; some are `fixed`, some rows hold."""
    row, column, value = proof.terms()
    x = proof.column("x")
    down, up = np.minimum(proof.column("lower") - x, 0.0)[here], np.maximum(proof.column("upper") - x, 0.0)[here]
    down[proof.is_integer[here] | fixed], up[fixed] = 0.0, 0.0
    up[here == use] = 1.0
    place = np.full(len(x), -1)
    place[here] = np.arange(len(here))
    kept = (place[column] >= 0) & holds[row]
    rows, at = np.unique(row[kept], return_inverse=True)
    problem = ArrayProblem("one more MW")
    over = Index.full("column", Axis("column", tuple(map(str, range(len(here))))))
    balances = Index.full("row", Axis("row", tuple(map(str, rows))))
    more = problem.variable("more", over, 0.0, up)
    less = problem.variable("less", over, 0.0, -down)
    moves = (more - less).map(balances, place[column[kept]], at, value[kept])
    activity = np.bincount(row, value * x[column], minlength=len(proof.rows))
    low, high = (proof.row(end)[rows] - activity[rows] for end in ("lower", "upper"))
    has_low, has_high = (np.flatnonzero(np.isfinite(end)) for end in (low, high))
    problem.rows("least", moves.select(has_low, "low") >= np.minimum(low, 0.0)[has_low])
    problem.rows("most", moves.select(has_high, "high") <= np.maximum(high, 0.0)[has_high])
    problem.rows("one", more.select(np.flatnonzero(here == use), "one") >= 1.0)
    problem.minimise((cost * (more - less) + _SMALL * (more + less)).total())
    found = HighsSession(problem).solve()
    if found.status != "optimal":
        message = "one more MW of these racks cannot be housed there"
        raise InputError([_problem(message, "sites that can have more of them")])
    return more.value(found.x) - less.value(found.x)


def about_two_sites(tables: Mapping[str, pd.DataFrame], site: str, against: str) -> Iterator[Statement]:
    """Say part by part why one more MW costs more at one site than at another."""
    table = tables["against"]
    first, unit = table.iloc[0], "USD/MW-year"
    names = ("usd_per_mw_year", "against_usd_per_mw_year", "difference_usd_per_mw_year")
    of_parts = [[number(tables, "against", name, unit, part=str(part)) for name in names] for part in table["part"]]
    *listed, (total, other, difference) = of_parts
    of_both = f"as much as its work is worth at both {site} and {against}: they are even"
    if max(abs(total.value), abs(other.value)) >= _STATED_USD:
        of_both = " and ".join(f"{_more(one.value)} at {name}" for one, name in ((total, site), (other, against)))
    what = f"One more MW of {first['rack']} for {first['workload']} in {first['year']}"
    text = f"{what}, with what binds paid at its shadow price, costs {of_both}."
    yield Statement(COMPARED, text, (total, other))
    usd = _whole([one[2].value for one in listed])
    words = ", ".join(f"{name} {by:+,}" for name, by in zip(table["part"], usd, strict=False) if by)
    text = f"Every part of it costs the same at {site} and {against}."
    if words:
        text = f"At {site} it costs, against {against}, in USD/MW-year: {words}; together {sum(usd):+,}."
    yield Statement(COMPARED, text, (difference, *(one[2] for one in listed)))


def _more(usd: float) -> str:
    """Say how much more than its work is worth something costs."""
    if abs(usd) < _STATED_USD:
        return "as much as its work is worth"
    return f"{abs(round(usd)):,} USD/MW-year {'more' if usd > 0.0 else 'less'} than its work is worth"


def _whole(values: list[float]) -> list[int]:
    """Round so that the rounded values add up to the rounded sum.

    >>> _whole([2.4, 3.4, -1.1])
    [3, 3, -1]
    """
    down = np.floor(values).astype(int)
    order = np.argsort(down - np.asarray(values), kind="stable")
    down[order[: round(sum(values)) - int(down.sum())]] += 1
    return [int(value) for value in down]


# --- Why a plan is as it is: what binds, what more is worth, why a site, why a year ---------------

AGAIN: Final = "What solving again would add"
_MOST_OF_A_TOPIC: Final = 12
_PLACES_OF_A_LIMIT: Final = 3
_SERVICE: Final = ["year", *(f"{name}_kh100e" for name in ("demand", "served", "rented", "saved", "unmet"))]


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

    `resolve`: solve again, with a little more of each limit reported, one month less of lead time and one millisecond
    more of latency; for a site what it would take for it to have more. Without it values are shadow prices, which may
    be more than a limit is worth alone; the explanation says what solving again would add and how long it would take.
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
    moved: list[int] = []
    if has_prices:
        bound = binding(solved.inputs, solved.results.tables)
        bound = bound if site is None else touches(solved, bound, site)
        bound = bound if year is None else bound[bound["year"] == year].reset_index(drop=True)
        tables["binding"], moved = bound, reported_rows(bound)[:_MOST_OF_A_TOPIC]
    tries = _tries(solved, moved, site, year)
    ask = Asking(counted(report, sum(solves for _, solves in tries)), interrupt)
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
        tables["service"] = solved.results.tables["summary"][_SERVICE]
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
    return _explanation(solved, statements, tables, has_prices, resolve, has_entry=site is not None and resolve)


def _explanation(
    solved: PlanViews, statements: Iterable[Statement], tables: dict[str, pd.DataFrame], *prices: bool, has_entry: bool
) -> Explanation:
    names, basis = Names(solved.inputs), _basis(solved, *prices, has_entry=has_entry)
    return Explanation(solved.scenario.name, basis, tuple(map(names.statement, statements)), tables)


def _two_sites(solved: PlanViews, site: str | None, against: str, year: int | None) -> Explanation:
    """Compare two sites part by part."""
    if site is None or site == against:
        what_is = f"{against!r} is compared with {'no site' if site is None else 'itself'}"
        raise InputError.at("--against", what_is, "another site than that of --site", "name two sites")
    _check(solved, against, None, "--against")
    tables = {"against": compare_sites(solved, site, against, year=year)}
    return _explanation(solved, about_two_sites(tables, site, against), tables, True, False, has_entry=False)


def _tries(solved: PlanViews, moved: Sequence[int], site: str | None, year: int | None) -> list[Try]:
    """List what solving again would add: a site that takes no part has nothing to try."""
    if solved.scenario.foresight.window_years is not None:
        return []  # all years at once are another question
    takes_part = site if site in solved.inputs.sets.site.labels else None
    grows = takes_part is not None and builds(solved, takes_part)
    return list_tries(len(moved), takes_part, steps=site is None and year is None, grows=grows)


def _check(solved: PlanViews, site: str | None, year: int | None, option: str = "--site") -> None:
    problems = []
    known = set(solved.inputs.sets.site.labels) | set(solved.inputs.sites.table["site"])
    if site is not None and site not in known:
        what_is, must_be = f"no site of the plan is called {site!r}", f"one of {', '.join(sorted(known))}"
        problems.append(Problem.of(option, what_is, must_be, "name one of them"))
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
    how = "were found by solving again with a little more of each"
    how = how if is_tried else "are shadow prices, not checked by solving again"
    money = "right for small changes; money is of its year unless it is called NPV"
    return f"Shadow prices are those of {program}, {money}. Values of limits {how}.{entry}"


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
    return pd.DataFrame(pd.concat([total, by], ignore_index=True))
