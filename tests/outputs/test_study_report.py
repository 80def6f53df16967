"""The report of studies says what their tables say, whatever futures and axes are called."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from pages import Page, expected, is_shown, read_page

from planner import cli
from planner.base.errors import InputError
from planner.outputs.report import stochastic_html, studies_html
from planner.outputs.report.markup import policy
from planner.outputs.study_folders import (
    KINDS_READ,
    StoredFrontier,
    StoredStochastic,
    StoredSweep,
    effects_of,
    fans_of,
    read_study,
)
from planner.runs.studies import LISTED

ODD = '=1+1 <script>alert("x")</script> ../../x \u202e🏭'
LONG = "x" * 300


def sweep_folder(folder: Path, odd: str = "price=40") -> Path:
    """A sweep of four futures: three with a plan."""
    folder.mkdir()
    names = [odd, "price=50", "price=60", "none"]
    meta = {
        "sweep": "mine",
        "title": "What if power costs more?",
        "question": "",
        "base": "tiny",
        "axes": {"price": [40, 50, 60]},
        "changes": {"none": {"demand.unmet": "forbid", "years": "[2027]"}},
    }
    (folder / "sweep.json").write_text(json.dumps(meta), encoding="utf-8")
    futures = pd.DataFrame(
        {
            "future": names,
            "price": [40.0, 50.0, 60.0, float("nan")],
            "status": ["optimal", "within_gap", "optimal", "infeasible"],
            "checked": [True, True, True, False],
            "broken": "",
            "objective_musd": [520.0, 545.5, 561.5, float("nan")],
            "bound_musd": [520.0, 515.5, 561.5, float("nan")],
            "penalty_musd": [0.0, 7.25, 30.5, float("nan")],
            "rank_low": pd.array([1, 1, 3, None], dtype="Int64"),
            "rank_high": pd.array([2, 2, 3, None], dtype="Int64"),
            "message": ["", "", "", "no plan meets all constraints"],
        }
    )
    results = pd.DataFrame(
        [
            (future, "facility_mean_mw", year, "MW", value)
            for future, of in zip(names, ((30.0, 44.0), (28.0, 41.0), (22.0, 33.0)), strict=False)
            for year, value in zip((2027, 2028), of, strict=True)
        ],
        columns=["future", "figure", "year", "unit", "value"],
    )
    no_regret = pd.DataFrame(
        [
            ("halls", "north", "", 2027, 12.5, 14.0, 3, 2025.5),
            ("halls", "north", "", 2028, 17.5, 25.0, 3, 2026.0),
            ("racks", "", "gb200_nvl72", 2028, 0.0, 6.4, 2, float("nan")),
        ],
        columns=["kind", "site", "item", "year", "least_mw", "most_mw", "futures", "order_by"],
    )
    for name, table in (("futures", futures), ("results", results), ("no_regret", no_regret)):
        table.to_parquet(folder / f"{name}.parquet")
    return folder


def frontier_folder(folder: Path) -> Path:
    folder.mkdir()
    points = [
        {"point": 0, "measure": 90.0, "cost_musd": 520.0, "extra_frac": 0.0, "price": 0.2},
        {"point": 1, "measure": 70.0, "cost_musd": 531.0, "extra_frac": 0.0212, "price": 1.7},
        {"point": 2, "measure": 40.0, "cost_musd": 594.5, "extra_frac": 0.1433, "price": 3.9},
    ]
    for point in points:
        point |= {"penalty_musd": 41.5, "extra_penalty_musd": 0.0}
        point |= {"extra_musd": point["cost_musd"] - 520.0, "slope_musd_per_unit": -point["price"]}
        point["is_knee"] = point["point"] == 1
    meta = {
        "scenario": "tiny",
        "label": "Emissions",
        "unit": "kt CO2",
        "price_unit": "USD/t",
        "notes": ["Cost is net present value."],
        "points": points,
    }
    (folder / "frontier.json").write_text(json.dumps(meta), encoding="utf-8")
    return folder


def stochastic_of(folder: Path) -> StoredStochastic:
    study = read_study(folder)
    assert isinstance(study, StoredStochastic)
    return study


def stochastic_folder(folder: Path) -> Path:
    """Three futures of which one is named oddly; their mean leaves no plan in one of them."""
    sweep_folder(folder)
    (folder / "sweep.json").unlink()
    meta = {"name": "ways", "label": ODD, "scenario": "tiny", "known_from": 2027}
    meta |= {"cvar_weight": 0.0, "cvar_tail": None}
    meta |= {"is_relaxed": True, "question": "What to order before the price is known?"}
    (folder / "stochastic.json").write_text(json.dumps(meta), encoding="utf-8")
    names = ["price=40", ODD, "price=60"]
    futures = pd.DataFrame({"future": names, "status": ["optimal", "within_gap", "optimal"]})
    futures = futures.assign(
        weight=[0.25, 0.45, 0.3],
        alone_musd=[511.0, 532.5, 553.25],
        cost_musd=[517.0, 534.5, 559.75],
        regret_musd=[6.0, 2.0, 6.5],
        plan_musd=[518.5, 537.25, 562.0],
        alone_penalty_musd=[0.0, 1.5, 2.75],
        penalty_musd=[4.25, 1.75, 7.0],
        regret_penalty_musd=[4.25, 0.25, 4.25],
        plan_penalty_musd=[4.5, 2.25, 7.5],
        checked=True,
        broken="",
        run=["tiny-a1", "tiny-b2", "tiny-c3"],
    )
    thing = ("halls", "north", "")
    decided = pd.DataFrame(
        [
            (*thing, 2025.5, "MW", 17.5, 12.25, 21.75, 16.5),
            (*thing, 2026.0, "MW", 9.25, 4.5, 11.5, 8.75),
            ("site opening", "south", "", 2025.75, "share", 0.0, 0.0, 0.4, 0.3),
        ],
        columns=[*("kind", "site", "item", "order_by", "unit"), *("ordered", "least", "most", "minimax_regret")],
    )
    plans = pd.DataFrame(
        [("stochastic", 537.7, 3.95, 6.5), ("mean", None, None, None), ("alone: price=40", 566.6, 21.5, 47.25)],
        columns=["plan", "expected_musd", "penalty_musd", "greatest_regret_musd"],
    ).astype(dict.fromkeys(("expected_musd", "penalty_musd", "greatest_regret_musd"), "float64"))
    worth = pd.DataFrame({"measure": ["evpi", "vss"], "value_musd": [4.35, float("nan")]})
    worth["penalty_musd"] = [2.45, float("nan")]
    # Cost of each plan in each future above 511, 532.5 and 553.25.
    regrets = {"stochastic": (6.0, 2.0, 6.5), "mean": (3.75, 1.25, float("nan")), "alone: price=40": (0.0, 14.5, 47.25)}
    costs = pd.DataFrame(
        [(plan, future, regret) for plan, of in regrets.items() for future, regret in zip(names, of, strict=True)],
        columns=["plan", "future", "regret_musd"],
    )
    tables = {"futures": futures, "decided": decided, "plans": plans, "worth": worth}
    tables["costs"] = costs
    for name, table in tables.items():
        table.to_parquet(folder / f"{name}.parquet")
    return folder


def test_a_stochastic_program_has_a_page_of_its_orders(tmp_path: Path) -> None:
    folder = stochastic_folder(tmp_path / "ways")

    code, out, err = run(str(folder))

    assert (code, err) == (0, "")
    page = read_page(Path(out.strip()).read_text(encoding="utf-8"))
    study = read_study(folder)
    assert isinstance(study, StoredStochastic)
    wrong = [
        (one.text, one.around, expected(one, [study.tables]))
        for one in page.numbers
        if not is_shown(
            one.attributes.get("data-shown", one.text), expected(one, [study.tables]), one.attributes.get("data-digits")
        )
    ]
    assert len(page.numbers) > 30
    assert wrong == []
    text = page.elements[0].text.replace("\xa0", " ")
    evpi = "To know which future comes would be worth 4.35 MUSD (EVPI), of which 2.45 MUSD is the"
    assert f"{evpi} penalty of unmet demand." in text
    assert "Planning for the mean of the futures instead leaves no plan in some future." in text
    assert "halls north" in text
    assert "What to order before the price is known?" in text
    assert "Futures of tiny" not in text
    assert "site opening" not in text  # nothing of it is ordered
    assert "July 2025" in text
    # A row of dots for each plan, one for each future that its orders leave a plan in.
    dots = [one.attributes["data-shown"] for one in page.elements if one.tag == "circle"]
    assert dots == ["6.0", "2.0", "6.5", "3.8", "1.2", "0.0", "14.5", "47.2"]
    assert "no plan in 1" in text
    assert [one.tag for one in page.elements].count("script") == 1  # ours
    code, _, err = run(str(folder), str(sweep_folder(tmp_path / "sweep")))
    assert code == 2
    assert "is a stochastic program: its report shows no other study; name it alone" in err


def test_a_cvar_is_shown_and_its_weight_in_evpi_and_vss(tmp_path: Path) -> None:
    folder = stochastic_folder(tmp_path / "ways")
    assert "CVaR" not in stochastic_html(stochastic_of(folder))
    meta = json.loads((folder / "stochastic.json").read_text(encoding="utf-8"))
    meta |= {"cvar_weight": 0.3, "cvar_tail": 0.2}
    (folder / "stochastic.json").write_text(json.dumps(meta), encoding="utf-8")
    with pytest.raises(InputError, match="it has no column cvar_musd, objective_musd"):
        read_study(folder)
    plans = pd.read_parquet(folder / "plans.parquet")
    # The worst future costs 559.75: 0.7 of 537.7 and 0.3 of it are 544.315.
    plans = plans.assign(cvar_musd=[559.75, None, 600.5], objective_musd=[544.315, None, 576.77])
    plans.to_parquet(folder / "plans.parquet")

    page = read_page(stochastic_html(stochastic_of(folder)))

    text = page.elements[0].text.replace("\xa0", " ")
    assert "The expected cost is 537.7 MUSD, net present value, of which 3.95 MUSD is" in text
    assert "the penalty of unmet demand.The CVaR is 559.8 MUSD." in text
    assert (
        "The objective is 0.7 of the expected cost and 0.3 of the mean of the worst 0.2 (CVaR);"
        " EVPI and VSS are differences of it." in text
    )
    rows = [one.text for one in page.elements if one.tag == "tr"]
    head = "planexpected cost, MUSDof which penalty of unmet demand, MUSDCVaR, MUSDobjective, MUSD"
    assert f"{head}greatest regret, MUSD" in rows
    assert "stochastic537.74.0559.8544.36.5" in rows


def test_a_weight_that_is_no_number_is_named(tmp_path: Path) -> None:
    path = stochastic_folder(tmp_path / "ways") / "stochastic.json"
    meta = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(meta | {"cvar_tail": "a fifth"}), encoding="utf-8")

    with pytest.raises(InputError, match="its cvar_weight and cvar_tail are not numbers"):
        read_study(path.parent)


def test_a_plan_of_most_regret_has_room_to_say_where_it_has_no_plan(tmp_path: Path) -> None:
    folder = stochastic_folder(tmp_path / "ways")
    costs = pd.read_parquet(folder / "costs.parquet")
    is_missing = (costs["plan"] == "alone: price=40") & (costs["future"] == "price=40")
    costs.assign(regret_musd=costs["regret_musd"].mask(is_missing)).to_parquet(folder / "costs.parquet")
    study = read_study(folder)
    assert isinstance(study, StoredStochastic)

    notes = [
        one
        for one in read_page(stochastic_html(study)).elements
        if one.tag == "text" and one.text.startswith("no plan in")
    ]

    assert [one.text for one in notes] == ["no plan in 1", "no plan in 1"]
    # A drawing is 520 wide; its letters are 13 high, on the mean 7 wide in a wide font.
    assert max(float(one.attributes["x"]) + 7.0 * len(one.text) for one in notes) <= 520.0


@pytest.fixture(scope="module")
def studies(tmp_path_factory: pytest.TempPathFactory) -> tuple[StoredSweep, StoredFrontier]:
    home = tmp_path_factory.mktemp("studies")
    sweep = read_study(sweep_folder(home / "sweep", ODD))
    frontier = read_study(frontier_folder(home / "carbon"))
    assert isinstance(sweep, StoredSweep)
    assert isinstance(frontier, StoredFrontier)
    return sweep, frontier


@pytest.fixture(scope="module")
def page(studies: tuple[StoredSweep, StoredFrontier]) -> Page:
    sweep, frontier = studies
    return read_page(studies_html(sweep, [frontier]))


def test_every_number_is_its_cell_of_the_tables(studies: tuple[StoredSweep, StoredFrontier], page: Page) -> None:
    sweep, frontier = studies
    tables = [sweep.tables, {"frontier": frontier.table}]

    wrong = [
        (one.text, one.around, expected(one, tables))
        for one in page.numbers
        if not is_shown(
            one.attributes.get("data-shown", one.text), expected(one, tables), one.attributes.get("data-digits")
        )
    ]

    assert len(page.numbers) > 40
    assert wrong == []


def test_the_answer_names_the_ends_and_what_cost_depends_on(page: Page) -> None:
    said = page.elements[0].text.replace("\xa0", " ")

    assert "3 of 4 futures have a plan." in said
    assert "1 of 4 futures have no plan as asked." in said
    # 561.5 less 520.
    assert "the most expensive one of 561.5 MUSD (price=60): +41.5 MUSD, of which" in said
    assert "Cost depends most on price: on average it is 520 MUSD at 40 and 561.5 MUSD at 60" in said
    assert "no plan meets all constraints" in said


def test_what_all_order_is_told_from_what_some_do(page: Page) -> None:
    text = page.elements[0].text.replace("\xa0", " ")
    every, _, some = text.partition("What only some futures order")
    assert "halls north" in every
    assert "July 2025" in every  # 2025.5, of the first year that has it
    assert "racks gb200 nvl72" in some
    assert "2028" in some.partition("racks gb200 nvl72")[2][:60]  # racks wait for nothing
    assert "racks gb200 nvl72" not in every


def test_a_future_of_the_list_says_what_it_sets(page: Page) -> None:
    assert "demand.unmet=forbid, years=[2027]" in page.elements[0].text


def test_only_a_future_of_the_list_sets_nothing(tmp_path: Path) -> None:
    folder = sweep_folder(tmp_path / "mine")
    meta = json.loads((folder / "sweep.json").read_text(encoding="utf-8"))
    meta["changes"] = {"none": {}}
    (folder / "sweep.json").write_text(json.dumps(meta), encoding="utf-8")
    sweep = read_study(folder)
    assert isinstance(sweep, StoredSweep)

    rows = [one.text for one in read_page(studies_html(sweep, [])).elements if one.tag == "tr"]

    assert "price=6060the values of its axesoptimalok3561.530.5" in rows
    assert "none-nothinginfeasible-–––" in rows


def test_a_future_of_the_list_is_at_no_value_of_an_axis(tmp_path: Path) -> None:
    folder = sweep_folder(tmp_path / "mine")
    futures = pd.read_parquet(folder / "futures.parquet")
    listed = futures["future"] == "none"
    futures = futures.assign(rule=["forbid", "allow", "forbid", ""]).assign(
        status=futures["status"].mask(listed, "optimal"), objective_musd=futures["objective_musd"].mask(listed, 900.0)
    )
    futures.to_parquet(folder / "futures.parquet")
    meta = json.loads((folder / "sweep.json").read_text(encoding="utf-8"))
    meta["axes"] = {"rule": ["allow", "forbid"]}
    (folder / "sweep.json").write_text(json.dumps(meta), encoding="utf-8")
    sweep = read_study(folder)
    assert isinstance(sweep, StoredSweep)

    rows = [one.text for one in read_page(studies_html(sweep, [])).elements if one.tag == "tr"]

    assert sweep.tables["effects"]["value"].to_list() == ["allow", "forbid"]
    assert sweep.tables["effects"]["most_musd"].to_list() == [545.5, 561.5]  # none of 900
    assert any(row.startswith("none-demand.unmet=forbid") for row in rows)


def test_names_are_text_and_the_page_asks_for_nothing(page: Page) -> None:
    tags = [one.tag for one in page.elements]
    policies = [
        one.attributes["content"]
        for one in page.elements
        if one.attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    used = [one.attributes["id"] for one in page.elements if "id" in one.attributes]

    assert tags.count("script") == 1  # ours
    assert '=1+1 <script>alert("x")</script> ../../x' in page.elements[0].text
    assert "\u202e" not in page.elements[0].text
    assert policies == [policy()]
    assert len(used) == len(set(used))


def test_quantiles_lie_between_futures() -> None:
    results = pd.DataFrame({"future": list("abcd"), "figure": "racks", "unit": "MW", "year": 2028}).assign(
        value=[10.0, 14.0, 30.0, 46.0]
    )

    (row,) = fans_of(results).to_dict("records")

    # Four futures lie at 0, 1/3, 2/3 and 1: a tenth is 0.3 of the way from 10 to 14, a quarter
    # 0.75 of it, the median halfway from 14 to 30, nine tenths 0.7 of the way from 30 to 46.
    assert row["tenth"] == pytest.approx(11.2)
    assert row["quarter"] == pytest.approx(13.0)
    assert row["median"] == pytest.approx(22.0)
    assert row["nine_tenths"] == pytest.approx(41.2)
    assert (row["least"], row["most"], row["futures"]) == (10.0, 46.0, 4)


def optimal(futures: pd.DataFrame) -> pd.DataFrame:
    """Return futures whose plans are proven optimal, and leave no demand unmet."""
    return futures.assign(bound_musd=futures["objective_musd"], penalty_musd=0.0)


def test_the_page_of_a_sweep_says_what_penalty_and_gaps_could_explain(tmp_path: Path) -> None:
    sweep = read_study(sweep_folder(tmp_path / "mine"))
    assert isinstance(sweep, StoredSweep)

    page = read_page(studies_html(sweep, []))

    # The plan at 50 costs 545.5, and its bound is 515.5: below 520, what that at 40 costs. Of the
    # 41.5 MUSD between 40 and 60 are 30.5 penalty, and no gap.
    text = " ".join(one.text for one in page.elements).replace("\xa0", " ")
    assert "price=50 (within the gaps)" in text
    assert "price=60 (within" not in text
    assert "+41.5 MUSD, of which +30.5 MUSD is the penalty of unmet demand." in text
    assert "A rank such as 1-3: the gaps of the plans are as large as the differences" in text
    rows = [one.text for one in page.elements if one.tag == "tr"]
    assert "price=5050the values of its axeswithin gapok1-2545.57.2" in rows


def test_an_axis_of_many_values_is_put_into_thirds() -> None:
    cost = [510.0, 500.0, 530.0, 520.0, 560.0, 540.0, 580.0, 570.0, 590.0]
    planned = pd.DataFrame({"price": [float(at) for at in range(41, 50)], "objective_musd": cost})

    effects = effects_of(optimal(planned), ("price",)).set_index("value")

    assert effects.index.to_list() == ["41 to 43", "44 to 46", "47 to 49"]
    # (510 + 500 + 530) / 3, and so on.
    assert effects["mean_musd"].to_list() == pytest.approx([513.3333, 540.0, 580.0], abs=1e-4)
    assert effects["futures"].to_list() == [3, 3, 3]


def test_values_of_an_axis_come_in_their_order() -> None:
    planned = pd.DataFrame({"price": [100, 20, 3], "rule": ["b", "c", "a"], "objective_musd": [7.0, 5.0, 6.0]})

    effects = effects_of(optimal(planned), ("price", "rule"), is_grid=True)

    assert effects["value"].to_list() == ["3", "20", "100", "a", "b", "c"]


def sample_of(prices: list[float], costs: list[float]) -> pd.DataFrame:
    """Futures of a sample whose cost is 100 times the rate, and whose price changes nothing."""
    rates = [cost / 100.0 for cost in costs]
    return pd.DataFrame({"price": prices, "rate": rates, "objective_musd": costs})


def test_values_of_a_small_sample_have_two_futures_at_least() -> None:
    planned = sample_of([19.1, 20.9, 19.4, 20.2, 19.9, 20.5], [500, 510, 620, 600, 710, 700])

    effects = effects_of(optimal(planned), ("price", "rate"))

    of = effects.set_index(["axis", "value"])["mean_musd"].to_dict()
    assert of == {
        ("price", "19.1 to 19.4"): 560.0,
        ("price", "19.9 to 20.2"): 655.0,
        ("price", "20.5 to 20.9"): 605.0,
        ("rate", "5 to 5.1"): 505.0,
        ("rate", "6 to 6.2"): 610.0,
        ("rate", "7 to 7.1"): 705.0,
    }


@pytest.mark.parametrize(("size", "futures"), [(5, [3, 2]), (4, [2, 2]), (3, [])])
def test_a_smaller_sample_is_halved_or_left_out(size: int, futures: list[int]) -> None:
    planned = sample_of([41.0, 42.0, 43.0, 44.0, 45.0], [500, 540, 510, 560, 590]).head(size)

    assert effects_of(optimal(planned), ("price",))["futures"].to_list() == futures


def test_texts_of_a_sample_with_a_future_each_are_left_out() -> None:
    planned = pd.DataFrame({"rule": ["a", "a", "b", "c"], "objective_musd": [4.0, 5.0, 6.0, 7.0]})

    assert effects_of(optimal(planned), ("rule",)).empty
    assert effects_of(optimal(planned.head(3)), ("rule",), is_grid=True)["futures"].to_list() == [2, 1]


def points_folder(folder: Path, points: pd.DataFrame) -> Path:
    """A sweep whose futures with a plan are at these points of price and rate."""
    sweep_folder(folder)
    meta = json.loads((folder / "sweep.json").read_text(encoding="utf-8"))
    meta |= {"axes": {"price": [19, 21], "rate": [5, 8]}, "changes": {}}
    (folder / "sweep.json").write_text(json.dumps(meta), encoding="utf-8")
    names = [f"sample-{at + 1}" for at in range(len(points))]
    futures = optimal(points).assign(future=names, status="optimal", checked=True, broken="")
    futures = futures.assign(message="", rank_low=1, rank_high=1)
    futures.to_parquet(folder / "futures.parquet")
    return folder


@pytest.mark.parametrize(
    ("prices", "costs", "words"),
    [
        # Six futures: 705 less 505 is more than 655 less 560.
        (
            [19.1, 20.9, 19.4, 20.2, 19.9, 20.5],
            [500, 510, 620, 600, 710, 700],
            "Cost depends most on rate: on average it is 505 MUSD at 5 to 5.1 and 705 MUSD",
        ),
        ([19.1, 20.9, 19.4], [500, 510, 620], ""),
        # Halves of both axes are the same futures.
        ([19.1, 19.4, 20.2, 20.9], [510, 500, 600, 620], ""),
        # A grid of two by two has two futures at each value; one of one axis has one.
        ([19, 21, 19, 21], [500, 500, 600, 600], "on rate: on average it is 500 MUSD at 5 and"),
        ([19, 19, 19], [500, 510, 600], "on rate: on average it is 500 MUSD at 5 and 600 MUSD"),
    ],
)
def test_the_answer_names_an_axis_that_the_futures_can_tell_apart(
    tmp_path: Path, prices: list[float], costs: list[float], words: str
) -> None:
    folder = points_folder(tmp_path / "sample", sample_of(prices, costs))
    sweep = read_study(folder)
    assert isinstance(sweep, StoredSweep)

    said = read_page(studies_html(sweep, [])).elements[0].text.replace("\xa0", " ")

    assert words in said
    assert ("Cost depends" in said) == bool(words)


@pytest.mark.parametrize(
    ("costs", "least", "most"),
    [
        # In BUSD the least would be 0.64.
        ([637.5, 12_500.0, 116_901.0], "637.5 MUSD", "116,900 MUSD"),
        ([11_520.0, 12_500.0, 116_901.0], "11.52 BUSD", "116.9 BUSD"),
    ],
)
def test_costs_are_in_a_unit_in_which_the_least_can_be_read(
    tmp_path: Path, costs: list[float], least: str, most: str
) -> None:
    """The page took the unit of the largest, and the list of runs that of the least."""
    folder = points_folder(tmp_path / "sample", sample_of([19.1, 20.9, 19.4], costs))
    sweep = read_study(folder)
    assert isinstance(sweep, StoredSweep)

    said = read_page(studies_html(sweep, [])).elements[0].text.replace("\xa0", " ")

    assert f"The plan of least cost has a net present value of {least} (sample-1)" in said
    assert f"the most expensive one of {most} (sample-3)" in said


def test_nothing_is_said_to_matter_most_where_an_axis_is_left_out(tmp_path: Path) -> None:
    points = sample_of([19.1, 20.9, 19.4, 20.2], [500, 510, 620, 600])
    folder = points_folder(tmp_path / "sample", points.assign(price=list("abcd")))
    sweep = read_study(folder)
    assert isinstance(sweep, StoredSweep)

    said = read_page(studies_html(sweep, [])).elements[0].text.replace("\xa0", " ")

    assert "What cost depends on" in said  # rate, by halves
    assert "5 to 5.1" in said
    assert "Cost depends most" not in said


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(cli.main, ["report", *arguments])
    return result.exit_code, result.stdout, result.stderr


def test_the_command_puts_the_report_into_the_folder(tmp_path: Path) -> None:
    sweep, carbon = sweep_folder(tmp_path / "sweep"), frontier_folder(tmp_path / "carbon")

    code, out, err = run(str(sweep), str(carbon))

    assert (code, err) == (0, "")
    assert out.strip() == str(sweep / "report.html")
    text = (sweep / "report.html").read_text(encoding="utf-8")
    assert "What if power costs more?" in text
    assert "Cost against emissions" in text


def test_a_frontier_has_a_report_of_its_own(tmp_path: Path) -> None:
    carbon = frontier_folder(tmp_path / "carbon")

    code, out, _ = run(str(carbon))

    assert code == 0
    assert "Trade-offs of tiny" in Path(out.strip()).read_text(encoding="utf-8")


def test_runs_and_studies_are_not_mixed(tmp_path: Path) -> None:
    sweep = sweep_folder(tmp_path / "sweep")

    code, _, err = run(str(sweep), "tiny")

    assert code == 2
    assert "tiny is not a folder of a study: name runs, or folders of studies" in err


@pytest.mark.parametrize("kind", sorted({kind.name for kind in LISTED} - KINDS_READ))
def test_a_study_without_a_report_is_named(tmp_path: Path, kind: str) -> None:
    (tmp_path / f"{kind}.json").write_text("{}", encoding="utf-8")

    code, _, err = run(str(tmp_path))

    assert code == 2
    assert f"is a study of kind {kind}, which has no report" in err
    assert "which has no report: its files are in the folder" in err


def test_two_sweeps_are_refused(tmp_path: Path) -> None:
    one, two = sweep_folder(tmp_path / "one"), sweep_folder(tmp_path / "two")

    code, _, err = run(str(one), str(two))

    assert code == 2
    assert "2 sweeps are given" in err


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("sweep.json", b"{", "sweep.json: it cannot be read"),
        ("sweep.json", b"[]", "it does not say sweep, title, question, base, axes"),
        ("futures.parquet", b"PAR1", "futures.parquet: it cannot be read"),
        ("results.parquet", None, "results.parquet: it is missing"),
    ],
)
def test_a_damaged_folder_is_named(tmp_path: Path, file: str, content: bytes | None, words: str) -> None:
    path = sweep_folder(tmp_path / "sweep") / file
    path.unlink()
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(InputError, match=words.replace(".", r"\.")):
        read_study(tmp_path / "sweep")


def test_a_table_without_a_column_is_named(tmp_path: Path) -> None:
    folder = sweep_folder(tmp_path / "sweep")
    futures = pd.read_parquet(folder / "futures.parquet").drop(columns="status")
    futures.to_parquet(folder / "futures.parquet")

    with pytest.raises(InputError, match="it has no column status"):
        read_study(folder)


def test_a_frontier_that_is_a_point_says_so(studies: tuple[StoredSweep, StoredFrontier]) -> None:
    _, frontier = studies
    point = replace(frontier, table=frontier.table.head(1))

    text = read_page(studies_html(None, [point])).elements[0].text.replace("\xa0", " ")

    assert "There is nothing to trade" in text


def test_three_hundred_characters_stay_whole(tmp_path: Path) -> None:
    sweep = read_study(sweep_folder(tmp_path / "sweep", LONG))
    assert isinstance(sweep, StoredSweep)

    assert LONG in read_page(studies_html(sweep, [])).elements[0].text


@pytest.mark.parametrize(("column", "value"), [("point", "second"), ("cost_musd", [531.0]), ("is_knee", None)])
def test_a_point_of_another_type_is_named(tmp_path: Path, column: str, value: object) -> None:
    path = frontier_folder(tmp_path / "frontier") / "frontier.json"
    meta = json.loads(path.read_text(encoding="utf-8"))
    meta["points"][1][column] = value
    path.write_text(json.dumps(meta), encoding="utf-8")

    with pytest.raises(InputError, match=f"another type of value in {column}"):
        read_study(path.parent)


def test_axes_that_are_no_list_are_named(tmp_path: Path) -> None:
    path = sweep_folder(tmp_path / "sweep") / "sweep.json"
    meta = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(meta | {"axes": 47}), encoding="utf-8")

    with pytest.raises(InputError, match="its axes are not a list of names"):
        read_study(path.parent)


def test_a_text_that_can_be_no_path_is_no_study(tmp_path: Path) -> None:
    code, _, err = run(LONG * 40)

    assert code == 2, err
    assert "File name too long" not in err
