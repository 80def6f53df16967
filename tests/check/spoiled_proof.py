"""One thing wrong with a plan, its proof or its duals, and the check that finds it."""

from __future__ import annotations

import dataclasses
from functools import partial

import numpy as np
from spoiled import cells, plus, renamed, times, without

from planner.check.optimality import StoredProgram


def proven(plan, table, **columns):
    """Return the plan with other numbers in a table of its proof."""
    frame = getattr(plan.proof, table).assign(**columns)
    return dataclasses.replace(plan, proof=dataclasses.replace(plan.proof, **{table: frame}))


def reported(plan, **numbers):
    """Return the plan of a solver that reports other numbers, in its table `solution` too."""
    names = {"bound_musd": "dual_bound_musd"}
    reported = {names.get(name, name): [number] for name, number in numbers.items()}
    table = plan.tables["solution"].assign(**reported)
    return dataclasses.replace(plan.reported(solution=table), **numbers)


def duals_times(factor, plan):
    """Multiply every dual, where it is stored and in every figure that is made of it."""
    reported = {
        "prices": ("value", "raw_dual"),
        "headroom": (
            "value_npv_usd_per_mw",
            "value_usd_per_mw_year",
            "firm_value_npv_usd_per_mw",
            "firm_value_usd_per_mw_year",
        ),
        "carbon_year": ("cap_value_npv_usd_per_t", "cap_value_usd_per_t"),
    }
    for name, columns in reported.items():
        table = plan.tables[name]
        plan = plan.reported(**{name: table.assign(**{c: table[c] * factor for c in columns})})
    return proven(plan, "rows", dual=plan.proof.rows["dual"] * factor)


def price_duals_times(factor, plan):
    """Multiply the duals in the table of prices alone."""
    table = plan.tables["prices"]
    more = {name: table[name] * factor for name in ("value", "raw_dual")}
    return plan.reported(prices=table.assign(**more))


def no_prices(plan):
    assert len(plan.tables["prices"]) > 5
    return plan.reported(prices=plan.tables["prices"].iloc[:0])


def price_twice(plan):
    table = plan.tables["prices"]
    return plan.reported(prices=table.loc[[*table.index, table.index[-1]]].reset_index(drop=True))


def missing_price(column, plan):
    return plan.reported(prices=cells(plan.tables["prices"], [0], **{column: np.nan}))


def without_duals(plan):
    return proven(plan, "rows", dual=np.nan)


def a_dual_missing(plan):
    dual = plan.proof.row("dual").copy()
    dual[int(np.argmax(np.abs(dual)))] = np.nan
    return proven(plan, "rows", dual=dual)


def dual_turned(plan):
    """Turn the sign of the largest dual of a limit."""
    proof, dual = plan.proof, plan.proof.row("dual").copy()
    one_sided = np.isfinite(proof.row("lower")) != np.isfinite(proof.row("upper"))
    at = int(np.argmax(np.where(one_sided, np.abs(dual), 0.0)))
    assert abs(dual[at]) > 1e-3
    dual[at] *= -1.0
    return proven(plan, "rows", dual=dual)


def demand_costlier(plan):
    """Raise the dual of a demand: serving it would earn more than it costs."""
    proof, dual = plan.proof, plan.proof.row("dual").copy()
    is_demand = (proof.rows["family"] == "demand_balance").to_numpy()
    dual[int(np.argmax(np.where(is_demand, dual, 0.0)))] *= 1.001
    return proven(plan, "rows", dual=dual)


def slack_priced(plan):
    """Price a limit that is not reached."""
    proof, dual = plan.proof, plan.proof.row("dual").copy()
    value, _ = StoredProgram(proof).rows_of(proof.column("x"))
    slack = proof.row("upper") - value
    at = int(np.argmax(np.where(np.isfinite(slack) & (slack > 1.0) & (dual == 0.0), 1, 0)))
    assert slack[at] > 1.0
    dual[at] = -1e-2
    return proven(plan, "rows", dual=dual)


def same_labels(plan):
    """The first two rows of a family have the labels of the first."""
    rows = plan.proof.rows
    labels = [name for name in rows if name not in ("lower", "upper", "dual", "bound_dual")]
    at = rows.index[rows["family"] == "hall_power"][:2]
    changed = rows.copy()
    changed.loc[at[1], labels] = rows.loc[at[0], labels].to_numpy()
    return dataclasses.replace(plan, proof=dataclasses.replace(plan.proof, rows=changed))


def row_tighter(plan):
    """Let a limit that is reached be a little less."""
    proof, upper = plan.proof, plan.proof.row("upper").copy()
    value, _ = StoredProgram(proof).rows_of(proof.column("x"))
    full = np.isfinite(upper) & (np.abs(upper - value) < 1e-9) & (np.abs(value) > 1.0)
    upper[int(np.argmax(full))] *= 0.999
    return proven(plan, "rows", upper=upper)


def decision_out_of_bounds(plan):
    x = plan.proof.column("x")
    at = int(np.argmax(x))
    upper = plan.proof.column("upper").copy()
    upper[at] = 0.999 * x[at]
    return proven(plan, "columns", upper=upper)


def half_a_site(plan):
    x = plan.proof.column("x").copy()
    x[np.flatnonzero(plan.proof.is_integer)[0]] += 0.4
    return proven(plan, "columns", x=x)


def cheaper_program(plan):
    return proven(plan, "columns", cost=0.98 * plan.proof.column("cost"))


def not_the_decision(column, plan):
    """Move a decision of the stored solution away from the tables."""
    x = plan.proof.column("x").copy()
    is_family = (plan.proof.columns["family"] == column).to_numpy()
    at = int(np.argmax(np.where(is_family, x, -1.0)))
    assert x[at] > 1e-3, f"{column} has nothing to spoil"
    x[at] *= 1.01
    return proven(plan, "columns", x=x)


def flag_turned(flag, plan):
    table = plan.tables["headroom"]
    return plan.reported(headroom=table.assign(**{flag: ~table[flag]}))


def worth_more(table, column, plan):
    """Say that one more of a limit is worth 5 USD more than it is."""
    rows = [len(plan.tables[table]) - 1]
    return plan.reported(**{table: cells(plan.tables[table], rows, **{column: lambda old: old + 5.0})})


def in_solution(plan, **columns):
    table = plan.tables["solution"]
    return plan.reported(solution=table.assign(**{name: [value] for name, value in columns.items()}))


def bound_above(plan):
    return reported(plan, bound_musd=plan.objective_musd * 1.001)


def bound_below_without_gap(plan):
    return reported(plan, bound_musd=plan.objective_musd * 0.99, gap_frac=0.0)


def bound_too_high(plan):
    """Call a bound that nothing proves that of the relaxation."""
    assert plan.bound_musd < plan.objective_musd * (1.0 - 1e-5)
    return reported(plan, bound_musd=plan.objective_musd, gap_frac=0.0, status="optimal")


def search_below_relaxation(plan):
    lower = reported(plan, bound_musd=plan.bound_musd * 0.99)
    return proven(lower, "program", bound_by=["search"])


def bound_duals_times(factor, plan):
    return proven(plan, "rows", bound_dual=plan.proof.rows["bound_dual"] * factor)


SPOILED_PROOF = (
    ("all duals doubled", "strong_duality", partial(duals_times, 2.0)),
    ("all duals halved", "strong_duality", partial(duals_times, 0.5)),
    ("all duals doubled in a bound", "bound_proven", partial(duals_times, 2.0)),
    ("all prices doubled", "prices_as_solved", partial(price_duals_times, 2.0)),
    ("all prices halved", "prices_as_solved", partial(price_duals_times, 0.5)),
    ("there are no prices", "prices_as_solved", no_prices),
    ("a price is gone", "prices_as_solved", partial(without, "prices", "value")),
    ("a price is there twice", "prices_as_solved", price_twice),
    ("a price of another limit", "prices_as_solved", partial(renamed, "prices", "block", "other")),
    ("a price has another unit", "prices_as_solved", partial(renamed, "prices", "unit", "USD/kW")),
    ("a raw dual is missing", "prices_as_solved", partial(missing_price, "raw_dual")),
    ("a price is missing", "prices_as_solved", partial(missing_price, "value")),
    ("an optimum without duals", "dual_signs", without_duals),
    ("an optimum lacks a dual", "dual_signs", a_dual_missing),
    ("a dual lacks and nothing is proven", "strong_duality", a_dual_missing),
    ("a dual has the wrong sign", "dual_signs", dual_turned),
    ("serving would earn", "dual_feasible", demand_costlier),
    ("what is plenty has a dual", "strong_duality", slack_priced),
    ("a row has the labels of another", "program_labels_apart", same_labels),
    ("a limit is passed", "program_rows_kept", row_tighter),
    ("a decision is missing", "program_bounds_kept", lambda p: proven(p, "columns", x=np.nan)),
    ("a decision leaves its bounds", "program_bounds_kept", decision_out_of_bounds),
    ("the program has other costs", "program_objective", cheaper_program),
    ("the bound is above the objective", "bound_below_objective", bound_above),
    ("an optimum has no bound", "bound_below_objective", lambda p: reported(p, bound_musd=np.nan)),
    ("gap 0 beside a lower bound", "gap_of_bound", bound_below_without_gap),
    ("a lower bound than proven", "bound_proven", bound_below_without_gap),
    ("headroom binds where it does not", "tables_as_stated", partial(flag_turned, "binds")),
    ("firm headroom binds elsewhere", "tables_as_stated", partial(flag_turned, "firm_binds")),
    ("a limit's worth", "tables_as_stated", partial(worth_more, "headroom", "value_usd_per_mw_year")),
    ("a cap's worth", "tables_as_stated", partial(worth_more, "carbon_year", "cap_value_usd_per_t")),
    ("the discount rate is 0", "solution_table", lambda p: in_solution(p, discount_rate_frac=0.0)),
    ("money of another year", "solution_table", partial(plus, "solution", "base_year", 1)),
    ("the bound is reported lower", "solution_table", partial(times, "solution", "dual_bound_musd", 0.9)),
    ("duals are denied", "solution_table", lambda p: in_solution(p, has_duals=False)),
    ("duals of something else", "solution_table", lambda p: in_solution(p, duals_of="program?")),
    ("integers are denied", "solution_table", partial(plus, "solution", "whole_numbers", 3)),
    ("no solution is reported", "solution_table", lambda p: p.reported(solution=p.tables["solution"][:0])),
    *(
        (f"{family} is another", "tables_as_stated", partial(not_the_decision, family))
        for family in ("served", "used", "install", "build", "expand", "open", "defer_mw")
    ),
    *(
        (f"{table} tells another", "tables_as_stated", partial(times, table, column, 1.01))
        for table, column in (("assignment", "served_kh100e"), ("plan", "used_mw"), ("installs", "installed_mw"))
    ),
)
"""Of a linear plan: what is wrong, the check that finds it, and how to spoil a plan so."""

SPOILED_WHOLE_PROOF = (
    ("a site is open in part", "program_integers_whole", half_a_site),
    ("a bound that nothing proves", "bound_proven", bound_too_high),
    ("the bound of a search below", "bound_proven", search_below_relaxation),
    ("bound duals doubled", "bound_proven", partial(bound_duals_times, 2.0)),
    ("bound duals halved", "bound_proven", partial(bound_duals_times, 0.5)),
    ("no bound duals", "bound_proven", lambda p: proven(p, "rows", bound_dual=np.nan)),
    ("duals doubled", "strong_duality", lambda p: proven(p, "rows", dual=2 * p.proof.rows["dual"])),
    ("duals of the whole program", "solution_table", lambda p: in_solution(p, duals_of="program")),
)
"""Of a plan with integers, in the same way."""
