"""The summary in a terminal says what matters, and names cannot command the terminal."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rich.console import Console

from planner.outputs.terminal import summary

if TYPE_CHECKING:
    from planner.runs import Run


def printed(run: Run, width: int = 80) -> list[str]:
    console = Console(width=width, highlight=False, force_terminal=False, record=True, quiet=False)
    with console.capture() as capture:
        console.print(summary(run))
    return capture.get().splitlines()


def with_meta(run: Run, **changes: Any) -> Run:
    return replace(run, meta={**run.meta, **changes})


def test_says_verdict_cost_and_years(run: Run) -> None:
    lines = printed(run)

    solution = run.tables["solution"].iloc[0]
    costs = run.tables["costs"]
    capex = costs.loc[costs["upfront"], "npv_musd"].sum() / 1e3
    text = "\n".join(lines)
    assert "Optimal" in text
    assert "Checked: 3 rules hold" in text
    assert f"Cost {solution['objective_musd'] / 1e3:,.2f} BUSD" in text
    assert "at 6.00% real" in text
    assert f"capex {capex:,.2f}" in text
    years = next(line for line in lines if line.split() == ["2025", "2027", "2030"])
    facility = next(line for line in lines if line.startswith("Facility mean"))
    expected = run.tables["summary"]["facility_mean_mw"]
    assert facility.split()[2:] == ["MW", *(f"{value:,.0f}" for value in expected)]
    assert len(years) == len(facility)


def test_fits_eighty_columns(run: Run) -> None:
    assert max(len(line.rstrip()) for line in printed(run, 80)) <= 80


def test_says_that_a_plan_is_not_proven_and_that_a_check_failed(run: Run) -> None:
    check = {"ok": False, "rules": 3, "broken": ["halls_hold_racks"]}

    text = "\n".join(printed(with_meta(run, status="time_limit", gap_frac=0.0173, check=check)))

    assert "Time limit reached: the best plan so far, not proven (gap 1.73%)" in text
    assert "CHECK FAILED: halls_hold_racks" in text
    assert "Optimal" not in text


def test_a_plan_within_a_gap_is_as_asked_and_says_its_gap(run: Run) -> None:
    text = "\n".join(printed(with_meta(run, status="within_gap", gap_frac=0.0143)))

    assert "Found as asked, not proven the best (gap 1.43%)" in text
    assert "Optimal" not in text


def test_names_cannot_command_the_terminal(run: Run) -> None:
    sites = run.sites.assign(name=run.sites["name"].where(run.sites["site"] != "fiji", "x\x1b[2Jy"))
    odd = replace(run, tables={**run.tables, "sites": sites})

    text = "\n".join(printed(with_meta(odd, title="[red]a\x07b[/red]")))

    assert "\x1b" not in text
    assert "x\N{REPLACEMENT CHARACTER}[2Jy" in text
    assert "[red]a\N{REPLACEMENT CHARACTER}b[/red]" in text


def test_long_notes_are_cut(run: Run) -> None:
    text = "\n".join(printed(with_meta(run, notes=["word " * 60]), width=400))

    assert " - " + "word " * 29 + "word ..." in text
    assert "Notes in short; in full in run.json" in text


def test_a_line_of_zeros_for_savings_is_left_out(run: Run) -> None:
    frame = run.tables["summary"].assign(saved_kh100e=0.0)
    without = replace(run, tables={**run.tables, "summary": frame})

    assert any(line.startswith("  saved") for line in printed(run))
    assert not any(line.startswith("  saved") for line in printed(without))
