"""Commands that solve many futures: `dcplan sweep`, `stochastic` and `sensitivity`."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any, Final

import click

from planner.cli.options import (
    JOBS,
    OVERRIDES,
    SCHEDULER,
    STRICT,
    into_folder,
    option,
    print_cells,
    print_notes,
    print_table,
    say,
)
from planner.cli.study import FILE, SCENARIO, study_command
from planner.outputs.own_folder import SENSITIVITY, STOCHASTIC, SWEEP

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from planner.cli.options import Column
    from planner.cli.progress import Progress
    from planner.outputs.study_files import Sensitivity
    from planner.studies.stochastic import Stochastic
    from planner.studies.sweep import SweepResult


_MOST_ROWS: Final = 24
_MOST_FAILED: Final = 5
_MOST_THINGS: Final = 12


def _print_sweep(result: SweepResult) -> None:
    from planner.base.words import amount, and_more, unit_of_money
    from planner.results.cost_difference import GAPS_RANK, LEAST_PENALTY_MUSD, PlanCost, rank_words

    futures = result.futures
    unit, factor, decimals = unit_of_money(futures["objective_musd"])

    def money(musd: float) -> str:
        return f"{musd * factor:,.{decimals}f}" if musd == musd else ""  # noqa: PLR0124  nan

    figures = _unmet_and_nameplate(result)
    ends = figures["year"].unique()
    year = f"{ends[0]:.0f}" if len(ends) == 1 else "in its last year"
    has_penalty = (futures["penalty_musd"] >= LEAST_PENALTY_MUSD).any()
    rows = futures.head(_MOST_ROWS).merge(figures.drop(columns="year").astype("float64"), on="future", how="left")
    print_table(
        rows,
        (
            ("Future", "{future}"),
            ("Status", lambda row: f"{row['status']}{', breaks ' + row['broken'] if row['broken'] else ''}"),
            (f"Cost, {unit}", lambda row: money(row["objective_musd"])),
            ("Gap", lambda row: f"{row['gap_frac']:.2%}" if row["gap_frac"] >= 0.0 else ""),
            ("Rank", lambda row: rank_words(row["rank_low"], row["rank_high"]) if money(row["objective_musd"]) else ""),
            *([(f"Penalty, {unit}", lambda row: money(row["penalty_musd"]))] if has_penalty else []),
            ("Unmet, %", _known("unmet_frac", "{:.1%}")),
            (f"Nameplate {year}, MW", _known("nameplate_mw", "{:,.0f}")),
        ),
        left={"Future", "Status"},
    )
    if len(futures) > _MOST_ROWS:
        click.echo(f"and {len(futures) - _MOST_ROWS} more in table futures")
    solved = futures.dropna(subset="objective_musd").sort_values("objective_musd")
    if len(solved) > 1:
        low, *_, high = solved.to_dict("records")
        cheapest, dearest = map(PlanCost.from_row, (low, high))
        why = dearest.less(cheapest).explanation
        least, most = (f"{money(of['objective_musd'])} {unit} ({of['future']})" for of in (low, high))
        more = amount(dearest.cost_musd - cheapest.cost_musd, 4)
        click.echo()
        say(f"Cost from {least} to {most}: {more} MUSD{why and f', {why}'}.")
        if (solved["rank_low"] < solved["rank_high"]).any():
            say(GAPS_RANK)
    _print_no_regret(result)
    failed = result.failed
    for name, message in failed[["future", "message"]].head(_MOST_FAILED).itertuples(index=False):
        click.echo(f"\n{name}: " + "\n".join(str(message).removeprefix(f"{name}: ").splitlines()))
    if len(failed) > _MOST_FAILED:
        click.echo(f"{and_more(len(failed), _MOST_FAILED).strip()} in column message of futures")


def _known(name: str, text: str) -> Any:
    """Write a figure of a row, nothing where it is missing."""
    return lambda row: text.format(row[name]).removesuffix("%") if row[name] == row[name] else ""


def _print_no_regret(result: SweepResult) -> None:
    """Print what every future builds and buys, the most of it first."""
    import pandas as pd

    from planner.outputs.labels import LEAST_MW, first_decided, order_words
    from planner.results.ended import PLANNED

    found = result.no_regret
    of_all = found[found["least_mw"] >= LEAST_MW]
    if len(result.futures) < 2 or of_all.empty:
        return
    things = ["kind", "site", "item"]
    years = sorted(of_all["year"].unique())
    least = found.pivot_table(index=things, columns="year", values="least_mw", fill_value=0.0)
    decided = pd.Series({thing: first_decided(of, "least_mw") for thing, of in of_all.groupby(things)})
    least = least.loc[decided.index].sort_values(years[-1], ascending=False)
    planned = int(result.futures["status"].isin(sorted(PLANNED)).sum())
    click.echo()
    say(f"Ordered by that year in each of {planned} futures with a plan, at least (MW):")
    rows = least.assign(by=decided).head(_MOST_THINGS).reset_index().to_dict("records")
    cells = (
        [order_words(*(row[part] for part in things)), *(f"{row[year]:,.1f}" for year in years), row["by"]]
        for row in rows
    )
    print_cells(["", *map(str, years), "first decided by"], cells, left={""})
    if len(least) > _MOST_THINGS:
        click.echo(f"and {len(least) - _MOST_THINGS} more in table no_regret")


def _unmet_and_nameplate(result: SweepResult) -> pd.DataFrame:
    """Return by future `unmet_frac`, by the calendar years each model year stands for, last `year`, `nameplate_mw`."""
    names = ["demand_kh100e", "unmet_kh100e", "nameplate_mw"]
    rows = result.results[result.results["figure"].isin(names)].dropna(subset=["year"])
    by_year = rows.set_index(["future", "year", "figure"])["value"].unstack("figure")
    by_year = by_year.reindex(columns=names).reset_index().sort_values("year")
    of = by_year.groupby("future")
    span_years = of["year"].shift(-1).sub(by_year["year"]).fillna(1.0)
    sums = by_year[names[:2]].mul(span_years, axis=0).groupby(by_year["future"]).sum()
    return of[["year", "nameplate_mw"]].last().assign(unmet_frac=sums["unmet_kh100e"] / sums["demand_kh100e"])


@study_command(
    "sweep",
    FILE,
    into_folder("Folder of the sweep; left out: sweeps/ and the name of FILE, NAME-2 if another file has that."),
    JOBS,
    SCHEDULER,
    OVERRIDES,
    STRICT,
    kind=SWEEP,
    home="sweep.solve_sweep",
    show=_print_sweep,
    json_help="Print table futures as JSON.",
)
def sweep_command(progress: Progress, *, file: str, **asked: Any) -> SweepResult:
    """Solve and check every future of the sweep FILE (a file, or the name of a shipped sweep).

    FILE names a base scenario, and axes over its keys or over figures of the data: lists, ranges,
    grids, Latin hypercube and Sobol samples; or futures by name. Every mistake in it is found
    before anything is solved. A future without a plan fails alone and says why.

    Answers are stored as they come. Stopped in any way, the same command goes on from there.

    Example: dcplan sweep tiny --jobs 2
    """
    from planner.studies.sweep import run_sweep

    return run_sweep(file, **asked, on_stage=progress.stage, on_warning=progress.warn)


# --- `dcplan stochastic`: what to order before it is known which future comes ---------------------

_LEAST: Final = 0.05  # 0.1, rounded
_WHOLE: Final = 0.999  # of a site; where openings are not whole their shares only follow halls
_MOST_LEFT_OUT: Final = 6  # named
_PENALTY_HEADS: Final = {
    "penalty_musd": "Penalty",
    "alone_penalty_musd": "Penalty alone",
    "regret_penalty_musd": "Penalty in regret",
}
"""Penalties of unmet demand, which are printed where there are any."""


def _print_stochastic(found: Stochastic) -> None:
    from planner.base.words import unit_of_money
    from planner.outputs.report.sections.studies import plan_name
    from planner.results.cost_difference import LEAST_PENALTY_MUSD

    unit, factor, decimals = unit_of_money(found.plans["expected_musd"])

    def money(musd: float) -> str:
        return f"{musd * factor:,.{decimals}f}" if isfinite(musd) else "no plan"

    def of(name: str) -> Any:
        return lambda row: money(row[name])

    def penalties(table: pd.DataFrame) -> list[Any]:
        there = [name for name in _PENALTY_HEADS if name in table and (table[name].abs() >= LEAST_PENALTY_MUSD).any()]
        return [(_PENALTY_HEADS[name], of(name)) for name in there]

    say(f"{found.label}: futures are known from {found.known_from}.")
    click.echo()
    _print_decided(found)
    click.echo()
    print_table(
        found.futures,
        (
            ("Future", "{future}"),
            ("Weight", "{weight:.3g}"),
            (f"Cost, {unit}", of("cost_musd")),
            ("Alone", of("alone_musd")),
            ("Regret", of("regret_musd")),
            *penalties(found.futures),
            ("Status", lambda row: f"{row['status']}{', breaks ' + row['broken'] if row['broken'] else ''}"),
        ),
        left={"Future", "Status"},
    )
    click.echo()
    print_table(
        found.plans,
        (
            ("Plan", lambda row: plan_name(row["plan"])),
            (f"Expected cost, {unit}", of("expected_musd")),
            *penalties(found.plans),
            *([] if found.cvar_tail is None else [("CVaR", of("cvar_musd"))]),
            ("Greatest regret", of("greatest_regret_musd")),
        ),
        left={"Plan"},
    )
    click.echo()
    for line in _worth(found, money, unit):
        say(line)


def _print_decided(found: Stochastic) -> None:
    from planner.base.words import and_more
    from planner.outputs.labels import order_words, ordered_by

    decided = found.decided
    is_part = (decided["unit"] == "share") & (decided["ordered"] < _WHOLE)
    shown = decided[(decided["ordered"] >= _LEAST) & ~is_part]
    if shown.empty:
        click.echo(f"Nothing is ordered before {found.known_from}.")
        return
    click.echo(f"Ordered before {found.known_from}, and by futures planned alone:")
    # As many as a screen has room for: of every kind, the largest first.
    place = shown.groupby("kind")["ordered"].rank(ascending=False, method="first").sort_values(kind="stable")
    print_table(
        shown.loc[place.index[:_MOST_ROWS].sort_values()],
        (
            ("", lambda row: order_words(row["kind"], row["site"], row["item"])),
            ("Order by", ordered_by),
            ("Ordered", "{ordered:,.1f}"),
            ("Alone, least", "{least:,.1f}"),
            ("Alone, most", "{most:,.1f}"),
            ("", "{unit}"),
        ),
        left={"", "Order by"},
    )
    if len(shown) > _MOST_ROWS:
        click.echo(f"{and_more(len(shown), _MOST_ROWS).strip()} in table decided")


def _worth(found: Stochastic, money: Any, unit: str) -> list[str]:
    from planner.base.words import some
    from planner.outputs.labels import order_words
    from planner.outputs.report.sections.studies import objective_words, plan_name
    from planner.results.cost_difference import penalty_share_words

    table = found.worth.set_index("measure")
    worth, penalty = table["value_musd"], table["penalty_musd"]

    def words(measure: str) -> str:
        said = penalty_share_words(penalty[measure], worth[measure])
        return f", {said}" if said else ""

    single = plan_name(next(name for name in found.plans["plan"] if name in {"mean", "central"}))
    costs = f"would cost {money(worth['vss'])} {unit} more (VSS){words('vss')}"
    costs = costs if isfinite(worth["vss"]) else "leaves no plan in some future"
    least = f"{money(worth['stochastic'])}"
    weighed = f"The objective is {least} {unit}{words('stochastic')}: orders weigh it as a cost, and"
    lines = [f"{weighed} demand.unmet_usd_per_h100e_hour sets it."] if words("stochastic") else []
    lines.append(f"To know which future comes would be worth {money(worth['evpi'])} {unit} (EVPI){words('evpi')}.")
    lines.append(f"Planning {single} instead {costs}.")
    if found.cvar_tail is not None:
        lines.append(objective_words(found.cvar_weight, found.cvar_tail))
    if found.is_relaxed:
        plans = f"have an objective of {money(worth['plans'])} {unit}, and none is below {least}."
        lines.append(f"Costs, regrets, EVPI and VSS: LP relaxation. The checked plans, with integers, {plans}")
    if len(found.left_out):
        things = some([order_words(*thing) for thing in found.left_out.itertuples(index=False)], _MOST_LEFT_OUT)
        lines.append(f"Not ordered before {found.known_from}, as it is not feasible whole in every future: {things}.")
    sizes = found.sizes
    return [*lines, f"One program of {sizes['rows']:,} rows and {sizes['columns']:,} columns."]


@study_command(
    "stochastic",
    FILE,
    into_folder(
        "Folder for runs and tables; left out: stochastic/ and the name of FILE, NAME-2 if another file has that."
    ),
    OVERRIDES,
    STRICT,
    kind=STOCHASTIC,
    home="stochastic.stochastic",
    show=_print_stochastic,
    json_help="Print the result as JSON.",
)
def stochastic_command(
    progress: Progress, *, file: str, out: Path, overrides: tuple[str, ...], strict: bool, **_: Any
) -> Stochastic:
    """Find what to order before it is known which future of the sweep FILE comes.

    Block uncertainty of FILE says from which year on the future is known, how likely each is, and
    how much bad ones count. Sites, halls, connections, on-site power and PPAs that must be ordered
    before are the same in all futures; racks, rent, later orders and operation follow the future.
    All futures are one linear program. Each future then has a checked run with these orders.

    Also: what it costs to plan for one future, what it would be worth to know which comes, the
    regret of each plan in each future, and what is ordered in every future alone.

    Example: dcplan stochastic tiny-uncertain
    """
    from planner.outputs.own_folder import try_own_folder
    from planner.studies.stochastic import stochastic
    from planner.studies.sweep.file import find_sweep

    try_own_folder(out, STOCHASTIC, find_sweep(file))
    tell: dict[str, Any] = {"on_stage": progress.stage, "on_progress": progress.solver, "on_warning": progress.warn}
    return stochastic(file, overrides=overrides, strict=strict, **tell)


# --- `dcplan sensitivity`: which inputs decide, by solving again and again ------------------------

_HEADS: Final = {
    "tornado": (("at_low", "at low"), ("at_high", "at high")),
    "morris": (("mu_star", "mu*"), ("mu_star_conf", "+/-"), ("sigma", "sigma")),
    "sobol": (("st", "total"), ("st_conf", "+/-"), ("s1", "alone"), ("s1_conf", "+/-")),
}
"""Columns of the table that are printed, with their heads."""
_METHODS: Final = "tornado: one figure at a time; morris: trajectories; sobol: shares of the variance."
_OF: Final = "What is asked of: that, bound_musd, or a column of table summary in its last year."
_STEPS: Final = "Move columns that count in steps, such as lead times, each as one factor."
_PENALTIES: Final = (("penalty_at_low", "penalty"), ("penalty_at_high", "penalty"))
"""What of the changes of a tornado is the penalty of unmet demand, printed where there is any."""


def _show_sensitivity(found: Sensitivity) -> None:
    import pandas as pd

    from planner.results.cost_difference import LEAST_PENALTY_MUSD, rank_words

    is_tornado = found.method == "tornado"
    heads = _HEADS[found.method]
    if is_tornado and (found.table[[name for name, _ in _PENALTIES]].abs() >= LEAST_PENALTY_MUSD).any(axis=None):
        heads += _PENALTIES
    columns: list[Column] = [("Rank", "{rank}"), ("Figure", "{factor}")]
    columns += [(head, _number(name, is_change=is_tornado)) for name, head in heads]
    columns += [
        ("ranks", lambda row: rank_words(int(row["rank_low"]), int(row["rank_high"]))),
        ("1st order", lambda row: "-" if pd.isna(rank := row["first_order_rank"]) else str(int(rank))),
    ]
    say(f"{found.scenario}: which inputs decide {found.of} [{found.unit}]")
    # So wide at most, or a long name would squeeze the numbers out of 80 columns.
    own = {"Figure": {"max_width": 42 - 4 * len(heads), "overflow": "ellipsis"}}
    print_table(found.table, columns, left={"Figure"}, own=own, no_wrap=True)
    print_notes(found.notes)


def _number(name: str, *, is_change: bool) -> Any:
    from math import isnan

    from planner.base.words import amount

    def words(row: Any) -> str:
        value = row[name]
        sign = "-" if value < 0.0 else "+" if is_change else ""
        return "no plan" if isnan(value) else f"{sign}{amount(abs(value))}"

    return words


@study_command(
    "sensitivity",
    SCENARIO,
    option("--method=METHOD", _METHODS, str, "tornado"),
    option("--figures", "How many of the figures that do most to first order are moved.", int, 10),
    option("--trajectories", "Of morris; 10 where left out.", int),
    option("--samples", "Base samples of sobol, a power of 2; 64 if left out.", int),
    option("--seed", "Of the points drawn.", int, 1),
    option("--of=OUTPUT", _OF, str, "objective_musd"),
    option("--steps/--no-steps", _STEPS, bool, True),
    OVERRIDES,
    into_folder(
        "Folder of the study; left out: sensitivity/ and the name of SCENARIO, NAME-2 if another file has that."
    ),
    JOBS,
    SCHEDULER,
    kind=SENSITIVITY,
    home="sensitivity.study",
    show=_show_sensitivity,
)
def sensitivity_command(progress: Progress, **asked: Any) -> Sensitivity:
    """Find which inputs of SCENARIO decide: figures moved between their own low and high.

    The plan is solved; its duals say which figures do most. These are moved and solved again as
    the futures of a sweep: alone (tornado), or all at once, which shows what acts together
    (morris, sobol; extra sensitivity). Ranks come with how stable they are.

    Answers are stored as they come. Stopped in any way, the same command goes on from there, and
    with more trajectories or samples solves only what is new.

    Example: dcplan sensitivity us-base --method morris --figures 8 --trajectories 12
    """
    from planner.studies.sensitivity import sensitivity

    return sensitivity(**asked, on_stage=progress.stage, on_warning=progress.warn, on_design=progress.print_line)
