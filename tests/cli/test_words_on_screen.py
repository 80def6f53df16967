"""What commands print, piece by piece."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import click
import numpy as np
import pandas as pd
import pytest

from planner.check.verdict import CheckResult
from planner.cli import check, headroom, understand
from planner.cli import futures as commands
from planner.cli.operate import _print_losses, _print_years
from planner.cli.progress import Progress
from planner.lp import ProgressEvent
from planner.stress.fixed import outage_h
from planner.studies.sweep import SweepResult


def test_a_column_that_is_empty_in_every_row_is_left_out() -> None:
    table = pd.DataFrame({"site": ["ash", "bay"], "zone": ["", ""], "rack": ["", "big"], "musd": [1236.7, np.nan]})

    head, first, second = understand._as_text(table).splitlines()

    assert head.split() == ["site", "rack", "musd"]
    assert first.split() == ["ash", "1,237"]
    assert second.split() == ["bay", "big", "-"]


@pytest.mark.parametrize(
    ("text", "months"), [("6-9", (6, 7, 8, 9)), ("12,1-2", (12, 1, 2)), ("11-2", (11, 12, 1, 2)), ("7", (7,))]
)
def test_months_are_read_one_by_one_and_round_the_year(text: str, months: tuple[int, ...]) -> None:
    season = "summer" if 7 in months else "winter"
    parameter = click.Option([f"--{season}-threshold-months"])

    assert tuple(headroom._months(None, parameter, text)) == months


def cells_of(printed: str) -> list[list[str]]:
    """Return the columns of a table on a terminal, below a head of two lines."""
    return [list(column) for column in zip(*(line.split() for line in printed.splitlines()[2:]), strict=True)]


def test_the_loss_table_shows_each_site_at_its_worst(capsys) -> None:
    losses = pd.DataFrame(
        {
            "site": ["ash", "ash", "ash", "bay"],
            "year": [2026, 2027, 2027, 2027],
            "load_kh100e": [8.0, 6.0, 4.0, 5.0],
            "unserved_kh100e": [2.0, 3.0, 1.5, 0.5],
        }
    )

    _print_losses(losses)

    cells = cells_of(capsys.readouterr().out)
    assert cells[0] == ["ash", "bay"]
    assert cells[1] == ["2027", "2027"]
    # 4.5 of 10 and 0.5 of 5 kH100e.
    assert cells[-1] == ["45", "10"]


def test_a_heading_counts_its_broken_rules_or_says_none(capsys, monkeypatch) -> None:
    def one(ok: bool, tested: int) -> CheckResult:
        return CheckResult("name", "words", ok, tested, 0 if ok else 2, 0.0, "MW", "", 1e-6)

    groups = [("Racks", [one(True, 700), one(True, 600)]), ("Halls", [one(False, 9), one(True, 8)])]
    monkeypatch.setattr(check, "_groups", lambda _: groups)

    check._print_groups(SimpleNamespace())

    rows = [line.split() for line in capsys.readouterr().out.splitlines()[1:]]
    assert rows == [["Racks", "2", "1,300", "-"], ["Halls", "2", "17", "1"]]


def test_outages_are_spread_so_that_mean_and_median_are_those_asked_for() -> None:
    settings = SimpleNamespace(outage_mean_h=6.0, outage_median_h=2.5)
    one_sigma = SimpleNamespace(standard_normal=lambda count: np.array([0.0, 1.0, -1.0])[:count])

    # exp(sqrt(2 ln(6 / 2.5))) = 3.76: 2.5 h, 9.4 h and 0.66 h, in whole hours.
    assert outage_h(3, settings, one_sigma).tolist() == [3, 10, 1]


def test_a_long_table_is_cut_with_the_number_of_rows_left_out_and_whole_if_asked(capsys) -> None:
    rows = understand._SHOWN_ROWS + 3
    table = pd.DataFrame({"site": [f"site-{row}" for row in range(1, rows + 1)]})
    reported = SimpleNamespace(scenario="world", basis="as solved", statements=(), tables={"sites": table})

    understand._show_explain(reported, tables=True, every=False, plan=None)
    cut = capsys.readouterr().out
    understand._show_explain(reported, tables=True, every=True, plan=None)
    whole = capsys.readouterr().out

    assert f"site-{rows - 3}\n... 3 more rows with --all" in cut
    assert f"site-{rows}" not in cut
    assert f"site-{rows}" in whole
    assert "more rows" not in whole


def test_the_spread_of_cost_is_that_of_its_mean(capsys) -> None:
    same = {"case": "weather", "year": 2028}
    figures = dict.fromkeys(("unserved_mwh", "unserved_kh100e", "generator_mwh", "overload_mwh"), 5.0)
    years = pd.DataFrame([same | figures | {"energy_cost_musd": musd} for musd in (9, 11, 13)])

    _print_years(years)

    cells = cells_of(capsys.readouterr().out)

    # 13 less 9, of 11.
    assert cells[:4] == [["weather"], ["2028"], ["11"], ["36"]]


def test_the_log_has_a_line_for_each_step_of_the_solver_and_none_twice() -> None:
    progress = Progress(quiet=True)
    unknown = (-float("inf"), float("inf"))  # bound and gap
    step = ProgressEvent("simplex", 2.0, 40, 23_500.0, *unknown)
    next_step = ProgressEvent("simplex", 3.0, 70, float("nan"), *unknown)

    progress.stage("solve")
    for event in (step, step, next_step):
        progress.solver(event)

    assert [line.partition(" s  ")[2] for line in progress.lines] == [
        "Solving",
        "Solving: simplex, iteration 40, cost 23.50 BUSD",
        "Solving: simplex, iteration 70",
    ]


def test_what_is_short_is_listed_under_its_head_and_nothing_where_nothing_is() -> None:
    short = SimpleNamespace(words="land at ash: 4 MW too little")
    found = SimpleNamespace(
        feasible=False, scenario="mini", only_in_shares=False, shortages=(short,), conflict=(), remedies=(), together=()
    )

    head, above, line, end = understand._lines(found)
    found.shortages = ()

    assert head.startswith("mini: ")
    assert above.startswith("\n")
    assert line == "  land at ash: 4 MW too little"
    assert list(understand._lines(found)) == [head, end]


def test_what_every_future_orders_names_connections_and_on_site_power(capsys) -> None:
    orders = pd.DataFrame(
        {
            "kind": ["connection", "on-site power", "halls"],
            "site": ["elm", "oak", "oak"],
            "item": ["", "gas_recip", "dlc_dry|2N"],
            "year": 2027,
            "least_mw": [43.0, 17.0, 31.0],
            "order_by": [2024.5, 2026.0, 2025.25],
        }
    )
    futures = pd.DataFrame({"future": ["low", "high"], "status": "optimal"})

    commands._print_no_regret(SimpleNamespace(no_regret=orders, futures=futures))

    rows = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()[3:]]
    assert rows == [
        "connection elm 43.0 July 2024",
        "halls oak dlc dry, 2N 31.0 April 2025",
        "on-site power oak gas recip 17.0 January 2026",
    ]


def test_costs_of_a_sweep_are_in_a_unit_in_which_the_least_can_be_read(capsys: pytest.CaptureFixture[str]) -> None:
    named, none = {"future": ["small", "large", "none"]}, float("nan")
    futures = pd.DataFrame(
        {
            **named,
            "status": ["optimal", "optimal", "infeasible"],
            "checked": [True, True, False],
            "broken": "",
            "message": ["", "", "no plan"],
            "objective_musd": [637.5, 116_901.48, none],
            "gap_frac": [0.0, 0.0, none],
            "penalty_musd": [0.0, 0.0, none],
            "bound_musd": [637.5, 116_901.48, none],
            "rank_low": pd.array([1, 2, None], dtype="Int64"),
            "rank_high": pd.array([1, 2, None], dtype="Int64"),
        }
    )
    # Small: 28 + 2 x 2 of 40 + 2 x 60 + 100 is unmet, all of it before the last year; 2027 stands
    # for two years.
    figures = {"demand_kh100e": (40, 60, 100), "unmet_kh100e": (28, 2, 0), "nameplate_mw": (1, 9, 71)}
    results = pd.DataFrame(
        [
            ("small", figure, year, float(value))
            for figure, values in figures.items()
            for year, value in zip((2026, 2027, 2029), values, strict=True)
        ],
        columns=["future", "figure", "year", "value"],
    )
    orders = pd.DataFrame({"kind": [], "site": [], "item": [], "year": [], "least_mw": []})

    commands._print_sweep(SweepResult(Path("out"), futures, results, orders, orders, orders))
    said = capsys.readouterr().out
    assert "Nameplate 2029, MW" in " ".join(said.split())
    small = next(line for line in said.splitlines() if line.startswith("small"))
    assert small.split() == ["small", "optimal", "637.5", "0.00%", "1", "12.3", "71"]

    other = results.assign(future="large", year=results["year"] + 1)
    both = SweepResult(Path("out"), futures, pd.concat([results, other]), orders, orders, orders)
    commands._print_sweep(both)
    assert "in its last" in capsys.readouterr().out
    commands._print_sweep(SweepResult(Path("out"), futures, results.head(0), orders, orders, orders))

    said = capsys.readouterr().out
    assert "Cost, MUSD" in said
    assert "Cost from 637.5 MUSD (small) to 116,901.5 MUSD (large)" in said
