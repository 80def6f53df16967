"""`dcplan stochastic`: what to order before it is known which future comes."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any, Final

import click

from planner.cli.options import OVERRIDES, STRICT, into_folder
from planner.cli.study import FILE, study_command
from planner.cli.tables import print_table, say
from planner.outputs.folder_kinds import STOCHASTIC

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from planner.cli.progress import Progress
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


def _print(found: Stochastic) -> None:
    from planner.base.words import unit_of_money
    from planner.outputs.report.sections.orders import plan_name
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
    print_table(
        _largest_of_each_kind(shown),
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


def _largest_of_each_kind(decided: pd.DataFrame) -> pd.DataFrame:
    """Return as many orders as a screen has room for: of every kind, the largest first."""
    place = decided.groupby("kind")["ordered"].rank(ascending=False, method="first")
    return decided.loc[place.sort_values(kind="stable").index[:_MOST_ROWS].sort_values()]


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


def _home(file: str, folder: Path | None) -> Path:
    from planner.outputs.own_folder import try_own_folder
    from planner.studies.stochastic.stochastic import folder_of
    from planner.studies.sweep.file import find_sweep

    home = folder_of(file, folder)
    try_own_folder(home, STOCHASTIC, find_sweep(file))
    return home


@study_command(
    "stochastic",
    FILE,
    into_folder(
        "Folder for runs and tables; left out: stochastic/ and the name of FILE, NAME-2 if another file has that."
    ),
    OVERRIDES,
    STRICT,
    kind=STOCHASTIC,
    home=_home,
    show=_print,
    json_help="Print the result as JSON.",
)
def command(progress: Progress, *, file: str, overrides: tuple[str, ...], strict: bool, **_: Any) -> Stochastic:
    """Find what to order before it is known which future of the sweep FILE comes.

    Block uncertainty of FILE says from which year on the future is known, how likely each is, and
    how much bad ones count. Sites, halls, connections, on-site power and PPAs that must be ordered
    before are the same in all futures; racks, rent, later orders and operation follow the future.
    All futures are one linear program. Each future then has a checked run with these orders.

    Also: what it costs to plan for one future, what it would be worth to know which comes, the
    regret of each plan in each future, and what is ordered in every future alone.

    Example: dcplan stochastic tiny-uncertain
    """
    from planner.studies.stochastic import stochastic

    tell: dict[str, Any] = {"on_stage": progress.stage, "on_progress": progress.solver, "on_warning": progress.warn}
    return stochastic(file, overrides=overrides, strict=strict, **tell)
