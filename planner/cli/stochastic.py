"""`dcplan stochastic`: what to order before it is known which future comes."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any, Final

import click

from planner.cli.options import OVERRIDES, STRICT, into_folder, print_written, writing_into

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from planner.base.console import TableConsole
    from planner.studies.stochastic import Stochastic

_MOST_ROWS: Final = 24
_LEAST: Final = 0.05  # 0.1, rounded
_WHOLE: Final = 0.999  # of a site; where openings are not whole their shares only follow halls
_MOST_LEFT_OUT: Final = 6  # named
_PENALTY_HEADS: Final = {
    "penalty_musd": "Penalty",
    "alone_penalty_musd": "Penalty alone",
    "regret_penalty_musd": "Penalty in regret",
}
"""Penalties of unmet demand, which are printed where there are any."""


@click.command("stochastic")
@click.argument("file")
@into_folder("Folder for runs and tables; left out: stochastic/ and the name of FILE, NAME-2 if another file has that.")
@OVERRIDES
@STRICT
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_context
def command(
    context: click.Context, file: str, *, folder: Path | None, overrides: tuple[str, ...], strict: bool, as_json: bool
) -> None:
    """Find what to order before it is known which future of the sweep FILE comes.

    Block uncertainty of FILE says from which year on the future is known, how likely each is, and
    how much bad ones count. Sites, halls, connections, on-site power and PPAs that must be ordered
    before are the same in all futures; racks, rent, later orders and operation follow the future.
    All futures are one linear program. Each future then has a checked run with these orders.

    Also: what it costs to plan for one future, what it would be worth to know which comes, the
    regret of each plan in each future, and what is ordered in every future alone.

    Example: dcplan stochastic tiny-uncertain
    """
    import json

    from planner.cli.progress import Progress
    from planner.outputs.folder_kinds import STOCHASTIC
    from planner.outputs.own_folder import try_own_folder
    from planner.results.ended import worst_exit_code
    from planner.studies.stochastic import stochastic, write_stochastic
    from planner.studies.stochastic.decisions import InfeasibleFuturesError
    from planner.studies.stochastic.found import folder_of
    from planner.studies.sweep.file import find_sweep

    home = folder_of(file, folder)
    try_own_folder(home, STOCHASTIC, find_sweep(file))
    with Progress.from_context(context) as progress:
        try:
            found = stochastic(
                file,
                overrides=overrides,
                on_stage=progress.stage,
                on_progress=progress.solver,
                on_warning=progress.warn,
                strict=strict,
            )
        except InfeasibleFuturesError as error:
            if as_json:
                click.echo(json.dumps(error.to_dict(), indent=2, ensure_ascii=False))
            raise
        progress.stage("Writing runs and tables")
        with writing_into(home):
            found = write_stochastic(found, home)
    if as_json:
        click.echo(json.dumps(found.to_dict(), indent=2, ensure_ascii=False))
    else:
        _print(found)
    print_written(home, as_json=as_json)
    context.exit(worst_exit_code(plan.exit_code for plan in found.runs.values()))


def _print(found: Stochastic) -> None:
    from planner.base.console import TableConsole, wrapped
    from planner.base.words import unit_of_money
    from planner.outputs.report.sections.orders import plan_name
    from planner.results.cost_difference import LEAST_PENALTY_MUSD

    console = TableConsole()
    unit, factor, decimals = unit_of_money(found.plans["expected_musd"])

    def money(musd: float) -> str:
        return f"{musd * factor:,.{decimals}f}" if isfinite(musd) else "no plan"

    of_futures, of_plans = (
        tuple(name for name in names if (table[name].abs() >= LEAST_PENALTY_MUSD).any())
        for table, names in (
            (found.futures, ("penalty_musd", "alone_penalty_musd", "regret_penalty_musd")),
            (found.plans, ("penalty_musd",)),
        )
    )
    click.echo(wrapped(f"{found.label}: futures are known from {found.known_from}."))
    click.echo()
    _print_decided(found, console)
    click.echo()
    _table(
        console,
        (
            *("Future", "Weight", f"Cost, {unit}", "Alone", "Regret"),
            *(_PENALTY_HEADS[name] for name in of_futures),
            "Status",
        ),
        [
            (
                row["future"],
                f"{row['weight']:.3g}",
                money(row["cost_musd"]),
                money(row["alone_musd"]),
                money(row["regret_musd"]),
                *(money(row[name]) for name in of_futures),
                f"{row['status']}{', breaks ' + row['broken'] if row['broken'] else ''}",
            )
            for row in found.futures.to_dict("records")
        ],
    )
    click.echo()
    has_cvar = found.cvar_tail is not None
    _table(
        console,
        (
            *("Plan", f"Expected cost, {unit}", *(_PENALTY_HEADS[name] for name in of_plans)),
            *(["CVaR"] if has_cvar else []),
            "Greatest regret",
        ),
        [
            (
                plan_name(row["plan"]),
                money(row["expected_musd"]),
                *(money(row[name]) for name in of_plans),
                *([money(row["cvar_musd"])] if has_cvar else []),
                money(row["greatest_regret_musd"]),
            )
            for row in found.plans.to_dict("records")
        ],
    )
    click.echo()
    for line in _worth(found, money, unit):
        click.echo(wrapped(line))


def _print_decided(found: Stochastic, console: TableConsole) -> None:
    from planner.base.words import and_more
    from planner.outputs.labels import order_words, ordered_by

    decided = found.decided
    is_part = (decided["unit"] == "share") & (decided["ordered"] < _WHOLE)
    shown = decided[(decided["ordered"] >= _LEAST) & ~is_part]
    if shown.empty:
        click.echo(f"Nothing is ordered before {found.known_from}.")
        return
    click.echo(f"Ordered before {found.known_from}, and by futures planned alone:")
    _table(
        console,
        ("", "Order by", "Ordered", "Alone, least", "Alone, most", ""),
        [
            (
                order_words(row["kind"], row["site"], row["item"]),
                ordered_by(row),
                f"{row['ordered']:,.1f}",
                f"{row['least']:,.1f}",
                f"{row['most']:,.1f}",
                row["unit"],
            )
            for row in _largest_of_each_kind(shown).to_dict("records")
        ],
    )
    if len(shown) > _MOST_ROWS:
        click.echo(f"{and_more(len(shown), _MOST_ROWS).strip()} in table decided")


def _largest_of_each_kind(decided: pd.DataFrame) -> pd.DataFrame:
    """Return as many orders as a screen has room for: of every kind, the largest first."""
    place = decided.groupby("kind")["ordered"].rank(ascending=False, method="first")
    return decided.loc[place.sort_values(kind="stable").index[:_MOST_ROWS].sort_values()]


def _table(console: TableConsole, heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for place, head in enumerate(heads):
        is_text = place == 0 or head in {"", "Status", "Order by"}
        table.add_column(head, justify="left" if is_text else "right")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)


def _worth(found: Stochastic, money: Any, unit: str) -> list[str]:
    from planner.base.words import some
    from planner.outputs.labels import order_words
    from planner.outputs.report.sections.orders import objective_words, plan_name
    from planner.results.cost_difference import penalty_share_words

    table = found.worth.set_index("measure")
    worth, penalty = table["value_musd"], table["penalty_musd"]

    def words(measure: str) -> str:
        said = penalty_share_words(penalty[measure], worth[measure])
        return f", {said}" if said else ""

    single = next(name for name in found.plans["plan"] if name in {"mean", "central"})
    vss = worth["vss"]
    weighed = (
        f"The objective is {money(worth['stochastic'])} {unit}{words('stochastic')}: orders weigh"
        " it as a cost, and demand.unmet_usd_per_h100e_hour sets it."
    )
    lines = [
        *([weighed] if words("stochastic") else []),
        f"To know which future comes would be worth {money(worth['evpi'])} {unit} (EVPI){words('evpi')}.",
        f"Planning {plan_name(single)} instead would cost {money(vss)} {unit} more (VSS){words('vss')}."
        if isfinite(vss)
        else f"Planning {plan_name(single)} instead leaves no plan in some future.",
    ]
    if found.cvar_tail is not None:
        lines.append(objective_words(found.cvar_weight, found.cvar_tail))
    if found.is_relaxed:
        lines.append(
            "Costs, regrets, EVPI and VSS: LP relaxation. The checked plans, with integers, have"
            f" an objective of {money(worth['plans'])} {unit}, and none is below"
            f" {money(worth['stochastic'])}."
        )
    if len(found.left_out):
        things = [order_words(*thing) for thing in found.left_out.itertuples(index=False)]
        lines.append(
            f"Not ordered before {found.known_from}, as it is not feasible whole in every future:"
            f" {some(things, _MOST_LEFT_OUT)}."
        )
    sizes = found.sizes
    lines.append(f"One program of {sizes['rows']:,} rows and {sizes['columns']:,} columns.")
    return lines
