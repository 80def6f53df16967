"""What a run says of its plan: told from the tables, and only where there is something to tell."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

import planner
from planner.model.money import ALL_COSTS
from planner.outputs.report.report import report_html
from planner.outputs.terminal import summary
from planner.runs import notes as notes_module

MINI = Path(__file__).parent.parent / "fixtures" / "mini" / "mini.yaml"
FIR = "{name: Fir, country: US, lat: 39.2, lon: -76.6, like: oak}"


def test_what_is_assumed_is_one_list_before_all_notes_with_its_share_of_the_cost() -> None:
    plan = planner.solve(MINI, [f"new_sites.fir={FIR}", "scope.sites=[oak, elm, fir]"])

    notes, assumed = plan.run.meta["notes"], plan.inputs.assumed
    first, rest = notes[: len(assumed)], notes[len(assumed) :]
    assert rest
    assert [note.startswith("Assumed for you") for note in notes] == [True] * len(first) + [False] * len(rest)
    costs = plan.tables["costs"]
    total = costs["npv_musd"].sum()
    of_rent = costs.loc[costs["item"] == "rented_compute", "npv_musd"].sum() / total
    power = costs["item"].isin(["electricity_energy", "electricity_demand"])
    of_power = costs.loc[power & costs["site"].isin(["oak", "elm"]), "npv_musd"].sum() / total
    assert min(of_rent, of_power) > 0.001
    for said in (
        f", {of_rent:.1%} of the cost: Compute may be rented from clouds;",
        f", {of_power:.1%} of the cost: Power is priced by table electricity_price at oak, elm;",
        ": 215.5 MW of racks exist at 2 of 3 sites, with their halls and connections:",
        ": 71.6 MW of facilities are under construction at 2 of 3 sites",
        " of the cost: New site fir takes from oak, 86 km away",
        " of the cost: Compute may stay unmet for 20 USD/H100e-hour;",
    ):
        assert any(said in note for note in first), said
    shares = [float(found[1]) for note in first if (found := re.search(r"([\d.]+)% of the c", note))]
    assert all(left >= right for left, right in pairwise(shares))
    assert {item for one in assumed for item in one.items} <= {cost.name for cost in ALL_COSTS}

    lines = [str(line) for line in summary(plan.run).renderables]
    (said,) = (line for line in lines if line.startswith("Assumed for you, of the cost "))
    assert said.removeprefix("Assumed for you, of the cost ").startswith(f"{shares[0]:.1f}%: ")
    sources = report_html(plan.run).split("Sources and notes")[-1]
    assert sources[: sources.index("</li>")].endswith(f"{first[0]}</bdi>")


def reported(start: str, base: str = "tiny", *changes: str) -> tuple[planner.Plan, list[str]]:
    """Plan, and the notes that begin with some words."""
    plan = planner.solve(base, list(changes))
    assert plan.verdict.ok
    return plan, [note for note in plan.run.meta["notes"] if note.startswith(start)]


def declining(limit_kw: float) -> tuple[str, str, str]:
    """Bill all sites 9 USD for each kW of a month up to a limit, and 4 beyond."""
    demand = f"[{{usd_per_kw_month: [9, 4], tier_limits_kw: [{limit_kw}]}}]"
    own = f"{{fall: {{energy: [{{usd_per_mwh: 41}}], demand: {demand}}}}}"
    uses = "energy.tariffs=[{tariff: fall}]"
    return f"energy.own_tariffs={own}", uses, "energy.escalation_real_frac=0"


def test_a_bill_that_tiers_make_too_low_or_too_high_is_reported_in_money_and_by_site() -> None:
    for limit_kw, word in ((20_000.0, "low"), (60_000.0, "high")):
        plan, notes = reported("Tiers that decline", "tiny", *declining(limit_kw))

        # Coast never gets past the first tier. Its bill is 9 USD a kW; the plan pays 4 and, as far
        # as the site is open, 5 for each kW of the first tier in each month.
        bills = plan.tables["bills"].query("site == 'coast' and kind == 'demand'")
        opened = plan.site_year.query("site == 'coast'").set_index("year")["open_frac"]
        first_tier = 12 * limit_kw * opened[bills["calendar_year"]].sum()
        off_musd = 5.0 * (first_tier - bills["quantity"].sum()) / 1e6
        assert (off_musd > 0.0) == (word == "high")
        (note,) = notes
        found = re.search(r"([\d.]+) MUSD too (\w+) in coast", note)
        assert found is not None, note
        assert float(found[1]) == pytest.approx(abs(off_musd), abs=0.006)
        assert found[2] == word


def test_work_whose_block_is_more_than_it_needs_is_unmet_with_that_reason() -> None:
    blocks = "siting.block_mw={train_frontier: 36}"
    plan, (note,) = reported("Work is unmet because its smallest block", "tiny", blocks)

    asked = plan.tables["demand"].query("workload == 'train_frontier'").set_index("year")
    assert (asked["unmet_kh100e"] / asked["demand_kh100e"])[2027] == pytest.approx(1.0)
    racks = plan.inputs.racks
    of = racks.deployment.labels("workload") == "train_frontier"
    need_mw = 30.0 / racks.throughput_kh100e_per_mw[of].min()
    assert need_mw < 36.0
    assert f"100% of train_frontier in 2027, which needs at most {need_mw:.3g} MW" in note
    assert "comes in blocks of at least 36 MW" in note


def test_bills_of_a_site_are_added_up_and_one_that_is_exact_is_not_reported() -> None:
    # Ash: 2 and 3 MUSD too high, 4 and 1.5 too low. Bay is exact, and Elm pays nothing at all.
    bills = pd.DataFrame(
        [
            ("ash", 20e6, 2e6),
            ("ash", 30e6, 3e6),
            ("ash", 25e6, -4e6),
            ("ash", 26e6, -1.5e6),
            ("bay", 7e6, 0.0),
            ("elm", 0.0, 0.0),
        ],
        columns=["site", "exact_usd", "charged_above_exact_usd"],
    )

    (note,) = notes_module._bills(SimpleNamespace(tables={"bills": bills}))

    assert "the plan's bill is 5.00 MUSD too high and 5.50 MUSD too low in ash, against" in note


_SHARES = "; in brackets, what it takes at shadow prices of the value of the compute that is served or rented."
_BUDGET = "build.capex_budget_musd={2027: 400}"
_TARGET = "contracts={ppa: {wind: {technology: wind, lead_months: 3}}, matching: {target_frac: {2028: 0.6}}}"


def test_a_cap_that_cannot_be_met_is_reported_with_what_it_takes() -> None:
    plan, notes = reported("In 20", "tiny", "carbon.cap_kt=20")

    summary = plan.tables["summary"].set_index("year")
    stopped = summary["unmet_kh100e"] / summary["demand_kh100e"]
    assert stopped[2028] > stopped[2027] > 0.5
    # All compute is worth the penalty of unmet demand. What is served is worth so much more than
    # it costs as the cap takes: nothing else is scarce in this plan.
    costs = plan.tables["costs"]
    penalty = costs.loc[costs["item"] == "unmet_compute", "npv_musd"].sum()
    prices = plan.prices[plan.prices["block"] == "demand_balance"]
    met = plan.tables["demand"].merge(prices, on=["region", "workload", "year"])
    value = (met["raw_dual"] * met["served_kh100e"]).sum()
    share = 1.0 - (costs["npv_musd"].sum() - penalty) / value
    assert share > 0.9
    assert notes == [
        f"In 2028 {100.0 * stopped[2028]:.3g} % of the compute demand is unmet, and some in 2027."
        " What limits it: The carbon cap of 2028 (20 kt CO2) is reached"
        f" ({100.0 * share:.3g} %){_SHARES}"
    ]


@pytest.mark.parametrize("changes", [(_BUDGET, _TARGET), (_BUDGET,)], ids=["with", "without"])
def test_a_budget_is_named_for_unmet_work_and_a_target_that_binds_too_is_not(changes: tuple[str, ...]) -> None:
    plan, (note,) = reported("In 20", "tiny", *changes)

    # Without the target just as much is unmet.
    assert plan.tables["summary"]["unmet_kh100e"].sum() == pytest.approx(57.6412, abs=1e-3)
    assert plan.prices["block"].eq("clean_target").any() == (_TARGET in changes)
    assert note == (
        "In 2027 67.3 % of the compute demand is unmet, and some in 2028. What limits it: The"
        f" budget of 2027 (400 MUSD) is spent (96.1 %){_SHARES}"
    )


def with_operated(halls: pd.DataFrame, *operated: tuple[object, ...]) -> SimpleNamespace:
    """Return a plan of halls, and of those operated as others: site, hall, as_hall, year, MW."""
    columns = ["site", "hall", "as_hall", "year", "operated_mw"]
    other = pd.DataFrame(operated, columns=columns).astype({"operated_mw": float})
    return SimpleNamespace(tables={"halls": halls, "operated": other})


def test_existing_halls_that_stay_empty_are_named_with_their_power_and_year() -> None:
    halls = pd.DataFrame(
        {
            "site": ["oak", "oak", "elm", "elm", "fir"],
            "year": [2027, 2028, 2028, 2028, 2028],
            "cooling": ["air", "air", "rdhx", "dlc", "air"],
            "redundancy": ["N+1", "N+1", "2N", "N", "2N"],
            "existing_mw": [23.0, 23.0, 7.5, 31.0, 0.0],
            "usable_mw": [23.0, 23.0, 7.5, 31.0, 44.0],
            "used_mw": [0.0, 0.0, 0.002, 29.0, 0.0],  # fir is built, and no existing hall
        }
    )

    def notes(of: pd.DataFrame, *operated: tuple[object, ...]) -> list[str]:
        of = of.assign(hall=of["cooling"] + "|" + of["redundancy"])
        if "operated_mw" not in of:
            of = of.assign(operated_mw=of["usable_mw"])
        return list(notes_module._empty_halls(with_operated(of, *operated)))

    assert notes(halls) == [
        "Existing halls stay empty: 23.0 MW of air N+1 at oak in 2027, 2028; 7.5 MW of rdhx 2N at elm in 2028."
    ]
    # Of a hall that grows, each year has its own power: 23 MW, and 42 MW with the next part.
    grown = halls.assign(existing_mw=[23.0, 42.0, 7.5, 31.0, 0.0]).assign(usable_mw=44.0)
    (note,) = notes(grown)
    assert "23.0 MW of air N+1 at oak in 2027 and 42.0 MW in 2028; 7.5 MW" in note
    assert notes(halls.assign(used_mw=13.0)) == []
    # Those of elm in operation as N have 5 MW of its racks, since 31 MW have no room for 36.
    as_other = halls.assign(
        operated_mw=[23.0, 23.0, 0.0, 38.5, 44.0], used_mw=[9.0, 9.0, 0.0, 36.0, 0.0], cooling="dlc"
    )
    assert notes(as_other, ("elm", "dlc|2N", "dlc|N", 2028, 7.5)) == []
    less = as_other.assign(used_mw=[9.0, 9.0, 0.0, 30.0, 0.0])
    (note,) = notes(less, ("elm", "dlc|2N", "dlc|N", 2028, 7.5))
    assert note == "Existing halls stay empty: 7.5 MW of dlc 2N at elm in 2028."


def new_halls(*rows: tuple[str, int, float, float, float]) -> list[str]:
    """Notes on halls of 60 MW built at two sites: site, year, existing, usable and used MW."""
    halls = pd.DataFrame(rows, columns=["site", "year", "existing_mw", "usable_mw", "used_mw"])
    halls = halls.assign(cooling="dlc", redundancy="2N", hall="dlc|2N")
    halls = halls.assign(operated_mw=halls["usable_mw"])
    builds = pd.DataFrame(
        [("ash", "dlc", "2N", 60.0), ("bay", "dlc", "2N", 40.0), ("bay", "dlc", "2N", 20.0)],
        columns=["site", "cooling", "redundancy", "built_mw"],
    )
    inputs = SimpleNamespace(years=SimpleNamespace(last=2030))
    plan = with_operated(halls)
    plan.tables["builds"], plan.inputs = builds, inputs
    return list(notes_module._empty_new_halls(plan))


def test_new_halls_that_stay_mostly_empty_are_reported_with_the_ramp_that_fills_them() -> None:
    (note,) = new_halls(
        ("ash", 2028, 0.0, 9.0, 9.0),
        ("ash", 2030, 0.0, 60.0, 20.0),
        ("bay", 2028, 10.0, 40.0, 30.0),
        ("bay", 2030, 10.0, 70.0, 33.0),  # 10 of them in what existed
    )

    assert note == (
        "New halls are less than half in use in 2030: 20.0 of 60.0 MW of dlc 2N at ash, full in"
        " 2028 when the ramp left 9.0 MW usable; 23.0 of 60.0 MW of dlc 2N at bay"
        " (halls.ramp_months and halls.ramp_mean_frac set the ramp)."
    )


def test_a_calendar_year_with_more_cash_than_the_budget_of_years_that_are_skipped_is_noted() -> None:
    _, (note,) = reported("Cash for assets", "tiny", "years=[2027,2030]", "build.cash_budget_musd=450")

    assert note.startswith("Cash for assets exceeds build.cash_budget_musd in 1 calendar years: ")
    assert "(budget 450 MUSD). Where model years are skipped it holds for all" in note
