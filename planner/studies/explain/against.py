"""Two sites compared part by part: what one more MW of the same racks costs at each, and is worth.

Shadow prices are shared: what binds is paid at its price at either site, so that neither the age of
what exists there nor its mix of work counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.base.errors import InputError, Problem
from planner.base.units import USD_PER_MUSD
from planner.family.payments import discount
from planner.lp import ArrayProblem, Axis, HighsSession, Index
from planner.model import ALL_COSTS, build_model
from planner.outputs.labels import item_words
from planner.studies.explain.words import Number, Statement, number
from planner.studies.solve.at_plan import proof_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from planner.base.arrays import Bools, Floats
    from planner.model import Model
    from planner.results.proof import Proof
    from planner.runs.plan import PlanViews

COMPARED: Final = "One more MW of the same racks"
_NO_PRICE: Final = 1e-9
_SMALL: Final = 1e-5  # MUSD for a unit that moves for nothing, so that as little moves as can
_STATED_USD: Final = 0.5
_TOGETHER: Final = "all together"
_WORK: Final = "the work it does"
_RACKS_AND_ROOM: Final = "racks and room for them"
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
    "demand_balance": _WORK,
}
"""Names of parts; what is paid both by a line of the cost and at a shadow price is one part."""


@dataclass(frozen=True, eq=False)
class _Priced:
    """The program of a plan with its duals, its cost lines, and what is priced at a site."""

    proof: Proof  # program, plan and duals
    lines: Mapping[str, Floats]  # cost of one unit of every column by line of the cost table, net present value. [MUSD]

    def site_of(self, table: str) -> np.ndarray:
        """Return the site of each of the rows or columns; empty where they have none."""
        return np.asarray(getattr(self.proof, table)["site"].astype(str))


def compare_sites(
    solved: PlanViews, site: str, against: str, workload: str | None = None, year: int | None = None
) -> pd.DataFrame:
    """Price one more MW of racks of one kind for one workload at two sites."""
    year = solved.inputs.years.years[-1] if year is None else year
    proof = proof_of(solved.run)
    if proof is None:
        raise InputError([_problem("the run stores no shadow prices", "a plan solved to its end")])
    model = build_model(solved.inputs)
    priced = _Priced(proof, _cost_lines(model))
    used = _common_use(priced, (site, against), workload, year)
    worth = _weight(model, year)
    of_site, of_other = (_parts(priced, name, used[name], USD_PER_MUSD / worth) for name in (site, against))
    table = pd.DataFrame({"usd_per_mw_year": of_site, "against_usd_per_mw_year": of_other})
    table = table.fillna(0.0)
    table = table[(table.abs() > _STATED_USD).any(axis=1)]
    table["difference_usd_per_mw_year"] = table.diff(axis=1).iloc[:, -1] * -1.0
    order = table["difference_usd_per_mw_year"].abs().sort_values(ascending=False).index
    table = table.loc[order]
    table.loc[_TOGETHER] = table.sum()
    first = proof.columns.loc[used[site]]
    return (
        table.rename_axis("part")
        .reset_index()
        .assign(rack=str(first["rack"]), workload=str(first["workload"]), year=year)
    )


def _problem(what_is: str, must_be: str) -> Problem:
    return Problem.of("--against", what_is, must_be, "name two other sites, or solve again")


def _cost_lines(model: Model) -> dict[str, Floats]:
    """Return what one unit of every column pays by line, net present value. [MUSD]"""
    columns, factor = model.problem.numVariables(), discount(model)
    found: dict[str, Floats] = {}
    for line in ALL_COSTS:
        payments = line.build(model)
        value = payments.value_of_term * factor[payments.over["calendar"]][payments.row]
        found[line.name] = np.bincount(payments.column, value, minlength=columns).astype(np.float64)
    return found


def _weight(model: Model, year: int) -> float:
    """Return what one dollar in each calendar year of a model year is worth now. [-]"""
    at = list(model.p.years.years).index(year)
    return float(discount(model)[model.model_year_of == at].sum())


def _common_use(priced: _Priced, sites: tuple[str, str], workload: str | None, year: int) -> dict[str, int]:
    """Return for each site the best column of the use of one rack for one workload."""
    columns = priced.proof.columns
    row, column, value = priced.proof.terms()
    paid = np.nan_to_num(priced.proof.row("dual"))[row] * value
    net = priced.proof.column("cost") - np.bincount(column, paid, minlength=len(columns))
    uses = columns[
        (columns["family"].astype(str) == "used")
        & (columns["year"].astype(str) == str(year))
        & columns["site"].astype(str).isin(sites)
    ].assign(net=lambda frame: net[frame.index])
    uses = uses.astype(dict.fromkeys(("site", "rack", "workload"), str))
    both = uses.groupby(["workload", "rack"]).filter(lambda rows: rows["site"].nunique() == 2)
    if workload is None and len(both):
        workload = str(both.groupby("workload")["x"].sum().idxmax())
    both = both[both["workload"] == workload]
    if both.empty:
        what = f"no rack for {workload or 'any workload'} can be at both {sites[0]} and {sites[1]}"
        raise InputError([_problem(f"{what} in {year}", "two sites that can have the same racks")])
    least = both.groupby(["rack", "site"])["net"].min().groupby("rack").sum()
    of_rack = both[both["rack"] == least.idxmin()]
    found = {}
    for site in sites:
        at_site = of_rack[of_rack["site"] == site]
        found[site] = int(at_site.index[int(at_site["net"].to_numpy().argmin())])
    return found


def _parts(priced: _Priced, site: str, use: int, usd_per_musd: float) -> pd.Series:
    """Return what one more MW of a use of racks pays, by cost line and by what binds. [USD/MW-year]

    The least that must move with it is found by a small program over the columns of the site: its
    balances hold, limits with a price are paid at it, others hold, and no other use of racks moves.
    """
    proof = priced.proof
    here = np.flatnonzero(priced.site_of("columns") == site)
    family = np.asarray(proof.columns["family"].astype(str))[here]
    row, column, value = proof.terms()
    place = np.full(len(proof.columns), -1)
    place[here] = np.arange(len(here))
    kept = place[column] >= 0
    row, column, value = row[kept], place[column[kept]], value[kept]
    dual, lower, upper = np.nan_to_num(proof.row("dual")), proof.row("lower"), proof.row("upper")
    # What comes in integers is priced with their number as planned: more of it may pay without end.
    comes_whole, numbers = _in_integers(proof)
    is_balance = (lower == upper) & ~comes_whole
    is_priced = (priced.site_of("rows") != site) | (~is_balance & (np.abs(dual) > _NO_PRICE))
    paid = np.where(is_priced[row], dual[row] * value, 0.0)
    cost = proof.column("cost")[here] - np.bincount(column, paid, minlength=len(here))
    x = _solve(
        cost,
        _room(proof, here, fixed=(family == "used") | numbers[here]),
        (row, column, value, ~is_priced),
        (lower - _activity(proof), upper - _activity(proof)),
        int(place[use]),
    )
    is_of_users = ~proof.rows["region"].astype(object).fillna("").eq("")
    block = np.where(is_of_users, "demand_balance", proof.rows["family"].astype(str))
    parts = pd.concat(
        [
            pd.Series({name: float(line[here] @ x) for name, line in priced.lines.items()}),
            pd.Series(-paid * x[column]).groupby(block[row]).sum(),
        ]
    )
    names = dict(_NAMES)
    if comes_whole.any():  # what racks are worth at a site then follows from rounding, and room with it
        names |= dict.fromkeys(("racks_alive", "hall_power", "hall_space"), _RACKS_AND_ROOM)
    return parts.groupby(lambda part: names.get(part, item_words(part))).sum() * usd_per_musd


def _in_integers(proof: Proof) -> tuple[Bools, Bools]:
    """Say which balances make racks or phases integer, and which columns count them."""
    row, column, _ = proof.terms()
    is_count = proof.is_integer[column] & (proof.row("lower") == proof.row("upper"))[row]
    rows, columns = np.zeros(len(proof.rows), np.bool_), np.zeros(len(proof.columns), np.bool_)
    rows[row[is_count]] = True
    columns[column[is_count]] = True
    return rows, columns


def _activity(proof: Proof) -> Floats:
    row, column, value = proof.terms()
    found: Floats = np.bincount(row, value * proof.column("x")[column], minlength=len(proof.rows)).astype(np.float64)
    return found


def _room(proof: Proof, here: np.ndarray, *, fixed: Bools) -> tuple[Floats, Floats]:
    """Return how far columns of a site may go down and up from the plan."""
    x = proof.column("x")[here]
    down = np.minimum(proof.column("lower")[here] - x, 0.0)
    up = np.maximum(proof.column("upper")[here] - x, 0.0)
    down[proof.is_integer[here]] = 0.0
    down[fixed] = up[fixed] = 0.0
    return down, up


def _solve(
    cost: Floats,
    room: tuple[Floats, Floats],
    terms: tuple[np.ndarray, np.ndarray, Floats, Bools],
    bounds: tuple[Floats, Floats],
    use: int,
) -> Floats:
    """Return the cheapest move of the columns of a site with one more of a use, by column."""
    row, column, value, holds = terms
    down, up = room
    up = up.copy()
    up[use] = 1.0
    kept = holds[row]
    rows, at = np.unique(row[kept], return_inverse=True)
    problem = ArrayProblem("one more MW")
    over = Index.full("column", Axis("column", tuple(map(str, range(len(cost))))))
    balances = Index.full("row", Axis("row", tuple(map(str, rows))))
    more = problem.variable("more", over, 0.0, up)
    less = problem.variable("less", over, 0.0, -down)
    moves = (more - less).map(balances, column[kept], at, value[kept])
    low, high = (np.where(np.isfinite(end), end, 0.0)[rows] for end in bounds)
    has_low, has_high = (np.flatnonzero(np.isfinite(end)[rows]) for end in bounds)
    problem.rows("least", moves.select(has_low, "low") >= np.minimum(low, 0.0)[has_low])
    problem.rows("most", moves.select(has_high, "high") <= np.maximum(high, 0.0)[has_high])
    problem.rows("one", more.select(np.array([use]), "one") >= 1.0)
    problem.minimise((cost * (more - less) + _SMALL * (more + less)).total())
    found = HighsSession(problem).solve()
    if found.status != "optimal":
        message = "one more MW of these racks cannot be housed there"
        raise InputError([_problem(message, "sites that can have more of them")])
    return more.value(found.x) - less.value(found.x)


def about_two_sites(tables: Mapping[str, pd.DataFrame], site: str, against: str) -> Iterator[Statement]:
    """Say part by part why one more MW costs more at one site than at another."""
    table = tables["against"]
    first = table.iloc[0]
    *listed, (total, other, difference) = [_of(tables, str(part)) for part in table["part"]]
    if max(abs(total.value), abs(other.value)) < _STATED_USD:
        of_both = f"as much as its work is worth at both {site} and {against}: they are even"
    else:
        of_both = " and ".join(f"{_more(one.value)} at {name}" for one, name in ((total, site), (other, against)))
    text = (
        f"One more MW of {first['rack']} for {first['workload']} in {first['year']}, with what "
        f"binds paid at its shadow price, costs {of_both}."
    )
    yield Statement(COMPARED, text, (total, other))
    usd = _whole([one[2].value for one in listed])
    words = [f"{name} {by:+,}" for name, by in zip(table["part"], usd, strict=False) if by]
    text = (
        f"At {site} it costs, against {against}, in USD/MW-year: {', '.join(words)}; together {sum(usd):+,}."
        if words
        else f"Every part of it costs the same at {site} and {against}."
    )
    yield Statement(COMPARED, text, (difference, *(one[2] for one in listed)))


def _more(usd: float) -> str:
    """Say how much more than its work is worth something costs."""
    if abs(usd) < _STATED_USD:
        return "as much as its work is worth"
    return f"{abs(round(usd)):,} USD/MW-year {'more' if usd > 0.0 else 'less'} than its work is worth"


def _of(tables: Mapping[str, pd.DataFrame], part: str) -> tuple[Number, Number, Number]:
    unit = "USD/MW-year"
    names = ("usd_per_mw_year", "against_usd_per_mw_year", "difference_usd_per_mw_year")
    one, two, three = (number(tables, "against", name, unit, part=part) for name in names)
    return one, two, three


def _whole(values: list[float]) -> list[int]:
    """Round so that the rounded values add up to the rounded sum.

    >>> _whole([2.4, 3.4, -1.1])
    [3, 3, -1]
    """
    down = np.floor(values).astype(int)
    left = round(sum(values)) - int(down.sum())
    order = np.argsort(down - np.asarray(values), kind="stable")
    down[order[:left]] += 1
    return [int(value) for value in down]
