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
    small = run.having(tables={**run.tables, "solution": run.tables["solution"].assign(objective_musd=21.26)})
    assert any(line.startswith("Cost 21.3 MUSD net present value") for line in printed(small))
    assert "at 6.00% real" in text
    assert f"assets {capex:,.2f}" in text
    years = next(line for line in lines if line.split() == ["2025", "2027", "2030"])
    facility = next(line for line in lines if line.startswith("At the meter, mean"))
    expected = run.tables["summary"]["facility_mean_mw"]
    assert facility.split()[4:] == ["MW", *(f"{value:,.0f}" for value in expected)]
    assert len(years) == len(facility)


def test_says_what_an_hour_of_compute_costs_as_paid(run: Run) -> None:
    costs = run.tables["unit_costs"]
    one = costs[costs["scope"] == costs["scope"].iloc[0]].assign(level="total", scope="total")
    changed = replace(run, tables={**run.tables, "unit_costs": one})

    lines = printed(changed)

    paid = next(line for line in lines if line.startswith("H100e-hour, as paid"))
    expected = one.set_index("year")["usd_per_h100e_hour"]
    assert paid.split()[-len(run.years) :] == [f"{expected.loc[year]:,.3f}" for year in run.years]


def test_fits_eighty_columns(run: Run) -> None:
    assert max(len(line.rstrip()) for line in printed(run, 80)) <= 80


def test_says_that_a_plan_is_not_proven_and_that_a_check_failed(run: Run) -> None:
    check = {"ok": False, "rules": 3, "broken": ["halls_hold_racks"]}

    text = "\n".join(printed(with_meta(run, status="time_limit", gap_frac=0.0173, check=check)))

    assert "Time limit reached: the best plan so far, not proven (gap 1.73%)" in text
    assert "CHECK FAILED: halls_hold_racks" in text
    assert "Optimal" not in text


def test_names_cannot_command_the_terminal(run: Run) -> None:
    sites = run.sites.assign(name=run.sites["name"].where(run.sites["site"] != "fiji", "x\x1b[2Jy"))
    odd = replace(run, tables={**run.tables, "sites": sites})

    text = "\n".join(printed(with_meta(odd, title="[red]a\x07b[/red]")))

    assert "\x1b" not in text
    assert "x\N{REPLACEMENT CHARACTER}[2Jy" in text
    assert "[red]a\N{REPLACEMENT CHARACTER}b[/red]" in text


def test_notes_are_a_line_each_and_what_is_assumed_is_said_in_two(run: Run) -> None:
    assumed = [{"text": f"price {share} is a guess; own_{share}.", "cost_frac": share / 100} for share in (60, 20, 0.9)]
    notes = [f"Assumed for you, {one['cost_frac']:.1%} of the cost: {one['text']}" for one in assumed]
    others = [f"Note {number} {'word ' * 60}" for number in range(9)]

    lines = [line.rstrip() for line in printed(with_meta(run, assumed=assumed, notes=[*notes, *others]))]

    assert "Assumed for you, of the cost 60.0%: price 60 is a guess; 20.0%: price 20 is a guess" in " ".join(lines)
    assert "The first of 12 notes; all are in report.html and run.json" in lines
    assert [line[:8] for line in lines if line.startswith("- ")] == [f"- Note {number}" for number in range(5)]


def test_a_plan_that_leaves_demand_unmet_says_so_in_its_first_line_in_amber(run: Run) -> None:
    frame = run.tables["summary"].copy()
    frame["unmet_kh100e"] = [0.37, 0.36999, 0.36999] * frame["demand_kh100e"]
    changed = replace(run, tables={**run.tables, "summary": frame})

    first = next(iter(summary(changed).renderables))

    assert str(first) == "37 % of the demand of 2025 is unmet (37 % of all years)."
    assert "yellow" in str(first.style)


def test_warnings_are_amber_among_the_notes(run: Run) -> None:
    notes = ["Warning: plan.yaml:3:45: a price is 0.082.", "A note."]

    *_, warning, note, _ = summary(with_meta(run, notes=notes)).renderables

    assert (warning.style, note.style) == ("yellow", "")
