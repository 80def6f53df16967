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
from planner.runs.notes import notes_of

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
    return plan, [note for note in notes_of(plan) if note.startswith(start)]


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


def test_years_before_a_class_needs_its_block_are_reported_with_the_sites_below_it() -> None:
    block, from_year = "{block_mw: {train_frontier: 36}", "block_from_year: {train_frontier: 2028}}"
    plan, (note,) = reported("Until 2028", "tiny", f"siting={block}, {from_year}")

    used = plan.tables["plan"].query("workload == 'train_frontier'")
    by_site = used.groupby(["year", "site"])["used_mw"].sum()
    # All 30 kH100e of 2027 are served, by less than one block: 132 kW racks do 182 x 0.85 H100e.
    assert by_site[2027].sum() == pytest.approx(30 / (182.002 / 132 * 0.85), rel=1e-6)
    assert by_site[2027].max() < 36.0 <= by_site[2028].min() + 1e-6
    assert note == (
        "Until 2028 train_frontier needs no block (siting.block_from_year): sites with less of it"
        f" than the 36 MW that each has from then on are {len(by_site[2027])} of"
        f" {len(by_site[2027])} in 2027."
    )
    assert not [said for said in notes_of(plan) if said.startswith("Work is unmet because")]


def test_a_bill_too_low_in_a_year_is_not_made_good_by_one_too_high_in_another() -> None:
    # South opens in part in 2027 and in whole in 2028; the limit makes both years cancel.
    changes = (*declining(40_856.0), "siting.must_open=[south]")
    plan, (note,) = reported("Tiers that decline", "tiny", *changes)

    bills = plan.tables["bills"].query("site == 'south' and kind == 'demand'")
    low, high = bills.sort_values("calendar_year")["charged_above_exact_usd"] / 1e6
    assert low == pytest.approx(-high, rel=0.01)
    assert high > 0.4
    assert f"{high:.2f} MUSD too high and {-low:.2f} MUSD too low in south" in note


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


def buyer(vendors: str | tuple[str, ...] = "all", bought_as: str | None = None) -> SimpleNamespace:
    """A plan that buys 60 MW of a published rack and 40 of three others, two of them estimates."""
    racks = pd.DataFrame(
        [
            ("sure", "nvidia", "derived"),
            ("hoped", "google", "estimate"),
            ("rumoured", "amd", "estimate"),
            ("known", "amd", "published"),
        ],
        columns=["rack", "vendor", "kind"],
    )
    installs = pd.DataFrame(
        [("sure", 35.0), ("sure", 25.0), ("hoped", 22.0), ("rumoured", 7.0), ("known", 11.0)],
        columns=["rack", "installed_mw"],
    )
    settings = SimpleNamespace(racks=SimpleNamespace(vendors=vendors, bought_as=bought_as))
    inputs = SimpleNamespace(tables={"racks": racks})
    return SimpleNamespace(tables={"installs": installs}, inputs=inputs, scenario=settings)


def test_racks_that_rest_on_estimates_are_reported_with_their_share() -> None:
    (note,) = notes_module._estimated_racks(buyer())

    assert note.startswith(
        "29% of the 100 MW of racks bought are of types whose figures are estimates: hoped 22 MW, rumoured 7 MW."
    )


def test_a_plan_that_buys_as_the_market_does_says_so_unless_it_was_told_of_whom_to_buy() -> None:
    (note,) = notes_module._vendors(buyer())

    assert "of 3 vendors" in note
    assert "nvidia 60%, google 22%, amd 18% of the MW" in note
    assert list(notes_module._vendors(buyer(vendors=("nvidia", "google", "amd")))) == []
    assert list(notes_module._vendors(buyer(bought_as="meta"))) == []


def test_a_bill_without_declining_tiers_needs_no_note() -> None:
    rising = "[{usd_per_kw_month: [4, 9], tier_limits_kw: [20000]}]"
    own = f"energy.own_tariffs={{rise: {{energy: [{{usd_per_mwh: 41}}], demand: {rising}}}}}"
    plan, notes = reported("Tiers", "tiny", own, "energy.tariffs=[{tariff: rise}]")

    assert plan.tables["bills"]["exact_usd"].sum() > 1e7
    assert notes == []


SMALL_REACTORS = (
    "years=[2028]",
    "demand.explicit=[{workload: train_frontier, unit: kh100e, by_year: {2028: 45}},"
    " {workload: chat_interactive, unit: kh100e, by_year: {2028: 12}}]",
    "supply={allow: [nuclear_smr], override: {nuclear_smr:"
    " {lead_months: 12, capex_usd_per_kw: 300, fixed_usd_per_unit_year: 1}}}",
)


def test_less_of_a_source_than_its_smallest_plant_is_reported_with_both_sizes() -> None:
    plan, notes = reported("Built in a year, and smaller", "tiny", *SMALL_REACTORS)

    built = plan.tables["source_builds"].set_index("site")["built_mw"]
    assert 1.0 < built["south"] < 77.0
    (note,) = notes
    assert f"nuclear_smr at south {built['south']:.1f} MW (smallest 77 MW)" in note


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


def test_a_clean_target_that_cannot_be_met_is_reported() -> None:
    plan, (note,) = reported("In 20", "tiny", "contracts.matching.target_frac=1")

    assert plan.tables["matching"]["used_mwh"].sum() == 0.0
    assert note.startswith(
        "In 2027 100 % of the compute demand is unmet, and some in 2028. What limits it: The"
        " clean-energy target of US in 2027 (0 MW on average) is binding."
    )


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


_BY_SERVICE = "build.capex_budget_musd={2027: 500, 2028: 2000}"


def test_what_serves_for_a_part_of_the_last_year_is_reported_with_that_part() -> None:
    columns = {"site": ["oak", "elm", "oak"], "year": [2030, 2030, 2029]}
    grid = pd.DataFrame({**columns, "service_start": [2030.75, 2030.25, 2029.75], "added_mw": [48.0, 9.0, 7.0]})
    halls = pd.DataFrame({**columns, "service_start": [2030.9, 2030.0, 2029.0], "built_mw": [0.7, 3.0, 5.0]})
    plan = SimpleNamespace(
        tables={"connections": grid, "builds": halls}, inputs=SimpleNamespace(years=SimpleNamespace(last=2030))
    )

    (note,) = notes_module._late_orders(plan)

    assert note == (
        "What enters service within a year counts for its part of it, so more MW are ordered for the end of 2030 than"
        " the same load needs afterwards: 48 MW of connection at oak from October 2030, 25% of the year. One more model"
        " year shows what is needed."
    )
    grid["service_start"] = halls["service_start"] = 2029.0
    assert not list(notes_module._late_orders(plan))


def test_cash_above_a_budget_of_service_years_is_reported_and_can_be_limited() -> None:
    plan, (note,) = reported("Cash for assets", "tiny", _BY_SERVICE)

    cash = plan.tables["cash"].groupby("calendar_year")[["cash_musd", "overnight_musd"]].sum()
    # Halls that serve in 2028 are paid in 2027 too, with racks and what serves in that year.
    assert cash.loc[2027, "overnight_musd"] == pytest.approx(500.0)
    assert cash.loc[2027, "cash_musd"] > 600.0
    figures = f"{cash.loc[2027, 'cash_musd']:.0f} MUSD in 2027 (budget 500 MUSD)"
    assert f"build.capex_budget_musd in 1 of 2 model years: {figures}." in note
    assert "build.cash_budget_musd limits the cash of each calendar year" in note

    held, notes = reported("Cash for assets", "tiny", _BY_SERVICE, "build.cash_budget_musd=500")

    assert notes == []
    spent = held.tables["cash"].groupby("calendar_year")["cash_musd"].sum()
    assert spent[2027] <= 500.0 * (1 + 1e-6)
    assert spent[2028] == pytest.approx(500.0)
    assert held.outcome.objective > plan.outcome.objective


def test_a_target_that_binds_is_not_named_where_nothing_is_unmet() -> None:
    plan, notes = reported("In 20", "tiny", _TARGET)

    assert plan.prices["block"].eq("clean_target").any()
    assert plan.tables["summary"]["unmet_kh100e"].sum() == pytest.approx(0.0, abs=1e-6)
    assert notes == []


@pytest.mark.parametrize(
    "changes",
    [
        ("carbon.cap_kt=2000",),
        (
            "carbon={accounting: market, cap_kt: {2028: 30}}",
            "contracts.ppa={sun: {technology: solar, lead_months: 12, price_usd_per_mwh: 80}}",
        ),
        ("contracts.matching.target_frac=0.2",),
        ("carbon.cap_kt=2000", "new_sites.coast.lead_time_months=30"),
    ],
    ids=["slack cap", "cap that binds and is met", "slack target", "work unmet for another reason"],
)
def test_nothing_is_said_where_no_limit_stops_work(changes: tuple[str, ...]) -> None:
    plan, notes = reported("In 20", "tiny", *changes)

    binds = plan.prices["block"].isin(["carbon_cap", "clean_target"]).any()
    assert binds == any("ppa" in change for change in changes)
    assert notes == []


def test_the_worth_of_a_cap_is_reported_as_the_slope_of_cost_and_in_money_of_the_year() -> None:
    settings = ("years=[2027,2029]", "finance.end_of_horizon=perpetuity")
    demand = "demand.explicit=[{workload: train_frontier, unit: kh100e, by_year: {2027: 30, 2029: 45}}]"
    plan, tighter, looser = (
        planner.solve("tiny", [*settings, demand, f"carbon.cap_kt={{2029: {cap}}}"]) for cap in (50.0, 49.0, 51.0)
    )

    row = plan.tables["carbon_year"].set_index("year").loc[2029]
    fall_usd_per_t = (tighter.outcome.objective - looser.outcome.objective) * 1e6 / 2000.0
    assert row["cap_value_npv_usd_per_t"] == pytest.approx(fall_usd_per_t, rel=1e-6)
    assert fall_usd_per_t > 1.0
    prices = plan.prices
    (reported_usd,) = prices.loc[prices["block"] == "carbon_cap", "value"]
    assert row["cap_value_usd_per_t"] == pytest.approx(reported_usd)


def test_a_wide_gap_of_a_rounded_plan_is_reported_with_what_closes_it() -> None:
    enough = "solver.gap_frac=0.2"
    plan, (note,) = reported("A plan with integers", "tiny", "siting.phase_mw=12", enough)
    searched, none = reported("A plan with integers", "tiny", "siting.phase_mw=12", "solver.whole_numbers=search")

    off = 1.0 - plan.outcome.dual_bound / plan.outcome.objective
    assert off > 0.01
    assert note.startswith(f"A plan with integers may cost up to {off:.1%} less")
    assert "solver.whole_numbers: search" in note
    assert searched.outcome.objective < plan.outcome.objective
    assert none == []


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


def test_existing_halls_that_are_retrofitted_are_named_with_what_they_become() -> None:
    done = pd.DataFrame(
        {
            "site": ["oak", "elm"],
            "hall": ["air|N+1", "rdhx|2N"],
            "to_hall": ["dlc|N+1", "dlc|2N"],
            "year": [2027, 2029],
            "retrofitted_mw": [11.0, 27.5],
        }
    )
    plan = SimpleNamespace(tables={"retrofits": done})

    assert list(notes_module._retrofits(plan)) == [
        "Existing halls are retrofitted: 27.5 MW of rdhx 2N at elm becomes dlc 2N in 2029,"
        " 11.0 MW of air N+1 at oak becomes dlc N+1 in 2027."
    ]
    assert list(notes_module._retrofits(SimpleNamespace(tables={"retrofits": done[:0]}))) == []


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


def test_new_halls_that_fill_up_are_not_reported() -> None:
    assert new_halls(("ash", 2030, 0.0, 60.0, 31.0), ("bay", 2030, 10.0, 70.0, 50.0)) == []
    (note,) = new_halls(("ash", 2030, 0.0, 60.0, 31.0), ("bay", 2030, 10.0, 70.0, 30.0))
    assert note.endswith("20.0 of 60.0 MW of dlc 2N at bay.")


def test_a_ramp_that_makes_a_plan_build_more_is_named_in_the_notes_of_a_run() -> None:
    ramp = ("halls.ramp_mean_frac=0.6", "scope.workloads=[train_frontier]")
    falls = "{workload: train_frontier, unit: kh100e, by_year: {2027: 9, 2028: 3}}"
    plan, notes = reported("New halls are less", "tiny", *ramp, f"demand.explicit=[{falls}]")

    halls = plan.tables["halls"].query("year == 2028")
    built = plan.tables["builds"]["built_mw"].sum()
    assert halls["used_mw"].sum() < 0.5 * built
    (note,) = notes
    assert "full in 2027 when the ramp left" in note
