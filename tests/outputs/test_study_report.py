"""The report of studies says what their tables say, whatever futures and axes are called."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from pages import Page, expected, is_shown, read_page

from planner import cli
from planner.outputs.report import studies_html
from planner.outputs.report.markup import policy
from planner.outputs.study_folders import StoredFrontier, StoredStochastic, StoredSweep, read_study

ODD = '=1+1 <script>alert("x")</script> ../../x \u202e🏭'


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
    }
    pd.DataFrame(points).to_parquet(folder / "frontier.parquet")
    (folder / "frontier.json").write_text(json.dumps(meta), encoding="utf-8")
    return folder


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
        (one.text, one.attributes, expected(one, [study.tables]))
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
        (one.text, one.attributes, expected(one, tables))
        for one in page.numbers
        if not is_shown(
            one.attributes.get("data-shown", one.text), expected(one, tables), one.attributes.get("data-digits")
        )
    ]

    assert len(page.numbers) > 40
    assert wrong == []


def test_a_future_of_the_list_says_what_it_sets(page: Page) -> None:
    assert "demand.unmet=forbid, years=[2027]" in page.elements[0].text


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


def optimal(futures: pd.DataFrame) -> pd.DataFrame:
    """Return futures whose plans are proven optimal, and leave no demand unmet."""
    return futures.assign(bound_musd=futures["objective_musd"], penalty_musd=0.0)


def sample_of(prices: list[float], costs: list[float]) -> pd.DataFrame:
    """Futures of a sample whose cost is 100 times the rate, and whose price changes nothing."""
    rates = [cost / 100.0 for cost in costs]
    return pd.DataFrame({"price": prices, "rate": rates, "objective_musd": costs})


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
