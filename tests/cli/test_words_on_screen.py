"""What commands print, piece by piece."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd

from planner.cli import understand


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
