"""Explanations: every number stands in a table, and what is foretold comes true."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner
from plans import plan_of

import planner
from planner.base.errors import InputError
from planner.base.words import amount
from planner.cli import main
from planner.inputs.build import PreparedScenario
from planner.limits.binding import PLACES, binding
from planner.runs import write_run
from planner.studies.explain import Explanation, explain
from planner.studies.explain.again import RightSideStep, spot_check
from planner.studies.solve.asking import Asking

MINI = Path(__file__).parent.parent / "fixtures" / "mini" / "mini.yaml"
CHECK = Path(__file__).parent.parent / "check"
WHOLE = str(CHECK / "whole.yaml")
OWN_POWER = str(CHECK / "own_power.yaml")
PERMITS = (OWN_POWER, "halls.redundancy=[2N]", "demand.scale_frac=1.3")  # halls that take more of their water
NON_FIRM = str(CHECK / "non_firm.yaml")
ASK = Asking(lambda _: None)

ROOMY = ("new_sites.north.land_limit_mw=70",)


@cache
def explained(scenario: str, *settings: str, **options: str | int | bool) -> Explanation:
    return explain(plan_of(scenario, *settings), **options)  # type: ignore[arg-type]


def texts(reported: Explanation) -> str:
    return "\n".join(statement.text for statement in reported.statements)


EVERY = (
    ("tiny", {}),
    ("tiny", {"resolve": True}),
    ("tiny", {"year": 2027}),
    ("tiny", {"year": 2028}),
    ("tiny", {"site": "south", "resolve": True}),
    (str(MINI), {}),
    (str(MINI), {"site": "oak"}),
    (str(MINI), {"resolve": True}),
    (str(MINI), {"year": 2027, "site": "elm"}),
)


@pytest.mark.parametrize(("scenario", "options"), EVERY)
def test_every_number_of_a_sentence_stands_in_a_table(scenario: str, options: dict) -> None:
    reported = explained(scenario, **options)

    assert reported.statements
    for statement in reported.statements:
        for number in statement.numbers:
            table = reported.tables[number.table]
            is_row = (table[list(number.row)] == list(number.row.values())).all(axis=1)
            assert is_row.sum() == 1, (statement.text, number)
            cell = float(table.loc[is_row, number.column].iloc[0])
            assert cell == pytest.approx(number.value, nan_ok=True)


@pytest.mark.parametrize(("scenario", "options"), EVERY)
def test_no_sentence_has_a_number_that_is_in_none_of_its_cells(scenario: str, options: dict) -> None:
    for statement in explained(scenario, **options).statements:
        if "million" in statement.text or "%" in statement.text:
            continue  # the same number in another form
        reported = [of for of in statement.numbers if of.value != 0 and of.unit != ""]
        shown = [amount(abs(number.value)) for number in reported]
        if statement.numbers and shown:
            assert any(text in statement.text for text in shown), statement.text


def test_the_land_of_the_cheapest_site_is_full_and_worth_what_more_of_it_saves() -> None:
    reported = explained("tiny", resolve=True)
    (row,) = reported.tables["binding"].to_dict("records")

    assert (row["block"], row["site"], row["year"], row["limit"]) == ("land_limit", "north", 2028, 30)
    assert row["tried_value"] == pytest.approx(row["value"], rel=1e-6)
    assert "The land at north is full in 2028 (30 MW of halls): one more MW saves" in texts(reported)


def test_a_little_more_land_saves_what_its_prices_foretell() -> None:
    # A wider limit counts as far as the site is open, in every year.
    base, wider = plan_of("tiny"), plan_of("tiny", "new_sites.north.land_limit_mw=30.1")
    prices = base.prices.query("block == 'land_limit' and site == 'north'").set_index("year")
    is_open = base.site_year.query("site == 'north'").set_index("year")["open_frac"]

    foretold = 0.1 * float((prices["raw_dual"] * is_open).sum())

    found = wider.outcome.objective - base.outcome.objective
    assert found < 0
    assert found == pytest.approx(foretold, rel=0.01)


@pytest.mark.parametrize(
    ("settings", "blocks"),
    [
        (
            (
                "carbon.cap_kt=300",
                "deliveries.scale_frac=0.05",
                "rent.depth_scale_frac=0.2",
                "build.rate_scale_frac=0.1",
            ),
            ("carbon_cap", "deliveries", "rent_depth", "build_rate", "demand_balance"),
        ),
        (("grid.headroom_scale_frac=0.002",), ("zone_headroom", "build_rate", "demand_balance")),
    ],
)
def test_prices_come_true_within_one_percent(settings: tuple[str, ...], blocks: tuple[str, ...]) -> None:
    plan = plan_of(str(MINI), *settings)
    steps = []
    for block in blocks:
        rows = plan.prices[plan.prices["block"] == block]
        row = rows.loc[rows["raw_dual"].abs().idxmax()]
        axes = [name for name in ("site", "region", "workload", "zone", "vendor") if row[name]]
        steps.append(RightSideStep(block, {axis: str(row[axis]) for axis in (*axes, "year")}, 0.01))

    found = spot_check(PreparedScenario(plan.scenario, plan.inputs), steps, ASK)

    assert list(found["what"]) == list(blocks)
    assert (found["found_musd"].abs() > 1e-4).all()
    assert (found["off_frac"] < 0.01).all(), found.to_string()


def calendar_years(plan: planner.Plan, year: int) -> list[int]:
    """Calendar years that a model year of these worlds stands for."""
    later = [other for other in plan.inputs.years.years if other > year]
    return list(range(year, min(later) if later else year + 1))


def discounts(plan: planner.Plan, years: list[int]) -> float:
    """Worth today of a dollar in the middle of each of some years."""
    finance = plan.inputs.finance
    return sum((1 + finance.rate_frac) ** (finance.base_year - year - 0.5) for year in years)


@pytest.mark.parametrize(
    ("scenario", "block", "place", "unit", "units_in_one", "words"),
    [
        # MW of mean power over a year's hours; thousand m3; MW
        ((OWN_POWER,), "clean_target", "east", "USD/MWh", 8760, "clean-energy target of east in 2025"),
        (PERMITS, "water_permit", "elm", "USD/m3", 1000, "Permits for the halls at elm grant"),
        ((OWN_POWER,), "contract_limit", "west sun", "USD/MW-year", 1, "430 MW of contract sun is"),
        ((OWN_POWER,), "source_limit", "oak mill", "USD/MW-year", 1, "At most 140 MW of mill is allowed"),
        ((NON_FIRM,), "all_headroom", "west 0.5 %", "USD/MW-year", 1, "curtailed up to 0.5 %"),
        ((NON_FIRM,), "zone_headroom", "west", "USD/MW-year", 1, "MW of new firm connections by"),
    ],
)
def test_what_one_more_is_worth_is_what_solving_again_with_one_more_changes(
    scenario: tuple[str, ...], block: str, place: str, unit: str, units_in_one: float, words: str
) -> None:
    plan = plan_of(*scenario)
    table = binding(plan.inputs, plan.tables)
    row = table[(table["block"] == block) & (table["place"] == place)].iloc[0]
    labels = {axis: str(row[axis]) for axis in (*PLACES, "year") if str(row[axis])}
    step = 0.001 * float(row["limit"])
    years = plan.inputs.years
    lasting = list(range(years.years[0], years.last_calendar_years[-1] + 1))
    paid = lasting if "headroom" in block else calendar_years(plan, int(row["year"]))

    found = spot_check(PreparedScenario(plan.scenario, plan.inputs), [RightSideStep(block, labels, step)], ASK)

    assert plan.verdict.ok, plan.verdict.broken
    change_musd = float(found["found_musd"].iloc[0])
    sign = 1 if block == "clean_target" else -1  # more of a target costs, of a limit saves
    assert sign * change_musd > 1e-5
    worth = sign * change_musd / step * 1e6 / units_in_one / discounts(plan, paid)
    assert (row["unit"], row["value"]) == (unit, pytest.approx(worth, rel=0.01))
    assert row["one_percent_musd"] == pytest.approx(abs(change_musd) * 10, rel=0.01)
    reported = explained(*scenario, every=True)
    assert words in texts(reported)


def test_a_site_that_differs_in_the_price_of_power_alone_wins_at_the_same_price() -> None:
    reported = explained("tiny", *ROOMY, site="south", resolve=True)
    entry = reported.tables["entry"].set_index("what")

    assert plan_of("tiny", *ROOMY).site_year.query("site == 'south'")["nameplate_mw"].sum() == 0
    assert entry.loc["power price", "now"] == pytest.approx(55)
    # Just below the 40 USD/MWh of the north.
    assert entry.loc["power price", "needed"] == pytest.approx(40, rel=0.006)
    assert entry.loc["power price", "site_mw"] > 10
    assert entry.loc["one MW more", "change_musd"] > 0


def test_the_cost_of_entry_is_the_price_of_costlier_power() -> None:
    # A MW of racks for training in 2028 uses what 6.8 MW use at south in the plan of tiny, by the
    # MW; power there costs 15 USD/MWh more than in the north.
    one = plan_of("tiny").site_year.query("site == 'south' and year == 2028").iloc[0]
    mwh = float(one["energy_mwh"] / one["nameplate_mw"])
    weight = float(plan_of("tiny", *ROOMY).inputs.finance.year_weight[1])
    entry = explained("tiny", *ROOMY, site="south", resolve=True).tables["entry"].set_index("what")

    growth = float(plan_of("tiny").inputs.finance.opex_escalation[1])
    assert 0.9 <= growth <= 1.1
    expected = 15 * mwh * weight / 1e6
    assert entry.loc["one MW more", "change_musd"] == pytest.approx(expected, rel=0.02)


def test_what_changed_in_a_year_is_the_difference_of_its_summary() -> None:
    reported = explained("tiny", year=2028)
    change = reported.tables["year_change"].set_index("figure")["change"]
    summary = plan_of("tiny").tables["summary"].set_index("year")

    for figure in change.index:
        expected = summary.loc[2028, figure] - summary.loc[2027, figure]
        assert change[figure] == pytest.approx(expected)
    assert "Demand grows by 19 kH100e (+50%) to 57 kH100e." in texts(reported)
    assert "In use for the first time in 2028: south" in texts(reported)


def test_the_first_year_has_nothing_before_it() -> None:
    reported = explained("tiny", year=2027)

    assert reported.tables["year_change"]["before"].isna().all()
    assert "Demand is 38 kH100e in 2027, the first year." in texts(reported)


@pytest.mark.parametrize("options", [{"site": "nowhere"}, {"year": 2029}])
def test_what_is_not_in_the_plan_is_refused(options: dict) -> None:
    with pytest.raises(InputError):
        explain(plan_of("tiny"), **options)


# --- the command -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run of `tiny`, not to be changed."""
    return write_run(plan_of("tiny"), tmp_path_factory.mktemp("stored"), workbook=False)


def test_the_command_reads_the_run_folder_alone(stored: Path) -> None:
    result = CliRunner().invoke(main, ["-q", "explain", str(stored), "--tables"])

    assert result.exit_code == 0, result.stderr
    assert "The land at north is full in 2028" in result.stdout
    assert "[binding]" in result.stdout


def test_programs_read_sentences_numbers_and_tables(stored: Path) -> None:
    result = CliRunner().invoke(main, ["-q", "explain", str(stored), "--json"])

    reported = json.loads(result.stdout)
    assert result.exit_code == 0
    assert {"text", "numbers", "topic", "stake_musd"} == set(reported["statements"][0])
    assert reported["tables"]["binding"][0]["site"] == "north"
    assert "not checked by solving again" in reported["basis"]


@pytest.mark.parametrize("words", [("--site", "nowhere"), ("--year", "1999")])
def test_a_wrong_site_or_year_ends_with_2(stored: Path, words: tuple[str, str]) -> None:
    assert CliRunner().invoke(main, ["-q", "explain", str(stored), *words]).exit_code == 2


def test_with_whole_openings_prices_are_those_of_the_openings_as_they_are() -> None:
    settings = ("siting.whole_openings=true",)
    reported = explained("tiny", *settings, resolve=True)
    (row,) = reported.tables["binding"].query("block == 'land_limit'").to_dict("records")

    assert "with all integers (openings, phases) fixed" in reported.basis
    assert (row["site"], row["year"]) == ("north", 2028)
    assert row["tried_value"] == pytest.approx(row["value"], rel=0.01)


def test_prices_of_whole_openings_come_true_while_the_openings_stay_those_of_the_plan() -> None:
    plan = plan_of(WHOLE)
    rows = binding(plan.inputs, plan.tables).query("limit > 0").drop_duplicates("block")
    steps = [
        RightSideStep(
            str(row["block"]),
            {axis: str(row[axis]) for axis in (*PLACES, "year") if str(row[axis])},
            share * float(row["limit"]),
        )
        for share in (-0.001, 0.001)
        for row in rows.to_dict("records")
    ]

    found = spot_check(PreparedScenario(plan.scenario, plan.inputs), steps, ASK)

    assert (plan.outcome.duals_of, len(plan.tables["openings"])) == ("fixed_program", 2)
    assert found.attrs["before_musd"] == pytest.approx(plan.outcome.objective, rel=1e-9)
    assert len(found) >= 2 * 3
    # Cost is convex in a limit: where it has a kink the price holds on one side, and no side costs less than it says.
    assert found.groupby("what")["off_frac"].min().max() < 1e-6, found.to_string()
    assert (found["found_musd"] > found["foretold_musd"] - 1e-6).all(), found.to_string()


def test_what_a_site_would_take_says_in_sentence_and_row_that_openings_are_relaxed() -> None:
    whole = explained("tiny", "siting.whole_openings=true", site="south", resolve=True)
    what = list(whole.tables["entry"]["what"])
    takes = [one.text for one in whole.statements if one.topic == "What it would take"]

    assert len(takes) >= 2
    assert all("in the LP relaxation before and after)" in text for text in takes)
    assert what[:2] == ["as it is (LP relaxation)", "one MW more (LP relaxation)"]
    assert "in part" not in texts(explained("tiny", site="south", resolve=True))


@pytest.mark.parametrize("options", [{}, {"year": 2027}, {"site": "oak"}])
def test_no_sentence_has_an_internal_name(options: dict) -> None:
    said = texts(explained(str(MINI), every=True, **options))

    assert not re.findall(r"\S*[_|]\S*", said)
    assert not re.findall(r"20\d\d\.\d", said)


def test_a_scenario_without_a_run_is_solved_once_and_its_run_is_read_then(tmp_path: Path) -> None:
    first, second = (CliRunner().invoke(main, ["explain", "tiny", "--runs", str(tmp_path)]) for _ in range(2))

    assert first.exit_code == second.exit_code == 0, first.stderr
    assert "No run of tiny in" in first.stderr
    assert "No run of tiny in" not in second.stderr
    assert first.stdout.splitlines()[:12] == second.stdout.splitlines()[:12]
    assert len(list(tmp_path.glob("tiny-*"))) == 1
