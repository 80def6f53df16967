"""What commands print, piece by piece."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd

from planner.cli import understand
from planner.cli.operate import _print_losses


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
