"""Explanations: every number stands in a table, and what is foretold comes true."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from plans import plan_of

import planner
from planner.base.errors import InputError
from planner.base.words import amount
from planner.cli import main
from planner.inputs.prepared import PreparedScenario
from planner.limits.binding import PLACES, binding
from planner.model import build_model
from planner.runs import write_run
from planner.scenario import load_scenario
from planner.studies.explain import Explanation, explain
from planner.studies.explain.again import Resolved, RightSideStep, counted, spot_check
from planner.studies.explain.explain import AGAIN
from planner.studies.explain.words import Names, about_compute, about_cost
from planner.studies.solve.asking import Asking

MINI = Path(__file__).parent.parent / "fixtures" / "mini" / "mini.yaml"
CHECK = Path(__file__).parent.parent / "check"
TARIFFS = CHECK / "tariffs.yaml"
WHOLE = str(CHECK / "whole.yaml")
OWN_POWER = str(CHECK / "own_power.yaml")
PERMITS = (OWN_POWER, "halls.redundancy=[2N]")  # halls that take more of their water
NON_FIRM = str(CHECK / "non_firm.yaml")
ASK = Asking(lambda _: None)

# Land for all training in the north: the south differs from it in the price of power alone.
HALL = "air_dry|N"
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
        ((OWN_POWER,), "contract_limit", "sun west", "USD/MW-year", 1, "430 MW of contract sun is"),
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


def test_more_of_a_target_costs_by_the_mwh_and_by_the_percent() -> None:
    reported = texts(explained(OWN_POWER, every=True))
    target = 1.01 * 0.47
    # All that is asked of 2025: both zones.
    path = f"contracts.matching.target_frac={{2025: {target}, 2026: 0.47, 2027: 0.63}}"

    costlier = plan_of(OWN_POWER, path).outcome.objective - plan_of(OWN_POWER).outcome.objective

    rows = explained(OWN_POWER).tables["binding"].query("block == 'clean_target'")
    foretold = float(rows.loc[rows["year"] == 2025, "one_percent_musd"].sum())
    assert costlier == pytest.approx(foretold, rel=0.02)
    assert "one more MWh costs 69.2 USD/MWh, and 1 % more of the target 0.251 MUSD NPV" in reported


def test_a_full_connection_is_no_limit_where_a_non_firm_one_can_be_had() -> None:
    settings = ("sites.oak.grid_firm_mw=60",)
    plan = plan_of(NON_FIRM, *settings)
    firm_alone = plan_of(NON_FIRM, *settings, "grid.non_firm.allow=false")

    def full(of: planner.Plan) -> list[int]:
        rows = of.prices.query("block == 'grid_connection' and site == 'oak' and year == 2025")
        listed = binding(of.inputs, of.tables).query("block == 'grid_connection' and site == 'oak'")
        assert len(rows) == 1
        return list(listed["year"])

    # Non-firm power comes in 2025, a larger firm connection in 2026.
    assert (full(plan), full(firm_alone)) == ([], [2025])


def test_a_hall_that_is_full_at_the_same_time_as_its_racks_is_not_called_worth_its_price() -> None:
    reported = explained(str(MINI), resolve=True)
    table = reported.tables["binding"]
    halls = table[(table["block"] == "hall_power") & (table["hall"] == "air_dry|N")]

    # The halls of the base year just hold the racks of the base year.
    assert (halls["value"] > 1e6).all()
    assert halls["tried_value"].to_list() == [0.0, 0.0]
    assert texts(reported).count("one more MW alone saves nothing, as something else is full") == 2


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


def test_a_site_billed_by_a_bundled_tariff_is_reported_of_without_a_price_of_power() -> None:
    settings = ("years=[2026, 2027]",)
    plan = plan_of(str(TARIFFS), *settings)
    reported = explained(str(TARIFFS), *settings, site="oak", resolve=True)

    what = reported.tables["entry"]["what"].to_list()
    assert what[:2] == ["as it is", "one MW more"]
    assert "power price" not in what
    assert "One more MW of racks at oak" in texts(reported)
    # The bill that prices are tried on is all that sites pay utilities.
    lines = plan.costs.groupby("item")["npv_musd"].sum()
    tariffs = lines[lines.index.str.startswith("tariff_")].sum()
    assert tariffs > 10
    question = PreparedScenario(plan.scenario, plan.inputs)
    bill = Resolved(question, build_model(plan.inputs), plan.outcome)
    paid = tariffs + lines[lines.index.str.startswith("electricity_")].sum()
    assert bill.power_bill_musd(plan.outcome.x) == pytest.approx(paid)


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


def test_a_month_and_a_millisecond_are_tried() -> None:
    steps = explained("tiny", resolve=True).tables["steps"].set_index("what")

    assert steps.loc["lead time", "unit"] == "months"
    assert steps.loc["latency", "place"] == "chat_interactive"


def test_a_plan_explains_itself() -> None:
    reported = plan_of("tiny").explain(year=2028)

    assert str(reported).startswith("tiny\n")
    assert "\nWhat changed\n- Demand grows" in str(reported)


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


def test_moments_of_tables_are_printed_as_years(stored: Path) -> None:
    result = CliRunner().invoke(main, ["-q", "explain", str(stored), "--site", "south", "--tables"])

    assert " 2027.0 " in result.stdout.split("[site_leads]")[1]
    assert "2,027" not in result.stdout


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


def test_a_scenario_can_be_loaded_for_a_question() -> None:
    assert PreparedScenario.from_scenario(load_scenario("tiny")).inputs.name == "tiny"


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
            0.001 * float(row["limit"]),
        )
        for row in rows.to_dict("records")
    ]

    found = spot_check(PreparedScenario(plan.scenario, plan.inputs), steps, ASK)

    assert (plan.outcome.duals_of, len(plan.tables["openings"])) == ("fixed_program", 2)
    assert found.attrs["before_musd"] == pytest.approx(plan.outcome.objective, rel=1e-9)
    assert len(found) >= 3
    assert (found["found_musd"] < -1e-4).all()
    assert (found["off_frac"] < 0.01).all(), found.to_string()


def test_of_a_site_it_is_reported_that_integers_are_relaxed_in_what_it_would_take() -> None:
    whole = explained("tiny", "siting.whole_openings=true", site="south", resolve=True)

    assert "what a site would take is stated with integers relaxed" in whole.basis.lower()
    assert "fractions" not in explained("tiny", site="south").basis


def test_what_a_site_would_take_says_in_sentence_and_row_that_openings_are_relaxed() -> None:
    whole = explained("tiny", "siting.whole_openings=true", site="south", resolve=True)
    what = list(whole.tables["entry"]["what"])
    takes = [one.text for one in whole.statements if one.topic == "What it would take"]

    assert len(takes) >= 2
    assert all("in the LP relaxation before and after)" in text for text in takes)
    assert what[:2] == ["as it is (LP relaxation)", "one MW more (LP relaxation)"]
    assert "in part" not in texts(explained("tiny", site="south", resolve=True))


def test_the_price_of_power_that_was_tried_is_reported_where_it_brings_no_more_load() -> None:
    # A MW there pays 1,000 / 70 MUSD a year for the site, and less than 1 MUSD for its power.
    reported = explained("tiny", *ROOMY, "new_sites.south.fixed_usd_per_year=1000000000", site="south", resolve=True)
    (row,) = reported.tables["entry"].query("what == 'power price'").to_dict("records")

    assert (row["now"], row["tried"]) == (pytest.approx(55), 0.01)
    assert "Even a power price of 0.01 USD/MWh, not 55 USD/MWh, brings no more load" in texts(reported)


def test_the_worth_of_a_limit_is_reported_over_the_other_years_in_which_it_binds() -> None:
    reported = explained(OWN_POWER, every=True)
    rows = reported.tables["binding"].query("block == 'lease_depth' and site == 'oak'")
    usd = rows.set_index("year")["value"]
    worst = rows["year"].iloc[0]
    least, most = sorted(usd.drop(worst))

    assert worst == 2026
    assert most > 2.0 * least
    assert (
        f"in 2026: one more MW saves {amount(usd[2026] / 1e6)} million USD/MW-year. It binds "
        f"in 2025, 2027 too, at a shadow price of {amount(least / 1e6)} to {amount(most / 1e6)} "
        "million USD/MW-year."
    ) in texts(reported)


def test_the_price_of_compute_is_reported_where_it_is_lowest_and_highest() -> None:
    prices = pd.DataFrame(
        {
            "workload": "chat",
            "year": [2025, 2026, 2027, 2028],
            "demand_kh100e": [3.0, 4.0, 5.0, 6.0],
            "mean_usd_per_h100e_hour": [2.78, 6.57, 0.41, 0.73],
            "least_usd_per_h100e_hour": [2.78, 6.57, 0.41, 0.73],
            "most_usd_per_h100e_hour": [2.78, 6.57, 0.41, 0.73],
        }
    )

    (reported,) = about_compute({"demand_price": prices})

    assert reported.text == (
        "For chat, one more H100e costs 0.73 USD/H100e-hour in 2028, 2.78 in 2025; lowest 0.41 "
        "(2027), highest 6.57 (2026)."
    )


def test_rented_and_unmet_compute_have_a_percentage_each() -> None:
    service = pd.DataFrame({"year": [2025], "demand_kh100e": 200.0, "rented_kh100e": 7.0, "unmet_kh100e": 5.0})
    cost = pd.DataFrame({"item": ["total", "rent"], "npv_musd": [9.0, 8.0], "heading": ""})

    _, reported = about_cost({"service": service, "cost": cost})

    assert "7 kH100e (3.5%) are rented and 5 kH100e (2.5%) stay unmet." in reported.text


def test_the_answer_at_once_lists_what_solving_again_would_add_and_how_long_it_takes() -> None:
    plan = plan_of("tiny")
    seconds = replace(plan, seconds={**plan.seconds, "solve": 50.0})

    (again,) = [one for one in explain(seconds).statements if one.topic.startswith("What solving")]

    # One limit: 0.2 of the 50 s to start, 0.06 to move it; a month and the plan as it was, 0.8
    # each; three workloads, 0.8 each: 10 + 3 + 80 + 120 s.
    assert again.text == (
        "Nothing was solved again. --resolve would try: a little more of the limit above; one "
        "month less of lead time; one millisecond more for the largest workloads. It would take "
        "about 4 min, as the plan took 50 s to solve."
    )
    assert not [one for one in explained("tiny", resolve=True).statements if one.topic == AGAIN]


def test_each_solve_says_which_it_is_and_how_long_the_rest_takes() -> None:
    said: list[str] = []
    clock = iter([3.0, 17.0, 23.0])
    tell = counted(said.append, 4, lambda: next(clock))

    for what in ("the plan", "more land", "more racks", "fewer months"):
        tell(what)

    # Two solves in 14 s leave two more: 14 s; three in 20 s one more: 7 s.
    assert said == [
        "The plan (1 of 4)",
        "More land (2 of 4)",
        "More racks (3 of 4, about 14 s left)",
        "Fewer months (4 of 4, about 7 s left)",
    ]


@pytest.mark.parametrize("options", [{}, {"year": 2027}, {"site": "oak"}])
def test_no_sentence_has_an_internal_name(options: dict) -> None:
    said = texts(explained(str(MINI), every=True, **options))

    assert not re.findall(r"\S*[_|]\S*", said)
    assert not re.findall(r"20\d\d\.\d", said)


def test_halls_racks_and_lines_of_cost_are_named_in_words() -> None:
    names = Names(plan_of(str(MINI)).inputs)

    assert names.plain(f"({HALL}, 7 MW)").endswith("; redundancy N, 7 MW)")
    assert names.plain("Most of it is in air_dry.").startswith("Most of it is in Air")
    assert "rack purchase " in texts(explained(str(MINI)))


@pytest.mark.parametrize(
    "text",
    [
        "demand.unmet_usd_per_h100e_hour is the price of unmet compute.",
        "It is in runs/us_base/plan.xlsx.",
        "At most 7 MW of contract my_ppa is on offer in my_zone.",
        f"Set halls.{HALL}.max_mw or edit /data/{HALL}/x.csv.",
    ],
)
def test_settings_paths_and_ids_that_commands_take_are_left_as_they_are(text: str) -> None:
    assert Names(plan_of(str(MINI)).inputs).plain(text) == text


def test_a_scenario_without_a_run_is_solved_once_and_its_run_is_read_then(tmp_path: Path) -> None:
    first, second = (CliRunner().invoke(main, ["explain", "tiny", "--runs", str(tmp_path)]) for _ in range(2))

    assert first.exit_code == second.exit_code == 0, first.stderr
    assert "No run of tiny in" in first.stderr
    assert "No run of tiny in" not in second.stderr
    assert first.stdout.splitlines()[:12] == second.stdout.splitlines()[:12]
    assert len(list(tmp_path.glob("tiny-*"))) == 1


def test_sentences_are_wrapped_at_the_width_of_the_terminal(stored: Path) -> None:
    narrow, wide = (
        CliRunner().invoke(main, ["-q", "explain", str(stored)], env={"COLUMNS": width}).stdout
        for width in ("57", "91")
    )

    assert (max(map(len, narrow.splitlines())), max(map(len, wide.splitlines()))) <= (57, 91)
    assert len(narrow.splitlines()) > len(wide.splitlines())


def test_a_site_without_new_halls_is_reported_with_the_setting_that_says_so() -> None:
    reported = texts(explained(str(MINI), "sites.oak.new_halls=false", site="oak"))

    assert "No new hall is built at oak by your setting, sites.oak.new_halls: false" in reported
    assert "can serve" not in reported


@pytest.mark.parametrize("of", [{}, {"site": "south"}])
def test_no_sentence_begins_with_an_id_in_lower_case(of):
    said = [one.text for one in plan_of("tiny").explain(**of).statements]

    assert said
    assert [text for text in said if text[0].islower()] == []


def test_items_of_cost_are_said_with_the_heading_that_the_summary_adds_them_up_under():
    plan = plan_of("tiny")
    cost = plan.explain().tables["cost"].set_index("item")
    of_group = plan.tables["costs"].groupby("group")["npv_musd"].sum()

    assert "rack purchase 68% (part of racks)" in str(plan.explain())
    named = cost[cost["heading"] != ""].groupby("heading")["npv_musd"].sum()
    assert named.to_dict() == pytest.approx(of_group[named.index].to_dict())
