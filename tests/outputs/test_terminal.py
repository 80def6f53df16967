"""The summary in a terminal says what matters, and names cannot command the terminal."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from rich.console import Console

import planner
from planner.outputs.terminal import _cost, summary
from planner.results.not_housed import not_by_own_sites
from planner.results.schema import TABLES

if TYPE_CHECKING:
    from pathlib import Path

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


def test_a_plan_within_a_gap_is_as_asked_and_says_its_gap(run: Run) -> None:
    text = "\n".join(printed(with_meta(run, status="within_gap", gap_frac=0.0143)))

    assert "Feasible within the required gap, not proven optimal (gap 1.43%)" in text
    assert "Optimal" not in text


def test_a_gap_that_is_rounding_of_two_numbers_is_not_shown(run: Run) -> None:
    rounding, small = ("\n".join(printed(with_meta(run, status="optimal", gap_frac=gap))) for gap in (1.7e-16, 3.4e-7))

    assert "Optimal: no plan costs less  " in rounding
    assert "Optimal: no plan costs less (gap 3.4e-07)" in small


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


def test_what_to_order_is_in_the_order_of_its_dates_with_sums_and_sites(run: Run) -> None:
    orders = pd.DataFrame(
        [
            ("halls", "ash", "dlc|N", 2027, 30.0, 0.0, 400.0, 2025.5, 2027.5),
            ("halls", "fiji", "dlc|N", 2028, 70.0, 0.0, 900.0, 2025.5, 2028.0),
            ("racks", "ash", "nvl", 2027, 25.0, 0.0, 800.0, 2026.5, 2027.0),
            ("halls", "ash", "dlc|N", 2026, 12.0, 0.0, 100.0, float("nan"), 2026.5),
        ],
        columns=[field.name for field in TABLES["orders"].fields],
    )

    lines = printed(replace(run, tables={**run.tables, "orders": orders}))

    at = next(at for at, line in enumerate(lines) if line.startswith("To order"))
    shown = [line.split()[:6] for line in lines[at + 1 : at + 4]]
    assert shown[0] == ["halls", "Jul", "2025", "100", "1,300", "2027-2028"]
    assert shown[1] == ["racks", "Jul", "2026", "25", "800", "2027"]
    assert shown[2] == ["halls", "committed", "12", "100", "2026", shown[2][5]]
    assert lines[at + 4].startswith("All 4 orders, in sheet Orders: halls 112 MW, 1,400 MUSD; racks 25 MW, 800 MUSD")


def test_a_line_of_zeros_for_savings_is_left_out(run: Run) -> None:
    frame = run.tables["summary"].assign(saved_kh100e=0.0)
    without = replace(run, tables={**run.tables, "summary": frame})

    assert any(line.startswith("  saved") for line in printed(run))
    assert not any(line.startswith("  saved") for line in printed(without))


def budgeted(musd: float) -> Run:
    """Plan `tiny` with a budget, which a carbon cap that is not reached stands next to."""
    budget = f"build.capex_budget_musd={{2027: {musd}}}"
    return planner.solve("tiny", [budget, "carbon.cap_kt=2000"]).run


def test_a_budget_that_work_is_unmet_for_is_reported_next_to_the_cost() -> None:
    plan = budgeted(400.0)

    lines = [line.rstrip() for line in printed(plan)]
    cost = next(at for at, line in enumerate(lines) if line.startswith("Cost "))
    first = plan.tables["summary"].iloc[0]
    missing = first["unmet_kh100e"] / first["demand_kh100e"]
    reported = (
        f"  {100.0 * missing:.3g} % of the compute of 2027 is unmet. What limits it, with its share"
        " at shadow prices: The budget of 2027 (400 MUSD) is spent (96.1 %)"
    )
    assert reported.strip() in " ".join(lines[cost + 1 : cost + 6])
    assert max(map(len, lines)) <= 80


def test_no_limit_is_named_next_to_the_cost_where_little_is_unmet_or_no_limit_is_known(run: Run) -> None:
    summary = run.tables["summary"].assign(unmet_kh100e=run.tables["summary"]["demand_kh100e"])
    other = replace(run, tables={**run.tables, "summary": summary})
    for one in (budgeted(4000.0), other):
        assert not any("What limits it" in line for line in printed(one))


CANADA = """
version: 1
scope:
  countries: [CA]
  sites: [quebec]
  demand_regions: [ca-toronto, ca-montreal]
  workloads: [sovereign_regulated]
years: [2027, 2029]
decisions_start: 2025-01-01
time: {season_days: 4, slot_h: 12}
new_sites:
  quebec: {name: Quebec, country: CA, lat: 46.8, lon: -71.2, like: ca-qc-montreal}
operator: {stock_share_frac: 0, demand_share_frac: 0.02}
demand:
  unmet: allow
  explicit:
    - {workload: sovereign_regulated, unit: mw_rack, by_year: {2027: 6, 2029: 9}}
workloads:
  sovereign_regulated: {failover: true}
"""


@pytest.fixture(scope="module")
def canada(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("canada") / "canada.yaml"
    path.write_text(CANADA, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("settings", "places", "words"),
    [
        ((), 3, "100 % is rented"),
        # Toronto and Montreal are 505 km apart, Vancouver 3,400 from both.
        (("failover.barred_within_km=600",), 2, "100 % is rented"),
        (("failover.barred_within_km=5000",), 0, "100 % is unmet"),
        (("rent.spread_availability_pct=99.99", "rent.availability_pct=99.9"), 0, "100 % is unmet"),
    ],
)
def test_work_that_own_sites_do_not_serve_is_reported_next_to_the_cost_with_why(
    canada: Path, settings: tuple[str, ...], places: int, words: str
) -> None:
    plan = planner.solve(canada, settings)

    assert plan.verdict.ok
    lines = not_by_own_sites(plan.tables)
    assert lines[:200] in " ".join(line.strip() for line in printed(plan.run))
    rented = plan.tables["demand"].groupby("year")["rented_kh100e"].sum()
    bought = plan.tables["rent"].groupby("year")["bought_kh100e"].sum()
    if places:
        assert bought[2027] == pytest.approx(rented[2027] * places / (places - 1))
    else:
        assert rented.sum() == 0.0
        assert "; rent: needs" in lines
    assert f"Of the compute of all years {words} for " in lines
    assert "no two own sites that may cover for each other" in lines


def test_a_heading_that_is_less_than_a_tenth_of_a_percent_of_the_cost_is_left_out(run: Run) -> None:
    # Of 2,000 MUSD: 1 is 0.05 %, which is shown as 0.1 %; 0.9 is not.
    npv = {"racks": 1998.1, "halls": 1.0, "energy": 0.9}
    costs = pd.DataFrame({"group": list(npv), "npv_musd": list(npv.values()), "upfront": True})
    solution = run.tables["solution"].assign(objective_musd=2000.0)
    tables = {**run.tables, "costs": costs, "solution": solution}

    line = _cost(replace(run, tables=tables)).plain.splitlines()[1]

    assert line == "  of which racks 99.9%, halls 0.1%"


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


def test_says_what_heat_is_sold_and_what_work_is_moved_in_the_last_year(run: Run) -> None:
    last = run.years[-1]
    heat = pd.DataFrame(
        {
            "site": ["ash", "dal", "ash"],
            "year": [last, last, last - 3],
            "sold_mw": [310.0, 101.0, 77.0],
            "sold_mwh": [1.6e6, 0.5e6, 0.4e6],
            "revenue_musd": [49.0, 16.0, 9.0],
        }
    )
    # 600 + 240 of 2,100 GWh that may move, away from two sites.
    moved = pd.DataFrame(
        {
            "site": ["ash", "dal", "ash"],
            "workload": ["batch", "batch", "train"],
            "year": [last, last, last],
            "due_mwh": [0.9e6, 0.7e6, 0.5e6],
            "left_mwh": [0.6e6, 0.24e6, 0.0],
        }
    )
    none = replace(run, tables={**run.tables, "heat": heat[:0], "migration_site": moved.assign(left_mwh=0.0)})
    some = replace(run, tables={**run.tables, "heat": heat, "migration_site": moved})

    lines = printed(some, 160)

    assert f"Heat sold in {last}: 411 MW at full load, 2,100 GWh, for 65 MUSD, at 2 sites" in lines
    assert f"Work moved in {last}: 840 GWh of IT energy, 40% of what may move, away from 2 sites" in lines
    assert not [line for line in printed(none) if line.startswith(("Heat sold", "Work moved"))]
